// SPDX-License-Identifier: MIT
/* Capabilities in messages. */
#include "ktest.h"

static ash_cptr endpoint;
static ash_cptr received;

static void taker(struct kthread *t)
{
    struct ash_message m;
    for (;;) {
        t->ipc->receive_cnode = CNODE;
        t->ipc->receive_index = received;
        ash_recv(endpoint, 0, &m);
        t->value = ash_info_caps(m.info);
        t->count++;
    }
}

static void send_caps(ash_cptr through, unsigned count, const ash_cptr *caps)
{
    for (unsigned i = 0; i < count; i++)
        ash_ipc()->caps[i] = caps[i];
    struct ash_message m = {.info = ash_info(1, 0, count)};
    ash_send(through, &m);
}

static struct kthread *start_taker(void)
{
    endpoint = make(ASH_OBJ_ENDPOINT, 0);
    received = FIRST_SLOT + 1000;
    struct kthread *t = start(taker, PRIORITY + 1, 0, false);
    return t;
}

static void capabilities_travel(void)
{
    struct kthread *t = start_taker();
    CHECK(t);
    ash_cptr caps[3] = {make(ASH_OBJ_ENDPOINT, 0), make(ASH_OBJ_NOTIFICATION, 0),
                        make(ASH_OBJ_FRAME, 12)};
    send_caps(endpoint, 3, caps);
    EQ(t->value, 3);
    OK(ash_cnode_mint(CNODE, new_slot(), received, ASH_RIGHT_ALL, 5));
    OK(ash_cnode_delete(CNODE, received + 2));
}

static void capabilities_need_grant(void)
{
    struct kthread *t = start_taker();
    CHECK(t);
    ash_cptr caps[1] = {make(ASH_OBJ_ENDPOINT, 0)};
    send_caps(minted(endpoint, ASH_RIGHT_WRITE | ASH_RIGHT_GRANT_REPLY, 0), 1, caps);
    EQ(t->value, 0);
    EQ(t->count, 1);
}

static void occupied_receive_slot_gets_nothing(void)
{
    struct kthread *t = start_taker();
    CHECK(t);
    ash_cptr caps[1] = {make(ASH_OBJ_ENDPOINT, 0)};
    OK(ash_cnode_copy(CNODE, received, caps[0], ASH_RIGHT_ALL));
    send_caps(endpoint, 1, caps);
    EQ(t->value, 0);
    EQ(t->count, 1);
}

static void revoking_reaches_what_was_sent(void)
{
    struct kthread *t = start_taker();
    CHECK(t);
    ash_cptr caps[1] = {make(ASH_OBJ_ENDPOINT, 0)};
    send_caps(endpoint, 1, caps);
    EQ(t->value, 1);
    OK(ash_cnode_revoke(CNODE, caps[0]));
    EQ(ash_cnode_copy(CNODE, new_slot(), received, ASH_RIGHT_ALL), ASH_E_SOURCE);
}

static void an_untyped_is_moved(void)
{
    struct kthread *t = start_taker();
    CHECK(t);
    ash_cptr caps[1] = {make(ASH_OBJ_UNTYPED, 8192)};
    send_caps(endpoint, 1, caps);
    EQ(t->value, 1);
    struct ash_untyped_info info;
    EQ(ash_untyped_info(caps[0], &info), ASH_E_CAPABILITY);
    OK(ash_untyped_info(received, &info));
    EQ(info.size, 8192);
}

static void nonsense_capability_arguments(void)
{
    struct kthread *t = start_taker();
    CHECK(t);
    ash_cptr caps[3] = {~0ull, 0, 0x7fffffff};
    send_caps(endpoint, 3, caps);
    EQ(t->value, 0);
    EQ(t->count, 1);
}

const struct test transfer_tests[] = {
    {"endpoint: capabilities travel", capabilities_travel},
    {"endpoint: capabilities need GRANT", capabilities_need_grant},
    {"endpoint: occupied receive slot", occupied_receive_slot_gets_nothing},
    {"endpoint: revoking reaches what was sent", revoking_reaches_what_was_sent},
    {"endpoint: an Untyped is moved", an_untyped_is_moved},
    {"endpoint: nonsense capability arguments", nonsense_capability_arguments},
    {},
};
