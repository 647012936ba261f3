// SPDX-License-Identifier: MIT
//
// WMI before there is one: nothing is registered, so requests go on to the next driver.

#include <wmilib.h>

#include "../ke/ki.h"

NTSTATUS IoWMIRegistrationControl(PDEVICE_OBJECT device, ULONG action)
{
    ki_require_irql(PASSIVE_LEVEL, "IoWMIRegistrationControl above PASSIVE_LEVEL");
    ULONG of = action & 0xffff;
    if (device == NULL || of < WMIREG_ACTION_REGISTER || of > WMIREG_ACTION_BLOCK_IRPS)
        return STATUS_INVALID_PARAMETER;
    return STATUS_NOT_SUPPORTED;
}

NTSTATUS IoWMIWriteEvent(PVOID event)
{
    (void)event;
    return STATUS_UNSUCCESSFUL;
}

NTSTATUS WmiSystemControl(PWMILIB_CONTEXT context, PDEVICE_OBJECT device, PIRP irp,
                          PSYSCTL_IRP_DISPOSITION disposition)
{
    (void)context, (void)device;
    ki_require_irql(PASSIVE_LEVEL, "WmiSystemControl above PASSIVE_LEVEL");
    UCHAR minor = IoGetCurrentIrpStackLocation(irp)->MinorFunction;
    *disposition = minor <= IRP_MN_REGINFO_EX ? IrpForward : IrpNotWmi;
    return irp->IoStatus.Status;
}

NTSTATUS WmiCompleteRequest(PDEVICE_OBJECT device, PIRP irp, NTSTATUS status, ULONG used,
                            CCHAR boost)
{
    (void)device;
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = NT_SUCCESS(status) || status == STATUS_BUFFER_TOO_SMALL ? used : 0;
    IoCompleteRequest(irp, boost);
    return status;
}

NTSTATUS WmiFireEvent(PDEVICE_OBJECT device, LPGUID guid, ULONG instance, ULONG size, PVOID data)
{
    (void)device, (void)guid, (void)instance, (void)size, (void)data;
    return STATUS_UNSUCCESSFUL;
}
