// SPDX-License-Identifier: MIT
#ifndef RESTLESS_H
#define RESTLESS_H

#include <ntddk.h>

typedef enum _BEHAVIOUR {
    ModeCalm,
    ModeRefuse,     // QUERY_POWER
    ModeHang,       // keeps the system SET_POWER
    ModeSpin,       // does not even return from it
    ModeHangDevice, // keeps the device SET_POWER
    ModeFail,       // fails it
    ModeSlow,       // takes 200 ms for it
    ModeWake,       // wakes the system after half a second
    ModeCancelWake, // cancels the WAIT_WAKE after half a second
} BEHAVIOUR;

typedef struct _RESTLESS {
    PDEVICE_OBJECT Self, Pdo, Lower;
    ULONG Number;
    volatile BEHAVIOUR Mode;
    volatile ULONG Spins;
    PVOID Busy;
    PIRP WaitWake;
    KTIMER Timer;
    KDPC Dpc;
} RESTLESS, *PRESTLESS;

#define SAY(restless, format, ...)                                                                 \
    DbgPrint("restless %u: " format "\n", (restless)->Number, __VA_ARGS__)

// power.c
DRIVER_DISPATCH Power;
KDEFERRED_ROUTINE TimerDpc;
VOID Cycle(PRESTLESS restless);

#endif
