// SPDX-License-Identifier: MIT
//
// A driver in the style of published ones, built from outside the tree by `./ashlar driver build`:
// headers under names in other letter case and with backslashes, structured exception handling in
// lower case with `break` in handlers, a table of routines for sections, checked output, and a
// project file that lists it all. What it does: \Device\ExternalEcho gives back what is written.

#include <DontUse.h>
#include <NTDDK.H>
#include <NtStrSafe.h>

#include "Inc\ECHO.h"

DRIVER_INITIALIZE DriverEntry;

_Dispatch_type_(IRP_MJ_CREATE) _Dispatch_type_(IRP_MJ_CLOSE) DRIVER_DISPATCH EchoCreateClose;

_Dispatch_type_(IRP_MJ_READ) _Dispatch_type_(IRP_MJ_WRITE) DRIVER_DISPATCH EchoReadWrite;

DRIVER_UNLOAD EchoUnload;

#ifdef ALLOC_PRAGMA
#pragma alloc_text(INIT, DriverEntry)
#pragma alloc_text(PAGE, EchoUnload)
#endif

_Use_decl_annotations_ NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject,
                                            PUNICODE_STRING RegistryPath)
{
    UNICODE_STRING name;
    PDEVICE_OBJECT device;
    NTSTATUS status;

    KdPrint(("echo: %wZ, built for %Iu bits\n", RegistryPath, sizeof(PVOID) * 8));
    RtlInitUnicodeString(&name, ECHO_DEVICE_NAME);
    status = IoCreateDevice(DriverObject, sizeof(ECHO_EXTENSION), &name, FILE_DEVICE_UNKNOWN,
                            FILE_DEVICE_SECURE_OPEN, FALSE, &device);
    if (!NT_SUCCESS(status))
        return status;
    device->Flags |= DO_BUFFERED_IO;
    DriverObject->MajorFunction[IRP_MJ_CREATE] = EchoCreateClose;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = EchoCreateClose;
    DriverObject->MajorFunction[IRP_MJ_READ] = EchoReadWrite;
    DriverObject->MajorFunction[IRP_MJ_WRITE] = EchoReadWrite;
    DriverObject->DriverUnload = EchoUnload;
    KdPrint(("echo: exceptions %s\n", EchoExceptions() ? "work" : "DO NOT WORK"));
    return STATUS_SUCCESS;
}

_Use_decl_annotations_ NTSTATUS EchoCreateClose(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    Irp->IoStatus.Status = STATUS_SUCCESS;
    Irp->IoStatus.Information = 0;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return STATUS_SUCCESS;
}

_Use_decl_annotations_ NTSTATUS EchoReadWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    PECHO_EXTENSION extension = DeviceObject->DeviceExtension;
    PVOID buffer = Irp->AssociatedIrp.SystemBuffer;
    ULONG length;

    if (stack->MajorFunction == IRP_MJ_WRITE) {
        length = min(stack->Parameters.Write.Length, ECHO_BYTES);
        RtlCopyMemory(extension->Text, buffer, length);
        extension->Length = length;
        KdPrint(("echo: %u bytes, the first is '%c'\n", length, extension->Text[0]));
    } else {
        length = min(stack->Parameters.Read.Length, extension->Length);
        RtlCopyMemory(buffer, extension->Text, length);
    }
    Irp->IoStatus.Status = STATUS_SUCCESS;
    Irp->IoStatus.Information = length;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return STATUS_SUCCESS;
}

_Use_decl_annotations_ VOID EchoUnload(PDRIVER_OBJECT DriverObject)
{
    PAGED_CODE();
    IoDeleteDevice(DriverObject->DeviceObject);
    KdPrint(("echo: unloaded\n"));
}
