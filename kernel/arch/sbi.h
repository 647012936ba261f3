// SPDX-License-Identifier: MIT
/*
 * Calls into the firmware (RISC-V SBI specification 2.0). None blocks for long; each returns the
 * SBI error, 0 for success. `mask` has bit i for the hart with SBI id base + i.
 */
#ifndef KERNEL_ARCH_SBI_H
#define KERNEL_ARCH_SBI_H

#include <stddef.h>
#include <stdint.h>

struct sbi_result {
    int64_t error, value;
};

/* Probes which console and reset extensions there are. Call once, while booting, before the
 * functions below. */
void sbi_init(void);
int64_t sbi_implementation(void);
int64_t sbi_version(void);

/* Writes bytes to the firmware's console; by DBCN when present, else by the legacy call. */
void sbi_console_write(const char *bytes, size_t count);
/* A byte that waits on the console, or -1. */
int sbi_console_read(void);

/* Absolute deadline in ticks, for harts without Sstc. */
void sbi_set_timer(uint64_t deadline);
void sbi_send_ipi(uint64_t mask, uint64_t base);
void sbi_remote_fence_i(uint64_t mask, uint64_t base);
void sbi_remote_sfence_page(uint64_t mask, uint64_t base, uint64_t address, uint64_t asid);
void sbi_remote_sfence_asid(uint64_t mask, uint64_t base, uint64_t asid);
/* All translations, on every hart that runs. */
void sbi_remote_sfence_everywhere(void);

/* Only while booting. */
int64_t sbi_hart_start(uint64_t hart, uint64_t physical_entry, uint64_t opaque);
/* type 0 shutdown, 1 cold reboot, 2 warm reboot; reason 0 none, 1 system failure. Returns only if
 * the firmware cannot. */
void sbi_reset(uint64_t type, uint64_t reason);

#endif
