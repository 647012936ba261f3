// SPDX-License-Identifier: MIT
#include "conversation.h"
#include "check/check.h"
#include "check/checks.h"
#include "host/host.h"
#include "object/cnode.h"
#include "object/ipc_objects.h"
#include "sched/sched.h"
#include "usage.h"

#include <sanitizer/asan_interface.h>
#include <string.h>

#define LABEL       5u
#define PC          0x10000ull
#define MANAGER     THREADS /* index of its thread */
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

static struct thread *threads[THREADS + 1];
static struct ash_ipc_buffer *buffers[THREADS + 1];
static struct sched_context *scheds[SCHEDS + 1];
static struct notification *notifications[NOTIFICATIONS + 1];
static struct timer *timers[TIMERS];
static struct cnode *cnode;

/* What can be deleted; forgotten and poisoned when it is. */
static struct mortal {
    struct object *object;
    uint64_t bytes;
    void **known_as; /* where the test keeps its address, or null */
} mortals[64];
static unsigned mortal_count;
static struct saying said[THREADS + 1];
static struct seen before[THREADS + 1];
static uint64_t pending[NOTIFICATIONS + 1];
static uint64_t last_word;
static unsigned steps;

/* Bits that timers signal; nobody else uses them. */
#define TIMER_BITS (3ull << 20)

/* --- Start ------------------------------------------------------------------------------------ */

static void note_mortal(enum ash_object_type type, struct capability cap, void **known_as)
{
    uint64_t align, size = object_classes[type]->size(0, &align);
    mortals[mortal_count++] =
        (struct mortal){(struct object *)cap.object, round_up(size, ASH_PAGE_SIZE), known_as};
}

static void bury_the_dead(void)
{
    for (unsigned i = 0; i < mortal_count; i++) {
        struct mortal *mortal = &mortals[i];
        if (!mortal->object || mortal->object->references > 0)
            continue;
        uint64_t start = round_down((uint64_t)mortal->object, ASH_PAGE_SIZE);
        ASAN_POISON_MEMORY_REGION((void *)start, mortal->bytes);
        mortal->object = nullptr;
        if (mortal->known_as)
            *mortal->known_as = nullptr;
    }
}

static struct capability put(enum ash_object_type type, unsigned index, void **known_as)
{
    struct capability cap = host_make(type, 0);
    slot_insert(&cnode->slot[index], cap, nullptr);
    if (object_classes[type]->counted)
        note_mortal(type, cap, known_as);
    return cap;
}

static void make_known(enum ash_object_type type, unsigned index, void **known_as)
{
    *known_as = (void *)put(type, index, known_as).object;
}

static void mint(unsigned from, unsigned to, uint8_t rights, uint64_t badge)
{
    struct capability cap = cnode->slot[from].cap;
    cap.rights = rights;
    cap.data = badge;
    slot_insert(&cnode->slot[to], cap, &cnode->slot[from]);
}

static void hold(struct thread *thread, unsigned which, struct capability cap)
{
    slot_insert(&thread->slot[which], cap, nullptr);
}

static void make_thread(unsigned i, struct capability cnode_cap, struct capability vspace)
{
    struct capability cap = host_make(ASH_OBJ_THREAD, 0);
    struct capability frame = host_make(ASH_OBJ_FRAME, ASH_PAGE_BITS);
    struct thread *thread = threads[i] = thread_from(cap.object);
    buffers[i] = window((paddr){frame.object});
    memcpy(thread->name, "thread-0", 9);
    thread->name[7] = (char)('0' + i);
    slot_insert(&cnode->slot[SLOT_THREAD + i], cap, nullptr);
    note_mortal(ASH_OBJ_THREAD, cap, (void **)&threads[i]);
    hold(thread, THREAD_SLOT_CSPACE, cnode_cap);
    hold(thread, THREAD_SLOT_VSPACE, vspace);
    hold(thread, THREAD_SLOT_BUFFER, frame);
    thread->reg[REG_PC] = PC;
    thread->priority = thread->base_priority = i == MANAGER ? 255 : (uint8_t)(10 + i / 2);
    thread->max_priority = i == MANAGER ? 200 : 0;
}

static void make_objects(void)
{
    for (unsigned i = 0; i < ENDPOINTS; i++) {
        put(ASH_OBJ_ENDPOINT, SLOT_ENDPOINT + 4 * i, nullptr);
        mint(SLOT_ENDPOINT + 4 * i, SLOT_ENDPOINT + 4 * i + 1,
             ASH_RIGHT_WRITE | ASH_RIGHT_GRANT_REPLY, 1);
        mint(SLOT_ENDPOINT + 4 * i, SLOT_ENDPOINT + 4 * i + 2, ASH_RIGHT_WRITE, 2);
    }
    for (unsigned i = 0; i < NOTIFICATIONS; i++) {
        make_known(ASH_OBJ_NOTIFICATION, SLOT_NOTIFICATION + 2 * i, (void **)&notifications[i]);
        mint(SLOT_NOTIFICATION + 2 * i, SLOT_NOTIFICATION + 2 * i + 1, ASH_RIGHT_ALL, 2ull << i);
    }
    make_known(ASH_OBJ_NOTIFICATION, SLOT_ALARM, (void **)&notifications[NOTIFICATIONS]);
    for (unsigned i = 0; i < REPLIES; i++)
        put(ASH_OBJ_REPLY, SLOT_REPLY + i, nullptr);
    for (unsigned i = 0; i < TIMERS; i++) {
        make_known(ASH_OBJ_TIMER, SLOT_TIMER + i, (void **)&timers[i]);
        mint(SLOT_NOTIFICATION, SLOT_TIMED + i, ASH_RIGHT_WRITE, 1ull << (20 + i));
    }
    for (unsigned i = 0; i <= SCHEDS; i++)
        make_known(ASH_OBJ_SCHED_CONTEXT, SLOT_SCHED + i, (void **)&scheds[i]);
    put(ASH_OBJ_SCHED_CONTROL, SLOT_CONTROL, nullptr);
}

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

/* A passive server, waiting: it has no time of its own. */
static void start_server(unsigned i, unsigned endpoint, unsigned reply)
{
    const struct capability *to = &cnode->slot[SLOT_ENDPOINT + 4 * endpoint].cap;
    const struct capability *with = &cnode->slot[SLOT_REPLY + reply].cap;
    thread_wake(threads[i]);
    endpoint_receive(threads[i], (struct endpoint *)to->object, (struct reply *)with->object, true);
}

static void start_threads(void)
{
    sched_configure(scheds[SCHEDS - 1], &harts[1], 2000, 7000);
    usage_configured(SCHEDS - 1, 2000, 7000);
    start_server(4, 0, 0);
    start_server(5, 1, 1);
    for (unsigned i = 0; i <= THREADS; i++) {
        unsigned sched = i == MANAGER ? SCHEDS : i;
        if (i < 4 || i == MANAGER) {
            uint64_t period = i % 2 ? 30000 : 10000, budget = i < 2 ? 10000 : 4000;
            budget = i == MANAGER ? period : budget;
            sched_configure(scheds[sched], &harts[i == MANAGER ? 0 : i % HARTS], budget, period);
            sched_context_give(scheds[sched], threads[i]);
            usage_configured(sched, budget, period);
            thread_wake(threads[i]);
        }
    }
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
    steps = mortal_count = 0;
    struct capability cnode_cap = host_make(ASH_OBJ_CNODE, 6);
    cnode = (struct cnode *)cnode_cap.object;
    slot_insert(&cnode->slot[SLOT_CNODE], cnode_cap, nullptr);
    struct capability vspace = host_make(ASH_OBJ_VSPACE, 0);
    make_objects();
    for (unsigned i = 0; i <= THREADS; i++)
        make_thread(i, cnode_cap, vspace);
    start_threads();
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
    bury_the_dead();
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
    if (number == ASH_SYS_SIGNAL_WAIT)
        thread->reg[REG_A1] = a1;
    if (number > ASH_SYS_NULL)
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
