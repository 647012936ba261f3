// SPDX-License-Identifier: MIT
//
// The whole virtio-blk driver on the strict kit: a stack of a simulated PCI function and the
// driver, whose registers and rings are plain memory. The test plays the device: it follows
// descriptors, moves data, answers, interrupts - and then lies.
#include "ash_test.h"
#include "strict_kit.h"

#include <queue.h>

#include <ntdddisk.h>

#define BAR_ADDRESS  0x40000000ull
#define BAR_BYTES    0x4000u
#define DISK_SECTORS 8192u
#define DISK_BYTES   (DISK_SECTORS * 512u)
#define REQUESTS     200u

DRIVER_INITIALIZE DriverEntry;

static UCHAR config_space[256];
static alignas(4096) UCHAR bar[BAR_BYTES];
static UCHAR medium[DISK_BYTES];
static alignas(4096) UCHAR buffer[(1u << 20) + PAGE_SIZE];
static struct kit_irp irps[REQUESTS];
static PDEVICE_OBJECT bottom;
static USHORT seen, answered;
static unsigned flushes;

// --- The simulated function ---------------------------------------------------------------------

static void put(PVOID at, ULONGLONG value, unsigned width)
{
    memcpy(at, &value, width);
}

static void put_capability(unsigned at, unsigned next, unsigned kind, unsigned offset)
{
    UCHAR *c = config_space + at;
    memcpy(c, (UCHAR[]){9, (UCHAR)next, 20, (UCHAR)kind, 4, 0, 0, 0}, 8);
    put(c + 8, offset, 4);
    put(c + 12, 0x1000, 4);
    put(c + 16, 4, 4);
}

// Feature words have the same value in both halves, because plain memory cannot see the selector:
// SEG_MAX, BLK_SIZE, FLUSH, INDIRECT_DESC, EVENT_IDX, and bit 0 for VERSION_1.
static void reset_function(unsigned read_only)
{
    memset(config_space, 0, sizeof config_space);
    memset(bar, 0, sizeof bar);
    put(config_space + 0x20, BAR_ADDRESS | 0xc, 4);
    config_space[0x34] = 0x40;
    put_capability(0x40, 0x54, 1, 0);
    put_capability(0x54, 0x68, 3, 0x1000);
    put_capability(0x68, 0x7c, 4, 0x2000);
    put_capability(0x7c, 0, 2, 0x3000);
    put(bar + 4, 0x30000245 | read_only << 5, 4);
    put(bar + 0x12, 1, 2);
    put(bar + 0x18, 256, 2);
    put(bar + 0x2000, DISK_SECTORS, 8);
    put(bar + 0x200c, 254, 4);
    put(bar + 0x2014, 512, 4);
    seen = answered = 0;
    flushes = 0;
}

static ULONG get_bus_data(PVOID context, ULONG space, PVOID out, ULONG offset, ULONG length)
{
    UNREFERENCED_PARAMETER(context);
    UNREFERENCED_PARAMETER(space);
    memcpy(out, config_space + offset, length);
    return length;
}

static VOID count_nothing(PVOID context)
{
    UNREFERENCED_PARAMETER(context);
}

static NTSTATUS bottom_dispatch(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    UNREFERENCED_PARAMETER(device);
    irp->IoStatus.Status = STATUS_SUCCESS;
    if (location->MajorFunction == IRP_MJ_PNP &&
        location->MinorFunction == IRP_MN_QUERY_INTERFACE) {
        PBUS_INTERFACE_STANDARD bus = (PVOID)location->Parameters.QueryInterface.Interface;
        *bus = (BUS_INTERFACE_STANDARD){.Size = sizeof *bus,
                                        .InterfaceReference = count_nothing,
                                        .InterfaceDereference = count_nothing,
                                        .GetBusData = get_bus_data};
    }
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return STATUS_SUCCESS;
}

// --- The device's side of the rings -------------------------------------------------------------

static UCHAR *ring_part(unsigned offset)
{
    ULONG_PTR address;
    memcpy(&address, bar + offset, sizeof address);
    return (UCHAR *)address;
}

static struct virtio_available *available(void)
{
    return (PVOID)ring_part(0x28);
}

static struct virtio_used *used(void)
{
    return (PVOID)ring_part(0x30);
}

static ULONG move_data(const struct virtio_request_header *header,
                       const struct virtio_descriptor *table, unsigned segments)
{
    UCHAR *at = medium + header->sector * 512;
    ULONG written = 0;
    for (unsigned i = 1; i <= segments; i++) {
        UCHAR *memory = (UCHAR *)(ULONG_PTR)table[i].address;
        if (header->type == VIRTIO_BLK_T_IN) {
            memcpy(memory, at, table[i].length);
            written += table[i].length;
        } else {
            memcpy(at, memory, table[i].length);
        }
        at += table[i].length;
    }
    return written;
}

// Carries out the request with this head and answers with this status.
static void serve(unsigned head, UCHAR status)
{
    const struct virtio_descriptor *ring = (PVOID)ring_part(0x20);
    const struct virtio_descriptor *table = (PVOID)(ULONG_PTR)ring[head].address;
    unsigned segments = ring[head].length / 16 - 2;
    const struct virtio_request_header *header = (PVOID)(ULONG_PTR)table[0].address;
    flushes += header->type == VIRTIO_BLK_T_FLUSH;
    ULONG wrote = status ? 0 : move_data(header, table, segments);
    *(UCHAR *)(ULONG_PTR)table[segments + 1].address = status;
    used()->ring[used()->index & (VIRTIO_QUEUE_SIZE - 1)] =
        (struct virtio_used_element){head, wrote + 1};
    used()->index++;
}

static unsigned waiting_in_ring(void)
{
    return (USHORT)(available()->index - seen);
}

static void serve_one(UCHAR status)
{
    serve(available()->ring[seen++ & (VIRTIO_QUEUE_SIZE - 1)], status);
}

static void interrupt(void)
{
    bar[0x1000] = 1;
    KitInterrupt();
    bar[0x1000] = 0;
}

static void serve_all(void)
{
    while (waiting_in_ring() > 0) {
        while (waiting_in_ring() > 0)
            serve_one(0);
        interrupt();
    }
}

// --- The stack ----------------------------------------------------------------------------------

static struct {
    ULONG Count;
    INTERFACE_TYPE InterfaceType;
    ULONG BusNumber;
    USHORT Version, Revision;
    ULONG PartialCount;
    CM_PARTIAL_RESOURCE_DESCRIPTOR memory;
} resources = {1, PCIBus, 0, 1, 1, 1, {.Type = CmResourceTypeMemory}};

static NTSTATUS pnp(PDEVICE_OBJECT device, UCHAR minor)
{
    struct kit_irp irp;
    PIO_STACK_LOCATION location = KitInitIrp(&irp, IRP_MJ_PNP, minor);
    location->Parameters.StartDevice.AllocatedResources = (PVOID)&resources;
    location->Parameters.StartDevice.AllocatedResourcesTranslated = (PVOID)&resources;
    return KitSend(device, &irp);
}

static PDEVICE_OBJECT disk(void)
{
    return KitFind(L"\\Device\\Harddisk0\\DR0");
}

static NTSTATUS bring_up(unsigned read_only)
{
    static const CM_PARTIAL_RESOURCE_DESCRIPTOR none;
    reset_function(read_only);
    for (unsigned i = 0; i < sizeof medium; i++)
        medium[i] = (UCHAR)(i * 31 + i / 512);
    KitDeviceMemory(BAR_ADDRESS, bar, sizeof bar);
    resources.memory = none;
    resources.memory.Type = CmResourceTypeMemory;
    resources.memory.u.Memory.Start.QuadPart = BAR_ADDRESS;
    resources.memory.u.Memory.Length = BAR_BYTES;
    bottom = KitBottom(bottom_dispatch);
    PDRIVER_OBJECT driver = KitLoad(DriverEntry);
    NTSTATUS status = driver->DriverExtension->AddDevice(driver, bottom);
    return NT_SUCCESS(status) ? pnp(bottom, IRP_MN_START_DEVICE) : status;
}

static ULONG tear_down(void)
{
    (void)pnp(bottom, IRP_MN_REMOVE_DEVICE);
    KitFree(bottom);
    return KitLeaks();
}

static NTSTATUS transfer(unsigned index, UCHAR major, ULONGLONG offset, PVOID data, ULONG bytes)
{
    PIO_STACK_LOCATION location = KitInitIrp(&irps[index], major, 0);
    location->Parameters.Read.Length = bytes;
    location->Parameters.Read.ByteOffset.QuadPart = (LONGLONG)offset;
    if (bytes)
        KitBuffer(&irps[index], data, bytes);
    return KitSend(disk(), &irps[index]);
}

static NTSTATUS control(ULONG code, PVOID data, ULONG in, ULONG out, ULONG_PTR *moved)
{
    PIO_STACK_LOCATION location = KitInitIrp(&irps[0], IRP_MJ_DEVICE_CONTROL, 0);
    location->Parameters.DeviceIoControl.IoControlCode = code;
    location->Parameters.DeviceIoControl.InputBufferLength = in;
    location->Parameters.DeviceIoControl.OutputBufferLength = out;
    irps[0].irp.AssociatedIrp.SystemBuffer = data;
    NTSTATUS status = KitSend(disk(), &irps[0]);
    *moved = irps[0].irp.IoStatus.Information;
    return status;
}

static NTSTATUS status_of(unsigned index)
{
    return irps[index].done ? irps[index].irp.IoStatus.Status : STATUS_PENDING;
}

// --- Tests --------------------------------------------------------------------------------------

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

TEST(errors_of_the_device)
{
    CHECK_EQ(bring_up(0), STATUS_SUCCESS);
    (void)transfer(0, IRP_MJ_READ, 0, buffer, 512);
    (void)transfer(1, IRP_MJ_READ, 0, buffer, 512);
    serve_one(VIRTIO_BLK_S_IOERR);
    serve_one(VIRTIO_BLK_S_UNSUPP);
    interrupt();
    CHECK_EQ(status_of(0), STATUS_IO_DEVICE_ERROR);
    CHECK_EQ(irps[0].irp.IoStatus.Information, 0u);
    CHECK_EQ(status_of(1), STATUS_INVALID_DEVICE_REQUEST);
    CHECK_EQ(tear_down(), 0u);
}

TEST(cancels_what_waits_and_not_what_flies)
{
    CHECK_EQ(bring_up(0), STATUS_SUCCESS);
    for (unsigned i = 0; i < VIRTIO_SLOTS + 3; i++)
        (void)transfer(i, IRP_MJ_READ, 0, buffer, 512);
    CHECK(!KitCancel(&irps[0]));
    CHECK(KitCancel(&irps[VIRTIO_SLOTS + 1]));
    CHECK_EQ(status_of(VIRTIO_SLOTS + 1), STATUS_CANCELLED);
    serve_all();
    CHECK_EQ(status_of(0), STATUS_SUCCESS);
    CHECK_EQ(status_of(VIRTIO_SLOTS), STATUS_SUCCESS);
    CHECK_EQ(status_of(VIRTIO_SLOTS + 2), STATUS_SUCCESS);
    CHECK_EQ(tear_down(), 0u);
}

TEST(a_request_that_was_cancelled_before_it_came)
{
    CHECK_EQ(bring_up(0), STATUS_SUCCESS);
    for (unsigned i = 0; i < VIRTIO_SLOTS; i++)
        (void)transfer(i, IRP_MJ_READ, 0, buffer, 512);
    PIO_STACK_LOCATION location = KitInitIrp(&irps[VIRTIO_SLOTS], IRP_MJ_READ, 0);
    location->Parameters.Read.Length = 512;
    KitBuffer(&irps[VIRTIO_SLOTS], buffer, 512);
    irps[VIRTIO_SLOTS].irp.Cancel = TRUE;
    CHECK_EQ(KitSend(disk(), &irps[VIRTIO_SLOTS]), STATUS_PENDING);
    CHECK_EQ(status_of(VIRTIO_SLOTS), STATUS_CANCELLED);
    serve_all();
    CHECK_EQ(tear_down(), 0u);
}

TEST(lists_that_cannot_be_had)
{
    CHECK_EQ(bring_up(0), STATUS_SUCCESS);
    KitFailList(1);
    CHECK_EQ(transfer(0, IRP_MJ_READ, 0, buffer, 512), STATUS_PENDING);
    CHECK_EQ(status_of(0), STATUS_INSUFFICIENT_RESOURCES);
    (void)transfer(1, IRP_MJ_READ, 0, buffer, 512);
    serve_all();
    CHECK_EQ(status_of(1), STATUS_SUCCESS);
    CHECK_EQ(tear_down(), 0u);
}

// Each lie must fail everything once, reset the device and report it as failed.
static void check_failed(unsigned requests)
{
    ULONG count;
    interrupt();
    for (unsigned i = 0; i < requests; i++)
        CHECK_EQ(status_of(i), STATUS_DEVICE_PROTOCOL_ERROR);
    CHECK_EQ(bar[0x14], 0);
    CHECK(KitInvalidated(&count) == bottom);
    CHECK_EQ(count, 1u);
    (void)transfer(REQUESTS - 1, IRP_MJ_READ, 0, buffer, 512);
    CHECK_EQ(status_of(REQUESTS - 1), STATUS_DEVICE_PROTOCOL_ERROR);
    interrupt(); // a dead device's interrupts change nothing
    CHECK_EQ(tear_down(), 0u);
}

static void fly(unsigned requests)
{
    CHECK_EQ(bring_up(0), STATUS_SUCCESS);
    for (unsigned i = 0; i < requests; i++)
        (void)transfer(i, IRP_MJ_READ, 0, buffer, 512);
}

TEST(an_answer_to_nothing)
{
    fly(100);
    used()->ring[0] = (struct virtio_used_element){200, 1};
    used()->index++;
    check_failed(100);
}

TEST(an_answer_twice)
{
    fly(3);
    USHORT head = available()->ring[0];
    serve(head, 0);
    used()->ring[1] = (struct virtio_used_element){head, 513};
    used()->index++;
    interrupt();
    CHECK_EQ(status_of(0), STATUS_SUCCESS); // the first answer was a good one
    irps[0] = irps[1];
    check_failed(3);
}

TEST(a_used_index_out_of_nowhere)
{
    fly(10);
    used()->index = 0x4000;
    check_failed(10);
}

TEST(a_status_that_was_never_written)
{
    fly(1);
    used()->ring[0] = (struct virtio_used_element){available()->ring[0], 513};
    used()->index++;
    check_failed(1);
}

TEST(a_device_that_asks_for_a_reset)
{
    fly(5);
    bar[0x14] |= 64;
    bar[0x1000] = 2;
    KitInterrupt();
    bar[0x1000] = 0;
    check_failed(5);
}

TEST(a_device_that_never_answers)
{
    ULONG count;
    fly(100);
    CHECK(KitFireTimer()); // 30 seconds without one answer
    for (unsigned i = 0; i < 100; i++)
        CHECK_EQ(status_of(i), STATUS_IO_TIMEOUT);
    CHECK_EQ(bar[0x14], 0);
    CHECK(KitInvalidated(&count) == bottom);
    CHECK(!KitFireTimer());
    CHECK_EQ(tear_down(), 0u);
}

TEST(a_slow_device_is_waited_for)
{
    fly(3);
    for (unsigned i = 0; i < 3; i++) {
        serve_one(0);
        interrupt();
        CHECK(KitFireTimer()); // one answer each time
        CHECK_EQ(status_of(i), STATUS_SUCCESS);
    }
    CHECK(!KitFireTimer()); // idle: nothing is set
    (void)transfer(0, IRP_MJ_READ, 0, buffer, 512);
    serve_all();
    CHECK(KitFireTimer());
    CHECK(!KitFireTimer());
    CHECK_EQ(tear_down(), 0u);
}

TEST(requests_wait_while_the_device_is_stopped)
{
    CHECK_EQ(bring_up(0), STATUS_SUCCESS);
    CHECK_EQ(pnp(bottom, IRP_MN_QUERY_STOP_DEVICE), STATUS_SUCCESS);
    (void)transfer(0, IRP_MJ_READ, 0, buffer, 512);
    CHECK_EQ(waiting_in_ring(), 0u);
    CHECK_EQ(pnp(bottom, IRP_MN_CANCEL_STOP_DEVICE), STATUS_SUCCESS);
    serve_all();
    CHECK_EQ(status_of(0), STATUS_SUCCESS);
    CHECK_EQ(pnp(bottom, IRP_MN_QUERY_STOP_DEVICE), STATUS_SUCCESS);
    CHECK_EQ(pnp(bottom, IRP_MN_STOP_DEVICE), STATUS_SUCCESS);
    (void)transfer(1, IRP_MJ_READ, 0, buffer, 512);
    CHECK_EQ(status_of(1), STATUS_PENDING);
    seen = 0;
    CHECK_EQ(pnp(bottom, IRP_MN_START_DEVICE), STATUS_SUCCESS);
    serve_all();
    CHECK_EQ(status_of(1), STATUS_SUCCESS);
    CHECK_EQ(tear_down(), 0u);
}

TEST(a_stop_does_not_wait_for_ever)
{
    fly(2);
    CHECK_EQ(pnp(bottom, IRP_MN_QUERY_STOP_DEVICE), STATUS_SUCCESS);
    CHECK_EQ(status_of(0), STATUS_ADAPTER_HARDWARE_ERROR);
    CHECK_EQ(status_of(1), STATUS_ADAPTER_HARDWARE_ERROR);
    CHECK_EQ(tear_down(), 0u);
}

TEST(surprise_removal_fails_what_is_there)
{
    fly(100);
    CHECK_EQ(pnp(bottom, IRP_MN_SURPRISE_REMOVAL), STATUS_SUCCESS);
    for (unsigned i = 0; i < 100; i++)
        CHECK_EQ(status_of(i), STATUS_NO_SUCH_DEVICE);
    CHECK_EQ(tear_down(), 0u);
}

TEST(power_down_and_up)
{
    struct kit_irp irp;
    CHECK_EQ(bring_up(0), STATUS_SUCCESS);
    PIO_STACK_LOCATION location = KitInitIrp(&irp, IRP_MJ_POWER, IRP_MN_SET_POWER);
    location->Parameters.Power.Type = SystemPowerState;
    location->Parameters.Power.State.SystemState = PowerSystemShutdown;
    CHECK_EQ(KitSend(bottom, &irp), STATUS_PENDING);
    CHECK(irp.done);
    CHECK_EQ(irp.irp.IoStatus.Status, STATUS_SUCCESS);
    CHECK_EQ(bar[0x14], 0);
    (void)transfer(0, IRP_MJ_READ, 0, buffer, 512);
    location = KitInitIrp(&irp, IRP_MJ_POWER, IRP_MN_SET_POWER);
    location->Parameters.Power.Type = SystemPowerState;
    location->Parameters.Power.State.SystemState = PowerSystemWorking;
    seen = 0;
    CHECK_EQ(KitSend(bottom, &irp), STATUS_PENDING);
    CHECK_EQ(bar[0x14], 15);
    serve_all();
    CHECK_EQ(status_of(0), STATUS_SUCCESS);
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
