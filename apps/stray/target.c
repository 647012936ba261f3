// SPDX-License-Identifier: MIT
/* Where a driver has no business. QEMU's virt machine: RAM from 2 GiB on, the kernel at 2 MiB in
 * it, behind the firmware. */
#include "app.h"

#define RAM    ((ash_word)0x80000000)
#define KERNEL (RAM + 0x200000)

static const ash_word registers[] = {
    0x00100000,             /* power off, reset */
    0x00101000,             /* clock */
    0x02000000,             /* timers */
    0x03010000, 0x03010048, /* the IOMMU: directory pointer, command queue */
    0x0c000000, 0x0c002000, /* PLIC, or the firmware's APLIC */
    0x0d000000, 0x0d001bc0, /* APLIC */
    0x10000000,             /* serial line */
    0x10001000,             /* virtio-mmio */
    0x24000000,             /* the firmware's interrupt files */
    0x28000000, 0x28001000, /* interrupt files of harts */
    0x28002000, 0x28003000,
    0x30000000, 0x30008004,  /* configuration space: the disk's command register */
    0x40000000, 0x400000000, /* registers of other devices */
};
#define REGISTERS (sizeof(registers) / sizeof(registers[0]))

ash_word mix(ash_word value)
{
    value ^= value >> 30;
    value *= 0xbf58476d1ce4e5b9u;
    value ^= value >> 27;
    value *= 0x94d049bb133111ebu;
    return value ^ value >> 31;
}

/* By turns: registers, the kernel and the firmware, what lies beside the own buffer, a page whose
 * grant has ended, and any page of RAM. Multiples of 8. */
ash_word target(struct ash_file *file, unsigned i, ash_word seed, ash_word memory)
{
    ash_word any = mix(seed + i), common;
    if (i < REGISTERS)
        return registers[i];
    switch (any % 8) {
    case 0:
        return KERNEL + (any >> 8) % 0x20000 / 8 * 8;
    case 1:
        return RAM + (any >> 8) % 0x200000 / 8 * 8;
    case 2:
        common = device_common(file);
        return (any & 256) != 0 ? common - 8 : common + STRAY_COMMON_BYTES;
    case 3:
        return device_ended_grant(file) + (any >> 8) % PAGE / 8 * 8;
    default:
        return RAM + (any >> 8) % memory / 8 * 8;
    }
}
