// SPDX-License-Identifier: MIT
//
// toastbus: entry points, opening, and the control requests with which toasters come and go.
#include "bus.h"

#define INITGUID
#include <guiddef.h>

DRIVER_INITIALIZE DriverEntry;

static const GUID BusClass = TOASTER_BUS_CLASS;

static BOOLEAN IsBus(PDEVICE_OBJECT device)
{
    return ((COMMON_EXTENSION *)device->DeviceExtension)->IsBus;
}

static NTSTATUS CreateClose(PDEVICE_OBJECT device, PIRP irp)
{
    irp->IoStatus.Information = 0;
    // The PDO has no use for handles of its own: a toaster is opened through its function driver.
    return PdoComplete(irp, IsBus(device) ? STATUS_SUCCESS : STATUS_INVALID_DEVICE_REQUEST);
}

static NTSTATUS Control(PBUS_EXTENSION bus, PIO_STACK_LOCATION location, const TOASTER_SLOT *slot)
{
    if (location->Parameters.DeviceIoControl.InputBufferLength < sizeof(*slot))
        return STATUS_INVALID_PARAMETER;
    if (slot->Number == 0 || slot->Number > TOASTER_SLOTS)
        return STATUS_INVALID_PARAMETER;
    switch (location->Parameters.DeviceIoControl.IoControlCode) {
    case IOCTL_TOASTER_PLUG_IN:
        return SlotPlugIn(bus, slot->Number);
    case IOCTL_TOASTER_UNPLUG:
        return SlotUnplug(bus, slot->Number);
    case IOCTL_TOASTER_EJECT:
        return SlotEject(bus, slot->Number);
    default:
        return STATUS_INVALID_DEVICE_REQUEST;
    }
}

// The remove lock keeps the bus there as long as a request uses it.
static NTSTATUS DeviceControl(PDEVICE_OBJECT device, PIRP irp)
{
    PBUS_EXTENSION bus = device->DeviceExtension;
    irp->IoStatus.Information = 0;
    if (!IsBus(device))
        return PdoComplete(irp, STATUS_INVALID_DEVICE_REQUEST);
    NTSTATUS status = IoAcquireRemoveLock(&bus->RemoveLock, irp);
    if (!NT_SUCCESS(status))
        return PdoComplete(irp, status);
    status = bus->Started
                 ? Control(bus, IoGetCurrentIrpStackLocation(irp), irp->AssociatedIrp.SystemBuffer)
                 : STATUS_DEVICE_NOT_READY;
    (VOID) PdoComplete(irp, status);
    IoReleaseRemoveLock(&bus->RemoveLock, irp);
    return status;
}

static NTSTATUS Pnp(PDEVICE_OBJECT device, PIRP irp)
{
    return IsBus(device) ? BusPnp(device, irp) : SlotPnp(device, irp);
}

// The bus has no power to switch; a slot notes its state, as every PDO does.
static NTSTATUS Power(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    PBUS_EXTENSION bus = device->DeviceExtension;
    if (IsBus(device)) {
        PoStartNextPowerIrp(irp);
        IoSkipCurrentIrpStackLocation(irp);
        return PoCallDriver(bus->Lower, irp);
    }
    PoStartNextPowerIrp(irp);
    if (location->MinorFunction != IRP_MN_SET_POWER &&
        location->MinorFunction != IRP_MN_QUERY_POWER)
        return PdoComplete(irp, irp->IoStatus.Status); // WAIT_WAKE: left alone
    if (location->MinorFunction == IRP_MN_SET_POWER &&
        location->Parameters.Power.Type == DevicePowerState)
        PoSetPowerState(device, DevicePowerState, location->Parameters.Power.State);
    return PdoComplete(irp, STATUS_SUCCESS);
}

static NTSTATUS SystemControl(PDEVICE_OBJECT device, PIRP irp)
{
    PBUS_EXTENSION bus = device->DeviceExtension;
    return IsBus(device) ? FdoPassDown(bus->Lower, irp) : PdoComplete(irp, irp->IoStatus.Status);
}

static NTSTATUS AddDevice(PDRIVER_OBJECT driver, PDEVICE_OBJECT physical)
{
    PDEVICE_OBJECT device;
    NTSTATUS status = IoCreateDevice(driver, sizeof(BUS_EXTENSION), NULL, FILE_DEVICE_BUS_EXTENDER,
                                     FILE_DEVICE_SECURE_OPEN, FALSE, &device);
    if (!NT_SUCCESS(status))
        return status;
    PBUS_EXTENSION bus = device->DeviceExtension;
    bus->Common = (COMMON_EXTENSION){device, TRUE};
    bus->Physical = physical;
    IoInitializeRemoveLock(&bus->RemoveLock, PDO_TAG, 0, 0);
    ExInitializeFastMutex(&bus->Mutex);
    bus->Lower = IoAttachDeviceToDeviceStack(device, physical);
    status = bus->Lower != NULL
                 ? IoRegisterDeviceInterface(physical, &BusClass, NULL, &bus->Interface)
                 : STATUS_NO_SUCH_DEVICE;
    if (!NT_SUCCESS(status)) {
        if (bus->Lower != NULL)
            IoDetachDevice(bus->Lower);
        IoDeleteDevice(device);
        return status;
    }
    device->Flags |= DO_BUFFERED_IO | (bus->Lower->Flags & DO_POWER_PAGABLE);
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
    driver->MajorFunction[IRP_MJ_CREATE] = CreateClose;
    driver->MajorFunction[IRP_MJ_CLOSE] = CreateClose;
    driver->MajorFunction[IRP_MJ_CLEANUP] = CreateClose;
    driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = DeviceControl;
    driver->MajorFunction[IRP_MJ_PNP] = Pnp;
    driver->MajorFunction[IRP_MJ_POWER] = Power;
    driver->MajorFunction[IRP_MJ_SYSTEM_CONTROL] = SystemControl;
    driver->DriverExtension->AddDevice = AddDevice;
    driver->DriverUnload = Unload;
    return STATUS_SUCCESS;
}
