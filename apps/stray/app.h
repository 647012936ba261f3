// SPDX-License-Identifier: MIT
/*
 * `stray WHAT ...`: makes the driver stray (drivers/test/stray) attack, and says what came of it.
 * The driver and its device are never believed: what was refused is asked of the plug-and-play
 * manager, what memory holds is looked at by whoever started the machine.
 */
#ifndef STRAY_APP_H
#define STRAY_APP_H

#include "ash/file.h"
#include "pnp.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the driver's header takes from elsewhere. */
typedef uint32_t ULONG;
typedef uint64_t ULONGLONG;
#define METHOD_BUFFERED   0
#define METHOD_IN_DIRECT  1
#define METHOD_OUT_DIRECT 2
#define FILE_ANY_ACCESS   0
#define CTL_CODE(type, function, method, access)                                                   \
    ((uint32_t)(type) << 16 | (uint32_t)(access) << 14 | (uint32_t)(function) << 2 |               \
     (uint32_t)(method))
#include "stray.h"

#define PAGE 4096u

/* device.c: the driver and the manager. A status that should not be ends the program. */
struct ash_file *device_open(unsigned number);
/* The upper bits of an offset say in which of its memory resources. */
#define BAR_SHIFT 28u
void device_write(struct ash_file *file, unsigned offset, unsigned width, ash_word value);
ash_word device_read(struct ash_file *file, unsigned offset, unsigned width);
ash_word device_common(struct ash_file *file);
void device_fill(struct ash_file *file, const void *data, size_t bytes);
void device_show(struct ash_file *file, void *data, size_t bytes);
void device_repeat(struct ash_file *file, const STRAY_SCRIPT *script);
void device_listen(struct ash_file *file, bool again);
STRAY_COUNTS device_counts(struct ash_file *file, bool end);
/* A page that was granted to the device until a moment ago. */
ash_word device_ended_grant(struct ash_file *file);
/* What the manager knows of DMA of the device with that number on bus 0. */
struct ash_pnp_dma_reply dma_of(unsigned number);
/* The same, when there are more faults than `before`, or after a second. */
struct ash_pnp_dma_reply dma_after(unsigned number, ash_word before);
void pause_ms(ash_word milliseconds);
[[noreturn, gnu::format(printf, 1, 2)]] void give_up(const char *format, ...);

/* edu.c: QEMU's device, and its number on the bus */
extern unsigned edu_number;
/* Copies between its buffer and memory, waits until it is done. */
void edu_copy(struct ash_file *file, ash_word address, unsigned bytes, bool to_memory);
void edu_start(struct ash_file *file, ash_word address, unsigned bytes, bool to_memory);
/* A script that reads a page at that address again and again. */
STRAY_SCRIPT edu_script(ash_word address);

/* nvme.c, and the controller's number on the bus */
#define NVME 7u
int nvme(int argc, char **argv);
void nvme_begin(struct ash_file *file);
/* A command that it completes, so that it interrupts. */
void nvme_complete_one(struct ash_file *file);

/* rng.c: a virtio entropy device */
#define RNG 8u
int rng(int argc, char **argv);

int messages(int argc, char **argv); /* message.c */

/* target.c: the i-th of the addresses that a driver has no business with. */
ash_word target(struct ash_file *file, unsigned i, ash_word seed, ash_word memory);
ash_word mix(ash_word value);

/* traffic.c */
int traffic(int argc, char **argv);
int storm(int argc, char **argv);

/* neighbour.c */
int neighbour(int argc, char **argv);

#endif
