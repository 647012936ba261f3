// SPDX-License-Identifier: MIT
//
// A CM_RESOURCE_LIST of one memory range, laid out for a test's bus driver to hand to START_DEVICE.
#pragma once

#include <wdm.h>

struct one_memory {
    ULONG Count;
    INTERFACE_TYPE InterfaceType;
    ULONG BusNumber;
    USHORT Version, Revision;
    ULONG PartialCount;
    CM_PARTIAL_RESOURCE_DESCRIPTOR memory;
};

#define ONE_MEMORY_OF_PCI                                                                          \
    {                                                                                              \
        1, PCIBus, 0, 1, 1, 1,                                                                     \
        {                                                                                          \
            .Type = CmResourceTypeMemory                                                           \
        }                                                                                          \
    }
