// SPDX-License-Identifier: MIT
/* A shared interrupt that no driver claims is held back; one that is claimed never is. */
#include "ash_test.h"
#include "devices.h"

#define LINE 33

static void share_the_line(struct pnp_node *node)
{
    struct pnp_resources list = {.count = 1};
    list.item[0] = (struct pnp_resource){
        .type = PNP_INTERRUPT, .share = PNP_SHARED, .start = LINE, .length = 1};
    node->allowed = pnp_resources_replace(&node->assigned, &list) &&
                    pnp_resources_replace(&node->translated, &list);
}

/* Rounds within 100 ms, each acknowledged at once, at most 100 a millisecond. */
static unsigned rounds_in_100_ms(ash_cptr acknowledge, bool claimed)
{
    unsigned rounds = 0;
    pnp_line_signalled(0);
    for (unsigned ms = 0; ms < 100; ms++) {
        for (unsigned i = 0; i < 100; i++) {
            machine_clear_trace();
            rounds++;
            (void)pnp_interrupt_ack((unsigned)(acknowledge - 10000), claimed);
            if (strstr(machine_trace, "ack ") == nullptr)
                break; /* it is held back */
            pnp_line_signalled(0);
        }
        machine_clear_trace();
        machine_pass(1);
        if (strstr(machine_trace, "ack ") != nullptr)
            pnp_line_signalled(0);
    }
    return rounds;
}

TEST(a_shared_interrupt_that_nobody_claims_is_held_back)
{
    start(2);
    share_the_line(device);
    share_the_line(device->sibling);
    ash_cptr other, own;
    CHECK_EQ(pnp_interrupt_connect(device->sibling, FUNC, LINE, 1, &other), STATUS_SUCCESS);
    CHECK_EQ(pnp_interrupt_connect(device, FUNC, LINE, 2, &own), STATUS_SUCCESS);
    CHECK_EQ(pnp_interrupt_disconnect(device->sibling, FUNC, LINE), STATUS_SUCCESS);
    CHECK_EQ(rounds_in_100_ms(own, true), 10000);
    /* 32 us are charged each time: 1 ms at first, then a 32nd of the time */
    unsigned unclaimed = rounds_in_100_ms(own, false);
    CHECK(unclaimed >= 80 && unclaimed <= 170);
    machine_pass(1000);
    CHECK_EQ(rounds_in_100_ms(own, true), 10000);
    pnp_interrupt_node_gone(device);
}

TEST(that_it_is_held_back_is_told_once)
{
    start(2);
    share_the_line(device);
    share_the_line(device->sibling);
    ash_cptr own;
    CHECK_EQ(pnp_interrupt_connect(device, FUNC, LINE, 2, &own), STATUS_SUCCESS);
    unsigned told = 0;
    pnp_line_signalled(0);
    for (unsigned i = 0; i < 5000; i++) {
        machine_clear_trace();
        CHECK_EQ(pnp_interrupt_ack((unsigned)(own - 10000), false), STATUS_SUCCESS);
        told += strstr(machine_trace, "no driver claims it") != nullptr;
        if (strstr(machine_trace, "ack ") == nullptr)
            machine_pass(2);
        pnp_line_signalled(0);
    }
    CHECK_EQ(told, 1);
    pnp_interrupt_node_gone(device);
}

TEST(who_storms_on_a_line_that_others_share_is_cut_off)
{
    start(2);
    share_the_line(device);
    share_the_line(device->sibling);
    ash_cptr own, other;
    CHECK_EQ(pnp_interrupt_storm(device, FUNC, LINE), STATUS_NOT_FOUND);
    CHECK_EQ(pnp_interrupt_connect(device, FUNC, LINE, 1, &own), STATUS_SUCCESS);
    CHECK(pnp_interrupt_shared(device, LINE));
    CHECK_EQ(pnp_interrupt_storm(device, FUNC, LINE), STATUS_NOT_FOUND);
    CHECK_EQ(pnp_interrupt_connect(device->sibling, FUNC, LINE, 2, &other), STATUS_SUCCESS);
    machine_clear_trace();
    CHECK_EQ(pnp_interrupt_storm(device, OTHER, LINE), STATUS_ACCESS_DENIED);
    CHECK_STR(machine_trace, "");
    CHECK_EQ(pnp_interrupt_storm(device, FUNC, LINE), STATUS_SUCCESS);
    CHECK(strstr(machine_trace, "condemn:21:f2:") != nullptr);
    CHECK_EQ(device->state, ASH_PNP_FAILED);
    pnp_interrupt_node_gone(device);
    pnp_interrupt_node_gone(device->sibling);
}
