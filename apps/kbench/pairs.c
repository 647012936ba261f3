// SPDX-License-Identifier: MIT
/*
 * Throughput by the clock, on as many harts as there are: a client and a passive server on each
 * hart, in two address spaces, that share nothing with those of other harts; and, for comparison, a
 * loop on each that never enters the kernel: by how much that one grows is what the machine gives.
 */
#include "kbench.h"

#include <stdio.h>

#define INTERVAL_US 200000u
#define INTERVALS   5u

static ash_word sum(const struct remote *remote)
{
    ash_word total = 0;
    for (unsigned hart = 0; hart < boot->harts; hart++)
        total += remote[hart].notes->reached;
    return total;
}

/* Prints the median of the turns a second in each interval. */
static void report_rate(const char *name, const struct remote *remote)
{
    ash_word rates[INTERVALS];
    for (unsigned i = 0; i < INTERVALS; i++) {
        ash_word count = sum(remote), time = ash_time();
        sleep_ticks(ash_ticks(INTERVAL_US));
        count = sum(remote) - count;
        rates[i] = count * boot->timebase / (ash_time() - time);
    }
    printf("{\"name\":\"%s.harts%lu\",\"value\":%lu,\"unit\":\"1/s\"}\n", name,
           (unsigned long)boot->harts, (unsigned long)median(rates, INTERVALS));
}

static void stop_all(const struct remote *remote)
{
    for (unsigned hart = 0; hart < boot->harts; hart++)
        remote_stop(&remote[hart]);
}

static void measure_calls(void)
{
    struct remote server[ASH_MAX_HARTS], client[ASH_MAX_HARTS];
    for (unsigned hart = 0; hart < boot->harts; hart++) {
        ash_cptr endpoint = make(ASH_OBJ_ENDPOINT, 0);
        const struct remote_start serve = {.entry = remote_server,
                                           .priority = PRIORITY - 1,
                                           .hart = hart,
                                           .passive = true,
                                           .a1 = endpoint,
                                           .a2 = make(ASH_OBJ_REPLY, 0)};
        const struct remote_start call = {.entry = remote_caller,
                                          .priority = PRIORITY - 1,
                                          .hart = hart,
                                          .here = true,
                                          .a1 = endpoint};
        server[hart] = remote_run(&serve);
        client[hart] = remote_run(&call);
    }
    report_rate("ipc.pairs", client);
    stop_all(client);
    stop_all(server);
}

static void measure_loops(void)
{
    struct remote counter[ASH_MAX_HARTS];
    for (unsigned hart = 0; hart < boot->harts; hart++) {
        const struct remote_start start = {
            .entry = remote_counter, .priority = PRIORITY - 1, .hart = hart};
        counter[hart] = remote_run(&start);
    }
    report_rate("user.loops", counter);
    stop_all(counter);
}

void measure_pairs(void)
{
    measure_loops();
    measure_calls();
}
