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

ash_word io_probe_time(const struct io_driver *driver)
{
    unsigned verified = io_verify_setting(driver->name, "probe=");
    unsigned otherwise = driver->keeps ? ASH_IO_PROBE_MS : 0;
    return port_milliseconds(verified != 0 ? verified : otherwise);
}

void io_probe_connect(struct io_driver *driver)
{
    port_drop(driver->probe_bell);
    driver->probe_bell = port_mint(driver->task->completions, (ash_word)1 << ASH_BIT_PROBE);
    driver->probe_out = driver->probes_missed = 0;
    driver->server_since = 0;
    driver->server_asked = false;
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
    port_condemn_deaf(driver->task_id, MISSES * driver->probe / port_milliseconds(1), true);
}

/* --- Who takes requests ----------------------------------------------------------------------- */

/* Answered, or its task has ended; not if it has only taken too long. */
static void server_answered(void *context, const struct io_control_answer *answer)
{
    struct io_driver *driver = io_driver_find((ash_word)context);
    if (answer->status != STATUS_IO_TIMEOUT)
        driver->server_asked = false;
}

/* A request that the driver has not taken for so long: either it takes none at all, or there is
 * none, whatever its requester says. The kit tells: it takes the probe as it takes requests. */
void io_probe_server(struct io_driver *driver, ash_word clock, ash_word limit)
{
    if (driver->server_asked) {
        driver->broken = clock - driver->server_since >= limit; /* once */
        if (driver->broken)
            port_condemn_deaf(driver->task_id, limit / port_milliseconds(1), false);
        return;
    }
    if (driver->server_since != 0 && clock - driver->server_since < limit)
        return; /* it has been asked lately */
    driver->server_asked = true;
    driver->server_since = clock;
    io_control_send(driver, &(struct io_control_request){.major = ASH_MJ_PROBE,
                                                         .done = server_answered,
                                                         .late = server_answered,
                                                         .context = (void *)driver->id});
}
