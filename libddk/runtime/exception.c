// SPDX-License-Identifier: MIT
//
// Exceptions of the processor. The process manager lets a thread that is inside of a __try (its
// list of frames is not empty) go on in rt_fault instead of ending the task; from there the
// exception is raised as any other. Stack and thread pointer are those of the faulting code.
// Causes: RISC-V privileged specification, "Supervisor Cause Register".

#include "rt.h"

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

DECLSPEC_NORETURN static void rt_fault(uint64_t cause, uint64_t value, uint64_t pc)
{
    EXCEPTION_RECORD record = {.ExceptionCode = code_of(cause),
                               .ExceptionFlags = EXCEPTION_NONCONTINUABLE,
                               .ExceptionAddress = (PVOID)pc};
    if (record.ExceptionCode == STATUS_ACCESS_VIOLATION) {
        record.NumberParameters = 2;
        record.ExceptionInformation[0] = access_of(cause);
        record.ExceptionInformation[1] = value;
    }
    ki_raise(&record);
}

void rt_take_faults(void)
{
    const struct ash_proc_handler_request request = {
        .handler = (uintptr_t)rt_fault,
        .guarded = 1,
        .guard = (uintptr_t)&ki_seh_frames - (uintptr_t)__builtin_thread_pointer(),
    };
    const struct ash_proc_records_request records = {
        .calls = (uintptr_t)&ki_calls - (uintptr_t)__builtin_thread_pointer(),
    };
    (void)ash_request(ASH_SLOT_PROCESS, ASH_PROC_FAULT_HANDLER, &request, sizeof(request), NULL, 0);
    (void)ash_request(ASH_SLOT_PROCESS, ASH_PROC_RECORDS, &records, sizeof(records), NULL, 0);
}
