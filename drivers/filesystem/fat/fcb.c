// SPDX-License-Identifier: MIT
//
// File control blocks: finding, referencing, storing, and the gate.
//
// Invariants (resource held):
//  * One FCB for each open entry, found by where its 8.3 slot lies; a removed one is not found, so
//    the slot may be given to another file.
//  * Gate == number of transfers inside, plus MINLONG while closed.
#include "fatfs.h"

PFAT_FCB FatFindFcb(PFAT_VCB vcb, const struct fat_entry *entry)
{
    for (PLIST_ENTRY l = vcb->Fcbs.Flink; l != &vcb->Fcbs; l = l->Flink) {
        PFAT_FCB fcb = CONTAINING_RECORD(l, FAT_FCB, Link);
        if (!fcb->Removed && fcb->Entry.sector == entry->sector &&
            fcb->Entry.sector_offset == entry->sector_offset)
            return fcb;
    }
    return NULL;
}

PFAT_FCB FatFindDirectory(PFAT_VCB vcb, uint32_t cluster)
{
    for (PLIST_ENTRY l = vcb->Fcbs.Flink; l != &vcb->Fcbs; l = l->Flink) {
        PFAT_FCB fcb = CONTAINING_RECORD(l, FAT_FCB, Link);
        if (fcb->IsDirectory && !fcb->Removed && fcb->Entry.first_cluster == cluster)
            return fcb;
    }
    return NULL;
}

static PFAT_FCB FatNewFcb(PFAT_VCB vcb, const struct fat_entry *entry, BOOLEAN root,
                          PCUNICODE_STRING path)
{
    PFAT_FCB fcb = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof *fcb, FAT_TAG);
    if (fcb == NULL)
        return NULL;
    if (!FatCopyString(&fcb->Path, path)) {
        ExFreePoolWithTag(fcb, FAT_TAG);
        return NULL;
    }
    fcb->Vcb = vcb;
    fcb->Entry = *entry;
    fcb->IsRoot = root;
    fcb->IsDirectory = (entry->attributes & FAT_DIRECTORY) != 0;
    KeInitializeEvent(&fcb->Drained, NotificationEvent, FALSE);
    fat_file_open(&fcb->File, &vcb->Volume, entry->first_cluster, entry->size);
    InsertTailList(&vcb->Fcbs, &fcb->Link);
    return fcb;
}

PFAT_FCB FatObtainFcb(PFAT_VCB vcb, const struct fat_entry *entry, BOOLEAN root,
                      PCUNICODE_STRING path)
{
    PFAT_FCB fcb = FatFindFcb(vcb, entry);
    return fcb != NULL ? fcb : FatNewFcb(vcb, entry, root, path);
}

VOID FatDereferenceFcb(PFAT_FCB fcb)
{
    if (fcb->OpenCount != 0)
        return;
    RemoveEntryList(&fcb->Link);
    fat_file_close(&fcb->File);
    FatFreeString(&fcb->Path);
    ExFreePoolWithTag(fcb, FAT_TAG);
}

VOID FatCloseGate(PFAT_FCB fcb)
{
    (VOID) InterlockedOr(&fcb->Gate, MINLONG);
    for (;;) { // a late signal of somebody who found the gate closed earlier is no proof
        KeClearEvent(&fcb->Drained);
        if (ReadAcquire(&fcb->Gate) == MINLONG)
            return;
        (VOID) KeWaitForSingleObject(&fcb->Drained, Executive, KernelMode, FALSE, NULL);
    }
}

VOID FatOpenGate(PFAT_FCB fcb)
{
    (VOID) InterlockedAnd(&fcb->Gate, MAXLONG);
}

NTSTATUS FatUpdateEntry(PFAT_FCB fcb)
{
    if (fcb->IsRoot || fcb->Removed)
        return STATUS_SUCCESS;
    if (!fcb->IsDirectory) {
        fcb->Entry.first_cluster = fcb->File.first_cluster;
        fcb->Entry.size = fcb->File.size;
    }
    fcb->Unstored = FALSE;
    return FatStatus(fcb->Vcb, fat_update(&fcb->Vcb->Volume, &fcb->Entry));
}

static enum fat_status FatSettleData(PFAT_FCB fcb)
{
    struct fat_file *file = &fcb->File;
    enum fat_status status = fat_file_settle(file, file->size);
    if (status == FAT_OK && file->tail_known)
        status = fat_file_trim(file, fat_clusters_for(file->volume, file->size));
    return status;
}

NTSTATUS FatStoreFcb(PFAT_FCB fcb)
{
    if (fcb->Removed || fcb->IsDirectory || !(fcb->Unstored || ReadNoFence(&fcb->Written) != 0))
        return fcb->Unstored ? FatUpdateEntry(fcb) : STATUS_SUCCESS;
    FatCloseGate(fcb);
    if (ReadNoFence(&fcb->Written) != 0) {
        fcb->Entry.written = FatNow();
        fcb->Entry.accessed = fcb->Entry.written;
        fcb->Entry.attributes |= FAT_ARCHIVE;
        WriteNoFence(&fcb->Written, FALSE);
    }
    enum fat_status settled = FatSettleData(fcb);
    NTSTATUS status = FatUpdateEntry(fcb);
    FatOpenGate(fcb);
    return settled == FAT_OK ? status : FatStatus(fcb->Vcb, settled);
}

NTSTATUS FatFlushVolume(PFAT_VCB vcb, BOOLEAN durable)
{
    NTSTATUS first = STATUS_SUCCESS;
    for (PLIST_ENTRY l = vcb->Fcbs.Flink; l != &vcb->Fcbs; l = l->Flink) {
        NTSTATUS status = FatStoreFcb(CONTAINING_RECORD(l, FAT_FCB, Link));
        if (!NT_SUCCESS(status) && NT_SUCCESS(first))
            first = status;
    }
    NTSTATUS status = FatStatus(vcb, fat_flush(&vcb->Volume, durable, TRUE));
    vcb->Kept->Busy = FALSE;
    return NT_SUCCESS(first) ? status : first;
}

NTSTATUS FatSettle(PFAT_VCB vcb, PFAT_FCB fcb, NTSTATUS status)
{
    NTSTATUS stored = fcb != NULL ? FatStoreFcb(fcb) : STATUS_SUCCESS;
    NTSTATUS flushed = FatStatus(vcb, fat_flush(&vcb->Volume, FALSE, FALSE));
    vcb->Kept->Busy = FALSE;
    if (NT_SUCCESS(stored))
        stored = flushed;
    return NT_SUCCESS(status) ? stored : status;
}
