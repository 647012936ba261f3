// SPDX-License-Identifier: MIT
/* Who used how much time when; stops the test when a SchedContext used more than its budget in any
 * window as long as its period. */
#ifndef TESTS_KERNEL_USAGE_H
#define TESTS_KERNEL_USAGE_H

#include <stdint.h>

#define USAGE_SCHEDS 16u

void usage_reset(void);
/* Begins anew: what was used with another budget does not count. */
void usage_configured(unsigned sched, uint64_t budget, uint64_t period);
void usage_add(unsigned sched, uint64_t start, uint64_t end);

#endif
