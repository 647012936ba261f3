// SPDX-License-Identifier: MIT
/*
 * Entry of a root task: a0 holds the boot-information page, there is no process manager below, and
 * the capabilities are those of abi/kernel/boot.h.
 *
 * Handing over. A second root task (the kernel's test program) runs on the CNode of the first,
 * whose own thread, VSpace and so on it finds under the boot slots, and its own ones
 * ASH_ROOT_HANDOVER slots further on: it puts the latter in the former's place before anything
 * else, and by that deletes the first root task.
 */
#include "ash/invoke.h"
#include "ash/log.h"
#include "ash/start.h"
#include "runtime.h"

#include <stdlib.h>

static const struct ash_boot *boot_page;

const struct ash_start *ash_start(void)
{
    return nullptr;
}

static bool own_slot(ash_word slot)
{
    return slot == ASH_BOOT_VSPACE || slot == ASH_BOOT_THREAD || slot == ASH_BOOT_SCHED_CONTEXT ||
           slot == ASH_BOOT_IPC_FRAME;
}

static void take_over(void)
{
    for (ash_word slot = ASH_BOOT_VSPACE; slot <= ASH_BOOT_IPC_FRAME; slot++) {
        if (!own_slot(slot))
            continue;
        if (ash_cnode_delete(ASH_BOOT_CNODE, slot) != ASH_OK ||
            ash_cnode_move(ASH_BOOT_CNODE, slot, ASH_ROOT_HANDOVER + slot) != ASH_OK)
            ash_panic("cannot take over slot %u of the first root task", (unsigned)slot);
    }
}

[[gnu::used]] void ash_root_start_c(const struct ash_boot *boot, ash_word second)
{
    ash_thread_block_make(__tls_first, (struct ash_ipc_buffer *)ASH_BOOT_IPC_BUFFER);
    boot_page = boot;
    ash_self()->stack_top = ASH_BOOT_STACK_TOP;
    ash_self()->stack_base = ASH_BOOT_STACK_TOP - ASH_ROOT_STACK_BYTES;
    ash_set_timebase(boot->timebase);
    ash_log_firmware(ASH_BOOT_FIRMWARE);
    ash_log_name("root");
    if (second == ASH_ROOT_SECOND)
        take_over();
    ash_run_constructors();
    exit(ash_root_main(boot));
}

[[gnu::naked, gnu::section(".text.start")]] void _start(void)
{
    __asm__("mv tp, zero\n"
            "mv s0, zero\n"
            "mv ra, zero\n"
            "tail ash_root_start_c\n");
}

void ash_exit(int status)
{
    (void)ash_firmware_reset(ASH_BOOT_FIRMWARE, 0, status != 0);
    for (;;)
        __asm__ volatile("unimp");
}
