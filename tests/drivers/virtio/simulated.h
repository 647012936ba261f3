// SPDX-License-Identifier: MIT
//
// A virtio device without hardware: its registers and its configuration space. For one source file.
#pragma once

#include <ring.h>

#include <string.h>

#define SIM_ADDRESS 0x10000u

static struct {
    uint8_t config[256], common[0x38];
    uint64_t offered;
    bool stuck, refuse;
} sim;

static alignas(4096) uint8_t sim_memory[VIRTIO_RING_BYTES];

static inline bool sim_config(void *context, unsigned offset, void *out, size_t length)
{
    (void)context;
    if (offset + length > sizeof sim.config)
        return false;
    memcpy(out, sim.config + offset, length);
    return true;
}

static inline uint32_t sim_read(void *context, enum virtio_region_kind region, unsigned offset,
                                unsigned width)
{
    uint32_t value = 0;
    (void)context;
    if (region != VIRTIO_COMMON || offset + width > sizeof sim.common)
        return 0;
    memcpy(&value, sim.common + offset, width);
    return offset == 4 ? (uint32_t)(sim.offered >> 32 * (sim.common[0] & 1)) : value;
}

static inline void sim_write(void *context, enum virtio_region_kind region, unsigned offset,
                             unsigned width, uint32_t value)
{
    (void)context;
    if (region != VIRTIO_COMMON || offset + width > sizeof sim.common ||
        (offset == 0x14 && sim.stuck))
        return;
    if (offset == 0x14 && sim.refuse)
        value &= ~8u;
    memcpy(sim.common + offset, &value, width);
}

static const struct virtio_io sim_io = {nullptr, sim_read, sim_write};
static const uint64_t sim_bars[6] = {0x1000, 0, 0, 0, 0x4000, 0};

static inline void sim_capability(unsigned at, unsigned next, unsigned kind, uint32_t offset)
{
    const uint32_t words[] = {4, offset, 0x1000, 4};
    memcpy(sim.config + at, (uint8_t[]){9, (uint8_t)next, 20, (uint8_t)kind}, 4);
    memcpy(sim.config + at + 4, words, sizeof words);
}

static inline void sim_reset(void)
{
    memset(&sim, 0, sizeof sim);
    memset(sim_memory, 0, sizeof sim_memory);
    sim.config[0x34] = 0x40;
    sim_capability(0x40, 0x54, 1, 0);
    sim_capability(0x54, 0x68, 3, 0x1000);
    sim_capability(0x68, 0, 2, 0x3000);
    sim.offered = 1ull << VIRTIO_F_VERSION_1 | 1;
    sim.common[0x12] = 1;
    sim.common[0x18] = 8;
}
