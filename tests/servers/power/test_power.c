// SPDX-License-Identifier: MIT
/* The order of shutdown and sleep, and that nothing a driver does stops them. */
#include "ash_test.h"
#include "fake_port.h"

static void down(enum ash_power_action action, bool failure)
{
    CHECK_EQ(power_down(action, failure), STATUS_SUCCESS);
    fake_turn();
}

static void sleep_until(ash_word state, ash_word ms)
{
    CHECK_EQ(power_sleep(state, ms), STATUS_SUCCESS);
    fake_turn();
}

TEST(volumes_then_queries_then_sets_then_firmware)
{
    fake_start();
    down(ASH_POWER_OFF, false);
    static const char order[] = "flush volume:queryS6 disk:queryS6 bus:queryS6 volume:setS6 "
                                "disk:setS6 bus:setS6 reset00 ";
    CHECK(strncmp(fake_trace, order, sizeof(order) - 1) == 0);
}

TEST(when_the_firmware_refuses_devices_come_back)
{
    fake_start();
    down(ASH_POWER_REBOOT, true);
    CHECK(fake_traced("reset11 [the firmware refuses to reboot] bus:setS1 disk:setS1 volume:setS1 "
                      "end=c00000bb,0, "));
}

TEST(a_driver_that_refuses_a_shutdown_or_fails_is_named_and_skipped)
{
    fake_start();
    fake_query[VOLUME] = STATUS_UNSUCCESSFUL;
    fake_set[DISK] = STATUS_IO_TIMEOUT;
    fake_set[BUS] = STATUS_NOT_SUPPORTED;
    fake_flush = STATUS_IO_TIMEOUT;
    down(ASH_POWER_OFF, false);
    CHECK(fake_traced("volume answers QUERY_POWER with 0xc0000001"));
    CHECK(fake_traced("disk does not answer SET_POWER: skipped"));
    CHECK(!fake_traced("bus answers"));
    CHECK(fake_traced("not every volume could be flushed"));
    CHECK(fake_traced("reset00"));
}

TEST(an_unknown_action_or_state_does_nothing)
{
    fake_start();
    CHECK_EQ(power_down((enum ash_power_action)7, false), STATUS_INVALID_PARAMETER);
    CHECK_EQ(power_sleep(1, 5), STATUS_INVALID_PARAMETER);
    CHECK_EQ(power_sleep(5, 5), STATUS_INVALID_PARAMETER);
    fake_turn();
    CHECK_STR(fake_trace, "");
}

TEST(sleep_goes_down_children_first_and_up_parents_first)
{
    fake_start();
    fake_time = 100;
    sleep_until(POWER_SYSTEM_SLEEPING3, 50);
    CHECK_STR(fake_trace, "volume:queryS4 disk:queryS4 bus:queryS4 volume:setS4 disk:setS4 "
                          "bus:setS4 ");
    CHECK_EQ(power_totals.state, POWER_SYSTEM_SLEEPING3);
    CHECK_EQ(power_sequence_clock(), 150);
    CHECK_EQ(power_sleep(POWER_SYSTEM_SLEEPING3, 5), STATUS_DEVICE_BUSY);
    CHECK_EQ(power_down(ASH_POWER_OFF, false), STATUS_DEVICE_BUSY);
    fake_time = 149;
    fake_turn();
    CHECK(!fake_traced("bus:setS1"));
    fake_time = 160;
    fake_turn();
    CHECK(fake_traced("bus:setS1 disk:setS1 volume:setS1 end=00000000,60, "));
    CHECK_EQ(power_totals.state, POWER_SYSTEM_WORKING);
    CHECK_EQ(power_sequence_clock(), 0);
}

TEST(a_refused_sleep_is_called_off_for_those_that_were_asked)
{
    fake_start();
    fake_query[DISK] = STATUS_DEVICE_BUSY;
    sleep_until(POWER_SYSTEM_SLEEPING3, 50);
    CHECK_STR(fake_trace, "volume:queryS4 disk:queryS4 [disk answers QUERY_POWER with 0x80000011] "
                          "disk:setS1 volume:setS1 end=80000011,0, ");
}

TEST(a_stack_is_told_only_after_its_children_have_answered)
{
    fake_start();
    fake_set[VOLUME] = LATER;
    sleep_until(POWER_SYSTEM_SLEEPING1, 50);
    CHECK(!fake_traced("disk:setS2"));
    CHECK(fake_answer(VOLUME, POWER_SYSTEM_IRP, STATUS_SUCCESS));
    CHECK(fake_traced("volume:setS2 disk:setS2 bus:setS2 "));
    fake_time += 1000;
    fake_turn();
    CHECK(fake_answer(VOLUME, POWER_SYSTEM_IRP, STATUS_SUCCESS)); /* the way up */
    CHECK(fake_traced("end=00000000"));
}

TEST(a_device_wakes_the_system)
{
    fake_start();
    CHECK_EQ(fake_ask(9, 1, DISK, POWER_WAIT_WAKE, POWER_SYSTEM_SLEEPING3, false), STATUS_SUCCESS);
    sleep_until(POWER_SYSTEM_SLEEPING3, 0);
    CHECK_EQ(power_sequence_clock(), 0);
    CHECK(fake_answer(DISK, POWER_WAKE_IRP, STATUS_SUCCESS));
    CHECK(fake_traced("tell9:1=00000000! "));
    CHECK(fake_traced("end=00000000,0,disk "));
}

TEST(a_device_that_wakes_it_on_the_way_down_wakes_it_at_once)
{
    fake_start();
    (void)fake_ask(9, 1, BUS, POWER_WAIT_WAKE, POWER_SYSTEM_SLEEPING3, false);
    fake_set[DISK] = LATER;
    sleep_until(POWER_SYSTEM_SLEEPING3, 0);
    CHECK(fake_answer(BUS, POWER_WAKE_IRP, STATUS_SUCCESS));
    CHECK(!fake_traced("bus:setS4"));
    CHECK(fake_answer(DISK, POWER_SYSTEM_IRP, STATUS_SUCCESS));
    fake_set[DISK] = STATUS_SUCCESS;
    CHECK(fake_traced("bus:setS4 bus:setS1 "));
    CHECK(fake_answer(DISK, POWER_SYSTEM_IRP, STATUS_SUCCESS));
    CHECK(fake_traced("end=00000000,0,bus "));
}

TEST(a_cancelled_wait_does_not_wake)
{
    fake_start();
    (void)fake_ask(9, 1, BUS, POWER_WAIT_WAKE, POWER_SYSTEM_SLEEPING3, false);
    sleep_until(POWER_SYSTEM_SLEEPING3, 20);
    CHECK(fake_answer(BUS, POWER_WAKE_IRP, STATUS_CANCELLED));
    CHECK(!fake_traced("end="));
    fake_time += 20;
    fake_turn();
    CHECK(fake_traced("end=00000000,20, "));
}

TEST(a_sleep_that_nothing_could_end_is_called_off)
{
    fake_start();
    sleep_until(POWER_SYSTEM_SLEEPING3, 0);
    CHECK(fake_traced("bus:setS4 bus:setS1 disk:setS1 volume:setS1 end=c00000bb,0, "));
}
