// SPDX-License-Identifier: MIT
//
// The function device on a disk: PnP. START goes down first and is handled on the way back;
// removal is handled on the way down.
#include "partition.h"

static NTSTATUS StartDisk(PDEVICE_OBJECT device, PIRP irp)
{
    PDISK_EXTENSION disk = device->DeviceExtension;
    IoCopyCurrentIrpStackLocationToNext(irp);
    NTSTATUS status = STATUS_UNSUCCESSFUL;
    if (IoForwardIrpSynchronously(disk->Common.Lower, irp)) {
        status = irp->IoStatus.Status;
    }
    // A restart after STOP finds the volumes of the first start.
    if (NT_SUCCESS(status) && disk->Common.State == PartitionNotStarted) {
        status = PartitionScan(disk, device->DriverObject);
    }
    if (NT_SUCCESS(status)) {
        disk->Common.State = PartitionStarted;
    }
    return PartitionComplete(irp, status, 0);
}

// Lists the volumes, keeping what an upper driver listed before.
static NTSTATUS QueryBusRelations(PDISK_EXTENSION disk, PIRP irp)
{
    PDEVICE_RELATIONS old = (PDEVICE_RELATIONS)irp->IoStatus.Information;
    ULONG before = old != NULL ? old->Count : 0;
    SIZE_T bytes =
        sizeof(DEVICE_RELATIONS) + ((SIZE_T)before + disk->VolumeCount) * sizeof(PDEVICE_OBJECT);
    PDEVICE_RELATIONS list = ExAllocatePool2(POOL_FLAG_PAGED, bytes, PARTITION_TAG);
    if (list == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    for (ULONG i = 0; i < before; i++) {
        list->Objects[list->Count++] = old->Objects[i];
    }
    for (ULONG i = 0; i < disk->VolumeCount; i++) {
        ObReferenceObject(disk->Volumes[i]);
        list->Objects[list->Count++] = disk->Volumes[i];
    }
    if (old != NULL) {
        ExFreePool(old);
    }
    irp->IoStatus.Information = (ULONG_PTR)list;
    return STATUS_SUCCESS;
}

static NTSTATUS QueryRelations(PDEVICE_OBJECT device, PIRP irp)
{
    PDISK_EXTENSION disk = device->DeviceExtension;
    DEVICE_RELATION_TYPE type =
        IoGetCurrentIrpStackLocation(irp)->Parameters.QueryDeviceRelations.Type;
    if (type == BusRelations) {
        NTSTATUS status = QueryBusRelations(disk, irp);
        if (!NT_SUCCESS(status)) {
            return PartitionComplete(irp, status, 0);
        }
        irp->IoStatus.Status = status;
    }
    return PartitionPassDown(device, irp);
}

static NTSTATUS RemoveDisk(PDEVICE_OBJECT device, PIRP irp)
{
    PDISK_EXTENSION disk = device->DeviceExtension;
    PDEVICE_OBJECT lower = disk->Common.Lower;
    disk->Common.State = PartitionRemoved;
    for (ULONG i = 0; i < disk->VolumeCount; i++) {
        PartitionReleaseVolume(disk->Volumes[i]);
    }
    disk->VolumeCount = 0;
    irp->IoStatus.Status = STATUS_SUCCESS;
    NTSTATUS status = PartitionPassDown(device, irp);
    IoDetachDevice(lower);
    IoDeleteDevice(device);
    return status;
}

NTSTATUS PartitionDiskPnp(PDEVICE_OBJECT device, PIRP irp)
{
    PDISK_EXTENSION disk = device->DeviceExtension;
    switch (IoGetCurrentIrpStackLocation(irp)->MinorFunction) {
    case IRP_MN_START_DEVICE:
        return StartDisk(device, irp);
    case IRP_MN_QUERY_DEVICE_RELATIONS:
        return QueryRelations(device, irp);
    case IRP_MN_REMOVE_DEVICE:
        return RemoveDisk(device, irp);
    case IRP_MN_STOP_DEVICE:
        disk->Common.State = PartitionStopped;
        irp->IoStatus.Status = STATUS_SUCCESS;
        break;
    case IRP_MN_SURPRISE_REMOVAL:
        disk->Common.State = PartitionSurpriseRemoved;
        irp->IoStatus.Status = STATUS_SUCCESS;
        break;
    case IRP_MN_QUERY_STOP_DEVICE:
    case IRP_MN_CANCEL_STOP_DEVICE:
    case IRP_MN_QUERY_REMOVE_DEVICE:
    case IRP_MN_CANCEL_REMOVE_DEVICE:
        irp->IoStatus.Status = STATUS_SUCCESS;
        break;
    default:
        break; // the status stays what it is
    }
    return PartitionPassDown(device, irp);
}
