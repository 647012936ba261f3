// SPDX-License-Identifier: MIT
/*
 * The messages of an IoSpace: a device raises those that were made for it, and no others. A machine
 * without an IMSIC or without an IOMMU that keeps messages apart can only show that there are none.
 */
#include "edu.h"

#define PAGE  ASH_IO_MESSAGE_PAGE
#define IOMMU ASH_BOOT_IOMMU
#define LAST  63u

static bool have_messages(void)
{
    ash_cptr slot = new_slot();
    bool have =
        full(IOMMU) && ash_irq_control_get_message(ASH_BOOT_IRQ_CONTROL, CNODE, slot) == ASH_OK;
    return have && ash_cnode_delete(CNODE, slot) == ASH_OK;
}

/* An IoSpace for edu; 0: there is nothing to test. */
static ash_cptr space_of_edu(void)
{
    if (!have_messages() || !edu_open())
        return 0;
    ash_cptr space = make(ASH_OBJ_IO_SPACE, 0);
    return ash_iommu_attach(IOMMU, space, EDU_DEVICE) == ASH_OK ? space : 0;
}

/* Message `number` as an Irq, bound to a Notification of its own with that badge. */
static ash_cptr listen(ash_cptr space, ash_word number, ash_word badge, ash_cptr *notification)
{
    ash_cptr irq = new_slot();
    *notification = make(ASH_OBJ_NOTIFICATION, 0);
    if (ash_io_space_get_message(space, number, CNODE, irq) != ASH_OK ||
        ash_irq_bind(irq, minted(*notification, ASH_RIGHT_WRITE, badge)) != ASH_OK)
        return 0;
    return irq;
}

static void rules(void)
{
    if (!full(IOMMU))
        return;
    ash_cptr space = make(ASH_OBJ_IO_SPACE, 0), slot = new_slot(), taken = make(ASH_OBJ_TIMER, 0);
    ash_word m = ASH_IO_SPACE_GET_MESSAGE, address, data;
    if (!have_messages()) {
        REFUSES(space, m, WORDS(1, slot), CAPS(CNODE), ASH_E_METHOD, m);
        return;
    }
    REFUSES(space, m, WORDS(1), CAPS(CNODE), ASH_E_TRUNCATED, 2);
    REFUSES(space, m, WORDS(1, slot), NONE, ASH_E_SOURCE, 0);
    REFUSES(space, m, WORDS(0, slot), CAPS(CNODE), ASH_E_RANGE, 0);
    REFUSES(space, m, WORDS(LAST + 1, slot), CAPS(CNODE), ASH_E_RANGE, 0);
    REFUSES(space, m, WORDS(1, 8192), CAPS(CNODE), ASH_E_RANGE, 1);
    REFUSES(space, m, WORDS(1, taken), CAPS(CNODE), ASH_E_OCCUPIED, taken);
    OK(ash_io_space_get_message(space, LAST, CNODE, slot));
    EQ(ash_io_space_get_message(space, LAST, CNODE, new_slot()), ASH_E_BUSY);
    OK(ash_irq_message(slot, &address, &data));
    EQ(address, PAGE);
    EQ(data, LAST);
    EQ(ash_irq_ack(slot), ASH_E_NOT_BOUND);
    OK(ash_cnode_delete(CNODE, slot));
    OK(ash_io_space_get_message(space, LAST, CNODE, slot)); /* it is nobody's again */
}

/* Masked from the message to its acknowledgement; what comes meanwhile comes then, once. */
static void a_message_interrupts(void)
{
    ash_cptr space = space_of_edu(), notification;
    if (space == 0)
        return;
    ash_cptr irq = listen(space, 5, 0x70, &notification);
    CHECK(irq != 0);
    for (unsigned round = 0; round < 4; round++) {
        EQ(ash_poll(notification), 0);
        CHECK(edu_interrupt(PAGE, 5));
        EQ(ash_poll(notification), 0x70);
        for (unsigned i = 0; i < round; i++)
            CHECK(edu_interrupt(PAGE, 5));
        EQ(ash_poll(notification), 0);
        OK(ash_irq_ack(irq));
        EQ(ash_poll(notification), round > 0 ? 0x70 : 0);
        OK(ash_irq_ack(irq));
        EQ(ash_poll(notification), 0);
    }
}

static void each_has_its_irq(void)
{
    ash_cptr space = space_of_edu(), notification[3];
    if (space == 0)
        return;
    const uint32_t number[3] = {1, 32, LAST};
    ash_cptr irq[3];
    for (unsigned i = 0; i < 3; i++)
        irq[i] = listen(space, number[i], i + 1, &notification[i]);
    CHECK(irq[0] != 0 && irq[1] != 0 && irq[2] != 0);
    for (unsigned i = 0; i < 3; i++) {
        CHECK(edu_interrupt(PAGE, number[i]));
        for (unsigned j = 0; j < 3; j++)
            EQ(ash_poll(notification[j]), i == j ? j + 1 : 0);
        OK(ash_irq_ack(irq[i]));
    }
    for (unsigned i = 0; i < 3; i++) { /* several at once, told by one notice or by several */
        CHECK(edu_interrupt(PAGE, number[i]));
        CHECK(edu_interrupt(PAGE, number[2 - i]));
    }
    for (unsigned i = 0; i < 3; i++)
        EQ(ash_poll(notification[i]), i + 1);
}

/* Numbers that nobody made an Irq of, and the interrupt files of the harts themselves. */
static void nothing_else_is_raised(void)
{
    ash_cptr space = space_of_edu(), notification, other;
    if (space == 0)
        return;
    ash_cptr irq = listen(space, 9, 1, &notification), direct = new_slot();
    ash_word file, identity;
    other = make(ASH_OBJ_NOTIFICATION, 0);
    OK(ash_irq_control_get_message(ASH_BOOT_IRQ_CONTROL, CNODE, direct));
    OK(ash_irq_message(direct, &file, &identity));
    OK(ash_irq_bind(direct, minted(other, ASH_RIGHT_WRITE, 2)));
    CHECK(irq != 0);
    for (uint32_t data = 0; data < 64; data++)
        if (data != 9)
            CHECK(edu_interrupt(PAGE, data));
    for (uint32_t data = 64; data < 0x10000; data = data * 3 / 2)
        CHECK(edu_interrupt(PAGE, data));
    for (ash_word to = file & ~0x3fffull; to < file + 0x4000; to += 0x1000)
        CHECK(edu_interrupt(to, (uint32_t)identity));
    CHECK(edu_interrupt(PAGE - 0x1000, 9));
    EQ(ash_poll(notification) | ash_poll(other), 0);
    CHECK(edu_interrupt(PAGE, 9));
    EQ(ash_poll(notification), 1);
    OK(ash_irq_ack(irq));
    for (unsigned i = 0; i < 500; i++) /* also if it tampers with what the IOMMU keeps */
        CHECK(edu_interrupt(PAGE, 64 + 20) && edu_interrupt(PAGE, 20));
    EQ(ash_poll(notification) | ash_poll(other), 0);
    OK(ash_irq_ack(irq));
    CHECK(edu_interrupt(PAGE, 9));
    EQ(ash_poll(notification), 1);
}

/* Detached, unbound, deleted: nothing comes any more; and the number's next owner gets nothing that
 * was meant for the last. */
static void what_has_ended_does_not_come(void)
{
    ash_cptr space = space_of_edu(), notification, next;
    if (space == 0)
        return;
    ash_cptr irq = listen(space, 2, 1, &notification);
    CHECK(irq != 0);
    OK(ash_irq_unbind(irq));
    CHECK(edu_interrupt(PAGE, 2));
    EQ(ash_poll(notification), 0);
    OK(ash_cnode_delete(CNODE, irq));
    CHECK(edu_interrupt(PAGE, 2));
    irq = listen(space, 2, 4, &next);
    CHECK(irq != 0);
    EQ(ash_poll(notification) | ash_poll(next), 0);
    CHECK(edu_interrupt(PAGE, 2));
    EQ(ash_poll(next), 4);
    OK(ash_irq_ack(irq));
    OK(ash_io_space_detach(space));
    CHECK(edu_interrupt(PAGE, 2));
    EQ(ash_poll(next), 0);
    OK(ash_iommu_attach(IOMMU, space, EDU_DEVICE));
    CHECK(edu_interrupt(PAGE, 2));
    EQ(ash_poll(next), 4);
    OK(ash_irq_ack(irq));
    OK(ash_cnode_delete(CNODE, space));
    CHECK(edu_interrupt(PAGE, 2));
    EQ(ash_poll(next), 0);
    CHECK(ash_irq_ack(irq) == ASH_OK); /* it is left, without a device */
}

/* An Irq that outlives its IoSpace is nobody's; revoking the IoSpace takes its Irqs along. */
static void revoked_with_the_space(void)
{
    if (!have_messages())
        return;
    ash_cptr space = make(ASH_OBJ_IO_SPACE, 0), notification;
    ash_cptr irq = listen(space, 1, 1, &notification);
    CHECK(irq != 0);
    OK(ash_cnode_revoke(CNODE, space));
    CHECK(!full(irq));
    OK(ash_io_space_get_message(space, 1, CNODE, irq));
}

/* All that the table holds, and then again: none is lost. */
static void all_are_given_back(void)
{
    if (!have_messages())
        return;
    for (unsigned round = 0; round < 2; round++) {
        ash_cptr space[9], made = 0;
        for (unsigned i = 0; i < 9; i++) {
            space[i] = make(ASH_OBJ_IO_SPACE, 0);
            ash_error error = ASH_OK;
            for (ash_word number = 1; number <= LAST && error == ASH_OK; number++) {
                error = ash_io_space_get_message(space[i], number, CNODE, new_slot());
                made += error == ASH_OK;
            }
            CHECK(error == ASH_OK || (i == 8 && error == ASH_E_EXHAUSTED));
        }
        EQ(made, 512);
        for (unsigned i = 0; i < 9; i++) {
            OK(ash_cnode_revoke(CNODE, space[i]));
            OK(ash_cnode_delete(CNODE, space[i]));
        }
    }
}

const struct test io_message_tests[] = {
    {"io_message: rules", rules},
    {"io_message: masked until it is acknowledged", a_message_interrupts},
    {"io_message: each number has its Irq", each_has_its_irq},
    {"io_message: a device raises nothing else", nothing_else_is_raised},
    {"io_message: what has ended does not come", what_has_ended_does_not_come},
    {"io_message: revoked with the IoSpace", revoked_with_the_space},
    {"io_message: all are given back", all_are_given_back},
    {},
};
