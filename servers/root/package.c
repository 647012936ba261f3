// SPDX-License-Identifier: MIT
/*
 * The boot package, read in place: frames of its region, large ones where alignment allows, mapped
 * read-only at an address that is congruent to the physical one.
 */
#include "root.h"

#include <cpio.h>

#define BASE      ((ash_word)0x10000000)
#define MEGAPAGE  ((ash_word)1 << ASH_MEGAPAGE_BITS)
#define RUNS_MAX  8u
#define BATCH_MAX 512u

static struct run {
    ash_cptr first;
    unsigned count, bits;
    ash_word address;
} runs[RUNS_MAX];
static unsigned run_count;
static struct cpio_archive archive;

/* How many frames of which size come next at this place. */
static unsigned next_run(ash_word physical, ash_word end, unsigned *bits)
{
    ash_word aligned = (physical + MEGAPAGE - 1) & ~(MEGAPAGE - 1);
    *bits = ASH_PAGE_BITS;
    if (aligned + MEGAPAGE > end)
        return (unsigned)((end - physical) / ASH_PAGE_SIZE);
    if (aligned != physical)
        return (unsigned)((aligned - physical) / ASH_PAGE_SIZE);
    *bits = ASH_MEGAPAGE_BITS;
    return (unsigned)((end - physical) / MEGAPAGE);
}

static void make_run(ash_cptr untyped, ash_word *physical, ash_word end)
{
    unsigned bits;
    unsigned count = next_run(*physical, end, &bits);
    if (count > BATCH_MAX)
        count = BATCH_MAX;
    if (run_count == RUNS_MAX)
        ash_panic("the boot package is too large");
    runs[run_count++] = (struct run){
        .first = stock_frames_of(untyped, bits, count),
        .count = count,
        .bits = bits,
        .address = BASE + (*physical - (root.boot->package_physical & ~(MEGAPAGE - 1))),
    };
    *physical += (ash_word)count << bits;
}

static void map_all(ash_cptr vspace)
{
    for (unsigned r = 0; r < run_count; r++)
        for (unsigned i = 0; i < runs[r].count; i++)
            space_map(vspace, runs[r].first + i, runs[r].address + ((ash_word)i << runs[r].bits),
                      ASH_RIGHT_READ);
}

void package_open(void)
{
    struct ash_region region;
    ash_cptr untyped = stock_region(ASH_REGION_PACKAGE, &region);
    if (untyped == 0)
        ash_panic("the kernel handed over no boot package");
    ash_word physical = region.physical;
    while (physical < region.physical + region.size)
        make_run(untyped, &physical, region.physical + region.size);
    map_all(ASH_BOOT_VSPACE);
    root.package = BASE + (root.boot->package_physical & (MEGAPAGE - 1));
    archive = (struct cpio_archive){(const uint8_t *)root.package, root.boot->package_size};
    size_t count, offset;
    enum cpio_status status = cpio_check(&archive, &count, &offset);
    if (status != CPIO_OK)
        ash_panic("boot package, byte %lu: %s", (unsigned long)offset, cpio_status_text(status));
}

void package_find(const char *path, const void **data, size_t *size)
{
    struct cpio_entry entry;
    enum cpio_status status = cpio_find_file(&archive, path, &entry);
    if (status != CPIO_OK)
        ash_panic("boot package: %s: %s", path, cpio_status_text(status));
    *data = entry.data;
    *size = entry.size;
}

void package_move(ash_cptr vspace)
{
    for (unsigned r = 0; r < run_count; r++)
        for (unsigned i = 0; i < runs[r].count; i++)
            MUST(ash_frame_unmap(runs[r].first + i));
    map_all(vspace);
}
