// SPDX-License-Identifier: MIT
//
// Lists of one page, which have a short way of their own: where the page's address lasts nothing is
// opened for them; else one page is, and closed with the list. Everything else goes the long way,
// and rules that are broken are found on either.

#include "test_dma.h"

static const struct posix_dma lasting = {.logical = scatter, .lasting = true},
                              opening = {.logical = scatter};
static PSCATTER_GATHER_LIST seen;
static KIRQL routine_irql;

static VOID take(PDEVICE_OBJECT d, PIRP irp, PSCATTER_GATHER_LIST list, PVOID context)
{
    (void)irp;
    seen = d == device ? list : NULL;
    routine_irql = KeGetCurrentIrql();
    if (context != NULL)
        *(PSCATTER_GATHER_LIST *)context = list;
}

static NTSTATUS get(PMDL m, ULONG offset, ULONG length, BOOLEAN write, PSCATTER_GATHER_LIST *to)
{
    NTSTATUS status;
    AT_DISPATCH(status = dma->GetScatterGatherList(adapter, device, m,
                                                   (PUCHAR)MmGetMdlVirtualAddress(m) + offset,
                                                   length, take, to, write));
    return status;
}

static void put(PSCATTER_GATHER_LIST list)
{
    AT_DISPATCH((dma->PutScatterGatherList(adapter, list, TRUE), 0));
}

// The first list of an adapter makes the memory that later ones use again.
static void begin(const struct posix_dma *how)
{
    set_up(1, how);
    CHECK_EQ(get(mdl, 0, 1, TRUE, NULL), STATUS_SUCCESS);
    put(seen);
    CHECK_EQ(posix_dma_open(), 0);
}

static bool is(PSCATTER_GATHER_LIST list, ULONG offset, ULONG length)
{
    return list->NumberOfElements == 1 && list->Elements[0].Length == length &&
           (uint64_t)list->Elements[0].Address.QuadPart ==
               scatter((uintptr_t)data + offset / PAGE_SIZE * PAGE_SIZE) + offset % PAGE_SIZE;
}

static void one_page(const struct posix_dma *how, unsigned opens)
{
    PSCATTER_GATHER_LIST first, second;
    begin(how);
    unsigned opened = posix_dma_opened();
    for (ULONG page = 0; page < PAGES_MOST; page++) {
        ULONG at = page * PAGE_SIZE, in_page = page * 100;
        CHECK_EQ(get(mdl, at + in_page, PAGE_SIZE - in_page, page % 2 != 0, NULL), STATUS_SUCCESS);
        CHECK(is(seen, at + in_page, PAGE_SIZE - in_page));
        CHECK_EQ(routine_irql, DISPATCH_LEVEL);
        CHECK_EQ(posix_dma_open(), opens);
        put(seen);
        CHECK_EQ(posix_dma_open(), 0);
    }
    CHECK_EQ(posix_dma_opened() - opened, opens * PAGES_MOST);
    CHECK_EQ(get(mdl, 8192, 512, TRUE, &first), STATUS_SUCCESS);
    CHECK_EQ(get(mdl, 8192, 512, FALSE, &second), STATUS_SUCCESS); // needs new memory: the long way
    CHECK(first != second && is(first, 8192, 512) && is(second, 8192, 512));
    put(first);
    CHECK_EQ(get(mdl, 4096, 4096, TRUE, &first), STATUS_SUCCESS);
    CHECK(is(second, 8192, 512) && is(first, 4096, 4096));
    put(second);
    put(first);
    CHECK_EQ(posix_dma_open(), 0);
    tear_down();
}

TEST(nothing_is_opened_where_addresses_last)
{
    one_page(&lasting, 0);
}

TEST(one_page_is_opened_and_closed)
{
    one_page(&opening, 1);
}

// More than the adapter keeps memory for: the last ones are put back the longer way.
#define MANY 70
TEST(more_lists_than_are_kept)
{
    PSCATTER_GATHER_LIST all[MANY];
    begin(&lasting);
    for (int round = 0; round < 3; round++) {
        for (ULONG i = 0; i < MANY; i++) {
            CHECK_EQ(get(mdl, i % PAGES_MOST * PAGE_SIZE, 100, TRUE, &all[i]), STATUS_SUCCESS);
            CHECK(is(all[i], i % PAGES_MOST * PAGE_SIZE, 100));
        }
        for (ULONG i = MANY; i-- > 0;) // those in new memory first
            put(all[i]);
        CHECK_EQ(posix_dma_open(), 0);
    }
    tear_down();
}

// Two pages, an MDL behind the first, what an MDL has not got, a device that cannot reach it.
TEST(the_rest_goes_the_long_way)
{
    begin(&lasting);
    PMDL tail = IoAllocateMdl(data + 6 * PAGE_SIZE, 300, FALSE, FALSE, NULL);
    PMDL head = IoAllocateMdl(data + 2 * PAGE_SIZE, 200, FALSE, FALSE, NULL);
    MmBuildMdlForNonPagedPool(tail);
    MmBuildMdlForNonPagedPool(head);
    head->Next = tail;
    CHECK_EQ(get(mdl, PAGE_SIZE - 1, 2, TRUE, NULL), STATUS_SUCCESS);
    CHECK_EQ(posix_dma_open(), 2);
    put(seen);
    CHECK_EQ(get(head, 100, 150, TRUE, NULL), STATUS_SUCCESS);
    CHECK_EQ(seen->NumberOfElements, 2);
    put(seen);
    CHECK_EQ(get(head, 100, 401, TRUE, NULL), STATUS_BUFFER_TOO_SMALL);
    CHECK_EQ(get(head, 100, 100, TRUE, NULL), STATUS_SUCCESS);
    CHECK(is(seen, 2 * PAGE_SIZE + 100, 100));
    CHECK_EQ(posix_dma_open(), 0);
    put(seen);
    IoFreeMdl(tail);
    IoFreeMdl(head);
    tear_down();
}

static void copied(const struct posix_dma *how)
{
    DEVICE_DESCRIPTION description = description_of(1);
    begin(how);
    dma->PutDmaAdapter(adapter);
    description.Dma64BitAddresses = FALSE;
    description.Dma32BitAddresses = TRUE;
    get_adapter(&description);
    for (int i = 0; i < 3; i++) {
        CHECK_EQ(get(mdl, 4096, 4096, TRUE, NULL), STATUS_SUCCESS);
        CHECK((uint64_t)seen->Elements[0].Address.QuadPart + 4095 <= 0xffffffffu);
        CHECK_MEM(device_memory((uint64_t)seen->Elements[0].Address.QuadPart), data + 4096, 4096);
        put(seen);
        CHECK_EQ(posix_dma_open(), 0);
    }
    tear_down();
}

TEST(a_page_out_of_reach_is_copied)
{
    copied(&lasting);
    copied(&opening);
}

static void put_seen(void *unused)
{
    (void)unused;
    put(seen);
}

static void put_low(void *unused)
{
    (void)unused;
    dma->PutScatterGatherList(adapter, seen, TRUE);
}

static void get_low(void *unused)
{
    (void)unused;
    (void)dma->GetScatterGatherList(adapter, device, mdl, data, 100, take, NULL, TRUE);
}

static void get_nothing(void *unused)
{
    (void)unused;
    (void)get(mdl, 0, 0, TRUE, NULL);
}

static void put_adapter(void *unused)
{
    (void)unused;
    dma->PutDmaAdapter(adapter);
}

static void rules(const struct posix_dma *how)
{
    begin(how);
    CHECK(dies(get_low, NULL, "GetScatterGatherList below DISPATCH_LEVEL"));
    CHECK(dies(get_nothing, NULL, "a buffer of no bytes"));
    CHECK_EQ(get(mdl, 0, 100, TRUE, NULL), STATUS_SUCCESS);
    CHECK(dies(put_low, NULL, "PutScatterGatherList below DISPATCH_LEVEL"));
    CHECK(dies(put_adapter, NULL, "lists that were not put back"));
    CHECK_EQ(broken_rule(), 0x0a);
    PDMA_ADAPTER own = adapter;
    const DEVICE_DESCRIPTION description = description_of(1);
    get_adapter(&description);
    CHECK(dies(put_seen, NULL, "that this adapter did not make"));
    dma->PutDmaAdapter(adapter);
    adapter = own;
    put(seen);
    CHECK(dies(put_seen, NULL, "put back already"));
    CHECK_EQ(broken_rule(), 0x06);
    tear_down();
}

TEST(rules_are_found_on_the_short_way)
{
    rules(&lasting);
    rules(&opening);
}
