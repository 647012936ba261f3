// SPDX-License-Identifier: MIT
/* A machine for the power manager's tests: stacks that answer at once with a chosen status, or when
 * the test says so; everything leaves a trace. */
#ifndef FAKE_PORT_H
#define FAKE_PORT_H

#include "sequence.h"

enum { VOLUME = 1, DISK = 2, BUS = 3, STACKS = 3 };

#define LATER STATUS_PENDING /* as an answer: the test gives it */

/* By stack and minor code (QUERY, SET); LATER by default for what drivers asked. */
extern ash_status fake_query[STACKS + 1], fake_set[STACKS + 1], fake_flush;
extern ash_word fake_time;
extern bool fake_no_slot;
extern char fake_trace[4096];

void fake_start(void);
/* Answers the oldest IRP that is out to the stack, of this kind; false: there is none. */
bool fake_answer(ash_word device, enum power_kind kind, ash_status status);
unsigned fake_out(ash_word device, enum power_kind kind);
/* Everything that can go on does. */
void fake_turn(void);
/* A request of a driver. */
ash_status fake_ask(ash_word task, ash_word number, ash_word device, uint8_t minor, ash_word state,
                    bool inrush);
bool fake_traced(const char *text);
void fake_clear(void);

#endif
