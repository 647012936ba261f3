// SPDX-License-Identifier: MIT
//
// Interrupts, DMA, power. See strict_kit.h.
#include "kit_state.h"
#include "strict_kit.h"

#include <stdio.h>
#include <stdlib.h>

#define MESSAGES_MOST 8u

static IO_CONNECT_INTERRUPT_LINE_BASED_PARAMETERS line;
static IO_CONNECT_INTERRUPT_MESSAGE_BASED_PARAMETERS messages;
static struct {
    IO_INTERRUPT_MESSAGE_INFO info;
    IO_INTERRUPT_MESSAGE_INFO_ENTRY more[MESSAGES_MOST];
} table;
static ULONG message_count; // of the device
static ULONG list_failure;
static BOOLEAN confined;

ULONG KitForgetInterrupt(VOID)
{
    ULONG left = line.ServiceRoutine != NULL || messages.MessageServiceRoutine != NULL;
    line.ServiceRoutine = NULL;
    messages.MessageServiceRoutine = NULL;
    message_count = 0;
    list_failure = 0;
    confined = FALSE;
    return left;
}

// --- Interrupt, DMA, power ----------------------------------------------------------------------

NTSTATUS IoConnectInterruptEx(PIO_CONNECT_INTERRUPT_PARAMETERS parameters)
{
    const IO_CONNECT_INTERRUPT_MESSAGE_BASED_PARAMETERS wanted = parameters->MessageBased;
    KitRule(parameters->Version == CONNECT_LINE_BASED ||
                parameters->Version == CONNECT_MESSAGE_BASED,
            "neither a line nor messages are connected");
    if (parameters->Version == CONNECT_MESSAGE_BASED && message_count > 0) {
        messages = wanted;
        table.info.MessageCount = message_count;
        *messages.ConnectionContext.InterruptMessageTable = &table.info;
        return STATUS_SUCCESS;
    }
    line = parameters->LineBased;
    if (parameters->Version == CONNECT_MESSAGE_BASED)
        line = (IO_CONNECT_INTERRUPT_LINE_BASED_PARAMETERS){
            .InterruptObject = wanted.ConnectionContext.InterruptObject,
            .ServiceRoutine = wanted.FallBackServiceRoutine,
            .ServiceContext = wanted.ServiceContext};
    if (!line.ServiceRoutine)
        return STATUS_NOT_FOUND;
    parameters->Version = CONNECT_LINE_BASED;
    *line.InterruptObject = (PKINTERRUPT)&line;
    return STATUS_SUCCESS;
}

VOID IoDisconnectInterruptEx(PIO_DISCONNECT_INTERRUPT_PARAMETERS parameters)
{
    BOOLEAN all = parameters->Version == CONNECT_MESSAGE_BASED;
    KitRule(parameters->ConnectionContext.Generic == (all ? (PVOID)&table : (PVOID)&line),
            "disconnecting another interrupt");
    if (all)
        messages.MessageServiceRoutine = NULL;
    else
        line.ServiceRoutine = NULL;
}

VOID KitMessages(ULONG count)
{
    KitRule(count <= MESSAGES_MOST, "more messages than the kit has");
    message_count = count;
}

BOOLEAN KitMessage(ULONG number)
{
    if (!messages.MessageServiceRoutine || number >= message_count)
        return FALSE;
    KIRQL old = KfRaiseIrql(DIRQL_LOWEST);
    BOOLEAN own =
        messages.MessageServiceRoutine((PKINTERRUPT)&messages, messages.ServiceContext, number);
    KeLowerIrql(old);
    KitRunDpcs();
    KitRunWork();
    return own;
}

BOOLEAN KitInterrupt(VOID)
{
    if (!line.ServiceRoutine)
        return FALSE;
    KIRQL old = KfRaiseIrql(DIRQL_LOWEST);
    BOOLEAN own = line.ServiceRoutine((PKINTERRUPT)&line, line.ServiceContext);
    KeLowerIrql(old);
    KitRunDpcs();
    KitRunWork();
    return own;
}

static VOID put_adapter(PDMA_ADAPTER adapter)
{
    UNREFERENCED_PARAMETER(adapter);
    kit.adapters--;
}

static PVOID allocate_buffer(PDMA_ADAPTER adapter, ULONG bytes, PPHYSICAL_ADDRESS logical,
                             BOOLEAN cached)
{
    UNREFERENCED_PARAMETER(adapter);
    UNREFERENCED_PARAMETER(cached);
    kit.buffers++;
    PVOID memory = aligned_alloc(PAGE_SIZE, bytes);
    memset(memory, 0xa5, bytes);
    logical->QuadPart = (LONGLONG)(ULONG_PTR)memory;
    return memory;
}

static VOID free_buffer(PDMA_ADAPTER adapter, ULONG bytes, PHYSICAL_ADDRESS logical, PVOID memory,
                        BOOLEAN cached)
{
    UNREFERENCED_PARAMETER(adapter);
    UNREFERENCED_PARAMETER(bytes);
    UNREFERENCED_PARAMETER(cached);
    KitRule(logical.QuadPart == (LONGLONG)(ULONG_PTR)memory, "freeing another common buffer");
    kit.buffers--;
    free(memory);
}

VOID KitFailList(ULONG n)
{
    list_failure = n;
}

static NTSTATUS get_list(PDMA_ADAPTER adapter, PDEVICE_OBJECT device, PMDL mdl, PVOID va,
                         ULONG bytes, PDRIVER_LIST_CONTROL routine, PVOID context, BOOLEAN write)
{
    UNREFERENCED_PARAMETER(adapter);
    UNREFERENCED_PARAMETER(write);
    KitRule(kit.irql == DISPATCH_LEVEL && kit.locks_held == 0,
            "GetScatterGatherList below DISPATCH_LEVEL or with a lock");
    PUCHAR start = MmGetMdlVirtualAddress(mdl);
    KitRule((PUCHAR)va >= start && (PUCHAR)va + bytes <= start + MmGetMdlByteCount(mdl),
            "a list outside of its MDL");
    if (list_failure == 1) {
        list_failure = 0;
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    list_failure -= list_failure != 0;
    ULONG pages = ADDRESS_AND_SIZE_TO_SPAN_PAGES(va, bytes);
    PSCATTER_GATHER_LIST list =
        calloc(1, sizeof(SCATTER_GATHER_LIST) + pages * sizeof(SCATTER_GATHER_ELEMENT));
    for (ULONG i = 0; i < pages; i++) {
        ULONG piece = PAGE_SIZE - BYTE_OFFSET(va);
        piece = piece < bytes ? piece : bytes;
        list->Elements[i].Address.QuadPart = (LONGLONG)(ULONG_PTR)va;
        list->Elements[i].Length = piece;
        va = (PUCHAR)va + piece;
        bytes -= piece;
    }
    list->NumberOfElements = pages;
    kit.lists++;
    routine(device, NULL, list, context);
    return STATUS_SUCCESS;
}

static VOID put_list(PDMA_ADAPTER adapter, PSCATTER_GATHER_LIST list, BOOLEAN write)
{
    UNREFERENCED_PARAMETER(adapter);
    UNREFERENCED_PARAMETER(write);
    kit.lists--;
    free(list);
}

VOID KitConfine(BOOLEAN yes)
{
    confined = yes;
}

static HANDLE get_domain(PDMA_ADAPTER adapter)
{
    return confined ? adapter : NULL;
}

PDMA_ADAPTER IoGetDmaAdapter(PDEVICE_OBJECT pdo, PDEVICE_DESCRIPTION description,
                             PULONG map_registers)
{
    static DMA_OPERATIONS operations = {
        .Size = sizeof operations,
        .PutDmaAdapter = put_adapter,
        .AllocateCommonBuffer = allocate_buffer,
        .FreeCommonBuffer = free_buffer,
        .GetScatterGatherList = get_list,
        .PutScatterGatherList = put_list,
        .GetDmaDomain = get_domain,
    };
    static DMA_ADAPTER adapter = {
        .Version = 1, .Size = sizeof adapter, .DmaOperations = &operations};
    UNREFERENCED_PARAMETER(pdo);
    *map_registers = ADDRESS_AND_SIZE_TO_SPAN_PAGES(PAGE_SIZE - 1, description->MaximumLength);
    kit.adapters++;
    return &adapter;
}

NTSTATUS PoRequestPowerIrp(PDEVICE_OBJECT device, UCHAR minor, POWER_STATE state,
                           PREQUEST_POWER_COMPLETE complete, PVOID context, PIRP *irp)
{
    static struct kit_irp request;
    PIO_STACK_LOCATION location = KitInitIrp(&request, IRP_MJ_POWER, minor);
    UNREFERENCED_PARAMETER(irp);
    location->Parameters.Power.Type = DevicePowerState;
    location->Parameters.Power.State = state;
    (VOID) IofCallDriver(KitTop(device), &request.irp);
    complete(device, minor, state, context, &request.irp.IoStatus);
    return STATUS_PENDING;
}

POWER_STATE PoSetPowerState(PDEVICE_OBJECT device, POWER_STATE_TYPE type, POWER_STATE state)
{
    UNREFERENCED_PARAMETER(device);
    UNREFERENCED_PARAMETER(type);
    return state;
}

VOID PoStartNextPowerIrp(PIRP irp)
{
    UNREFERENCED_PARAMETER(irp);
}
