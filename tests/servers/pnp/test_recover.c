// SPDX-License-Identifier: MIT
/* Drivers that are started again, several at once. */
#include "ash_test.h"
#include "devices.h"
#include <stdio.h>
#include <string.h>

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

static struct pnp_match match; /* of a device whose INF says so */

static void match_with_limit(const char *value)
{
    char more[160];
    snprintf(more, sizeof(more),
             "[Install.NTriscv64.HW]\nAddReg=F\n[F]\nHKR,,\"RestartLimit\",0x00010001,%s\n", value);
    start(0);
    add_inf("drivers/own/own.inf", "own", "TEST\\Own", more);
    machine_trace[0] = '\0';
    CHECK(pnp_database_match("TEST\\Own\0", "\0", &match));
}

TEST(a_damaged_limit_is_named_and_left_out)
{
    match_with_limit("7");
    CHECK_EQ(match.restart_limit, 7);
    CHECK(strstr(machine_trace, "own.inf") == nullptr);
    match_with_limit("many");
    CHECK_EQ(match.restart_limit, 0);
    CHECK(strstr(machine_trace, "[drivers/own/own.inf:") != nullptr);
}
