// SPDX-License-Identifier: MIT
//
// IRP_MN_QUERY_DIRECTORY: listing a directory ([MS-FSCC] section 2.4, "Irp_Mn_Query_Directory").
//
// Entries start at multiples of 8 bytes; the last one's NextEntryOffset is 0. The place where the
// listing goes on is a byte offset in the directory, so changes in between cost or repeat at most
// the entries that were moved.
#include "fatfs.h"

typedef struct _FAT_LISTING {
    PFAT_FCB Fcb;
    PFAT_CCB Ccb;
    FILE_INFORMATION_CLASS Class;
    PUCHAR Buffer;
    ULONG Length;
    ULONG Used;      // of Buffer
    ULONG *NextLink; // NextEntryOffset of the last entry, if there is one
    ULONG LastStart;
} FAT_LISTING, *PFAT_LISTING;

// Bytes before the name; 0 for classes that are not known.
static ULONG FatFixedPart(FILE_INFORMATION_CLASS class)
{
    switch (class) {
    case FileDirectoryInformation:
        return offsetof(FILE_DIRECTORY_INFORMATION, FileName);
    case FileFullDirectoryInformation:
        return offsetof(FILE_FULL_DIR_INFORMATION, FileName);
    case FileBothDirectoryInformation:
        return offsetof(FILE_BOTH_DIR_INFORMATION, FileName);
    case FileNamesInformation:
        return offsetof(FILE_NAMES_INFORMATION, FileName);
    default:
        return 0;
    }
}

static VOID FatFillEntry(PFAT_LISTING listing, const struct fat_entry *entry, PUCHAR at)
{
    const struct fat_volume *volume = &listing->Fcb->Vcb->Volume;
    ULONG name = entry->name_length * (ULONG)sizeof(WCHAR);
    if (listing->Class == FileNamesInformation) {
        FILE_NAMES_INFORMATION *info = (FILE_NAMES_INFORMATION *)(PVOID)at;
        info->FileIndex = entry->offset / FAT_ENTRY_BYTES;
        info->FileNameLength = name;
        return;
    }
    // The four classes with times begin alike.
    FILE_BOTH_DIR_INFORMATION *info = (FILE_BOTH_DIR_INFORMATION *)(PVOID)at;
    LONGLONG clusters = fat_clusters_for(volume, entry->size);
    info->FileIndex = entry->offset / FAT_ENTRY_BYTES;
    info->CreationTime.QuadPart = (LONGLONG)entry->created;
    info->LastAccessTime.QuadPart = (LONGLONG)entry->accessed;
    info->LastWriteTime.QuadPart = (LONGLONG)entry->written;
    info->ChangeTime.QuadPart = (LONGLONG)entry->written;
    info->EndOfFile.QuadPart = entry->size;
    info->AllocationSize.QuadPart = clusters << volume->geometry.cluster_shift;
    info->FileAttributes = entry->attributes != 0 ? entry->attributes : FILE_ATTRIBUTE_NORMAL;
    info->FileNameLength = name;
    if (listing->Class != FileBothDirectoryInformation)
        return;
    info->ShortNameLength = (CCHAR)(entry->alias_length * sizeof(WCHAR));
    RtlCopyMemory(info->ShortName, entry->alias, entry->alias_length * sizeof(WCHAR));
}

// STATUS_MORE_ENTRIES: does not fit behind others. STATUS_BUFFER_OVERFLOW: the first one, its name
// was cut.
static NTSTATUS FatAddEntry(PFAT_LISTING listing, const struct fat_entry *entry)
{
    ULONG fixed = FatFixedPart(listing->Class);
    ULONG name = entry->name_length * (ULONG)sizeof(WCHAR);
    ULONG start = (listing->Used + 7) & ~7u;
    ULONG room = start < listing->Length ? listing->Length - start : 0;
    if (room < fixed + name && listing->NextLink != NULL)
        return STATUS_MORE_ENTRIES;
    PUCHAR at = listing->Buffer + start;
    ULONG copied = room - fixed < name ? (room - fixed) & ~1u : name;
    RtlZeroMemory(at, fixed);
    FatFillEntry(listing, entry, at);
    RtlCopyMemory(at + fixed, entry->name, copied);
    if (listing->NextLink != NULL)
        *listing->NextLink = start - listing->LastStart;
    listing->NextLink = (ULONG *)(PVOID)at;
    listing->LastStart = start;
    listing->Used = start + fixed + copied;
    return copied == name ? STATUS_SUCCESS : STATUS_BUFFER_OVERFLOW;
}

// The size of an open file may be newer than its entry.
static VOID FatRefresh(PFAT_VCB vcb, struct fat_entry *entry)
{
    PFAT_FCB fcb = FatFindFcb(vcb, entry);
    if (fcb != NULL && !fcb->IsDirectory)
        entry->size = fcb->File.size;
}

static BOOLEAN FatMatches(PFAT_CCB ccb, const struct fat_entry *entry)
{
    const UNICODE_STRING *pattern = &ccb->Pattern;
    size_t units = pattern->Length / sizeof(WCHAR);
    return fat_name_matches(pattern->Buffer, units, entry->name, entry->name_length) ||
           (entry->alias_length != 0 &&
            fat_name_matches(pattern->Buffer, units, entry->alias, entry->alias_length));
}

static NTSTATUS FatList(PFAT_LISTING listing, BOOLEAN single)
{
    PFAT_VCB vcb = listing->Fcb->Vcb;
    PFAT_CCB ccb = listing->Ccb;
    struct fat_cursor cursor;
    struct fat_entry entry;
    fat_cursor_start(&cursor, &vcb->Volume, listing->Fcb->Entry.first_cluster, ccb->Cursor);
    for (;;) {
        enum fat_status found = fat_cursor_next(&cursor, &entry);
        if (found == FAT_END || (found != FAT_OK && listing->NextLink != NULL))
            break;
        if (found != FAT_OK)
            return FatStatus(vcb, found);
        if (FatMatches(ccb, &entry)) {
            FatRefresh(vcb, &entry);
            NTSTATUS status = FatAddEntry(listing, &entry);
            if (status == STATUS_MORE_ENTRIES)
                return STATUS_SUCCESS;
            ccb->Matched = TRUE;
            ccb->Cursor = cursor.offset;
            if (single || status != STATUS_SUCCESS)
                return status;
        }
        ccb->Cursor = cursor.offset;
    }
    if (listing->NextLink != NULL)
        return STATUS_SUCCESS;
    return ccb->Matched ? STATUS_NO_MORE_FILES : STATUS_NO_SUCH_FILE;
}

// The first query of a file object sets its pattern; "" and none mean "*".
static NTSTATUS FatSetPattern(PFAT_CCB ccb, PCUNICODE_STRING pattern)
{
    if (ccb->PatternSet)
        return STATUS_SUCCESS;
    if (pattern != NULL && pattern->Length > FAT_NAME_MAX * sizeof(WCHAR))
        return STATUS_OBJECT_NAME_INVALID;
    if (pattern != NULL && !FatCopyString(&ccb->Pattern, pattern))
        return STATUS_INSUFFICIENT_RESOURCES;
    ccb->PatternSet = TRUE;
    return STATUS_SUCCESS;
}

static NTSTATUS FatQueryDirectory(PFAT_VCB vcb, PIO_STACK_LOCATION sp, PFAT_LISTING listing)
{
    PFAT_CCB ccb = listing->Ccb;
    if (vcb->Dismounted)
        return STATUS_VOLUME_DISMOUNTED;
    if (listing->Fcb->Removed)
        return STATUS_FILE_DELETED;
    if ((ccb->Access & FILE_LIST_DIRECTORY) == 0)
        return STATUS_ACCESS_DENIED;
    NTSTATUS status = FatSetPattern(ccb, sp->Parameters.QueryDirectory.FileName);
    if (!NT_SUCCESS(status))
        return status;
    if ((sp->Flags & SL_RESTART_SCAN) != 0)
        ccb->Cursor = 0;
    if ((sp->Flags & SL_INDEX_SPECIFIED) != 0)
        ccb->Cursor = (sp->Parameters.QueryDirectory.FileIndex + 1) * FAT_ENTRY_BYTES;
    if (ccb->Cursor > FAT_DIRECTORY_MAX)
        return STATUS_NO_MORE_FILES;
    return FatList(listing, (sp->Flags & SL_RETURN_SINGLE_ENTRY) != 0);
}

NTSTATUS FatDirectoryControl(PDEVICE_OBJECT device, PIRP irp)
{
    PFAT_VCB vcb = FatVcb(device);
    PIO_STACK_LOCATION sp = IoGetCurrentIrpStackLocation(irp);
    FAT_LISTING listing = {.Fcb = FatFcb(sp->FileObject),
                           .Ccb = FatCcb(sp->FileObject),
                           .Class = sp->Parameters.QueryDirectory.FileInformationClass,
                           .Length = sp->Parameters.QueryDirectory.Length};
    if (vcb == NULL || listing.Fcb == NULL || !listing.Fcb->IsDirectory)
        return FatComplete(irp, STATUS_INVALID_PARAMETER, 0);
    if (sp->MinorFunction != IRP_MN_QUERY_DIRECTORY)
        return FatComplete(irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    ULONG fixed = FatFixedPart(listing.Class);
    if (fixed == 0)
        return FatComplete(irp, STATUS_INVALID_INFO_CLASS, 0);
    if (listing.Length < fixed)
        return FatComplete(irp, STATUS_INFO_LENGTH_MISMATCH, 0);
    listing.Buffer = FatBuffer(irp);
    if (listing.Buffer == NULL)
        return FatComplete(irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    if (((ULONG_PTR)listing.Buffer & 7) != 0)
        return FatComplete(irp, STATUS_DATATYPE_MISALIGNMENT, 0);
    FatLock(vcb);
    NTSTATUS status = FatQueryDirectory(vcb, sp, &listing);
    FatUnlock(vcb);
    return FatComplete(irp, status, NT_ERROR(status) ? 0 : listing.Used);
}
