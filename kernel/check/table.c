// SPDX-License-Identifier: MIT
/* A hash table with open addressing; entries of earlier passes count as free. */
#include "boot/boot.h"
#include "check/checks.h"
#include "small.h"

#define ENTRIES_MIN (1u << 17)
#define RAM_A_ENTRY 1024u

static struct entry *entries;
static uint64_t entry_count, used;

uint64_t key_of_slot(const struct slot *slot)
{
    return (uint64_t)slot ^ 1ull << 60;
}

uint64_t key_of_object(uint8_t type, uint64_t object)
{
    return object ^ (uint64_t)type << 52;
}

uint64_t key_of_pte(const uint64_t *entry)
{
    return (uint64_t)entry ^ 1ull << 61;
}

INIT void table_boot(void)
{
    uint64_t ram = 0;
    for (unsigned i = 0; i < all_ram_count; i++)
        ram += all_ram[i].end - all_ram[i].start;
    entry_count = ENTRIES_MIN;
    while (entry_count * RAM_A_ENTRY < ram)
        entry_count *= 2;
    entries = boot_pages(round_up(entry_count * sizeof(*entries), ASH_PAGE_SIZE) / ASH_PAGE_SIZE,
                         ASH_PAGE_SIZE);
    size_t pages = round_up(entry_count / 2 * sizeof(void *), ASH_PAGE_SIZE) / ASH_PAGE_SIZE;
    all_slots = boot_pages(pages, ASH_PAGE_SIZE);
    all_objects = boot_pages(pages, ASH_PAGE_SIZE);
    check_memory_boot(entry_count / 2);
}

void table_begin(void)
{
    used = 0;
}

static struct entry *place(uint64_t key)
{
    uint64_t at = key * 0x9e3779b97f4a7c15ull >> 20;
    for (;; at++) {
        struct entry *entry = &entries[at & (entry_count - 1)];
        if (entry->pass != check_pass || entry->key == key)
            return entry;
    }
}

struct entry *table_find(uint64_t key)
{
    struct entry *entry = place(key);
    return entry->pass == check_pass ? entry : nullptr;
}

struct entry *table_add(uint64_t key, bool *fresh)
{
    struct entry *entry = place(key);
    *fresh = entry->pass != check_pass;
    if (!*fresh)
        return entry;
    if (++used > entry_count / 2)
        panic("the checker has no room for more than %lu slots, objects and mappings", used - 1);
    *entry = (struct entry){.key = key, .pass = check_pass};
    return entry;
}
