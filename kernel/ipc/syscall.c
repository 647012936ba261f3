// SPDX-License-Identifier: MIT
/*
 * System calls. The pc is past the ecall already; a call that was preempted in the middle moves
 * it back and is run again. Each has a function of its own, which nothing is called after, so that
 * a short one keeps no registers on the stack. Every call checks kind and rights of the capability
 * before it acts.
 */
#include "ipc/fastpath.h"
#include "ipc/invoke.h"
#include "object/ipc_objects.h"
#include "object/irq.h"
#include "sched/sched.h"
#include "trap.h"

/* A call that is run again but whose capabilities are gone, because it deleted the thread's own
 * CSpace or the thread itself: goes on emptying what is left. */
static bool finish_deleting(struct thread *thread)
{
    bool half_done = thread->reg[REG_A7] == ASH_SYS_CALL &&
                     ash_info_label(thread->reg[REG_A1]) == ASH_CNODE_FINISH;
    if (!half_done && !thread->object.dying)
        return false;
    if (graves_empty(&thread->graves) == PREEMPTED)
        thread->reg[REG_PC] -= 4;
    else
        thread->reg[REG_A1] = 0;
    return true;
}

/* Not in line: nobody who succeeds keeps registers for it. */
[[gnu::noinline, clang::minsize]] static void fail(struct thread *thread, unsigned error,
                                                   uint64_t detail)
{
    if (finish_deleting(thread))
        return;
    thread->reg[REG_A0] = 0;
    thread->reg[REG_A1] = ash_info(error, 1, 0) | ASH_INFO_KERNEL;
    thread->reg[REG_A2] = detail;
}

/* The capability at `path` if it has all those rights; else fails the call. */
static struct slot *need(struct thread *thread, uint64_t path, uint64_t rights)
{
    struct slot *slot = lookup_cap(thread, path);
    if (!slot) {
        fail(thread, ASH_E_CAPABILITY, path);
        return nullptr;
    }
    if ((slot->cap.rights & rights) != rights) {
        fail(thread, ASH_E_RIGHTS, rights);
        return nullptr;
    }
    return slot;
}

/* The short way of Send: nobody waits for the signal. */
static bool signal_nobody(const struct slot *slot)
{
    struct notification *notification = (struct notification *)slot->cap.object;
    if (notification->queue.head || notification->bound)
        return false;
    notification->signals |= slot->cap.data ? slot->cap.data : 1;
    return true;
}

static void send(struct thread *thread, bool blocking)
{
    struct slot *slot = lookup_cap(thread, thread->reg[REG_A0]);
    if (!slot) {
        fail(thread, ASH_E_CAPABILITY, thread->reg[REG_A0]);
        return;
    }
    uint8_t type = slot->cap.type;
    unsigned error = ASH_OK;
    if (type == ASH_OBJ_REPLY) {
        reply_send((struct reply *)slot->cap.object, thread);
    } else if (type != ASH_OBJ_NOTIFICATION && type != ASH_OBJ_ENDPOINT) {
        fail(thread, ASH_E_METHOD, type);
        return;
    } else if (!(slot->cap.rights & ASH_RIGHT_WRITE)) {
        fail(thread, ASH_E_RIGHTS, ASH_RIGHT_WRITE);
        return;
    } else if (type == ASH_OBJ_ENDPOINT) {
        error = endpoint_send(thread, &slot->cap, blocking, false);
    } else if (!signal_nobody(slot)) {
        notification_signal((struct notification *)slot->cap.object, slot->cap.data);
    }
    if (error != ASH_OK)
        fail(thread, error, 0);
    else if (thread->state == ASH_THREAD_RUNNING)
        thread->reg[REG_A1] = 0;
}

struct thread *syscall_call(struct thread *thread)
{
    struct slot *slot = lookup_cap(thread, thread->reg[REG_A0]);
    if (!slot) {
        fail(thread, ASH_E_CAPABILITY, thread->reg[REG_A0]);
    } else if (slot->cap.type != ASH_OBJ_ENDPOINT && slot->cap.type != ASH_OBJ_NOTIFICATION) {
        if (invoke_object(thread, slot, thread->reg[REG_A1]) == PREEMPTED)
            thread->reg[REG_PC] -= 4;
    } else if (!(slot->cap.rights & ASH_RIGHT_WRITE)) {
        fail(thread, ASH_E_RIGHTS, ASH_RIGHT_WRITE);
    } else if (slot->cap.type == ASH_OBJ_ENDPOINT) {
        unsigned error = endpoint_send(thread, &slot->cap, true, true);
        if (error != ASH_OK)
            fail(thread, error, 0);
    } else {
        thread->reg[REG_A1] = 0;
        notification_signal((struct notification *)slot->cap.object, slot->cap.data);
    }
    return next_thread();
}

/* The call is to be run again: not all whose messages the thread cannot take are refused yet. */
static bool refuses_still(struct thread *thread, struct endpoint *endpoint, struct reply *reply)
{
    if (endpoint_refuse(endpoint, thread, reply) == ASH_OK)
        return false;
    thread->reg[REG_PC] -= 4;
    return true;
}

static void receive(struct thread *thread, bool blocking)
{
    struct slot *endpoint = need(thread, thread->reg[REG_A0], ASH_RIGHT_READ);
    if (!endpoint)
        return;
    if (endpoint->cap.type != ASH_OBJ_ENDPOINT) {
        fail(thread, ASH_E_METHOD, endpoint->cap.type);
        return;
    }
    struct reply *reply = nullptr;
    if (thread->reg[REG_A6] != ASH_NULL_CPTR) {
        struct slot *slot = need(thread, thread->reg[REG_A6], 0);
        if (!slot)
            return;
        if (slot->cap.type != ASH_OBJ_REPLY) {
            fail(thread, ASH_E_SOURCE, slot->cap.type);
            return;
        }
        reply = (struct reply *)slot->cap.object;
        if (reply->receiver && reply->receiver != thread) {
            fail(thread, ASH_E_BUSY, 0);
            return;
        }
    }
    struct endpoint *from = (struct endpoint *)endpoint->cap.object;
    if (!reply || !refuses_still(thread, from, reply))
        endpoint_receive(thread, from, reply, blocking);
}

struct thread *syscall_reply_recv(struct thread *thread)
{
    const struct slot *slot = lookup_cap(thread, thread->reg[REG_A6]);
    if (!slot || slot->cap.type != ASH_OBJ_REPLY) {
        fail(thread, ASH_E_SOURCE, thread->reg[REG_A6]);
        return next_thread();
    }
    struct reply *reply = (struct reply *)slot->cap.object;
    const struct slot *from = lookup_cap(thread, thread->reg[REG_A0]);
    bool receives =
        from && from->cap.type == ASH_OBJ_ENDPOINT && (from->cap.rights & ASH_RIGHT_READ);
    if (!receives || !refuses_still(thread, (struct endpoint *)from->cap.object, reply)) {
        reply_send(reply, thread);
        receive(thread, true);
    }
    return next_thread();
}

static struct notification *need_notification(struct thread *thread, uint64_t path, uint64_t rights,
                                              uint64_t *badge)
{
    struct slot *slot = need(thread, path, rights);
    if (!slot)
        return nullptr;
    if (slot->cap.type != ASH_OBJ_NOTIFICATION) {
        fail(thread, ASH_E_METHOD, slot->cap.type);
        return nullptr;
    }
    *badge = slot->cap.data;
    return (struct notification *)slot->cap.object;
}

static void wait(struct thread *thread, uint64_t path, bool blocking)
{
    uint64_t badge;
    struct notification *notification = need_notification(thread, path, ASH_RIGHT_READ, &badge);
    if (notification)
        notification_wait(thread, notification, blocking);
}

static void signal_and_wait(struct thread *thread)
{
    uint64_t badge;
    struct notification *target =
        need_notification(thread, thread->reg[REG_A1], ASH_RIGHT_WRITE, &badge);
    if (!target)
        return;
    uint64_t own_badge;
    struct notification *own =
        need_notification(thread, thread->reg[REG_A0], ASH_RIGHT_READ, &own_badge);
    if (!own)
        return;
    notification_signal(target, badge);
    notification_wait(thread, own, true);
}

static struct thread *do_send(struct thread *thread)
{
    send(thread, true);
    return next_thread();
}

static struct thread *do_nbsend(struct thread *thread)
{
    send(thread, false);
    return next_thread();
}

static struct thread *do_recv(struct thread *thread)
{
    receive(thread, true);
    return next_thread();
}

static struct thread *do_nbrecv(struct thread *thread)
{
    receive(thread, false);
    return next_thread();
}

static struct thread *do_wait(struct thread *thread)
{
    wait(thread, thread->reg[REG_A0], true);
    return next_thread();
}

static struct thread *do_poll(struct thread *thread)
{
    wait(thread, thread->reg[REG_A0], false);
    return next_thread();
}

static struct thread *do_yield(struct thread *thread)
{
    sched_yield(thread);
    return next_thread();
}

static struct thread *do_signal_wait(struct thread *thread)
{
    if (!fastpath_signal_wait(thread))
        signal_and_wait(thread);
    return next_thread();
}

/* All that may be refused is looked at before anything happens. */
[[gnu::noinline]] static bool acknowledge(struct thread *thread)
{
    uint64_t badge;
    const struct slot *slot = need(thread, thread->reg[REG_A2], 0);
    if (!slot)
        return false;
    if (slot->cap.type != ASH_OBJ_IRQ) {
        fail(thread, ASH_E_METHOD, slot->cap.type);
        return false;
    }
    if (!need_notification(thread, thread->reg[REG_A1], ASH_RIGHT_WRITE, &badge) ||
        !need_notification(thread, thread->reg[REG_A0], ASH_RIGHT_READ, &badge))
        return false;
    unsigned error = irq_acknowledge((struct irq *)slot->cap.object);
    if (error != ASH_OK)
        fail(thread, error, 0);
    return error == ASH_OK;
}

static struct thread *do_ack_signal_wait(struct thread *thread)
{
    if (fastpath_acknowledge(thread) || acknowledge(thread))
        return do_signal_wait(thread);
    return next_thread();
}

static struct thread *do_null(struct thread *thread)
{
    (void)thread;
    return next_thread();
}

/* Not in line: syscall() would keep registers for its sake. */
[[gnu::noinline]] static struct thread *do_unknown(struct thread *thread)
{
    thread->reg[REG_PC] -= 4;
    uint64_t word[4] = {thread->reg[REG_PC], thread->reg[REG_A7], 0, 0};
    thread_fault(thread, ASH_FAULT_SYSCALL, word);
    return next_thread();
}

struct thread *syscall(struct thread *thread)
{
    static struct thread *(*const calls[])(struct thread *) = {
        [ASH_SYS_CALL] = syscall_call, [ASH_SYS_REPLY_RECV] = syscall_reply_recv,
        [ASH_SYS_SEND] = do_send,      [ASH_SYS_NBSEND] = do_nbsend,
        [ASH_SYS_RECV] = do_recv,      [ASH_SYS_NBRECV] = do_nbrecv,
        [ASH_SYS_WAIT] = do_wait,      [ASH_SYS_POLL] = do_poll,
        [ASH_SYS_YIELD] = do_yield,    [ASH_SYS_SIGNAL_WAIT] = do_signal_wait,
        [ASH_SYS_NULL] = do_null,      [ASH_SYS_ACK_SIGNAL_WAIT] = do_ack_signal_wait,
    };
    uint64_t number = thread->reg[REG_A7];
    return number < sizeof(calls) / sizeof(calls[0]) ? calls[number](thread) : do_unknown(thread);
}
