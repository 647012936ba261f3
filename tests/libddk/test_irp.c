// SPDX-License-Identifier: MIT
//
// The rules of IRPs between the devices of one task: pending, skipping, completing, freeing.

#include "test_stack.h"

static NTSTATUS only_say_pending(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    (void)complete_with(irp, STATUS_SUCCESS, 0);
    return STATUS_PENDING;
}

static NTSTATUS mark_and_say_success(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    IoMarkIrpPending(irp);
    return complete_with(irp, STATUS_SUCCESS, 0);
}

static NTSTATUS forget(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device, (void)irp;
    return STATUS_SUCCESS;
}

static NTSTATUS pend_without_mark(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device, (void)irp;
    return STATUS_PENDING;
}

static NTSTATUS lose_pending(PDEVICE_OBJECT device, PIRP irp)
{
    (void)pass(device, irp);
    return STATUS_SUCCESS;
}

TEST(pending_is_returned_if_and_only_if_it_was_marked)
{
    DDI_SHOWS(IoMarkIrpPending, RESULTS);
    DDI_SHOWS_MACRO(IoCallDriver, ERRORS);
    CHECK(breaks(pass, only_say_pending, "did not mark the IRP pending"));
    CHECK(breaks(pass, mark_and_say_success, "did not return STATUS_PENDING"));
    CHECK(breaks(pass, forget, "without passing down or completing this IRP"));
    CHECK(breaks(lose_pending, pend, "forgot to return STATUS_PENDING"));
    CHECK(breaks(pass, forget, "IRP_MJ_READ"));
}

static void complete_sent(void *unused)
{
    (void)unused;
    (void)complete_with(sent, STATUS_SUCCESS, 0);
}

TEST(pending_without_the_mark_is_found_when_the_irp_is_completed)
{
    DDI_SHOWS_MACRO(IoCompleteRequest, ERRORS);
    stack_of(pass, pend_without_mark);
    sent = read_irp();
    CHECK_EQ(IoCallDriver(upper, sent), STATUS_PENDING);
    CHECK(dies(complete_sent, NULL, "did not mark the IRP pending"));
}

static NTSTATUS propagate(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    (void)device, (void)context;
    if (irp->PendingReturned)
        IoMarkIrpPending(irp);
    return STATUS_CONTINUE_COMPLETION;
}

static NTSTATUS no_propagation(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    (void)device, (void)irp, (void)context;
    return STATUS_CONTINUE_COMPLETION;
}

static PIO_COMPLETION_ROUTINE on_the_way_up;

static NTSTATUS pass_and_look(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    IoCopyCurrentIrpStackLocationToNext(irp);
    IoSetCompletionRoutine(irp, on_the_way_up, NULL, TRUE, TRUE, TRUE);
    return IoCallDriver(lower, irp);
}

TEST(a_completion_routine_passes_the_mark_on)
{
    DDI_SHOWS(IoCopyCurrentIrpStackLocationToNext, RESULTS);
    DDI_SHOWS(IoSetCompletionRoutine, RESULTS | ERRORS);
    stack_of(pass_and_look, pend);
    on_the_way_up = propagate;
    sent = read_irp();
    CHECK_EQ(IoCallDriver(upper, sent), STATUS_PENDING);
    complete_sent(NULL);
    CHECK_EQ(caught, 1);
    CHECK(sent->PendingReturned);
    IoFreeIrp(sent);
    on_the_way_up = no_propagation;
    sent = read_irp();
    CHECK_EQ(IoCallDriver(upper, sent), STATUS_PENDING);
    CHECK(dies(complete_sent, NULL, "did not mark the IRP pending"));
}

static NTSTATUS take_back(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    (void)device, (void)irp;
    KeSetEvent(context, 0, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static NTSTATUS pass_and_take_back(PDEVICE_OBJECT device, PIRP irp)
{
    KEVENT event;
    (void)device;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    IoCopyCurrentIrpStackLocationToNext(irp);
    IoSetCompletionRoutine(irp, take_back, &event, TRUE, TRUE, TRUE);
    if (IoCallDriver(lower, irp) == STATUS_PENDING)
        KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
    return complete_with(irp, STATUS_SUCCESS, 9);
}

static VOID complete_soon(PVOID context)
{
    LARGE_INTEGER wait = ms(2);
    KeDelayExecutionThread(KernelMode, FALSE, &wait);
    (void)complete_with(context, STATUS_SUCCESS, 0);
}

static void in_a_thread(PKSTART_ROUTINE routine, PVOID context)
{
    HANDLE thread;
    if (!NT_SUCCESS(PsCreateSystemThread(&thread, 0, NULL, NULL, NULL, routine, context)))
        abort();
    ZwClose(thread);
}

static NTSTATUS pend_a_moment(PDEVICE_OBJECT device, PIRP irp)
{
    NTSTATUS status = pend(device, irp);
    in_a_thread(complete_soon, irp);
    return status;
}

TEST(who_takes_the_irp_back_does_not_return_pending)
{
    DDI_SHOWS_MACRO(IoCallDriver, RESULTS);
    stack_of(pass_and_take_back, pend_a_moment);
    sent = read_irp();
    CHECK_EQ(IoCallDriver(upper, sent), STATUS_SUCCESS);
    CHECK_EQ(caught, 1);
    CHECK_EQ(sent->IoStatus.Information, 9);
    CHECK(!sent->PendingReturned);
    IoFreeIrp(sent);
    drop();
}

// The completion on another thread meets the dispatch routines as they return.
static KEVENT go, done;
static volatile LONG stop;

static NTSTATUS done_event(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    (void)device, (void)irp, (void)context;
    KeSetEvent(&done, 0, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static NTSTATUS pend_and_race(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    IoMarkIrpPending(irp);
    KeSetEvent(&go, 0, FALSE);
    return STATUS_PENDING;
}

static VOID completer(PVOID unused)
{
    (void)unused;
    for (;;) {
        KeWaitForSingleObject(&go, Executive, KernelMode, FALSE, NULL);
        if (stop)
            break;
        (void)complete_with(sent, STATUS_SUCCESS, 0);
    }
    KeSetEvent(&done, 0, FALSE);
}

TEST(completion_races_with_the_return_of_dispatch_routines)
{
    DDI_SHOWS(IoReuseIrp, RESULTS);
    stack_of(pass, pend_and_race);
    KeInitializeEvent(&go, SynchronizationEvent, FALSE);
    KeInitializeEvent(&done, SynchronizationEvent, FALSE);
    stop = 0;
    in_a_thread(completer, NULL);
    sent = IoAllocateIrp(upper->StackSize, FALSE);
    for (int i = 0; i < 3000; i++) {
        IoReuseIrp(sent, STATUS_SUCCESS);
        IoGetNextIrpStackLocation(sent)->MajorFunction = IRP_MJ_READ;
        IoSetCompletionRoutine(sent, done_event, NULL, TRUE, TRUE, TRUE);
        CHECK_EQ(IoCallDriver(upper, sent), STATUS_PENDING);
        KeWaitForSingleObject(&done, Executive, KernelMode, FALSE, NULL);
    }
    stop = 1;
    KeSetEvent(&go, 0, FALSE);
    KeWaitForSingleObject(&done, Executive, KernelMode, FALSE, NULL);
    IoFreeIrp(sent);
    drop();
}

// --- Skipping

static NTSTATUS skip_and_set(PDEVICE_OBJECT device, PIRP irp)
{
    IoSkipCurrentIrpStackLocation(irp);
    IoSetCompletionRoutine(irp, keep, NULL, TRUE, TRUE, TRUE);
    return pass(device, irp);
}

static NTSTATUS skip_and_copy(PDEVICE_OBJECT device, PIRP irp)
{
    IoSkipCurrentIrpStackLocation(irp);
    IoCopyCurrentIrpStackLocationToNext(irp);
    return pass(device, irp);
}

static NTSTATUS skip_and_mark(PDEVICE_OBJECT device, PIRP irp)
{
    IoSkipCurrentIrpStackLocation(irp);
    IoMarkIrpPending(irp);
    return pass(device, irp);
}

static NTSTATUS skip_and_complete(PDEVICE_OBJECT device, PIRP irp)
{
    IoSkipCurrentIrpStackLocation(irp);
    return succeed(device, irp);
}

static NTSTATUS mark_and_skip(PDEVICE_OBJECT device, PIRP irp)
{
    IoMarkIrpPending(irp);
    (void)pass(device, irp);
    return STATUS_PENDING;
}

TEST(a_skipped_location_is_not_used_again)
{
    DDI_SHOWS(IoSkipCurrentIrpStackLocation, ERRORS);
    DDI_SHOWS(IoSetCompletionRoutine, ERRORS);
    DDI_SHOWS(IoCopyCurrentIrpStackLocationToNext, ERRORS);
    CHECK(breaks(skip_and_set, succeed, "overwrites the completion routine of the driver above"));
    CHECK(breaks(skip_and_copy, succeed, "after IoSkipCurrentIrpStackLocation"));
    CHECK(breaks(skip_and_mark, succeed, "IoMarkIrpPending after IoSkip"));
    CHECK(breaks(skip_and_complete, succeed, "IoCompleteRequest after IoSkip"));
    CHECK(breaks(mark_and_skip, succeed, "its location is marked pending"));
}

static void skip_without_a_location(void *irp)
{
    IoSkipCurrentIrpStackLocation(irp);
}

static void next_below_the_last(void *irp)
{
    for (int i = 0; i < 4; i++)
        IoSetNextIrpStackLocation(irp);
}

static void copy_below_the_last(void *irp)
{
    IoCopyCurrentIrpStackLocationToNext(irp);
}

static void routine_below_the_last(void *irp)
{
    IoSetCompletionRoutine(irp, keep, NULL, TRUE, TRUE, TRUE);
}

TEST(stacks_have_two_ends)
{
    DDI_SHOWS(IoSkipCurrentIrpStackLocation, ERRORS);
    DDI_SHOWS(IoSetNextIrpStackLocation, ERRORS);
    DDI_SHOWS(IoCopyCurrentIrpStackLocationToNext, ERRORS);
    DDI_SHOWS(IoSetCompletionRoutine, ERRORS);
    DDI_SHOWS(IoGetNextIrpStackLocation, RESULTS);
    PIRP irp = IoAllocateIrp(2, FALSE);
    CHECK(dies(skip_without_a_location, irp, "no stack location left"));
    CHECK_EQ(IoGetNextIrpStackLocation(irp) - (PIO_STACK_LOCATION)(irp + 1), 1);
    CHECK(dies(next_below_the_last, irp, "no stack location left"));
    CHECK_EQ(irp->CurrentLocation, 1);
    CHECK(dies(copy_below_the_last, irp, "no stack location left"));
    CHECK(dies(routine_below_the_last, irp, "no stack location left"));
    IoFreeIrp(irp);
}

DDI_TEST(IoCopyCurrentIrpStackLocationToNext, RESULTS, copy_leaves_the_completion_routine)
{
    PIRP irp = IoAllocateIrp(2, FALSE);
    IoSetCompletionRoutine(irp, keep, irp, TRUE, TRUE, TRUE);
    IoSetNextIrpStackLocation(irp);
    PIO_STACK_LOCATION here = IoGetCurrentIrpStackLocation(irp);
    here->MajorFunction = IRP_MJ_WRITE;
    here->Flags = SL_WRITE_THROUGH;
    here->Parameters.Write.Length = 77;
    here->FileObject = (PFILE_OBJECT)(PVOID)irp;
    IoMarkIrpPending(irp);
    IoCopyCurrentIrpStackLocationToNext(irp);
    PIO_STACK_LOCATION next = IoGetNextIrpStackLocation(irp);
    CHECK_EQ(next->MajorFunction, IRP_MJ_WRITE);
    CHECK_EQ(next->Flags, SL_WRITE_THROUGH);
    CHECK_EQ(next->Parameters.Write.Length, 77);
    CHECK(next->FileObject == here->FileObject);
    CHECK(next->CompletionRoutine == NULL && next->Context == NULL);
    CHECK_EQ(next->Control, 0);
    IoFreeIrp(irp);
}

// --- Calling

static void call_no_device(void *irp)
{
    (void)IoCallDriver(NULL, irp);
}

static void call_no_irp(void *unused)
{
    (void)unused;
    (void)IoCallDriver(upper, sent);
}

static void call_with_cancel_routine(void *irp)
{
    IoSetCancelRoutine(irp, cancelled);
    (void)IoCallDriver(upper, irp);
}

static void call_with_lock(void *irp)
{
    KSPIN_LOCK lock = 0;
    (void)KeAcquireSpinLockRaiseToDpc(&lock);
    (void)IoCallDriver(upper, irp);
}

static NTSTATUS raise_irql(PDEVICE_OBJECT device, PIRP irp)
{
    (void)KfRaiseIrql(APC_LEVEL);
    return succeed(device, irp);
}

TEST(calling_a_driver_has_rules)
{
    DDI_SHOWS_MACRO(IoCallDriver, ERRORS);
    stack_of(pass, succeed);
    PIRP irp = read_irp();
    CHECK(dies(call_no_device, irp, "invalid device object"));
    CHECK(dies(call_with_lock, irp, "spin lock held"));
    CHECK(dies(call_with_cancel_routine, irp, "cancel routine in the IRP to NULL"));
    IoSetCancelRoutine(irp, NULL);
    IoFreeIrp(irp);
    sent = irp;
    CHECK(dies(call_no_irp, NULL, "a freed IRP"));
    CHECK(breaks(pass, raise_irql, "dispatch routine returned with IRQL or locks changed"));
}

static void call_and_keep(void)
{
    PIRP irp = read_irp();
    (void)IoCallDriver(upper, irp);
    IoFreeIrp(irp);
}

TEST(prepare_two_devices)
{
    stack_of(pass, succeed);
    call_and_keep();
    CHECK_EQ(caught, 1);
}
DDI_IRQL_MAX_MACRO(IoCallDriver, DISPATCH_LEVEL,
                   (sent = read_irp(), IoCallDriver(upper, sent), IoFreeIrp(sent)))
