// SPDX-License-Identifier: MIT
//
// A serial port. Who may touch what:
//
//   interrupt lock   the chip, Ier, what is in State (the ISR holds it by itself)
//   Lock             both queues of IRPs, the states of queued IRPs; in State the time-outs,
//   Writing neither          everything that is set in START and cleared when the hardware is
//   released;
//                    Hardware (run-down protection) or Lock with Started keeps that from happening
//
// Lock is taken before the interrupt lock, never the other way. No IRP is completed with either.
//
// An IRP waits in a cancel-safe queue from dispatch to completion. The oldest unfinished one of a
// queue is active: bytes move between its buffer and the ring under Lock. When it needs no more it
// is marked finished, and is taken out and completed after Lock is released; a cancellation that
// comes between finds it in the queue and completes it instead.
#ifndef NS16550_PORT_H
#define NS16550_PORT_H

#include "uart.h"

#include <ntddser.h>

#ifndef SERIAL_TX_WAITING_ON_BREAK
#define SERIAL_TX_WAITING_ON_BREAK 0x00000020
#endif

#define SERIAL_TAG  0x6c726553u // 'Serl'
#define RING_SIZE   4096u       // a power of two
#define RING_MASK   (RING_SIZE - 1)
#define MS_IN_100NS 10000ull

// Free-running indices: used = Head - Tail. Each is stored after what it tells of, for the driver's
// next task.
typedef struct _SERIAL_RING {
    volatile ULONG Head, Tail;
    UCHAR Bytes[RING_SIZE];
} SERIAL_RING, *PSERIAL_RING;

// Which request has got, or given, how much. Its name is valid while Link is not 0.
typedef struct _SERIAL_PART {
    struct {
        volatile ULONG64 Link, Number;
    } Name;
    volatile ULONG Bytes;
    volatile ULONG Start; // of a write: Head of the ring where its first byte is, or would be
} SERIAL_PART, *PSERIAL_PART;

#define SERIAL_STATE_VERSION 1u
#define SERIAL_PARTS         4u

// What the driver's next task goes on with (state.c).
typedef struct _SERIAL_STATE {
    ULONG Version;
    UCHAR Line, Modem; // LCR, MCR
    USHORT Divisor;    // 0: the firmware's
    ULONG Errors;      // SERIAL_ERROR_xxx since the last GET_COMMSTATUS
    SERIALPERF_STATS Stats;
    SERIAL_TIMEOUTS Timeouts;
    ULONG Given;                       // Tail of Receive as far as reads are completed
    SERIAL_PART Reading;               // the read that is being completed
    SERIAL_PART Writing[SERIAL_PARTS]; // the active write, and those before it
    ULONG Current;                     // of these the active one: what it has done is Head - Start
    SERIAL_RING Receive, Transmit;
} SERIAL_STATE, *PSERIAL_STATE;

typedef enum _IRP_STATE { IrpWaiting, IrpActive, IrpFinished } IRP_STATE;

// Reads, or writes and flushes.
typedef struct _SERIAL_QUEUE {
    IO_CSQ Csq;
    struct _PORT_EXTENSION *Port;
    LIST_ENTRY List;
    KTIMER Timer; // earliest deadline of the active IRP
    KDPC TimerDpc;
    ULONGLONG Started;        // of the active IRP, interrupt time
    ULONGLONG LastByte;       // when it last got one
    SERIAL_TIMEOUTS Timeouts; // in force for the active IRP
} SERIAL_QUEUE, *PSERIAL_QUEUE;

typedef struct _PORT_EXTENSION {
    PDEVICE_OBJECT Self, PhysicalDevice, Lower;
    IO_REMOVE_LOCK RemoveLock;
    EX_RUNDOWN_REF Hardware;  // held by who uses the chip outside of the queues
    BOOLEAN Started;          // under Lock: FALSE finishes whatever is queued
    UNICODE_STRING Link;      // \DosDevices\COMn once it exists
    UNICODE_STRING Interface; // of class GUID_DEVINTERFACE_COMPORT; no buffer if there is none
    BOOLEAN InterfaceEnabled;
    ULONG Number; // n of \Device\Serialn

    UART Uart;
    SIZE_T MappedBytes;
    ULONG Clock; // input clock in Hz; 0: unknown
    ULONG InitialBaud;
    PKINTERRUPT Interrupt;

    volatile LONG Asleep;      // the next character wakes the system
    volatile LONG WakePending; // a WAIT_WAKE is at the bus driver

    UCHAR Ier;
    BOOLEAN NotifyIdle; // somebody waits for the transmitter to run empty
    PSERIAL_STATE State;
    BOOLEAN Inherited; // from a task that had started the port
    BOOLEAN Undecided; // under Lock: no read has come since

    KSPIN_LOCK Lock;
    SERIAL_QUEUE Reads, Writes;
} PORT_EXTENSION, *PPORT_EXTENSION;

// hardware.c
// Programs the chip: FIFOs, no interrupts; the line as it was, or 8N1. Keeps the firmware's baud
// rate if InitialBaud is 0.
VOID SerialInitializeChip(PPORT_EXTENSION port);
VOID SerialEnableChip(PPORT_EXTENSION port);
VOID SerialSilenceChip(PPORT_EXTENSION port);
KSERVICE_ROUTINE SerialInterrupt;
// Both move as many bytes as they can and return their number. IRQL <= DISPATCH_LEVEL.
ULONG SerialReceive(PPORT_EXTENSION port, PUCHAR buffer, ULONG room);
ULONG SerialTransmit(PPORT_EXTENSION port, const UCHAR *bytes, ULONG count);
// Is everything sent? If not, the device's DPC is queued when it is.
BOOLEAN SerialIdle(PPORT_EXTENSION port);
// Sends what is in the ring by polling, for at most `milliseconds`.
VOID SerialDrain(PPORT_EXTENSION port, ULONG milliseconds);
VOID SerialPurgeRings(PPORT_EXTENSION port, BOOLEAN receive, BOOLEAN transmit);
// FALSE: the clock is unknown, or no divisor comes within 3 %.
BOOLEAN SerialSetBaud(PPORT_EXTENSION port, ULONG baud);
ULONG SerialGetBaud(PPORT_EXTENSION port); // 0: unknown
NTSTATUS SerialSetLine(PPORT_EXTENSION port, const SERIAL_LINE_CONTROL *line);
VOID SerialGetLine(PPORT_EXTENSION port, PSERIAL_LINE_CONTROL line);
VOID SerialSetModem(PPORT_EXTENSION port, UCHAR set, UCHAR clear);
VOID SerialSetBreak(PPORT_EXTENSION port, BOOLEAN on);
VOID SerialGetStatus(PPORT_EXTENSION port, PSERIAL_STATUS status);
VOID SerialGetStats(PPORT_EXTENSION port, PSERIALPERF_STATS stats, BOOLEAN clear);

// state.c
NTSTATUS SerialTakeState(PPORT_EXTENSION port);
// Under Lock: a read comes; before any of it is served.
VOID SerialReadArrives(PPORT_EXTENSION port, PIRP irp);
// Before and after the completion of a read that has got bytes.
VOID SerialReadEnds(PPORT_EXTENSION port, PIRP irp);
VOID SerialReadEnded(PPORT_EXTENSION port, ULONG bytes);
// Under Lock: a write becomes the active one. How many of its bytes are in the ring, or sent,
// already.
ULONG SerialWriteBegins(PPORT_EXTENSION port, PIRP irp, ULONG length);

// queue.c
VOID SerialInitializeQueues(PPORT_EXTENSION port);
NTSTATUS SerialReadWriteFlush(PDEVICE_OBJECT device, PIRP irp);
// Moves bytes, completes what is finished, sets the timers. IRQL <= DISPATCH_LEVEL, no lock held.
VOID SerialServiceReads(PPORT_EXTENSION port);
VOID SerialServiceWrites(PPORT_EXTENSION port);
// Completes the queue's IRPs of one file (all if NULL) with STATUS_CANCELLED.
VOID SerialCancelQueue(PSERIAL_QUEUE queue, PFILE_OBJECT file);
IO_DPC_ROUTINE SerialDpc;
// Completes an IRP that holds the remove lock.
NTSTATUS SerialComplete(PPORT_EXTENSION port, PIRP irp, NTSTATUS status, ULONG_PTR information);

// timeout.c: when the active IRP of a queue has to end.
typedef struct _TIMEOUT_STATE {
    ULONGLONG Now, Started, LastByte;
    ULONG Wanted, Done;
} TIMEOUT_STATE, *PTIMEOUT_STATE;
#define SERIAL_NO_DEADLINE ((ULONGLONG) - 1)
// STATUS_PENDING: go on waiting, *deadline tells until when. Else the status to complete with.
NTSTATUS SerialReadVerdict(const SERIAL_TIMEOUTS *timeouts, const TIMEOUT_STATE *state,
                           ULONGLONG *deadline);
NTSTATUS SerialWriteVerdict(const SERIAL_TIMEOUTS *timeouts, const TIMEOUT_STATE *state,
                            ULONGLONG *deadline);

// control.c
NTSTATUS SerialDeviceControl(PDEVICE_OBJECT device, PIRP irp);

// power.c
NTSTATUS SerialPower(PDEVICE_OBJECT device, PIRP irp);
// Something has come in: wakes the system if it sleeps. IRQL <= DISPATCH_LEVEL.
VOID SerialWake(PPORT_EXTENSION port);

// pnp.c
DRIVER_ADD_DEVICE SerialAddDevice;
NTSTATUS SerialPnp(PDEVICE_OBJECT device, PIRP irp);

// properties.c: the node's description. Leaves defaults where it says nothing.
VOID SerialReadProperties(PPORT_EXTENSION port);
// Finds a property of one cell in a block as abi/drivers/devicetree.h draws it.
BOOLEAN SerialFindCell(const UCHAR *block, ULONG bytes, PCSTR name, PULONG value);

#endif
