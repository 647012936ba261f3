// SPDX-License-Identifier: MIT
/*
 * Kernel objects of tasks, made of the tasks' own Untypeds; and the few this manager needs itself,
 * made of what root left for it.
 */
#include "proc.h"

#include "ash/slot.h"

#define UNTYPED_BYTES 0x20000u

ash_cptr kit_slot(const struct task *task, unsigned thread, unsigned which)
{
    return ash_cptr_in(task->kit, ASH_PROCESS_RADIX, 4 * thread + which);
}

ash_status object_first_untyped(struct task *task)
{
    if (task->untypeds == UNTYPEDS_MAX)
        return STATUS_QUOTA_EXCEEDED;
    unsigned i = task->untypeds;
    ash_status status = remote_untyped(UNTYPED_BYTES, &task->untyped[i].id, &task->untyped[i].slot);
    if (ash_success(status))
        task->untypeds++;
    return status;
}

static ash_error try_make(struct task *task, enum ash_object_type type, ash_word size,
                          ash_cptr cnode, ash_word index)
{
    ash_error error = ASH_E_MEMORY;
    for (unsigned i = task->untypeds; i > 0 && error == ASH_E_MEMORY; i--)
        error = ash_untyped_retype(task->untyped[i - 1].slot, type, size, cnode, index, 1);
    return error;
}

ash_status object_make(struct task *task, enum ash_object_type type, ash_word size, ash_cptr cnode,
                       ash_word index)
{
    ash_error error = try_make(task, type, size, cnode, index);
    if (error == ASH_E_MEMORY) {
        ash_status status = object_first_untyped(task);
        if (!ash_success(status))
            return status;
        error = try_make(task, type, size, cnode, index);
    }
    return error == ASH_OK ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

/* The memory manager revokes them: every object and every capability to one is gone after it. */
void object_free_untypeds(struct task *task)
{
    for (unsigned i = 0; i < task->untypeds; i++) {
        remote_untyped_free(task->untyped[i].id);
        ash_slot_free(task->untyped[i].slot);
    }
    task->untypeds = 0;
    ash_slot_free(task->cnode);
    ash_slot_free(task->kit);
    task->cnode = task->kit = 0;
}

ash_status own_reply(ash_cptr *slot)
{
    *slot = ash_slot_alloc();
    if (*slot == 0)
        return STATUS_INSUFFICIENT_RESOURCES;
    ash_error error =
        ash_untyped_retype(ASH_PROCESS_BOOT_UNTYPED, ASH_OBJ_REPLY, 0, ASH_SLOT_CNODE, *slot, 1);
    if (error == ASH_OK)
        return STATUS_SUCCESS;
    ash_slot_free(*slot);
    return STATUS_INSUFFICIENT_RESOURCES;
}

static ash_status make_for_caller(struct ash_caller *caller, enum ash_object_type type)
{
    struct task *task = task_of(caller);
    if (!task)
        return STATUS_ACCESS_DENIED;
    if (task->next_made == ASH_SLOT_MADE_END)
        return STATUS_QUOTA_EXCEEDED;
    ash_status status = object_make(task, type, 0, task->cnode, task->next_made);
    if (ash_success(status))
        *(struct ash_proc_slot_reply *)caller->reply =
            (struct ash_proc_slot_reply){.slot = task->next_made++};
    return status;
}

ash_status object_notification(struct ash_server *, struct ash_caller *caller)
{
    return make_for_caller(caller, ASH_OBJ_NOTIFICATION);
}

ash_status object_reply(struct ash_server *, struct ash_caller *caller)
{
    return make_for_caller(caller, ASH_OBJ_REPLY);
}

ash_status object_bind(struct ash_server *, struct ash_caller *caller)
{
    const struct ash_proc_thread_request *request = (const void *)caller->request;
    struct task *task = task_of(caller);
    if (!task)
        return STATUS_ACCESS_DENIED;
    if (caller->caps != 1 || request->thread >= ASH_PROC_THREADS ||
        task->thread[request->thread].state != THREAD_LIVE)
        return STATUS_INVALID_PARAMETER;
    ash_cptr thread = kit_slot(task, (unsigned)request->thread, KIT_THREAD);
    (void)ash_thread_unbind_notification(thread);
    ash_error error = ash_thread_bind_notification(thread, caller->cap[0]);
    return error == ASH_OK ? STATUS_SUCCESS : STATUS_OBJECT_TYPE_MISMATCH;
}
