// SPDX-License-Identifier: MIT
/*
 * Time limits of what drivers owe (docs/restart-contract.md): of drivers that are started again the
 * limit of their class, for requests that may be done twice; of those that are verified with
 * "deadline=MILLISECONDS" that one, for every request. A driver that owes an answer for longer is
 * ended. What waits for a driver below is that driver's to answer for: while one below owes an
 * answer, asked for before the limit was over, the driver above is spared.
 *
 * Nothing that a requester writes is taken for time: it counts from the look at which the request
 * was first seen, in a clock that advances by at most two intervals from one look to the next, so a
 * machine that stood still has not used it up. Nor for a debt: a request counts from when the
 * answerer says that it has taken it.
 *
 * Invariant: unless `on_duty`, no request with a limit is owed, or its requester has found the link
 * `unwatched` when it submitted it and asks for a look (ASH_IO_OWED). So idle means no alarm.
 */
#include "manager.h"
#include <stdlib.h>

#define LOOKS       4u /* in a limit */
#define PROBE_LOOKS 2u
#define FLUSH_MORE  4u /* a flush may take so many limits */

struct io_watch {
    uint64_t sequence; /* of the request that was seen last in the slot ... */
    ash_word since;    /* ... first then, in the clock below */
};

static bool on_duty = true;
/* Ticks. `clock` was `before` at the look before; it begins late enough to be calculated with. */
static ash_word clock = (ash_word)1 << 62, before = (ash_word)1 << 62, looked, interval;

static bool has_limit(const struct io_driver *driver)
{
    return driver != nullptr && driver->task != nullptr && !driver->kept && !driver->broken &&
           (driver->deadline != 0 || driver->limit != 0 || driver->probe != 0);
}

/* What this manager asks for somebody who opens a device; it is asked of the next task again. */
static bool opens(const struct ash_request *request)
{
    return request->major == IO_MJ_CREATE || request->major == ASH_MJ_LINK_ADDED;
}

/* It is answered when something arrives at the machine. */
static bool waits_for_world(const struct ash_request *request)
{
    const struct io_device *device = io_device_find(request->device);
    return request->major == IO_MJ_READ && device != nullptr &&
           device->info.device_type == IO_FILE_DEVICE_SERIAL_PORT;
}

/* 0: none. */
static ash_word limit_of(const struct io_driver *driver, const struct io_link *link,
                         const struct ash_request *request)
{
    if (driver->deadline != 0)
        return driver->deadline;
    if (link->kind == ASH_LINK_CONTROL)
        return opens(request) ? driver->limit : 0;
    if (!io_link_carries_data(link) || !io_recover_repeats(driver, request) ||
        waits_for_world(request))
        return 0;
    return request->major == IO_MJ_FLUSH_BUFFERS ? driver->limit * FLUSH_MORE : driver->limit;
}

static ash_word shorter(ash_word one, ash_word other)
{
    return one == 0 || (other != 0 && other < one) ? other : one;
}

/* So often that each limit, and each time to answer a probe, is a few looks. */
static ash_word shortest_interval(void)
{
    ash_word shortest = 0;
    const struct io_driver *driver;
    for (unsigned i = 0; (driver = io_driver_at(i)) != nullptr; i++) {
        if (!has_limit(driver))
            continue;
        shortest =
            shorter(shortest, (driver->deadline != 0 ? driver->deadline : driver->limit) / LOOKS);
        shortest = shorter(shortest, driver->probe / PROBE_LOOKS);
    }
    return shortest;
}

ash_word io_deadline_next(void)
{
    ash_word shortest = on_duty ? shortest_interval() : 0;
    if (shortest == 0)
        return 0;
    interval = shortest + 1;
    if (looked == 0)
        looked = port_time();
    return looked + interval;
}

static void tell_links(bool unwatched)
{
    for (const struct io_link *link = io_link_first(); link != nullptr; link = link->next)
        atomic_store_explicit(&link->ledger.answers->unwatched,
                              unwatched && has_limit(io_driver_of(link->answerer)),
                              memory_order_relaxed);
    atomic_thread_fence(memory_order_seq_cst);
}

void io_deadline_watch(void)
{
    if (on_duty)
        return;
    on_duty = true;
    looked = port_time();
    tell_links(false);
}

bool io_deadline_watching(void)
{
    return on_duty;
}

/* ASH_IO_OWED */
void io_deadline_owed(const struct io_call *call)
{
    io_deadline_watch();
    io_control_alarm();
    io_fail(call, STATUS_SUCCESS);
}

static ash_word later(ash_word one, ash_word other)
{
    return one > other ? one : other;
}

/* Since when, at most, the request has been there. This manager believes its own requests. */
static ash_word first_seen(struct io_link *link, unsigned slot, const struct ash_request *request)
{
    struct io_watch *watch = &link->watch[slot];
    if (watch->sequence == request->sequence && watch->since != 0)
        return watch->since;
    watch->sequence = request->sequence;
    watch->since = clock;
    if (link->kind == ASH_LINK_CONTROL)
        watch->since = later(before, clock - (port_time() - request->submitted));
    return watch->since;
}

static bool owed(struct io_link *link, unsigned slot, struct ash_request *request, ash_word *since)
{
    if (!ash_ledger_owed(&link->ledger, slot, request))
        return false;
    *since = link->watch != nullptr ? first_seen(link, slot, request) : clock;
    return true;
}

static bool prepare(struct io_link *link)
{
    if (link->watch == nullptr)
        link->watch = calloc(link->ledger.slots, sizeof(*link->watch));
    return link->watch != nullptr;
}

/* Somebody below owes the task an answer that was asked for by then, or comes back to life. */
static bool waits_below(ash_word task, ash_word until)
{
    for (struct io_link *link = io_link_first(); link != nullptr; link = link->next) {
        struct ash_request request;
        ash_word since;
        if (link->requester != task || !prepare(link))
            continue;
        for (unsigned slot = 0; slot < link->ledger.slots; slot++)
            if (owed(link, slot, &request, &since) && (link->parked || since <= until))
                return true;
    }
    return false;
}

/* The last time that the driver, or one that it sends requests to, was started again. */
static ash_word begins_anew(const struct io_driver *driver)
{
    ash_word last = driver->resumed_at;
    for (const struct io_link *link = io_link_first(); link != nullptr; link = link->next) {
        const struct io_driver *below =
            link->requester == driver->task_id ? io_driver_of(link->answerer) : nullptr;
        if (below != nullptr && below->resumed_at > last)
            last = below->resumed_at;
    }
    return last;
}

void io_deadline_resumed(struct io_driver *driver)
{
    driver->resumed_at = clock;
}

/* True if a request with a limit is owed. */
static bool look_at_slot(struct io_driver *driver, struct io_link *link, unsigned slot)
{
    struct ash_request request;
    ash_word since;
    if (!owed(link, slot, &request, &since))
        return false;
    ash_word limit = limit_of(driver, link, &request);
    if (limit == 0)
        return false;
    if (clock - since < limit || clock - later(since, begins_anew(driver)) < limit ||
        waits_below(driver->task_id, later(since, begins_anew(driver)) + limit))
        return true;
    if (!ash_ledger_taken(&link->ledger, slot)) {
        io_probe_server(driver, clock, limit);
        return !driver->broken;
    }
    driver->broken = true; /* once */
    port_condemn(driver->task_id, &request, (clock - since) / port_milliseconds(1),
                 limit / port_milliseconds(1));
    return false;
}

/* What drivers with a limit wait for is seen when it comes, too. */
static void look_below(struct io_link *link)
{
    struct ash_request request;
    ash_word since;
    if (!has_limit(io_driver_of(link->requester)) || !prepare(link))
        return;
    for (unsigned slot = 0; slot < link->ledger.slots; slot++)
        (void)owed(link, slot, &request, &since);
}

static bool look(void)
{
    bool any = false;
    for (struct io_link *link = io_link_first(); link != nullptr; link = link->next)
        look_below(link);
    for (struct io_link *link = io_link_first(); link != nullptr; link = link->next) {
        struct io_driver *driver = io_driver_of(link->answerer);
        if (!has_limit(driver) || !prepare(link))
            continue;
        for (unsigned slot = 0; slot < link->ledger.slots && !driver->broken; slot++)
            any |= look_at_slot(driver, link, slot);
    }
    return any;
}

/* Is an answer owed that somebody waits for? Of one that is verified any counts. */
static bool owes(const struct io_driver *driver)
{
    struct ash_request request;
    for (const struct io_link *link = io_link_first(); link != nullptr; link = link->next) {
        if (link->answerer != driver->task_id || link->ended != 0 || !io_link_carries_data(link))
            continue;
        for (unsigned slot = 0; slot < link->ledger.slots; slot++)
            if (ash_ledger_owed(&link->ledger, slot, &request) &&
                (!driver->keeps || waits_for_world(&request) ||
                 limit_of(driver, link, &request) != 0))
                return true;
    }
    return false;
}

/* True if an answer to a probe is awaited. */
static bool probe_all(void)
{
    bool any = false;
    struct io_driver *driver;
    for (unsigned i = 0; (driver = io_driver_at(i)) != nullptr; i++) {
        if (!has_limit(driver))
            continue;
        io_probe(driver, clock, owes(driver));
        any |= driver->probe_out != 0;
    }
    return any;
}

/* What was submitted before a link was marked is seen by the second look. */
void io_deadline_expire(void)
{
    ash_word now = port_time(), passed = now - looked;
    if (!on_duty || looked == 0 || passed < interval)
        return;
    before = clock;
    clock += passed < 2 * interval ? passed : 2 * interval;
    looked = now;
    bool probes = probe_all();
    if (look() || probes)
        return;
    tell_links(true);
    if (look())
        tell_links(false);
    else
        on_duty = false;
}
