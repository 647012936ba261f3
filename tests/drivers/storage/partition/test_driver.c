// SPDX-License-Identifier: MIT
// The whole partition driver on the fake kit, with a fake disk below.
#include "ash_test.h"

#include "../../kit/fake_kit.h"
#include "disk.h"
#include "partition.h"

DRIVER_INITIALIZE DriverEntry;

static uint8_t bytes[DISK_SECTORS * 512];
static struct test_disk disk;
static NTSTATUS geometry_status;
static ULONG geometry_sector_size;
static PDEVICE_OBJECT pdo;

// What reached the disk.
static UCHAR last_major;
static ULONG last_code;
static LONGLONG last_offset;
static ULONG last_length;
static unsigned calls;

static NTSTATUS disk_control(PIRP irp, PIO_STACK_LOCATION location)
{
    last_code = location->Parameters.DeviceIoControl.IoControlCode;
    if (last_code == IOCTL_DISK_GET_DRIVE_GEOMETRY) {
        DISK_GEOMETRY geometry = {.BytesPerSector = geometry_sector_size};
        memcpy(irp->AssociatedIrp.SystemBuffer, &geometry, sizeof geometry);
        return kit_complete(irp, geometry_status,
                            NT_SUCCESS(geometry_status) ? sizeof geometry : 0);
    }
    if (last_code == IOCTL_DISK_GET_LENGTH_INFO) {
        GET_LENGTH_INFORMATION length = {.Length.QuadPart =
                                             (LONGLONG)(disk.sectors * disk.sector_size)};
        memcpy(irp->AssociatedIrp.SystemBuffer, &length, sizeof length);
        return kit_complete(irp, STATUS_SUCCESS, sizeof length);
    }
    return kit_complete(irp, STATUS_SUCCESS, 0);
}

static NTSTATUS disk_transfer(PIRP irp, PIO_STACK_LOCATION location)
{
    last_offset = location->Parameters.Read.ByteOffset.QuadPart;
    last_length = location->Parameters.Read.Length;
    if (irp->MdlAddress != NULL &&
        test_disk_read(&disk, (uint64_t)last_offset / 512, last_length / 512,
                       irp->MdlAddress->MappedSystemVa) != 0) {
        return kit_complete(irp, STATUS_DEVICE_DATA_ERROR, 0);
    }
    return kit_complete(irp, STATUS_SUCCESS, last_length);
}

static NTSTATUS disk_dispatch(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    (void)device;
    calls++;
    last_major = location->MajorFunction;
    switch (location->MajorFunction) {
    case IRP_MJ_DEVICE_CONTROL:
        return disk_control(irp, location);
    case IRP_MJ_READ:
    case IRP_MJ_WRITE:
        return disk_transfer(irp, location);
    case IRP_MJ_PNP:
        return kit_complete(irp,
                            location->MinorFunction <= IRP_MN_CANCEL_STOP_DEVICE
                                ? STATUS_SUCCESS
                                : irp->IoStatus.Status,
                            irp->IoStatus.Information);
    default:
        return kit_complete(irp, STATUS_SUCCESS, 0);
    }
}

// A started disk with two partitions: sectors 64..1063 and 1064..1073.
static void set_up(void)
{
    kit_reset();
    memset(bytes, 0, sizeof bytes);
    disk = (struct test_disk){.sector_size = 512,
                              .sectors = DISK_SECTORS,
                              .fail_at = UINT64_MAX,
                              .bytes = bytes,
                              .held = DISK_SECTORS};
    put_mbr_entry(bytes, 0, 0x0c, 64, 1000);
    put_mbr_entry(bytes, 1, 0x83, 1064, 10);
    geometry_status = STATUS_SUCCESS;
    geometry_sector_size = 512;
    PDRIVER_OBJECT driver = kit_load(DriverEntry);
    pdo = kit_make_pdo(disk_dispatch, DO_DIRECT_IO);
    pdo->SectorSize = 512;
    if (!NT_SUCCESS(driver->DriverExtension->AddDevice(driver, pdo))) {
        kit_fail("AddDevice failed");
    }
}

static PDEVICE_OBJECT start_volume(const char *name)
{
    PDEVICE_OBJECT volume = kit_find(name);
    if (volume == NULL || !NT_SUCCESS(kit_pnp(volume, IRP_MN_START_DEVICE))) {
        kit_fail("no volume %s", name);
    }
    return volume;
}

static NTSTATUS transfer(PDEVICE_OBJECT device, UCHAR major, LONGLONG offset, ULONG length)
{
    PIO_STACK_LOCATION location;
    struct kit_request *request = kit_irp(device, major, 0, &location);
    location->Parameters.Read.ByteOffset.QuadPart = offset;
    location->Parameters.Read.Length = length;
    (void)kit_send(device, request);
    return request->done ? request->status : STATUS_PENDING;
}

static PDEVICE_RELATIONS relations(PDEVICE_OBJECT device, DEVICE_RELATION_TYPE type)
{
    PIO_STACK_LOCATION location;
    struct kit_request *request =
        kit_irp(device, IRP_MJ_PNP, IRP_MN_QUERY_DEVICE_RELATIONS, &location);
    location->Parameters.QueryDeviceRelations.Type = type;
    (void)kit_send(device, request);
    return (PDEVICE_RELATIONS)request->information;
}

TEST(start_makes_volumes)
{
    set_up();
    CHECK_EQ(kit_start(pdo, 0, 0, 0), STATUS_SUCCESS);
    PDEVICE_OBJECT volume = kit_find("\\Device\\HarddiskVolume1");
    CHECK(volume != NULL && kit_find("\\Device\\HarddiskVolume2") != NULL);
    CHECK(kit_find("\\Device\\HarddiskVolume3") == NULL);
    CHECK_EQ(volume->DeviceType, FILE_DEVICE_DISK);
    CHECK(volume->Vpb != NULL);
    CHECK_EQ(volume->StackSize, pdo->StackSize + 1);
    CHECK_EQ(volume->SectorSize, 512);
    CHECK_EQ(volume->Flags & (DO_DIRECT_IO | DO_DEVICE_INITIALIZING), DO_DIRECT_IO);
}

TEST(bus_relations_are_referenced)
{
    set_up();
    CHECK_EQ(kit_start(pdo, 0, 0, 0), STATUS_SUCCESS);
    PDEVICE_RELATIONS list = relations(pdo, BusRelations);
    CHECK_EQ(list->Count, 2);
    CHECK_EQ((ULONG_PTR)list->Objects[0], (ULONG_PTR)kit_find("\\Device\\HarddiskVolume1"));
    CHECK_EQ(list->Objects[1]->ReferenceCount, 1);
    free(list);
    CHECK(relations(pdo, RemovalRelations) == NULL);
    PDEVICE_OBJECT volume = kit_find("\\Device\\HarddiskVolume2");
    list = relations(volume, TargetDeviceRelation);
    CHECK_EQ(list->Count, 1);
    CHECK_EQ((ULONG_PTR)list->Objects[0], (ULONG_PTR)volume);
    free(list);
    CHECK(relations(volume, BusRelations) == NULL);
}

TEST(reads_and_writes_are_moved)
{
    set_up();
    CHECK_EQ(kit_start(pdo, 0, 0, 0), STATUS_SUCCESS);
    PDEVICE_OBJECT volume = start_volume("\\Device\\HarddiskVolume1");
    CHECK_EQ(transfer(volume, IRP_MJ_READ, 0, 512), STATUS_SUCCESS);
    CHECK_EQ(last_major, IRP_MJ_READ);
    CHECK_EQ(last_offset, 64 * 512);
    CHECK_EQ(transfer(volume, IRP_MJ_WRITE, 4096, 8192), STATUS_SUCCESS);
    CHECK_EQ(last_major, IRP_MJ_WRITE);
    CHECK_EQ(last_offset, 64 * 512 + 4096);
    CHECK_EQ(last_length, 8192);
    CHECK_EQ(transfer(volume, IRP_MJ_READ, 999 * 512, 512), STATUS_SUCCESS);
}

TEST(transfers_stay_inside)
{
    set_up();
    CHECK_EQ(kit_start(pdo, 0, 0, 0), STATUS_SUCCESS);
    PDEVICE_OBJECT volume = start_volume("\\Device\\HarddiskVolume1");
    calls = 0;
    CHECK_EQ(transfer(volume, IRP_MJ_READ, 1000 * 512, 512), STATUS_INVALID_PARAMETER);
    CHECK_EQ(transfer(volume, IRP_MJ_READ, 999 * 512, 1024), STATUS_INVALID_PARAMETER);
    CHECK_EQ(transfer(volume, IRP_MJ_WRITE, 0, 0xfffffe00), STATUS_INVALID_PARAMETER);
    CHECK_EQ(transfer(volume, IRP_MJ_WRITE, -512, 512), STATUS_INVALID_PARAMETER);
    CHECK_EQ(transfer(volume, IRP_MJ_READ, INT64_MAX - 511, 512), STATUS_INVALID_PARAMETER);
    CHECK_EQ(transfer(volume, IRP_MJ_READ, 1, 512), STATUS_INVALID_PARAMETER);
    CHECK_EQ(transfer(volume, IRP_MJ_READ, 0, 511), STATUS_INVALID_PARAMETER);
    CHECK_EQ(calls, 0);
}

TEST(states_gate_transfers)
{
    set_up();
    CHECK_EQ(kit_start(pdo, 0, 0, 0), STATUS_SUCCESS);
    PDEVICE_OBJECT volume = kit_find("\\Device\\HarddiskVolume1");
    CHECK_EQ(transfer(volume, IRP_MJ_READ, 0, 512), STATUS_DEVICE_NOT_READY);
    CHECK_EQ(transfer(volume, IRP_MJ_READ, 0, 0), STATUS_DEVICE_NOT_READY);
    CHECK_EQ(transfer(volume, IRP_MJ_FLUSH_BUFFERS, 0, 0), STATUS_DEVICE_NOT_READY);
    (void)start_volume("\\Device\\HarddiskVolume1");
    CHECK_EQ(transfer(volume, IRP_MJ_FLUSH_BUFFERS, 0, 0), STATUS_SUCCESS);
    CHECK_EQ(last_major, IRP_MJ_FLUSH_BUFFERS);
    CHECK_EQ(kit_pnp(volume, IRP_MN_STOP_DEVICE), STATUS_SUCCESS);
    CHECK_EQ(transfer(volume, IRP_MJ_READ, 0, 512), STATUS_DEVICE_NOT_READY);
    (void)start_volume("\\Device\\HarddiskVolume1");
    CHECK_EQ(transfer(volume, IRP_MJ_READ, 0, 512), STATUS_SUCCESS);
    CHECK_EQ(kit_pnp(volume, IRP_MN_SURPRISE_REMOVAL), STATUS_SUCCESS);
    CHECK_EQ(transfer(volume, IRP_MJ_READ, 0, 512), STATUS_NO_SUCH_DEVICE);
}

TEST(disk_device_passes_through)
{
    set_up();
    CHECK_EQ(kit_start(pdo, 0, 0, 0), STATUS_SUCCESS);
    CHECK_EQ(transfer(pdo, IRP_MJ_READ, 512, 512), STATUS_SUCCESS);
    CHECK_EQ(last_offset, 512);
    CHECK_EQ(transfer(pdo, IRP_MJ_SHUTDOWN, 0, 0), STATUS_SUCCESS);
    CHECK_EQ(last_major, IRP_MJ_SHUTDOWN);
    CHECK_EQ(transfer(pdo, IRP_MJ_INTERNAL_DEVICE_CONTROL, 0, 0), STATUS_SUCCESS);
}

TEST(partition_information)
{
    set_up();
    CHECK_EQ(kit_start(pdo, 0, 0, 0), STATUS_SUCCESS);
    PDEVICE_OBJECT volume = start_volume("\\Device\\HarddiskVolume2");
    PARTITION_INFORMATION_EX info;
    PARTITION_INFORMATION old;
    GET_LENGTH_INFORMATION length;
    ULONG_PTR size;
    CHECK_EQ(kit_control(volume, IOCTL_DISK_GET_PARTITION_INFO_EX, &info, 0, sizeof info, &size),
             STATUS_SUCCESS);
    CHECK_EQ(size, sizeof info);
    CHECK_EQ(info.PartitionStyle, PARTITION_STYLE_MBR);
    CHECK_EQ(info.StartingOffset.QuadPart, 1064 * 512);
    CHECK_EQ(info.PartitionLength.QuadPart, 10 * 512);
    CHECK_EQ(info.PartitionNumber, 2);
    CHECK_EQ(info.Mbr.PartitionType, 0x83);
    CHECK_EQ(info.Mbr.HiddenSectors, 1064);
    CHECK_EQ(kit_control(volume, IOCTL_DISK_GET_PARTITION_INFO, &old, 0, sizeof old, &size),
             STATUS_SUCCESS);
    CHECK_EQ(old.PartitionNumber, 2);
    CHECK_EQ(kit_control(volume, IOCTL_DISK_GET_LENGTH_INFO, &length, 0, sizeof length, &size),
             STATUS_SUCCESS);
    CHECK_EQ(length.Length.QuadPart, 10 * 512);
    CHECK_EQ(kit_control(volume, IOCTL_DISK_GET_LENGTH_INFO, &length, 0, 7, &size),
             STATUS_BUFFER_TOO_SMALL);
    CHECK_EQ(size, 0);
}

TEST(controls_of_a_volume)
{
    set_up();
    CHECK_EQ(kit_start(pdo, 0, 0, 0), STATUS_SUCCESS);
    PDEVICE_OBJECT volume = start_volume("\\Device\\HarddiskVolume1");
    DISK_GEOMETRY geometry;
    CHECK_EQ(
        kit_control(volume, IOCTL_DISK_GET_DRIVE_GEOMETRY, &geometry, 0, sizeof geometry, NULL),
        STATUS_SUCCESS);
    CHECK_EQ(geometry.BytesPerSector, 512);
    calls = 0;
    CHECK_EQ(kit_control(volume, IOCTL_DISK_VERIFY, NULL, 0, 0, NULL),
             STATUS_INVALID_DEVICE_REQUEST);
    CHECK_EQ(calls, 0);
    CHECK_EQ(transfer(volume, IRP_MJ_FILE_SYSTEM_CONTROL, 0, 0), STATUS_INVALID_DEVICE_REQUEST);
}

// A text answer of a PnP query, as ASCII.
static const char *query(PDEVICE_OBJECT device, UCHAR minor, ULONG type, ULONG *units)
{
    static char text[64];
    PIO_STACK_LOCATION location;
    struct kit_request *request = kit_irp(device, IRP_MJ_PNP, minor, &location);
    location->Parameters.QueryId.IdType = (BUS_QUERY_ID_TYPE)type;
    (void)kit_send(device, request);
    if (request->status != STATUS_SUCCESS) {
        return "refused";
    }
    const WCHAR *answer = (const WCHAR *)request->information;
    ULONG n = 0;
    while (answer[n] != 0 && n < 63) {
        text[n] = (char)answer[n];
        n++;
    }
    text[n] = 0;
    *units = n + 1;
    bool list_ends = minor == IRP_MN_QUERY_ID && type == BusQueryHardwareIDs && answer[n + 1] == 0;
    *units += list_ends;
    free((void *)answer);
    return text;
}

TEST(identification)
{
    set_up();
    CHECK_EQ(kit_start(pdo, 0, 0, 0), STATUS_SUCCESS);
    PDEVICE_OBJECT volume = kit_find("\\Device\\HarddiskVolume1");
    ULONG units = 0;
    CHECK_STR(query(volume, IRP_MN_QUERY_ID, BusQueryDeviceID, &units), "STORAGE\\Volume");
    CHECK_STR(query(volume, IRP_MN_QUERY_ID, BusQueryHardwareIDs, &units), "STORAGE\\Volume");
    CHECK_EQ(units, 16);
    CHECK_STR(query(volume, IRP_MN_QUERY_ID, BusQueryInstanceID, &units), "0000000000008000");
    CHECK_STR(query(volume, IRP_MN_QUERY_ID, BusQueryCompatibleIDs, &units), "refused");
    CHECK_STR(query(volume, IRP_MN_QUERY_DEVICE_TEXT, DeviceTextDescription, &units), "Volume");
    CHECK_STR(query(volume, IRP_MN_QUERY_DEVICE_TEXT, DeviceTextLocationInformation, &units),
              "partition 1");
}

TEST(volume_runs_raw)
{
    set_up();
    CHECK_EQ(kit_start(pdo, 0, 0, 0), STATUS_SUCCESS);
    PDEVICE_OBJECT volume = kit_find("\\Device\\HarddiskVolume1");
    DEVICE_CAPABILITIES capabilities = {.Size = sizeof capabilities, .Version = 1};
    PIO_STACK_LOCATION location;
    struct kit_request *request = kit_irp(volume, IRP_MJ_PNP, IRP_MN_QUERY_CAPABILITIES, &location);
    location->Parameters.DeviceCapabilities.Capabilities = &capabilities;
    (void)kit_send(volume, request);
    CHECK_EQ(request->status, STATUS_SUCCESS);
    CHECK_EQ(capabilities.RawDeviceOK, 1);
    CHECK_EQ(capabilities.UniqueID, 0);
    CHECK_EQ(kit_pnp(volume, IRP_MN_QUERY_RESOURCES), STATUS_NOT_SUPPORTED);
}

TEST(damaged_table_starts_the_disk_without_volumes)
{
    set_up();
    put_mbr_entry(bytes, 1, 0x83, 64, 10);
    CHECK_EQ(kit_start(pdo, 0, 0, 0), STATUS_SUCCESS);
    CHECK(strstr(kit_log, "two partitions overlap") != NULL);
    PDEVICE_RELATIONS list = relations(pdo, BusRelations);
    CHECK_EQ(list->Count, 0);
    free(list);
    CHECK_EQ(transfer(pdo, IRP_MJ_READ, 0, 512), STATUS_SUCCESS);
}

TEST(damaged_gpt_uses_the_backup_and_says_so)
{
    set_up();
    memset(bytes + 446, 0, 64);
    put_mbr_entry(bytes, 0, 0xee, 1, 0xffffffff);
    struct gpt_layout primary = gpt_primary(&disk);
    struct gpt_layout backup = gpt_backup(&disk);
    put_gpt_entry(&disk, &backup, 0, 40, 100);
    put_gpt_header(&disk, &backup);
    put_gpt_header(&disk, &primary);
    bytes[512 + 60] ^= 1;
    CHECK_EQ(kit_start(pdo, 0, 0, 0), STATUS_SUCCESS);
    CHECK(strstr(kit_log, "header's CRC32 does not fit; using the backup") != NULL);
    PDEVICE_OBJECT volume = start_volume("\\Device\\HarddiskVolume1");
    PARTITION_INFORMATION_EX info;
    CHECK_EQ(kit_control(volume, IOCTL_DISK_GET_PARTITION_INFO_EX, &info, 0, sizeof info, NULL),
             STATUS_SUCCESS);
    CHECK_EQ(info.PartitionStyle, PARTITION_STYLE_GPT);
    CHECK_EQ(info.Gpt.PartitionId.Data4[7], 0x80);
    CHECK_EQ(info.Gpt.Name[0], 'p');
    CHECK_EQ(kit_control(volume, IOCTL_DISK_GET_PARTITION_INFO, &info, 0, sizeof info, NULL),
             STATUS_INVALID_DEVICE_REQUEST);
}

TEST(geometry_is_not_believed)
{
    set_up();
    geometry_sector_size = 500;
    CHECK_EQ(kit_start(pdo, 0, 0, 0), STATUS_DEVICE_CONFIGURATION_ERROR);
    set_up();
    geometry_sector_size = 0;
    CHECK_EQ(kit_start(pdo, 0, 0, 0), STATUS_DEVICE_CONFIGURATION_ERROR);
    set_up();
    disk.sectors = 0;
    CHECK_EQ(kit_start(pdo, 0, 0, 0), STATUS_DEVICE_CONFIGURATION_ERROR);
    set_up();
    geometry_status = STATUS_IO_DEVICE_ERROR;
    CHECK_EQ(kit_start(pdo, 0, 0, 0), STATUS_IO_DEVICE_ERROR);
}

TEST(read_error_leaves_no_volumes)
{
    set_up();
    disk.fail_at = 0;
    CHECK_EQ(kit_start(pdo, 0, 0, 0), STATUS_SUCCESS);
    CHECK(strstr(kit_log, "could not be read") != NULL);
}

TEST(orderly_removal)
{
    set_up();
    CHECK_EQ(kit_start(pdo, 0, 0, 0), STATUS_SUCCESS);
    PDEVICE_OBJECT volume = start_volume("\\Device\\HarddiskVolume1");
    CHECK_EQ(kit_pnp(volume, IRP_MN_QUERY_REMOVE_DEVICE), STATUS_SUCCESS);
    CHECK_EQ(kit_pnp(volume, IRP_MN_REMOVE_DEVICE), STATUS_SUCCESS);
    CHECK(kit_find("\\Device\\HarddiskVolume1") != NULL); // still present: the PDO stays
    CHECK_EQ(kit_pnp(pdo, IRP_MN_REMOVE_DEVICE), STATUS_SUCCESS);
    CHECK(kit_find("\\Device\\HarddiskVolume1") == NULL);
    CHECK(kit_find("\\Device\\HarddiskVolume2") == NULL);
    CHECK_EQ((ULONG_PTR)kit_top(pdo), (ULONG_PTR)pdo);
}

TEST(removal_while_a_volume_is_open)
{
    set_up();
    CHECK_EQ(kit_start(pdo, 0, 0, 0), STATUS_SUCCESS);
    PDEVICE_OBJECT volume = start_volume("\\Device\\HarddiskVolume1");
    CHECK_EQ(kit_pnp(volume, IRP_MN_SURPRISE_REMOVAL), STATUS_SUCCESS);
    CHECK_EQ(kit_pnp(pdo, IRP_MN_SURPRISE_REMOVAL), STATUS_SUCCESS);
    CHECK_EQ(kit_pnp(pdo, IRP_MN_REMOVE_DEVICE), STATUS_SUCCESS);
    CHECK(kit_find("\\Device\\HarddiskVolume1") != NULL);
    calls = 0;
    CHECK_EQ(transfer(volume, IRP_MJ_READ, 0, 512), STATUS_NO_SUCH_DEVICE);
    CHECK_EQ(transfer(volume, IRP_MJ_FLUSH_BUFFERS, 0, 0), STATUS_NO_SUCH_DEVICE);
    CHECK_EQ(transfer(volume, IRP_MJ_CLOSE, 0, 0), STATUS_SUCCESS);
    CHECK_EQ(calls, 0);
    CHECK_EQ(kit_pnp(volume, IRP_MN_REMOVE_DEVICE), STATUS_SUCCESS);
    CHECK(kit_find("\\Device\\HarddiskVolume1") == NULL);
}

TEST(volume_numbers_go_on)
{
    set_up();
    PDEVICE_OBJECT first = NULL;
    CHECK_EQ(kit_start(pdo, 0, 0, 0), STATUS_SUCCESS);
    first = kit_find("\\Device\\HarddiskVolume1");
    PDRIVER_OBJECT driver = first->DriverObject;
    PDEVICE_OBJECT second_disk = kit_make_pdo(disk_dispatch, DO_DIRECT_IO);
    CHECK_EQ(driver->DriverExtension->AddDevice(driver, second_disk), STATUS_SUCCESS);
    CHECK_EQ(kit_start(second_disk, 0, 0, 0), STATUS_SUCCESS);
    CHECK(kit_find("\\Device\\HarddiskVolume3") != NULL);
    CHECK(kit_find("\\Device\\HarddiskVolume4") != NULL);
    CHECK_EQ((ULONG_PTR)kit_find("\\Device\\HarddiskVolume1"), (ULONG_PTR)first);
}

TEST(power_irps)
{
    set_up();
    CHECK_EQ(kit_start(pdo, 0, 0, 0), STATUS_SUCCESS);
    PDEVICE_OBJECT volume = start_volume("\\Device\\HarddiskVolume1");
    struct kit_request *request = kit_irp(volume, IRP_MJ_POWER, IRP_MN_SET_POWER, NULL);
    CHECK_EQ(kit_send(volume, request), STATUS_SUCCESS);
    request = kit_irp(pdo, IRP_MJ_POWER, IRP_MN_SET_POWER, NULL);
    CHECK_EQ(kit_send(pdo, request), STATUS_SUCCESS);
    CHECK_EQ(last_major, IRP_MJ_POWER);
}
