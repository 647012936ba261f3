// SPDX-License-Identifier: MIT
/* The thread that kills. It looks the driver up each time: the next task has another number. */
#include "ash/start.h"
#include "ash/task.h"
#include "ash/thread.h"
#include "demo.h"
#include <stdatomic.h>

#define EVERY_US 1000000u

static const char *victim;
static _Atomic unsigned deaths;
static _Atomic ash_status refused; /* a kill that may not be */
static struct ash_mutex alive;     /* held while a kill is under way; `ended` changes under it */
static bool ended;

static void kill_once(void)
{
    ash_word task;
    ash_mutex_lock(&alive);
    if (!ended && ash_success(ash_task_find(victim, &task))) {
        ash_status status = ash_task_kill(task);
        if (ash_success(status))
            atomic_fetch_add(&deaths, 1);
        else if (status == STATUS_ACCESS_DENIED)
            atomic_store(&refused, status);
    }
    ash_mutex_unlock(&alive);
}

static void kills(void *)
{
    for (ash_word at = ash_time();; at += ash_ticks(EVERY_US)) {
        ash_sleep_until(at);
        kill_once();
    }
}

ash_status demo_kills_begin(const char *driver)
{
    unsigned number;
    victim = driver;
    return ash_thread_create(kills, nullptr, &(struct ash_thread_options){}, &number);
}

bool demo_kills_refused(void)
{
    return atomic_load(&refused) != STATUS_SUCCESS;
}

unsigned demo_kills(void)
{
    return atomic_load(&deaths);
}

void demo_kills_end(void)
{
    ash_mutex_lock(&alive);
    ended = true;
    ash_mutex_unlock(&alive);
}
