// SPDX-License-Identifier: MIT
/*
 * Endpoint, Reply, Notification, SchedContext, Timer: the objects of communication and time.
 *
 * Donation. When Call meets a receiver that has no SchedContext (a passive server), the caller's
 * goes along and comes back with the answer. The Reply objects through which one SchedContext was
 * passed on form a stack: sched.top is the newest, reply.below the one before.
 *
 *     client --call--> server A --call--> server B          sched.top = r2
 *       r1.caller = client     r2.caller = A                r2.below  = r1
 *
 * Answering through r gives the SchedContext back if r is its top; when B is stopped in the middle,
 * r2's caller A gets an error and the SchedContext.
 */
#ifndef KERNEL_OBJECT_IPC_OBJECTS_H
#define KERNEL_OBJECT_IPC_OBJECTS_H

#include "object/thread.h"

enum endpoint_state { ENDPOINT_IDLE, ENDPOINT_SENDING, ENDPOINT_RECEIVING };

struct endpoint {
    struct object object;
    struct thread_queue queue;
    uint32_t state; /* what the queued threads do */
};

struct notification {
    struct object object;
    struct thread_queue queue; /* waiting threads; then signals is 0 */
    uint64_t signals;
    struct thread *bound;
};

struct reply {
    struct object object;
    struct thread *caller;       /* waits for the answer; null: free */
    struct thread *receiver;     /* waits in Recv with this object; null otherwise */
    struct sched_context *sched; /* donated through this reply, or null */
    struct reply *below, *above; /* in the stack of that SchedContext; above: if not its top */
};

#define REFILLS 8u

struct refill {
    uint64_t time, amount; /* `amount` ticks may be used from `time` on */
};

struct sched_context {
    struct object object;
    struct thread *thread; /* who runs on it now, or null */
    struct hart *hart;     /* null: not configured */
    uint64_t budget, period;
    uint64_t used;          /* in all, ticks */
    uint64_t debt;          /* used, not yet taken from a refill: less than is in the first one */
    struct reply *top;      /* see above */
    struct timeout release; /* waits for its next refill */
    uint32_t count;
    struct refill refill[REFILLS]; /* see sched/budget.h */
};

struct timer {
    struct object object;
    struct timeout timeout;
    struct slot notification; /* internal slot: the bound Notification capability */
};

extern const struct object_class endpoint_class, notification_class, reply_class,
    sched_context_class, sched_control_class, timer_class;

/* `sched` is lent to whoever receives through `reply`. */
static inline void reply_push(struct reply *reply, struct sched_context *sched)
{
    reply->sched = sched;
    reply->below = sched->top;
    if (sched->top)
        sched->top->above = reply;
    sched->top = reply;
}

/* The top of the stack goes. */
static inline void reply_pop(struct reply *reply, struct sched_context *sched)
{
    sched->top = reply->below;
    reply->sched = nullptr;
}

/* Sends the current message of `sender` (registers, buffer) to the endpoint; blocks it if nobody
 * receives and `blocking`. ASH_E_NOT_BOUND if the receiver is passive and this is not a call. */
unsigned endpoint_send(struct thread *sender, const struct capability *cap, bool blocking,
                       bool call);
/* Before `receiver` receives with `reply`, and gives back by that the time it runs on: ends the
 * Sends and calls at the head of the queue that bring none (NOT_BOUND). ASH_OK or PREEMPTED. */
unsigned endpoint_refuse(struct endpoint *endpoint, const struct thread *receiver,
                         const struct reply *reply);
/* Receives for `receiver`; blocks it if nobody sends and `blocking`. `reply` may be null. */
void endpoint_receive(struct thread *receiver, struct endpoint *endpoint, struct reply *reply,
                      bool blocking);
/* Takes a blocked thread out of its endpoint. */
void endpoint_cancel(struct thread *thread);

void notification_signal(struct notification *notification, uint64_t badge);
/* Signals again what is pending: the bound thread may be able to hear of it now. */
void notification_deliver(struct notification *notification);
/* Delivers pending bits or blocks (Wait) or reports ASH_E_AGAIN (Poll). */
void notification_wait(struct thread *thread, struct notification *notification, bool blocking);
void notification_cancel(struct thread *thread);

/* Binds a caller that just blocked in Call; donates its SchedContext to a passive receiver. */
void reply_bind(struct reply *reply, struct thread *caller, struct thread *receiver);
/* Answers with the message in the sender's registers; nothing happens if no caller waits. */
void reply_send(struct reply *reply, struct thread *sender);
/* The caller gets ASH_E_DELETED, or, if it is null or stopped, is only forgotten. */
void reply_cancel(struct reply *reply);
/* A caller that stops waiting: unlinks it; the SchedContext stays with whoever runs on it. */
void reply_forget_caller(struct thread *caller);

/* Gives a SchedContext to a thread (or takes it from it with null). */
void sched_context_give(struct sched_context *sched, struct thread *thread);

#endif
