// SPDX-License-Identifier: MIT
/*
 * The attackers' world. Everything in it is made of the Untyped POOL, so that revoking that ends
 * it.
 *
 *   judge's CNode   originals of everything; for what cannot be copied (Reply, PageTable, Untyped)
 * a nursery: an Untyped just large enough, so that it can be made again cage            copies,
 * children of the originals address space   a copy of this program's image at the same addresses, a
 * stack and an IPC buffer for each attacker, and the page SHARED
 *
 * Invariant: attackers hold no capability to a page of the image, of a stack, or to SHARED, and
 * none to an original; so they can stop but not harm each other's code, and the judge not at all.
 */
#include "hostile_calls.h"

#include <stdio.h>
#include <string.h>

#define POOL           ((ash_cptr)2048)
#define FIRST_SLOT     ((ash_cptr)2100)
#define POOL_BYTES     ((ash_word)8 << 20)
#define COPY           (SHARED + 0x100000) /* where the judge fills pages */
#define HIGHEST        100u                /* priority of attackers; the judge has 200 */
#define IO_SPACE_BYTES (40u << 10)         /* one, wherever it begins */
#define READ_WRITE     (ASH_RIGHT_READ | ASH_RIGHT_WRITE)

static ash_cptr next_slot, ram, cage, vspace, parking;
static ash_cptr sleep_timer = POOL + 1, sleep_notification = POOL + 2;
static ash_cptr original[STAPLES], nursery[STAPLES];
static ash_cptr faults[ATTACKERS];
static ash_word hart_number, random_state, slice, ram_left;
static struct {
    ash_word calls; /* seen at the last look */
    unsigned idle;  /* looks since it went on */
    enum role role;
} progress[ATTACKERS];

/* Prints and returns false when `error` is one. */
static bool good(ash_error error, const char *what)
{
    if (error == ASH_OK)
        return true;
    printf("# %s: error %u\n", what, (unsigned)error);
    return false;
}

/* A new object in a new slot; 0 if there is none. */
static ash_cptr make(enum ash_object_type type, ash_word parameter)
{
    ash_cptr slot = next_slot++;
    return good(ash_untyped_retype(POOL, type, parameter, ASH_BOOT_CNODE, slot, 1), "retype") ? slot
                                                                                              : 0;
}

static ash_cptr badged(ash_cptr source, ash_word rights, ash_word badge)
{
    ash_cptr slot = next_slot++;
    return good(ash_cnode_mint(ASH_BOOT_CNODE, slot, source, rights, badge), "mint") ? slot : 0;
}

/* --- The address space ----------------------------------------------------------------------- */

static bool make_tables(ash_cptr space, ash_word address)
{
    for (unsigned i = 0; i < 2; i++) {
        ash_cptr table = make(ASH_OBJ_PAGE_TABLE, 0);
        ash_error error = ash_page_table_map(table, space, address);
        if (error == ASH_E_BUSY)
            return true;
        if (!good(error, "map table"))
            return false;
    }
    return true;
}

/* A page in the attackers' space; its Frame, or 0. */
static ash_cptr make_page(ash_word address, ash_word rights, const void *content)
{
    ash_cptr frame = make(ASH_OBJ_FRAME, ASH_PAGE_BITS);
    if (content) {
        if (!good(ash_frame_map(frame, ASH_BOOT_VSPACE, COPY, READ_WRITE), "map a page to fill"))
            return 0;
        memcpy((void *)COPY, content, ASH_PAGE_SIZE);
        if (!good(ash_frame_unmap(frame), "unmap"))
            return 0;
    }
    return good(ash_frame_map(frame, vspace, address, rights), "map") ? frame : 0;
}

static bool copy_image(void)
{
    extern char __image_start[], __tls_image[], __image_end[];
    for (char *page = __image_start; page < __image_end; page += ASH_PAGE_SIZE) {
        ash_word rights = page < __tls_image ? ASH_RIGHT_READ | ASH_RIGHT_EXECUTE : READ_WRITE;
        if (make_page((ash_word)page, rights, page) == 0)
            return false;
    }
    return true;
}

static bool make_space(void)
{
    vspace = make(ASH_OBJ_VSPACE, 0);
    ash_cptr shared = make(ASH_OBJ_FRAME, ASH_PAGE_BITS), second = next_slot++;
    extern char __image_start[];
    return make_tables(ASH_BOOT_VSPACE, SHARED) && make_tables(vspace, SHARED) &&
           make_tables(vspace, (ash_word)__image_start) && copy_image() &&
           good(ash_cnode_copy(ASH_BOOT_CNODE, second, shared, READ_WRITE), "copy") &&
           good(ash_frame_map(shared, ASH_BOOT_VSPACE, SHARED, READ_WRITE), "map") &&
           good(ash_frame_map(second, vspace, SHARED, READ_WRITE), "map");
}

/* --- Attackers ------------------------------------------------------------------------------- */

static bool make_attacker(unsigned i)
{
    ash_cptr buffer = make_page(BUFFERS + i * ASH_PAGE_SIZE, READ_WRITE, nullptr);
    ash_cptr stack = make_page(STACKS + i * 2 * ASH_PAGE_SIZE, READ_WRITE, nullptr);
    ash_cptr thread = make(ASH_OBJ_THREAD, 0);
    original[STAPLE_THREADS + i] = thread;
    original[STAPLE_SCHEDS + i] = make(ASH_OBJ_SCHED_CONTEXT, 0);
    original[STAPLE_BUFFER] = buffer;
    faults[i] = badged(parking, ASH_RIGHT_WRITE | ASH_RIGHT_GRANT_REPLY, 1 + i);
    progress[i].calls = 0;
    progress[i].idle = 0;
    return stack &&
           good(ash_thread_configure(thread, cage, vspace, buffer, BUFFERS + i * ASH_PAGE_SIZE),
                "configure");
}

/* Whatever it does now, it starts anew. Others may hold what it needs: then the next look helps. */
static void start_attacker(unsigned i)
{
    ash_cptr thread = original[STAPLE_THREADS + i], sched = original[STAPLE_SCHEDS + i];
    ash_word choice = next_random(&random_state) >> 20;
    progress[i].role = choice % 4 == 0   ? ROLE_SERVER
                       : choice % 4 == 1 ? ROLE_PASSIVE_SERVER
                                         : ROLE_CHAOS;
    progress[i].idle = 0;
    struct ash_thread_start start = {.pc = (ash_word)attack,
                                     .sp = STACKS + (2 * i + 1) * ASH_PAGE_SIZE,
                                     .a0 = SHARED,
                                     .a1 = i | (ash_word)progress[i].role << 8,
                                     .a2 = next_random(&random_state)};
    __asm__("mv %0, gp" : "=r"(start.gp));
    (void)ash_thread_suspend(thread);
    (void)ash_sched_unbind(sched);
    (void)ash_sched_configure(ASH_BOOT_SCHED_CONTROL, sched, i % hart_number, slice, slice);
    if (ash_sched_bind(sched, thread) == ASH_E_BUSY) {
        for (unsigned j = 0; j < ATTACKERS; j++)
            (void)ash_sched_unbind(original[STAPLE_SCHEDS + j]);
        (void)ash_sched_bind(sched, thread);
    }
    (void)ash_thread_set_fault_endpoint(thread, faults[i]);
    (void)ash_thread_set_priority(thread, 60 + choice / 4 % 40, HIGHEST);
    (void)ash_thread_write_registers(thread, &start);
    (void)ash_thread_resume(thread);
}

/* A passive server runs on its callers' time once it waits. */
static void make_passive(unsigned i)
{
    struct ash_thread_info info;
    if (progress[i].role == ROLE_PASSIVE_SERVER &&
        ash_thread_info(original[STAPLE_THREADS + i], &info) == ASH_OK &&
        info.state == ASH_THREAD_BLOCKED_RECEIVE)
        (void)ash_sched_unbind(original[STAPLE_SCHEDS + i]);
}

static void look_after(unsigned i)
{
    ash_word calls = ((struct shared *)SHARED)->calls[i];
    bool server = progress[i].role != ROLE_CHAOS;
    make_passive(i);
    progress[i].idle = calls == progress[i].calls ? progress[i].idle + 1 : 0;
    progress[i].calls = calls;
    if (progress[i].idle > (server ? 20 : 2))
        start_attacker(i);
}

/* --- The cage -------------------------------------------------------------------------------- */

/* What is made of a nursery, and how much memory that takes. */
static bool nursed(unsigned staple, enum ash_object_type *type, ash_word *parameter)
{
    *parameter = 0;
    switch (staple) {
    case STAPLE_REPLY:
    case STAPLE_REPLY2:
        *type = ASH_OBJ_REPLY;
        return true;
    case STAPLE_PAGE_TABLE:
    case STAPLE_PAGE_TABLE2:
        *type = ASH_OBJ_PAGE_TABLE;
        return true;
    case STAPLE_UNTYPED:
    case STAPLE_UNTYPED2:
        *type = ASH_OBJ_UNTYPED;
        *parameter = staple == STAPLE_UNTYPED ? 768 << 10 : 64 << 10;
        return true;
    case STAPLE_IO_SPACE:
    case STAPLE_IO_SPACE2:
        *type = ASH_OBJ_IO_SPACE;
        return true;
    default:
        return false;
    }
}

static ash_word rights_of(unsigned staple)
{
    if (staple == STAPLE_FIRMWARE)
        return ASH_RIGHT_READ;
    return staple == STAPLE_LARGE_FRAME ? READ_WRITE : ASH_RIGHT_ALL;
}

/* Makes sure that the slot holds something; what that is, attackers may have changed. */
static void put_back(unsigned staple)
{
    enum ash_object_type type;
    ash_word parameter;
    if (!nursed(staple, &type, &parameter)) {
        (void)ash_cnode_copy(cage, staple, original[staple], rights_of(staple));
        return;
    }
    ash_error error = ash_untyped_retype(nursery[staple], type, parameter, cage, staple, 1);
    if (error == ASH_E_MEMORY && ash_cnode_revoke(ASH_BOOT_CNODE, nursery[staple]) == ASH_OK)
        (void)ash_untyped_retype(nursery[staple], type, parameter, cage, staple, 1);
}

static bool make_originals(void)
{
    static const struct {
        enum staple staple;
        enum ash_object_type type;
        ash_word parameter;
    } rows[] = {{STAPLE_ENDPOINT, ASH_OBJ_ENDPOINT, 0},
                {STAPLE_ENDPOINT2, ASH_OBJ_ENDPOINT, 0},
                {STAPLE_NOTIFICATION, ASH_OBJ_NOTIFICATION, 0},
                {STAPLE_NOTIFICATION2, ASH_OBJ_NOTIFICATION, 0},
                {STAPLE_TIMER, ASH_OBJ_TIMER, 0},
                {STAPLE_FRAME, ASH_OBJ_FRAME, ASH_PAGE_BITS},
                {STAPLE_LARGE_FRAME, ASH_OBJ_FRAME, ASH_MEGAPAGE_BITS},
                {STAPLE_VSPACE2, ASH_OBJ_VSPACE, 0},
                {STAPLE_CNODE2, ASH_OBJ_CNODE, 4},
                {STAPLE_THREAD2, ASH_OBJ_THREAD, 0}};
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        original[rows[i].staple] = make(rows[i].type, rows[i].parameter);
        if (original[rows[i].staple] == 0)
            return false;
    }
    original[STAPLE_CNODE] = cage;
    original[STAPLE_VSPACE] = vspace;
    original[STAPLE_SCHED_CONTROL] = ASH_BOOT_SCHED_CONTROL;
    original[STAPLE_IRQ_CONTROL] = ASH_BOOT_IRQ_CONTROL;
    original[STAPLE_FIRMWARE] = ASH_BOOT_FIRMWARE;
    original[STAPLE_IOMMU] = ASH_BOOT_IOMMU;
    ash_word rights = ASH_RIGHT_WRITE | ASH_RIGHT_GRANT_REPLY;
    original[STAPLE_ENDPOINT_BADGED] = badged(original[STAPLE_ENDPOINT], rights, 7);
    original[STAPLE_NOTIFICATION_BADGED] = badged(original[STAPLE_NOTIFICATION], ASH_RIGHT_ALL, 6);
    return original[STAPLE_ENDPOINT_BADGED] && original[STAPLE_NOTIFICATION_BADGED];
}

static bool make_nurseries(void)
{
    for (unsigned staple = 1; staple < STAPLES; staple++) {
        enum ash_object_type type;
        ash_word parameter;
        if (!nursed(staple, &type, &parameter))
            continue;
        ash_word bytes = type == ASH_OBJ_IO_SPACE ? IO_SPACE_BYTES : ASH_PAGE_SIZE;
        nursery[staple] = make(ASH_OBJ_UNTYPED, parameter ? parameter : bytes);
        if (nursery[staple] == 0)
            return false;
    }
    return true;
}

/* --- A round --------------------------------------------------------------------------------- */

bool world_make(ash_word harts, ash_word seed, ash_word timebase)
{
    next_slot = FIRST_SLOT;
    hart_number = harts;
    random_state = seed;
    slice = timebase / 2000;
    cage = make(ASH_OBJ_CNODE, CAGE_RADIX);
    parking = make(ASH_OBJ_ENDPOINT, 0);
    if (!make_originals() || !make_nurseries() || !make_space())
        return false;
    original[STAPLE_VSPACE] = vspace;
    for (unsigned i = 0; i < ATTACKERS; i++)
        if (!make_attacker(i))
            return false;
    for (unsigned staple = 1; staple < STAPLES; staple++)
        put_back(staple);
    for (unsigned i = 0; i < ATTACKERS; i++)
        start_attacker(i);
    return true;
}

void world_repair(void)
{
    for (unsigned staple = 1; staple < STAPLES; staple++)
        put_back(staple);
    for (unsigned i = 0; i < ATTACKERS; i++)
        look_after(i);
    if (next_random(&random_state) % 64 == 0)
        (void)ash_cnode_revoke(
            ASH_BOOT_CNODE,
            nursery[STAPLE_REPLY + (random_state >> 32) % (STAPLES - STAPLE_REPLY)]);
}

struct tally world_tally(void)
{
    const struct shared *shared = (const struct shared *)SHARED;
    struct tally sum = {};
    for (unsigned i = 0; i < ATTACKERS; i++) {
        sum.calls += shared->calls[i];
        sum.methods += shared->methods[i];
        if (shared->wrong[i] != WRONG_NOTHING)
            sum.wrong = shared->wrong[i];
    }
    return sum;
}

/* Sometimes in an order that leaves more to the last revocation, and always while they run. */
bool world_destroy(void)
{
    struct ash_untyped_info pool, rest;
    ash_word order = next_random(&random_state) >> 40;
    if (order % 4 == 0 && !good(ash_cnode_delete(ASH_BOOT_CNODE, cage), "delete the cage"))
        return false;
    if (order % 4 == 1 && !good(ash_cnode_delete(ASH_BOOT_CNODE, vspace), "delete the VSpace"))
        return false;
    if (!good(ash_cnode_revoke(ASH_BOOT_CNODE, POOL), "revoke") ||
        !good(ash_untyped_info(POOL, &pool), "info") || !good(ash_untyped_info(ram, &rest), "info"))
        return false;
    if (pool.left == POOL_BYTES && rest.left == ram_left)
        return true;
    printf("# memory is missing: %lu of %lu bytes\n", (unsigned long)(POOL_BYTES - pool.left),
           (unsigned long)POOL_BYTES);
    return false;
}

void world_sleep(void)
{
    if (good(ash_timer_set(sleep_timer, ash_time() + slice), "timer"))
        ash_wait(sleep_notification);
}

bool world_init(const struct ash_boot *boot)
{
    struct ash_untyped_info info;
    ash_word size = 0;
    for (unsigned i = 0; i < boot->regions; i++) {
        ash_cptr region = ASH_BOOT_FIRST_UNTYPED + i;
        if (boot->region[i].kind == ASH_REGION_RAM && ash_untyped_info(region, &info) == ASH_OK &&
            info.left > size) {
            size = info.left;
            ram = region;
        }
    }
    bool made =
        good(ash_untyped_retype(ram, ASH_OBJ_TIMER, 0, ASH_BOOT_CNODE, sleep_timer, 1), "timer") &&
        good(
            ash_untyped_retype(ram, ASH_OBJ_NOTIFICATION, 0, ASH_BOOT_CNODE, sleep_notification, 1),
            "notification") &&
        good(ash_timer_bind(sleep_timer, sleep_notification), "bind") &&
        good(ash_untyped_retype(ram, ASH_OBJ_UNTYPED, POOL_BYTES, ASH_BOOT_CNODE, POOL, 1),
             "pool") &&
        good(ash_untyped_info(ram, &info), "info");
    ram_left = info.left;
    return made;
}
