// SPDX-License-Identifier: MIT
/*
 * A new task: memory, CNode, the capabilities of abi/task.h, image, start page, first thread. If
 * any step fails all of it is taken back.
 */
#include "ash/slot.h"
#include "ash/start.h"
#include "proc.h"

#include <elf.h>
#include <string.h>

#define FIRST_STACK 0x10000u

static ash_word next_id = ASH_TASK_FIRST;

/* Root's first tasks are the managers, whose ids everybody knows. */
static ash_word id_for(const struct ash_caller *caller, const char *image)
{
    static const struct {
        const char *image;
        ash_word id;
    } known[] = {
        {"servers/object", ASH_TASK_OBJECT},
        {"servers/io", ASH_TASK_IO},
        {"servers/pnp", ASH_TASK_PNP},
        {"servers/power", ASH_TASK_POWER},
    };
    for (unsigned i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (caller->task == ASH_TASK_ROOT && strcmp(image, known[i].image) == 0)
            return task_find(known[i].id) ? 0 : known[i].id;
    return next_id++;
}

static ash_status make_cspace(struct task *task)
{
    task->cnode = ash_slot_alloc();
    task->kit = ash_slot_alloc();
    if (task->cnode == 0 || task->kit == 0)
        return STATUS_INSUFFICIENT_RESOURCES;
    ash_status status =
        object_make(task, ASH_OBJ_CNODE, ASH_TASK_RADIX, ASH_SLOT_CNODE, task->cnode);
    if (ash_success(status))
        status = object_make(task, ASH_OBJ_CNODE, KIT_RADIX, ASH_SLOT_CNODE, task->kit);
    return status;
}

static bool give_manager(struct task *task, ash_word slot)
{
    return ash_cnode_mint(task->cnode, slot, ASH_PROCESS_BOOT_MANAGER + slot,
                          ASH_RIGHT_WRITE | ASH_RIGHT_GRANT | ASH_RIGHT_GRANT_REPLY,
                          task->id) == ASH_OK;
}

static bool give_managers(struct task *task)
{
    static const struct {
        ash_word flag, slot;
    } optional[] = {
        {ASH_PROC_HAS_OBJECT, ASH_SLOT_OBJECT},
        {ASH_PROC_HAS_IO, ASH_SLOT_IO},
        {ASH_PROC_HAS_PNP, ASH_SLOT_PNP},
        {ASH_PROC_HAS_POWER, ASH_SLOT_POWER},
    };
    bool good = give_manager(task, ASH_SLOT_PROCESS) && give_manager(task, ASH_SLOT_MEMORY);
    for (unsigned i = 0; i < sizeof(optional) / sizeof(optional[0]) && good; i++)
        if (task->flags & optional[i].flag)
            good = give_manager(task, optional[i].slot);
    if (good && task->flags & ASH_PROC_HAS_CONSOLE)
        good = ash_cnode_copy(task->cnode, ASH_SLOT_FIRMWARE, ASH_PROCESS_BOOT_FIRMWARE,
                              ASH_RIGHT_WRITE) == ASH_OK;
    return good &&
           ash_cnode_copy(task->cnode, ASH_SLOT_CNODE, task->cnode, ASH_RIGHT_ALL) == ASH_OK;
}

static ash_status give_capabilities(struct task *task, struct ash_caller *caller)
{
    if (!give_managers(task))
        return STATUS_INSUFFICIENT_RESOURCES;
    for (unsigned i = 0; i < caller->caps; i++)
        if (ash_cnode_move(task->cnode, ASH_SLOT_EXTRA + i, caller->cap[i]) != ASH_OK)
            return STATUS_INVALID_PARAMETER;
    return STATUS_SUCCESS;
}

static ash_word count_strings(const char *strings, ash_word bytes)
{
    ash_word count = 0;
    for (ash_word i = 0; i < bytes; i++)
        count += strings[i] == 0;
    return count;
}

static ash_status make_start_page(struct task *task, const struct ash_proc_spawn_request *request,
                                  unsigned caps)
{
    struct ash_start *start;
    ash_status status = remote_map(task->id, ASH_START_PAGE, ASH_PAGE_SIZE, ASH_MEM_READ, 0,
                                   nullptr, (void **)&start);
    if (!ash_success(status))
        return status;
    *start = (struct ash_start){
        .task = task->id,
        .timebase = ash_timebase(),
        .harts = ash_start()->harts,
        .ipc_buffer = task->thread[0].ipc_address,
        .image_base = task->image_base,
        .image_end = task->image_end,
        .stack_base = task->thread[0].stack_base,
        .stack_top = task->thread[0].stack_top,
        .extra = caps,
        .argument_count = count_strings(request->arguments, request->argument_bytes),
    };
    memcpy(start->name, task->name, sizeof(start->name));
    memcpy(start->arguments, request->arguments, request->argument_bytes);
    remote_unmirror(start);
    return STATUS_SUCCESS;
}

static ash_status make_memory(struct task *task)
{
    ash_status status = object_first_untyped(task);
    if (ash_success(status))
        status = remote_task_create(task->id, task->quota_pages, &task->vspace);
    if (ash_success(status)) {
        task->memory_made = true;
        status = make_cspace(task);
    }
    return status;
}

static ash_status build(struct task *task, struct ash_caller *caller,
                        const struct ash_proc_spawn_request *request, const void *file, size_t size)
{
    struct elf_image image;
    ash_status status = make_memory(task);
    if (ash_success(status))
        status = give_capabilities(task, caller);
    if (ash_success(status))
        status = load_image(task, file, size, &image);
    if (ash_success(status))
        status = thread_prepare(task, 0, FIRST_STACK);
    if (ash_success(status))
        status = make_start_page(task, request, caller->caps);
    if (!ash_success(status))
        return status;
    task->plan = (struct thread_plan){
        .entry = image.entry,
        .argument = ASH_START_PAGE,
        .priority = task->priority,
        .budget_us = request->budget_us,
        .period_us = request->period_us,
    };
    return STATUS_SUCCESS;
}

ash_status task_begin(struct task *task)
{
    task->state = ASH_PROC_RUNNING;
    ash_status status = thread_start(task, 0, &task->plan);
    if (ash_success(status))
        notify_thread(task, 0, true);
    return status;
}

/* A task may hand on only what it has itself; managers and root know what they do. */
static ash_status check(const struct ash_caller *caller, struct ash_proc_spawn_request *request)
{
    request->name[sizeof(request->name) - 1] = 0;
    request->image[sizeof(request->image) - 1] = 0;
    if (!may(caller, ASH_PROC_MAY_SPAWN))
        return STATUS_ACCESS_DENIED;
    if (request->priority > 255 || request->argument_bytes > sizeof(request->arguments) ||
        (request->argument_bytes > 0 && request->arguments[request->argument_bytes - 1] != 0))
        return STATUS_INVALID_PARAMETER;
    if (is_manager(caller->task))
        return STATUS_SUCCESS;
    const struct task *parent = task_of(caller);
    bool more = (request->flags & ~parent->flags) != 0 || request->priority > parent->priority;
    return more ? STATUS_ACCESS_DENIED : STATUS_SUCCESS;
}

static struct task *make_record(const struct ash_caller *caller,
                                const struct ash_proc_spawn_request *request)
{
    ash_word id = id_for(caller, request->image);
    struct task *task = id != 0 ? task_new(id) : nullptr;
    if (!task)
        return nullptr;
    task->parent = caller->task;
    task->flags = request->flags;
    task->quota_pages = request->quota_pages;
    task->hart = budget_hart(request->hart, request->flags);
    task->priority = (unsigned)request->priority;
    task->started = ash_time();
    memcpy(task->name, request->name, sizeof(task->name));
    memcpy(task->image, request->image, sizeof(task->image));
    return task;
}

ash_status spawn_op(struct ash_server *, struct ash_caller *caller)
{
    struct ash_proc_spawn_request *request = (void *)caller->request;
    ash_status status = check(caller, request);
    if (!ash_success(status))
        return status;
    const void *file;
    size_t size;
    if (!package_find(request->image, &file, &size))
        return STATUS_OBJECT_NAME_NOT_FOUND;
    struct task *task = make_record(caller, request);
    if (!task)
        return STATUS_INSUFFICIENT_RESOURCES;
    status = build(task, caller, request, file, size);
    if (ash_success(status) && notify_created(task, caller))
        return STATUS_PENDING;
    if (ash_success(status))
        status = task_begin(task);
    if (!ash_success(status)) {
        task_destroy(task);
        return status;
    }
    *(struct ash_proc_spawn_reply *)caller->reply = (struct ash_proc_spawn_reply){.task = task->id};
    return STATUS_SUCCESS;
}
