// SPDX-License-Identifier: MIT
/*
 * What the kernel reads in the flattened device tree (Devicetree Specification 0.4), through
 * libfdt. The tree comes from the firmware and may be damaged: tree_check refuses it, every
 * property is checked for its size, and a missing one has a default.
 */
#ifndef KERNEL_BOOT_TREE_H
#define KERNEL_BOOT_TREE_H

#include <stddef.h>
#include <stdint.h>

#define TREE_HARTS 64u

struct tree_hart {
    uint64_t id;
    bool has_sstc;
};

struct tree_range {
    uint64_t start, end;
};

/* nullptr if it can be used, else which rule it breaks. */
const char *tree_check(const void *tree);
uint64_t tree_u32(const void *tree, int node, const char *name, uint64_t fallback);
/* Entry i of `reg`, with the parent's cell counts. */
bool tree_reg(const void *tree, int node, unsigned i, uint64_t *start, uint64_t *size);
/* Enabled harts with an MMU; returns how many were written. */
unsigned tree_harts(const void *tree, struct tree_hart *harts, unsigned max);
/* Phandle of a hart's own interrupt controller, 0 if there is none. */
uint32_t tree_hart_intc(const void *tree, uint64_t hart_id);
uint64_t tree_timebase(const void *tree);
/* RAM, and what of it is reserved; return how many were written. */
unsigned tree_memory(const void *tree, struct tree_range *ranges, unsigned max);
unsigned tree_reserved(const void *tree, struct tree_range *ranges, unsigned max);
/* The boot package: false if /chosen names none. */
bool tree_package(const void *tree, struct tree_range *range);
/* The command line, never null. */
const char *tree_command_line(const void *tree);

#endif
