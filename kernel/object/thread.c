// SPDX-License-Identifier: MIT
/* Thread methods and the life of a thread. */
#include "object/thread.h"
#include "arch/fpu.h"
#include "ipc/fastpath.h"
#include "ipc/invoke.h"
#include "object/ipc_objects.h"
#include "object/vspace.h"
#include "panic.h"
#include "sched/sched.h"
#include "small.h"

#include <string.h>

struct thread *all_threads;

struct hart *thread_running_on(const struct thread *thread)
{
    struct hart *hart = thread->hart;
    return hart && hart->current == thread ? hart : nullptr;
}

void thread_stall(struct thread *thread)
{
    struct hart *hart = thread_running_on(thread);
    if (!hart || hart == this_hart)
        return;
    hart_stall(hart);
    sched_charge(hart);
    hart->current = nullptr;
    hart->reschedule = true;
    if (thread->state == ASH_THREAD_RUNNING)
        sched_enqueue(thread);
}

SMALL

/* The queue it is in, or null. */
static struct thread_queue *queue_of(struct thread *thread)
{
    switch (thread->state) {
    case ASH_THREAD_RUNNING:
        return thread->queued ? &thread->sched->hart->ready : nullptr;
    case ASH_THREAD_BLOCKED_SEND:
    case ASH_THREAD_BLOCKED_RECEIVE:
        return &thread->endpoint->queue;
    case ASH_THREAD_BLOCKED_NOTIFICATION:
        return &thread->notification->queue;
    default:
        return nullptr;
    }
}

static void update_priority(struct thread *thread)
{
    uint8_t priority =
        thread->base_priority > thread->inherited ? thread->base_priority : thread->inherited;
    if (priority == thread->priority)
        return;
    struct thread_queue *queue = queue_of(thread);
    if (queue)
        queue_remove(queue, thread);
    thread->priority = priority;
    if (queue)
        queue_insert(queue, thread);
    sched_priority_changed(thread);
}

void thread_set_inherited(struct thread *thread, uint8_t priority)
{
    thread->inherited = priority;
    update_priority(thread);
}

/* A thread stopped in a wait repeats the system call when it is resumed; one whose call was taken
 * already learns that no answer comes. A fault is no system call: the instruction is repeated. */
static void leave_queues(struct thread *thread)
{
    bool waits = thread->state == ASH_THREAD_BLOCKED_SEND ||
                 thread->state == ASH_THREAD_BLOCKED_RECEIVE ||
                 thread->state == ASH_THREAD_BLOCKED_NOTIFICATION;
    if (waits && !thread->faulted)
        thread->reg[REG_PC] -= 4;
    if (thread->state == ASH_THREAD_BLOCKED_REPLY && !thread->faulted)
        thread->reg[REG_A1] = ash_info(ASH_E_DELETED, 0, 0) | ASH_INFO_KERNEL;
    if (thread->state == ASH_THREAD_BLOCKED_SEND || thread->state == ASH_THREAD_BLOCKED_RECEIVE)
        endpoint_cancel(thread);
    else if (thread->state == ASH_THREAD_BLOCKED_NOTIFICATION)
        notification_cancel(thread);
    else if (thread->state == ASH_THREAD_BLOCKED_REPLY)
        reply_forget_caller(thread);
}

void thread_stop(struct thread *thread)
{
    thread_stall(thread);
    leave_queues(thread);
    thread->state = ASH_THREAD_INACTIVE;
    sched_dequeue(thread);
    if (thread_running_on(thread))
        this_hart->reschedule = true;
}

SMALL_END

void thread_abort_wait(struct thread *thread, unsigned error)
{
    thread->reg[REG_A0] = 0;
    thread->reg[REG_A1] = ash_info(error, 0, 0) | ASH_INFO_KERNEL;
    thread_wake(thread);
}

void thread_wake(struct thread *thread)
{
    thread->state = ASH_THREAD_RUNNING;
    sched_enqueue(thread);
}

/* Where the writing takes long, the thread runs into its fault again after an interrupt. */
[[gnu::noinline, clang::minsize]] static void unhandled_fault(struct thread *thread)
{
    const uint64_t *word = thread->fault_word;
    unsigned result = print_steps(
        &thread->announced, "thread %s: fault %u without a handler: pc %p, cause %u, value %p\n",
        thread->name, thread->fault, (void *)word[0], (unsigned)word[1], (void *)word[2]);
    if (result == ASH_OK)
        thread_stop(thread);
    else
        thread->faulted = false;
}

void thread_fault(struct thread *thread, enum ash_fault fault, const uint64_t word[4])
{
    if (thread->object.dying) [[clang::unlikely]] {
        (void)graves_empty(&thread->graves); /* it deletes itself; syscall.c */
        return;
    }
    for (unsigned i = 0; i < 4; i++)
        thread->fault_word[i] = word[i];
    thread->fault = (uint8_t)fault;
    thread->faulted = true;
    const struct capability *handler = &thread->slot[THREAD_SLOT_FAULT].cap;
    if (handler->type == ASH_OBJ_ENDPOINT && fastpath_fault(thread))
        return;
    if (handler->type != ASH_OBJ_ENDPOINT || endpoint_send(thread, handler, true, true) != ASH_OK)
        unhandled_fault(thread);
}

SMALL

/* --- Methods --------------------------------------------------------------------------------- */

static unsigned configure(struct thread *thread, struct invocation *call)
{
    if (call->length < 1)
        return invoke_error(call, ASH_E_TRUNCATED, 1, 0);
    struct slot *cspace = invoke_cap_of(call, 0, ASH_OBJ_CNODE);
    struct slot *vspace = cspace ? invoke_cap_of(call, 1, ASH_OBJ_VSPACE) : nullptr;
    struct slot *frame = vspace ? invoke_cap_of(call, 2, ASH_OBJ_FRAME) : nullptr;
    if (!frame)
        return ASH_E_SOURCE;
    if (frame->cap.device || (frame->cap.rights & (ASH_RIGHT_READ | ASH_RIGHT_WRITE)) !=
                                 (ASH_RIGHT_READ | ASH_RIGHT_WRITE))
        return invoke_error(call, ASH_E_RIGHTS, ASH_RIGHT_READ | ASH_RIGHT_WRITE, 2);
    uint64_t address = invoke_word(call, 0);
    if (address % 1024 != 0)
        return invoke_error(call, ASH_E_ALIGNMENT, 0, 1024);
    for (unsigned i = THREAD_SLOT_CSPACE; i <= THREAD_SLOT_BUFFER; i++)
        if (!slot_empty(&thread->slot[i]))
            return ASH_E_BUSY;
    if (thread->hart) /* it ran in another space before, which is gone */
        ((struct vspace *)vspace->cap.object)->hart_mask |= 1u << thread->hart->index;
    struct capability buffer = frame->cap;
    buffer.data = buffer.extra = 0;
    slot_insert(&thread->slot[THREAD_SLOT_CSPACE], cspace->cap, cspace);
    slot_insert(&thread->slot[THREAD_SLOT_VSPACE], vspace->cap, vspace);
    slot_insert(&thread->slot[THREAD_SLOT_BUFFER], buffer, frame);
    thread->buffer_offset = address & ((1ull << frame->cap.bits) - 1);
    return ASH_OK;
}

static unsigned set_fault_endpoint(struct thread *thread, struct invocation *call)
{
    struct slot *source = nullptr;
    if (call->caps > 0) {
        source = invoke_cap_of(call, 0, ASH_OBJ_ENDPOINT);
        if (!source)
            return ASH_E_SOURCE;
        uint64_t needed = ASH_RIGHT_WRITE | ASH_RIGHT_GRANT_REPLY;
        if ((source->cap.rights & needed) != needed)
            return invoke_error(call, ASH_E_RIGHTS, needed, 0);
    }
    if (slot_delete_inner(&thread->slot[THREAD_SLOT_FAULT]) == PREEMPTED)
        return PREEMPTED;
    if (source)
        slot_insert(&thread->slot[THREAD_SLOT_FAULT], source->cap, source);
    return ASH_OK;
}

static unsigned set_priority(struct thread *thread, struct invocation *call)
{
    if (call->length < 2)
        return invoke_error(call, ASH_E_TRUNCATED, 2, 0);
    uint64_t limit = call->caller->max_priority;
    for (unsigned i = 0; i < 2; i++)
        if (invoke_word(call, i) > limit)
            return invoke_error(call, ASH_E_RANGE, i, limit);
    thread->base_priority = (uint8_t)invoke_word(call, 0);
    update_priority(thread);
    thread->max_priority = (uint8_t)invoke_word(call, 1);
    return ASH_OK;
}

static unsigned write_registers(struct thread *thread, struct invocation *call)
{
    if (call->length < 6)
        return invoke_error(call, ASH_E_TRUNCATED, 6, 0);
    if (thread->state == ASH_THREAD_RUNNING)
        return ASH_E_BUSY;
    static const uint8_t first[8] = {REG_PC, REG_SP, REG_A0, REG_A1, REG_GP, REG_TP, REG_A2, 1};
    for (unsigned i = 0; i < 32 && i < call->length; i++)
        thread->reg[i < 8 ? first[i] : i < 13 ? i - 3 : i] = invoke_word(call, i);
    return ASH_OK;
}

static unsigned read_registers(struct thread *thread, struct invocation *call)
{
    if (!thread_buffer(call->caller))
        return ASH_E_NOT_BOUND;
    if (thread == call->caller) /* s0..s11 are not there: arch/trap.S */
        return ASH_E_BUSY;
    thread_stall(thread);
    for (unsigned i = 0; i < 32; i++)
        invoke_reply(call, i, thread->reg[i]);
    invoke_reply(call, 32, thread->state);
    return ASH_OK;
}

static unsigned resume(struct thread *thread)
{
    if (slot_empty(&thread->slot[THREAD_SLOT_VSPACE]))
        return ASH_E_NOT_BOUND;
    if (thread->state == ASH_THREAD_RUNNING)
        return ASH_OK;
    if (thread->state != ASH_THREAD_INACTIVE)
        return ASH_E_BUSY;
    thread->faulted = false;
    thread_wake(thread);
    return ASH_OK;
}

static unsigned bind_notification(struct thread *thread, struct invocation *call)
{
    struct slot *source = invoke_cap_of(call, 0, ASH_OBJ_NOTIFICATION);
    if (!source)
        return ASH_E_SOURCE;
    if (!(source->cap.rights & ASH_RIGHT_READ))
        return invoke_error(call, ASH_E_RIGHTS, ASH_RIGHT_READ, 0);
    struct notification *notification = (struct notification *)source->cap.object;
    if (thread->bound || notification->bound || notification->queue.head)
        return ASH_E_BUSY;
    thread->bound = notification;
    notification->bound = thread;
    notification_deliver(notification);
    return ASH_OK;
}

static unsigned unbind_notification(struct thread *thread)
{
    if (!thread->bound)
        return ASH_E_NOT_BOUND;
    thread->bound->bound = nullptr;
    thread->bound = nullptr;
    return ASH_OK;
}

static unsigned set_name(struct thread *thread, struct invocation *call)
{
    if (call->length < 2)
        return invoke_error(call, ASH_E_TRUNCATED, 2, 0);
    uint64_t word[2] = {invoke_word(call, 0), invoke_word(call, 1)};
    memcpy(thread->name, word, sizeof(word));
    thread->name[15] = 0;
    return ASH_OK;
}

static unsigned info(struct thread *thread, struct invocation *call)
{
    /* Told, not booked: the end of a budget is for the hart that runs the thread to see. */
    const struct hart *hart = thread_running_on(thread);
    uint64_t running = hart && hart->charged ? time_now() - hart->charged_since : 0;
    invoke_reply(call, 0, thread->state);
    invoke_reply(call, 1, thread->priority);
    invoke_reply(call, 2, thread->ticks + running);
    invoke_reply(call, 3, thread->sched && thread->sched->hart ? thread->sched->hart->index : 0);
    return ASH_OK;
}

static unsigned invoke(struct slot *slot, uint64_t method, struct invocation *call)
{
    struct thread *thread = thread_from(slot->cap.object);
    switch (method) {
    case ASH_THREAD_CONFIGURE:
        return configure(thread, call);
    case ASH_THREAD_SET_FAULT_ENDPOINT:
        return set_fault_endpoint(thread, call);
    case ASH_THREAD_SET_PRIORITY:
        return set_priority(thread, call);
    case ASH_THREAD_WRITE_REGISTERS:
        return write_registers(thread, call);
    case ASH_THREAD_READ_REGISTERS:
        return read_registers(thread, call);
    case ASH_THREAD_RESUME:
        return resume(thread);
    case ASH_THREAD_SUSPEND:
        thread_stop(thread);
        return ASH_OK;
    case ASH_THREAD_BIND_NOTIFICATION:
        return bind_notification(thread, call);
    case ASH_THREAD_UNBIND_NOTIFICATION:
        return unbind_notification(thread);
    case ASH_THREAD_SET_NAME:
        return set_name(thread, call);
    case ASH_THREAD_INFO:
        return info(thread, call);
    default:
        return invoke_error(call, ASH_E_METHOD, method, 0);
    }
}

static void destroy(struct object *object)
{
    struct thread *thread = thread_from((uint64_t)object);
    thread_stop(thread);
    if (thread->sched)
        sched_context_give(thread->sched, nullptr);
    if (thread->bound)
        (void)unbind_notification(thread);
    fpu_forget(thread);
    if (thread->hart && thread->hart->current == thread)
        thread->hart->current = nullptr;
    if (thread->all_next)
        thread->all_next->all_prev = thread->all_prev;
    *(thread->all_prev ? &thread->all_prev->all_next : &all_threads) = thread->all_next;
}

static struct slot *slots(struct object *object, size_t *count)
{
    *count = THREAD_SLOTS;
    return thread_from((uint64_t)object)->slot;
}

static struct grave *grave(struct object *object)
{
    return &thread_from((uint64_t)object)->grave;
}

static struct graves *graves(struct object *object)
{
    return &thread_from((uint64_t)object)->graves;
}

static void stop(struct object *object)
{
    thread_stop(thread_from((uint64_t)object));
}

static uint64_t size(uint64_t parameter, uint64_t *align)
{
    (void)parameter;
    *align = 64;
    return sizeof(struct thread);
}

static void create(struct capability *cap, paddr memory, uint64_t parameter)
{
    (void)parameter;
    struct thread *thread = window(memory);
    thread->all_next = all_threads;
    if (all_threads)
        all_threads->all_prev = thread;
    all_threads = thread;
    cap->object = (uint64_t)&thread->object;
}

const struct object_class thread_class = {
    .name = "Thread",
    .invoke = invoke,
    .destroy = destroy,
    .slots = slots,
    .grave = grave,
    .graves = graves,
    .stop = stop,
    .size = size,
    .create = create,
    .counted = true,
    .copyable = true,
};

SMALL_END
