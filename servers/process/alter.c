// SPDX-License-Identifier: MIT
/*
 * Faults put into a running driver, for the fault-injection campaign (docs/campaign.md). Only a
 * task with the flag ALTER may ask for it, which root gives to none but the program that it starts
 * in place of the shell when the kernel's command line says ashlar.test=campaign or =stress. Traps:
 * trap.c.
 */
#include "proc.h"

#include <string.h>

bool alter_peek(struct task *task, ash_word address, uint16_t *half)
{
    ash_word word, offset = address % sizeof(word);
    if (!peek_word(task, address - offset, &word))
        return false;
    *half = (uint16_t)(word >> offset * 8);
    return true;
}

struct task *alter_subject(const struct ash_caller *caller, ash_word id, ash_status *status)
{
    struct task *task = task_find(id);
    *status = STATUS_ACCESS_DENIED;
    if (!may(caller, ASH_PROC_MAY_ALTER))
        return nullptr;
    *status = STATUS_INVALID_HANDLE;
    if (!task || task->state != ASH_PROC_RUNNING || !(task->flags & ASH_PROC_DRIVER))
        return nullptr;
    *status = STATUS_SUCCESS;
    return task;
}

/* --- At once ---------------------------------------------------------------------------------- */

static bool stack_address(struct task *task, ash_word thread, ash_word *address)
{
    ash_word registers[ASH_THREAD_REGISTERS];
    if (thread >= ASH_PROC_THREADS || task->thread[thread].state != THREAD_LIVE ||
        ash_thread_read_registers(kit_slot(task, (unsigned)thread, KIT_THREAD), registers) !=
            ASH_OK)
        return false;
    *address += registers[2];
    return true;
}

bool alter_flip(struct task *task, ash_word address, uint16_t *halves, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        uint16_t half;
        if (!alter_peek(task, address + 2 * i, &half))
            return false;
        halves[i] ^= half;
    }
    return true;
}

/* What lies so far below where the pointer at *address points. */
static bool below_pointer(struct task *task, ash_word below, ash_word *address)
{
    ash_word pointer;
    if (!peek_word(task, *address, &pointer))
        return false;
    *address = pointer - below;
    return true;
}

ash_status alter_op(struct ash_server *, struct ash_caller *caller)
{
    const struct ash_proc_alter_request *request = (const void *)caller->request;
    uint16_t halves[ASH_PROC_ALTER_BYTES / 2];
    ash_word address = request->address;
    ash_status status;
    struct task *task = alter_subject(caller, request->task, &status);
    if (!task)
        return status;
    if (request->bytes > sizeof(halves) || request->bytes % 2 != 0 ||
        (request->stack != 0 && !stack_address(task, request->stack - 1, &address)) ||
        (request->below != 0 && !below_pointer(task, request->below, &address)))
        return STATUS_INVALID_PARAMETER;
    unsigned count = (unsigned)request->bytes / 2;
    memcpy(halves, request->data, sizeof(halves));
    bool good = (request->flip == 0 || alter_flip(task, address, halves, count)) &&
                poke(task, address, halves, count);
    peek_close();
    return good ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}

/* Looks only, but at what is nobody's business. */
ash_status alter_op_walk(struct ash_server *, struct ash_caller *caller)
{
    if (!may(caller, ASH_PROC_MAY_ALTER))
        return STATUS_ACCESS_DENIED;
    return remote_dma_walk((void *)caller->reply);
}
