// SPDX-License-Identifier: MIT
/* Drivers that are started again, several at once. */
#include "ash_test.h"
#include "devices.h"

/* The device's driver, which has died often, is held back when that of its bus dies, whose next
 * DriverEntry does not end. */
static void begin(void)
{
    with_restarts = true;
    start(1);
    with_restarts = false;
    for (unsigned deaths = 0; deaths < 3; deaths++) {
        machine_kill(FUNC);
        machine_pump();
    }
    machine_entry(BUS, STATUS_PENDING);
    machine_kill(BUS);
    machine_pump();
    machine_pass(100);
    machine_pump();
}

TEST(who_waits_for_the_driver_below_sets_no_alarm)
{
    begin();
    CHECK_EQ(device->step, PNP_STEP_RECOVER);
    CHECK(!machine_alarm_is_due());
}

TEST(and_goes_on_when_that_has_started)
{
    begin();
    machine_entry(BUS, STATUS_SUCCESS);
    machine_pump();
    CHECK_EQ(root->state, ASH_PNP_STARTED);
    CHECK_EQ(device->state, ASH_PNP_STARTED);
    CHECK(strstr(machine_trace, "[bus died and was started again") != nullptr);
    CHECK(strstr(machine_trace, "[func died and was started again") != nullptr);
    CHECK(pnp_settled());
}
