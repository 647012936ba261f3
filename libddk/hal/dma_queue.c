// SPDX-License-Identifier: MIT
//
// Turns. A transfer needs the adapter object (channels keep it until they give it back, lists only
// want it to be free) and the map registers it asks for; who cannot have both waits, and nobody
// overtakes those who wait. One thread at a time starts transfers from the queue, so that a long
// queue needs no deep stack.

#include "dma.h"

#define TICKET_MAGIC 0x74656b6369544144ull

enum ticket_state { TICKET_FRESH, TICKET_WAITING, TICKET_GRANTED, TICKET_CANCELLED };

// The adapter's lock is held.
static bool take(struct hal_adapter *adapter, struct hal_transfer *transfer)
{
    if (adapter->Channel != NULL ||
        (transfer->Registers != 0 &&
         !hal_pool_take(&adapter->Pool, transfer->Registers, &transfer->First)))
        return false;
    if (transfer->KeepsChannel)
        adapter->Channel = transfer;
    transfer->State = HAL_RUNNING;
    hal_ticket_granted(transfer);
    return true;
}

static void check_one_a_device(struct hal_adapter *adapter, const struct hal_transfer *transfer)
{
    const struct hal_transfer *channel = adapter->Channel;
    bool twice = channel != NULL && channel->State == HAL_RUNNING && channel->OneADevice &&
                 channel->Device == transfer->Device;
    for (PLIST_ENTRY at = adapter->Waiting.Flink; at != &adapter->Waiting && !twice; at = at->Flink)
        twice = CONTAINING_RECORD(at, struct hal_transfer, Entry)->Device == transfer->Device &&
                CONTAINING_RECORD(at, struct hal_transfer, Entry)->OneADevice;
    if (!twice)
        return;
    ki_release(&adapter->Lock);
    hal_dma_violation(HAL_RULE_CHANNELS,
                      "AllocateAdapterChannel for a device that waits already, or in its "
                      "AdapterControl routine",
                      (ULONG_PTR)transfer->Device);
}

// The common case: a list that needs nothing, and nobody waits.
static bool needs_no_turn(const struct hal_adapter *adapter, const struct hal_transfer *transfer)
{
    return transfer->Registers == 0 && !transfer->KeepsChannel && transfer->Ticket == NULL &&
           hal_nobody_waits(adapter);
}

NTSTATUS hal_wait_turn(struct hal_transfer *transfer, bool wait)
{
    struct hal_adapter *adapter = transfer->Adapter;
    if (needs_no_turn(adapter, transfer)) {
        hal_turn_begins(transfer);
        return STATUS_SUCCESS;
    }
    ki_acquire(&adapter->Lock);
    if (transfer->OneADevice)
        check_one_a_device(adapter, transfer);
    bool now = IsListEmpty(&adapter->Waiting) && take(adapter, transfer);
    if (!now && wait) {
        transfer->State = HAL_WAITING;
        InsertTailList(&adapter->Waiting, &transfer->Entry);
    }
    if (!now && !wait)
        hal_ticket_back(transfer);
    ki_release(&adapter->Lock);
    if (now)
        hal_turn_begins(transfer);
    return now || wait ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

void hal_turn_begins(struct hal_transfer *transfer)
{
    if (transfer->Kind == HAL_LIST)
        hal_list_begins(CONTAINING_RECORD(transfer, struct hal_list, Transfer));
    else
        hal_channel_begins(CONTAINING_RECORD(transfer, struct hal_channel, Transfer));
}

// The next transfer whose turn it is; NULL: none, and nobody starts any more.
static struct hal_transfer *next(struct hal_adapter *adapter)
{
    struct hal_transfer *first = NULL;
    ki_acquire(&adapter->Lock);
    if (!IsListEmpty(&adapter->Waiting))
        first = CONTAINING_RECORD(adapter->Waiting.Flink, struct hal_transfer, Entry);
    if (first != NULL && take(adapter, first))
        RemoveEntryList(&first->Entry);
    else
        first = NULL;
    if (first == NULL)
        adapter->Starting = FALSE;
    ki_release(&adapter->Lock);
    return first;
}

void hal_next_turn(struct hal_adapter *adapter)
{
    struct hal_transfer *transfer;
    ki_acquire(&adapter->Lock);
    bool idle = IsListEmpty(&adapter->Waiting) || adapter->Starting;
    if (!idle)
        adapter->Starting = TRUE;
    ki_release(&adapter->Lock);
    while (!idle && (transfer = next(adapter)) != NULL)
        hal_turn_begins(transfer);
}

void hal_release_channel(struct hal_adapter *adapter)
{
    ki_acquire(&adapter->Lock);
    adapter->Channel = NULL;
    ki_release(&adapter->Lock);
}

void hal_give_registers(struct hal_transfer *transfer)
{
    struct hal_adapter *adapter = transfer->Adapter;
    ki_acquire(&adapter->Lock);
    if (transfer->Registers != 0)
        hal_pool_give(&adapter->Pool, transfer->First, transfer->Registers);
    transfer->Registers = 0;
    ki_release(&adapter->Lock);
}

// --- Transfer contexts: memory of the driver that need not be aligned

C_ASSERT(sizeof(struct hal_ticket) + 7 <= DMA_TRANSFER_CONTEXT_SIZE_V1);

struct hal_ticket *hal_ticket_of(PVOID context)
{
    return (struct hal_ticket *)(((ULONG_PTR)context + 7) & ~(ULONG_PTR)7);
}

NTSTATUS hal_initialize_context(PDMA_ADAPTER dma, PVOID context)
{
    ki_require_irql(DISPATCH_LEVEL, "InitializeDmaTransferContext above DISPATCH_LEVEL");
    (void)hal_adapter_of(dma);
    if (context == NULL)
        return STATUS_INVALID_PARAMETER;
    *hal_ticket_of(context) = (struct hal_ticket){TICKET_MAGIC, NULL, TICKET_FRESH};
    return STATUS_SUCCESS;
}

NTSTATUS hal_ticket_take(PVOID context, struct hal_transfer *transfer)
{
    struct hal_ticket *ticket = hal_ticket_of(context);
    NTSTATUS status = STATUS_SUCCESS;
    if (context == NULL || ticket->Magic != TICKET_MAGIC)
        return STATUS_INVALID_PARAMETER;
    ki_acquire(&transfer->Adapter->Lock);
    if (ticket->State == TICKET_CANCELLED)
        status = STATUS_CANCELLED;
    else if (ticket->State == TICKET_WAITING)
        status = STATUS_INVALID_PARAMETER; // of another request
    if (NT_SUCCESS(status)) {
        ticket->State = TICKET_WAITING;
        ticket->Transfer = transfer;
        transfer->Ticket = ticket;
    }
    ki_release(&transfer->Adapter->Lock);
    return status;
}

void hal_ticket_granted(struct hal_transfer *transfer)
{
    if (transfer->Ticket != NULL)
        transfer->Ticket->State = TICKET_GRANTED;
    transfer->Ticket = NULL; // the driver may use its memory for something else
}

void hal_ticket_back(struct hal_transfer *transfer)
{
    if (transfer->Ticket != NULL)
        transfer->Ticket->State = TICKET_FRESH;
    transfer->Ticket = NULL;
}

// Takes the transfer that waits with the ticket out of the queue, or cancels one that has not been
// asked for yet. The lock is held.
static bool cancel(struct hal_ticket *ticket, struct hal_transfer **cancelled)
{
    *cancelled = NULL;
    if (ticket->State == TICKET_GRANTED)
        return false;
    if (ticket->State == TICKET_WAITING) {
        if (ticket->Transfer->State != HAL_WAITING)
            return false; // it is about to begin
        *cancelled = ticket->Transfer;
        RemoveEntryList(&ticket->Transfer->Entry);
    }
    ticket->State = TICKET_CANCELLED;
    return true;
}

static void drop(struct hal_transfer *transfer)
{
    if (transfer->Kind == HAL_LIST)
        hal_list_cancelled(CONTAINING_RECORD(transfer, struct hal_list, Transfer));
    else
        hal_channel_cancelled(CONTAINING_RECORD(transfer, struct hal_channel, Transfer));
}

BOOLEAN hal_cancel_channel(PDMA_ADAPTER dma, PDEVICE_OBJECT device, PVOID context)
{
    struct hal_adapter *adapter = hal_adapter_of(dma);
    struct hal_transfer *transfer;
    (void)device;
    ki_require_irql(DISPATCH_LEVEL, "CancelAdapterChannel above DISPATCH_LEVEL");
    struct hal_ticket *ticket = hal_ticket_of(context);
    if (context == NULL || ticket->Magic != TICKET_MAGIC)
        return FALSE;
    ki_acquire(&adapter->Lock);
    bool done = cancel(ticket, &transfer);
    ki_release(&adapter->Lock);
    if (transfer != NULL) {
        drop(transfer);
        hal_next_turn(adapter); // who waited behind it may fit
    }
    return (BOOLEAN)done;
}
