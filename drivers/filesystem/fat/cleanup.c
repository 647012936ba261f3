// SPDX-License-Identifier: MIT
//
// CLEANUP (the last handle is gone: delete or store), CLOSE (the last reference), FLUSH_BUFFERS and
// SHUTDOWN.
//
// When the last handle of a file goes its metadata is on disk before CLEANUP completes; the
// device's own cache is flushed by FLUSH_BUFFERS, SHUTDOWN, dismount and write-through files.
#include "fatfs.h"

NTSTATUS FatCheckDelete(PFAT_FCB fcb)
{
    struct fat_cursor cursor;
    struct fat_entry entry;
    if (fcb->IsRoot || (fcb->Entry.attributes & FAT_READ_ONLY) != 0)
        return STATUS_CANNOT_DELETE;
    if (!fcb->IsDirectory)
        return STATUS_SUCCESS;
    fat_cursor_start(&cursor, &fcb->Vcb->Volume, fcb->Entry.first_cluster, 0);
    for (;;) {
        enum fat_status status = fat_cursor_next(&cursor, &entry);
        if (status != FAT_OK)
            return status == FAT_END ? STATUS_SUCCESS : FatStatus(fcb->Vcb, status);
        if (entry.name[0] != L'.' || entry.name_length > 2 ||
            (entry.name_length == 2 && entry.name[1] != L'.'))
            return STATUS_DIRECTORY_NOT_EMPTY;
    }
}

static VOID FatDeleteNow(PFAT_FCB fcb)
{
    FatCloseGate(fcb);
    if (!fcb->IsDirectory)
        fcb->Entry.first_cluster = fcb->File.first_cluster;
    enum fat_status status = fat_remove(&fcb->Vcb->Volume, &fcb->Entry);
    if (status == FAT_OK || status == FAT_CORRUPT)
        fcb->Removed = TRUE;
    else
        DbgPrint("fat: deleting failed: status %08x\n", (unsigned)FatStatus(fcb->Vcb, status));
    fcb->DeletePending = FALSE;
    FatOpenGate(fcb);
}

static BOOLEAN FatAnyUnstored(PFAT_VCB vcb)
{
    for (PLIST_ENTRY l = vcb->Fcbs.Flink; l != &vcb->Fcbs; l = l->Flink) {
        PFAT_FCB fcb = CONTAINING_RECORD(l, FAT_FCB, Link);
        if (!fcb->Removed && (fcb->Unstored || ReadNoFence(&fcb->Written) != 0))
            return TRUE;
    }
    return FALSE;
}

static VOID FatLastHandle(PFAT_FCB fcb)
{
    PFAT_VCB vcb = fcb->Vcb;
    NTSTATUS status = STATUS_SUCCESS;
    if (fcb->DeletePending)
        FatDeleteNow(fcb);
    else
        status = FatStoreFcb(fcb);
    if (NT_SUCCESS(status))
        status = FatStatus(vcb, fat_flush(&vcb->Volume, FALSE, !FatAnyUnstored(vcb)));
    vcb->Kept->Busy = FALSE;
    if (!NT_SUCCESS(status)) // nobody is left to tell
        DbgPrint("fat: writing back at cleanup failed: status %08x\n", (unsigned)status);
}

NTSTATUS FatCleanup(PDEVICE_OBJECT device, PIRP irp)
{
    PFAT_VCB vcb = FatVcb(device);
    PFILE_OBJECT file = IoGetCurrentIrpStackLocation(irp)->FileObject;
    PFAT_FCB fcb = FatFcb(file);
    if (vcb == NULL)
        return FatComplete(irp, STATUS_SUCCESS, 0);
    FatLock(vcb);
    vcb->HandleCount--;
    if (vcb->LockedBy == file)
        vcb->LockedBy = NULL;
    if (fcb != NULL) {
        if (FatCcb(file)->DeleteOnClose && NT_SUCCESS(FatCheckDelete(fcb)))
            fcb->DeletePending = TRUE;
        IoRemoveShareAccess(file, &fcb->Share);
        if (--fcb->HandleCount == 0 && !vcb->Dismounted)
            FatLastHandle(fcb);
    }
    file->Flags |= FO_CLEANUP_COMPLETE;
    FatUnlock(vcb);
    return FatComplete(irp, STATUS_SUCCESS, 0);
}

NTSTATUS FatClose(PDEVICE_OBJECT device, PIRP irp)
{
    PFAT_VCB vcb = FatVcb(device);
    PFILE_OBJECT file = IoGetCurrentIrpStackLocation(irp)->FileObject;
    PFAT_FCB fcb = FatFcb(file);
    PFAT_CCB ccb = FatCcb(file);
    if (vcb == NULL)
        return FatComplete(irp, STATUS_SUCCESS, 0);
    FatLock(vcb);
    if (fcb != NULL) {
        fcb->OpenCount--;
        FatDereferenceFcb(fcb);
        FatFreeString(&ccb->Pattern);
        ExFreePoolWithTag(ccb, FAT_TAG);
        file->FsContext = file->FsContext2 = NULL;
    }
    vcb->OpenCount--;
    FatUnlock(vcb);
    FatTryDelete(vcb);
    return FatComplete(irp, STATUS_SUCCESS, 0);
}

NTSTATUS FatFlushBuffers(PDEVICE_OBJECT device, PIRP irp)
{
    PFAT_VCB vcb = FatVcb(device);
    PFAT_FCB fcb = FatFcb(IoGetCurrentIrpStackLocation(irp)->FileObject);
    NTSTATUS status;
    if (vcb == NULL)
        return FatComplete(irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    FatLock(vcb);
    if (vcb->Dismounted) {
        status = STATUS_VOLUME_DISMOUNTED;
    } else if (fcb == NULL) {
        status = FatFlushVolume(vcb, TRUE);
    } else {
        status = FatStoreFcb(fcb);
        if (NT_SUCCESS(status))
            status = FatStatus(vcb, fat_flush(&vcb->Volume, TRUE, FALSE));
        vcb->Kept->Busy = FALSE;
    }
    FatUnlock(vcb);
    return FatComplete(irp, status, 0);
}

static NTSTATUS FatFlushLocked(PFAT_VCB vcb)
{
    FatLock(vcb);
    NTSTATUS status = vcb->Dismounted ? STATUS_SUCCESS : FatFlushVolume(vcb, TRUE);
    FatUnlock(vcb);
    return status;
}

// To a volume device: that volume. To the control device: all of them. The list cannot change
// meanwhile: the system mounts and dismounts nothing while it shuts down.
NTSTATUS FatShutdown(PDEVICE_OBJECT device, PIRP irp)
{
    PFAT_VCB vcb = FatVcb(device);
    NTSTATUS status = STATUS_SUCCESS;
    if (vcb != NULL)
        return FatComplete(irp, FatFlushLocked(vcb), 0);
    for (PLIST_ENTRY l = FatGlobals.Volumes.Flink; l != &FatGlobals.Volumes; l = l->Flink) {
        NTSTATUS one = FatFlushLocked(CONTAINING_RECORD(l, FAT_VCB, Link));
        status = NT_SUCCESS(status) ? one : status;
    }
    return FatComplete(irp, status, 0);
}
