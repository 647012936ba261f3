// SPDX-License-Identifier: MIT
//
// Moving user data without copying it: the ways down to the volume device.
//
//  * one run: the caller's own IRP goes down with another offset (FatForward);
//  * several runs: one IRP a run with a partial MDL on the caller's (FatTransferRuns);
//  * the same, waited for, for requests that change the file (FatTransferAndWait).
//
// A transfer is inside the FCB's gate until it completes, so its clusters stay the file's.
#include "fatfs.h"

#include "transfer.h"

// Bytes between the end of file and the end of its last sector are nobody's to see. span is what
// was asked of the lower driver, so it fits the buffer.
static VOID FatClearTail(PIRP irp, ULONG bytes, ULONG span)
{
    PUCHAR buffer = MmGetSystemAddressForMdlSafe(irp->MdlAddress, NormalPagePriority);
    if (buffer != NULL)
        RtlZeroMemory(buffer + bytes, span - bytes);
}

// ---- One run ----

static NTSTATUS FatForwardDone(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    PFAT_FCB fcb = context;
    PIO_STACK_LOCATION sp = IoGetCurrentIrpStackLocation(irp);
    ULONG bytes = sp->Parameters.Read.Key; // left there by FatForward
    UNREFERENCED_PARAMETER(device);
    if (irp->PendingReturned)
        IoMarkIrpPending(irp);
    ULONG mask = fcb->Vcb->SectorMask;
    if ((bytes & mask) != 0) // only of reads
        FatClearTail(irp, bytes, (bytes + mask) & ~mask);
    if (irp->IoStatus.Information > bytes)
        irp->IoStatus.Information = bytes;
    FatAdvance(sp, irp->IoStatus.Status, (ULONG)irp->IoStatus.Information);
    FatLeaveGate(fcb);
    return STATUS_SUCCESS; // the completion goes on
}

NTSTATUS FatForward(PFAT_FCB fcb, PIRP irp, uint64_t device_offset, ULONG span, ULONG bytes)
{
    PIO_STACK_LOCATION sp = IoGetCurrentIrpStackLocation(irp);
    PIO_STACK_LOCATION next = IoGetNextIrpStackLocation(irp);
    sp->Parameters.Read.Key = bytes;
    if (span != bytes) // map it here, at PASSIVE_LEVEL, for FatClearTail
        (VOID) MmGetSystemAddressForMdlSafe(irp->MdlAddress, NormalPagePriority);
    next->MajorFunction = sp->MajorFunction;
    next->MinorFunction = 0;
    next->Flags = sp->Flags;
    next->Parameters.Read.Length = span;
    next->Parameters.Read.Key = 0;
    next->Parameters.Read.ByteOffset.QuadPart = (LONGLONG)device_offset;
    next->FileObject = NULL;
    IoSetCompletionRoutine(irp, FatForwardDone, fcb, TRUE, TRUE, TRUE);
    IoMarkIrpPending(irp);
    (VOID) IoCallDriver(fcb->Vcb->Target, irp);
    return STATUS_PENDING;
}

// ---- Several runs ----

typedef struct _FAT_TRANSFER {
    PFAT_FCB Fcb;
    PIRP Irp; // of the caller
    UCHAR Major;
    volatile LONG Left; // pieces on their way, plus one while they are being sent
    volatile LONG Status;
    ULONG Bytes;   // to report
    ULONG Span;    // that were moved
    PKEVENT Event; // waited for; or NULL: the last piece completes the caller's IRP
} FAT_TRANSFER, *PFAT_TRANSFER;

static VOID FatTransferFinish(PFAT_TRANSFER transfer)
{
    PIRP irp = transfer->Irp;
    PFAT_FCB fcb = transfer->Fcb;
    NTSTATUS status = transfer->Status;
    ULONG bytes = NT_SUCCESS(status) ? transfer->Bytes : 0;
    if (transfer->Event != NULL) {
        KeSetEvent(transfer->Event, IO_DISK_INCREMENT, FALSE);
        return;
    }
    if (transfer->Span != transfer->Bytes)
        FatClearTail(irp, transfer->Bytes, transfer->Span);
    ExFreePoolWithTag(transfer, FAT_TAG);
    FatAdvance(IoGetCurrentIrpStackLocation(irp), status, bytes);
    FatLeaveGate(fcb);
    (VOID) FatComplete(irp, status, bytes);
}

static VOID FatTransferRelease(PFAT_TRANSFER transfer, NTSTATUS status)
{
    if (!NT_SUCCESS(status))
        (VOID) InterlockedCompareExchange(&transfer->Status, status, STATUS_SUCCESS);
    if (InterlockedDecrement(&transfer->Left) == 0)
        FatTransferFinish(transfer);
}

static NTSTATUS FatPieceDone(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    NTSTATUS status = irp->IoStatus.Status;
    UNREFERENCED_PARAMETER(device);
    if (NT_SUCCESS(status) && irp->IoStatus.Information != MmGetMdlByteCount(irp->MdlAddress))
        status = STATUS_DEVICE_DATA_ERROR;
    IoFreeMdl(irp->MdlAddress);
    IoFreeIrp(irp);
    FatTransferRelease(context, status);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static NTSTATUS FatSendPiece(PFAT_TRANSFER transfer, ULONG mdl_offset, uint64_t device_offset,
                             ULONG length)
{
    PDEVICE_OBJECT target = transfer->Fcb->Vcb->Target;
    PMDL whole = transfer->Irp->MdlAddress;
    PUCHAR va = (PUCHAR)MmGetMdlVirtualAddress(whole) + mdl_offset;
    PIRP irp = IoAllocateIrp(target->StackSize, FALSE);
    if (irp == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    if (IoAllocateMdl(va, length, FALSE, FALSE, irp) == NULL) {
        IoFreeIrp(irp);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    IoBuildPartialMdl(whole, irp->MdlAddress, va, length);
    PIO_STACK_LOCATION next = IoGetNextIrpStackLocation(irp);
    next->MajorFunction = transfer->Major;
    next->Parameters.Read.Length = length;
    next->Parameters.Read.ByteOffset.QuadPart = (LONGLONG)device_offset;
    IoSetCompletionRoutine(irp, FatPieceDone, transfer, TRUE, TRUE, TRUE);
    (VOID) InterlockedIncrement(&transfer->Left);
    (VOID) IoCallDriver(target, irp);
    return STATUS_SUCCESS;
}

// Where a byte of the file lies. With `load` the FAT may be read (gate closed); else only what is
// known counts.
static NTSTATUS FatLocate(PFAT_FCB fcb, ULONG offset, BOOLEAN load, uint64_t *device_offset,
                          uint64_t *contiguous)
{
    struct fat_volume *volume = &fcb->Vcb->Volume;
    uint32_t shift = volume->geometry.cluster_shift;
    uint32_t within = offset & ((1u << shift) - 1);
    struct fat_run run;
    if (load) {
        enum fat_status status = fat_file_map(&fcb->File, offset >> shift, &run);
        if (status != FAT_OK)
            return FatStatus(fcb->Vcb, status);
    } else if (!fat_file_find(&fcb->File, offset >> shift, &run)) {
        return STATUS_FILE_CORRUPT_ERROR;
    }
    *device_offset = fat_cluster_offset(volume, run.cluster) + within;
    *contiguous = ((uint64_t)run.count << shift) - within;
    return STATUS_SUCCESS;
}

static NTSTATUS FatSendPieces(PFAT_TRANSFER transfer, BOOLEAN load, ULONG mdl_offset, ULONG offset,
                              ULONG length)
{
    while (length != 0) {
        uint64_t device_offset = 0;
        uint64_t contiguous = 0;
        NTSTATUS status = FatLocate(transfer->Fcb, offset, load, &device_offset, &contiguous);
        if (!NT_SUCCESS(status))
            return status;
        ULONG piece = contiguous < length ? (ULONG)contiguous : length;
        status = FatSendPiece(transfer, mdl_offset, device_offset, piece);
        if (!NT_SUCCESS(status))
            return status;
        mdl_offset += piece;
        offset += piece;
        length -= piece;
    }
    return STATUS_SUCCESS;
}

NTSTATUS FatTransferRuns(PFAT_FCB fcb, PIRP irp, UCHAR major, ULONG offset, ULONG span, ULONG bytes)
{
    PFAT_TRANSFER transfer = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof *transfer, FAT_TAG);
    if (transfer == NULL) {
        FatLeaveGate(fcb);
        return FatComplete(irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    }
    *transfer = (FAT_TRANSFER){
        .Fcb = fcb, .Irp = irp, .Major = major, .Left = 1, .Bytes = bytes, .Span = span};
    if (span != bytes) // map it here, at PASSIVE_LEVEL, for FatClearTail
        (VOID) MmGetSystemAddressForMdlSafe(irp->MdlAddress, NormalPagePriority);
    IoMarkIrpPending(irp);
    FatTransferRelease(transfer, FatSendPieces(transfer, FALSE, 0, offset, span));
    return STATUS_PENDING;
}

NTSTATUS FatTransferAndWait(PFAT_FCB fcb, PIRP irp, UCHAR major, ULONG mdl_offset, ULONG offset,
                            ULONG length)
{
    KEVENT event;
    FAT_TRANSFER transfer = {.Fcb = fcb, .Irp = irp, .Major = major, .Left = 1, .Event = &event};
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    FatTransferRelease(&transfer, FatSendPieces(&transfer, TRUE, mdl_offset, offset, length));
    (VOID) KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
    return transfer.Status;
}
