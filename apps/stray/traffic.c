// SPDX-License-Identifier: MIT
/*
 * What a storm costs others: they are used by turns alone and while the device storms.
 *
 *   stray traffic faults|interrupts|nothing requests|disk
 *
 * requests: of a driver without a device; disk: blocks of the first disk are read. In the storm of
 * faults the first turn of both is the only one: the device is cut off in it.
 */
#include "app.h"
#include "ash/manager.h"
#include "ash/memory.h"
#include "ash/start.h"
#include "ash/syscall.h"

/* What the sample driver's header takes from elsewhere. */
#define FILE_READ_ACCESS 1
#define METHOD_NEITHER   3
#include "ioctl/transfer.h"

#define SPAN_MS   100u
#define FAULTS_MS 250u
#define TURN_MS   50u
#define TURNS     4u

static struct ash_file *victim;
static bool is_disk;

static void must(const char *what, ash_status status)
{
    if (!ash_success(status))
        give_up("%s: 0x%08x", what, (unsigned)status);
}

/* The sample driver ioctl: neither it nor the way to it needs any device. */
static void open_driver(void)
{
    const struct ash_pnp_load_request request = {.name = "ioctl"};
    struct ash_pnp_load_reply reply;
    must("the sample driver",
         ash_request(ASH_SLOT_PNP, ASH_PNP_LOAD, &request, sizeof(request), &reply, sizeof(reply)));
    must("the sample driver",
         ash_open("\\Device\\SampleTransfer", ASH_FILE_READ_DATA, ASH_FILE_OPEN, 0, &victim));
}

static void open_victim(const char *name)
{
    is_disk = strcmp(name, "disk") == 0;
    if (!is_disk)
        open_driver();
    else
        must("the disk", ash_open("\\Device\\Harddisk0\\DR0", ASH_FILE_READ_DATA, ASH_FILE_OPEN,
                                  ASH_FILE_UNATTACHED, &victim));
}

static void request(void)
{
    char text[64] = "Ashlar";
    size_t done;
    must("a request",
         ash_ioctl(victim, IOCTL_TRANSFER_REVERSE, text, sizeof(text), text, sizeof(text), &done));
    if (done != sizeof(text) || text[63] != 'A')
        give_up("a request: another answer");
}

static void block(void)
{
    static char *page;
    static ash_word next;
    size_t done;
    if (page == nullptr && (page = ash_io_buffer_alloc(PAGE)) == nullptr)
        give_up("no memory");
    next = (next + 7919) % 16384; /* of 64 MiB */
    must("a block", ash_read(victim, page, PAGE, next * PAGE, &done));
    if (done != PAGE)
        give_up("a block: %u bytes", (unsigned)done);
}

/* How much is done in that time. */
static unsigned work(unsigned milliseconds)
{
    unsigned count = 0;
    ash_word end = ash_time() + ash_ticks(milliseconds * 1000);
    for (; ash_time() < end; count++) {
        if (is_disk)
            block();
        else
            request();
    }
    return count;
}

/* The device interrupts, and each time it is served again. */
static void begin_storm(struct ash_file *file)
{
    device_listen(file, true);
    device_write(file, 0x60, 4, 1);
}

/* Returns how long the device stormed, in milliseconds. */
static unsigned by_turns(struct ash_file *file, bool storms, unsigned *alone, unsigned *meanwhile)
{
    ash_word stormed = 0;
    for (unsigned i = 0; i < TURNS; i++) {
        *alone += work(TURN_MS);
        ash_word begin = ash_time();
        if (storms)
            begin_storm(file);
        *meanwhile += work(TURN_MS);
        if (storms)
            (void)device_counts(file, true);
        stormed += ash_time() - begin;
    }
    return (unsigned)(stormed / ash_ticks(1000));
}

static void faults(struct ash_file *file, unsigned *alone, unsigned *meanwhile)
{
    const STRAY_SCRIPT script = edu_script(0x80200000);
    *alone = work(FAULTS_MS);
    device_repeat(file, &script);
    *meanwhile = work(FAULTS_MS);
}

int storm(int, char **)
{
    begin_storm(device_open(edu_number));
    printf("the device storms\n");
    return 0;
}

int traffic(int, char **argv)
{
    struct ash_file *file = device_open(edu_number);
    const char *kind = argv[1];
    unsigned alone = 0, meanwhile = 0, stormed = 0;
    bool interrupts = strcmp(kind, "interrupts") == 0;
    ash_word before = device_counts(file, false).Interrupts;
    open_victim(argv[2]);
    (void)work(SPAN_MS); /* everything is there that has to be made once */
    if (strcmp(kind, "faults") == 0)
        faults(file, &alone, &meanwhile);
    else
        stormed = by_turns(file, interrupts, &alone, &meanwhile);
    struct ash_pnp_dma_reply dma = dma_of(edu_number);
    printf("%u alone, %u during the storm of %s: %u %%; %lu faults%s", alone, meanwhile, kind,
           meanwhile * 100 / (alone != 0 ? alone : 1), (unsigned long)dma.faults,
           dma.cut_off ? ", cut off" : "");
    if (interrupts)
        printf("; %lu interrupts in %u ms",
               (unsigned long)(device_counts(file, false).Interrupts - before), stormed);
    printf("\n");
    return 0;
}
