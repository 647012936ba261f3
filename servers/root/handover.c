// SPDX-License-Identifier: MIT
/*
 * A second root task in root's place: same CNode, fresh VSpace and thread. lib/root_start.c, in the
 * second task, puts its own capabilities in the place of root's, which deletes root.
 */
#include "root.h"

#include <string.h>

#define STACK_PAGES 16u

static void give_own(ash_word boot_slot, ash_cptr capability)
{
    MUST(ash_cnode_move(ASH_BOOT_CNODE, ASH_ROOT_HANDOVER + boot_slot, capability));
}

void handover(const char *path)
{
    struct build second = {
        .name = strrchr(path, '/') + 1,
        .task = ASH_TASK_ROOT,
        .priority = 200,
        .cnode = ASH_BOOT_CNODE,
        .stack_top = ASH_BOOT_STACK_TOP,
        .stack_pages = STACK_PAGES,
        .ipc_address = ASH_BOOT_IPC_BUFFER,
    };
    build_task(&second, path);
    build_page(&second, ASH_BOOT_INFO, root.boot, sizeof(*root.boot), ASH_RIGHT_READ);
    ash_cptr thread = stock_slots(1), vspace = stock_slots(1);
    MUST(ash_cnode_copy(ASH_BOOT_CNODE, thread, second.thread, ASH_RIGHT_ALL));
    MUST(ash_cnode_copy(ASH_BOOT_CNODE, vspace, second.vspace, ASH_RIGHT_ALL));
    give_own(ASH_BOOT_SCHED_CONTEXT, second.sched);
    give_own(ASH_BOOT_IPC_FRAME, second.ipc_frame);
    give_own(ASH_BOOT_THREAD, second.thread);
    give_own(ASH_BOOT_VSPACE, second.vspace);
    second.thread = thread;
    second.vspace = vspace;
    second.sched = ASH_ROOT_HANDOVER + ASH_BOOT_SCHED_CONTEXT;
    build_run(&second, ASH_BOOT_INFO);
    for (;;)
        MUST(ash_thread_suspend(ASH_BOOT_THREAD));
}
