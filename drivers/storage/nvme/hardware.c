// SPDX-License-Identifier: MIT
//
// The PCI function: registers, DMA, interrupt. Only the part of the BAR that has registers and the
// doorbells in use is mapped: the table of message interrupts, which is not the driver's, may lie
// behind.
#include "controller.h"

static NTSTATUS map_registers(struct controller *nvme, PCM_RESOURCE_LIST translated)
{
    ULONG count;
    ULONGLONG start;
    PCM_PARTIAL_RESOURCE_DESCRIPTOR resources = PdoDescriptors(translated, &count);
    for (ULONG i = 0; i < count; i++) {
        if (resources[i].Type != CmResourceTypeMemory &&
            resources[i].Type != CmResourceTypeMemoryLarge)
            continue;
        if (PdoRange(&resources[i], &start) < NVME_WINDOW_BYTES)
            return STATUS_DEVICE_CONFIGURATION_ERROR; // BAR 0 comes first
        PHYSICAL_ADDRESS where = {.QuadPart = (LONGLONG)start};
        nvme->registers = MmMapIoSpace(where, NVME_WINDOW_BYTES, MmNonCached);
        return nvme->registers ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
    }
    return STATUS_DEVICE_CONFIGURATION_ERROR;
}

// The controller's first words, before anything is asked of it.
static NTSTATUS identify(struct controller *nvme)
{
    enum nvme_rule rule = nvme_read_capabilities(NvmeReadLong(nvme, NVME_CAP), NVME_WINDOW_BYTES,
                                                 &nvme->capabilities);
    if (!rule)
        rule = ControllerDisable(nvme);
    if (!rule)
        return STATUS_SUCCESS;
    DbgPrint("not started: %s\n", nvme_rule_text(rule));
    return STATUS_DEVICE_PROTOCOL_ERROR;
}

// --- DMA ----------------------------------------------------------------------------------------

static NTSTATUS acquire_dma(struct controller *nvme)
{
    DEVICE_DESCRIPTION description = {
        .Version = DEVICE_DESCRIPTION_VERSION2,
        .Master = TRUE,
        .ScatterGather = TRUE,
        .Dma64BitAddresses = TRUE,
        .InterfaceType = PCIBus,
        .MaximumLength = NVME_PRPS_MOST * PAGE_SIZE,
    };
    nvme->adapter = IoGetDmaAdapter(nvme->pdo, &description, &nvme->map_registers);
    if (!nvme->adapter || nvme->map_registers == 0)
        return STATUS_INSUFFICIENT_RESOURCES;
    nvme->admin_memory = nvme->adapter->DmaOperations->AllocateCommonBuffer(
        nvme->adapter, NVME_ADMIN_BYTES, &nvme->admin_address, TRUE);
    return nvme->admin_memory ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

static VOID release_dma(struct controller *nvme)
{
    if (!nvme->adapter)
        return;
    PDMA_OPERATIONS dma = nvme->adapter->DmaOperations;
    for (ULONG i = 0; i < NVME_QUEUES_MOST; i++) {
        struct io_queue *queue = nvme->queues[i];
        if (!queue || !queue->memory)
            continue;
        dma->FreeCommonBuffer(nvme->adapter, NVME_QUEUE_BYTES, queue->address, queue->memory, TRUE);
        queue->memory = NULL;
        queue->ring.completion = NULL;
    }
    if (nvme->admin_memory)
        dma->FreeCommonBuffer(nvme->adapter, NVME_ADMIN_BYTES, nvme->admin_address,
                              nvme->admin_memory, TRUE);
    dma->PutDmaAdapter(nvme->adapter);
    nvme->adapter = NULL;
    nvme->admin_memory = NULL;
    nvme->admin.completion = NULL;
}

static NTSTATUS make_queue(struct controller *nvme, ULONG index)
{
    if (!nvme->queues[index]) {
        nvme->queues[index] =
            ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(struct io_queue), NVME_TAG);
        if (!nvme->queues[index])
            return STATUS_INSUFFICIENT_RESOURCES;
        QueueInitialize(nvme, nvme->queues[index]);
    }
    struct io_queue *queue = nvme->queues[index];
    if (!queue->memory)
        queue->memory = nvme->adapter->DmaOperations->AllocateCommonBuffer(
            nvme->adapter, NVME_QUEUE_BYTES, &queue->address, TRUE);
    queue->submission_doorbell = nvme_doorbell(&nvme->capabilities, index + 1, false);
    queue->completion_doorbell = nvme_doorbell(&nvme->capabilities, index + 1, true);
    return queue->memory ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

NTSTATUS HardwareMakeQueues(struct controller *nvme, ULONG count)
{
    NTSTATUS status = STATUS_SUCCESS;
    for (ULONG i = 0; i < count && NT_SUCCESS(status); i++)
        status = make_queue(nvme, i);
    return status;
}

// --- Interrupt ----------------------------------------------------------------------------------

// Messages if the function was given some, its line otherwise: Version says afterwards.
static NTSTATUS connect_interrupt(struct controller *nvme)
{
    IO_CONNECT_INTERRUPT_PARAMETERS parameters = {
        .Version = CONNECT_MESSAGE_BASED,
        .MessageBased = {.PhysicalDeviceObject = nvme->pdo,
                         .ConnectionContext.Generic = &nvme->connection.generic,
                         .MessageServiceRoutine = NvmeMessageInterrupt,
                         .FallBackServiceRoutine = NvmeLineInterrupt,
                         .ServiceContext = nvme},
    };
    NTSTATUS status = IoConnectInterruptEx(&parameters);
    nvme->connect_version = parameters.Version;
    if (!NT_SUCCESS(status))
        nvme->connection.generic = NULL;
    else if (parameters.Version == CONNECT_MESSAGE_BASED)
        nvme->message_count = nvme->connection.messages->MessageCount;
    return status;
}

static VOID disconnect_interrupt(struct controller *nvme)
{
    IO_DISCONNECT_INTERRUPT_PARAMETERS parameters = {
        .Version = nvme->connect_version, .ConnectionContext.Generic = nvme->connection.generic};
    if (!nvme->connection.generic)
        return;
    IoDisconnectInterruptEx(&parameters);
    nvme->connection.generic = NULL;
    nvme->message_count = 0;
}

ULONG HardwareVector(const struct controller *nvme, ULONG index)
{
    return nvme->message_count ? index % nvme->message_count : 0;
}

// --- Both ---------------------------------------------------------------------------------------

NTSTATUS HardwareAcquire(struct controller *nvme, PCM_RESOURCE_LIST translated)
{
    NTSTATUS status = map_registers(nvme, translated);
    if (NT_SUCCESS(status))
        status = identify(nvme);
    if (NT_SUCCESS(status))
        status = acquire_dma(nvme);
    if (NT_SUCCESS(status))
        status = connect_interrupt(nvme);
    nvme->started = NT_SUCCESS(status);
    if (!NT_SUCCESS(status))
        HardwareRelease(nvme);
    return status;
}

VOID HardwareRelease(struct controller *nvme)
{
    nvme->started = FALSE;
    if (nvme->registers)
        (VOID) ControllerDisable(nvme);
    disconnect_interrupt(nvme);
    NvmeDrain(nvme);
    release_dma(nvme);
    if (nvme->registers)
        MmUnmapIoSpace(nvme->registers, NVME_WINDOW_BYTES);
    nvme->registers = NULL;
}
