// SPDX-License-Identifier: MIT
//
// The sample driver `edu`: registers, device extension, the parts.
//
// Locks. `Hardware`, of PASSIVE_LEVEL, is held while registers, interrupt or adapter come and go,
// and by those who need them to stay. `Lock` guards State, Busy and Current; `QueueLock` the
// waiting requests. No IRP is completed and no list is asked for with one of these two held.
#ifndef SAMPLE_EDU_DEVICE_H
#define SAMPLE_EDU_DEVICE_H

#include <ntddk.h>

#include "edu.h"

// Registers (docs/specs/edu.rst of QEMU); those below 0x80 are 32 bits wide, the others 64.
enum {
    EDU_IDENTIFICATION = 0x00,
    EDU_LIVENESS = 0x04,
    EDU_FACTORIAL = 0x08,
    EDU_STATUS = 0x20,
    EDU_CAUSES = 0x24,      // why it interrupts
    EDU_ACKNOWLEDGE = 0x64, // takes causes back
    EDU_DMA_SOURCE = 0x80,
    EDU_DMA_TARGET = 0x88,
    EDU_DMA_COUNT = 0x90,
    EDU_DMA_COMMAND = 0x98,
    EDU_REGISTER_BYTES = 0xa0,
};

#define EDU_ID_MASK          0xffffu
#define EDU_ID               0x00edu
#define EDU_STATUS_INTERRUPT 0x80u // when the factorial is ready
#define EDU_DMA_START        1u
#define EDU_DMA_TO_MEMORY    2u
#define EDU_DMA_INTERRUPT    4u
#define EDU_CAUSE_FACTORIAL  0x001u
#define EDU_CAUSE_DMA        0x100u
#define EDU_BUFFER_ADDRESS   0x40000u // as the DMA engine calls the device's buffer
#define EDU_DEFAULT_DMA_BITS 28u
#ifndef EDU_ANSWER_MILLISECONDS // tests have less time
#define EDU_ANSWER_MILLISECONDS 5000
#endif

typedef enum _EDU_STATE {
    EduDown,    // no hardware: requests are refused
    EduHeld,    // requests wait
    EduRunning, // requests go to the device
    EduGone,    // removed or broken: requests are refused
} EDU_STATE;

typedef struct _EDU {
    PDEVICE_OBJECT Self, Pdo, Lower;
    IO_REMOVE_LOCK RemoveLock;

    KMUTEX Hardware;
    PUCHAR Registers; // mapped
    SIZE_T RegisterBytes;
    ULONG ConnectVersion; // of the interrupt: line or message based
    union {
        PVOID Generic;
        PKINTERRUPT Line;
        PIO_INTERRUPT_MESSAGE_INFO Messages;
    } Connection;
    KDPC Dpc;
    volatile LONG Causes; // from the ISR to the DPC
    volatile LONG Interrupts;

    PDMA_ADAPTER Adapter;
    ULONG DmaBits;
    PVOID Common; // EDU_BUFFER_BYTES, NULL: none in the device's reach
    PHYSICAL_ADDRESS CommonAddress;

    KSPIN_LOCK Lock, QueueLock;
    EDU_STATE State;
    BOOLEAN Busy;     // the device is somebody's
    PIRP Current;     // what it works on; taken out by whoever ends it
    IO_CSQ Csq;       // of requests that wait
    LIST_ENTRY Queue; // its list
    KEVENT Idle;      // signalled while not Busy
    KTIMER Watchdog;  // set while the device works
    KDPC WatchdogDpc;

    PSCATTER_GATHER_LIST List; // of Current, NULL: common buffer or none
    ULONG Element;             // of List, under way
    ULONG DeviceOffset;        // in the device's buffer, where that one starts
} EDU, *PEDU;

// --- registers.c: the only way to the device, so that tests can put a simulated one there --------

ULONG EduRead(PEDU edu, ULONG offset);
VOID EduWrite(PEDU edu, ULONG offset, ULONG value);
VOID EduWriteLong(PEDU edu, ULONG offset, ULONGLONG value);

// --- hardware.c: PASSIVE_LEVEL ------------------------------------------------------------------

// Maps the registers, looks who is there, makes the DMA adapter, connects the interrupt. On failure
// nothing is left behind.
NTSTATUS EduAcquire(PEDU edu, PCM_RESOURCE_LIST translated);

// Undoes EduAcquire; may be called twice. Nothing may be under way.
VOID EduRelease(PEDU edu);

// A DMA adapter (and common buffer) for so many address bits, in place of the one there was.
NTSTATUS EduMakeAdapter(PEDU edu, ULONG bits);

// --- queue.c ------------------------------------------------------------------------------------

NTSTATUS EduInitializeQueue(PEDU edu);

// Takes the IRP with the remove lock that was acquired for it, returns STATUS_PENDING; or
// STATUS_DEVICE_NOT_READY, and both are the caller's. IRQL <= DISPATCH_LEVEL.
NTSTATUS EduQueue(PEDU edu, PIRP irp);

// Lets the requests go to the device. IRQL <= DISPATCH_LEVEL.
VOID EduResume(PEDU edu);

// Lets requests wait, and returns when the device does nothing. PASSIVE_LEVEL.
VOID EduHold(PEDU edu);

// Refuses requests from now on, fails those that wait, and returns when the device does nothing.
// PASSIVE_LEVEL.
VOID EduAbandon(PEDU edu);

// Completes the waiting requests of a file that is being closed. IRQL <= DISPATCH_LEVEL.
VOID EduCleanup(PEDU edu, PFILE_OBJECT file);

// Takes the request that the device works on out of its hands; NULL: somebody else was first. What
// was taken is given to EduFinish, or put back. IRQL <= DISPATCH_LEVEL.
PIRP EduTakeCurrent(PEDU edu);
VOID EduPutBack(PEDU edu, PIRP irp);

// Ends a request that was taken: completes it and starts the next. IRQL <= DISPATCH_LEVEL.
VOID EduFinish(PEDU edu, PIRP irp, NTSTATUS status, ULONG_PTR information);

// --- transfer.c: DISPATCH_LEVEL -----------------------------------------------------------------

// Starts a checked request, which is Current. Success: the device works.
NTSTATUS EduStart(PEDU edu, PIRP irp);

// Puts away what a request that ends had for DMA.
VOID EduEndDma(PEDU edu, PIRP irp);

KSERVICE_ROUTINE EduLineInterrupt;
KMESSAGE_SERVICE_ROUTINE EduMessageInterrupt;
KDEFERRED_ROUTINE EduDpc;

// --- control.c ----------------------------------------------------------------------------------

NTSTATUS EduControl(PEDU edu, PIRP irp); // completes or takes the IRP

// Completes an IRP and returns the status.
NTSTATUS EduComplete(PIRP irp, NTSTATUS status, ULONG_PTR information);

#endif
