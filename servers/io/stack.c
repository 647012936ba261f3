// SPDX-License-Identifier: MIT
// Stacks of devices. Invariants: a->above == b if and only if b->below == a; following either
// pointer ends, since a device is attached only while nothing is above or below it.
#include "manager.h"

struct io_device *io_stack_top(struct io_device *device)
{
    while (device->above != nullptr)
        device = device->above;
    return device;
}

struct io_device *io_stack_bottom(struct io_device *device)
{
    while (device->below != nullptr)
        device = device->below;
    return device;
}

ash_status io_stack_attach(struct io_device *source, struct io_device *target)
{
    if (source->below != nullptr || source->above != nullptr)
        return STATUS_INVALID_PARAMETER; /* already part of a stack */
    struct io_device *lower = io_stack_top(target);
    if (lower == source)
        return STATUS_INVALID_PARAMETER;
    if (lower->failed || lower->deleted || source->failed || source->deleted)
        return STATUS_NO_SUCH_DEVICE;
    lower->above = source;
    source->below = lower;
    source->info.stack_size = lower->info.stack_size + 1;
    if (source->info.alignment < lower->info.alignment)
        source->info.alignment = lower->info.alignment;
    if (source->info.sector_size == 0)
        source->info.sector_size = lower->info.sector_size;
    return STATUS_SUCCESS;
}

void io_stack_detach(struct io_device *lower)
{
    if (lower->above == nullptr)
        return;
    lower->above->below = nullptr;
    lower->above = nullptr;
}

void io_stack_list(struct io_device *device, struct ash_io_stack_reply *reply)
{
    *reply = (struct ash_io_stack_reply){0};
    for (device = io_stack_top(device); device != nullptr && reply->count < ASH_IO_STACK_MAX;
         device = device->below) {
        reply->entry[reply->count].device = device->id;
        reply->entry[reply->count].driver = device->driver->id;
        reply->entry[reply->count].flags = device->info.flags;
        reply->count++;
    }
}
