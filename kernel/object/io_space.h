// SPDX-License-Identifier: MIT
/*
 * IoSpace: the tables of one device (docs/architecture.md, "What a device may reach"). It is a
 * VSpace to Frames and PageTables: the header is the same, and its number comes from the same
 * store, so that what a capability records about its mapping has one form.
 *
 * Iommu: says which device is whose, and hands out faults.
 */
#ifndef KERNEL_OBJECT_IO_SPACE_H
#define KERNEL_OBJECT_IO_SPACE_H

#include "object/irq_file.h"
#include "object/vspace.h"

struct io_space {
    struct vspace space;
    uint32_t device;
    bool attached;
    struct irq_file messages;
};

extern const struct object_class io_space_class, iommu_class;

#endif
