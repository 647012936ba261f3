// SPDX-License-Identifier: MIT
//
// Entry, dispatch tables and the FDO's PnP states. Requests wait while the device is stopped and
// fail once it is gone; the disk's device object lives until the FDO is removed.
#include "blk.h"

static NTSTATUS start_hardware(struct fdo_extension *blk, PCM_RESOURCE_LIST raw,
                               PCM_RESOURCE_LIST translated)
{
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

static NTSTATUS start(struct fdo_extension *blk, PIRP irp)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    PCM_RESOURCE_LIST raw = location->Parameters.StartDevice.AllocatedResources;
    PCM_RESOURCE_LIST translated = location->Parameters.StartDevice.AllocatedResourcesTranslated;
    if (!IoForwardIrpSynchronously(blk->lower, irp))
        return PdoComplete(irp, STATUS_UNSUCCESSFUL);
    NTSTATUS status = irp->IoStatus.Status;
    if (NT_SUCCESS(status))
        status = start_hardware(blk, raw, translated);
    return PdoComplete(irp, status);
}

// The queue is empty since QUERY_STOP; what came in meanwhile waits for the next START.
static NTSTATUS stop(struct fdo_extension *blk, PIRP irp)
{
    BlkHold(blk);
    HardwareRelease(blk);
    irp->IoStatus.Status = STATUS_SUCCESS;
    return FdoPassDown(blk->lower, irp);
}

static NTSTATUS surprise_removal(struct fdo_extension *blk, PIRP irp)
{
    HardwareQuiet(blk);
    BlkAbandon(blk, STATUS_NO_SUCH_DEVICE);
    HardwareRelease(blk);
    irp->IoStatus.Status = STATUS_SUCCESS;
    return FdoPassDown(blk->lower, irp);
}

static NTSTATUS remove(struct fdo_extension *blk, PIRP irp)
{
    HardwareQuiet(blk);
    BlkAbandon(blk, STATUS_NO_SUCH_DEVICE);
    HardwareRelease(blk);
    HardwareForget(blk);
    if (blk->disk)
        IoDeleteDevice(blk->disk);
    IoFreeWorkItem(blk->power.work);
    return FdoRemove(blk->self, blk->lower, irp);
}

static NTSTATUS query_state(struct fdo_extension *blk, PIRP irp)
{
    if (BlkState(blk) == BLK_FAILED)
        irp->IoStatus.Information |= PNP_DEVICE_FAILED;
    irp->IoStatus.Status = STATUS_SUCCESS;
    return FdoPassDown(blk->lower, irp);
}

static NTSTATUS agree(struct fdo_extension *blk, PIRP irp)
{
    irp->IoStatus.Status = STATUS_SUCCESS;
    return FdoPassDown(blk->lower, irp);
}

static NTSTATUS cancel_stop(struct fdo_extension *blk, PIRP irp)
{
    if (!IoForwardIrpSynchronously(blk->lower, irp))
        return PdoComplete(irp, STATUS_UNSUCCESSFUL);
    if (BlkState(blk) == BLK_HELD)
        BlkResume(blk, FALSE);
    return PdoComplete(irp, STATUS_SUCCESS);
}

static NTSTATUS fdo_pnp(struct fdo_extension *blk, PIRP irp)
{
    switch (IoGetCurrentIrpStackLocation(irp)->MinorFunction) {
    case IRP_MN_START_DEVICE:
        return start(blk, irp);
    case IRP_MN_QUERY_STOP_DEVICE:
        BlkHold(blk);
        return agree(blk, irp);
    case IRP_MN_CANCEL_STOP_DEVICE:
        return cancel_stop(blk, irp);
    case IRP_MN_STOP_DEVICE:
        return stop(blk, irp);
    case IRP_MN_SURPRISE_REMOVAL:
        return surprise_removal(blk, irp);
    case IRP_MN_REMOVE_DEVICE:
        return remove(blk, irp);
    case IRP_MN_QUERY_REMOVE_DEVICE:
    case IRP_MN_CANCEL_REMOVE_DEVICE:
        return agree(blk, irp);
    case IRP_MN_QUERY_DEVICE_RELATIONS:
        return FdoBusRelations(blk->lower, irp, &blk->disk, blk->disk ? 1 : 0);
    case IRP_MN_QUERY_PNP_DEVICE_STATE:
        return query_state(blk, irp);
    default:
        return FdoPassDown(blk->lower, irp);
    }
}

static BOOLEAN is_fdo(PDEVICE_OBJECT device)
{
    struct extension *extension = device->DeviceExtension;
    return extension->is_fdo;
}

static NTSTATUS dispatch_pnp(PDEVICE_OBJECT device, PIRP irp)
{
    return is_fdo(device) ? fdo_pnp(device->DeviceExtension, irp) : DiskPnp(device, irp);
}

static NTSTATUS dispatch_power(PDEVICE_OBJECT device, PIRP irp)
{
    struct fdo_extension *blk = device->DeviceExtension;
    return is_fdo(device) ? FdoPowerDispatch(&blk->power, irp) : PdoPowerDispatch(device, irp);
}

static NTSTATUS dispatch_system_control(PDEVICE_OBJECT device, PIRP irp)
{
    struct fdo_extension *blk = device->DeviceExtension;
    return is_fdo(device) ? FdoPassDown(blk->lower, irp) : PdoComplete(irp, irp->IoStatus.Status);
}

static NTSTATUS dispatch_create_close(PDEVICE_OBJECT device, PIRP irp)
{
    UNREFERENCED_PARAMETER(device);
    irp->IoStatus.Information = 0;
    return PdoComplete(irp, STATUS_SUCCESS);
}

static NTSTATUS dispatch_cleanup(PDEVICE_OBJECT device, PIRP irp)
{
    struct pdo_extension *extension = device->DeviceExtension;
    if (!is_fdo(device))
        BlkCleanup(extension->blk, IoGetCurrentIrpStackLocation(irp)->FileObject);
    return PdoComplete(irp, STATUS_SUCCESS);
}

// Data and control are the disk's; the controller has none of its own.
static NTSTATUS refuse(PIRP irp)
{
    irp->IoStatus.Information = 0;
    return PdoComplete(irp, STATUS_INVALID_DEVICE_REQUEST);
}

static NTSTATUS dispatch_read_write(PDEVICE_OBJECT device, PIRP irp)
{
    return is_fdo(device) ? refuse(irp) : DiskReadWrite(device, irp);
}

static NTSTATUS dispatch_flush(PDEVICE_OBJECT device, PIRP irp)
{
    return is_fdo(device) ? refuse(irp) : DiskFlush(device, irp);
}

static NTSTATUS dispatch_control(PDEVICE_OBJECT device, PIRP irp)
{
    return is_fdo(device) ? refuse(irp) : DiskControl(device, irp);
}

static VOID power_down(PDEVICE_OBJECT self)
{
    struct fdo_extension *blk = self->DeviceExtension;
    BlkHold(blk);
    HardwareQuiet(blk);
}

static VOID power_up(PDEVICE_OBJECT self)
{
    struct fdo_extension *blk = self->DeviceExtension;
    if (BlkState(blk) != BLK_HELD)
        return;
    if (NT_SUCCESS(HardwareRun(blk)))
        BlkResume(blk, TRUE);
    else
        BlkAbandon(blk, STATUS_ADAPTER_HARDWARE_ERROR);
}

static NTSTATUS add(PDRIVER_OBJECT driver, PDEVICE_OBJECT pdo)
{
    PDEVICE_OBJECT self;
    NTSTATUS status = IoCreateDevice(driver, sizeof(struct fdo_extension), NULL,
                                     FILE_DEVICE_CONTROLLER, FILE_DEVICE_SECURE_OPEN, FALSE, &self);
    if (!NT_SUCCESS(status))
        return status;
    struct fdo_extension *blk = self->DeviceExtension;
    blk->common.is_fdo = TRUE;
    blk->self = self;
    blk->pdo = pdo;
    blk->power = (struct fdo_power){.self = self,
                                    .pdo = pdo,
                                    .work = IoAllocateWorkItem(self),
                                    .down = power_down,
                                    .up = power_up};
    blk->lower = blk->power.work ? IoAttachDeviceToDeviceStack(self, pdo) : NULL;
    if (!blk->lower) {
        status = blk->power.work ? STATUS_NO_SUCH_DEVICE : STATUS_INSUFFICIENT_RESOURCES;
        if (blk->power.work)
            IoFreeWorkItem(blk->power.work);
        IoDeleteDevice(self);
        return status;
    }
    blk->power.lower = blk->lower;
    self->Flags |= DO_POWER_PAGABLE;
    self->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    return STATUS_SUCCESS;
}

static VOID unload(PDRIVER_OBJECT driver)
{
    UNREFERENCED_PARAMETER(driver);
}

DRIVER_INITIALIZE DriverEntry;
NTSTATUS DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING registry_path)
{
    UNREFERENCED_PARAMETER(registry_path);
    driver->DriverExtension->AddDevice = add;
    driver->DriverUnload = unload;
    driver->MajorFunction[IRP_MJ_CREATE] = dispatch_create_close;
    driver->MajorFunction[IRP_MJ_CLOSE] = dispatch_create_close;
    driver->MajorFunction[IRP_MJ_CLEANUP] = dispatch_cleanup;
    driver->MajorFunction[IRP_MJ_READ] = dispatch_read_write;
    driver->MajorFunction[IRP_MJ_WRITE] = dispatch_read_write;
    driver->MajorFunction[IRP_MJ_FLUSH_BUFFERS] = dispatch_flush;
    driver->MajorFunction[IRP_MJ_SHUTDOWN] = dispatch_flush;
    driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = dispatch_control;
    driver->MajorFunction[IRP_MJ_PNP] = dispatch_pnp;
    driver->MajorFunction[IRP_MJ_POWER] = dispatch_power;
    driver->MajorFunction[IRP_MJ_SYSTEM_CONTROL] = dispatch_system_control;
    return STATUS_SUCCESS;
}
