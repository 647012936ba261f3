// SPDX-License-Identifier: MIT
//
// Entry and the FDO's life. The host bridge itself is started by the driver below; what START
// assigns is in abi/drivers/devicetree.h.
#include "pci.h"

static NTSTATUS start(struct fdo_extension *bus, PIRP irp)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    PCM_RESOURCE_LIST raw = location->Parameters.StartDevice.AllocatedResources;
    PCM_RESOURCE_LIST translated = location->Parameters.StartDevice.AllocatedResourcesTranslated;
    if (!IoForwardIrpSynchronously(bus->lower, irp))
        return PdoComplete(irp, STATUS_UNSUCCESSFUL);
    NTSTATUS status = irp->IoStatus.Status;
    if (NT_SUCCESS(status))
        status = HostStart(bus, raw, translated);
    return PdoComplete(irp, status);
}

static NTSTATUS remove(struct fdo_extension *bus, PIRP irp)
{
    HostRemove(bus);
    return FdoRemove(bus->self, bus->lower, irp);
}

static NTSTATUS fdo_pnp(struct fdo_extension *bus, PIRP irp)
{
    switch (IoGetCurrentIrpStackLocation(irp)->MinorFunction) {
    case IRP_MN_START_DEVICE:
        return start(bus, irp);
    case IRP_MN_REMOVE_DEVICE:
        return remove(bus, irp);
    case IRP_MN_QUERY_DEVICE_RELATIONS:
        return HostRelations(bus, irp);
    case IRP_MN_QUERY_STOP_DEVICE: // the addresses below were assigned out of this bridge's windows
        return PdoComplete(irp, STATUS_UNSUCCESSFUL);
    case IRP_MN_CANCEL_STOP_DEVICE:
    case IRP_MN_QUERY_REMOVE_DEVICE:
    case IRP_MN_CANCEL_REMOVE_DEVICE:
    case IRP_MN_SURPRISE_REMOVAL:
        irp->IoStatus.Status = STATUS_SUCCESS;
        return FdoPassDown(bus->lower, irp);
    default:
        return FdoPassDown(bus->lower, irp);
    }
}

static enum kind kind_of(PDEVICE_OBJECT device)
{
    const struct extension *extension = device->DeviceExtension;
    return extension->kind;
}

static NTSTATUS dispatch_pnp(PDEVICE_OBJECT device, PIRP irp)
{
    switch (kind_of(device)) {
    case PCI_HOST:
        return fdo_pnp(device->DeviceExtension, irp);
    case PCI_PORT:
        return PortPnp(device, irp);
    default:
        return DevicePnp(device, irp);
    }
}

static NTSTATUS dispatch_power(PDEVICE_OBJECT device, PIRP irp)
{
    if (kind_of(device) == PCI_FUNCTION)
        return DevicePower(device, irp);
    const struct fdo_extension *bus = device->DeviceExtension;
    PDEVICE_OBJECT lower = kind_of(device) == PCI_PORT ? PortLower(device) : bus->lower;
    PoStartNextPowerIrp(irp);
    IoSkipCurrentIrpStackLocation(irp);
    return PoCallDriver(lower, irp);
}

static NTSTATUS dispatch_system_control(PDEVICE_OBJECT device, PIRP irp)
{
    const struct fdo_extension *bus = device->DeviceExtension;
    if (kind_of(device) == PCI_FUNCTION)
        return PdoComplete(irp, irp->IoStatus.Status);
    return FdoPassDown(kind_of(device) == PCI_PORT ? PortLower(device) : bus->lower, irp);
}

static NTSTATUS add(PDRIVER_OBJECT driver, PDEVICE_OBJECT pdo)
{
    PDEVICE_OBJECT self;
    if (pdo->DriverObject == driver) // one of our own: only ports match
        return PortAdd(driver, pdo);
    NTSTATUS status = IoCreateDevice(driver, sizeof(struct fdo_extension), NULL,
                                     FILE_DEVICE_BUS_EXTENDER, 0, FALSE, &self);
    if (!NT_SUCCESS(status))
        return status;
    struct fdo_extension *bus = self->DeviceExtension;
    bus->common.kind = PCI_HOST;
    bus->self = self;
    bus->pdo = pdo;
    ExInitializeFastMutex(&bus->lock);
    bus->lower = IoAttachDeviceToDeviceStack(self, pdo);
    if (!bus->lower) {
        IoDeleteDevice(self);
        return STATUS_NO_SUCH_DEVICE;
    }
    self->Flags |= bus->lower->Flags & (DO_POWER_PAGABLE | DO_POWER_INRUSH);
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
    driver->MajorFunction[IRP_MJ_PNP] = dispatch_pnp;
    driver->MajorFunction[IRP_MJ_POWER] = dispatch_power;
    driver->MajorFunction[IRP_MJ_SYSTEM_CONTROL] = dispatch_system_control;
    return STATUS_SUCCESS;
}
