// SPDX-License-Identifier: MIT
//
// Inside of DMA: adapters, their map registers, transfers and what a transfer has mapped.
//
// A map register is a page of the adapter's pool, memory that the device reaches whatever it can
// address. Adapters have a pool when a transfer may have to be copied: the driver is marked for the
// copying pool and nothing confines its device; the device cannot address everything; it has no
// scatter/gather. A transfer is copied as a whole or not at all, and when it is, it lies in map
// registers that follow one another, so that the device sees one piece.
//
// Invariants: what a transfer has opened (manager_dma_open) or copied is described by its spans
// alone, and ended by hal_span_end; a map register belongs to one transfer or is clear; a transfer
// that is not waiting has all its map registers.

#ifndef DDK_HAL_DMA_H
#define DDK_HAL_DMA_H

#include "hal.h"

#define HAL_PAGES_AT_ONCE 32u // of one manager_dma_open
#define HAL_DMA_TAG       'amDH'

// First parameters of DRIVER_VERIFIER_DMA_VIOLATION.
enum hal_dma_rule {
    HAL_RULE_MISCELLANEOUS = 0x00,
    HAL_RULE_COMMON_FREED = 0x03,
    HAL_RULE_CHANNEL_FREED = 0x04,
    HAL_RULE_REGISTERS_FREED = 0x05,
    HAL_RULE_LIST_FREED = 0x06,
    HAL_RULE_COMMON_LEFT = 0x07,
    HAL_RULE_CHANNEL_LEFT = 0x08,
    HAL_RULE_REGISTERS_LEFT = 0x09,
    HAL_RULE_LIST_LEFT = 0x0a,
    HAL_RULE_CHANNELS = 0x0b,
    HAL_RULE_NOT_FLUSHED = 0x0d,
    HAL_RULE_NOT_LOCKED = 0x0e,
    HAL_RULE_STILL_MAPPED = 0x10,
    HAL_RULE_ADAPTER_GONE = 0x18,
    HAL_RULE_NO_ADAPTER = 0x19,
    HAL_RULE_OUTSIDE_MDL = 0x1b,
    HAL_RULE_BEYOND_MDL = 0x1f,
    HAL_RULE_NOT_MAPPED = 0x20,
    HAL_RULE_EMPTY = 0x21,
};
DECLSPEC_NORETURN void hal_dma_violation(enum hal_dma_rule code, const char *rule, ULONG_PTR p2);

// --- Map registers

struct hal_pool {
    ULONG Count; // 0: there are none
    ULONG Held;
    PCHAR Memory;
    ULONG64 Logical;
    RTL_BITMAP Taken;
};
// `count` of them, or as many as there is memory for; false: not even `least`. PASSIVE_LEVEL.
bool hal_pool_make(struct hal_pool *pool, PDEVICE_OBJECT pdo, ULONG count, ULONG least,
                   ULONG64 highest);
void hal_pool_destroy(struct hal_pool *pool);
// `count` that follow one another. The adapter's lock is held.
bool hal_pool_take(struct hal_pool *pool, ULONG count, ULONG *first);
void hal_pool_give(struct hal_pool *pool, ULONG first, ULONG count);

// --- Adapters

struct hal_transfer;
struct hal_adapter {
    ULONG64 Magic;
    DMA_ADAPTER Public;
    PDEVICE_OBJECT Pdo;
    ULONG64 Highest;    // logical address that the device can produce
    ULONG MapRegisters; // of one transfer at most
    BOOLEAN Copying;    // every transfer is copied
    BOOLEAN ScatterGather;
    BOOLEAN Confined; // it reaches only what was opened to it
    struct hal_pool Pool;

    struct ki_lock Lock;          // of what follows, and of Pool
    LIST_ENTRY Waiting;           // transfers, in the order they came
    struct hal_transfer *Channel; // who has it
    BOOLEAN Starting;             // a thread starts those whose turn it is
    LIST_ENTRY Common;
    ULONG CommonCount;
    ULONG Registers; // transfers that have map registers (channels)

    struct ki_lock ListLock; // of what follows
    LONG Lists;
    ULONG ListsKept; // memory for short lists that is kept for the next one
    PSINGLE_LIST_ENTRY ListMemory;
    LIST_ENTRY All;
};
#define HAL_ADAPTER_MAGIC 0x7265747061644144ull

DECLSPEC_NORETURN void hal_no_adapter(PDMA_ADAPTER dma);
FORCEINLINE struct hal_adapter *hal_adapter_of(PDMA_ADAPTER dma)
{
    if (dma == NULL)
        hal_no_adapter(dma);
    struct hal_adapter *adapter = CONTAINING_RECORD(dma, struct hal_adapter, Public);
    if (adapter->Magic != HAL_ADAPTER_MAGIC)
        hal_no_adapter(dma);
    return adapter;
}
// The tables of DMA_OPERATIONS, by version; adapters point to them.
extern DMA_OPERATIONS hal_dma_operations[3];

// --- Spans: a range of a chain of MDLs that is open to the device, or copied

struct hal_span {
    PMDL Mdl;
    ULONG Offset; // in that MDL
    ULONG Length; // of the range
    ULONG Mapped; // bytes from its start on that the driver was told the addresses of
    ULONG Flushed;
    ULONG Register; // the first one, when copied
    BOOLEAN Write;  // to the device
    BOOLEAN Copied;
    BOOLEAN Touched; // by a flush
};

// Its parts: in one MDL each, of HAL_PAGES_AT_ONCE pages at most.
struct hal_part {
    PMDL Mdl;
    ULONG Offset;
    ULONG Left; // behind this part
    ULONG Length;
    ULONG Pages;
};
FORCEINLINE void hal_part_begin(struct hal_part *part, PMDL mdl, ULONG offset, ULONG length)
{
    *part = (struct hal_part){.Mdl = mdl, .Offset = offset, .Left = length};
}
bool hal_part_next(struct hal_part *part);

FORCEINLINE ULONG hal_in_page(PMDL mdl, ULONG offset)
{
    return (mdl->ByteOffset + offset) & (PAGE_SIZE - 1);
}
FORCEINLINE bool hal_has_pages(const MDL *mdl)
{
    return (mdl->MdlFlags & (MDL_PAGES_LOCKED | MDL_SOURCE_IS_NONPAGED_POOL | MDL_PARTIAL)) != 0;
}
// Pages that a range touches, each MDL's counted for itself.
ULONG hal_range_pages(PMDL mdl, ULONG offset, ULONG length);
// Map registers that its copy needs.
FORCEINLINE ULONG hal_range_registers(PMDL mdl, ULONG offset, ULONG length)
{
    return (ULONG)BYTES_TO_PAGES((SIZE_T)hal_in_page(mdl, offset) + length);
}
// The byte of a chain: *mdl and *offset are replaced. False: the chain is not that long, or has
// less than `length` bytes behind it, or pages that are not locked.
bool hal_chain_find(PMDL *mdl, ULONGLONG *offset, ULONG length);
// A driver that gives addresses, not offsets: what is outside of the MDL is a bug check.
ULONG hal_offset_of(PMDL mdl, PVOID va, ULONG length);

// Builds a list of the pieces of a range; two that follow one another are one.
struct hal_pieces {
    PSCATTER_GATHER_LIST List;
    ULONG Room; // in elements
    ULONG Bytes;
};
// Opens the range to the device and lists it, as far as there is room: span->Length and ->Mapped
// say what was opened and listed. STATUS_DATATYPE_MISALIGNMENT: the device cannot reach it like
// that; nothing is open then, and it is to be copied.
NTSTATUS hal_span_open(struct hal_adapter *adapter, struct hal_span *span,
                       struct hal_pieces *pieces);
NTSTATUS hal_span_prepare_copy(const struct hal_span *span); // the memory can be had
void hal_span_begin_copy(struct hal_adapter *adapter, struct hal_span *span);
ULONG64 hal_span_logical(const struct hal_adapter *adapter, const struct hal_span *span);
// What the device wrote goes to the requester: bytes [from, from + length) of the span.
void hal_span_copy_out(struct hal_adapter *adapter, const struct hal_span *span, ULONG from,
                       ULONG length);
void hal_span_end(struct hal_adapter *adapter, struct hal_span *span);

// --- Transfers

enum hal_transfer_kind { HAL_CHANNEL = 0x6c656e63, HAL_LIST = 0x7473696c };
enum hal_transfer_state {
    HAL_NEW,
    HAL_WAITING,
    HAL_RUNNING, // the driver's routine is called with it
    HAL_HELD,    // it has returned
};

// What a DMA transfer context holds, aligned inside of it.
struct hal_ticket {
    ULONG64 Magic;
    struct hal_transfer *Transfer; // that waits
    ULONG State;
};

struct hal_transfer {
    LIST_ENTRY Entry; // of Waiting
    ULONG Kind;       // 0 when it is gone
    ULONG State;
    struct hal_adapter *Adapter;
    PDEVICE_OBJECT Device;
    PIRP Irp;
    PVOID Context;
    struct hal_ticket *Ticket;
    ULONG Registers; // that it needs of the pool, or has
    ULONG First;
    BOOLEAN OneADevice; // no second one of the device may wait
    BOOLEAN KeepsChannel;
};

struct hal_list {
    struct hal_transfer Transfer;
    struct hal_span Span;
    PDRIVER_LIST_CONTROL Routine;
    PSCATTER_GATHER_LIST List;
    ULONG Capacity; // in elements
    UCHAR Memory;   // whose
    BOOLEAN Ended;
    BOOLEAN OnePage; // made in the short way (dma_page.c)
    BOOLEAN Opened;  // that way, and the page was opened for it
    PMDL Copy;       // BuildMdlFromScatterGatherList made it
};

struct hal_channel {
    struct hal_transfer Transfer;
    PDRIVER_CONTROL Routine;
    ULONG Wanted;                       // map registers, whether there is a pool or not
    ULONG Used;                         // of them
    ULONG64 Logical[HAL_PAGES_AT_ONCE]; // of the last span's pages
    ULONG Spans;
    struct hal_span Span[];
};

// Waits for the transfer's turn, which begins with hal_turn_begins, here or in another thread; with
// `wait` false it begins here or not at all (STATUS_INSUFFICIENT_RESOURCES).
NTSTATUS hal_wait_turn(struct hal_transfer *transfer, bool wait);
// Without the lock: a list that takes nothing from anybody need not be told apart from one that
// came a moment earlier.
FORCEINLINE bool hal_nobody_waits(const struct hal_adapter *adapter)
{
    return __atomic_load_n(&adapter->Channel, __ATOMIC_RELAXED) == NULL &&
           __atomic_load_n(&adapter->Waiting.Flink, __ATOMIC_RELAXED) == &adapter->Waiting;
}
void hal_turn_begins(struct hal_transfer *transfer);
void hal_next_turn(struct hal_adapter *adapter); // something was given back
void hal_release_channel(struct hal_adapter *adapter);
void hal_give_registers(struct hal_transfer *transfer);

// Transfer contexts. STATUS_INVALID_PARAMETER: not initialised, or in use; STATUS_CANCELLED.
NTSTATUS hal_ticket_take(PVOID context, struct hal_transfer *transfer);
void hal_ticket_granted(struct hal_transfer *transfer); // lock held
void hal_ticket_back(struct hal_transfer *transfer);    // lock held
struct hal_ticket *hal_ticket_of(PVOID context);
BOOLEAN hal_cancel_channel(PDMA_ADAPTER dma, PDEVICE_OBJECT device, PVOID context);
NTSTATUS hal_initialize_context(PDMA_ADAPTER dma, PVOID context);

// Calls into the driver, at DISPATCH_LEVEL.
void hal_channel_begins(struct hal_channel *channel);
void hal_list_begins(struct hal_list *list);
// Transfers that are cancelled while they wait.
void hal_channel_cancelled(struct hal_channel *channel);
void hal_list_cancelled(struct hal_list *list);
void hal_list_end(struct hal_list *list); // flushes and gives back all but the list's memory

// The routines of the tables, by file.
NTSTATUS hal_allocate_channel(PDMA_ADAPTER dma, PDEVICE_OBJECT device, ULONG registers,
                              PDRIVER_CONTROL routine, PVOID context);
NTSTATUS hal_allocate_channel_ex(PDMA_ADAPTER dma, PDEVICE_OBJECT device, PVOID transfer,
                                 ULONG registers, ULONG flags, PDRIVER_CONTROL routine,
                                 PVOID context, PVOID *base);
VOID hal_free_channel(PDMA_ADAPTER dma);
VOID hal_free_object(PDMA_ADAPTER dma, IO_ALLOCATION_ACTION action);
VOID hal_free_registers(PDMA_ADAPTER dma, PVOID base, ULONG count);
struct hal_channel *hal_channel_of(struct hal_adapter *adapter, PVOID base); // or NULL
PHYSICAL_ADDRESS hal_map_transfer(PDMA_ADAPTER dma, PMDL mdl, PVOID base, PVOID va, PULONG length,
                                  BOOLEAN write);
BOOLEAN hal_flush(PDMA_ADAPTER dma, PMDL mdl, PVOID base, PVOID va, ULONG length, BOOLEAN write);
NTSTATUS hal_map_transfer_ex(PDMA_ADAPTER dma, PMDL mdl, PVOID base, ULONGLONG offset,
                             ULONG device_offset, PULONG length, BOOLEAN write,
                             PSCATTER_GATHER_LIST list, ULONG list_bytes,
                             PDMA_COMPLETION_ROUTINE completion, PVOID context);
NTSTATUS hal_flush_ex(PDMA_ADAPTER dma, PMDL mdl, PVOID base, ULONGLONG offset, ULONG length,
                      BOOLEAN write);
PVOID hal_allocate_common(PDMA_ADAPTER dma, ULONG length, PPHYSICAL_ADDRESS logical,
                          BOOLEAN cached);
PVOID hal_allocate_common_ex(PDMA_ADAPTER dma, PPHYSICAL_ADDRESS maximum, ULONG length,
                             PPHYSICAL_ADDRESS logical, BOOLEAN cached, ULONG node);
PVOID hal_allocate_common_bounds(PDMA_ADAPTER dma, PPHYSICAL_ADDRESS minimum,
                                 PPHYSICAL_ADDRESS maximum, ULONG length, ULONG flags,
                                 MEMORY_CACHING_TYPE *cache, ULONG node, PPHYSICAL_ADDRESS logical);
VOID hal_free_common(PDMA_ADAPTER dma, ULONG length, PHYSICAL_ADDRESS logical, PVOID buffer,
                     BOOLEAN cached);
NTSTATUS hal_get_list(PDMA_ADAPTER dma, PDEVICE_OBJECT device, PMDL mdl, PVOID va, ULONG length,
                      PDRIVER_LIST_CONTROL routine, PVOID context, BOOLEAN write);
NTSTATUS hal_build_list(PDMA_ADAPTER dma, PDEVICE_OBJECT device, PMDL mdl, PVOID va, ULONG length,
                        PDRIVER_LIST_CONTROL routine, PVOID context, BOOLEAN write, PVOID buffer,
                        ULONG buffer_bytes);
NTSTATUS hal_get_list_ex(PDMA_ADAPTER dma, PDEVICE_OBJECT device, PVOID transfer, PMDL mdl,
                         ULONGLONG offset, ULONG length, ULONG flags, PDRIVER_LIST_CONTROL routine,
                         PVOID context, BOOLEAN write, PDMA_COMPLETION_ROUTINE completion,
                         PVOID completion_context, PSCATTER_GATHER_LIST *result);
NTSTATUS hal_build_list_ex(PDMA_ADAPTER dma, PDEVICE_OBJECT device, PVOID transfer, PMDL mdl,
                           ULONGLONG offset, ULONG length, ULONG flags,
                           PDRIVER_LIST_CONTROL routine, PVOID context, BOOLEAN write, PVOID buffer,
                           ULONG buffer_bytes, PDMA_COMPLETION_ROUTINE completion,
                           PVOID completion_context, PVOID result);
VOID hal_put_list(PDMA_ADAPTER dma, PSCATTER_GATHER_LIST list, BOOLEAN write);
void hal_list_memory_drop(struct hal_adapter *adapter);
NTSTATUS hal_build_mdl(PDMA_ADAPTER dma, PSCATTER_GATHER_LIST list, PMDL original, PMDL *target);
NTSTATUS hal_list_size(PDMA_ADAPTER dma, PMDL mdl, PVOID va, ULONG length, PULONG bytes,
                       PULONG registers);
NTSTATUS hal_transfer_info(PDMA_ADAPTER dma, PMDL mdl, ULONGLONG offset, ULONG length,
                           BOOLEAN write_only, PDMA_TRANSFER_INFO info);

#endif
