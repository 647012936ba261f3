// SPDX-License-Identifier: MIT
/* SchedContext and SchedControl: who may use how much processor time, and where. */
#include "ipc/invoke.h"
#include "object/ipc_objects.h"
#include "sched/preempt.h"
#include "sched/sched.h"
#include "small.h"

void sched_context_give(struct sched_context *sched, struct thread *thread)
{
    struct thread *old = sched->thread;
    if (old) {
        thread_stall(old);
        if (thread_running_on(old)) {
            if (!thread) /* another one goes on with it: booked when that is chosen */
                sched_charge(this_hart); /* may queue it: before it is taken out of all queues */
            this_hart->reschedule = true;
        }
        sched_dequeue(old);
        old->sched = nullptr;
        thread_inherit(old, 0);
    }
    timeout_remove(&sched->release);
    sched->thread = thread;
    if (!thread)
        return;
    thread->sched = sched;
    if (thread->state == ASH_THREAD_RUNNING && !thread_running_on(thread))
        sched_enqueue(thread);
}

SMALL

static unsigned bind(struct sched_context *sched, struct invocation *call)
{
    struct slot *source = invoke_cap_of(call, 0, ASH_OBJ_THREAD);
    if (!source)
        return ASH_E_SOURCE;
    struct thread *thread = thread_from(source->cap.object);
    if (sched->thread || thread->sched || sched->top)
        return ASH_E_BUSY;
    if (!sched->hart)
        return ASH_E_NOT_BOUND;
    sched_context_give(sched, thread);
    if (thread->bound)
        notification_deliver(thread->bound);
    return ASH_OK;
}

static unsigned invoke(struct slot *slot, uint64_t method, struct invocation *call)
{
    struct sched_context *sched = (struct sched_context *)slot->cap.object;
    switch (method) {
    case ASH_SCHED_CONTEXT_BIND:
        return bind(sched, call);
    case ASH_SCHED_CONTEXT_UNBIND:
        if (!sched->thread)
            return ASH_E_NOT_BOUND;
        sched_context_give(sched, nullptr);
        return ASH_OK;
    case ASH_SCHED_CONTEXT_INFO:
        if (sched->hart && sched->hart->charged == sched)
            sched_charge(sched->hart);
        invoke_reply(call, 0, sched->hart ? sched->hart->index : 0);
        invoke_reply(call, 1, sched->budget);
        invoke_reply(call, 2, sched->period);
        invoke_reply(call, 3, sched->used);
        return ASH_OK;
    default:
        return invoke_error(call, ASH_E_METHOD, method, 0);
    }
}

/* Whoever runs on it goes on doing so until the end: it may be the thread that deletes it. */
static unsigned shed(struct object *object)
{
    struct sched_context *sched = (struct sched_context *)object;
    while (sched->top) {
        reply_pop(sched->top, sched);
        if (sched->top && preemption_wanted())
            return PREEMPTED;
    }
    return ASH_OK;
}

static void destroy(struct object *object)
{
    struct sched_context *sched = (struct sched_context *)object;
    for (uint32_t i = 0; i < hart_count; i++)
        if (harts[i].charged == sched)
            sched_charge(&harts[i]);
    sched_context_give(sched, nullptr);
    for (uint32_t i = 0; i < hart_count; i++)
        if (harts[i].charged == sched)
            harts[i].charged = nullptr;
}

static uint64_t size(uint64_t parameter, uint64_t *align)
{
    (void)parameter;
    *align = 64;
    return sizeof(struct sched_context);
}

static void create(struct capability *cap, paddr memory, uint64_t parameter)
{
    (void)parameter;
    struct sched_context *sched = window(memory);
    sched->release.kind = TIMEOUT_SCHED_CONTEXT;
    cap->object = (uint64_t)sched;
}

const struct object_class sched_context_class = {
    .name = "SchedContext",
    .invoke = invoke,
    .shed = shed,
    .destroy = destroy,
    .size = size,
    .create = create,
    .counted = true,
    .copyable = true,
};

/* A budget shorter than this would be spent in the kernel alone. */
#define BUDGET_MIN_US 20u

static unsigned configure(struct invocation *call)
{
    if (call->length < 3)
        return invoke_error(call, ASH_E_TRUNCATED, 3, 0);
    struct slot *target = invoke_cap_of(call, 0, ASH_OBJ_SCHED_CONTEXT);
    if (!target)
        return ASH_E_SOURCE;
    uint64_t hart = invoke_word(call, 0), budget = invoke_word(call, 1),
             period = invoke_word(call, 2);
    if (hart >= hart_count)
        return invoke_error(call, ASH_E_RANGE, 0, hart_count - 1);
    if (budget > period || budget < sched_ticks_per_us(BUDGET_MIN_US))
        return invoke_error(call, ASH_E_RANGE, 1, period);
    if (period > (1ull << 40))
        return invoke_error(call, ASH_E_RANGE, 2, 1ull << 40);
    sched_configure((struct sched_context *)target->cap.object, &harts[hart], budget, period);
    return ASH_OK;
}

static unsigned invoke_control(struct slot *slot, uint64_t method, struct invocation *call)
{
    (void)slot;
    if (method != ASH_SCHED_CONTROL_CONFIGURE)
        return invoke_error(call, ASH_E_METHOD, method, 0);
    return configure(call);
}

const struct object_class sched_control_class = {
    .name = "SchedControl",
    .invoke = invoke_control,
    .copyable = true,
};

SMALL_END
