// SPDX-License-Identifier: MIT
//
// The driver on the real kit, on threads: several requesters read and write through synchronous
// IRPs while another thread is the device and interrupts when it pleases. Then the device starts to
// lie in the middle of it, and every request still comes back once.
#include "ash_test.h"

#include <queue.h>

#include "../posix_stack.h"

#include <pthread.h>
#include <stdatomic.h>

#define DISK_SECTORS 16384u
#define REQUESTERS   4u
#define ROUNDS       300u
#define SHARE        (DISK_SECTORS * 512u / REQUESTERS)
#define MOST         (300u << 10)

static UCHAR config_space[256];
static alignas(4096) UCHAR bar[BAR_BYTES];
static UCHAR medium[DISK_SECTORS * 512u];
static PDEVICE_OBJECT disk;
static atomic_bool stop, lie;

// --- The function below ------------------------------------------------------------------------

static void put_capability(unsigned at, unsigned next, unsigned kind, unsigned offset)
{
    ULONG words[4] = {4u, offset, 0x1000, 4};
    memcpy(config_space + at, (UCHAR[]){9, (UCHAR)next, 20, (UCHAR)kind}, 4);
    memcpy(config_space + at + 4, words, sizeof words);
}

// Feature words are the same in both halves: plain memory cannot see the selector.
static void reset_function(void)
{
    memset(bar, 0, sizeof bar);
    memcpy(config_space + 0x20, &(ULONG){BAR_ADDRESS | 0xc}, 4);
    config_space[0x34] = 0x40;
    put_capability(0x40, 0x54, 1, 0);
    put_capability(0x54, 0x68, 3, 0x1000);
    put_capability(0x68, 0x7c, 4, 0x2000);
    put_capability(0x7c, 0, 2, 0x3000);
    memcpy(bar + 4, &(ULONG){0x30000245}, 4);
    bar[0x12] = 1;
    memcpy(bar + 0x18, &(USHORT){256}, 2);
    memcpy(bar + 0x2000, &(ULONG){DISK_SECTORS}, 4);
    memcpy(bar + 0x200c, &(ULONG){254}, 4);
    memcpy(bar + 0x2014, &(ULONG){512}, 4);
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
    if (location->MinorFunction == IRP_MN_QUERY_INTERFACE)
        *(PBUS_INTERFACE_STANDARD)location->Parameters.QueryInterface.Interface =
            (BUS_INTERFACE_STANDARD){.Size = sizeof(BUS_INTERFACE_STANDARD),
                                     .InterfaceReference = count_nothing,
                                     .InterfaceDereference = count_nothing,
                                     .GetBusData = get_bus_data};
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return STATUS_SUCCESS;
}

// --- The device --------------------------------------------------------------------------------

static PVOID ring_part(unsigned offset)
{
    ULONG_PTR address;
    memcpy(&address, bar + offset, sizeof address);
    return (PVOID)address;
}

static ULONG move_data(const struct virtio_request_header *header,
                       const struct virtio_descriptor *table, unsigned segments)
{
    UCHAR *at = medium + header->sector * 512;
    ULONG written = 0;
    for (unsigned i = 1; i <= segments; i++) {
        UCHAR *memory = (UCHAR *)(ULONG_PTR)table[i].address;
        BOOLEAN in = header->type == VIRTIO_BLK_T_IN;
        memcpy(in ? memory : at, in ? at : memory, table[i].length);
        written += in ? table[i].length : 0;
        at += table[i].length;
    }
    return written;
}

static void serve(unsigned head)
{
    const struct virtio_descriptor *ring = ring_part(0x20);
    struct virtio_used *used = ring_part(0x30);
    const struct virtio_descriptor *table = (PVOID)(ULONG_PTR)ring[head].address;
    unsigned segments = ring[head].length / 16 - 2;
    ULONG wrote = move_data((PVOID)(ULONG_PTR)table[0].address, table, segments);
    *(UCHAR *)(ULONG_PTR)table[segments + 1].address = 0;
    USHORT index = used->index;
    used->ring[index & (VIRTIO_QUEUE_SIZE - 1)] =
        (struct virtio_used_element){lie ? head ^ 1 : head, wrote + 1};
    __atomic_store_n(&used->index, (USHORT)(index + 1), __ATOMIC_SEQ_CST);
}

static void *play_device(void *unused)
{
    USHORT seen = 0;
    while (!stop) {
        struct virtio_available *available = ring_part(0x28);
        USHORT index = __atomic_load_n(&available->index, __ATOMIC_SEQ_CST);
        BOOLEAN any = seen != index && bar[0x14] != 0;
        for (; seen != index && bar[0x14] != 0; seen++)
            serve(available->ring[seen & (VIRTIO_QUEUE_SIZE - 1)]);
        if (any) {
            bar[0x1000] = 1;
            posix_interrupt(VECTOR);
            bar[0x1000] = 0;
        }
        sched_yield();
    }
    return unused;
}

// --- Requesters --------------------------------------------------------------------------------

static NTSTATUS bring_up(void)
{
    reset_function();
    NTSTATUS status = start_stack(bottom_dispatch, bar, sizeof bar);
    if (NT_SUCCESS(status))
        find_disks(&disk, 1);
    return status;
}

struct requester {
    pthread_t thread;
    unsigned number;
    unsigned wrong, failed, done;
};

// Writes a pattern somewhere into its own share of the disk and reads it back.
static void one_round(struct requester *self, unsigned *seed, PUCHAR buffer)
{
    ULONG bytes = ((ULONG)rand_r(seed) % (MOST / 512) + 1) * 512;
    ULONGLONG offset = self->number * SHARE + (ULONG)rand_r(seed) % ((SHARE - bytes) / 512) * 512;
    UCHAR pattern = (UCHAR)rand_r(seed);
    memset(buffer, pattern, bytes);
    NTSTATUS status = transfer(IRP_MJ_WRITE, disk, offset, buffer, bytes);
    memset(buffer, ~pattern, bytes);
    if (NT_SUCCESS(status))
        status = transfer(IRP_MJ_READ, disk, offset, buffer, bytes);
    self->done++;
    self->failed += !NT_SUCCESS(status);
    for (ULONG i = 0; NT_SUCCESS(status) && i < bytes; i++)
        self->wrong += buffer[i] != pattern;
}

static void *request(void *context)
{
    struct requester *self = context;
    unsigned seed = self->number + 1;
    PUCHAR memory = malloc(MOST + 4096);
    for (unsigned round = 0; round < ROUNDS; round++)
        one_round(self, &seed, memory + (ULONG)rand_r(&seed) % 64 * 8);
    free(memory);
    return NULL;
}

static struct requester requesters[REQUESTERS];

static void run_requesters(bool with_lies)
{
    for (unsigned i = 0; i < REQUESTERS; i++) {
        requesters[i] = (struct requester){.number = i};
        pthread_create(&requesters[i].thread, NULL, request, &requesters[i]);
    }
    if (with_lies) {
        LARGE_INTEGER soon = {.QuadPart = -200000};
        (void)KeDelayExecutionThread(KernelMode, FALSE, &soon);
        lie = true;
    }
    for (unsigned i = 0; i < REQUESTERS; i++)
        pthread_join(requesters[i].thread, NULL);
}

TEST(honest_then_lying)
{
    pthread_t device;
    CHECK_EQ(bring_up(), STATUS_SUCCESS);
    CHECK(disk != NULL);
    pthread_create(&device, NULL, play_device, NULL);
    run_requesters(false);
    for (unsigned i = 0; i < REQUESTERS; i++) {
        CHECK_EQ(requesters[i].done, ROUNDS);
        CHECK_EQ(requesters[i].failed, 0u);
        CHECK_EQ(requesters[i].wrong, 0u);
    }
    run_requesters(true);
    unsigned failed = 0;
    for (unsigned i = 0; i < REQUESTERS; i++) {
        CHECK_EQ(requesters[i].done, ROUNDS); // nobody hangs
        failed += requesters[i].failed;
    }
    CHECK(failed > 0);
    CHECK_EQ(bar[0x14], 0);
    stop = true;
    pthread_join(device, NULL);
    CHECK_EQ(pnp(IRP_MN_REMOVE_DEVICE, NULL), STATUS_SUCCESS);
}
