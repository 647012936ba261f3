// SPDX-License-Identifier: MIT
#include "conversation.h"
#include "cast.h"
#include "check/check.h"
#include "check/checks.h"
#include "host/host.h"
#include "sched/sched.h"
#include "usage.h"

#include <string.h>

#define CHECK_EVERY 8u

/* What a thread has said and nobody has heard yet. */
struct saying {
    bool open, heard, fault;
    uint64_t word, badge;
    const void *to; /* Endpoint or Reply */
};

/* What the kernel showed of a thread before the last step. */
struct seen {
    uint8_t state;
    const void *on;             /* Endpoint, Notification or Reply */
    const struct reply *answer; /* the Reply object it receives with */
};

static struct saying said[THREADS + 1];
static struct seen before[THREADS + 1];
static uint64_t pending[NOTIFICATIONS + 1];
static uint64_t last_word;
static unsigned steps;

/* --- Start ------------------------------------------------------------------------------------ */

static void remember(void)
{
    for (unsigned i = 0; i <= THREADS; i++) {
        const struct thread *thread = threads[i];
        if (!thread)
            continue;
        before[i] = (struct seen){.state = thread->state};
        if (thread->state == ASH_THREAD_BLOCKED_REPLY)
            before[i].on = thread->reply;
        else if (thread->state == ASH_THREAD_BLOCKED_NOTIFICATION)
            before[i].on = thread->notification;
        else if (thread->state != ASH_THREAD_RUNNING && thread->state != ASH_THREAD_INACTIVE)
            before[i].on = thread->endpoint;
        if (thread->state == ASH_THREAD_BLOCKED_RECEIVE)
            before[i].answer = thread->receive_reply;
    }
}

static unsigned index_of(const struct thread *thread)
{
    unsigned i = 0;
    while (threads[i] != thread)
        i++;
    return i;
}

static void settle(void);

void conversation_start(void)
{
    static bool booted;
    host_reset(HARTS);
    if (!booted)
        check_boot();
    booted = true;
    memset(said, 0, sizeof(said));
    memset(pending, 0, sizeof(pending));
    usage_reset();
    last_word = 1000;
    steps = 0;
    cast_start();
    for (unsigned i = 0; i < HARTS; i++) {
        host_select(i);
        host_interrupts();
    }
    remember();
    conversation_syscall(0, ASH_SYS_WAIT, SLOT_ALARM, 0);
    host_check(threads[MANAGER]->state == ASH_THREAD_BLOCKED_NOTIFICATION, "the manager waits");
}

/* --- What must be true of a step ---------------------------------------------------------------
 */

static struct saying *find_said(uint64_t word, const void *to, uint64_t badge)
{
    for (unsigned i = 0; i <= THREADS; i++)
        if (said[i].open && !said[i].heard && said[i].word == word) {
            host_check(said[i].to == to, "the message of thread %u came to another object", i);
            host_check(said[i].badge == badge, "badge %#lx instead of %#lx", badge, said[i].badge);
            said[i].heard = true;
            return &said[i];
        }
    host_fail("word %lu was not said, or was heard before", word);
}

static unsigned notification_index(const void *notification)
{
    for (unsigned i = 0; i <= NOTIFICATIONS; i++)
        if (notifications[i] == notification)
            return i;
    host_fail("a Notification that nobody made");
}

static void got_bits(const void *notification, uint64_t bits)
{
    unsigned n = notification_index(notification);
    pending[n] |= bits & TIMER_BITS;
    host_check(bits != 0 && (bits & ~pending[n]) == 0, "bits %#lx, signalled were %#lx", bits,
               pending[n]);
    pending[n] &= ~bits;
}

/* It has received, and runs. */
static void heard(const struct thread *thread, const void *endpoint)
{
    uint64_t info = thread->reg[REG_A1], label = ash_info_label(info);
    if (info & ASH_INFO_KERNEL)
        return;
    if (label == ASH_LABEL_NOTIFICATION) {
        got_bits(thread->bound, thread->reg[REG_A0]);
        return;
    }
    bool fault = label == ASH_FAULT_EXCEPTION || label == ASH_FAULT_SYSCALL;
    host_check(fault || label == LABEL, "%s received the label %lu", thread->name, label);
    uint64_t word = thread->reg[REG_A2 + (fault ? 3 : 0)];
    if (label == ASH_FAULT_SYSCALL)
        word = thread->reg[REG_A2 + 1];
    const struct saying *saying = find_said(word, endpoint, thread->reg[REG_A0]);
    host_check(saying->fault == fault, "a fault came as a message");
    if (ash_info_length(info) > ASH_MSG_REGISTERS)
        host_check(buffers[index_of(thread)]->msg[5] == word, "the message's sixth word is lost");
}

static void after_wait(unsigned i)
{
    const struct thread *thread = threads[i];
    uint64_t info = thread->reg[REG_A1];
    switch (before[i].state) {
    case ASH_THREAD_BLOCKED_RECEIVE:
        heard(thread, before[i].on);
        break;
    case ASH_THREAD_BLOCKED_REPLY:
        if (!said[i].fault && !(info & ASH_INFO_KERNEL)) {
            host_check(ash_info_label(info) == LABEL, "an answer with label %lu",
                       ash_info_label(info));
            find_said(thread->reg[REG_A2], before[i].on, 0);
        }
        said[i].open = said[i].fault = false;
        break;
    case ASH_THREAD_BLOCKED_NOTIFICATION:
        if (ash_info_label(info) == 0)
            got_bits(before[i].on, thread->reg[REG_A0]);
        break;
    default:
        break;
    }
}

static void after_send(unsigned i)
{
    const struct thread *thread = threads[i];
    bool taken = thread->state == ASH_THREAD_BLOCKED_REPLY ||
                 (thread->state == ASH_THREAD_RUNNING && thread->reg[REG_A1] == 0);
    if (taken)
        host_check(said[i].heard, "%s's message was taken and nobody has heard it", thread->name);
    if (thread->state != ASH_THREAD_BLOCKED_REPLY)
        said[i].open = said[i].fault = false;
}

static void check_bits(void)
{
    for (unsigned i = 0; i <= NOTIFICATIONS; i++) {
        if (!notifications[i])
            continue;
        uint64_t signals = notifications[i]->signals;
        pending[i] |= signals & TIMER_BITS;
        host_check(signals == pending[i], "bits %#lx are pending, %#lx were signalled", signals,
                   pending[i]);
    }
}

static void check_timers(void)
{
    for (unsigned i = 0; i < TIMERS; i++)
        host_check(!timers[i] || !timers[i]->timeout.queue || timers[i]->timeout.time > host.time,
                   "a timer is late");
}

void conversation_check(void)
{
    for (unsigned i = 0; i < HARTS; i++) {
        host_select(i);
        check_everything();
    }
}

/* Receivers first: they say what was heard. */
static void check_step(void)
{
    cast_bury_the_dead();
    for (unsigned i = 0; i <= THREADS; i++)
        if (threads[i] && before[i].state != threads[i]->state &&
            threads[i]->state == ASH_THREAD_RUNNING)
            after_wait(i);
    for (unsigned i = 0; i <= THREADS; i++)
        if (threads[i] && before[i].state == ASH_THREAD_BLOCKED_SEND &&
            threads[i]->state != before[i].state)
            after_send(i);
    check_bits();
    check_timers();
    if (++steps % CHECK_EVERY == 0)
        conversation_check();
    remember();
}

/* Every hart handles what is pending. */
static void settle(void)
{
    for (unsigned rounds = 0;; rounds++) {
        bool any = false;
        for (unsigned i = 0; i < HARTS; i++) {
            if (!host_interrupt_pending(i))
                continue;
            any = true;
            host_select(i);
            host_interrupts();
        }
        if (!any)
            return;
        host_check(rounds < 100, "interrupts without end");
    }
}

/* --- Steps -------------------------------------------------------------------------------------
 */

static void load(struct thread *thread, const struct message *message)
{
    struct ash_ipc_buffer *buffer = buffers[index_of(thread)];
    thread->reg[REG_A1] = ash_info(message->label, message->length, message->caps);
    for (unsigned i = 0; i < ASH_MSG_REGISTERS; i++)
        thread->reg[REG_A2 + i] = message->word[i];
    for (unsigned i = ASH_MSG_REGISTERS; i < 8; i++)
        buffer->msg[i] = message->word[i];
    for (unsigned i = 0; i < ASH_MSG_CAPS; i++)
        buffer->caps[i] = message->cap[i];
}

static const struct slot *slot_at(uint64_t path)
{
    return path < 64 ? &cnode->slot[path] : nullptr;
}

/* Notes what the system call says, and to whom. */
static void note_saying(unsigned i, uint64_t number, uint64_t a0, uint64_t reply_path)
{
    bool answers = number == ASH_SYS_REPLY_RECV;
    const struct slot *slot = slot_at(answers ? reply_path : a0);
    if (!slot ||
        (number != ASH_SYS_CALL && number != ASH_SYS_SEND && number != ASH_SYS_NBSEND && !answers))
        return;
    uint8_t type = slot->cap.type;
    bool message = type == ASH_OBJ_ENDPOINT && !answers && (slot->cap.rights & ASH_RIGHT_WRITE);
    bool answer = type == ASH_OBJ_REPLY && number != ASH_SYS_CALL;
    if (message || answer)
        said[i] = (struct saying){.open = true,
                                  .word = last_word,
                                  .badge = answer ? 0 : slot->cap.data,
                                  .to = (const void *)slot->cap.object};
}

static bool can_wait(const struct slot *slot)
{
    return slot && slot->cap.type == ASH_OBJ_NOTIFICATION && (slot->cap.rights & ASH_RIGHT_READ);
}

/* SignalWait does both or neither. */
static void note_signal(uint64_t number, uint64_t a0, uint64_t a1)
{
    bool both = number == ASH_SYS_SIGNAL_WAIT;
    const struct slot *slot = slot_at(both ? a1 : a0);
    bool sends = number == ASH_SYS_SEND || number == ASH_SYS_NBSEND || number == ASH_SYS_CALL;
    if (!slot || slot->cap.type != ASH_OBJ_NOTIFICATION || (!both && !sends) ||
        !(slot->cap.rights & ASH_RIGHT_WRITE) || (both && !can_wait(slot_at(a0))))
        return;
    uint64_t badge = slot->cap.data ? slot->cap.data : 1;
    pending[notification_index((const void *)slot->cap.object)] |= badge;
}

static bool receives(uint64_t number)
{
    return number == ASH_SYS_RECV || number == ASH_SYS_NBRECV || number == ASH_SYS_REPLY_RECV;
}

static bool waits(uint64_t number)
{
    return number == ASH_SYS_WAIT || number == ASH_SYS_POLL || number == ASH_SYS_SIGNAL_WAIT;
}

/* The caller went on without having been blocked: what it got, it got at once. */
static void after_call(unsigned i, uint64_t number, uint64_t a0)
{
    const struct thread *thread = threads[i];
    const struct slot *slot = slot_at(a0);
    if (thread->state != ASH_THREAD_RUNNING || !slot)
        return;
    if (receives(number) && slot->cap.type == ASH_OBJ_ENDPOINT)
        heard(thread, (const void *)slot->cap.object);
    if (waits(number) && slot->cap.type == ASH_OBJ_NOTIFICATION &&
        ash_info_label(thread->reg[REG_A1]) == 0)
        got_bits((const void *)slot->cap.object, thread->reg[REG_A0]);
}

bool conversation_syscall(unsigned hart, uint64_t number, uint64_t a0, uint64_t a1)
{
    host_select(hart);
    struct thread *thread = harts[hart].current;
    if (!thread)
        return false;
    unsigned i = index_of(thread);
    uint64_t word = ++last_word;
    struct message message = {.label = LABEL, .length = word % 3 ? 4 : 8};
    for (unsigned n = 0; n < 8; n++)
        message.word[n] = word;
    load(thread, &message);
    thread->reg[REG_A0] = a0;
    thread->reg[REG_A6] = receives(number) ? a1 : 0;
    if (number == ASH_SYS_SIGNAL_WAIT || number == ASH_SYS_ACK_SIGNAL_WAIT)
        thread->reg[REG_A1] = a1; /* nobody has an Irq here: the second is refused */
    if (number > ASH_SYS_ACK_SIGNAL_WAIT)
        number = word; /* no such call: a fault that says its number */
    thread->reg[REG_A7] = number;
    note_saying(i, number, a0, a1);
    note_signal(number, a0, a1);
    const struct capability *handler = &thread->slot[THREAD_SLOT_FAULT].cap;
    if (number == word && handler->type == ASH_OBJ_ENDPOINT)
        said[i] =
            (struct saying){true, false, true, word, handler->data, (const void *)handler->object};
    host_ecall();
    after_call(i, number, a0);
    settle();
    check_step();
    if (thread->state != ASH_THREAD_BLOCKED_SEND && thread->state != ASH_THREAD_BLOCKED_REPLY)
        said[i].open = false;
    return true;
}

bool conversation_fault(unsigned hart)
{
    host_select(hart);
    struct thread *thread = harts[hart].current;
    if (!thread)
        return false;
    unsigned i = index_of(thread);
    thread->reg[REG_SP] = ++last_word;
    const struct capability *handler = &thread->slot[THREAD_SLOT_FAULT].cap;
    if (handler->type == ASH_OBJ_ENDPOINT)
        said[i] = (struct saying){true,      false,         true,
                                  last_word, handler->data, (const void *)handler->object};
    host_trap(13, 0x1234);
    settle();
    check_step();
    return true;
}

uint64_t conversation_manage(uint64_t path, const struct message *call, unsigned preempt)
{
    struct thread *manager = threads[MANAGER];
    host_select(0);
    kernel_lock();
    notification_signal(notifications[NOTIFICATIONS], 1);
    kernel_unlock();
    host_raise(0, SIP_SOFTWARE);
    settle();
    host_check(harts[0].current == manager, "the manager does not run");
    host_select(0);
    remember();
    load(manager, call);
    manager->reg[REG_A0] = path;
    for (uint64_t pc = manager->reg[REG_PC]; manager->reg[REG_PC] == pc;) {
        manager->reg[REG_A7] = ASH_SYS_CALL;
        host.preempt_in = preempt;
        host_ecall();
        host.preempt_in = 0;
        host_check(harts[0].current == manager, "the manager lost its hart");
        settle();
        check_step();
        host_select(0);
    }
    uint64_t label = ash_info_label(manager->reg[REG_A1]);
    conversation_syscall(0, ASH_SYS_WAIT, SLOT_ALARM, 0);
    return label;
}

void conversation_advance(uint64_t ticks)
{
    uint64_t target = host.time + ticks;
    while (host.time < target) {
        uint64_t next = target;
        for (unsigned i = 0; i < HARTS; i++)
            if (host_deadline(i) > host.time && host_deadline(i) < next)
                next = host_deadline(i);
        for (unsigned i = 0; i < HARTS; i++)
            for (unsigned s = 0; harts[i].current && s <= SCHEDS; s++)
                if (scheds[s] == harts[i].current->sched)
                    usage_add(s, host.time, next);
        host.time = next;
        settle();
    }
    check_step();
}
