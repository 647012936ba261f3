// SPDX-License-Identifier: MIT
//
// The virtio-blk driver doing its work: start, reads, writes, flush, control codes, PnP answers.
#include "ash_test.h"
#include "stack.h"

TEST(start_makes_a_disk_and_remove_leaves_nothing)
{
    CHECK_EQ(bring_up(0), STATUS_SUCCESS);
    CHECK(disk() != NULL);
    CHECK_EQ(disk()->SectorSize, 512);
    CHECK(disk()->Flags & DO_DIRECT_IO);
    CHECK(!(disk()->Flags & DO_DEVICE_INITIALIZING));
    CHECK_EQ(bar[0x14], 15);
    CHECK_EQ(tear_down(), 0u);
    CHECK_EQ(bar[0x14], 0); // and the device is reset
}

TEST(a_device_that_lies_at_start_is_not_started)
{
    reset_function(0);
    CHECK_EQ(bring_up(0), STATUS_SUCCESS);
    CHECK_EQ(tear_down(), 0u);
    CHECK_EQ(bring_up(0), STATUS_SUCCESS);
    put(bar + 0x18, 100, 2);
    (void)pnp(bottom, IRP_MN_STOP_DEVICE);
    CHECK_EQ(pnp(bottom, IRP_MN_START_DEVICE), STATUS_DEVICE_PROTOCOL_ERROR);
    CHECK_EQ(tear_down(), 0u);
}

// Plain memory: bit 1 is bit 33 as well, VIRTIO_F_ACCESS_PLATFORM.
TEST(a_device_that_would_pass_the_iommu_by)
{
    KitConfine(TRUE);
    CHECK_EQ(bring_up(0), STATUS_DEVICE_CONFIGURATION_ERROR);
    CHECK_EQ(bar[0x14], 0); // and does nothing
    CHECK(disk() == NULL);
    bar[4] |= 2;
    CHECK_EQ(pnp(bottom, IRP_MN_START_DEVICE), STATUS_SUCCESS);
    CHECK_EQ(transfer(0, IRP_MJ_READ, 8192, buffer, 4096), STATUS_PENDING);
    serve_all();
    CHECK_EQ(status_of(0), STATUS_SUCCESS);
    CHECK_EQ(tear_down(), 0u);
}

TEST(one_page)
{
    CHECK_EQ(bring_up(0), STATUS_SUCCESS);
    CHECK_EQ(transfer(0, IRP_MJ_READ, 8192, buffer, 4096), STATUS_PENDING);
    CHECK_EQ(status_of(0), STATUS_PENDING);
    CHECK_EQ(waiting_in_ring(), 1u);
    serve_all();
    CHECK_EQ(status_of(0), STATUS_SUCCESS);
    CHECK_EQ(irps[0].irp.IoStatus.Information, 4096u);
    CHECK_MEM(buffer, medium + 8192, 4096);
    CHECK_EQ(tear_down(), 0u);
}

TEST(more_requests_than_slots)
{
    CHECK_EQ(bring_up(0), STATUS_SUCCESS);
    for (unsigned i = 0; i < REQUESTS; i++)
        CHECK_EQ(transfer(i, IRP_MJ_READ, i * 4096ull, buffer + i * 4096, 4096), STATUS_PENDING);
    CHECK_EQ(waiting_in_ring(), VIRTIO_SLOTS);
    serve_all();
    for (unsigned i = 0; i < REQUESTS; i++)
        CHECK_EQ(status_of(i), STATUS_SUCCESS);
    CHECK_MEM(buffer, medium, REQUESTS * 4096);
    CHECK_EQ(tear_down(), 0u);
}

TEST(a_large_transfer_goes_in_pieces)
{
    CHECK_EQ(bring_up(0), STATUS_SUCCESS);
    CHECK_EQ(transfer(0, IRP_MJ_READ, 512, buffer + 40, 1u << 20), STATUS_PENDING);
    serve_all();
    CHECK_EQ(status_of(0), STATUS_SUCCESS);
    CHECK_EQ(irps[0].irp.IoStatus.Information, 1u << 20);
    CHECK_MEM(buffer + 40, medium + 512, 1u << 20);
    CHECK(seen > 4);
    CHECK_EQ(tear_down(), 0u);
}

TEST(a_write_reaches_the_medium)
{
    CHECK_EQ(bring_up(0), STATUS_SUCCESS);
    memset(buffer, 0x5a, 12288);
    CHECK_EQ(transfer(0, IRP_MJ_WRITE, 4096, buffer + 512, 10240), STATUS_PENDING);
    serve_all();
    CHECK_EQ(status_of(0), STATUS_SUCCESS);
    CHECK_MEM(medium + 4096, buffer, 10240);
    CHECK_EQ(tear_down(), 0u);
}

TEST(refuses_what_does_not_fit_the_disk)
{
    CHECK_EQ(bring_up(1), STATUS_SUCCESS);
    CHECK_EQ(transfer(0, IRP_MJ_READ, 100, buffer, 512), STATUS_INVALID_PARAMETER);
    CHECK_EQ(transfer(0, IRP_MJ_READ, 0, buffer, 100), STATUS_INVALID_PARAMETER);
    CHECK_EQ(transfer(0, IRP_MJ_READ, DISK_BYTES, buffer, 512), STATUS_NONEXISTENT_SECTOR);
    CHECK_EQ(transfer(0, IRP_MJ_READ, DISK_BYTES - 512, buffer, 1024), STATUS_NONEXISTENT_SECTOR);
    CHECK_EQ(transfer(0, IRP_MJ_READ, ~511ull, buffer, 512), STATUS_NONEXISTENT_SECTOR);
    CHECK_EQ(transfer(0, IRP_MJ_WRITE, 0, buffer, 512), STATUS_MEDIA_WRITE_PROTECTED);
    CHECK_EQ(transfer(0, IRP_MJ_READ, 0, buffer, 0), STATUS_SUCCESS);
    CHECK_EQ(tear_down(), 0u);
}

TEST(flush)
{
    CHECK_EQ(bring_up(0), STATUS_SUCCESS);
    CHECK_EQ(transfer(0, IRP_MJ_FLUSH_BUFFERS, 0, NULL, 0), STATUS_PENDING);
    serve_all();
    CHECK_EQ(status_of(0), STATUS_SUCCESS);
    CHECK_EQ(flushes, 1u);
    CHECK_EQ(transfer(0, IRP_MJ_SHUTDOWN, 0, NULL, 0), STATUS_PENDING);
    serve_all();
    CHECK_EQ(flushes, 2u);
    CHECK_EQ(tear_down(), 0u);
}

TEST(control_codes)
{
    union {
        DISK_GEOMETRY_EX geometry;
        GET_LENGTH_INFORMATION length;
        STORAGE_PROPERTY_QUERY query;
        STORAGE_DEVICE_DESCRIPTOR descriptor;
        UCHAR bytes[128];
    } data = {};
    ULONG_PTR moved;
    CHECK_EQ(bring_up(0), STATUS_SUCCESS);
    CHECK_EQ(control(IOCTL_DISK_GET_LENGTH_INFO, &data, 0, sizeof data, &moved), STATUS_SUCCESS);
    CHECK_EQ(data.length.Length.QuadPart, DISK_BYTES);
    CHECK_EQ(moved, 8u);
    CHECK_EQ(control(IOCTL_DISK_GET_LENGTH_INFO, &data, 0, 7, &moved), STATUS_BUFFER_TOO_SMALL);
    CHECK_EQ(control(IOCTL_DISK_GET_DRIVE_GEOMETRY_EX, &data, 0, sizeof data, &moved),
             STATUS_SUCCESS);
    CHECK_EQ(data.geometry.DiskSize.QuadPart, DISK_BYTES);
    CHECK_EQ(data.geometry.Geometry.BytesPerSector, 512u);
    CHECK_EQ(moved, 32u);
    data.query = (STORAGE_PROPERTY_QUERY){StorageDeviceProperty, PropertyStandardQuery, {0}};
    CHECK_EQ(control(IOCTL_STORAGE_QUERY_PROPERTY, &data, sizeof data.query, sizeof data, &moved),
             STATUS_SUCCESS);
    CHECK_EQ(data.descriptor.BusType, BusTypeVirtual);
    CHECK_STR((char *)data.bytes + data.descriptor.VendorIdOffset, "virtio");
    CHECK_EQ(control(0x12345678, &data, 0, sizeof data, &moved), STATUS_INVALID_DEVICE_REQUEST);
    CHECK_EQ(tear_down(), 0u);
}

TEST(the_bus_relations_hold_the_disk)
{
    struct kit_irp irp;
    CHECK_EQ(bring_up(0), STATUS_SUCCESS);
    PIO_STACK_LOCATION location = KitInitIrp(&irp, IRP_MJ_PNP, IRP_MN_QUERY_DEVICE_RELATIONS);
    location->Parameters.QueryDeviceRelations.Type = BusRelations;
    CHECK_EQ(KitSend(bottom, &irp), STATUS_SUCCESS);
    PDEVICE_RELATIONS relations = (PDEVICE_RELATIONS)irp.irp.IoStatus.Information;
    CHECK_EQ(relations->Count, 1u);
    CHECK(relations->Objects[0] == disk());
    CHECK_EQ(disk()->ReferenceCount, 1);
    ExFreePool(relations);
    location = KitInitIrp(&irp, IRP_MJ_PNP, IRP_MN_QUERY_ID);
    location->Parameters.QueryId.IdType = BusQueryHardwareIDs;
    CHECK_EQ(KitSend(disk(), &irp), STATUS_SUCCESS);
    CHECK_MEM((PVOID)irp.irp.IoStatus.Information, L"STORAGE\\Disk\0", sizeof L"STORAGE\\Disk\0");
    ExFreePool((PVOID)irp.irp.IoStatus.Information);
    CHECK_EQ(tear_down(), 0u);
}

static USHORT vector_at(unsigned offset)
{
    USHORT vector;
    memcpy(&vector, bar + offset, sizeof vector);
    return vector;
}

TEST(answers_and_changes_have_messages_of_their_own)
{
    KitMessages(2);
    CHECK_EQ(bring_up(0), STATUS_SUCCESS);
    CHECK_EQ(vector_at(0x10), 0); // configuration
    CHECK_EQ(vector_at(0x1a), 1); // queue
    CHECK_EQ(transfer(0, IRP_MJ_READ, 8192, buffer, 4096), STATUS_PENDING);
    serve_one(0);
    CHECK(!KitInterrupt()); // it has no line
    CHECK(KitMessage(1));
    CHECK_EQ(status_of(0), STATUS_SUCCESS);
    CHECK_MEM(buffer, medium + 8192, 4096);
    CHECK_EQ(transfer(1, IRP_MJ_READ, 0, buffer, 4096), STATUS_PENDING);
    put(bar + 0x14, bar[0x14] | 64u, 1); // the device needs a reset
    CHECK(KitMessage(1));
    CHECK_EQ(status_of(1), STATUS_PENDING); // that is not what this message says
    CHECK(KitMessage(0));
    CHECK_EQ(status_of(1), STATUS_DEVICE_PROTOCOL_ERROR);
    CHECK_EQ(tear_down(), 0u);
}

TEST(one_message_is_for_everything)
{
    KitMessages(1);
    CHECK_EQ(bring_up(0), STATUS_SUCCESS);
    CHECK_EQ(vector_at(0x10), 0);
    CHECK_EQ(vector_at(0x1a), 0);
    CHECK_EQ(transfer(0, IRP_MJ_READ, 8192, buffer, 4096), STATUS_PENDING);
    serve_one(0);
    CHECK(KitMessage(0));
    CHECK_EQ(status_of(0), STATUS_SUCCESS);
    CHECK_EQ(tear_down(), 0u);
}
