// SPDX-License-Identifier: MIT
//
// A function driver without a function, for tests of power management: its device takes a word by
// WRITE that says how it behaves from then on.
#include "restless.h"

DRIVER_INITIALIZE DriverEntry;

static NTSTATUS Complete(PIRP irp, NTSTATUS status, ULONG_PTR information)
{
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = information;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

static NTSTATUS CreateClose(PDEVICE_OBJECT device, PIRP irp)
{
    UNREFERENCED_PARAMETER(device);
    return Complete(irp, STATUS_SUCCESS, 0);
}

static BOOLEAN Is(PCSTR word, const CHAR *text, ULONG length)
{
    return strlen(word) == length && RtlCompareMemory(word, text, length) == length;
}

static BOOLEAN Obey(PRESTLESS restless, const CHAR *text, ULONG length)
{
    static const PCSTR modes[] = {"calm", "refuse", "hang", "spin",       "hang-device",
                                  "fail", "slow",   "wake", "cancel-wake"};
    for (ULONG i = 0; i < ARRAYSIZE(modes); i++) {
        if (!Is(modes[i], text, length))
            continue;
        restless->Mode = (BEHAVIOUR)i;
        return TRUE;
    }
    if (Is("cycle", text, length))
        Cycle(restless);
    else if (Is("inrush", text, length))
        restless->Self->Flags |= DO_POWER_INRUSH;
    else if (Is("busy", text, length))
        restless->Busy = PoRegisterSystemState(restless->Busy, ES_SYSTEM_REQUIRED | ES_CONTINUOUS);
    else if (Is("idle", text, length) && restless->Busy != NULL)
        PoUnregisterSystemState(restless->Busy);
    else
        return FALSE;
    return TRUE;
}

static NTSTATUS Write(PDEVICE_OBJECT device, PIRP irp)
{
    ULONG length = IoGetCurrentIrpStackLocation(irp)->Parameters.Write.Length;
    BOOLEAN known = Obey(device->DeviceExtension, irp->AssociatedIrp.SystemBuffer, length);
    return Complete(irp, known ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER, known ? length : 0);
}

static NTSTATUS Pnp(PDEVICE_OBJECT device, PIRP irp)
{
    PRESTLESS restless = device->DeviceExtension;
    UCHAR minor = IoGetCurrentIrpStackLocation(irp)->MinorFunction;
    if (minor == IRP_MN_START_DEVICE) {
        NTSTATUS status = IoForwardIrpSynchronously(restless->Lower, irp) ? irp->IoStatus.Status
                                                                          : STATUS_UNSUCCESSFUL;
        return Complete(irp, status, 0);
    }
    if (minor == IRP_MN_SURPRISE_REMOVAL || minor == IRP_MN_REMOVE_DEVICE)
        irp->IoStatus.Status = STATUS_SUCCESS;
    IoSkipCurrentIrpStackLocation(irp);
    NTSTATUS status = IoCallDriver(restless->Lower, irp);
    if (minor == IRP_MN_REMOVE_DEVICE) {
        KeCancelTimer(&restless->Timer);
        IoDetachDevice(restless->Lower);
        IoDeleteDevice(device);
    }
    return status;
}

static NTSTATUS AddDevice(PDRIVER_OBJECT driver, PDEVICE_OBJECT pdo)
{
    static LONG devices = -1;
    WCHAR text[] = L"\\Device\\Restless0";
    ULONG number = (ULONG)InterlockedIncrement(&devices);
    UNICODE_STRING name;
    PDEVICE_OBJECT self;
    text[ARRAYSIZE(text) - 2] += (WCHAR)(number % 10);
    RtlInitUnicodeString(&name, text);
    NTSTATUS status =
        IoCreateDevice(driver, sizeof(RESTLESS), &name, FILE_DEVICE_UNKNOWN, 0, FALSE, &self);
    if (!NT_SUCCESS(status))
        return status;
    PRESTLESS restless = self->DeviceExtension;
    restless->Self = self;
    restless->Pdo = pdo;
    restless->Number = number;
    KeInitializeTimer(&restless->Timer);
    KeInitializeDpc(&restless->Dpc, TimerDpc, restless);
    restless->Lower = IoAttachDeviceToDeviceStack(self, pdo);
    if (restless->Lower == NULL) {
        IoDeleteDevice(self);
        return STATUS_NO_SUCH_DEVICE;
    }
    self->Flags |= DO_BUFFERED_IO;
    self->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    return STATUS_SUCCESS;
}

static VOID Unload(PDRIVER_OBJECT driver)
{
    UNREFERENCED_PARAMETER(driver);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING registryPath)
{
    UNREFERENCED_PARAMETER(registryPath);
    driver->MajorFunction[IRP_MJ_CREATE] = CreateClose;
    driver->MajorFunction[IRP_MJ_CLOSE] = CreateClose;
    driver->MajorFunction[IRP_MJ_CLEANUP] = CreateClose;
    driver->MajorFunction[IRP_MJ_WRITE] = Write;
    driver->MajorFunction[IRP_MJ_PNP] = Pnp;
    driver->MajorFunction[IRP_MJ_POWER] = Power;
    driver->DriverExtension->AddDevice = AddDevice;
    driver->DriverUnload = Unload;
    return STATUS_SUCCESS;
}
