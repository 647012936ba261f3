// SPDX-License-Identifier: MIT
//
// The whole virtio-blk driver with several queues, on the strict kit. The registers are simulated
// here (in place of virtio_pci.c), since each queue has its own behind one selector; the test plays
// the device.
#include "ash_test.h"
#include "strict_kit.h"

#include <queue.h>
#include <virtio_pci.h>

#define QUEUES       4u
#define DISK_SECTORS 8192u
#define REQUESTS     300u

DRIVER_INITIALIZE DriverEntry;

static struct queue_registers {
    USHORT size, vector, enabled;
    ULONG64 part[3]; // descriptors, available, used
    USHORT seen;
} queues[QUEUES];

static struct {
    UCHAR status;
    USHORT config_vector, count, num_queues;
    ULONG selected, feature_half, broken_vector;
} device;

static UCHAR isr;
static USHORT bells[QUEUES];
static UCHAR medium[DISK_SECTORS * 512u];
static alignas(4096) UCHAR buffer[REQUESTS * 512u];
static struct kit_irp irps[REQUESTS];
static PDEVICE_OBJECT bottom;

// --- Registers ----------------------------------------------------------------------------------

static uint32_t read_device(unsigned offset)
{
    switch (offset) {
    case 0:
        return DISK_SECTORS;
    case 12:
        return 254;
    case 20:
        return 512;
    case 34:
        return device.num_queues;
    default:
        return 0;
    }
}

static uint32_t read_common(unsigned offset)
{
    const struct queue_registers *queue = &queues[device.selected % QUEUES];
    switch (offset) {
    case 0x04:
        return device.feature_half ? 3 : 1u << 28 | 1u << 12 | 1u << 9 | 1u << 6 | 1u << 2;
    case 0x10:
        return device.config_vector;
    case 0x12:
        return device.count;
    case 0x14:
        return device.status;
    case 0x18:
        return queue->size;
    case 0x1a:
        return device.selected == device.broken_vector ? VIRTIO_NO_VECTOR : queue->vector;
    case 0x1c:
        return queue->enabled;
    case 0x1e:
        return device.selected;
    default:
        return 0;
    }
}

static uint32_t read_register(void *context, enum virtio_region_kind region, unsigned offset,
                              unsigned width)
{
    UNREFERENCED_PARAMETER(context);
    UNREFERENCED_PARAMETER(width);
    return region == VIRTIO_DEVICE ? read_device(offset) : read_common(offset);
}

static VOID reset_device(VOID)
{
    for (unsigned i = 0; i < QUEUES; i++)
        queues[i] = (struct queue_registers){.size = 256, .vector = VIRTIO_NO_VECTOR};
    device.status = 0;
}

static void write_register(void *context, enum virtio_region_kind region, unsigned offset,
                           unsigned width, uint32_t value)
{
    struct queue_registers *queue = &queues[device.selected % QUEUES];
    UNREFERENCED_PARAMETER(context);
    UNREFERENCED_PARAMETER(region);
    UNREFERENCED_PARAMETER(width);
    if (offset >= 0x20 && offset < 0x38) {
        memcpy((UCHAR *)queue->part + offset - 0x20, &value, sizeof value);
    } else if (offset == 0x00) {
        device.feature_half = value;
    } else if (offset == 0x10) {
        device.config_vector = (USHORT)value;
    } else if (offset == 0x14) {
        device.status = (UCHAR)value;
        if (value == 0)
            reset_device();
    } else if (offset == 0x16) {
        device.selected = value;
    } else if (offset == 0x18) {
        queue->size = (USHORT)value;
    } else if (offset == 0x1a) {
        queue->vector = (USHORT)value;
    } else if (offset == 0x1c) {
        queue->enabled = (USHORT)value;
    }
}

NTSTATUS VirtioPciMap(struct virtio_pci *pci, PDEVICE_OBJECT lower, PCM_RESOURCE_LIST raw,
                      PCM_RESOURCE_LIST translated, ULONG device_bytes)
{
    UNREFERENCED_PARAMETER(lower);
    UNREFERENCED_PARAMETER(raw);
    UNREFERENCED_PARAMETER(translated);
    UNREFERENCED_PARAMETER(device_bytes);
    pci->isr = &isr;
    pci->layout.notify_multiplier = 2;
    for (unsigned i = 0; i < VIRTIO_REGIONS; i++)
        pci->layout.regions[i].length = 64;
    return STATUS_SUCCESS;
}

VOID VirtioPciUnmap(struct virtio_pci *pci)
{
    pci->isr = NULL;
}

struct virtio_io VirtioPciIo(struct virtio_pci *pci)
{
    return (struct virtio_io){pci, read_register, write_register};
}

PUSHORT VirtioPciDoorbell(struct virtio_pci *pci, uint32_t notify)
{
    UNREFERENCED_PARAMETER(pci);
    return &bells[notify / 2];
}

PDMA_ADAPTER VirtioPciAdapter(struct virtio_pci *pci, PDEVICE_OBJECT pdo, ULONG most,
                              PULONG map_registers)
{
    DEVICE_DESCRIPTION description = {.MaximumLength = most};
    UNREFERENCED_PARAMETER(pci);
    return IoGetDmaAdapter(pdo, &description, map_registers);
}

NTSTATUS VirtioStartStatus(enum virtio_rule rule)
{
    return rule ? STATUS_DEVICE_PROTOCOL_ERROR : STATUS_SUCCESS;
}

// --- The device's side --------------------------------------------------------------------------

static struct virtio_available *available(unsigned queue)
{
    return (PVOID)(ULONG_PTR)queues[queue].part[1];
}

static unsigned waiting_in(unsigned queue)
{
    return queues[queue].enabled ? (USHORT)(available(queue)->index - queues[queue].seen) : 0;
}

static VOID answer(unsigned queue, unsigned head, ULONG wrote)
{
    struct virtio_used *used = (PVOID)(ULONG_PTR)queues[queue].part[2];
    used->ring[used->index & (queues[queue].size - 1u)] = (struct virtio_used_element){head, wrote};
    used->index++;
}

// Reads only: each gets what the medium holds.
static VOID serve_one(unsigned queue)
{
    const struct virtio_descriptor *ring = (PVOID)(ULONG_PTR)queues[queue].part[0];
    unsigned head = available(queue)->ring[queues[queue].seen++ & (queues[queue].size - 1u)];
    const struct virtio_descriptor *table = (PVOID)(ULONG_PTR)ring[head].address;
    const struct virtio_request_header *header = (PVOID)(ULONG_PTR)table[0].address;
    memcpy((PVOID)(ULONG_PTR)table[1].address, medium + header->sector * 512, table[1].length);
    *(UCHAR *)(ULONG_PTR)table[2].address = 0;
    answer(queue, head, table[1].length + 1);
}

static VOID serve(unsigned queue)
{
    while (waiting_in(queue) > 0) {
        while (waiting_in(queue) > 0)
            serve_one(queue);
        (void)KitMessage(queues[queue].vector);
    }
}

// --- The stack ----------------------------------------------------------------------------------

static NTSTATUS bottom_dispatch(PDEVICE_OBJECT object, PIRP irp)
{
    UNREFERENCED_PARAMETER(object);
    irp->IoStatus.Status = STATUS_SUCCESS;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return STATUS_SUCCESS;
}

static NTSTATUS pnp(UCHAR minor)
{
    struct kit_irp irp;
    (void)KitInitIrp(&irp, IRP_MJ_PNP, minor);
    return KitSend(bottom, &irp);
}

static NTSTATUS bring_up(ULONG harts, ULONG messages, USHORT offered)
{
    memset(&device, 0, sizeof device);
    device.broken_vector = MAXULONG;
    device.count = device.num_queues = offered;
    reset_device();
    for (unsigned i = 0; i < sizeof medium; i++)
        medium[i] = (UCHAR)(i * 31 + i / 512);
    KitHarts(harts);
    bottom = KitBottom(bottom_dispatch);
    KitMessages(messages);
    PDRIVER_OBJECT driver = KitLoad(DriverEntry);
    NTSTATUS status = driver->DriverExtension->AddDevice(driver, bottom);
    return NT_SUCCESS(status) ? pnp(IRP_MN_START_DEVICE) : status;
}

static ULONG tear_down(void)
{
    (void)pnp(IRP_MN_REMOVE_DEVICE);
    KitFree(bottom);
    return KitLeaks();
}

static NTSTATUS read_from(ULONG hart, unsigned index)
{
    PIO_STACK_LOCATION location = KitInitIrp(&irps[index], IRP_MJ_READ, 0);
    location->Parameters.Read.Length = 512;
    location->Parameters.Read.ByteOffset.QuadPart = (LONGLONG)index * 512;
    KitBuffer(&irps[index], buffer + index * 512, 512);
    KitGoTo(hart);
    return KitSend(KitFind(L"\\Device\\Harddisk0\\DR0"), &irps[index]);
}

static NTSTATUS status_of(unsigned index)
{
    return irps[index].done ? irps[index].irp.IoStatus.Status : STATUS_PENDING;
}

static unsigned queues_on(void)
{
    unsigned count = 0;
    for (unsigned i = 0; i < QUEUES; i++)
        count += queues[i].enabled;
    return count;
}

TEST(a_queue_and_a_message_a_hart)
{
    CHECK_EQ(bring_up(4, 5, 4), STATUS_SUCCESS);
    CHECK_EQ(queues_on(), 4u);
    CHECK_EQ(device.config_vector, 0);
    for (unsigned i = 0; i < QUEUES; i++) {
        CHECK_EQ(queues[i].vector, i + 1);
        bells[i] = MAXUSHORT;
        CHECK_EQ(read_from(i, i), STATUS_PENDING);
        CHECK_EQ(waiting_in(i), 1u);
        CHECK_EQ(bells[i], i); // the register gets the queue's number
    }
    for (unsigned i = QUEUES; i-- > 0;) {
        serve(i);
        CHECK_EQ(status_of(i), STATUS_SUCCESS);
        CHECK(i == 0 || status_of(i - 1) == STATUS_PENDING); // nobody else's answer
    }
    CHECK_MEM(buffer, medium, QUEUES * 512);
    CHECK_EQ(tear_down(), 0u);
}

// As many as there are of each: harts, messages, queues of the device.
TEST(what_limits_the_number_of_queues)
{
    static const struct {
        ULONG harts, messages;
        USHORT offered;
        unsigned queues;
    } cases[] = {{1, 5, 4, 1}, {2, 5, 4, 2}, {4, 3, 4, 2}, {4, 2, 4, 1},
                 {4, 1, 4, 1}, {4, 5, 3, 3}, {4, 0, 4, 1}, {4, 5, 1, 1}};
    for (unsigned i = 0; i < ARRAYSIZE(cases); i++) {
        CHECK_EQ(bring_up(cases[i].harts, cases[i].messages, cases[i].offered), STATUS_SUCCESS);
        CHECK_EQ(queues_on(), cases[i].queues);
        CHECK_EQ(read_from(cases[i].harts - 1, 0), STATUS_PENDING);
        unsigned queue = (unsigned)(cases[i].harts - 1) % cases[i].queues;
        CHECK_EQ(waiting_in(queue), 1u);
        if (cases[i].messages) {
            serve(queue);
        } else {
            serve_one(queue);
            isr = 1;
            CHECK(KitInterrupt());
        }
        CHECK_EQ(status_of(0), STATUS_SUCCESS);
        CHECK_EQ(tear_down(), 0u);
    }
}

TEST(each_queue_has_its_own_slots_and_line)
{
    CHECK_EQ(bring_up(2, 3, 2), STATUS_SUCCESS);
    for (unsigned i = 0; i < VIRTIO_SLOTS + 5; i++)
        CHECK_EQ(read_from(1, i), STATUS_PENDING);
    CHECK_EQ(waiting_in(1), VIRTIO_SLOTS);
    CHECK_EQ(read_from(0, 200), STATUS_PENDING);
    CHECK_EQ(waiting_in(0), 1u); // it does not wait behind the others
    CHECK(KitCancel(&irps[VIRTIO_SLOTS + 1]));
    CHECK_EQ(status_of(VIRTIO_SLOTS + 1), STATUS_CANCELLED);
    serve(0);
    CHECK_EQ(status_of(200), STATUS_SUCCESS);
    serve(1);
    CHECK_EQ(status_of(VIRTIO_SLOTS + 4), STATUS_SUCCESS);
    CHECK_EQ(tear_down(), 0u);
}

static VOID fly(void)
{
    CHECK_EQ(bring_up(4, 5, 4), STATUS_SUCCESS);
    for (unsigned i = 0; i < REQUESTS; i++)
        CHECK_EQ(read_from(i % 4, i), STATUS_PENDING);
}

// The whole device has failed: all requests of all queues, once.
static VOID check_failed(NTSTATUS status)
{
    ULONG count;
    for (unsigned i = 0; i < REQUESTS; i++)
        CHECK_EQ(status_of(i), status);
    CHECK_EQ(device.status, 0);
    CHECK(KitInvalidated(&count) == bottom);
    CHECK_EQ(count, 1u);
    for (ULONG message = 0; message < 5; message++)
        (void)KitMessage(message); // a dead device's messages change nothing
    (void)read_from(3, 0);
    CHECK_EQ(status_of(0), status);
    CHECK_EQ(tear_down(), 0u);
}

// Head 63 of queue 1 is in flight, too; queue 2 has none that was not answered.
TEST(an_answer_in_another_queue)
{
    CHECK_EQ(bring_up(4, 5, 4), STATUS_SUCCESS);
    CHECK_EQ(read_from(1, 0), STATUS_PENDING);
    answer(2, available(1)->ring[0], 513);
    CHECK(KitMessage(3));
    CHECK_EQ(status_of(0), STATUS_DEVICE_PROTOCOL_ERROR); // ahead: nothing is in flight there
    CHECK_EQ(tear_down(), 0u);
}

TEST(lies_of_one_queue_end_all)
{
    fly();
    answer(2, 200, 1);
    CHECK(KitMessage(3));
    check_failed(STATUS_DEVICE_PROTOCOL_ERROR);
}

TEST(lies_of_two_queues_are_told_once)
{
    fly();
    answer(1, 200, 1);
    answer(3, 200, 1);
    CHECK(KitMessage(0)); // looked after by all
    check_failed(STATUS_DEVICE_PROTOCOL_ERROR);
}

TEST(messages_of_nobody)
{
    fly();
    CHECK(KitMessage(0)); // nothing has changed
    CHECK(!KitMessage(5));
    for (unsigned round = 0; round < REQUESTS; round++)
        serve(round % 4);
    for (unsigned i = 0; i < REQUESTS; i++)
        CHECK_EQ(status_of(i), STATUS_SUCCESS);
    CHECK_MEM(buffer, medium, REQUESTS * 512);
    CHECK_EQ(tear_down(), 0u);
}

TEST(a_queue_that_falls_silent)
{
    fly();
    for (unsigned round = 0; round < 3; round++) {
        serve(0);
        serve(1);
        serve(3);
    }
    CHECK_EQ(status_of(0), STATUS_SUCCESS);
    CHECK_EQ(status_of(2), STATUS_PENDING);
    CHECK(KitFireTimer()); // 30 seconds later
    CHECK_EQ(status_of(2), STATUS_IO_TIMEOUT);
    CHECK_EQ(device.status, 0);
    CHECK_EQ(tear_down(), 0u);
}

TEST(all_queues_are_stopped_and_started)
{
    CHECK_EQ(bring_up(4, 5, 4), STATUS_SUCCESS);
    CHECK_EQ(pnp(IRP_MN_QUERY_STOP_DEVICE), STATUS_SUCCESS);
    CHECK_EQ(pnp(IRP_MN_STOP_DEVICE), STATUS_SUCCESS);
    for (unsigned i = 0; i < 4; i++)
        CHECK_EQ(read_from(i, i), STATUS_PENDING);
    CHECK_EQ(pnp(IRP_MN_START_DEVICE), STATUS_SUCCESS);
    for (unsigned i = 0; i < 4; i++) {
        serve(i);
        CHECK_EQ(status_of(i), STATUS_SUCCESS);
    }
    CHECK_EQ(pnp(IRP_MN_QUERY_STOP_DEVICE), STATUS_SUCCESS);
    CHECK_EQ(pnp(IRP_MN_STOP_DEVICE), STATUS_SUCCESS);
    device.count = 2; // the requests of two queues would have nowhere to go
    CHECK_EQ(pnp(IRP_MN_START_DEVICE), STATUS_DEVICE_PROTOCOL_ERROR);
    CHECK_EQ(tear_down(), 0u);
}

TEST(a_stop_does_not_wait_for_ever_for_any_queue)
{
    fly();
    CHECK_EQ(pnp(IRP_MN_QUERY_STOP_DEVICE), STATUS_SUCCESS);
    for (unsigned i = 0; i < REQUESTS; i++)
        CHECK_EQ(status_of(i), STATUS_ADAPTER_HARDWARE_ERROR);
    CHECK_EQ(tear_down(), 0u);
}

TEST(devices_that_break_the_set_up_of_a_queue)
{
    CHECK_EQ(bring_up(4, 5, 0), STATUS_DEVICE_PROTOCOL_ERROR); // no queues at all
    CHECK_EQ(tear_down(), 0u);
    CHECK_EQ(bring_up(1, 2, 1), STATUS_SUCCESS);
    CHECK_EQ(tear_down(), 0u);
    CHECK_EQ(bring_up(4, 5, 4), STATUS_SUCCESS);
    CHECK_EQ(pnp(IRP_MN_STOP_DEVICE), STATUS_SUCCESS);
    device.broken_vector = 2; // the third has none
    CHECK_EQ(pnp(IRP_MN_START_DEVICE), STATUS_DEVICE_PROTOCOL_ERROR);
    CHECK_EQ(device.status, 0);
    CHECK_EQ(tear_down(), 0u);
}
