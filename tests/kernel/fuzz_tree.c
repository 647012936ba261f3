// SPDX-License-Identifier: MIT
/*
 * Any bytes as the firmware's device tree: what tree_check accepts must be readable by everything
 * that the kernel asks of it at boot, inside the blob.
 */
#include "boot/tree.h"

#include <libfdt.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ask_everything(const void *tree)
{
    struct tree_hart harts[TREE_HARTS];
    struct tree_range ranges[32], package;
    unsigned count = tree_harts(tree, harts, TREE_HARTS);
    for (unsigned i = 0; i < count; i++)
        (void)tree_hart_intc(tree, harts[i].id);
    count = tree_memory(tree, ranges, 32) + tree_reserved(tree, ranges, 32);
    if (count > 64 || tree_timebase(tree) == 0)
        abort();
    (void)tree_package(tree, &package);
    (void)strlen(tree_command_line(tree));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* The kernel maps whole pages around the tree, so the header can always be read; the size is
     * what the header says. */
    if (size < sizeof(struct fdt_header))
        return 0;
    uint8_t *tree = aligned_alloc(8, (size + 7) & ~(size_t)7);
    memcpy(tree, data, size);
    if (fdt_magic(tree) == FDT_MAGIC && fdt_totalsize(tree) <= size && !tree_check(tree))
        ask_everything(tree);
    free(tree);
    return 0;
}
