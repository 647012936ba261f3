// SPDX-License-Identifier: MIT
//
// Entry points of the partition driver: function driver of `STORAGE\Disk`, bus driver of
// `STORAGE\Volume`.
#include "partition.h"

static NTSTATUS PartitionPnp(PDEVICE_OBJECT device, PIRP irp)
{
    PCOMMON_EXTENSION common = device->DeviceExtension;
    return common->Kind == PartitionDisk ? PartitionDiskPnp(device, irp)
                                         : PartitionVolumePnp(device, irp);
}

// A volume has no power of its own: it agrees. The disk's driver below owns the policy.
static NTSTATUS PartitionPower(PDEVICE_OBJECT device, PIRP irp)
{
    PCOMMON_EXTENSION common = device->DeviceExtension;
    UCHAR minor = IoGetCurrentIrpStackLocation(irp)->MinorFunction;
    PoStartNextPowerIrp(irp);
    if (common->Kind == PartitionDisk) {
        IoSkipCurrentIrpStackLocation(irp);
        return PoCallDriver(common->Lower, irp);
    }
    NTSTATUS status = irp->IoStatus.Status;
    if (minor == IRP_MN_SET_POWER || minor == IRP_MN_QUERY_POWER) {
        status = STATUS_SUCCESS;
    }
    irp->IoStatus.Status = status;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

static NTSTATUS PartitionSystemControl(PDEVICE_OBJECT device, PIRP irp)
{
    PCOMMON_EXTENSION common = device->DeviceExtension;
    if (common->Kind == PartitionDisk) {
        return PartitionPassDown(device, irp);
    }
    NTSTATUS status = irp->IoStatus.Status;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

// Anything else belongs to the disk, and means nothing to a volume.
static NTSTATUS PartitionOther(PDEVICE_OBJECT device, PIRP irp)
{
    PCOMMON_EXTENSION common = device->DeviceExtension;
    return common->Kind == PartitionDisk ? PartitionPassDown(device, irp)
                                         : PartitionComplete(irp, STATUS_INVALID_DEVICE_REQUEST, 0);
}

static NTSTATUS PartitionAddDevice(PDRIVER_OBJECT driver, PDEVICE_OBJECT physical)
{
    PDEVICE_OBJECT device;
    NTSTATUS status = IoCreateDevice(driver, sizeof(DISK_EXTENSION), NULL, FILE_DEVICE_DISK,
                                     FILE_DEVICE_SECURE_OPEN, FALSE, &device);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    PDISK_EXTENSION disk = device->DeviceExtension;
    disk->Common.Kind = PartitionDisk;
    disk->Self = device;
    disk->PhysicalDevice = physical;
    disk->Common.Lower = IoAttachDeviceToDeviceStack(device, physical);
    if (disk->Common.Lower == NULL) {
        IoDeleteDevice(device);
        return STATUS_NO_SUCH_DEVICE;
    }
    PDEVICE_OBJECT lower = disk->Common.Lower;
    device->Characteristics |=
        lower->Characteristics & (FILE_REMOVABLE_MEDIA | FILE_READ_ONLY_DEVICE);
    device->SectorSize = lower->SectorSize;
    device->Flags |=
        lower->Flags & (DO_BUFFERED_IO | DO_DIRECT_IO | DO_POWER_PAGABLE | DO_POWER_INRUSH);
    device->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    return STATUS_SUCCESS;
}

static VOID PartitionUnload(PDRIVER_OBJECT driver)
{
    UNREFERENCED_PARAMETER(driver);
}

DRIVER_INITIALIZE DriverEntry;

NTSTATUS DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING registry_path)
{
    UNREFERENCED_PARAMETER(registry_path);
    for (ULONG i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; i++) {
        driver->MajorFunction[i] = PartitionOther;
    }
    driver->MajorFunction[IRP_MJ_CREATE] = PartitionCreateClose;
    driver->MajorFunction[IRP_MJ_CLEANUP] = PartitionCreateClose;
    driver->MajorFunction[IRP_MJ_CLOSE] = PartitionCreateClose;
    driver->MajorFunction[IRP_MJ_READ] = PartitionReadWrite;
    driver->MajorFunction[IRP_MJ_WRITE] = PartitionReadWrite;
    driver->MajorFunction[IRP_MJ_FLUSH_BUFFERS] = PartitionForward;
    driver->MajorFunction[IRP_MJ_SHUTDOWN] = PartitionForward;
    driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = PartitionDeviceControl;
    driver->MajorFunction[IRP_MJ_PNP] = PartitionPnp;
    driver->MajorFunction[IRP_MJ_POWER] = PartitionPower;
    driver->MajorFunction[IRP_MJ_SYSTEM_CONTROL] = PartitionSystemControl;
    driver->DriverExtension->AddDevice = PartitionAddDevice;
    driver->DriverUnload = PartitionUnload;
    return STATUS_SUCCESS;
}
