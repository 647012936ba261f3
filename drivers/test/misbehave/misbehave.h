// SPDX-License-Identifier: MIT
//
// A driver that breaks every rule on request. Each routine gets the IRP of the read that asked for
// it; some never come back, some complete it, some leave it to the end of the task.
#ifndef MISBEHAVE_H
#define MISBEHAVE_H

#include <wdm.h>

#include "kinds.h"

#define MISBEHAVE_TAG 0x5642534Du // 'MSBV'

typedef NTSTATUS MISBEHAVE_ROUTINE(PIRP irp);

NTSTATUS MisbehaveComplete(PIRP irp, NTSTATUS status, ULONG_PTR information);

// faults.c
MISBEHAVE_ROUTINE MisbehaveDoNull, MisbehaveDoKernel, MisbehaveDoPhysical, MisbehaveDoCode,
    MisbehaveDoData, MisbehaveDoStack, MisbehaveDoPrivileged, MisbehaveDoSyscall, MisbehaveDoIrql,
    MisbehaveDoBugcheck, MisbehaveDoCaught;
// hogs.c
MISBEHAVE_ROUTINE MisbehaveDoSpin, MisbehaveDoSpinAll, MisbehaveDoPool, MisbehaveDoThreads;
// forge.c
MISBEHAVE_ROUTINE MisbehaveDoMessages, MisbehaveDoForge, MisbehaveDoDoorbells, MisbehaveDoExit;
// rings.c
MISBEHAVE_ROUTINE MisbehaveDoRings, MisbehaveDoIndex, MisbehaveDoSequence, MisbehaveDoTail,
    MisbehaveDoLength;
// rules.c
MISBEHAVE_ROUTINE MisbehaveDoOverrun, MisbehaveDoUnderrun, MisbehaveDoAfterFree,
    MisbehaveDoFreeTwice, MisbehaveDoTag, MisbehaveDoTimer, MisbehaveDoResource, MisbehaveDoIrpPool,
    MisbehaveDoFreeForeign, MisbehaveDoLocations, MisbehaveDoString, MisbehaveDoLockLeft,
    MisbehaveDoRegion, MisbehaveDoIrqlLeft, MisbehaveDoDpc, MisbehaveDoOrder, MisbehaveDoMemory,
    MisbehaveDoLeak;
// irps.c
MISBEHAVE_ROUTINE MisbehaveDoGood, MisbehaveDoTwice, MisbehaveDoNever, MisbehaveDoDropped,
    MisbehaveDoUnmarked, MisbehaveDoPending;

#endif
