// SPDX-License-Identifier: MIT
//
// What tests of interrupt connections share: a device with a line or messages, ISRs that note how
// they were called, the parameters of each version of IoConnectInterruptEx.
#pragma once

#include "ddi_test.h"
#include "test_driver.h"

#define LINE  42u
#define FIRST 0x1000u

static PDEVICE_OBJECT device;

static struct {
    int line_runs, message_runs[8];
    KIRQL irql;
    PKINTERRUPT interrupt;
    PVOID context;
    PKSPIN_LOCK watched; // was it held?
    bool held;
    KEVENT ran;
} seen;

static inline BOOLEAN line_isr(PKINTERRUPT interrupt, PVOID context)
{
    seen.line_runs++;
    seen.irql = KeGetCurrentIrql();
    seen.interrupt = interrupt;
    seen.context = context;
    return context != NULL;
}

static inline BOOLEAN message_isr(PKINTERRUPT interrupt, PVOID context, ULONG message)
{
    seen.message_runs[message]++;
    seen.irql = KeGetCurrentIrql();
    seen.interrupt = interrupt;
    seen.context = context;
    if (seen.watched != NULL)
        seen.held = *seen.watched != 0;
    if (seen.irql == PASSIVE_LEVEL)
        KeSetEvent(&seen.ran, IO_NO_INCREMENT, FALSE);
    return TRUE;
}

static inline void begin(uint32_t messages)
{
    fresh_driver(NULL);
    device = new_device(0);
    RtlZeroMemory(&seen, sizeof(seen));
    KeInitializeEvent(&seen.ran, SynchronizationEvent, FALSE);
    if (messages != 0)
        posix_set_messages(device, FIRST, messages);
    else
        posix_set_vector(device, LINE);
}

static inline IO_CONNECT_INTERRUPT_PARAMETERS line_of(PKINTERRUPT *interrupt)
{
    IO_CONNECT_INTERRUPT_PARAMETERS p = {.Version = CONNECT_LINE_BASED};
    p.LineBased.PhysicalDeviceObject = device;
    p.LineBased.InterruptObject = interrupt;
    p.LineBased.ServiceRoutine = line_isr;
    p.LineBased.ServiceContext = &seen;
    return p;
}

static inline IO_CONNECT_INTERRUPT_PARAMETERS full_of(PKINTERRUPT *interrupt, ULONG vector,
                                                      KIRQL irql)
{
    IO_CONNECT_INTERRUPT_PARAMETERS p = {.Version = CONNECT_FULLY_SPECIFIED};
    p.FullySpecified.PhysicalDeviceObject = device;
    p.FullySpecified.InterruptObject = interrupt;
    p.FullySpecified.ServiceRoutine = line_isr;
    p.FullySpecified.ServiceContext = &seen;
    p.FullySpecified.Vector = vector;
    p.FullySpecified.Irql = irql;
    p.FullySpecified.SynchronizeIrql = irql;
    p.FullySpecified.InterruptMode = LevelSensitive;
    p.FullySpecified.ProcessorEnableMask = 1;
    return p;
}

static inline IO_CONNECT_INTERRUPT_PARAMETERS messages_of(PVOID result)
{
    IO_CONNECT_INTERRUPT_PARAMETERS p = {.Version = CONNECT_MESSAGE_BASED};
    p.MessageBased.PhysicalDeviceObject = device;
    p.MessageBased.ConnectionContext.Generic = result;
    p.MessageBased.MessageServiceRoutine = message_isr;
    p.MessageBased.ServiceContext = &seen;
    p.MessageBased.FallBackServiceRoutine = line_isr;
    return p;
}

static inline void disconnect(ULONG version, PVOID what)
{
    IO_DISCONNECT_INTERRUPT_PARAMETERS p = {.Version = version};
    p.ConnectionContext.Generic = what;
    IoDisconnectInterruptEx(&p);
}

static inline void report(ULONG version, PVOID what, bool active)
{
    IO_DISCONNECT_INTERRUPT_PARAMETERS p = {.Version = version};
    p.ConnectionContext.Generic = what;
    if (active)
        IoReportInterruptActive(&p);
    else
        IoReportInterruptInactive(&p);
}
