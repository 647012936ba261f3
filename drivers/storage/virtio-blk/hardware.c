// SPDX-License-Identifier: MIT
//
// What START acquires and STOP gives back: registers, memory for DMA, interrupt; and the device's
// start.
#include "blk.h"

// --- DMA ----------------------------------------------------------------------------------------

static NTSTATUS acquire_dma(struct fdo_extension *blk)
{
    blk->adapter = VirtioPciAdapter(&blk->pci, blk->pdo, (VIRTIO_TABLE_ENTRIES - 2) * PAGE_SIZE,
                                    &blk->map_registers);
    return blk->adapter && blk->map_registers ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

static VOID free_buffer(PDMA_ADAPTER adapter, ULONG bytes, PHYSICAL_ADDRESS address, PVOID *buffer)
{
    if (*buffer)
        adapter->DmaOperations->FreeCommonBuffer(adapter, bytes, address, *buffer, TRUE);
    *buffer = NULL;
}

static VOID release_dma(struct fdo_extension *blk)
{
    if (!blk->adapter)
        return;
    for (ULONG i = 0; i < BLK_QUEUES_MOST && blk->queues[i]; i++) {
        struct blk_queue *queue = blk->queues[i];
        free_buffer(blk->adapter, VIRTIO_REQUESTS_BYTES, queue->requests_address, &queue->requests);
        free_buffer(blk->adapter, VIRTIO_RING_BYTES, queue->address, &queue->memory);
        queue->adapter = NULL;
    }
    blk->adapter->DmaOperations->PutDmaAdapter(blk->adapter);
    blk->adapter = NULL;
}

static NTSTATUS make_queue(struct fdo_extension *blk, ULONG index)
{
    PDMA_OPERATIONS dma = blk->adapter->DmaOperations;
    struct blk_queue *queue = blk->queues[index];
    if (!queue) {
        queue = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(struct blk_queue), BLK_TAG);
        if (!queue)
            return STATUS_INSUFFICIENT_RESOURCES;
        BlkInitialize(blk, queue, (USHORT)index);
        blk->queues[index] = queue;
    }
    queue->adapter = blk->adapter;
    if (!queue->memory)
        queue->memory =
            dma->AllocateCommonBuffer(blk->adapter, VIRTIO_RING_BYTES, &queue->address, TRUE);
    if (!queue->requests)
        queue->requests = dma->AllocateCommonBuffer(blk->adapter, VIRTIO_REQUESTS_BYTES,
                                                    &queue->requests_address, TRUE);
    return queue->memory && queue->requests ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

VOID HardwareForget(struct fdo_extension *blk)
{
    for (ULONG i = 0; i < BLK_QUEUES_MOST && blk->queues[i]; i++)
        ExFreePoolWithTag(blk->queues[i], BLK_TAG);
    RtlZeroMemory(blk->queues, sizeof blk->queues);
    blk->queue_count = 0;
}

// --- Interrupt ----------------------------------------------------------------------------------

// Changes of the configuration come with the first message; queues share the others, or that one
// where there is no other.
#define CONFIG_MESSAGE 0u

static ULONG message_of(const struct fdo_extension *blk, ULONG queue)
{
    return blk->messages > 1 ? 1 + queue % (blk->messages - 1) : CONFIG_MESSAGE;
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
    for (ULONG i = 0; i < blk->queue_count; i++)
        KeInsertQueueDpc(&blk->queues[i]->dpc, NULL, NULL);
    return TRUE;
}

// The first message may be for any, and is looked after by all; and queues that were made for more
// messages than there are now share them.
__attribute__((noinline)) static BOOLEAN shared_message(struct fdo_extension *blk, ULONG message)
{
    if (message == CONFIG_MESSAGE)
        InterlockedExchange(&blk->configuration_changed, 1);
    for (ULONG i = 0; i < blk->queue_count; i++)
        if (message == CONFIG_MESSAGE || message == blk->queues[i]->message)
            KeInsertQueueDpc(&blk->queues[i]->dpc, NULL, NULL);
    return TRUE;
}

// Else each queue has one of its own (message_of).
static BOOLEAN message_interrupt(PKINTERRUPT interrupt, PVOID context, ULONG message)
{
    struct fdo_extension *blk = context;
    UNREFERENCED_PARAMETER(interrupt);
    if (message == CONFIG_MESSAGE || message > blk->queue_count ||
        blk->queue_count >= blk->messages)
        return shared_message(blk, message);
    KeInsertQueueDpc(&blk->queues[message - 1]->dpc, NULL, NULL);
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
    VirtioPciUnmap(&blk->pci);
}

// --- The device ---------------------------------------------------------------------------------

// One a hart, as far as there are queues and messages for them; not another number once there is a
// disk.
static ULONG choose_queues(const struct fdo_extension *blk)
{
    ULONG count = KeQueryActiveProcessorCountEx(ALL_PROCESSOR_GROUPS);
    ULONG messages = blk->messages > 1 ? blk->messages - 1 : 1;
    if (blk->disk)
        return blk->queue_count;
    count = count < BLK_QUEUES_MOST ? count : BLK_QUEUES_MOST;
    count = count < messages ? count : messages;
    return count < blk->geometry.queues ? count : blk->geometry.queues;
}

static NTSTATUS make_queues(struct fdo_extension *blk)
{
    ULONG count = choose_queues(blk);
    NTSTATUS status = STATUS_SUCCESS;
    for (ULONG i = 0; i < count && NT_SUCCESS(status); i++)
        status = make_queue(blk, i);
    if (NT_SUCCESS(status))
        blk->queue_count = count;
    return status;
}

static enum virtio_rule start_queue(struct fdo_extension *blk, const struct virtio_io *io,
                                    struct blk_queue *queue)
{
    struct virtio_queue_addresses addresses;
    uint16_t size;
    uint32_t notify;
    enum virtio_rule rule = virtio_size_queue(io, queue->number, VIRTIO_QUEUE_SIZE, &size);
    queue->message = message_of(blk, queue->number);
    if (!rule && blk->messages)
        rule = virtio_set_queue_vector(io, queue->number, queue->message);
    if (rule)
        return rule;
    RtlZeroMemory(queue->memory, VIRTIO_RING_BYTES);
    RtlZeroMemory(queue->requests, VIRTIO_REQUESTS_BYTES);
    queue_init(&queue->ring, &blk->geometry, size, queue->memory, (uint64_t)queue->address.QuadPart,
               queue->requests, (uint64_t)queue->requests_address.QuadPart, &addresses);
    rule = virtio_enable_queue(io, &blk->pci.layout, queue->number, &addresses, &notify);
    if (rule)
        return rule;
    queue->doorbell = VirtioPciDoorbell(&blk->pci, notify);
    queue->pages_most = queue->ring.segments_most < blk->map_registers ? queue->ring.segments_most
                                                                       : blk->map_registers;
    return VIRTIO_OK;
}

static enum virtio_rule start_queues(struct fdo_extension *blk, const struct virtio_io *io)
{
    enum virtio_rule rule =
        blk->messages ? virtio_set_config_vector(io, CONFIG_MESSAGE) : VIRTIO_OK;
    for (ULONG i = 0; i < blk->queue_count && !rule; i++)
        rule = start_queue(blk, io, blk->queues[i]);
    return rule ? rule : virtio_run(io);
}

NTSTATUS HardwareRun(struct fdo_extension *blk)
{
    struct virtio_io io = VirtioPciIo(&blk->pci);
    enum virtio_rule rule =
        virtio_prepare(&io, &blk->pci.layout, blk->pci.confined, &blk->geometry);
    NTSTATUS status = rule ? STATUS_SUCCESS : make_queues(blk);
    if (!rule && NT_SUCCESS(status))
        rule = start_queues(blk, &io);
    if (rule)
        status = VirtioStartStatus(rule);
    if (!NT_SUCCESS(status))
        HardwareQuiet(blk);
    return status;
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
