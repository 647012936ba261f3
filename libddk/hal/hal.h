// SPDX-License-Identifier: MIT
//
// Inside of the hardware part: interrupts, DMA, device memory; and what the system below gives.

#ifndef DDK_HAL_H
#define DDK_HAL_H

#include "../io/io.h"

#define HAL_DIRQL 8 // of every device: as in its translated resources

struct _KINTERRUPT {
    PKSERVICE_ROUTINE Routine;
    PKMESSAGE_SERVICE_ROUTINE MessageRoutine; // instead of Routine, if not NULL
    PVOID Context;
    PKSPIN_LOCK Lock; // OwnLock, or the driver's
    KSPIN_LOCK OwnLock;
    KIRQL Irql;
    BOOLEAN Connected;
    volatile BOOLEAN Active;
    BOOLEAN Passive;        // the ISR runs at PASSIVE_LEVEL,
    KEVENT PassiveLock;     // with this event in the place of the lock,
    EX_RUNDOWN_REF Passing; // which is held while it is on its way,
    WORK_QUEUE_ITEM Work;
    ULONG Message; // the number of it
    ULONG Vector;
    PDEVICE_OBJECT Pdo;
    PVOID Port; // of the manager
};

// What a driver wants to be called by.
struct hal_isr_choice {
    PDEVICE_OBJECT Pdo;
    PKSERVICE_ROUTINE Routine;
    PKMESSAGE_SERVICE_ROUTINE MessageRoutine;
    PVOID Context;
    PKSPIN_LOCK Lock; // NULL: one of its own
    BOOLEAN Passive;
};

// interrupt.c: not connected; NULL without memory. A failed connect leaves it to the caller to
// free; disconnecting waits for its ISR and frees it.
PKINTERRUPT hal_interrupt_create(const struct hal_isr_choice *choice, ULONG vector);
NTSTATUS hal_interrupt_connect(PKINTERRUPT interrupt);
void hal_interrupt_disconnect(PKINTERRUPT interrupt);

enum hal_isr {
    HAL_ISR_DECLINED, // not its interrupt, or not active
    HAL_ISR_CLAIMED,
    HAL_ISR_LATER, // a passive-level ISR is on its way: manager_interrupt_done follows
};
// Runs the ISR, on the interrupt thread.
enum hal_isr hal_interrupt(PKINTERRUPT interrupt);

// The system below. Vectors are those of the translated resources of the PDO. After hal_interrupt,
// unless it is LATER, the manager lets the line or message interrupt again.
NTSTATUS manager_connect_interrupt(PKINTERRUPT interrupt);
void manager_interrupt_done(PKINTERRUPT interrupt);
void manager_disconnect_interrupt(PKINTERRUPT interrupt); // returns when no ISR runs
// The first interrupt vector among the device's started resources.
NTSTATUS manager_line_vector(PDEVICE_OBJECT pdo, PULONG vector);
// The index-th message that the device was started with. STATUS_NOT_FOUND: it has none.
struct hal_message {
    ULONG Count; // of all
    ULONG Vector, Data;
    ULONG64 Address;
    KAFFINITY Affinity;
};
NTSTATUS manager_message(PDEVICE_OBJECT pdo, ULONG index, struct hal_message *message);

// Opens `pages` pages of an MDL (at most 32), from the page that holds byte `offset` of it on, to
// the device of that PDO, which may write them or only read: their logical addresses, each that of
// the page's first byte. Each success is ended by one close with the same arguments, at the latest
// when the request that brought the memory completes: then the device is through with them and,
// where that is enforced, does not reach them any more. Any IRQL up to DISPATCH_LEVEL; neither
// waits. STATUS_ACCESS_DENIED: the device may not, or not in this direction;
// STATUS_INSUFFICIENT_RESOURCES.
NTSTATUS manager_dma_open(PDEVICE_OBJECT pdo, PMDL mdl, ULONG offset, ULONG pages,
                          BOOLEAN device_writes, ULONG64 *logical);
void manager_dma_close(PDEVICE_OBJECT pdo, PMDL mdl, ULONG offset, ULONG pages,
                       BOOLEAN device_writes);
// The logical address of the page at an MDL's virtual address, if that is known to last longer than
// any request with it: then nothing is to be opened or closed. 0: not known.
ULONG64 manager_dma_lasting(PDEVICE_OBJECT pdo, PMDL mdl, PVOID va, BOOLEAN device_writes);
// The device reaches nothing but what was opened to it and common buffers.
bool manager_dma_enforced(PDEVICE_OBJECT pdo);
// From now on addresses for that device are chosen at or below `highest`, where they can be chosen.
void manager_dma_limit(PDEVICE_OBJECT pdo, ULONG64 highest);
// Memory that the device reaches until it is freed, contiguous for it and at or below `highest`.
PVOID manager_dma_common(PDEVICE_OBJECT pdo, ULONG bytes, ULONG64 highest, ULONG64 *logical);
void manager_dma_common_free(PVOID address, ULONG bytes);

// What the driver package says of the device's DMA.
struct hal_dma_settings {
    BOOLEAN Copying;    // the copying pool, where nothing confines the device
    ULONG MapRegisters; // 0: as many as the transfers ask for
};
void manager_dma_settings(PDEVICE_OBJECT pdo, struct hal_dma_settings *settings);

PVOID manager_map_device(ULONG64 physical, SIZE_T bytes);
void manager_unmap_device(PVOID address, SIZE_T bytes);

// DMA adapters that were not put back, and the first of them or NULL.
const void *hal_any_adapter(ULONG *count);

#endif
