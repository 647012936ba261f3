// SPDX-License-Identifier: MIT
//
// A configuration space without hardware: up to 16 functions of 4096 bytes each, registers that
// hold only the bits of a mask, and bridges that pass on what their bus numbers say.
#pragma once

#include <fabric.h>
#include <registers.h>
#include <string.h>

#define SIM_FUNCTIONS 16

struct sim_function {
    bool present;
    int bridge; // index of the bridge it sits behind, -1 for the root bus
    uint8_t devfn;
    uint8_t bytes[PCI_CONFIG_SIZE];
    uint8_t writable[PCI_CONFIG_SIZE];
    uint8_t clears[PCI_CONFIG_SIZE]; // bits that writing one clears
};

struct sim {
    struct sim_function functions[SIM_FUNCTIONS];
    unsigned count;
};

static inline void sim_set(struct sim_function *function, unsigned offset, unsigned width,
                           uint64_t value)
{
    for (unsigned i = 0; i < width; i++)
        function->bytes[offset + i] = (uint8_t)(value >> i * 8);
}

static inline void sim_allow(struct sim_function *function, unsigned offset, unsigned width,
                             uint64_t mask)
{
    for (unsigned i = 0; i < width; i++)
        function->writable[offset + i] = (uint8_t)(mask >> i * 8);
}

static inline uint32_t sim_get(const struct sim_function *function, unsigned offset, unsigned width)
{
    uint32_t value = 0;
    for (unsigned i = 0; i < width; i++)
        value |= (uint32_t)function->bytes[offset + i] << i * 8;
    return value;
}

static inline int sim_bus(const struct sim *sim, const struct sim_function *function)
{
    if (function->bridge < 0)
        return 0;
    const struct sim_function *bridge = &sim->functions[function->bridge];
    int primary = sim_bus(sim, bridge);
    uint8_t secondary = bridge->bytes[REG_SECONDARY_BUS];
    return bridge->bytes[REG_PRIMARY_BUS] == primary && secondary ? secondary : -1;
}

static inline struct sim_function *sim_find(struct sim *sim, uint16_t bdf)
{
    for (unsigned i = 0; i < sim->count; i++) {
        struct sim_function *function = &sim->functions[i];
        if (function->present && function->devfn == (bdf & 255) &&
            sim_bus(sim, function) == bdf >> 8)
            return function;
    }
    return nullptr;
}

static inline uint32_t sim_read(void *context, uint16_t bdf, unsigned offset, unsigned width)
{
    const struct sim_function *function = sim_find(context, bdf);
    return function ? sim_get(function, offset, width) : UINT32_MAX >> (32 - width * 8);
}

static inline void sim_write(void *context, uint16_t bdf, unsigned offset, unsigned width,
                             uint32_t value)
{
    struct sim_function *function = sim_find(context, bdf);
    for (unsigned i = 0; function && i < width; i++) {
        uint8_t mask = function->writable[offset + i];
        uint8_t *byte = &function->bytes[offset + i];
        *byte = (uint8_t)((value >> i * 8 & mask) | (*byte & ~mask));
        *byte &= (uint8_t)~(value >> i * 8 & function->clears[offset + i]);
    }
}

static inline struct sim_function *sim_add(struct sim *sim, int bridge, uint8_t devfn,
                                           uint16_t vendor, uint16_t device, uint8_t header)
{
    struct sim_function *function = &sim->functions[sim->count++];
    *function = (struct sim_function){.present = true, .bridge = bridge, .devfn = devfn};
    sim_set(function, REG_VENDOR, 2, vendor);
    sim_set(function, REG_DEVICE, 2, device);
    sim_set(function, REG_HEADER_TYPE, 1, header);
    sim_allow(function, REG_COMMAND, 2, 0x0557);
    sim_allow(function, REG_INTERRUPT_LINE, 1, 0xff);
    return function;
}

// A memory or I/O register of 32 bits that decodes `size` bytes; flags are its low bits.
static inline void sim_bar32(struct sim_function *function, unsigned index, uint32_t size,
                             uint32_t flags)
{
    sim_set(function, REG_BAR0 + index * 4, 4, flags);
    sim_allow(function, REG_BAR0 + index * 4, 4, ~(size - 1) & ~(flags & 1 ? 3u : 15u));
}

static inline void sim_bar64(struct sim_function *function, unsigned index, uint64_t size,
                             uint32_t flags)
{
    sim_set(function, REG_BAR0 + index * 4, 4, flags | BAR_TYPE_64);
    sim_allow(function, REG_BAR0 + index * 4, 8, ~(size - 1) & ~15ull);
}

// A PCI Express root port. Returns its index, which functions behind it name.
static inline int sim_add_port(struct sim *sim, int bridge, uint8_t devfn)
{
    struct sim_function *port = sim_add(sim, bridge, devfn, 0x1b36, 0x000c, HEADER_BRIDGE);
    sim_set(port, REG_REVISION, 4, 0x06040000);
    sim_set(port, REG_STATUS, 2, STATUS_CAPABILITIES);
    sim_set(port, REG_CAPABILITIES, 1, 0x40);
    sim_set(port, 0x40, 1, CAPABILITY_EXPRESS);
    sim_set(port, 0x42, 2, EXPRESS_ROOT_PORT << 4);
    sim_set(port, REG_PREFETCH_BASE, 1, 1);
    sim_set(port, REG_PREFETCH_LIMIT, 1, 1);
    sim_allow(port, REG_PRIMARY_BUS, 3, 0xffffff);
    sim_allow(port, REG_IO_BASE, 2, 0xf0f0);
    sim_allow(port, REG_MEMORY_BASE, 4, 0xfff0fff0);
    sim_allow(port, REG_PREFETCH_BASE, 4, 0xfff0fff0);
    sim_allow(port, REG_PREFETCH_BASE_HIGH, 8, UINT64_MAX);
    sim_allow(port, REG_IO_BASE_HIGH, 4, UINT32_MAX);
    return (int)sim->count - 1;
}

#define SIM_SLOT_CONTROL (0x40 + SLOT_CONTROL)
#define SIM_SLOT_STATUS  (0x40 + SLOT_STATUS)

// The port leads to a slot with button, power control and indicator, and has MSI-X.
static inline void sim_add_slot(struct sim *sim, int port, uint32_t capabilities)
{
    struct sim_function *function = &sim->functions[port];
    sim_set(function, 0x42, 2, EXPRESS_ROOT_PORT << 4 | EXPRESS_SLOT);
    sim_set(function, 0x40 + SLOT_CAPABILITIES, 4, capabilities | SLOT_HOT_PLUG);
    sim_allow(function, SIM_SLOT_CONTROL, 2, 0x07ff);
    function->clears[SIM_SLOT_STATUS] = SLOT_EVENTS | SLOT_COMPLETED;
}

static inline void sim_slot_says(struct sim *sim, int port, uint32_t status)
{
    sim_set(&sim->functions[port], SIM_SLOT_STATUS, 2, status);
}
