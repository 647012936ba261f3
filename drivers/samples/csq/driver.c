// SPDX-License-Identifier: MIT
//
// Reads that wait in a cancel-safe queue until a system thread serves them. Each read returns a
// serial number of 32 bits.

#include "csq.h"

DRIVER_INITIALIZE DriverEntry;

static NTSTATUS Complete(PIRP irp, NTSTATUS status)
{
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = 0;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

// The IRP belongs to the queue as soon as it is inserted: it may be completed, and gone, before
// IoCsqInsertIrp returns. IoCsqInsertIrp marks it pending, therefore STATUS_PENDING is returned.
static NTSTATUS Read(PDEVICE_OBJECT device, PIRP irp)
{
    PCSQ_EXTENSION extension = device->DeviceExtension;
    if (IoGetCurrentIrpStackLocation(irp)->Parameters.Read.Length < sizeof(ULONG))
        return Complete(irp, STATUS_BUFFER_TOO_SMALL);
    IoCsqInsertIrp(&extension->Csq, irp, NULL);
    KeReleaseSemaphore(&extension->Waiting, IO_NO_INCREMENT, 1, FALSE);
    return STATUS_PENDING;
}

// The last handle of a file is closed: what it still waits for is given up. The device itself may
// stay open through other files, whose requests stay in the queue.
static NTSTATUS Cleanup(PDEVICE_OBJECT device, PIRP irp)
{
    PCSQ_EXTENSION extension = device->DeviceExtension;
    PFILE_OBJECT file = IoGetCurrentIrpStackLocation(irp)->FileObject;
    PIRP waiting;
    while (file != NULL && (waiting = IoCsqRemoveNextIrp(&extension->Csq, file)) != NULL)
        (void)Complete(waiting, STATUS_CANCELLED);
    return Complete(irp, STATUS_SUCCESS);
}

static NTSTATUS CreateClose(PDEVICE_OBJECT device, PIRP irp)
{
    UNREFERENCED_PARAMETER(device);
    return Complete(irp, STATUS_SUCCESS);
}

static VOID Unload(PDRIVER_OBJECT driver)
{
    UNICODE_STRING link = RTL_CONSTANT_STRING(CSQ_LINK_NAME);
    CsqStopThread(driver->DeviceObject->DeviceExtension);
    IoDeleteSymbolicLink(&link);
    IoDeleteDevice(driver->DeviceObject);
}

// What can fail is done in an order in which each step is easily undone.
static NTSTATUS MakeReady(PDEVICE_OBJECT device, PUNICODE_STRING name)
{
    UNICODE_STRING link = RTL_CONSTANT_STRING(CSQ_LINK_NAME);
    PCSQ_EXTENSION extension = device->DeviceExtension;
    NTSTATUS status = CsqInitializeQueue(extension);
    if (!NT_SUCCESS(status))
        return status;
    status = IoCreateSymbolicLink(&link, name);
    if (!NT_SUCCESS(status))
        return status;
    status = CsqStartThread(extension);
    if (!NT_SUCCESS(status))
        IoDeleteSymbolicLink(&link);
    return status;
}

NTSTATUS DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING registryPath)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(CSQ_DEVICE_NAME);
    PDEVICE_OBJECT device;
    UNREFERENCED_PARAMETER(registryPath);
    driver->MajorFunction[IRP_MJ_CREATE] = CreateClose;
    driver->MajorFunction[IRP_MJ_CLOSE] = CreateClose;
    driver->MajorFunction[IRP_MJ_CLEANUP] = Cleanup;
    driver->MajorFunction[IRP_MJ_READ] = Read;
    driver->DriverUnload = Unload;
    NTSTATUS status = IoCreateDevice(driver, sizeof(CSQ_EXTENSION), &name, FILE_DEVICE_UNKNOWN,
                                     FILE_DEVICE_SECURE_OPEN, FALSE, &device);
    if (!NT_SUCCESS(status))
        return status;
    device->Flags |= DO_BUFFERED_IO;
    status = MakeReady(device, &name);
    if (!NT_SUCCESS(status))
        IoDeleteDevice(device);
    return status;
}
