// SPDX-License-Identifier: MIT
//
// toastflt: an upper filter of the toaster, in a task of its own. It counts the control requests
// and says the number when the device goes. Everything passes: copy it, and change what you need.
#include <wdm.h>

#define FILTER_TAG 'tlfT'

typedef struct _FILTER_EXTENSION {
    PDEVICE_OBJECT Self, Lower;
    IO_REMOVE_LOCK RemoveLock;
    volatile LONG Requests;
} FILTER_EXTENSION, *PFILTER_EXTENSION;

DRIVER_INITIALIZE DriverEntry;

static NTSTATUS Fail(PIRP irp, NTSTATUS status)
{
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = 0;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

// The lock is held while the IRP is handed down, so that the device below is there: what the IRP
// does after that is no concern of a filter that has no completion routine.
static NTSTATUS Pass(PDEVICE_OBJECT device, PIRP irp)
{
    PFILTER_EXTENSION filter = device->DeviceExtension;
    NTSTATUS status = IoAcquireRemoveLock(&filter->RemoveLock, irp);
    if (!NT_SUCCESS(status))
        return Fail(irp, status);
    if (IoGetCurrentIrpStackLocation(irp)->MajorFunction == IRP_MJ_DEVICE_CONTROL)
        InterlockedIncrement(&filter->Requests);
    IoSkipCurrentIrpStackLocation(irp);
    status = IoCallDriver(filter->Lower, irp);
    IoReleaseRemoveLock(&filter->RemoveLock, irp);
    return status;
}

static NTSTATUS Power(PDEVICE_OBJECT device, PIRP irp)
{
    PFILTER_EXTENSION filter = device->DeviceExtension;
    PoStartNextPowerIrp(irp);
    NTSTATUS status = IoAcquireRemoveLock(&filter->RemoveLock, irp);
    if (!NT_SUCCESS(status))
        return Fail(irp, status);
    IoSkipCurrentIrpStackLocation(irp);
    status = PoCallDriver(filter->Lower, irp);
    IoReleaseRemoveLock(&filter->RemoveLock, irp);
    return status;
}

// A filter takes over what the device below it says about itself, when that is known.
static NTSTATUS Start(PFILTER_EXTENSION filter, PIRP irp)
{
    NTSTATUS status = STATUS_UNSUCCESSFUL;
    IoCopyCurrentIrpStackLocationToNext(irp);
    if (IoForwardIrpSynchronously(filter->Lower, irp))
        status = irp->IoStatus.Status;
    if (NT_SUCCESS(status))
        filter->Self->Characteristics |= filter->Lower->Characteristics & FILE_REMOVABLE_MEDIA;
    irp->IoStatus.Status = status;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

static NTSTATUS Remove(PFILTER_EXTENSION filter, PIRP irp)
{
    PDEVICE_OBJECT lower = filter->Lower;
    irp->IoStatus.Status = STATUS_SUCCESS;
    IoSkipCurrentIrpStackLocation(irp);
    NTSTATUS status = IoCallDriver(lower, irp);
    IoReleaseRemoveLockAndWait(&filter->RemoveLock, irp);
    DbgPrint("toastflt: %d requests went through\n", filter->Requests);
    IoDetachDevice(lower);
    IoDeleteDevice(filter->Self);
    return status;
}

static NTSTATUS Pnp(PDEVICE_OBJECT device, PIRP irp)
{
    PFILTER_EXTENSION filter = device->DeviceExtension;
    UCHAR minor = IoGetCurrentIrpStackLocation(irp)->MinorFunction;
    if (minor != IRP_MN_START_DEVICE && minor != IRP_MN_REMOVE_DEVICE)
        return Pass(device, irp);
    NTSTATUS status = IoAcquireRemoveLock(&filter->RemoveLock, irp);
    if (!NT_SUCCESS(status))
        return Fail(irp, status);
    if (minor == IRP_MN_REMOVE_DEVICE)
        return Remove(filter, irp); // takes the lock along
    status = Start(filter, irp);
    IoReleaseRemoveLock(&filter->RemoveLock, irp);
    return status;
}

static NTSTATUS AddDevice(PDRIVER_OBJECT driver, PDEVICE_OBJECT physical)
{
    PDEVICE_OBJECT device;
    NTSTATUS status = IoCreateDevice(driver, sizeof(FILTER_EXTENSION), NULL, FILE_DEVICE_UNKNOWN,
                                     FILE_DEVICE_SECURE_OPEN, FALSE, &device);
    if (!NT_SUCCESS(status))
        return status;
    PFILTER_EXTENSION filter = device->DeviceExtension;
    filter->Self = device;
    IoInitializeRemoveLock(&filter->RemoveLock, FILTER_TAG, 0, 0);
    filter->Lower = IoAttachDeviceToDeviceStack(device, physical);
    if (filter->Lower == NULL) {
        IoDeleteDevice(device);
        return STATUS_NO_SUCH_DEVICE;
    }
    // How buffers are passed and when power IRPs come is the lower driver's choice.
    device->DeviceType = filter->Lower->DeviceType;
    device->Flags |=
        filter->Lower->Flags & (DO_BUFFERED_IO | DO_DIRECT_IO | DO_POWER_PAGABLE | DO_POWER_INRUSH);
    device->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    return STATUS_SUCCESS;
}

static VOID Unload(PDRIVER_OBJECT driver)
{
    UNREFERENCED_PARAMETER(driver);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING registryPath)
{
    UNREFERENCED_PARAMETER(registryPath);
    for (ULONG i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; i++)
        driver->MajorFunction[i] = Pass; // what it does not know is for others
    driver->MajorFunction[IRP_MJ_PNP] = Pnp;
    driver->MajorFunction[IRP_MJ_POWER] = Power;
    driver->DriverExtension->AddDevice = AddDevice;
    driver->DriverUnload = Unload;
    return STATUS_SUCCESS;
}
