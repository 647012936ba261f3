// SPDX-License-Identifier: MIT
/*
 *   stray load SEED             the device's buffer gets a mark, which is nowhere in memory then
 *   stray write SEED N MEMORY   it writes the mark to N addresses that it was not granted
 *   stray read SEED N MEMORY    it reads there
 *   stray own                   it writes the mark where it may: to its driver's common buffer
 *   stray doom                  the same; returns while the device is still at it
 *   stray traffic KIND OF       see traffic.c
 *   stray neighbour             see neighbour.c
 *   stray messages              see message.c
 *   stray nvme SEED N MEMORY    an NVMe controller writes to and reads from N such addresses
 *   stray rng SEED N MEMORY     a virtio entropy device writes to N such addresses
 *   stray storm                 it interrupts again and again from now on
 *
 * `stray at NUMBER ...`: the device with that number on bus 0, instead of 6.
 */
#include "app.h"

/* The mark is put together where it is used: memory shall not hold it. */
static ash_word mark_of(ash_word seed)
{
    return mix(seed) | 0x8000000000000001u;
}

static void common_word(struct ash_file *file, ash_word word)
{
    static char *page;
    if (page == nullptr && (page = ash_io_buffer_alloc(PAGE)) == nullptr)
        give_up("no memory");
    for (size_t i = 0; i < PAGE; i += sizeof(word))
        memcpy(page + i, &word, sizeof(word));
    device_fill(file, page, PAGE);
}

static int load(int, char **argv)
{
    struct ash_file *file = device_open(edu_number);
    common_word(file, mark_of(strtoul(argv[1], nullptr, 0)));
    edu_copy(file, device_common(file), PAGE, false);
    common_word(file, 0);
    printf("the device has its mark\n");
    return 0;
}

/* What the device would find there is no concern of its driver: its buffer holds what it held, or
 * nothing. */
[[gnu::noinline]] static bool saw_nothing(struct ash_file *file, ash_word seed)
{
    static char *page;
    ash_word seen;
    if (page == nullptr && (page = ash_io_buffer_alloc(PAGE)) == nullptr)
        give_up("no memory");
    edu_copy(file, device_common(file), 8, true);
    device_show(file, page, PAGE);
    memcpy(&seen, page, sizeof(seen));
    return seen == 0 || seen == mark_of(seed) || seen == ~(ash_word)0;
}

static bool attempt(struct ash_file *file, ash_word address, bool write)
{
    ash_word before = dma_of(edu_number).faults;
    edu_copy(file, address, 8, write);
    struct ash_pnp_dma_reply dma = dma_after(edu_number, before);
    bool told = dma.faults > before && dma.address - address < 8 &&
                strcmp(dma.service, "stray") == 0 &&
                strcmp(dma.kind, write ? "write" : "read") == 0;
    if (!told)
        printf("0x%lx: %lu faults more, last %s at 0x%lx of %s\n", (unsigned long)address,
               (unsigned long)(dma.faults - before), dma.kind, (unsigned long)dma.address,
               dma.service);
    return told;
}

static int attack(int, char **argv)
{
    bool write = strcmp(argv[0], "write") == 0;
    ash_word seed = strtoul(argv[1], nullptr, 0), memory = strtoul(argv[3], nullptr, 0) << 20;
    unsigned count = (unsigned)strtoul(argv[2], nullptr, 0), told = 0, blind = 0;
    struct ash_file *file = device_open(edu_number);
    for (unsigned i = 0; i < count; i++) {
        told += attempt(file, target(file, i, seed, memory), write);
        blind += write || saw_nothing(file, seed);
    }
    printf("%u attempts to %s, %u refused and told with device and address", count, argv[0], told);
    if (!write)
        printf(", %u saw nothing", blind);
    printf("\n");
    return told == count && blind == count ? 0 : 1;
}

static int own(int, char **argv)
{
    struct ash_file *file = device_open(edu_number);
    ash_word common = device_common(file);
    if (strcmp(argv[0], "doom") == 0)
        edu_start(file, common, PAGE, true);
    else
        edu_copy(file, common, PAGE, true);
    printf(strcmp(argv[0], "doom") == 0 ? "the device is at it\n" : "the device is done\n");
    return 0;
}

static const struct {
    const char *name;
    int arguments;
    int (*run)(int argc, char **argv);
} commands[] = {
    {"load", 1, load}, {"write", 3, attack},        {"read", 3, attack},       {"own", 0, own},
    {"doom", 0, own},  {"traffic", 2, traffic},     {"storm", 0, storm},       {"nvme", 3, nvme},
    {"rng", 3, rng},   {"neighbour", 0, neighbour}, {"messages", 0, messages},
};

int main(int argc, char **argv)
{
    if (argc > 3 && strcmp(argv[1], "at") == 0) {
        edu_number = (unsigned)strtoul(argv[2], nullptr, 0);
        argc -= 2;
        argv += 2;
    }
    for (size_t i = 0; argc > 1 && i < sizeof(commands) / sizeof(commands[0]); i++)
        if (strcmp(argv[1], commands[i].name) == 0 && argc - 2 == commands[i].arguments)
            return commands[i].run(argc - 1, argv + 1);
    printf("usage: stray [at N] load|write|read|own|doom|traffic|storm|nvme|rng|neighbour|messages "
           "...\n");
    return 1;
}
