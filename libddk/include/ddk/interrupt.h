// SPDX-License-Identifier: MIT
//
// Interrupt connection. The ISR runs on the task's interrupt thread at the interrupt's IRQL with
// its spin lock held; it returns TRUE when its device interrupted. The line or message stays masked
// until the ISR has returned. A passive-level ISR (FULLY_SPECIFIED with Irql and SynchronizeIrql
// PASSIVE_LEVEL, MESSAGE_BASED_PASSIVE) runs on a worker thread with an event in the place of the
// spin lock; it may wait.
// Documentation: "Registering an ISR", ns-wdm-_io_connect_interrupt_parameters, "Using the
// CONNECT_MESSAGE_BASED Version of IoConnectInterruptEx", "Using Passive-Level Interrupt Service
// Routines", "Making an ISR Active or Inactive".

#ifndef DDK_INTERRUPT_H
#define DDK_INTERRUPT_H

struct _KINTERRUPT;
typedef struct _KINTERRUPT *PKINTERRUPT;
typedef BOOLEAN KSERVICE_ROUTINE(PKINTERRUPT interrupt, PVOID context);
typedef KSERVICE_ROUTINE *PKSERVICE_ROUTINE;
typedef BOOLEAN KMESSAGE_SERVICE_ROUTINE(PKINTERRUPT interrupt, PVOID context, ULONG message);
typedef KMESSAGE_SERVICE_ROUTINE *PKMESSAGE_SERVICE_ROUTINE;
typedef BOOLEAN KSYNCHRONIZE_ROUTINE(PVOID context);
typedef KSYNCHRONIZE_ROUTINE *PKSYNCHRONIZE_ROUTINE;

typedef enum _KINTERRUPT_MODE { LevelSensitive, Latched } KINTERRUPT_MODE;
typedef enum _KINTERRUPT_POLARITY {
    InterruptPolarityUnknown,
    InterruptActiveHigh,
    InterruptActiveLow
} KINTERRUPT_POLARITY;

#define CONNECT_FULLY_SPECIFIED       0x1
#define CONNECT_LINE_BASED            0x2
#define CONNECT_MESSAGE_BASED         0x3
#define CONNECT_FULLY_SPECIFIED_GROUP 0x4
#define CONNECT_MESSAGE_BASED_PASSIVE 0x5

typedef struct _IO_INTERRUPT_MESSAGE_INFO_ENTRY {
    PHYSICAL_ADDRESS MessageAddress;
    KAFFINITY TargetProcessorSet;
    PKINTERRUPT InterruptObject;
    ULONG MessageData;
    ULONG Vector;
    KIRQL Irql;
    KINTERRUPT_MODE Mode;
    KINTERRUPT_POLARITY Polarity;
} IO_INTERRUPT_MESSAGE_INFO_ENTRY, *PIO_INTERRUPT_MESSAGE_INFO_ENTRY;

typedef struct _IO_INTERRUPT_MESSAGE_INFO {
    KIRQL UnifiedIrql;
    ULONG MessageCount;
    IO_INTERRUPT_MESSAGE_INFO_ENTRY MessageInfo[1];
} IO_INTERRUPT_MESSAGE_INFO, *PIO_INTERRUPT_MESSAGE_INFO;

typedef struct _IO_CONNECT_INTERRUPT_FULLY_SPECIFIED_PARAMETERS {
    PDEVICE_OBJECT PhysicalDeviceObject;
    PKINTERRUPT *InterruptObject;
    PKSERVICE_ROUTINE ServiceRoutine;
    PVOID ServiceContext;
    PKSPIN_LOCK SpinLock;
    KIRQL SynchronizeIrql;
    BOOLEAN FloatingSave;
    BOOLEAN ShareVector;
    ULONG Vector;
    KIRQL Irql;
    KINTERRUPT_MODE InterruptMode;
    KAFFINITY ProcessorEnableMask;
    USHORT Group;
} IO_CONNECT_INTERRUPT_FULLY_SPECIFIED_PARAMETERS,
    *PIO_CONNECT_INTERRUPT_FULLY_SPECIFIED_PARAMETERS;

typedef struct _IO_CONNECT_INTERRUPT_LINE_BASED_PARAMETERS {
    PDEVICE_OBJECT PhysicalDeviceObject;
    PKINTERRUPT *InterruptObject;
    PKSERVICE_ROUTINE ServiceRoutine;
    PVOID ServiceContext;
    PKSPIN_LOCK SpinLock;
    KIRQL SynchronizeIrql;
    BOOLEAN FloatingSave;
} IO_CONNECT_INTERRUPT_LINE_BASED_PARAMETERS, *PIO_CONNECT_INTERRUPT_LINE_BASED_PARAMETERS;

typedef struct _IO_CONNECT_INTERRUPT_MESSAGE_BASED_PARAMETERS {
    PDEVICE_OBJECT PhysicalDeviceObject;
    union {
        PVOID *Generic;
        PIO_INTERRUPT_MESSAGE_INFO *InterruptMessageTable;
        PKINTERRUPT *InterruptObject;
    } ConnectionContext;
    PKMESSAGE_SERVICE_ROUTINE MessageServiceRoutine;
    PVOID ServiceContext;
    PKSPIN_LOCK SpinLock;
    KIRQL SynchronizeIrql;
    BOOLEAN FloatingSave;
    PKSERVICE_ROUTINE FallBackServiceRoutine;
} IO_CONNECT_INTERRUPT_MESSAGE_BASED_PARAMETERS, *PIO_CONNECT_INTERRUPT_MESSAGE_BASED_PARAMETERS;

typedef struct _IO_CONNECT_INTERRUPT_PARAMETERS {
    ULONG Version;
    union {
        IO_CONNECT_INTERRUPT_FULLY_SPECIFIED_PARAMETERS FullySpecified;
        IO_CONNECT_INTERRUPT_LINE_BASED_PARAMETERS LineBased;
        IO_CONNECT_INTERRUPT_MESSAGE_BASED_PARAMETERS MessageBased;
    };
} IO_CONNECT_INTERRUPT_PARAMETERS, *PIO_CONNECT_INTERRUPT_PARAMETERS;

typedef struct _IO_DISCONNECT_INTERRUPT_PARAMETERS {
    ULONG Version;
    union {
        PVOID Generic;
        PKINTERRUPT InterruptObject;
        PIO_INTERRUPT_MESSAGE_INFO InterruptMessageTable;
    } ConnectionContext;
} IO_DISCONNECT_INTERRUPT_PARAMETERS, *PIO_DISCONNECT_INTERRUPT_PARAMETERS;

// Connects what the device was assigned. CONNECT_MESSAGE_BASED: all of its messages, or none; the
// IO_INTERRUPT_MESSAGE_INFO belongs to the kit and is gone after disconnecting. SpinLock, if given,
// is held by all of its ISRs; otherwise each message has a lock of its own. On a device that has a
// line only, the fall-back routine is connected and Version becomes CONNECT_LINE_BASED.
// CONNECT_LINE_BASED takes a single message for a line.
// PASSIVE_LEVEL. STATUS_INVALID_PARAMETER (no PDO, no routine, a spin lock for a passive-level
// ISR), STATUS_INVALID_PARAMETER_1 (Version), STATUS_INVALID_PARAMETER_10 (ProcessorEnableMask is
// 0), STATUS_INVALID_DEVICE_REQUEST (LINE_BASED, but it has several messages), STATUS_NOT_FOUND (no
// such interrupt, and no fall-back), STATUS_INSUFFICIENT_RESOURCES.
NTSTATUS IoConnectInterruptEx(PIO_CONNECT_INTERRUPT_PARAMETERS parameters);

// Returns when no ISR runs any more. The driver silenced its device before. Version as the
// connection left it. PASSIVE_LEVEL.
VOID IoDisconnectInterruptEx(PIO_DISCONNECT_INTERRUPT_PARAMETERS parameters);
NTSTATUS IoConnectInterrupt(PKINTERRUPT *interrupt, PKSERVICE_ROUTINE routine, PVOID context,
                            PKSPIN_LOCK lock, ULONG vector, KIRQL irql, KIRQL synchronize_irql,
                            KINTERRUPT_MODE mode, BOOLEAN share, KAFFINITY affinity,
                            BOOLEAN floating_save);
VOID IoDisconnectInterrupt(PKINTERRUPT interrupt);

// Runs routine at the interrupt's IRQL with its spin lock held; returns what routine returned. Of a
// passive-level ISR: at PASSIVE_LEVEL, with its event. KeAcquire- and KeReleaseInterruptSpinLock of
// such a one break a rule.
BOOLEAN KeSynchronizeExecution(PKINTERRUPT interrupt, PKSYNCHRONIZE_ROUTINE routine, PVOID context);
KIRQL KeAcquireInterruptSpinLock(PKINTERRUPT interrupt);
VOID KeReleaseInterruptSpinLock(PKINTERRUPT interrupt, KIRQL old_irql);
// The ISR (all of a message-based connection) is called again, or no longer; what came meanwhile is
// dropped. It begins active. IRQL <= DISPATCH_LEVEL.
VOID IoReportInterruptActive(PIO_DISCONNECT_INTERRUPT_PARAMETERS parameters);
VOID IoReportInterruptInactive(PIO_DISCONNECT_INTERRUPT_PARAMETERS parameters);

#endif
