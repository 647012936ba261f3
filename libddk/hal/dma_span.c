// SPDX-License-Identifier: MIT
//
// Spans: what is open to the device, part by part, and what is copied. A copied span lies in its
// map registers as it would in one buffer: it begins at the same offset in a page, and the MDLs of
// a chain follow one another without a gap.

#include "dma.h"

bool hal_part_next(struct hal_part *part)
{
    part->Offset += part->Length;
    part->Length = 0;
    if (part->Left == 0)
        return false;
    while (part->Offset == part->Mdl->ByteCount) {
        part->Mdl = part->Mdl->Next;
        part->Offset = 0;
    }
    ULONG in_page = hal_in_page(part->Mdl, part->Offset);
    ULONG here = part->Mdl->ByteCount - part->Offset, most = HAL_PAGES_AT_ONCE * PAGE_SIZE;
    here = here < part->Left ? here : part->Left;
    part->Length = here < most - in_page ? here : most - in_page;
    part->Pages = (ULONG)BYTES_TO_PAGES((SIZE_T)in_page + part->Length);
    part->Left -= part->Length;
    return true;
}

ULONG hal_range_pages(PMDL mdl, ULONG offset, ULONG length)
{
    struct hal_part part;
    ULONG pages = 0;
    hal_part_begin(&part, mdl, offset, length);
    while (hal_part_next(&part))
        pages += part.Pages;
    return pages;
}

bool hal_chain_find(PMDL *mdl, ULONGLONG *offset, ULONG length)
{
    PMDL at = *mdl;
    ULONGLONG skip = *offset;
    while (at != NULL && skip >= at->ByteCount) {
        skip -= at->ByteCount;
        at = at->Next;
    }
    if (at == NULL)
        return false;
    *mdl = at;
    *offset = skip;
    ULONGLONG needed = skip + length;
    for (; at != NULL && hal_has_pages(at) && needed > at->ByteCount; at = at->Next)
        needed -= at->ByteCount;
    return at != NULL && hal_has_pages(at);
}

ULONG hal_offset_of(PMDL mdl, PVOID va, ULONG length)
{
    ULONG_PTR first = (ULONG_PTR)MmGetMdlVirtualAddress(mdl), at = (ULONG_PTR)va;
    if (!hal_has_pages(mdl))
        hal_dma_violation(HAL_RULE_NOT_LOCKED, "DMA with an MDL whose pages are not locked",
                          (ULONG_PTR)mdl);
    if (length == 0)
        hal_dma_violation(HAL_RULE_EMPTY, "a buffer of no bytes is mapped for DMA", 0);
    if (at < first || at - first >= mdl->ByteCount)
        hal_dma_violation(HAL_RULE_OUTSIDE_MDL,
                          "DMA with an address that is outside of the MDL that came with it", at);
    return (ULONG)(at - first);
}

// --- Open to the device

static void close_parts(struct hal_adapter *adapter, const struct hal_span *span, ULONG length)
{
    struct hal_part part;
    hal_part_begin(&part, span->Mdl, span->Offset, length);
    while (hal_part_next(&part))
        manager_dma_close(adapter->Pdo, part.Mdl, part.Offset, part.Pages, !span->Write);
}

// False: there is no room for another element.
static bool add_piece(struct hal_pieces *pieces, ULONG64 logical, ULONG length)
{
    PSCATTER_GATHER_LIST list = pieces->List;
    PSCATTER_GATHER_ELEMENT last = &list->Elements[(LONG)list->NumberOfElements - 1];
    if (list->NumberOfElements != 0 && (ULONG64)last->Address.QuadPart + last->Length == logical) {
        last->Length += length;
    } else if (list->NumberOfElements < pieces->Room) {
        list->Elements[list->NumberOfElements++] =
            (SCATTER_GATHER_ELEMENT){{.QuadPart = (LONGLONG)logical}, length, 0};
    } else {
        return false;
    }
    pieces->Bytes += length;
    return true;
}

enum listed { LISTED, NO_ROOM, OUT_OF_REACH };

static enum listed list_part(const struct hal_adapter *adapter, const struct hal_part *part,
                             const ULONG64 *logical, struct hal_pieces *pieces)
{
    ULONG in_page = hal_in_page(part->Mdl, part->Offset), left = part->Length;
    for (ULONG i = 0; i < part->Pages; i++) {
        ULONG bytes = PAGE_SIZE - in_page < left ? PAGE_SIZE - in_page : left;
        if (logical[i] + (PAGE_SIZE - 1) > adapter->Highest)
            return OUT_OF_REACH;
        if (!add_piece(pieces, logical[i] + in_page, bytes))
            return NO_ROOM;
        left -= bytes;
        in_page = 0;
    }
    return LISTED;
}

NTSTATUS hal_span_open(struct hal_adapter *adapter, struct hal_span *span,
                       struct hal_pieces *pieces)
{
    ULONG64 logical[HAL_PAGES_AT_ONCE];
    enum listed listed = LISTED;
    struct hal_part part;
    ULONG opened = 0;
    NTSTATUS status = STATUS_SUCCESS;
    pieces->List->NumberOfElements = 0;
    pieces->Bytes = 0;
    hal_part_begin(&part, span->Mdl, span->Offset, span->Length);
    while (NT_SUCCESS(status) && listed == LISTED && hal_part_next(&part)) {
        status = manager_dma_open(adapter->Pdo, part.Mdl, part.Offset, part.Pages, !span->Write,
                                  logical);
        if (!NT_SUCCESS(status))
            break;
        opened += part.Length;
        listed = list_part(adapter, &part, logical, pieces);
    }
    if (NT_SUCCESS(status) && (listed == OUT_OF_REACH ||
                               (listed == NO_ROOM && pieces->Room == 1 && !adapter->ScatterGather)))
        status = STATUS_DATATYPE_MISALIGNMENT;
    if (!NT_SUCCESS(status)) {
        close_parts(adapter, span, opened);
        return status;
    }
    span->Length = opened;
    span->Mapped = pieces->Bytes;
    return STATUS_SUCCESS;
}

// --- Copied

NTSTATUS hal_span_prepare_copy(const struct hal_span *span)
{
    struct hal_part part;
    hal_part_begin(&part, span->Mdl, span->Offset, span->Length);
    while (hal_part_next(&part))
        if (MmGetSystemAddressForMdlSafe(part.Mdl, NormalPagePriority) == NULL)
            return STATUS_INSUFFICIENT_RESOURCES;
    return STATUS_SUCCESS;
}

static PCHAR copy_of(const struct hal_adapter *adapter, const struct hal_span *span)
{
    return adapter->Pool.Memory + ((SIZE_T)span->Register << PAGE_SHIFT) +
           hal_in_page(span->Mdl, span->Offset);
}

ULONG64 hal_span_logical(const struct hal_adapter *adapter, const struct hal_span *span)
{
    return adapter->Pool.Logical + ((ULONG64)span->Register << PAGE_SHIFT) +
           hal_in_page(span->Mdl, span->Offset);
}

void hal_span_begin_copy(struct hal_adapter *adapter, struct hal_span *span)
{
    struct hal_part part;
    PCHAR to = copy_of(adapter, span);
    span->Copied = TRUE;
    span->Mapped = span->Length;
    hal_part_begin(&part, span->Mdl, span->Offset, span->Length);
    while (span->Write && hal_part_next(&part)) {
        const char *from = MmGetSystemAddressForMdlSafe(part.Mdl, NormalPagePriority);
        memcpy(to, from + part.Offset, part.Length);
        to += part.Length;
    }
}

void hal_span_copy_out(struct hal_adapter *adapter, const struct hal_span *span, ULONG from,
                       ULONG length)
{
    struct hal_part part;
    ULONG at = 0;
    const char *copy = copy_of(adapter, span);
    hal_part_begin(&part, span->Mdl, span->Offset, span->Length);
    for (; hal_part_next(&part); at += part.Length) {
        ULONG first = at > from ? at : from, end = at + part.Length;
        end = end < from + length ? end : from + length;
        if (first >= end)
            continue;
        PCHAR to = MmGetSystemAddressForMdlSafe(part.Mdl, NormalPagePriority);
        memcpy(to + part.Offset + (first - at), copy + first, end - first);
    }
}

void hal_span_end(struct hal_adapter *adapter, struct hal_span *span)
{
    if (span->Copied)
        memset(copy_of(adapter, span), 0, span->Length);
    else
        close_parts(adapter, span, span->Length);
}
