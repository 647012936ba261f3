// SPDX-License-Identifier: MIT
//
// An upper filter for disks and volumes that counts and times their requests, and a control device
// that tells what it has counted. One dispatch routine a kind of request; each looks first which of
// the two devices it was called for.

#include "iotrace.h"

DRIVER_INITIALIZE DriverEntry;

NPAGED_LOOKASIDE_LIST TraceContexts;
LIST_ENTRY TraceFilters;
FAST_MUTEX TraceMutex;

static NTSTATUS Complete(PIRP irp, NTSTATUS status)
{
    irp->IoStatus.Status = status;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

// What a filter knows nothing about goes on down: nobody else may refuse it but those below.
static NTSTATUS Other(PDEVICE_OBJECT device, PIRP irp)
{
    PFILTER filter = device->DeviceExtension;
    if (!filter->IsFilter)
        return Complete(irp, STATUS_INVALID_DEVICE_REQUEST);
    NTSTATUS status = IoAcquireRemoveLock(&filter->RemoveLock, irp);
    if (!NT_SUCCESS(status))
        return Complete(irp, status);
    status = TracePassDown(filter, irp);
    IoReleaseRemoveLock(&filter->RemoveLock, irp);
    return status;
}

static NTSTATUS CreateClose(PDEVICE_OBJECT device, PIRP irp)
{
    PFILTER filter = device->DeviceExtension;
    return filter->IsFilter ? Other(device, irp) : Complete(irp, STATUS_SUCCESS);
}

static NTSTATUS Counted(PDEVICE_OBJECT device, PIRP irp)
{
    PFILTER filter = device->DeviceExtension;
    UCHAR major = IoGetCurrentIrpStackLocation(irp)->MajorFunction;
    ULONG kind = major == IRP_MJ_READ            ? TRACE_READ
                 : major == IRP_MJ_WRITE         ? TRACE_WRITE
                 : major == IRP_MJ_FLUSH_BUFFERS ? TRACE_FLUSH
                                                 : TRACE_CONTROL;
    if (filter->IsFilter)
        return TraceRequest(filter, irp, kind);
    return Complete(irp, major == IRP_MJ_DEVICE_CONTROL ? TraceControl(irp)
                                                        : STATUS_INVALID_DEVICE_REQUEST);
}

static NTSTATUS Pnp(PDEVICE_OBJECT device, PIRP irp)
{
    PFILTER filter = device->DeviceExtension;
    return filter->IsFilter ? TracePnp(filter, irp) : Complete(irp, irp->IoStatus.Status);
}

// A filter without power management of its own passes these on like any other.
static NTSTATUS Power(PDEVICE_OBJECT device, PIRP irp)
{
    PFILTER filter = device->DeviceExtension;
    return filter->IsFilter ? Other(device, irp) : Complete(irp, irp->IoStatus.Status);
}

static VOID Unload(PDRIVER_OBJECT driver)
{
    IoDeleteDevice(driver->DeviceObject); // the control device: the filters were removed before
    ExDeleteNPagedLookasideList(&TraceContexts);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING registryPath)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(TRACE_DEVICE_NAME);
    PDEVICE_OBJECT control;
    UNREFERENCED_PARAMETER(registryPath);
    for (ULONG i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; i++)
        driver->MajorFunction[i] = Other;
    driver->MajorFunction[IRP_MJ_CREATE] = CreateClose;
    driver->MajorFunction[IRP_MJ_CLEANUP] = CreateClose;
    driver->MajorFunction[IRP_MJ_CLOSE] = CreateClose;
    driver->MajorFunction[IRP_MJ_READ] = Counted;
    driver->MajorFunction[IRP_MJ_WRITE] = Counted;
    driver->MajorFunction[IRP_MJ_FLUSH_BUFFERS] = Counted;
    driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = Counted;
    driver->MajorFunction[IRP_MJ_PNP] = Pnp;
    driver->MajorFunction[IRP_MJ_POWER] = Power;
    driver->DriverExtension->AddDevice = TraceAddDevice;
    driver->DriverUnload = Unload;
    InitializeListHead(&TraceFilters);
    ExInitializeFastMutex(&TraceMutex);
    NTSTATUS status = IoCreateDevice(driver, sizeof(FILTER), &name, FILE_DEVICE_TRACE,
                                     FILE_DEVICE_SECURE_OPEN, FALSE, &control);
    if (!NT_SUCCESS(status))
        return status;
    ExInitializeNPagedLookasideList(&TraceContexts, NULL, NULL, 0, sizeof(TRACED), TRACE_TAG, 0);
    return STATUS_SUCCESS;
}
