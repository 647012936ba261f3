// SPDX-License-Identifier: MIT
/*
 * `bench GROUP`: figures of the running system as JSON lines, one a figure:
 *      {"name":"blk.read4k.qd1","value":9000,"unit":"instructions"}
 * docs/measurements.md says what each means. Instructions are read with `rdinstret`, which counts
 * those of all tasks and of the kernel on this hart, and stands still while the hart waits for
 * interrupts: device idle time is left out by that. They mean something on one hart under
 * `-icount shift=0`.
 */
#ifndef BENCH_H
#define BENCH_H

#include "status.h"
#include <stddef.h>
#include <stdint.h>

static inline uint64_t instructions(void)
{
    uint64_t count;
    __asm__ volatile("rdinstret %0" : "=r"(count)::"memory");
    return count;
}

/* Each answers the program's exit status: 0, or 1 after saying what went wrong. */
int bench_boot(uint64_t at_start);
int bench_memory(void);
int bench_blocks(const char *suffix); /* of one place, null: all */
int bench_wall(void);
int bench_ddk(void);
int bench_dma(const char *mode);

void print_figure(const char *name, uint64_t value, const char *unit);
int complain(const char *what, ash_status status);

/* --- transfer.c: random and sequential reads that can be checked --------------------------------
 */
struct transfer {
    const char *path;
    size_t bytes;   /* of one read */
    unsigned depth; /* in flight */
    unsigned count; /* reads */
    uint64_t range; /* bytes of the file or device that are read */
    bool sequential;
    unsigned options; /* of ash_open */
    bool registered;  /* the buffer: see dma.c */
};
struct cost {
    uint64_t instructions, ticks; /* of all reads together */
};
/* Reads, then prints a line by which ./ashlar bench checks the bytes that came:
 *      {"verify":PATH,"sum":...,"bytes":...,"count":...,"range":...,"sequential":...}
 * Position of read i: i * bytes, or next_random() % (range / bytes) * bytes from the same seed;
 * sum of all: each read's sum times (2i + 1); of a read: each 64-bit word w times (2w + 1). */
[[nodiscard]] ash_status transfer_run(const struct transfer *transfer, struct cost *cost);

#endif
