// SPDX-License-Identifier: MIT
//
// A function or filter driver must not fail IRP_MN_SET_POWER for a device state; a bus driver may,
// and its failure is then passed up. (Documentation: "IRP_MN_SET_POWER"; rules PowerDownFail and
// PowerUpFail.)

#include "po.h"

void po_check_completion(PIRP irp)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    PDEVICE_OBJECT device = location->DeviceObject;
    if (location->MinorFunction != IRP_MN_SET_POWER || NT_SUCCESS(irp->IoStatus.Status) ||
        location->Parameters.Power.Type != DevicePowerState ||
        (irp->AllocationFlags & IO_IRP_KIT) == 0)
        return;
    struct io_irp *header = io_irp_of(irp);
    if (device == NULL || io_device(device)->AttachedTo == NULL) {
        header->PowerFailed = TRUE; // the bus driver, or who answers for another task
        return;
    }
    if (header->PowerFailed)
        return;
    bool up = location->Parameters.Power.State.DeviceState == PowerDeviceD0;
    ki_violation(DRIVER_VERIFIER_DETECTED_VIOLATION,
                 up ? "a function or filter driver has failed IRP_MN_SET_POWER to D0 (PowerUpFail)"
                    : "a function or filter driver has failed IRP_MN_SET_POWER to less than D0 "
                      "(PowerDownFail)",
                 (ULONG_PTR)irp, (ULONG_PTR)device);
}
