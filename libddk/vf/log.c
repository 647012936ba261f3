// SPDX-License-Identifier: MIT
//
// The log of the last IRPs and routines: a ring in the layout of struct ash_crash_log
// (abi/crash.h), which the process manager reads after the end of the task. Writers on several
// threads take their slots by counting; one that is overtaken by a whole round may leave a mixed
// entry.

#include "vf.h"

#define EVENTS 32u

static struct {
    volatile LONG64 Count;
    struct {
        const char *What;
        const void *Irp;
        ULONG_PTR Value;
    } Event[EVENTS];
} events;

void vf_log_event(const char *what, const void *irp, ULONG_PTR value)
{
    ULONG64 number = (ULONG64)InterlockedIncrement64(&events.Count) - 1;
    events.Event[number % EVENTS].What = what;
    events.Event[number % EVENTS].Irp = irp;
    events.Event[number % EVENTS].Value = value;
}

const void *vf_log_address(void)
{
    return &events;
}
