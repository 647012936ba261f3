// SPDX-License-Identifier: MIT
//
// A stack for a driver of the toaster: its device on a fake PDO, and IRPs sent to the top.
#ifndef TOASTER_STACK_H
#define TOASTER_STACK_H

#include "ash_test.h"
#include "posix.h"
#include <ntddk.h>

DRIVER_INITIALIZE DriverEntry;

static DRIVER_OBJECT driver, lower;
static DRIVER_EXTENSION driver_extension, lower_extension;
static PDEVICE_OBJECT pdo;
static UCHAR last_minor; // that came down to the PDO

static NTSTATUS lower_dispatch(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    (void)device;
    last_minor = location->MinorFunction;
    NTSTATUS status = irp->IoStatus.Status;
    if (location->MajorFunction == IRP_MJ_POWER ||
        location->MinorFunction <= IRP_MN_CANCEL_STOP_DEVICE ||
        location->MinorFunction == IRP_MN_SURPRISE_REMOVAL)
        status = STATUS_SUCCESS;
    irp->IoStatus.Status = status;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

static void load(void)
{
    if (!NT_SUCCESS(posix_init_driver(&driver, &driver_extension,
                                      (int32_t (*)(PDRIVER_OBJECT, void *))(void *)DriverEntry)))
        abort();
    posix_init_driver(&lower, &lower_extension, NULL);
    for (int i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; i++)
        lower.MajorFunction[i] = lower_dispatch;
    if (!NT_SUCCESS(IoCreateDevice(&lower, 0, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &pdo)))
        abort();
    pdo->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    posix_set_instance(pdo, "SAMPLE\\Toaster\\01");
    if (!NT_SUCCESS(driver.DriverExtension->AddDevice(&driver, pdo)))
        abort();
}

struct sent {
    PIRP irp;
    KEVENT event;
    ULONG value;
};

static NTSTATUS done(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    (void)device, (void)irp;
    KeSetEvent(&((struct sent *)context)->event, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static PIO_STACK_LOCATION prepare(struct sent *sent, UCHAR major, UCHAR minor)
{
    PDEVICE_OBJECT top = IoGetAttachedDevice(pdo);
    *sent = (struct sent){.irp = IoAllocateIrp(top->StackSize, FALSE)};
    KeInitializeEvent(&sent->event, NotificationEvent, FALSE);
    sent->irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
    sent->irp->AssociatedIrp.SystemBuffer = &sent->value;
    PIO_STACK_LOCATION next = IoGetNextIrpStackLocation(sent->irp);
    next->MajorFunction = major;
    next->MinorFunction = minor;
    return next;
}

static NTSTATUS send(struct sent *sent)
{
    IoSetCompletionRoutine(sent->irp, done, sent, TRUE, TRUE, TRUE);
    return IoCallDriver(IoGetAttachedDevice(pdo), sent->irp);
}

static NTSTATUS finish(struct sent *sent)
{
    KeWaitForSingleObject(&sent->event, Executive, KernelMode, FALSE, NULL);
    NTSTATUS status = sent->irp->IoStatus.Status;
    IoFreeIrp(sent->irp);
    return status;
}

static NTSTATUS pnp(UCHAR minor)
{
    struct sent sent;
    prepare(&sent, IRP_MJ_PNP, minor);
    (void)send(&sent);
    return finish(&sent);
}

[[maybe_unused]] static NTSTATUS control(struct sent *sent, ULONG code, ULONG in, ULONG out)
{
    ULONG value = sent->value;
    PIO_STACK_LOCATION next = prepare(sent, IRP_MJ_DEVICE_CONTROL, 0);
    sent->value = value;
    next->Parameters.DeviceIoControl.IoControlCode = code;
    next->Parameters.DeviceIoControl.InputBufferLength = in;
    next->Parameters.DeviceIoControl.OutputBufferLength = out;
    return send(sent);
}

#endif
