// SPDX-License-Identifier: MIT
//
// The four transfer methods of control requests. The method is part of the control code; it decides
// where the system puts the caller's two buffers:
//
//    method       input                         output
//    BUFFERED     AssociatedIrp.SystemBuffer    the same memory; Information bytes are copied back
//    IN_DIRECT    AssociatedIrp.SystemBuffer    MdlAddress: the driver reads the caller's pages
//    OUT_DIRECT   AssociatedIrp.SystemBuffer    MdlAddress: the driver writes the caller's pages
//    NEITHER      Type3InputBuffer              Irp->UserBuffer: addresses as the caller gave them
//
// Both lengths are always in Parameters.DeviceIoControl, and nobody but the driver checks that they
// are what it needs.

#include <ntddk.h>

#include "transfer.h"

DRIVER_INITIALIZE DriverEntry;
static DRIVER_UNLOAD TransferUnload;
static DRIVER_DISPATCH TransferCreateClose;
static DRIVER_DISPATCH TransferControl;

// One place where requests end: status and length are set together, and the status is returned, so
// that what the dispatch routine returns is what the IRP says.
static NTSTATUS Complete(PIRP irp, NTSTATUS status, ULONG_PTR information)
{
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = information;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

// METHOD_BUFFERED. Input and output share one buffer: everything that is needed of the input must
// be read before the first byte of output is written over it.
static NTSTATUS Reverse(PIRP irp, ULONG inputLength, ULONG outputLength)
{
    PUCHAR bytes = irp->AssociatedIrp.SystemBuffer;
    if (outputLength < inputLength)
        return Complete(irp, STATUS_BUFFER_TOO_SMALL, 0);
    for (ULONG i = 0; i < inputLength / 2; i++) {
        UCHAR byte = bytes[i];
        bytes[i] = bytes[inputLength - 1 - i];
        bytes[inputLength - 1 - i] = byte;
    }
    // So many bytes of SystemBuffer go back to the caller: never more than were written here.
    return Complete(irp, STATUS_SUCCESS, inputLength);
}

// METHOD_IN_DIRECT and METHOD_OUT_DIRECT. The second buffer is not copied: its pages are locked and
// described by an MDL, through which the driver gets an address of its own. Without an output
// buffer there is no MDL.
static PUCHAR DirectBuffer(PIRP irp)
{
    if (irp->MdlAddress == NULL)
        return NULL;
    return MmGetSystemAddressForMdlSafe(irp->MdlAddress, NormalPagePriority | MdlMappingNoExecute);
}

static NTSTATUS Count(PIRP irp, ULONG inputLength, ULONG outputLength)
{
    const UCHAR *wanted = irp->AssociatedIrp.SystemBuffer;
    ULONG_PTR count = 0;
    if (inputLength != 1)
        return Complete(irp, STATUS_INVALID_PARAMETER, 0);
    if (outputLength == 0)
        return Complete(irp, STATUS_SUCCESS, 0);
    const UCHAR *data = DirectBuffer(irp);
    if (data == NULL)
        return Complete(irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    for (ULONG i = 0; i < outputLength; i++)
        count += data[i] == *wanted;
    return Complete(irp, STATUS_SUCCESS, count);
}

static NTSTATUS Fill(PIRP irp, ULONG inputLength, ULONG outputLength)
{
    const UCHAR *byte = irp->AssociatedIrp.SystemBuffer;
    if (inputLength != 1)
        return Complete(irp, STATUS_INVALID_PARAMETER, 0);
    if (outputLength == 0)
        return Complete(irp, STATUS_SUCCESS, 0);
    PUCHAR data = DirectBuffer(irp);
    if (data == NULL)
        return Complete(irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    RtlFillMemory(data, outputLength, *byte);
    return Complete(irp, STATUS_SUCCESS, outputLength);
}

// METHOD_NEITHER. The addresses are what the caller said, and may be anything: they are probed, and
// touched inside of a __try only. A caller in kernel mode is trusted, and must not be probed.
// A variable that changes in the __try block and is read behind it is volatile, and the block is
// not left with `return`.
static NTSTATUS Upper(PIRP irp, PIO_STACK_LOCATION location)
{
    ULONG inputLength = location->Parameters.DeviceIoControl.InputBufferLength;
    ULONG outputLength = location->Parameters.DeviceIoControl.OutputBufferLength;
    ULONG length = inputLength < outputLength ? inputLength : outputLength;
    const UCHAR *input = location->Parameters.DeviceIoControl.Type3InputBuffer;
    PUCHAR output = irp->UserBuffer;
    volatile NTSTATUS status = STATUS_SUCCESS;
    __try {
        if (irp->RequestorMode != KernelMode) {
            ProbeForRead(input, inputLength, 1);
            ProbeForWrite(output, outputLength, 1);
        }
        for (ULONG i = 0; i < length; i++) {
            UCHAR byte = input[i]; // read once: the caller may change it at any time
            output[i] = byte >= 'a' && byte <= 'z' ? (UCHAR)(byte - 'a' + 'A') : byte;
        }
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }
    return Complete(irp, status, NT_SUCCESS(status) ? length : 0);
}

static NTSTATUS TransferControl(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    ULONG inputLength = location->Parameters.DeviceIoControl.InputBufferLength;
    ULONG outputLength = location->Parameters.DeviceIoControl.OutputBufferLength;
    UNREFERENCED_PARAMETER(device);
    switch (location->Parameters.DeviceIoControl.IoControlCode) {
    case IOCTL_TRANSFER_REVERSE:
        return Reverse(irp, inputLength, outputLength);
    case IOCTL_TRANSFER_COUNT:
        return Count(irp, inputLength, outputLength);
    case IOCTL_TRANSFER_FILL:
        return Fill(irp, inputLength, outputLength);
    case IOCTL_TRANSFER_UPPER:
        return Upper(irp, location);
    default:
        return Complete(irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    }
}

static NTSTATUS TransferCreateClose(PDEVICE_OBJECT device, PIRP irp)
{
    UNREFERENCED_PARAMETER(device);
    return Complete(irp, STATUS_SUCCESS, 0);
}

static VOID TransferUnload(PDRIVER_OBJECT driver)
{
    UNICODE_STRING link = RTL_CONSTANT_STRING(TRANSFER_LINK_NAME);
    IoDeleteSymbolicLink(&link);
    IoDeleteDevice(driver->DeviceObject);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING registryPath)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(TRANSFER_DEVICE_NAME);
    UNICODE_STRING link = RTL_CONSTANT_STRING(TRANSFER_LINK_NAME);
    PDEVICE_OBJECT device;
    UNREFERENCED_PARAMETER(registryPath);
    driver->MajorFunction[IRP_MJ_CREATE] = TransferCreateClose;
    driver->MajorFunction[IRP_MJ_CLEANUP] = TransferCreateClose;
    driver->MajorFunction[IRP_MJ_CLOSE] = TransferCreateClose;
    driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = TransferControl;
    driver->DriverUnload = TransferUnload;
    // The flags for buffered or direct I/O concern read and write; control codes bring their own.
    NTSTATUS status = IoCreateDevice(driver, 0, &name, FILE_DEVICE_TRANSFER,
                                     FILE_DEVICE_SECURE_OPEN, FALSE, &device);
    if (!NT_SUCCESS(status))
        return status;
    status = IoCreateSymbolicLink(&link, &name);
    if (!NT_SUCCESS(status))
        IoDeleteDevice(device);
    return status;
}
