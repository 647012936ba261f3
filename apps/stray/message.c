// SPDX-License-Identifier: MIT
/*
 * Messages that a device was not given. An NVMe controller's MSI-X table lies in memory that its
 * driver maps: it can have any number written to any address. Behind the IOMMU the device has a
 * page for messages that leads to an interrupt file of its own, so only the number that it was
 * given interrupts, and only its own driver; other addresses are refused like any other write. PCI
 * Express 6.1.4; QEMU has the table at 0x2000.
 */
#include "app.h"

#define TABLE_ADDRESS 0x2000u
#define TABLE_DATA    0x2008u
#define MESSAGES      ((ash_word)0xfffff000)

static const unsigned numbers[] = {0,  1,  2,  3,  4,  5,   6,   7,    10,   15,  31,
                                   36, 62, 63, 64, 65, 255, 511, 1023, 2047, 2048};
static const ash_word elsewhere[] = {MESSAGES - PAGE, 0x24000000, 0x28000000, 0x28001000,
                                     0x0d000000,      0x0d001bc0, 0x80200000, 0x80000000};
#define NUMBERS   (sizeof(numbers) / sizeof(numbers[0]))
#define ELSEWHERE (sizeof(elsewhere) / sizeof(elsewhere[0]))

/* How often its driver's ISR is called when it sends that. */
static unsigned calls_for(struct ash_file *file, ash_word address, unsigned number)
{
    device_write(file, TABLE_ADDRESS, 4, address & UINT32_MAX);
    device_write(file, TABLE_ADDRESS + 4, 4, address >> 32);
    device_write(file, TABLE_DATA, 4, number);
    ash_word before = device_counts(file, false).Calls;
    nvme_complete_one(file);
    pause_ms(20);
    return (unsigned)(device_counts(file, false).Calls - before);
}

static bool refused(struct ash_file *file, ash_word address, unsigned number)
{
    ash_word before = dma_of(NVME).faults;
    unsigned calls = calls_for(file, address, number);
    struct ash_pnp_dma_reply dma = dma_after(NVME, before);
    bool told = calls == 0 && dma.faults > before && dma.address == address;
    if (!told)
        printf("a message to 0x%lx: %u calls, last fault at 0x%lx\n", (unsigned long)address, calls,
               (unsigned long)dma.address);
    return told;
}

int messages(int, char **)
{
    struct ash_file *file = device_open(NVME);
    unsigned own = (unsigned)device_read(file, TABLE_DATA, 4), wrong = 0, told = 0;
    if (device_read(file, TABLE_ADDRESS, 8) != MESSAGES)
        give_up("it has no message page");
    device_listen(file, false);
    nvme_begin(file);
    bool before = calls_for(file, MESSAGES, own) > 0;
    for (unsigned i = 0; i < NUMBERS; i++)
        if (numbers[i] != own)
            wrong += calls_for(file, MESSAGES, numbers[i]);
    for (unsigned i = 0; i < ELSEWHERE; i++)
        told += refused(file, elsewhere[i], own);
    bool after = calls_for(file, MESSAGES, own) > 0;
    (void)device_counts(file, true);
    printf("its own message %s; %u others, %u came; %u elsewhere, %u refused and told\n",
           before && after ? "comes" : "does not come", (unsigned)NUMBERS - 1, wrong,
           (unsigned)ELSEWHERE, told);
    return before && after && wrong == 0 && told == ELSEWHERE ? 0 : 1;
}
