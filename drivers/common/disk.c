// SPDX-License-Identifier: MIT
//
// See disk.h.
#include "disk.h"

#include "pdo.h"

#define DISKS_MOST       64u
#define NAME_CHARACTERS  32u
#define HEADS            255u
#define SECTORS_OF_TRACK 63u
#define VENDOR_MOST      8u
#define PRODUCT_MOST     40u
#define SERIAL_MOST      20u

// Two digits at most: DISKS_MOST is below 100.
static VOID make_name(PUNICODE_STRING name, ULONG number)
{
    WCHAR digits[] = {(WCHAR)(L'0' + number / 10), (WCHAR)(L'0' + number % 10), 0};
    name->Length = 0;
    (VOID) RtlAppendUnicodeToString(name, L"\\Device\\Harddisk");
    (VOID) RtlAppendUnicodeToString(name, number < 10 ? digits + 1 : digits);
    (VOID) RtlAppendUnicodeToString(name, L"\\DR0");
}

NTSTATUS DiskCreateNamed(PDRIVER_OBJECT driver, ULONG extension_bytes, PDEVICE_OBJECT *disk,
                         PULONG number)
{
    DECLARE_UNICODE_STRING_SIZE(name, NAME_CHARACTERS);
    NTSTATUS status = STATUS_OBJECT_NAME_COLLISION;
    for (*number = 0; *number < DISKS_MOST; ++*number) {
        make_name(&name, *number);
        status = IoCreateDevice(driver, extension_bytes, &name, FILE_DEVICE_DISK,
                                FILE_DEVICE_SECURE_OPEN, FALSE, disk);
        if (status != STATUS_OBJECT_NAME_COLLISION && status != STATUS_OBJECT_NAME_EXISTS)
            break;
    }
    return status;
}

VOID DiskPublish(PDEVICE_OBJECT disk, const struct disk_identity *identity)
{
    disk->SectorSize = (USHORT)identity->block_bytes;
    disk->AlignmentRequirement = identity->alignment;
    disk->Characteristics |= identity->read_only ? FILE_READ_ONLY_DEVICE : 0;
    disk->Flags |= DO_DIRECT_IO | DO_BUS_ENUMERATED_DEVICE | DO_POWER_PAGABLE;
    disk->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
}

// --- Requests -----------------------------------------------------------------------------------

NTSTATUS DiskCheckTransfer(const struct disk_identity *identity, PIRP irp)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    ULONG length = location->Parameters.Read.Length;
    ULONGLONG offset = (ULONGLONG)location->Parameters.Read.ByteOffset.QuadPart;
    if ((length | offset) & (identity->block_bytes - 1))
        return STATUS_INVALID_PARAMETER;
    if (offset > identity->bytes || length > identity->bytes - offset)
        return STATUS_NONEXISTENT_SECTOR;
    if (location->MajorFunction == IRP_MJ_WRITE && identity->read_only)
        return STATUS_MEDIA_WRITE_PROTECTED;
    if (length == 0)
        return STATUS_SUCCESS;
    if (!irp->MdlAddress || MmGetMdlByteCount(irp->MdlAddress) < length)
        return STATUS_INVALID_PARAMETER;
    ULONG_PTR address = (ULONG_PTR)MmGetMdlVirtualAddress(irp->MdlAddress);
    return address & identity->alignment ? STATUS_INVALID_PARAMETER : STATUS_SUCCESS;
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

static DISK_GEOMETRY geometry_of(const struct disk_identity *identity)
{
    ULONGLONG cylinder = (ULONGLONG)HEADS * SECTORS_OF_TRACK * identity->block_bytes;
    return (DISK_GEOMETRY){
        .Cylinders.QuadPart = (LONGLONG)(identity->bytes / cylinder),
        .MediaType = FixedMedia,
        .TracksPerCylinder = HEADS,
        .SectorsPerTrack = SECTORS_OF_TRACK,
        .BytesPerSector = identity->block_bytes,
    };
}

static NTSTATUS answer_geometry(const struct disk_identity *identity, PIRP irp, BOOLEAN extended)
{
    DISK_GEOMETRY_EX all = {.Geometry = geometry_of(identity),
                            .DiskSize.QuadPart = (LONGLONG)identity->bytes};
    return answer(irp, &all, extended ? offsetof(DISK_GEOMETRY_EX, Data) : sizeof all.Geometry);
}

static NTSTATUS answer_length(const struct disk_identity *identity, PIRP irp)
{
    GET_LENGTH_INFORMATION length = {.Length.QuadPart = (LONGLONG)identity->bytes};
    return answer(irp, &length, sizeof length);
}

static NTSTATUS answer_number(const struct disk_identity *identity, PIRP irp)
{
    STORAGE_DEVICE_NUMBER number = {FILE_DEVICE_DISK, identity->number, 0};
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

static VOID copy_text(char *to, const char *from, ULONG most)
{
    for (ULONG i = 0; from && from[i] && i < most; i++)
        to[i] = from[i];
}

static NTSTATUS answer_device_property(const struct disk_identity *identity, PIRP irp)
{
    struct {
        STORAGE_DEVICE_DESCRIPTOR descriptor;
        char vendor[VENDOR_MOST + 1], product[PRODUCT_MOST + 1], serial[SERIAL_MOST + 1];
    } all = {
        .descriptor = {.Version = sizeof(STORAGE_DEVICE_DESCRIPTOR),
                       .Size = sizeof all,
                       .CommandQueueing = TRUE,
                       .BusType = identity->bus},
    };
    all.descriptor.VendorIdOffset = offsetof(typeof(all), vendor);
    all.descriptor.ProductIdOffset = offsetof(typeof(all), product);
    all.descriptor.SerialNumberOffset = identity->serial ? offsetof(typeof(all), serial) : 0;
    copy_text(all.vendor, identity->vendor, VENDOR_MOST);
    copy_text(all.product, identity->product, PRODUCT_MOST);
    copy_text(all.serial, identity->serial, SERIAL_MOST);
    return answer_property(irp, &all, sizeof all);
}

static NTSTATUS answer_alignment(const struct disk_identity *identity, PIRP irp)
{
    STORAGE_ACCESS_ALIGNMENT_DESCRIPTOR alignment = {
        .Version = sizeof alignment,
        .Size = sizeof alignment,
        .BytesPerLogicalSector = identity->block_bytes,
        .BytesPerPhysicalSector = identity->block_bytes,
    };
    return answer_property(irp, &alignment, sizeof alignment);
}

static NTSTATUS query_property(const struct disk_identity *identity, PIRP irp)
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
    return query.PropertyId == StorageDeviceProperty ? answer_device_property(identity, irp)
                                                     : answer_alignment(identity, irp);
}

NTSTATUS DiskControlAnswer(const struct disk_identity *identity, PIRP irp, NTSTATUS ready)
{
    irp->IoStatus.Information = 0;
    switch (IoGetCurrentIrpStackLocation(irp)->Parameters.DeviceIoControl.IoControlCode) {
    case IOCTL_DISK_GET_DRIVE_GEOMETRY:
        return answer_geometry(identity, irp, FALSE);
    case IOCTL_DISK_GET_DRIVE_GEOMETRY_EX:
        return answer_geometry(identity, irp, TRUE);
    case IOCTL_DISK_GET_LENGTH_INFO:
        return answer_length(identity, irp);
    case IOCTL_DISK_IS_WRITABLE:
        return identity->read_only ? STATUS_MEDIA_WRITE_PROTECTED : STATUS_SUCCESS;
    case IOCTL_DISK_CHECK_VERIFY:
    case IOCTL_STORAGE_CHECK_VERIFY:
    case IOCTL_STORAGE_CHECK_VERIFY2:
        return ready;
    case IOCTL_STORAGE_GET_DEVICE_NUMBER:
        return answer_number(identity, irp);
    case IOCTL_STORAGE_QUERY_PROPERTY:
        return query_property(identity, irp);
    default:
        return STATUS_INVALID_DEVICE_REQUEST;
    }
}

// --- PnP ----------------------------------------------------------------------------------------

static NTSTATUS answer_id(const struct disk_identity *identity, PIRP irp)
{
    const char *id = "STORAGE\\Disk";
    switch (IoGetCurrentIrpStackLocation(irp)->Parameters.QueryId.IdType) {
    case BusQueryDeviceID:
        return PdoAnswerString(irp, id);
    case BusQueryHardwareIDs:
        return PdoAnswerStrings(irp, &id, 1);
    case BusQueryInstanceID:
        return PdoAnswerString(irp, identity->instance);
    default:
        return irp->IoStatus.Status;
    }
}

static NTSTATUS answer_text(const struct disk_identity *identity, PIRP irp)
{
    switch (IoGetCurrentIrpStackLocation(irp)->Parameters.QueryDeviceText.DeviceTextType) {
    case DeviceTextDescription:
        return PdoAnswerString(irp, identity->description);
    case DeviceTextLocationInformation:
        return PdoAnswerString(irp, identity->location);
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

NTSTATUS DiskPnpAnswer(PDEVICE_OBJECT disk, const struct disk_identity *identity, PIRP irp)
{
    switch (IoGetCurrentIrpStackLocation(irp)->MinorFunction) {
    case IRP_MN_START_DEVICE: // the controller is running, or there would be no disk
    case IRP_MN_QUERY_STOP_DEVICE:
    case IRP_MN_STOP_DEVICE:
    case IRP_MN_CANCEL_STOP_DEVICE:
    case IRP_MN_QUERY_REMOVE_DEVICE:
    case IRP_MN_REMOVE_DEVICE:
    case IRP_MN_CANCEL_REMOVE_DEVICE:
    case IRP_MN_SURPRISE_REMOVAL:
    case IRP_MN_DEVICE_USAGE_NOTIFICATION:
        return STATUS_SUCCESS;
    case IRP_MN_QUERY_DEVICE_RELATIONS:
        return answer_relations(disk, irp);
    case IRP_MN_QUERY_CAPABILITIES:
        return PdoAnswerCapabilities(irp, 0);
    case IRP_MN_QUERY_ID:
        return answer_id(identity, irp);
    case IRP_MN_QUERY_DEVICE_TEXT:
        return answer_text(identity, irp);
    default:
        return irp->IoStatus.Status;
    }
}
