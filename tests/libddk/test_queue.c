// SPDX-License-Identifier: MIT
//
// Cancellation and its races, StartIo, remove locks, share access, names.

#include "test_driver.h"

// --- Cancelling

struct csq_device {
    IO_CSQ csq;
    LIST_ENTRY queue;
    KSPIN_LOCK lock;
    volatile LONG cancelled, served;
};

static struct csq_device *of(PIO_CSQ csq)
{
    return CONTAINING_RECORD(csq, struct csq_device, csq);
}
static VOID csq_insert(PIO_CSQ csq, PIRP irp)
{
    InsertTailList(&of(csq)->queue, &irp->Tail.Overlay.ListEntry);
}
static VOID csq_remove(PIO_CSQ csq, PIRP irp)
{
    (void)csq;
    RemoveEntryList(&irp->Tail.Overlay.ListEntry);
}
static PIRP csq_peek(PIO_CSQ csq, PIRP irp, PVOID context)
{
    PLIST_ENTRY next = irp == NULL ? of(csq)->queue.Flink : irp->Tail.Overlay.ListEntry.Flink;
    (void)context;
    return next == &of(csq)->queue ? NULL : CONTAINING_RECORD(next, IRP, Tail.Overlay.ListEntry);
}
static VOID csq_acquire(PIO_CSQ csq, PKIRQL irql)
{
    KeAcquireSpinLock(&of(csq)->lock, irql);
}
static VOID csq_release(PIO_CSQ csq, KIRQL irql)
{
    KeReleaseSpinLock(&of(csq)->lock, irql);
}
static VOID csq_cancelled(PIO_CSQ csq, PIRP irp)
{
    InterlockedIncrement(&of(csq)->cancelled);
    complete_with(irp, STATUS_CANCELLED, 0);
}

static NTSTATUS csq_dispatch(PDEVICE_OBJECT device, PIRP irp)
{
    struct csq_device *state = device->DeviceExtension;
    IoCsqInsertIrp(&state->csq, irp, NULL);
    return STATUS_PENDING;
}

static PDEVICE_OBJECT csq_device(void)
{
    fresh_driver(csq_dispatch);
    PDEVICE_OBJECT device = new_device(sizeof(struct csq_device));
    struct csq_device *state = device->DeviceExtension;
    InitializeListHead(&state->queue);
    KeInitializeSpinLock(&state->lock);
    IoCsqInitialize(&state->csq, csq_insert, csq_remove, csq_peek, csq_acquire, csq_release,
                    csq_cancelled);
    return device;
}

struct sent {
    PIRP irp;
    KEVENT event;
    IO_STATUS_BLOCK iosb;
};

static NTSTATUS keep(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    struct sent *sent = context;
    (void)device;
    sent->iosb = irp->IoStatus;
    KeSetEvent(&sent->event, 0, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static void send_read(PDEVICE_OBJECT device, struct sent *sent)
{
    KeInitializeEvent(&sent->event, NotificationEvent, FALSE);
    sent->irp = IoAllocateIrp(device->StackSize, FALSE);
    IoGetNextIrpStackLocation(sent->irp)->MajorFunction = IRP_MJ_READ;
    IoSetCompletionRoutine(sent->irp, keep, sent, TRUE, TRUE, TRUE);
    (void)IoCallDriver(device, sent->irp);
}

TEST(csq_cancels_a_queued_irp)
{
    DDI_SHOWS(IoCsqInitialize, RESULTS);
    DDI_SHOWS(IoCsqInsertIrp, RESULTS);
    DDI_SHOWS(IoCsqRemoveNextIrp, RESULTS);
    DDI_SHOWS(IoCancelIrp, RESULTS);
    PDEVICE_OBJECT device = csq_device();
    struct csq_device *state = device->DeviceExtension;
    struct sent sent;
    send_read(device, &sent);
    CHECK(IoCancelIrp(sent.irp));
    CHECK_EQ(sent.iosb.Status, STATUS_CANCELLED);
    CHECK_EQ(state->cancelled, 1);
    CHECK(IsListEmpty(&state->queue));
    CHECK(IoCsqRemoveNextIrp(&state->csq, NULL) == NULL);
    IoFreeIrp(sent.irp);
    IoDeleteDevice(device);
}

TEST(csq_completes_an_irp_cancelled_before_it_was_queued)
{
    DDI_SHOWS(IoCsqInsertIrp, RESULTS);
    PDEVICE_OBJECT device = csq_device();
    struct sent sent;
    KeInitializeEvent(&sent.event, NotificationEvent, FALSE);
    sent.irp = IoAllocateIrp(1, FALSE);
    sent.irp->Cancel = TRUE;
    IoSetCompletionRoutine(sent.irp, keep, &sent, TRUE, TRUE, TRUE);
    (void)IoCallDriver(device, sent.irp);
    CHECK_EQ(sent.iosb.Status, STATUS_CANCELLED);
    IoFreeIrp(sent.irp);
    IoDeleteDevice(device);
}

static volatile LONG stop_serving;

static VOID serve(PVOID context)
{
    struct csq_device *state = context;
    while (!stop_serving) {
        PIRP irp = IoCsqRemoveNextIrp(&state->csq, NULL);
        if (irp == NULL)
            continue;
        InterlockedIncrement(&state->served);
        complete_with(irp, STATUS_SUCCESS, 0);
    }
}

// Every IRP is completed exactly once, by the canceller or by the server.
TEST(cancel_races_with_service)
{
    DDI_SHOWS(IoCsqRemoveNextIrp, RESULTS);
    DDI_SHOWS(IoCancelIrp, RESULTS);
    PDEVICE_OBJECT device = csq_device();
    struct csq_device *state = device->DeviceExtension;
    HANDLE handle;
    PVOID thread;
    LONG cancelled = 0, served = 0;
    stop_serving = 0;
    CHECK_EQ(PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, serve, state), 0);
    ObReferenceObjectByHandle(handle, 0, NULL, KernelMode, &thread, NULL);
    ZwClose(handle);
    for (int i = 0; i < 3000; i++) {
        struct sent sent;
        send_read(device, &sent);
        IoCancelIrp(sent.irp);
        KeWaitForSingleObject(&sent.event, Executive, KernelMode, FALSE, NULL);
        cancelled += sent.iosb.Status == STATUS_CANCELLED;
        served += sent.iosb.Status == STATUS_SUCCESS;
        IoFreeIrp(sent.irp);
    }
    stop_serving = 1;
    KeWaitForSingleObject(thread, Executive, KernelMode, FALSE, NULL);
    ObDereferenceObject(thread);
    CHECK_EQ(cancelled + served, 3000);
    CHECK_EQ(state->cancelled, cancelled);
    CHECK_EQ(state->served, served);
    IoDeleteDevice(device);
}

static VOID forgets_the_irql(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device, (void)irp;
    IoReleaseCancelSpinLock(APC_LEVEL); // not Irp->CancelIrql
}

static void cancel_it(void *irp)
{
    IoCancelIrp(irp);
}

TEST(cancel_routine_must_release_the_lock_with_the_cancel_irql)
{
    DDI_SHOWS(IoReleaseCancelSpinLock, ERRORS);
    DDI_SHOWS(IoSetCancelRoutine, RESULTS);
    DDI_SHOWS(IoCancelIrp, RESULTS);
    PIRP irp = IoAllocateIrp(1, FALSE);
    IoSetNextIrpStackLocation(irp);
    IoSetCancelRoutine(irp, forgets_the_irql);
    CHECK(dies(cancel_it, irp, "cancel spin lock"));
    IoFreeIrp(irp);
}

// --- StartIo, remove lock, share access, names

static int started;
static PIRP in_start;

static VOID start_io(PDEVICE_OBJECT device, PIRP irp)
{
    started++;
    in_start = irp;
    if (device->CurrentIrp != irp || KeGetCurrentIrql() != DISPATCH_LEVEL)
        started = -100;
}

static NTSTATUS queue_packet(PDEVICE_OBJECT device, PIRP irp)
{
    IoMarkIrpPending(irp);
    IoStartPacket(device, irp, NULL, NULL);
    return STATUS_PENDING;
}

TEST(start_io_takes_one_packet_at_a_time)
{
    DDI_SHOWS(IoStartPacket, RESULTS);
    DDI_SHOWS(IoStartNextPacket, RESULTS);
    struct sent a, b;
    fresh_driver(queue_packet);
    driver.DriverStartIo = start_io;
    PDEVICE_OBJECT device = new_device(0);
    started = 0;
    send_read(device, &a);
    send_read(device, &b);
    CHECK_EQ(started, 1);
    CHECK(in_start == a.irp);
    KIRQL irql = KeRaiseIrqlToDpcLevel();
    IoStartNextPacket(device, FALSE);
    KeLowerIrql(irql);
    complete_with(a.irp, STATUS_SUCCESS, 0);
    CHECK_EQ(started, 2);
    CHECK(in_start == b.irp);
    irql = KeRaiseIrqlToDpcLevel();
    IoStartNextPacket(device, FALSE);
    KeLowerIrql(irql);
    complete_with(b.irp, STATUS_SUCCESS, 0);
    CHECK(!device->DeviceQueue.Busy);
    IoFreeIrp(a.irp);
    IoFreeIrp(b.irp);
    IoDeleteDevice(device);
}

static IO_REMOVE_LOCK remove_lock;

static VOID release_soon(PVOID context)
{
    LARGE_INTEGER wait = {.QuadPart = -100000};
    (void)context;
    KeDelayExecutionThread(KernelMode, FALSE, &wait);
    IoReleaseRemoveLock(&remove_lock, NULL);
}

TEST(remove_lock_waits_and_then_refuses)
{
    DDI_SHOWS_MACRO(IoInitializeRemoveLock, RESULTS);
    DDI_SHOWS_MACRO(IoAcquireRemoveLock, RESULTS | ERRORS);
    DDI_SHOWS_MACRO(IoReleaseRemoveLock, RESULTS);
    DDI_SHOWS_MACRO(IoReleaseRemoveLockAndWait, RESULTS);
    HANDLE thread;
    IoInitializeRemoveLock(&remove_lock, 'tseT', 0, 0);
    CHECK_EQ(IoAcquireRemoveLock(&remove_lock, NULL), STATUS_SUCCESS);
    CHECK_EQ(IoAcquireRemoveLock(&remove_lock, NULL), STATUS_SUCCESS);
    CHECK_EQ(PsCreateSystemThread(&thread, 0, NULL, NULL, NULL, release_soon, NULL), 0);
    ZwClose(thread);
    IoReleaseRemoveLockAndWait(&remove_lock, NULL);
    CHECK_EQ(remove_lock.Common.IoCount, 0);
    CHECK_EQ(IoAcquireRemoveLock(&remove_lock, NULL), STATUS_DELETE_PENDING);
}

TEST(share_access_is_checked_both_ways)
{
    DDI_SHOWS(IoSetShareAccess, RESULTS);
    DDI_SHOWS(IoCheckShareAccess, RESULTS | ERRORS);
    DDI_SHOWS(IoRemoveShareAccess, RESULTS);
    SHARE_ACCESS share;
    FILE_OBJECT a = {0}, b = {0};
    IoSetShareAccess(FILE_READ_DATA, FILE_SHARE_READ, &a, &share);
    CHECK_EQ(IoCheckShareAccess(FILE_READ_DATA, FILE_SHARE_READ, &b, &share, TRUE), STATUS_SUCCESS);
    CHECK_EQ(IoCheckShareAccess(FILE_WRITE_DATA, FILE_SHARE_READ, &b, &share, FALSE),
             STATUS_SHARING_VIOLATION);
    CHECK_EQ(IoCheckShareAccess(FILE_READ_DATA, 0, &b, &share, FALSE), STATUS_SHARING_VIOLATION);
    CHECK_EQ(IoCheckShareAccess(FILE_READ_ATTRIBUTES, 0, &b, &share, FALSE), STATUS_SUCCESS);
    IoRemoveShareAccess(&a, &share);
    CHECK_EQ(share.OpenCount, 1);
}

TEST(names_collide_and_links_resolve)
{
    DDI_SHOWS(IoCreateDevice, RESULTS | ERRORS);
    DDI_SHOWS(IoCreateSymbolicLink, RESULTS);
    DDI_SHOWS(IoDeleteSymbolicLink, RESULTS | ERRORS);
    DDI_SHOWS(IoGetDeviceObjectPointer, RESULTS);
    DDI_SHOWS(IoDeleteDevice, RESULTS);
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\Named"),
                   link = RTL_CONSTANT_STRING(L"\\??\\Nick");
    PDEVICE_OBJECT device, second;
    PFILE_OBJECT file;
    fresh_driver(NULL);
    CHECK_EQ(IoCreateDevice(&driver, 0, &name, FILE_DEVICE_UNKNOWN, 0, FALSE, &device), 0);
    CHECK_EQ(IoCreateDevice(&driver, 0, &name, FILE_DEVICE_UNKNOWN, 0, FALSE, &second),
             STATUS_OBJECT_NAME_COLLISION);
    CHECK_EQ(IoCreateSymbolicLink(&link, &name), STATUS_SUCCESS);
    CHECK_STR(posix_link_target("\\??\\Nick"), "\\Device\\Named");
    CHECK_EQ(IoGetDeviceObjectPointer(&link, FILE_READ_DATA, &file, &second), STATUS_SUCCESS);
    CHECK(second == device);
    ObDereferenceObject(file);
    CHECK_EQ(IoDeleteSymbolicLink(&link), STATUS_SUCCESS);
    CHECK_EQ(IoDeleteSymbolicLink(&link), STATUS_OBJECT_NAME_NOT_FOUND);
    IoDeleteDevice(device);
}
