// SPDX-License-Identifier: MIT
/* Timer: a one-shot deadline on the hart and with the priority of the thread that set it
 * (sched/timeout.h); signals the bound Notification's badge. */
#include "ipc/invoke.h"
#include "object/ipc_objects.h"
#include "sched/sched.h"

static unsigned bind(struct timer *timer, struct invocation *call)
{
    struct slot *source = invoke_cap_of(call, 0, ASH_OBJ_NOTIFICATION);
    if (!source)
        return ASH_E_SOURCE;
    if (!(source->cap.rights & ASH_RIGHT_WRITE))
        return invoke_error(call, ASH_E_RIGHTS, ASH_RIGHT_WRITE, 0);
    if (slot_delete_inner(&timer->notification) == PREEMPTED)
        return PREEMPTED;
    slot_insert(&timer->notification, source->cap, source);
    return ASH_OK;
}

static unsigned set(struct timer *timer, struct invocation *call)
{
    if (call->length < 1)
        return invoke_error(call, ASH_E_TRUNCATED, 1, 0);
    if (slot_empty(&timer->notification))
        return ASH_E_NOT_BOUND;
    timeout_remove(&timer->timeout);
    timeout_insert(&this_hart->timeouts, &timer->timeout, invoke_word(call, 0),
                   call->caller->priority);
    sched_update_deadline();
    return ASH_OK;
}

static unsigned invoke(struct slot *slot, uint64_t method, struct invocation *call)
{
    struct timer *timer = (struct timer *)slot->cap.object;
    switch (method) {
    case ASH_TIMER_BIND:
        return bind(timer, call);
    case ASH_TIMER_SET:
        return set(timer, call);
    case ASH_TIMER_CANCEL:
        invoke_reply(call, 0, timer->timeout.queue != nullptr);
        timeout_remove(&timer->timeout);
        return ASH_OK;
    default:
        return invoke_error(call, ASH_E_METHOD, method, 0);
    }
}

static void destroy(struct object *object)
{
    timeout_remove(&((struct timer *)object)->timeout);
}

static struct slot *inner(struct object *object)
{
    return &((struct timer *)object)->notification;
}

static uint64_t size(uint64_t parameter, uint64_t *align)
{
    (void)parameter;
    *align = 64;
    return sizeof(struct timer);
}

static void create(struct capability *cap, paddr memory, uint64_t parameter)
{
    (void)parameter;
    struct timer *timer = window(memory);
    timer->timeout.kind = TIMEOUT_TIMER;
    cap->object = (uint64_t)timer;
}

const struct object_class timer_class = {
    .name = "Timer",
    .invoke = invoke,
    .destroy = destroy,
    .inner = inner,
    .size = size,
    .create = create,
    .counted = true,
    .copyable = true,
};
