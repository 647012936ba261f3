// SPDX-License-Identifier: MIT
/* See fake_kernel.h. Received capabilities live in slots above the manager's slot space. */
#include "fake_internal.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS    (MM_SLOTS_PER_PAGE * MM_SLOT_PAGES)
#define RECEIVED 4096u
#define HASH     FAKE_HASH

static struct capability *caps;
static bool slot_page[MM_SLOT_PAGES];
static unsigned char *ram, *arenas;
static uint64_t ram_base, ram_bytes, device_base, device_size, fail_after, live;
uint64_t fake_call_count;
static uint32_t received_top;

/* (space, page) -> slot + 1 of the mapping; tables: (space, address >> bits, bits) */
struct entry {
    uint64_t space, key;
    uint32_t slot;
};
static struct entry *mappings, *tables;

static struct entry *probe(struct entry *hash, uint64_t space, uint64_t key)
{
    uint64_t at = (space * 0x9e3779b97f4a7c15u ^ key * 0xc2b2ae3d27d4eb4fu) >> 40 & (HASH - 1);
    while (hash[at].slot != 0 && (hash[at].space != space || hash[at].key != key))
        at = (at + 1) & (HASH - 1);
    return &hash[at];
}

static void forget_entry(struct entry *hash, struct entry *entry)
{
    entry->slot = 0;
    for (uint64_t at = (uint64_t)(entry - hash + 1) & (HASH - 1); hash[at].slot != 0;
         at = (at + 1) & (HASH - 1)) {
        struct entry moved = hash[at];
        hash[at].slot = 0;
        *probe(hash, moved.space, moved.key) = moved;
    }
}

[[noreturn]] void fake_broken(const char *rule, uint64_t detail)
{
    fprintf(stderr, "fake kernel: %s (%llu)\n", rule, (unsigned long long)detail);
    abort();
}

struct capability *fake_at(mm_slot slot)
{
    if (slot == 0 || (slot < SLOTS && !slot_page[slot / MM_SLOTS_PER_PAGE]))
        fake_broken("slot does not exist", slot);
    return &caps[slot];
}

static void insert(mm_slot slot, struct capability cap, uint32_t parent)
{
    struct capability *place = fake_at(slot);
    if (place->type != ASH_OBJ_NULL)
        fake_broken("destination is occupied", slot);
    *place = cap;
    place->parent = parent;
    place->child = place->previous = 0;
    place->next = parent != 0 ? caps[parent].child : 0;
    if (place->next != 0)
        caps[place->next].previous = slot;
    if (parent != 0)
        caps[parent].child = slot;
    live++;
}

static void unlink_cap(uint32_t slot)
{
    struct capability *cap = &caps[slot];
    if (cap->previous != 0)
        caps[cap->previous].next = cap->next;
    else if (cap->parent != 0)
        caps[cap->parent].child = cap->next;
    if (cap->next != 0)
        caps[cap->next].previous = cap->previous;
}

void fake_reset(uint64_t physical, uint64_t bytes, uint64_t device, uint64_t device_bytes)
{
    free(caps), free(ram), free(mappings), free(tables), free(arenas);
    caps = calloc(SLOTS + RECEIVED, sizeof(*caps));
    ram = aligned_alloc(ASH_PAGE_SIZE, bytes);
    memset(ram, 0xa5, bytes);
    mappings = calloc(HASH, sizeof(*mappings));
    tables = calloc(HASH, sizeof(*tables));
    arenas = aligned_alloc(ASH_PAGE_SIZE,
                           MM_ARENAS * MM_ARENA_BYTES); /* never touched where nothing is mapped */
    memset(slot_page, 0, sizeof(slot_page));
    slot_page[0] = true;
    ram_base = physical, ram_bytes = bytes, device_base = device, device_size = device_bytes;
    fail_after = UINT64_MAX;
    fake_call_count = live = 0;
    received_top = SLOTS;
    insert(MM_SLOT_OWN_VSPACE, (struct capability){.type = ASH_OBJ_VSPACE, .physical = 1}, 0);
    insert(2, (struct capability){.type = ASH_OBJ_UNTYPED, .physical = physical, .size = bytes}, 0);
    insert(3,
           (struct capability){
               .type = ASH_OBJ_UNTYPED, .physical = device, .size = device_bytes, .device = true},
           0);
}

void fake_regions(struct mm_ram *ram_region, struct mm_ram *device)
{
    *ram_region = (struct mm_ram){ram_base, ram_bytes, 2};
    *device = (struct mm_ram){device_base, device_size, 3};
}

void fake_fail_after(uint64_t count)
{
    fail_after = count;
}

static bool failing(void)
{
    fake_call_count++;
    if (fail_after == UINT64_MAX)
        return false;
    if (fail_after == 0) {
        fail_after = UINT64_MAX;
        return true;
    }
    fail_after--;
    return false;
}

static uint64_t object_size(unsigned type, uint64_t size)
{
    switch (type) {
    case ASH_OBJ_UNTYPED:
        return size;
    case ASH_OBJ_FRAME:
        return (uint64_t)1 << size;
    case ASH_OBJ_CNODE:
        return 128 + ((uint64_t)64 << size);
    case ASH_OBJ_VSPACE:
        return 2 * ASH_PAGE_SIZE;
    case ASH_OBJ_IO_SPACE:
        return 6 * ASH_PAGE_SIZE;
    default:
        return ASH_PAGE_SIZE;
    }
}

static uint64_t alignment(unsigned type, uint64_t bytes)
{
    switch (type) {
    case ASH_OBJ_FRAME:
        return bytes;
    case ASH_OBJ_CNODE:
        return 64;
    case ASH_OBJ_IO_SPACE:
        return 4 * ASH_PAGE_SIZE;
    default:
        return ASH_PAGE_SIZE;
    }
}

static bool is_space(const struct capability *cap)
{
    return cap->type == ASH_OBJ_VSPACE || cap->type == ASH_OBJ_IO_SPACE;
}

enum ash_error mm_backend_retype(mm_slot untyped, unsigned type, uint64_t size, mm_slot first,
                                 unsigned count)
{
    struct capability *parent = fake_at(untyped);
    if (parent->type != ASH_OBJ_UNTYPED || count == 0 || count > 1024)
        fake_broken("retype of what is no Untyped, or of too many", untyped);
    if (first / MM_SLOTS_PER_PAGE != (first + count - 1) / MM_SLOTS_PER_PAGE)
        fake_broken("destination leaves its CNode", first);
    if (failing())
        return ASH_E_MEMORY;
    if (parent->child == 0 && !parent->pinned)
        parent->watermark = 0;
    uint64_t bytes = object_size(type, size);
    uint64_t align = alignment(type, bytes);
    uint64_t start = ((parent->physical + parent->watermark + align - 1) & ~(align - 1));
    if (bytes == 0 || start + bytes * count > parent->physical + parent->size)
        return ASH_E_MEMORY;
    for (unsigned i = 0; i < count; i++) {
        struct capability cap = {.type = (uint8_t)type,
                                 .rights = ASH_RIGHT_ALL,
                                 .bits = (uint8_t)size,
                                 .device = parent->device,
                                 .physical = start + i * bytes,
                                 .size = bytes};
        if (!parent->device && type != ASH_OBJ_UNTYPED)
            memset(fake_memory(cap.physical), 0, bytes);
        insert(first + i, cap, untyped);
    }
    parent->watermark = start + bytes * count - parent->physical;
    return ASH_OK;
}

enum ash_error mm_backend_copy(mm_slot destination, mm_slot source, unsigned rights)
{
    struct capability cap = *fake_at(source);
    if (cap.type != ASH_OBJ_FRAME)
        fake_broken("copy of what is no Frame", source);
    if (failing())
        return ASH_E_EXHAUSTED;
    cap.rights &= (uint8_t)rights;
    cap.mapped = false;
    insert(destination, cap, source);
    return ASH_OK;
}

void fake_unmap(struct capability *cap)
{
    if (cap->mapped)
        forget_entry(mappings, probe(mappings, cap->space, cap->address >> cap->bits));
    cap->mapped = false;
}

static void drop_space(uint64_t space)
{
    for (uint32_t i = 0; i < HASH; i++)
        if (mappings[i].slot != 0 && mappings[i].space == space)
            fake_broken("VSpace destroyed with a frame mapped", mappings[i].key);
    for (uint32_t i = 0; i < HASH;) {
        if (tables[i].slot != 0 && tables[i].space == space)
            forget_entry(tables, &tables[i]);
        else
            i++;
    }
}

static void delete_cap(uint32_t slot)
{
    struct capability *cap = &caps[slot];
    if (cap->type == ASH_OBJ_FRAME)
        fake_unmap(cap);
    if (is_space(cap))
        drop_space(cap->physical);
    if (cap->type == ASH_OBJ_IO_SPACE)
        mm_backend_detach(slot);
    while (cap->child != 0) { /* children go to the parent */
        uint32_t child = cap->child;
        unlink_cap(child);
        caps[child].parent = cap->parent;
        caps[child].previous = 0;
        caps[child].next = cap->parent != 0 ? caps[cap->parent].child : 0;
        if (caps[child].next != 0)
            caps[caps[child].next].previous = child;
        if (cap->parent != 0)
            caps[cap->parent].child = child;
    }
    unlink_cap(slot);
    *cap = (struct capability){};
    live--;
}

void mm_backend_delete(mm_slot slot)
{
    fake_call_count++;
    if (fake_at(slot)->type != ASH_OBJ_NULL)
        delete_cap(slot);
}

static void revoke(uint32_t slot)
{
    while (caps[slot].child != 0) {
        revoke(caps[slot].child);
        delete_cap(caps[slot].child);
    }
}

void mm_backend_revoke(mm_slot slot)
{
    fake_call_count++;
    if (fake_at(slot)->type == ASH_OBJ_NULL)
        fake_broken("revoke of an empty slot", slot);
    revoke(slot);
}

enum ash_error mm_backend_frame_map(mm_slot frame, mm_slot vspace, uint64_t address,
                                    unsigned rights)
{
    struct capability *cap = fake_at(frame);
    const struct capability *space = fake_at(vspace);
    fake_call_count++;
    if (cap->type != ASH_OBJ_FRAME || !is_space(space))
        fake_broken("map of what is no Frame, or into no VSpace", frame);
    if (address & (cap->size - 1))
        return ASH_E_ALIGNMENT;
    if ((rights & ~(unsigned)cap->rights) != 0)
        return ASH_E_RIGHTS;
    uint64_t key = address >> cap->bits;
    if (probe(tables, space->physical, address >> 30 << 8 | 30)->slot == 0 ||
        (cap->bits == 12 && probe(tables, space->physical, address >> 21 << 8 | 21)->slot == 0))
        return ASH_E_NO_TABLE;
    struct entry *entry = probe(mappings, space->physical, key);
    if (cap->mapped && (cap->space != space->physical || cap->address != address))
        return ASH_E_BUSY;
    if (entry->slot != 0 && entry->slot != frame)
        return ASH_E_BUSY;
    if (!cap->mapped && address - (uint64_t)(uintptr_t)arenas < MM_ARENAS * MM_ARENA_BYTES)
        memset(arenas + (address - (uint64_t)(uintptr_t)arenas), 0, ASH_PAGE_SIZE); /* a new page */
    *entry = (struct entry){space->physical, key, frame};
    cap->mapped = true;
    cap->mapped_rights = (uint8_t)rights;
    cap->space = space->physical;
    cap->address = address;
    return ASH_OK;
}

enum ash_error mm_backend_frame_unmap(mm_slot frame)
{
    fake_call_count++;
    if (!fake_at(frame)->mapped)
        return ASH_E_NOT_BOUND;
    fake_unmap(fake_at(frame));
    return ASH_OK;
}

enum ash_error mm_backend_table_map(mm_slot table, mm_slot vspace, uint64_t address)
{
    const struct capability *space = fake_at(vspace);
    fake_call_count++;
    if (fake_at(table)->type != ASH_OBJ_PAGE_TABLE)
        fake_broken("no page table", table);
    struct entry *top = probe(tables, space->physical, address >> 30 << 8 | 30);
    if (top->slot == 0) {
        *top = (struct entry){space->physical, address >> 30 << 8 | 30, table};
        return ASH_OK;
    }
    struct entry *leaf = probe(tables, space->physical, address >> 21 << 8 | 21);
    if (leaf->slot != 0)
        return ASH_E_BUSY;
    *leaf = (struct entry){space->physical, address >> 21 << 8 | 21, table};
    return ASH_OK;
}

enum ash_error mm_backend_slot_page(unsigned page, mm_slot untyped)
{
    struct capability *parent = fake_at(untyped);
    uint64_t bytes = 64 + 64 * MM_SLOTS_PER_PAGE;
    if (slot_page[page])
        fake_broken("slot page exists already", page);
    if (failing() || parent->watermark + bytes > parent->size)
        return ASH_E_MEMORY;
    parent->watermark += bytes;
    parent->pinned = true;
    slot_page[page] = true;
    return ASH_OK;
}

uint64_t mm_backend_left(mm_slot untyped)
{
    return fake_at(untyped)->size - fake_at(untyped)->watermark;
}

void *mm_backend_window(uint64_t physical)
{
    return fake_memory(physical);
}

void *mm_backend_arena(unsigned number)
{
    return arenas + number * MM_ARENA_BYTES;
}

struct fake_mapping fake_lookup(mm_slot vspace, uint64_t address)
{
    uint64_t space = fake_at(vspace)->physical;
    for (unsigned bits = 12; bits <= 21; bits += 9) {
        const struct entry *entry = probe(mappings, space, address >> bits);
        if (entry->slot != 0 && caps[entry->slot].bits == bits) {
            const struct capability *cap = &caps[entry->slot];
            return (struct fake_mapping){cap->physical + (address & (cap->size - 1)),
                                         address,
                                         bits,
                                         cap->mapped_rights,
                                         true,
                                         space};
        }
    }
    return (struct fake_mapping){};
}

uint64_t fake_mappings(mm_slot vspace)
{
    uint64_t count = 0, space = fake_at(vspace)->physical;
    for (uint32_t i = 0; i < HASH; i++)
        count += mappings[i].slot != 0 && mappings[i].space == space;
    return count;
}

bool fake_next_mapping(uint32_t *place, struct fake_mapping *mapping)
{
    while (*place < HASH) {
        const struct entry *entry = &mappings[(*place)++];
        if (entry->slot == 0)
            continue;
        const struct capability *cap = &caps[entry->slot];
        *mapping = (struct fake_mapping){cap->physical,      cap->address, cap->bits,
                                         cap->mapped_rights, true,         entry->space};
        return true;
    }
    return false;
}

uint64_t fake_space(mm_slot vspace)
{
    return fake_at(vspace)->physical;
}

unsigned char *fake_memory(uint64_t physical)
{
    if (physical < ram_base || physical >= ram_base + ram_bytes)
        fake_broken("no RAM at this address", physical);
    return ram + (physical - ram_base);
}

uint32_t fake_receive(mm_slot slot)
{
    struct capability cap = *fake_at(slot);
    uint32_t parent = slot, handle = received_top++;
    if (received_top > SLOTS + RECEIVED)
        fake_broken("too many received capabilities", handle);
    if (cap.type == ASH_OBJ_UNTYPED) {
        parent = cap.parent;
        delete_cap(slot);
    }
    insert(handle, cap, parent);
    return handle;
}

bool fake_received_alive(uint32_t handle)
{
    return caps[handle].type != ASH_OBJ_NULL;
}

uint64_t fake_live_capabilities(void)
{
    return live;
}

uint64_t fake_calls(void)
{
    return fake_call_count;
}
