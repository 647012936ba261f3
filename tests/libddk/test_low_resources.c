// SPDX-License-Identifier: MIT
//
// Allocations that fail: documented results of the routines then, and the options that make them.
#include "../../libddk/io/io.h"
#include "test_stack.h"
#include "verify.h"

// The next allocation of the driver fails, and no other.
static void fail_next(void)
{
    CHECK(posix_verify("low,fail=1"));
}

static void fine(void)
{
    CHECK(posix_verify(""));
}

DDI_TEST(ExAllocatePool2, ERRORS, pool_is_empty)
{
    fail_next();
    CHECK(ExAllocatePool2(POOL_FLAG_NON_PAGED, 16, 'tseT') == NULL);
    PVOID p = ExAllocatePool2(POOL_FLAG_NON_PAGED, 16, 'tseT');
    CHECK(p != NULL);
    ExFreePool(p);
    fail_next();
    CHECK(ExAllocatePoolWithTag(NonPagedPoolNx, 16, 'tseT') == NULL);
    fail_next();
    CHECK(ExAllocatePoolZero(NonPagedPoolNx, 16, 'tseT') == NULL);
    fail_next();
    CHECK(ExAllocatePoolUninitialized(NonPagedPoolNx, 16, 'tseT') == NULL);
    fail_next();
    CHECK(ExAllocatePoolQuotaZero(NonPagedPoolNx | POOL_QUOTA_FAIL_INSTEAD_OF_RAISE, 16, 'tseT') ==
          NULL);
    fine();
}

static NTSTATUS raised(PVOID (*allocate)(void))
{
    volatile NTSTATUS status = STATUS_SUCCESS;
    fail_next();
    __try {
        (void)allocate();
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }
    fine();
    return status;
}

static PVOID raising(void)
{
    return ExAllocatePool2(POOL_FLAG_NON_PAGED | POOL_FLAG_RAISE_ON_FAILURE, 16, 'tseT');
}

static PVOID raising_tag(void)
{
    return ExAllocatePoolWithTag(NonPagedPoolNx | POOL_RAISE_IF_ALLOCATION_FAILURE, 16, 'tseT');
}

static PVOID quota(void)
{
    return ExAllocatePoolWithQuotaTag(NonPagedPoolNx, 16, 'tseT');
}

static PVOID quota_zero(void)
{
    return ExAllocatePoolQuotaZero(NonPagedPoolNx, 16, 'tseT');
}

static PVOID quota_uninitialized(void)
{
    return ExAllocatePoolQuotaUninitialized(NonPagedPoolNx, 16, 'tseT');
}

TEST(forms_that_raise)
{
    DDI_SHOWS(ExAllocatePool2, ERRORS);
    DDI_SHOWS(ExAllocatePoolWithTag, ERRORS);
    DDI_SHOWS(ExAllocatePoolQuotaZero, ERRORS);
    CHECK_EQ(raised(raising), STATUS_INSUFFICIENT_RESOURCES);
    CHECK_EQ(raised(raising_tag), STATUS_INSUFFICIENT_RESOURCES);
    CHECK_EQ(raised(quota), STATUS_QUOTA_EXCEEDED);
    CHECK_EQ(raised(quota_zero), STATUS_QUOTA_EXCEEDED);
    CHECK_EQ(raised(quota_uninitialized), STATUS_QUOTA_EXCEEDED);
}

DDI_TEST(IoAllocateIrp, ERRORS, no_memory_for_io)
{
    UCHAR buffer[16];
    DDI_SHOWS(IoAllocateMdl, ERRORS);
    DDI_SHOWS(IoAllocateWorkItem, ERRORS);
    DDI_SHOWS(IoAllocateErrorLogEntry, ERRORS);
    DDI_SHOWS(IoBuildDeviceIoControlRequest, ERRORS);
    DDI_SHOWS(IoBuildSynchronousFsdRequest, ERRORS);
    DDI_SHOWS(IoBuildAsynchronousFsdRequest, ERRORS);
    stack_of(succeed, succeed);
    fail_next();
    CHECK(IoAllocateIrp(1, FALSE) == NULL);
    fail_next();
    CHECK(IoAllocateMdl(buffer, sizeof(buffer), FALSE, FALSE, NULL) == NULL);
    fail_next();
    CHECK(IoAllocateWorkItem(upper) == NULL);
    fail_next();
    CHECK(IoAllocateErrorLogEntry(upper, 64) == NULL);
    fail_next();
    CHECK(IoBuildDeviceIoControlRequest(0, upper, NULL, 0, NULL, 0, FALSE, NULL, NULL) == NULL);
    fail_next();
    CHECK(IoBuildSynchronousFsdRequest(IRP_MJ_FLUSH_BUFFERS, upper, NULL, 0, NULL, NULL, NULL) ==
          NULL);
    fail_next();
    CHECK(IoBuildAsynchronousFsdRequest(IRP_MJ_FLUSH_BUFFERS, upper, NULL, 0, NULL, NULL) == NULL);
    fine();
    drop();
}

DDI_TEST(RtlStringFromGUID, ERRORS, no_memory_for_strings)
{
    static const GUID guid = {1, 2, 3, {4, 5, 6, 7, 8, 9, 10, 11}};
    UNICODE_STRING string = {0};
    ANSI_STRING ansi = {3, 4, (PCHAR) "abc"};
    fail_next();
    CHECK_EQ(RtlStringFromGUID(&guid, &string), STATUS_NO_MEMORY);
    fail_next();
    CHECK_EQ(RtlAnsiStringToUnicodeString(&string, &ansi, TRUE), STATUS_NO_MEMORY);
    fine();
}

TEST(chance_can_be_repeated)
{
    ULONG64 first = 0, second = 0;
    ULONG failed = 0;
    for (int round = 0; round < 2; round++) {
        CHECK(posix_verify("low,rate=2500,seed=99"));
        for (int i = 0; i < 64; i++) {
            PVOID p = ExAllocatePool2(POOL_FLAG_NON_PAGED, 16, 'tseT');
            *(round == 0 ? &first : &second) |= (p == NULL ? 1ull : 0) << i;
            failed += p == NULL;
            if (p != NULL)
                ExFreePool(p);
        }
    }
    CHECK(first == second);
    CHECK(failed > 8 && failed < 60);
    fine();
}

// The kit's own memory does not fail, so that what a driver has begun can be ended.
TEST(the_kit_is_spared)
{
    CHECK(posix_verify("low,rate=10000"));
    stack_of(pass, succeed);
    fine();
    drop();
}

// --- Forced pending

static NTSTATUS returned;
static KEVENT finished;

static NTSTATUS signal(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    (void)device, (void)context;
    if (irp->PendingReturned)
        KeSetEvent(&finished, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

TEST(pending_is_forced)
{
    stack_of(pass, succeed);
    CHECK(posix_verify("pending,rate=10000"));
    for (int i = 0; i < 20; i++) {
        PIRP irp = IoAllocateIrp(upper->StackSize, FALSE);
        IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_READ;
        IoSetCompletionRoutine(irp, signal, NULL, TRUE, TRUE, TRUE);
        KeInitializeEvent(&finished, NotificationEvent, FALSE);
        returned = IoCallDriver(upper, irp);
        CHECK_EQ(returned, STATUS_PENDING);
        KeWaitForSingleObject(&finished, Executive, KernelMode, FALSE, NULL);
        CHECK_EQ(irp->IoStatus.Status, STATUS_SUCCESS);
        IoFreeIrp(irp);
    }
    fine();
    drop();
}

// A driver whose completion routine forgets to pass the mark on is found out.
static NTSTATUS forgets(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    (void)device, (void)irp, (void)context;
    return STATUS_CONTINUE_COMPLETION;
}

static NTSTATUS pass_with_routine(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    IoCopyCurrentIrpStackLocationToNext(irp);
    IoSetCompletionRoutine(irp, forgets, NULL, TRUE, TRUE, TRUE);
    (void)IoCallDriver(lower, irp);
    return STATUS_SUCCESS; // "it never pends"
}

static void call_upper(void *unused)
{
    (void)unused;
    (void)io_call_driver(upper, sent, false); // only what the driver itself calls is deferred
}

TEST(a_driver_that_relies_on_synchronous_completion)
{
    stack_of(pass_with_routine, succeed);
    sent = read_irp();
    call_upper(NULL); // as long as nothing pends, all is well
    CHECK_EQ(caught, 1);
    IoFreeIrp(sent);
    CHECK(posix_verify("pending,rate=10000"));
    sent = read_irp();
    CHECK(ends_with(call_upper, NULL, DRIVER_VERIFIER_IOMANAGER_VIOLATION, 0x226,
                    "without passing down or completing"));
    fine();
}
