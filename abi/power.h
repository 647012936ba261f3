// SPDX-License-Identifier: MIT
/*
 * The power manager: system power states, their order, shutdown, reboot and sleep, and the power
 * IRPs that drivers ask for.
 *
 * Going down (sleep, shutdown): IRP_MN_QUERY_POWER and then IRP_MN_SET_POWER go through every
 * started stack, children before parents; coming back IRP_MN_SET_POWER for PowerSystemWorking,
 * parents before children. A sleep that a driver refuses is called off: those that were asked get
 * SET_POWER for PowerSystemWorking. A shutdown flushes volumes and sends every SHUTDOWN IRP first
 * (through the I/O manager), cannot be refused, and ends with SBI SRST.
 *
 * A stack has one system and one device IRP at a time (WAIT_WAKE beside them); in the whole system
 * one stack with DO_POWER_INRUSH at a time is powered up. A driver that holds a power IRP longer
 * than ASH_POWER_WATCHDOG_MS is ended with DRIVER_POWER_STATE_FAILURE, so every transition ends.
 */
#ifndef ABI_POWER_H
#define ABI_POWER_H

#include "task.h"

/* Windows gives a driver ten minutes; here a minute is a second. */
#define ASH_POWER_WATCHDOG_MS 10000u

enum ash_power_op {
    /* Applications. STATUS_ACCESS_DENIED for drivers. */
    ASH_POWER_ACTION = 1, /* action_request; no return if it succeeds */
    ASH_POWER_STATE = 2,  /* -> state_reply; any client */
    ASH_POWER_SLEEP = 3,  /* sleep_request -> sleep_reply, when the system works again */

    /* Drivers. `device` is one of a stack in which the caller has a device
     * (STATUS_ACCESS_DENIED). */
    ASH_POWER_REQUEST = 16,  /* request_request: an IRP for the top of the stack. Returns at once;
                                its end is told by ASH_MJ_POWER_DONE */
    ASH_POWER_CANCEL = 17,   /* cancel_request: of one's own; STATUS_NOT_FOUND: it has ended */
    ASH_POWER_BUSY = 18,     /* busy_request: the EXECUTION_STATE that this driver wants; 0 none */
    ASH_POWER_REMAINING = 19 /* device_request -> remaining_reply; STATUS_NOT_FOUND: no IRP that is
                                watched */
};
enum ash_power_action { ASH_POWER_OFF = 0, ASH_POWER_REBOOT = 1 };

struct ash_power_action_request {
    ash_word action, failure;
}; /* failure 1: tell the firmware so */
struct ash_power_state_reply {
    ash_word system_state, devices, transitions; /* SYSTEM_POWER_STATE */
    ash_word requests, inrush;                   /* IRPs for drivers so far; now out */
    ash_word busy;                               /* drivers that want the system to work on */
};

/* state: PowerSystemSleeping1 to 3 (2 to 4). wake_ms: wake by itself after so long; 0: only a
 * device that has a WAIT_WAKE pending wakes it (STATUS_NOT_SUPPORTED when there is none by then).
 * polite 1: STATUS_DEVICE_BUSY while a driver wants the system to work on. */
struct ash_power_sleep_request {
    ash_word state, wake_ms, polite;
};
struct ash_power_sleep_reply {
    ash_word asleep_us;
    char woken_by[96]; /* instance path of the device; empty: the time was over */
};

/* number: the caller's, not 0; comes back with ASH_MJ_POWER_DONE. state: DEVICE_POWER_STATE, for
 * WAIT_WAKE SYSTEM_POWER_STATE. minor: IRP_MN_SET_POWER, QUERY_POWER or WAIT_WAKE. */
struct ash_power_request_request {
    ash_word device, minor, state, number;
};
struct ash_power_cancel_request {
    ash_word number;
};
struct ash_power_busy_request {
    ash_word flags;
};
struct ash_power_device_request {
    ash_word device;
};
struct ash_power_remaining_reply {
    ash_word milliseconds;
};

#endif
