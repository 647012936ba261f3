// SPDX-License-Identifier: MIT
//
// Packet-based transfers: a channel's map registers are used up by MapTransfer, a piece a call, or
// by one MapTransferEx, and are free again when everything is flushed.

#include "dma.h"

static struct hal_channel *mapping_channel(struct hal_adapter *adapter, PVOID base)
{
    struct hal_channel *channel = hal_channel_of(adapter, base);
    if (channel == NULL)
        hal_dma_violation(HAL_RULE_MISCELLANEOUS,
                          "MapTransfer with map registers that are not allocated", (ULONG_PTR)base);
    return channel;
}

static void too_much(const struct hal_channel *channel)
{
    hal_dma_violation(HAL_RULE_NOT_FLUSHED,
                      "more is mapped than the map registers hold: the driver did not flush its "
                      "adapter buffers",
                      channel->Wanted);
}

// So much of it fits in `registers` pages.
static ULONG fitting(PMDL mdl, ULONG offset, ULONG length, ULONG registers)
{
    ULONGLONG most = ((ULONGLONG)registers << PAGE_SHIFT) - hal_in_page(mdl, offset);
    return length <= most ? length : (ULONG)most;
}

// Opens the next pages and remembers their addresses, since the driver takes them piece by piece.
static NTSTATUS open_pages(struct hal_adapter *adapter, struct hal_channel *channel,
                           struct hal_span *span)
{
    ULONG wanted = span->Length;
    span->Length = fitting(span->Mdl, span->Offset, wanted, HAL_PAGES_AT_ONCE);
    if (adapter->Copying || (!adapter->ScatterGather && span->Length < wanted))
        return STATUS_DATATYPE_MISALIGNMENT;
    ULONG pages = hal_range_registers(span->Mdl, span->Offset, span->Length);
    NTSTATUS status = manager_dma_open(adapter->Pdo, span->Mdl, span->Offset, pages, !span->Write,
                                       channel->Logical);
    bool reached = NT_SUCCESS(status);
    for (ULONG i = 0; i < pages && reached; i++)
        reached =
            channel->Logical[i] + (PAGE_SIZE - 1) <= adapter->Highest &&
            (adapter->ScatterGather || channel->Logical[i] == channel->Logical[0] + i * PAGE_SIZE);
    if (!NT_SUCCESS(status) || reached)
        return status;
    hal_span_end(adapter, span);
    return STATUS_DATATYPE_MISALIGNMENT;
}

static NTSTATUS copy_pages(struct hal_adapter *adapter, struct hal_channel *channel,
                           struct hal_span *span)
{
    NTSTATUS status = channel->Transfer.Registers != 0 ? hal_span_prepare_copy(span)
                                                       : STATUS_INSUFFICIENT_RESOURCES;
    if (!NT_SUCCESS(status))
        return status;
    span->Register = channel->Transfer.First + channel->Used;
    hal_span_begin_copy(adapter, span);
    return STATUS_SUCCESS;
}

static struct hal_span *begin_span(struct hal_adapter *adapter, struct hal_channel *channel,
                                   PMDL mdl, ULONG offset, ULONG length, BOOLEAN write)
{
    ULONG left = channel->Wanted - channel->Used;
    ULONG most = left != 0 ? fitting(mdl, offset, length, left) : 0;
    if (most == 0 || (most < length && !adapter->ScatterGather))
        too_much(channel);
    struct hal_span *span = &channel->Span[channel->Spans];
    *span = (struct hal_span){.Mdl = mdl, .Offset = offset, .Length = most, .Write = write};
    NTSTATUS status = open_pages(adapter, channel, span);
    if (status == STATUS_DATATYPE_MISALIGNMENT) {
        span->Length = most;
        status = copy_pages(adapter, channel, span);
    }
    if (!NT_SUCCESS(status))
        return NULL;
    channel->Used += hal_range_registers(mdl, offset, span->Length);
    channel->Spans++;
    return span;
}

// The last span, when the driver goes on where its last piece ended.
static struct hal_span *continued(struct hal_channel *channel, PMDL mdl, ULONG offset,
                                  BOOLEAN write)
{
    struct hal_span *span = channel->Spans != 0 ? &channel->Span[channel->Spans - 1] : NULL;
    return span != NULL && span->Mdl == mdl && span->Offset + span->Mapped == offset &&
                   span->Mapped < span->Length && span->Write == write && !span->Copied
               ? span
               : NULL;
}

// The next piece of an open span: as far as the addresses follow one another.
static ULONG64 next_piece(struct hal_channel *channel, struct hal_span *span, PULONG length)
{
    ULONG first = hal_in_page(span->Mdl, span->Offset), at = first + span->Mapped;
    ULONG page = at >> PAGE_SHIFT, end = first + span->Length;
    ULONG64 logical = channel->Logical[page] + (at & (PAGE_SIZE - 1));
    while ((page + 1) << PAGE_SHIFT < end &&
           channel->Logical[page + 1] == channel->Logical[page] + PAGE_SIZE)
        page++;
    end = end < (page + 1) << PAGE_SHIFT ? end : (page + 1) << PAGE_SHIFT;
    if (end - at < *length)
        *length = end - at;
    span->Mapped += *length;
    return logical;
}

PHYSICAL_ADDRESS hal_map_transfer(PDMA_ADAPTER dma, PMDL mdl, PVOID base, PVOID va, PULONG length,
                                  BOOLEAN write)
{
    struct hal_adapter *adapter = hal_adapter_of(dma);
    PHYSICAL_ADDRESS logical = {.QuadPart = 0};
    ki_require_irql(DISPATCH_LEVEL, "MapTransfer above DISPATCH_LEVEL");
    struct hal_channel *channel = mapping_channel(adapter, base);
    ULONG offset = hal_offset_of(mdl, va, *length);
    if (*length > mdl->ByteCount - offset)
        hal_dma_violation(HAL_RULE_BEYOND_MDL, "MapTransfer of more bytes than the MDL describes",
                          *length);
    struct hal_span *span = continued(channel, mdl, offset, write);
    if (span == NULL)
        span = begin_span(adapter, channel, mdl, offset, *length, write);
    if (span == NULL) {
        *length = 0;
    } else if (span->Copied) {
        *length = span->Length;
        logical.QuadPart = (LONGLONG)hal_span_logical(adapter, span);
    } else {
        logical.QuadPart = (LONGLONG)next_piece(channel, span, length);
    }
    return logical;
}

// --- Flushing

static void drop_span(struct hal_channel *channel, ULONG index)
{
    hal_span_end(channel->Transfer.Adapter, &channel->Span[index]);
    for (ULONG i = index + 1; i < channel->Spans; i++)
        channel->Span[i - 1] = channel->Span[i];
    if (--channel->Spans == 0)
        channel->Used = 0;
}

// Bytes [from, to) of the span.
static void flush_span(struct hal_adapter *adapter, struct hal_span *span, ULONG from, ULONG to)
{
    if (span->Copied && !span->Write && to > from)
        hal_span_copy_out(adapter, span, from, to - from);
    span->Touched = TRUE;
    if (from <= span->Flushed && to > span->Flushed)
        span->Flushed = to;
}

// False: nothing of it is mapped, or in the other direction.
static bool flush_range(struct hal_adapter *adapter, struct hal_channel *channel, PMDL mdl,
                        ULONG offset, ULONG length, BOOLEAN write)
{
    bool found = false;
    for (ULONG i = 0; i < channel->Spans;) {
        struct hal_span *span = &channel->Span[i];
        ULONGLONG end = (ULONGLONG)span->Offset + span->Mapped;
        ULONGLONG last = (ULONGLONG)offset + (length != 0 ? length : 1);
        if (span->Mdl != mdl || span->Write != write || offset >= end || last <= span->Offset) {
            i++;
            continue;
        }
        found = true;
        ULONG from = offset > span->Offset ? offset - span->Offset : 0;
        ULONGLONG to = (ULONGLONG)offset + length < end ? (ULONGLONG)offset + length : end;
        flush_span(adapter, span, from, (ULONG)(to - span->Offset));
        if (span->Flushed >= span->Mapped)
            drop_span(channel, i);
        else
            i++;
    }
    KeMemoryBarrier();
    return found;
}

static bool other_direction(const struct hal_channel *channel, BOOLEAN write)
{
    return channel->Spans != 0 && channel->Span[0].Write != write;
}

BOOLEAN hal_flush(PDMA_ADAPTER dma, PMDL mdl, PVOID base, PVOID va, ULONG length, BOOLEAN write)
{
    struct hal_adapter *adapter = hal_adapter_of(dma);
    ki_require_irql(DISPATCH_LEVEL, "FlushAdapterBuffers above DISPATCH_LEVEL");
    struct hal_channel *channel = hal_channel_of(adapter, base);
    ULONG offset = hal_offset_of(mdl, va, 1);
    if (channel != NULL && other_direction(channel, write))
        return FALSE;
    if (channel == NULL || !flush_range(adapter, channel, mdl, offset, length, write))
        hal_dma_violation(HAL_RULE_NOT_MAPPED,
                          "FlushAdapterBuffers of a buffer that MapTransfer has not mapped with "
                          "these map registers",
                          (ULONG_PTR)base);
    return TRUE;
}

NTSTATUS hal_flush_ex(PDMA_ADAPTER dma, PMDL mdl, PVOID base, ULONGLONG offset, ULONG length,
                      BOOLEAN write)
{
    struct hal_adapter *adapter = hal_adapter_of(dma);
    ki_require_irql(DISPATCH_LEVEL, "FlushAdapterBuffersEx above DISPATCH_LEVEL");
    struct hal_channel *channel = hal_channel_of(adapter, base);
    if (channel == NULL || mdl == NULL || !hal_chain_find(&mdl, &offset, 0))
        return STATUS_INVALID_PARAMETER;
    bool nothing = length == 0 && channel->Spans == 0;
    return nothing || flush_range(adapter, channel, mdl, (ULONG)offset, length, write)
               ? STATUS_SUCCESS
               : STATUS_INVALID_PARAMETER;
}

// --- MapTransferEx

// The longest part of the range for which there are map registers.
static ULONG trim(const struct hal_span *span, ULONG length, ULONG registers)
{
    struct hal_part part;
    ULONG fits = 0;
    hal_part_begin(&part, span->Mdl, span->Offset, length);
    while (registers != 0 && hal_part_next(&part)) {
        ULONG here = fitting(part.Mdl, part.Offset, part.Length, registers);
        fits += here;
        if (here < part.Length)
            break;
        registers -= part.Pages;
    }
    return fits;
}

static void list_copy(const struct hal_adapter *adapter, const struct hal_span *span,
                      PSCATTER_GATHER_LIST list)
{
    list->NumberOfElements = 1;
    list->Elements[0] = (SCATTER_GATHER_ELEMENT){
        {.QuadPart = (LONGLONG)hal_span_logical(adapter, span)}, span->Length, 0};
}

static NTSTATUS map_span(struct hal_adapter *adapter, struct hal_channel *channel, ULONG length,
                         struct hal_pieces *pieces)
{
    struct hal_span *span = &channel->Span[0];
    span->Length = trim(span, length, channel->Wanted);
    if (!adapter->ScatterGather)
        pieces->Room = 1;
    NTSTATUS status = STATUS_DATATYPE_MISALIGNMENT;
    if (!adapter->Copying)
        status = hal_span_open(adapter, span, pieces);
    if (status != STATUS_DATATYPE_MISALIGNMENT)
        return status;
    span->Length = fitting(span->Mdl, span->Offset, length, channel->Wanted);
    status = copy_pages(adapter, channel, span);
    if (NT_SUCCESS(status))
        list_copy(adapter, span, pieces->List);
    return status;
}

NTSTATUS hal_map_transfer_ex(PDMA_ADAPTER dma, PMDL mdl, PVOID base, ULONGLONG offset,
                             ULONG device_offset, PULONG length, BOOLEAN write,
                             PSCATTER_GATHER_LIST list, ULONG list_bytes,
                             PDMA_COMPLETION_ROUTINE completion, PVOID context)
{
    struct hal_adapter *adapter = hal_adapter_of(dma);
    struct hal_pieces pieces = {.List = list};
    ki_require_irql(DISPATCH_LEVEL, "MapTransferEx above DISPATCH_LEVEL");
    struct hal_channel *channel = hal_channel_of(adapter, base);
    (void)context;
    if (list_bytes >= sizeof(SCATTER_GATHER_LIST))
        pieces.Room = (list_bytes - (ULONG)sizeof(SCATTER_GATHER_LIST)) /
                      (ULONG)sizeof(SCATTER_GATHER_ELEMENT);
    if (channel == NULL || channel->Wanted == 0 || list == NULL || pieces.Room == 0 ||
        device_offset != 0 || completion != NULL || mdl == NULL ||
        !hal_chain_find(&mdl, &offset, *length))
        return STATUS_INVALID_PARAMETER;
    if (channel->Spans != 0)
        too_much(channel);
    list->NumberOfElements = 0;
    list->Reserved = 0;
    if (*length == 0)
        return STATUS_SUCCESS;
    channel->Span[0] = (struct hal_span){.Mdl = mdl, .Offset = (ULONG)offset, .Write = write};
    NTSTATUS status = map_span(adapter, channel, *length, &pieces);
    if (!NT_SUCCESS(status))
        return status;
    channel->Spans = 1;
    channel->Used = channel->Wanted;
    *length = channel->Span[0].Mapped;
    return STATUS_SUCCESS;
}
