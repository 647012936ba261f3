// SPDX-License-Identifier: MIT
//
// The virtio-blk driver when things go wrong: errors, cancelling, lies of the device, silence,
// removal, stopping, power.
#include "ash_test.h"
#include "stack.h"

TEST(errors_of_the_device)
{
    CHECK_EQ(bring_up(0), STATUS_SUCCESS);
    (void)transfer(0, IRP_MJ_READ, 0, buffer, 512);
    (void)transfer(1, IRP_MJ_READ, 0, buffer, 512);
    serve_one(VIRTIO_BLK_S_IOERR);
    serve_one(VIRTIO_BLK_S_UNSUPP);
    interrupt();
    CHECK_EQ(status_of(0), STATUS_IO_DEVICE_ERROR);
    CHECK_EQ(irps[0].irp.IoStatus.Information, 0u);
    CHECK_EQ(status_of(1), STATUS_INVALID_DEVICE_REQUEST);
    CHECK_EQ(tear_down(), 0u);
}

TEST(cancels_what_waits_and_not_what_flies)
{
    CHECK_EQ(bring_up(0), STATUS_SUCCESS);
    for (unsigned i = 0; i < VIRTIO_SLOTS + 3; i++)
        (void)transfer(i, IRP_MJ_READ, 0, buffer, 512);
    CHECK(!KitCancel(&irps[0]));
    CHECK(KitCancel(&irps[VIRTIO_SLOTS + 1]));
    CHECK_EQ(status_of(VIRTIO_SLOTS + 1), STATUS_CANCELLED);
    serve_all();
    CHECK_EQ(status_of(0), STATUS_SUCCESS);
    CHECK_EQ(status_of(VIRTIO_SLOTS), STATUS_SUCCESS);
    CHECK_EQ(status_of(VIRTIO_SLOTS + 2), STATUS_SUCCESS);
    CHECK_EQ(tear_down(), 0u);
}

TEST(a_request_that_was_cancelled_before_it_came)
{
    CHECK_EQ(bring_up(0), STATUS_SUCCESS);
    for (unsigned i = 0; i < VIRTIO_SLOTS; i++)
        (void)transfer(i, IRP_MJ_READ, 0, buffer, 512);
    PIO_STACK_LOCATION location = KitInitIrp(&irps[VIRTIO_SLOTS], IRP_MJ_READ, 0);
    location->Parameters.Read.Length = 512;
    KitBuffer(&irps[VIRTIO_SLOTS], buffer, 512);
    irps[VIRTIO_SLOTS].irp.Cancel = TRUE;
    CHECK_EQ(KitSend(disk(), &irps[VIRTIO_SLOTS]), STATUS_PENDING);
    CHECK_EQ(status_of(VIRTIO_SLOTS), STATUS_CANCELLED);
    serve_all();
    CHECK_EQ(tear_down(), 0u);
}

TEST(lists_that_cannot_be_had)
{
    CHECK_EQ(bring_up(0), STATUS_SUCCESS);
    KitFailList(1);
    CHECK_EQ(transfer(0, IRP_MJ_READ, 0, buffer, 512), STATUS_PENDING);
    CHECK_EQ(status_of(0), STATUS_INSUFFICIENT_RESOURCES);
    (void)transfer(1, IRP_MJ_READ, 0, buffer, 512);
    serve_all();
    CHECK_EQ(status_of(1), STATUS_SUCCESS);
    CHECK_EQ(tear_down(), 0u);
}

// Each lie must fail everything once, reset the device and report it as failed.
static void check_failed(unsigned requests)
{
    ULONG count;
    interrupt();
    for (unsigned i = 0; i < requests; i++)
        CHECK_EQ(status_of(i), STATUS_DEVICE_PROTOCOL_ERROR);
    CHECK_EQ(bar[0x14], 0);
    CHECK(KitInvalidated(&count) == bottom);
    CHECK_EQ(count, 1u);
    (void)transfer(REQUESTS - 1, IRP_MJ_READ, 0, buffer, 512);
    CHECK_EQ(status_of(REQUESTS - 1), STATUS_DEVICE_PROTOCOL_ERROR);
    interrupt(); // a dead device's interrupts change nothing
    CHECK_EQ(tear_down(), 0u);
}

static void fly(unsigned requests)
{
    CHECK_EQ(bring_up(0), STATUS_SUCCESS);
    for (unsigned i = 0; i < requests; i++)
        (void)transfer(i, IRP_MJ_READ, 0, buffer, 512);
}

TEST(an_answer_to_nothing)
{
    fly(100);
    used()->ring[0] = (struct virtio_used_element){200, 1};
    used()->index++;
    check_failed(100);
}

TEST(an_answer_twice)
{
    fly(3);
    USHORT head = available()->ring[0];
    serve(head, 0);
    used()->ring[1] = (struct virtio_used_element){head, 513};
    used()->index++;
    interrupt();
    CHECK_EQ(status_of(0), STATUS_SUCCESS); // the first answer was a good one
    irps[0] = irps[1];
    check_failed(3);
}

TEST(a_used_index_out_of_nowhere)
{
    fly(10);
    used()->index = 0x4000;
    check_failed(10);
}

TEST(a_status_that_was_never_written)
{
    fly(1);
    used()->ring[0] = (struct virtio_used_element){available()->ring[0], 513};
    used()->index++;
    check_failed(1);
}

TEST(a_device_that_asks_for_a_reset)
{
    fly(5);
    bar[0x14] |= 64;
    bar[0x1000] = 2;
    KitInterrupt();
    bar[0x1000] = 0;
    check_failed(5);
}

TEST(a_device_that_never_answers)
{
    ULONG count;
    fly(100);
    CHECK(KitFireTimer()); // 30 seconds without one answer
    for (unsigned i = 0; i < 100; i++)
        CHECK_EQ(status_of(i), STATUS_IO_TIMEOUT);
    CHECK_EQ(bar[0x14], 0);
    CHECK(KitInvalidated(&count) == bottom);
    CHECK(!KitFireTimer());
    CHECK_EQ(tear_down(), 0u);
}

TEST(a_slow_device_is_waited_for)
{
    fly(3);
    for (unsigned i = 0; i < 3; i++) {
        serve_one(0);
        interrupt();
        CHECK(KitFireTimer()); // one answer each time
        CHECK_EQ(status_of(i), STATUS_SUCCESS);
    }
    CHECK(!KitFireTimer()); // idle: nothing is set
    (void)transfer(0, IRP_MJ_READ, 0, buffer, 512);
    serve_all();
    CHECK(KitFireTimer());
    CHECK(!KitFireTimer());
    CHECK_EQ(tear_down(), 0u);
}

TEST(requests_wait_while_the_device_is_stopped)
{
    CHECK_EQ(bring_up(0), STATUS_SUCCESS);
    CHECK_EQ(pnp(bottom, IRP_MN_QUERY_STOP_DEVICE), STATUS_SUCCESS);
    (void)transfer(0, IRP_MJ_READ, 0, buffer, 512);
    CHECK_EQ(waiting_in_ring(), 0u);
    CHECK_EQ(pnp(bottom, IRP_MN_CANCEL_STOP_DEVICE), STATUS_SUCCESS);
    serve_all();
    CHECK_EQ(status_of(0), STATUS_SUCCESS);
    CHECK_EQ(pnp(bottom, IRP_MN_QUERY_STOP_DEVICE), STATUS_SUCCESS);
    CHECK_EQ(pnp(bottom, IRP_MN_STOP_DEVICE), STATUS_SUCCESS);
    (void)transfer(1, IRP_MJ_READ, 0, buffer, 512);
    CHECK_EQ(status_of(1), STATUS_PENDING);
    seen = 0;
    CHECK_EQ(pnp(bottom, IRP_MN_START_DEVICE), STATUS_SUCCESS);
    serve_all();
    CHECK_EQ(status_of(1), STATUS_SUCCESS);
    CHECK_EQ(tear_down(), 0u);
}

TEST(a_stop_does_not_wait_for_ever)
{
    fly(2);
    CHECK_EQ(pnp(bottom, IRP_MN_QUERY_STOP_DEVICE), STATUS_SUCCESS);
    CHECK_EQ(status_of(0), STATUS_ADAPTER_HARDWARE_ERROR);
    CHECK_EQ(status_of(1), STATUS_ADAPTER_HARDWARE_ERROR);
    CHECK_EQ(tear_down(), 0u);
}

TEST(surprise_removal_fails_what_is_there)
{
    fly(100);
    CHECK_EQ(pnp(bottom, IRP_MN_SURPRISE_REMOVAL), STATUS_SUCCESS);
    for (unsigned i = 0; i < 100; i++)
        CHECK_EQ(status_of(i), STATUS_NO_SUCH_DEVICE);
    CHECK_EQ(tear_down(), 0u);
}

TEST(power_down_and_up)
{
    struct kit_irp irp;
    CHECK_EQ(bring_up(0), STATUS_SUCCESS);
    PIO_STACK_LOCATION location = KitInitIrp(&irp, IRP_MJ_POWER, IRP_MN_SET_POWER);
    location->Parameters.Power.Type = SystemPowerState;
    location->Parameters.Power.State.SystemState = PowerSystemShutdown;
    CHECK_EQ(KitSend(bottom, &irp), STATUS_PENDING);
    CHECK(irp.done);
    CHECK_EQ(irp.irp.IoStatus.Status, STATUS_SUCCESS);
    CHECK_EQ(bar[0x14], 0);
    (void)transfer(0, IRP_MJ_READ, 0, buffer, 512);
    location = KitInitIrp(&irp, IRP_MJ_POWER, IRP_MN_SET_POWER);
    location->Parameters.Power.Type = SystemPowerState;
    location->Parameters.Power.State.SystemState = PowerSystemWorking;
    seen = 0;
    CHECK_EQ(KitSend(bottom, &irp), STATUS_PENDING);
    CHECK_EQ(bar[0x14], 15);
    serve_all();
    CHECK_EQ(status_of(0), STATUS_SUCCESS);
    CHECK_EQ(tear_down(), 0u);
}
