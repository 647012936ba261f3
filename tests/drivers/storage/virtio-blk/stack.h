// SPDX-License-Identifier: MIT
//
// The whole virtio-blk driver on the strict kit: a stack of a simulated PCI function and the
// driver, whose registers and rings are plain memory. The test plays the device: it follows
// descriptors, moves data, answers, interrupts. Included by one source file a test program.
#pragma once

#include "../../one_memory.h"
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
static USHORT seen;
static unsigned flushes;

// --- The simulated function ---------------------------------------------------------------------

static inline void put(PVOID at, ULONGLONG value, unsigned width)
{
    memcpy(at, &value, width);
}

static inline void put_capability(unsigned at, unsigned next, unsigned kind, unsigned offset)
{
    UCHAR *c = config_space + at;
    memcpy(c, (UCHAR[]){9, (UCHAR)next, 20, (UCHAR)kind, 4, 0, 0, 0}, 8);
    put(c + 8, offset, 4);
    put(c + 12, 0x1000, 4);
    put(c + 16, 4, 4);
}

// Feature words have the same value in both halves, because plain memory cannot see the selector:
// SEG_MAX, BLK_SIZE, FLUSH, INDIRECT_DESC, EVENT_IDX, and bit 0 for VERSION_1.
static inline void reset_function(unsigned read_only)
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
    seen = 0;
    flushes = 0;
}

static inline ULONG get_bus_data(PVOID context, ULONG space, PVOID out, ULONG offset, ULONG length)
{
    UNREFERENCED_PARAMETER(context);
    UNREFERENCED_PARAMETER(space);
    memcpy(out, config_space + offset, length);
    return length;
}

static inline VOID count_nothing(PVOID context)
{
    UNREFERENCED_PARAMETER(context);
}

static inline NTSTATUS bottom_dispatch(PDEVICE_OBJECT device, PIRP irp)
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

static inline UCHAR *ring_part(unsigned offset)
{
    ULONG_PTR address;
    memcpy(&address, bar + offset, sizeof address);
    return (UCHAR *)address;
}

static inline struct virtio_available *available(void)
{
    return (PVOID)ring_part(0x28);
}

static inline struct virtio_used *used(void)
{
    return (PVOID)ring_part(0x30);
}

static inline ULONG move_data(const struct virtio_request_header *header,
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
static inline void serve(unsigned head, UCHAR status)
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

static inline unsigned waiting_in_ring(void)
{
    return (USHORT)(available()->index - seen);
}

static inline void serve_one(UCHAR status)
{
    serve(available()->ring[seen++ & (VIRTIO_QUEUE_SIZE - 1)], status);
}

static inline void interrupt(void)
{
    bar[0x1000] = 1;
    KitInterrupt();
    bar[0x1000] = 0;
}

static inline void serve_all(void)
{
    while (waiting_in_ring() > 0) {
        while (waiting_in_ring() > 0)
            serve_one(0);
        interrupt();
    }
}

// --- The stack ----------------------------------------------------------------------------------

static struct one_memory resources = ONE_MEMORY_OF_PCI;

static inline NTSTATUS pnp(PDEVICE_OBJECT device, UCHAR minor)
{
    struct kit_irp irp;
    PIO_STACK_LOCATION location = KitInitIrp(&irp, IRP_MJ_PNP, minor);
    location->Parameters.StartDevice.AllocatedResources = (PVOID)&resources;
    location->Parameters.StartDevice.AllocatedResourcesTranslated = (PVOID)&resources;
    return KitSend(device, &irp);
}

static inline PDEVICE_OBJECT disk(void)
{
    return KitFind(L"\\Device\\Harddisk0\\DR0");
}

static inline NTSTATUS bring_up(unsigned read_only)
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

static inline ULONG tear_down(void)
{
    (void)pnp(bottom, IRP_MN_REMOVE_DEVICE);
    KitFree(bottom);
    return KitLeaks();
}

static inline NTSTATUS transfer(unsigned index, UCHAR major, ULONGLONG offset, PVOID data,
                                ULONG bytes)
{
    PIO_STACK_LOCATION location = KitInitIrp(&irps[index], major, 0);
    location->Parameters.Read.Length = bytes;
    location->Parameters.Read.ByteOffset.QuadPart = (LONGLONG)offset;
    if (bytes)
        KitBuffer(&irps[index], data, bytes);
    return KitSend(disk(), &irps[index]);
}

static inline NTSTATUS control(ULONG code, PVOID data, ULONG in, ULONG out, ULONG_PTR *moved)
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

static inline NTSTATUS status_of(unsigned index)
{
    return irps[index].done ? irps[index].irp.IoStatus.Status : STATUS_PENDING;
}
