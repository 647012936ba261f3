// SPDX-License-Identifier: MIT
//
// The disk: a PDO named \Device\HarddiskN\DR0 with hardware ID STORAGE\Disk. What it answers is
// every disk's (drivers/common/disk.h).
#include "blk.h"

static VOID describe(struct fdo_extension *blk, struct disk_identity *identity)
{
    identity->bytes = blk->geometry.sectors << SECTOR_SHIFT;
    identity->block_bytes = blk->geometry.block_bytes;
    identity->read_only = blk->geometry.read_only;
    identity->bus = BusTypeVirtual;
    identity->vendor = "virtio";
    identity->product = "block device";
    identity->description = "Virtio disk";
    identity->location = "Disk 0 of its controller";
    identity->instance = "0";
}

NTSTATUS DiskCreate(struct fdo_extension *blk)
{
    ULONG number;
    NTSTATUS status = STATUS_SUCCESS;
    PDEVICE_OBJECT disk = blk->disk;
    if (!disk)
        status = DiskCreateNamed(blk->self->DriverObject, sizeof(struct disk_pdo), &disk, &number);
    if (!NT_SUCCESS(status))
        return status;
    struct disk_pdo *extension = disk->DeviceExtension;
    extension->controller = blk;
    describe(blk, &extension->identity);
    if (!blk->disk) {
        extension->identity.number = number;
        DiskPublish(disk, &extension->identity);
    }
    blk->disk = disk;
    return STATUS_SUCCESS;
}
