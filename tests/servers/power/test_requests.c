// SPDX-License-Identifier: MIT
/* Power IRPs that drivers ask for: one of a kind for a stack, inrush one by one, deadlines. */
#include "ash_test.h"
#include "fake_port.h"

enum { TASK = 9, OTHER = 10 };

TEST(a_stack_has_one_device_irp_at_a_time)
{
    fake_start();
    CHECK_EQ(fake_ask(TASK, 1, DISK, POWER_SET, POWER_D3, false), STATUS_SUCCESS);
    CHECK_EQ(fake_ask(TASK, 2, DISK, POWER_SET, POWER_D0, false), STATUS_SUCCESS);
    CHECK_EQ(fake_ask(TASK, 3, BUS, POWER_SET, POWER_D3, false), STATUS_SUCCESS);
    CHECK_STR(fake_trace, "disk:setD4 bus:setD4 ");
    CHECK(fake_answer(DISK, POWER_DEVICE_IRP, STATUS_SUCCESS));
    CHECK(fake_traced("tell9:1=00000000 "));
    CHECK(fake_traced("disk:setD1"));
    CHECK(fake_answer(DISK, POWER_DEVICE_IRP, STATUS_UNSUCCESSFUL));
    CHECK(fake_traced("tell9:2=c0000001 "));
    CHECK(fake_answer(BUS, POWER_DEVICE_IRP, STATUS_SUCCESS));
    CHECK_EQ(power_irp_asked(), 3);
}

TEST(requests_for_a_stack_go_in_the_order_they_came)
{
    fake_start();
    for (unsigned i = 1; i <= 4; i++)
        (void)fake_ask(TASK, i, DISK, POWER_SET, i, false);
    for (unsigned i = 1; i <= 4; i++)
        CHECK(fake_answer(DISK, POWER_DEVICE_IRP, STATUS_SUCCESS));
    CHECK_STR(fake_trace, "disk:setD1 tell9:1=00000000 disk:setD2 tell9:2=00000000 disk:setD3 "
                          "tell9:3=00000000 disk:setD4 tell9:4=00000000 ");
}

TEST(a_device_irp_goes_while_the_system_irp_is_out)
{
    fake_start();
    fake_set[DISK] = LATER;
    CHECK_EQ(power_sleep(POWER_SYSTEM_SLEEPING3, 10), STATUS_SUCCESS);
    fake_turn();
    CHECK_EQ(fake_out(DISK, POWER_SYSTEM_IRP), 1);
    (void)fake_ask(TASK, 1, DISK, POWER_SET, POWER_D3, false); /* the policy owner */
    CHECK_EQ(fake_out(DISK, POWER_DEVICE_IRP), 1);
    CHECK(fake_answer(DISK, POWER_DEVICE_IRP, STATUS_SUCCESS));
    CHECK(fake_answer(DISK, POWER_SYSTEM_IRP, STATUS_SUCCESS));
    fake_set[DISK] = STATUS_SUCCESS;
    fake_time += 10;
    fake_turn();
    CHECK(fake_answer(DISK, POWER_SYSTEM_IRP, STATUS_SUCCESS) || fake_traced("end="));
    CHECK(fake_traced("end=00000000"));
}

TEST(waits_for_wake_do_not_keep_others_back)
{
    fake_start();
    (void)fake_ask(TASK, 1, DISK, POWER_WAIT_WAKE, POWER_SYSTEM_SLEEPING3, false);
    (void)fake_ask(TASK, 2, DISK, POWER_WAIT_WAKE, POWER_SYSTEM_SLEEPING3, false);
    (void)fake_ask(TASK, 3, DISK, POWER_SET, POWER_D3, false);
    CHECK_EQ(fake_out(DISK, POWER_WAKE_IRP), 2);
    CHECK_EQ(fake_out(DISK, POWER_DEVICE_IRP), 1);
    CHECK(power_irp_can_wake());
    CHECK_EQ(power_irp_deadline(DISK), fake_time + ASH_POWER_WATCHDOG_MS);
    CHECK_EQ(power_irp_cancel(TASK, 2), STATUS_SUCCESS);
    CHECK(fake_traced("cancel:disk"));
    CHECK_EQ(power_irp_cancel(OTHER, 1), STATUS_NOT_FOUND); /* another task's */
    CHECK_EQ(power_irp_cancel(TASK, 7), STATUS_NOT_FOUND);
}

TEST(stacks_with_inrush_are_powered_up_one_after_the_other)
{
    fake_start();
    (void)fake_ask(TASK, 1, DISK, POWER_SET, POWER_D0, true);
    (void)fake_ask(OTHER, 1, BUS, POWER_SET, POWER_D0, true);
    (void)fake_ask(OTHER, 2, VOLUME, POWER_SET, POWER_D0, false);
    CHECK_EQ(power_irp_inrush_out(), 1);
    CHECK_STR(fake_trace, "disk:setD1 volume:setD1 ");
    CHECK(fake_answer(DISK, POWER_DEVICE_IRP, STATUS_SUCCESS));
    CHECK(fake_traced("bus:setD1"));
    CHECK(fake_answer(BUS, POWER_DEVICE_IRP, STATUS_SUCCESS));
    CHECK(fake_answer(VOLUME, POWER_DEVICE_IRP, STATUS_SUCCESS));
}

TEST(without_a_slot_requests_and_news_wait)
{
    fake_start();
    fake_no_slot = true;
    (void)fake_ask(TASK, 1, DISK, POWER_SET, POWER_D3, false);
    CHECK_STR(fake_trace, "");
    fake_no_slot = false;
    fake_turn();
    CHECK_STR(fake_trace, "disk:setD4 ");
    fake_no_slot = true;
    CHECK(fake_answer(DISK, POWER_DEVICE_IRP, STATUS_SUCCESS));
    CHECK(!fake_traced("tell"));
    fake_no_slot = false;
    fake_turn();
    CHECK(fake_traced("tell9:1=00000000 "));
    fake_clear();
    fake_turn();
    CHECK_STR(fake_trace, ""); /* once */
}

TEST(who_holds_an_irp_too_long_is_condemned_and_then_given_up)
{
    fake_start();
    fake_time = 1000;
    (void)fake_ask(TASK, 1, DISK, POWER_SET, POWER_D3, false);
    CHECK_EQ(power_irp_clock(fake_time), 1000 + ASH_POWER_WATCHDOG_MS);
    fake_time += ASH_POWER_WATCHDOG_MS;
    ash_word again = power_irp_clock(fake_time);
    CHECK(fake_traced("condemn:diskD "));
    CHECK(again > fake_time);
    fake_time = again;
    CHECK_EQ(power_irp_clock(fake_time), 0);
    fake_turn();
    CHECK(fake_traced("cancel:disk tell9:1=c00000b5 "));
    CHECK(fake_answer(DISK, POWER_DEVICE_IRP, STATUS_SUCCESS)); /* too late: nobody's */
    (void)fake_ask(TASK, 2, DISK, POWER_SET, POWER_D0, false);
    CHECK_EQ(fake_out(DISK, POWER_DEVICE_IRP), 1);
}

TEST(the_holder_of_the_device_irp_is_blamed_for_the_system_irp)
{
    fake_start();
    fake_set[DISK] = LATER;
    CHECK_EQ(power_sleep(POWER_SYSTEM_SLEEPING3, 10), STATUS_SUCCESS);
    fake_turn();
    fake_time += 5000;
    (void)fake_ask(TASK, 1, DISK, POWER_SET, POWER_D3, false);
    fake_time += ASH_POWER_WATCHDOG_MS - 5000;
    (void)power_irp_clock(fake_time);
    CHECK(fake_traced("condemn:diskD "));
    CHECK(!fake_traced("condemn:diskS "));
    CHECK(fake_answer(DISK, POWER_DEVICE_IRP, STATUS_UNSUCCESSFUL)); /* it is dead */
    CHECK(fake_answer(DISK, POWER_SYSTEM_IRP, STATUS_UNSUCCESSFUL));
    fake_set[DISK] = STATUS_SUCCESS;
    fake_time += 10;
    fake_turn();
    CHECK(fake_traced("end=00000000"));
}

TEST(what_a_dead_task_asked_for_is_nobodys)
{
    fake_start();
    (void)fake_ask(TASK, 1, DISK, POWER_WAIT_WAKE, POWER_SYSTEM_SLEEPING3, false);
    (void)fake_ask(TASK, 2, DISK, POWER_SET, POWER_D3, false);
    (void)fake_ask(TASK, 3, DISK, POWER_SET, POWER_D0, false); /* waits */
    fake_clear();
    power_irp_task_gone(TASK);
    CHECK_STR(fake_trace, "cancel:disk ");
    CHECK(fake_answer(DISK, POWER_DEVICE_IRP, STATUS_SUCCESS));
    CHECK(!fake_traced("setD1"));
    power_irp_task_gone(0); /* the manager's own are not touched */
}

TEST(the_table_has_an_end)
{
    fake_start();
    ash_status status = STATUS_SUCCESS;
    unsigned count = 0;
    while (ash_success(status) && count < 1000) {
        status = fake_ask(TASK, ++count, DISK, POWER_SET, POWER_D3, false);
    }
    CHECK_EQ(status, STATUS_INSUFFICIENT_RESOURCES);
    CHECK_EQ(count, POWER_IRPS + 1);
}
