// SPDX-License-Identifier: MIT
//
// Entry, dispatch, PnP and power states. Requests wait while the device is stopped or asleep, and
// fail once it is gone.
#include "rng.h"

#include <initguid.h>

#include "entropy.h"

static NTSTATUS start(struct rng *rng, PIRP irp)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    PCM_RESOURCE_LIST raw = location->Parameters.StartDevice.AllocatedResources;
    PCM_RESOURCE_LIST translated = location->Parameters.StartDevice.AllocatedResourcesTranslated;
    if (!IoForwardIrpSynchronously(rng->lower, irp))
        return PdoComplete(irp, STATUS_UNSUCCESSFUL);
    NTSTATUS status = irp->IoStatus.Status;
    if (NT_SUCCESS(status))
        status = HardwareAcquire(rng, raw, translated);
    if (NT_SUCCESS(status)) {
        status = HardwareRun(rng);
        if (!NT_SUCCESS(status))
            HardwareRelease(rng);
    }
    if (NT_SUCCESS(status)) {
        ReadResume(rng);
        (VOID) IoSetDeviceInterfaceState(&rng->interface, TRUE);
    }
    return PdoComplete(irp, status);
}

static NTSTATUS cancel_stop(struct rng *rng, PIRP irp)
{
    if (!IoForwardIrpSynchronously(rng->lower, irp))
        return PdoComplete(irp, STATUS_UNSUCCESSFUL);
    if (rng->state == RNG_HELD)
        ReadResume(rng);
    return PdoComplete(irp, STATUS_SUCCESS);
}

static VOID end_service(struct rng *rng)
{
    (VOID) IoSetDeviceInterfaceState(&rng->interface, FALSE);
    HardwareQuiet(rng);
    ReadAbandon(rng, STATUS_NO_SUCH_DEVICE);
    ReadHold(rng); // whoever is about to hand the device a piece sees that it may not
    HardwareRelease(rng);
}

static NTSTATUS remove(struct rng *rng, PIRP irp)
{
    UNICODE_STRING link = RTL_CONSTANT_STRING(RNG_LINK_NAME);
    end_service(rng);
    IoReleaseRemoveLockAndWait(&rng->remove_lock, irp);
    (VOID) IoDeleteSymbolicLink(&link);
    RtlFreeUnicodeString(&rng->interface);
    IoFreeWorkItem(rng->power.work);
    return FdoRemove(rng->self, rng->lower, irp);
}

static NTSTATUS query_state(struct rng *rng, PIRP irp)
{
    if (rng->state == RNG_FAILED)
        irp->IoStatus.Information |= PNP_DEVICE_FAILED;
    return FdoAgree(rng->lower, irp);
}

static NTSTATUS handle_pnp(struct rng *rng, PIRP irp)
{
    switch (IoGetCurrentIrpStackLocation(irp)->MinorFunction) {
    case IRP_MN_START_DEVICE:
        return start(rng, irp);
    case IRP_MN_QUERY_STOP_DEVICE:
        ReadHold(rng);
        return FdoAgree(rng->lower, irp);
    case IRP_MN_CANCEL_STOP_DEVICE:
        return cancel_stop(rng, irp);
    case IRP_MN_STOP_DEVICE:
        ReadHold(rng);
        HardwareRelease(rng);
        return FdoAgree(rng->lower, irp);
    case IRP_MN_SURPRISE_REMOVAL:
        end_service(rng);
        return FdoAgree(rng->lower, irp);
    case IRP_MN_QUERY_REMOVE_DEVICE:
    case IRP_MN_CANCEL_REMOVE_DEVICE:
        return FdoAgree(rng->lower, irp);
    case IRP_MN_QUERY_PNP_DEVICE_STATE:
        return query_state(rng, irp);
    default:
        return FdoPassDown(rng->lower, irp);
    }
}

static NTSTATUS dispatch_pnp(PDEVICE_OBJECT device, PIRP irp)
{
    struct rng *rng = device->DeviceExtension;
    UCHAR minor = IoGetCurrentIrpStackLocation(irp)->MinorFunction;
    NTSTATUS status = IoAcquireRemoveLock(&rng->remove_lock, irp);
    if (!NT_SUCCESS(status))
        return PdoComplete(irp, status);
    if (minor == IRP_MN_REMOVE_DEVICE)
        return remove(rng, irp); // takes the lock along
    status = handle_pnp(rng, irp);
    IoReleaseRemoveLock(&rng->remove_lock, irp);
    return status;
}

// --- Power --------------------------------------------------------------------------------------

static VOID power_down(PDEVICE_OBJECT self)
{
    struct rng *rng = self->DeviceExtension;
    ReadHold(rng);
    HardwareQuiet(rng);
}

static VOID power_up(PDEVICE_OBJECT self)
{
    struct rng *rng = self->DeviceExtension;
    if (rng->state != RNG_HELD || !rng->pci.isr)
        return;
    if (NT_SUCCESS(HardwareRun(rng)))
        ReadResume(rng);
    else
        ReadAbandon(rng, STATUS_ADAPTER_HARDWARE_ERROR);
}

static NTSTATUS dispatch_power(PDEVICE_OBJECT device, PIRP irp)
{
    struct rng *rng = device->DeviceExtension;
    return FdoPowerDispatch(&rng->power, irp);
}

// --- Requests -----------------------------------------------------------------------------------

static NTSTATUS dispatch_read(PDEVICE_OBJECT device, PIRP irp)
{
    struct rng *rng = device->DeviceExtension;
    irp->IoStatus.Information = 0;
    if (IoGetCurrentIrpStackLocation(irp)->Parameters.Read.Length == 0)
        return PdoComplete(irp, STATUS_SUCCESS);
    NTSTATUS status = IoAcquireRemoveLock(&rng->remove_lock, rng);
    if (!NT_SUCCESS(status))
        return PdoComplete(irp, status);
    status = IoAcquireRemoveLock(&rng->remove_lock, irp); // until it is complete
    if (NT_SUCCESS(status)) {
        status = ReadQueue(rng, irp);
        if (status != STATUS_PENDING)
            IoReleaseRemoveLock(&rng->remove_lock, irp);
    }
    if (status != STATUS_PENDING)
        (VOID) PdoComplete(irp, status);
    IoReleaseRemoveLock(&rng->remove_lock, rng);
    return status;
}

static NTSTATUS dispatch_create_close(PDEVICE_OBJECT device, PIRP irp)
{
    UNREFERENCED_PARAMETER(device);
    irp->IoStatus.Information = 0;
    return PdoComplete(irp, STATUS_SUCCESS);
}

static NTSTATUS dispatch_cleanup(PDEVICE_OBJECT device, PIRP irp)
{
    ReadCleanup(device->DeviceExtension, IoGetCurrentIrpStackLocation(irp)->FileObject);
    return PdoComplete(irp, STATUS_SUCCESS);
}

static NTSTATUS dispatch_system_control(PDEVICE_OBJECT device, PIRP irp)
{
    struct rng *rng = device->DeviceExtension;
    return FdoPassDown(rng->lower, irp);
}

// --- Entry --------------------------------------------------------------------------------------

static NTSTATUS attach(struct rng *rng)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(RNG_DEVICE_NAME);
    UNICODE_STRING link = RTL_CONSTANT_STRING(RNG_LINK_NAME);
    NTSTATUS status = ReadInitialize(rng);
    rng->power.work = IoAllocateWorkItem(rng->self);
    if (NT_SUCCESS(status) && !rng->power.work)
        status = STATUS_INSUFFICIENT_RESOURCES;
    if (NT_SUCCESS(status))
        status =
            IoRegisterDeviceInterface(rng->pdo, &GUID_DEVINTERFACE_ENTROPY, NULL, &rng->interface);
    if (NT_SUCCESS(status))
        status = IoCreateSymbolicLink(&link, &name);
    if (!NT_SUCCESS(status))
        return status;
    rng->lower = rng->power.lower = IoAttachDeviceToDeviceStack(rng->self, rng->pdo);
    if (rng->lower)
        return STATUS_SUCCESS;
    (VOID) IoDeleteSymbolicLink(&link);
    return STATUS_NO_SUCH_DEVICE;
}

static VOID undo(struct rng *rng)
{
    if (rng->interface.Buffer)
        RtlFreeUnicodeString(&rng->interface);
    if (rng->power.work)
        IoFreeWorkItem(rng->power.work);
    IoDeleteDevice(rng->self);
}

static NTSTATUS add(PDRIVER_OBJECT driver, PDEVICE_OBJECT pdo)
{
    PDEVICE_OBJECT self;
    UNICODE_STRING name = RTL_CONSTANT_STRING(RNG_DEVICE_NAME);
    NTSTATUS status = IoCreateDevice(driver, sizeof(struct rng), &name, FILE_DEVICE_UNKNOWN,
                                     FILE_DEVICE_SECURE_OPEN, FALSE, &self);
    if (!NT_SUCCESS(status))
        return status;
    struct rng *rng = self->DeviceExtension;
    rng->self = self;
    rng->pdo = pdo;
    rng->power = (struct fdo_power){.self = self, .pdo = pdo, .down = power_down, .up = power_up};
    IoInitializeRemoveLock(&rng->remove_lock, RNG_TAG, 0, 0);
    status = attach(rng);
    if (!NT_SUCCESS(status)) {
        undo(rng);
        return status;
    }
    self->Flags |= DO_BUFFERED_IO | DO_POWER_PAGABLE;
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
    driver->MajorFunction[IRP_MJ_READ] = dispatch_read;
    driver->MajorFunction[IRP_MJ_PNP] = dispatch_pnp;
    driver->MajorFunction[IRP_MJ_POWER] = dispatch_power;
    driver->MajorFunction[IRP_MJ_SYSTEM_CONTROL] = dispatch_system_control;
    return STATUS_SUCCESS;
}
