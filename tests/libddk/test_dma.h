// SPDX-License-Identifier: MIT
//
// What the tests of DMA share: adapters of every kind, a buffer with its MDL, what the device sees.
// The fake device (PORT: posix_set_dma) reaches memory by logical addresses: those of common
// buffers, or scattered ones that `scatter` gives to the pages of the buffer.

#ifndef TEST_DMA_H
#define TEST_DMA_H

#include "test_driver.h"

#define PAGES_MOST 40u

static PDEVICE_OBJECT device;
static PDMA_ADAPTER adapter;
static PDMA_OPERATIONS dma;
static ULONG registers;

static PUCHAR data; // PAGES_MOST pages, on a page
static PMDL mdl;

// The pages of `data` lie apart, in pairs that are neighbours, high up: page n of it at
// SCATTERED + (n / 2) * 64 KiB + (n % 2) * 4 KiB.
#define SCATTERED 0x900000000ull
static inline uint64_t scatter(uintptr_t page)
{
    uintptr_t n = (page - (uintptr_t)data) / PAGE_SIZE;
    return SCATTERED + n / 2 * 0x10000 + n % 2 * PAGE_SIZE;
}

static inline void *device_memory(uint64_t logical)
{
    uint64_t at = logical - SCATTERED;
    if (at < PAGES_MOST * 0x8000ull)
        return data + at / 0x10000 * 2 * PAGE_SIZE + (at & 0x1fff);
    void *common = posix_dma_memory(logical);
    return common != NULL ? common : (void *)(uintptr_t)logical;
}

static inline DEVICE_DESCRIPTION description_of(ULONG version)
{
    DEVICE_DESCRIPTION description = {.Version = version,
                                      .Master = TRUE,
                                      .ScatterGather = TRUE,
                                      .Dma64BitAddresses = TRUE,
                                      .InterfaceType = PCIBus,
                                      .DmaAddressWidth = 64,
                                      .MaximumLength = 0x10000};
    return description;
}

static inline void get_adapter(const DEVICE_DESCRIPTION *description)
{
    DEVICE_DESCRIPTION copy = *description;
    adapter = IoGetDmaAdapter(device, &copy, &registers);
    dma = adapter != NULL ? adapter->DmaOperations : NULL;
}

// A device, its adapter, and a buffer that holds 0, 1, 2, ... in its words.
static inline void set_up(ULONG version, const struct posix_dma *how)
{
    const DEVICE_DESCRIPTION description = description_of(version);
    posix_set_dma(how);
    fresh_driver(NULL);
    device = new_device(0);
    data = ExAllocatePool2(POOL_FLAG_NON_PAGED, PAGES_MOST * PAGE_SIZE, 'tseT');
    mdl = IoAllocateMdl(data, PAGES_MOST * PAGE_SIZE, FALSE, FALSE, NULL);
    MmBuildMdlForNonPagedPool(mdl);
    for (ULONG i = 0; i < PAGES_MOST * PAGE_SIZE / sizeof(ULONG); i++)
        ((PULONG)(PVOID)data)[i] = i;
    get_adapter(&description);
}

static inline void tear_down(void)
{
    if (adapter != NULL)
        dma->PutDmaAdapter(adapter);
    IoFreeMdl(mdl);
    ExFreePool(data);
    IoDeleteDevice(device);
    posix_set_dma(NULL);
}

static inline PVOID va_of(ULONG offset)
{
    return (PUCHAR)MmGetMdlVirtualAddress(mdl) + offset;
}

// Calls at DISPATCH_LEVEL.
#define AT_DISPATCH(...)                                                                           \
    do {                                                                                           \
        KIRQL at_dispatch = KeRaiseIrqlToDpcLevel();                                               \
        (void)(__VA_ARGS__);                                                                       \
        KeLowerIrql(at_dispatch);                                                                  \
    } while (0)

// A routine of the table with the limit <= DISPATCH_LEVEL, = DISPATCH_LEVEL, PASSIVE_LEVEL. `call`
// must be good at its limit.
static inline bool at_most(void (*call)(void *), KIRQL limit, const char *rule)
{
    return ddi_keeps_limit(call, limit, (KIRQL)(limit + 1), rule);
}
static inline bool exactly_dispatch(void (*call)(void *), const char *below, const char *above)
{
    return ddi_keeps_limit(call, DISPATCH_LEVEL, DISPATCH_LEVEL - 1, below) &&
           dies((KfRaiseIrql(DISPATCH_LEVEL + 1), call), NULL, above);
}

static inline uint64_t broken_rule(void)
{
    uint64_t parameters[4];
    return posix_bugcheck(parameters) == DRIVER_VERIFIER_DMA_VIOLATION ? parameters[0] : ~0ull;
}

#endif
