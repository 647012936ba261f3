// SPDX-License-Identifier: MIT
//
// Map registers against a model: lists and channels of random sizes are asked for, put back and
// cancelled in random order. After each step: the runs that are held lie inside of the pool and
// apart; transfers began in the order they were asked for; the first that waits fits nowhere; what
// a device would read is the requester's data.

#include "test_dma.h"

#include <stdlib.h>

#define POOL     16u
#define REQUESTS 24u
#define STEPS    20000

enum state { FREE, WAITING, HELD };
static struct request {
    enum state state;
    bool channel;
    ULONG pages, first, offset;
    unsigned long ticket; // order of asking
    PSCATTER_GATHER_LIST list;
    PVOID base;
    DECLSPEC_ALIGN(8) UCHAR context[DMA_TRANSFER_CONTEXT_SIZE_V1];
} requests[REQUESTS];

static uint64_t pool_logical;
static unsigned long asked, last_begun;
static bool in_order;
static uint32_t seed = 12345;

static uint32_t chance(uint32_t below)
{
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) % below;
}

static void begun(struct request *request, uint64_t logical)
{
    request->state = HELD;
    request->first = (ULONG)((logical - pool_logical) >> PAGE_SHIFT);
    in_order = in_order && request->ticket > last_begun;
    last_begun = request->ticket;
}

static VOID take_list(PDEVICE_OBJECT d, PIRP irp, PSCATTER_GATHER_LIST list, PVOID context)
{
    struct request *request = context;
    (void)d, (void)irp;
    request->list = list;
    begun(request, (uint64_t)list->Elements[0].Address.QuadPart);
}

static IO_ALLOCATION_ACTION take_channel(PDEVICE_OBJECT d, PIRP irp, PVOID base, PVOID context)
{
    struct request *request = context;
    ULONG length = request->pages * PAGE_SIZE;
    (void)d, (void)irp;
    request->base = base;
    begun(request,
          (uint64_t)dma->MapTransfer(adapter, mdl, base, va_of(request->offset), &length, TRUE)
              .QuadPart);
    return DeallocateObjectKeepRegisters;
}

static bool ask(struct request *request)
{
    NTSTATUS status;
    request->state = WAITING;
    request->pages = 1 + chance(chance(4) == 0 ? POOL : 5);
    request->offset = chance(PAGES_MOST - request->pages + 1) * PAGE_SIZE;
    request->channel = chance(3) == 0;
    request->ticket = ++asked;
    if (!NT_SUCCESS(dma->InitializeDmaTransferContext(adapter, request->context)))
        return false;
    if (request->channel)
        status = dma->AllocateAdapterChannelEx(adapter, device, request->context, request->pages, 0,
                                               take_channel, request, NULL);
    else
        status = dma->GetScatterGatherListEx(adapter, device, request->context, mdl,
                                             request->offset, request->pages * PAGE_SIZE, 0,
                                             take_list, request, TRUE, NULL, NULL, NULL);
    return NT_SUCCESS(status);
}

static bool same_data(const struct request *request)
{
    return memcmp(posix_dma_memory(pool_logical + request->first * PAGE_SIZE),
                  data + request->offset, request->pages * PAGE_SIZE) == 0;
}

static bool give_back(struct request *request)
{
    bool same = same_data(request);
    request->state = FREE;
    if (request->channel) {
        same = same && dma->FlushAdapterBuffers(adapter, mdl, request->base, va_of(request->offset),
                                                request->pages * PAGE_SIZE, TRUE);
        dma->FreeMapRegisters(adapter, request->base, request->pages);
    } else {
        dma->PutScatterGatherList(adapter, request->list, TRUE);
    }
    return same;
}

static bool cancel(struct request *request)
{
    request->state = FREE;
    return dma->CancelAdapterChannel(adapter, device, request->context);
}

// One step with one request: what it is for next.
static bool step(struct request *request)
{
    switch (request->state) {
    case FREE:
        return ask(request);
    case HELD:
        return give_back(request);
    default:
        return chance(8) != 0 || cancel(request);
    }
}

static const struct request *first_waiting(void)
{
    const struct request *first = NULL;
    for (unsigned i = 0; i < REQUESTS; i++)
        if (requests[i].state == WAITING && (first == NULL || requests[i].ticket < first->ticket))
            first = &requests[i];
    return first;
}

// The runs lie apart, and who is next has no room.
static bool as_modelled(void)
{
    bool taken[POOL] = {false};
    ULONG run = 0, longest = 0;
    for (unsigned i = 0; i < REQUESTS; i++) {
        const struct request *request = &requests[i];
        for (ULONG page = 0; request->state == HELD && page < request->pages; page++) {
            if (request->first + page >= POOL || taken[request->first + page])
                return false;
            taken[request->first + page] = true;
        }
    }
    for (ULONG page = 0; page < POOL; page++) {
        run = taken[page] ? 0 : run + 1;
        longest = run > longest ? run : longest;
    }
    const struct request *next = first_waiting();
    return in_order && (next == NULL || next->pages > longest);
}

static void begin(void)
{
    DEVICE_DESCRIPTION description = description_of(3);
    description.DmaAddressWidth = 32;
    set_up(3, &(struct posix_dma){.copying = true, .map_registers = POOL});
    dma->PutDmaAdapter(adapter);
    get_adapter(&description);
    in_order = true;
    PHYSICAL_ADDRESS logical; // of the pool: the buffer behind it, since there is nothing else
    PVOID buffer = dma->AllocateCommonBuffer(adapter, PAGE_SIZE, &logical, FALSE);
    dma->FreeCommonBuffer(adapter, PAGE_SIZE, logical, buffer, FALSE);
    pool_logical = (uint64_t)logical.QuadPart - POOL * PAGE_SIZE;
}

TEST(map_registers_are_given_in_order_and_once)
{
    unsigned waited = 0, bad = 0;
    begin();
    CHECK_EQ(registers, POOL);
    KIRQL old = KeRaiseIrqlToDpcLevel();
    for (unsigned i = 0; i < STEPS && bad == 0; i++) {
        bad += !step(&requests[chance(REQUESTS)]) || !as_modelled();
        waited += first_waiting() != NULL;
    }
    CHECK_EQ(bad, 0);
    CHECK(waited > STEPS / 4); // it was about waiting
    for (unsigned held = 1; held != 0;) {
        held = 0;
        for (unsigned i = 0; i < REQUESTS; i++)
            if (requests[i].state == HELD)
                held += give_back(&requests[i]);
    }
    CHECK(first_waiting() == NULL); // everybody had a turn
    KeLowerIrql(old);
    CHECK_EQ(posix_dma_opened(), 0);
    tear_down();
}
