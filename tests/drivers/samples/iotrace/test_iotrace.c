// SPDX-License-Identifier: MIT
//
// The sample driver iotrace above a fake disk: requests go through unchanged and are counted, once
// each; what it does not know passes; REMOVE waits for what is below.

#include "ash_test.h"
#include "posix.h"

#include "iotrace.h"

DRIVER_INITIALIZE DriverEntry;

static DRIVER_OBJECT driver, disk_driver;
static DRIVER_EXTENSION extension, disk_extension;
static PDEVICE_OBJECT disk, control;
static PIRP kept; // what the disk has not answered yet
static UCHAR last_major, last_minor;
static NTSTATUS answer;

static NTSTATUS disk_dispatch(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    (void)device;
    last_major = location->MajorFunction;
    last_minor = location->MinorFunction;
    if (last_major == IRP_MJ_WRITE) {
        IoMarkIrpPending(irp);
        kept = irp;
        return STATUS_PENDING;
    }
    NTSTATUS status = last_major == IRP_MJ_READ ? answer : STATUS_SUCCESS;
    irp->IoStatus.Status = status;
    irp->IoStatus.Information =
        last_major == IRP_MJ_READ && NT_SUCCESS(status) ? location->Parameters.Read.Length : 0;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

static void load(void)
{
    memset(&driver, 0, sizeof(driver));
    memset(&disk_driver, 0, sizeof(disk_driver));
    if (!NT_SUCCESS(posix_init_driver(&driver, &extension,
                                      (int32_t (*)(PDRIVER_OBJECT, void *))(void *)DriverEntry)) ||
        !NT_SUCCESS(posix_init_driver(&disk_driver, &disk_extension, NULL)))
        abort();
    for (ULONG i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; i++)
        disk_driver.MajorFunction[i] = disk_dispatch;
    control = driver.DeviceObject;
    if (!NT_SUCCESS(IoCreateDevice(&disk_driver, 0, NULL, FILE_DEVICE_DISK, 0, FALSE, &disk)))
        abort();
    disk->Flags |= DO_DIRECT_IO | DO_POWER_PAGABLE;
    answer = STATUS_SUCCESS;
    if (!NT_SUCCESS(driver.DriverExtension->AddDevice(&driver, disk)))
        abort();
}

static void unload(void)
{
    driver.DriverUnload(&driver);
    IoDeleteDevice(disk);
}

static NTSTATUS done(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    (void)device, (void)irp;
    ++*(unsigned *)context;
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static PIRP make(PDEVICE_OBJECT device, UCHAR major, UCHAR minor, unsigned *completions)
{
    PIRP irp = IoAllocateIrp(device->StackSize, FALSE);
    PIO_STACK_LOCATION next = IoGetNextIrpStackLocation(irp);
    irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
    next->MajorFunction = major;
    next->MinorFunction = minor;
    IoSetCompletionRoutine(irp, done, completions, TRUE, TRUE, TRUE);
    return irp;
}

static NTSTATUS send(UCHAR major, UCHAR minor, ULONG length)
{
    unsigned completions = 0;
    PDEVICE_OBJECT top = IoGetAttachedDevice(disk);
    PIRP irp = make(top, major, minor, &completions);
    IoGetNextIrpStackLocation(irp)->Parameters.Read.Length = length;
    NTSTATUS status = IoCallDriver(top, irp);
    if (completions != 1 || status != irp->IoStatus.Status)
        status = STATUS_INTERNAL_ERROR;
    IoFreeIrp(irp);
    return status;
}

static NTSTATUS report(ULONG index, struct trace_report *to)
{
    unsigned completions = 0;
    PIRP irp = make(control, IRP_MJ_DEVICE_CONTROL, 0, &completions);
    PIO_STACK_LOCATION next = IoGetNextIrpStackLocation(irp);
    *(PULONG)(void *)to = index;
    irp->AssociatedIrp.SystemBuffer = to;
    next->Parameters.DeviceIoControl.IoControlCode = IOCTL_TRACE_REPORT;
    next->Parameters.DeviceIoControl.InputBufferLength = sizeof(ULONG);
    next->Parameters.DeviceIoControl.OutputBufferLength = sizeof(*to);
    NTSTATUS status = IoCallDriver(control, irp);
    IoFreeIrp(irp);
    return status;
}

TEST(requests_are_counted_and_go_through)
{
    struct trace_report seen;
    load();
    PDEVICE_OBJECT top = IoGetAttachedDevice(disk);
    CHECK(top != disk);
    CHECK_EQ(top->DeviceType, FILE_DEVICE_DISK);
    CHECK_EQ(top->Flags & (DO_DIRECT_IO | DO_POWER_PAGABLE), DO_DIRECT_IO | DO_POWER_PAGABLE);
    CHECK_EQ(send(IRP_MJ_READ, 0, 512), STATUS_SUCCESS);
    CHECK_EQ(send(IRP_MJ_READ, 0, 1024), STATUS_SUCCESS);
    answer = STATUS_IO_DEVICE_ERROR;
    CHECK_EQ(send(IRP_MJ_READ, 0, 512), STATUS_IO_DEVICE_ERROR);
    CHECK_EQ(send(IRP_MJ_FLUSH_BUFFERS, 0, 0), STATUS_SUCCESS);
    CHECK_EQ(send(IRP_MJ_INTERNAL_DEVICE_CONTROL, 0, 0), STATUS_SUCCESS); // not counted
    CHECK_EQ(last_major, IRP_MJ_INTERNAL_DEVICE_CONTROL);
    CHECK_EQ(report(0, &seen), STATUS_SUCCESS);
    CHECK_EQ(seen.kinds[TRACE_READ].requests, 3);
    CHECK_EQ(seen.kinds[TRACE_READ].failures, 1);
    CHECK_EQ(seen.kinds[TRACE_READ].bytes, 1536);
    CHECK_EQ(seen.kinds[TRACE_FLUSH].requests, 1);
    CHECK_EQ(seen.kinds[TRACE_CONTROL].requests, 0);
    CHECK_EQ(seen.outstanding, 0);
    CHECK_EQ(seen.most_outstanding, 1);
    CHECK_EQ(report(1, &seen), STATUS_NO_MORE_ENTRIES);
    CHECK_EQ(send(IRP_MJ_PNP, IRP_MN_REMOVE_DEVICE, 0), STATUS_SUCCESS);
    CHECK(IoGetAttachedDevice(disk) == disk);
    CHECK_EQ(report(0, &seen), STATUS_NO_MORE_ENTRIES);
    unload();
}

TEST(a_request_that_pends_is_counted_when_it_ends)
{
    struct trace_report seen;
    unsigned completions = 0;
    load();
    PDEVICE_OBJECT top = IoGetAttachedDevice(disk);
    PIRP irp = make(top, IRP_MJ_WRITE, 0, &completions);
    CHECK_EQ(IoCallDriver(top, irp), STATUS_PENDING);
    CHECK_EQ(completions, 0);
    CHECK_EQ(report(0, &seen), STATUS_SUCCESS);
    CHECK_EQ(seen.outstanding, 1);
    CHECK_EQ(seen.kinds[TRACE_WRITE].requests, 0);
    kept->IoStatus.Status = STATUS_SUCCESS;
    kept->IoStatus.Information = 4096;
    IoCompleteRequest(kept, IO_NO_INCREMENT);
    CHECK_EQ(completions, 1);
    CHECK(irp->PendingReturned);
    CHECK_EQ(report(0, &seen), STATUS_SUCCESS);
    CHECK_EQ(seen.kinds[TRACE_WRITE].bytes, 4096);
    CHECK_EQ(seen.outstanding, 0);
    IoFreeIrp(irp);
    CHECK_EQ(send(IRP_MJ_PNP, IRP_MN_REMOVE_DEVICE, 0), STATUS_SUCCESS);
    unload();
}

TEST(power_and_pnp_pass)
{
    load();
    CHECK_EQ(send(IRP_MJ_POWER, IRP_MN_SET_POWER, 0), STATUS_SUCCESS);
    CHECK_EQ(last_major, IRP_MJ_POWER);
    CHECK_EQ(send(IRP_MJ_PNP, IRP_MN_START_DEVICE, 0), STATUS_SUCCESS);
    CHECK_EQ(last_minor, IRP_MN_START_DEVICE);
    CHECK_EQ(send(IRP_MJ_PNP, IRP_MN_QUERY_CAPABILITIES, 0), STATUS_SUCCESS);
    CHECK_EQ(last_minor, IRP_MN_QUERY_CAPABILITIES);
    CHECK_EQ(send(IRP_MJ_PNP, IRP_MN_SURPRISE_REMOVAL, 0), STATUS_SUCCESS);
    CHECK_EQ(send(IRP_MJ_PNP, IRP_MN_REMOVE_DEVICE, 0), STATUS_SUCCESS);
    unload();
}
