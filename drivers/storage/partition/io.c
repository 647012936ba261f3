// SPDX-License-Identifier: MIT
//
// Reads, writes and controls. A transfer on a volume is checked, moved by the volume's offset in
// its own stack location, and handed on with that location: no allocation, no completion routine.
#include "partition.h"

NTSTATUS PartitionComplete(PIRP irp, NTSTATUS status, ULONG_PTR information)
{
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = information;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

NTSTATUS PartitionPassDown(PDEVICE_OBJECT device, PIRP irp)
{
    PCOMMON_EXTENSION common = device->DeviceExtension;
    IoSkipCurrentIrpStackLocation(irp);
    return IoCallDriver(common->Lower, irp);
}

static NTSTATUS StateStatus(const COMMON_EXTENSION *common)
{
    switch (common->State) {
    case PartitionStarted:
        return STATUS_SUCCESS;
    case PartitionSurpriseRemoved:
    case PartitionRemoved:
        return STATUS_NO_SUCH_DEVICE;
    default:
        return STATUS_DEVICE_NOT_READY;
    }
}

// The volume is not started, or the range is misaligned or reaches behind its end.
static NTSTATUS RefuseTransfer(const COMMON_EXTENSION *common, PIRP irp)
{
    NTSTATUS status = StateStatus(common);
    return PartitionComplete(irp, NT_SUCCESS(status) ? STATUS_INVALID_PARAMETER : status, 0);
}

NTSTATUS PartitionReadWrite(PDEVICE_OBJECT device, PIRP irp)
{
    PVOLUME_EXTENSION volume = device->DeviceExtension;
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    // READ and WRITE have the same layout. A negative offset is a huge one here, and refused.
    ULONGLONG offset = (ULONGLONG)location->Parameters.Read.ByteOffset.QuadPart;
    ULONG length = location->Parameters.Read.Length;
    if (volume->Common.Kind == PartitionVolume) {
        if (offset > volume->Limit || length > volume->Limit - offset ||
            ((offset | length) & volume->SectorMask) != 0 || volume->Limit == 0) {
            return RefuseTransfer(&volume->Common, irp);
        }
        location->Parameters.Read.ByteOffset.QuadPart = (LONGLONG)(volume->Offset + offset);
    }
    IoSkipCurrentIrpStackLocation(irp);
    return IoCallDriver(volume->Common.Lower, irp);
}

NTSTATUS PartitionForward(PDEVICE_OBJECT device, PIRP irp)
{
    PCOMMON_EXTENSION common = device->DeviceExtension;
    NTSTATUS status = StateStatus(common);
    if (common->Kind == PartitionVolume && !NT_SUCCESS(status)) {
        return PartitionComplete(irp, status, 0);
    }
    return PartitionPassDown(device, irp);
}

NTSTATUS PartitionCreateClose(PDEVICE_OBJECT device, PIRP irp)
{
    PCOMMON_EXTENSION common = device->DeviceExtension;
    if (common->Kind == PartitionDisk) {
        return PartitionPassDown(device, irp);
    }
    BOOLEAN create = IoGetCurrentIrpStackLocation(irp)->MajorFunction == IRP_MJ_CREATE;
    return PartitionComplete(irp, create ? StateStatus(common) : STATUS_SUCCESS, 0);
}

static GUID ToGuid(const struct table_guid *guid)
{
    GUID result;
    C_ASSERT(sizeof(result) == sizeof(guid->bytes));
    RtlCopyMemory(&result, guid->bytes, sizeof(result));
    return result;
}

static VOID FillPartitionInfoEx(const VOLUME_EXTENSION *volume, PPARTITION_INFORMATION_EX info)
{
    const struct table_partition *p = &volume->Partition;
    RtlZeroMemory(info, sizeof(*info));
    info->StartingOffset.QuadPart = (LONGLONG)volume->Offset;
    info->PartitionLength.QuadPart = (LONGLONG)volume->Length;
    info->PartitionNumber = p->number;
    if (volume->Style == TABLE_STYLE_GPT) {
        info->PartitionStyle = PARTITION_STYLE_GPT;
        info->Gpt.PartitionType = ToGuid(&p->type);
        info->Gpt.PartitionId = ToGuid(&p->id);
        info->Gpt.Attributes = p->attributes;
        RtlCopyMemory(info->Gpt.Name, p->name, sizeof(info->Gpt.Name));
        return;
    }
    info->PartitionStyle =
        volume->Style == TABLE_STYLE_MBR ? PARTITION_STYLE_MBR : PARTITION_STYLE_RAW;
    info->Mbr.PartitionType = p->mbr_type;
    info->Mbr.BootIndicator = p->active;
    info->Mbr.RecognizedPartition = IsRecognizedPartition(p->mbr_type);
    info->Mbr.HiddenSectors = (ULONG)p->first;
}

// The older structure knows MBR partitions only, as documented.
static NTSTATUS FillPartitionInfo(const VOLUME_EXTENSION *volume, PPARTITION_INFORMATION info)
{
    if (volume->Style == TABLE_STYLE_GPT) {
        return STATUS_INVALID_DEVICE_REQUEST;
    }
    RtlZeroMemory(info, sizeof(*info));
    info->StartingOffset.QuadPart = (LONGLONG)volume->Offset;
    info->PartitionLength.QuadPart = (LONGLONG)volume->Length;
    info->HiddenSectors = (ULONG)volume->Partition.first;
    info->PartitionNumber = volume->Partition.number;
    info->PartitionType = volume->Partition.mbr_type;
    info->BootIndicator = volume->Partition.active;
    info->RecognizedPartition = IsRecognizedPartition(volume->Partition.mbr_type);
    return STATUS_SUCCESS;
}

// Answers into the system buffer; *bytes gets the size of the answer.
static NTSTATUS AnswerControl(const VOLUME_EXTENSION *volume, PIRP irp, ULONG code, ULONG room,
                              ULONG_PTR *bytes)
{
    union {
        PARTITION_INFORMATION_EX Extended;
        PARTITION_INFORMATION Information;
        GET_LENGTH_INFORMATION Length;
    } answer;
    NTSTATUS status = STATUS_SUCCESS;
    ULONG size;
    if (code == IOCTL_DISK_GET_PARTITION_INFO_EX) {
        FillPartitionInfoEx(volume, &answer.Extended);
        size = sizeof(answer.Extended);
    } else if (code == IOCTL_DISK_GET_PARTITION_INFO) {
        status = FillPartitionInfo(volume, &answer.Information);
        size = sizeof(answer.Information);
    } else {
        answer.Length.Length.QuadPart = (LONGLONG)volume->Length;
        size = sizeof(answer.Length);
    }
    if (NT_SUCCESS(status) && room < size) {
        status = STATUS_BUFFER_TOO_SMALL;
    }
    if (NT_SUCCESS(status)) {
        RtlCopyMemory(irp->AssociatedIrp.SystemBuffer, &answer, size);
        *bytes = size;
    }
    return status;
}

static NTSTATUS VolumeControl(PDEVICE_OBJECT device, PIRP irp)
{
    PVOLUME_EXTENSION volume = device->DeviceExtension;
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    ULONG code = location->Parameters.DeviceIoControl.IoControlCode;
    ULONG room = location->Parameters.DeviceIoControl.OutputBufferLength;
    ULONG_PTR bytes = 0;
    switch (code) {
    case IOCTL_DISK_GET_PARTITION_INFO_EX:
    case IOCTL_DISK_GET_PARTITION_INFO:
    case IOCTL_DISK_GET_LENGTH_INFO: {
        NTSTATUS status = AnswerControl(volume, irp, code, room, &bytes);
        return PartitionComplete(irp, status, bytes);
    }
    // What is true of the whole disk and names no place on it.
    case IOCTL_DISK_GET_DRIVE_GEOMETRY:
    case IOCTL_DISK_GET_DRIVE_GEOMETRY_EX:
    case IOCTL_DISK_IS_WRITABLE:
    case IOCTL_DISK_CHECK_VERIFY:
    case IOCTL_DISK_GET_CACHE_INFORMATION:
    case IOCTL_STORAGE_CHECK_VERIFY:
    case IOCTL_STORAGE_CHECK_VERIFY2:
    case IOCTL_STORAGE_QUERY_PROPERTY:
    case IOCTL_STORAGE_GET_HOTPLUG_INFO:
        return PartitionPassDown(device, irp);
    default:
        return PartitionComplete(irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    }
}

NTSTATUS PartitionDeviceControl(PDEVICE_OBJECT device, PIRP irp)
{
    PCOMMON_EXTENSION common = device->DeviceExtension;
    if (common->Kind == PartitionDisk) {
        return PartitionPassDown(device, irp);
    }
    NTSTATUS status = StateStatus(common);
    return NT_SUCCESS(status) ? VolumeControl(device, irp) : PartitionComplete(irp, status, 0);
}
