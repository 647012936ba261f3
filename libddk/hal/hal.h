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

// Logical addresses of `count` pages of an MDL, from the page that holds byte `offset` of it on.
// Valid until the request that brought the memory completes, or for own memory for ever.
NTSTATUS manager_dma_pages(PMDL mdl, ULONG offset, ULONG count, ULONG64 *logical);
PVOID manager_dma_common(ULONG bytes, ULONG64 highest, ULONG64 *logical);
void manager_dma_common_free(PVOID address, ULONG bytes);

PVOID manager_map_device(ULONG64 physical, SIZE_T bytes);
void manager_unmap_device(PVOID address, SIZE_T bytes);

#endif
