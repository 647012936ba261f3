// SPDX-License-Identifier: MIT
//
// The PCI function: registers, DMA, interrupt. The driver learns where its registers lie from the
// capability list in configuration space and maps only BARs that it was assigned.
#include "blk.h"

#include <initguid.h>

#include <wdmguid.h>

#define BAR0        0x10
#define BARS        6
#define BAR_IO      1u
#define BAR_WIDE    4u
#define STATUS_REG  0x14
#define NEEDS_RESET 64u

static uint32_t read_region(void *context, enum virtio_region_kind kind, unsigned offset,
                            unsigned width)
{
    const struct fdo_extension *blk = context;
    const struct virtio_region *region = &blk->layout.regions[kind];
    PUCHAR at = blk->bars[region->bar] + region->offset + offset;
    switch (width) {
    case 1:
        return READ_REGISTER_UCHAR(at);
    case 2:
        return READ_REGISTER_USHORT((PUSHORT)(PVOID)at);
    default:
        return READ_REGISTER_ULONG((PULONG)(PVOID)at);
    }
}

static void write_region(void *context, enum virtio_region_kind kind, unsigned offset,
                         unsigned width, uint32_t value)
{
    const struct fdo_extension *blk = context;
    const struct virtio_region *region = &blk->layout.regions[kind];
    PUCHAR at = blk->bars[region->bar] + region->offset + offset;
    switch (width) {
    case 1:
        WRITE_REGISTER_UCHAR(at, (UCHAR)value);
        break;
    case 2:
        WRITE_REGISTER_USHORT((PUSHORT)(PVOID)at, (USHORT)value);
        break;
    default:
        WRITE_REGISTER_ULONG((PULONG)(PVOID)at, value);
    }
}

static struct virtio_io io_of(struct fdo_extension *blk)
{
    return (struct virtio_io){blk, read_region, write_region};
}

// --- Configuration space ------------------------------------------------------------------------

static NTSTATUS query_bus_interface(struct fdo_extension *blk, PBUS_INTERFACE_STANDARD bus)
{
    KEVENT event;
    IO_STATUS_BLOCK iosb;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    PIRP irp = IoBuildSynchronousFsdRequest(IRP_MJ_PNP, blk->lower, NULL, 0, NULL, &event, &iosb);
    if (!irp)
        return STATUS_INSUFFICIENT_RESOURCES;
    PIO_STACK_LOCATION next = IoGetNextIrpStackLocation(irp);
    next->MinorFunction = IRP_MN_QUERY_INTERFACE;
    next->Parameters.QueryInterface.InterfaceType = &GUID_BUS_INTERFACE_STANDARD;
    next->Parameters.QueryInterface.Size = sizeof *bus;
    next->Parameters.QueryInterface.Version = 1;
    next->Parameters.QueryInterface.Interface = (PINTERFACE)bus;
    next->Parameters.QueryInterface.InterfaceSpecificData = NULL;
    irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
    NTSTATUS status = IoCallDriver(blk->lower, irp);
    if (status != STATUS_PENDING)
        return status;
    (VOID) KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
    return iosb.Status;
}

static bool read_config(void *context, unsigned offset, void *out, size_t length)
{
    const BUS_INTERFACE_STANDARD *bus = context;
    return bus->GetBusData(bus->Context, PCI_WHICHSPACE_CONFIG, out, offset, (ULONG)length) ==
           length;
}

// --- Registers ----------------------------------------------------------------------------------

static NTSTATUS map_bar(struct fdo_extension *blk, unsigned index, ULONGLONG address,
                        PCM_RESOURCE_LIST raw_list, PCM_RESOURCE_LIST translated_list)
{
    ULONG count, translated_count;
    PCM_PARTIAL_RESOURCE_DESCRIPTOR raw = PdoDescriptors(raw_list, &count);
    PCM_PARTIAL_RESOURCE_DESCRIPTOR translated = PdoDescriptors(translated_list, &translated_count);
    for (ULONG i = 0; i < count && i < translated_count; i++) {
        ULONGLONG start;
        if (raw[i].Type == CmResourceTypePort || PdoRange(&raw[i], &start) == 0 || start != address)
            continue;
        blk->bar_bytes[index] = PdoRange(&translated[i], &start);
        PHYSICAL_ADDRESS where = {.QuadPart = (LONGLONG)start};
        blk->bars[index] = MmMapIoSpace(where, blk->bar_bytes[index], MmNonCached);
        return blk->bars[index] ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
    }
    return STATUS_SUCCESS; // not assigned: no capability may point there
}

static NTSTATUS map_bars(struct fdo_extension *blk, BUS_INTERFACE_STANDARD *bus,
                         PCM_RESOURCE_LIST raw, PCM_RESOURCE_LIST translated)
{
    ULONG values[BARS];
    if (!read_config(bus, BAR0, values, sizeof values))
        return STATUS_DEVICE_CONFIGURATION_ERROR;
    NTSTATUS status = STATUS_SUCCESS;
    for (unsigned i = 0; i < BARS && NT_SUCCESS(status); i++) {
        ULONGLONG address = values[i] & ~15u;
        BOOLEAN wide = values[i] & BAR_WIDE && i + 1 < BARS;
        if (values[i] & BAR_IO)
            continue;
        if (wide)
            address |= (ULONGLONG)values[i + 1] << 32;
        if (address)
            status = map_bar(blk, i, address, raw, translated);
        i += wide;
    }
    return status;
}

static NTSTATUS find_registers(struct fdo_extension *blk, PCM_RESOURCE_LIST raw,
                               PCM_RESOURCE_LIST translated)
{
    BUS_INTERFACE_STANDARD bus = {};
    NTSTATUS status = query_bus_interface(blk, &bus);
    if (!NT_SUCCESS(status))
        return status;
    if (!bus.GetBusData || !bus.InterfaceDereference)
        return STATUS_NOT_SUPPORTED;
    status = map_bars(blk, &bus, raw, translated);
    if (NT_SUCCESS(status)) {
        uint64_t sizes[BARS];
        for (unsigned i = 0; i < BARS; i++)
            sizes[i] = blk->bar_bytes[i];
        enum virtio_rule rule = virtio_find_regions(read_config, &bus, sizes, &blk->layout);
        if (rule) {
            DbgPrint("not started: %s\n", virtio_rule_text(rule));
            status = STATUS_DEVICE_PROTOCOL_ERROR;
        }
    }
    bus.InterfaceDereference(bus.Context);
    const struct virtio_region *isr = &blk->layout.regions[VIRTIO_ISR];
    blk->isr = NT_SUCCESS(status) ? blk->bars[isr->bar] + isr->offset : NULL;
    return status;
}

// --- DMA and interrupt --------------------------------------------------------------------------

static NTSTATUS acquire_dma(struct fdo_extension *blk)
{
    DEVICE_DESCRIPTION description = {
        .Version = DEVICE_DESCRIPTION_VERSION2,
        .Master = TRUE,
        .ScatterGather = TRUE,
        .Dma64BitAddresses = TRUE,
        .InterfaceType = PCIBus,
        .MaximumLength = (VIRTIO_TABLE_ENTRIES - 2) * PAGE_SIZE,
    };
    blk->adapter = IoGetDmaAdapter(blk->pdo, &description, &blk->map_registers);
    if (!blk->adapter || blk->map_registers == 0)
        return STATUS_INSUFFICIENT_RESOURCES;
    PDMA_OPERATIONS dma = blk->adapter->DmaOperations;
    blk->ring =
        dma->AllocateCommonBuffer(blk->adapter, VIRTIO_RING_BYTES, &blk->ring_address, TRUE);
    blk->requests = dma->AllocateCommonBuffer(blk->adapter, VIRTIO_REQUESTS_BYTES,
                                              &blk->requests_address, TRUE);
    return blk->ring && blk->requests ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

static VOID release_dma(struct fdo_extension *blk)
{
    if (!blk->adapter)
        return;
    PDMA_OPERATIONS dma = blk->adapter->DmaOperations;
    if (blk->requests)
        dma->FreeCommonBuffer(blk->adapter, VIRTIO_REQUESTS_BYTES, blk->requests_address,
                              blk->requests, TRUE);
    if (blk->ring)
        dma->FreeCommonBuffer(blk->adapter, VIRTIO_RING_BYTES, blk->ring_address, blk->ring, TRUE);
    dma->PutDmaAdapter(blk->adapter);
    blk->adapter = NULL;
    blk->ring = blk->requests = NULL;
}

static BOOLEAN line_interrupt(PKINTERRUPT interrupt, PVOID context)
{
    struct fdo_extension *blk = context;
    UNREFERENCED_PARAMETER(interrupt);
    UCHAR cause = READ_REGISTER_UCHAR(blk->isr); // reading takes the line back
    if (cause == 0)
        return FALSE;
    if (cause & 2)
        InterlockedExchange(&blk->configuration_changed, 1);
    KeInsertQueueDpc(&blk->dpc, NULL, NULL);
    return TRUE;
}

// A message says by itself who it is for; one alone may be for either.
static BOOLEAN message_interrupt(PKINTERRUPT interrupt, PVOID context, ULONG message)
{
    struct fdo_extension *blk = context;
    UNREFERENCED_PARAMETER(interrupt);
    if (message == BLK_CONFIG_MESSAGE)
        InterlockedExchange(&blk->configuration_changed, 1);
    KeInsertQueueDpc(&blk->dpc, NULL, NULL);
    return TRUE;
}

static NTSTATUS connect_interrupt(struct fdo_extension *blk)
{
    IO_CONNECT_INTERRUPT_PARAMETERS parameters = {
        .Version = CONNECT_MESSAGE_BASED,
        .MessageBased = {.PhysicalDeviceObject = blk->pdo,
                         .ConnectionContext.InterruptMessageTable = &blk->message_info,
                         .MessageServiceRoutine = message_interrupt,
                         .ServiceContext = blk,
                         .FallBackServiceRoutine = line_interrupt},
    };
    NTSTATUS status = IoConnectInterruptEx(&parameters);
    if (!NT_SUCCESS(status))
        return status;
    blk->connected = parameters.Version;
    blk->messages =
        parameters.Version == CONNECT_MESSAGE_BASED ? blk->message_info->MessageCount : 0;
    return STATUS_SUCCESS;
}

static VOID disconnect_interrupt(struct fdo_extension *blk)
{
    IO_DISCONNECT_INTERRUPT_PARAMETERS parameters = {.Version = blk->connected,
                                                     .ConnectionContext.Generic = blk->interrupt};
    if (!blk->connected)
        return;
    IoDisconnectInterruptEx(&parameters);
    blk->interrupt = NULL;
    blk->connected = blk->messages = 0;
}

NTSTATUS HardwareAcquire(struct fdo_extension *blk, PCM_RESOURCE_LIST raw,
                         PCM_RESOURCE_LIST translated)
{
    NTSTATUS status = find_registers(blk, raw, translated);
    if (NT_SUCCESS(status)) {
        HardwareQuiet(blk); // whatever it did before: no interrupt may come now
        status = acquire_dma(blk);
    }
    if (NT_SUCCESS(status))
        status = connect_interrupt(blk);
    if (!NT_SUCCESS(status))
        HardwareRelease(blk);
    return status;
}

VOID HardwareRelease(struct fdo_extension *blk)
{
    HardwareQuiet(blk);
    disconnect_interrupt(blk);
    BlkDrain(blk);
    release_dma(blk);
    blk->isr = NULL;
    blk->doorbell = NULL;
    for (unsigned i = 0; i < BARS; i++) {
        if (blk->bars[i])
            MmUnmapIoSpace(blk->bars[i], blk->bar_bytes[i]);
        blk->bars[i] = NULL;
        blk->bar_bytes[i] = 0;
    }
}

// --- The device ---------------------------------------------------------------------------------

static enum virtio_rule bring_up(struct fdo_extension *blk)
{
    struct virtio_io io = io_of(blk);
    struct virtio_queue_addresses addresses;
    enum virtio_rule rule = virtio_prepare(&io, &blk->geometry);
    if (rule)
        return rule;
    if (blk->messages > 0)
        rule = virtio_set_vectors(&io, BLK_CONFIG_MESSAGE,
                                  blk->messages > BLK_QUEUE_MESSAGE ? BLK_QUEUE_MESSAGE
                                                                    : BLK_CONFIG_MESSAGE);
    if (rule)
        return rule;
    RtlZeroMemory(blk->ring, VIRTIO_RING_BYTES);
    RtlZeroMemory(blk->requests, VIRTIO_REQUESTS_BYTES);
    queue_init(&blk->queue, &blk->geometry, blk->ring, (uint64_t)blk->ring_address.QuadPart,
               blk->requests, (uint64_t)blk->requests_address.QuadPart, &addresses);
    return virtio_start(&io, &blk->layout, &addresses, &blk->geometry);
}

NTSTATUS HardwareRun(struct fdo_extension *blk)
{
    enum virtio_rule rule = bring_up(blk);
    if (rule) {
        DbgPrint("not started: %s\n", virtio_rule_text(rule));
        HardwareQuiet(blk);
        return STATUS_DEVICE_PROTOCOL_ERROR;
    }
    const struct virtio_region *notify = &blk->layout.regions[VIRTIO_NOTIFY];
    blk->doorbell = (PVOID)(blk->bars[notify->bar] + notify->offset + blk->geometry.notify_offset);
    blk->pages_most = blk->queue.segments_most < blk->map_registers ? blk->queue.segments_most
                                                                    : blk->map_registers;
    return STATUS_SUCCESS;
}

VOID HardwareQuiet(struct fdo_extension *blk)
{
    struct virtio_io io = io_of(blk);
    if (!blk->isr)
        return;
    enum virtio_rule rule = virtio_reset(&io);
    if (rule)
        DbgPrint("%s\n", virtio_rule_text(rule));
}

BOOLEAN HardwareNeedsReset(struct fdo_extension *blk)
{
    return (read_region(blk, VIRTIO_COMMON, STATUS_REG, 1) & NEEDS_RESET) != 0;
}
