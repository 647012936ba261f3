// SPDX-License-Identifier: MIT
/*
 * System calls. The pc is past the ecall already; a call that was preempted in the middle moves
 * it back and is run again. Every call checks kind and rights of the capability before it acts.
 */
#include "ipc/fastpath.h"
#include "ipc/invoke.h"
#include "object/ipc_objects.h"
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

static void fail(struct thread *thread, unsigned error, uint64_t detail)
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

static void send(struct thread *thread, bool blocking, bool call)
{
    struct slot *slot = lookup_cap(thread, thread->reg[REG_A0]);
    if (!slot) {
        fail(thread, ASH_E_CAPABILITY, thread->reg[REG_A0]);
        return;
    }
    uint8_t type = slot->cap.type;
    if (type == ASH_OBJ_ENDPOINT || type == ASH_OBJ_NOTIFICATION) {
        if (!(slot->cap.rights & ASH_RIGHT_WRITE)) {
            fail(thread, ASH_E_RIGHTS, ASH_RIGHT_WRITE);
        } else if (type == ASH_OBJ_ENDPOINT) {
            unsigned error = endpoint_send(thread, &slot->cap, blocking, call);
            if (error != ASH_OK)
                fail(thread, error, 0);
            else if (!call && thread->state == ASH_THREAD_RUNNING)
                thread->reg[REG_A1] = 0;
        } else {
            thread->reg[REG_A1] = 0;
            notification_signal((struct notification *)slot->cap.object, slot->cap.data);
        }
    } else if (type == ASH_OBJ_REPLY && !call) {
        reply_send((struct reply *)slot->cap.object, thread);
        thread->reg[REG_A1] = 0;
    } else if (!call) {
        fail(thread, ASH_E_METHOD, type);
    } else if (invoke_object(thread, slot, thread->reg[REG_A1]) == PREEMPTED) {
        thread->reg[REG_PC] -= 4;
    }
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
    endpoint_receive(thread, (struct endpoint *)endpoint->cap.object, reply, blocking);
}

static void reply_and_receive(struct thread *thread)
{
    struct slot *slot = lookup_cap(thread, thread->reg[REG_A6]);
    if (!slot || slot->cap.type != ASH_OBJ_REPLY) {
        fail(thread, ASH_E_SOURCE, thread->reg[REG_A6]);
        return;
    }
    reply_send((struct reply *)slot->cap.object, thread);
    receive(thread, true);
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
    notification_signal(target, badge);
    wait(thread, thread->reg[REG_A0], true);
}

static void dispatch(struct thread *thread)
{
    switch (thread->reg[REG_A7]) {
    case ASH_SYS_CALL:
        send(thread, true, true);
        break;
    case ASH_SYS_REPLY_RECV:
        reply_and_receive(thread);
        break;
    case ASH_SYS_SEND:
        send(thread, true, false);
        break;
    case ASH_SYS_NBSEND:
        send(thread, false, false);
        break;
    case ASH_SYS_RECV:
        receive(thread, true);
        break;
    case ASH_SYS_NBRECV:
        receive(thread, false);
        break;
    case ASH_SYS_WAIT:
        wait(thread, thread->reg[REG_A0], true);
        break;
    case ASH_SYS_POLL:
        wait(thread, thread->reg[REG_A0], false);
        break;
    case ASH_SYS_YIELD:
        sched_yield(thread);
        break;
    case ASH_SYS_SIGNAL_WAIT:
        if (!fastpath_signal_wait(thread))
            signal_and_wait(thread);
        break;
    case ASH_SYS_NULL:
        break;
    default: {
        uint64_t word[4] = {thread->reg[REG_PC] - 4, thread->reg[REG_A7], 0, 0};
        thread->reg[REG_PC] -= 4;
        thread_fault(thread, ASH_FAULT_SYSCALL, word);
    }
    }
}

struct thread *syscall(struct thread *thread)
{
    dispatch(thread);
    return next_thread();
}
