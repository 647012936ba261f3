// SPDX-License-Identifier: MIT
/* See sequence.h. */
#include "sequence.h"
#include <string.h>

enum phase { IDLE, QUERY, SET, ASLEEP, UP };

struct power_totals power_totals = {.state = POWER_SYSTEM_WORKING};

static struct power_device stacks[POWER_STACKS];
static unsigned stack_count;
static struct {
    enum phase phase;
    ash_word state, kind; /* SYSTEM_POWER_STATE, POWER_ACTION */
    bool failure;
    unsigned at;  /* the stack whose turn it is */
    bool waiting; /* its IRP is out */
    bool woken;
    ash_word wake_ms, asleep_at, wake_at; /* wake_at 0: by a device only */
    ash_word asleep_for;
    ash_status result;
    char woken_by[POWER_NAME];
} now;

static bool is_sleep(void)
{
    return now.state != POWER_SYSTEM_SHUTDOWN;
}

static const char *describe(void)
{
    return now.phase == QUERY ? "QUERY_POWER" : "SET_POWER";
}

static void begin(ash_word state, ash_word kind)
{
    memset(&now, 0, sizeof(now));
    now.state = state;
    now.kind = kind;
    now.phase = QUERY;
    power_totals.devices = 0;
    for (stack_count = 0; stack_count < POWER_STACKS; stack_count++)
        if (!port_device(stack_count, &stacks[stack_count]))
            break;
}

ash_status power_down(enum ash_power_action action, bool failure)
{
    if (action != ASH_POWER_OFF && action != ASH_POWER_REBOOT)
        return STATUS_INVALID_PARAMETER;
    if (now.phase != IDLE)
        return STATUS_DEVICE_BUSY;
    ash_status status = port_flush();
    if (!ash_success(status))
        port_log("not every volume could be flushed: 0x%08x", (unsigned)status);
    begin(POWER_SYSTEM_SHUTDOWN,
          action == ASH_POWER_REBOOT ? POWER_ACTION_SHUTDOWN_RESET : POWER_ACTION_SHUTDOWN_OFF);
    now.failure = failure;
    return STATUS_SUCCESS;
}

ash_status power_sleep(ash_word state, ash_word wake_ms)
{
    if (state < POWER_SYSTEM_SLEEPING1 || state > POWER_SYSTEM_SLEEPING3)
        return STATUS_INVALID_PARAMETER;
    if (now.phase != IDLE)
        return STATUS_DEVICE_BUSY;
    begin(state, POWER_ACTION_SLEEP);
    now.wake_ms = wake_ms;
    return STATUS_SUCCESS;
}

/* A driver that does not handle the IRP leaves STATUS_NOT_SUPPORTED: no complaint. */
static bool is_fine(ash_status status)
{
    return ash_success(status) || status == STATUS_NOT_SUPPORTED;
}

static void complain(ash_status status)
{
    const char *name = stacks[now.at].name;
    if (status == STATUS_IO_TIMEOUT || status == STATUS_TIMEOUT)
        port_log("%s does not answer %s: skipped", name, describe());
    else
        port_log("%s answers %s with 0x%08x", name, describe(), (unsigned)status);
}

/* The way up begins with the stack at `last`. */
static void go_up(ash_status result, unsigned last)
{
    now.result = result;
    now.phase = UP;
    now.at = last;
    now.kind = POWER_ACTION_NONE;
}

void power_sequence_answered(ash_status status)
{
    if (!now.waiting)
        return;
    now.waiting = false;
    power_totals.devices += now.phase == SET;
    if (!is_fine(status))
        complain(status);
    if (now.phase == QUERY && is_sleep() && !is_fine(status)) {
        go_up(status, now.at);
        return;
    }
    if (now.phase == UP)
        now.at--; /* from 0 to beyond stack_count: the end */
    else
        now.at++;
}

static void ask(void)
{
    bool up = now.phase == UP;
    const struct power_irp irp = {
        .kind = POWER_SYSTEM_IRP,
        .minor = now.phase == QUERY ? POWER_QUERY : POWER_SET,
        .device = stacks[now.at].device,
        .parameter = {POWER_TYPE_SYSTEM, up ? POWER_SYSTEM_WORKING : now.state, now.kind, 0},
    };
    now.waiting = true;
    ash_status status = power_irp_ask(&irp);
    if (!ash_success(status))
        power_sequence_answered(status);
}

static void finish(ash_status status)
{
    now.phase = IDLE;
    power_totals.state = POWER_SYSTEM_WORKING;
    power_totals.transitions++;
    power_sequence_ended(status, now.asleep_for, now.woken_by);
}

static void power_off(void)
{
    bool reboot = now.kind == POWER_ACTION_SHUTDOWN_RESET;
    power_totals.transitions++;
    port_reset(reboot, now.failure);
    port_log("the firmware refuses to %s", reboot ? "reboot" : "power off");
    go_up(STATUS_NOT_SUPPORTED, stack_count - 1);
}

static void fall_asleep(void)
{
    now.phase = ASLEEP;
    now.asleep_at = port_now();
    now.wake_at = now.wake_ms != 0 ? now.asleep_at + port_ticks(now.wake_ms) : 0;
    power_totals.state = now.state;
    if (now.wake_at == 0 && !now.woken && !power_irp_can_wake())
        go_up(STATUS_NOT_SUPPORTED, stack_count - 1); /* nothing could ever wake it */
}

static void wake_up(void)
{
    now.asleep_for = port_now() - now.asleep_at;
    go_up(STATUS_SUCCESS, stack_count - 1);
}

/* All stacks have been asked. */
static void next_phase(void)
{
    now.at = 0;
    if (now.phase == QUERY)
        now.phase = SET;
    else if (now.phase == UP)
        finish(now.result);
    else if (is_sleep())
        fall_asleep();
    else
        power_off();
}

bool power_sequence_turn(void)
{
    if (now.phase == IDLE || now.waiting)
        return false;
    if (now.phase == ASLEEP) {
        if (!now.woken && (now.wake_at == 0 || port_now() < now.wake_at))
            return false;
        wake_up();
    } else if (now.at < stack_count) {
        ask();
    } else {
        next_phase();
    }
    return true;
}

void power_woken(ash_word device)
{
    if ((now.phase != SET && now.phase != ASLEEP) || now.woken || !is_sleep())
        return;
    now.woken = true;
    for (unsigned i = 0; i < stack_count; i++)
        if (stacks[i].device == device)
            memcpy(now.woken_by, stacks[i].name, sizeof(now.woken_by));
}

ash_word power_sequence_clock(void)
{
    return now.phase == ASLEEP ? now.wake_at : 0;
}
