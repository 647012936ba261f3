// SPDX-License-Identifier: MIT
/* Free slots of the own CNode: a bitmap, a set bit is a slot in use. */
#include "ash/slot.h"
#include "ash/invoke.h"
#include "ash/thread.h"
#include "task.h"

static uint64_t own_bitmap[(((1u << ASH_TASK_RADIX) - ASH_SLOT_OWN) / 64)];

static struct {
    struct ash_mutex lock;
    ash_word first;
    unsigned count, hint; /* hint: a word with, perhaps, a free bit */
    uint64_t *bitmap;
} slots = {.first = ASH_SLOT_OWN, .count = sizeof(own_bitmap) * 8, .bitmap = own_bitmap};

void ash_slot_range(ash_word first, unsigned count, uint64_t *bitmap)
{
    slots.first = first;
    slots.count = count;
    slots.hint = 0;
    slots.bitmap = bitmap;
}

static ash_cptr take(unsigned word, unsigned bit, uint64_t mask)
{
    slots.bitmap[word] |= mask << bit;
    slots.hint = word;
    return slots.first + word * 64 + bit;
}

/* A run lies within one word of the bitmap. */
static ash_cptr find_run(unsigned word, uint64_t mask, unsigned count)
{
    for (unsigned bit = 0; bit + count <= 64; bit++)
        if ((slots.bitmap[word] & mask << bit) == 0)
            return take(word, bit, mask);
    return 0;
}

ash_cptr ash_slot_alloc_run(unsigned count)
{
    if (count < 1 || count > 64)
        return 0;
    uint64_t mask = count == 64 ? ~(uint64_t)0 : ((uint64_t)1 << count) - 1;
    unsigned words = slots.count / 64;
    ash_cptr slot = 0;
    ash_mutex_lock(&slots.lock);
    for (unsigned i = 0; i < words && slot == 0; i++) {
        unsigned word = (slots.hint + i) % words;
        if (~slots.bitmap[word] != 0)
            slot = find_run(word, mask, count);
    }
    ash_mutex_unlock(&slots.lock);
    return slot;
}

ash_cptr ash_slot_alloc(void)
{
    return ash_slot_alloc_run(1);
}

void ash_slot_free(ash_cptr slot)
{
    if (slot < slots.first || slot - slots.first >= slots.count)
        return;
    unsigned index = (unsigned)(slot - slots.first);
    ash_mutex_lock(&slots.lock);
    slots.bitmap[index / 64] &= ~((uint64_t)1 << index % 64);
    slots.hint = index / 64;
    ash_mutex_unlock(&slots.lock);
}

void ash_slot_delete(ash_cptr slot)
{
    if (slot == 0)
        return;
    (void)ash_cnode_delete(ASH_SLOT_CNODE, slot);
    ash_slot_free(slot);
}
