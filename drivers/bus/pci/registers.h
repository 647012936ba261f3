// SPDX-License-Identifier: MIT
//
// Offsets and bits of configuration space. PCI Local Bus 3.0 section 6.1, PCI-to-PCI Bridge 1.2
// section 3.2, PCI Express Base 5.0 section 7.5.3.
#pragma once

enum {
    REG_VENDOR = 0x00,
    REG_DEVICE = 0x02,
    REG_COMMAND = 0x04,
    REG_STATUS = 0x06,
    REG_REVISION = 0x08,
    REG_CACHE_LINE = 0x0c,
    REG_HEADER_TYPE = 0x0e,
    REG_BAR0 = 0x10,
    REG_PRIMARY_BUS = 0x18,
    REG_SECONDARY_BUS = 0x19,
    REG_SUBORDINATE_BUS = 0x1a,
    REG_IO_BASE = 0x1c,
    REG_IO_LIMIT = 0x1d,
    REG_MEMORY_BASE = 0x20,
    REG_MEMORY_LIMIT = 0x22,
    REG_PREFETCH_BASE = 0x24,
    REG_PREFETCH_LIMIT = 0x26,
    REG_PREFETCH_BASE_HIGH = 0x28,
    REG_PREFETCH_LIMIT_HIGH = 0x2c,
    REG_SUBSYSTEM_VENDOR = 0x2c,
    REG_SUBSYSTEM = 0x2e,
    REG_ROM = 0x30,
    REG_IO_BASE_HIGH = 0x30,
    REG_IO_LIMIT_HIGH = 0x32,
    REG_CAPABILITIES = 0x34,
    REG_BRIDGE_ROM = 0x38,
    REG_INTERRUPT_LINE = 0x3c,
    REG_INTERRUPT_PIN = 0x3d,
    REG_HEADER_END = 0x40,
    REG_EXTENDED = 0x100,
};

enum {
    COMMAND_IO = 1 << 0,
    COMMAND_MEMORY = 1 << 1,
    COMMAND_MASTER = 1 << 2,
    COMMAND_INTX_DISABLE = 1 << 10,
    STATUS_CAPABILITIES = 1 << 4,
    HEADER_MULTIFUNCTION = 0x80,
    HEADER_TYPE_MASK = 0x7f,
    HEADER_ENDPOINT = 0,
    HEADER_BRIDGE = 1,
    BAR_IO = 1 << 0,
    BAR_TYPE_MASK = 3 << 1,
    BAR_TYPE_32 = 0 << 1,
    BAR_TYPE_64 = 2 << 1,
    BAR_PREFETCHABLE = 1 << 3,
    PREFETCH_WIDE = 1,
};

enum {
    CAPABILITY_POWER = 0x01,
    CAPABILITY_VPD = 0x03,
    CAPABILITY_MSI = 0x05,
    CAPABILITY_VENDOR = 0x09,
    CAPABILITY_EXPRESS = 0x10,
    CAPABILITY_MSIX = 0x11,
    CAPABILITY_AF = 0x13,
    EXPRESS_ROOT_PORT = 4,
    EXPRESS_DOWNSTREAM = 6,
    EXPRESS_FLAGS = 2,
    EXPRESS_TYPE_SHIFT = 4,
    EXPRESS_TYPE_MASK = 15,
    EXPRESS_SLOT = 1 << 8,  // of the flags: the port leads to a slot
    CAPABILITIES_MOST = 48, // what fits between the header and 0x100
};

// MSI and MSI-X capabilities, and an entry of the MSI-X table: PCI Local Bus 3.0 section 6.8.
enum {
    MSI_CONTROL = 2,
    MSI_ADDRESS = 4,
    MSI_DATA = 8,
    MSI_DATA_WIDE = 12, // behind a 64-bit address
    MSI_ENABLE = 1 << 0,
    MSI_CAPABLE_SHIFT = 1, // log2 of the messages that the function can send
    MSI_ENABLED_SHIFT = 4, // ... of those that it may
    MSI_ENABLED_COUNT = 7 << 4,
    MSI_WIDE = 1 << 7,
    MSI_LOG2_MOST = 5,
    MSIX_CONTROL = 2,
    MSIX_TABLE = 4, // BAR in bits 0-2, offset
    MSIX_SIZE = 0x7ff,
    MSIX_MASK_ALL = 1 << 14,
    MSIX_ENABLE = 1 << 15,
    MSIX_ENTRY_ADDRESS = 0,
    MSIX_ENTRY_DATA = 8,
    MSIX_ENTRY_CONTROL = 12, // bit 0: masked
};

// Slot registers of the express capability: PCI Express Base 5.0, sections 7.5.3.9 to 7.5.3.11.
enum {
    SLOT_CAPABILITIES = 0x14,
    SLOT_CONTROL = 0x18,
    SLOT_STATUS = 0x1a,
    SLOT_HAS_BUTTON = 1 << 0,
    SLOT_HAS_POWER = 1 << 1,
    SLOT_HAS_LATCH = 1 << 2, // the sensor of a manually operated retention latch
    SLOT_HAS_INDICATOR = 1 << 4,
    SLOT_HOT_PLUG = 1 << 6,
    SLOT_NO_COMPLETION = 1 << 18,
    CONTROL_EVENTS = 0xf, // enables SLOT_EVENTS
    CONTROL_INTERRUPT = 1 << 5,
    CONTROL_INDICATOR = 3 << 8,
    CONTROL_INDICATOR_ON = 1 << 8,
    CONTROL_INDICATOR_OFF = 3 << 8,
    CONTROL_POWER_OFF = 1 << 10,
    SLOT_BUTTON = 1 << 0,
    SLOT_FAULT = 1 << 1,
    SLOT_LATCH = 1 << 2,
    SLOT_PRESENCE = 1 << 3,
    SLOT_EVENTS = 0xf, // the four above; cleared by writing one
    SLOT_COMPLETED = 1 << 4,
    SLOT_LATCH_OPEN = 1 << 5,
    SLOT_PRESENT = 1 << 6,
};
