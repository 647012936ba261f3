// SPDX-License-Identifier: MIT
//
// Exceptions. The frames of a thread form a list, innermost first; raising takes the innermost one
// off and jumps into it. States of a frame, which DdkSehStep drives:
//   START -> BODY (linked) -> DONE (taken off) -> LAST, the round in which __finally runs
//                          -> RAISED, the round in which __except or __finally runs -> HANDLED
// A frame that is still RAISED after that round had a __finally, or a filter that declined: the
// exception goes on to the next frame.

#include "ki.h"

_Thread_local PDDK_SEH_FRAME ki_seh_frames;

BOOLEAN DdkSehStep(PDDK_SEH_FRAME frame)
{
    switch (frame->State) {
    case DDK_SEH_START:
        frame->Outer = ki_seh_frames;
        frame->Calls = ki_calls;
        frame->State = DDK_SEH_BODY;
        ki_seh_frames = frame;
        return TRUE;
    case DDK_SEH_BODY:
        ki_violation(DRIVER_VERIFIER_DETECTED_VIOLATION,
                     "continue in a __try block (it belongs to the block, not to a loop around it)",
                     (ULONG_PTR)frame, 0);
    case DDK_SEH_DONE:
        frame->State = DDK_SEH_LAST;
        return TRUE;
    case DDK_SEH_RAISED:
        ki_raise(&frame->Record);
    default:
        return FALSE;
    }
}

VOID DdkSehDone(PDDK_SEH_FRAME frame)
{
    ki_seh_frames = frame->Outer;
    frame->State = DDK_SEH_DONE;
}

// The variable goes out of scope: by return, goto or break if the body is not done.
VOID DdkSehAbandon(PDDK_SEH_FRAME frame)
{
    if (frame->State == DDK_SEH_BODY)
        ki_seh_frames = frame->Outer;
}

BOOLEAN DdkSehFilter(PDDK_SEH_FRAME frame, LONG disposition)
{
    if (disposition < 0)
        ki_violation(KMODE_EXCEPTION_NOT_HANDLED,
                     "EXCEPTION_CONTINUE_EXECUTION for an exception that cannot be continued",
                     (ULONG_PTR)(ULONG)frame->Record.ExceptionCode, frame->Context.Pc);
    if (disposition > 0)
        frame->State = DDK_SEH_HANDLED;
    return disposition > 0;
}

PEXCEPTION_POINTERS DdkSehPointers(PDDK_SEH_FRAME frame)
{
    frame->Context.Pc = (ULONG_PTR)frame->Record.ExceptionAddress;
    frame->Pointers = (EXCEPTION_POINTERS){&frame->Record, &frame->Context};
    return &frame->Pointers;
}

void ki_raise(const EXCEPTION_RECORD *record)
{
    PDDK_SEH_FRAME frame = ki_seh_frames;
    if (frame == NULL)
        ki_violation(KMODE_EXCEPTION_NOT_HANDLED, "exception raised and not handled",
                     (ULONG_PTR)(ULONG)record->ExceptionCode, (ULONG_PTR)record->ExceptionAddress);
    ki_seh_frames = frame->Outer;
    frame->Record = *record;
    ki_calls = frame->Calls; // records on the stack above are gone
    frame->State = DDK_SEH_RAISED;
    longjmp(frame->Jump, 1);
}

void ki_raise_status(NTSTATUS status, const void *address)
{
    EXCEPTION_RECORD record = {.ExceptionCode = status,
                               .ExceptionFlags = EXCEPTION_NONCONTINUABLE,
                               .ExceptionAddress = (PVOID)(ULONG_PTR)address};
    ki_raise(&record);
}

void ki_raise_rule(NTSTATUS status, const char *rule)
{
    if (ki_seh_frames == NULL)
        ki_violation(KMODE_EXCEPTION_NOT_HANDLED, rule, (ULONG_PTR)(ULONG)status,
                     (ULONG_PTR)__builtin_return_address(0));
    ki_raise_status(status, __builtin_return_address(0));
}

void ki_seh_reset(void)
{
    ki_seh_frames = NULL;
}

VOID ExRaiseStatus(NTSTATUS status)
{
    ki_require_irql(APC_LEVEL, "ExRaiseStatus above APC_LEVEL");
    ki_raise_status(status, __builtin_return_address(0));
}

VOID ExRaiseAccessViolation(VOID)
{
    ki_require_irql(APC_LEVEL, "ExRaiseAccessViolation above APC_LEVEL");
    ki_raise_status(STATUS_ACCESS_VIOLATION, __builtin_return_address(0));
}

VOID ExRaiseDatatypeMisalignment(VOID)
{
    ki_require_irql(APC_LEVEL, "ExRaiseDatatypeMisalignment above APC_LEVEL");
    ki_raise_status(STATUS_DATATYPE_MISALIGNMENT, __builtin_return_address(0));
}
