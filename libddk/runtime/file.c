// SPDX-License-Identifier: MIT
//
// File objects by the id the I/O manager gave them. An entry holds one reference from CREATE to
// CLOSE.

#include "../ob/ob.h"
#include "rt.h"

#define BUCKETS 64u

struct entry {
    struct entry *next;
    uint64_t id, link;
    ACCESS_MASK access;
    PFILE_OBJECT file;
};

static struct entry *buckets[BUCKETS];
static struct ki_lock lock;

PFILE_OBJECT rt_file_find(uint64_t id, uint64_t *link, ACCESS_MASK *access)
{
    PFILE_OBJECT file = NULL;
    ki_acquire(&lock);
    for (struct entry *at = buckets[id % BUCKETS]; at != NULL && file == NULL; at = at->next) {
        if (at->id != id)
            continue;
        file = at->file;
        if (link != NULL)
            *link = at->link;
        if (access != NULL)
            *access = at->access;
    }
    if (file != NULL)
        ob_hold(file);
    ki_release(&lock);
    return file;
}

bool rt_file_open_on(uint64_t link, PDEVICE_OBJECT device)
{
    bool found = false;
    ki_acquire(&lock);
    for (unsigned i = 0; i < BUCKETS && !found; i++)
        for (struct entry *at = buckets[i]; at != NULL && !found; at = at->next)
            found = at->link == link && at->file->DeviceObject == device;
    ki_release(&lock);
    return found;
}

NTSTATUS rt_file_add(PFILE_OBJECT file, uint64_t id, uint64_t link, ACCESS_MASK access)
{
    struct entry *entry = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*entry), 'tneF');
    if (entry == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    file->FileObjectExtension = (PVOID)id;
    ObfReferenceObject(file);
    ki_acquire(&lock);
    *entry = (struct entry){buckets[id % BUCKETS], id, link, access, file};
    buckets[id % BUCKETS] = entry;
    ki_release(&lock);
    return STATUS_SUCCESS;
}

void rt_file_remove(uint64_t id)
{
    ki_acquire(&lock);
    struct entry **link = &buckets[id % BUCKETS];
    while (*link != NULL && (*link)->id != id)
        link = &(*link)->next;
    struct entry *entry = *link;
    if (entry != NULL)
        *link = entry->next;
    ki_release(&lock);
    if (entry == NULL)
        return;
    ObfDereferenceObject(entry->file);
    ExFreePool(entry);
}

// A driver reaches the device that it has opened, with that file or, as drivers do, without.
NTSTATUS rt_check_opened(const struct rt_request *request, uint64_t link)
{
    uint64_t own = request->in->info.link;
    bool good = request->wire.file == 0 ? rt_file_open_on(own, request->device)
                                        : request->file != NULL && link == own &&
                                              request->file->DeviceObject == request->device;
    return good ? STATUS_SUCCESS : STATUS_FILE_CLOSED;
}
