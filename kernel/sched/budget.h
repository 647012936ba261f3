// SPDX-License-Identifier: MIT
/* Refills of a SchedContext. Invariant: the amounts add up to the budget; times do not decrease. */
#ifndef KERNEL_SCHED_BUDGET_H
#define KERNEL_SCHED_BUDGET_H

#include "object/ipc_objects.h"

void budget_start(struct sched_context *sched, uint64_t now);
/* Can it run at `now`? */
bool budget_usable(const struct sched_context *sched, uint64_t now);
/* Ticks it may run on from now without a new decision. */
uint64_t budget_left(const struct sched_context *sched);
/* When it can run again. */
uint64_t budget_next(const struct sched_context *sched);
/* Books `used` ticks; true when the current refill is used up. */
bool budget_charge(struct sched_context *sched, uint64_t used);
/* It begins to run after a rest: unused time does not pile up. */
void budget_unblock(struct sched_context *sched, uint64_t now);

#endif
