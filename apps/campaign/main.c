// SPDX-License-Identifier: MIT
/* See campaign.h. Prints between the marks of exec mode, then powers the machine off. */
#include "ash/manager.h"
#include "ash/syscall.h"
#include "ash/task.h"
#include "campaign.h"
#include "pnp.h"
#include "power.h"
#include <stdio.h>

#define COVER_REQUESTS 400u
#define LOAD_CHUNK     32u /* answers between two looks at the clock */
#define DRAIN_MS       4000u

static int complain(const char *what, ash_status status)
{
    printf("campaign: %s: 0x%08x\n", what, (unsigned)status);
    return 1;
}

/* Where the requests of a healthy driver pass. */
static bool cover(const struct plan *plan)
{
    ash_word task = task_named(plan->target, 0);
    client_begin(1);
    ash_status status = cover_begin(task);
    if (!ash_success(status))
        return complain("the driver cannot be covered", status) == 0;
    if (client_run(COVER_REQUESTS) != CLIENT_FINE || client_drain(1000) != CLIENT_FINE)
        return false;
    cover_print();
    return client_verify() == CLIENT_FINE;
}

/* What the client gets done while its driver is ended again and again. */
static bool load(const struct plan *plan, unsigned milliseconds, unsigned period)
{
    ash_word began = ash_time(), killed = began;
    unsigned kills = 0, answered = 0;
    client_begin(1);
    while (microseconds_since(began) < milliseconds * 1000ul) {
        answered += LOAD_CHUNK;
        if (client_run(answered) != CLIENT_FINE)
            return false;
        if (period != 0 && microseconds_since(killed) >= period * 1000ul) {
            (void)ash_task_kill(task_named(plan->target, 0));
            killed = ash_time();
            kills++;
        }
    }
    ash_word took = microseconds_since(began);
    struct tally tally = client_tally();
    printf("{\"load\":%u,\"kills\":%u,\"answered\":%u,\"us\":%lu,\"errors\":%u,\"wrong\":%u}\n",
           period, kills, tally.answered, (unsigned long)took, tally.errors, tally.wrong);
    return client_drain(DRAIN_MS) == CLIENT_FINE && client_verify() == CLIENT_FINE;
}

static int trials(const struct plan *plan)
{
    struct trial trial;
    unsigned count = 0;
    while (plan_trial(&trial)) {
        if (!trial_run(plan, &trial))
            return 2;
        count++;
    }
    printf("{\"trials\":%u,\"witnessed\":%u}\n", count, witness_count());
    return 0;
}

static ash_status open_disks(const struct plan *plan)
{
    static char disk[32], witness[32];
    ash_status status = disk_of(plan->witness, witness);
    if (ash_success(status))
        status = witness_open(witness);
    if (ash_success(status))
        status = disk_of(plan->disk, disk);
    return ash_success(status) ? client_open(disk, plan) : status;
}

static int run(void)
{
    static struct plan plan;
    ash_status status = plan_load(&plan);
    if (!ash_success(status))
        return complain("no plan in the boot package", status);
    status = open_disks(&plan);
    if (!ash_success(status))
        return complain("the disks do not open", status);
    if (client_prepare() != CLIENT_FINE)
        return complain("the disk cannot be filled", client_tally().status);
    uint32_t first;
    if (plan_cover(&first, 1) != 0) /* the entry point: never reached again */
        return cover(&plan) ? 0 : complain("covering", client_tally().status);
    unsigned milliseconds, period;
    while (plan_load_next(&milliseconds, &period))
        if (!load(&plan, milliseconds, period))
            return complain("the load", client_tally().status);
    return trials(&plan);
}

int main(void)
{
    ash_status status = ash_request(ASH_SLOT_PNP, ASH_PNP_SETTLED, nullptr, 0, nullptr, 0);
    printf("\x1e"
           "ASHLAR-BEGIN\n");
    int result = ash_success(status) ? run() : complain("the devices do not settle", status);
    printf("\x1e"
           "ASHLAR-END %d\n",
           result);
    const struct ash_power_action_request off = {.action = ASH_POWER_OFF};
    (void)ash_request(ASH_SLOT_POWER, ASH_POWER_ACTION, &off, sizeof(off), nullptr, 0);
    return result;
}
