// SPDX-License-Identifier: MIT
//
// IRP_MJ_QUERY_VOLUME_INFORMATION ([MS-FSCC] section 2.5).
#include "fatfs.h"

typedef struct _FAT_ANSWER {
    PFAT_VCB Vcb;
    PVOID Buffer;
    ULONG Length;
    ULONG Used;
} FAT_ANSWER, *PFAT_ANSWER;

// Puts a text of 8-bit units behind the fixed part, as much as fits; *length is its whole length.
static NTSTATUS FatPutText(PFAT_ANSWER answer, ULONG fixed, const char *text, ULONG units,
                           ULONG *length)
{
    WCHAR *to = (WCHAR *)(PVOID)((PUCHAR)answer->Buffer + fixed);
    ULONG room = (answer->Length - fixed) / (ULONG)sizeof(WCHAR);
    ULONG copied = units < room ? units : room;
    for (ULONG i = 0; i < copied; i++)
        to[i] = (UCHAR)text[i];
    *length = units * (ULONG)sizeof(WCHAR);
    answer->Used = fixed + copied * (ULONG)sizeof(WCHAR);
    return copied == units ? STATUS_SUCCESS : STATUS_BUFFER_OVERFLOW;
}

static NTSTATUS FatVolumeClass(PFAT_ANSWER answer)
{
    enum { FIXED = offsetof(FILE_FS_VOLUME_INFORMATION, VolumeLabel) };
    FILE_FS_VOLUME_INFORMATION *info = answer->Buffer;
    const struct fat_volume *volume = &answer->Vcb->Volume;
    ULONG units = sizeof volume->label;
    while (units > 0 && volume->label[units - 1] == ' ')
        units--;
    if (answer->Length < FIXED)
        return STATUS_INFO_LENGTH_MISMATCH;
    RtlZeroMemory(info, FIXED);
    info->VolumeSerialNumber = volume->geometry.serial;
    return FatPutText(answer, FIXED, (const char *)volume->label, units, &info->VolumeLabelLength);
}

static NTSTATUS FatSizes(PFAT_ANSWER answer, LONGLONG *total, LONGLONG *available, ULONG *sectors,
                         ULONG *bytes)
{
    const struct fat_geometry *g = &answer->Vcb->Volume.geometry;
    uint32_t free_clusters;
    enum fat_status status = fat_free_clusters(&answer->Vcb->Volume, &free_clusters);
    *total = g->cluster_count;
    *available = free_clusters;
    *sectors = 1u << (g->cluster_shift - g->sector_shift);
    *bytes = 1u << g->sector_shift;
    return FatStatus(answer->Vcb, status);
}

static NTSTATUS FatSizeClass(PFAT_ANSWER answer)
{
    FILE_FS_SIZE_INFORMATION *info = answer->Buffer;
    if (answer->Length < sizeof *info)
        return STATUS_INFO_LENGTH_MISMATCH;
    answer->Used = sizeof *info;
    return FatSizes(answer, &info->TotalAllocationUnits.QuadPart,
                    &info->AvailableAllocationUnits.QuadPart, &info->SectorsPerAllocationUnit,
                    &info->BytesPerSector);
}

static NTSTATUS FatFullSizeClass(PFAT_ANSWER answer)
{
    FILE_FS_FULL_SIZE_INFORMATION *info = answer->Buffer;
    if (answer->Length < sizeof *info)
        return STATUS_INFO_LENGTH_MISMATCH;
    answer->Used = sizeof *info;
    NTSTATUS status = FatSizes(answer, &info->TotalAllocationUnits.QuadPart,
                               &info->CallerAvailableAllocationUnits.QuadPart,
                               &info->SectorsPerAllocationUnit, &info->BytesPerSector);
    info->ActualAvailableAllocationUnits = info->CallerAvailableAllocationUnits;
    return status;
}

static NTSTATUS FatDeviceClass(PFAT_ANSWER answer)
{
    FILE_FS_DEVICE_INFORMATION *info = answer->Buffer;
    if (answer->Length < sizeof *info)
        return STATUS_INFO_LENGTH_MISMATCH;
    info->DeviceType = FILE_DEVICE_DISK;
    info->Characteristics = answer->Vcb->Target->Characteristics | FILE_DEVICE_IS_MOUNTED;
    answer->Used = sizeof *info;
    return STATUS_SUCCESS;
}

static NTSTATUS FatAttributeClass(PFAT_ANSWER answer)
{
    enum { FIXED = offsetof(FILE_FS_ATTRIBUTE_INFORMATION, FileSystemName) };
    FILE_FS_ATTRIBUTE_INFORMATION *info = answer->Buffer;
    if (answer->Length < FIXED)
        return STATUS_INFO_LENGTH_MISMATCH;
    info->FileSystemAttributes = FILE_CASE_PRESERVED_NAMES | FILE_UNICODE_ON_DISK;
    info->MaximumComponentNameLength = FAT_NAME_MAX;
    BOOLEAN fat32 = answer->Vcb->Volume.geometry.kind == FAT_32;
    return FatPutText(answer, FIXED, "FAT32", fat32 ? 5 : 3, &info->FileSystemNameLength);
}

static NTSTATUS FatVolumeInformation(PFAT_ANSWER answer, FS_INFORMATION_CLASS class)
{
    if (answer->Vcb->Dismounted)
        return STATUS_VOLUME_DISMOUNTED;
    switch (class) {
    case FileFsVolumeInformation:
        return FatVolumeClass(answer);
    case FileFsSizeInformation:
        return FatSizeClass(answer);
    case FileFsFullSizeInformation:
        return FatFullSizeClass(answer);
    case FileFsDeviceInformation:
        return FatDeviceClass(answer);
    case FileFsAttributeInformation:
        return FatAttributeClass(answer);
    default:
        return STATUS_INVALID_INFO_CLASS;
    }
}

NTSTATUS FatQueryVolumeInformation(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_STACK_LOCATION sp = IoGetCurrentIrpStackLocation(irp);
    FAT_ANSWER answer = {.Vcb = FatVcb(device),
                         .Buffer = FatBuffer(irp),
                         .Length = sp->Parameters.QueryVolume.Length};
    if (answer.Vcb == NULL)
        return FatComplete(irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    if (answer.Buffer == NULL)
        return FatComplete(irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    FatLock(answer.Vcb);
    NTSTATUS status = FatVolumeInformation(&answer, sp->Parameters.QueryVolume.FsInformationClass);
    FatUnlock(answer.Vcb);
    return FatComplete(irp, status, NT_ERROR(status) ? 0 : answer.Used);
}
