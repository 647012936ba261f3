// SPDX-License-Identifier: MIT
// The end: shutdown, reboot; and sleep.
#include "power.h"
#include "ash/manager.h"
#include "shell.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SLEEPING(n) ((ash_word)(n) + 1) /* PowerSystemSleeping1 to 3 */

static int act(const char *name, ash_word action)
{
    const struct ash_power_action_request request = {.action = action};
    console_flush();
    return shell_fail(
        name, ash_request(ASH_SLOT_POWER, ASH_POWER_ACTION, &request, sizeof(request), nullptr, 0));
}

static int shutdown(int, char **)
{
    return act("shutdown", ASH_POWER_OFF);
}

static int reboot(int, char **)
{
    return act("reboot", ASH_POWER_REBOOT);
}

static int show_state(void)
{
    static const char *const names[] = {"?", "S0", "S1", "S2", "S3", "S4", "S5"};
    struct ash_power_state_reply state;
    ash_status status =
        ash_request(ASH_SLOT_POWER, ASH_POWER_STATE, nullptr, 0, &state, sizeof(state));
    if (!ash_success(status))
        return shell_fail("power", status);
    printf("system %s, %lu transitions, %lu stacks in the last; %lu power IRPs for drivers; "
           "%lu drivers want the system to work on\n",
           names[state.system_state < 7 ? state.system_state : 0], state.transitions, state.devices,
           state.requests, state.busy);
    return 0;
}

/* "3", "s3" */
static bool parse_state(const char *word, ash_word *state)
{
    word += *word == 's' || *word == 'S';
    if (word[0] < '1' || word[0] > '3' || word[1] != '\0')
        return false;
    *state = SLEEPING(word[0] - '0');
    return true;
}

static int explain(void)
{
    printf("power: power sleep [s1|s2|s3] [SECONDS] [polite]\n");
    return 1;
}

static int sleep_now(int count, char **words)
{
    struct ash_power_sleep_request request = {.state = SLEEPING(3)};
    struct ash_power_sleep_reply reply;
    for (int i = 0; i < count; i++) {
        char *end;
        double seconds = strtod(words[i], &end);
        if (strcmp(words[i], "polite") == 0)
            request.polite = 1;
        else if (*end == '\0' && seconds > 0 && seconds < 1e6)
            request.wake_ms = (ash_word)(seconds * 1000);
        else if (!parse_state(words[i], &request.state))
            return explain();
    }
    console_drain(); /* the terminal sleeps, too */
    ash_status status = ash_request(ASH_SLOT_POWER, ASH_POWER_SLEEP, &request, sizeof(request),
                                    &reply, sizeof(reply));
    if (!ash_success(status))
        return shell_fail("power sleep", status);
    printf("slept %lu.%03lu s, woken by %s\n", reply.asleep_us / 1000000,
           reply.asleep_us / 1000 % 1000, reply.woken_by[0] != '\0' ? reply.woken_by : "the timer");
    return 0;
}

static int power(int argc, char **argv)
{
    if (argc < 2)
        return show_state();
    return strcmp(argv[1], "sleep") == 0 ? sleep_now(argc - 2, argv + 2) : explain();
}

void shell_power(ash_word action)
{
    (void)act("power", action);
}

const struct command shell_power_commands[] = {
    {"shutdown", 0, 0, "", "flushes volumes, powers every device down, then the machine", shutdown},
    {"reboot", 0, 0, "", "the same, and starts the machine again", reboot},
    {"power", 0, 4, "[sleep [s1|s2|s3] [SECONDS] [polite]]",
     "power state; sleep until the time is over or a device wakes the system", power},
    {},
};
