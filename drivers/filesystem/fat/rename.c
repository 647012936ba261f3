// SPDX-License-Identifier: MIT
//
// FileRenameInformation. The new name is one of: a simple name (same directory), a path from the
// volume's root, such a path behind a drive or device name (X:\a\b, \??\X:\a\b,
// \Device\HarddiskVolume1\a\b; it is the I/O manager's business that it is this volume), or a name
// in the directory that Parameters.SetFile.FileObject was opened for.
//
// Resource held. The old name is lost only when the new one is on disk.
#include "fatfs.h"

static BOOLEAN FatHasPrefix(PCUNICODE_STRING name, const WCHAR *prefix, ULONG units)
{
    return name->Length >= units * sizeof(WCHAR) &&
           fat_names_equal(name->Buffer, units, prefix, units);
}

static VOID FatSkip(PUNICODE_STRING name, USHORT units)
{
    name->Buffer += units;
    name->Length -= (USHORT)(units * sizeof(WCHAR));
}

// Takes off what names the volume.
static VOID FatStripVolume(PUNICODE_STRING name)
{
    UNICODE_STRING component;
    USHORT units = name->Length / sizeof(WCHAR);
    if (FatHasPrefix(name, L"\\Device\\", 8)) {
        (VOID) FatNextComponent(name, &component);
        (VOID) FatNextComponent(name, &component);
        return;
    }
    for (USHORT i = 0; i < units; i++) {
        if (name->Buffer[i] == L':') {
            FatSkip(name, (USHORT)(i + 1));
            return;
        }
    }
}

static NTSTATUS FatFindTarget(PFAT_VCB vcb, PFILE_OBJECT file, PFILE_OBJECT target,
                              PUNICODE_STRING name, uint32_t *directory, PUNICODE_STRING last)
{
    PFAT_FCB fcb = FatFcb(file);
    PFAT_FCB parent = FatFcb(target);
    BOOLEAN absolute = FALSE;
    for (ULONG i = 0; i < name->Length / sizeof(WCHAR); i++) {
        if (name->Buffer[i] == L'/')
            name->Buffer[i] = L'\\';
        absolute |= name->Buffer[i] == L'\\' || name->Buffer[i] == L':';
    }
    if (absolute)
        FatStripVolume(name);
    if (target != NULL && parent != NULL) { // only the last component counts
        UNICODE_STRING rest = *name;
        while (FatNextComponent(&rest, last) && !FatIsLastComponent(&rest))
            ;
        *directory = parent->Entry.first_cluster;
        return parent->IsDirectory ? FatCheckName(last) : STATUS_INVALID_PARAMETER;
    }
    uint32_t start = absolute ? fat_root(&vcb->Volume) : fcb->Entry.directory;
    NTSTATUS status = FatWalk(vcb, start, name, directory, last);
    return NT_SUCCESS(status) && last->Length == 0 ? STATUS_OBJECT_NAME_INVALID : status;
}

// Removes what has the new name already, if that is wanted and allowed.
static NTSTATUS FatReplace(PFAT_VCB vcb, PFAT_FCB fcb, uint32_t directory, PCUNICODE_STRING last,
                           BOOLEAN replace)
{
    struct fat_entry other;
    enum fat_status found =
        fat_lookup(&vcb->Volume, directory, last->Buffer, last->Length / sizeof(WCHAR), &other);
    if (found == FAT_NOT_FOUND)
        return STATUS_SUCCESS;
    if (found != FAT_OK)
        return FatStatus(vcb, found);
    if (other.sector == fcb->Entry.sector && other.sector_offset == fcb->Entry.sector_offset)
        return STATUS_SUCCESS; // itself, in another case
    if (!replace)
        return STATUS_OBJECT_NAME_COLLISION;
    if (fcb->IsDirectory || (other.attributes & (FAT_DIRECTORY | FAT_READ_ONLY)) != 0 ||
        FatFindFcb(vcb, &other) != NULL)
        return STATUS_ACCESS_DENIED;
    return FatStatus(vcb, fat_remove(&vcb->Volume, &other));
}

// The FCB's path: that of the new directory as far as it is known, and the new name.
static VOID FatRepath(PFAT_FCB fcb, PCUNICODE_STRING base, PCUNICODE_STRING last)
{
    ULONG length = base->Length + (ULONG)sizeof(WCHAR) + last->Length;
    if (length > MAXUSHORT)
        return;
    PWCH buffer = ExAllocatePool2(POOL_FLAG_NON_PAGED, length, FAT_TAG);
    if (buffer == NULL)
        return; // the name shown stays the old one
    RtlCopyMemory(buffer, base->Buffer, base->Length);
    buffer[base->Length / sizeof(WCHAR)] = L'\\';
    RtlCopyMemory(buffer + base->Length / sizeof(WCHAR) + 1, last->Buffer, last->Length);
    FatFreeString(&fcb->Path);
    fcb->Path = (UNICODE_STRING){(USHORT)length, (USHORT)length, buffer};
}

static UNICODE_STRING FatParentPath(PCUNICODE_STRING path)
{
    UNICODE_STRING parent = *path;
    while (parent.Length != 0 && parent.Buffer[parent.Length / sizeof(WCHAR) - 1] != L'\\')
        parent.Length -= (USHORT)sizeof(WCHAR);
    if (parent.Length != 0)
        parent.Length -= (USHORT)sizeof(WCHAR);
    return parent;
}

// Path of the directory that the new name was found in.
static UNICODE_STRING FatNewBase(PFAT_FCB fcb, PFILE_OBJECT target, PCUNICODE_STRING name,
                                 PCUNICODE_STRING last)
{
    if (FatFcb(target) != NULL)
        return FatFcb(target)->Path;
    if (last->Buffer == name->Buffer)
        return FatParentPath(&fcb->Path);
    UNICODE_STRING base = *name;
    base.Length = (USHORT)((PUCHAR)last->Buffer - (PUCHAR)name->Buffer);
    return FatParentPath(&base);
}

NTSTATUS FatRename(PFAT_VCB vcb, PIO_STACK_LOCATION sp, const FILE_RENAME_INFORMATION *information)
{
    PFILE_OBJECT file = sp->FileObject;
    PFILE_OBJECT target = sp->Parameters.SetFile.FileObject;
    ULONG length = sp->Parameters.SetFile.Length;
    BOOLEAN replace = sp->Parameters.SetFile.ReplaceIfExists || information->ReplaceIfExists;
    PFAT_FCB fcb = FatFcb(file);
    ULONG bytes = information->FileNameLength;
    UNICODE_STRING copy;
    UNICODE_STRING last;
    uint32_t directory;
    if (fcb->IsRoot || fcb->DeletePending)
        return fcb->IsRoot ? STATUS_INVALID_PARAMETER : STATUS_DELETE_PENDING;
    if (bytes == 0 || bytes % sizeof(WCHAR) != 0 || bytes > MAXUSHORT ||
        bytes > length - offsetof(FILE_RENAME_INFORMATION, FileName))
        return STATUS_INVALID_PARAMETER;
    UNICODE_STRING given = {(USHORT)bytes, (USHORT)bytes, (PWCH)(ULONG_PTR)information->FileName};
    if (!FatCopyString(&copy, &given))
        return STATUS_INSUFFICIENT_RESOURCES;
    UNICODE_STRING name = copy;
    NTSTATUS status = FatFindTarget(vcb, file, target, &name, &directory, &last);
    if (NT_SUCCESS(status))
        status = FatStoreFcb(fcb);
    if (NT_SUCCESS(status))
        status = FatReplace(vcb, fcb, directory, &last, replace);
    if (NT_SUCCESS(status))
        status = FatStatus(vcb, fat_rename(&vcb->Volume, &fcb->Entry, directory, last.Buffer,
                                           last.Length / sizeof(WCHAR)));
    if (NT_SUCCESS(status)) {
        UNICODE_STRING base = FatNewBase(fcb, target, &name, &last);
        DdkFileMoved(file);
        FatRepath(fcb, &base, &last);
        status = FatStatus(vcb, fat_flush(&vcb->Volume, FALSE, FALSE));
    }
    FatFreeString(&copy);
    return status;
}
