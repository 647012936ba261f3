// SPDX-License-Identifier: MIT
//
// Exceptions of the processor. The process manager lets a thread that is inside of a __try (its
// list of frames is not empty) go on in rt_fault instead of ending the task; from there the
// exception is raised as any other. Stack and thread pointer are those of the faulting code.
// Causes: RISC-V privileged specification, "Supervisor Cause Register".

#include "../ex/ex.h"
#include "../vf/vf.h"
#include "rt.h"

#define TEXT_BYTES 160

#define INSTRUCTION_MISALIGNED 0
#define ILLEGAL_INSTRUCTION    2
#define BREAKPOINT             3
#define LOAD_MISALIGNED        4
#define STORE_MISALIGNED       6
#define STORE_ACCESS           7
#define INSTRUCTION_ACCESS     1
#define INSTRUCTION_PAGE       12
#define STORE_PAGE             15

// What ExceptionInformation[0] says of an access violation.
#define WAS_READ    0
#define WAS_WRITE   1
#define WAS_EXECUTE 8

static NTSTATUS code_of(uint64_t cause)
{
    switch (cause) {
    case ILLEGAL_INSTRUCTION:
        return STATUS_ILLEGAL_INSTRUCTION;
    case BREAKPOINT:
        return STATUS_BREAKPOINT;
    case INSTRUCTION_MISALIGNED:
    case LOAD_MISALIGNED:
    case STORE_MISALIGNED:
        return STATUS_DATATYPE_MISALIGNMENT;
    default:
        return STATUS_ACCESS_VIOLATION;
    }
}

static ULONG_PTR access_of(uint64_t cause)
{
    if (cause == STORE_ACCESS || cause == STORE_PAGE)
        return WAS_WRITE;
    return cause == INSTRUCTION_ACCESS || cause == INSTRUCTION_PAGE ? WAS_EXECUTE : WAS_READ;
}

// Only with special pool do faults outside of any __try come here.
DECLSPEC_NORETURN static void end_by_fault(const EXCEPTION_RECORD *record, uint64_t value,
                                           uint64_t pc)
{
    static char text[TEXT_BYTES];
    (void)DdkFormat(text, sizeof(text), "exception not handled: address 0x%llx, pc 0x%llx task %s",
                    (ULONG64)value, (ULONG64)pc, ash_start()->name);
    ki_die(KMODE_EXCEPTION_NOT_HANDLED, (ULONG_PTR)(ULONG)record->ExceptionCode, pc,
           record->ExceptionInformation[0], value, text);
}

DECLSPEC_NORETURN static void rt_fault(uint64_t cause, uint64_t value, uint64_t pc)
{
    ULONG_PTR access = access_of(cause);
    if ((vf_flags & VF_SPECIAL_POOL) != 0)
        ex_special_fault(value, access == WAS_WRITE, pc, ash_start()->name);
    EXCEPTION_RECORD record = {.ExceptionCode = code_of(cause),
                               .ExceptionFlags = EXCEPTION_NONCONTINUABLE,
                               .ExceptionAddress = (PVOID)pc};
    if (record.ExceptionCode == STATUS_ACCESS_VIOLATION) {
        record.NumberParameters = 2;
        record.ExceptionInformation[0] = access;
        record.ExceptionInformation[1] = value;
    }
    if (ki_seh_frames == NULL)
        end_by_fault(&record, value, pc);
    ki_raise(&record);
}

void rt_take_faults(void)
{
    const struct ash_proc_handler_request request = {
        .handler = (uintptr_t)rt_fault,
        .guarded = (vf_flags & VF_SPECIAL_POOL) == 0,
        .guard = (uintptr_t)&ki_seh_frames - (uintptr_t)__builtin_thread_pointer(),
    };
    const struct ash_proc_records_request records = {
        .calls = (uintptr_t)&ki_calls - (uintptr_t)__builtin_thread_pointer(),
        .log = ki_log_routines ? (uintptr_t)vf_log_address() : 0,
    };
    (void)ash_request(ASH_SLOT_PROCESS, ASH_PROC_FAULT_HANDLER, &request, sizeof(request), NULL, 0);
    (void)ash_request(ASH_SLOT_PROCESS, ASH_PROC_RECORDS, &records, sizeof(records), NULL, 0);
}
