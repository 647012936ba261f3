// SPDX-License-Identifier: MIT
/*
 * Derivation trees that grow at random, against a model: who was derived from whom is known here,
 * so after each delete, move or revoke it is known which slots must be full. And what revoking
 * takes away from threads, other CNodes, objects in use.
 */
#include "ktest.h"

#define NODES 160u
#define FIRST (FIRST_SLOT + 400)

static unsigned parent[NODES]; /* of node i; NODES: gone; i itself: the root */
static ash_word state;

static unsigned pick(unsigned below)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (unsigned)(state % below);
}

static bool below(unsigned node, unsigned top)
{
    while (parent[node] != node && parent[node] != top)
        node = parent[node];
    return parent[node] == top && node != top;
}

static unsigned pick_live(void)
{
    unsigned node;
    do
        node = pick(NODES);
    while (parent[node] == NODES);
    return node;
}

/* The whole model against the whole CNode. */
static void compare(void)
{
    for (unsigned i = 0; i < NODES; i++)
        EQ(full(FIRST + i), parent[i] != NODES);
}

static void grow(unsigned node)
{
    unsigned from = pick_live();
    OK(ash_cnode_copy(CNODE, FIRST + node, FIRST + from, ASH_RIGHT_ALL));
    parent[node] = from;
}

static void revoke(unsigned node)
{
    bool gone[NODES];
    for (unsigned i = 0; i < NODES; i++)
        gone[i] = parent[i] != NODES && below(i, node);
    OK(ash_cnode_revoke(CNODE, FIRST + node));
    for (unsigned i = 0; i < NODES; i++)
        if (gone[i])
            parent[i] = NODES;
}

static void remove_node(unsigned node)
{
    OK(ash_cnode_delete(CNODE, FIRST + node));
    for (unsigned i = 0; i < NODES; i++)
        if (parent[i] == node)
            parent[i] = parent[node];
    parent[node] = NODES;
}

static void move_node(unsigned node)
{
    unsigned to = pick(NODES);
    if (parent[to] != NODES)
        return;
    OK(ash_cnode_move(CNODE, FIRST + to, FIRST + node));
    for (unsigned i = 0; i < NODES; i++)
        if (parent[i] == node)
            parent[i] = to;
    parent[to] = parent[node];
    parent[node] = NODES;
}

static void random_tree(ash_word seed, enum ash_object_type type, ash_word parameter)
{
    state = seed;
    OK(ash_untyped_retype(POOL, type, parameter, CNODE, FIRST, 1));
    for (unsigned i = 0; i < NODES; i++)
        parent[i] = NODES;
    parent[0] = 0;
    for (unsigned round = 0; round < 12; round++) {
        for (unsigned i = 1; i < NODES; i++)
            if (parent[i] == NODES)
                grow(i);
        compare();
        for (unsigned i = 0; i < 20; i++) {
            unsigned node = pick_live();
            if (node == 0 || parent[node] == node)
                continue;
            if (i % 4 == 0)
                revoke(node);
            else if (i % 4 == 1)
                move_node(node);
            else
                remove_node(node);
        }
        compare();
    }
}

static void endpoints(void)
{
    random_tree(0x9e3779b97f4a7c15, ASH_OBJ_ENDPOINT, 0);
}
static void frames(void)
{
    random_tree(0xbf58476d1ce4e5b9, ASH_OBJ_FRAME, 12);
}
static void threads(void)
{
    random_tree(0x94d049bb133111eb, ASH_OBJ_THREAD, 0);
}
static void cnodes(void)
{
    random_tree(4711, ASH_OBJ_CNODE, 3);
}

/* What was made of an Untyped goes with it, wherever its capabilities are by then. */
static void revoked_wherever_they_are(void)
{
    ash_cptr memory = make(ASH_OBJ_UNTYPED, 65536), elsewhere = make(ASH_OBJ_CNODE, 4),
             made = new_slot(), sent = new_slot(), timer = make(ASH_OBJ_TIMER, 0);
    OK(ash_untyped_retype(memory, ASH_OBJ_NOTIFICATION, 0, CNODE, made, 1));
    OK(ash_cnode_copy(elsewhere, 3, made, ASH_RIGHT_ALL));
    OK(ash_cnode_mint(CNODE, sent, made, ASH_RIGHT_WRITE, 2));
    OK(ash_timer_bind(timer, sent));
    OK(ash_cnode_move(elsewhere, 4, sent));
    struct kthread *t = waiting(made, PRIORITY + 1);
    CHECK(t);
    OK(ash_cnode_revoke(CNODE, memory));
    CHECK(wait_until(&t->count, 1));
    EQ(ash_info_label(t->seen[0]), ASH_E_DELETED);
    EQ(ash_timer_set(timer, 0), ASH_E_NOT_BOUND);
    CHECK(!full(made));
    OK(ash_untyped_retype(memory, ASH_OBJ_ENDPOINT, 0, elsewhere, 3, 2));
}

static void caller_of_everything(struct kthread *t)
{
    for (;;) {
        struct ash_message m = {.info = ash_info(ASH_UNTYPED_INFO, 0, 0)};
        ash_call(POOL, &m);
        t->seen[0] = ash_info_label(m.info);
        t->count++;
    }
}

/* A running thread loses its CSpace: it finds nothing any more, and goes on. */
static void cspace_taken_from_a_running_thread(unsigned hart)
{
    struct kthread *t = prepare(caller_of_everything, PRIORITY - 1, hart, true);
    CHECK(t);
    ash_cptr root = new_slot(), thread = make(ASH_OBJ_THREAD, 0),
             sched = make(ASH_OBJ_SCHED_CONTEXT, 0);
    ash_word registers[ASH_THREAD_REGISTERS];
    OK(ash_cnode_copy(CNODE, root, CNODE, ASH_RIGHT_ALL));
    OK(ash_thread_configure(thread, root, VSPACE, t->buffer, (ash_word)t->ipc));
    OK(ash_thread_read_registers(t->thread, registers));
    struct ash_thread_start from = {
        registers[0], registers[2], registers[10], registers[11], registers[3], registers[4], 0};
    OK(ash_thread_write_registers(thread, &from));
    OK(ash_thread_set_priority(thread, PRIORITY - 1, 255));
    OK(ash_sched_configure(ASH_BOOT_SCHED_CONTROL, sched, hart, ash_ticks(1000), ash_ticks(1000)));
    OK(ash_sched_bind(sched, thread));
    OK(ash_thread_resume(thread));
    CHECK(grows(t));
    EQ(t->seen[0], ASH_OK);
    OK(ash_cnode_revoke(CNODE, root));
    CHECK(wait_until(&t->seen[0], ASH_E_CAPABILITY));
    CHECK(grows(t));
    OK(ash_cnode_delete(CNODE, thread));
}

static void cspace_taken_away(void)
{
    cspace_taken_from_a_running_thread(0);
}
static void cspace_taken_away_on_another_hart(void)
{
    cspace_taken_from_a_running_thread(last_hart());
}

static void copier(struct kthread *t)
{
    for (ash_word i = 0; !t->value; i++) {
        ash_cptr to = FIRST + i % 200;
        if (ash_cnode_copy(CNODE, to, i % 3 ? t->endpoint : FIRST + pick(200), ASH_RIGHT_ALL) ==
            ASH_OK)
            t->count++;
    }
    t->seen[0] = 1;
}

/* One hart copies as fast as it can while this one revokes: in the end nothing is left. */
static void copied_while_it_is_revoked(void)
{
    struct kthread *t = prepare(copier, PRIORITY - 1, last_hart(), false);
    CHECK(t);
    state = 99;
    t->endpoint = make(ASH_OBJ_ENDPOINT, 0);
    OK(ash_thread_resume(t->thread));
    for (unsigned i = 0; i < 12; i++) {
        sleep_us(30);
        OK(ash_cnode_revoke(CNODE, t->endpoint));
    }
    AT_LEAST(t->count, 12);
    t->value = 1;
    CHECK(wait_until(&t->seen[0], 1));
    OK(ash_cnode_revoke(CNODE, t->endpoint));
    for (unsigned i = 0; i < 200; i++)
        CHECK(!full(FIRST + i));
}

/* Everything a thread waits with is revoked at once: endpoint, Reply, context, its own capability.
 */
static void revoked_with_waiting_threads(void)
{
    ash_cptr memory = make(ASH_OBJ_UNTYPED, 65536), endpoint = new_slot(), reply = new_slot();
    for (unsigned i = 0; i < 5; i++) {
        OK(ash_untyped_retype(memory, ASH_OBJ_ENDPOINT, 0, CNODE, endpoint, 1));
        OK(ash_untyped_retype(memory, ASH_OBJ_REPLY, 0, CNODE, reply, 1));
        struct kthread *a = calling(endpoint, 1, PRIORITY + 1),
                       *b = calling(endpoint, 2, PRIORITY + 2);
        CHECK(a && b);
        struct ash_message m;
        ash_recv(endpoint, reply, &m);
        OK(ash_cnode_revoke(CNODE, memory));
        CHECK(wait_until(&a->count, 1) && wait_until(&b->count, 1));
        EQ(ash_info_label(a->seen[0]), ASH_E_DELETED);
        EQ(ash_info_label(b->seen[0]), ASH_E_DELETED);
    }
}

const struct test tree_tests[] = {
    {"tree: random, of Endpoints", endpoints},
    {"tree: random, of Frames", frames},
    {"tree: random, of Threads", threads},
    {"tree: random, of CNodes", cnodes},
    {"tree: revoked wherever they are", revoked_wherever_they_are},
    {"tree: CSpace taken from a running thread", cspace_taken_away},
    {"tree: CSpace taken away on another hart", cspace_taken_away_on_another_hart},
    {"tree: copied while it is revoked", copied_while_it_is_revoked},
    {"tree: revoked with waiting threads", revoked_with_waiting_threads},
    {},
};
