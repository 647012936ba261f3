// SPDX-License-Identifier: MIT
// Prints the figures as JSON lines between the marks that ./ashlar looks for.
#include "kbench.h"

#include <cmdline.h>
#include <stdio.h>
#include <string.h>

const struct ash_boot *boot;

static void measure_one_hart(void)
{
    measure_null();
    measure_messages();
    measure_signals();
    measure_yield();
    measure_memory();
    measure_faults();
    measure_irq();
    measure_fpu();
}

static const struct group {
    const char *name;
    void (*measure)(void);
} groups[] = {{"ipc", measure_one_hart},
              {"cross", measure_cross},
              {"pairs", measure_pairs},
              {"latency", measure_latency},
              {"dma", measure_dma}};

/* The word ashlar.bench=GROUP on the command line. */
static const struct group *chosen(void)
{
    char name[16];
    if (cmdline_get(boot->command_line, strnlen(boot->command_line, ASH_BOOT_COMMAND_LINE),
                    "ashlar.bench", name, sizeof(name), nullptr) == CMDLINE_OK)
        for (size_t i = 0; i < sizeof(groups) / sizeof(*groups); i++)
            if (strcmp(name, groups[i].name) == 0)
                return &groups[i];
    ash_panic("the command line has no ashlar.bench=ipc, cross, pairs, latency or dma");
}

int ash_root_main(const struct ash_boot *info)
{
    boot = info;
    printf("\x1e"
           "ASHLAR-BEGIN\n");
    objects_init();
    remote_init();
    chosen()->measure();
    printf("\x1e"
           "ASHLAR-END 0\n");
    ash_exit(0);
}
