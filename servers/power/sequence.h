// SPDX-License-Identifier: MIT
/*
 * System power transitions, one at a time, one stack after the other:
 *
 *   shutdown   flush, QUERY down, SET down, firmware
 *   sleep      QUERY down, SET down, asleep, SET up            down: children before parents
 *              QUERY refused: SET (working) up for those asked
 *
 * The list of stacks is that of the beginning. A driver that does not answer is condemned by irp.c
 * and the transition goes on with the next stack. A device that wakes the system while it still
 * goes to sleep wakes it as soon as it sleeps.
 */
#ifndef POWER_SEQUENCE_H
#define POWER_SEQUENCE_H

#include "port.h"

#define POWER_STACKS 192u

enum { POWER_SYSTEM_WORKING = 1, POWER_SYSTEM_SLEEPING1 = 2, POWER_SYSTEM_SLEEPING3 = 4 };
enum { POWER_SYSTEM_SHUTDOWN = 6 };
enum {
    POWER_ACTION_NONE = 0,
    POWER_ACTION_SLEEP = 2,
    POWER_ACTION_SHUTDOWN_RESET = 5,
    POWER_ACTION_SHUTDOWN_OFF = 6
};

/* STATUS_DEVICE_BUSY: a transition is under way. The end of a shutdown that the firmware refuses,
 * or of a sleep, is told by power_sequence_ended. */
[[nodiscard]] ash_status power_down(enum ash_power_action action, bool failure);
[[nodiscard]] ash_status power_sleep(ash_word state, ash_word wake_ms);

/* The transition has ended: STATUS_SUCCESS after a sleep. To be defined by the user of this file;
 * woken_by: "" when it was the time. */
void power_sequence_ended(ash_status status, ash_word asleep_ticks, const char *woken_by);

/* From irp.c: the IRP of the transition has its answer; a WAIT_WAKE has ended well; what can go on
 * goes on (true: something did). */
void power_sequence_answered(ash_status status);
void power_woken(ash_word device);
bool power_sequence_turn(void);

/* When power_sequence_turn should be called again at the latest; 0: not for the time's sake. */
ash_word power_sequence_clock(void);

struct power_totals {
    ash_word devices, transitions, state;
};
extern struct power_totals power_totals;

#endif
