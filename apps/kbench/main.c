// SPDX-License-Identifier: MIT
// Prints the figures as JSON lines between the marks that ./ashlar looks for.
#include "kbench.h"

#include <stdio.h>

const struct ash_boot *boot;

int ash_root_main(const struct ash_boot *info)
{
    boot = info;
    printf("\x1e"
           "ASHLAR-BEGIN\n");
    objects_init();
    remote_init();
    measure_null();
    measure_messages();
    measure_signals();
    measure_yield();
    measure_memory();
    measure_faults();
    measure_irq();
    measure_fpu();
    printf("\x1e"
           "ASHLAR-END 0\n");
    ash_exit(0);
}
