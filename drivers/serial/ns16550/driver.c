// SPDX-License-Identifier: MIT
//
// Entry points of the 16550 driver.
#include "port.h"

static NTSTATUS Complete(PIRP irp, NTSTATUS status)
{
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = 0;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

static NTSTATUS SerialCreateClose(PDEVICE_OBJECT device, PIRP irp)
{
    PPORT_EXTENSION port = device->DeviceExtension;
    BOOLEAN create = IoGetCurrentIrpStackLocation(irp)->MajorFunction == IRP_MJ_CREATE;
    return Complete(irp, create && !port->Started ? STATUS_DEVICE_NOT_READY : STATUS_SUCCESS);
}

// The last handle of a file is closed: what it still waits for is cancelled.
static NTSTATUS SerialCleanup(PDEVICE_OBJECT device, PIRP irp)
{
    PPORT_EXTENSION port = device->DeviceExtension;
    PFILE_OBJECT file = IoGetCurrentIrpStackLocation(irp)->FileObject;
    if (file != NULL) {
        SerialCancelQueue(&port->Reads, file);
        SerialCancelQueue(&port->Writes, file);
    }
    return Complete(irp, STATUS_SUCCESS);
}

static NTSTATUS SerialPassDown(PDEVICE_OBJECT device, PIRP irp)
{
    PPORT_EXTENSION port = device->DeviceExtension;
    IoSkipCurrentIrpStackLocation(irp);
    return IoCallDriver(port->Lower, irp);
}

static VOID SerialUnload(PDRIVER_OBJECT driver)
{
    UNREFERENCED_PARAMETER(driver);
}

DRIVER_INITIALIZE DriverEntry;

NTSTATUS DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING registry_path)
{
    UNREFERENCED_PARAMETER(registry_path);
    driver->MajorFunction[IRP_MJ_CREATE] = SerialCreateClose;
    driver->MajorFunction[IRP_MJ_CLOSE] = SerialCreateClose;
    driver->MajorFunction[IRP_MJ_CLEANUP] = SerialCleanup;
    driver->MajorFunction[IRP_MJ_READ] = SerialReadWriteFlush;
    driver->MajorFunction[IRP_MJ_WRITE] = SerialReadWriteFlush;
    driver->MajorFunction[IRP_MJ_FLUSH_BUFFERS] = SerialReadWriteFlush;
    driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = SerialDeviceControl;
    driver->MajorFunction[IRP_MJ_PNP] = SerialPnp;
    driver->MajorFunction[IRP_MJ_POWER] = SerialPower;
    driver->MajorFunction[IRP_MJ_SYSTEM_CONTROL] = SerialPassDown;
    driver->DriverExtension->AddDevice = SerialAddDevice;
    driver->DriverUnload = SerialUnload;
    return STATUS_SUCCESS;
}
