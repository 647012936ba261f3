// SPDX-License-Identifier: MIT
//
// IRPs: the completion walk, the pending rule, cancellation and its races, queues, MDLs, stacks.

#include "ash_test.h"
#include "posix.h"
#include <ntifs.h>

static DRIVER_OBJECT driver;
static DRIVER_EXTENSION extension;

static bool dies(void (*body)(void *), void *argument, const char *rule)
{
    const char *text;
    bool died = posix_expect_bugcheck(body, argument, &text);
    posix_reset_thread();
    return died && strstr(text, rule) != NULL;
}

static void fresh_driver(PDRIVER_DISPATCH dispatch)
{
    posix_init_driver(&driver, &extension, NULL);
    for (int i = 0; dispatch != NULL && i <= IRP_MJ_MAXIMUM_FUNCTION; i++)
        driver.MajorFunction[i] = dispatch;
}

static PDEVICE_OBJECT new_device(ULONG extension_size)
{
    PDEVICE_OBJECT device = NULL;
    if (!NT_SUCCESS(
            IoCreateDevice(&driver, extension_size, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &device)))
        abort();
    device->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    return device;
}

static NTSTATUS complete_with(PIRP irp, NTSTATUS status, ULONG_PTR information)
{
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = information;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

// --- The walk

static int order[8], order_count;
static NTSTATUS answers[4];
static PDEVICE_OBJECT seen[4];
static bool pending_seen[4];

static NTSTATUS note(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    int i = (int)(ULONG_PTR)context;
    order[order_count++] = i;
    seen[i] = device;
    pending_seen[i] = irp->PendingReturned;
    return answers[i];
}

static PIRP three_level_irp(void)
{
    PIRP irp = IoAllocateIrp(3, FALSE);
    order_count = 0;
    for (int i = 0; i < 4; i++)
        answers[i] = STATUS_SUCCESS;
    answers[2] = STATUS_MORE_PROCESSING_REQUIRED; // the creator keeps its IRP
    // Three drivers, the lowest one owns the current location; each set a routine for the one
    // below.
    for (int i = 2; i >= 0; i--) {
        IoSetCompletionRoutine(irp, note, (PVOID)(ULONG_PTR)i, TRUE, TRUE, TRUE);
        IoSetNextIrpStackLocation(irp);
        IoGetCurrentIrpStackLocation(irp)->DeviceObject = (PDEVICE_OBJECT)(ULONG_PTR)(16 * (i + 1));
    }
    return irp;
}

TEST(walk_goes_up_in_order_and_tells_the_device)
{
    PIRP irp = three_level_irp();
    complete_with(irp, STATUS_SUCCESS, 5);
    CHECK_EQ(order_count, 3);
    CHECK_EQ(order[0], 0);
    CHECK_EQ(order[1], 1);
    CHECK_EQ(order[2], 2);
    CHECK_EQ((ULONG_PTR)seen[0], 32);
    CHECK_EQ((ULONG_PTR)seen[1], 48);
    CHECK(seen[2] == NULL); // the creator has no location
    CHECK_EQ(irp->IoStatus.Information, 5);
    IoFreeIrp(irp);
}

TEST(only_more_processing_stops_and_completing_again_resumes)
{
    PIRP irp = three_level_irp();
    answers[0] = STATUS_UNSUCCESSFUL; // anything else continues
    answers[1] = STATUS_MORE_PROCESSING_REQUIRED;
    complete_with(irp, STATUS_SUCCESS, 0);
    CHECK_EQ(order_count, 2);
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    CHECK_EQ(order_count, 3);
    CHECK_EQ(order[2], 2);
    IoFreeIrp(irp);
}

TEST(routine_is_called_only_for_what_it_asked)
{
    PIRP irp = IoAllocateIrp(2, FALSE);
    order_count = 0;
    answers[1] = STATUS_MORE_PROCESSING_REQUIRED;
    IoSetCompletionRoutine(irp, note, (PVOID)1, TRUE, TRUE, TRUE);
    IoSetNextIrpStackLocation(irp);
    IoSetCompletionRoutine(irp, note, (PVOID)0, FALSE, TRUE, FALSE); // on error only
    IoSetNextIrpStackLocation(irp);
    complete_with(irp, STATUS_SUCCESS, 0);
    CHECK_EQ(order_count, 1);
    CHECK_EQ(order[0], 1);
    IoFreeIrp(irp);
}

TEST(pending_is_passed_up_where_no_routine_is)
{
    PIRP irp = IoAllocateIrp(3, FALSE);
    order_count = 0;
    answers[2] = STATUS_MORE_PROCESSING_REQUIRED;
    IoSetCompletionRoutine(irp, note, (PVOID)2, TRUE, TRUE, TRUE);
    IoSetNextIrpStackLocation(irp);
    IoSetNextIrpStackLocation(irp);
    IoSetNextIrpStackLocation(irp);
    IoMarkIrpPending(irp);
    complete_with(irp, STATUS_SUCCESS, 0);
    CHECK(pending_seen[2]);
    IoFreeIrp(irp);
}

TEST(pending_stops_at_a_routine_that_does_not_mark)
{
    PIRP irp = three_level_irp();
    IoMarkIrpPending(irp);
    complete_with(irp, STATUS_SUCCESS, 0);
    CHECK(pending_seen[0]);
    CHECK(!pending_seen[1]); // routine 0 returned "continue" without marking
    IoFreeIrp(irp);
}

static void complete_again(void *irp)
{
    IoCompleteRequest(irp, IO_NO_INCREMENT);
}

TEST(completing_twice_is_a_bug_check)
{
    fresh_driver(NULL);
    PDEVICE_OBJECT device = new_device(0);
    KEVENT event;
    IO_STATUS_BLOCK iosb;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    PIRP irp =
        IoBuildSynchronousFsdRequest(IRP_MJ_FLUSH_BUFFERS, device, NULL, 0, NULL, &event, &iosb);
    CHECK_EQ(IoCallDriver(device, irp), STATUS_INVALID_DEVICE_REQUEST); // unset entries refuse
    CHECK_EQ(iosb.Status, STATUS_INVALID_DEVICE_REQUEST);
    CHECK(dies(complete_again, irp, "that is complete"));
    IoDeleteDevice(device);
}

static void complete_pending(void *irp)
{
    complete_with(irp, STATUS_PENDING, 0);
}

static void complete_with_lock(void *irp)
{
    KSPIN_LOCK lock = 0;
    (void)KeAcquireSpinLockRaiseToDpc(&lock);
    complete_with(irp, STATUS_SUCCESS, 0);
}

static VOID never_called(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device, (void)irp;
}

TEST(completion_rules_name_themselves)
{
    PIRP irp = three_level_irp();
    CHECK(dies(complete_pending, irp, "STATUS_PENDING"));
    CHECK(dies(complete_with_lock, irp, "spin lock held"));
    IoSetCancelRoutine(irp, never_called);
    CHECK(dies(complete_again, irp, "cancel routine set"));
    IoSetCancelRoutine(irp, NULL);
    IoFreeIrp(irp);
}

static void complete_to_the_end(void *argument)
{
    PIRP irp = IoAllocateIrp(1, FALSE);
    (void)argument;
    IoSetNextIrpStackLocation(irp);
    complete_with(irp, STATUS_SUCCESS, 0);
}

static void no_location(void *argument)
{
    PIRP irp = IoAllocateIrp(1, FALSE);
    IoSetNextIrpStackLocation(irp);
    (void)IoCallDriver(argument, irp);
}

TEST(driver_irps_must_be_kept_and_stacks_have_an_end)
{
    fresh_driver(NULL);
    PDEVICE_OBJECT device = new_device(0);
    CHECK(dies(complete_to_the_end, NULL, "MORE_PROCESSING_REQUIRED"));
    CHECK(dies(no_location, device, "stack location"));
    IoDeleteDevice(device);
}

// --- Stacks, forwarding

static PDEVICE_OBJECT lower_device, upper_device;
static PIRP held;
static KDPC later_dpc;
static KTIMER later;

static VOID complete_later(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    (void)dpc, (void)context, (void)a, (void)b;
    complete_with(held, STATUS_SUCCESS, 77);
}

static NTSTATUS two_level(PDEVICE_OBJECT device, PIRP irp)
{
    if (device == upper_device) {
        IoSkipCurrentIrpStackLocation(irp);
        return IoCallDriver(lower_device, irp);
    }
    IoMarkIrpPending(irp);
    held = irp;
    KeSetTimer(&later, (LARGE_INTEGER){.QuadPart = -20000}, &later_dpc);
    return STATUS_PENDING;
}

static NTSTATUS forward_and_wait(PDEVICE_OBJECT device, PIRP irp)
{
    if (device != upper_device)
        return two_level(device, irp);
    if (!IoForwardIrpSynchronously(lower_device, irp))
        return complete_with(irp, STATUS_UNSUCCESSFUL, 0);
    return complete_with(irp, irp->IoStatus.Status, irp->IoStatus.Information + 1);
}

static void make_stack(PDRIVER_DISPATCH dispatch)
{
    fresh_driver(dispatch);
    KeInitializeTimer(&later);
    KeInitializeDpc(&later_dpc, complete_later, NULL);
    PDEVICE_OBJECT pdo = new_device(0);
    pdo->AlignmentRequirement = FILE_64_BYTE_ALIGNMENT;
    upper_device = new_device(32);
    lower_device = IoAttachDeviceToDeviceStack(upper_device, pdo);
}

static void drop_stack(void)
{
    IoDetachDevice(lower_device);
    IoDeleteDevice(upper_device);
    IoDeleteDevice(lower_device);
}

static NTSTATUS flush(PIO_STATUS_BLOCK iosb)
{
    KEVENT event;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    PIRP irp = IoBuildSynchronousFsdRequest(IRP_MJ_FLUSH_BUFFERS, upper_device, NULL, 0, NULL,
                                            &event, iosb);
    NTSTATUS status = IoCallDriver(upper_device, irp);
    if (status == STATUS_PENDING)
        KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
    return status;
}

TEST(attaching_sets_stack_size_and_alignment)
{
    make_stack(two_level);
    CHECK_EQ(upper_device->StackSize, 2);
    CHECK_EQ(upper_device->AlignmentRequirement, FILE_64_BYTE_ALIGNMENT);
    CHECK(lower_device->AttachedDevice == upper_device);
    PDEVICE_OBJECT top = IoGetAttachedDeviceReference(lower_device);
    CHECK(top == upper_device);
    ObDereferenceObject(top);
    drop_stack();
}

TEST(skipped_location_completes_asynchronously)
{
    IO_STATUS_BLOCK iosb = {0};
    make_stack(two_level);
    CHECK_EQ(flush(&iosb), STATUS_PENDING);
    CHECK_EQ(iosb.Status, STATUS_SUCCESS);
    CHECK_EQ(iosb.Information, 77);
    drop_stack();
}

TEST(forwarding_synchronously_gets_the_irp_back)
{
    IO_STATUS_BLOCK iosb = {0};
    make_stack(forward_and_wait);
    CHECK_EQ(flush(&iosb), STATUS_SUCCESS);
    CHECK_EQ(iosb.Information, 78);
    drop_stack();
}

static void delete_below(void *device)
{
    IoDeleteDevice(device);
}

TEST(deleting_a_device_below_another_is_a_bug_check)
{
    make_stack(two_level);
    CHECK(dies(delete_below, lower_device, "attached"));
}

// --- Buffers

static NTSTATUS echo(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    PUCHAR buffer = irp->AssociatedIrp.SystemBuffer;
    (void)device;
    if (location->MajorFunction == IRP_MJ_READ) {
        PUCHAR data = irp->MdlAddress != NULL
                          ? MmGetSystemAddressForMdlSafe(irp->MdlAddress, NormalPagePriority)
                          : buffer;
        memset(data, 0x5a, location->Parameters.Read.Length);
        return complete_with(irp, STATUS_SUCCESS, location->Parameters.Read.Length);
    }
    for (ULONG i = 0; i < location->Parameters.DeviceIoControl.InputBufferLength; i++)
        buffer[i] ^= 0xff;
    return complete_with(irp, STATUS_SUCCESS,
                         location->Parameters.DeviceIoControl.InputBufferLength);
}

TEST(buffered_control_copies_information_bytes)
{
    UCHAR in[8] = {1, 2, 3}, out[16] = {0};
    IO_STATUS_BLOCK iosb;
    KEVENT event;
    fresh_driver(echo);
    PDEVICE_OBJECT device = new_device(0);
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    PIRP irp =
        IoBuildDeviceIoControlRequest(CTL_CODE(FILE_DEVICE_UNKNOWN, 0x800, METHOD_BUFFERED, 0),
                                      device, in, 3, out, sizeof(out), FALSE, &event, &iosb);
    CHECK_EQ(IoCallDriver(device, irp), STATUS_SUCCESS);
    CHECK_EQ(iosb.Information, 3);
    CHECK_EQ(out[0], 0xfe);
    CHECK_EQ(out[2], 0xfc);
    CHECK_EQ(out[3], 0);
    CHECK_EQ(in[0], 1);
    IoDeleteDevice(device);
}

static bool read_fills(ULONG flags)
{
    UCHAR data[100] = {0};
    IO_STATUS_BLOCK iosb;
    KEVENT event;
    PDEVICE_OBJECT device = new_device(0);
    device->Flags |= flags;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    PIRP irp =
        IoBuildSynchronousFsdRequest(IRP_MJ_READ, device, data, sizeof(data), NULL, &event, &iosb);
    NTSTATUS status = IoCallDriver(device, irp);
    IoDeleteDevice(device);
    return NT_SUCCESS(status) && iosb.Information == 100 && data[0] == 0x5a && data[99] == 0x5a;
}

TEST(reads_are_buffered_or_direct_as_the_device_says)
{
    fresh_driver(echo);
    CHECK(read_fills(DO_BUFFERED_IO));
    CHECK(read_fills(DO_DIRECT_IO));
}

TEST(partial_mdl_describes_a_part)
{
    UCHAR *data = ExAllocatePool2(POOL_FLAG_NON_PAGED, 3 * PAGE_SIZE, 'tseT');
    PMDL whole = IoAllocateMdl(data, 3 * PAGE_SIZE, FALSE, FALSE, NULL);
    PMDL part = IoAllocateMdl(data, 3 * PAGE_SIZE, FALSE, FALSE, NULL);
    MmBuildMdlForNonPagedPool(whole);
    PUCHAR from = (PUCHAR)MmGetMdlVirtualAddress(whole) + 5000;
    IoBuildPartialMdl(whole, part, from, 1000);
    CHECK_EQ(MmGetMdlByteCount(part), 1000);
    CHECK_EQ(MmGetMdlByteOffset(part), 5000 - PAGE_SIZE);
    CHECK(MmGetSystemAddressForMdlSafe(part, NormalPagePriority) == data + 5000);
    IoBuildPartialMdl(whole, part, from, 0);
    CHECK_EQ(MmGetMdlByteCount(part), 3 * PAGE_SIZE - 5000);
    IoFreeMdl(part);
    IoFreeMdl(whole);
    ExFreePool(data);
}

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

// --- DMA and interrupts

static SCATTER_GATHER_LIST *list_seen;
static KIRQL list_irql;

static VOID take_list(PDEVICE_OBJECT device, PIRP irp, PSCATTER_GATHER_LIST list, PVOID context)
{
    (void)device, (void)irp, (void)context;
    list_seen = list;
    list_irql = KeGetCurrentIrql();
}

TEST(scatter_gather_covers_exactly_the_range)
{
    DEVICE_DESCRIPTION description = {.Version = DEVICE_DESCRIPTION_VERSION,
                                      .Master = TRUE,
                                      .ScatterGather = TRUE,
                                      .Dma64BitAddresses = TRUE,
                                      .MaximumLength = 0x10000};
    ULONG registers;
    fresh_driver(NULL);
    PDEVICE_OBJECT device = new_device(0);
    PDMA_ADAPTER adapter = IoGetDmaAdapter(device, &description, &registers);
    CHECK(adapter != NULL && registers >= 16);
    PUCHAR data = ExAllocatePool2(POOL_FLAG_NON_PAGED, 0x8000, 'tseT');
    PMDL mdl = IoAllocateMdl(data, 0x8000, FALSE, FALSE, NULL);
    MmBuildMdlForNonPagedPool(mdl);
    CHECK_EQ(adapter->DmaOperations->GetScatterGatherList(adapter, device, mdl,
                                                          (PUCHAR)MmGetMdlVirtualAddress(mdl) + 100,
                                                          0x5000, take_list, NULL, TRUE),
             STATUS_SUCCESS);
    CHECK_EQ(list_irql, DISPATCH_LEVEL);
    CHECK_EQ(list_seen->NumberOfElements, 1); // neighbours are merged
    CHECK_EQ(list_seen->Elements[0].Address.QuadPart, (LONGLONG)(ULONG_PTR)(data + 100));
    CHECK_EQ(list_seen->Elements[0].Length, 0x5000);
    adapter->DmaOperations->PutScatterGatherList(adapter, list_seen, TRUE);
    adapter->DmaOperations->PutDmaAdapter(adapter);
    IoFreeMdl(mdl);
    ExFreePool(data);
    IoDeleteDevice(device);
}

static int isr_runs;
static KIRQL isr_irql;

static BOOLEAN isr(PKINTERRUPT interrupt, PVOID context)
{
    (void)interrupt;
    isr_irql = KeGetCurrentIrql();
    isr_runs++;
    return context != NULL;
}

TEST(line_interrupt_runs_the_isr_at_dirql)
{
    PKINTERRUPT interrupt;
    fresh_driver(NULL);
    PDEVICE_OBJECT device = new_device(0);
    posix_set_vector(device, 42);
    IO_CONNECT_INTERRUPT_PARAMETERS p = {.Version = CONNECT_LINE_BASED};
    p.LineBased = (IO_CONNECT_INTERRUPT_LINE_BASED_PARAMETERS){device, &interrupt, isr,  device,
                                                               NULL,   0,          FALSE};
    CHECK_EQ(IoConnectInterruptEx(&p), STATUS_SUCCESS);
    isr_runs = 0;
    CHECK(posix_interrupt(42));
    CHECK_EQ(isr_runs, 1);
    CHECK(isr_irql > DISPATCH_LEVEL);
    IO_DISCONNECT_INTERRUPT_PARAMETERS d = {.Version = p.Version};
    d.ConnectionContext.InterruptObject = interrupt;
    IoDisconnectInterruptEx(&d);
    CHECK(!posix_interrupt(42));
    IoDeleteDevice(device);
}
