// SPDX-License-Identifier: MIT
//
// IRP_MJ_CREATE: opening and creating files, directories and the volume itself.
//
// A failed create leaves no FCB, no CCB and no change of the file object behind.
#include "fatfs.h"

typedef struct _FAT_OPEN {
    PFAT_VCB Vcb;
    PFILE_OBJECT File;
    ACCESS_MASK Access; // generic rights mapped
    ULONG Options;
    UCHAR Disposition;
    USHORT Share;
    uint8_t Attributes;      // asked for a new file
    BOOLEAN TargetDirectory; // SL_OPEN_TARGET_DIRECTORY
    BOOLEAN TrailingSlash;
    UNICODE_STRING Path; // from the root; owned until the end of the request
    ULONG_PTR Information;
} FAT_OPEN, *PFAT_OPEN;

enum {
    FAT_WRITING = FILE_WRITE_DATA | FILE_APPEND_DATA,
    FAT_SETTABLE = FAT_READ_ONLY | FAT_HIDDEN | FAT_SYSTEM | FAT_ARCHIVE,
};

static ACCESS_MASK FatMapAccess(ACCESS_MASK access)
{
    if ((access & GENERIC_READ) != 0)
        access |= FILE_GENERIC_READ;
    if ((access & GENERIC_WRITE) != 0)
        access |= FILE_GENERIC_WRITE;
    if ((access & GENERIC_EXECUTE) != 0)
        access |= FILE_GENERIC_EXECUTE;
    if ((access & (GENERIC_ALL | MAXIMUM_ALLOWED)) != 0)
        access |= FILE_ALL_ACCESS;
    return access & ~(ACCESS_MASK)(GENERIC_READ | GENERIC_WRITE | GENERIC_EXECUTE | GENERIC_ALL |
                                   MAXIMUM_ALLOWED);
}

// ---- The path ----

static VOID FatAppend(PUNICODE_STRING to, PCUNICODE_STRING part)
{
    UNICODE_STRING rest = *part;
    UNICODE_STRING component;
    while (FatNextComponent(&rest, &component)) {
        to->Buffer[to->Length / sizeof(WCHAR)] = L'\\';
        to->Length += (USHORT)sizeof(WCHAR);
        RtlCopyMemory((PUCHAR)to->Buffer + to->Length, component.Buffer, component.Length);
        to->Length += component.Length;
    }
}

// Path = that of the related directory, then the name; single separators, none at the end.
static NTSTATUS FatMakePath(PFAT_OPEN open)
{
    PCUNICODE_STRING name = &open->File->FileName;
    PFAT_FCB base = FatFcb(open->File->RelatedFileObject);
    ULONG length = (ULONG)name->Length + (base != NULL ? base->Path.Length : 0u) + 4;
    if (name->Length % sizeof(WCHAR) != 0 || length > MAXUSHORT)
        return STATUS_OBJECT_NAME_INVALID;
    if (base != NULL && name->Length != 0 && name->Buffer[0] == L'\\')
        return STATUS_OBJECT_NAME_INVALID; // relative names do not begin at the root
    if (base != NULL && !base->IsDirectory && name->Length != 0)
        return STATUS_OBJECT_PATH_NOT_FOUND;
    open->Path.Buffer = ExAllocatePool2(POOL_FLAG_NON_PAGED, length, FAT_TAG);
    if (open->Path.Buffer == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    open->Path.MaximumLength = (USHORT)length;
    if (base != NULL)
        FatAppend(&open->Path, &base->Path);
    FatAppend(&open->Path, name);
    USHORT units = name->Length / sizeof(WCHAR);
    open->TrailingSlash = units > 1 && name->Buffer[units - 1] == L'\\';
    return STATUS_SUCCESS;
}

static VOID FatRootEntry(PFAT_VCB vcb, struct fat_entry *entry)
{
    RtlZeroMemory(entry, sizeof *entry);
    entry->attributes = FAT_DIRECTORY;
    entry->first_cluster = fat_root(&vcb->Volume); // sector 0 is no entry's: identifies the root
}

// ---- An existing entry ----

static NTSTATUS FatCheckExisting(PFAT_OPEN open, const struct fat_entry *entry)
{
    BOOLEAN directory = (entry->attributes & FAT_DIRECTORY) != 0;
    if (open->Disposition == FILE_CREATE)
        return STATUS_OBJECT_NAME_COLLISION;
    if (directory && (open->Options & FILE_NON_DIRECTORY_FILE) != 0)
        return STATUS_FILE_IS_A_DIRECTORY;
    if (!directory && (open->Options & FILE_DIRECTORY_FILE) != 0)
        return STATUS_NOT_A_DIRECTORY;
    if (!directory && open->TrailingSlash)
        return STATUS_OBJECT_NAME_INVALID;
    BOOLEAN overwrites = open->Disposition != FILE_OPEN && open->Disposition != FILE_OPEN_IF;
    if (directory && overwrites)
        return STATUS_OBJECT_NAME_COLLISION;
    if ((entry->attributes & FAT_READ_ONLY) != 0 && !directory &&
        (overwrites || (open->Access & FAT_WRITING) != 0))
        return STATUS_ACCESS_DENIED;
    if ((entry->attributes & FAT_READ_ONLY) != 0 && (open->Options & FILE_DELETE_ON_CLOSE) != 0)
        return STATUS_CANNOT_DELETE;
    return STATUS_SUCCESS;
}

static NTSTATUS FatOverwrite(PFAT_OPEN open, PFAT_FCB fcb)
{
    uint8_t kept = FAT_HIDDEN | FAT_SYSTEM;
    if ((fcb->Entry.attributes & kept & ~open->Attributes) != 0)
        return STATUS_ACCESS_DENIED;
    if (fcb->HandleCount != 0 && fcb->DeletePending)
        return STATUS_DELETE_PENDING;
    FatCloseGate(fcb);
    enum fat_status resized = fat_file_resize(&fcb->File, 0);
    NTSTATUS status = FatStatus(open->Vcb, resized);
    if (NT_SUCCESS(status)) {
        fcb->Entry.attributes = (uint8_t)(open->Attributes | FAT_ARCHIVE);
        fcb->Entry.written = FatNow();
        fcb->Entry.accessed = fcb->Entry.written;
        status = FatUpdateEntry(fcb); // before any flush frees the clusters
    }
    FatOpenGate(fcb);
    return status;
}

static NTSTATUS FatApplyDisposition(PFAT_OPEN open, PFAT_FCB fcb)
{
    switch (open->Disposition) {
    case FILE_SUPERSEDE:
        open->Information = FILE_SUPERSEDED;
        return FatOverwrite(open, fcb);
    case FILE_OVERWRITE:
    case FILE_OVERWRITE_IF:
        open->Information = FILE_OVERWRITTEN;
        return FatOverwrite(open, fcb);
    default:
        open->Information = FILE_OPENED;
        return STATUS_SUCCESS;
    }
}

// ---- Tying the file object to the FCB ----

static NTSTATUS FatShare(PFAT_OPEN open, PFAT_FCB fcb)
{
    if (fcb->HandleCount == 0) {
        IoSetShareAccess(open->Access, open->Share, open->File, &fcb->Share);
        return STATUS_SUCCESS;
    }
    return IoCheckShareAccess(open->Access, open->Share, open->File, &fcb->Share, TRUE);
}

static NTSTATUS FatAttach(PFAT_OPEN open, PFAT_FCB fcb)
{
    PFAT_CCB ccb = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof *ccb, FAT_TAG);
    if (ccb == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    NTSTATUS status = FatShare(open, fcb);
    if (!NT_SUCCESS(status)) {
        ExFreePoolWithTag(ccb, FAT_TAG);
        return status;
    }
    ccb->Access = open->Access;
    ccb->DeleteOnClose = (open->Options & FILE_DELETE_ON_CLOSE) != 0;
    ccb->WriteThrough = (open->Options & FILE_WRITE_THROUGH) != 0;
    ccb->Unbuffered = (open->Options & FILE_NO_INTERMEDIATE_BUFFERING) != 0;
    open->File->FsContext = fcb;
    open->File->FsContext2 = ccb;
    open->File->Vpb = open->Vcb->Vpb;
    fcb->OpenCount++;
    fcb->HandleCount++;
    open->Vcb->OpenCount++;
    open->Vcb->HandleCount++;
    return STATUS_SUCCESS;
}

static VOID FatDetach(PFAT_OPEN open, PFAT_FCB fcb)
{
    IoRemoveShareAccess(open->File, &fcb->Share);
    ExFreePoolWithTag(open->File->FsContext2, FAT_TAG);
    open->File->FsContext = open->File->FsContext2 = NULL;
    fcb->OpenCount--;
    fcb->HandleCount--;
    open->Vcb->OpenCount--;
    open->Vcb->HandleCount--;
}

static NTSTATUS FatOpenEntry(PFAT_OPEN open, const struct fat_entry *entry, BOOLEAN root)
{
    PFAT_FCB fcb = FatObtainFcb(open->Vcb, entry, root, &open->Path);
    if (fcb == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    NTSTATUS status = fcb->DeletePending ? STATUS_DELETE_PENDING : FatAttach(open, fcb);
    if (NT_SUCCESS(status)) {
        status = FatApplyDisposition(open, fcb);
        if (!NT_SUCCESS(status))
            FatDetach(open, fcb);
    }
    FatDereferenceFcb(fcb);
    return status;
}

// ---- A new entry ----

static NTSTATUS FatMakeNew(PFAT_OPEN open, uint32_t directory, PCUNICODE_STRING name)
{
    PFAT_VCB vcb = open->Vcb;
    size_t units = name->Length / sizeof(WCHAR);
    struct fat_entry entry = {.attributes = open->Attributes, .created = FatNow()};
    entry.accessed = entry.written = entry.created;
    PFAT_FCB parent = FatFindDirectory(vcb, directory);
    if (parent != NULL && parent->DeletePending)
        return STATUS_DELETE_PENDING;
    enum fat_status made;
    if ((open->Options & FILE_DIRECTORY_FILE) != 0) {
        made = fat_make_directory(&vcb->Volume, directory, name->Buffer, units, &entry);
    } else {
        entry.attributes |= FAT_ARCHIVE;
        made = fat_create(&vcb->Volume, directory, name->Buffer, units, &entry);
    }
    if (made != FAT_OK)
        return FatStatus(vcb, made);
    UCHAR disposition = open->Disposition;
    open->Disposition = FILE_OPEN;
    NTSTATUS status = FatOpenEntry(open, &entry, FALSE);
    open->Disposition = disposition;
    open->Information = FILE_CREATED;
    if (!NT_SUCCESS(status))
        (void)!fat_remove(&vcb->Volume, &entry);
    return status;
}

static NTSTATUS FatCheckNew(PFAT_OPEN open)
{
    BOOLEAN directory = (open->Options & FILE_DIRECTORY_FILE) != 0;
    if (open->Disposition == FILE_OPEN || open->Disposition == FILE_OVERWRITE)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    if (open->TrailingSlash && !directory)
        return STATUS_OBJECT_NAME_INVALID;
    if ((open->Attributes & FAT_READ_ONLY) != 0 && (open->Options & FILE_DELETE_ON_CLOSE) != 0)
        return STATUS_CANNOT_DELETE;
    return STATUS_SUCCESS;
}

// ---- The cases ----

// The directory in which a rename will put its new name.
static NTSTATUS FatOpenTarget(PFAT_OPEN open, uint32_t directory, BOOLEAN exists)
{
    struct fat_entry entry;
    PFAT_FCB fcb = FatFindDirectory(open->Vcb, directory);
    UNICODE_STRING *path = &open->Path;
    while (path->Length != 0 && path->Buffer[path->Length / sizeof(WCHAR) - 1] != L'\\')
        path->Length -= (USHORT)sizeof(WCHAR);
    if (path->Length != 0)
        path->Length -= (USHORT)sizeof(WCHAR);
    BOOLEAN root = directory == fat_root(&open->Vcb->Volume);
    if (root) {
        FatRootEntry(open->Vcb, &entry);
    } else if (fcb != NULL) {
        entry = fcb->Entry;
    } else {
        UNICODE_STRING last;
        uint32_t parent;
        NTSTATUS status = FatWalk(open->Vcb, fat_root(&open->Vcb->Volume), path, &parent, &last);
        if (!NT_SUCCESS(status))
            return status;
        enum fat_status found = fat_lookup(&open->Vcb->Volume, parent, last.Buffer,
                                           last.Length / sizeof(WCHAR), &entry);
        if (found != FAT_OK)
            return FatStatus(open->Vcb, found);
    }
    open->Disposition = FILE_OPEN;
    NTSTATUS status = FatOpenEntry(open, &entry, root);
    open->Information = exists ? FILE_EXISTS : FILE_DOES_NOT_EXIST;
    return status;
}

static NTSTATUS FatOpenRoot(PFAT_OPEN open)
{
    struct fat_entry entry;
    FatRootEntry(open->Vcb, &entry);
    open->TrailingSlash = FALSE;
    NTSTATUS status = FatCheckExisting(open, &entry);
    if (NT_SUCCESS(status) && (open->Options & FILE_DELETE_ON_CLOSE) != 0)
        status = STATUS_CANNOT_DELETE;
    return NT_SUCCESS(status) ? FatOpenEntry(open, &entry, TRUE) : status;
}

static NTSTATUS FatOpenPath(PFAT_OPEN open)
{
    PFAT_VCB vcb = open->Vcb;
    struct fat_entry entry;
    UNICODE_STRING last;
    uint32_t directory;
    NTSTATUS status = FatWalk(vcb, fat_root(&vcb->Volume), &open->Path, &directory, &last);
    if (!NT_SUCCESS(status))
        return status;
    if (last.Length == 0)
        return FatOpenRoot(open);
    enum fat_status found =
        fat_lookup(&vcb->Volume, directory, last.Buffer, last.Length / sizeof(WCHAR), &entry);
    if (found != FAT_OK && found != FAT_NOT_FOUND)
        return FatStatus(vcb, found);
    if (open->TargetDirectory)
        return FatOpenTarget(open, directory, found == FAT_OK);
    status = found == FAT_OK ? FatCheckExisting(open, &entry) : FatCheckNew(open);
    if (!NT_SUCCESS(status))
        return status;
    return found == FAT_OK ? FatOpenEntry(open, &entry, FALSE) : FatMakeNew(open, directory, &last);
}

static NTSTATUS FatOpenVolume(PFAT_OPEN open)
{
    if (open->Disposition != FILE_OPEN && open->Disposition != FILE_OPEN_IF)
        return STATUS_ACCESS_DENIED;
    if ((open->Options & FILE_DIRECTORY_FILE) != 0)
        return STATUS_NOT_A_DIRECTORY;
    open->File->FsContext = open->File->FsContext2 = NULL;
    open->File->Vpb = open->Vcb->Vpb;
    open->File->Flags |= FO_VOLUME_OPEN;
    open->Vcb->OpenCount++;
    open->Vcb->HandleCount++;
    open->Information = FILE_OPENED;
    return STATUS_SUCCESS;
}

static NTSTATUS FatOpenLocked(PFAT_OPEN open)
{
    if (open->Vcb->Dismounted)
        return STATUS_VOLUME_DISMOUNTED;
    if (open->Vcb->LockedBy != NULL)
        return STATUS_ACCESS_DENIED;
    if ((open->Options & FILE_OPEN_BY_FILE_ID) != 0)
        return STATUS_NOT_IMPLEMENTED;
    if ((open->Options & FILE_DIRECTORY_FILE) != 0 &&
        (open->Options & FILE_NON_DIRECTORY_FILE) != 0)
        return STATUS_INVALID_PARAMETER;
    if (open->File->FileName.Length == 0 && FatFcb(open->File->RelatedFileObject) == NULL)
        return FatOpenVolume(open);
    NTSTATUS status = FatMakePath(open);
    if (NT_SUCCESS(status))
        status = FatOpenPath(open);
    FatFreeString(&open->Path);
    return status;
}

static BOOLEAN FatMayHaveChanged(const FAT_OPEN *open)
{
    return open->Information == FILE_CREATED || open->Information == FILE_OVERWRITTEN ||
           open->Information == FILE_SUPERSEDED;
}

NTSTATUS FatCreate(PDEVICE_OBJECT device, PIRP irp)
{
    PFAT_VCB vcb = FatVcb(device);
    PIO_STACK_LOCATION sp = IoGetCurrentIrpStackLocation(irp);
    PIO_SECURITY_CONTEXT security = sp->Parameters.Create.SecurityContext;
    if (vcb == NULL) // the control device: nothing to do
        return FatComplete(irp, STATUS_SUCCESS, FILE_OPENED);
    FAT_OPEN open = {
        .Vcb = vcb,
        .File = sp->FileObject,
        .Access = FatMapAccess(security != NULL ? security->DesiredAccess : 0),
        .Options = sp->Parameters.Create.Options & FILE_VALID_OPTION_FLAGS,
        .Disposition = (UCHAR)(sp->Parameters.Create.Options >> 24),
        .Share = sp->Parameters.Create.ShareAccess,
        .Attributes = (uint8_t)(sp->Parameters.Create.FileAttributes & FAT_SETTABLE),
        .TargetDirectory = (sp->Flags & SL_OPEN_TARGET_DIRECTORY) != 0,
    };
    if (open.Disposition > FILE_MAXIMUM_DISPOSITION)
        return FatComplete(irp, STATUS_INVALID_PARAMETER, 0);
    FatLock(vcb);
    NTSTATUS status = FatOpenLocked(&open);
    if (NT_SUCCESS(status) && FatMayHaveChanged(&open))
        status = FatSettle(vcb, NULL, status);
    FatUnlock(vcb);
    return FatComplete(irp, status, NT_SUCCESS(status) ? open.Information : 0);
}
