// SPDX-License-Identifier: MIT
//
// IRPs that a driver builds: threaded ones, asynchronous ones, associated ones, and completion
// routines that keep their device.

#include "test_stack.h"

static KEVENT event;
static IO_STATUS_BLOCK iosb;

static PIRP flush_irp(void)
{
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    return IoBuildSynchronousFsdRequest(IRP_MJ_FLUSH_BUFFERS, upper, NULL, 0, NULL, &event, &iosb);
}

DDI_TEST(IoBuildSynchronousFsdRequest, RESULTS | ERRORS, only_documented_major_functions_are_built)
{
    stack_of(pass, succeed);
    PIRP irp = flush_irp();
    CHECK_EQ(IoGetNextIrpStackLocation(irp)->MajorFunction, IRP_MJ_FLUSH_BUFFERS);
    CHECK_EQ(irp->RequestorMode, KernelMode);
    CHECK_EQ(IoCallDriver(upper, irp), STATUS_SUCCESS);
    CHECK(KeReadStateEvent(&event) != 0);
    CHECK(IoBuildSynchronousFsdRequest(IRP_MJ_CREATE, upper, NULL, 0, NULL, &event, &iosb) == NULL);
    upper->StackSize = -2;
    CHECK(flush_irp() == NULL);
    CHECK(IoBuildDeviceIoControlRequest(0, upper, NULL, 0, NULL, 0, FALSE, &event, &iosb) == NULL);
    upper->StackSize = 2;
    drop();
}

static KEVENT arrived;
static volatile LONG cancels;

static VOID cancel_it(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    IoReleaseCancelSpinLock(irp->CancelIrql);
    InterlockedIncrement(&cancels);
    (void)complete_with(irp, STATUS_CANCELLED, 0);
}

static NTSTATUS wait_for_cancel(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    IoMarkIrpPending(irp);
    IoSetCancelRoutine(irp, cancel_it);
    KeSetEvent(&arrived, 0, FALSE);
    return STATUS_PENDING;
}

static VOID send_and_leave(PVOID unused)
{
    (void)unused;
    (void)flush_irp(); // never sent
    (void)IoCallDriver(
        upper, IoBuildDeviceIoControlRequest(CTL_CODE(FILE_DEVICE_UNKNOWN, 1, METHOD_BUFFERED, 0),
                                             upper, NULL, 0, NULL, 0, FALSE, &event, &iosb));
    KeWaitForSingleObject(&arrived, Executive, KernelMode, FALSE, NULL);
}

static void run_to_its_end(PKSTART_ROUTINE routine)
{
    HANDLE handle;
    PVOID thread;
    if (!NT_SUCCESS(
            PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, routine, NULL)))
        abort();
    ObReferenceObjectByHandle(handle, 0, NULL, KernelMode, &thread, NULL);
    ZwClose(handle);
    KeWaitForSingleObject(thread, Executive, KernelMode, FALSE, NULL);
    ObDereferenceObject(thread);
}

DDI_TEST(IoBuildDeviceIoControlRequest, RESULTS | ERRORS,
         threaded_irps_are_cancelled_with_the_thread)
{
    DDI_SHOWS(IoSetCancelRoutine, RESULTS);
    stack_of(pass, wait_for_cancel);
    KeInitializeEvent(&arrived, NotificationEvent, FALSE);
    cancels = 0;
    iosb.Status = 0;
    run_to_its_end(send_and_leave);
    CHECK_EQ(cancels, 1);
    CHECK_EQ(iosb.Status, STATUS_CANCELLED);
    drop();
}

static PIRP asynchronous(void)
{
    static UCHAR data[16];
    return IoBuildAsynchronousFsdRequest(IRP_MJ_READ, upper, data, sizeof(data),
                                         &(LARGE_INTEGER){.QuadPart = 512}, NULL);
}

static void send_asynchronous(void *irp)
{
    (void)IoCallDriver(upper, irp);
}

DDI_TEST(IoBuildAsynchronousFsdRequest, RESULTS | ERRORS, an_asynchronous_irp_belongs_to_the_driver)
{
    stack_of(pass, succeed);
    upper->Flags |= DO_BUFFERED_IO;
    PIRP irp = asynchronous();
    CHECK_EQ(IoGetNextIrpStackLocation(irp)->Parameters.Read.ByteOffset.QuadPart, 512);
    CHECK((irp->Flags & IRP_DEALLOCATE_BUFFER) != 0);
    CHECK(irp->Tail.Overlay.Thread == PsGetCurrentThread());
    caught = 0;
    IoSetCompletionRoutine(irp, keep, NULL, TRUE, TRUE, TRUE);
    CHECK_EQ(IoCallDriver(upper, irp), STATUS_SUCCESS);
    CHECK_EQ(caught, 1);
    ExFreePool(irp->AssociatedIrp.SystemBuffer);
    IoFreeIrp(irp);
    CHECK(IoBuildAsynchronousFsdRequest(IRP_MJ_CLOSE, upper, NULL, 0, NULL, NULL) == NULL);
    CHECK(dies(send_asynchronous, asynchronous(), "completed to its end"));
}

// --- Associated IRPs

static PIRP parts[3];

static NTSTATUS split(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    irp->AssociatedIrp.IrpCount = RTL_NUMBER_OF(parts);
    irp->IoStatus.Status = STATUS_SUCCESS;
    irp->IoStatus.Information = 33;
    IoMarkIrpPending(irp);
    for (ULONG i = 0; i < RTL_NUMBER_OF(parts); i++) {
        PIRP part = parts[i] = IoMakeAssociatedIrp(irp, lower->StackSize);
        IoGetNextIrpStackLocation(part)->MajorFunction = IRP_MJ_READ;
        (void)IoCallDriver(lower, part);
    }
    return STATUS_PENDING;
}

static void complete_part(ULONG i, NTSTATUS status)
{
    IoSetMasterIrpStatus(parts[i]->AssociatedIrp.MasterIrp, status);
    (void)complete_with(parts[i], status, 0);
}

DDI_TEST(IoMakeAssociatedIrp, RESULTS | ERRORS, the_master_completes_with_the_last_part)
{
    DDI_SHOWS(IoSetMasterIrpStatus, RESULTS);
    stack_of(split, pend);
    PIRP master = read_irp();
    CHECK_EQ(IoCallDriver(upper, master), STATUS_PENDING);
    CHECK(parts[0]->AssociatedIrp.MasterIrp == master);
    CHECK((parts[0]->Flags & IRP_ASSOCIATED_IRP) != 0);
    complete_part(1, STATUS_SUCCESS);
    complete_part(0, STATUS_DEVICE_NOT_CONNECTED);
    CHECK_EQ(caught, 0);
    CHECK_EQ(master->AssociatedIrp.IrpCount, 1);
    complete_part(2, STATUS_SUCCESS);
    CHECK_EQ(caught, 1);
    CHECK_EQ(master->IoStatus.Status, STATUS_DEVICE_NOT_CONNECTED);
    CHECK_EQ(master->IoStatus.Information, 33);
    CHECK(IoMakeAssociatedIrp(master, -1) == NULL);
    IoFreeIrp(master);
    drop();
}

static void one_part_too_many(void *master)
{
    PIRP part = IoMakeAssociatedIrp(master, 1);
    IoGetNextIrpStackLocation(part)->MajorFunction = IRP_MJ_READ;
    (void)IoCallDriver(lower, part);
}

TEST(parts_are_counted)
{
    DDI_SHOWS(IoMakeAssociatedIrp, ERRORS);
    stack_of(pass, succeed);
    PIRP master = read_irp();
    CHECK(dies(one_part_too_many, master, "than the master IRP's IrpCount says"));
    IoFreeIrp(master);
}

DDI_TEST(IoSetMasterIrpStatus, RESULTS | ERRORS, the_worse_status_stays)
{
    IRP irp = {.IoStatus.Status = STATUS_SUCCESS};
    IoSetMasterIrpStatus(&irp, STATUS_FT_READ_FROM_COPY);
    CHECK_EQ(irp.IoStatus.Status, STATUS_SUCCESS);
    IoSetMasterIrpStatus(&irp, STATUS_BUFFER_OVERFLOW);
    CHECK_EQ(irp.IoStatus.Status, STATUS_BUFFER_OVERFLOW);
    IoSetMasterIrpStatus(&irp, STATUS_UNSUCCESSFUL);
    CHECK_EQ(irp.IoStatus.Status, STATUS_UNSUCCESSFUL);
    IoSetMasterIrpStatus(&irp, STATUS_SUCCESS);
    CHECK_EQ(irp.IoStatus.Status, STATUS_UNSUCCESSFUL);
    IoSetMasterIrpStatus(&irp, STATUS_VERIFY_REQUIRED);
    CHECK_EQ(irp.IoStatus.Status, STATUS_VERIFY_REQUIRED);
}

// --- Completion routines that keep their device

static NTSTATUS count(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    (void)irp, (void)context;
    caught += device == upper;
    return STATUS_CONTINUE_COMPLETION;
}

static NTSTATUS pass_ex(PDEVICE_OBJECT device, PIRP irp)
{
    IoCopyCurrentIrpStackLocationToNext(irp);
    NTSTATUS status = IoSetCompletionRoutineEx(device, irp, count, NULL, FALSE, TRUE, FALSE);
    return NT_SUCCESS(status) ? IoCallDriver(lower, irp) : complete_with(irp, status, 0);
}

static NTSTATUS fail(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    return complete_with(irp, STATUS_UNSUCCESSFUL, 0);
}

static void set_ex_too_deep(void *irp)
{
    (void)IoSetCompletionRoutineEx(upper, irp, keep, NULL, TRUE, TRUE, TRUE);
}

DDI_TEST(IoSetCompletionRoutineEx, RESULTS | ERRORS, the_registration_goes_with_every_outcome)
{
    size_t bytes, before, after;
    stack_of(pass_ex, pend);
    sent = read_irp();
    posix_pool_usage(&bytes, &before);
    CHECK_EQ(IoCallDriver(upper, sent), STATUS_PENDING);
    (void)complete_with(sent, STATUS_SUCCESS, 0);
    CHECK_EQ(caught, 1); // the maker's only, and pending was passed on
    CHECK(sent->PendingReturned);
    posix_pool_usage(&bytes, &after);
    CHECK_EQ(after, before);
    IoFreeIrp(sent);
    lower_does = fail;
    sent = read_irp();
    CHECK_EQ(IoCallDriver(upper, sent), STATUS_UNSUCCESSFUL);
    CHECK_EQ(caught, 2); // the driver's too
    IoFreeIrp(sent);
    drop();
    CHECK(dies(set_ex_too_deep, IoAllocateIrp(0, FALSE), "no stack location left"));
}

// --- IRQL

TEST(devices_for_the_irql_rules)
{
    stack_of(pass, succeed);
    CHECK(upper != NULL);
}
static PIRP held;
static void use(PIRP irp)
{
    held = irp;
}
DDI_IRQL_MAX(IoBuildSynchronousFsdRequest, APC_LEVEL, use(flush_irp()))
DDI_IRQL_MAX(IoBuildDeviceIoControlRequest, APC_LEVEL,
             use(IoBuildDeviceIoControlRequest(0, upper, NULL, 0, NULL, 0, FALSE, &event, &iosb)))
DDI_IRQL_MAX(IoMakeAssociatedIrp, DISPATCH_LEVEL, use(IoMakeAssociatedIrp(held, 1)))
DDI_IRQL_MAX(IoSetCompletionRoutineEx, DISPATCH_LEVEL,
             IoSetCompletionRoutineEx(upper, held, keep, NULL, TRUE, TRUE, TRUE))
