// SPDX-License-Identifier: MIT
/*
 * A virtio entropy device (virtio 1.2: 4.1.4, 5.4) whose descriptors name memory that its driver
 * was not granted: it writes there what it takes for random. Its ring lies in the driver's common
 * buffer and has one descriptor:
 *
 *     0: descriptor    PAGE: available ring    2 * PAGE: used ring
 *
 * QEMU's layout of its second memory resource: common configuration at 0, notifications at 0x3000.
 */
#include "app.h"
#include "ash/syscall.h"

#define BAR 1u

/* Common configuration */
#define FEATURE_SELECT 0x08u
#define FEATURE        0x0cu
#define STATUS         0x14u
#define QUEUE_SELECT   0x16u
#define QUEUE_SIZE     0x18u
#define QUEUE_ENABLE   0x1cu
#define QUEUE_DESC     0x20u
#define QUEUE_DRIVER   0x28u
#define QUEUE_DEVICE   0x30u
#define NOTIFY         0x3000u

#define ACKNOWLEDGE 1u
#define DRIVER      2u
#define DRIVER_OK   4u
#define FEATURES_OK 8u

#define DEVICE_WRITES 2u

static char memory[3 * PAGE] __attribute__((aligned(4096)));

static void set(struct ash_file *file, unsigned offset, unsigned width, ash_word value)
{
    device_write(file, BAR << BAR_SHIFT | offset, width, value);
}

static ash_word get(struct ash_file *file, unsigned offset, unsigned width)
{
    return device_read(file, BAR << BAR_SHIFT | offset, width);
}

static void set64(struct ash_file *file, unsigned offset, ash_word value)
{
    set(file, offset, 4, value & UINT32_MAX);
    set(file, offset + 4, 4, value >> 32);
}

/* From reset: VERSION_1 and ACCESS_PLATFORM, one queue of one. */
static void begin(struct ash_file *file, ash_word common)
{
    set(file, STATUS, 1, 0);
    for (unsigned i = 0; i < 100 && get(file, STATUS, 1) != 0; i++)
        pause_ms(1);
    set(file, STATUS, 1, ACKNOWLEDGE | DRIVER);
    set(file, FEATURE_SELECT, 4, 1);
    set(file, FEATURE, 4, 3);
    set(file, STATUS, 1, ACKNOWLEDGE | DRIVER | FEATURES_OK);
    if (!(get(file, STATUS, 1) & FEATURES_OK))
        give_up("the device does not take the features");
    set(file, QUEUE_SELECT, 2, 0);
    set(file, QUEUE_SIZE, 2, 1);
    set64(file, QUEUE_DESC, common);
    set64(file, QUEUE_DRIVER, common + PAGE);
    set64(file, QUEUE_DEVICE, common + 2 * PAGE);
    set(file, QUEUE_ENABLE, 2, 1);
    set(file, STATUS, 1, ACKNOWLEDGE | DRIVER | FEATURES_OK | DRIVER_OK);
}

/* One buffer of 8 bytes is offered. */
static void offer(struct ash_file *file, ash_word address)
{
    const uint32_t length = 8;
    const uint16_t flags = DEVICE_WRITES, index = 1;
    memset(memory, 0, sizeof(memory));
    memcpy(memory, &address, sizeof(address));
    memcpy(memory + 8, &length, sizeof(length));
    memcpy(memory + 12, &flags, sizeof(flags));
    memcpy(memory + PAGE + 2, &index, sizeof(index));
    device_fill(file, memory, sizeof(memory));
    begin(file, device_common(file));
    set(file, NOTIFY, 2, 0);
}

/* It has said that it used the buffer. */
static bool used(struct ash_file *file)
{
    uint16_t index = 0;
    for (unsigned i = 0; i < 200 && index == 0; i++, pause_ms(5)) {
        device_show(file, memory, sizeof(memory));
        memcpy(&index, memory + 2 * PAGE + 2, sizeof(index));
    }
    return index == 1;
}

static bool attempt(struct ash_file *file, ash_word address)
{
    ash_word before = dma_of(RNG).faults;
    offer(file, address);
    struct ash_pnp_dma_reply dma = dma_after(RNG, before);
    bool told = dma.faults > before && dma.address - address < 8 &&
                strcmp(dma.service, "stray") == 0 && strcmp(dma.kind, "write") == 0;
    if (!told)
        printf("0x%lx: %lu faults more, last %s at 0x%lx\n", (unsigned long)address,
               (unsigned long)(dma.faults - before), dma.kind, (unsigned long)dma.address);
    return told;
}

/* rng SEED N MEMORY: where it may write first, so that what follows shows something. */
int rng(int, char **argv)
{
    ash_word seed = strtoul(argv[1], nullptr, 0), ram = strtoul(argv[3], nullptr, 0) << 20;
    unsigned count = (unsigned)strtoul(argv[2], nullptr, 0), told = 0;
    struct ash_file *file = device_open(RNG);
    offer(file, device_common(file) + PAGE / 2);
    ash_word written;
    bool works = used(file);
    memcpy(&written, memory + PAGE / 2, sizeof(written));
    for (unsigned i = 0; i < count; i++)
        told += attempt(file, target(file, i, seed, ram));
    printf("where it may it writes %lx; %u attempts of the device, %u refused and told with device "
           "and address\n",
           (unsigned long)written, count, told);
    memset(memory, 0, sizeof(memory));
    device_fill(file, memory, sizeof(memory));
    return works && written != 0 && told == count ? 0 : 1;
}
