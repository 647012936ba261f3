// SPDX-License-Identifier: MIT
// The end: shutdown, reboot.
#include "power.h"
#include "ash/manager.h"
#include "shell.h"

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

void shell_power(ash_word action)
{
    (void)act("power", action);
}

const struct command shell_power_commands[] = {
    {"shutdown", 0, 0, "", "flushes volumes, powers every device down, then the machine", shutdown},
    {"reboot", 0, 0, "", "the same, and starts the machine again", reboot},
    {},
};
