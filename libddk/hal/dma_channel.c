// SPDX-License-Identifier: MIT
//
// The adapter object and the map registers of a packet-based transfer: allocated together, given
// back together or one after the other. A map register base is the channel's record.

#include "dma.h"

static struct hal_channel *new_channel(struct hal_adapter *adapter, ULONG registers)
{
    ULONG spans = registers != 0 ? registers : 1;
    struct hal_channel *channel = ExAllocatePool2(
        POOL_FLAG_NON_PAGED, sizeof(*channel) + spans * sizeof(struct hal_span), HAL_DMA_TAG);
    if (channel == NULL)
        return NULL;
    channel->Wanted = registers;
    channel->Transfer.Kind = HAL_CHANNEL;
    channel->Transfer.Adapter = adapter;
    channel->Transfer.Registers = adapter->Pool.Count != 0 ? registers : 0;
    channel->Transfer.KeepsChannel = TRUE;
    ki_acquire(&adapter->Lock);
    adapter->Registers++;
    ki_release(&adapter->Lock);
    return channel;
}

static void free_channel(struct hal_channel *channel)
{
    struct hal_adapter *adapter = channel->Transfer.Adapter;
    ki_acquire(&adapter->Lock);
    adapter->Registers--;
    ki_release(&adapter->Lock);
    channel->Transfer.Kind = 0;
    ExFreePoolWithTag(channel, HAL_DMA_TAG);
}

void hal_channel_cancelled(struct hal_channel *channel)
{
    free_channel(channel);
}

struct hal_channel *hal_channel_of(struct hal_adapter *adapter, PVOID base)
{
    struct hal_channel *channel = base;
    return base != NULL && channel->Transfer.Kind == HAL_CHANNEL &&
                   channel->Transfer.Adapter == adapter
               ? channel
               : NULL;
}

// What the driver has flushed, if only in part, goes with the registers.
static void end_spans(struct hal_channel *channel)
{
    for (ULONG i = 0; i < channel->Spans; i++)
        if (!channel->Span[i].Touched)
            hal_dma_violation(HAL_RULE_STILL_MAPPED,
                              "map registers are freed with a buffer that is mapped and was not "
                              "flushed",
                              channel->Span[i].Mapped);
    for (ULONG i = 0; i < channel->Spans; i++)
        hal_span_end(channel->Transfer.Adapter, &channel->Span[i]);
    channel->Spans = 0;
}

static void release_registers(struct hal_channel *channel)
{
    end_spans(channel);
    hal_give_registers(&channel->Transfer);
    free_channel(channel);
}

// The adapter object is free again; its next user is started by the caller.
static void give_back(struct hal_channel *channel, bool keep_registers)
{
    channel->Transfer.State = HAL_HELD;
    hal_release_channel(channel->Transfer.Adapter);
    if (!keep_registers)
        release_registers(channel);
}

void hal_channel_begins(struct hal_channel *channel)
{
    struct hal_transfer *transfer = &channel->Transfer;
    struct hal_adapter *adapter = transfer->Adapter;
    IO_ALLOCATION_ACTION action = KeepObject;
    if (channel->Routine != NULL) {
        KIRQL old = KfRaiseIrql(DISPATCH_LEVEL);
        action = channel->Routine(transfer->Device, transfer->Irp, channel, transfer->Context);
        KeLowerIrql(old);
        // A routine that keeps the object may have given it back itself, and with it the record.
        if (action == KeepObject) {
            ki_acquire(&adapter->Lock);
            if (adapter->Channel == transfer)
                transfer->State = HAL_HELD;
            ki_release(&adapter->Lock);
            return;
        }
        give_back(channel, action == DeallocateObjectKeepRegisters);
        hal_next_turn(adapter);
        return;
    }
    transfer->State = HAL_HELD;
}

NTSTATUS hal_allocate_channel(PDMA_ADAPTER dma, PDEVICE_OBJECT device, ULONG registers,
                              PDRIVER_CONTROL routine, PVOID context)
{
    struct hal_adapter *adapter = hal_adapter_of(dma);
    ki_require_dispatch("AllocateAdapterChannel below DISPATCH_LEVEL",
                        "AllocateAdapterChannel above DISPATCH_LEVEL");
    if (registers > adapter->MapRegisters)
        return STATUS_INSUFFICIENT_RESOURCES;
    struct hal_channel *channel = new_channel(adapter, registers);
    if (channel == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    channel->Routine = routine;
    channel->Transfer.Device = device;
    channel->Transfer.Irp = device->CurrentIrp;
    channel->Transfer.Context = context;
    channel->Transfer.OneADevice = TRUE;
    return hal_wait_turn(&channel->Transfer, true);
}

// Either the routine is called or the base is returned, and the base only at once.
static bool sensible(ULONG flags, PDRIVER_CONTROL routine, const PVOID *base)
{
    if ((flags & ~(ULONG)DMA_SYNCHRONOUS_CALLBACK) != 0)
        return false;
    return routine != NULL ? base == NULL : base != NULL && (flags & DMA_SYNCHRONOUS_CALLBACK) != 0;
}

NTSTATUS hal_allocate_channel_ex(PDMA_ADAPTER dma, PDEVICE_OBJECT device, PVOID transfer,
                                 ULONG registers, ULONG flags, PDRIVER_CONTROL routine,
                                 PVOID context, PVOID *base)
{
    struct hal_adapter *adapter = hal_adapter_of(dma);
    ki_require_irql(DISPATCH_LEVEL, "AllocateAdapterChannelEx above DISPATCH_LEVEL");
    if (!sensible(flags, routine, base) || device == NULL)
        return STATUS_INVALID_PARAMETER;
    struct hal_channel *channel =
        registers <= adapter->MapRegisters ? new_channel(adapter, registers) : NULL;
    if (channel == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    channel->Routine = routine;
    channel->Transfer.Device = device;
    channel->Transfer.Irp = device->CurrentIrp;
    channel->Transfer.Context = context;
    NTSTATUS status = hal_ticket_take(transfer, &channel->Transfer);
    bool given = NT_SUCCESS(status);
    if (given && base != NULL)
        *base = channel;
    if (given)
        status = hal_wait_turn(&channel->Transfer, (flags & DMA_SYNCHRONOUS_CALLBACK) == 0);
    if (!NT_SUCCESS(status))
        free_channel(channel);
    return status;
}

static void give_object_back(struct hal_adapter *adapter, bool keep_registers)
{
    ki_acquire(&adapter->Lock);
    struct hal_transfer *transfer = adapter->Channel;
    ki_release(&adapter->Lock);
    if (transfer == NULL)
        hal_dma_violation(HAL_RULE_CHANNEL_FREED,
                          "FreeAdapterChannel or FreeAdapterObject of an adapter whose channel is "
                          "not allocated",
                          (ULONG_PTR)adapter);
    if (transfer->Kind == HAL_CHANNEL) {
        give_back(CONTAINING_RECORD(transfer, struct hal_channel, Transfer), keep_registers);
    } else {
        hal_release_channel(adapter);
        if (!keep_registers)
            hal_list_end(CONTAINING_RECORD(transfer, struct hal_list, Transfer));
    }
    hal_next_turn(adapter);
}

VOID hal_free_channel(PDMA_ADAPTER dma)
{
    ki_require_dispatch("FreeAdapterChannel below DISPATCH_LEVEL",
                        "FreeAdapterChannel above DISPATCH_LEVEL");
    give_object_back(hal_adapter_of(dma), false);
}

VOID hal_free_object(PDMA_ADAPTER dma, IO_ALLOCATION_ACTION action)
{
    struct hal_adapter *adapter = hal_adapter_of(dma);
    ki_require_irql(DISPATCH_LEVEL, "FreeAdapterObject above DISPATCH_LEVEL");
    if (action != KeepObject)
        give_object_back(adapter, action == DeallocateObjectKeepRegisters);
}

VOID hal_free_registers(PDMA_ADAPTER dma, PVOID base, ULONG count)
{
    struct hal_adapter *adapter = hal_adapter_of(dma);
    ki_require_dispatch("FreeMapRegisters below DISPATCH_LEVEL",
                        "FreeMapRegisters above DISPATCH_LEVEL");
    struct hal_channel *channel = hal_channel_of(adapter, base);
    if (channel == NULL || channel->Wanted != count)
        hal_dma_violation(HAL_RULE_REGISTERS_FREED,
                          "FreeMapRegisters of map registers that are not allocated, or of another "
                          "number of them",
                          (ULONG_PTR)base);
    if (adapter->Channel == &channel->Transfer)
        hal_dma_violation(HAL_RULE_REGISTERS_FREED,
                          "FreeMapRegisters while the adapter object is still allocated with them",
                          (ULONG_PTR)base);
    release_registers(channel);
    hal_next_turn(adapter);
}
