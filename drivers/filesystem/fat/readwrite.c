// SPDX-License-Identifier: MIT
//
// IRP_MJ_READ and IRP_MJ_WRITE.
//
// Fast path: whole sectors, inside the valid data, clusters known, a buffer that the device takes:
// no lock, no copy, no wait. Else, with the resource held: the clusters are looked up and the fast
// path is tried again; what is left (unaligned edges, bytes never written, growing files) is done
// step by step here, the whole sectors of it still without a copy. A buffer whose address the
// device does not take is copied as a whole; with FILE_NO_INTERMEDIATE_BUFFERING it is refused.
#include "fatfs.h"

#include "transfer.h"

enum { FAT_FAST_MAX = 0x40000000 }; // so that sums of lengths cannot wrap

// ---- Fast path ----

// Which bytes a request moves without a copy: FALSE if it cannot be.
static inline BOOLEAN FatPlan(const struct fat_file *file, PIO_STACK_LOCATION sp, ULONG mask,
                              ULONG *span, ULONG *bytes)
{
    ULONG offset = sp->Parameters.Read.ByteOffset.LowPart;
    ULONG length = sp->Parameters.Read.Length;
    if (offset >= file->valid)
        return FALSE;
    ULONG left = file->valid - offset;
    if (sp->MajorFunction == IRP_MJ_WRITE) {
        *span = *bytes = length;
        return length <= left && (length & mask) == 0;
    }
    if (length > left && file->valid != file->size)
        return FALSE;
    *bytes = length < left ? length : left;
    *span = (*bytes + mask) & ~mask;
    return *span <= length;
}

static BOOLEAN FatTryFast(PFAT_FCB fcb, PIRP irp, PIO_STACK_LOCATION sp, NTSTATUS *status)
{
    const struct fat_volume *volume = &fcb->Vcb->Volume;
    const struct fat_file *file = &fcb->File;
    ULONG mask = fcb->Vcb->SectorMask;
    ULONG offset = sp->Parameters.Read.ByteOffset.LowPart;
    uint32_t shift = volume->geometry.cluster_shift;
    struct fat_run run;
    ULONG span;
    ULONG bytes;
    if (sp->Parameters.Read.ByteOffset.HighPart != 0 || (offset & mask) != 0 ||
        sp->Parameters.Read.Length - 1 >= FAT_FAST_MAX || irp->MdlAddress == NULL ||
        MmGetMdlByteCount(irp->MdlAddress) < sp->Parameters.Read.Length ||
        !FatAligned(fcb, irp->MdlAddress) || !FatEnterGate(fcb))
        return FALSE;
    if (!FatPlan(file, sp, mask, &span, &bytes) || (offset + (span - 1)) >> shift >= file->known ||
        !fat_file_find(file, offset >> shift, &run)) {
        FatLeaveGate(fcb);
        return FALSE;
    }
    if (sp->MajorFunction == IRP_MJ_WRITE)
        WriteNoFence(&fcb->Written, TRUE);
    ULONG within = offset & ((1u << shift) - 1);
    uint64_t contiguous = ((uint64_t)run.count << shift) - within;
    if (span <= contiguous)
        *status =
            FatForward(fcb, irp, fat_cluster_offset(volume, run.cluster) + within, span, bytes);
    else
        *status = FatTransferRuns(fcb, irp, sp->MajorFunction, offset, span, bytes);
    return TRUE;
}

// ---- Slow path: resource held ----

// Whether whole sectors from `offset` on can go between the device and the caller's buffer.
static BOOLEAN FatUncopied(PFAT_FCB fcb, PIRP irp, ULONG offset)
{
    return (offset & fcb->Vcb->SectorMask) == 0 && irp->MdlAddress != NULL &&
           FatAligned(fcb, irp->MdlAddress);
}

// Loads the runs of a range, so that the fast path finds them.
static VOID FatLoadRuns(PFAT_FCB fcb, ULONG offset, ULONG length)
{
    uint32_t shift = fcb->Vcb->Volume.geometry.cluster_shift;
    struct fat_run run;
    if (offset >= fcb->File.valid || length == 0)
        return;
    ULONG left = fcb->File.valid - offset;
    ULONG last = (offset + (length < left ? length : left) - 1) >> shift;
    FatCloseGate(fcb);
    enum fat_status status = fat_file_map(&fcb->File, offset >> shift, &run);
    if (status == FAT_OK && last >= fcb->File.known)
        status = fat_file_map(&fcb->File, last, &run);
    FatOpenGate(fcb);
    (void)status; // what failed will fail again, and be answered, on the slow path
}

static NTSTATUS FatReadData(PFAT_FCB fcb, PIRP irp, ULONG offset, ULONG length, ULONG *done)
{
    PUCHAR buffer = FatBuffer(irp);
    ULONG whole = 0;
    uint32_t rest = 0;
    if (buffer == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    if (FatUncopied(fcb, irp, offset) && offset < fcb->File.valid) {
        ULONG left = fcb->File.valid - offset;
        whole = (length < left ? length : left) & ~fcb->Vcb->SectorMask;
    }
    if (whole != 0) {
        NTSTATUS status = FatTransferAndWait(fcb, irp, IRP_MJ_READ, 0, offset, whole);
        if (!NT_SUCCESS(status))
            return status;
    }
    enum fat_status status =
        fat_file_read(&fcb->File, offset + whole, length - whole, buffer + whole, &rest);
    *done = whole + rest;
    return FatStatus(fcb->Vcb, status);
}

static NTSTATUS FatWriteWhole(PFAT_FCB fcb, PIRP irp, ULONG offset, ULONG whole)
{
    NTSTATUS status = FatTransferAndWait(fcb, irp, IRP_MJ_WRITE, 0, offset, whole);
    if (NT_SUCCESS(status))
        fat_file_written(&fcb->File, offset + whole);
    return status;
}

static NTSTATUS FatWriteData(PFAT_FCB fcb, PIRP irp, ULONG offset, ULONG length, ULONG *done)
{
    PUCHAR buffer = FatBuffer(irp);
    ULONG whole = FatUncopied(fcb, irp, offset) ? length & ~fcb->Vcb->SectorMask : 0;
    uint32_t rest = 0;
    if (buffer == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    WriteNoFence(&fcb->Written, TRUE);
    NTSTATUS status = FatStatus(fcb->Vcb, fat_file_prepare(&fcb->File, offset, length));
    if (NT_SUCCESS(status) && whole != 0)
        status = FatWriteWhole(fcb, irp, offset, whole);
    if (NT_SUCCESS(status)) {
        enum fat_status written =
            fat_file_write(&fcb->File, offset + whole, length - whole, buffer + whole, &rest);
        *done = whole + rest;
        status = FatStatus(fcb->Vcb, written);
    }
    return status;
}

// Resolves the two special offsets. FALSE if the offset is no offset.
static BOOLEAN FatResolveOffset(PFAT_FCB fcb, PIO_STACK_LOCATION sp)
{
    PLARGE_INTEGER offset = &sp->Parameters.Read.ByteOffset;
    if (offset->HighPart == -1 && offset->LowPart == FILE_USE_FILE_POINTER_POSITION)
        *offset = sp->FileObject->CurrentByteOffset;
    else if (offset->HighPart == -1 && offset->LowPart == FILE_WRITE_TO_END_OF_FILE &&
             sp->MajorFunction == IRP_MJ_WRITE)
        offset->QuadPart = fcb->File.size;
    return offset->QuadPart >= 0;
}

static NTSTATUS FatCheckTransfer(PFAT_FCB fcb, PIRP irp, PIO_STACK_LOCATION sp)
{
    ULONG mask = fcb->Vcb->SectorMask;
    ULONG length = sp->Parameters.Read.Length;
    if (fcb->Vcb->Dismounted)
        return STATUS_VOLUME_DISMOUNTED;
    if (fcb->IsDirectory)
        return STATUS_INVALID_DEVICE_REQUEST;
    if (fcb->Removed)
        return STATUS_FILE_DELETED;
    if (!FatResolveOffset(fcb, sp))
        return STATUS_INVALID_PARAMETER;
    if (irp->MdlAddress != NULL && MmGetMdlByteCount(irp->MdlAddress) < length)
        return STATUS_INVALID_PARAMETER;
    if (FatCcb(sp->FileObject)->Unbuffered &&
        (((length | sp->Parameters.Read.ByteOffset.LowPart) & mask) != 0 ||
         (irp->MdlAddress != NULL && !FatAligned(fcb, irp->MdlAddress))))
        return STATUS_INVALID_PARAMETER;
    return STATUS_SUCCESS;
}

static NTSTATUS FatSlowRead(PFAT_FCB fcb, PIRP irp, PIO_STACK_LOCATION sp, ULONG *done)
{
    ULONG length = sp->Parameters.Read.Length;
    if (length == 0)
        return STATUS_SUCCESS;
    if ((ULONGLONG)sp->Parameters.Read.ByteOffset.QuadPart >= fcb->File.size)
        return STATUS_END_OF_FILE;
    FatCloseGate(fcb);
    NTSTATUS status = FatReadData(fcb, irp, sp->Parameters.Read.ByteOffset.LowPart, length, done);
    FatOpenGate(fcb);
    return status;
}

static NTSTATUS FatSlowWrite(PFAT_FCB fcb, PIRP irp, PIO_STACK_LOCATION sp, ULONG *done)
{
    ULONG length = sp->Parameters.Write.Length;
    if (length == 0)
        return STATUS_SUCCESS;
    if ((ULONGLONG)sp->Parameters.Write.ByteOffset.QuadPart + length > MAXULONG)
        return STATUS_FILE_TOO_LARGE;
    FatCloseGate(fcb);
    NTSTATUS status = FatWriteData(fcb, irp, sp->Parameters.Write.ByteOffset.LowPart, length, done);
    fcb->Unstored = TRUE;
    FatOpenGate(fcb);
    status = FatSettle(fcb->Vcb, fcb, status);
    if (NT_SUCCESS(status) && FatCcb(sp->FileObject)->WriteThrough)
        status = FatStatus(fcb->Vcb, fat_flush(&fcb->Vcb->Volume, TRUE, FALSE));
    return status;
}

static NTSTATUS FatSlow(PFAT_FCB fcb, PIRP irp, PIO_STACK_LOCATION sp)
{
    PFAT_VCB vcb = fcb->Vcb;
    ULONG done = 0;
    FatLock(vcb);
    NTSTATUS status = FatCheckTransfer(fcb, irp, sp);
    if (NT_SUCCESS(status) && !FatCcb(sp->FileObject)->WriteThrough &&
        sp->Parameters.Read.ByteOffset.HighPart == 0) {
        FatLoadRuns(fcb, sp->Parameters.Read.ByteOffset.LowPart, sp->Parameters.Read.Length);
        if (FatTryFast(fcb, irp, sp, &status)) {
            FatUnlock(vcb);
            return status;
        }
    }
    if (NT_SUCCESS(status)) {
        status = sp->MajorFunction == IRP_MJ_READ ? FatSlowRead(fcb, irp, sp, &done)
                                                  : FatSlowWrite(fcb, irp, sp, &done);
        FatAdvance(sp, status, done);
    }
    FatUnlock(vcb);
    return FatComplete(irp, status, NT_SUCCESS(status) ? done : 0);
}

// The volume itself may be read; it may be written by who locked and then dismounted it.
static NTSTATUS FatVolumeTransfer(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION sp)
{
    PFAT_VCB vcb = FatVcb(device);
    if (vcb == NULL)
        return FatComplete(irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    if (sp->MajorFunction == IRP_MJ_WRITE && !(vcb->Dismounted && vcb->LockedBy == sp->FileObject))
        return FatComplete(irp, STATUS_ACCESS_DENIED, 0);
    IoSkipCurrentIrpStackLocation(irp);
    return IoCallDriver(vcb->Target, irp);
}

NTSTATUS FatRead(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_STACK_LOCATION sp = IoGetCurrentIrpStackLocation(irp);
    PFAT_FCB fcb = FatFcb(sp->FileObject);
    NTSTATUS status;
    if (fcb == NULL)
        return FatVolumeTransfer(device, irp, sp);
    if ((FatCcb(sp->FileObject)->Access & (FILE_READ_DATA | FILE_EXECUTE)) == 0)
        return FatComplete(irp, STATUS_ACCESS_DENIED, 0);
    if (FatTryFast(fcb, irp, sp, &status))
        return status;
    return FatSlow(fcb, irp, sp);
}

NTSTATUS FatWrite(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_STACK_LOCATION sp = IoGetCurrentIrpStackLocation(irp);
    PFAT_FCB fcb = FatFcb(sp->FileObject);
    NTSTATUS status;
    if (fcb == NULL)
        return FatVolumeTransfer(device, irp, sp);
    PFAT_CCB ccb = FatCcb(sp->FileObject);
    if ((ccb->Access & (FILE_WRITE_DATA | FILE_APPEND_DATA)) == 0)
        return FatComplete(irp, STATUS_ACCESS_DENIED, 0);
    if ((ccb->Access & FILE_WRITE_DATA) == 0) { // append only
        sp->Parameters.Write.ByteOffset.HighPart = -1;
        sp->Parameters.Write.ByteOffset.LowPart = FILE_WRITE_TO_END_OF_FILE;
    }
    if (!ccb->WriteThrough && FatTryFast(fcb, irp, sp, &status))
        return status;
    return FatSlow(fcb, irp, sp);
}
