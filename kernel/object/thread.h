// SPDX-License-Identifier: MIT
/*
 * Thread: registers, its place in queues, and the capabilities it runs with.
 *
 * Invariants.
 *  - state RUNNING and a SchedContext with budget: it is current on a hart, or in exactly one ready
 *    queue of the SchedContext's hart (`queued`). Without budget: its SchedContext is in the
 * release queue. Without SchedContext: in no queue.
 *  - BLOCKED_SEND, BLOCKED_RECEIVE: in the queue of `endpoint`. BLOCKED_NOTIFICATION: in the queue
 * of `notification`. BLOCKED_REPLY: `reply` is the Reply object that will answer it.
 *  - A thread waiting in Recv owns `receive_reply`, the Reply object it will bind a caller to.
 */
#ifndef KERNEL_OBJECT_THREAD_H
#define KERNEL_OBJECT_THREAD_H

#include "arch/csr.h"
#include "arch/offsets.h"
#include "hart.h"
#include "kernel/syscall.h"
#include "object/capability.h"

struct endpoint;
struct notification;
struct reply;
struct sched_context;
struct vspace;

enum {
    REG_PC = 0,
    REG_SP = 2,
    REG_GP = 3,
    REG_TP = 4,
    REG_A0 = 10,
    REG_A1 = 11,
    REG_A2 = 12,
    REG_A6 = 16,
    REG_A7 = 17
};

/* Internal slots: capabilities that the thread itself holds, children of those it was given. */
enum {
    THREAD_SLOT_CSPACE,
    THREAD_SLOT_VSPACE,
    THREAD_SLOT_BUFFER,
    THREAD_SLOT_FAULT,
    THREAD_SLOTS,
};

struct thread {
    uint64_t reg[32]; /* [0] is the pc */

    /* What a switch and the short ways of IPC touch: two cache lines. */
    struct hart *hart; /* the hart it runs or last ran on */
    struct sched_context *sched;
    struct reply *reply;         /* BLOCKED_REPLY: it will be answered through this */
    struct reply *receive_reply; /* BLOCKED_RECEIVE: waits to bind its next caller */
    union {
        struct endpoint *endpoint;         /* BLOCKED_SEND, BLOCKED_RECEIVE: where */
        struct notification *notification; /* BLOCKED_NOTIFICATION: where */
    };
    struct thread *queue_next, *queue_prev; /* see sched/queue.h */
    uint8_t state;                          /* enum ash_thread_state */
    uint8_t priority;                       /* the higher one of the next two */
    uint8_t base_priority;                  /* as it was set */
    uint8_t inherited;          /* from the caller on whose SchedContext it runs, if higher */
    bool queued;                /* in a ready queue */
    bool fpu_used;              /* ever */
    bool faulted;               /* its message is a fault, its answer restarts it */
    uint8_t max_priority;       /* that it may give to threads */
    struct notification *bound; /* delivered to Recv as well */
    uint64_t badge;             /* of the capability it sends through */
    uint8_t fault;              /* enum ash_fault */
    bool send_call;             /* blocked in Call rather than Send */
    bool send_grant, send_grant_reply;
    struct thread *level_next, *level_prev; /* see sched/queue.h */
    uint64_t ticks;                         /* processor time it has used */
    struct object object;

    uint64_t fpu[33]; /* f0..f31, fcsr */
    uint64_t fault_word[4];
    uint64_t buffer_offset; /* of the IPC buffer in its frame */
    char name[16];
    struct thread *all_next, *all_prev; /* every thread there is: for debuggers */
    bool announced;                     /* the kernel is writing of its fault */
    struct graves graves;               /* containers that its system call is emptying */
    struct grave grave;
    struct slot slot[THREAD_SLOTS];
};
static_assert(offsetof(struct thread, hart) == THREAD_HART);
static_assert(offsetof(struct thread, fpu) == THREAD_FPU);

extern struct thread *all_threads;

/* A Thread capability names the object header inside the struct. */
static inline struct thread *thread_from(uint64_t object)
{
    return (struct thread *)(object - offsetof(struct thread, object));
}

/* The thread's IPC buffer in the physical window, or null if it has none. */
static inline volatile struct ash_ipc_buffer *thread_buffer(struct thread *thread)
{
    const struct capability *frame = &thread->slot[THREAD_SLOT_BUFFER].cap;
    if (frame->type != ASH_OBJ_FRAME)
        return nullptr;
    return (volatile struct ash_ipc_buffer *)((char *)window((paddr){frame->object}) +
                                              thread->buffer_offset);
}

/* The first of a queue goes. */
[[gnu::always_inline]] static inline void queue_take_first(struct thread_queue *queue)
{
    struct thread *first = queue->head, *next = first->queue_next;
    queue->head = next;
    if (!next)
        return;
    next->queue_prev = nullptr;
    next->level_prev = nullptr;
    if (next->priority == first->priority) {
        next->level_next = first->level_next;
        if (next->level_next)
            next->level_next->level_prev = next;
    }
}

/* Behind the last one, if that has the thread's priority; else false. */
[[gnu::always_inline]] static inline bool queue_append(struct thread_queue *queue,
                                                       struct thread *thread)
{
    struct thread *last = queue->head ? queue->tail : nullptr;
    if (last && last->priority != thread->priority)
        return false;
    thread->queue_next = nullptr;
    thread->queue_prev = last;
    if (last) {
        last->queue_next = thread;
    } else {
        thread->level_next = thread->level_prev = nullptr;
        queue->head = thread;
    }
    queue->tail = thread;
    return true;
}

/* What it inherits from its caller (0: nothing). It takes its new place in whatever it waits in. */
void thread_set_inherited(struct thread *thread, uint8_t priority);
static inline void thread_inherit(struct thread *thread, uint8_t priority)
{
    if (thread->inherited != priority)
        thread_set_inherited(thread, priority);
}
/* Makes a stopped or newly woken thread runnable: a ready queue, or the release queue. */
void thread_wake(struct thread *thread);
/* Takes it out of whatever it waits in or is ready in; state becomes INACTIVE. A call it waits for
 * is given up; the SchedContext goes with the caller as object/reply.h says. */
void thread_stop(struct thread *thread);
/* Ends a wait with an error in a1, without waking other parties. */
void thread_abort_wait(struct thread *thread, unsigned error);
/* Writes the fault message and sends it to the fault endpoint; without one the thread stops. */
void thread_fault(struct thread *thread, enum ash_fault fault, const uint64_t word[4]);
/* The hart that runs it right now, or null. */
struct hart *thread_running_on(const struct thread *thread);
/* If it runs on another hart, makes that hart leave it. */
void thread_stall(struct thread *thread);

extern const struct object_class thread_class;

#endif
