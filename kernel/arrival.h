// SPDX-License-Identifier: MIT
/*
 * What of booting stays: harts arrive one by one, perhaps late, and the memory of everything else
 * that boots is given away.
 */
#ifndef KERNEL_ARRIVAL_H
#define KERNEL_ARRIVAL_H

#include "object/vspace.h"

#define KERNEL_STACK 8192u

extern char kernel_stacks[ASH_MAX_HARTS][KERNEL_STACK];

/* What _secondary in head.S reads; physical addresses. A hart that comes too late reads it too. */
struct arriving_hart {
    uint64_t satp, entry, hart;
};
extern struct arriving_hart arriving_harts[ASH_MAX_HARTS];

/* A bit for each hart that came too late: it is parked. */
extern _Atomic uint32_t parked_harts;

/* Makes the calling hart able to run threads. */
void hart_init(struct hart *hart);

/* Is the boot part of the image still mapped? */
extern bool booting;

/* The last step of boot, on the hart's own stack: unmaps the boot part of the image, maps its pages
 * in the window, and runs the root task. `image` and `window` are the tables of 4 KiB pages for the
 * 2 MiB of the image, at its own addresses and in the window. */
[[noreturn]] void boot_end(pte *image, pte *window);

#endif
