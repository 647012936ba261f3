// SPDX-License-Identifier: MIT
/*
 * Irq: wired interrupts, by the alarm of a clock; messages, by a store to the page that a device
 * would write to. On a machine without messages the second kind is refused.
 */
#include "ktest.h"

#define ADDRESS  ((ash_word)0x60000000)
#define RW       (ASH_RIGHT_READ | ASH_RIGHT_WRITE)
#define CONTROL  ASH_BOOT_IRQ_CONTROL
#define RTC_IRQ  11u /* goldfish RTC of QEMU virt: nobody else uses it here */
#define RTC_BASE ((ash_word)0x101000)

static void irq_control_rules(void)
{
    ash_cptr slot = new_slot();
    EQ(ash_irq_control_get(CONTROL, 0, CNODE, slot, false), ASH_E_RANGE);
    EQ(ash_irq_control_get(CONTROL, 100000, CNODE, slot, false), ASH_E_RANGE);
    EQ(ash_irq_control_get(CONTROL, RTC_IRQ, POOL, slot, false), ASH_E_SOURCE);
    EQ(ash_irq_control_get(CONTROL, RTC_IRQ, CNODE, POOL, false), ASH_E_OCCUPIED);
    OK(ash_irq_control_get(CONTROL, RTC_IRQ, CNODE, slot, false));
    EQ(ash_irq_control_get(CONTROL, RTC_IRQ, CNODE, new_slot(), false), ASH_E_BUSY);
    EQ(invoke(slot, ASH_IRQ_ACK, 0, nullptr, 0, nullptr), ASH_E_NOT_BOUND);
    REFUSES(slot, ASH_IRQ_MESSAGE, NONE, NONE, ASH_E_METHOD, ASH_IRQ_MESSAGE);
    OK(ash_cnode_delete(CNODE, slot));
    OK(ash_irq_control_get(CONTROL, RTC_IRQ, CNODE, slot, false));
    OK(ash_cnode_delete(CNODE, slot));
}

/* Maps a page of device memory at ADDRESS; false if there is none at `physical`. */
static bool map_device(ash_word physical)
{
    ash_cptr frame = device_frame(physical);
    return frame != 0 && make_tables(VSPACE, ADDRESS) &&
           ash_frame_map(frame, VSPACE, ADDRESS, RW) == ASH_OK;
}

static bool have_messages(void)
{
    ash_cptr slot = new_slot();
    return ash_irq_control_get_message(CONTROL, CNODE, slot) == ASH_OK &&
           ash_cnode_delete(CNODE, slot) == ASH_OK;
}

/* The alarm of the goldfish RTC raises a real line, which stays up until it is cleared there. */
static void a_device_interrupts(void)
{
    ash_cptr irq = new_slot(), notification = make(ASH_OBJ_NOTIFICATION, 0);
    if (!map_device(RTC_BASE))
        return; /* another machine */
    volatile uint32_t *rtc = (volatile uint32_t *)ADDRESS;
    OK(ash_irq_control_get(CONTROL, RTC_IRQ, CNODE, irq, false));
    OK(ash_irq_bind(irq, minted(notification, ASH_RIGHT_WRITE, 0x200)));
    for (unsigned round = 0; round < 3; round++) {
        ash_word low = rtc[0], due = ((ash_word)rtc[1] << 32 | low) + 2000000;
        rtc[4] = 1; /* interrupt enable */
        rtc[3] = (uint32_t)(due >> 32);
        rtc[2] = (uint32_t)due;
        EQ(ash_wait(notification), 0x200);
        sleep_us(500);
        EQ(ash_poll(notification), 0); /* masked until acknowledged, though the line is still up */
        if (have_messages()) {         /* QEMU's PLIC does not look again whether the line is up */
            OK(ash_irq_ack(irq));
            EQ(ash_poll(notification), 0x200);
        }
        rtc[7] = 1; /* clear the interrupt */
        OK(ash_irq_ack(irq));
        sleep_us(500);
        EQ(ash_poll(notification), 0);
    }
    rtc[4] = 0;
    OK(ash_cnode_delete(CNODE, irq));
}

/* --- Messages -----------------------------------------------------------------------------------
 */

struct message {
    ash_cptr irq, notification;
    ash_word data;
};

/* An Irq bound with that badge; its page is mapped, once. */
static bool prepare_message(struct message *m, ash_word badge, bool map)
{
    ash_word address;
    m->irq = new_slot();
    m->notification = make(ASH_OBJ_NOTIFICATION, 0);
    return ash_irq_control_get_message(CONTROL, CNODE, m->irq) == ASH_OK &&
           ash_irq_message(m->irq, &address, &m->data) == ASH_OK && (!map || map_device(address)) &&
           ash_irq_bind(m->irq, minted(m->notification, ASH_RIGHT_WRITE, badge)) == ASH_OK;
}

/* As the device would. */
static void raise(ash_word data)
{
    *(volatile uint32_t *)ADDRESS = (uint32_t)data;
    __asm__ volatile("fence" ::: "memory");
    sleep_us(20);
}

static void rules_of_messages(void)
{
    ash_cptr full_slot = make(ASH_OBJ_TIMER, 0), slot = new_slot();
    ash_word m = ASH_IRQ_CONTROL_GET_MESSAGE, words[2];
    if (!have_messages()) {
        REFUSES(CONTROL, m, WORDS(slot), CAPS(CNODE), ASH_E_METHOD, m);
        return;
    }
    REFUSES(CONTROL, m, NONE, CAPS(CNODE), ASH_E_TRUNCATED, 1);
    REFUSES(CONTROL, m, WORDS(slot), NONE, ASH_E_SOURCE, 0);
    REFUSES(CONTROL, m, WORDS(slot), CAPS(POOL), ASH_E_SOURCE, 0);
    REFUSES(CONTROL, m, WORDS(8192), CAPS(CNODE), ASH_E_RANGE, 0);
    REFUSES(CONTROL, m, WORDS(full_slot), CAPS(CNODE), ASH_E_OCCUPIED, full_slot);
    OK(ash_irq_control_get_message(CONTROL, CNODE, slot));
    EQ(ash_irq_ack(slot), ASH_E_NOT_BOUND);
    OK(ash_irq_message(slot, &words[0], &words[1]));
    EQ(words[0] % 4096, 0);
    AT_LEAST(words[1], 2);
    EQ(ash_irq_control_get(CONTROL, words[1], CNODE, new_slot(), false), ASH_E_RANGE);
}

/* Masked from the message to its acknowledgement; what comes meanwhile comes then. */
static void a_message_interrupts(void)
{
    struct message m;
    if (!have_messages())
        return;
    CHECK(prepare_message(&m, 0x300, true));
    for (unsigned round = 0; round < 5; round++) {
        EQ(ash_poll(m.notification), 0);
        raise(m.data);
        EQ(ash_poll(m.notification), 0x300);
        for (unsigned i = 0; i < round; i++)
            raise(m.data);
        EQ(ash_poll(m.notification), 0);
        OK(ash_irq_ack(m.irq));
        EQ(ash_poll(m.notification), round > 0 ? 0x300 : 0);
        for (unsigned i = 0; i < 2; i++) { /* two more than one came as one or as two */
            OK(ash_irq_ack(m.irq));
            sleep_us(20);
            (void)ash_poll(m.notification);
        }
        OK(ash_irq_ack(m.irq));
    }
}

static void messages_are_told_apart(void)
{
    struct message a, b;
    if (!have_messages())
        return;
    CHECK(prepare_message(&a, 1, true) && prepare_message(&b, 2, false));
    CHECK(a.data != b.data);
    raise(b.data);
    EQ(ash_poll(a.notification), 0);
    EQ(ash_poll(b.notification), 2);
    raise(a.data);
    EQ(ash_poll(a.notification), 1);
    EQ(ash_poll(b.notification), 0);
    raise(0); /* no identity, or nobody's */
    raise(1);
    raise(0xffffffff);
    EQ(ash_poll(a.notification) | ash_poll(b.notification), 0);
}

/* What comes for nobody is nobody's, also when the identity has a new owner. */
static void a_message_for_nobody(void)
{
    struct message m;
    if (!have_messages())
        return;
    CHECK(prepare_message(&m, 4, true));
    OK(ash_irq_unbind(m.irq));
    raise(m.data);
    raise(m.data);
    EQ(ash_poll(m.notification), 0);
    OK(ash_irq_bind(m.irq, minted(m.notification, ASH_RIGHT_WRITE, 8)));
    while (ash_poll(m.notification) != 0) /* it may come late */
        OK(ash_irq_ack(m.irq));
    raise(m.data);
    EQ(ash_poll(m.notification), 8);
    OK(ash_cnode_delete(CNODE, m.irq));
    raise(m.data);
    EQ(ash_poll(m.notification), 0);
}

static void acknowledger(struct kthread *t)
{
    for (;;) {
        (void)ash_wait(t->endpoint);
        t->count++;
        if (ash_irq_ack(t->reply) != ASH_OK)
            t->seen[0]++;
    }
}

/* Interrupts come to one hart, and another acknowledges them; single ones, and in showers. */
static void acknowledged_on_another_hart(void)
{
    struct message m;
    if (!have_messages())
        return;
    CHECK(prepare_message(&m, 16, true));
    struct kthread *t = prepare(acknowledger, PRIORITY + 1, last_hart(), false);
    CHECK(t);
    t->endpoint = m.notification;
    t->reply = m.irq;
    OK(ash_thread_resume(t->thread));
    CHECK(wait_state(t, ASH_THREAD_BLOCKED_NOTIFICATION));
    for (unsigned round = 0; round < 100; round++) {
        ash_word before = t->count;
        for (unsigned i = 0; i <= round % 4; i++)
            *(volatile uint32_t *)ADDRESS = (uint32_t)m.data;
        for (unsigned i = 0; i < 100 && t->count == before; i++)
            sleep_us(20);
        AT_LEAST(t->count, before + 1);
        CHECK(wait_state(t, ASH_THREAD_BLOCKED_NOTIFICATION));
    }
    EQ(t->seen[0], 0);
}

static ash_word ack_refused(ash_cptr own, ash_cptr target, ash_cptr irq)
{
    struct ash_message m = {.info = target, .mr = {irq}};
    ash_syscall_message(ASH_SYS_ACK_SIGNAL_WAIT, own, 0, &m);
    return m.info & ASH_INFO_KERNEL ? ash_info_label(m.info) : ~0ull;
}

/* AckSignalWait refused for any of the three: nothing is signalled. */
static void rules_of_ack_signal_wait(void)
{
    ash_cptr irq = new_slot(), own = make(ASH_OBJ_NOTIFICATION, 0),
             target = make(ASH_OBJ_NOTIFICATION, 0);
    ash_cptr no_read = minted(own, ASH_RIGHT_WRITE, 1),
             no_write = minted(target, ASH_RIGHT_READ, 1);
    OK(ash_irq_control_get(CONTROL, RTC_IRQ, CNODE, irq, false));
    EQ(ack_refused(own, target, irq), ASH_E_NOT_BOUND);
    OK(ash_irq_bind(irq, own));
    EQ(ack_refused(own, target, new_slot()), ASH_E_CAPABILITY);
    EQ(ack_refused(own, target, own), ASH_E_METHOD);
    EQ(ack_refused(own, no_write, irq), ASH_E_RIGHTS);
    EQ(ack_refused(own, irq, irq), ASH_E_METHOD);
    EQ(ack_refused(no_read, target, irq), ASH_E_RIGHTS);
    EQ(ack_refused(new_slot(), target, irq), ASH_E_CAPABILITY);
    EQ(ash_poll(target), 0);
    ash_signal(own);
    EQ(ash_ack_signal_wait(irq, target, own), 1);
    EQ(ash_poll(target), 1);
    OK(ash_irq_unbind(irq));
    EQ(ack_refused(own, target, irq), ASH_E_NOT_BOUND);
    OK(ash_cnode_delete(CNODE, irq));
    EQ(ack_refused(own, target, irq), ASH_E_CAPABILITY);
    EQ(ash_poll(target), 0);
}

/* What came while it was masked comes with the acknowledgement, unless that is refused. */
static void ack_signal_wait_lets_through(void)
{
    struct message m;
    if (!have_messages())
        return;
    CHECK(prepare_message(&m, 0x300, true));
    ash_cptr target = make(ASH_OBJ_NOTIFICATION, 0);
    raise(m.data);
    EQ(ash_poll(m.notification), 0x300);
    raise(m.data);
    EQ(ack_refused(m.notification, minted(target, ASH_RIGHT_READ, 1), m.irq), ASH_E_RIGHTS);
    EQ(ash_poll(m.notification), 0);
    EQ(ash_poll(target), 0);
    EQ(ash_ack_signal_wait(m.irq, target, m.notification), 0x300);
    EQ(ash_poll(target), 1);
    EQ(ash_poll(m.notification), 0);
}

/* A device that answers when it is told to. */
static void answerer(struct kthread *t)
{
    for (;;) {
        (void)ash_wait(t->endpoint);
        t->count++;
        *(volatile uint32_t *)ADDRESS = (uint32_t)t->value;
    }
}

static void ack_signal_wait_goes_round(void)
{
    struct message m;
    if (!have_messages())
        return;
    CHECK(prepare_message(&m, 32, true));
    ash_cptr target = make(ASH_OBJ_NOTIFICATION, 0);
    struct kthread *t = prepare(answerer, PRIORITY + 1, 0, false);
    CHECK(t);
    t->endpoint = target;
    t->value = m.data;
    OK(ash_thread_resume(t->thread));
    CHECK(wait_state(t, ASH_THREAD_BLOCKED_NOTIFICATION));
    for (unsigned round = 0; round < 50; round++)
        EQ(ash_ack_signal_wait(m.irq, target, m.notification), 32);
    EQ(t->count, 50);
}

/* Each identity is had once, and comes back. */
static void all_messages(void)
{
    unsigned counts[2] = {};
    if (!have_messages())
        return;
    for (unsigned round = 0; round < 2; round++) {
        bool seen[2048] = {};
        ash_word address, data;
        ash_cptr first = FIRST_SLOT + 100;
        ash_error error = ASH_OK;
        while ((error = ash_irq_control_get_message(CONTROL, CNODE, first + counts[round])) ==
               ASH_OK) {
            OK(ash_irq_message(first + counts[round]++, &address, &data));
            CHECK(data < 2048 && !seen[data]);
            seen[data] = true;
        }
        EQ(error, ASH_E_EXHAUSTED);
        for (unsigned i = 0; i < counts[round]; i++)
            OK(ash_cnode_delete(CNODE, first + i));
    }
    AT_LEAST(counts[0], 16);
    EQ(counts[0], counts[1]);
}

const struct test irq_tests[] = {
    {"irq: rules of IrqControl", irq_control_rules},
    {"irq: a device interrupts, until acknowledged once", a_device_interrupts},
    {"irq: rules of messages", rules_of_messages},
    {"irq: a message interrupts", a_message_interrupts},
    {"irq: messages are told apart", messages_are_told_apart},
    {"irq: a message for nobody", a_message_for_nobody},
    {"irq: acknowledged on another hart", acknowledged_on_another_hart},
    {"irq: rules of AckSignalWait", rules_of_ack_signal_wait},
    {"irq: AckSignalWait lets through what came", ack_signal_wait_lets_through},
    {"irq: AckSignalWait goes round", ack_signal_wait_goes_round},
    {"irq: every message once", all_messages},
    {},
};
