// SPDX-License-Identifier: MIT
/*
 * Faults put into a running driver, for the fault-injection campaign (docs/campaign.md). Only a
 * task with the flag ALTER may ask for it, which root gives to none but the program that it starts
 * in place of the shell when the kernel's command line says ashlar.test=campaign or =stress.
 *
 * A trap is a compressed ebreak over the first half of an instruction. The thread that comes to it
 * first waits for this manager while the half is put back, then makes its instruction. Another
 * thread may have met the ebreak meanwhile: it just makes its instruction, too.
 *
 * Invariant: traps are those of task `trapped`; a trap that was not reached is in its text.
 */
#include "proc.h"

#include <stdlib.h>
#include <string.h>

#define EBREAK 0x9002u

struct trap {
    uint32_t address;
    uint16_t original;
    uint8_t action;
    bool reached;
};

static struct trap *traps; /* ASH_PROC_TRAPS_MAX; none before the first is asked for */
static unsigned trap_count, trap_reached;
static ash_word trapped, when;
static struct {
    ash_word target;
    uint16_t halves[ASH_PROC_ALTER_BYTES / 2];
    unsigned count;
} change; /* of those with ASH_PROC_TRAP_ALTER */

static bool peek_half(struct task *task, ash_word address, uint16_t *half)
{
    ash_word word, offset = address % sizeof(word);
    if (!peek_word(task, address - offset, &word))
        return false;
    *half = (uint16_t)(word >> offset * 8);
    return true;
}

/* A live driver, or null. */
static struct task *subject(const struct ash_caller *caller, ash_word id, ash_status *status)
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

static bool flip(struct task *task, ash_word address, uint16_t *halves, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        uint16_t half;
        if (!peek_half(task, address + 2 * i, &half))
            return false;
        halves[i] ^= half;
    }
    return true;
}

ash_status alter_op(struct ash_server *, struct ash_caller *caller)
{
    const struct ash_proc_alter_request *request = (const void *)caller->request;
    uint16_t halves[ASH_PROC_ALTER_BYTES / 2];
    ash_word address = request->address;
    ash_status status;
    struct task *task = subject(caller, request->task, &status);
    if (!task)
        return status;
    if (request->bytes > sizeof(halves) || request->bytes % 2 != 0 ||
        (request->stack != 0 && !stack_address(task, request->stack - 1, &address)))
        return STATUS_INVALID_PARAMETER;
    unsigned count = (unsigned)request->bytes / 2;
    memcpy(halves, request->data, sizeof(halves));
    bool good = (request->flip == 0 || flip(task, address, halves, count)) &&
                poke(task, address, halves, count);
    peek_close();
    return good ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}

/* --- Where execution comes by ----------------------------------------------------------------- */

static struct trap *trap_at(const struct task *task, ash_word pc)
{
    for (unsigned i = 0; trapped == task->id && i < trap_count; i++)
        if (traps[i].address == pc)
            return &traps[i];
    return nullptr;
}

static ash_status set_trap(struct task *task, uint32_t address, uint8_t action)
{
    static const uint16_t ebreak = EBREAK;
    struct trap *trap = &traps[trap_count];
    if (trap_count == ASH_PROC_TRAPS_MAX)
        return STATUS_INSUFFICIENT_RESOURCES;
    *trap = (struct trap){.address = address, .action = action};
    if (trap_at(task, address) || !peek_half(task, address, &trap->original) ||
        !poke(task, address, &ebreak, 1))
        return STATUS_INVALID_PARAMETER;
    trap_count++;
    return STATUS_SUCCESS;
}

static void begin(const struct task *task)
{
    if (trapped == task->id)
        return;
    trapped = task->id;
    trap_count = trap_reached = 0;
    when = 0;
}

ash_status alter_op_trap(struct ash_server *, struct ash_caller *caller)
{
    const struct ash_proc_trap_request *request = (const void *)caller->request;
    ash_status status;
    struct task *task = subject(caller, request->task, &status);
    if (!task)
        return status;
    if (request->count > ASH_PROC_TRAPS_AT_ONCE || request->action > ASH_PROC_TRAP_END ||
        request->bytes > ASH_PROC_ALTER_BYTES || request->bytes % 2 != 0)
        return STATUS_INVALID_PARAMETER;
    if (traps == nullptr)
        traps = calloc(ASH_PROC_TRAPS_MAX, sizeof(*traps));
    if (traps == nullptr)
        return STATUS_NO_MEMORY;
    begin(task);
    change.target = request->target;
    change.count = (unsigned)request->bytes / 2;
    memcpy(change.halves, request->data, sizeof(change.halves));
    for (unsigned i = 0; i < request->count && ash_success(status); i++)
        status = set_trap(task, request->address[i], (uint8_t)request->action);
    peek_close();
    return status;
}

/* An ebreak that was put there for good is the driver's own. */
static bool met_late(struct task *task, const struct trap *trap)
{
    uint16_t half = EBREAK;
    return peek_half(task, trap->address, &half) && half != EBREAK;
}

static bool take(struct task *task, struct trap *trap)
{
    if (trap->reached)
        return met_late(task, trap);
    trap->reached = true;
    trap_reached++;
    when = ash_time();
    return poke(task, trap->address, &trap->original, 1) &&
           (trap->action != ASH_PROC_TRAP_ALTER ||
            poke(task, change.target, change.halves, change.count));
}

enum alter_fault alter_reached(struct task *task, ash_word pc)
{
    struct trap *trap = trap_at(task, pc);
    if (!trap)
        return ALTER_NONE;
    bool good = take(task, trap);
    peek_close();
    if (!good)
        return ALTER_NONE;
    if (trap->action != ASH_PROC_TRAP_END)
        return ALTER_GO_ON;
    no_answer();
    task_end(task, ASH_PROC_EXITED, (uint32_t)STATUS_PROCESS_IS_TERMINATING);
    return ALTER_ENDED;
}

ash_status alter_op_state(struct ash_server *, struct ash_caller *caller)
{
    const struct ash_proc_trap_state_request *request = (const void *)caller->request;
    struct ash_proc_trap_state_reply *reply = (void *)caller->reply;
    ash_word first = request->first;
    if (!may(caller, ASH_PROC_MAY_ALTER))
        return STATUS_ACCESS_DENIED;
    *reply = (struct ash_proc_trap_state_reply){
        .task = trapped, .count = trap_count, .reached = trap_reached, .when = when};
    for (unsigned i = 0; i < 64 * 32 && first + i < trap_count; i++)
        reply->bits[i / 64] |= (uint64_t)traps[first + i].reached << i % 64;
    return STATUS_SUCCESS;
}

/* Looks only, but at what is nobody's business. */
ash_status alter_op_walk(struct ash_server *, struct ash_caller *caller)
{
    if (!may(caller, ASH_PROC_MAY_ALTER))
        return STATUS_ACCESS_DENIED;
    return remote_dma_walk((void *)caller->reply);
}
