// SPDX-License-Identifier: MIT
//
// See diskfdo.h. Requests wait while the controller is stopped and fail once it is gone; the disks'
// device objects live until the FDO is removed.
#include "diskfdo.h"

// --- The FDO's PnP states -----------------------------------------------------------------------

static NTSTATUS start(struct disk_fdo *fdo, PIRP irp)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    PCM_RESOURCE_LIST raw = location->Parameters.StartDevice.AllocatedResources;
    PCM_RESOURCE_LIST translated = location->Parameters.StartDevice.AllocatedResourcesTranslated;
    if (!IoForwardIrpSynchronously(fdo->lower, irp))
        return PdoComplete(irp, STATUS_UNSUCCESSFUL);
    NTSTATUS status = irp->IoStatus.Status;
    if (NT_SUCCESS(status))
        status = DiskFdoStart(fdo, raw, translated);
    return PdoComplete(irp, status);
}

static NTSTATUS cancel_stop(struct disk_fdo *fdo, PIRP irp)
{
    if (!IoForwardIrpSynchronously(fdo->lower, irp))
        return PdoComplete(irp, STATUS_UNSUCCESSFUL);
    DiskFdoGoOn(fdo);
    return PdoComplete(irp, STATUS_SUCCESS);
}

static NTSTATUS remove(struct disk_fdo *fdo, PIRP irp)
{
    DiskFdoEnd(fdo, FALSE);
    DiskFdoFree(fdo);
    IoFreeWorkItem(fdo->power.work);
    return FdoRemove(fdo->self, fdo->lower, irp);
}

static NTSTATUS query_relations(struct disk_fdo *fdo, PIRP irp)
{
    ULONG count;
    PDEVICE_OBJECT const *disks = DiskFdoDisks(fdo, &count);
    return FdoBusRelations(fdo->lower, irp, disks, count);
}

static NTSTATUS query_state(struct disk_fdo *fdo, PIRP irp)
{
    if (DiskFdoFailed(fdo))
        irp->IoStatus.Information |= PNP_DEVICE_FAILED;
    return FdoAgree(fdo->lower, irp);
}

static NTSTATUS fdo_pnp(struct disk_fdo *fdo, PIRP irp)
{
    switch (IoGetCurrentIrpStackLocation(irp)->MinorFunction) {
    case IRP_MN_START_DEVICE:
        return start(fdo, irp);
    case IRP_MN_QUERY_STOP_DEVICE:
        DiskFdoHold(fdo);
        return FdoAgree(fdo->lower, irp);
    case IRP_MN_CANCEL_STOP_DEVICE:
        return cancel_stop(fdo, irp);
    case IRP_MN_STOP_DEVICE:
        DiskFdoStop(fdo);
        return FdoAgree(fdo->lower, irp);
    case IRP_MN_SURPRISE_REMOVAL:
        DiskFdoEnd(fdo, TRUE);
        return FdoAgree(fdo->lower, irp);
    case IRP_MN_REMOVE_DEVICE:
        return remove(fdo, irp);
    case IRP_MN_QUERY_REMOVE_DEVICE:
    case IRP_MN_CANCEL_REMOVE_DEVICE:
        return FdoAgree(fdo->lower, irp);
    case IRP_MN_QUERY_DEVICE_RELATIONS:
        return query_relations(fdo, irp);
    case IRP_MN_QUERY_PNP_DEVICE_STATE:
        return query_state(fdo, irp);
    default:
        return FdoPassDown(fdo->lower, irp);
    }
}

// --- Dispatch -----------------------------------------------------------------------------------

// The FDO among the two kinds, or NULL.
static struct disk_fdo *fdo_of(PDEVICE_OBJECT device)
{
    struct disk_fdo *fdo = device->DeviceExtension;
    return fdo->is_fdo ? fdo : NULL;
}

static NTSTATUS dispatch_pnp(PDEVICE_OBJECT device, PIRP irp)
{
    struct disk_fdo *fdo = fdo_of(device);
    const struct disk_pdo *disk = device->DeviceExtension;
    return fdo ? fdo_pnp(fdo, irp) : PdoComplete(irp, DiskPnpAnswer(device, &disk->identity, irp));
}

static NTSTATUS dispatch_power(PDEVICE_OBJECT device, PIRP irp)
{
    struct disk_fdo *fdo = fdo_of(device);
    return fdo ? FdoPowerDispatch(&fdo->power, irp) : PdoPowerDispatch(device, irp);
}

static NTSTATUS dispatch_system_control(PDEVICE_OBJECT device, PIRP irp)
{
    struct disk_fdo *fdo = fdo_of(device);
    return fdo ? FdoPassDown(fdo->lower, irp) : PdoComplete(irp, irp->IoStatus.Status);
}

static NTSTATUS dispatch_create_close(PDEVICE_OBJECT device, PIRP irp)
{
    UNREFERENCED_PARAMETER(device);
    irp->IoStatus.Information = 0;
    return PdoComplete(irp, STATUS_SUCCESS);
}

static NTSTATUS dispatch_cleanup(PDEVICE_OBJECT device, PIRP irp)
{
    const struct disk_pdo *disk = device->DeviceExtension;
    if (!disk->is_fdo)
        DiskFdoCleanup(disk->controller, IoGetCurrentIrpStackLocation(irp)->FileObject);
    return PdoComplete(irp, STATUS_SUCCESS);
}

// Data and control are the disks'; the controller has none of its own.
static NTSTATUS refuse(PIRP irp)
{
    irp->IoStatus.Information = 0;
    return PdoComplete(irp, STATUS_INVALID_DEVICE_REQUEST);
}

static NTSTATUS dispatch_read_write(PDEVICE_OBJECT device, PIRP irp)
{
    const struct disk_pdo *disk = device->DeviceExtension;
    if (disk->is_fdo)
        return refuse(irp);
    NTSTATUS status = DiskCheckTransfer(&disk->identity, irp);
    irp->IoStatus.Information = 0;
    if (!NT_SUCCESS(status) || IoGetCurrentIrpStackLocation(irp)->Parameters.Read.Length == 0)
        return PdoComplete(irp, status);
    return DiskFdoSubmit(disk->controller, irp);
}

static NTSTATUS dispatch_flush(PDEVICE_OBJECT device, PIRP irp)
{
    const struct disk_pdo *disk = device->DeviceExtension;
    if (disk->is_fdo)
        return refuse(irp);
    irp->IoStatus.Information = 0;
    if (!DiskFdoCaches(disk->controller)) // then a completed write is on the medium
        return PdoComplete(irp, STATUS_SUCCESS);
    return DiskFdoSubmit(disk->controller, irp);
}

static NTSTATUS dispatch_control(PDEVICE_OBJECT device, PIRP irp)
{
    const struct disk_pdo *disk = device->DeviceExtension;
    if (disk->is_fdo)
        return refuse(irp);
    NTSTATUS ready = DiskFdoFailed(disk->controller) ? STATUS_DEVICE_NOT_READY : STATUS_SUCCESS;
    return PdoComplete(irp, DiskControlAnswer(&disk->identity, irp, ready));
}

// --- Entry --------------------------------------------------------------------------------------

static NTSTATUS attach(struct disk_fdo *fdo)
{
    fdo->power.work = IoAllocateWorkItem(fdo->self);
    if (!fdo->power.work)
        return STATUS_INSUFFICIENT_RESOURCES;
    NTSTATUS status = DiskFdoInitialize(fdo);
    if (NT_SUCCESS(status)) {
        fdo->lower = fdo->power.lower = IoAttachDeviceToDeviceStack(fdo->self, fdo->pdo);
        if (fdo->lower)
            return STATUS_SUCCESS;
        DiskFdoFree(fdo);
        status = STATUS_NO_SUCH_DEVICE;
    }
    IoFreeWorkItem(fdo->power.work);
    return status;
}

static NTSTATUS add(PDRIVER_OBJECT driver, PDEVICE_OBJECT pdo)
{
    PDEVICE_OBJECT self;
    NTSTATUS status = IoCreateDevice(driver, DiskFdoBytes, NULL, FILE_DEVICE_CONTROLLER,
                                     FILE_DEVICE_SECURE_OPEN, FALSE, &self);
    if (!NT_SUCCESS(status))
        return status;
    struct disk_fdo *fdo = self->DeviceExtension;
    *fdo = (struct disk_fdo){
        .is_fdo = TRUE,
        .self = self,
        .pdo = pdo,
        .power = {.self = self, .pdo = pdo, .down = DiskFdoDown, .up = DiskFdoUp},
    };
    status = attach(fdo);
    if (!NT_SUCCESS(status)) {
        IoDeleteDevice(self);
        return status;
    }
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
