// SPDX-License-Identifier: MIT
/*
 * Reply: one caller's right to an answer, and the way its SchedContext comes back
 * (object/ipc_objects.h draws the stack).
 */
#include "ipc/message.h"
#include "object/ipc_objects.h"
#include "sched/sched.h"
#include "small.h"

static void unstack(struct reply *reply)
{
    if (!reply->sched)
        return;
    struct sched_context *sched = reply->sched;
    if (sched->top == reply) {
        reply_pop(reply, sched);
        return;
    }
    reply->above->below = reply->below;
    if (reply->below)
        reply->below->above = reply->above;
    reply->sched = nullptr;
}

void reply_bind(struct reply *reply, struct thread *caller, struct thread *receiver)
{
    if (reply->caller)
        reply_cancel(reply);
    reply->caller = caller;
    caller->reply = reply;
    caller->state = ASH_THREAD_BLOCKED_REPLY;
    struct sched_context *sched = caller->sched;
    sched_block(caller);
    if (receiver->sched || !sched)
        return;
    reply_push(reply, sched);
    uint8_t inherited = caller->inherited;
    if (caller->priority > receiver->priority)
        thread_inherit(receiver, caller->priority);
    sched_context_give(sched, receiver);
    thread_inherit(caller, inherited); /* for the time when it gets the SchedContext back */
}

/* Detaches the caller; gives its SchedContext back if this is the newest loan. */
static struct thread *detach_caller(struct reply *reply)
{
    struct thread *caller = reply->caller;
    struct sched_context *sched = reply->sched;
    bool newest = sched && sched->top == reply;
    unstack(reply);
    reply->caller = nullptr;
    if (caller)
        caller->reply = nullptr;
    if (newest) /* a caller that was given another one meanwhile keeps that */
        sched_context_give(sched, caller && caller->sched ? nullptr : caller);
    return caller;
}

static void finish_fault(struct thread *caller, uint64_t info)
{
    caller->faulted = false;
    if (ash_info_label(info) == 0)
        thread_wake(caller);
    else
        caller->state = ASH_THREAD_INACTIVE;
}

void reply_send(struct reply *reply, struct thread *sender)
{
    struct thread *caller = reply->caller;
    if (!caller) {
        detach_caller(reply); /* it was stopped meanwhile; its SchedContext is no longer lent */
        return;
    }
    if (caller->faulted) {
        detach_caller(reply);
        finish_fault(caller, sender->reg[REG_A1]);
        return;
    }
    sender->send_grant = true; /* whoever was called may answer with capabilities */
    sender->badge = 0;
    message_transfer(sender, caller);
    detach_caller(reply);
    thread_wake(caller);
}

void reply_cancel(struct reply *reply)
{
    struct thread *caller = detach_caller(reply);
    if (!caller)
        return;
    if (caller->faulted)
        caller->state = ASH_THREAD_INACTIVE;
    else
        thread_abort_wait(caller, ASH_E_DELETED);
}

void reply_forget_caller(struct thread *caller)
{
    struct reply *reply = caller->reply;
    caller->reply = nullptr;
    if (reply)
        reply->caller = nullptr;
}

SMALL

static void destroy(struct object *object)
{
    struct reply *reply = (struct reply *)object;
    if (reply->receiver)
        reply->receiver->receive_reply = nullptr;
    if (reply->caller || reply->sched)
        reply_cancel(reply);
}

static uint64_t size(uint64_t parameter, uint64_t *align)
{
    (void)parameter;
    *align = 64;
    return sizeof(struct reply);
}

static void create(struct capability *cap, paddr memory, uint64_t parameter)
{
    (void)parameter;
    cap->object = (uint64_t)window(memory);
}

const struct object_class reply_class = {
    .name = "Reply",
    .destroy = destroy,
    .size = size,
    .create = create,
    .counted = true,
};

SMALL_END
