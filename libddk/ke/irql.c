// SPDX-License-Identifier: MIT
//
// IRQL of threads, bug checks.
// Invariant: a thread's IRQL is at least DISPATCH_LEVEL while it holds a spin lock.

#include "ki.h"

#define RULE_BYTES 256

KIRQL KeGetCurrentIrql(VOID)
{
    return ki_thread()->Irql;
}

KIRQL KfRaiseIrql(KIRQL new_irql)
{
    PKTHREAD thread = ki_thread();
    KIRQL old = thread->Irql;
    if (new_irql < old)
        ki_violation(IRQL_NOT_GREATER_OR_EQUAL, "KeRaiseIrql to a lower IRQL", old, new_irql);
    if (new_irql > HIGH_LEVEL)
        ki_violation(IRQL_NOT_LESS_OR_EQUAL, "KeRaiseIrql above HIGH_LEVEL", old, new_irql);
    thread->Irql = new_irql;
    return old;
}

KIRQL KeRaiseIrqlToDpcLevel(VOID)
{
    ki_require_irql(DISPATCH_LEVEL, "KeRaiseIrqlToDpcLevel above DISPATCH_LEVEL");
    return KfRaiseIrql(DISPATCH_LEVEL);
}

VOID KeLowerIrql(KIRQL old_irql)
{
    PKTHREAD thread = ki_thread();
    if (old_irql > thread->Irql)
        ki_violation(IRQL_NOT_LESS_OR_EQUAL, "KeLowerIrql to a higher IRQL", thread->Irql,
                     old_irql);
    if (old_irql < DISPATCH_LEVEL && thread->SpinLocks != 0)
        ki_violation(IRQL_NOT_GREATER_OR_EQUAL,
                     "KeLowerIrql below DISPATCH_LEVEL with a spin lock held", thread->SpinLocks,
                     old_irql);
    thread->Irql = old_irql;
}

void ki_die(ULONG code, ULONG_PTR p1, ULONG_PTR p2, ULONG_PTR p3, ULONG_PTR p4, const char *text)
{
    const uint64_t parameters[4] = {p1, p2, p3, p4};
    ki_run_bugcheck_callbacks();
    port_die(code, parameters, text);
}

void ki_violation(ULONG code, const char *rule, ULONG_PTR p1, ULONG_PTR p2)
{
    ki_die(code, p1, p2, 0, 0, rule);
}

VOID KeBugCheckEx(ULONG code, ULONG_PTR p1, ULONG_PTR p2, ULONG_PTR p3, ULONG_PTR p4)
{
    ki_die(code, p1, p2, p3, p4, "KeBugCheckEx called by the driver");
}

VOID KeBugCheck(ULONG code)
{
    KeBugCheckEx(code, 0, 0, 0, 0);
}

VOID DdkPagedCode(PCSTR file, ULONG line)
{
    if (KeGetCurrentIrql() <= APC_LEVEL)
        return;
    ki_die(IRQL_NOT_LESS_OR_EQUAL, KeGetCurrentIrql(), line, (ULONG_PTR)file, 0,
           "PAGED_CODE: pageable code runs at IRQL above APC_LEVEL");
}

VOID DdkListCorrupt(const LIST_ENTRY *entry)
{
    ki_violation(KERNEL_SECURITY_CHECK_FAILURE,
                 "LIST_ENTRY: neighbours do not point back (corrupt list)",
                 FAST_FAIL_CORRUPT_LIST_ENTRY, (ULONG_PTR)entry);
}

VOID RtlAssert(PVOID text, PVOID file, ULONG line, PSTR message)
{
    char rule[RULE_BYTES];
    const char *said = message != NULL ? message : "";
    DbgPrint("Assertion failed: %s %s (%s line %u)\n", text, said, file, line);
    (void)DdkFormat(rule, sizeof(rule), "ASSERT(%s) failed at line %u", (const char *)text, line);
    ki_die(ASSERTION_IN_DRIVER, line, (ULONG_PTR)text, (ULONG_PTR)file, 0, rule);
}

VOID DdkAssertionFailure(PCSTR file, ULONG line)
{
    char rule[RULE_BYTES];
    (void)DdkFormat(rule, sizeof(rule), "DbgRaiseAssertionFailure in %s line %u", file, line);
    ki_die(ASSERTION_IN_DRIVER, line, 0, (ULONG_PTR)file, 0, rule);
}

VOID DbgBreakPoint(VOID)
{
    DbgPrint("break point at %p: nobody debugs this driver, it goes on\n",
             __builtin_return_address(0));
}
