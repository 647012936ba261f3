// SPDX-License-Identifier: MIT
//
// The driver as drivers/common/diskfdo.h wants it: PnP and power states in terms of hardware,
// queues and the disk.
#include "blk.h"

const ULONG DiskFdoBytes = sizeof(struct fdo_extension);

NTSTATUS DiskFdoInitialize(PVOID controller)
{
    UNREFERENCED_PARAMETER(controller);
    return STATUS_SUCCESS; // zeroes will do
}

VOID DiskFdoFree(PVOID controller)
{
    struct fdo_extension *blk = controller;
    HardwareForget(blk);
    if (blk->disk)
        IoDeleteDevice(blk->disk);
}

NTSTATUS DiskFdoStart(PVOID controller, PCM_RESOURCE_LIST raw, PCM_RESOURCE_LIST translated)
{
    struct fdo_extension *blk = controller;
    NTSTATUS status = HardwareAcquire(blk, raw, translated);
    if (!NT_SUCCESS(status))
        return status;
    status = HardwareRun(blk);
    if (NT_SUCCESS(status))
        status = DiskCreate(blk);
    if (!NT_SUCCESS(status)) {
        HardwareRelease(blk);
        return status;
    }
    BlkResume(blk, TRUE);
    return STATUS_SUCCESS;
}

VOID DiskFdoHold(PVOID controller)
{
    BlkHold(controller);
}

VOID DiskFdoGoOn(PVOID controller)
{
    if (BlkState(controller) == BLK_HELD)
        BlkResume(controller, FALSE);
}

// The queues are empty since QUERY_STOP; what came in meanwhile waits for the next START.
VOID DiskFdoStop(PVOID controller)
{
    BlkHold(controller);
    HardwareRelease(controller);
}

VOID DiskFdoEnd(PVOID controller, BOOLEAN gone)
{
    UNREFERENCED_PARAMETER(gone);
    HardwareQuiet(controller);
    BlkAbandon(controller, STATUS_NO_SUCH_DEVICE);
    HardwareRelease(controller);
}

VOID DiskFdoDown(PDEVICE_OBJECT self)
{
    struct fdo_extension *blk = self->DeviceExtension;
    BlkHold(blk);
    HardwareQuiet(blk);
}

VOID DiskFdoUp(PDEVICE_OBJECT self)
{
    struct fdo_extension *blk = self->DeviceExtension;
    if (BlkState(blk) != BLK_HELD)
        return;
    if (NT_SUCCESS(HardwareRun(blk)))
        BlkResume(blk, TRUE);
    else
        BlkAbandon(blk, STATUS_ADAPTER_HARDWARE_ERROR);
}

BOOLEAN DiskFdoFailed(PVOID controller)
{
    return BlkState(controller) == BLK_FAILED;
}

PDEVICE_OBJECT const *DiskFdoDisks(PVOID controller, PULONG count)
{
    struct fdo_extension *blk = controller;
    *count = blk->disk ? 1 : 0;
    return &blk->disk;
}

BOOLEAN DiskFdoCaches(PVOID controller)
{
    const struct fdo_extension *blk = controller;
    return blk->geometry.flush;
}

NTSTATUS DiskFdoSubmit(PVOID controller, PIRP irp)
{
    return BlkSubmit(controller, irp);
}

VOID DiskFdoCleanup(PVOID controller, PFILE_OBJECT file)
{
    BlkCleanup(controller, file);
}
