// SPDX-License-Identifier: MIT
//
// Wait/wake of platform devices. There is no wake line beside a device's interrupt, which its
// function driver handles also while the system sleeps: so it is the function driver that tells
// this one, by DEVICETREE_IOCTL_WAKE, when the device has seen what it was to wake for. The
// WAIT_WAKE that is pending at the PDO ends then. A PDO has one at a time; whoever takes it out of
// `wait_wake` completes it.
#include "devicetree.h"

#include <drivers/devicetree.h>

// The IRP that waits, if it is `irp` (NULL: any), and no longer cancellable.
static PIRP take(struct pdo_extension *extension, PIRP irp)
{
    KIRQL irql;
    KeAcquireSpinLock(&extension->wake_lock, &irql);
    PIRP waiting = extension->wait_wake;
    if (waiting && irp && waiting != irp)
        waiting = NULL;
    if (waiting)
        extension->wait_wake = NULL;
    KeReleaseSpinLock(&extension->wake_lock, irql);
    return waiting;
}

static VOID cancel(PDEVICE_OBJECT pdo, PIRP irp)
{
    IoReleaseCancelSpinLock(irp->CancelIrql);
    if (take(pdo->DeviceExtension, irp))
        (void)PdoComplete(irp, STATUS_CANCELLED);
}

// Ends the IRP, unless its cancel routine runs just now and will.
static BOOLEAN end(struct pdo_extension *extension, NTSTATUS status)
{
    KIRQL irql;
    PIRP irp;
    KeAcquireSpinLock(&extension->wake_lock, &irql);
    irp = extension->wait_wake;
    if (irp && !IoSetCancelRoutine(irp, NULL))
        irp = NULL;
    if (irp)
        extension->wait_wake = NULL;
    KeReleaseSpinLock(&extension->wake_lock, irql);
    if (!irp)
        return FALSE;
    if (NT_SUCCESS(status))
        PoSetSystemWake(irp);
    (void)PdoComplete(irp, status);
    return TRUE;
}

VOID WakeEnd(struct pdo_extension *extension, NTSTATUS status)
{
    (void)end(extension, status);
}

NTSTATUS WakeWait(PDEVICE_OBJECT pdo, PIRP irp)
{
    struct pdo_extension *extension = pdo->DeviceExtension;
    KIRQL irql;
    if (IoGetCurrentIrpStackLocation(irp)->Parameters.WaitWake.PowerState > PowerSystemSleeping3)
        return PdoComplete(irp, STATUS_INVALID_DEVICE_STATE);
    KeAcquireSpinLock(&extension->wake_lock, &irql);
    BOOLEAN taken = extension->wait_wake != NULL;
    if (!taken) {
        IoMarkIrpPending(irp);
        extension->wait_wake = irp;
        IoSetCancelRoutine(irp, cancel);
    }
    BOOLEAN cancelled = !taken && irp->Cancel && IoSetCancelRoutine(irp, NULL);
    if (cancelled)
        extension->wait_wake = NULL;
    KeReleaseSpinLock(&extension->wake_lock, irql);
    if (taken)
        return PdoComplete(irp, STATUS_DEVICE_BUSY);
    if (cancelled)
        (void)PdoComplete(irp, STATUS_CANCELLED);
    return STATUS_PENDING;
}

NTSTATUS WakeSignal(PDEVICE_OBJECT pdo, PIRP irp)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    if (location->Parameters.DeviceIoControl.IoControlCode != DEVICETREE_IOCTL_WAKE)
        return PdoComplete(irp, STATUS_INVALID_DEVICE_REQUEST);
    BOOLEAN woken = end(pdo->DeviceExtension, STATUS_SUCCESS);
    irp->IoStatus.Information = 0;
    return PdoComplete(irp, woken ? STATUS_SUCCESS : STATUS_NOT_FOUND);
}
