// SPDX-License-Identifier: MIT
//
// Entry points and PnP of the goldfish clock. The alarm is not used: its interrupt is switched off
// and not connected.
#include "rtc.h"

#define RTC_TAG 0x43544752u // 'RGTC'

static NTSTATUS Complete(PIRP irp, NTSTATUS status, ULONG_PTR information)
{
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = information;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

static NTSTATUS RtcPassDown(PDEVICE_OBJECT device, PIRP irp)
{
    PRTC_EXTENSION clock = device->DeviceExtension;
    IoSkipCurrentIrpStackLocation(irp);
    return IoCallDriver(clock->Lower, irp);
}

static NTSTATUS RtcCreateClose(PDEVICE_OBJECT device, PIRP irp)
{
    UNREFERENCED_PARAMETER(device);
    return Complete(irp, STATUS_SUCCESS, 0);
}

static NTSTATUS RtcDeviceControl(PDEVICE_OBJECT device, PIRP irp)
{
    PRTC_EXTENSION clock = device->DeviceExtension;
    ULONG_PTR information = 0;
    NTSTATUS status = IoAcquireRemoveLock(&clock->RemoveLock, irp);
    if (!NT_SUCCESS(status)) {
        return Complete(irp, status, 0);
    }
    status = RtcControl(clock, irp, &information);
    (void)Complete(irp, status, information);
    IoReleaseRemoveLock(&clock->RemoveLock, irp);
    return status;
}

static NTSTATUS RtcPower(PDEVICE_OBJECT device, PIRP irp)
{
    PRTC_EXTENSION clock = device->DeviceExtension;
    PoStartNextPowerIrp(irp);
    IoSkipCurrentIrpStackLocation(irp);
    return PoCallDriver(clock->Lower, irp);
}

// Returns the former address.
static PUCHAR SetBase(PRTC_EXTENSION clock, PUCHAR base)
{
    ExAcquireFastMutex(&clock->Mutex);
    PUCHAR old = clock->Base;
    clock->Base = base;
    ExReleaseFastMutex(&clock->Mutex);
    return old;
}

// Fast mutexes raise to APC_LEVEL and mapping wants PASSIVE_LEVEL: mapped first, published then.
static NTSTATUS MapRegisters(PRTC_EXTENSION clock, const CM_RESOURCE_LIST *translated)
{
    if (translated == NULL || translated->Count == 0) {
        return STATUS_DEVICE_CONFIGURATION_ERROR;
    }
    const CM_PARTIAL_RESOURCE_LIST *list = &translated->List[0].PartialResourceList;
    for (ULONG i = 0; i < list->Count; i++) {
        const CM_PARTIAL_RESOURCE_DESCRIPTOR *resource = &list->PartialDescriptors[i];
        if (resource->Type != CmResourceTypeMemory) {
            continue;
        }
        if (resource->u.Memory.Length < RTC_REGISTER_BYTES) {
            return STATUS_DEVICE_CONFIGURATION_ERROR;
        }
        clock->MappedBytes = resource->u.Memory.Length;
        PUCHAR base = MmMapIoSpace(resource->u.Memory.Start, clock->MappedBytes, MmNonCached);
        if (base == NULL) {
            return STATUS_INSUFFICIENT_RESOURCES;
        }
        RtcWrite(base, RTC_IRQ_ENABLED, 0);
        RtcWrite(base, RTC_CLEAR_ALARM, 1);
        RtcWrite(base, RTC_CLEAR_INTERRUPT, 1);
        (void)SetBase(clock, base);
        RtcTellSystem(clock);
        return STATUS_SUCCESS;
    }
    return STATUS_DEVICE_CONFIGURATION_ERROR;
}

static NTSTATUS StartDevice(PRTC_EXTENSION clock, PIRP irp)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    const CM_RESOURCE_LIST *translated =
        location->Parameters.StartDevice.AllocatedResourcesTranslated;
    NTSTATUS status = STATUS_UNSUCCESSFUL;
    IoCopyCurrentIrpStackLocationToNext(irp);
    if (IoForwardIrpSynchronously(clock->Lower, irp)) {
        status = irp->IoStatus.Status;
    }
    if (NT_SUCCESS(status)) {
        status = MapRegisters(clock, translated);
    }
    return Complete(irp, status, 0);
}

static VOID StopDevice(PRTC_EXTENSION clock)
{
    PUCHAR base = SetBase(clock, NULL);
    if (base != NULL) {
        MmUnmapIoSpace(base, clock->MappedBytes);
    }
}

static NTSTATUS RemoveDevice(PRTC_EXTENSION clock, PIRP irp)
{
    PDEVICE_OBJECT device = clock->Self;
    PDEVICE_OBJECT lower = clock->Lower;
    StopDevice(clock);
    irp->IoStatus.Status = STATUS_SUCCESS;
    NTSTATUS status = RtcPassDown(device, irp);
    IoReleaseRemoveLockAndWait(&clock->RemoveLock, irp);
    IoDetachDevice(lower);
    IoDeleteDevice(device);
    return status;
}

static NTSTATUS RtcPnp(PDEVICE_OBJECT device, PIRP irp)
{
    PRTC_EXTENSION clock = device->DeviceExtension;
    UCHAR minor = IoGetCurrentIrpStackLocation(irp)->MinorFunction;
    NTSTATUS status = IoAcquireRemoveLock(&clock->RemoveLock, irp);
    if (!NT_SUCCESS(status)) {
        return Complete(irp, status, 0);
    }
    switch (minor) {
    case IRP_MN_START_DEVICE:
        status = StartDevice(clock, irp);
        break;
    case IRP_MN_REMOVE_DEVICE:
        return RemoveDevice(clock, irp); // takes the lock along
    case IRP_MN_STOP_DEVICE:
    case IRP_MN_SURPRISE_REMOVAL:
        StopDevice(clock);
        irp->IoStatus.Status = STATUS_SUCCESS;
        status = RtcPassDown(device, irp);
        break;
    case IRP_MN_QUERY_STOP_DEVICE:
    case IRP_MN_CANCEL_STOP_DEVICE:
    case IRP_MN_QUERY_REMOVE_DEVICE:
    case IRP_MN_CANCEL_REMOVE_DEVICE:
        irp->IoStatus.Status = STATUS_SUCCESS;
        status = RtcPassDown(device, irp);
        break;
    default:
        status = RtcPassDown(device, irp);
        break;
    }
    IoReleaseRemoveLock(&clock->RemoveLock, irp);
    return status;
}

static NTSTATUS RtcAddDevice(PDRIVER_OBJECT driver, PDEVICE_OBJECT physical)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\RealTimeClock");
    PDEVICE_OBJECT device;
    NTSTATUS status = IoCreateDevice(driver, sizeof(RTC_EXTENSION), &name, FILE_DEVICE_UNKNOWN,
                                     FILE_DEVICE_SECURE_OPEN, FALSE, &device);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    PRTC_EXTENSION clock = device->DeviceExtension;
    clock->Self = device;
    IoInitializeRemoveLock(&clock->RemoveLock, RTC_TAG, 0, 0);
    ExInitializeFastMutex(&clock->Mutex);
    clock->Lower = IoAttachDeviceToDeviceStack(device, physical);
    if (clock->Lower == NULL) {
        IoDeleteDevice(device);
        return STATUS_NO_SUCH_DEVICE;
    }
    device->Flags |= DO_BUFFERED_IO | DO_POWER_PAGABLE;
    device->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    return STATUS_SUCCESS;
}

static VOID RtcUnload(PDRIVER_OBJECT driver)
{
    UNREFERENCED_PARAMETER(driver);
}

DRIVER_INITIALIZE DriverEntry;

NTSTATUS DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING registry_path)
{
    UNREFERENCED_PARAMETER(registry_path);
    driver->MajorFunction[IRP_MJ_CREATE] = RtcCreateClose;
    driver->MajorFunction[IRP_MJ_CLEANUP] = RtcCreateClose;
    driver->MajorFunction[IRP_MJ_CLOSE] = RtcCreateClose;
    driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = RtcDeviceControl;
    driver->MajorFunction[IRP_MJ_PNP] = RtcPnp;
    driver->MajorFunction[IRP_MJ_POWER] = RtcPower;
    driver->MajorFunction[IRP_MJ_SYSTEM_CONTROL] = RtcPassDown;
    driver->DriverExtension->AddDevice = RtcAddDevice;
    driver->DriverUnload = RtcUnload;
    return STATUS_SUCCESS;
}
