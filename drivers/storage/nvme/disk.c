// SPDX-License-Identifier: MIT
//
// The disks: a PDO \Device\HarddiskN\DR0 with hardware ID STORAGE\Disk for each active namespace
// that has a size and a format without metadata. What they answer is every disk's
// (drivers/common/disk.h).
#include "controller.h"

#define DWORD_ALIGNED 3u // PRP entries (4.3)

static VOID describe(struct disk_extension *extension, ULONG number)
{
    const struct controller *nvme = extension->controller;
    const struct nvme_namespace *space = &extension->space;
    (VOID) _snprintf(extension->instance, sizeof extension->instance, "%u", space->id);
    (VOID) _snprintf(extension->location, sizeof extension->location, "Namespace %u", space->id);
    extension->identity = (struct disk_identity){
        .number = number,
        .bytes = space->blocks << space->block_shift,
        .block_bytes = 1u << space->block_shift,
        .alignment = DWORD_ALIGNED,
        .read_only = space->read_only,
        .bus = BusTypeNvme,
        .vendor = "NVMe",
        .product = nvme->facts.model,
        .serial = nvme->facts.serial,
        .description = "NVMe disk",
        .location = extension->location,
        .instance = extension->instance,
    };
}

static NTSTATUS create(struct controller *nvme, const struct nvme_namespace *space)
{
    ULONG number;
    PDEVICE_OBJECT disk;
    NTSTATUS status =
        DiskCreateNamed(nvme->self->DriverObject, sizeof(struct disk_extension), &disk, &number);
    if (!NT_SUCCESS(status))
        return status;
    struct disk_extension *extension = disk->DeviceExtension;
    extension->controller = nvme;
    extension->space = *space;
    describe(extension, number);
    DiskPublish(disk, &extension->identity);
    nvme->disks[nvme->disk_count++] = disk;
    return STATUS_SUCCESS;
}

// --- Finding ------------------------------------------------------------------------------------

static NTSTATUS broke(enum nvme_rule rule, ULONG id)
{
    DbgPrint("namespace %u: %s\n", id, nvme_rule_text(rule));
    return STATUS_DEVICE_PROTOCOL_ERROR;
}

static NTSTATUS find(struct controller *nvme)
{
    ULONG ids[NVME_DISKS_MOST];
    unsigned count;
    NTSTATUS status = STATUS_SUCCESS;
    enum nvme_rule rule = ControllerList(nvme, ids, NVME_DISKS_MOST, &count);
    if (rule)
        return broke(rule, 0);
    for (unsigned i = 0; i < count && NT_SUCCESS(status); i++) {
        struct nvme_namespace space;
        rule = ControllerNamespace(nvme, ids[i], &space);
        if (rule)
            status = broke(rule, ids[i]);
        else if (space.usable)
            status = create(nvme, &space);
        else
            DbgPrint("namespace %u is not used: it is empty or has metadata\n", ids[i]);
    }
    return status;
}

static BOOLEAN is_same(const struct nvme_namespace *a, const struct nvme_namespace *b)
{
    return b->usable && a->blocks == b->blocks && a->block_shift == b->block_shift &&
           a->read_only == b->read_only;
}

// After a reset requests go on where they were: that is right only if their disks are the same.
static NTSTATUS verify(struct controller *nvme)
{
    for (ULONG i = 0; i < nvme->disk_count; i++) {
        const struct disk_extension *extension = nvme->disks[i]->DeviceExtension;
        struct nvme_namespace space;
        enum nvme_rule rule = ControllerNamespace(nvme, extension->space.id, &space);
        if (!rule && !is_same(&extension->space, &space))
            rule = NVME_NAMESPACE_CHANGED;
        if (rule)
            return broke(rule, extension->space.id);
    }
    return STATUS_SUCCESS;
}

NTSTATUS DisksFind(struct controller *nvme)
{
    return nvme->disk_count ? verify(nvme) : find(nvme);
}

VOID DisksDelete(struct controller *nvme)
{
    while (nvme->disk_count > 0)
        IoDeleteDevice(nvme->disks[--nvme->disk_count]);
}
