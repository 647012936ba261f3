// SPDX-License-Identifier: MIT
/*
 * Notification: a word of signal bits. Bits are pending only while nobody waits. A bound thread
 * that waits in Recv gets them as a message of the label ASH_LABEL_NOTIFICATION.
 */
#include "ipc/message.h"
#include "object/ipc_objects.h"
#include "sched/preempt.h"
#include "sched/sched.h"
#include "small.h"

/* A capability without a badge signals bit 0. */
void notification_signal(struct notification *notification, uint64_t badge)
{
    uint64_t bits = badge ? badge : 1;
    struct thread *waiter = notification->queue.head;
    if (waiter) {
        queue_take_first(&notification->queue);
        message_signals(waiter, bits, 0);
        sched_wake(waiter);
        return;
    }
    struct thread *bound = notification->bound;
    if (bound && bound->state == ASH_THREAD_BLOCKED_RECEIVE && bound->sched) {
        endpoint_cancel(bound);
        message_signals(bound, notification->signals | bits, ASH_LABEL_NOTIFICATION);
        notification->signals = 0;
        thread_wake(bound);
        return;
    }
    notification->signals |= bits;
}

void notification_deliver(struct notification *notification)
{
    uint64_t pending = notification->signals;
    notification->signals = 0;
    if (pending)
        notification_signal(notification, pending);
}

void notification_wait(struct thread *thread, struct notification *notification, bool blocking)
{
    if (notification->signals != 0) {
        message_signals(thread, notification->signals, 0);
        notification->signals = 0;
    } else if (!blocking) {
        message_signals(thread, 0, ASH_E_AGAIN);
    } else {
        /* First: SignalWait may have woken a thread that took the hart, and this one is ready. */
        sched_block(thread);
        thread->state = ASH_THREAD_BLOCKED_NOTIFICATION;
        thread->notification = notification;
        queue_insert(&notification->queue, thread);
    }
}

void notification_cancel(struct thread *thread)
{
    queue_remove(&thread->notification->queue, thread);
}

SMALL

static unsigned shed(struct object *object)
{
    struct notification *notification = (struct notification *)object;
    while (notification->queue.head) {
        struct thread *thread = notification->queue.head;
        notification_cancel(thread);
        thread_abort_wait(thread, ASH_E_DELETED);
        if (notification->queue.head && preemption_wanted())
            return PREEMPTED;
    }
    return ASH_OK;
}

static void destroy(struct object *object)
{
    struct notification *notification = (struct notification *)object;
    if (notification->bound)
        notification->bound->bound = nullptr;
}

static uint64_t size(uint64_t parameter, uint64_t *align)
{
    (void)parameter;
    *align = 64;
    return sizeof(struct notification);
}

static void create(struct capability *cap, paddr memory, uint64_t parameter)
{
    (void)parameter;
    cap->object = (uint64_t)window(memory);
}

const struct object_class notification_class = {
    .name = "Notification",
    .shed = shed,
    .destroy = destroy,
    .size = size,
    .create = create,
    .counted = true,
    .copyable = true,
};

SMALL_END
