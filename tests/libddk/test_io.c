// SPDX-License-Identifier: MIT
//
// IRPs: the completion walk, the pending rule, stacks, buffers and MDLs.

#include "test_driver.h"

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
    DDI_SHOWS_MACRO(IoCompleteRequest, RESULTS);
    DDI_SHOWS(IoSetCompletionRoutine, RESULTS);
    DDI_SHOWS(IoAllocateIrp, RESULTS);
    DDI_SHOWS(IoFreeIrp, RESULTS);
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
    DDI_SHOWS_MACRO(IoCompleteRequest, RESULTS);
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
    DDI_SHOWS(IoSetCompletionRoutine, RESULTS);
    DDI_SHOWS(IoSetNextIrpStackLocation, RESULTS);
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
    DDI_SHOWS(IoMarkIrpPending, RESULTS);
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
    DDI_SHOWS_MACRO(IoCompleteRequest, RESULTS);
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
    DDI_SHOWS_MACRO(IoCompleteRequest, ERRORS);
    DDI_SHOWS_MACRO(IoCallDriver, RESULTS);
    DDI_SHOWS(IoBuildSynchronousFsdRequest, RESULTS);
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
    DDI_SHOWS_MACRO(IoCompleteRequest, ERRORS);
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
    DDI_SHOWS(IoAllocateIrp, ERRORS);
    DDI_SHOWS_MACRO(IoCallDriver, ERRORS);
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
    DDI_SHOWS(IoAttachDeviceToDeviceStack, RESULTS);
    DDI_SHOWS(IoGetAttachedDeviceReference, RESULTS);
    DDI_SHOWS(IoDetachDevice, RESULTS);
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
    DDI_SHOWS(IoSkipCurrentIrpStackLocation, RESULTS);
    DDI_SHOWS_MACRO(IoCallDriver, RESULTS);
    IO_STATUS_BLOCK iosb = {0};
    make_stack(two_level);
    CHECK_EQ(flush(&iosb), STATUS_PENDING);
    CHECK_EQ(iosb.Status, STATUS_SUCCESS);
    CHECK_EQ(iosb.Information, 77);
    drop_stack();
}

TEST(forwarding_synchronously_gets_the_irp_back)
{
    DDI_SHOWS(IoForwardIrpSynchronously, RESULTS);
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
    DDI_SHOWS(IoDeleteDevice, ERRORS);
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
    DDI_SHOWS(IoBuildDeviceIoControlRequest, RESULTS);
    DDI_SHOWS_MACRO(CTL_CODE, RESULTS);
    DDI_SHOWS(IoGetCurrentIrpStackLocation, RESULTS);
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
    DDI_SHOWS(IoBuildSynchronousFsdRequest, RESULTS);
    DDI_SHOWS(MmGetSystemAddressForMdlSafe, RESULTS);
    fresh_driver(echo);
    CHECK(read_fills(DO_BUFFERED_IO));
    CHECK(read_fills(DO_DIRECT_IO));
}

TEST(partial_mdl_describes_a_part)
{
    DDI_SHOWS(IoAllocateMdl, RESULTS);
    DDI_SHOWS(IoFreeMdl, RESULTS);
    DDI_SHOWS(IoBuildPartialMdl, RESULTS);
    DDI_SHOWS(MmBuildMdlForNonPagedPool, RESULTS);
    DDI_SHOWS(MmGetSystemAddressForMdlSafe, RESULTS);
    DDI_SHOWS_MACRO(MmGetMdlByteCount, RESULTS);
    DDI_SHOWS_MACRO(MmGetMdlByteOffset, RESULTS);
    DDI_SHOWS_MACRO(MmGetMdlVirtualAddress, RESULTS);
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
