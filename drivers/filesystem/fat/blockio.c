// SPDX-License-Identifier: MIT
//
// The core's block device: synchronous requests to the volume below, from and to pool memory. Only
// metadata and unaligned edges of files come this way.
//
// PASSIVE_LEVEL. Each request is waited for, so an order of calls is an order of writes.
#include "fatfs.h"

#include <ntdddisk.h>

static NTSTATUS FatWake(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    UNREFERENCED_PARAMETER(device);
    UNREFERENCED_PARAMETER(irp);
    KeSetEvent(context, IO_DISK_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

// Sends irp, whose next location is filled in, waits and frees it. *information may be NULL.
static NTSTATUS FatSendAndWait(PFAT_VCB vcb, PIRP irp, ULONG_PTR *information)
{
    KEVENT done;
    KeInitializeEvent(&done, NotificationEvent, FALSE);
    IoSetCompletionRoutine(irp, FatWake, &done, TRUE, TRUE, TRUE);
    (VOID) IoCallDriver(vcb->Target, irp);
    (VOID) KeWaitForSingleObject(&done, Executive, KernelMode, FALSE, NULL);
    NTSTATUS status = irp->IoStatus.Status;
    if (information != NULL)
        *information = irp->IoStatus.Information;
    IoFreeIrp(irp);
    return status;
}

static NTSTATUS FatTransferPool(PFAT_VCB vcb, UCHAR major, uint64_t offset, ULONG length,
                                PVOID buffer)
{
    ULONG_PTR moved = 0;
    PIRP irp = IoAllocateIrp(vcb->Target->StackSize, FALSE);
    if (irp == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    PMDL mdl = IoAllocateMdl(buffer, length, FALSE, FALSE, NULL);
    if (mdl == NULL) {
        IoFreeIrp(irp);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    MmBuildMdlForNonPagedPool(mdl);
    irp->MdlAddress = mdl;
    PIO_STACK_LOCATION next = IoGetNextIrpStackLocation(irp);
    next->MajorFunction = major;
    next->Parameters.Read.Length = length;
    next->Parameters.Read.ByteOffset.QuadPart = (LONGLONG)offset;
    NTSTATUS status = FatSendAndWait(vcb, irp, &moved);
    IoFreeMdl(mdl);
    return NT_SUCCESS(status) && moved != length ? STATUS_DEVICE_DATA_ERROR : status;
}

static enum fat_status FatMapStatus(PFAT_VCB vcb, NTSTATUS status)
{
    if (NT_SUCCESS(status))
        return FAT_OK;
    vcb->LastDeviceError = status;
    return FAT_IO_ERROR;
}

static enum fat_status FatDeviceRead(void *context, uint64_t offset, uint32_t length, void *buffer)
{
    PFAT_VCB vcb = context;
    return FatMapStatus(vcb, FatTransferPool(vcb, IRP_MJ_READ, offset, length, buffer));
}

static enum fat_status FatDeviceWrite(void *context, uint64_t offset, uint32_t length,
                                      const void *buffer)
{
    PFAT_VCB vcb = context;
    vcb->Kept->Busy = TRUE;
    PVOID from = (PVOID)(ULONG_PTR)buffer; // an MDL has no const; a write only reads it
    return FatMapStatus(vcb, FatTransferPool(vcb, IRP_MJ_WRITE, offset, length, from));
}

NTSTATUS FatFlushTarget(PFAT_VCB vcb)
{
    PIRP irp = IoAllocateIrp(vcb->Target->StackSize, FALSE);
    if (irp == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_FLUSH_BUFFERS;
    NTSTATUS status = FatSendAndWait(vcb, irp, NULL);
    // A device without a cache to flush may say that it does not know the request.
    return status == STATUS_INVALID_DEVICE_REQUEST ? STATUS_SUCCESS : status;
}

static enum fat_status FatDeviceFlush(void *context)
{
    PFAT_VCB vcb = context;
    return FatMapStatus(vcb, FatFlushTarget(vcb));
}

static void *FatDeviceAllocate(void *context, size_t bytes)
{
    (void)context;
    return ExAllocatePool2(POOL_FLAG_NON_PAGED | POOL_FLAG_UNINITIALIZED, bytes, FAT_TAG);
}

static void FatDeviceRelease(void *context, void *memory)
{
    (void)context;
    ExFreePoolWithTag(memory, FAT_TAG);
}

static void FatDeviceReport(void *context, const char *rule, uint64_t value)
{
    (void)context;
    DbgPrint("fat: rule broken by the volume: %s (0x%llx)\n", rule, (unsigned long long)value);
}

static NTSTATUS FatAsk(PFAT_VCB vcb, ULONG code, PVOID answer, ULONG length)
{
    KEVENT event;
    IO_STATUS_BLOCK iosb = {0};
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    PIRP irp = IoBuildDeviceIoControlRequest(code, vcb->Target, NULL, 0, answer, length, FALSE,
                                             &event, &iosb);
    if (irp == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    NTSTATUS status = IoCallDriver(vcb->Target, irp);
    if (status == STATUS_PENDING) {
        (VOID) KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
        status = iosb.Status;
    }
    return status;
}

static NTSTATUS FatAskSize(PFAT_VCB vcb, struct fat_device *device)
{
    GET_LENGTH_INFORMATION length = {0};
    DISK_GEOMETRY_EX geometry = {0};
    NTSTATUS status = FatAsk(vcb, IOCTL_DISK_GET_LENGTH_INFO, &length, sizeof length);
    if (!NT_SUCCESS(status) || length.Length.QuadPart <= 0)
        return NT_SUCCESS(status) ? STATUS_UNRECOGNIZED_VOLUME : status;
    device->size = (uint64_t)length.Length.QuadPart;
    device->sector_size = vcb->Target->SectorSize;
    if (device->sector_size == 0) {
        (VOID) FatAsk(vcb, IOCTL_DISK_GET_DRIVE_GEOMETRY_EX, &geometry, sizeof geometry);
        device->sector_size = geometry.Geometry.BytesPerSector;
    }
    if (device->sector_size == 0)
        device->sector_size = 512;
    return STATUS_SUCCESS;
}

NTSTATUS FatMakeDevice(PFAT_VCB vcb, struct fat_device *device)
{
    *device = (struct fat_device){
        .context = vcb,
        .read = FatDeviceRead,
        .write = FatDeviceWrite,
        .flush = FatDeviceFlush,
        .allocate = FatDeviceAllocate,
        .release = FatDeviceRelease,
        .report = FatDeviceReport,
    };
    return FatAskSize(vcb, device);
}
