// SPDX-License-Identifier: MIT
//
// toaster: entry points and requests of applications.
#include "toaster.h"

DRIVER_INITIALIZE DriverEntry;

static const GUID ToasterClass = TOASTER_CLASS;

NTSTATUS ToasterComplete(PIRP irp, NTSTATUS status, ULONG_PTR information)
{
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = information;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

// From the remove-pending state on nobody else may open it. There is nothing to do for a handle.
static NTSTATUS Create(PDEVICE_OBJECT device, PIRP irp)
{
    TOASTER_STATE state = ToasterState(device->DeviceExtension);
    BOOLEAN refused = state >= RemovePending || state == NotStarted;
    return ToasterComplete(irp, refused ? STATUS_DELETE_PENDING : STATUS_SUCCESS, 0);
}

static NTSTATUS Close(PDEVICE_OBJECT device, PIRP irp)
{
    UNREFERENCED_PARAMETER(device);
    return ToasterComplete(irp, STATUS_SUCCESS, 0);
}

// The last handle of a file is closed: what still waits for it is given up.
static NTSTATUS Cleanup(PDEVICE_OBJECT device, PIRP irp)
{
    ToasterFailQueue(device->DeviceExtension, IoGetCurrentIrpStackLocation(irp)->FileObject,
                     STATUS_CANCELLED);
    return ToasterComplete(irp, STATUS_SUCCESS, 0);
}

// Fails with STATUS_DELETE_PENDING once the device is being removed.
static NTSTATUS Control(PDEVICE_OBJECT device, PIRP irp)
{
    PTOASTER_EXTENSION toaster = device->DeviceExtension;
    NTSTATUS status = IoAcquireRemoveLock(&toaster->RemoveLock, irp);
    if (!NT_SUCCESS(status))
        return ToasterComplete(irp, status, 0);
    return ToasterServeOrKeep(toaster, irp);
}

static NTSTATUS SystemControl(PDEVICE_OBJECT device, PIRP irp)
{
    PTOASTER_EXTENSION toaster = device->DeviceExtension;
    IoSkipCurrentIrpStackLocation(irp);
    return IoCallDriver(toaster->Lower, irp);
}

static VOID InitializeExtension(PTOASTER_EXTENSION toaster, PDEVICE_OBJECT device,
                                PDEVICE_OBJECT physical)
{
    toaster->Self = device;
    toaster->Physical = physical;
    toaster->SystemPower = PowerSystemWorking;
    toaster->DevicePower = PowerDeviceD3; // D0 comes with START
    IoInitializeRemoveLock(&toaster->RemoveLock, TOASTER_TAG, 0, 0);
}

static NTSTATUS MakeReady(PTOASTER_EXTENSION toaster)
{
    NTSTATUS status = ToasterInitializeQueue(toaster);
    if (!NT_SUCCESS(status))
        return status;
    toaster->Lower = IoAttachDeviceToDeviceStack(toaster->Self, toaster->Physical);
    if (toaster->Lower == NULL)
        return STATUS_NO_SUCH_DEVICE;
    // Registered here, enabled in START: others open the toaster by this name.
    status = IoRegisterDeviceInterface(toaster->Physical, &ToasterClass, NULL, &toaster->Interface);
    if (!NT_SUCCESS(status))
        IoDetachDevice(toaster->Lower);
    return status;
}

static NTSTATUS AddDevice(PDRIVER_OBJECT driver, PDEVICE_OBJECT physical)
{
    PDEVICE_OBJECT device;
    NTSTATUS status = IoCreateDevice(driver, sizeof(TOASTER_EXTENSION), NULL, FILE_DEVICE_UNKNOWN,
                                     FILE_DEVICE_SECURE_OPEN, FALSE, &device);
    if (!NT_SUCCESS(status))
        return status;
    PTOASTER_EXTENSION toaster = device->DeviceExtension;
    InitializeExtension(toaster, device, physical);
    status = MakeReady(toaster);
    if (!NT_SUCCESS(status)) {
        IoDeleteDevice(device);
        return status;
    }
    device->Flags |= DO_BUFFERED_IO | DO_POWER_PAGABLE;
    device->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    return STATUS_SUCCESS;
}

static VOID Unload(PDRIVER_OBJECT driver)
{
    UNREFERENCED_PARAMETER(driver); // every device is gone by now
}

NTSTATUS DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING registryPath)
{
    UNREFERENCED_PARAMETER(registryPath);
    driver->MajorFunction[IRP_MJ_CREATE] = Create;
    driver->MajorFunction[IRP_MJ_CLOSE] = Close;
    driver->MajorFunction[IRP_MJ_CLEANUP] = Cleanup;
    driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = Control;
    driver->MajorFunction[IRP_MJ_PNP] = ToasterPnp;
    driver->MajorFunction[IRP_MJ_POWER] = ToasterPower;
    driver->MajorFunction[IRP_MJ_SYSTEM_CONTROL] = SystemControl;
    driver->DriverExtension->AddDevice = AddDevice;
    driver->DriverUnload = Unload;
    return STATUS_SUCCESS;
}
