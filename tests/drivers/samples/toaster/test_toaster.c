// SPDX-License-Identifier: MIT
//
// The toaster's function driver: each state and what becomes of requests in it; power.

#include "stack.h"
#include "toaster.h"

static NTSTATUS toast(ULONG *slices)
{
    struct sent sent = {0};
    (void)control(&sent, IOCTL_TOASTER_TOAST, 0, sizeof(ULONG));
    NTSTATUS status = finish(&sent);
    *slices = sent.value;
    return status;
}

static NTSTATUS open_it(void)
{
    struct sent sent;
    prepare(&sent, IRP_MJ_CREATE, 0);
    (void)send(&sent);
    return finish(&sent);
}

static NTSTATUS set_power(POWER_STATE_TYPE type, ULONG state)
{
    struct sent sent;
    PIO_STACK_LOCATION next = prepare(&sent, IRP_MJ_POWER, IRP_MN_SET_POWER);
    next->Parameters.Power.Type = type;
    next->Parameters.Power.State.DeviceState = (DEVICE_POWER_STATE)state;
    (void)send(&sent);
    return finish(&sent);
}

static void start(void)
{
    load();
    CHECK_EQ(pnp(IRP_MN_START_DEVICE), STATUS_SUCCESS);
}

static void stop_test(void)
{
    CHECK_EQ(pnp(IRP_MN_REMOVE_DEVICE), STATUS_SUCCESS);
    CHECK(IoGetAttachedDevice(pdo) == pdo); // it has detached and deleted its device
    IoDeleteDevice(pdo);
}

TEST(it_toasts_when_it_is_started)
{
    ULONG slices = 0;
    load();
    CHECK_EQ(open_it(), STATUS_DELETE_PENDING); // not started yet
    CHECK_EQ(pnp(IRP_MN_START_DEVICE), STATUS_SUCCESS);
    CHECK_EQ(open_it(), STATUS_SUCCESS);
    CHECK_EQ(toast(&slices), STATUS_SUCCESS);
    CHECK_EQ(toast(&slices), STATUS_SUCCESS);
    CHECK_EQ(slices, 2);
    struct sent bad = {0};
    (void)control(&bad, IOCTL_TOASTER_TOAST, 0, 2);
    CHECK_EQ(finish(&bad), STATUS_BUFFER_TOO_SMALL);
    (void)control(&bad, 4711u << 2, 0, 4);
    CHECK_EQ(finish(&bad), STATUS_INVALID_DEVICE_REQUEST);
    stop_test();
}

TEST(requests_wait_while_it_is_stopped)
{
    struct sent first = {0}, second = {0};
    start();
    CHECK_EQ(pnp(IRP_MN_QUERY_STOP_DEVICE), STATUS_SUCCESS);
    CHECK_EQ(control(&first, IOCTL_TOASTER_TOAST, 0, 4), STATUS_PENDING);
    CHECK_EQ(pnp(IRP_MN_STOP_DEVICE), STATUS_SUCCESS);
    CHECK_EQ(control(&second, IOCTL_TOASTER_TOAST, 0, 4), STATUS_PENDING);
    CHECK_EQ(KeReadStateEvent(&first.event), 0);
    CHECK_EQ(pnp(IRP_MN_START_DEVICE), STATUS_SUCCESS);
    CHECK_EQ(finish(&first), STATUS_SUCCESS);
    CHECK_EQ(finish(&second), STATUS_SUCCESS);
    CHECK_EQ(first.value, 1); // in their order
    CHECK_EQ(second.value, 2);
    CHECK_EQ(pnp(IRP_MN_QUERY_STOP_DEVICE), STATUS_SUCCESS);
    CHECK_EQ(control(&first, IOCTL_TOASTER_TOAST, 0, 4), STATUS_PENDING);
    CHECK_EQ(pnp(IRP_MN_CANCEL_STOP_DEVICE), STATUS_SUCCESS);
    CHECK_EQ(finish(&first), STATUS_SUCCESS);
    stop_test();
}

TEST(a_waiting_request_can_be_cancelled)
{
    struct sent sent = {0};
    start();
    CHECK_EQ(pnp(IRP_MN_QUERY_STOP_DEVICE), STATUS_SUCCESS);
    CHECK_EQ(control(&sent, IOCTL_TOASTER_TOAST, 0, 4), STATUS_PENDING);
    CHECK(IoCancelIrp(sent.irp));
    CHECK_EQ(finish(&sent), STATUS_CANCELLED);
    CHECK_EQ(pnp(IRP_MN_CANCEL_STOP_DEVICE), STATUS_SUCCESS);
    stop_test();
}

TEST(a_pending_removal_refuses_opens_and_can_be_cancelled)
{
    ULONG slices;
    start();
    CHECK_EQ(pnp(IRP_MN_CANCEL_REMOVE_DEVICE), STATUS_SUCCESS); // without its query: nothing
    CHECK_EQ(pnp(IRP_MN_QUERY_REMOVE_DEVICE), STATUS_SUCCESS);
    CHECK_EQ(open_it(), STATUS_DELETE_PENDING);
    CHECK_EQ(toast(&slices), STATUS_SUCCESS); // for those who have it open
    CHECK_EQ(pnp(IRP_MN_CANCEL_REMOVE_DEVICE), STATUS_SUCCESS);
    CHECK_EQ(open_it(), STATUS_SUCCESS);
    stop_test();
}

TEST(a_surprise_fails_what_waits_and_what_comes)
{
    struct sent sent = {0};
    ULONG slices;
    start();
    CHECK_EQ(pnp(IRP_MN_QUERY_STOP_DEVICE), STATUS_SUCCESS);
    CHECK_EQ(control(&sent, IOCTL_TOASTER_TOAST, 0, 4), STATUS_PENDING);
    CHECK_EQ(pnp(IRP_MN_SURPRISE_REMOVAL), STATUS_SUCCESS);
    CHECK_EQ(last_minor, IRP_MN_SURPRISE_REMOVAL); // the bus heard of it
    CHECK_EQ(finish(&sent), STATUS_NO_SUCH_DEVICE);
    CHECK_EQ(toast(&slices), STATUS_DELETE_PENDING);
    CHECK_EQ(open_it(), STATUS_DELETE_PENDING);
    stop_test();
}

TEST(minor_codes_it_does_not_know_go_down_untouched)
{
    start();
    CHECK_EQ(pnp(IRP_MN_QUERY_PNP_DEVICE_STATE), STATUS_NOT_SUPPORTED);
    CHECK_EQ(last_minor, IRP_MN_QUERY_PNP_DEVICE_STATE);
    CHECK_EQ(pnp(0x42), STATUS_NOT_SUPPORTED);
    CHECK_EQ(last_minor, 0x42);
    stop_test();
}

TEST(requests_wait_while_it_has_no_power)
{
    struct sent sent = {0};
    start();
    CHECK_EQ(set_power(DevicePowerState, PowerDeviceD3), STATUS_SUCCESS);
    CHECK_EQ(control(&sent, IOCTL_TOASTER_TOAST, 0, 4), STATUS_PENDING);
    CHECK_EQ(set_power(DevicePowerState, PowerDeviceD0), STATUS_SUCCESS);
    CHECK_EQ(finish(&sent), STATUS_SUCCESS);
    CHECK_EQ(set_power(SystemPowerState, PowerSystemSleeping3), STATUS_SUCCESS);
    CHECK_EQ(control(&sent, IOCTL_TOASTER_TOAST, 0, 4), STATUS_PENDING); // D3 came with it
    CHECK_EQ(set_power(SystemPowerState, PowerSystemWorking), STATUS_SUCCESS);
    CHECK_EQ(finish(&sent), STATUS_SUCCESS);
    stop_test();
}
