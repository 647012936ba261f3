// SPDX-License-Identifier: MIT
//
// A driver that tests the kit from inside of its task, for tests/guest/kit.c.

#include "driver.h"

DRIVER_INITIALIZE DriverEntry;

static struct kit_events events;
static char refused[64]; // processes whose image ends so are not to run

static VOID OnProcess(PEPROCESS process, HANDLE id, PPS_CREATE_NOTIFY_INFO info)
{
    if (info == NULL) {
        events.exited++;
        return;
    }
    events.created++;
    events.last_created = PsGetProcessId(process) == id ? HandleToULong(id) : 0;
    events.parent = HandleToULong(info->ParentProcessId);
    USHORT bytes = info->ImageFileName->Length, from = 0, length = (USHORT)strlen(refused);
    events.name_bytes = bytes < sizeof(events.name) ? bytes : sizeof(events.name);
    RtlCopyMemory(events.name, info->ImageFileName->Buffer, events.name_bytes);
    if (length == 0 || bytes < length * sizeof(WCHAR))
        return;
    from = (USHORT)(bytes / sizeof(WCHAR) - length);
    for (USHORT i = 0; i < length; i++)
        if (info->ImageFileName->Buffer[from + i] != (UCHAR)refused[i])
            return;
    info->CreationStatus = STATUS_ACCESS_DENIED;
}

static VOID OnThread(HANDLE process, HANDLE thread, BOOLEAN create)
{
    UNREFERENCED_PARAMETER(process);
    UNREFERENCED_PARAMETER(thread);
    events.threads += create;
}

static VOID OnImage(PUNICODE_STRING name, HANDLE process, PIMAGE_INFO image)
{
    UNREFERENCED_PARAMETER(process);
    events.images += name->Length != 0 && image->ImageSize != 0;
}

static ULONG Run(PDEVICE_OBJECT device, const struct kit_run *run)
{
    switch (run->test) {
    case KIT_SECTIONS:
        return TestSections();
    case KIT_ROUTINES:
        return TestRoutines();
    case KIT_OTHER:
        return TestOther();
    case KIT_HANDLES:
        return TestHandles();
    case KIT_OPEN:
        return TestOpen(device);
    case KIT_SAME:
        return TestSame(device, run->value);
    case KIT_ROUNDS:
        return TestRounds(run->value);
    default:
        return __LINE__;
    }
}

static NTSTATUS Control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION location)
{
    PVOID buffer = irp->AssociatedIrp.SystemBuffer;
    ULONG input = location->Parameters.DeviceIoControl.InputBufferLength;
    ULONG output = location->Parameters.DeviceIoControl.OutputBufferLength;
    switch (location->Parameters.DeviceIoControl.IoControlCode) {
    case IOCTL_KIT_RUN:
        if (input < sizeof(struct kit_run) || output < sizeof(struct kit_result))
            return STATUS_BUFFER_TOO_SMALL;
        ((struct kit_result *)buffer)->failed = Run(device, buffer);
        irp->IoStatus.Information = sizeof(struct kit_result);
        return STATUS_SUCCESS;
    case IOCTL_KIT_EVENTS:
        if (output < sizeof(events))
            return STATUS_BUFFER_TOO_SMALL;
        RtlCopyMemory(buffer, &events, sizeof(events));
        irp->IoStatus.Information = sizeof(events);
        return STATUS_SUCCESS;
    case IOCTL_KIT_VETO:
        if (input >= sizeof(refused))
            return STATUS_INVALID_PARAMETER;
        RtlZeroMemory(refused, sizeof(refused));
        RtlCopyMemory(refused, buffer, input);
        return STATUS_SUCCESS;
    case IOCTL_KIT_NEITHER:
        return TestNeither(irp, location);
    default:
        return STATUS_INVALID_DEVICE_REQUEST;
    }
}

static NTSTATUS Dispatch(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    NTSTATUS status = STATUS_SUCCESS;
    if (ForwardToOther(irp, location, &status))
        return status;
    irp->IoStatus.Information = 0;
    if (location->MajorFunction == IRP_MJ_DEVICE_CONTROL)
        status = Control(device, irp, location);
    irp->IoStatus.Status = status;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

NTSTATUS DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\Kit");
    UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\DosDevices\\Kit");
    PDEVICE_OBJECT device;
    UNREFERENCED_PARAMETER(path);
    driver->MajorFunction[IRP_MJ_CREATE] = Dispatch;
    driver->MajorFunction[IRP_MJ_CLEANUP] = Dispatch;
    driver->MajorFunction[IRP_MJ_CLOSE] = Dispatch;
    driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = Dispatch;
    NTSTATUS status = IoCreateDevice(driver, 0, &name, KIT_TYPE, 0, FALSE, &device);
    if (NT_SUCCESS(status))
        status = IoCreateSymbolicLink(&link, &name);
    if (NT_SUCCESS(status))
        status = PsSetCreateProcessNotifyRoutineEx(OnProcess, FALSE);
    if (NT_SUCCESS(status))
        status = PsSetCreateThreadNotifyRoutine(OnThread);
    if (NT_SUCCESS(status))
        status = PsSetLoadImageNotifyRoutine(OnImage);
    return status;
}
