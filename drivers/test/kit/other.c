// SPDX-License-Identifier: MIT
//
// The device of another driver's task (drivers/samples/ioctl): opened by name, called with each
// transfer method, with a chain of MDLs, closed and opened again.

#include "driver.h"

#include "../../samples/ioctl/transfer.h"

#define LARGE 100000u

static PFILE_OBJECT file;
static PDEVICE_OBJECT other;

static NTSTATUS Open(VOID)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(TRANSFER_DEVICE_NAME);
    return IoGetDeviceObjectPointer(&name, FILE_READ_DATA, &file, &other);
}

static NTSTATUS Call(ULONG code, PVOID input, ULONG inputLength, PVOID output, ULONG outputLength,
                     PULONG_PTR information)
{
    KEVENT done;
    IO_STATUS_BLOCK result = {0};
    KeInitializeEvent(&done, NotificationEvent, FALSE);
    PIRP irp = IoBuildDeviceIoControlRequest(code, other, input, inputLength, output, outputLength,
                                             FALSE, &done, &result);
    if (irp == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    NTSTATUS status = IoCallDriver(other, irp);
    if (status == STATUS_PENDING) {
        KeWaitForSingleObject(&done, Executive, KernelMode, FALSE, NULL);
        status = result.Status;
    }
    *information = result.Information;
    return status;
}

static ULONG CheckMethods(VOID)
{
    UCHAR out[16] = {0};
    ULONG_PTR count;
    HOLDS(NT_SUCCESS(Call(IOCTL_TRANSFER_REVERSE, "abcdef", 6, out, sizeof(out), &count)));
    HOLDS(count == 6 && memcmp(out, "fedcba", 7) == 0);
    HOLDS(NT_SUCCESS(Call(IOCTL_TRANSFER_COUNT, "l", 1, "hello, world", 12, &count)));
    HOLDS(count == 3);
    HOLDS(NT_SUCCESS(Call(IOCTL_TRANSFER_FILL, "z", 1, out, 9, &count)));
    HOLDS(count == 9 && memcmp(out, "zzzzzzzzz", 10) == 0);
    HOLDS(NT_SUCCESS(Call(IOCTL_TRANSFER_UPPER, "shout", 5, out, sizeof(out), &count)));
    HOLDS(count == 5 && memcmp(out, "SHOUTzzzz", 10) == 0);
    HOLDS(Call(CTL_CODE(FILE_DEVICE_TRANSFER, 0x900, METHOD_BUFFERED, 0), NULL, 0, NULL, 0,
               &count) == STATUS_INVALID_DEVICE_REQUEST);
    return 0;
}

static ULONG CheckLarge(PUCHAR input, PUCHAR output)
{
    ULONG_PTR count;
    for (ULONG i = 0; i < LARGE; i++)
        input[i] = (UCHAR)('a' + i % 26);
    HOLDS(NT_SUCCESS(Call(IOCTL_TRANSFER_UPPER, input, LARGE, output, LARGE, &count)));
    HOLDS(count == LARGE);
    for (ULONG i = 0; i < LARGE; i++)
        HOLDS(output[i] == (UCHAR)('A' + i % 26));
    HOLDS(NT_SUCCESS(Call(IOCTL_TRANSFER_REVERSE, input, LARGE, output, LARGE, &count)));
    for (ULONG i = 0; i < LARGE; i++)
        HOLDS(output[i] == input[LARGE - 1 - i]);
    // The driver wants one byte: that it says so shows that all of them arrived.
    HOLDS(Call(IOCTL_TRANSFER_FILL, input, LARGE, output, LARGE, &count) ==
          STATUS_INVALID_PARAMETER);
    HOLDS(NT_SUCCESS(Call(IOCTL_TRANSFER_FILL, "x", 1, output, LARGE, &count)));
    HOLDS(count == LARGE && output[0] == 'x' && output[LARGE - 1] == 'x');
    return 0;
}

static NTSTATUS Completed(PDEVICE_OBJECT device, PIRP irp, PVOID event)
{
    UNREFERENCED_PARAMETER(device);
    UNREFERENCED_PARAMETER(irp);
    KeSetEvent(event, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

// METHOD_OUT_DIRECT whose output is a chain of two MDLs.
static NTSTATUS CallWithChain(PIRP irp, PMDL first, PMDL second, ULONG length)
{
    static CHAR byte = 'q';
    KEVENT done;
    KeInitializeEvent(&done, NotificationEvent, FALSE);
    first->Next = second;
    irp->MdlAddress = first;
    irp->AssociatedIrp.SystemBuffer = &byte;
    PIO_STACK_LOCATION next = IoGetNextIrpStackLocation(irp);
    next->MajorFunction = IRP_MJ_DEVICE_CONTROL;
    next->Parameters.DeviceIoControl.IoControlCode = IOCTL_TRANSFER_FILL;
    next->Parameters.DeviceIoControl.InputBufferLength = 1;
    next->Parameters.DeviceIoControl.OutputBufferLength = length;
    next->FileObject = file;
    IoSetCompletionRoutine(irp, Completed, &done, TRUE, TRUE, TRUE);
    (VOID) IoCallDriver(other, irp);
    KeWaitForSingleObject(&done, Executive, KernelMode, FALSE, NULL);
    first->Next = NULL;
    irp->MdlAddress = NULL;
    irp->AssociatedIrp.SystemBuffer = NULL;
    return irp->IoStatus.Status;
}

static ULONG CheckChain(VOID)
{
    static CHAR one[40], two[50];
    PIRP irp = IoAllocateIrp(other->StackSize, FALSE);
    PMDL first = IoAllocateMdl(one, 30, FALSE, FALSE, NULL);
    PMDL second = IoAllocateMdl(two, 40, FALSE, FALSE, NULL);
    HOLDS(irp != NULL && first != NULL && second != NULL);
    MmBuildMdlForNonPagedPool(first);
    MmBuildMdlForNonPagedPool(second);
    NTSTATUS status = CallWithChain(irp, first, second, 65);
    ULONG_PTR count = irp->IoStatus.Information;
    IoFreeMdl(first);
    IoFreeMdl(second);
    IoFreeIrp(irp);
    HOLDS(NT_SUCCESS(status) && count == 65);
    for (ULONG i = 0; i < sizeof(one); i++)
        HOLDS(one[i] == (i < 30 ? 'q' : 0));
    for (ULONG i = 0; i < sizeof(two); i++)
        HOLDS(two[i] == (i < 35 ? 'q' : 0));
    return 0;
}

static ULONG CheckAll(VOID)
{
    PUCHAR memory = ExAllocatePool2(POOL_FLAG_NON_PAGED, 2 * LARGE, 'tseT');
    HOLDS(memory != NULL);
    ULONG failed = CheckMethods();
    if (failed == 0)
        failed = CheckLarge(memory, memory + LARGE);
    if (failed == 0)
        failed = CheckChain();
    ExFreePool(memory);
    return failed;
}

ULONG TestOther(VOID)
{
    UNICODE_STRING nowhere = RTL_CONSTANT_STRING(L"\\Device\\Nowhere");
    HOLDS(IoGetDeviceObjectPointer(&nowhere, 0, &file, &other) == STATUS_OBJECT_NAME_NOT_FOUND);
    for (ULONG round = 0; round < 2; round++) {
        HOLDS(NT_SUCCESS(Open()));
        HOLDS(file->DeviceObject == other && IoGetRelatedDeviceObject(file) == other);
        ULONG failed = CheckAll();
        ObDereferenceObject(file); // closes it
        file = NULL;
        if (failed != 0)
            return failed;
    }
    return 0;
}

// --- For `bench ddk`

ULONG TestOpen(PDEVICE_OBJECT device)
{
    HOLDS(file == NULL && NT_SUCCESS(Open()));
    device->StackSize = (CCHAR)(other->StackSize + 1);
    return 0;
}

BOOLEAN ForwardToOther(PIRP irp, PIO_STACK_LOCATION location, NTSTATUS *status)
{
    if (location->MajorFunction != IRP_MJ_DEVICE_CONTROL || file == NULL ||
        DEVICE_TYPE_FROM_CTL_CODE(location->Parameters.DeviceIoControl.IoControlCode) !=
            FILE_DEVICE_TRANSFER)
        return FALSE;
    IoSkipCurrentIrpStackLocation(irp);
    *status = IoCallDriver(other, irp);
    return TRUE;
}

ULONG TestRounds(ULONG count)
{
    UCHAR out[8];
    ULONG_PTR done;
    for (ULONG i = 0; i < count; i++)
        HOLDS(NT_SUCCESS(Call(IOCTL_TRANSFER_REVERSE, "abcdefg", 8, out, sizeof(out), &done)));
    return 0;
}

static NTSTATUS Again(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    UNREFERENCED_PARAMETER(device);
    UNREFERENCED_PARAMETER(irp);
    UNREFERENCED_PARAMETER(context);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

ULONG TestSame(PDEVICE_OBJECT device, ULONG count)
{
    PIRP irp = IoAllocateIrp(device->StackSize, FALSE);
    HOLDS(irp != NULL);
    NTSTATUS status = STATUS_SUCCESS;
    for (ULONG i = 0; i < count && NT_SUCCESS(status); i++) {
        IoReuseIrp(irp, STATUS_SUCCESS);
        IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_CLEANUP;
        IoSetCompletionRoutine(irp, Again, NULL, TRUE, TRUE, TRUE);
        status = IoCallDriver(device, irp);
    }
    IoFreeIrp(irp);
    HOLDS(NT_SUCCESS(status));
    return 0;
}
