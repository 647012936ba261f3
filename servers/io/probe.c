// SPDX-License-Identifier: MIT
/*
 * Drivers whose dispatch thread does not answer (docs/restart-contract.md). A probe is a number in
 * the request area of the control link and a signal; the kit's dispatch thread writes the number
 * into the answer area when it comes by. A thread that two probes in a row have not reached in
 * their time is in a routine that does not end: an ISR, a DPC, a completion or timer routine.
 *
 * Only a driver that owes an answer is asked, when deadline.c looks, and by its clock.
 * Invariant: `probe_out` is 0, or the number that the driver has not answered since `probe_sent`.
 */
#include "manager.h"

#define MISSES 2u

static bool answered(const struct io_driver *driver)
{
    const struct ash_link_answers *answers = driver->control->ledger.answers;
    return atomic_load_explicit(&answers->probed, memory_order_acquire) == driver->probe_out;
}

static void ask(struct io_driver *driver, ash_word clock)
{
    struct ash_link_requests *requests = (struct ash_link_requests *)driver->ring.requests;
    driver->probe_number += 1 + (driver->probe_number == UINT32_MAX);
    driver->probe_out = driver->probe_number;
    driver->probe_sent = clock;
    atomic_store_explicit(&requests->probe, driver->probe_out, memory_order_release);
    port_signal(driver->probe_bell);
}

void io_probe_connect(struct io_driver *driver)
{
    port_drop(driver->probe_bell);
    driver->probe_bell = port_mint(driver->task->completions, (ash_word)1 << ASH_BIT_PROBE);
    driver->probe_out = driver->probes_missed = 0;
}

void io_probe(struct io_driver *driver, ash_word clock, bool owes)
{
    if (driver->probe == 0 || driver->control == nullptr || driver->broken)
        return;
    if (driver->probe_out == 0 || answered(driver)) {
        driver->probe_out = driver->probes_missed = 0;
        if (owes)
            ask(driver, clock);
        return;
    }
    if (clock - driver->probe_sent < driver->probe)
        return;
    driver->probes_missed++;
    if (driver->probes_missed < MISSES) {
        ask(driver, clock);
        return;
    }
    driver->broken = true; /* once */
    port_condemn_deaf(driver->task_id, MISSES * driver->probe / port_milliseconds(1));
}
