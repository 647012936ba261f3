// SPDX-License-Identifier: MIT
/* Runs every test and prints TAP between the marks that ./ashlar looks for. */
#include "ktest.h"

#include <stdio.h>
#include <string.h>

const struct ash_boot *boot;
ash_word detail[2];

static ash_cptr next_slot;
static bool failed;
static char why[160];
void fail(const char *file, int line, const char *what, ash_word got, ash_word wanted)
{
    if (failed)
        return;
    failed = true;
    const char *base = strrchr(file, '/');
    snprintf(why, sizeof(why), "%s:%d: %s is 0x%lx, should be 0x%lx", base ? base + 1 : file, line,
             what, got, wanted);
}

ash_cptr new_slot(void)
{
    return next_slot++;
}

ash_cptr make(enum ash_object_type type, ash_word parameter)
{
    ash_cptr slot = new_slot();
    ash_error error = ash_untyped_retype(POOL, type, parameter, CNODE, slot, 1);
    if (error != ASH_OK) {
        fail(__FILE__, __LINE__, "retype", error, ASH_OK);
        return 0;
    }
    return slot;
}

ash_cptr minted(ash_cptr source, ash_word rights, ash_word badge)
{
    ash_cptr slot = new_slot();
    ash_error error = ash_cnode_mint(CNODE, slot, source, rights, badge);
    if (error != ASH_OK)
        fail(__FILE__, __LINE__, "mint", error, ASH_OK);
    return slot;
}

ash_error invoke(ash_cptr target, ash_word method, unsigned words, const ash_word *word,
                 unsigned caps, const ash_cptr *cap)
{
    struct ash_message m = {};
    for (unsigned i = 0; i < words; i++) {
        if (i < ASH_MSG_REGISTERS)
            m.mr[i] = word[i];
        else
            ash_ipc()->msg[i] = word[i];
    }
    for (unsigned i = 0; i < caps; i++)
        ash_ipc()->caps[i] = cap[i];
    ash_error error = ash_invoke(target, method, words, caps, &m);
    detail[0] = m.mr[0];
    detail[1] = m.mr[1];
    return error;
}

bool full(ash_cptr slot)
{
    return ash_untyped_retype(POOL, ASH_OBJ_NULL, 0, CNODE, slot, 1) == ASH_E_OCCUPIED;
}

struct world world_now(void)
{
    struct ash_untyped_info info = {};
    struct world world = {};
    if (ash_untyped_info(POOL, &info) == ASH_OK)
        world.left = info.left;
    for (ash_cptr slot = FIRST_SLOT; slot < FIRST_SLOT + 64; slot++)
        world.slots = world.slots << 1 | full(slot);
    return world;
}

bool refuses(const char *file, int line, ash_cptr target, ash_word method, const ash_word *word,
             size_t words, const ash_cptr *cap, size_t caps, ash_error error, ash_word detail0)
{
    struct world before = world_now();
    ash_error got = invoke(target, method, (unsigned)words, word, (unsigned)caps, cap);
    ash_word got_detail = detail[0];
    struct world after = world_now();
    if (got != error)
        fail(file, line, "error", got, error);
    else if (detail0 != ANY && got_detail != detail0)
        fail(file, line, "detail", got_detail, detail0);
    else if (after.left != before.left || after.slots != before.slots)
        fail(file, line, "world after a refusal", after.slots, before.slots);
    return !failed;
}

bool make_tables(ash_cptr vspace, ash_word address)
{
    for (unsigned i = 0; i < 2; i++) {
        ash_cptr table = make(ASH_OBJ_PAGE_TABLE, 0);
        ash_error error = ash_page_table_map(table, vspace, address);
        if (error == ASH_E_BUSY)
            return true;
        if (error != ASH_OK) {
            fail(__FILE__, __LINE__, "page_table_map", error, ASH_OK);
            return false;
        }
    }
    return true;
}

ash_cptr device_frame(ash_word physical)
{
    for (unsigned i = 0; i < boot->regions; i++) {
        const struct ash_region *r = &boot->region[i];
        ash_cptr region = ASH_BOOT_FIRST_UNTYPED + i, gap = new_slot(), frame = new_slot();
        struct ash_untyped_info info;
        if (r->kind != ASH_REGION_DEVICE || physical < r->physical ||
            physical >= r->physical + r->size || ash_untyped_info(region, &info) != ASH_OK)
            continue;
        ash_word before = physical - (r->physical + info.size - info.left);
        bool reached = before == 0 ||
                       ash_untyped_retype(region, ASH_OBJ_UNTYPED, before, CNODE, gap, 1) == ASH_OK;
        if (reached && ash_untyped_retype(region, ASH_OBJ_FRAME, 12, CNODE, frame, 1) == ASH_OK)
            return frame;
    }
    return 0;
}

/* Revokes the pool and empties the slots that held copies of what is not from the pool; false if
 * memory is missing afterwards. */
static bool pool_whole(void)
{
    end_threads();
    while (next_slot > FIRST_SLOT)
        if (ash_cnode_delete(CNODE, --next_slot) != ASH_OK)
            return false;
    struct ash_untyped_info info;
    if (ash_cnode_revoke(CNODE, POOL) != ASH_OK || ash_untyped_info(POOL, &info) != ASH_OK)
        return false;
    return info.left == POOL_BYTES;
}

/* On a debug kernel: all invariants hold, or it panics. */
static void kernel_whole(void)
{
    struct ash_message m = {.mr = {ASH_CHECK_NOW}};
    (void)ash_invoke(ASH_BOOT_FIRMWARE, ASH_FIRMWARE_CHECK, 2, 0, &m);
}

static unsigned number;

static void run(const struct test *tests, unsigned *failures)
{
    for (const struct test *test = tests; test->name; test++) {
        failed = false;
        next_slot = FIRST_SLOT;
        test->run();
        kernel_whole();
        if (!pool_whole())
            fail(__FILE__, __LINE__, "pool after revoke", 1, 0);
        kernel_whole();
        *failures += failed;
        if (failed)
            printf("not ok %u - %s # %s\n", ++number, test->name, why);
        else
            printf("ok %u - %s\n", ++number, test->name);
    }
}

/* The largest RAM region gives the pool and what main itself needs. */
static bool take_pool(void)
{
    unsigned best = 0;
    ash_word size = 0;
    for (unsigned i = 0; i < boot->regions; i++) {
        struct ash_untyped_info info;
        if (boot->region[i].kind == ASH_REGION_RAM &&
            ash_untyped_info(ASH_BOOT_FIRST_UNTYPED + i, &info) == ASH_OK && info.left > size) {
            size = info.left;
            best = i;
        }
    }
    ash_cptr ram = ASH_BOOT_FIRST_UNTYPED + best;
    return take_threads(ram) &&
           ash_untyped_retype(ram, ASH_OBJ_UNTYPED, POOL_BYTES, CNODE, POOL, 1) == ASH_OK;
}

int ash_root_main(const struct ash_boot *info)
{
    static const struct test *const all[] = {
        preempt_tests,  untyped_tests,      cnode_tests,        endpoint_tests, transfer_tests,
        reply_tests,    notification_tests, thread_tests,       sched_tests,    timer_tests,
        vspace_tests,   fault_tests,        irq_tests,          fpu_tests,      smp_tests,
        hostile_tests,  error_tests,        device_error_tests, budget_tests,   chain_tests,
        register_tests, priority_tests,     rights_tests,       passive_tests,  fpu_state_tests,
        tlb_tests,      timers_tests,       tree_tests,         exhaust_tests,  cause_tests,
        message_tests,  space_tests,        defect_tests,       io_space_tests, io_message_tests};
    boot = info;
    unsigned failures = 0;
    printf("\x1e"
           "ASHLAR-BEGIN\n");
    if (!take_pool()) {
        printf("Bail out! no memory for the pool\n");
        failures = 1;
    } else {
        for (unsigned i = 0; i < sizeof(all) / sizeof(all[0]); i++)
            run(all[i], &failures);
        printf("1..%u\n", number);
    }
    printf("\x1e"
           "ASHLAR-END %u\n",
           failures != 0);
    ash_exit(failures != 0);
}
