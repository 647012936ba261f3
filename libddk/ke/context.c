// SPDX-License-Identifier: MIT
//
// Calls into the driver: what each is about, for the crash report, and that it leaves IRQL, spin
// locks and regions as it found them. The records lie on the stacks of the calls and are linked,
// innermost first, by ki_calls of their thread. An exception that leaves some of them is raised
// with the list as it was when its __try began.

#include "ki.h"

_Thread_local const struct ki_state *ki_calls;

// Each kind of routine has bug checks of its own for a changed IRQL, and for changed regions.
static const struct codes {
    ULONG Irql, IrqlRule, Region, RegionRule;
} codes[] = {
    [KI_IN_DISPATCH] = {DRIVER_VERIFIER_IOMANAGER_VIOLATION, 0x5,
                        DRIVER_VERIFIER_DETECTED_VIOLATION, 0xc5},
    [KI_IN_COMPLETION] = {DRIVER_VERIFIER_DETECTED_VIOLATION, 0xfa,
                          DRIVER_VERIFIER_DETECTED_VIOLATION, 0xfb},
    [KI_IN_ISR] = {DRIVER_VERIFIER_DETECTED_VIOLATION, 0x111, APC_INDEX_MISMATCH, 0},
    [KI_IN_DPC] = {DRIVER_VERIFIER_DETECTED_VIOLATION, VF_RULE_IRQL_RETURN, TIMER_OR_DPC_INVALID,
                   4},
    [KI_IN_WORK_ITEM] = {WORKER_THREAD_RETURNED_AT_BAD_IRQL, 0, APC_INDEX_MISMATCH, 0},
};
static const struct codes other = {DRIVER_VERIFIER_DETECTED_VIOLATION, VF_RULE_IRQL_RETURN,
                                   APC_INDEX_MISMATCH, 0};

static const struct codes *codes_of(const struct ki_state *state)
{
    bool listed = state->Kind < RTL_NUMBER_OF(codes) && codes[state->Kind].Irql != 0;
    return listed ? &codes[state->Kind] : &other;
}

DECLSPEC_NORETURN static void irql_changed(const struct ki_state *state, const char *rule,
                                           ULONG_PTR routine, KIRQL now)
{
    const struct codes *code = codes_of(state);
    if (code->IrqlRule == 0)
        ki_die(code->Irql, routine, now, 0, 0, rule);
    if (code->IrqlRule == VF_RULE_IRQL_RETURN)
        ki_die(code->Irql, VF_RULE_IRQL_RETURN, (ULONG_PTR)rule, routine, now, rule);
    ULONG_PTR who = state->Kind == KI_IN_DISPATCH ? (ULONG_PTR)state->Device : routine;
    ki_die(code->Irql, code->IrqlRule, who, state->Irql, now, rule);
}

DECLSPEC_NORETURN static void region_changed(const struct ki_state *state, const char *rule,
                                             ULONG_PTR routine, PKTHREAD thread)
{
    const struct codes *code = codes_of(state);
    ULONG_PTR before = state->CriticalDepth, now = thread->CriticalDepth;
    if (before == now)
        ki_die(DRIVER_VERIFIER_DETECTED_VIOLATION, VF_RULE_GUARDED_REGIONS, (ULONG_PTR)rule,
               routine, thread->GuardedDepth, rule);
    if (code->RegionRule == 0)
        ki_die(code->Region, routine, now, before, 0, rule);
    if (code->Region == TIMER_OR_DPC_INVALID)
        ki_die(code->Region, code->RegionRule, routine, before, now, rule);
    ki_die(code->Region, code->RegionRule, routine, now, before, rule);
}

void ki_state_changed(const struct ki_state *state, const char *rule, const void *routine)
{
    PKTHREAD thread = ki_thread();
    if (thread->SpinLocks != state->SpinLocks)
        ki_die(DRIVER_VERIFIER_DETECTED_VIOLATION, VF_RULE_SPIN_LOCK, (ULONG_PTR)rule,
               (ULONG_PTR)routine, thread->SpinLocks, rule);
    if (thread->Irql != state->Irql)
        irql_changed(state, rule, (ULONG_PTR)routine, thread->Irql);
    region_changed(state, rule, (ULONG_PTR)routine, thread);
}
