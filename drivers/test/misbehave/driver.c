// SPDX-License-Identifier: MIT
//
// A control device, and reads that choose what goes wrong.
#include "misbehave.h"

#include <ntstrsafe.h>

NTSTATUS MisbehaveComplete(PIRP irp, NTSTATUS status, ULONG_PTR information)
{
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = information;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

static NTSTATUS CreateClose(PDEVICE_OBJECT device, PIRP irp)
{
    UNREFERENCED_PARAMETER(device);
    return MisbehaveComplete(irp, STATUS_SUCCESS, 0);
}

static NTSTATUS Read(PDEVICE_OBJECT device, PIRP irp)
{
    static MISBEHAVE_ROUTINE *const Routines[MisbehaveCount] = {
#define MISBEHAVE_ROW(number, name, help) [Misbehave##number] = MisbehaveDo##number,
        MISBEHAVE_KINDS(MISBEHAVE_ROW)
#undef MISBEHAVE_ROW
    };
    LONGLONG kind = IoGetCurrentIrpStackLocation(irp)->Parameters.Read.ByteOffset.QuadPart;
    UNREFERENCED_PARAMETER(device);
    if (kind < 0 || kind >= MisbehaveCount) {
        return MisbehaveComplete(irp, STATUS_INVALID_PARAMETER, 0);
    }
    return Routines[kind](irp);
}

// The first name that is free: those of dead instances may still be taken.
static NTSTATUS CreateNamed(PDRIVER_OBJECT driver, PDEVICE_OBJECT *device)
{
    NTSTATUS status = STATUS_OBJECT_NAME_COLLISION;
    for (ULONG i = 0; i < MISBEHAVE_DEVICES && status == STATUS_OBJECT_NAME_COLLISION; i++) {
        WCHAR text[32];
        UNICODE_STRING name = {0, sizeof(text), text};
        status = RtlUnicodeStringPrintf(&name, L"\\Device\\Misbehave%u", i);
        if (NT_SUCCESS(status)) {
            status = IoCreateDevice(driver, 0, &name, FILE_DEVICE_UNKNOWN, 0, FALSE, device);
        }
    }
    return status;
}

static VOID Unload(PDRIVER_OBJECT driver)
{
    IoDeleteDevice(driver->DeviceObject);
}

DRIVER_INITIALIZE DriverEntry;

NTSTATUS DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING registry_path)
{
    PDEVICE_OBJECT device;
    UNREFERENCED_PARAMETER(registry_path);
    driver->MajorFunction[IRP_MJ_CREATE] = CreateClose;
    driver->MajorFunction[IRP_MJ_CLEANUP] = CreateClose;
    driver->MajorFunction[IRP_MJ_CLOSE] = CreateClose;
    driver->MajorFunction[IRP_MJ_READ] = Read;
    driver->DriverUnload = Unload;
    NTSTATUS status = CreateNamed(driver, &device);
    if (NT_SUCCESS(status)) {
        device->Flags |= DO_BUFFERED_IO;
    }
    return status;
}
