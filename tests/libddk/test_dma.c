// SPDX-License-Identifier: MIT
//
// Adapter objects: which descriptions get one and which table, common buffers, what must be given
// back before the adapter, turns at the channel.

#include "test_dma.h"

// --- Adapters

DDI_TEST(IoGetDmaAdapter, RESULTS, the_table_is_that_of_the_version)
{
    for (ULONG version = 0; version <= 3; version++) {
        set_up(version, NULL);
        CHECK(adapter != NULL && adapter->Version == 1); // documented, whatever the table's is
        CHECK_EQ(registers, 17);                         // 64 KiB at any offset
        CHECK(dma->GetScatterGatherList != NULL && dma->PutDmaAdapter != NULL);
        CHECK((dma->BuildScatterGatherList != NULL) == (version >= 2));
        CHECK((dma->MapTransferEx != NULL) == (version >= 3));
        CHECK_EQ(dma->Size, version < 2   ? offsetof(DMA_OPERATIONS, CalculateScatterGatherList)
                            : version < 3 ? offsetof(DMA_OPERATIONS, GetDmaAdapterInfo)
                                          : sizeof(DMA_OPERATIONS));
        tear_down();
    }
}

static bool refused(DEVICE_DESCRIPTION description)
{
    get_adapter(&description);
    bool none = adapter == NULL;
    if (adapter != NULL)
        dma->PutDmaAdapter(adapter);
    adapter = NULL;
    return none;
}

DDI_TEST(IoGetDmaAdapter, ERRORS, a_description_without_sense_gets_no_adapter)
{
    DEVICE_DESCRIPTION description = description_of(4);
    set_up(3, NULL);
    dma->PutDmaAdapter(adapter);
    CHECK(refused(description)); // no such version
    description = description_of(3);
    description.Master = FALSE; // there is no system DMA controller
    CHECK(refused(description));
    description = description_of(3);
    description.DmaAddressWidth = 0;
    CHECK(refused(description));
    description.DmaAddressWidth = 65;
    CHECK(refused(description));
    description.DmaAddressWidth = 40;
    CHECK(!refused(description));
    tear_down();
}
static DEVICE_DESCRIPTION simple = {.Master = TRUE, .Dma64BitAddresses = TRUE};
DDI_IRQL_MAX(IoGetDmaAdapter, PASSIVE_LEVEL, IoGetDmaAdapter(NULL, &simple, NULL))

static uint64_t highest_common(DEVICE_DESCRIPTION description)
{
    PHYSICAL_ADDRESS logical;
    get_adapter(&description);
    PVOID buffer = dma->AllocateCommonBuffer(adapter, 100, &logical, TRUE);
    dma->FreeCommonBuffer(adapter, 100, logical, buffer, TRUE);
    dma->PutDmaAdapter(adapter);
    return (uint64_t)logical.QuadPart;
}

TEST(what_the_device_can_address_follows_from_the_description)
{
    DDI_SHOWS_MEMBER(DMA_OPERATIONS, AllocateCommonBuffer, RESULTS);
    DEVICE_DESCRIPTION description = description_of(2);
    set_up(2, NULL);
    dma->PutDmaAdapter(adapter);
    CHECK(highest_common(description) > MAXULONG); // virtual addresses, in host tests
    description.Dma64BitAddresses = FALSE;
    CHECK(highest_common(description) <= MAXULONG); // PCI and scatter/gather: 32 bits
    description.InterfaceType = Isa;
    CHECK(highest_common(description) <= 0xffffff);
    description.Dma32BitAddresses = TRUE;
    CHECK(highest_common(description) <= MAXULONG);
    description = description_of(3);
    description.DmaAddressWidth = 20; // the 64 bits of version 2 do not count
    CHECK(highest_common(description) <= 0xfffff);
    adapter = NULL;
    tear_down();
}

static void use_null(void *unused)
{
    (void)unused;
    (void)dma->GetDmaAlignment(NULL);
}

static void put_adapter(void *unused)
{
    (void)unused;
    dma->PutDmaAdapter(adapter);
}

TEST(an_adapter_is_used_until_it_is_put_back)
{
    DDI_SHOWS_MEMBER(DMA_OPERATIONS, PutDmaAdapter, RESULTS | ERRORS | IRQL);
    set_up(1, NULL);
    CHECK(dies(use_null, NULL, "without an adapter"));
    CHECK_EQ(broken_rule(), 0x19);
    (void)KfRaiseIrql(DISPATCH_LEVEL + 1);
    CHECK(dies(put_adapter, NULL, "PutDmaAdapter above DISPATCH_LEVEL"));
    AT_DISPATCH(put_adapter(NULL));
    adapter = NULL;
    tear_down();
}

// --- Common buffers

static PHYSICAL_ADDRESS common_address;
static PVOID common;

static void free_common(void *length)
{
    dma->FreeCommonBuffer(adapter, (ULONG)(ULONG_PTR)length, common_address, common, TRUE);
}

TEST(a_common_buffer_is_freed_as_it_was_allocated)
{
    DDI_SHOWS_MEMBER(DMA_OPERATIONS, AllocateCommonBuffer, RESULTS);
    DDI_SHOWS_MEMBER(DMA_OPERATIONS, FreeCommonBuffer, RESULTS | ERRORS);
    unsigned before = posix_dma_common();
    set_up(3, NULL);
    common = dma->AllocateCommonBuffer(adapter, 5000, &common_address, FALSE);
    CHECK(common != NULL && device_memory((uint64_t)common_address.QuadPart) == common);
    memset(common, 0xa5, 5000);
    CHECK(dies(free_common, (void *)4096, "another length or logical address"));
    CHECK_EQ(broken_rule(), 0x03);
    common_address.QuadPart += PAGE_SIZE;
    CHECK(dies(free_common, (void *)5000, "another length or logical address"));
    common_address.QuadPart -= PAGE_SIZE;
    CHECK(dies(put_adapter, NULL, "common buffers that were not freed"));
    CHECK_EQ(broken_rule(), 0x07);
    free_common((void *)5000);
    CHECK(dies(free_common, (void *)5000, "that the adapter does not have"));
    CHECK_EQ(posix_dma_common(), before);
    tear_down();
}

TEST(a_common_buffer_keeps_within_bounds_or_is_refused)
{
    DDI_SHOWS_MEMBER(DMA_OPERATIONS, AllocateCommonBuffer, ERRORS);
    DDI_SHOWS_MEMBER(DMA_OPERATIONS, AllocateCommonBufferEx, RESULTS | ERRORS);
    DDI_SHOWS_MEMBER(DMA_OPERATIONS, AllocateCommonBufferWithBounds, RESULTS | ERRORS);
    PHYSICAL_ADDRESS most = {.QuadPart = 0x7ffff}, least = {.QuadPart = 0x100000}, logical;
    MEMORY_CACHING_TYPE cache = MmNonCached;
    set_up(3, &(struct posix_dma){.common_most = 8});
    PVOID buffer = dma->AllocateCommonBufferEx(adapter, &most, 0x3000, &logical, TRUE, 0);
    CHECK(buffer != NULL && logical.QuadPart + 0x3000 - 1 <= most.QuadPart);
    dma->FreeCommonBuffer(adapter, 0x3000, logical, buffer, TRUE);
    CHECK(dma->AllocateCommonBufferWithBounds(adapter, &least, &most, 0x3000, 0, NULL, 0,
                                              &logical) == NULL);
    CHECK(dma->AllocateCommonBufferWithBounds(adapter, NULL, &most, 0x3000, 0, &cache, 0,
                                              &logical) == NULL); // memory is cached here
    buffer =
        dma->AllocateCommonBufferWithBounds(adapter, NULL, &most, 0x3000, 0, NULL, 0, &logical);
    CHECK(buffer != NULL && logical.QuadPart <= most.QuadPart);
    dma->FreeCommonBuffer(adapter, 0x3000, logical, buffer, TRUE);
    CHECK(dma->AllocateCommonBuffer(adapter, 0x9000, &logical, TRUE) == NULL); // no memory
    CHECK(dma->AllocateCommonBufferEx(adapter, NULL, 0x9000, &logical, TRUE, 0) == NULL);
    tear_down();
}

static void allocate_common(void *unused)
{
    (void)unused;
    PHYSICAL_ADDRESS logical;
    PVOID buffer = dma->AllocateCommonBuffer(adapter, 1, &logical, TRUE);
    dma->FreeCommonBuffer(adapter, 1, logical, buffer, TRUE);
}

static void allocate_common_ex(void *unused)
{
    (void)unused;
    common = dma->AllocateCommonBufferEx(adapter, NULL, 1, &common_address, TRUE, 0);
}

static void allocate_common_bounds(void *unused)
{
    (void)unused;
    common =
        dma->AllocateCommonBufferWithBounds(adapter, NULL, NULL, 1, 0, NULL, 0, &common_address);
}

TEST(common_buffers_belong_to_passive_level)
{
    DDI_SHOWS_MEMBER(DMA_OPERATIONS, AllocateCommonBuffer, IRQL);
    DDI_SHOWS_MEMBER(DMA_OPERATIONS, AllocateCommonBufferEx, IRQL);
    DDI_SHOWS_MEMBER(DMA_OPERATIONS, AllocateCommonBufferWithBounds, IRQL);
    DDI_SHOWS_MEMBER(DMA_OPERATIONS, FreeCommonBuffer, IRQL);
    set_up(3, NULL);
    CHECK(at_most(allocate_common, PASSIVE_LEVEL, "AllocateCommonBuffer above PASSIVE_LEVEL"));
    CHECK(at_most(allocate_common_ex, PASSIVE_LEVEL, "AllocateCommonBufferEx above"));
    (void)KfRaiseIrql(APC_LEVEL);
    CHECK(dies(free_common, (void *)1, "FreeCommonBuffer above PASSIVE_LEVEL"));
    free_common((void *)1);
    CHECK(at_most(allocate_common_bounds, PASSIVE_LEVEL, "WithBounds above PASSIVE_LEVEL"));
    free_common((void *)1);
    tear_down();
}

// --- What an adapter is like

static void get_alignment(void *unused)
{
    (void)unused;
    (void)dma->GetDmaAlignment(adapter);
}

static void read_counter(void *unused)
{
    (void)unused;
    (void)dma->ReadDmaCounter(adapter);
}

static void get_domain(void *unused)
{
    (void)unused;
    (void)dma->GetDmaDomain(adapter);
}

TEST(a_device_that_is_confined_has_a_domain)
{
    set_up(3, NULL);
    CHECK(dma->GetDmaDomain(adapter) == NULL);
    CHECK(at_most(get_domain, PASSIVE_LEVEL, "GetDmaDomain above PASSIVE_LEVEL"));
    tear_down();
    set_up(3, &(struct posix_dma){.enforced = true});
    CHECK(dma->GetDmaDomain(adapter) != NULL);
    tear_down();
}

TEST(what_is_for_system_dma_answers_so)
{
    DDI_SHOWS_MEMBER(DMA_OPERATIONS, GetDmaAlignment, RESULTS | IRQL);
    DDI_SHOWS_MEMBER(DMA_OPERATIONS, ReadDmaCounter, RESULTS | IRQL);
    DDI_SHOWS_MEMBER(DMA_OPERATIONS, ConfigureAdapterChannel, RESULTS | ERRORS);
    DDI_SHOWS_MEMBER(DMA_OPERATIONS, CancelMappedTransfer, RESULTS | ERRORS);
    set_up(3, NULL);
    CHECK_EQ(dma->GetDmaAlignment(adapter), 1);
    CHECK_EQ(dma->ReadDmaCounter(adapter), 0);
    CHECK_EQ(HalReadDmaCounter(adapter), 0);
    CHECK_EQ(dma->ConfigureAdapterChannel(adapter, 1, NULL), STATUS_NOT_IMPLEMENTED);
    CHECK_EQ(dma->CancelMappedTransfer(adapter, NULL), STATUS_NOT_SUPPORTED);
    CHECK_EQ(dma->JoinDmaDomain(adapter, NULL), STATUS_NOT_SUPPORTED);
    CHECK_EQ(dma->LeaveDmaDomain(adapter), STATUS_NOT_SUPPORTED);
    CHECK_EQ(dma->FlushDmaBuffer(adapter, mdl, TRUE), STATUS_SUCCESS);
    CHECK(at_most(get_alignment, PASSIVE_LEVEL, "GetDmaAlignment above PASSIVE_LEVEL"));
    CHECK(at_most(read_counter, DISPATCH_LEVEL, "ReadDmaCounter above DISPATCH_LEVEL"));
    tear_down();
}

static DMA_ADAPTER_INFO info;

static void get_info(void *unused)
{
    (void)unused;
    (void)dma->GetDmaAdapterInfo(adapter, &info);
}

static void configure(void *unused)
{
    (void)unused;
    (void)dma->ConfigureAdapterChannel(adapter, 1, NULL);
}

static void cancel_mapped(void *unused)
{
    (void)unused;
    (void)dma->CancelMappedTransfer(adapter, NULL);
}

TEST(an_adapter_tells_its_limits)
{
    DDI_SHOWS_MEMBER(DMA_OPERATIONS, GetDmaAdapterInfo, RESULTS | ERRORS | IRQL);
    DDI_SHOWS_MEMBER(DMA_OPERATIONS, ConfigureAdapterChannel, IRQL);
    DDI_SHOWS_MEMBER(DMA_OPERATIONS, CancelMappedTransfer, IRQL);
    DEVICE_DESCRIPTION description = description_of(3);
    set_up(3, NULL);
    info.Version = 2;
    CHECK_EQ(dma->GetDmaAdapterInfo(adapter, &info), STATUS_NOT_SUPPORTED);
    info.Version = DMA_ADAPTER_INFO_VERSION1;
    CHECK_EQ(dma->GetDmaAdapterInfo(adapter, &info), STATUS_SUCCESS);
    CHECK_EQ(info.V1.DmaAddressWidth, 64);
    CHECK_EQ(info.V1.ScatterGatherLimit, 17);
    CHECK_EQ(info.V1.ReadDmaCounterAvailable, FALSE);
    dma->PutDmaAdapter(adapter);
    description.DmaAddressWidth = 28;
    description.ScatterGather = FALSE;
    get_adapter(&description);
    CHECK_EQ(dma->GetDmaAdapterInfo(adapter, &info), STATUS_SUCCESS);
    CHECK_EQ(info.V1.DmaAddressWidth, 28);
    CHECK_EQ(info.V1.ScatterGatherLimit, 1);
    CHECK(at_most(get_info, DISPATCH_LEVEL, "GetDmaAdapterInfo above DISPATCH_LEVEL"));
    CHECK(at_most(configure, DISPATCH_LEVEL, "ConfigureAdapterChannel above"));
    CHECK(at_most(cancel_mapped, DISPATCH_LEVEL, "CancelMappedTransfer above"));
    tear_down();
}

// --- The channel

static int turns;
static IO_ALLOCATION_ACTION action;
static PVOID base_seen;
static KIRQL routine_irql;

static IO_ALLOCATION_ACTION take_turn(PDEVICE_OBJECT d, PIRP irp, PVOID base, PVOID context)
{
    turns = turns * 10 + (int)(ULONG_PTR)context;
    base_seen = base;
    routine_irql = KeGetCurrentIrql();
    return irp == d->CurrentIrp ? action : DeallocateObject;
}

static NTSTATUS allocate(PDEVICE_OBJECT d, ULONG count, int number)
{
    KIRQL old = KeRaiseIrqlToDpcLevel();
    NTSTATUS status =
        dma->AllocateAdapterChannel(adapter, d, count, take_turn, (PVOID)(ULONG_PTR)number);
    KeLowerIrql(old);
    return status;
}

static void allocate_again(void *d)
{
    (void)allocate(d, 1, 9);
}

static void free_channel(void *unused)
{
    (void)unused;
    dma->FreeAdapterChannel(adapter);
}

static void free_channel_at_dispatch(void *unused)
{
    (void)unused;
    AT_DISPATCH((free_channel(NULL), 0));
}

TEST(devices_take_turns_at_a_dma_channel)
{
    DDI_SHOWS_MEMBER(DMA_OPERATIONS, AllocateAdapterChannel, RESULTS | ERRORS);
    DDI_SHOWS_MEMBER(DMA_OPERATIONS, FreeAdapterChannel, RESULTS | ERRORS);
    DDI_SHOWS_MEMBER(DMA_OPERATIONS, PutDmaAdapter, ERRORS);
    set_up(1, NULL);
    PDEVICE_OBJECT b = new_device(0), c = new_device(0);
    turns = 0;
    action = KeepObject;
    CHECK_EQ(allocate(device, registers + 1, 9), STATUS_INSUFFICIENT_RESOURCES);
    CHECK_EQ(allocate(device, registers, 1), STATUS_SUCCESS);
    CHECK_EQ(routine_irql, DISPATCH_LEVEL);
    CHECK_EQ(allocate(b, 1, 2), STATUS_SUCCESS);
    CHECK_EQ(allocate(c, 1, 3), STATUS_SUCCESS);
    CHECK_EQ(turns, 1);
    CHECK(dies(put_adapter, NULL, "whose channel is allocated"));
    CHECK_EQ(broken_rule(), 0x08);
    action = DeallocateObject;
    free_channel_at_dispatch(NULL);
    CHECK_EQ(turns, 123);
    CHECK(dies(free_channel_at_dispatch, NULL, "channel is not allocated"));
    CHECK_EQ(broken_rule(), 0x04);
    action = KeepObject;
    CHECK_EQ(allocate(device, 1, 1), STATUS_SUCCESS);
    CHECK_EQ(allocate(b, 1, 2), STATUS_SUCCESS);
    CHECK(dies(allocate_again, b, "for a device that waits already")); // what it took is lost
    CHECK_EQ(broken_rule(), 0x0b);
}

static IO_ALLOCATION_ACTION allocate_inside(PDEVICE_OBJECT d, PIRP irp, PVOID base, PVOID context)
{
    (void)irp, (void)base, (void)context;
    (void)dma->AllocateAdapterChannel(adapter, d, 1, take_turn, NULL);
    return DeallocateObject;
}

static void allocate_in_routine(void *unused)
{
    (void)unused;
    AT_DISPATCH(dma->AllocateAdapterChannel(adapter, device, 1, allocate_inside, NULL));
}

static void allocate_now(void *unused)
{
    (void)unused;
    (void)dma->AllocateAdapterChannel(adapter, device, 1, take_turn, (PVOID)1);
}

static void allocate_and_free(void *unused)
{
    action = KeepObject;
    allocate_now(unused);
    free_channel(unused);
}

TEST(the_channel_belongs_to_dispatch_level)
{
    DDI_SHOWS_MEMBER(DMA_OPERATIONS, AllocateAdapterChannel, ERRORS | IRQL);
    DDI_SHOWS_MEMBER(DMA_OPERATIONS, FreeAdapterChannel, IRQL);
    set_up(1, NULL);
    action = DeallocateObject;
    CHECK(exactly_dispatch(allocate_now, "AllocateAdapterChannel below DISPATCH_LEVEL",
                           "AllocateAdapterChannel above DISPATCH_LEVEL"));
    CHECK(ddi_keeps_limit(allocate_and_free, DISPATCH_LEVEL, DISPATCH_LEVEL - 1, "below"));
    CHECK(dies(free_channel, NULL, "FreeAdapterChannel below DISPATCH_LEVEL"));
    (void)KfRaiseIrql(DISPATCH_LEVEL + 1);
    CHECK(dies(free_channel, NULL, "FreeAdapterChannel above DISPATCH_LEVEL"));
    tear_down();
    set_up(1, NULL);
    CHECK(dies(allocate_in_routine, NULL, "in its AdapterControl routine"));
}

static void free_registers(void *count)
{
    dma->FreeMapRegisters(adapter, base_seen, (ULONG)(ULONG_PTR)count);
}

static void free_registers_at_dispatch(void *count)
{
    AT_DISPATCH((free_registers(count), 0));
}

TEST(map_registers_are_freed_once_all_at_once)
{
    DDI_SHOWS_MEMBER(DMA_OPERATIONS, FreeMapRegisters, RESULTS | ERRORS | IRQL);
    set_up(1, NULL);
    action = DeallocateObjectKeepRegisters;
    CHECK_EQ(allocate(device, 5, 1), STATUS_SUCCESS);
    CHECK_EQ(allocate(device, 2, 1), STATUS_SUCCESS); // the channel is free
    CHECK(dies(free_registers_at_dispatch, (void *)5, "or of another number"));
    CHECK_EQ(broken_rule(), 0x05);
    CHECK(dies(put_adapter, NULL, "map registers that were not freed"));
    CHECK_EQ(broken_rule(), 0x09);
    CHECK(dies(free_registers, (void *)2, "FreeMapRegisters below DISPATCH_LEVEL"));
    (void)KfRaiseIrql(DISPATCH_LEVEL + 1);
    CHECK(dies(free_registers, (void *)2, "FreeMapRegisters above DISPATCH_LEVEL"));
    free_registers_at_dispatch((void *)2);
    base_seen = NULL;
    CHECK(dies(free_registers_at_dispatch, (void *)2, "that are not allocated"));
    action = KeepObject;
    (void)allocate(device, 2, 1);
    CHECK(dies(free_registers_at_dispatch, (void *)2, "while the adapter object is still"));
}
