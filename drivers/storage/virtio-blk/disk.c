// SPDX-License-Identifier: MIT
//
// The disk: a PDO named \Device\HarddiskN\DR0 with hardware ID STORAGE\Disk. What it answers is
// every disk's (drivers/common/disk.h); READ, WRITE and FLUSH_BUFFERS go to the queue once checked.
#include "blk.h"

static struct fdo_extension *blk_of(PDEVICE_OBJECT disk)
{
    struct pdo_extension *extension = disk->DeviceExtension;
    return extension->blk;
}

static const struct disk_identity *identity_of(PDEVICE_OBJECT disk)
{
    const struct pdo_extension *extension = disk->DeviceExtension;
    return &extension->identity;
}

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
        status =
            DiskCreateNamed(blk->self->DriverObject, sizeof(struct pdo_extension), &disk, &number);
    if (!NT_SUCCESS(status))
        return status;
    struct pdo_extension *extension = disk->DeviceExtension;
    extension->blk = blk;
    describe(blk, &extension->identity);
    if (!blk->disk) {
        extension->identity.number = number;
        DiskPublish(disk, &extension->identity);
    }
    blk->disk = disk;
    return STATUS_SUCCESS;
}

NTSTATUS DiskReadWrite(PDEVICE_OBJECT disk, PIRP irp)
{
    NTSTATUS status = DiskCheckTransfer(identity_of(disk), irp);
    irp->IoStatus.Information = 0;
    if (!NT_SUCCESS(status) || IoGetCurrentIrpStackLocation(irp)->Parameters.Read.Length == 0)
        return PdoComplete(irp, status);
    return BlkSubmit(blk_of(disk), irp);
}

NTSTATUS DiskFlush(PDEVICE_OBJECT disk, PIRP irp)
{
    struct fdo_extension *blk = blk_of(disk);
    irp->IoStatus.Information = 0;
    if (!blk->geometry.flush) // then a completed write is on the medium
        return PdoComplete(irp, STATUS_SUCCESS);
    return BlkSubmit(blk, irp);
}

NTSTATUS DiskControl(PDEVICE_OBJECT disk, PIRP irp)
{
    NTSTATUS ready =
        BlkState(blk_of(disk)) == BLK_FAILED ? STATUS_DEVICE_NOT_READY : STATUS_SUCCESS;
    return PdoComplete(irp, DiskControlAnswer(identity_of(disk), irp, ready));
}

NTSTATUS DiskPnp(PDEVICE_OBJECT disk, PIRP irp)
{
    return PdoComplete(irp, DiskPnpAnswer(disk, identity_of(disk), irp));
}
