// SPDX-License-Identifier: MIT
//
// Ways out of __try statements as Windows sources use them: `break` and `continue` in a handler or
// a guarded block belong to the loop or switch around the statement.

#include <ntddk.h>

#include "inc/echo.h"

// Each case ends with its own `break`; without it the next case would add to the sum.
static ULONG Choose(ULONG which)
{
    ULONG sum = 0;
    switch (which) {
    case 1:
        try {
            ExRaiseStatus(STATUS_ACCESS_VIOLATION);
        }
        except(EXCEPTION_EXECUTE_HANDLER)
        {
            sum += 1;
            break;
        }
        sum += 100;
        // fall through
    case 2:
        sum += 10;
        try {
            sum += 2;
            break;
        }
        except(EXCEPTION_EXECUTE_HANDLER)
        {
            sum += 200;
        }
    default:
        sum += 1000;
    }
    return sum;
}

// Adds the odd numbers below 10; `continue` and `break` in the middle of guarded blocks.
static ULONG Odd(VOID)
{
    ULONG sum = 0, i;
    for (i = 0;; i++) {
        __try {
            if (i % 2 == 0)
                continue;
            if (i > 9)
                break;
            if (i == 5)
                ExRaiseStatus(STATUS_INTEGER_OVERFLOW);
            sum += i;
        } __except (GetExceptionCode() == STATUS_INTEGER_OVERFLOW ? EXCEPTION_EXECUTE_HANDLER
                                                                  : EXCEPTION_CONTINUE_SEARCH) {
            sum += 5;
            do {
                if (i)
                    continue;
            } while (FALSE);
        }
    }
    return sum;
}

static ULONG Finally(VOID)
{
    ULONG steps = 0;
    __try {
        steps = 1;
        __leave;
    } __finally {
        steps += AbnormalTermination() ? 100 : 10;
    }
    return steps;
}

// Locals change inside of a guarded block and are read after an exception.
static ULONG Locals(VOID)
{
    ULONG done = 0;
    __try {
        done = 7;
        ExRaiseStatus(STATUS_UNSUCCESSFUL);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        done += 1;
    }
    return done;
}

BOOLEAN EchoExceptions(VOID)
{
    return Choose(1) == 1 && Choose(2) == 12 && Choose(3) == 1000 && Odd() == 25 &&
           Finally() == 11 && Locals() == 8;
}
