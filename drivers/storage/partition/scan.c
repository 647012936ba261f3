// SPDX-License-Identifier: MIT
//
// From a disk to its volumes. Everything the disk says is checked: its geometry here, its table in
// table.c.
#include "partition.h"

#define SCRATCH_BYTES (16 * 1024)

// Sends an IRP that the I/O manager frees, and waits. *information (may be NULL) gets the bytes.
static NTSTATUS SendAndWait(PDEVICE_OBJECT lower, PIRP irp, PKEVENT event, PIO_STATUS_BLOCK iosb)
{
    if (irp == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    NTSTATUS status = IoCallDriver(lower, irp);
    if (status == STATUS_PENDING) {
        (void)KeWaitForSingleObject(event, Executive, KernelMode, FALSE, NULL);
        status = iosb->Status;
    }
    return status;
}

static NTSTATUS QueryDisk(PDEVICE_OBJECT lower, ULONG code, PVOID answer, ULONG bytes)
{
    KEVENT event;
    IO_STATUS_BLOCK iosb = {0};
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    PIRP irp =
        IoBuildDeviceIoControlRequest(code, lower, NULL, 0, answer, bytes, FALSE, &event, &iosb);
    NTSTATUS status = SendAndWait(lower, irp, &event, &iosb);
    if (NT_SUCCESS(status) && iosb.Information < bytes) {
        status = STATUS_INFO_LENGTH_MISMATCH;
    }
    return status;
}

static NTSTATUS GetGeometry(PDISK_EXTENSION disk)
{
    DISK_GEOMETRY geometry = {0};
    GET_LENGTH_INFORMATION length = {0};
    PDEVICE_OBJECT lower = disk->Common.Lower;
    NTSTATUS status = QueryDisk(lower, IOCTL_DISK_GET_DRIVE_GEOMETRY, &geometry, sizeof(geometry));
    if (status == STATUS_INVALID_DEVICE_REQUEST || status == STATUS_NOT_SUPPORTED) {
        DISK_GEOMETRY_EX extended = {0};
        status = QueryDisk(lower, IOCTL_DISK_GET_DRIVE_GEOMETRY_EX, &extended,
                           (ULONG)FIELD_OFFSET(DISK_GEOMETRY_EX, Data));
        geometry = extended.Geometry;
    }
    if (NT_SUCCESS(status)) {
        status = QueryDisk(lower, IOCTL_DISK_GET_LENGTH_INFO, &length, sizeof(length));
    }
    if (!NT_SUCCESS(status)) {
        return status;
    }
    ULONG size = geometry.BytesPerSector;
    if (size < TABLE_SECTOR_MIN || size > TABLE_SECTOR_MAX || (size & (size - 1)) != 0 ||
        length.Length.QuadPart < (LONGLONG)size) {
        return STATUS_DEVICE_CONFIGURATION_ERROR;
    }
    disk->SectorSize = size;
    disk->Sectors = (ULONGLONG)length.Length.QuadPart / size;
    return STATUS_SUCCESS;
}

// table_read for a DISK_EXTENSION.
static int ReadSectors(void *context, uint64_t first, uint32_t count, void *buffer)
{
    PDISK_EXTENSION disk = context;
    KEVENT event;
    IO_STATUS_BLOCK iosb = {0};
    LARGE_INTEGER offset = {.QuadPart = (LONGLONG)(first * disk->SectorSize)};
    ULONG bytes = count * disk->SectorSize;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    PIRP irp = IoBuildSynchronousFsdRequest(IRP_MJ_READ, disk->Common.Lower, buffer, bytes, &offset,
                                            &event, &iosb);
    NTSTATUS status = SendAndWait(disk->Common.Lower, irp, &event, &iosb);
    return NT_SUCCESS(status) && iosb.Information == bytes ? 0 : -1;
}

static VOID ReportGpt(const struct table *table)
{
    if (table->primary != TABLE_OK) {
        DbgPrint("primary GPT: %s; using the backup\n", table_status_text(table->primary));
    }
    if (table->backup != TABLE_OK) {
        DbgPrint("backup GPT: %s\n", table_status_text(table->backup));
    }
}

static NTSTATUS CreateVolumes(PDISK_EXTENSION disk, PDRIVER_OBJECT driver,
                              const struct table *table)
{
    NTSTATUS status = STATUS_SUCCESS;
    if (table->style == TABLE_STYLE_GPT) {
        ReportGpt(table);
    }
    for (ULONG i = 0; i < table->count && NT_SUCCESS(status); i++) {
        status = PartitionCreateVolume(disk, driver, table, &table->partitions[i]);
    }
    return status;
}

static NTSTATUS ScanWith(PDISK_EXTENSION disk, PDRIVER_OBJECT driver, struct table *table,
                         UCHAR *scratch)
{
    struct table_disk source = {.read = ReadSectors,
                                .context = disk,
                                .sector_size = disk->SectorSize,
                                .sectors = disk->Sectors,
                                .scratch = scratch,
                                .scratch_size = SCRATCH_BYTES};
    enum table_status found = table_read_disk(&source, table);
    if (found != TABLE_OK) {
        // The disk itself works: whoever repairs the table needs it started.
        DbgPrint("no volumes: %s\n", table_status_text(found));
        return STATUS_SUCCESS;
    }
    return CreateVolumes(disk, driver, table);
}

NTSTATUS PartitionScan(PDISK_EXTENSION disk, PDRIVER_OBJECT driver)
{
    NTSTATUS status = GetGeometry(disk);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    struct table *table = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*table), PARTITION_TAG);
    UCHAR *scratch = ExAllocatePool2(POOL_FLAG_NON_PAGED, SCRATCH_BYTES, PARTITION_TAG);
    status = table != NULL && scratch != NULL ? ScanWith(disk, driver, table, scratch)
                                              : STATUS_INSUFFICIENT_RESOURCES;
    if (table != NULL) {
        ExFreePoolWithTag(table, PARTITION_TAG);
    }
    if (scratch != NULL) {
        ExFreePoolWithTag(scratch, PARTITION_TAG);
    }
    return status;
}
