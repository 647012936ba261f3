// SPDX-License-Identifier: MIT
//
// DriverEntry, AddDevice and PnP. Requests wait while the device is stopped and fail once it is
// gone.
#include "device.h"

#define EDU_TAG 0x75644530u // '0Edu'

DRIVER_INITIALIZE DriverEntry;

NTSTATUS EduComplete(PIRP irp, NTSTATUS status, ULONG_PTR information)
{
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = information;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

static NTSTATUS PassDown(PDEVICE_OBJECT device, PIRP irp)
{
    PEDU edu = device->DeviceExtension;
    IoSkipCurrentIrpStackLocation(irp);
    return IoCallDriver(edu->Lower, irp);
}

static NTSTATUS CreateClose(PDEVICE_OBJECT device, PIRP irp)
{
    UNREFERENCED_PARAMETER(device);
    return EduComplete(irp, STATUS_SUCCESS, 0);
}

static NTSTATUS Cleanup(PDEVICE_OBJECT device, PIRP irp)
{
    EduCleanup(device->DeviceExtension, IoGetCurrentIrpStackLocation(irp)->FileObject);
    return EduComplete(irp, STATUS_SUCCESS, 0);
}

static NTSTATUS Control(PDEVICE_OBJECT device, PIRP irp)
{
    PEDU edu = device->DeviceExtension;
    NTSTATUS status = IoAcquireRemoveLock(&edu->RemoveLock, edu);
    if (!NT_SUCCESS(status))
        return EduComplete(irp, status, 0);
    status = EduControl(edu, irp);
    IoReleaseRemoveLock(&edu->RemoveLock, edu);
    return status;
}

// The device keeps what it has while the system sleeps, and needs no care.
static NTSTATUS Power(PDEVICE_OBJECT device, PIRP irp)
{
    PEDU edu = device->DeviceExtension;
    PoStartNextPowerIrp(irp);
    IoSkipCurrentIrpStackLocation(irp);
    return PoCallDriver(edu->Lower, irp);
}

// --- PnP ----------------------------------------------------------------------------------------

static VOID LockHardware(PEDU edu)
{
    (VOID) KeWaitForSingleObject(&edu->Hardware, Executive, KernelMode, FALSE, NULL);
}

static VOID UnlockHardware(PEDU edu)
{
    (VOID) KeReleaseMutex(&edu->Hardware, FALSE);
}

static VOID Abandon(PEDU edu)
{
    LockHardware(edu);
    EduAbandon(edu);
    EduRelease(edu);
    UnlockHardware(edu);
}

// The bus driver starts the device first: before that its registers are not there.
static NTSTATUS Start(PEDU edu, PIRP irp)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    PCM_RESOURCE_LIST translated = location->Parameters.StartDevice.AllocatedResourcesTranslated;
    NTSTATUS status = STATUS_UNSUCCESSFUL;
    if (IoForwardIrpSynchronously(edu->Lower, irp))
        status = irp->IoStatus.Status;
    LockHardware(edu);
    if (NT_SUCCESS(status))
        status = EduAcquire(edu, translated);
    UnlockHardware(edu);
    if (NT_SUCCESS(status))
        EduResume(edu);
    return EduComplete(irp, status, 0);
}

static NTSTATUS Agree(PEDU edu, PIRP irp)
{
    irp->IoStatus.Status = STATUS_SUCCESS;
    return PassDown(edu->Self, irp);
}

static NTSTATUS QueryStop(PEDU edu, PIRP irp)
{
    LockHardware(edu);
    EduHold(edu);
    UnlockHardware(edu);
    return Agree(edu, irp);
}

static NTSTATUS Stop(PEDU edu, PIRP irp)
{
    LockHardware(edu);
    EduHold(edu);
    EduRelease(edu);
    UnlockHardware(edu);
    return Agree(edu, irp);
}

static NTSTATUS CancelStop(PEDU edu, PIRP irp)
{
    if (!IoForwardIrpSynchronously(edu->Lower, irp))
        return EduComplete(irp, STATUS_UNSUCCESSFUL, 0);
    if (edu->State == EduHeld)
        EduResume(edu);
    return EduComplete(irp, STATUS_SUCCESS, 0);
}

static NTSTATUS SurpriseRemoval(PEDU edu, PIRP irp)
{
    Abandon(edu);
    return Agree(edu, irp);
}

static NTSTATUS Remove(PEDU edu, PIRP irp)
{
    UNICODE_STRING link = RTL_CONSTANT_STRING(EDU_LINK_NAME);
    Abandon(edu);
    irp->IoStatus.Status = STATUS_SUCCESS;
    NTSTATUS status = PassDown(edu->Self, irp);
    IoReleaseRemoveLockAndWait(&edu->RemoveLock, irp);
    (VOID) IoDeleteSymbolicLink(&link);
    IoDetachDevice(edu->Lower);
    IoDeleteDevice(edu->Self);
    return status;
}

static NTSTATUS QueryState(PEDU edu, PIRP irp)
{
    if (edu->State == EduGone)
        irp->IoStatus.Information |= PNP_DEVICE_FAILED;
    return Agree(edu, irp);
}

static NTSTATUS Handle(PEDU edu, PIRP irp)
{
    switch (IoGetCurrentIrpStackLocation(irp)->MinorFunction) {
    case IRP_MN_START_DEVICE:
        return Start(edu, irp);
    case IRP_MN_QUERY_STOP_DEVICE:
        return QueryStop(edu, irp);
    case IRP_MN_CANCEL_STOP_DEVICE:
        return CancelStop(edu, irp);
    case IRP_MN_STOP_DEVICE:
        return Stop(edu, irp);
    case IRP_MN_SURPRISE_REMOVAL:
        return SurpriseRemoval(edu, irp);
    case IRP_MN_QUERY_REMOVE_DEVICE:
    case IRP_MN_CANCEL_REMOVE_DEVICE:
        return Agree(edu, irp);
    case IRP_MN_QUERY_PNP_DEVICE_STATE:
        return QueryState(edu, irp);
    default:
        return PassDown(edu->Self, irp);
    }
}

static NTSTATUS Pnp(PDEVICE_OBJECT device, PIRP irp)
{
    PEDU edu = device->DeviceExtension;
    UCHAR minor = IoGetCurrentIrpStackLocation(irp)->MinorFunction;
    NTSTATUS status = IoAcquireRemoveLock(&edu->RemoveLock, irp);
    if (!NT_SUCCESS(status))
        return EduComplete(irp, status, 0);
    if (minor == IRP_MN_REMOVE_DEVICE)
        return Remove(edu, irp); // takes the lock along
    status = Handle(edu, irp);
    IoReleaseRemoveLock(&edu->RemoveLock, irp);
    return status;
}

// --- Entry --------------------------------------------------------------------------------------

static NTSTATUS Attach(PEDU edu)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(EDU_DEVICE_NAME);
    UNICODE_STRING link = RTL_CONSTANT_STRING(EDU_LINK_NAME);
    NTSTATUS status = EduInitializeQueue(edu);
    if (NT_SUCCESS(status))
        status = IoCreateSymbolicLink(&link, &name);
    if (!NT_SUCCESS(status))
        return status;
    edu->Lower = IoAttachDeviceToDeviceStack(edu->Self, edu->Pdo);
    if (edu->Lower != NULL)
        return STATUS_SUCCESS;
    (VOID) IoDeleteSymbolicLink(&link);
    return STATUS_NO_SUCH_DEVICE;
}

static NTSTATUS AddDevice(PDRIVER_OBJECT driver, PDEVICE_OBJECT pdo)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(EDU_DEVICE_NAME);
    PDEVICE_OBJECT device;
    NTSTATUS status = IoCreateDevice(driver, sizeof(EDU), &name, FILE_DEVICE_EDU,
                                     FILE_DEVICE_SECURE_OPEN, FALSE, &device);
    if (!NT_SUCCESS(status))
        return status;
    PEDU edu = device->DeviceExtension;
    edu->Self = device;
    edu->Pdo = pdo;
    edu->DmaBits = EDU_DEFAULT_DMA_BITS;
    IoInitializeRemoveLock(&edu->RemoveLock, EDU_TAG, 0, 0);
    status = Attach(edu);
    if (!NT_SUCCESS(status)) {
        IoDeleteDevice(device);
        return status;
    }
    device->Flags |= DO_POWER_PAGABLE;
    device->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    return STATUS_SUCCESS;
}

static VOID Unload(PDRIVER_OBJECT driver)
{
    UNREFERENCED_PARAMETER(driver);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING registryPath)
{
    UNREFERENCED_PARAMETER(registryPath);
    driver->MajorFunction[IRP_MJ_CREATE] = CreateClose;
    driver->MajorFunction[IRP_MJ_CLEANUP] = Cleanup;
    driver->MajorFunction[IRP_MJ_CLOSE] = CreateClose;
    driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = Control;
    driver->MajorFunction[IRP_MJ_PNP] = Pnp;
    driver->MajorFunction[IRP_MJ_POWER] = Power;
    driver->MajorFunction[IRP_MJ_SYSTEM_CONTROL] = PassDown;
    driver->DriverExtension->AddDevice = AddDevice;
    driver->DriverUnload = Unload;
    return STATUS_SUCCESS;
}
