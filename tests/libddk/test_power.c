// SPDX-License-Identifier: MIT
//
// Power: IRPs that a driver asks for, device states, idle detection.

#include "test_driver.h"

static struct {
    ULONG Irps, Completions;
    UCHAR Minor;
    POWER_STATE State;
    POWER_STATE_TYPE Type;
    KIRQL Irql;
    NTSTATUS Status;
    PVOID Context;
} seen;
static KEVENT arrived;

static NTSTATUS power(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    (void)device;
    seen.Irps++;
    seen.Minor = location->MinorFunction;
    seen.State = location->Parameters.Power.State;
    seen.Type = location->Parameters.Power.Type;
    seen.Irql = KeGetCurrentIrql();
    PoStartNextPowerIrp(irp);
    NTSTATUS status = complete_with(irp, STATUS_SUCCESS, 0);
    KeSetEvent(&arrived, 0, FALSE);
    return status;
}

static PDEVICE_OBJECT fresh(void)
{
    fresh_driver(power);
    memset(&seen, 0, sizeof(seen));
    KeInitializeEvent(&arrived, NotificationEvent, FALSE);
    return new_device(0);
}

static NTSTATUS keep(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    (void)device, (void)irp, (void)context;
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static VOID completed(PDEVICE_OBJECT device, UCHAR minor, POWER_STATE state, PVOID context,
                      PIO_STATUS_BLOCK iosb)
{
    (void)device, (void)minor, (void)state;
    seen.Completions++;
    seen.Status = iosb->Status;
    seen.Context = context;
}

DDI_TEST(PoCallDriver, RESULTS, power_request_is_passed_on_as_any_other)
{
    PDEVICE_OBJECT device = fresh();
    PIRP irp = IoAllocateIrp(2, FALSE);
    PIO_STACK_LOCATION next = IoGetNextIrpStackLocation(irp);
    next->MajorFunction = IRP_MJ_POWER;
    next->MinorFunction = IRP_MN_POWER_SEQUENCE;
    IoSetCompletionRoutine(irp, keep, NULL, TRUE, TRUE, TRUE);
    CHECK_EQ(PoCallDriver(device, irp), STATUS_SUCCESS);
    CHECK_EQ(seen.Irps, 1);
    CHECK_EQ(seen.Minor, IRP_MN_POWER_SEQUENCE);
    IoFreeIrp(irp);
    IoDeleteDevice(device);
}

static const POWER_STATE d0 = {.DeviceState = PowerDeviceD0}, d3 = {.DeviceState = PowerDeviceD3};

DDI_TEST(PoRequestPowerIrp, RESULTS, request_reaches_the_top_and_then_its_callback)
{
    DDI_SHOWS(PoStartNextPowerIrp, RESULTS);
    PDEVICE_OBJECT device = fresh();
    CHECK_EQ(PoRequestPowerIrp(device, IRP_MN_SET_POWER, d3, completed, &seen, NULL),
             STATUS_PENDING);
    CHECK_EQ(seen.Irps, 1);
    CHECK_EQ(seen.Minor, IRP_MN_SET_POWER);
    CHECK_EQ(seen.Type, DevicePowerState);
    CHECK_EQ(seen.State.DeviceState, PowerDeviceD3);
    CHECK_EQ(seen.Completions, 1);
    CHECK_EQ(seen.Status, STATUS_SUCCESS);
    CHECK(seen.Context == &seen);
    IoDeleteDevice(device);
}

DDI_TEST(PoRequestPowerIrp, ERRORS, request_of_another_minor_code_is_not_sent)
{
    PDEVICE_OBJECT device = fresh();
    CHECK_EQ(PoRequestPowerIrp(device, IRP_MN_POWER_SEQUENCE, d3, completed, NULL, NULL),
             STATUS_INVALID_PARAMETER_2);
    CHECK_EQ(seen.Irps + seen.Completions, 0);
    IoDeleteDevice(device);
}

TEST(pageable_stacks_get_power_requests_at_passive_level)
{
    DDI_SHOWS(PoRequestPowerIrp, RESULTS);
    KIRQL irql;
    PDEVICE_OBJECT device = fresh();
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    CHECK_EQ(PoRequestPowerIrp(device, IRP_MN_SET_POWER, d3, NULL, NULL, NULL), STATUS_PENDING);
    CHECK_EQ(seen.Irql, DISPATCH_LEVEL);
    KeClearEvent(&arrived);
    device->Flags |= DO_POWER_PAGABLE;
    CHECK_EQ(PoRequestPowerIrp(device, IRP_MN_SET_POWER, d0, NULL, NULL, NULL), STATUS_PENDING);
    KeLowerIrql(irql);
    KeWaitForSingleObject(&arrived, Executive, KernelMode, FALSE, NULL);
    CHECK_EQ(seen.Irql, PASSIVE_LEVEL);
    CHECK_EQ(seen.State.DeviceState, PowerDeviceD0);
    IoDeleteDevice(device);
}

static void power_down_at_dispatch(void *device)
{
    KIRQL irql;
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    PoSetPowerState(device, DevicePowerState, d3);
}

DDI_TEST(PoSetPowerState, RESULTS, state_returns_the_one_before)
{
    PDEVICE_OBJECT device = fresh();
    PoSetPowerState(device, DevicePowerState, d0);
    CHECK_EQ(PoSetPowerState(device, DevicePowerState, d3).DeviceState, PowerDeviceD0);
    CHECK_EQ(PoSetPowerState(device, DevicePowerState, d0).DeviceState, PowerDeviceD3);
    CHECK(dies(power_down_at_dispatch, device, "above APC_LEVEL"));
    IoDeleteDevice(device);
}

static void seconds(ULONG n)
{
    while (n-- > 0)
        po_idle_second();
}

DDI_TEST(PoRegisterDeviceForIdleDetection, RESULTS, idle_device_is_powered_down_once)
{
    PDEVICE_OBJECT device = fresh();
    PoSetPowerState(device, DevicePowerState, d0);
    PULONG counter = PoRegisterDeviceForIdleDetection(device, 0, 100, PowerDeviceD2);
    CHECK(counter != NULL);
    seconds(90);
    CHECK_EQ(seen.Irps, 0);
    seconds(30);
    CHECK_EQ(seen.Irps, 1);
    CHECK_EQ(seen.State.DeviceState, PowerDeviceD2);
    CHECK_EQ(seen.Minor, IRP_MN_SET_POWER);
    seconds(300);
    CHECK_EQ(seen.Irps, 1);
    CHECK(PoRegisterDeviceForIdleDetection(device, 10, 200, PowerDeviceD3) == counter);
    seconds(120);
    CHECK_EQ(seen.Irps, 1);
    seconds(100);
    CHECK_EQ(seen.Irps, 2);
    IoDeleteDevice(device);
}

DDI_TEST(PoSetDeviceBusyEx, RESULTS, busy_device_is_not_idle)
{
    DDI_SHOWS_MACRO(PoSetDeviceBusy, RESULTS);
    PDEVICE_OBJECT device = fresh();
    PoSetPowerState(device, DevicePowerState, d0);
    PULONG counter = PoRegisterDeviceForIdleDetection(device, 100, 100, PowerDeviceD3);
    seconds(90);
    PoSetDeviceBusyEx(counter);
    seconds(90);
    PoSetDeviceBusy(counter);
    seconds(90);
    CHECK_EQ(seen.Irps, 0);
    seconds(20);
    CHECK_EQ(seen.Irps, 1);
    IoDeleteDevice(device);
}

static void end_busy(void *counter)
{
    PoEndDeviceBusy(counter);
}

DDI_TEST(PoStartDeviceBusy, RESULTS, long_work_keeps_it_busy)
{
    DDI_SHOWS(PoEndDeviceBusy, RESULTS | ERRORS);
    PDEVICE_OBJECT device = fresh();
    PoSetPowerState(device, DevicePowerState, d0);
    PULONG counter = PoRegisterDeviceForIdleDetection(device, 100, 100, PowerDeviceD3);
    PoStartDeviceBusy(counter);
    PoStartDeviceBusy(counter);
    seconds(200);
    PoEndDeviceBusy(counter);
    seconds(200);
    CHECK_EQ(seen.Irps, 0);
    PoEndDeviceBusy(counter);
    seconds(110);
    CHECK_EQ(seen.Irps, 1);
    CHECK(dies(end_busy, counter, "without PoStartDeviceBusy"));
    IoDeleteDevice(device);
}

DDI_TEST(PoRegisterDeviceForIdleDetection, ERRORS, detection_is_cancelled_or_refused)
{
    PDEVICE_OBJECT device = fresh();
    PoSetPowerState(device, DevicePowerState, d0);
    CHECK(PoRegisterDeviceForIdleDetection(device, 100, 100, PowerDeviceD3) != NULL);
    CHECK(PoRegisterDeviceForIdleDetection(device, 0, 0, PowerDeviceD3) == NULL);
    seconds(200);
    CHECK_EQ(seen.Irps, 0);
    CHECK(PoRegisterDeviceForIdleDetection(device, MAXULONG, MAXULONG, PowerDeviceD3) == NULL);
    device->DeviceType = FILE_DEVICE_MASS_STORAGE;
    CHECK(PoRegisterDeviceForIdleDetection(device, MAXULONG, MAXULONG, PowerDeviceD3) != NULL);
    IoDeleteDevice(device);
}

static PIRP power_irp(UCHAR minor)
{
    PIRP irp = IoAllocateIrp(2, FALSE);
    PIO_STACK_LOCATION next = IoGetNextIrpStackLocation(irp);
    next->MajorFunction = IRP_MJ_POWER;
    next->MinorFunction = minor;
    IoSetCompletionRoutine(irp, keep, NULL, TRUE, TRUE, TRUE);
    return irp;
}

static void call_at_dispatch(void *device)
{
    KIRQL irql;
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    PoCallDriver(device, power_irp(IRP_MN_POWER_SEQUENCE));
}

DDI_TEST(PoCallDriver, ERRORS, pageable_stacks_are_not_called_at_dispatch_level)
{
    PDEVICE_OBJECT device = fresh();
    KIRQL irql;
    PIRP irp = power_irp(IRP_MN_POWER_SEQUENCE);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    CHECK_EQ(PoCallDriver(device, irp), STATUS_SUCCESS);
    KeLowerIrql(irql);
    IoFreeIrp(irp);
    device->Flags |= DO_POWER_PAGABLE;
    CHECK(dies(call_at_dispatch, device, "DO_POWER_PAGABLE"));
    IoDeleteDevice(device);
}

TEST(system_state_of_a_device_is_kept_apart)
{
    DDI_SHOWS(PoSetPowerState, RESULTS);
    PDEVICE_OBJECT device = fresh();
    POWER_STATE s3 = {.SystemState = PowerSystemSleeping3};
    POWER_STATE s0 = {.SystemState = PowerSystemWorking};
    PoSetPowerState(device, DevicePowerState, d0);
    PoSetPowerState(device, SystemPowerState, s0);
    CHECK_EQ(PoSetPowerState(device, SystemPowerState, s3).SystemState, PowerSystemWorking);
    CHECK_EQ(PoSetPowerState(device, DevicePowerState, d3).DeviceState, PowerDeviceD0);
    CHECK_EQ(PoSetPowerState(device, SystemPowerState, s0).SystemState, PowerSystemSleeping3);
    IoDeleteDevice(device);
}

// A bus driver that keeps a WAIT_WAKE until it is cancelled or the device wakes.
static PIRP waiting;
static SYSTEM_POWER_STATE deepest_seen;

static VOID cancel_wait(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    IoReleaseCancelSpinLock(irp->CancelIrql);
    waiting = NULL;
    (void)complete_with(irp, STATUS_CANCELLED, 0);
}

static NTSTATUS keep_waiting(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    deepest_seen = IoGetCurrentIrpStackLocation(irp)->Parameters.WaitWake.PowerState;
    IoMarkIrpPending(irp);
    IoSetCancelRoutine(irp, cancel_wait);
    waiting = irp;
    return STATUS_PENDING;
}

static PDEVICE_OBJECT waker(void)
{
    PDEVICE_OBJECT device = fresh();
    device->DriverObject->MajorFunction[IRP_MJ_POWER] = keep_waiting;
    return device;
}

static const POWER_STATE deepest = {.SystemState = PowerSystemSleeping3};

TEST(wait_wake_is_pending_until_its_sender_cancels_it)
{
    DDI_SHOWS(PoRequestPowerIrp, RESULTS);
    PDEVICE_OBJECT device = waker();
    PIRP irp = NULL;
    CHECK_EQ(PoRequestPowerIrp(device, IRP_MN_WAIT_WAKE, deepest, completed, NULL, &irp),
             STATUS_PENDING);
    CHECK(irp != NULL && irp == waiting);
    CHECK_EQ(deepest_seen, PowerSystemSleeping3);
    CHECK_EQ(seen.Completions, 0);
    CHECK(IoCancelIrp(irp));
    CHECK_EQ(seen.Completions, 1);
    CHECK_EQ(seen.Status, STATUS_CANCELLED);
    IoDeleteDevice(device);
}

DDI_TEST(PoSetSystemWake, RESULTS, the_irp_of_a_device_that_woke_the_system_says_so)
{
    DDI_SHOWS(PoGetSystemWake, RESULTS);
    PDEVICE_OBJECT device = waker();
    PIRP irp = NULL;
    PoRequestPowerIrp(device, IRP_MN_WAIT_WAKE, deepest, completed, NULL, &irp);
    CHECK(!PoGetSystemWake(irp));
    PoSetSystemWake(irp);
    CHECK(PoGetSystemWake(irp));
    IoSetCancelRoutine(irp, NULL);
    (void)complete_with(irp, STATUS_SUCCESS, 0);
    CHECK_EQ(seen.Status, STATUS_SUCCESS);
    CHECK_EQ(seen.Completions, 1);
    PoRequestPowerIrp(device, IRP_MN_WAIT_WAKE, deepest, completed, NULL, &irp);
    CHECK(!PoGetSystemWake(irp)); // not inherited by the next
    IoCancelIrp(irp);
    IoDeleteDevice(device);
}

// A function driver above `fresh`'s device that fails what it is asked for itself.
static NTSTATUS fail_power(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    return complete_with(irp, STATUS_UNSUCCESSFUL, 0);
}

static void fail_above(void *device)
{
    PoRequestPowerIrp(device, IRP_MN_SET_POWER, d3, NULL, NULL, NULL);
}

TEST(a_bus_driver_may_fail_set_power_and_a_function_driver_may_not)
{
    PDEVICE_OBJECT device = fresh();
    device->DriverObject->MajorFunction[IRP_MJ_POWER] = fail_power;
    CHECK_EQ(PoRequestPowerIrp(device, IRP_MN_SET_POWER, d3, completed, NULL, NULL),
             STATUS_PENDING);
    CHECK_EQ(seen.Status, STATUS_UNSUCCESSFUL);
    PDEVICE_OBJECT above = new_device(0);
    CHECK(IoAttachDeviceToDeviceStack(above, device) == device);
    CHECK(dies(fail_above, device, "PowerDownFail"));
    IoDetachDevice(device);
    IoDeleteDevice(above);
    IoDeleteDevice(device);
}

static PDEVICE_OBJECT some(void)
{
    static PDEVICE_OBJECT device;
    if (device == NULL)
        device = fresh();
    return device;
}

DDI_IRQL_MAX(PoRegisterDeviceForIdleDetection, APC_LEVEL,
             PoRegisterDeviceForIdleDetection(some(), 0, 0, PowerDeviceD3))
DDI_TEST(IoInvalidateDeviceRelations, RESULTS, manager_is_told_of_changed_relations)
{
    unsigned before = posix_invalidations();
    PDEVICE_OBJECT device = fresh();
    IoInvalidateDeviceRelations(device, BusRelations);
    CHECK_EQ(posix_invalidations(), before + 1);
    IoDeleteDevice(device);
}

DDI_IRQL_MAX(IoInvalidateDeviceRelations, DISPATCH_LEVEL,
             IoInvalidateDeviceRelations(some(), BusRelations))
DDI_IRQL_MAX(IoInvalidateDeviceState, DISPATCH_LEVEL, IoInvalidateDeviceState(some()))

static ULONG needed;
DDI_IRQL_MAX(IoGetDeviceProperty, PASSIVE_LEVEL,
             IoGetDeviceProperty(some(), DevicePropertyDeviceDescription, 0, NULL, &needed))
DDI_IRQL_MAX(PoStartNextPowerIrp, DISPATCH_LEVEL, PoStartNextPowerIrp(NULL))
DDI_IRQL_MAX(PoSetSystemState, DISPATCH_LEVEL, PoSetSystemState(0))
DDI_IRQL_MAX(PoSetPowerState, DISPATCH_LEVEL, PoSetPowerState(some(), DevicePowerState, d0))
DDI_IRQL_MAX(PoRequestPowerIrp, DISPATCH_LEVEL,
             PoRequestPowerIrp(some(), IRP_MN_SET_POWER, d0, NULL, NULL, NULL))
DDI_IRQL_MAX(PoCallDriver, DISPATCH_LEVEL, PoCallDriver(some(), power_irp(IRP_MN_POWER_SEQUENCE)))
DDI_IRQL_MAX(PoSetSystemWake, DISPATCH_LEVEL, PoSetSystemWake(power_irp(IRP_MN_WAIT_WAKE)))
DDI_IRQL_MAX(PoGetSystemWake, DISPATCH_LEVEL, PoGetSystemWake(power_irp(IRP_MN_WAIT_WAKE)))
