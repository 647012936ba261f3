// SPDX-License-Identifier: MIT
//
// Version 3 of the DMA operations: transfer contexts, channels and lists with or without a routine,
// MapTransferEx over chains, cancelling.

#include "test_dma.h"

static DECLSPEC_ALIGN(8) UCHAR room[3][DMA_TRANSFER_CONTEXT_SIZE_V1 + 1];
#define CONTEXT(n) (&room[n][(n) & 1]) // contexts need not be aligned

static PVOID base;
static int calls;
static KIRQL routine_irql;
static IO_ALLOCATION_ACTION action;

static IO_ALLOCATION_ACTION control(PDEVICE_OBJECT d, PIRP irp, PVOID b, PVOID context)
{
    (void)d, (void)irp, (void)context;
    base = b;
    calls++;
    routine_irql = KeGetCurrentIrql();
    return action;
}

static PSCATTER_GATHER_LIST seen;
static VOID take(PDEVICE_OBJECT d, PIRP irp, PSCATTER_GATHER_LIST list, PVOID context)
{
    (void)d, (void)irp, (void)context;
    seen = list;
    calls++;
    routine_irql = KeGetCurrentIrql();
}

static void fresh(const struct posix_dma *how)
{
    set_up(3, how);
    calls = 0;
    action = DeallocateObject;
    for (int i = 0; i < 3; i++)
        if (!NT_SUCCESS(dma->InitializeDmaTransferContext(adapter, CONTEXT(i))))
            abort();
}

static NTSTATUS allocate(int n, ULONG count, ULONG flags, PDRIVER_CONTROL routine, PVOID *result)
{
    return dma->AllocateAdapterChannelEx(adapter, device, CONTEXT(n), count, flags, routine, NULL,
                                         result);
}

static void put(PSCATTER_GATHER_LIST list)
{
    AT_DISPATCH((dma->PutScatterGatherList(adapter, list, TRUE), 0));
}

static const struct posix_dma few = {.copying = true, .map_registers = 4, .logical = scatter};

// --- Channels

TEST(a_channel_without_a_routine_is_given_back_by_the_driver)
{
    DDI_SHOWS_MEMBER(DMA_OPERATIONS, AllocateAdapterChannelEx, RESULTS);
    DDI_SHOWS_MEMBER(DMA_OPERATIONS, FreeAdapterObject, RESULTS);
    PVOID first, second;
    fresh(NULL);
    CHECK_EQ(allocate(0, 3, DMA_SYNCHRONOUS_CALLBACK, NULL, &first), STATUS_SUCCESS);
    CHECK_EQ(allocate(1, 3, DMA_SYNCHRONOUS_CALLBACK, NULL, &second),
             STATUS_INSUFFICIENT_RESOURCES); // the adapter object is taken
    dma->FreeAdapterObject(adapter, KeepObject);
    CHECK_EQ(allocate(1, 3, DMA_SYNCHRONOUS_CALLBACK, NULL, &second),
             STATUS_INSUFFICIENT_RESOURCES);
    dma->FreeAdapterObject(adapter, DeallocateObjectKeepRegisters);
    CHECK_EQ(allocate(1, 2, DMA_SYNCHRONOUS_CALLBACK, NULL, &second), STATUS_SUCCESS);
    dma->FreeAdapterObject(adapter, DeallocateObject);
    AT_DISPATCH((dma->FreeMapRegisters(adapter, first, 3), 0));
    tear_down();
}

TEST(a_channel_with_a_routine_comes_in_turn)
{
    DDI_SHOWS_MEMBER(DMA_OPERATIONS, AllocateAdapterChannelEx, RESULTS | ERRORS);
    fresh(&few);
    action = KeepObject;
    CHECK_EQ(allocate(0, 4, 0, control, NULL), STATUS_SUCCESS);
    CHECK_EQ(calls, 1);
    CHECK_EQ(routine_irql, DISPATCH_LEVEL);
    CHECK_EQ(allocate(1, 1, 0, control, NULL), STATUS_SUCCESS); // a second one of the device
    CHECK_EQ(allocate(2, 1, DMA_SYNCHRONOUS_CALLBACK, control, NULL),
             STATUS_INSUFFICIENT_RESOURCES);
    CHECK_EQ(calls, 1);
    action = DeallocateObject;
    AT_DISPATCH((dma->FreeAdapterChannel(adapter), 0));
    CHECK_EQ(calls, 2);
    CHECK_EQ(allocate(2, 1, DMA_SYNCHRONOUS_CALLBACK, control, NULL), STATUS_SUCCESS);
    CHECK_EQ(calls, 3);
    tear_down();
}

static void free_object(void *unused)
{
    (void)unused;
    dma->FreeAdapterObject(adapter, DeallocateObject);
}

static void allocate_and_free(void *unused)
{
    PVOID result;
    (void)allocate(0, 1, DMA_SYNCHRONOUS_CALLBACK, NULL, &result);
    free_object(unused);
}

TEST(refusals_of_channels)
{
    DDI_SHOWS_MEMBER(DMA_OPERATIONS, AllocateAdapterChannelEx, ERRORS | IRQL);
    DDI_SHOWS_MEMBER(DMA_OPERATIONS, FreeAdapterObject, ERRORS | IRQL);
    DDI_SHOWS_MEMBER(DMA_OPERATIONS, InitializeDmaTransferContext, ERRORS);
    PVOID result;
    UCHAR raw[DMA_TRANSFER_CONTEXT_SIZE_V1] = {0};
    fresh(NULL);
    CHECK_EQ(allocate(0, 1, 0, NULL, NULL), STATUS_INVALID_PARAMETER);
    CHECK_EQ(allocate(0, 1, 0, NULL, &result), STATUS_INVALID_PARAMETER);
    CHECK_EQ(allocate(0, 1, 0, control, &result), STATUS_INVALID_PARAMETER);
    CHECK_EQ(allocate(0, 1, DMA_SYNCHRONOUS_CALLBACK, NULL, NULL), STATUS_INVALID_PARAMETER);
    CHECK_EQ(allocate(0, 1, 2, control, NULL), STATUS_INVALID_PARAMETER); // no such flag
    CHECK_EQ(allocate(0, registers + 1, 0, control, NULL), STATUS_INSUFFICIENT_RESOURCES);
    CHECK_EQ(dma->AllocateAdapterChannelEx(adapter, device, raw, 1, 0, control, NULL, NULL),
             STATUS_INVALID_PARAMETER); // not initialised
    CHECK_EQ(dma->InitializeDmaTransferContext(adapter, NULL), STATUS_INVALID_PARAMETER);
    CHECK_EQ(calls, 0);
    CHECK(dies(free_object, NULL, "channel is not allocated"));
    CHECK_EQ(broken_rule(), 0x04);
    CHECK(at_most(allocate_and_free, DISPATCH_LEVEL, "AllocateAdapterChannelEx above"));
    (void)KfRaiseIrql(DISPATCH_LEVEL + 1);
    CHECK(dies(free_object, NULL, "FreeAdapterObject above DISPATCH_LEVEL"));
    tear_down();
}

static void initialize(void *unused)
{
    (void)unused;
    (void)dma->InitializeDmaTransferContext(adapter, CONTEXT(0));
}

static void cancel(void *unused)
{
    (void)unused;
    (void)dma->CancelAdapterChannel(adapter, device, CONTEXT(0));
}

TEST(what_waits_is_cancelled)
{
    DDI_SHOWS_MEMBER(DMA_OPERATIONS, CancelAdapterChannel, RESULTS | ERRORS | IRQL);
    DDI_SHOWS_MEMBER(DMA_OPERATIONS, InitializeDmaTransferContext, RESULTS | IRQL);
    fresh(&few);
    action = KeepObject;
    (void)allocate(0, 1, 0, control, NULL);
    CHECK(!dma->CancelAdapterChannel(adapter, device, CONTEXT(0))); // granted
    CHECK_EQ(allocate(1, 4, 0, control, NULL), STATUS_SUCCESS);
    CHECK_EQ(allocate(1, 4, 0, control, NULL), STATUS_INVALID_PARAMETER); // the context is in use
    CHECK_EQ(dma->GetScatterGatherListEx(adapter, device, CONTEXT(2), mdl, 0, 100, 0, take, NULL,
                                         TRUE, NULL, NULL, NULL),
             STATUS_SUCCESS);
    CHECK(dma->CancelAdapterChannel(adapter, device, CONTEXT(1)));
    CHECK(dma->CancelAdapterChannel(adapter, device, CONTEXT(2)));
    AT_DISPATCH((dma->FreeAdapterChannel(adapter), 0));
    CHECK_EQ(calls, 1); // neither is called
    CHECK_EQ(allocate(1, 1, 0, control, NULL), STATUS_CANCELLED);
    initialize(NULL);
    CHECK(dma->CancelAdapterChannel(adapter, device, CONTEXT(0))); // ahead of the request
    CHECK_EQ(allocate(0, 1, 0, control, NULL), STATUS_CANCELLED);
    CHECK_EQ(calls, 1);
    CHECK(!dma->CancelAdapterChannel(adapter, device, NULL));
    CHECK(at_most(initialize, DISPATCH_LEVEL, "InitializeDmaTransferContext above"));
    CHECK(at_most(cancel, DISPATCH_LEVEL, "CancelAdapterChannel above DISPATCH_LEVEL"));
    tear_down();
}

// --- MapTransferEx

#define LIST_ROOM 1024u
static DECLSPEC_ALIGN(8) UCHAR list_room[LIST_ROOM];

static NTSTATUS map(PMDL m, ULONGLONG offset, ULONG *length, BOOLEAN write, ULONG bytes)
{
    return dma->MapTransferEx(adapter, m, base, offset, 0, length, write,
                              bytes != 0 ? (PVOID)list_room : NULL, bytes, NULL, NULL);
}

static ULONG listed(const UCHAR *expected)
{
    PSCATTER_GATHER_LIST list = (PVOID)list_room;
    ULONG bytes = 0;
    for (ULONG i = 0; i < list->NumberOfElements; i++) {
        const void *at = device_memory((uint64_t)list->Elements[i].Address.QuadPart);
        if (memcmp(at, expected + bytes, list->Elements[i].Length) != 0)
            return 0;
        bytes += list->Elements[i].Length;
    }
    return bytes;
}

static void a_channel(ULONG count)
{
    (void)dma->InitializeDmaTransferContext(adapter, CONTEXT(0));
    (void)allocate(0, count, DMA_SYNCHRONOUS_CALLBACK, NULL, &base);
}

TEST(one_call_maps_a_list)
{
    DDI_SHOWS_MEMBER(DMA_OPERATIONS, MapTransferEx, RESULTS);
    DDI_SHOWS_MEMBER(DMA_OPERATIONS, FlushAdapterBuffersEx, RESULTS);
    DMA_TRANSFER_INFO info = {.Version = DMA_TRANSFER_INFO_VERSION1};
    fresh(&(struct posix_dma){.logical = scatter});
    ULONG length = 6 * PAGE_SIZE;
    CHECK_EQ(dma->GetDmaTransferInfo(adapter, mdl, 50, length, TRUE, &info), STATUS_SUCCESS);
    CHECK_EQ(info.V1.MapRegisterCount, 7);
    a_channel(info.V1.MapRegisterCount);
    CHECK_EQ(map(mdl, 50, &length, TRUE, info.V1.ScatterGatherListSize), STATUS_SUCCESS);
    CHECK_EQ(length, 6 * PAGE_SIZE);
    CHECK_EQ(listed(data + 50), 6 * PAGE_SIZE);
    CHECK_EQ(posix_dma_open(), 7);
    CHECK_EQ(dma->FlushAdapterBuffersEx(adapter, mdl, base, 50, length, TRUE), STATUS_SUCCESS);
    CHECK_EQ(posix_dma_open(), 0);
    dma->FreeAdapterObject(adapter, DeallocateObject);
    tear_down();
}

// Few map registers, a list with room for two elements, a copy: as much as can be, call by call.
static void in_parts(const struct posix_dma *how, ULONG count, ULONG elements)
{
    ULONG calls_needed = 0, done = 0;
    fresh(how);
    a_channel(count);
    while (done < 9 * PAGE_SIZE) {
        ULONG length = 9 * PAGE_SIZE - done;
        if (!NT_SUCCESS(map(mdl, 100 + done, &length, TRUE, 16 + elements * 24)))
            break;
        CHECK_EQ(listed(data + 100 + done), length);
        CHECK_EQ(dma->FlushAdapterBuffersEx(adapter, mdl, base, 100 + done, length, TRUE),
                 STATUS_SUCCESS);
        done += length;
        calls_needed++;
    }
    CHECK_EQ(done, 9 * PAGE_SIZE);
    CHECK(calls_needed > 1);
    CHECK_EQ(posix_dma_open(), 0);
    dma->FreeAdapterObject(adapter, DeallocateObject);
    tear_down();
}

TEST(a_call_maps_what_fits)
{
    DDI_SHOWS_MEMBER(DMA_OPERATIONS, MapTransferEx, RESULTS);
    in_parts(&(struct posix_dma){.logical = scatter}, 4, 10);
    in_parts(&(struct posix_dma){.logical = scatter}, 17, 2);
    in_parts(&few, 4, 1);
}

TEST(a_copied_read_over_a_chain_arrives)
{
    DDI_SHOWS_MEMBER(DMA_OPERATIONS, FlushAdapterBuffersEx, RESULTS);
    fresh(&few);
    PMDL next = IoAllocateMdl(data + 20 * PAGE_SIZE + 9, 300, FALSE, FALSE, NULL);
    MmBuildMdlForNonPagedPool(next);
    mdl->Next = next;
    a_channel(4);
    ULONG length = 500;
    ULONGLONG offset = PAGES_MOST * PAGE_SIZE - 200;
    CHECK_EQ(map(mdl, offset, &length, FALSE, LIST_ROOM), STATUS_SUCCESS);
    PSCATTER_GATHER_LIST list = (PVOID)list_room;
    CHECK(length == 500 && list->NumberOfElements == 1);
    memset(device_memory((uint64_t)list->Elements[0].Address.QuadPart), 0x66, 500);
    CHECK_EQ(dma->FlushAdapterBuffersEx(adapter, mdl, base, offset, length, FALSE), STATUS_SUCCESS);
    CHECK(data[PAGES_MOST * PAGE_SIZE - 200] == 0x66 && data[PAGES_MOST * PAGE_SIZE - 1] == 0x66);
    CHECK(data[20 * PAGE_SIZE + 9] == 0x66 && data[20 * PAGE_SIZE + 308] == 0x66);
    CHECK(data[20 * PAGE_SIZE + 309] != 0x66 && data[PAGES_MOST * PAGE_SIZE - 201] != 0x66);
    dma->FreeAdapterObject(adapter, DeallocateObject);
    mdl->Next = NULL;
    IoFreeMdl(next);
    tear_down();
}

static void map_twice(void *unused)
{
    ULONG length = 100;
    (void)unused;
    (void)map(mdl, 0, &length, TRUE, LIST_ROOM);
    (void)map(mdl, 100, &length, TRUE, LIST_ROOM);
}

static void map_once(void *unused)
{
    ULONG length = 100;
    (void)unused;
    (void)map(mdl, 0, &length, TRUE, LIST_ROOM);
}

static void flush_once(void *unused)
{
    (void)unused;
    (void)dma->FlushAdapterBuffersEx(adapter, mdl, base, 0, 100, TRUE);
}

static void map_and_flush(void *unused)
{
    map_once(unused);
    flush_once(unused);
}

static void completed(PDMA_ADAPTER a, PDEVICE_OBJECT d, PVOID context, DMA_COMPLETION_STATUS status)
{
    (void)a, (void)d, (void)context, (void)status;
}

TEST(refusals_and_rules_of_mapping)
{
    DDI_SHOWS_MEMBER(DMA_OPERATIONS, MapTransferEx, ERRORS | IRQL);
    DDI_SHOWS_MEMBER(DMA_OPERATIONS, FlushAdapterBuffersEx, ERRORS | IRQL);
    ULONG length = 100, none = 0;
    fresh(NULL);
    a_channel(4);
    CHECK_EQ(map(mdl, 0, &length, TRUE, 0), STATUS_INVALID_PARAMETER);
    CHECK_EQ(map(mdl, 0, &length, TRUE, 39), STATUS_INVALID_PARAMETER); // not one element
    CHECK_EQ(map(mdl, PAGES_MOST * PAGE_SIZE, &length, TRUE, LIST_ROOM), STATUS_INVALID_PARAMETER);
    CHECK_EQ(map(mdl, PAGES_MOST * PAGE_SIZE - 99, &length, TRUE, LIST_ROOM),
             STATUS_INVALID_PARAMETER);
    CHECK_EQ(map(NULL, 0, &length, TRUE, LIST_ROOM), STATUS_INVALID_PARAMETER);
    CHECK_EQ(dma->MapTransferEx(adapter, mdl, base, 0, 4, &length, TRUE, (PVOID)list_room,
                                LIST_ROOM, NULL, NULL),
             STATUS_INVALID_PARAMETER); // a device offset is for system DMA
    CHECK_EQ(dma->MapTransferEx(adapter, mdl, base, 0, 0, &length, TRUE, (PVOID)list_room,
                                LIST_ROOM, completed, NULL),
             STATUS_INVALID_PARAMETER); // and so is a completion routine
    CHECK_EQ(dma->FlushAdapterBuffersEx(adapter, mdl, base, 0, 100, TRUE),
             STATUS_INVALID_PARAMETER);
    CHECK_EQ(dma->FlushAdapterBuffersEx(adapter, mdl, NULL, 0, 100, TRUE),
             STATUS_INVALID_PARAMETER);
    CHECK_EQ(map(mdl, 0, &none, TRUE, LIST_ROOM), STATUS_SUCCESS);
    CHECK_EQ(((PSCATTER_GATHER_LIST)(PVOID)list_room)->NumberOfElements, 0);
    posix_set_dma(&(struct posix_dma){.refusal = STATUS_INSUFFICIENT_RESOURCES});
    CHECK_EQ(map(mdl, 0, &length, TRUE, LIST_ROOM), STATUS_INSUFFICIENT_RESOURCES);
    posix_set_dma(NULL);
    CHECK(at_most(map_and_flush, DISPATCH_LEVEL, "MapTransferEx above DISPATCH_LEVEL"));
    (void)KfRaiseIrql(DISPATCH_LEVEL + 1);
    CHECK(dies(flush_once, NULL, "FlushAdapterBuffersEx above DISPATCH_LEVEL"));
    CHECK(dies(map_twice, NULL, "did not flush its adapter buffers"));
    CHECK_EQ(broken_rule(), 0x0d);
}

// --- Lists

TEST(a_list_without_a_routine)
{
    DDI_SHOWS_MEMBER(DMA_OPERATIONS, GetScatterGatherListEx, RESULTS);
    DDI_SHOWS_MEMBER(DMA_OPERATIONS, FreeAdapterObject, RESULTS);
    PSCATTER_GATHER_LIST list;
    fresh(&few);
    CHECK_EQ(dma->GetScatterGatherListEx(adapter, device, CONTEXT(0), mdl, 70, 5000,
                                         DMA_SYNCHRONOUS_CALLBACK, NULL, NULL, TRUE, NULL, NULL,
                                         &list),
             STATUS_SUCCESS);
    CHECK_MEM(device_memory((uint64_t)list->Elements[0].Address.QuadPart), data + 70, 5000);
    CHECK_EQ(allocate(1, 1, DMA_SYNCHRONOUS_CALLBACK, NULL, &base), STATUS_INSUFFICIENT_RESOURCES);
    dma->FreeAdapterObject(adapter, DeallocateObjectKeepRegisters);
    CHECK_EQ(allocate(1, 3, DMA_SYNCHRONOUS_CALLBACK, NULL, &base),
             STATUS_INSUFFICIENT_RESOURCES); // of four map registers the list has two
    put(list);
    CHECK_EQ(allocate(1, 3, DMA_SYNCHRONOUS_CALLBACK, NULL, &base), STATUS_SUCCESS);
    dma->FreeAdapterObject(adapter, DeallocateObject);
    tear_down();
}

TEST(a_list_with_a_routine_and_an_offset)
{
    DDI_SHOWS_MEMBER(DMA_OPERATIONS, GetScatterGatherListEx, RESULTS);
    fresh(NULL);
    CHECK_EQ(dma->GetScatterGatherListEx(adapter, device, CONTEXT(0), mdl, 4097, 100, 0, take, NULL,
                                         TRUE, NULL, NULL, NULL),
             STATUS_SUCCESS);
    CHECK(calls == 1 && routine_irql == DISPATCH_LEVEL);
    CHECK_EQ(seen->Elements[0].Address.QuadPart, (LONGLONG)(ULONG_PTR)(data + 4097));
    CHECK_EQ(seen->Elements[0].Length, 100);
    put(seen);
    tear_down();
}

static NTSTATUS build(ULONG flags, PDRIVER_LIST_CONTROL routine, ULONG bytes, PVOID result)
{
    KIRQL old = KeRaiseIrqlToDpcLevel();
    NTSTATUS status = dma->BuildScatterGatherListEx(
        adapter, device, CONTEXT(0), mdl, 8, 5000, flags, routine, NULL, TRUE,
        bytes != 0 ? list_room : NULL, bytes, NULL, NULL, result);
    KeLowerIrql(old);
    return status;
}

static void get_ex(void *unused)
{
    (void)unused;
    (void)dma->GetScatterGatherListEx(adapter, device, CONTEXT(1), mdl, 0, 1, 0, take, NULL, TRUE,
                                      NULL, NULL, NULL);
    KIRQL old = KfRaiseIrql(DISPATCH_LEVEL);
    dma->PutScatterGatherList(adapter, seen, TRUE);
    KeLowerIrql(old);
}

static void build_ex(void *unused)
{
    (void)unused;
    (void)dma->BuildScatterGatherListEx(adapter, device, CONTEXT(0), mdl, 8, 50, 0, take, NULL,
                                        TRUE, list_room, LIST_ROOM, NULL, NULL, NULL);
    dma->PutScatterGatherList(adapter, seen, TRUE);
}

TEST(refusals_of_lists)
{
    DDI_SHOWS_MEMBER(DMA_OPERATIONS, BuildScatterGatherListEx, RESULTS | ERRORS | IRQL);
    DDI_SHOWS_MEMBER(DMA_OPERATIONS, GetScatterGatherListEx, ERRORS | IRQL);
    PSCATTER_GATHER_LIST list;
    unsigned open = posix_dma_open();
    fresh(NULL);
    CHECK_EQ(build(0, NULL, LIST_ROOM, &list), STATUS_INVALID_PARAMETER);
    CHECK_EQ(build(DMA_SYNCHRONOUS_CALLBACK, NULL, LIST_ROOM, NULL), STATUS_INVALID_PARAMETER);
    CHECK_EQ(build(2, take, LIST_ROOM, NULL), STATUS_INVALID_PARAMETER);
    CHECK_EQ(build(0, take, 0, NULL), STATUS_INVALID_PARAMETER);
    CHECK_EQ(build(0, take, 60, NULL), STATUS_BUFFER_TOO_SMALL);
    CHECK_EQ(build(0, take, LIST_ROOM, NULL), STATUS_SUCCESS);
    CHECK((PUCHAR)seen == list_room && seen->Elements[0].Length == 5000);
    put(seen);
    CHECK_EQ(build(DMA_SYNCHRONOUS_CALLBACK, NULL, LIST_ROOM, &list), STATUS_SUCCESS);
    CHECK((PUCHAR)list == list_room);
    dma->FreeAdapterObject(adapter, DeallocateObject);
    CHECK_EQ(posix_dma_open(), open); // ended with the object, if the driver wants it so
    put(list);
    CHECK_EQ(dma->GetScatterGatherListEx(adapter, device, CONTEXT(1), mdl, PAGES_MOST * PAGE_SIZE,
                                         1, 0, take, NULL, TRUE, NULL, NULL, NULL),
             STATUS_INVALID_PARAMETER);
    CHECK_EQ(dma->GetScatterGatherListEx(adapter, device, CONTEXT(1), mdl, 0, 0, 0, take, NULL,
                                         TRUE, NULL, NULL, NULL),
             STATUS_INVALID_PARAMETER);
    CHECK_EQ(dma->GetScatterGatherListEx(adapter, device, CONTEXT(1), mdl, 0, 18 * PAGE_SIZE, 0,
                                         take, NULL, TRUE, NULL, NULL, NULL),
             STATUS_INSUFFICIENT_RESOURCES);
    CHECK(at_most(get_ex, DISPATCH_LEVEL, "GetScatterGatherListEx above DISPATCH_LEVEL"));
    CHECK(exactly_dispatch(build_ex, "BuildScatterGatherListEx below DISPATCH_LEVEL",
                           "BuildScatterGatherListEx above DISPATCH_LEVEL"));
    tear_down();
}

static DMA_TRANSFER_INFO transfer_info;
static void get_transfer_info(void *unused)
{
    (void)unused;
    (void)dma->GetDmaTransferInfo(adapter, mdl, 0, 100, TRUE, &transfer_info);
}

TEST(what_a_transfer_needs)
{
    DDI_SHOWS_MEMBER(DMA_OPERATIONS, GetDmaTransferInfo, RESULTS | ERRORS | IRQL);
    fresh(NULL);
    CHECK_EQ(dma->GetDmaTransferInfo(adapter, mdl, 0, 100, TRUE, &transfer_info),
             STATUS_NOT_SUPPORTED);
    transfer_info.Version = DMA_TRANSFER_INFO_VERSION1;
    CHECK_EQ(dma->GetDmaTransferInfo(adapter, mdl, 0, 0, TRUE, &transfer_info),
             STATUS_INVALID_PARAMETER);
    CHECK_EQ(dma->GetDmaTransferInfo(adapter, mdl, PAGE_SIZE - 1, 2, TRUE, &transfer_info),
             STATUS_SUCCESS);
    CHECK_EQ(transfer_info.V1.ScatterGatherElementCount, 2);
    CHECK_EQ(transfer_info.V1.MapRegisterCount, 2);
    CHECK(transfer_info.V1.ScatterGatherListSize >= 16 + 2 * 24);
    CHECK(at_most(get_transfer_info, DISPATCH_LEVEL, "GetDmaTransferInfo above DISPATCH_LEVEL"));
    tear_down();
}
