// SPDX-License-Identifier: MIT
//
// What START acquires and STOP gives back: registers, memory for DMA, interrupt; and the device's
// start.
#include "rng.h"

#define REQUEST_QUEUE 0u
#define MESSAGE       0u

static NTSTATUS acquire_dma(struct rng *rng)
{
    ULONG map_registers;
    rng->adapter = VirtioPciAdapter(&rng->pci, rng->pdo, RNG_DMA_BYTES, &map_registers);
    if (!rng->adapter)
        return STATUS_INSUFFICIENT_RESOURCES;
    rng->memory = rng->adapter->DmaOperations->AllocateCommonBuffer(rng->adapter, RNG_DMA_BYTES,
                                                                    &rng->address, TRUE);
    return rng->memory ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

static VOID release_dma(struct rng *rng)
{
    if (!rng->adapter)
        return;
    PDMA_OPERATIONS dma = rng->adapter->DmaOperations;
    if (rng->memory)
        dma->FreeCommonBuffer(rng->adapter, RNG_DMA_BYTES, rng->address, rng->memory, TRUE);
    dma->PutDmaAdapter(rng->adapter);
    rng->adapter = NULL;
    rng->memory = NULL;
}

static NTSTATUS connect_interrupt(struct rng *rng)
{
    IO_CONNECT_INTERRUPT_PARAMETERS parameters = {
        .Version = CONNECT_MESSAGE_BASED,
        .MessageBased = {.PhysicalDeviceObject = rng->pdo,
                         .ConnectionContext.Generic = &rng->connection.generic,
                         .MessageServiceRoutine = RngMessageInterrupt,
                         .FallBackServiceRoutine = RngLineInterrupt,
                         .ServiceContext = rng},
    };
    NTSTATUS status = IoConnectInterruptEx(&parameters);
    rng->connect_version = parameters.Version;
    if (!NT_SUCCESS(status))
        rng->connection.generic = NULL;
    return status;
}

static VOID disconnect_interrupt(struct rng *rng)
{
    IO_DISCONNECT_INTERRUPT_PARAMETERS parameters = {
        .Version = rng->connect_version, .ConnectionContext.Generic = rng->connection.generic};
    if (!rng->connection.generic)
        return;
    IoDisconnectInterruptEx(&parameters);
    rng->connection.generic = NULL;
}

NTSTATUS HardwareAcquire(struct rng *rng, PCM_RESOURCE_LIST raw, PCM_RESOURCE_LIST translated)
{
    NTSTATUS status = VirtioPciMap(&rng->pci, rng->lower, raw, translated, 0);
    if (NT_SUCCESS(status)) {
        HardwareQuiet(rng); // whatever it did before: no interrupt may come now
        status = acquire_dma(rng);
    }
    if (NT_SUCCESS(status))
        status = connect_interrupt(rng);
    if (!NT_SUCCESS(status))
        HardwareRelease(rng);
    return status;
}

VOID HardwareRelease(struct rng *rng)
{
    HardwareQuiet(rng);
    disconnect_interrupt(rng);
    (VOID) KeCancelTimer(&rng->watchdog);
    KeFlushQueuedDpcs();
    release_dma(rng);
    VirtioPciUnmap(&rng->pci);
}

static enum virtio_rule bring_up(struct rng *rng)
{
    uint64_t features;
    uint32_t notify;
    struct virtio_io io = VirtioPciIo(&rng->pci);
    enum virtio_rule rule = virtio_negotiate(&io, 0, rng->pci.confined, &features);
    if (rule)
        return rule;
    RtlZeroMemory(rng->memory, RNG_DMA_BYTES);
    virtio_ring_init(&rng->ring, rng->memory, (uint64_t)rng->address.QuadPart);
    unsigned vector = rng->connect_version == CONNECT_MESSAGE_BASED ? MESSAGE : VIRTIO_NO_VECTOR;
    rule = virtio_ring_start(&io, &rng->pci.layout, REQUEST_QUEUE, &rng->ring, vector, &notify);
    if (rule)
        return rule;
    rng->doorbell = VirtioPciDoorbell(&rng->pci, notify);
    return virtio_run(&io);
}

NTSTATUS HardwareRun(struct rng *rng)
{
    enum virtio_rule rule = bring_up(rng);
    if (rule)
        HardwareQuiet(rng);
    return VirtioStartStatus(rule);
}

VOID HardwareQuiet(struct rng *rng)
{
    if (!rng->pci.isr)
        return;
    struct virtio_io io = VirtioPciIo(&rng->pci);
    enum virtio_rule rule = virtio_reset(&io);
    if (rule)
        DbgPrint("%s\n", virtio_rule_text(rule));
}
