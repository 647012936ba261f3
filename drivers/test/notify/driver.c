// SPDX-License-Identifier: MIT
//
// Two ways in which a driver tells an application that something has happened: an event that the
// application made, and a request that pends until then.

#include "keep.h"

DRIVER_INITIALIZE DriverEntry;

static NTSTATUS Complete(PIRP irp, NTSTATUS status)
{
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = 0;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

static NTSTATUS Control(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    const struct notify_request *request = irp->AssociatedIrp.SystemBuffer;
    NTSTATUS status = STATUS_INVALID_DEVICE_REQUEST;
    if (location->Parameters.DeviceIoControl.InputBufferLength < sizeof(*request))
        return Complete(irp, STATUS_INVALID_PARAMETER);
    switch (location->Parameters.DeviceIoControl.IoControlCode) {
    case IOCTL_NOTIFY_SET:
        status = EventSetLater(device->DeviceExtension, irp, request);
        break;
    case IOCTL_NOTIFY_PEND:
        status = EventPend(device->DeviceExtension, irp, request);
        break;
    case IOCTL_NOTIFY_FOLLOW:
        status = EventFollow(device, irp, request);
        break;
    default:
        break;
    }
    return status == STATUS_PENDING ? status : Complete(irp, status);
}

// The last handle is closed: what waits for it is given up.
static NTSTATUS Cleanup(PDEVICE_OBJECT device, PIRP irp)
{
    PEVENT_EXTENSION extension = device->DeviceExtension;
    PFILE_OBJECT file = IoGetCurrentIrpStackLocation(irp)->FileObject;
    PIRP waiting;
    while (file != NULL && (waiting = IoCsqRemoveNextIrp(&extension->Csq, file)) != NULL)
        EventGiveUp(waiting);
    return Complete(irp, STATUS_SUCCESS);
}

static NTSTATUS CreateClose(PDEVICE_OBJECT device, PIRP irp)
{
    UNREFERENCED_PARAMETER(device);
    return Complete(irp, STATUS_SUCCESS);
}

// Nobody has the device open any more, but timers may still run: their DPCs are waited for.
static VOID Unload(PDRIVER_OBJECT driver)
{
    UNICODE_STRING link = RTL_CONSTANT_STRING(NOTIFY_LINK_NAME);
    PEVENT_EXTENSION extension = driver->DeviceObject->DeviceExtension;
    ExWaitForRundownProtectionRelease(&extension->Records);
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
    NTSTATUS status = IoCreateDevice(driver, sizeof(EVENT_EXTENSION), &name, FILE_DEVICE_NOTIFY,
                                     FILE_DEVICE_SECURE_OPEN, FALSE, &device);
    if (!NT_SUCCESS(status))
        return status;
    PEVENT_EXTENSION extension = device->DeviceExtension;
    ExInitializeRundownProtection(&extension->Records);
    status = EventInitializeQueue(extension);
    if (NT_SUCCESS(status))
        status = IoCreateSymbolicLink(&link, &name);
    if (!NT_SUCCESS(status))
        IoDeleteDevice(device);
    return status;
}
