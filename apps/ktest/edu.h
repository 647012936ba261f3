// SPDX-License-Identifier: MIT
/* QEMU's `edu` device (docs/specs/edu.rst of QEMU) at PCI 00:05.0: copies between memory and a
 * buffer of its own, by DMA. The tests' device for what an IoSpace lets through. */
#ifndef KTEST_EDU_H
#define KTEST_EDU_H

#include "ktest.h"

#define EDU_DEVICE (5u << 3)

/* Finds it and turns it on; false: this machine has none. */
bool edu_open(void);
/* The device copies `bytes` (at most a page) at I/O virtual address `address` into its buffer, or
 * from its buffer to there; false if it does not end within a second. */
bool edu_read(ash_word address, ash_word bytes);
bool edu_write(ash_word address, ash_word bytes);

/* The device interrupts with that message; false if it cannot. */
bool edu_interrupt(ash_word address, uint32_t data);

#endif
