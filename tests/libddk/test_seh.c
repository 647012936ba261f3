// SPDX-License-Identifier: MIT
//
// Structured exception handling: what runs in which order, what a filter decides, who takes an
// exception, and what is refused.

#include "ddi_test.h"
#include <ntifs.h>

static char trace[64];

static void note(char c)
{
    size_t n = strlen(trace);
    trace[n] = c;
    trace[n + 1] = 0;
}

static LONG filter(char c, LONG disposition)
{
    note(c);
    return disposition;
}

static void raise(NTSTATUS status)
{
    note('!');
    ExRaiseStatus(status);
}

TEST(a_body_without_an_exception)
{
    volatile int handled = 0;
    trace[0] = 0;
    __try {
        note('a');
    } __except (filter('f', EXCEPTION_EXECUTE_HANDLER)) {
        handled = 1;
    }
    note('b');
    CHECK_STR(trace, "ab");
    CHECK_EQ(handled, 0);
}

static LONG wanted(PEXCEPTION_POINTERS pointers, NTSTATUS code)
{
    bool good = pointers->ContextRecord->Pc != 0 &&
                pointers->ExceptionRecord->ExceptionAddress == (PVOID)pointers->ContextRecord->Pc &&
                pointers->ExceptionRecord->ExceptionCode == code;
    return good ? EXCEPTION_EXECUTE_HANDLER : EXCEPTION_CONTINUE_SEARCH;
}

TEST(a_handler_takes_the_exception)
{
    DDI_SHOWS(ExRaiseStatus, RESULTS);
    DDI_SHOWS_MACRO(GetExceptionCode, RESULTS);
    DDI_SHOWS_MACRO(GetExceptionInformation, RESULTS);
    volatile NTSTATUS seen = 0;
    volatile bool continued = false;
    trace[0] = 0;
    __try {
        note('a');
        raise(STATUS_DEVICE_BUSY);
        continued = true;
    } __except (note('f'), wanted(GetExceptionInformation(), STATUS_DEVICE_BUSY)) {
        note('h');
        seen = GetExceptionCode();
    }
    CHECK_STR(trace, "a!fh");
    CHECK(seen == STATUS_DEVICE_BUSY && !continued);
}

static NTSTATUS declining(void)
{
    __try {
        raise(STATUS_NO_MEMORY);
    } __except (filter('d', EXCEPTION_CONTINUE_SEARCH)) {
        note('x'); // never
    }
    note('x'); // never
    return STATUS_SUCCESS;
}

TEST(a_filter_that_declines_sends_it_on)
{
    volatile NTSTATUS code = 0;
    trace[0] = 0;
    __try {
        declining();
    } __except (filter('o', EXCEPTION_EXECUTE_HANDLER)) {
        code = GetExceptionCode();
    }
    CHECK_STR(trace, "!do");
    CHECK_EQ(code, STATUS_NO_MEMORY);
}

static void with_finally(bool fails)
{
    __try {
        note('a');
        if (fails)
            raise(STATUS_UNSUCCESSFUL);
        note('b');
    } __finally {
        note(AbnormalTermination() ? 'A' : 'N');
    }
    note('c');
}

TEST(finally_runs_either_way)
{
    trace[0] = 0;
    with_finally(false);
    CHECK_STR(trace, "abNc");
    trace[0] = 0;
    __try {
        with_finally(true);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        note('h');
    }
    CHECK_STR(trace, "a!Ah");
}

TEST(leave_ends_the_body_also_out_of_a_loop)
{
    trace[0] = 0;
    __try {
        for (int i = 0; i < 5; i++) {
            note((char)('0' + i));
            if (i == 1)
                __leave;
        }
        note('x'); // never
    } __finally {
        note(AbnormalTermination() ? 'A' : 'N');
    }
    CHECK_STR(trace, "01N");
}

static void handler_that_raises(void)
{
    __try {
        raise(STATUS_NO_MEMORY);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        raise(STATUS_DATA_ERROR);
    }
}

TEST(an_exception_in_a_handler_goes_out)
{
    volatile NTSTATUS code = 0;
    trace[0] = 0;
    __try {
        handler_that_raises();
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        code = GetExceptionCode();
    }
    CHECK_STR(trace, "!!");
    CHECK_EQ(code, STATUS_DATA_ERROR);
}

static int returns_from_body(void)
{
    __try {
        return 7;
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return 8;
    }
    return 9;
}

static void raise_access_violation(void *unused)
{
    (void)unused;
    ExRaiseAccessViolation();
}

static void raise_misalignment(void *unused)
{
    (void)unused;
    ExRaiseDatatypeMisalignment();
}

static void raise_status(void *status)
{
    ExRaiseStatus((NTSTATUS)(ULONG_PTR)status);
}

TEST(a_frame_that_was_left_takes_nothing)
{
    DDI_SHOWS(ExRaiseStatus, ERRORS);
    CHECK_EQ(returns_from_body(), 7);
    CHECK(dies(raise_status, (void *)1, "raised and not handled"));
    for (volatile int i = 0; i < 3; i++)
        __try {
            if (i == 1)
                goto out;
        } __except (EXCEPTION_EXECUTE_HANDLER) {
        }
out:
    CHECK(dies(raise_status, (void *)1, "raised and not handled"));
}

TEST(the_other_raisers)
{
    volatile NTSTATUS first = 0, second = 0;
    __try {
        ExRaiseAccessViolation();
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        first = GetExceptionCode();
    }
    __try {
        ExRaiseDatatypeMisalignment();
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        second = GetExceptionCode();
    }
    CHECK_EQ(first, STATUS_ACCESS_VIOLATION);
    CHECK_EQ(second, STATUS_DATATYPE_MISALIGNMENT);
    CHECK(dies(raise_access_violation, NULL, "not handled"));
    CHECK(dies(raise_misalignment, NULL, "not handled"));
}

TEST(the_lower_case_words)
{
    trace[0] = 0;
    try {
        try {
            leave;
        } finally {
            note('f');
        }
        raise(STATUS_UNSUCCESSFUL);
    }
    except(EXCEPTION_EXECUTE_HANDLER)
    {
        note('h');
    }
    CHECK_STR(trace, "f!h");
}

static void continue_execution(void *unused)
{
    (void)unused;
    __try {
        raise(STATUS_UNSUCCESSFUL);
    } __except (EXCEPTION_CONTINUE_EXECUTION) {
    }
}

static void continue_in_body(void *unused)
{
    (void)unused;
    for (int i = 0; i < 2; i++) {
        __try {
            continue;
        } __except (EXCEPTION_EXECUTE_HANDLER) {
        }
    }
}

TEST(what_cannot_be_done_names_itself)
{
    trace[0] = 0;
    CHECK(dies(continue_execution, NULL, "EXCEPTION_CONTINUE_EXECUTION"));
    CHECK(dies(continue_in_body, NULL, "continue in a __try block"));
}

// --- Routines that raise

TEST(routines_raise_into_the_frame)
{
    DDI_SHOWS(KeReleaseSemaphore, ERRORS);
    DDI_SHOWS(ProbeForRead, ERRORS);
    DDI_SHOWS(ProbeForWrite, ERRORS);
    KSEMAPHORE semaphore;
    volatile NTSTATUS code[4] = {0};
    KeInitializeSemaphore(&semaphore, 0, 2);
    __try {
        KeReleaseSemaphore(&semaphore, 0, 3, FALSE);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        code[0] = GetExceptionCode();
    }
    __try {
        ProbeForRead((PVOID)(ULONG_PTR)0x1001, 8, 4);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        code[1] = GetExceptionCode();
    }
    __try {
        ProbeForRead((PVOID)(ULONG_PTR)8, 8, 4);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        code[2] = GetExceptionCode();
    }
    __try {
        ProbeForWrite((PVOID)(ULONG_PTR)8, 8, 4);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        code[3] = GetExceptionCode();
    }
    CHECK_EQ(code[0], STATUS_SEMAPHORE_LIMIT_EXCEEDED);
    CHECK_EQ(KeReadStateSemaphore(&semaphore), 0); // nothing was released
    CHECK_EQ(code[1], STATUS_DATATYPE_MISALIGNMENT);
    CHECK_EQ(code[2], STATUS_ACCESS_VIOLATION);
    CHECK_EQ(code[3], STATUS_ACCESS_VIOLATION);
}

static void caught(NTSTATUS status)
{
    __try {
        ExRaiseStatus(status);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
    }
}

DDI_IRQL_MAX(ExRaiseStatus, APC_LEVEL, caught(STATUS_UNSUCCESSFUL))

static VOID raiser(PVOID context)
{
    for (int i = 0; i < 2000; i++) {
        __try {
            ExRaiseStatus(STATUS_UNSUCCESSFUL);
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            InterlockedIncrement(context);
        }
    }
}

TEST(each_thread_has_its_own_frames)
{
    volatile LONG caught_here = 0;
    HANDLE handles[3];
    PVOID threads[3];
    for (int i = 0; i < 3; i++) {
        CHECK_EQ(PsCreateSystemThread(&handles[i], THREAD_ALL_ACCESS, NULL, NULL, NULL, raiser,
                                      (PVOID)&caught_here),
                 STATUS_SUCCESS);
        CHECK_EQ(ObReferenceObjectByHandle(handles[i], 0, NULL, KernelMode, &threads[i], NULL), 0);
        ZwClose(handles[i]);
    }
    for (int i = 0; i < 3; i++) {
        KeWaitForSingleObject(threads[i], Executive, KernelMode, FALSE, NULL);
        ObDereferenceObject(threads[i]);
    }
    CHECK_EQ(caught_here, 6000);
}
