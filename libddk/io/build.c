// SPDX-License-Identifier: MIT
//
// IRPs that a driver builds for another one. The threaded ones are finished here: output copied to
// the requester's buffer, status block written, event set, buffers and IRP freed. Asynchronous ones
// are the driver's, buffers too.

#include "../vf/vf.h"
#include "io.h"

static void copy_out(PIRP irp)
{
    if ((irp->Flags & IRP_INPUT_OPERATION) == 0 || NT_ERROR(irp->IoStatus.Status) ||
        irp->IoStatus.Status == STATUS_VERIFY_REQUIRED)
        return;
    memcpy(irp->UserBuffer, irp->AssociatedIrp.SystemBuffer, irp->IoStatus.Information);
}

static void free_mdls(PIRP irp)
{
    for (PMDL mdl = irp->MdlAddress, next; mdl != NULL; mdl = next) {
        next = mdl->Next;
        if ((mdl->MdlFlags & MDL_PAGES_LOCKED) != 0)
            MmUnlockPages(mdl);
        IoFreeMdl(mdl);
    }
    irp->MdlAddress = NULL;
}

static void finish_threaded(PIRP irp)
{
    PKEVENT event = irp->UserEvent;
    if ((irp->Flags & IRP_BUFFERED_IO) != 0) {
        copy_out(irp);
        if ((irp->Flags & IRP_DEALLOCATE_BUFFER) != 0)
            ExFreePoolWithTag(irp->AssociatedIrp.SystemBuffer, 'BrpI');
    }
    free_mdls(irp);
    if (irp->UserIosb != NULL)
        *irp->UserIosb = irp->IoStatus;
    if (io_unthread_irp(irp))
        io_free_irp(irp);
    if (event != NULL)
        KeSetEvent(event, IO_NO_INCREMENT, FALSE);
}

static bool add_buffered(PIRP irp, PVOID input, ULONG input_length, PVOID output, ULONG length)
{
    if (length == 0)
        return true;
    PVOID buffer = ExAllocatePool2(POOL_FLAG_NON_PAGED | POOL_FLAG_UNINITIALIZED, length, 'BrpI');
    if (buffer == NULL)
        return false;
    if (input_length != 0)
        memcpy(buffer, input, input_length);
    irp->AssociatedIrp.SystemBuffer = buffer;
    irp->UserBuffer = output;
    irp->Flags |= IRP_BUFFERED_IO | IRP_DEALLOCATE_BUFFER;
    irp->Flags |= output != NULL ? IRP_INPUT_OPERATION : 0;
    return true;
}

static bool add_direct(PIRP irp, PVOID buffer, ULONG length, LOCK_OPERATION operation)
{
    if (length == 0)
        return true;
    PMDL mdl = IoAllocateMdl(buffer, length, FALSE, FALSE, irp);
    if (mdl == NULL)
        return false;
    MmProbeAndLockPages(mdl, KernelMode, operation);
    return true;
}

static bool add_transfer(PIRP irp, PDEVICE_OBJECT device, ULONG major, PVOID buffer, ULONG length)
{
    bool read = major == IRP_MJ_READ;
    irp->UserBuffer = buffer;
    if ((device->Flags & DO_BUFFERED_IO) != 0)
        return add_buffered(irp, buffer, read ? 0 : length, read ? buffer : NULL, length);
    if ((device->Flags & DO_DIRECT_IO) != 0)
        return add_direct(irp, buffer, length, read ? IoWriteAccess : IoReadAccess);
    return true;
}

static PIRP give_up(PIRP irp)
{
    free_mdls(irp);
    if (irp->AssociatedIrp.SystemBuffer != NULL)
        ExFreePoolWithTag(irp->AssociatedIrp.SystemBuffer, 'BrpI');
    io_free_irp(irp);
    return NULL;
}

static bool may_be_built(ULONG major)
{
    return major == IRP_MJ_READ || major == IRP_MJ_WRITE || major == IRP_MJ_FLUSH_BUFFERS ||
           major == IRP_MJ_SHUTDOWN || major == IRP_MJ_PNP || major == IRP_MJ_POWER;
}

// NULL also for a major function that the documentation does not allow.
static PIRP build(ULONG major, PDEVICE_OBJECT device, PVOID buffer, ULONG length,
                  PLARGE_INTEGER offset, PIO_STATUS_BLOCK iosb, void (*finish)(PIRP))
{
    PIRP irp =
        may_be_built(major) && !vf_fail() ? io_allocate_irp(device->StackSize, finish) : NULL;
    if (irp == NULL)
        return NULL;
    PIO_STACK_LOCATION next = IoGetNextIrpStackLocation(irp);
    next->MajorFunction = (UCHAR)major;
    irp->UserIosb = iosb;
    irp->AllocationFlags |= IO_IRP_BUILT;
    if (major != IRP_MJ_READ && major != IRP_MJ_WRITE)
        return irp;
    next->Parameters.Read.Length = length; // Read and Write have the same layout
    next->Parameters.Read.ByteOffset.QuadPart = offset != NULL ? offset->QuadPart : 0;
    irp->Flags |= major == IRP_MJ_READ ? IRP_READ_OPERATION : IRP_WRITE_OPERATION;
    return add_transfer(irp, device, major, buffer, length) ? irp : give_up(irp);
}

PIRP IoBuildAsynchronousFsdRequest(ULONG major, PDEVICE_OBJECT device, PVOID buffer, ULONG length,
                                   PLARGE_INTEGER offset, PIO_STATUS_BLOCK iosb)
{
    ki_require_irql(APC_LEVEL, "IoBuildAsynchronousFsdRequest above APC_LEVEL");
    PIRP irp = build(major, device, buffer, length, offset, iosb, io_finish_driver_irp);
    if (irp != NULL)
        irp->AllocationFlags |= IO_IRP_DRIVER;
    return irp;
}

PIRP IoBuildSynchronousFsdRequest(ULONG major, PDEVICE_OBJECT device, PVOID buffer, ULONG length,
                                  PLARGE_INTEGER offset, PKEVENT event, PIO_STATUS_BLOCK iosb)
{
    ki_require_irql(APC_LEVEL, "IoBuildSynchronousFsdRequest above APC_LEVEL");
    PIRP irp = build(major, device, buffer, length, offset, iosb, finish_threaded);
    if (irp == NULL)
        return NULL;
    irp->UserEvent = event;
    io_thread_irp(irp);
    return irp;
}

static bool add_ioctl_buffers(PIRP irp, ULONG code, PVOID input, ULONG input_length, PVOID output,
                              ULONG output_length)
{
    PIO_STACK_LOCATION next = IoGetNextIrpStackLocation(irp);
    switch (METHOD_FROM_CTL_CODE(code)) {
    case METHOD_BUFFERED:
        return add_buffered(irp, input, input_length, output_length != 0 ? output : NULL,
                            input_length > output_length ? input_length : output_length);
    case METHOD_NEITHER:
        next->Parameters.DeviceIoControl.Type3InputBuffer = input;
        irp->UserBuffer = output;
        return true;
    default:
        return add_buffered(irp, input, input_length, NULL, input_length) &&
               add_direct(irp, output, output_length,
                          METHOD_FROM_CTL_CODE(code) == METHOD_IN_DIRECT ? IoReadAccess
                                                                         : IoWriteAccess);
    }
}

PIRP IoBuildDeviceIoControlRequest(ULONG code, PDEVICE_OBJECT device, PVOID input,
                                   ULONG input_length, PVOID output, ULONG output_length,
                                   BOOLEAN internal, PKEVENT event, PIO_STATUS_BLOCK iosb)
{
    ki_require_irql(APC_LEVEL, "IoBuildDeviceIoControlRequest above APC_LEVEL");
    PIRP irp = vf_fail() ? NULL : io_allocate_irp(device->StackSize, finish_threaded);
    if (irp == NULL)
        return NULL;
    PIO_STACK_LOCATION next = IoGetNextIrpStackLocation(irp);
    next->MajorFunction = internal ? IRP_MJ_INTERNAL_DEVICE_CONTROL : IRP_MJ_DEVICE_CONTROL;
    next->Parameters.DeviceIoControl.OutputBufferLength = output_length;
    next->Parameters.DeviceIoControl.InputBufferLength = input_length;
    next->Parameters.DeviceIoControl.IoControlCode = code;
    irp->UserEvent = event;
    irp->UserIosb = iosb;
    irp->AllocationFlags |= IO_IRP_BUILT;
    if (!add_ioctl_buffers(irp, code, input, input_length, output, output_length))
        return give_up(irp);
    io_thread_irp(irp);
    return irp;
}
