// SPDX-License-Identifier: MIT
//
// Whose an IRP is: completing, freeing and reusing it.

#include "test_stack.h"

static void free_it(void *irp)
{
    IoFreeIrp(irp);
}

static NTSTATUS free_and_go_on(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    (void)device, (void)context;
    IoFreeIrp(irp);
    return STATUS_SUCCESS;
}

static void send_and_free_early(void *unused)
{
    (void)unused;
    PIRP irp = IoAllocateIrp(upper->StackSize, FALSE);
    IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_READ;
    IoSetCompletionRoutine(irp, free_and_go_on, NULL, TRUE, TRUE, TRUE);
    (void)IoCallDriver(upper, irp);
}

static void complete_with_minus_one(void *irp)
{
    (void)complete_with(irp, -1, 0);
}

DDI_TEST(IoFreeIrp, ERRORS, an_irp_is_freed_once_by_its_maker_when_it_is_back)
{
    IO_STATUS_BLOCK iosb;
    KEVENT event;
    stack_of(pass, pend);
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    PIRP irp = read_irp();
    CHECK_EQ(IoCallDriver(upper, irp), STATUS_PENDING);
    CHECK(dies(free_it, irp, "still in use"));
    (void)complete_with(irp, STATUS_SUCCESS, 0);
    IoFreeIrp(irp);
    CHECK(dies(free_it, irp, "that was freed"));
    irp = IoBuildSynchronousFsdRequest(IRP_MJ_FLUSH_BUFFERS, upper, NULL, 0, NULL, &event, &iosb);
    CHECK(dies(free_it, irp, "still associated with a thread"));
    irp = read_irp();
    IoSetCancelRoutine(irp, cancelled);
    CHECK(dies(free_it, irp, "cancel routine set"));
    stack_of(pass, succeed);
    CHECK(dies(send_and_free_early, NULL, "freed the IRP and did not return"));
    irp = read_irp();
    IoSetNextIrpStackLocation(irp);
    CHECK(dies(complete_with_minus_one, irp, "equal to -1"));
}

static void complete_twice(void *irp)
{
    (void)complete_with(irp, STATUS_SUCCESS, 0);
    IoFreeIrp(irp);
    (void)complete_with(irp, STATUS_SUCCESS, 0);
}

TEST(a_pended_irp_is_completed_once)
{
    DDI_SHOWS_MACRO(IoCompleteRequest, ERRORS);
    stack_of(pass, pend);
    PIRP irp = read_irp();
    CHECK_EQ(IoCallDriver(upper, irp), STATUS_PENDING);
    CHECK(dies(complete_twice, irp, "that is complete"));
    CHECK_EQ(caught, 1);
}

static void reuse_it(void *irp)
{
    IoReuseIrp(irp, STATUS_SUCCESS);
}

DDI_TEST(IoReuseIrp, RESULTS | ERRORS, only_an_irp_of_ones_own_that_is_back_is_reused)
{
    IO_STATUS_BLOCK iosb;
    KEVENT event;
    stack_of(pass, pend);
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    PIRP irp = read_irp();
    irp->Cancel = TRUE;
    IoReuseIrp(irp, STATUS_TIMEOUT);
    CHECK(!irp->Cancel);
    CHECK_EQ(irp->IoStatus.Status, STATUS_TIMEOUT);
    CHECK_EQ(irp->CurrentLocation, irp->StackCount + 1);
    IoFreeIrp(irp);
    irp = read_irp();
    (void)IoCallDriver(upper, irp);
    CHECK(dies(reuse_it, irp, "in use"));
    (void)complete_with(irp, STATUS_SUCCESS, 0);
    IoFreeIrp(irp);
    irp = IoBuildSynchronousFsdRequest(IRP_MJ_FLUSH_BUFFERS, upper, NULL, 0, NULL, &event, &iosb);
    CHECK(dies(reuse_it, irp, "not made by IoAllocateIrp"));
}

// One for the IRQL rules, made where that is allowed.
static PIRP any;

static PIRP fresh(void)
{
    if (KeGetCurrentIrql() > DISPATCH_LEVEL)
        return any;
    any = IoAllocateIrp(2, FALSE);
    IoSetCompletionRoutine(any, keep, NULL, TRUE, TRUE, TRUE);
    IoSetNextIrpStackLocation(any);
    any->IoStatus.Status = STATUS_SUCCESS;
    return any;
}

DDI_IRQL_MAX(IoAllocateIrp, DISPATCH_LEVEL, IoFreeIrp(IoAllocateIrp(1, FALSE)))
DDI_IRQL_MAX(IoFreeIrp, DISPATCH_LEVEL, IoFreeIrp(fresh()))
DDI_IRQL_MAX(IoReuseIrp, DISPATCH_LEVEL, IoReuseIrp(fresh(), STATUS_SUCCESS))
DDI_IRQL_MAX(IoCopyCurrentIrpStackLocationToNext, DISPATCH_LEVEL,
             IoCopyCurrentIrpStackLocationToNext(fresh()))
DDI_IRQL_MAX(IoSetCompletionRoutine, DISPATCH_LEVEL,
             IoSetCompletionRoutine(fresh(), keep, NULL, TRUE, TRUE, TRUE))
DDI_IRQL_MAX_MACRO(IoCompleteRequest, DISPATCH_LEVEL, IoCompleteRequest(fresh(), IO_NO_INCREMENT))
