// SPDX-License-Identifier: MIT
//
// IRPs of the fake kit: making, calling, completing.
#include "fake_internal.h"
#include "fake_kit.h"

#include <stdlib.h>

PIRP IoAllocateIrp(CCHAR stack_size, BOOLEAN charge_quota)
{
    size_t bytes = sizeof(IRP) + (size_t)stack_size * sizeof(IO_STACK_LOCATION);
    PIRP irp = aligned_alloc(16, (bytes + 15) & ~(size_t)15);
    UNREFERENCED_PARAMETER(charge_quota);
    memset(irp, 0, bytes);
    irp->Type = IO_TYPE_IRP;
    irp->StackCount = (CHAR)stack_size;
    irp->CurrentLocation = (CHAR)(stack_size + 1);
    irp->Tail.Overlay.CurrentStackLocation = (PIO_STACK_LOCATION)(irp + 1) + stack_size;
    return irp;
}

VOID IoFreeIrp(PIRP irp)
{
    free(irp);
}

DECLSPEC_NORETURN VOID DdkNoStackLocation(const IRP *irp)
{
    kit_fail("no stack location left: %d of %d", irp->CurrentLocation, irp->StackCount);
}

DECLSPEC_NORETURN VOID DdkSkippedStackLocation(PIRP irp, const char *rule)
{
    kit_fail("%s: %d of %d", rule, irp->CurrentLocation, irp->StackCount);
}

DECLSPEC_NORETURN VOID DdkIrqlTooHigh(KIRQL irql, const char *rule)
{
    kit_fail("%s: %d", rule, irql);
}

DECLSPEC_NORETURN VOID DdkListCorrupt(const LIST_ENTRY *entry)
{
    kit_fail("list corrupt at %p", (const void *)entry);
}

NTSTATUS IofCallDriver(PDEVICE_OBJECT device, PIRP irp)
{
    fake_check_no_lock("IoCallDriver");
    if (fake_deleted(device)) {
        kit_fail("IRP sent to a deleted device");
    }
    if (irp->CurrentLocation <= 1) {
        DdkNoStackLocation(irp);
    }
    irp->AllocationFlags &= (UCHAR)~DDK_IRP_SKIPPED;
    irp->CurrentLocation--;
    PIO_STACK_LOCATION location = --irp->Tail.Overlay.CurrentStackLocation;
    location->DeviceObject = device;
    PDRIVER_DISPATCH dispatch = device->DriverObject->MajorFunction[location->MajorFunction];
    return dispatch != NULL ? dispatch(device, irp)
                            : kit_complete(irp, STATUS_INVALID_DEVICE_REQUEST, 0);
}

static bool routine_wanted(const IRP *irp, UCHAR control)
{
    bool success = NT_SUCCESS(irp->IoStatus.Status);
    return (success && (control & SL_INVOKE_ON_SUCCESS) != 0) ||
           (!success && (control & SL_INVOKE_ON_ERROR) != 0) ||
           (irp->Cancel && (control & SL_INVOKE_ON_CANCEL) != 0);
}

// The top of the stack is passed: the IRP belongs to who made it.
static void finish(PIRP irp)
{
    struct kit_request *request = irp->Overlay.AsynchronousParameters.UserApcContext;
    if (request != NULL) {
        request->done = true;
        request->status = irp->IoStatus.Status;
        request->information = irp->IoStatus.Information;
        return;
    }
    if (irp->UserIosb != NULL) {
        *irp->UserIosb = irp->IoStatus;
        if (irp->AssociatedIrp.SystemBuffer != NULL) {
            memcpy(irp->UserBuffer, irp->AssociatedIrp.SystemBuffer, irp->IoStatus.Information);
            free(irp->AssociatedIrp.SystemBuffer);
        }
    }
    if (irp->UserEvent != NULL) {
        (void)KeSetEvent(irp->UserEvent, 0, FALSE);
    }
    free(irp->MdlAddress);
    free(irp);
}

VOID IofCompleteRequest(PIRP irp, CCHAR priority_boost)
{
    UNREFERENCED_PARAMETER(priority_boost);
    fake_check_no_lock("IoCompleteRequest");
    if (irp->CurrentLocation > irp->StackCount) {
        kit_fail("IRP completed twice");
    }
    if (irp->CancelRoutine != NULL || irp->IoStatus.Status == STATUS_PENDING) {
        kit_fail("IRP completed with a cancel routine or STATUS_PENDING");
    }
    while (irp->CurrentLocation <= irp->StackCount) {
        IO_STACK_LOCATION mine = *irp->Tail.Overlay.CurrentStackLocation;
        irp->PendingReturned = (mine.Control & SL_PENDING_RETURNED) != 0;
        irp->CurrentLocation++;
        irp->Tail.Overlay.CurrentStackLocation++;
        bool top = irp->CurrentLocation > irp->StackCount;
        if (mine.CompletionRoutine != NULL && routine_wanted(irp, mine.Control)) {
            PDEVICE_OBJECT device =
                top ? NULL : irp->Tail.Overlay.CurrentStackLocation->DeviceObject;
            if (mine.CompletionRoutine(device, irp, mine.Context) ==
                STATUS_MORE_PROCESSING_REQUIRED) {
                return;
            }
        } else if (irp->PendingReturned && !top) {
            IoMarkIrpPending(irp);
        }
    }
    finish(irp);
}

NTSTATUS kit_complete(PIRP irp, NTSTATUS status, ULONG_PTR information)
{
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = information;
    IofCompleteRequest(irp, 0);
    return status;
}

static NTSTATUS forward_done(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    UNREFERENCED_PARAMETER(device);
    UNREFERENCED_PARAMETER(irp);
    *(bool *)context = true;
    return STATUS_MORE_PROCESSING_REQUIRED;
}

BOOLEAN IoForwardIrpSynchronously(PDEVICE_OBJECT device, PIRP irp)
{
    bool done = false;
    IoSetCompletionRoutine(irp, forward_done, &done, TRUE, TRUE, TRUE);
    (void)IofCallDriver(device, irp);
    kit_pump();
    if (!done) {
        kit_fail("the lower driver did not answer a forwarded IRP");
    }
    return TRUE;
}

static PIRP build(ULONG major, PDEVICE_OBJECT device, PKEVENT event, PIO_STATUS_BLOCK iosb)
{
    PIRP irp = IoAllocateIrp(device->StackSize, FALSE);
    irp->UserEvent = event;
    irp->UserIosb = iosb;
    IoGetNextIrpStackLocation(irp)->MajorFunction = (UCHAR)major;
    return irp;
}

PIRP IoBuildSynchronousFsdRequest(ULONG major, PDEVICE_OBJECT device, PVOID buffer, ULONG length,
                                  PLARGE_INTEGER offset, PKEVENT event, PIO_STATUS_BLOCK iosb)
{
    PIRP irp = build(major, device, event, iosb);
    if (major == IRP_MJ_READ || major == IRP_MJ_WRITE) {
        PIO_STACK_LOCATION next = IoGetNextIrpStackLocation(irp);
        next->Parameters.Read.Length = length;
        next->Parameters.Read.ByteOffset = *offset;
        irp->MdlAddress = calloc(1, sizeof(MDL));
        irp->MdlAddress->MappedSystemVa = buffer;
        irp->MdlAddress->ByteCount = length;
    }
    return irp;
}

PIRP IoBuildDeviceIoControlRequest(ULONG code, PDEVICE_OBJECT device, PVOID input,
                                   ULONG input_length, PVOID output, ULONG output_length,
                                   BOOLEAN internal, PKEVENT event, PIO_STATUS_BLOCK iosb)
{
    PIRP irp = build(internal ? IRP_MJ_INTERNAL_DEVICE_CONTROL : IRP_MJ_DEVICE_CONTROL, device,
                     event, iosb);
    PIO_STACK_LOCATION next = IoGetNextIrpStackLocation(irp);
    next->Parameters.DeviceIoControl.IoControlCode = code;
    next->Parameters.DeviceIoControl.InputBufferLength = input_length;
    next->Parameters.DeviceIoControl.OutputBufferLength = output_length;
    size_t bytes = input_length > output_length ? input_length : output_length;
    irp->AssociatedIrp.SystemBuffer = calloc(1, bytes + 1);
    if (input_length != 0) {
        memcpy(irp->AssociatedIrp.SystemBuffer, input, input_length);
    }
    irp->UserBuffer = output;
    return irp;
}

NTSTATUS PoCallDriver(PDEVICE_OBJECT device, PIRP irp)
{
    return IofCallDriver(device, irp);
}

// What a clock's driver told the system last.
LARGE_INTEGER fake_system_time;

VOID DdkSetSystemTime(const LARGE_INTEGER *time)
{
    fake_system_time = *time;
}

VOID PoStartNextPowerIrp(PIRP irp)
{
    UNREFERENCED_PARAMETER(irp);
}

unsigned kit_power_requests;
UCHAR kit_power_minor;
POWER_STATE kit_power_state;
static PREQUEST_POWER_COMPLETE power_complete;
static PVOID power_context;
static PDEVICE_OBJECT power_device;

// Kept until the test ends it.
NTSTATUS PoRequestPowerIrp(PDEVICE_OBJECT device, UCHAR minor, POWER_STATE state,
                           PREQUEST_POWER_COMPLETE complete, PVOID context, PIRP *irp)
{
    if (irp != NULL) {
        kit_fail("the fake kit has no power IRP to give away");
    }
    kit_power_requests++;
    kit_power_minor = minor;
    kit_power_state = state;
    power_complete = complete;
    power_context = context;
    power_device = device;
    return STATUS_PENDING;
}

void kit_power_done(NTSTATUS status)
{
    IO_STATUS_BLOCK result = {.Status = status};
    if (power_complete != NULL) {
        power_complete(power_device, kit_power_minor, kit_power_state, power_context, &result);
    }
}
