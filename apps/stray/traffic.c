// SPDX-License-Identifier: MIT
/*
 * What a storm costs others: pieces of a file are read, one after the other, first alone, then
 * while the device storms. `stray traffic faults|interrupts|nothing FILE`
 */
#include "app.h"
#include "ash/manager.h"
#include "ash/start.h"
#include "ash/syscall.h"

/* What the sample driver's header takes from elsewhere. */
#define FILE_READ_ACCESS 1
#define METHOD_NEITHER   3
#include "ioctl/transfer.h"

#define SPAN_MS 200u

static struct ash_file *victim;

/* The sample driver ioctl: neither it nor the way to it needs any device. */
static void open_victim(void)
{
    const struct ash_pnp_load_request request = {.name = "ioctl"};
    struct ash_pnp_load_reply reply;
    ash_status status =
        ash_request(ASH_SLOT_PNP, ASH_PNP_LOAD, &request, sizeof(request), &reply, sizeof(reply));
    if (ash_success(status))
        status =
            ash_open("\\Device\\SampleTransfer", ASH_FILE_READ_DATA, ASH_FILE_OPEN, 0, &victim);
    if (!ash_success(status))
        give_up("the sample driver: 0x%08x", (unsigned)status);
}

/* How many requests are answered in SPAN_MS. */
static unsigned requests(void)
{
    unsigned count = 0;
    ash_word end = ash_time() + ash_ticks(SPAN_MS * 1000);
    for (; ash_time() < end; count++) {
        char text[64] = "Ashlar";
        size_t done;
        ash_status status = ash_ioctl(victim, IOCTL_TRANSFER_REVERSE, text, sizeof(text), text,
                                      sizeof(text), &done);
        if (!ash_success(status) || done != sizeof(text) || text[63] != 'A')
            give_up("a request: 0x%08x", (unsigned)status);
    }
    return count;
}

static void storm(struct ash_file *file, const char *kind)
{
    if (strcmp(kind, "faults") == 0) {
        const STRAY_SCRIPT script = edu_script(0x80200000);
        device_repeat(file, &script);
    } else if (strcmp(kind, "interrupts") == 0) {
        device_listen(file, true);
        device_write(file, 0x60, 4, 1);
    }
}

int traffic(int, char **argv)
{
    struct ash_file *file = device_open(EDU);
    open_victim();
    (void)requests(); /* everything is there that has to be made once */
    unsigned alone = requests();
    storm(file, argv[1]);
    unsigned meanwhile = requests();
    struct ash_pnp_dma_reply dma = dma_of(EDU);
    printf("%u requests alone, %u during the storm of %s: %u %%; %lu faults%s\n", alone, meanwhile,
           argv[1], meanwhile * 100 / (alone != 0 ? alone : 1), (unsigned long)dma.faults,
           dma.cut_off ? ", cut off" : "");
    if (strcmp(argv[1], "interrupts") == 0)
        printf("%lu interrupts\n", (unsigned long)device_counts(file, true).Interrupts);
    return 0;
}
