// SPDX-License-Identifier: MIT
//
// Critical regions (no normal kernel APCs) and guarded regions (no APCs at all). No APC comes to a
// thread of a driver task; the depths are kept so that the rules that need them can be checked.

#include "ki.h"

VOID KeEnterCriticalRegion(VOID)
{
    ki_require_irql(APC_LEVEL, "KeEnterCriticalRegion above APC_LEVEL");
    ki_thread()->CriticalDepth++;
}

VOID KeLeaveCriticalRegion(VOID)
{
    PKTHREAD thread = ki_thread();
    ki_require_irql(APC_LEVEL, "KeLeaveCriticalRegion above APC_LEVEL");
    if (thread->CriticalDepth == 0)
        ki_violation(DRIVER_VERIFIER_DETECTED_VIOLATION,
                     "KeLeaveCriticalRegion without KeEnterCriticalRegion (CriticalRegions)", 0, 0);
    thread->CriticalDepth--;
}

VOID KeEnterGuardedRegion(VOID)
{
    ki_require_irql(APC_LEVEL, "KeEnterGuardedRegion above APC_LEVEL");
    ki_thread()->GuardedDepth++;
}

VOID KeLeaveGuardedRegion(VOID)
{
    PKTHREAD thread = ki_thread();
    ki_require_irql(APC_LEVEL, "KeLeaveGuardedRegion above APC_LEVEL");
    if (thread->GuardedDepth == 0)
        ki_violation(DRIVER_VERIFIER_DETECTED_VIOLATION,
                     "KeLeaveGuardedRegion without KeEnterGuardedRegion (GuardedRegions)", 0, 0);
    thread->GuardedDepth--;
}

BOOLEAN KeAreApcsDisabled(VOID)
{
    PKTHREAD thread = ki_thread();
    ki_require_irql(DISPATCH_LEVEL, "KeAreApcsDisabled above DISPATCH_LEVEL");
    return (BOOLEAN)(thread->CriticalDepth != 0 || thread->GuardedDepth != 0 ||
                     thread->Irql >= APC_LEVEL);
}
