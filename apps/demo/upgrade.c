// SPDX-License-Identifier: MIT
/* The upgrade, asked for on a thread of its own: the stream goes on meanwhile. */
#include "ash/manager.h"
#include "ash/start.h"
#include "ash/thread.h"
#include "demo.h"
#include "pnp.h"
#include <stdatomic.h>
#include <stdio.h>

#define DRAIN_MS 2000u

static struct ash_pnp_restart_request request = {.drain_ms = DRAIN_MS};
static ash_status status;
static ash_word took;
static atomic_bool done;

static void upgrade(void *)
{
    struct ash_pnp_restart_reply reply;
    ash_word began = ash_time();
    status = ash_request(ASH_SLOT_PNP, ASH_PNP_RESTART, &request, sizeof(request), &reply,
                         sizeof(reply));
    took = ash_time() - began;
    atomic_store_explicit(&done, true, memory_order_release);
}

ash_status demo_upgrade_begin(const char *driver, const char *image)
{
    unsigned number;
    if (snprintf(request.name, sizeof(request.name), "%s", driver) >= (int)sizeof(request.name) ||
        snprintf(request.image, sizeof(request.image), "%s", image) >= (int)sizeof(request.image))
        return STATUS_INVALID_PARAMETER;
    return ash_thread_create(upgrade, nullptr, &(struct ash_thread_options){}, &number);
}

bool demo_upgrade_done(void)
{
    return atomic_load_explicit(&done, memory_order_acquire);
}

ash_status demo_upgrade_result(ash_word *ticks)
{
    *ticks = took;
    return status;
}
