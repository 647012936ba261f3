// SPDX-License-Identifier: MIT
/*
 * The two tasks that root builds by itself. Order matters: everything that root makes for itself
 * and for both tasks is made before the rest of memory is given away; then memory runs, then
 * process.
 */
#include "root.h"

#include <string.h>

#define STACK_TOP       ((ash_word)0xf0000)
#define STACK_PAGES     16u
#define IPC_ADDRESS     ((ash_word)0xfd000)
#define PROCESS_UNTYPED 0x20000u

static struct build memory = {
    .name = "memory",
    .task = ASH_TASK_MEMORY,
    .radix = ASH_TASK_RADIX,
    .priority = 250,
    .stack_top = STACK_TOP,
    .stack_pages = STACK_PAGES,
    .ipc_address = IPC_ADDRESS,
};
static struct build process = {
    .name = "process",
    .task = ASH_TASK_PROCESS,
    .radix = ASH_PROCESS_RADIX,
    .priority = 240,
    .stack_top = STACK_TOP,
    .stack_pages = STACK_PAGES,
    .ipc_address = IPC_ADDRESS,
};

/* What task.h promises to every task. */
static void give_usual(struct build *build)
{
    build_give(build, ASH_SLOT_CNODE, build->cnode, ASH_RIGHT_ALL);
    build_give(build, ASH_SLOT_FIRMWARE, ASH_BOOT_FIRMWARE, ASH_RIGHT_WRITE);
    ash_cptr notification = stock_one(ASH_OBJ_NOTIFICATION);
    ash_cptr timer = stock_one(ASH_OBJ_TIMER);
    MUST(ash_cnode_mint(build->cnode, ASH_SLOT_NOTIFICATION, notification, ASH_RIGHT_ALL,
                        ASH_PARK_SIGNAL));
    ash_word signal = stock_slots(1);
    MUST(ash_cnode_mint(ASH_BOOT_CNODE, signal, notification, ASH_RIGHT_ALL, ASH_PARK_TIMER));
    MUST(ash_timer_bind(timer, signal));
    build_give(build, ASH_SLOT_TIMER, timer, ASH_RIGHT_ALL);
    ash_word fault = stock_slots(1);
    MUST(ash_cnode_mint(ASH_BOOT_CNODE, fault, root.faults, ASH_RIGHT_WRITE | ASH_RIGHT_GRANT_REPLY,
                        build->task));
    MUST(ash_thread_set_fault_endpoint(build->thread, fault));
    build_start_page(build);
}

static void equip_memory(void)
{
    build_give(&memory, ASH_MEMORY_BOOT_ENDPOINT, root.manager[ASH_SLOT_MEMORY], ASH_RIGHT_ALL);
    build_give(&memory, ASH_MEMORY_BOOT_VSPACE, memory.vspace, ASH_RIGHT_ALL);
    build_give(&memory, ASH_MEMORY_BOOT_PROCESS_VSPACE, process.vspace, ASH_RIGHT_ALL);
    MUST(ash_cnode_move(memory.cnode, ASH_MEMORY_BOOT_REPLY, stock_one(ASH_OBJ_REPLY)));
    struct ash_message m = {};
    if (ash_invoke(ASH_BOOT_IOMMU, ASH_IOMMU_INFO, 0, 0, &m) == ASH_OK)
        build_give(&memory, ASH_MEMORY_BOOT_IOMMU, ASH_BOOT_IOMMU, ASH_RIGHT_ALL);
}

static ash_word process_thread_slot(ash_word task)
{
    return ASH_PROCESS_BOOT_THREAD + task;
}

/* Only its page tables are wanted. */
static void make_window(void)
{
    ash_cptr frame = stock_one(ASH_OBJ_FRAME);
    space_map(process.vspace, frame, ASH_PROCESS_WINDOW, ASH_RIGHT_READ);
    MUST(ash_frame_unmap(frame));
}

static void equip_process(void)
{
    build_mint(&process, ASH_SLOT_MEMORY, root.manager[ASH_SLOT_MEMORY], ASH_TASK_PROCESS);
    build_give(&process, ASH_PROCESS_BOOT_ENDPOINT, root.manager[ASH_SLOT_PROCESS], ASH_RIGHT_ALL);
    build_give(&process, ASH_PROCESS_BOOT_SCHED_CONTROL, ASH_BOOT_SCHED_CONTROL, ASH_RIGHT_ALL);
    build_give(&process, ASH_PROCESS_BOOT_FIRMWARE, ASH_BOOT_FIRMWARE, ASH_RIGHT_ALL);
    MUST(ash_cnode_move(process.cnode, ASH_PROCESS_BOOT_UNTYPED,
                        stock_make(ASH_OBJ_UNTYPED, PROCESS_UNTYPED, 1)));
    build_give(&process, ASH_PROCESS_BOOT_VSPACE, process.vspace, ASH_RIGHT_ALL);
    build_give(&process, process_thread_slot(ASH_TASK_ROOT), ASH_BOOT_THREAD, ASH_RIGHT_ALL);
    build_give(&process, process_thread_slot(ASH_TASK_MEMORY), memory.thread, ASH_RIGHT_ALL);
    build_give(&process, process_thread_slot(ASH_TASK_PROCESS), process.thread, ASH_RIGHT_ALL);
    make_window();
    for (ash_word slot = ASH_SLOT_PROCESS; slot <= ASH_SLOT_POWER; slot++)
        build_give(&process, ASH_PROCESS_BOOT_MANAGER + slot, root.manager[slot], ASH_RIGHT_ALL);
}

extern char __image_start[], __image_end[]; /* lib/user.ld */

/* Image, stack, IPC buffer and boot-information page. */
static ash_word own_pages(void)
{
    ash_word image = (ash_word)(__image_end - __image_start);
    return (image + ASH_PAGE_SIZE - 1) / ASH_PAGE_SIZE + STACK_PAGES + 2;
}

static void tell_process(void)
{
    static struct ash_process_boot page;
    page = (struct ash_process_boot){
        .magic = ASH_PROCESS_BOOT_MAGIC,
        .package = root.package,
        .package_bytes = root.boot->package_size,
        .root_pages = own_pages(),
        .memory_pages = memory.pages + 1, /* and its boot page */
        .process_pages = process.pages + 1,
    };
    memcpy(page.command_line, root.boot->command_line, sizeof(page.command_line));
    page.command_line[sizeof(page.command_line) - 1] = 0;
    build_page(&process, ASH_BOOT_PAGE, &page, sizeof(page), ASH_RIGHT_READ);
}

/* The page must exist before the regions are given away, and can be filled only after it. */
static void tell_memory(void)
{
    static struct ash_memory_boot page;
    ash_cptr frame = stock_one(ASH_OBJ_FRAME);
    space_map(memory.vspace, frame, ASH_BOOT_PAGE, ASH_RIGHT_READ);
    memory.pages++;
    ash_cptr again = stock_slots(1);
    MUST(ash_cnode_copy(ASH_BOOT_CNODE, again, frame, ASH_RIGHT_ALL));
    page.magic = ASH_MEMORY_BOOT_MAGIC;
    page.memory_pages = memory.pages;
    page.process_pages = process.pages;
    stock_give_away(memory.cnode, &page);
    memcpy(space_window_open(again), &page, sizeof(page));
    space_window_close(again);
}

void early_start(void)
{
    for (ash_word slot = ASH_SLOT_PROCESS; slot <= ASH_SLOT_POWER; slot++)
        root.manager[slot] = stock_one(ASH_OBJ_ENDPOINT);
    root.faults = stock_one(ASH_OBJ_ENDPOINT);
    build_task(&memory, "servers/memory");
    build_task(&process, "servers/process");
    give_usual(&memory);
    give_usual(&process);
    equip_memory();
    equip_process();
    tell_process();
    package_move(process.vspace);
    tell_memory();
    build_run(&memory, ASH_START_PAGE);
    build_run(&process, ASH_START_PAGE);
}
