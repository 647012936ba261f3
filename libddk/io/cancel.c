// SPDX-License-Identifier: MIT
//
// Cancelling. One system cancel spin lock. IoCancelIrp takes the routine out of the IRP with an
// exchange; so does the driver that clears it: whoever gets the routine completes the IRP.

#include "io.h"

static KSPIN_LOCK cancel_lock;

VOID IoAcquireCancelSpinLock(PKIRQL irql)
{
    ki_require_irql(DISPATCH_LEVEL, "IoAcquireCancelSpinLock above DISPATCH_LEVEL");
    *irql = KeAcquireSpinLockRaiseToDpc(&cancel_lock);
}

VOID IoReleaseCancelSpinLock(KIRQL irql)
{
    if (KeGetCurrentIrql() < DISPATCH_LEVEL)
        ki_violation(IRQL_NOT_GREATER_OR_EQUAL, "IoReleaseCancelSpinLock below DISPATCH_LEVEL",
                     KeGetCurrentIrql(), DISPATCH_LEVEL);
    KeReleaseSpinLock(&cancel_lock, irql);
}

BOOLEAN IoCancelIrp(PIRP irp)
{
    struct ki_state state;
    KIRQL irql;
    ki_require_irql(DISPATCH_LEVEL, "IoCancelIrp above DISPATCH_LEVEL");
    if (irp->Type != IO_TYPE_IRP)
        io_violation(0x200, "IoCancelIrp of an IRP that was freed", irp, NULL, 0xff,
                     __builtin_return_address(0));
    ki_save_state(&state);
    IoAcquireCancelSpinLock(&irql);
    irp->Cancel = TRUE;
    PDRIVER_CANCEL routine = IoSetCancelRoutine(irp, NULL);
    if (routine == NULL) {
        IoReleaseCancelSpinLock(irql);
        return FALSE;
    }
    irp->CancelIrql = irql;
    PDEVICE_OBJECT device = irp->CurrentLocation <= irp->StackCount
                                ? IoGetCurrentIrpStackLocation(irp)->DeviceObject
                                : NULL;
    ki_name_state(&state, KI_IN_CANCEL, (void *)routine, device, irp);
    routine(device, irp);
    ki_check_state(&state,
                   "cancel routine did not release the cancel spin lock with Irp->CancelIrql",
                   (void *)routine);
    return TRUE;
}
