// SPDX-License-Identifier: MIT
//
// The sample driver event: requests complete when their time is over, events are set, and whatever
// meets (expiry, cancellation, CLEANUP) each IRP is completed once and nothing is leaked.

#include "ash_test.h"
#include "posix.h"

#include "event.h"

#define MANY 200

DRIVER_INITIALIZE DriverEntry;

static DRIVER_OBJECT driver;
static DRIVER_EXTENSION extension;
static PDEVICE_OBJECT device;

struct sent {
    PIRP irp;
    KEVENT done;
    volatile LONG completions;
    union {
        struct notify_request in;
        ULONG out;
    } buffer;
};

static void load(void)
{
    memset(&driver, 0, sizeof(driver));
    memset(&extension, 0, sizeof(extension));
    if (!NT_SUCCESS(posix_init_driver(&driver, &extension,
                                      (int32_t (*)(PDRIVER_OBJECT, void *))(void *)DriverEntry)))
        abort();
    device = driver.DeviceObject;
}

static NTSTATUS completed(PDEVICE_OBJECT unused, PIRP irp, PVOID context)
{
    struct sent *sent = context;
    (void)unused, (void)irp;
    InterlockedIncrement(&sent->completions);
    KeSetEvent(&sent->done, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static NTSTATUS send(struct sent *sent, UCHAR major, ULONG code, ULONG ms, PFILE_OBJECT file)
{
    sent->irp = IoAllocateIrp(device->StackSize, FALSE);
    sent->completions = 0;
    sent->buffer.in.milliseconds = ms;
    KeInitializeEvent(&sent->done, NotificationEvent, FALSE);
    sent->irp->AssociatedIrp.SystemBuffer = &sent->buffer;
    PIO_STACK_LOCATION next = IoGetNextIrpStackLocation(sent->irp);
    next->MajorFunction = major;
    next->FileObject = file;
    if (major == IRP_MJ_DEVICE_CONTROL) {
        next->Parameters.DeviceIoControl.IoControlCode = code;
        next->Parameters.DeviceIoControl.InputBufferLength = sizeof(sent->buffer.in);
        next->Parameters.DeviceIoControl.OutputBufferLength = sizeof(sent->buffer.out);
    }
    IoSetCompletionRoutine(sent->irp, completed, sent, TRUE, TRUE, TRUE);
    return IoCallDriver(device, sent->irp);
}

static NTSTATUS finish(struct sent *sent)
{
    KeWaitForSingleObject(&sent->done, Executive, KernelMode, FALSE, NULL);
    NTSTATUS status = sent->irp->IoStatus.Status;
    if (sent->completions != 1)
        status = STATUS_INTERNAL_ERROR;
    IoFreeIrp(sent->irp);
    return status;
}

static NTSTATUS pend(struct sent *sent, ULONG ms, PFILE_OBJECT file)
{
    return send(sent, IRP_MJ_DEVICE_CONTROL, IOCTL_NOTIFY_BY_IRP, ms, file);
}

TEST(requests_complete_in_the_order_of_their_times)
{
    struct sent slow = {0}, quick = {0};
    load();
    CHECK_EQ(pend(&slow, 60, NULL), STATUS_PENDING);
    CHECK_EQ(pend(&quick, 5, NULL), STATUS_PENDING);
    CHECK_EQ(finish(&quick), STATUS_SUCCESS);
    CHECK_EQ(quick.buffer.out, 1);
    CHECK_EQ(slow.completions, 0);
    CHECK_EQ(finish(&slow), STATUS_SUCCESS);
    CHECK_EQ(slow.buffer.out, 2);
    driver.DriverUnload(&driver);
}

TEST(an_event_is_set_when_the_time_is_over)
{
    struct sent one = {0};
    HANDLE handle;
    OBJECT_ATTRIBUTES attributes;
    load();
    InitializeObjectAttributes(&attributes, NULL, OBJ_KERNEL_HANDLE, NULL, NULL);
    CHECK_EQ(ZwCreateEvent(&handle, EVENT_ALL_ACCESS, &attributes, NotificationEvent, FALSE),
             STATUS_SUCCESS);
    one.buffer.in.event = handle;
    CHECK_EQ(send(&one, IRP_MJ_DEVICE_CONTROL, IOCTL_NOTIFY_BY_EVENT, 5, NULL), STATUS_SUCCESS);
    CHECK_EQ(finish(&one), STATUS_SUCCESS);
    CHECK_EQ(ZwWaitForSingleObject(handle, FALSE, NULL), STATUS_SUCCESS);
    ZwClose(handle);
    one.buffer.in.event = handle; // no more
    CHECK_EQ(send(&one, IRP_MJ_DEVICE_CONTROL, IOCTL_NOTIFY_BY_EVENT, 5, NULL),
             STATUS_INVALID_HANDLE);
    CHECK_EQ(finish(&one), STATUS_INVALID_HANDLE);
    driver.DriverUnload(&driver);
}

TEST(expiry_and_cancellation_meet)
{
    static struct sent all[MANY];
    unsigned cancelled = 0;
    size_t before, after, blocks;
    load();
    posix_pool_usage(&before, &blocks);
    for (ULONG i = 0; i < MANY; i++)
        CHECK_EQ(pend(&all[i], i % 8, NULL), STATUS_PENDING);
    for (ULONG i = 0; i < MANY; i++)
        (void)IoCancelIrp(all[i].irp);
    for (ULONG i = 0; i < MANY; i++) {
        NTSTATUS status = finish(&all[i]);
        CHECK(status == STATUS_SUCCESS || status == STATUS_CANCELLED);
        cancelled += status == STATUS_CANCELLED;
    }
    KeFlushQueuedDpcs();
    posix_pool_usage(&after, &blocks);
    CHECK(cancelled > 0);
    CHECK(after <= before + MANY * sizeof(IRP) * 4); // IRPs are kept for reuse
    driver.DriverUnload(&driver);
}

TEST(cleanup_gives_up_what_its_file_waits_for)
{
    static FILE_OBJECT mine, other;
    struct sent first = {0}, second = {0}, cleanup = {0};
    load();
    CHECK_EQ(pend(&first, 10000, &mine), STATUS_PENDING);
    CHECK_EQ(pend(&second, 30, &other), STATUS_PENDING);
    CHECK_EQ(send(&cleanup, IRP_MJ_CLEANUP, 0, 0, &mine), STATUS_SUCCESS);
    (void)finish(&cleanup);
    CHECK_EQ(finish(&first), STATUS_CANCELLED);
    CHECK_EQ(finish(&second), STATUS_SUCCESS);
    driver.DriverUnload(&driver);
}

TEST(requests_that_make_no_sense_are_refused)
{
    struct sent one = {0};
    load();
    CHECK_EQ(send(&one, IRP_MJ_DEVICE_CONTROL, IOCTL_NOTIFY_BY_EVENT + 4, 5, NULL),
             STATUS_INVALID_DEVICE_REQUEST);
    (void)finish(&one);
    driver.DriverUnload(&driver);
}
