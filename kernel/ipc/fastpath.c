// SPDX-License-Identifier: MIT
/*
 * Every condition is checked before anything changes; what follows is what endpoint.c, reply.c and
 * sched.c would do in the same case, without the questions that are already answered:
 *
 *  - the SchedContext goes with the message, so no time is read and no deadline moves;
 *  - the one who gets it may run at once: its priority is not below that of anybody ready here;
 *  - neither is in a ready queue: one runs, the other was blocked.
 */
#include "ipc/fastpath.h"
#include "arch/fpu.h"
#include "object/cnode.h"
#include "object/ipc_objects.h"
#include "object/vspace.h"
#include "sched/sched.h"

/* The slot of a path of one level, or null. */
static inline struct slot *simple_lookup(struct thread *thread, uint64_t path)
{
    const struct capability *root = &thread->slot[THREAD_SLOT_CSPACE].cap;
    if (root->type != ASH_OBJ_CNODE)
        return nullptr;
    struct cnode *cnode = (struct cnode *)root->object;
    return path <= cnode_mask(cnode) ? &cnode->slot[path] : nullptr;
}

static inline bool short_message(uint64_t info)
{
    return ash_info_length(info) <= ASH_MSG_REGISTERS && ash_info_caps(info) == 0;
}

static inline void move_message(const struct thread *from, struct thread *to, uint64_t badge)
{
    uint64_t info = from->reg[REG_A1];
    to->reg[REG_A0] = badge;
    to->reg[REG_A1] = ash_info(ash_info_label(info), ash_info_length(info), 0);
    for (unsigned i = 0; i < ASH_MSG_REGISTERS; i++)
        to->reg[REG_A2 + i] = from->reg[REG_A2 + i];
}

static inline void hand_over(struct hart *hart, struct thread *from, struct thread *to,
                             struct sched_context *sched)
{
    from->sched = nullptr;
    to->sched = sched;
    sched->thread = to;
    to->state = ASH_THREAD_RUNNING;
    fpu_leave(from);
    hart->current = to;
    fpu_enter(to);
    to->hart = hart;
    vspace_activate(to);
}

bool fastpath_call(struct thread *caller)
{
    struct hart *hart = this_hart;
    const struct slot *slot = simple_lookup(caller, caller->reg[REG_A0]);
    uint8_t reply_rights = ASH_RIGHT_GRANT | ASH_RIGHT_GRANT_REPLY;
    if (!slot || slot->cap.type != ASH_OBJ_ENDPOINT || !(slot->cap.rights & ASH_RIGHT_WRITE) ||
        !(slot->cap.rights & reply_rights) || !short_message(caller->reg[REG_A1]))
        return false;
    struct endpoint *endpoint = (struct endpoint *)slot->cap.object;
    if (endpoint->state != ENDPOINT_RECEIVING)
        return false;
    struct thread *server = endpoint->queue.head;
    struct reply *reply = server->receive_reply;
    struct sched_context *sched = caller->sched;
    if (server->sched || !reply || reply->caller || !sched || caller->queued ||
        server->priority < caller->priority || hart->reschedule)
        return false;

    queue_remove(&endpoint->queue, server);
    if (!endpoint->queue.head)
        endpoint->state = ENDPOINT_IDLE;
    server->endpoint = nullptr;
    server->receive_reply = nullptr;
    reply->receiver = nullptr;
    reply->caller = caller;
    reply->sched = sched;
    reply->below = sched->top;
    reply->above = nullptr;
    if (sched->top)
        sched->top->above = reply;
    sched->top = reply;
    caller->reply = reply;
    caller->state = ASH_THREAD_BLOCKED_REPLY;
    caller->send_call = true;
    caller->reg[REG_PC] += 4;
    move_message(caller, server, slot->cap.data);
    hand_over(hart, caller, server, sched);
    return true;
}

bool fastpath_reply_recv(struct thread *server)
{
    struct hart *hart = this_hart;
    const struct slot *slot = simple_lookup(server, server->reg[REG_A0]);
    const struct slot *reply_slot = simple_lookup(server, server->reg[REG_A6]);
    if (!slot || slot->cap.type != ASH_OBJ_ENDPOINT || !(slot->cap.rights & ASH_RIGHT_READ) ||
        !reply_slot || reply_slot->cap.type != ASH_OBJ_REPLY || !short_message(server->reg[REG_A1]))
        return false;
    struct endpoint *endpoint = (struct endpoint *)slot->cap.object;
    struct reply *reply = (struct reply *)reply_slot->cap.object;
    struct sched_context *sched = server->sched;
    struct thread *caller = reply->caller;
    if (!caller || caller->faulted || !sched || reply->sched != sched || sched->top != reply ||
        endpoint->state == ENDPOINT_SENDING || (server->bound && server->bound->signals) ||
        server->queued || hart->reschedule || caller->priority < hart_highest_ready(hart))
        return false;

    sched->top = reply->below;
    if (reply->below)
        reply->below->above = nullptr;
    reply->sched = nullptr;
    reply->below = nullptr;
    reply->caller = nullptr;
    caller->reply = nullptr;
    move_message(server, caller, 0);
    server->reg[REG_PC] += 4;
    server->state = ASH_THREAD_BLOCKED_RECEIVE;
    server->receive_reply = reply;
    reply->receiver = server;
    server->endpoint = endpoint;
    endpoint->state = ENDPOINT_RECEIVING;
    queue_append(&endpoint->queue, server);
    hand_over(hart, server, caller, sched);
    return true;
}

bool fastpath_signal_wait(struct thread *thread)
{
    struct hart *hart = this_hart;
    const struct slot *to = simple_lookup(thread, thread->reg[REG_A1]);
    const struct slot *on = simple_lookup(thread, thread->reg[REG_A0]);
    if (!to || to->cap.type != ASH_OBJ_NOTIFICATION || !(to->cap.rights & ASH_RIGHT_WRITE) || !on ||
        on->cap.type != ASH_OBJ_NOTIFICATION || !(on->cap.rights & ASH_RIGHT_READ))
        return false;
    struct notification *target = (struct notification *)to->cap.object;
    struct notification *own = (struct notification *)on->cap.object;
    struct thread *next = target->queue.head;
    if (!next || own->signals != 0 || own == target || hart->reschedule || thread->queued ||
        !thread->sched || thread->sched != hart->charged)
        return false;
    uint64_t now = time_now();
    if (!sched_may_take(hart, next, now))
        return false;

    queue_remove(&target->queue, next);
    next->notification = nullptr;
    next->reg[REG_A0] = to->cap.data != 0 ? to->cap.data : 1;
    next->reg[REG_A1] = 0;
    thread->reg[REG_PC] += 4;
    thread->state = ASH_THREAD_BLOCKED_NOTIFICATION;
    thread->notification = own;
    queue_append(&own->queue, thread);
    sched_take(hart, next, now);
    return true;
}
