// SPDX-License-Identifier: MIT
/*
 * Between main.c, request.c, port.c and blame.c. Bits of the task's Notification: 31 .. 0 doorbells
 * of links (link id modulo 32), 32 the timer.
 */
#ifndef POWER_MAIN_H
#define POWER_MAIN_H

#include "ash/server.h"
#include "io.h"

#define POWER_BIT_DOORBELLS ((ash_word)0xffffffff)
#define POWER_BIT_TIMER     ((ash_word)1 << 32)

void port_links_rang(void);
/* The stack that the device belongs to, top first; at least one entry. */
[[nodiscard]] ash_status port_stack(ash_word device, struct ash_io_stack_reply *stack);
/* What the I/O manager knows of a driver, by its id or (driver 0) its task. */
[[nodiscard]] bool port_driver(ash_word driver, ash_word task,
                               struct ash_io_driver_state_reply *state);

/* request.c */
extern const struct ash_operation request_operations[];
extern const unsigned request_operation_count;
/* After each request and signal: everything that can go on does, and the timer is set. */
void request_turn(void);

#endif
