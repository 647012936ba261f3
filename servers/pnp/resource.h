// SPDX-License-Identifier: MIT
/*
 * Hardware resources as the plug-and-play manager works with them, and their documented wire format
 * (CM_RESOURCE_LIST: packed to 4 bytes, little-endian, one or more full descriptors).
 *
 *   CM_RESOURCE_LIST     Count u32
 *   full descriptor      InterfaceType u32, BusNumber u32, Version u16, Revision u16, Count u32
 *   partial descriptor   Type u8, ShareDisposition u8, Flags u16, 16 bytes by type
 *
 * Pure: no allocation, no system call. Nothing in a list is trusted.
 */
#ifndef PNP_RESOURCE_H
#define PNP_RESOURCE_H

#include <stddef.h>
#include <stdint.h>

/* Documented values. */
enum pnp_resource_type {
    PNP_PORT = 1,
    PNP_INTERRUPT = 2,
    PNP_MEMORY = 3,
    PNP_DMA = 4,
    PNP_DEVICE_SPECIFIC = 5,
    PNP_BUS_NUMBER = 6,
    PNP_MEMORY_LARGE = 7,
    PNP_CONFIG_DATA = 128,
    PNP_DEVICE_PRIVATE = 129,
};
enum { PNP_EXCLUSIVE = 1, PNP_SHARED = 3 }; /* CmResourceShareDeviceExclusive, ...Shared */
enum pnp_resource_flags {
    PNP_INTERRUPT_LATCHED = 1,
    PNP_INTERRUPT_MESSAGE = 2,
    PNP_MEMORY_READ_ONLY = 1,
    PNP_MEMORY_WINDOW = 0x40, /* WINDOW_DECODE: to be handed on to children, not to be mapped */
    PNP_MEMORY_LARGE_40 = 0x200,
    PNP_MEMORY_LARGE_48 = 0x400,
    PNP_MEMORY_LARGE_64 = 0x800,
    PNP_PORT_IO = 1,
    PNP_PORT_WINDOW = 0x80,
};

#define PNP_RESOURCES_MAX      48u
#define PNP_INTERFACE_INTERNAL 0u
#define PNP_INTERFACE_PCI      5u

/* Memory, ports: start, length in bytes. Interrupt: start = vector, length 1 (messages of MSI:
 * their number). Bus numbers: start, length. Others: their 16 bytes in data[]. */
struct pnp_resource {
    uint8_t type, share;
    uint16_t flags;
    uint16_t level;    /* of an interrupt */
    uint16_t messages; /* of one with PNP_INTERRUPT_MESSAGE in a raw list: MessageCount */
    uint64_t affinity;
    uint64_t start, length;
    uint32_t data[4];
};

struct pnp_resources {
    uint32_t interface, bus;
    unsigned count;
    struct pnp_resource item[PNP_RESOURCES_MAX];
};

/* Null, or a sentence that names the rule the list breaks. An empty list (size 0) is valid. */
[[nodiscard]] const char *pnp_resources_parse(const void *bytes, size_t size,
                                              struct pnp_resources *list);
/* Bytes written: one full descriptor; 0 if it does not fit, or the list is empty. */
[[nodiscard]] size_t pnp_resources_build(const struct pnp_resources *list, void *bytes,
                                         size_t size);

/* What a device's parent has; all: it owns every address and interrupt (the root). */
struct pnp_parent {
    bool all;
    const struct pnp_resources *raw, *translated;
};

struct pnp_interrupt_choice {
    uint16_t level; /* DIRQL */
    uint64_t affinity;
};

/* Checks that each item lies within its parent's, and translates it. Null, or the rule broken; then
 * *at is the item's index. */
[[nodiscard]] const char *pnp_resources_translate(const struct pnp_resources *raw,
                                                  const struct pnp_parent *parent,
                                                  struct pnp_interrupt_choice choice,
                                                  struct pnp_resources *translated, unsigned *at);

/* Two devices' translated resources: null, or why they cannot both be started. */
[[nodiscard]] const char *pnp_resources_conflict(const struct pnp_resources *one,
                                                 const struct pnp_resources *other);

/* Memory that the device's driver maps: no window, not empty. */
bool pnp_resource_mappable(const struct pnp_resource *item);
/* The interrupt with that vector, or null. */
const struct pnp_resource *pnp_resources_interrupt(const struct pnp_resources *list,
                                                   uint64_t vector);

#endif
