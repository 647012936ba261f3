// SPDX-License-Identifier: MIT
/* Any bytes as a conversation of six threads on two harts (conversation.h): who says what to whom,
 * who waits, who faults, how time passes, and what a manager changes meanwhile. */
#include "conversation.h"
#include "kernel/error.h"
#include "usage.h"

#include <stddef.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define STEPS_MAX 250u

struct input {
    const uint8_t *at, *end;
};

static unsigned take(struct input *in)
{
    return in->at < in->end ? *in->at++ : 0;
}

static uint64_t endpoint(struct input *in, bool receive)
{
    unsigned n = take(in);
    return SLOT_ENDPOINT + 4 * (n % ENDPOINTS) + (receive ? 0 : n / 4 % 3);
}

static uint64_t notification(struct input *in)
{
    unsigned n = take(in);
    return SLOT_NOTIFICATION + 2 * (n % NOTIFICATIONS) + n / 4 % 2;
}

static uint64_t reply(struct input *in)
{
    unsigned n = take(in);
    return n >= 240 ? 0 : SLOT_REPLY + n % REPLIES;
}

static void say(struct input *in, unsigned hart, unsigned what)
{
    uint64_t first, second;
    switch (what) {
    case 0:
        conversation_syscall(hart, ASH_SYS_CALL, endpoint(in, false), 0);
        break;
    case 1:
        conversation_syscall(hart, ASH_SYS_SEND, endpoint(in, false), 0);
        break;
    case 2:
        conversation_syscall(hart, ASH_SYS_NBSEND, endpoint(in, false), 0);
        break;
    case 3:
    case 4:
        first = endpoint(in, true);
        conversation_syscall(hart, what == 3 ? ASH_SYS_RECV : ASH_SYS_NBRECV, first, reply(in));
        break;
    case 5:
        first = endpoint(in, true);
        conversation_syscall(hart, ASH_SYS_REPLY_RECV, first, reply(in));
        break;
    case 6:
        conversation_syscall(hart, ASH_SYS_SEND, reply(in), 0);
        break;
    case 7:
        conversation_syscall(hart, take(in) & 1 ? ASH_SYS_WAIT : ASH_SYS_POLL, notification(in), 0);
        break;
    case 8:
        conversation_syscall(hart, ASH_SYS_SEND, notification(in), 0);
        break;
    case 9:
        first = notification(in);
        second = notification(in);
        conversation_syscall(hart, take(in) & 1 ? ASH_SYS_SIGNAL_WAIT : ASH_SYS_ACK_SIGNAL_WAIT,
                             first, second);
        break;
    case 10:
        conversation_syscall(hart, ASH_SYS_YIELD, 0, 0);
        break;
    default:
        if (take(in) & 1)
            conversation_fault(hart);
        else
            conversation_syscall(hart, 99, 0, 0);
    }
}

static void manage_thread(struct input *in)
{
    static const uint8_t methods[] = {ASH_THREAD_SUSPEND,
                                      ASH_THREAD_RESUME,
                                      ASH_THREAD_RESUME,
                                      ASH_THREAD_SET_PRIORITY,
                                      ASH_THREAD_BIND_NOTIFICATION,
                                      ASH_THREAD_UNBIND_NOTIFICATION,
                                      ASH_THREAD_SET_FAULT_ENDPOINT,
                                      ASH_THREAD_INFO};
    struct message call = {.label = methods[take(in) % sizeof(methods)], .length = 2};
    uint64_t thread = SLOT_THREAD + take(in) % THREADS;
    if (call.label == ASH_THREAD_SET_PRIORITY)
        call.word[0] = take(in) % 16;
    if (call.label == ASH_THREAD_BIND_NOTIFICATION)
        call.cap[call.caps++] = notification(in);
    if (call.label == ASH_THREAD_SET_FAULT_ENDPOINT && take(in) % 8)
        call.cap[call.caps++] = endpoint(in, false);
    conversation_manage(thread, &call, 0);
}

static void manage_time(struct input *in)
{
    static const uint16_t budgets[8] = {200, 500, 1000, 3000, 5000, 10000, 20000, 777};
    unsigned n = take(in) % SCHEDS;
    struct message call = {.label = ASH_SCHED_CONTROL_CONFIGURE, .length = 3, .caps = 1};
    call.cap[0] = SLOT_SCHED + n;
    call.word[0] = take(in) % HARTS;
    call.word[1] = budgets[take(in) % 8];
    call.word[2] = budgets[take(in) % 8];
    if (conversation_manage(SLOT_CONTROL, &call, 0) == ASH_OK)
        usage_configured(n, call.word[1], call.word[2]);
}

static void manage_sched(struct input *in)
{
    struct message call = {.label = ASH_SCHED_CONTEXT_BIND + take(in) % 3, .caps = 1};
    call.cap[0] = SLOT_THREAD + take(in) % THREADS;
    conversation_manage(SLOT_SCHED + take(in) % SCHEDS, &call, 0);
}

static void manage_timer(struct input *in)
{
    unsigned n = take(in) % TIMERS;
    struct message call = {.label = ASH_TIMER_BIND + take(in) % 3, .length = 1, .caps = 1};
    call.cap[0] = SLOT_TIMED + n;
    call.word[0] = 1000000 + (uint64_t)take(in) * 1500;
    conversation_manage(SLOT_TIMER + n, &call, 0);
}

/* Not what the manager lives on, nor the CNode. */
static void manage_deletion(struct input *in)
{
    unsigned how = take(in), index = take(in) % 48;
    if (index == 0 || index == SLOT_THREAD + THREADS || index == SLOT_SCHED + SCHEDS)
        return;
    struct message call = {.label = how & 1 ? ASH_CNODE_REVOKE : ASH_CNODE_DELETE, .length = 1};
    call.word[0] = index;
    conversation_manage(SLOT_CNODE, &call, how >> 1 & 7);
}

static void step(struct input *in)
{
    unsigned head = take(in), what = head & 15;
    if (what < 12) {
        say(in, head >> 7, what);
    } else if (what < 14) {
        conversation_advance(1 + (uint64_t)take(in) * take(in));
    } else {
        static void (*const manage[8])(struct input *) = {
            manage_thread, manage_time,  manage_sched,  manage_timer,
            manage_thread, manage_sched, manage_thread, manage_deletion};
        manage[head >> 4 & 7](in);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = {data, data + size};
    conversation_start();
    for (unsigned steps = 0; steps < STEPS_MAX && in.at < in.end; steps++)
        step(&in);
    conversation_check();
    return 0;
}
