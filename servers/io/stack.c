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

/* What drivers that have died left on top: they were detached from by those above, if any. */
static void drop_dead(struct io_device *target)
{
    struct io_device *top;
    while ((top = io_stack_top(target)) != target && top->failed)
        io_device_discard(top);
}

ash_status io_stack_attach(struct io_device *source, struct io_device *target)
{
    bool has_own_above = source->above != nullptr && source->above->driver == source->driver;
    if (source->below != nullptr || has_own_above)
        return STATUS_INVALID_PARAMETER; /* already part of a stack */
    drop_dead(target);
    struct io_device *lower = io_stack_top(target);
    if (lower == source)
        return STATUS_INVALID_PARAMETER;
    if (lower->failed || lower->deleted || source->failed || source->deleted)
        return STATUS_NO_SUCH_DEVICE;
    if (lower->orphan || (source->place != 0 && source->place != lower->place + 1))
        return STATUS_DEVICE_NOT_READY; /* one below has not been made again */
    lower->above = source;
    source->below = lower;
    source->place = lower->place + 1;
    source->stood_on = io_stack_bottom(lower)->id;
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

static ash_word count_files(const struct io_device *device)
{
    ash_word count = 0;
    for (; device != nullptr; device = device->above)
        count += device->files;
    return count;
}

static const struct io_device *mounted_on(const struct io_device *device)
{
    return device->volume != nullptr && device->volume->mounted != 0
               ? io_device_find(device->volume->mounted)
               : nullptr;
}

static bool is_mounted(const struct io_device *device)
{
    while (device != nullptr && mounted_on(device) == nullptr)
        device = device->above;
    return device != nullptr;
}

/* Files on the stack above a bottom device, and on the file system that has mounted it. */
static ash_word files_on(struct io_device *bottom)
{
    ash_word count = count_files(bottom);
    for (const struct io_device *device = bottom; device != nullptr; device = device->above)
        count += count_files(mounted_on(device));
    return count;
}

static unsigned watched_count;

/* ASH_IO_FILES */
void io_stack_files(const struct io_call *call)
{
    const struct ash_io_device_request *request = call->request;
    struct io_device *device = io_device_find(request->device);
    if (device == nullptr) {
        io_fail(call, STATUS_NO_SUCH_DEVICE);
        return;
    }
    device = io_stack_bottom(device);
    struct ash_io_files_reply reply = {files_on(device), is_mounted(device)};
    watched_count += reply.count != 0 && !device->watched;
    device->watched |= reply.count != 0;
    port_answer(call->token, STATUS_SUCCESS, &reply, sizeof(reply), ASH_NULL_CPTR);
}

/* A device has no open file any more. Nearly always nobody is interested. */
void io_stack_file_closed(void)
{
    struct io_device *device;
    for (unsigned i = 0; watched_count != 0 && (device = io_device_at(i)) != nullptr; i++) {
        if (!device->watched || files_on(device) != 0)
            continue;
        device->watched = false;
        watched_count--;
        io_event_files_closed(device->id);
    }
}

void io_stack_forget(const struct io_device *device)
{
    watched_count -= device->watched;
}
