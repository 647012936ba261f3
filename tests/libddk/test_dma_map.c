// SPDX-License-Identifier: MIT
//
// Packet-based transfers: MapTransfer, FlushAdapterBuffers, the use of map registers; open to the
// device or copied. What the device would see is read and written through its logical addresses.

#include "test_dma.h"

static PVOID base;

static IO_ALLOCATION_ACTION keep_registers(PDEVICE_OBJECT d, PIRP irp, PVOID b, PVOID context)
{
    (void)d, (void)irp, (void)context;
    base = b;
    return DeallocateObjectKeepRegisters;
}

static void allocate(ULONG count)
{
    AT_DISPATCH(dma->AllocateAdapterChannel(adapter, device, count, keep_registers, NULL));
}

static void free_registers(ULONG count)
{
    AT_DISPATCH((dma->FreeMapRegisters(adapter, base, count), 0));
}

static uint64_t map(ULONG offset, ULONG *length, BOOLEAN write)
{
    return (uint64_t)dma->MapTransfer(adapter, mdl, base, va_of(offset), length, write).QuadPart;
}

static bool flush(ULONG offset, ULONG length, BOOLEAN write)
{
    return dma->FlushAdapterBuffers(adapter, mdl, base, va_of(offset), length, write);
}

// --- Open to the device

TEST(a_transfer_is_mapped_piece_by_piece)
{
    DDI_SHOWS_MEMBER(DMA_OPERATIONS, MapTransfer, RESULTS);
    DDI_SHOWS_MEMBER(DMA_OPERATIONS, FlushAdapterBuffers, RESULTS);
    set_up(1, &(struct posix_dma){.logical = scatter});
    ULONG offset = 100, left = 6 * PAGE_SIZE, pieces = 0;
    unsigned opened = posix_dma_opened();
    allocate(7);
    for (ULONG length; left != 0; offset += length, left -= length, pieces++) {
        length = left;
        uint64_t logical = map(offset, &length, TRUE);
        CHECK_EQ(logical, scatter((uintptr_t)data + (offset & ~0xfffu)) + (offset & 0xfff));
        CHECK_MEM(device_memory(logical), data + offset, length);
    }
    CHECK_EQ(pieces, 4); // pairs of pages are neighbours
    CHECK_EQ(posix_dma_open(), 7);
    CHECK_EQ(posix_dma_opened() - opened, 7); // each page once
    CHECK(flush(100, 6 * PAGE_SIZE, TRUE));
    CHECK_EQ(posix_dma_open(), 0);
    free_registers(7);
    tear_down();
}

TEST(map_registers_serve_again_after_the_flush)
{
    DDI_SHOWS_MEMBER(DMA_OPERATIONS, MapTransfer, RESULTS);
    set_up(1, &(struct posix_dma){.logical = scatter});
    allocate(2);
    for (ULONG offset = 0; offset < 16 * PAGE_SIZE;) {
        ULONG length = 16 * PAGE_SIZE - offset;
        (void)map(offset, &length, FALSE);
        CHECK_EQ(length, 2 * PAGE_SIZE);
        CHECK(flush(offset, length, FALSE));
        offset += length;
    }
    free_registers(2);
    CHECK_EQ(posix_dma_open(), 0);
    tear_down();
}

// --- Copied

static const struct posix_dma copying = {.copying = true, .map_registers = 8, .logical = scatter};

TEST(a_copied_transfer_shows_the_device_nothing_of_the_requester)
{
    DDI_SHOWS_MEMBER(DMA_OPERATIONS, MapTransfer, RESULTS);
    DDI_SHOWS_MEMBER(DMA_OPERATIONS, FlushAdapterBuffers, RESULTS);
    set_up(1, &copying);
    unsigned opened = posix_dma_opened();
    CHECK_EQ(registers, 8);
    allocate(8);
    ULONG length = 5000;
    PUCHAR seen = device_memory(map(300, &length, TRUE));
    CHECK_EQ(length, 5000); // in one piece, whatever the pages are
    CHECK(seen < data || seen >= data + PAGES_MOST * PAGE_SIZE);
    CHECK_MEM(seen, data + 300, 5000);
    CHECK_EQ((uintptr_t)seen & 0xfff, 300); // as in the page it comes from
    CHECK(flush(300, 5000, TRUE));
    CHECK_EQ(seen[0] | seen[4999], 0); // nothing is left for the next one
    length = 2 * PAGE_SIZE;
    seen = device_memory(map(PAGE_SIZE, &length, FALSE));
    CHECK_EQ(seen[0] | seen[2 * PAGE_SIZE - 1], 0); // a reading device gets no old data to see
    memset(seen, 0x77, 2 * PAGE_SIZE);
    CHECK(data[PAGE_SIZE] != 0x77);
    CHECK(flush(PAGE_SIZE, 100, FALSE)); // a short transfer: that much arrives
    CHECK(data[PAGE_SIZE] == 0x77 && data[PAGE_SIZE + 99] == 0x77);
    CHECK(data[PAGE_SIZE + 100] != 0x77);
    free_registers(8);
    CHECK_EQ(posix_dma_opened(), opened); // not one page
    tear_down();
}

TEST(what_the_mark_does_not_apply_to)
{
    DDI_SHOWS_MEMBER(DMA_OPERATIONS, MapTransfer, RESULTS);
    struct posix_dma enforced = copying;
    enforced.enforced = true; // the device is confined anyway
    set_up(1, &enforced);
    CHECK_EQ(registers, 17);
    allocate(1);
    ULONG length = 512;
    CHECK_EQ(map(0, &length, TRUE), SCATTERED);
    CHECK(flush(0, 512, TRUE));
    free_registers(1);
    tear_down();
}

// A device of 32 bits where pages lie higher, and one that takes only one piece.
TEST(a_device_that_cannot_reach_its_buffer_gets_a_copy)
{
    DDI_SHOWS_MEMBER(DMA_OPERATIONS, MapTransfer, RESULTS);
    set_up(2, &(struct posix_dma){.logical = scatter});
    dma->PutDmaAdapter(adapter);
    DEVICE_DESCRIPTION description = description_of(2);
    description.Dma64BitAddresses = FALSE;
    get_adapter(&description);
    allocate(4);
    ULONG length = 3 * PAGE_SIZE;
    uint64_t logical = map(8, &length, TRUE);
    CHECK(logical + length - 1 <= MAXULONG && length == 3 * PAGE_SIZE);
    CHECK_MEM(device_memory(logical), data + 8, length);
    CHECK(flush(8, length, TRUE));
    CHECK_EQ(posix_dma_open(), 0); // what was tried is closed
    free_registers(4);
    dma->PutDmaAdapter(adapter);
    description = description_of(2);
    description.ScatterGather = FALSE;
    get_adapter(&description);
    allocate(4);
    length = 2 * PAGE_SIZE;
    CHECK_EQ(map(0, &length, TRUE), SCATTERED); // two neighbours: no copy
    CHECK_EQ(length, 2 * PAGE_SIZE);
    CHECK(flush(0, length, TRUE));
    logical = map(PAGE_SIZE, &length, TRUE);
    CHECK(logical < SCATTERED || logical > SCATTERED + 0x1000000);
    CHECK_EQ(length, 2 * PAGE_SIZE); // length is not shortened without scatter/gather
    CHECK_MEM(device_memory(logical), data + PAGE_SIZE, length);
    CHECK(flush(PAGE_SIZE, length, TRUE));
    free_registers(4);
    tear_down();
}

// --- Failures and rules

TEST(a_page_that_cannot_be_opened_is_not_mapped)
{
    DDI_SHOWS_MEMBER(DMA_OPERATIONS, MapTransfer, ERRORS);
    set_up(1, &(struct posix_dma){.refusal = STATUS_ACCESS_DENIED});
    allocate(1);
    ULONG length = 512;
    CHECK_EQ(map(0, &length, TRUE), 0);
    CHECK_EQ(length, 0);
    free_registers(1);
    tear_down();
}

struct call {
    PMDL Mdl;
    PVOID Base;
    PVOID Va;
    ULONG Length;
    BOOLEAN Write;
};

static void map_call(void *context)
{
    struct call *call = context;
    ULONG length = call->Length;
    (void)dma->MapTransfer(adapter, call->Mdl, call->Base, call->Va, &length, call->Write);
}

static void flush_call(void *context)
{
    struct call *call = context;
    (void)dma->FlushAdapterBuffers(adapter, call->Mdl, call->Base, call->Va, call->Length,
                                   call->Write);
}

static bool breaks(void (*routine)(void *), struct call call, unsigned code, const char *rule)
{
    bool died = dies(routine, &call, rule);
    return died && broken_rule() == code;
}

static void free_with_count(void *count)
{
    free_registers((ULONG)(ULONG_PTR)count);
}

TEST(rules_of_mapping)
{
    DDI_SHOWS_MEMBER(DMA_OPERATIONS, MapTransfer, ERRORS);
    DDI_SHOWS_MEMBER(DMA_OPERATIONS, FreeMapRegisters, ERRORS);
    set_up(1, NULL);
    allocate(2);
    PMDL unlocked = IoAllocateMdl(data, 100, FALSE, FALSE, NULL);
    struct call call = {mdl, base, va_of(0), 512, TRUE};
    struct call bad = call;
    bad.Base = NULL;
    CHECK(breaks(map_call, bad, 0x00, "map registers that are not allocated"));
    bad = call, bad.Length = 0;
    CHECK(breaks(map_call, bad, 0x21, "a buffer of no bytes"));
    bad = call, bad.Va = va_of(PAGES_MOST * PAGE_SIZE);
    CHECK(breaks(map_call, bad, 0x1b, "outside of the MDL"));
    bad = call, bad.Length = PAGES_MOST * PAGE_SIZE + 1;
    CHECK(breaks(map_call, bad, 0x1f, "more bytes than the MDL describes"));
    bad = call, bad.Mdl = unlocked;
    CHECK(breaks(map_call, bad, 0x0e, "pages are not locked"));
    map_call(&call);
    call.Va = va_of(PAGE_SIZE);
    map_call(&call);
    call.Va = va_of(4 * PAGE_SIZE);
    CHECK(breaks(map_call, call, 0x0d, "did not flush its adapter buffers"));
    CHECK(dies(free_with_count, (void *)2, "was not flushed"));
    CHECK_EQ(broken_rule(), 0x10);
    IoFreeMdl(unlocked);
}

TEST(rules_of_flushing)
{
    DDI_SHOWS_MEMBER(DMA_OPERATIONS, FlushAdapterBuffers, ERRORS);
    set_up(1, NULL);
    allocate(2);
    struct call call = {mdl, base, va_of(512), 512, TRUE};
    CHECK(breaks(flush_call, call, 0x20, "that MapTransfer has not mapped"));
    map_call(&call);
    struct call bad = call;
    bad.Va = va_of(PAGE_SIZE);
    CHECK(breaks(flush_call, bad, 0x20, "that MapTransfer has not mapped"));
    bad = call, bad.Va = (PUCHAR)va_of(0) - 1;
    CHECK(breaks(flush_call, bad, 0x1b, "outside of the MDL"));
    CHECK(!flush(512, 512, FALSE)); // the other direction
    CHECK(flush(512, 512, TRUE));
    CHECK(breaks(flush_call, call, 0x20, "that MapTransfer has not mapped"));
    free_registers(2);
    tear_down();
}

static void map_and_flush(void *unused)
{
    (void)unused;
    struct call call = {mdl, base, va_of(0), 512, TRUE};
    map_call(&call);
    flush_call(&call);
}

static void flush_only(void *unused)
{
    (void)unused;
    struct call call = {mdl, base, va_of(0), 512, TRUE};
    flush_call(&call);
}

TEST(irql_of_mapping_and_flushing)
{
    DDI_SHOWS_MEMBER(DMA_OPERATIONS, MapTransfer, IRQL);
    DDI_SHOWS_MEMBER(DMA_OPERATIONS, FlushAdapterBuffers, IRQL);
    set_up(1, NULL);
    allocate(1);
    CHECK(at_most(map_and_flush, DISPATCH_LEVEL, "MapTransfer above DISPATCH_LEVEL"));
    (void)KfRaiseIrql(DISPATCH_LEVEL + 1);
    CHECK(dies(flush_only, NULL, "FlushAdapterBuffers above DISPATCH_LEVEL"));
    free_registers(1);
    tear_down();
}

// --- The names of older sources

static IO_ALLOCATION_ACTION keep_object(PDEVICE_OBJECT d, PIRP irp, PVOID b, PVOID context)
{
    (void)d, (void)irp, (void)context;
    base = b;
    return KeepObject;
}

TEST(a_transfer_by_the_older_names)
{
    PHYSICAL_ADDRESS logical;
    set_up(1, &copying);
    PVOID common = HalAllocateCommonBuffer(adapter, 100, &logical, FALSE);
    CHECK(common != NULL);
    HalFreeCommonBuffer(adapter, 100, logical, common, FALSE);
    AT_DISPATCH(IoAllocateAdapterChannel(adapter, device, 2, keep_object, NULL));
    ULONG length = 512;
    logical = IoMapTransfer(adapter, mdl, base, va_of(0), &length, TRUE);
    CHECK_MEM(device_memory((uint64_t)logical.QuadPart), data, 512);
    CHECK(IoFlushAdapterBuffers(adapter, mdl, base, va_of(0), 512, TRUE));
    AT_DISPATCH((IoFreeAdapterChannel(adapter), 0)); // and the map registers
    AT_DISPATCH(IoAllocateAdapterChannel(adapter, device, 8, keep_registers, NULL));
    AT_DISPATCH((IoFreeMapRegisters(adapter, base, 8), 0));
    tear_down();
}
