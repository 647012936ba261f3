// SPDX-License-Identifier: MIT
//
// Two devices of one driver, one above the other, and an IRP sent through both.

#ifndef TEST_STACK_H
#define TEST_STACK_H

#include "test_driver.h"

static PDEVICE_OBJECT upper, lower;
static PDRIVER_DISPATCH upper_does, lower_does;

static inline NTSTATUS route(PDEVICE_OBJECT device, PIRP irp)
{
    return (device == upper ? upper_does : lower_does)(device, irp);
}

// Two devices, one above the other, that do what is said.
static inline void stack_of(PDRIVER_DISPATCH above, PDRIVER_DISPATCH below)
{
    fresh_driver(route);
    lower = new_device(0);
    upper = new_device(0);
    upper_does = above;
    lower_does = below;
    if (IoAttachDeviceToDeviceStack(upper, lower) != lower)
        abort();
}

static inline void drop(void)
{
    IoDetachDevice(lower);
    IoDeleteDevice(upper);
    IoDeleteDevice(lower);
}

static PIRP sent;
static int caught;

static inline NTSTATUS keep(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    (void)device, (void)irp, (void)context;
    caught++;
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static inline PIRP read_irp(void)
{
    PIRP irp = IoAllocateIrp((CCHAR)(upper->StackSize), FALSE);
    IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_READ;
    IoSetCompletionRoutine(irp, keep, NULL, TRUE, TRUE, TRUE);
    caught = 0;
    return irp;
}

static inline void send(void *unused)
{
    (void)unused;
    (void)IoCallDriver(upper, sent);
}

// True when sending a request through both ends in a bug check with this text.
static inline bool breaks(PDRIVER_DISPATCH above, PDRIVER_DISPATCH below, const char *rule)
{
    stack_of(above, below);
    sent = read_irp();
    return dies(send, NULL, rule);
}

static inline NTSTATUS pass(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    IoSkipCurrentIrpStackLocation(irp);
    return IoCallDriver(lower, irp);
}

static inline NTSTATUS succeed(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    return complete_with(irp, STATUS_SUCCESS, 0);
}

static inline NTSTATUS pend(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    IoMarkIrpPending(irp);
    return STATUS_PENDING;
}

static inline VOID cancelled(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device, (void)irp;
}

#endif
