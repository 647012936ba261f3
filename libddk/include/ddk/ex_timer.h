// SPDX-License-Identifier: MIT
//
// EX_TIMER: timers that the system allocates, with a callback at DISPATCH_LEVEL instead of a DPC,
// and due times and periods in 100 ns. A timer can be waited for like a KTIMER. IRQL of all
// routines <= DISPATCH_LEVEL; ExDeleteTimer with wait <= APC_LEVEL. The Initialize routines: any.
// High resolution and no-wake are accepted: each timer is served at its own time here.
// Documentation: "ExXxxTimer Routines and EX_TIMER Objects".

#ifndef DDK_EX_TIMER_H
#define DDK_EX_TIMER_H

typedef struct _EX_TIMER *PEX_TIMER;

typedef VOID EXT_CALLBACK(PEX_TIMER timer, PVOID context);
typedef EXT_CALLBACK *PEXT_CALLBACK;
typedef VOID EXT_DELETE_CALLBACK(PVOID context);
typedef EXT_DELETE_CALLBACK *PEXT_DELETE_CALLBACK;

#define EX_TIMER_HIGH_RESOLUTION     4
#define EX_TIMER_NO_WAKE             8
#define EX_TIMER_UNLIMITED_TOLERANCE ((LONGLONG) - 1)
#define EX_TIMER_NOTIFICATION        (1u << 31)

typedef struct _EXT_SET_PARAMETERS_V0 {
    ULONG Version;
    ULONG Reserved;
    LONGLONG NoWakeTolerance;
} EXT_SET_PARAMETERS, *PEXT_SET_PARAMETERS;

typedef struct _EXT_CANCEL_PARAMETERS {
    ULONG Version;
    ULONG Reserved;
} EXT_CANCEL_PARAMETERS, *PEXT_CANCEL_PARAMETERS;

typedef struct _EXT_DELETE_PARAMETERS {
    ULONG Version;
    ULONG Reserved;
    PEXT_DELETE_CALLBACK DeleteCallback;
    PVOID DeleteContext;
} EXT_DELETE_PARAMETERS, *PEXT_DELETE_PARAMETERS;

VOID ExInitializeSetTimerParameters(PEXT_SET_PARAMETERS parameters);
VOID ExInitializeDeleteTimerParameters(PEXT_DELETE_PARAMETERS parameters);

// NULL without memory. HIGH_RESOLUTION together with NO_WAKE is a bug check.
PEX_TIMER ExAllocateTimer(PEXT_CALLBACK callback, PVOID context, ULONG attributes);

// TRUE: an earlier setting was pending and is cancelled. period <= MAXLONG, 0: once. A due time
// that is not relative for a high-resolution timer, or a negative NoWakeTolerance, is a bug check.
BOOLEAN ExSetTimer(PEX_TIMER timer, LONGLONG due_time, LONGLONG period,
                   PEXT_SET_PARAMETERS parameters);

// TRUE when it was set. parameters: NULL.
BOOLEAN ExCancelTimer(PEX_TIMER timer, PEXT_CANCEL_PARAMETERS parameters);

// Gives the timer up; its memory goes, and the delete callback is called, when it neither is set
// nor runs its callback. TRUE: cancel was asked for and the timer was set. wait (only with cancel,
// not from the timer's callback): returns when the callback is over.
BOOLEAN ExDeleteTimer(PEX_TIMER timer, BOOLEAN cancel, BOOLEAN wait,
                      PEXT_DELETE_PARAMETERS parameters);

#endif
