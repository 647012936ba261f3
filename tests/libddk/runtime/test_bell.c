// SPDX-License-Identifier: MIT
// libddk/runtime/bell.c against a kernel that does a combined call wholly or not at all: whatever
// has gone meanwhile, what is still there is acknowledged, rung and waited for.
#include "../../../libddk/runtime/rt.h"
#include "ash_test.h"

enum { IRQ = 5, BELL = 7, OTHER = 8, WAIT = 9 };

static bool bell_is_gone, irq_is_gone;
static unsigned acks, rings, waits;

static void begin(bool without_bell, bool without_irq)
{
    bell_is_gone = without_bell;
    irq_is_gone = without_irq;
    acks = rings = waits = 0;
}

void ash_signal(ash_cptr target)
{
    rings += (target == BELL && !bell_is_gone) || target == OTHER;
}

void ash_call(ash_cptr target, struct ash_message *message)
{
    CHECK_EQ(target, IRQ);
    CHECK_EQ(ash_info_label(message->info), ASH_IRQ_ACK);
    acks += !irq_is_gone;
    message->info = ash_info(irq_is_gone ? ASH_E_CAPABILITY : ASH_OK, 0, 0);
}

ash_word ash_wait(ash_cptr notification)
{
    waits += notification == WAIT;
    return 1;
}

ash_word ash_signal_wait(ash_cptr signal, ash_cptr wait)
{
    if (bell_is_gone)
        return 0;
    ash_signal(signal);
    return ash_wait(wait);
}

ash_word ash_ack_signal_wait(ash_cptr irq, ash_cptr signal, ash_cptr wait)
{
    if (bell_is_gone || irq_is_gone)
        return 0;
    struct ash_message m = {.info = ash_info(ASH_IRQ_ACK, 0, 0)};
    ash_call(irq, &m);
    return ash_signal_wait(signal, wait);
}

static void keep(bool irq)
{
    rt_defer_bells(true);
    if (irq)
        rt_acknowledge(IRQ);
    rt_ring(BELL);
    CHECK_EQ(rings, 0);
    CHECK_EQ(rt_flush_and_wait(WAIT), 1);
}

TEST(all_is_there)
{
    begin(false, false);
    keep(true);
    CHECK(acks == 1 && rings == 1 && waits == 1);
}

TEST(the_requester_has_died)
{
    begin(true, false);
    keep(true);
    CHECK(acks == 1 && rings == 0 && waits == 1);
    begin(true, false);
    keep(false);
    CHECK(acks == 0 && rings == 0 && waits == 1);
}

TEST(the_interrupt_was_disconnected)
{
    begin(false, true);
    keep(true);
    CHECK(acks == 0 && rings == 1 && waits == 1);
}

TEST(both_are_gone)
{
    begin(true, true);
    keep(true);
    CHECK(acks == 0 && rings == 0 && waits == 1);
}

TEST(one_of_two_bells_is_gone)
{
    begin(true, false);
    rt_defer_bells(true);
    rt_ring(OTHER);
    keep(true);
    CHECK(acks == 1 && rings == 1 && waits == 1);
}
