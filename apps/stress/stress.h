// SPDX-License-Identifier: MIT
/*
 * Memory is given to devices and taken back while they run, at random, and their drivers are ended
 * in the middle. After each round, when everything is answered, the memory manager compares what
 * devices reach, as the IOMMU's own tables say, with what names it (abi/process.h,
 * ASH_PROC_DMA_WALK). Root starts it in place of the shell for ashlar.test=stress. Words of the
 * kernel's command line: stress.seed=N stress.rounds=N.
 *
 *   disk.c   requests of every kind of memory, each byte verified
 *   main.c   rounds: requests, ends of drivers, the comparison
 */
#ifndef STRESS_H
#define STRESS_H

#include "kernel/types.h"
#include "status.h"
#include <stdint.h>

/* main.c */
uint64_t random_word(void);
unsigned random_below(unsigned limit);
/* Says what was wrong, once more than that it was. Returns false. */
[[gnu::format(printf, 1, 2)]] bool wrong(const char *format, ...);

/* disk.c */
#define DISKS 4u
struct disk;
struct tally {
    unsigned strict, registered, copied; /* requests, by whose memory it was */
    unsigned renewed;                    /* buffers that were given back for a new one */
};
/* The n-th disk, filled; null: there is none. */
struct disk *disk_open(unsigned n);
/* One request more; those under way go on. */
[[nodiscard]] bool disk_step(struct disk *disk, struct tally *tally);
/* All are answered, and rightly. */
[[nodiscard]] bool disk_drain(struct disk *disk);
/* All buffers go, those that were registered too; new ones come when they are needed. */
void disk_let_go(struct disk *disk);
/* Every block holds what was written to it last. */
[[nodiscard]] bool disk_verify(struct disk *disk);

#endif
