// SPDX-License-Identifier: MIT
//
// IRP_MJ_QUERY_INFORMATION and IRP_MJ_SET_INFORMATION ([MS-FSCC] section 2.4).
#include "fatfs.h"

typedef struct _FAT_QUERY {
    PFAT_FCB Fcb;
    PFILE_OBJECT File;
    PUCHAR Buffer;
    ULONG Length;
    ULONG Used;
} FAT_QUERY, *PFAT_QUERY;

// The next `bytes` of the answer, zeroed; NULL if they do not fit.
static PVOID FatTake(PFAT_QUERY query, ULONG bytes)
{
    if (query->Length - query->Used < bytes)
        return NULL;
    PVOID at = query->Buffer + query->Used;
    RtlZeroMemory(at, bytes);
    query->Used += bytes;
    return at;
}

static ULONG FatAttributes(const struct fat_entry *entry)
{
    return entry->attributes != 0 ? entry->attributes : FILE_ATTRIBUTE_NORMAL;
}

// Of a directory the chain is not walked: 0, as FAT directories have no size.
static LONGLONG FatAllocation(PFAT_FCB fcb)
{
    uint32_t shift = fcb->Vcb->Volume.geometry.cluster_shift;
    const struct fat_file *file = &fcb->File;
    LONGLONG clusters =
        file->tail_known ? file->allocated : fat_clusters_for(file->volume, file->size);
    return clusters << shift;
}

static NTSTATUS FatQueryBasic(PFAT_QUERY query)
{
    const struct fat_entry *entry = &query->Fcb->Entry;
    FILE_BASIC_INFORMATION *info = FatTake(query, sizeof *info);
    if (info == NULL)
        return STATUS_INFO_LENGTH_MISMATCH;
    info->CreationTime.QuadPart = (LONGLONG)entry->created;
    info->LastAccessTime.QuadPart = (LONGLONG)entry->accessed;
    info->LastWriteTime.QuadPart = (LONGLONG)entry->written;
    info->ChangeTime.QuadPart = (LONGLONG)entry->written;
    info->FileAttributes = FatAttributes(entry);
    return STATUS_SUCCESS;
}

static NTSTATUS FatQueryStandard(PFAT_QUERY query)
{
    FILE_STANDARD_INFORMATION *info = FatTake(query, sizeof *info);
    if (info == NULL)
        return STATUS_INFO_LENGTH_MISMATCH;
    info->AllocationSize.QuadPart = FatAllocation(query->Fcb);
    info->EndOfFile.QuadPart = query->Fcb->File.size;
    info->NumberOfLinks = query->Fcb->DeletePending ? 0 : 1;
    info->DeletePending = query->Fcb->DeletePending;
    info->Directory = query->Fcb->IsDirectory;
    return STATUS_SUCCESS;
}

static NTSTATUS FatQueryNetworkOpen(PFAT_QUERY query)
{
    const struct fat_entry *entry = &query->Fcb->Entry;
    FILE_NETWORK_OPEN_INFORMATION *info = FatTake(query, sizeof *info);
    if (info == NULL)
        return STATUS_INFO_LENGTH_MISMATCH;
    info->CreationTime.QuadPart = (LONGLONG)entry->created;
    info->LastAccessTime.QuadPart = (LONGLONG)entry->accessed;
    info->LastWriteTime.QuadPart = (LONGLONG)entry->written;
    info->ChangeTime.QuadPart = (LONGLONG)entry->written;
    info->AllocationSize.QuadPart = FatAllocation(query->Fcb);
    info->EndOfFile.QuadPart = query->Fcb->File.size;
    info->FileAttributes = FatAttributes(entry);
    return STATUS_SUCCESS;
}

static NTSTATUS FatQueryPosition(PFAT_QUERY query)
{
    FILE_POSITION_INFORMATION *info = FatTake(query, sizeof *info);
    if (info == NULL)
        return STATUS_INFO_LENGTH_MISMATCH;
    info->CurrentByteOffset = query->File->CurrentByteOffset;
    return STATUS_SUCCESS;
}

// The place of the entry: unique while the file is open.
static NTSTATUS FatQueryInternal(PFAT_QUERY query)
{
    const struct fat_entry *entry = &query->Fcb->Entry;
    FILE_INTERNAL_INFORMATION *info = FatTake(query, sizeof *info);
    if (info == NULL)
        return STATUS_INFO_LENGTH_MISMATCH;
    info->IndexNumber.QuadPart = (LONGLONG)((uint64_t)entry->sector << 32 | entry->sector_offset);
    return STATUS_SUCCESS;
}

static NTSTATUS FatQueryEa(PFAT_QUERY query)
{
    return FatTake(query, sizeof(FILE_EA_INFORMATION)) != NULL ? STATUS_SUCCESS
                                                               : STATUS_INFO_LENGTH_MISMATCH;
}

static NTSTATUS FatQueryTag(PFAT_QUERY query)
{
    FILE_ATTRIBUTE_TAG_INFORMATION *info = FatTake(query, sizeof *info);
    if (info == NULL)
        return STATUS_INFO_LENGTH_MISMATCH;
    info->FileAttributes = FatAttributes(&query->Fcb->Entry);
    return STATUS_SUCCESS;
}

// As much of the name as fits, and its whole length.
static NTSTATUS FatPutName(PFAT_QUERY query, const WCHAR *name, ULONG bytes)
{
    ULONG *length = FatTake(query, sizeof *length);
    if (length == NULL)
        return STATUS_INFO_LENGTH_MISMATCH;
    *length = bytes;
    ULONG room = (query->Length - query->Used) & ~1u;
    ULONG copied = bytes < room ? bytes : room;
    RtlCopyMemory(query->Buffer + query->Used, name, copied);
    query->Used += copied;
    return copied == bytes ? STATUS_SUCCESS : STATUS_BUFFER_OVERFLOW;
}

static NTSTATUS FatQueryName(PFAT_QUERY query)
{
    const UNICODE_STRING *path = &query->Fcb->Path;
    if (path->Length == 0)
        return FatPutName(query, L"\\", sizeof(WCHAR));
    return FatPutName(query, path->Buffer, path->Length);
}

static NTSTATUS FatQueryAlternateName(PFAT_QUERY query)
{
    const struct fat_entry *entry = &query->Fcb->Entry;
    if (query->Fcb->IsRoot)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    if (entry->alias_length != 0)
        return FatPutName(query, entry->alias, entry->alias_length * (ULONG)sizeof(WCHAR));
    return FatPutName(query, entry->name, entry->name_length * (ULONG)sizeof(WCHAR));
}

static NTSTATUS FatQueryAll(PFAT_QUERY query)
{
    if (query->Length < offsetof(FILE_ALL_INFORMATION, NameInformation) + sizeof(ULONG))
        return STATUS_INFO_LENGTH_MISMATCH;
    FILE_ALL_INFORMATION *all = (FILE_ALL_INFORMATION *)(PVOID)query->Buffer;
    (VOID) FatQueryBasic(query);
    (VOID) FatQueryStandard(query);
    (VOID) FatQueryInternal(query);
    (VOID) FatQueryEa(query);
    query->Used = offsetof(FILE_ALL_INFORMATION, AccessInformation);
    all->AccessInformation.AccessFlags = FatCcb(query->File)->Access;
    query->Used = offsetof(FILE_ALL_INFORMATION, PositionInformation);
    (VOID) FatQueryPosition(query);
    all->ModeInformation.Mode = 0;
    all->AlignmentInformation.AlignmentRequirement = query->Fcb->Vcb->Device->AlignmentRequirement;
    query->Used = offsetof(FILE_ALL_INFORMATION, NameInformation);
    return FatQueryName(query);
}

static NTSTATUS FatQueryClass(PFAT_QUERY query, FILE_INFORMATION_CLASS class)
{
    switch (class) {
    case FileBasicInformation:
        return FatQueryBasic(query);
    case FileStandardInformation:
        return FatQueryStandard(query);
    case FileInternalInformation:
        return FatQueryInternal(query);
    case FileEaInformation:
        return FatQueryEa(query);
    case FileNameInformation:
        return FatQueryName(query);
    case FilePositionInformation:
        return FatQueryPosition(query);
    case FileAllInformation:
        return FatQueryAll(query);
    case FileAlternateNameInformation:
        return FatQueryAlternateName(query);
    case FileNetworkOpenInformation:
        return FatQueryNetworkOpen(query);
    case FileAttributeTagInformation:
        return FatQueryTag(query);
    default:
        return STATUS_INVALID_INFO_CLASS;
    }
}

NTSTATUS FatQueryInformation(PDEVICE_OBJECT device, PIRP irp)
{
    PFAT_VCB vcb = FatVcb(device);
    PIO_STACK_LOCATION sp = IoGetCurrentIrpStackLocation(irp);
    FAT_QUERY query = {.Fcb = FatFcb(sp->FileObject),
                       .File = sp->FileObject,
                       .Buffer = FatBuffer(irp),
                       .Length = sp->Parameters.QueryFile.Length};
    if (vcb == NULL || query.Fcb == NULL)
        return FatComplete(irp, STATUS_INVALID_PARAMETER, 0);
    if (query.Buffer == NULL)
        return FatComplete(irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    FatLock(vcb);
    NTSTATUS status = vcb->Dismounted
                          ? STATUS_VOLUME_DISMOUNTED
                          : FatQueryClass(&query, sp->Parameters.QueryFile.FileInformationClass);
    FatUnlock(vcb);
    return FatComplete(irp, status, NT_ERROR(status) ? 0 : query.Used);
}

// ---- Setting ----

// 0 and negative times leave a stamp alone.
static VOID FatSetTime(uint64_t *stamp, LARGE_INTEGER time)
{
    if (time.QuadPart > 0)
        *stamp = (uint64_t)time.QuadPart;
}

static NTSTATUS FatSetBasic(PFAT_FCB fcb, const FILE_BASIC_INFORMATION *info)
{
    enum { SETTABLE = FAT_READ_ONLY | FAT_HIDDEN | FAT_SYSTEM | FAT_ARCHIVE };
    ULONG attributes = info->FileAttributes;
    if (fcb->IsRoot)
        return STATUS_INVALID_PARAMETER;
    if (attributes != 0 && ((attributes & FILE_ATTRIBUTE_DIRECTORY) != 0) && !fcb->IsDirectory)
        return STATUS_INVALID_PARAMETER;
    FatSetTime(&fcb->Entry.created, info->CreationTime);
    FatSetTime(&fcb->Entry.accessed, info->LastAccessTime);
    if (info->LastWriteTime.QuadPart > 0)
        WriteNoFence(&fcb->Written, FALSE); // the caller's stamp stands for what was written before
    FatSetTime(&fcb->Entry.written, info->LastWriteTime);
    if (attributes != 0)
        fcb->Entry.attributes =
            (uint8_t)((fcb->Entry.attributes & FAT_DIRECTORY) | (attributes & SETTABLE));
    fcb->Unstored = TRUE;
    return fcb->IsDirectory ? FatUpdateEntry(fcb) : STATUS_SUCCESS;
}

static NTSTATUS FatSetDisposition(PFAT_FCB fcb, const FILE_DISPOSITION_INFORMATION *info)
{
    if (!info->DeleteFile) {
        fcb->DeletePending = FALSE;
        return STATUS_SUCCESS;
    }
    NTSTATUS status = FatCheckDelete(fcb);
    fcb->DeletePending = NT_SUCCESS(status);
    return status;
}

// With end_of_file sets the end of file; else the allocation, which cuts the file only if less than
// its size.
static NTSTATUS FatResize(PFAT_FCB fcb, LARGE_INTEGER bytes, BOOLEAN end_of_file)
{
    if (fcb->IsDirectory)
        return STATUS_INVALID_PARAMETER;
    if (bytes.QuadPart < 0)
        return STATUS_INVALID_PARAMETER;
    if (bytes.QuadPart > MAXULONG)
        return STATUS_FILE_TOO_LARGE;
    uint32_t wanted = (uint32_t)bytes.QuadPart;
    BOOLEAN shrinks = wanted < fcb->File.size;
    FatCloseGate(fcb);
    enum fat_status status;
    if (end_of_file || shrinks)
        status = fat_file_resize(&fcb->File, wanted);
    else
        status = fat_file_reserve(&fcb->File, fat_clusters_for(&fcb->Vcb->Volume, wanted));
    fcb->Unstored = TRUE;
    if (end_of_file || shrinks)
        WriteNoFence(&fcb->Written, TRUE);
    NTSTATUS stored = shrinks ? FatUpdateEntry(fcb) : STATUS_SUCCESS; // before clusters are freed
    FatOpenGate(fcb);
    return status == FAT_OK ? stored : FatStatus(fcb->Vcb, status);
}

static NTSTATUS FatSetPosition(PFAT_FCB fcb, PFILE_OBJECT file,
                               const FILE_POSITION_INFORMATION *info)
{
    ULONG low = info->CurrentByteOffset.LowPart;
    if (info->CurrentByteOffset.QuadPart < 0 ||
        (FatCcb(file)->Unbuffered && (low & fcb->Vcb->SectorMask) != 0))
        return STATUS_INVALID_PARAMETER;
    file->CurrentByteOffset = info->CurrentByteOffset;
    return STATUS_SUCCESS;
}

typedef struct _FAT_SET_RULE {
    FILE_INFORMATION_CLASS Class;
    ULONG Length;       // the least
    ACCESS_MASK Access; // any of these
} FAT_SET_RULE;

static const FAT_SET_RULE FatSetRules[] = {
    {FileBasicInformation, sizeof(FILE_BASIC_INFORMATION), FILE_WRITE_ATTRIBUTES | FILE_WRITE_DATA},
    {FileRenameInformation, offsetof(FILE_RENAME_INFORMATION, FileName), DELETE},
    {FileDispositionInformation, sizeof(FILE_DISPOSITION_INFORMATION), DELETE},
    {FilePositionInformation, sizeof(FILE_POSITION_INFORMATION), ~0u},
    {FileAllocationInformation, sizeof(FILE_ALLOCATION_INFORMATION), FILE_WRITE_DATA},
    {FileEndOfFileInformation, sizeof(FILE_END_OF_FILE_INFORMATION), FILE_WRITE_DATA},
};

static NTSTATUS FatCheckSet(PIO_STACK_LOCATION sp)
{
    ACCESS_MASK access = FatCcb(sp->FileObject)->Access;
    for (size_t i = 0; i < RTL_NUMBER_OF(FatSetRules); i++) {
        const FAT_SET_RULE *rule = &FatSetRules[i];
        if (rule->Class != sp->Parameters.SetFile.FileInformationClass)
            continue;
        if (sp->Parameters.SetFile.Length < rule->Length)
            return STATUS_INFO_LENGTH_MISMATCH;
        return rule->Access == ~0u || (access & rule->Access) != 0 ? STATUS_SUCCESS
                                                                   : STATUS_ACCESS_DENIED;
    }
    return STATUS_INVALID_INFO_CLASS;
}

static NTSTATUS FatSetClass(PFAT_VCB vcb, PFAT_FCB fcb, PIO_STACK_LOCATION sp, PVOID buffer)
{
    PFILE_OBJECT file = sp->FileObject;
    NTSTATUS status = FatCheckSet(sp);
    if (!NT_SUCCESS(status))
        return status;
    if (fcb->Removed)
        return STATUS_FILE_DELETED;
    switch (sp->Parameters.SetFile.FileInformationClass) {
    case FileBasicInformation:
        return FatSetBasic(fcb, buffer);
    case FileRenameInformation:
        return FatRename(vcb, sp, buffer);
    case FileDispositionInformation:
        return FatSetDisposition(fcb, buffer);
    case FilePositionInformation:
        return FatSetPosition(fcb, file, buffer);
    case FileAllocationInformation:
        return FatResize(fcb, ((FILE_ALLOCATION_INFORMATION *)buffer)->AllocationSize, FALSE);
    default:
        return FatResize(fcb, ((FILE_END_OF_FILE_INFORMATION *)buffer)->EndOfFile, TRUE);
    }
}

NTSTATUS FatSetInformation(PDEVICE_OBJECT device, PIRP irp)
{
    PFAT_VCB vcb = FatVcb(device);
    PIO_STACK_LOCATION sp = IoGetCurrentIrpStackLocation(irp);
    PFAT_FCB fcb = FatFcb(sp->FileObject);
    PVOID buffer = FatBuffer(irp);
    if (vcb == NULL || fcb == NULL || buffer == NULL)
        return FatComplete(irp, STATUS_INVALID_PARAMETER, 0);
    FatLock(vcb);
    NTSTATUS status =
        vcb->Dismounted ? STATUS_VOLUME_DISMOUNTED : FatSetClass(vcb, fcb, sp, buffer);
    // Clusters that are only set aside are given back when a size is stored.
    if (!vcb->Dismounted &&
        sp->Parameters.SetFile.FileInformationClass != FileAllocationInformation)
        status = FatSettle(vcb, fcb, status);
    FatUnlock(vcb);
    return FatComplete(irp, status, 0);
}
