// SPDX-License-Identifier: MIT
//
// What START acquires and STOP gives back: registers, memory for DMA, interrupt; and the device's
// start.
#include "blk.h"

#define REQUEST_QUEUE 0u

// --- DMA and interrupt --------------------------------------------------------------------------

static NTSTATUS acquire_dma(struct fdo_extension *blk)
{
    blk->adapter = VirtioPciAdapter(&blk->pci, blk->pdo, (VIRTIO_TABLE_ENTRIES - 2) * PAGE_SIZE,
                                    &blk->map_registers);
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
    UCHAR cause = READ_REGISTER_UCHAR(blk->pci.isr); // reading takes the line back
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
    NTSTATUS status = VirtioPciMap(&blk->pci, blk->lower, raw, translated, VIRTIO_BLK_CONFIG_BYTES);
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
    blk->doorbell = NULL;
    VirtioPciUnmap(&blk->pci);
}

// --- The device ---------------------------------------------------------------------------------

static enum virtio_rule set_vectors(const struct fdo_extension *blk, const struct virtio_io *io)
{
    if (blk->messages == 0)
        return VIRTIO_OK;
    enum virtio_rule rule = virtio_set_config_vector(io, BLK_CONFIG_MESSAGE);
    return rule ? rule
                : virtio_set_queue_vector(io, REQUEST_QUEUE,
                                          blk->messages > BLK_QUEUE_MESSAGE ? BLK_QUEUE_MESSAGE
                                                                            : BLK_CONFIG_MESSAGE);
}

static enum virtio_rule bring_up(struct fdo_extension *blk)
{
    struct virtio_io io = VirtioPciIo(&blk->pci);
    struct virtio_queue_addresses addresses;
    uint16_t size;
    uint32_t notify;
    enum virtio_rule rule = virtio_prepare(&io, blk->pci.confined, &blk->geometry);
    if (!rule)
        rule = virtio_size_queue(&io, REQUEST_QUEUE, VIRTIO_QUEUE_SIZE, &size);
    if (!rule)
        rule = set_vectors(blk, &io);
    if (rule)
        return rule;
    RtlZeroMemory(blk->ring, VIRTIO_RING_BYTES);
    RtlZeroMemory(blk->requests, VIRTIO_REQUESTS_BYTES);
    queue_init(&blk->queue, &blk->geometry, size, blk->ring, (uint64_t)blk->ring_address.QuadPart,
               blk->requests, (uint64_t)blk->requests_address.QuadPart, &addresses);
    rule = virtio_enable_queue(&io, &blk->pci.layout, REQUEST_QUEUE, &addresses, &notify);
    if (rule)
        return rule;
    blk->doorbell = VirtioPciDoorbell(&blk->pci, notify);
    return virtio_run(&io);
}

NTSTATUS HardwareRun(struct fdo_extension *blk)
{
    enum virtio_rule rule = bring_up(blk);
    if (rule) {
        HardwareQuiet(blk);
        return VirtioStartStatus(rule);
    }
    blk->pages_most = blk->queue.segments_most < blk->map_registers ? blk->queue.segments_most
                                                                    : blk->map_registers;
    return STATUS_SUCCESS;
}

VOID HardwareQuiet(struct fdo_extension *blk)
{
    if (!blk->pci.isr)
        return;
    struct virtio_io io = VirtioPciIo(&blk->pci);
    enum virtio_rule rule = virtio_reset(&io);
    if (rule)
        DbgPrint("%s\n", virtio_rule_text(rule));
}

BOOLEAN HardwareNeedsReset(struct fdo_extension *blk)
{
    struct virtio_io io = VirtioPciIo(&blk->pci);
    return virtio_needs_reset(&io);
}
