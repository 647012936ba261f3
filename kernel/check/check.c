// SPDX-License-Identifier: MIT
/*
 * When the checks of this folder run: every `interval` departures from the kernel, and when
 * ASH_FIRMWARE_CHECK asks.
 */
#include "check/check.h"
#include "check/checks.h"
#include "ipc/invoke.h"
#include "small.h"

#define INTERVAL 4096u

uint32_t check_pass;

static uint64_t interval = INTERVAL, departures;

INIT void check_boot(void)
{
    table_boot();
}

void check_everything(void)
{
    check_pass++;
    table_begin();
    slots_find();
    check_derivation();
    check_memory();
    check_queues();
    check_replies();
    check_schedules();
    check_timeouts();
    check_budgets();
    check_threads();
    check_spaces();
    check_kernel();
}

void check_leave(void)
{
    if (interval == 0 || ++departures % interval != 0)
        return;
    check_everything();
}

unsigned check_method(struct invocation *call, uint64_t method)
{
    (void)method;
    uint64_t what = invoke_word(call, 0), argument = invoke_word(call, 1);
    switch (what) {
    case ASH_CHECK_NOW:
        check_everything();
        break;
    case ASH_CHECK_INTERVAL:
        interval = argument;
        break;
    case ASH_CHECK_PROVOKE:
        return check_provoke(call, argument);
    default:
        return invoke_error(call, ASH_E_RANGE, 0, ASH_CHECK_PROVOKE);
    }
    invoke_reply(call, 0, check_pass);
    return ASH_OK;
}
