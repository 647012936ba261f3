// SPDX-License-Identifier: MIT
#include "sched/sched.h"
#include "arch/sbi.h"
#include "object/ipc_objects.h"
#include "object/vspace.h"
#include "sched/budget.h"
#include "sched/switch.h"
#include "small.h"

uint64_t timebase = 10000000;
static uint64_t millisecond = 10000;
bool have_sstc;

INIT void sched_set_timebase(uint64_t ticks)
{
    timebase = ticks;
    millisecond = ticks / 1000;
}

uint64_t sched_ticks_per_us(uint64_t us)
{
    return us * timebase / 1000000;
}

/* --- Ready queues ---------------------------------------------------------------------------- */

static void ready_remove(struct hart *hart, struct thread *thread)
{
    queue_remove(&hart->ready, thread);
    thread->queued = false;
}

static void tell_hart(struct hart *hart, const struct thread *thread)
{
    if (hart->current && hart->current->priority >= thread->priority)
        return;
    hart->reschedule = true;
    if (hart != this_hart)
        hart_notify(hart);
}

static void timeouts_changed(struct hart *hart)
{
    if (hart == this_hart) {
        sched_update_deadline();
        return;
    }
    hart->reschedule = true;
    hart_notify(hart);
}

/* Into the ready queue of its hart, or to rest until it has time. */
static void make_ready(struct thread *thread)
{
    struct sched_context *sched = thread->sched;
    if (thread->queued || !sched || !sched->hart || thread->state != ASH_THREAD_RUNNING ||
        sched->release.queue)
        return;
    struct hart *hart = sched->hart;
    if (budget_usable(sched, time_now())) {
        thread->queued = true;
        queue_insert(&hart->ready, thread);
        tell_hart(hart, thread);
        return;
    }
    timeout_insert(&hart->timeouts, &sched->release, budget_next(sched), thread->priority);
    timeouts_changed(hart);
}

void sched_enqueue(struct thread *thread)
{
    struct hart *hart = thread_running_on(thread);
    if (!hart || !thread->sched || thread->sched->hart != hart)
        make_ready(thread);
}

void sched_dequeue(struct thread *thread)
{
    if (thread->queued)
        ready_remove(thread->sched->hart, thread);
    else if (thread->sched)
        timeout_remove(&thread->sched->release);
}

void sched_block(struct thread *thread)
{
    sched_dequeue(thread);
    if (this_hart->current == thread)
        this_hart->reschedule = true;
}

SMALL

void sched_priority_changed(struct thread *thread)
{
    struct sched_context *sched = thread->sched;
    if (!sched)
        return;
    if (sched->release.queue) {
        timeout_remove(&sched->release);
        timeout_insert(&sched->hart->timeouts, &sched->release, sched->release.time,
                       thread->priority);
        timeouts_changed(sched->hart);
        return;
    }
    struct hart *hart = thread->queued ? sched->hart : thread_running_on(thread);
    if (!hart)
        return;
    hart->reschedule = true;
    if (hart != this_hart)
        hart_notify(hart);
}

void sched_configure(struct sched_context *sched, struct hart *hart, uint64_t budget,
                     uint64_t period)
{
    struct thread *thread = sched->thread;
    if (thread)
        thread_stall(thread);
    if (this_hart->charged == sched)
        sched_charge(this_hart);
    if (thread)
        sched_dequeue(thread);
    sched->hart = hart;
    sched->budget = budget;
    sched->period = period;
    budget_start(sched, time_now());
    if (thread && thread_running_on(thread))
        this_hart->reschedule = true;
    else if (thread)
        sched_enqueue(thread);
}

SMALL_END

/* --- Time ------------------------------------------------------------------------------------ */

/* True when the refill that was running is used up. What runs on then is the next one, which begins
 * now, however long it has been there. */
static bool charge_at(struct hart *hart, uint64_t now)
{
    struct sched_context *sched = hart->charged;
    if (!sched)
        return false;
    uint64_t used = now - hart->charged_since;
    hart->charged_since = now;
    if (hart->current)
        hart->current->ticks += used;
    if (!budget_charge(sched, used))
        return false;
    budget_unblock(sched, now);
    return true;
}

/* The thread lost its turn: behind the others of its priority, or to rest. */
static void end_turn(struct hart *hart)
{
    struct thread *thread = hart->current;
    if (!thread || thread->state != ASH_THREAD_RUNNING || thread->queued)
        return;
    make_ready(thread);
    hart->reschedule = true;
}

/* Another hart's thread runs meanwhile, and what runs is in no queue: it sees to that itself. */
void sched_charge(struct hart *hart)
{
    if (!charge_at(hart, time_now()))
        return;
    if (hart == this_hart) {
        end_turn(hart);
        return;
    }
    hart->turn_over = true;
    hart->reschedule = true;
    hart_notify(hart);
}

void sched_yield(struct thread *thread)
{
    struct hart *hart = this_hart;
    struct sched_context *sched = thread->sched;
    if (sched->budget != sched->period) {
        sched_charge(hart);
        if (!thread->queued)
            (void)budget_charge(sched, budget_left(sched));
    }
    hart->turn_over = true;
    hart->reschedule = true;
}

static void set_timer(struct hart *hart, uint64_t deadline)
{
    /* One that is set to come earlier, but not soon, may come: the timer interrupt then sets it
     * anew. That is once in a time slice, where moving it later would be once in every switch. */
    if (deadline > hart->deadline && hart->deadline > hart->charged_since + millisecond)
        return;
    hart->deadline = deadline;
    if (have_sstc)
        csr_write(CSR_STIMECMP, deadline);
    else
        sbi_set_timer(deadline);
}

/* A timeout comes before the end of the turn, `end`: if it is for somebody below the current
 * priority, it is not served before that has changed. */
[[gnu::noinline]] static void consider_timeouts(struct hart *hart, uint64_t end)
{
    uint8_t priority = hart->current ? hart->current->priority : 0;
    uint64_t served = timeout_earliest_from(&hart->timeouts, priority);
    uint64_t deadline = served < end ? served : end;
    if (timeout_earliest(&hart->timeouts) < deadline)
        hart->switch_with_care |= HART_DEFERS;
    if (deadline != hart->deadline)
        set_timer(hart, deadline);
}

[[gnu::always_inline]] static inline void update_deadline(struct hart *hart)
{
    uint64_t end = ~0ull;
    if (hart->charged && hart->current)
        end = hart->charged_since + budget_left(hart->charged);
    hart->switch_with_care &= (uint8_t)~HART_DEFERS;
    if (timeout_earliest(&hart->timeouts) < end)
        consider_timeouts(hart, end);
    else if (end != hart->deadline)
        set_timer(hart, end);
}

void sched_update_deadline(void)
{
    update_deadline(this_hart);
}

static void expire(struct timeout *due)
{
    if (due->kind == TIMEOUT_SCHED_CONTEXT) {
        struct sched_context *sched =
            (struct sched_context *)((char *)due - offsetof(struct sched_context, release));
        if (sched->thread)
            make_ready(sched->thread);
        return;
    }
    struct timer *timer = (struct timer *)((char *)due - offsetof(struct timer, timeout));
    const struct capability *cap = &timer->notification.cap;
    if (cap->type == ASH_OBJ_NOTIFICATION)
        notification_signal((struct notification *)cap->object, cap->data);
}

/* Of those who run or could run here now. */
static uint8_t highest_priority(const struct hart *hart)
{
    uint8_t current = hart->current ? hart->current->priority : 0;
    return sched_somebody_above(hart, current) ? hart->ready.head->priority : current;
}

/* So many in one interrupt: if more are due, the next one comes as soon as this one is over, and
 * serves whatever has the highest priority by then. */
#define TIMEOUTS_A_TURN 4u

void sched_timer(void)
{
    struct hart *hart = this_hart;
    hart->deadline = 0; /* whatever was set has fired: set it anew */
    for (unsigned i = 0; i < TIMEOUTS_A_TURN; i++) {
        struct timeout *due = timeout_pop_due(&hart->timeouts, time_now(), highest_priority(hart));
        if (!due)
            break;
        expire(due);
    }
    if (hart->charged && time_now() - hart->charged_since >= budget_left(hart->charged))
        sched_charge(hart);
    sched_update_deadline();
}

/* --- Switching ------------------------------------------------------------------------------- */

[[gnu::noinline]] static void switch_carefully(struct hart *hart, struct thread *previous,
                                               struct thread *next)
{
    if (previous)
        fpu_leave(previous);
    fpu_enter(next);
    vspace_activate_first(next);
    next->hart = hart;
    if (hart->switch_with_care & HART_DEFERS)
        sched_update_deadline();
}

[[gnu::always_inline]] static inline void do_switch(struct hart *hart, struct thread *previous,
                                                    struct thread *next)
{
    if (!switch_simply(hart, next)) [[clang::unlikely]]
        switch_carefully(hart, previous, next);
}

void switch_threads(struct hart *hart, struct thread *previous, struct thread *next)
{
    do_switch(hart, previous, next);
}

/* The address space stays loaded: the same thread may be the next. */
static void leave_to_idle(struct hart *hart, struct thread *previous)
{
    fpu_leave(previous);
    hart->current = nullptr;
}

/* From now on the time is that SchedContext's. */
static void charge_from(struct hart *hart, struct sched_context *sched, uint64_t now)
{
    hart->charged = sched;
    hart->charged_since = now;
    if (sched)
        budget_unblock(sched, now);
}

bool sched_may_take(const struct hart *hart, const struct thread *next, uint64_t now)
{
    const struct sched_context *sched = next->sched;
    if (!sched || sched->hart != hart || sched->release.queue || !budget_usable(sched, now))
        return false;
    return !hart->ready.head || next->priority > hart->ready.head->priority;
}

void sched_take(struct hart *hart, struct thread *next, uint64_t now)
{
    (void)charge_at(hart, now);
    charge_from(hart, next->sched, now);
    next->state = ASH_THREAD_RUNNING;
    do_switch(hart, hart->current, next);
    update_deadline(hart);
}

static bool runnable(const struct thread *thread)
{
    return thread && thread->state == ASH_THREAD_RUNNING && !thread->queued && thread->sched &&
           !thread->sched->release.queue;
}

void sched_wake(struct thread *next)
{
    struct hart *hart = this_hart;
    struct thread *current = hart->current;
    uint64_t now = time_now();
    next->state = ASH_THREAD_RUNNING;
    bool outranks =
        !hart->reschedule && (!current || (current->priority < next->priority &&
                                           runnable(current) && current->sched == hart->charged));
    if (!outranks || !sched_may_take(hart, next, now)) {
        sched_enqueue(next);
        return;
    }
    if (charge_at(hart, now)) { /* just now its turn is over, too: schedule() does both */
        hart->turn_over = true;
        sched_enqueue(next);
        return;
    }
    if (current) {
        current->queued = true;
        queue_insert_first(&hart->ready, current);
    }
    charge_from(hart, next->sched, now);
    do_switch(hart, current, next);
    update_deadline(hart);
}

/* Takes the thread to run next out of the ready queue; `previous` keeps its turn if nobody of a
 * higher priority is ready, and if `stays`, it is not in the queue. */
static struct thread *choose(struct hart *hart, struct thread *previous, bool stays)
{
    struct thread *next = hart->ready.head;
    if (stays && !(next && next->priority > previous->priority))
        return previous;
    if (next) {
        queue_take_first(&hart->ready);
        next->queued = false;
    }
    if (stays) {
        queue_insert_first(&hart->ready, previous);
        previous->queued = true;
    }
    return next;
}

void schedule(void)
{
    struct hart *hart = this_hart;
    struct thread *previous = hart->current;
    uint64_t now = time_now();
    /* Booked first: it may have come to the end of its budget just now. */
    bool ended = charge_at(hart, now) || hart->turn_over, stays = false;
    hart->turn_over = false;
    if (runnable(previous)) {
        stays = !ended && previous->sched->hart == hart && budget_usable(previous->sched, now);
        if (!stays)
            make_ready(previous);
    }
    struct thread *next = choose(hart, previous, stays);
    while (next && !budget_usable(next->sched, now)) {
        /* It came to the end of it in the hands of another thread, after this one was ready. */
        make_ready(next);
        next = choose(hart, nullptr, false);
        now = time_now();
    }
    struct sched_context *sched = next ? next->sched : nullptr;
    if (hart->charged != sched)
        charge_from(hart, sched, now);
    if (next && next != previous)
        do_switch(hart, previous, next);
    else if (!next && previous)
        leave_to_idle(hart, previous);
    update_deadline(hart);
    hart->reschedule = false; /* queueing `previous` above may have set it */
}
