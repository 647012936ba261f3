// SPDX-License-Identifier: MIT
//
// Shared by the files of the tree's pure half: big-endian cells, and the steps that need the walk's
// stack.
#pragma once

#include "tree.h"

// One cell at any alignment.
static inline uint32_t dt_cell(const void *at)
{
    const uint8_t *byte = at;
    return (uint32_t)byte[0] << 24 | (uint32_t)byte[1] << 16 | (uint32_t)byte[2] << 8 | byte[3];
}

// A number of 0 to 2 cells.
static inline uint64_t dt_number(const uint8_t *at, uint32_t cells)
{
    uint64_t number = 0;
    for (uint32_t i = 0; i < cells; i++)
        number = number << 32 | dt_cell(at + i * 4);
    return number;
}

// A property of one cell, or the fallback when it is absent. False when it has another length.
bool dt_cells(const void *fdt, int node, const char *name, uint32_t fallback, uint32_t *out);

// From addresses of the innermost bus to addresses of the harts.
enum dt_rule dt_translate(const struct dt_walk *walk, struct dt_range *range);

// Fills the device's interrupts from interrupts-extended or interrupts.
enum dt_rule dt_read_interrupts(struct dt_walk *walk, struct dt_device *device);

// Looks up an interrupt controller; its cells are then in the walk.
enum dt_rule dt_find_controller(struct dt_walk *walk, uint32_t phandle);

// Reads a specifier of the controller found last.
struct dt_interrupt dt_specifier(const struct dt_walk *walk, const uint8_t *at);
