// SPDX-License-Identifier: MIT
//
// Associated IRPs: parts of a master IRP that a highest-level driver sends separately. The driver
// sets the master's IrpCount to their number; the one that brings it to zero completes the master.
// They belong to no thread.

#include "io.h"

static void free_mdls(PIRP irp)
{
    for (PMDL mdl = irp->MdlAddress, next; mdl != NULL; mdl = next) {
        next = mdl->Next;
        if ((mdl->MdlFlags & MDL_PAGES_LOCKED) != 0)
            MmUnlockPages(mdl);
        IoFreeMdl(mdl);
    }
}

static void finish_associated(PIRP irp)
{
    PIRP master = irp->AssociatedIrp.MasterIrp;
    free_mdls(irp);
    io_free_irp(irp);
    LONG left = InterlockedDecrement(&master->AssociatedIrp.IrpCount);
    if (left < 0)
        io_violation(0x200,
                     "more associated IRPs were completed than the master IRP's IrpCount says",
                     master, NULL, 0xff, NULL);
    if (left == 0)
        IofCompleteRequest(master, IO_NO_INCREMENT);
}

PIRP IoMakeAssociatedIrp(PIRP master, CCHAR stack_size)
{
    ki_require_irql(DISPATCH_LEVEL, "IoMakeAssociatedIrp above DISPATCH_LEVEL");
    PIRP irp = io_allocate_irp(stack_size, finish_associated);
    if (irp == NULL)
        return NULL;
    irp->AllocationFlags |= IO_IRP_DRIVER | IO_IRP_BUILT;
    irp->Flags |= IRP_ASSOCIATED_IRP;
    irp->AssociatedIrp.MasterIrp = master;
    irp->Tail.Overlay.Thread = master->Tail.Overlay.Thread;
    return irp;
}

// Success, information, warning, error: of two that are equally bad the first one stays.
static ULONG severity(NTSTATUS status)
{
    return (ULONG)status >> 30;
}

VOID IoSetMasterIrpStatus(PIRP master, NTSTATUS status)
{
    NTSTATUS current = master->IoStatus.Status;
    if (status == STATUS_FT_READ_FROM_COPY)
        return;
    if (status == STATUS_VERIFY_REQUIRED ||
        (current != STATUS_VERIFY_REQUIRED && severity(status) > severity(current)))
        master->IoStatus.Status = status;
}
