// SPDX-License-Identifier: MIT
//
// Scatter/gather lists of all versions: what is in them, who owns their memory, when they wait.

#include "test_dma.h"

static PSCATTER_GATHER_LIST seen;
static int calls;
static KIRQL routine_irql;

static VOID take(PDEVICE_OBJECT d, PIRP irp, PSCATTER_GATHER_LIST list, PVOID context)
{
    (void)d, (void)irp;
    seen = list;
    calls++;
    routine_irql = KeGetCurrentIrql();
    if (context != NULL)
        *(PSCATTER_GATHER_LIST *)context = list;
}

static NTSTATUS get(PMDL m, ULONG offset, ULONG length, BOOLEAN write, PSCATTER_GATHER_LIST *to)
{
    KIRQL old = KeRaiseIrqlToDpcLevel();
    NTSTATUS status = dma->GetScatterGatherList(
        adapter, device, m, (PUCHAR)MmGetMdlVirtualAddress(m) + offset, length, take, to, write);
    KeLowerIrql(old);
    return status;
}

static void put(PSCATTER_GATHER_LIST list, BOOLEAN write)
{
    AT_DISPATCH((dma->PutScatterGatherList(adapter, list, write), 0));
}

// The list shows exactly these bytes of the buffer.
static bool shows(PSCATTER_GATHER_LIST list, const UCHAR *bytes, ULONG length)
{
    for (ULONG i = 0; i < list->NumberOfElements; i++) {
        ULONG here = list->Elements[i].Length;
        if (here > length ||
            memcmp(device_memory((uint64_t)list->Elements[i].Address.QuadPart), bytes, here) != 0)
            return false;
        bytes += here;
        length -= here;
    }
    return length == 0;
}

TEST(a_list_covers_exactly_the_range)
{
    DDI_SHOWS_MEMBER(DMA_OPERATIONS, GetScatterGatherList, RESULTS);
    DDI_SHOWS_MEMBER(DMA_OPERATIONS, PutScatterGatherList, RESULTS);
    set_up(1, NULL);
    CHECK_EQ(get(mdl, 100, 0x5000, TRUE, NULL), STATUS_SUCCESS);
    CHECK_EQ(routine_irql, DISPATCH_LEVEL);
    CHECK_EQ(seen->NumberOfElements, 1); // neighbours are one
    CHECK_EQ(seen->Elements[0].Address.QuadPart, (LONGLONG)(ULONG_PTR)(data + 100));
    CHECK_EQ(seen->Elements[0].Length, 0x5000);
    CHECK_EQ(posix_dma_open(), 6);
    put(seen, TRUE);
    CHECK_EQ(posix_dma_open(), 0);
    posix_set_dma(&(struct posix_dma){.logical = scatter});
    CHECK_EQ(get(mdl, 3 * PAGE_SIZE - 10, 0xf000, FALSE, NULL), STATUS_SUCCESS);
    CHECK_EQ(seen->NumberOfElements, 8);
    CHECK(shows(seen, data + 3 * PAGE_SIZE - 10, 0xf000));
    put(seen, FALSE);
    tear_down();
}

// Three MDLs, of odd lengths, one after the other.
static PMDL chain(PMDL parts[3])
{
    static const ULONG at[] = {10, 3 * PAGE_SIZE + 5, 9 * PAGE_SIZE}, bytes[] = {2000, 5000, 700};
    for (int i = 0; i < 3; i++) {
        parts[i] = IoAllocateMdl(data + at[i], bytes[i], FALSE, FALSE, NULL);
        MmBuildMdlForNonPagedPool(parts[i]);
    }
    parts[0]->Next = parts[1];
    parts[1]->Next = parts[2];
    return parts[0];
}

static void drop_chain(PMDL parts[3])
{
    for (int i = 0; i < 3; i++)
        IoFreeMdl(parts[i]);
}

static void chained(const struct posix_dma *how, ULONG elements)
{
    PMDL parts[3];
    set_up(1, how);
    PMDL first = chain(parts);
    UCHAR expected[7000];
    memcpy(expected, data + 510, 1500);
    memcpy(expected + 1500, data + 3 * PAGE_SIZE + 5, 5000);
    memcpy(expected + 6500, data + 9 * PAGE_SIZE, 500);
    CHECK_EQ(get(first, 500, 7000, TRUE, NULL), STATUS_SUCCESS);
    CHECK_EQ(seen->NumberOfElements, elements);
    CHECK(shows(seen, expected, 7000));
    put(seen, TRUE);
    CHECK_EQ(get(first, 500, 7000, FALSE, NULL), STATUS_SUCCESS);
    for (ULONG i = 0, n = 0; i < seen->NumberOfElements; i++)
        for (ULONG j = 0; j < seen->Elements[i].Length; j++)
            ((PUCHAR)device_memory((uint64_t)seen->Elements[i].Address.QuadPart))[j] =
                (UCHAR)(n++ * 7);
    put(seen, FALSE);
    CHECK_EQ(data[510], 0);
    CHECK_EQ(data[10 + 1999], (UCHAR)(1499 * 7));
    CHECK_EQ(data[3 * PAGE_SIZE + 5], (UCHAR)(1500 * 7));
    CHECK_EQ(data[9 * PAGE_SIZE + 499], (UCHAR)(6999 * 7));
    CHECK(data[9 * PAGE_SIZE + 500] != (UCHAR)(7000 * 7)); // and not a byte more
    CHECK_EQ(get(first, 500, 7201, TRUE, NULL), STATUS_BUFFER_TOO_SMALL);
    CHECK_EQ(posix_dma_open(), 0);
    drop_chain(parts);
    tear_down();
}

TEST(chains_of_mdls_are_one_buffer)
{
    DDI_SHOWS_MEMBER(DMA_OPERATIONS, GetScatterGatherList, RESULTS | ERRORS);
    chained(&(struct posix_dma){.logical = scatter}, 4);
    chained(&(struct posix_dma){.copying = true}, 1);
}

// --- Waiting for map registers

static const struct posix_dma few = {.copying = true, .map_registers = 4, .logical = scatter};

TEST(lists_wait_for_map_registers_in_order)
{
    DDI_SHOWS_MEMBER(DMA_OPERATIONS, GetScatterGatherList, RESULTS);
    DDI_SHOWS_MEMBER(DMA_OPERATIONS, PutScatterGatherList, RESULTS);
    PSCATTER_GATHER_LIST list[5] = {0};
    set_up(1, &few);
    unsigned opened = posix_dma_opened();
    calls = 0;
    CHECK_EQ(get(mdl, 0, 2 * PAGE_SIZE, TRUE, &list[0]), STATUS_SUCCESS);
    CHECK_EQ(get(mdl, 4 * PAGE_SIZE, PAGE_SIZE, FALSE, &list[1]), STATUS_SUCCESS);
    CHECK_EQ(get(mdl, 5 * PAGE_SIZE, 3 * PAGE_SIZE, TRUE, &list[2]), STATUS_SUCCESS);
    CHECK_EQ(get(mdl, 9 * PAGE_SIZE, PAGE_SIZE, TRUE, &list[3]), STATUS_SUCCESS);
    CHECK_EQ(calls, 2); // nobody overtakes, though there is a register for the fourth
    memset(device_memory((uint64_t)list[1]->Elements[0].Address.QuadPart), 0x5a, PAGE_SIZE);
    put(list[1], FALSE);
    CHECK_EQ(data[5 * PAGE_SIZE - 1], 0x5a);
    CHECK_EQ(calls, 2);
    data[5 * PAGE_SIZE] = 0xee; // still the driver's: it is copied when the list's turn comes
    put(list[0], TRUE);
    CHECK_EQ(calls, 4);
    CHECK(shows(list[2], data + 5 * PAGE_SIZE, 3 * PAGE_SIZE));
    CHECK(shows(list[3], data + 9 * PAGE_SIZE, PAGE_SIZE));
    put(list[2], TRUE);
    put(list[3], TRUE);
    CHECK_EQ(get(mdl, 1, 4 * PAGE_SIZE, TRUE, &list[4]), STATUS_INSUFFICIENT_RESOURCES);
    CHECK_EQ(posix_dma_opened(), opened);
    tear_down();
}

// A driver that puts its list back in the routine: a long queue needs no deep stack.
static int depth, deepest;
static VOID put_at_once(PDEVICE_OBJECT d, PIRP irp, PSCATTER_GATHER_LIST list, PVOID context)
{
    (void)d, (void)irp, (void)context;
    calls++;
    deepest = ++depth > deepest ? depth : deepest;
    dma->PutScatterGatherList(adapter, list, TRUE);
    depth--;
}

TEST(a_queue_of_lists_is_no_recursion)
{
    DDI_SHOWS_MEMBER(DMA_OPERATIONS, GetScatterGatherList, RESULTS);
    PSCATTER_GATHER_LIST all;
    set_up(1, &few);
    CHECK_EQ(get(mdl, 0, 4 * PAGE_SIZE, TRUE, &all), STATUS_SUCCESS);
    calls = depth = deepest = 0;
    for (int i = 0; i < 100; i++)
        AT_DISPATCH(dma->GetScatterGatherList(adapter, device, mdl, va_of(0), PAGE_SIZE,
                                              put_at_once, NULL, TRUE));
    CHECK_EQ(calls, 0);
    put(all, TRUE);
    CHECK_EQ(calls, 100);
    CHECK(deepest <= 2);
    tear_down();
}

// --- Errors and rules

static struct {
    PMDL Mdl;
    ULONG Offset, Length;
} asked;

static void get_asked(void *unused)
{
    (void)unused;
    (void)get(asked.Mdl, asked.Offset, asked.Length, TRUE, NULL);
}

static bool breaks(PMDL m, ULONG offset, ULONG length, unsigned code, const char *rule)
{
    asked.Mdl = m, asked.Offset = offset, asked.Length = length;
    bool died = dies(get_asked, NULL, rule);
    return died && broken_rule() == code;
}

static void put_seen(void *unused)
{
    (void)unused;
    put(seen, TRUE);
}

static void put_adapter(void *unused)
{
    (void)unused;
    dma->PutDmaAdapter(adapter);
}

TEST(rules_of_lists)
{
    DDI_SHOWS_MEMBER(DMA_OPERATIONS, GetScatterGatherList, ERRORS);
    DDI_SHOWS_MEMBER(DMA_OPERATIONS, PutScatterGatherList, ERRORS);
    set_up(1, NULL);
    PMDL unlocked = IoAllocateMdl(data, 100, FALSE, FALSE, NULL);
    CHECK(breaks(mdl, 0, 0, 0x21, "a buffer of no bytes"));
    CHECK(breaks(mdl, PAGES_MOST * PAGE_SIZE, 1, 0x1b, "outside of the MDL"));
    CHECK(breaks(unlocked, 0, 1, 0x0e, "pages are not locked"));
    CHECK_EQ(get(mdl, 0, 18 * PAGE_SIZE, TRUE, NULL), STATUS_INSUFFICIENT_RESOURCES);
    CHECK_EQ(get(mdl, 1, PAGES_MOST * PAGE_SIZE, TRUE, NULL), STATUS_BUFFER_TOO_SMALL);
    posix_set_dma(&(struct posix_dma){.refusal = STATUS_ACCESS_DENIED});
    CHECK_EQ(get(mdl, 0, 100, TRUE, NULL), STATUS_ACCESS_DENIED);
    posix_set_dma(NULL);
    CHECK_EQ(get(mdl, 0, 100, TRUE, NULL), STATUS_SUCCESS);
    CHECK(dies(put_adapter, NULL, "lists that were not put back"));
    CHECK_EQ(broken_rule(), 0x0a);
    put(seen, TRUE);
    CHECK(dies(put_seen, NULL, "put back already"));
    CHECK_EQ(broken_rule(), 0x06);
    IoFreeMdl(unlocked);
    tear_down();
}

static void get_now(void *unused)
{
    (void)unused;
    (void)dma->GetScatterGatherList(adapter, device, mdl, va_of(0), 100, take, NULL, TRUE);
}

static void get_and_put(void *unused)
{
    get_now(unused);
    dma->PutScatterGatherList(adapter, seen, TRUE);
}

static void put_now(void *unused)
{
    (void)unused;
    dma->PutScatterGatherList(adapter, seen, TRUE);
}

TEST(lists_belong_to_dispatch_level)
{
    DDI_SHOWS_MEMBER(DMA_OPERATIONS, GetScatterGatherList, IRQL);
    DDI_SHOWS_MEMBER(DMA_OPERATIONS, PutScatterGatherList, IRQL);
    set_up(1, NULL);
    CHECK(exactly_dispatch(get_and_put, "GetScatterGatherList below DISPATCH_LEVEL",
                           "GetScatterGatherList above DISPATCH_LEVEL"));
    AT_DISPATCH((get_now(NULL), 0));
    CHECK(dies(put_now, NULL, "PutScatterGatherList below DISPATCH_LEVEL"));
    (void)KfRaiseIrql(DISPATCH_LEVEL + 1);
    CHECK(dies(put_now, NULL, "PutScatterGatherList above DISPATCH_LEVEL"));
    put(seen, TRUE);
    tear_down();
}

// --- Version 2: memory of the driver's

static PUCHAR buffer;
static ULONG buffer_bytes;

static NTSTATUS build(ULONG offset, ULONG length, ULONG bytes)
{
    KIRQL old = KeRaiseIrqlToDpcLevel();
    NTSTATUS status = dma->BuildScatterGatherList(adapter, device, mdl, va_of(offset), length, take,
                                                  NULL, TRUE, bytes != 0 ? buffer : NULL, bytes);
    KeLowerIrql(old);
    return status;
}

static void build_now(void *unused)
{
    (void)unused;
    (void)dma->BuildScatterGatherList(adapter, device, mdl, va_of(0), 100, take, NULL, TRUE, buffer,
                                      buffer_bytes);
    dma->PutScatterGatherList(adapter, seen, TRUE);
}

static void size_at_any_level(void *bytes)
{
    (void)dma->CalculateScatterGatherList(adapter, mdl, va_of(0), 100, bytes, NULL);
}

TEST(a_list_in_memory_of_the_driver)
{
    DDI_SHOWS_MEMBER(DMA_OPERATIONS, BuildScatterGatherList, RESULTS | ERRORS | IRQL);
    DDI_SHOWS_MEMBER(DMA_OPERATIONS, CalculateScatterGatherList, RESULTS | ERRORS);
    ULONG count, most;
    set_up(2, &(struct posix_dma){.logical = scatter});
    CHECK_EQ(dma->CalculateScatterGatherList(adapter, mdl, va_of(100), 5 * PAGE_SIZE, &buffer_bytes,
                                             &count),
             STATUS_SUCCESS);
    CHECK_EQ(count, 6);
    CHECK_EQ(dma->CalculateScatterGatherList(adapter, NULL, NULL, 5 * PAGE_SIZE, &most, &count),
             STATUS_SUCCESS);
    CHECK_EQ(count, 6); // at the worst offset
    CHECK_EQ(most, buffer_bytes);
    CHECK_EQ(dma->CalculateScatterGatherList(adapter, mdl, va_of(1), PAGES_MOST * PAGE_SIZE, &most,
                                             &count),
             STATUS_BUFFER_TOO_SMALL);
    CHECK_EQ(dma->CalculateScatterGatherList(adapter, mdl, va_of(0), 18 * PAGE_SIZE, &most, NULL),
             STATUS_INSUFFICIENT_RESOURCES);
    KIRQL old = KfRaiseIrql(DISPATCH_LEVEL + 1);
    size_at_any_level(&most);
    KeLowerIrql(old);
    buffer = ExAllocatePool2(POOL_FLAG_NON_PAGED, buffer_bytes, 'tseT');
    CHECK_EQ(build(100, 5 * PAGE_SIZE, buffer_bytes - 1), STATUS_BUFFER_TOO_SMALL);
    CHECK_EQ(build(100, 5 * PAGE_SIZE, 0), STATUS_BUFFER_TOO_SMALL);
    CHECK_EQ(build(1, PAGES_MOST * PAGE_SIZE, buffer_bytes), STATUS_BUFFER_TOO_SMALL);
    CHECK_EQ(build(0, 18 * PAGE_SIZE, buffer_bytes), STATUS_INSUFFICIENT_RESOURCES);
    CHECK_EQ(build(100, 5 * PAGE_SIZE, buffer_bytes), STATUS_SUCCESS);
    CHECK((PUCHAR)seen == buffer && shows(seen, data + 100, 5 * PAGE_SIZE));
    put(seen, TRUE);
    CHECK(exactly_dispatch(build_now, "BuildScatterGatherList below DISPATCH_LEVEL",
                           "BuildScatterGatherList above DISPATCH_LEVEL"));
    ExFreePool(buffer);
    tear_down();
}

static PMDL copy_mdl;
static void build_mdl(void *unused)
{
    (void)unused;
    (void)dma->BuildMdlFromScatterGatherList(adapter, seen, mdl, &copy_mdl);
}

TEST(an_mdl_of_what_the_device_uses)
{
    DDI_SHOWS_MEMBER(DMA_OPERATIONS, BuildMdlFromScatterGatherList, RESULTS | ERRORS | IRQL);
    set_up(2, NULL);
    CHECK_EQ(get(mdl, 100, 5000, TRUE, NULL), STATUS_SUCCESS);
    CHECK_EQ(dma->BuildMdlFromScatterGatherList(adapter, seen, NULL, &copy_mdl),
             STATUS_INVALID_PARAMETER);
    CHECK_EQ(dma->BuildMdlFromScatterGatherList(adapter, seen, mdl, &copy_mdl), STATUS_SUCCESS);
    CHECK(copy_mdl == mdl); // there is no copy
    CHECK(at_most(build_mdl, DISPATCH_LEVEL, "BuildMdlFromScatterGatherList above"));
    put(seen, TRUE);
    tear_down();
    set_up(2, &few);
    CHECK_EQ(get(mdl, 100, 5000, TRUE, NULL), STATUS_SUCCESS);
    CHECK_EQ(dma->BuildMdlFromScatterGatherList(adapter, seen, mdl, &copy_mdl), STATUS_SUCCESS);
    CHECK(copy_mdl != mdl && MmGetMdlByteCount(copy_mdl) == 5000);
    CHECK_MEM(MmGetSystemAddressForMdlSafe(copy_mdl, NormalPagePriority), data + 100, 5000);
    CHECK_EQ(dma->BuildMdlFromScatterGatherList(adapter, seen, mdl, &copy_mdl), STATUS_NONE_MAPPED);
    put(seen, TRUE); // frees it
    tear_down();
}
