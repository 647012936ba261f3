// SPDX-License-Identifier: MIT
//
// Entry, dispatch tables, the FDO's PnP and power states. Requests wait while the controller is
// stopped and fail once it is gone; the disks' device objects live until the FDO is removed.
#include "controller.h"

static NTSTATUS run(struct controller *nvme)
{
    NTSTATUS status = ControllerRun(nvme);
    if (NT_SUCCESS(status))
        status = DisksFind(nvme);
    if (NT_SUCCESS(status))
        NvmeResume(nvme, TRUE);
    return status;
}

static NTSTATUS start(struct controller *nvme, PIRP irp)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    PCM_RESOURCE_LIST translated = location->Parameters.StartDevice.AllocatedResourcesTranslated;
    if (!IoForwardIrpSynchronously(nvme->lower, irp))
        return PdoComplete(irp, STATUS_UNSUCCESSFUL);
    NTSTATUS status = irp->IoStatus.Status;
    NvmeLock(nvme);
    if (NT_SUCCESS(status))
        status = HardwareAcquire(nvme, translated);
    if (NT_SUCCESS(status)) {
        status = run(nvme);
        if (!NT_SUCCESS(status))
            HardwareRelease(nvme);
    }
    NvmeUnlock(nvme);
    return PdoComplete(irp, status);
}

static NTSTATUS agree(struct controller *nvme, PIRP irp)
{
    irp->IoStatus.Status = STATUS_SUCCESS;
    return FdoPassDown(nvme->lower, irp);
}

static NTSTATUS query_stop(struct controller *nvme, PIRP irp)
{
    NvmeLock(nvme);
    NvmeHold(nvme);
    NvmeUnlock(nvme);
    return agree(nvme, irp);
}

// The queues are idle since QUERY_STOP; what came in meanwhile waits for the next START.
static NTSTATUS stop(struct controller *nvme, PIRP irp)
{
    NvmeLock(nvme);
    NvmeHold(nvme);
    if (nvme->started)
        ControllerShutdown(nvme);
    HardwareRelease(nvme);
    NvmeUnlock(nvme);
    return agree(nvme, irp);
}

// Runs a controller that is held, and lets its requests go.
static VOID go_on(struct controller *nvme)
{
    NvmeLock(nvme);
    BOOLEAN held = nvme->started && nvme->queue_count && nvme->queues[0]->state == NVME_HELD;
    if (held && !nvme->disabled)
        NvmeResume(nvme, FALSE);
    else if (held && !NT_SUCCESS(run(nvme)))
        NvmeAbandon(nvme, STATUS_ADAPTER_HARDWARE_ERROR);
    NvmeUnlock(nvme);
}

static NTSTATUS cancel_stop(struct controller *nvme, PIRP irp)
{
    if (!IoForwardIrpSynchronously(nvme->lower, irp))
        return PdoComplete(irp, STATUS_UNSUCCESSFUL);
    go_on(nvme);
    return PdoComplete(irp, STATUS_SUCCESS);
}

static VOID end_service(struct controller *nvme, BOOLEAN gone)
{
    NvmeLock(nvme);
    if (nvme->started && !gone) {
        NvmeHold(nvme);
        ControllerShutdown(nvme);
    } else if (nvme->started) {
        (VOID) ControllerDisable(nvme);
    }
    NvmeAbandon(nvme, STATUS_NO_SUCH_DEVICE);
    HardwareRelease(nvme);
    NvmeUnlock(nvme);
}

static NTSTATUS remove(struct controller *nvme, PIRP irp)
{
    end_service(nvme, FALSE);
    (VOID) KeWaitForSingleObject(&nvme->reset_done, Executive, KernelMode, FALSE, NULL);
    DisksDelete(nvme);
    IoFreeWorkItem(nvme->power.work);
    IoFreeWorkItem(nvme->reset_work);
    for (ULONG i = 0; i < NVME_QUEUES_MOST; i++)
        if (nvme->queues[i])
            ExFreePoolWithTag(nvme->queues[i], NVME_TAG);
    return FdoRemove(nvme->self, nvme->lower, irp);
}

static NTSTATUS query_state(struct controller *nvme, PIRP irp)
{
    if (NvmeFailed(nvme))
        irp->IoStatus.Information |= PNP_DEVICE_FAILED;
    return agree(nvme, irp);
}

static NTSTATUS fdo_pnp(struct controller *nvme, PIRP irp)
{
    switch (IoGetCurrentIrpStackLocation(irp)->MinorFunction) {
    case IRP_MN_START_DEVICE:
        return start(nvme, irp);
    case IRP_MN_QUERY_STOP_DEVICE:
        return query_stop(nvme, irp);
    case IRP_MN_CANCEL_STOP_DEVICE:
        return cancel_stop(nvme, irp);
    case IRP_MN_STOP_DEVICE:
        return stop(nvme, irp);
    case IRP_MN_SURPRISE_REMOVAL:
        end_service(nvme, TRUE);
        return agree(nvme, irp);
    case IRP_MN_REMOVE_DEVICE:
        return remove(nvme, irp);
    case IRP_MN_QUERY_REMOVE_DEVICE:
    case IRP_MN_CANCEL_REMOVE_DEVICE:
        return agree(nvme, irp);
    case IRP_MN_QUERY_DEVICE_RELATIONS:
        return FdoBusRelations(nvme->lower, irp, nvme->disks, nvme->disk_count);
    case IRP_MN_QUERY_PNP_DEVICE_STATE:
        return query_state(nvme, irp);
    default:
        return FdoPassDown(nvme->lower, irp);
    }
}

// --- Power --------------------------------------------------------------------------------------

// The shutdown notification (7.6.2): the controller writes back what it caches, then power may go.
static VOID power_down(PDEVICE_OBJECT self)
{
    struct controller *nvme = self->DeviceExtension;
    NvmeLock(nvme);
    NvmeHold(nvme);
    if (nvme->started && !NvmeFailed(nvme)) {
        ControllerShutdown(nvme);
        nvme->disabled = TRUE;
    }
    NvmeUnlock(nvme);
}

static VOID power_up(PDEVICE_OBJECT self)
{
    go_on(self->DeviceExtension);
}

// --- Dispatch -----------------------------------------------------------------------------------

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
    struct controller *nvme = device->DeviceExtension;
    return is_fdo(device) ? FdoPowerDispatch(&nvme->power, irp) : PdoPowerDispatch(device, irp);
}

static NTSTATUS dispatch_system_control(PDEVICE_OBJECT device, PIRP irp)
{
    struct controller *nvme = device->DeviceExtension;
    return is_fdo(device) ? FdoPassDown(nvme->lower, irp) : PdoComplete(irp, irp->IoStatus.Status);
}

static NTSTATUS dispatch_create_close(PDEVICE_OBJECT device, PIRP irp)
{
    UNREFERENCED_PARAMETER(device);
    irp->IoStatus.Information = 0;
    return PdoComplete(irp, STATUS_SUCCESS);
}

static NTSTATUS dispatch_cleanup(PDEVICE_OBJECT device, PIRP irp)
{
    struct disk_extension *extension = device->DeviceExtension;
    if (!is_fdo(device))
        NvmeCleanup(extension->nvme, IoGetCurrentIrpStackLocation(irp)->FileObject);
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

// --- Entry --------------------------------------------------------------------------------------

static VOID free_work(struct controller *nvme)
{
    if (nvme->power.work)
        IoFreeWorkItem(nvme->power.work);
    if (nvme->reset_work)
        IoFreeWorkItem(nvme->reset_work);
}

static NTSTATUS attach(struct controller *nvme)
{
    nvme->power.work = IoAllocateWorkItem(nvme->self);
    nvme->reset_work = IoAllocateWorkItem(nvme->self);
    if (!nvme->power.work || !nvme->reset_work)
        return STATUS_INSUFFICIENT_RESOURCES;
    nvme->lower = IoAttachDeviceToDeviceStack(nvme->self, nvme->pdo);
    nvme->power.lower = nvme->lower;
    return nvme->lower ? STATUS_SUCCESS : STATUS_NO_SUCH_DEVICE;
}

static NTSTATUS add(PDRIVER_OBJECT driver, PDEVICE_OBJECT pdo)
{
    PDEVICE_OBJECT self;
    NTSTATUS status = IoCreateDevice(driver, sizeof(struct controller), NULL,
                                     FILE_DEVICE_CONTROLLER, FILE_DEVICE_SECURE_OPEN, FALSE, &self);
    if (!NT_SUCCESS(status))
        return status;
    struct controller *nvme = self->DeviceExtension;
    nvme->common.is_fdo = TRUE;
    nvme->self = self;
    nvme->pdo = pdo;
    nvme->power = (struct fdo_power){.self = self, .pdo = pdo, .down = power_down, .up = power_up};
    WatchInitialize(nvme);
    status = attach(nvme);
    if (!NT_SUCCESS(status)) {
        free_work(nvme);
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
