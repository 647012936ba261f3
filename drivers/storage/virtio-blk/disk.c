// SPDX-License-Identifier: MIT
//
// The disk: a PDO named \Device\HarddiskN\DR0 with hardware ID STORAGE\Disk, its control codes, and
// the checks that every request passes before it reaches the queue.
#include "blk.h"

#include <ntdddisk.h>

#define DISKS_MOST       64u
#define NAME_CHARACTERS  32u
#define HEADS            255u
#define SECTORS_OF_TRACK 63u

static struct fdo_extension *blk_of(PDEVICE_OBJECT disk)
{
    struct pdo_extension *extension = disk->DeviceExtension;
    return extension->blk;
}

static ULONGLONG disk_bytes(const struct fdo_extension *blk)
{
    return blk->geometry.sectors << SECTOR_SHIFT;
}

// Two digits at most: DISKS_MOST is below 100.
static VOID make_name(PUNICODE_STRING name, ULONG number)
{
    WCHAR digits[] = {(WCHAR)(L'0' + number / 10), (WCHAR)(L'0' + number % 10), 0};
    name->Length = 0;
    (VOID) RtlAppendUnicodeToString(name, L"\\Device\\Harddisk");
    (VOID) RtlAppendUnicodeToString(name, number < 10 ? digits + 1 : digits);
    (VOID) RtlAppendUnicodeToString(name, L"\\DR0");
}

// The number is the first that the namespace does not know: disks of other drivers count too.
static NTSTATUS create_named(PDRIVER_OBJECT driver, PDEVICE_OBJECT *disk, PULONG number)
{
    DECLARE_UNICODE_STRING_SIZE(name, NAME_CHARACTERS);
    NTSTATUS status = STATUS_OBJECT_NAME_COLLISION;
    for (*number = 0; *number < DISKS_MOST; ++*number) {
        make_name(&name, *number);
        status = IoCreateDevice(driver, sizeof(struct pdo_extension), &name, FILE_DEVICE_DISK,
                                FILE_DEVICE_SECURE_OPEN, FALSE, disk);
        if (status != STATUS_OBJECT_NAME_COLLISION && status != STATUS_OBJECT_NAME_EXISTS)
            break;
    }
    return status;
}

NTSTATUS DiskCreate(struct fdo_extension *blk)
{
    ULONG number;
    PDEVICE_OBJECT disk;
    NTSTATUS status = create_named(blk->self->DriverObject, &disk, &number);
    if (!NT_SUCCESS(status))
        return status;
    struct pdo_extension *extension = disk->DeviceExtension;
    extension->blk = blk;
    extension->number = number;
    disk->SectorSize = (USHORT)blk->geometry.block_bytes;
    disk->Characteristics |= blk->geometry.read_only ? FILE_READ_ONLY_DEVICE : 0;
    disk->Flags |= DO_DIRECT_IO | DO_BUS_ENUMERATED_DEVICE | DO_POWER_PAGABLE;
    disk->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    blk->disk = disk;
    return STATUS_SUCCESS;
}

// --- Requests -----------------------------------------------------------------------------------

static NTSTATUS check_transfer(const struct fdo_extension *blk, PIRP irp)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    ULONG length = location->Parameters.Read.Length;
    ULONGLONG offset = (ULONGLONG)location->Parameters.Read.ByteOffset.QuadPart;
    ULONGLONG size = disk_bytes(blk);
    if ((length | offset) & (blk->geometry.block_bytes - 1))
        return STATUS_INVALID_PARAMETER;
    if (offset > size || length > size - offset)
        return STATUS_NONEXISTENT_SECTOR;
    if (location->MajorFunction == IRP_MJ_WRITE && blk->geometry.read_only)
        return STATUS_MEDIA_WRITE_PROTECTED;
    if (length > 0 && (!irp->MdlAddress || MmGetMdlByteCount(irp->MdlAddress) < length))
        return STATUS_INVALID_PARAMETER;
    return STATUS_SUCCESS;
}

NTSTATUS DiskReadWrite(PDEVICE_OBJECT disk, PIRP irp)
{
    struct fdo_extension *blk = blk_of(disk);
    NTSTATUS status = check_transfer(blk, irp);
    irp->IoStatus.Information = 0;
    if (!NT_SUCCESS(status) || IoGetCurrentIrpStackLocation(irp)->Parameters.Read.Length == 0)
        return PdoComplete(irp, status);
    return BlkSubmit(blk, irp);
}

NTSTATUS DiskFlush(PDEVICE_OBJECT disk, PIRP irp)
{
    struct fdo_extension *blk = blk_of(disk);
    irp->IoStatus.Information = 0;
    if (!blk->geometry.flush) // then a completed write is on the medium
        return PdoComplete(irp, STATUS_SUCCESS);
    return BlkSubmit(blk, irp);
}

// --- Control codes ------------------------------------------------------------------------------

// Copies an answer to the system buffer when the caller's is large enough.
static NTSTATUS answer(PIRP irp, const VOID *from, ULONG bytes)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    if (location->Parameters.DeviceIoControl.OutputBufferLength < bytes)
        return STATUS_BUFFER_TOO_SMALL;
    RtlCopyMemory(irp->AssociatedIrp.SystemBuffer, from, bytes);
    irp->IoStatus.Information = bytes;
    return STATUS_SUCCESS;
}

static DISK_GEOMETRY geometry_of(const struct fdo_extension *blk)
{
    ULONGLONG cylinder = (ULONGLONG)HEADS * SECTORS_OF_TRACK * blk->geometry.block_bytes;
    return (DISK_GEOMETRY){
        .Cylinders.QuadPart = (LONGLONG)(disk_bytes(blk) / cylinder),
        .MediaType = FixedMedia,
        .TracksPerCylinder = HEADS,
        .SectorsPerTrack = SECTORS_OF_TRACK,
        .BytesPerSector = blk->geometry.block_bytes,
    };
}

static NTSTATUS answer_geometry(const struct fdo_extension *blk, PIRP irp, BOOLEAN extended)
{
    DISK_GEOMETRY_EX all = {.Geometry = geometry_of(blk),
                            .DiskSize.QuadPart = (LONGLONG)disk_bytes(blk)};
    return answer(irp, &all, extended ? offsetof(DISK_GEOMETRY_EX, Data) : sizeof all.Geometry);
}

static NTSTATUS answer_length(const struct fdo_extension *blk, PIRP irp)
{
    GET_LENGTH_INFORMATION length = {.Length.QuadPart = (LONGLONG)disk_bytes(blk)};
    return answer(irp, &length, sizeof length);
}

static NTSTATUS answer_number(PDEVICE_OBJECT disk, PIRP irp)
{
    const struct pdo_extension *extension = disk->DeviceExtension;
    STORAGE_DEVICE_NUMBER number = {FILE_DEVICE_DISK, extension->number, 0};
    return answer(irp, &number, sizeof number);
}

// A property may be asked for with a buffer that holds only its head, to learn its size.
static NTSTATUS answer_property(PIRP irp, const VOID *from, ULONG bytes)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    ULONG room = location->Parameters.DeviceIoControl.OutputBufferLength;
    if (room < 2 * sizeof(ULONG)) // Version and Size
        return STATUS_BUFFER_TOO_SMALL;
    return answer(irp, from, room < bytes ? room : bytes);
}

static NTSTATUS answer_device_property(PIRP irp)
{
    struct {
        STORAGE_DEVICE_DESCRIPTOR descriptor;
        char vendor[8], product[16];
    } all = {
        .descriptor = {.Version = sizeof(STORAGE_DEVICE_DESCRIPTOR),
                       .Size = sizeof all,
                       .CommandQueueing = TRUE,
                       .BusType = BusTypeVirtual},
        .vendor = "virtio",
        .product = "block device",
    };
    all.descriptor.VendorIdOffset = offsetof(typeof(all), vendor);
    all.descriptor.ProductIdOffset = offsetof(typeof(all), product);
    return answer_property(irp, &all, sizeof all);
}

static NTSTATUS answer_alignment(const struct fdo_extension *blk, PIRP irp)
{
    STORAGE_ACCESS_ALIGNMENT_DESCRIPTOR alignment = {
        .Version = sizeof alignment,
        .Size = sizeof alignment,
        .BytesPerLogicalSector = blk->geometry.block_bytes,
        .BytesPerPhysicalSector = blk->geometry.block_bytes,
    };
    return answer_property(irp, &alignment, sizeof alignment);
}

static NTSTATUS query_property(const struct fdo_extension *blk, PIRP irp)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    STORAGE_PROPERTY_QUERY query;
    if (location->Parameters.DeviceIoControl.InputBufferLength <
        offsetof(STORAGE_PROPERTY_QUERY, AdditionalParameters))
        return STATUS_INFO_LENGTH_MISMATCH;
    RtlCopyMemory(&query, irp->AssociatedIrp.SystemBuffer,
                  offsetof(STORAGE_PROPERTY_QUERY, AdditionalParameters));
    BOOLEAN known = query.PropertyId == StorageDeviceProperty ||
                    query.PropertyId == StorageAccessAlignmentProperty;
    if (!known || query.QueryType > PropertyExistsQuery)
        return STATUS_NOT_SUPPORTED;
    if (query.QueryType == PropertyExistsQuery)
        return STATUS_SUCCESS;
    return query.PropertyId == StorageDeviceProperty ? answer_device_property(irp)
                                                     : answer_alignment(blk, irp);
}

static NTSTATUS control(PDEVICE_OBJECT disk, PIRP irp)
{
    struct fdo_extension *blk = blk_of(disk);
    switch (IoGetCurrentIrpStackLocation(irp)->Parameters.DeviceIoControl.IoControlCode) {
    case IOCTL_DISK_GET_DRIVE_GEOMETRY:
        return answer_geometry(blk, irp, FALSE);
    case IOCTL_DISK_GET_DRIVE_GEOMETRY_EX:
        return answer_geometry(blk, irp, TRUE);
    case IOCTL_DISK_GET_LENGTH_INFO:
        return answer_length(blk, irp);
    case IOCTL_DISK_IS_WRITABLE:
        return blk->geometry.read_only ? STATUS_MEDIA_WRITE_PROTECTED : STATUS_SUCCESS;
    case IOCTL_DISK_CHECK_VERIFY:
    case IOCTL_STORAGE_CHECK_VERIFY:
    case IOCTL_STORAGE_CHECK_VERIFY2:
        return blk->state == BLK_FAILED ? STATUS_DEVICE_NOT_READY : STATUS_SUCCESS;
    case IOCTL_STORAGE_GET_DEVICE_NUMBER:
        return answer_number(disk, irp);
    case IOCTL_STORAGE_QUERY_PROPERTY:
        return query_property(blk, irp);
    default:
        return STATUS_INVALID_DEVICE_REQUEST;
    }
}

NTSTATUS DiskControl(PDEVICE_OBJECT disk, PIRP irp)
{
    irp->IoStatus.Information = 0;
    return PdoComplete(irp, control(disk, irp));
}

// --- PnP ----------------------------------------------------------------------------------------

static NTSTATUS answer_id(PIRP irp)
{
    const char *id = "STORAGE\\Disk";
    switch (IoGetCurrentIrpStackLocation(irp)->Parameters.QueryId.IdType) {
    case BusQueryDeviceID:
        return PdoAnswerString(irp, id);
    case BusQueryHardwareIDs:
        return PdoAnswerStrings(irp, &id, 1);
    case BusQueryInstanceID:
        return PdoAnswerString(irp, "0");
    default:
        return irp->IoStatus.Status;
    }
}

static NTSTATUS answer_text(PIRP irp)
{
    switch (IoGetCurrentIrpStackLocation(irp)->Parameters.QueryDeviceText.DeviceTextType) {
    case DeviceTextDescription:
        return PdoAnswerString(irp, "Virtio disk");
    case DeviceTextLocationInformation:
        return PdoAnswerString(irp, "Disk 0 of its controller");
    default:
        return irp->IoStatus.Status;
    }
}

static NTSTATUS answer_relations(PDEVICE_OBJECT disk, PIRP irp)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    if (location->Parameters.QueryDeviceRelations.Type != TargetDeviceRelation)
        return irp->IoStatus.Status;
    return PdoAddRelations(irp, &disk, 1);
}

static NTSTATUS handle(PDEVICE_OBJECT disk, PIRP irp)
{
    switch (IoGetCurrentIrpStackLocation(irp)->MinorFunction) {
    case IRP_MN_START_DEVICE: // the controller is running, or there would be no disk
    case IRP_MN_QUERY_STOP_DEVICE:
    case IRP_MN_STOP_DEVICE:
    case IRP_MN_CANCEL_STOP_DEVICE:
    case IRP_MN_QUERY_REMOVE_DEVICE:
    case IRP_MN_REMOVE_DEVICE: // the FDO deletes the object when it goes itself
    case IRP_MN_CANCEL_REMOVE_DEVICE:
    case IRP_MN_SURPRISE_REMOVAL:
    case IRP_MN_DEVICE_USAGE_NOTIFICATION:
        return STATUS_SUCCESS;
    case IRP_MN_QUERY_DEVICE_RELATIONS:
        return answer_relations(disk, irp);
    case IRP_MN_QUERY_CAPABILITIES:
        return PdoAnswerCapabilities(irp, 0);
    case IRP_MN_QUERY_ID:
        return answer_id(irp);
    case IRP_MN_QUERY_DEVICE_TEXT:
        return answer_text(irp);
    default:
        return irp->IoStatus.Status;
    }
}

NTSTATUS DiskPnp(PDEVICE_OBJECT disk, PIRP irp)
{
    return PdoComplete(irp, handle(disk, irp));
}
