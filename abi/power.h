// SPDX-License-Identifier: MIT
/*
 * The power manager: system power states, their order, shutdown and reboot.
 *
 * Shutdown: volumes are flushed and every driver's SHUTDOWN IRP is sent (through the I/O manager),
 * then IRP_MN_QUERY_POWER and IRP_MN_SET_POWER for PowerSystemShutdown go through every stack,
 * children before parents, then SBI SRST. A stack that does not answer within a deadline is named
 * and skipped: shutdown always ends.
 */
#ifndef ABI_POWER_H
#define ABI_POWER_H

#include "task.h"

enum ash_power_op {
    ASH_POWER_ACTION = 1, /* action_request; no return if it succeeds */
    ASH_POWER_STATE = 2,  /* -> state_reply */
};
enum ash_power_action { ASH_POWER_OFF = 0, ASH_POWER_REBOOT = 1 };

struct ash_power_action_request {
    ash_word action, failure;
}; /* failure 1: tell the firmware so */
struct ash_power_state_reply {
    ash_word system_state, devices, transitions;
};

#endif
