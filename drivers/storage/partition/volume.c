// SPDX-License-Identifier: MIT
//
// A partition's physical device: its identification and its PnP states. It is the bottom of its
// stack, so it completes every PnP IRP, and leaves the status of those it does not know.
#include "partition.h"

#include <ntstrsafe.h>

#define VOLUME_NUMBER_MAX 65535u
#define ID_CHARS          48

// Gives the PnP manager a string of `chars` characters, zeros included.
static NTSTATUS AnswerText(PIRP irp, const WCHAR *text, SIZE_T chars)
{
    WCHAR *copy = ExAllocatePool2(POOL_FLAG_PAGED, chars * sizeof(WCHAR), PARTITION_TAG);
    if (copy == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    RtlCopyMemory(copy, text, chars * sizeof(WCHAR));
    irp->IoStatus.Information = (ULONG_PTR)copy;
    return STATUS_SUCCESS;
}

// The byte offset in hexadecimal: unique among the volumes of a disk, and the same at each boot.
static NTSTATUS AnswerInstanceId(const VOLUME_EXTENSION *volume, PIRP irp)
{
    WCHAR text[17];
    for (ULONG i = 0; i < 16; i++) {
        text[i] = L"0123456789abcdef"[volume->Offset >> (60 - 4 * i) & 15];
    }
    text[16] = 0;
    return AnswerText(irp, text, ARRAYSIZE(text));
}

static NTSTATUS QueryId(const VOLUME_EXTENSION *volume, PIRP irp)
{
    // A list ends with an empty string: the literal's own zero is the second one.
    static const WCHAR ids[] = L"STORAGE\\Volume\0";
    switch (IoGetCurrentIrpStackLocation(irp)->Parameters.QueryId.IdType) {
    case BusQueryDeviceID:
        return AnswerText(irp, ids, ARRAYSIZE(ids) - 1);
    case BusQueryHardwareIDs:
        return AnswerText(irp, ids, ARRAYSIZE(ids));
    case BusQueryInstanceID:
        return AnswerInstanceId(volume, irp);
    default:
        return irp->IoStatus.Status;
    }
}

static NTSTATUS QueryText(const VOLUME_EXTENSION *volume, PIRP irp)
{
    WCHAR text[ID_CHARS];
    NTSTATUS status = STATUS_SUCCESS;
    if (IoGetCurrentIrpStackLocation(irp)->Parameters.QueryDeviceText.DeviceTextType ==
        DeviceTextDescription) {
        static const WCHAR description[] = L"Volume";
        return AnswerText(irp, description, ARRAYSIZE(description));
    }
    status = RtlStringCchPrintfW(text, ARRAYSIZE(text), L"partition %u", volume->Partition.number);
    return NT_SUCCESS(status) ? AnswerText(irp, text, ARRAYSIZE(text)) : status;
}

static NTSTATUS QueryCapabilities(const VOLUME_EXTENSION *volume, PIRP irp)
{
    PDEVICE_CAPABILITIES capabilities =
        IoGetCurrentIrpStackLocation(irp)->Parameters.DeviceCapabilities.Capabilities;
    if (capabilities->Version != 1 || capabilities->Size < sizeof(DEVICE_CAPABILITIES)) {
        return STATUS_UNSUCCESSFUL;
    }
    capabilities->RawDeviceOK = 1; // a volume needs no function driver
    capabilities->SilentInstall = 1;
    capabilities->UniqueID = 0;
    capabilities->Address = volume->Partition.number;
    capabilities->UINumber = (ULONG)-1;
    for (ULONG i = 0; i < POWER_SYSTEM_MAXIMUM; i++) {
        capabilities->DeviceState[i] = PowerDeviceD3;
    }
    capabilities->DeviceState[PowerSystemWorking] = PowerDeviceD0;
    return STATUS_SUCCESS;
}

static NTSTATUS QueryTargetRelation(PDEVICE_OBJECT device, PIRP irp)
{
    if (IoGetCurrentIrpStackLocation(irp)->Parameters.QueryDeviceRelations.Type !=
        TargetDeviceRelation) {
        return irp->IoStatus.Status;
    }
    PDEVICE_RELATIONS list = ExAllocatePool2(POOL_FLAG_PAGED, sizeof(*list), PARTITION_TAG);
    if (list == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    ObReferenceObject(device);
    list->Count = 1;
    list->Objects[0] = device;
    irp->IoStatus.Information = (ULONG_PTR)list;
    return STATUS_SUCCESS;
}

static NTSTATUS SetState(PVOLUME_EXTENSION volume, PARTITION_STATE state)
{
    volume->Common.State = state;
    volume->Limit = state == PartitionStarted ? volume->Length : 0;
    return STATUS_SUCCESS;
}

static NTSTATUS HandlePnp(PDEVICE_OBJECT device, PIRP irp)
{
    PVOLUME_EXTENSION volume = device->DeviceExtension;
    switch (IoGetCurrentIrpStackLocation(irp)->MinorFunction) {
    case IRP_MN_START_DEVICE:
        return SetState(volume, PartitionStarted);
    case IRP_MN_STOP_DEVICE:
        return SetState(volume, PartitionStopped);
    case IRP_MN_SURPRISE_REMOVAL:
        return SetState(volume, PartitionSurpriseRemoved);
    case IRP_MN_REMOVE_DEVICE:
        return SetState(volume, PartitionRemoved);
    case IRP_MN_QUERY_STOP_DEVICE:
    case IRP_MN_CANCEL_STOP_DEVICE:
    case IRP_MN_QUERY_REMOVE_DEVICE:
    case IRP_MN_CANCEL_REMOVE_DEVICE:
    case IRP_MN_DEVICE_USAGE_NOTIFICATION:
        return STATUS_SUCCESS;
    case IRP_MN_QUERY_PNP_DEVICE_STATE:
        irp->IoStatus.Information = 0;
        return STATUS_SUCCESS;
    case IRP_MN_QUERY_ID:
        return QueryId(volume, irp);
    case IRP_MN_QUERY_DEVICE_TEXT:
        return QueryText(volume, irp);
    case IRP_MN_QUERY_CAPABILITIES:
        return QueryCapabilities(volume, irp);
    case IRP_MN_QUERY_DEVICE_RELATIONS:
        return QueryTargetRelation(device, irp);
    default:
        return irp->IoStatus.Status;
    }
}

NTSTATUS PartitionVolumePnp(PDEVICE_OBJECT device, PIRP irp)
{
    PVOLUME_EXTENSION volume = device->DeviceExtension;
    NTSTATUS status = HandlePnp(device, irp);
    BOOLEAN gone = volume->Common.State == PartitionRemoved && !volume->Listed;
    irp->IoStatus.Status = status;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    if (gone) {
        IoDeleteDevice(device);
    }
    return status;
}

VOID PartitionReleaseVolume(PDEVICE_OBJECT device)
{
    PVOLUME_EXTENSION volume = device->DeviceExtension;
    volume->Listed = FALSE;
    if (volume->Common.State == PartitionNotStarted || volume->Common.State == PartitionRemoved) {
        IoDeleteDevice(device);
    } else {
        (void)SetState(volume, PartitionSurpriseRemoved);
    }
}

static NTSTATUS CreateNamedDevice(PDRIVER_OBJECT driver, PDEVICE_OBJECT *device)
{
    for (ULONG number = 1; number <= VOLUME_NUMBER_MAX; number++) {
        WCHAR text[ID_CHARS];
        UNICODE_STRING name;
        NTSTATUS status =
            RtlStringCchPrintfW(text, ARRAYSIZE(text), L"\\Device\\HarddiskVolume%u", number);
        if (!NT_SUCCESS(status)) {
            return status;
        }
        RtlInitUnicodeString(&name, text);
        status = IoCreateDevice(driver, sizeof(VOLUME_EXTENSION), &name, FILE_DEVICE_DISK,
                                FILE_DEVICE_SECURE_OPEN, FALSE, device);
        if (status != STATUS_OBJECT_NAME_COLLISION && status != STATUS_OBJECT_NAME_EXISTS) {
            return status;
        }
    }
    return STATUS_OBJECT_NAME_COLLISION;
}

NTSTATUS PartitionCreateVolume(PDISK_EXTENSION disk, PDRIVER_OBJECT driver,
                               const struct table *table, const struct table_partition *partition)
{
    PDEVICE_OBJECT device;
    PDEVICE_OBJECT lower = disk->Common.Lower;
    NTSTATUS status = CreateNamedDevice(driver, &device);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    PVOLUME_EXTENSION volume = device->DeviceExtension;
    volume->Common.Kind = PartitionVolume;
    volume->Common.Lower = lower;
    volume->Offset = partition->first * disk->SectorSize;
    volume->Length = partition->sectors * disk->SectorSize;
    volume->SectorMask = disk->SectorSize - 1;
    volume->Listed = TRUE;
    volume->Style = table->style;
    volume->Partition = *partition;
    // Requests go on to the disk with the same IRP: it needs the disk's locations as well.
    device->StackSize = (CCHAR)(lower->StackSize + 1);
    device->AlignmentRequirement = lower->AlignmentRequirement;
    device->Characteristics |=
        lower->Characteristics & (FILE_REMOVABLE_MEDIA | FILE_READ_ONLY_DEVICE);
    device->SectorSize = (USHORT)disk->SectorSize;
    device->Flags |= DO_DIRECT_IO | DO_POWER_PAGABLE;
    device->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    disk->Volumes[disk->VolumeCount++] = device;
    return STATUS_SUCCESS;
}
