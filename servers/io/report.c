// SPDX-License-Identifier: MIT
// What a dead driver still owed and what it did last, for its crash report: the ledger at the
// moment of its death.
#include "irp_name.h"
#include "manager.h"
#include <stdio.h>
#include <string.h>

#define LINES_MAX 12u
#define LAST_MAX  6u

static const char *major_name(unsigned major)
{
    const char *name = ash_irp_major_name(major);
    return name != nullptr ? name : "a request of the kit";
}

static void report_one(const struct io_link *link, unsigned slot, const struct ash_request *owed)
{
    char line[200], requester[32];
    const struct io_device *device = io_device_find(owed->device);
    ash_word now = port_time(), per_ms = port_milliseconds(1);
    ash_word age = now > owed->submitted ? now - owed->submitted : 0;
    port_task_name(link->requester, requester);
    snprintf(line, sizeof(line), "owed %s.%02x (0x%lx, 0x%lx) on %s to %s since %lu ms, slot %u",
             major_name(owed->major), owed->minor, (unsigned long)owed->parameter[0],
             (unsigned long)owed->parameter[1],
             device != nullptr && device->info.name[0] != '\0' ? device->info.name : "-", requester,
             (unsigned long)(per_ms != 0 ? age / per_ms : 0), slot);
    port_report(link->answerer, line);
}

/* What lies in the slots is what used them last: the newest of it, outside of the driver's reach.
 */
struct last {
    struct ash_request request;
    struct ash_answer answer;
    ash_word requester, answerer;
};
static struct last last[LAST_MAX];

static void keep_newest(const struct last *one)
{
    unsigned oldest = 0;
    for (unsigned i = 1; i < LAST_MAX; i++)
        if (last[i].request.submitted < last[oldest].request.submitted)
            oldest = i;
    if (one->request.submitted > last[oldest].request.submitted)
        last[oldest] = *one;
}

static void collect(const struct io_link *link)
{
    struct last one = {.requester = link->requester, .answerer = link->answerer};
    for (unsigned slot = 0; slot < link->ledger.slots; slot++)
        if (ash_ledger_answered(&link->ledger, slot, &one.request, &one.answer))
            keep_newest(&one);
}

static void report_answered(ash_word task, const struct last *one)
{
    char line[200], peer[32];
    bool sent = one->requester == task;
    const struct io_device *device = io_device_find(one->request.device);
    ash_word now = port_time(), per_ms = port_milliseconds(1);
    ash_word age = now > one->request.submitted ? now - one->request.submitted : 0;
    port_task_name(sent ? one->answerer : one->requester, peer);
    snprintf(line, sizeof(line), "%s %s.%02x (0x%lx, 0x%lx) on %s %s %s %lu ms ago, status 0x%08x",
             sent ? "sent" : "answered", major_name(one->request.major), one->request.minor,
             (unsigned long)one->request.parameter[0], (unsigned long)one->request.parameter[1],
             device != nullptr && device->info.name[0] != '\0' ? device->info.name : "-",
             sent ? "to" : "for", peer, (unsigned long)(per_ms != 0 ? age / per_ms : 0),
             (unsigned)one->answer.status);
    port_report(task, line);
}

static void report_last(ash_word task)
{
    memset(last, 0, sizeof(last));
    for (const struct io_link *link = io_link_first(); link != nullptr; link = link->next)
        if (link->answerer == task || link->requester == task)
            collect(link);
    for (unsigned i = 0; i < LAST_MAX; i++)
        if (last[i].request.submitted != 0)
            report_answered(task, &last[i]);
}

void io_report_owed(ash_word task, bool crashed)
{
    unsigned count = 0;
    char line[64];
    for (const struct io_link *link = io_link_first(); link != nullptr; link = link->next) {
        struct ash_request owed;
        for (unsigned slot = 0; link->answerer == task && slot < link->ledger.slots; slot++)
            if (ash_ledger_owed(&link->ledger, slot, &owed) && count++ < LINES_MAX)
                report_one(link, slot, &owed);
    }
    if (count > LINES_MAX) {
        snprintf(line, sizeof(line), "and %u more requests", count - LINES_MAX);
        port_report(task, line);
    }
    if (crashed || count != 0)
        report_last(task);
}
