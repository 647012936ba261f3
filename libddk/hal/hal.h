// SPDX-License-Identifier: MIT
//
// Inside of the hardware part: interrupts, DMA, device memory; and what the system below gives.

#ifndef DDK_HAL_H
#define DDK_HAL_H

#include "../io/io.h"

struct _KINTERRUPT {
    PKSERVICE_ROUTINE Routine;
    PKMESSAGE_SERVICE_ROUTINE MessageRoutine;
    PVOID Context;
    PKSPIN_LOCK Lock; // OwnLock, or the driver's
    KSPIN_LOCK OwnLock;
    KIRQL Irql;
    BOOLEAN Connected;
    volatile BOOLEAN Active;
    ULONG Vector;
    PDEVICE_OBJECT Pdo;
    PVOID Port; // of the manager
};

// Runs the ISR, on the interrupt thread. Returns what it returned.
bool hal_interrupt(PKINTERRUPT interrupt);

// The system below. Vectors are those of the translated resources of the PDO. After hal_interrupt
// the manager lets the line interrupt again.
NTSTATUS manager_connect_interrupt(PKINTERRUPT interrupt);
void manager_disconnect_interrupt(PKINTERRUPT interrupt); // returns when no ISR runs
// The first interrupt vector among the device's started resources.
NTSTATUS manager_line_vector(PDEVICE_OBJECT pdo, PULONG vector);

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
// The device reaches nothing but what was opened to it and common buffers.
bool manager_dma_enforced(PDEVICE_OBJECT pdo);
// From now on addresses for that device are chosen at or below `highest`, where they can be chosen.
void manager_dma_limit(PDEVICE_OBJECT pdo, ULONG64 highest);
// Memory that the device reaches until it is freed, contiguous for it and at or below `highest`.
PVOID manager_dma_common(PDEVICE_OBJECT pdo, ULONG bytes, ULONG64 highest, ULONG64 *logical);
void manager_dma_common_free(PVOID address, ULONG bytes);

PVOID manager_map_device(ULONG64 physical, SIZE_T bytes);
void manager_unmap_device(PVOID address, SIZE_T bytes);

#endif
