// SPDX-License-Identifier: MIT
//
// Two drives at one controller, as old disk controllers had them: each drive is a device of its
// own with its own queue, and both share the one piece of hardware that can move data.

#include "controller.h"

DRIVER_INITIALIZE DriverEntry;

static NTSTATUS Complete(PIRP irp, NTSTATUS status, ULONG_PTR information)
{
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = information;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

static NTSTATUS CreateClose(PDEVICE_OBJECT device, PIRP irp)
{
    UNREFERENCED_PARAMETER(device);
    return Complete(irp, STATUS_SUCCESS, 0);
}

static NTSTATUS Cleanup(PDEVICE_OBJECT device, PIRP irp)
{
    DriveGiveUp(device, IoGetCurrentIrpStackLocation(irp)->FileObject);
    return Complete(irp, STATUS_SUCCESS, 0);
}

// What can be refused is refused here; StartIo gets requests that will work. Pending before
// IoStartPacket: the request may be complete when that returns.
static NTSTATUS ReadWrite(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    LONGLONG offset = location->Parameters.Read.ByteOffset.QuadPart;
    ULONG length = location->Parameters.Read.Length;
    if (offset < 0 || offset > DRIVE_BYTES || length > DRIVE_BYTES - (ULONG)offset)
        return Complete(irp, STATUS_INVALID_PARAMETER, 0);
    if (length == 0)
        return Complete(irp, STATUS_SUCCESS, 0);
    IoMarkIrpPending(irp);
    IoStartPacket(device, irp, NULL, DriveCancel);
    return STATUS_PENDING;
}

static NTSTATUS Control(PDEVICE_OBJECT device, PIRP irp)
{
    PDRIVE drive = device->DeviceExtension;
    PSHARED shared = drive->Controller->ControllerExtension;
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    if (location->Parameters.DeviceIoControl.IoControlCode != IOCTL_DRIVE_STATISTICS)
        return Complete(irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    if (location->Parameters.DeviceIoControl.OutputBufferLength < sizeof(shared->Statistics))
        return Complete(irp, STATUS_BUFFER_TOO_SMALL, 0);
    RtlCopyMemory(irp->AssociatedIrp.SystemBuffer, &shared->Statistics, sizeof(shared->Statistics));
    return Complete(irp, STATUS_SUCCESS, sizeof(shared->Statistics));
}

// The devices are the driver's own list; the controller is common to them and goes last.
static VOID Unload(PDRIVER_OBJECT driver)
{
    PCONTROLLER_OBJECT controller = NULL;
    while (driver->DeviceObject != NULL) {
        PDRIVE drive = driver->DeviceObject->DeviceExtension;
        controller = drive->Controller;
        IoDeleteDevice(driver->DeviceObject);
    }
    if (controller != NULL)
        IoDeleteController(controller);
}

static NTSTATUS CreateDrive(PDRIVER_OBJECT driver, PCONTROLLER_OBJECT controller, ULONG number)
{
    WCHAR text[] = DRIVE_DEVICE_NAME;
    UNICODE_STRING name;
    PDEVICE_OBJECT device;
    text[ARRAYSIZE(text) - 2] += (WCHAR)number;
    RtlInitUnicodeString(&name, text);
    NTSTATUS status = IoCreateDevice(driver, sizeof(DRIVE), &name, FILE_DEVICE_MY_DRIVES,
                                     FILE_DEVICE_SECURE_OPEN, FALSE, &device);
    if (!NT_SUCCESS(status))
        return status;
    PDRIVE drive = device->DeviceExtension;
    drive->Self = device;
    drive->Controller = controller;
    drive->Number = number;
    device->Flags |= DO_BUFFERED_IO;
    return STATUS_SUCCESS;
}

static PCONTROLLER_OBJECT MakeController(VOID)
{
    PCONTROLLER_OBJECT controller = IoCreateController(sizeof(SHARED));
    if (controller == NULL)
        return NULL;
    PSHARED shared = controller->ControllerExtension;
    KeInitializeTimer(&shared->Timer);
    KeInitializeDpc(&shared->Dpc, TransferDone, controller);
    return controller;
}

NTSTATUS DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING registryPath)
{
    UNREFERENCED_PARAMETER(registryPath);
    driver->MajorFunction[IRP_MJ_CREATE] = CreateClose;
    driver->MajorFunction[IRP_MJ_CLOSE] = CreateClose;
    driver->MajorFunction[IRP_MJ_CLEANUP] = Cleanup;
    driver->MajorFunction[IRP_MJ_READ] = ReadWrite;
    driver->MajorFunction[IRP_MJ_WRITE] = ReadWrite;
    driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = Control;
    driver->DriverStartIo = DriveStartIo;
    driver->DriverUnload = Unload;
    PCONTROLLER_OBJECT controller = MakeController();
    if (controller == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    NTSTATUS status = STATUS_SUCCESS;
    for (ULONG i = 0; i < DRIVES && NT_SUCCESS(status); i++)
        status = CreateDrive(driver, controller, i);
    if (NT_SUCCESS(status))
        return status;
    while (driver->DeviceObject != NULL)
        IoDeleteDevice(driver->DeviceObject);
    IoDeleteController(controller);
    return status;
}
