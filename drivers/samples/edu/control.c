// SPDX-License-Identifier: MIT
//
// Control requests: each is checked here, where it can still be refused, and then done at once or
// queued for the device.
#include "device.h"

static NTSTATUS Identify(PEDU edu, PIRP irp, ULONG room)
{
    struct edu_identity *identity = irp->AssociatedIrp.SystemBuffer;
    if (room < sizeof(*identity))
        return EduComplete(irp, STATUS_BUFFER_TOO_SMALL, 0);
    ULONG id = EduRead(edu, EDU_IDENTIFICATION), asked = 0x5a5a1234;
    EduWrite(edu, EDU_LIVENESS, asked);
    *identity = (struct edu_identity){
        .major = id >> 24,
        .minor = id >> 16 & 0xff,
        .alive = EduRead(edu, EDU_LIVENESS) == ~asked,
        .interrupt = edu->ConnectVersion == CONNECT_MESSAGE_BASED ? EDU_INTERRUPT_MESSAGE
                                                                  : EDU_INTERRUPT_LINE,
        .interrupts = (ULONG)edu->Interrupts,
        .dma_bits = edu->DmaBits,
        .common = edu->Common != NULL,
    };
    return EduComplete(irp, STATUS_SUCCESS, sizeof(*identity));
}

// Changes what requests use: none may be there.
static NTSTATUS SetDmaWidth(PEDU edu, PIRP irp, ULONG length)
{
    ULONG bits = length >= sizeof(ULONG) ? *(PULONG)irp->AssociatedIrp.SystemBuffer : 0;
    NTSTATUS status = STATUS_DEVICE_BUSY;
    if (bits < EDU_DEFAULT_DMA_BITS || bits > 64)
        return EduComplete(irp, STATUS_INVALID_PARAMETER, 0);
    EduHold(edu);
    if (IsListEmpty(&edu->Queue))
        status = EduMakeAdapter(edu, bits);
    if (edu->State == EduHeld) // it may have failed meanwhile
        EduResume(edu);
    return EduComplete(irp, status, 0);
}

static NTSTATUS CheckFactorial(PIO_STACK_LOCATION location)
{
    if (location->Parameters.DeviceIoControl.InputBufferLength < sizeof(ULONG))
        return STATUS_INVALID_PARAMETER;
    return location->Parameters.DeviceIoControl.OutputBufferLength < sizeof(ULONG)
               ? STATUS_BUFFER_TOO_SMALL
               : STATUS_SUCCESS;
}

static NTSTATUS CheckCopy(PIRP irp, PIO_STACK_LOCATION location)
{
    const struct edu_place *place = irp->AssociatedIrp.SystemBuffer;
    ULONG length = location->Parameters.DeviceIoControl.OutputBufferLength;
    if (location->Parameters.DeviceIoControl.InputBufferLength < sizeof(*place))
        return STATUS_INVALID_PARAMETER;
    if (irp->MdlAddress == NULL || place->way > EDU_COMMON)
        return STATUS_INVALID_PARAMETER;
    return place->offset > EDU_BUFFER_BYTES || length > EDU_BUFFER_BYTES - place->offset
               ? STATUS_INVALID_PARAMETER
               : STATUS_SUCCESS;
}

// What is queued keeps the remove lock, once more, until it is completed.
static NTSTATUS Queue(PEDU edu, PIRP irp, NTSTATUS status)
{
    if (NT_SUCCESS(status))
        status = IoAcquireRemoveLock(&edu->RemoveLock, irp);
    if (!NT_SUCCESS(status))
        return EduComplete(irp, status, 0);
    status = EduQueue(edu, irp);
    if (status == STATUS_PENDING)
        return status;
    IoReleaseRemoveLock(&edu->RemoveLock, irp);
    return EduComplete(irp, status, 0);
}

// Those that need no turn of the device, but the device.
static NTSTATUS Immediate(PEDU edu, PIRP irp, PIO_STACK_LOCATION location)
{
    NTSTATUS status;
    (VOID) KeWaitForSingleObject(&edu->Hardware, Executive, KernelMode, FALSE, NULL);
    if (edu->State != EduRunning)
        status = EduComplete(irp, STATUS_DEVICE_NOT_READY, 0);
    else if (location->Parameters.DeviceIoControl.IoControlCode == IOCTL_EDU_IDENTIFY)
        status = Identify(edu, irp, location->Parameters.DeviceIoControl.OutputBufferLength);
    else
        status = SetDmaWidth(edu, irp, location->Parameters.DeviceIoControl.InputBufferLength);
    (VOID) KeReleaseMutex(&edu->Hardware, FALSE);
    return status;
}

NTSTATUS EduControl(PEDU edu, PIRP irp)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    switch (location->Parameters.DeviceIoControl.IoControlCode) {
    case IOCTL_EDU_IDENTIFY:
    case IOCTL_EDU_SET_DMA_WIDTH:
        return Immediate(edu, irp, location);
    case IOCTL_EDU_FACTORIAL:
        return Queue(edu, irp, CheckFactorial(location));
    case IOCTL_EDU_COPY_TO:
    case IOCTL_EDU_COPY_FROM:
        return Queue(edu, irp, CheckCopy(irp, location));
    default:
        return EduComplete(irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    }
}
