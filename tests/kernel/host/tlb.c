// SPDX-License-Identifier: MIT
#include "tlb.h"

#define TRANSLATIONS 256u

static struct translation kept[TRANSLATIONS];
static size_t kept_count;

void tlb_reset(void)
{
    kept_count = 0;
}

void tlb_show(struct translation seen)
{
    for (size_t i = 0; i < kept_count; i++)
        if (kept[i].asid == seen.asid && kept[i].address == seen.address)
            return;
    if (kept_count < TRANSLATIONS)
        kept[kept_count++] = seen;
}

void tlb_flush(uint64_t address, uint64_t asid)
{
    for (size_t i = 0; i < kept_count; i++) {
        bool here = address == ~0ull || address >> kept[i].bits == kept[i].address >> kept[i].bits;
        if (here && (asid == ~0ull || asid == kept[i].asid))
            kept[i--] = kept[--kept_count];
    }
}

const struct translation *tlb_kept(size_t *count)
{
    *count = kept_count;
    return kept;
}
