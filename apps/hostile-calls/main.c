// SPDX-License-Identifier: MIT
/*
 * Attacks on the kernel, from a root task that has everything (`ashlar.test=hostile`). A word of
 * the kernel's command line says which one:
 *
 *   ashlar.calls=N     so many system calls by attackers (100,000 if nothing is said), in rounds
 *   ashlar.seed=N      which ones
 *   ashlar.provoke=N   the debug kernel breaks one of its rules on purpose (enum ash_provocation):
 *                      it must panic, so this task prints `not ok` when it does not
 *
 * After each round everything is taken away from the attackers, and all memory must be back.
 */
#include "hostile_calls.h"

#include <cmdline.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct ash_boot *boot;

/* The number behind a word of the command line; `otherwise` if it is not there. */
static ash_word option(const char *word, ash_word otherwise)
{
    char value[24];
    size_t length = strnlen(boot->command_line, ASH_BOOT_COMMAND_LINE);
    if (cmdline_get(boot->command_line, length, word, value, sizeof(value), nullptr) != CMDLINE_OK)
        return otherwise;
    return strtoul(value, nullptr, 0);
}

static bool provoke(ash_word what)
{
    struct ash_message m = {.mr = {ASH_CHECK_PROVOKE, what}};
    ash_error error = ash_invoke(ASH_BOOT_FIRMWARE, ASH_FIRMWARE_CHECK, 2, 0, &m);
    printf("not ok 1 - provocation %lu # the kernel goes on, error %u\n1..1\n", (unsigned long)what,
           (unsigned)error);
    return false;
}

/* Verifies all invariants; a release kernel has no such method. */
static void check_kernel(void)
{
    struct ash_message m = {.mr = {ASH_CHECK_NOW}};
    (void)ash_invoke(ASH_BOOT_FIRMWARE, ASH_FIRMWARE_CHECK, 2, 0, &m);
}

#define ROUND_CALLS 25000u
#define ROUND_LOOKS 20000u /* of a millisecond or so: then it ends anyway */

/* False if something went wrong. */
static bool run_round(ash_word seed, struct tally *tally)
{
    if (!world_make(boot->harts, seed, boot->timebase))
        return false;
    *tally = (struct tally){};
    for (unsigned looks = 0; looks < ROUND_LOOKS && tally->calls < ROUND_CALLS; looks++) {
        world_sleep();
        world_repair();
        *tally = world_tally();
    }
    check_kernel();
    if (!world_destroy())
        return false;
    check_kernel();
    if (tally->wrong == WRONG_FPU)
        printf("# a floating-point register changed during a system call\n");
    return tally->wrong == WRONG_NOTHING && tally->calls > 0;
}

static bool attack_kernel(ash_word calls, ash_word seed)
{
    struct tally done = {};
    unsigned rounds = 0;
    bool go_on = world_init(boot);
    ash_word state = seed * 0x9e3779b97f4a7c15 | 1;
    while (go_on && done.calls < calls) {
        struct tally made;
        go_on = run_round(next_random(&state), &made);
        done.calls += made.calls;
        done.methods += made.methods;
        printf("%sok %u - hostile: seed %lu, %lu calls\n", go_on ? "" : "not ", ++rounds,
               (unsigned long)seed, (unsigned long)done.calls);
    }
    printf("# %lu calls, of which %lu were methods that did what they were asked to\n1..%u\n",
           (unsigned long)done.calls, (unsigned long)done.methods, rounds);
    return go_on;
}

int ash_root_main(const struct ash_boot *info)
{
    boot = info;
    printf("\x1e"
           "ASHLAR-BEGIN\n");
    ash_word provocation = option("ashlar.provoke", ~0ull);
    bool good = provocation != ~0ull
                    ? provoke(provocation)
                    : attack_kernel(option("ashlar.calls", 100000), option("ashlar.seed", 1));
    printf("\x1e"
           "ASHLAR-END %u\n",
           !good);
    ash_exit(!good);
}
