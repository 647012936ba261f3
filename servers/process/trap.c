// SPDX-License-Identifier: MIT
/*
 * Traps in the text of a driver under test (alter.c).
 *
 * A trap is a compressed ebreak over the first half of an instruction. The thread that comes to it
 * first waits for this manager while the half is put back, then makes its instruction. Another
 * thread may have met the ebreak meanwhile: it just makes its instruction, too.
 *
 * Invariant: traps are those of task `trapped`; a trap that is armed is in its text.
 */
#include "proc.h"

#include <stdlib.h>
#include <string.h>

#define EBREAK 0x9002u

enum { RA = 1, A0 = 10 };
#define TRAP_LANDING 255u /* where a function returns to that is to be called again */

struct trap {
    uint32_t address;
    uint16_t original;
    uint8_t action;
    bool armed, reached;
};

static struct trap *traps; /* ASH_PROC_TRAPS_MAX; none before the first is asked for */
static unsigned trap_count, trap_reached;
static ash_word trapped, when;
static struct {
    ash_word target, reg, data;
    uint16_t halves[ASH_PROC_ALTER_BYTES / 2];
    unsigned count;
    bool flip;
} change;         /* of those that change anything */
static bool held; /* EXCHANGE: the first call was put off */
static ash_word held_a0;
static ash_word kept[ASH_THREAD_REGISTERS]; /* TWICE: at the first call */

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
    *trap = (struct trap){.address = address, .action = action, .armed = true};
    if (trap_at(task, address) || !alter_peek(task, address, &trap->original) ||
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
    held = false;
}

static bool makes_sense(const struct ash_proc_trap_request *request)
{
    return request->count <= ASH_PROC_TRAPS_AT_ONCE && request->action <= ASH_PROC_TRAP_EXCHANGE &&
           request->bytes <= ASH_PROC_ALTER_BYTES && request->bytes % 2 == 0 && request->reg < 32 &&
           (request->action != ASH_PROC_TRAP_REGISTER || request->target - 1 < 31);
}

static void keep_change(const struct ash_proc_trap_request *request)
{
    change.target = request->target;
    change.reg = request->reg;
    change.flip = request->flip != 0;
    change.count = (unsigned)request->bytes / 2;
    memcpy(change.halves, request->data, sizeof(change.halves));
    memcpy(&change.data, request->data, sizeof(change.data));
}

ash_status trap_op(struct ash_server *, struct ash_caller *caller)
{
    const struct ash_proc_trap_request *request = (const void *)caller->request;
    ash_status status;
    struct task *task = alter_subject(caller, request->task, &status);
    if (!task)
        return status;
    if (!makes_sense(request))
        return STATUS_INVALID_PARAMETER;
    if (traps == nullptr)
        traps = calloc(ASH_PROC_TRAPS_MAX, sizeof(*traps));
    if (traps == nullptr)
        return STATUS_NO_MEMORY;
    begin(task);
    keep_change(request);
    for (unsigned i = 0; i < request->count && ash_success(status); i++)
        status = set_trap(task, request->address[i], (uint8_t)request->action);
    peek_close();
    return status;
}

/* --- Actions: the thread waits in front of the instruction ------------------------------------ */

static bool write_change(struct task *task, ash_word target)
{
    uint16_t halves[ASH_PROC_ALTER_BYTES / 2];
    memcpy(halves, change.halves, sizeof(halves));
    return (!change.flip || alter_flip(task, target, halves, change.count)) &&
           poke(task, target, halves, change.count);
}

static bool call_twice(struct task *task, ash_word *registers)
{
    memcpy(kept, registers, sizeof(kept));
    registers[RA] = change.target;
    return ash_success(set_trap(task, (uint32_t)change.target, TRAP_LANDING));
}

static bool exchange(ash_word *registers)
{
    ash_word a0 = registers[A0];
    if (held) {
        registers[A0] = held_a0;
    } else {
        held_a0 = a0;
        registers[0] = registers[RA];
    }
    held = true;
    return true;
}

static bool change_registers(struct task *task, unsigned action, ash_word *registers)
{
    switch (action) {
    case ASH_PROC_TRAP_REGISTER:
        registers[change.target] ^= change.data;
        return true;
    case ASH_PROC_TRAP_RETURN:
        registers[0] = registers[RA];
        registers[A0] = change.data;
        return true;
    case ASH_PROC_TRAP_TWICE:
        return call_twice(task, registers);
    case TRAP_LANDING:
        memcpy(registers, kept, sizeof(kept));
        return true;
    default:
        return exchange(registers);
    }
}

/* Only in the page that the register points to, which is one that the driver may write; what cannot
 * be done there was not to be. */
static void change_memory(struct task *task, ash_word base)
{
    ash_word at = (base + change.target) & ~(ash_word)1;
    if (((at ^ base) & ~(ash_word)(ASH_PAGE_SIZE - 1)) == 0)
        (void)write_change(task, at);
}

static bool act(struct task *task, unsigned thread, unsigned action)
{
    ash_word registers[ASH_THREAD_REGISTERS];
    ash_cptr kernel_thread = kit_slot(task, thread, KIT_THREAD);
    if (action == ASH_PROC_TRAP_NOTE || action == ASH_PROC_TRAP_END)
        return true;
    if (action == ASH_PROC_TRAP_ALTER)
        return write_change(task, change.target);
    if (ash_thread_read_registers(kernel_thread, registers) != ASH_OK)
        return false;
    if (action == ASH_PROC_TRAP_MEMORY) {
        change_memory(task, registers[change.reg]);
        return true;
    }
    return change_registers(task, action, registers) &&
           ash_thread_write_all_registers(kernel_thread, registers) == ASH_OK;
}

/* An ebreak that was put there for good is the driver's own. */
static bool met_late(struct task *task, const struct trap *trap)
{
    uint16_t half = EBREAK;
    return alter_peek(task, trap->address, &half) && half != EBREAK;
}

static bool take(struct task *task, unsigned thread, struct trap *trap)
{
    if (!trap->armed)
        return met_late(task, trap);
    trap_reached += !trap->reached && trap->action != TRAP_LANDING;
    trap->reached = true;
    when = ash_time();
    trap->armed = trap->action == ASH_PROC_TRAP_EXCHANGE && !held;
    return (trap->armed || poke(task, trap->address, &trap->original, 1)) &&
           act(task, thread, trap->action);
}

enum alter_fault trap_reached_at(struct task *task, unsigned thread, ash_word pc)
{
    struct trap *trap = trap_at(task, pc);
    if (!trap)
        return ALTER_NONE;
    bool good = take(task, thread, trap);
    peek_close();
    if (!good)
        return ALTER_NONE;
    if (trap->action != ASH_PROC_TRAP_END)
        return ALTER_GO_ON;
    no_answer();
    task_end(task, ASH_PROC_EXITED, (uint32_t)STATUS_PROCESS_IS_TERMINATING);
    return ALTER_ENDED;
}

ash_status trap_op_state(struct ash_server *, struct ash_caller *caller)
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
