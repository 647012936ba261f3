// SPDX-License-Identifier: MIT
//
// What the driver's next task goes on with (port.h, SERIAL_STATE). What is inherited is checked as
// input is: the task that wrote it has died.
#include "port.h"

static BOOLEAN Plausible(const SERIAL_STATE *state)
{
    const SERIAL_TIMEOUTS *timeouts = &state->Timeouts;
    return state->Version == SERIAL_STATE_VERSION &&
           state->Receive.Head - state->Receive.Tail <= RING_SIZE &&
           state->Transmit.Head - state->Transmit.Tail <= RING_SIZE &&
           state->Current < SERIAL_PARTS &&
           (timeouts->ReadIntervalTimeout != MAXULONG ||
            timeouts->ReadTotalTimeoutConstant != MAXULONG);
}

// A read may have had more than the ring holds: what was overwritten is lost.
static VOID GiveAgain(PSERIAL_STATE state)
{
    if (state->Receive.Head - state->Given <= RING_SIZE) {
        state->Receive.Tail = state->Given;
    } else {
        state->Given = state->Receive.Tail;
    }
}

static VOID Begin(PSERIAL_STATE state)
{
    RtlZeroMemory(state, sizeof(*state));
    state->Version = SERIAL_STATE_VERSION;
    // A console: a read ends as soon as it has one byte.
    state->Timeouts = (SERIAL_TIMEOUTS){.ReadIntervalTimeout = MAXULONG,
                                        .ReadTotalTimeoutMultiplier = MAXULONG,
                                        .ReadTotalTimeoutConstant = MAXULONG - 1};
}

NTSTATUS SerialTakeState(PPORT_EXTENSION port)
{
    PVOID state;
    BOOLEAN inherited;
    NTSTATUS status = DdkKeepDeviceState(port->Self, sizeof(SERIAL_STATE), &state, &inherited);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    port->State = state;
    port->Inherited = inherited && Plausible(state);
    if (port->Inherited) {
        GiveAgain(state);
        port->Undecided = TRUE;
    } else {
        Begin(state);
    }
    return STATUS_SUCCESS;
}

static BOOLEAN Same(const SERIAL_PART *part, DDK_REQUEST_NAME name)
{
    return name.Link != 0 && part->Name.Link == name.Link && part->Name.Number == name.Number;
}

// ---- reads ----

// Bytes that a read got whose completion was under way when the last task died: the read comes
// again, first of all, unless its requester had seen the completion.
VOID SerialReadArrives(PPORT_EXTENSION port, PIRP irp)
{
    PSERIAL_STATE state = port->State;
    if (!port->Undecided) {
        return;
    }
    port->Undecided = FALSE;
    KIRQL irql = KeAcquireInterruptSpinLock(port->Interrupt);
    ULONG held = state->Receive.Head - state->Given;
    if (state->Reading.Name.Link != 0 && !Same(&state->Reading, DdkRequestName(irp)) &&
        state->Reading.Bytes <= held) {
        state->Given += state->Reading.Bytes;
        state->Receive.Tail = state->Given;
    }
    state->Reading.Name.Link = 0;
    KeReleaseInterruptSpinLock(port->Interrupt, irql);
}

VOID SerialReadEnds(PPORT_EXTENSION port, PIRP irp)
{
    PSERIAL_PART reading = &port->State->Reading;
    DDK_REQUEST_NAME name = DdkRequestName(irp);
    KIRQL irql = KeAcquireInterruptSpinLock(port->Interrupt);
    reading->Name.Link = 0;
    reading->Bytes = (ULONG)irp->IoStatus.Information;
    reading->Name.Number = name.Number;
    reading->Name.Link = name.Link;
    KeReleaseInterruptSpinLock(port->Interrupt, irql);
}

VOID SerialReadEnded(PPORT_EXTENSION port, ULONG bytes)
{
    KIRQL irql = KeAcquireInterruptSpinLock(port->Interrupt);
    port->State->Given += bytes;
    port->State->Reading.Name.Link = 0;
    KeReleaseInterruptSpinLock(port->Interrupt, irql);
}

// ---- writes ----

ULONG SerialWriteBegins(PPORT_EXTENSION port, PIRP irp, ULONG length)
{
    PSERIAL_STATE state = port->State;
    DDK_REQUEST_NAME name = DdkRequestName(irp);
    ULONG done = 0;
    for (ULONG i = 0; i < SERIAL_PARTS; i++) {
        const SERIAL_PART *part = &state->Writing[i];
        if (Same(part, name)) {
            done = i == state->Current ? state->Transmit.Head - part->Start : part->Bytes;
        }
    }
    done = done <= length ? done : 0;
    // The one before may still be on its way to its requester.
    SERIAL_PART *last = &state->Writing[state->Current];
    last->Bytes = state->Transmit.Head - last->Start;
    ULONG next = (state->Current + 1) % SERIAL_PARTS;
    SERIAL_PART *part = &state->Writing[next];
    part->Name.Link = 0;
    part->Start = state->Transmit.Head - done;
    part->Bytes = done;
    part->Name.Number = name.Number;
    part->Name.Link = name.Link;
    state->Current = next;
    return done;
}
