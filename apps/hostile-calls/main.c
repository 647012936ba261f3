// SPDX-License-Identifier: MIT
/*
 * Attacks on the kernel, from a root task that has everything (`ashlar.test=hostile`). A word of
 * the kernel's command line says which one:
 *
 *   ashlar.provoke=N   the debug kernel breaks one of its rules on purpose (enum ash_provocation):
 *                      it must panic, so this task prints `not ok` when it does not
 */
#include "ash/invoke.h"
#include "ash/log.h"
#include "ash/start.h"

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

int ash_root_main(const struct ash_boot *info)
{
    boot = info;
    printf("\x1e"
           "ASHLAR-BEGIN\n");
    bool good = provoke(option("ashlar.provoke", 0));
    printf("\x1e"
           "ASHLAR-END %u\n",
           !good);
    ash_exit(!good);
}
