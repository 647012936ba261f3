// SPDX-License-Identifier: MIT
/*
 * An NVMe controller whose PRPs name memory that its driver was not granted (NVMe 1.4: 3.1, 4.3,
 * 5.14.1, 5.21.1.14). Its admin queues lie in the driver's common buffer, one command at a time:
 *
 *     page 0: submission queue    page 1: completion queue    page 2: data
 *
 * The Timestamp feature is eight bytes that the controller reads from memory (Set Features) and
 * writes to memory (Get Features): what it has read it tells, so nobody need believe it. 16 bits
 * count milliseconds, the 32 above them are the mark; then comes 2, "set by the host".
 */
#include "app.h"
#include "ash/syscall.h"

#define ENTRIES 16u

/* Registers */
#define CC         0x14u
#define CSTS       0x1cu
#define AQA        0x24u
#define ASQ        0x28u
#define ACQ        0x30u
#define DOORBELLS  0x1000u
#define CC_ENABLE  0x460001u /* entries of 64 and 16 bytes, pages of 4 KiB */
#define CSTS_READY 1u

#define SET_FEATURES 9u
#define GET_FEATURES 10u
#define TIMESTAMP    14u

static char memory[3 * PAGE] __attribute__((aligned(4096)));
static unsigned tail;
static ash_word common;

static void settle(struct ash_file *file, bool ready)
{
    for (unsigned i = 0; i < 500; i++, pause_ms(10))
        if ((device_read(file, CSTS, 4) & CSTS_READY) == ready)
            return;
    give_up("the controller does not become %s", ready ? "ready" : "idle");
}

void nvme_begin(struct ash_file *file)
{
    common = device_common(file);
    device_write(file, CC, 4, 0);
    settle(file, false);
    memset(memory, 0, sizeof(memory));
    device_fill(file, memory, sizeof(memory));
    device_write(file, AQA, 4, (ENTRIES - 1) << 16 | (ENTRIES - 1));
    device_write(file, ASQ, 8, common);
    device_write(file, ACQ, 8, common + PAGE);
    device_write(file, CC, 4, CC_ENABLE);
    settle(file, true);
    tail = 0;
}

/* The status field of its completion, 0: success. The data page is `in` before, `out` after. */
static unsigned command(struct ash_file *file, unsigned opcode, ash_word prp, const ash_word *in,
                        ash_word *out)
{
    const uint32_t entry[16] = {
        opcode | tail << 16, [6] = (uint32_t)prp, [7] = (uint32_t)(prp >> 32), [10] = TIMESTAMP};
    volatile uint32_t *done = (volatile uint32_t *)(memory + PAGE + tail * 16);
    device_show(file, memory, sizeof(memory));
    uint32_t phase = done[3] >> 16 & 1;
    memcpy(memory + tail * 64, entry, sizeof(entry));
    memset(memory + 2 * PAGE, 0, sizeof(ash_word));
    if (in != nullptr)
        memcpy(memory + 2 * PAGE, in, sizeof(*in));
    device_fill(file, memory, sizeof(memory));
    tail = (tail + 1) % ENTRIES;
    device_write(file, DOORBELLS, 4, tail);
    for (unsigned i = 0; i < 500; i++, pause_ms(1)) {
        device_show(file, memory, sizeof(memory));
        if ((done[3] >> 16 & 1) == phase)
            continue;
        device_write(file, DOORBELLS + 4, 4, tail);
        if (out != nullptr)
            memcpy(out, memory + 2 * PAGE, sizeof(*out));
        return done[3] >> 17;
    }
    give_up("the controller does not answer");
}

/* What the controller's clock says, but for the milliseconds since it was set. */
[[gnu::noinline]] static ash_word clock_of(struct ash_file *file)
{
    volatile ash_word now = 0;
    if (command(file, GET_FEATURES, common + 2 * PAGE, nullptr, (ash_word *)&now) != 0)
        give_up("the controller does not tell its time");
    ash_word clock = now >> 16 & UINT32_MAX;
    now = 0; /* memory shall not hold it */
    return clock;
}

void nvme_complete_one(struct ash_file *file)
{
    (void)clock_of(file);
}

static ash_word mark_of(ash_word seed)
{
    return (mix(seed) | 0x80000001u) & UINT32_MAX;
}

static void set_clock(struct ash_file *file, ash_word seed)
{
    ash_word mark = mark_of(seed) << 16;
    if (command(file, SET_FEATURES, common + 2 * PAGE, &mark, nullptr) != 0)
        give_up("the controller does not take the time");
    mark = 0; /* memory holds it no longer */
    memset(memory + 2 * PAGE, 0, PAGE);
    device_fill(file, memory, sizeof(memory));
}

static void forget_clock(struct ash_file *file)
{
    memset(memory + 2 * PAGE, 0, PAGE);
    device_fill(file, memory, sizeof(memory));
}

static bool attempt(struct ash_file *file, ash_word address, bool write, unsigned number)
{
    ash_word before = dma_of(number).faults;
    unsigned status = command(file, write ? GET_FEATURES : SET_FEATURES, address, nullptr, nullptr);
    struct ash_pnp_dma_reply dma = dma_after(number, before);
    bool told = dma.faults > before && dma.address - address < 8 &&
                strcmp(dma.service, "stray") == 0 &&
                strcmp(dma.kind, write ? "write" : "read") == 0;
    if (!told)
        printf("0x%lx: status 0x%x, %lu faults more, last %s at 0x%lx\n", (unsigned long)address,
               status, (unsigned long)(dma.faults - before), dma.kind, (unsigned long)dma.address);
    return told;
}

/* Its clock goes on, or is set to what refused reads bring. */
static bool saw_nothing(ash_word clock, ash_word seed)
{
    if (clock == mark_of(seed) || clock == 0 || clock == UINT32_MAX)
        return true;
    printf("its clock is 0x%lx\n", (unsigned long)clock);
    return false;
}

/* nvme SEED N MEMORY: it writes to N addresses and reads from as many. */
int nvme(int, char **argv)
{
    ash_word seed = strtoul(argv[1], nullptr, 0), ram = strtoul(argv[3], nullptr, 0) << 20;
    unsigned count = (unsigned)strtoul(argv[2], nullptr, 0), told = 0, nothing = 0;
    struct ash_file *file = device_open(NVME);
    nvme_begin(file);
    for (unsigned i = 0; i < 2 * count; i++) {
        if (i % 2 == 0) /* what it would write is the mark */
            set_clock(file, seed);
        told += attempt(file, target(file, i / 2, seed, ram), i % 2 == 0, NVME);
        nothing += saw_nothing(clock_of(file), seed);
    }
    forget_clock(file);
    printf("%u attempts of the controller, %u refused and told with device and address, after %u "
           "it knew nothing new\n",
           2 * count, told, nothing);
    return told == 2 * count && nothing == 2 * count ? 0 : 1;
}
