// SPDX-License-Identifier: MIT
/* The root task's way from boot to waiting. */
#include "root.h"

#include <cmdline.h>
#include <string.h>

struct root root;

static size_t line_length(void)
{
    return strnlen(root.boot->command_line, ASH_BOOT_COMMAND_LINE);
}

/* The program that is to run instead of the system, or null. */
static const char *other_root(void)
{
    char value[32];
    if (cmdline_get(root.boot->command_line, line_length(), "ashlar.test", value, sizeof(value),
                    nullptr) != CMDLINE_OK)
        return nullptr;
    if (strcmp(value, "kernel") == 0)
        return "apps/ktest";
    if (strcmp(value, "hostile") == 0)
        return "apps/hostile-calls";
    return strcmp(value, "bench") == 0 ? "apps/kbench" : nullptr;
}

static const char *task_name(ash_word badge)
{
    return badge == ASH_TASK_MEMORY ? "memory" : "process";
}

/* The two tasks below everything: nothing can go on without them. */
[[noreturn]] static void wait_for_faults(void)
{
    struct ash_message m;
    ash_cptr reply = stock_reply();
    for (;;) {
        ash_recv(root.faults, reply, &m);
        if (m.info & ASH_INFO_KERNEL)
            ash_panic("cannot wait for faults: error %u", (unsigned)ash_info_label(m.info));
        ash_print("%s: fault: pc 0x%lx, cause %lu, value 0x%lx, sp 0x%lx\n#0 0x%lx task %s\n",
                  task_name(m.badge), (unsigned long)m.mr[0], (unsigned long)m.mr[1],
                  (unsigned long)m.mr[2], (unsigned long)m.mr[3], (unsigned long)m.mr[0],
                  task_name(m.badge));
        ash_panic("the %s manager is gone: the system stops", task_name(m.badge));
    }
}

int ash_root_main(const struct ash_boot *boot)
{
    root.boot = boot;
    if (boot->magic != ASH_BOOT_MAGIC)
        ash_panic("the boot-information page is not one: magic 0x%lx", (unsigned long)boot->magic);
    root.quiet = cmdline_has(boot->command_line, line_length(), "ashlar.quiet");
    stock_init();
    package_open();
    if (other_root())
        handover(other_root());
    if (!root.quiet)
        ash_print("\nAshlar\n");
    early_start();
    managers_start();
    wait_for_faults();
}
