// SPDX-License-Identifier: MIT
//
// Structured exception handling: __try { } __except (filter) { } and __try { } __finally { }, also
// in lower case, __leave, and the routines that raise. Exceptions of the processor inside a __try
// arrive as STATUS_ACCESS_VIOLATION and its relatives.
// An exception that no frame of the thread takes is a bug check of the task.
//
// What differs from the compiler's own statement on Windows:
//  - An outer filter runs after the __finally blocks inside of it, not before.
//  - EXCEPTION_CONTINUE_EXECUTION is a bug check: nothing raised here can be continued.
//  - return, goto or break out of a __try block skips its __finally; break and continue in a __try
//    block belong to it, not to a loop around it (continue is a bug check). Use __leave.
//  - A local variable changed in the __try block and read in the handler must be volatile, or the
//    function compiled without optimisation.
// Documentation: "Handling Exceptions", nf-wdm-exraisestatus, "try-except statement".

#ifndef DDK_SEH_H
#define DDK_SEH_H

#include <setjmp.h>

#define EXCEPTION_MAXIMUM_PARAMETERS 15
#define EXCEPTION_NONCONTINUABLE     1
#define EXCEPTION_EXECUTE_HANDLER    1
#define EXCEPTION_CONTINUE_SEARCH    0
#define EXCEPTION_CONTINUE_EXECUTION (-1)

typedef struct _EXCEPTION_RECORD {
    NTSTATUS ExceptionCode;
    ULONG ExceptionFlags;
    struct _EXCEPTION_RECORD *ExceptionRecord;
    PVOID ExceptionAddress;
    ULONG NumberParameters;
    // Of an access violation: [0] 0 read, 1 write, 8 execute; [1] the address.
    ULONG_PTR ExceptionInformation[EXCEPTION_MAXIMUM_PARAMETERS];
} EXCEPTION_RECORD, *PEXCEPTION_RECORD;

typedef struct _CONTEXT {
    ULONG_PTR Pc; // where the exception happened
} CONTEXT, *PCONTEXT;

typedef struct _EXCEPTION_POINTERS {
    PEXCEPTION_RECORD ExceptionRecord;
    PCONTEXT ContextRecord;
} EXCEPTION_POINTERS, *PEXCEPTION_POINTERS;

// Internal: one __try statement that is being executed. State: see ke/exception.c.
typedef struct _DDK_SEH_FRAME {
    struct _DDK_SEH_FRAME *Outer;
    volatile ULONG State;
    const void *Calls; // of the driver that were under way
    EXCEPTION_RECORD Record;
    CONTEXT Context;
    EXCEPTION_POINTERS Pointers;
    jmp_buf Jump;
} DDK_SEH_FRAME, *PDDK_SEH_FRAME;
#define DDK_SEH_START   0
#define DDK_SEH_BODY    1
#define DDK_SEH_DONE    2
#define DDK_SEH_LAST    3
#define DDK_SEH_RAISED  4
#define DDK_SEH_HANDLED 5
BOOLEAN DdkSehStep(PDDK_SEH_FRAME frame);
VOID DdkSehDone(PDDK_SEH_FRAME frame);
VOID DdkSehAbandon(PDDK_SEH_FRAME frame);
BOOLEAN DdkSehFilter(PDDK_SEH_FRAME frame, LONG disposition);
PEXCEPTION_POINTERS DdkSehPointers(PDDK_SEH_FRAME frame);

// The variable of an inner __try hides that of an outer one, as it must.
// clang-format off
#define __try                                                                                      \
    _Pragma("clang diagnostic push")                                                               \
    _Pragma("clang diagnostic ignored \"-Wshadow\"")                                               \
    for (DDK_SEH_FRAME ddk_seh __attribute__((cleanup(DdkSehAbandon))) = {.State = DDK_SEH_START}; \
         DdkSehStep(&ddk_seh);)                                                                    \
        _Pragma("clang diagnostic pop")                                                            \
        if (ddk_seh.State == DDK_SEH_BODY && setjmp(ddk_seh.Jump) == 0) {                          \
            __label__ ddk_seh_leave;
#define DDK_SEH_END_OF_BODY                                                                        \
            ddk_seh_leave: __attribute__((unused));                                                \
            DdkSehDone(&ddk_seh);                                                                  \
        }
#define __except(...)                                                                              \
    DDK_SEH_END_OF_BODY                                                                            \
    else if (ddk_seh.State == DDK_SEH_RAISED && DdkSehFilter(&ddk_seh, (__VA_ARGS__)))
#define __finally                                                                                  \
    DDK_SEH_END_OF_BODY                                                                            \
    else
// clang-format on
#define __leave goto ddk_seh_leave

// In a filter or handler; information in a filter only.
#define GetExceptionCode()        (ddk_seh.Record.ExceptionCode)
#define GetExceptionInformation() DdkSehPointers(&ddk_seh)
#define exception_code            GetExceptionCode
#define exception_info            GetExceptionInformation
#define _exception_code           GetExceptionCode
#define _exception_info           GetExceptionInformation
// In a __finally block: TRUE when an exception ended the __try block.
#define AbnormalTermination() ((BOOLEAN)(ddk_seh.State == DDK_SEH_RAISED))
#define abnormal_termination  AbnormalTermination
#define _abnormal_termination AbnormalTermination

#ifndef DDK_NO_LOWER_CASE_SEH
#define try     __try
#define except  __except
#define finally __finally
#define leave   __leave
#endif

// Raise; never return. IRQL <= APC_LEVEL.
DECLSPEC_NORETURN VOID ExRaiseStatus(NTSTATUS status);
DECLSPEC_NORETURN VOID ExRaiseAccessViolation(VOID);
DECLSPEC_NORETURN VOID ExRaiseDatatypeMisalignment(VOID);

#endif
