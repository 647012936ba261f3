// SPDX-License-Identifier: MIT
/* Two devices of one driver: what was granted to one is out of the other's reach. The second, in
 * slot OTHER, goes for the memory of the first, which their driver may read and write. */
#include "app.h"

#define FIRST 6u
#define OTHER 7u

static struct ash_io request;
static volatile bool ended;
static char *page;

static void end(struct ash_io *)
{
    ended = true;
}

/* A page of this program that the device may write until device_let_go. */
static ash_word device_hold(struct ash_file *file, char *held)
{
    ULONGLONG logical = 0;
    memset(held, 0, PAGE);
    ash_status status =
        ash_ioctl_begin(file, IOCTL_STRAY_HOLD, nullptr, 0, held, PAGE, end, &request);
    for (unsigned i = 0; ash_success(status) && i < 100 && logical == 0; i++) {
        pause_ms(10);
        memcpy(&logical, held, sizeof(logical));
    }
    if (logical == 0)
        give_up("no page is granted: 0x%08x", (unsigned)status);
    memset(held, 0, PAGE);
    return logical;
}

static void device_let_go(struct ash_file *file)
{
    size_t done;
    ash_status status = ash_ioctl(file, IOCTL_STRAY_LET_GO, nullptr, 0, nullptr, 0, &done);
    if (ash_success(status))
        status = ash_io_wait(&request);
    if (!ash_success(status) || !ended)
        give_up("the page is not given back: 0x%08x", (unsigned)status);
}

static bool is_zero(const char *memory)
{
    for (unsigned i = 0; i < PAGE; i++)
        if (memory[i] != 0)
            return false;
    return true;
}

/* Whether the attempt is refused and told of the device that made it, and of no other. The records
 * of an attempt before may still be on their way. */
static bool refused(struct ash_file *second, ash_word address, bool write)
{
    ash_word before = dma_of(OTHER).faults, first = dma_of(FIRST).faults;
    bool told = false;
    edu_copy(second, address, 8, write);
    for (unsigned i = 0; i < 100 && !told; i++) {
        struct ash_pnp_dma_reply dma = dma_of(OTHER);
        told = dma.faults > before && dma.address - address < 8 &&
               strcmp(dma.kind, write ? "write" : "read") == 0;
        if (!told)
            pause_ms(10);
    }
    if (!told)
        printf("0x%lx: not refused\n", (unsigned long)address);
    return told && dma_of(FIRST).faults == first;
}

static void show(struct ash_file *file, char *to)
{
    device_show(file, page, PAGE);
    memcpy(to, page, PAGE);
}

/* Common buffers of both devices lie at the same address, each in its own IoSpace: the second one's
 * writes arrive in its own. */
static bool own_space(struct ash_file *first, struct ash_file *second)
{
    static char owner[PAGE], own[PAGE];
    if (device_common(first) != device_common(second))
        return refused(second, device_common(first), true);
    edu_copy(second, device_common(first), PAGE, true);
    show(first, owner);
    show(second, own);
    return is_zero(owner) && !is_zero(own);
}

static bool held_page(struct ash_file *first, struct ash_file *second)
{
    static char *held;
    if ((held = ash_io_buffer_alloc(PAGE)) == nullptr)
        give_up("no memory");
    ash_word address = device_hold(first, held);
    bool told = refused(second, address, true) && refused(second, address + 8, false);
    bool whole = is_zero(held);
    edu_copy(first, address, PAGE, true); /* its owner may, and has the marks of its own */
    bool arrived = !is_zero(held) && dma_of(FIRST).faults == 0;
    device_let_go(first);
    return told && whole && arrived;
}

int neighbour(int, char **)
{
    struct ash_file *first = device_open(FIRST), *second = device_open(OTHER);
    if ((page = ash_io_buffer_alloc(PAGE)) == nullptr)
        give_up("no memory");
    memset(page, 0x5a, PAGE);
    for (unsigned i = 0; i < 2; i++) { /* what they will write */
        struct ash_file *file = i == 0 ? first : second;
        device_fill(file, page, PAGE);
        edu_copy(file, device_common(file), PAGE, false);
    }
    memset(page, 0, PAGE);
    device_fill(first, page, PAGE);
    device_fill(second, page, PAGE);
    bool own = own_space(first, second), held = held_page(first, second);
    printf("a common buffer of the other device %s; a page that was granted to it %s\n",
           own ? "is as it was" : "has changed",
           held ? "was refused and told, both ways, and is as it was" : "was not out of reach");
    return own && held ? 0 : 1;
}
