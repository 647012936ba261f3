// SPDX-License-Identifier: MIT
/*
 * What a storm costs others: pieces of a file are read, one after the other, first alone, then
 * while the device storms. `stray traffic faults|interrupts|nothing FILE`
 */
#include "app.h"
#include "ash/start.h"
#include "ash/syscall.h"

#define SPAN_MS 2000u
#define PIECE   4096u
#define PIECES  8192u

static struct ash_file *victim;
static char *buffer;

/* How many pieces are read in SPAN_MS. */
static unsigned pieces(void)
{
    unsigned count = 0;
    ash_word end = ash_time() + ash_ticks(SPAN_MS * 1000);
    for (ash_word at = 1; ash_time() < end; count++) {
        size_t done;
        at = mix(at);
        ash_status status = ash_read(victim, buffer, PIECE, at % PIECES * PIECE, &done);
        if (!ash_success(status) || done != PIECE)
            give_up("reading the file: 0x%08x", (unsigned)status);
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

int traffic(int argc, char **argv)
{
    if (argc != 3)
        return 1;
    ash_status status =
        ash_open(argv[2], ASH_FILE_READ_DATA, ASH_FILE_OPEN, ASH_FILE_NO_BUFFERING, &victim);
    buffer = ash_io_buffer_alloc(PIECE);
    if (!ash_success(status) || buffer == nullptr)
        give_up("%s: 0x%08x", argv[2], (unsigned)status);
    struct ash_file *file = device_open(EDU);
    (void)pieces(); /* everything is there that has to be made once */
    unsigned alone = pieces();
    storm(file, argv[1]);
    unsigned meanwhile = pieces();
    struct ash_pnp_dma_reply dma = dma_of(EDU);
    printf("%u pieces alone, %u during the storm of %s: %u %%; %lu faults%s\n", alone, meanwhile,
           argv[1], meanwhile * 100 / (alone != 0 ? alone : 1), (unsigned long)dma.faults,
           dma.cut_off ? ", cut off" : "");
    if (strcmp(argv[1], "interrupts") == 0)
        printf("%lu interrupts\n", (unsigned long)device_counts(file, true).Interrupts);
    return 0;
}
