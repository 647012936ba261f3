// SPDX-License-Identifier: MIT
//
// A driver that tells applications when something has happened; here it is that a time is over. The
// two ways it can: a request that pends until then, or an event of the application's that is set.

#include "event.h"

DRIVER_INITIALIZE DriverEntry;

static NTSTATUS Complete(PIRP irp, NTSTATUS status)
{
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = 0;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

static NTSTATUS CreateClose(PDEVICE_OBJECT device, PIRP irp)
{
    UNREFERENCED_PARAMETER(device);
    return Complete(irp, STATUS_SUCCESS);
}

static NTSTATUS Cleanup(PDEVICE_OBJECT device, PIRP irp)
{
    NotifyGiveUp(device->DeviceExtension, IoGetCurrentIrpStackLocation(irp)->FileObject);
    return Complete(irp, STATUS_SUCCESS);
}

static NTSTATUS Control(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    const struct notify_request *request = irp->AssociatedIrp.SystemBuffer;
    NTSTATUS status;
    if (location->Parameters.DeviceIoControl.InputBufferLength < sizeof(*request))
        return Complete(irp, STATUS_INFO_LENGTH_MISMATCH);
    switch (location->Parameters.DeviceIoControl.IoControlCode) {
    case IOCTL_NOTIFY_BY_IRP:
        if (location->Parameters.DeviceIoControl.OutputBufferLength < sizeof(ULONG))
            return Complete(irp, STATUS_BUFFER_TOO_SMALL);
        status = NotifyByIrp(device->DeviceExtension, irp, request->milliseconds);
        break;
    case IOCTL_NOTIFY_BY_EVENT:
        status = NotifyByEvent(device->DeviceExtension, irp, request->event, request->milliseconds);
        break;
    default:
        status = STATUS_INVALID_DEVICE_REQUEST;
    }
    return status == STATUS_PENDING ? status : Complete(irp, status);
}

// No handle is open any more, so nothing is pending; but the DPC of a timer that was cancelled too
// late may still be on its way, in code that is about to go.
static VOID Unload(PDRIVER_OBJECT driver)
{
    UNICODE_STRING link = RTL_CONSTANT_STRING(NOTIFY_LINK_NAME);
    NotifyGiveUp(driver->DeviceObject->DeviceExtension, NULL);
    KeFlushQueuedDpcs();
    IoDeleteSymbolicLink(&link);
    IoDeleteDevice(driver->DeviceObject);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING registryPath)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(NOTIFY_DEVICE_NAME);
    UNICODE_STRING link = RTL_CONSTANT_STRING(NOTIFY_LINK_NAME);
    PDEVICE_OBJECT device;
    UNREFERENCED_PARAMETER(registryPath);
    driver->MajorFunction[IRP_MJ_CREATE] = CreateClose;
    driver->MajorFunction[IRP_MJ_CLOSE] = CreateClose;
    driver->MajorFunction[IRP_MJ_CLEANUP] = Cleanup;
    driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = Control;
    driver->DriverUnload = Unload;
    NTSTATUS status = IoCreateDevice(driver, sizeof(NOTIFIER), &name, FILE_DEVICE_NOTIFY,
                                     FILE_DEVICE_SECURE_OPEN, FALSE, &device);
    if (!NT_SUCCESS(status))
        return status;
    PNOTIFIER notifier = device->DeviceExtension;
    KeInitializeSpinLock(&notifier->Lock);
    InitializeListHead(&notifier->Pending);
    status = IoCreateSymbolicLink(&link, &name);
    if (!NT_SUCCESS(status))
        IoDeleteDevice(device);
    return status;
}
