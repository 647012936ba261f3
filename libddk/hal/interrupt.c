// SPDX-License-Identifier: MIT
//
// Interrupt objects. The ISR runs with the interrupt's spin lock held at its IRQL; so does a
// KeSynchronizeExecution routine. DIRQL is one level for all interrupts of a task. A passive-level
// ISR runs on a worker thread with the interrupt's event in the place of the lock; its interrupt is
// let through again when it has returned.

#include "../ex/ex.h"
#include "hal.h"

// What must not change is looked at by the caller: a passive-level ISR takes no spin lock.
FORCEINLINE BOOLEAN call_routine(PKINTERRUPT interrupt)
{
    struct ki_state state;
    ki_enter(&state, KI_IN_ISR, (void *)interrupt->Routine, NULL, NULL);
    BOOLEAN mine =
        interrupt->MessageRoutine != NULL
            ? interrupt->MessageRoutine(interrupt, interrupt->Context, interrupt->Message)
            : interrupt->Routine(interrupt, interrupt->Context);
    if (ki_thread()->Irql != interrupt->Irql)
        ki_die(DRIVER_VERIFIER_DETECTED_VIOLATION, 0x111, (ULONG_PTR)interrupt->Routine,
               interrupt->Irql, ki_thread()->Irql, "ISR returned with another IRQL");
    ki_check_state(&state, "ISR returned with locks changed", (void *)interrupt->Routine);
    return mine;
}

// On a worker thread.
static void run_passive(void *context)
{
    PKINTERRUPT interrupt = context;
    (void)KeWaitForSingleObject(&interrupt->PassiveLock, Executive, KernelMode, FALSE, NULL);
    (void)call_routine(interrupt);
    KeSetEvent(&interrupt->PassiveLock, IO_NO_INCREMENT, FALSE);
    manager_interrupt_done(interrupt); // the next one may be on its way before this one is over
    ExReleaseRundownProtection(&interrupt->Passing);
}

// Disconnecting ends the protection and waits for every ISR on its way: so either this does not
// start one, or it is waited for.
static bool start_passive(PKINTERRUPT interrupt)
{
    if (!ExAcquireRundownProtection(&interrupt->Passing))
        return false;
    ExInitializeWorkItem(&interrupt->Work, run_passive, interrupt);
    ExQueueWorkItem(&interrupt->Work, CriticalWorkQueue);
    return true;
}

enum hal_isr hal_interrupt(PKINTERRUPT interrupt)
{
    if (!interrupt->Active)
        return HAL_ISR_DECLINED;
    if (interrupt->Passive)
        return start_passive(interrupt) ? HAL_ISR_LATER : HAL_ISR_DECLINED;
    PKTHREAD thread = ki_thread();
    KIRQL old = thread->Irql;
    thread->Irql = interrupt->Irql; // both are the kit's own, and call_routine looks afterwards
    KeAcquireSpinLockAtDpcLevel(interrupt->Lock);
    BOOLEAN mine = call_routine(interrupt);
    KeReleaseSpinLockFromDpcLevel(interrupt->Lock);
    thread->Irql = old;
    return mine ? HAL_ISR_CLAIMED : HAL_ISR_DECLINED;
}

PKINTERRUPT hal_interrupt_create(const struct hal_isr_choice *choice, ULONG vector)
{
    PKINTERRUPT interrupt = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*interrupt), 'rtnI');
    if (interrupt == NULL)
        return NULL;
    interrupt->Routine = choice->Routine;
    interrupt->MessageRoutine = choice->MessageRoutine;
    interrupt->Context = choice->Context;
    interrupt->Lock = choice->Lock != NULL ? choice->Lock : &interrupt->OwnLock;
    interrupt->Passive = choice->Passive;
    interrupt->Irql = choice->Passive ? PASSIVE_LEVEL : HAL_DIRQL;
    interrupt->Vector = vector;
    interrupt->Pdo = choice->Pdo;
    KeInitializeEvent(&interrupt->PassiveLock, SynchronizationEvent, TRUE);
    ExInitializeRundownProtection(&interrupt->Passing);
    return interrupt;
}

NTSTATUS hal_interrupt_connect(PKINTERRUPT interrupt)
{
    interrupt->Active = TRUE; // an ISR may run before the connect returns
    NTSTATUS status = manager_connect_interrupt(interrupt);
    interrupt->Connected = NT_SUCCESS(status);
    return status;
}

void hal_interrupt_disconnect(PKINTERRUPT interrupt)
{
    if (!interrupt->Connected)
        ki_violation(DRIVER_VERIFIER_DETECTED_VIOLATION, "disconnect of an interrupt not connected",
                     (ULONG_PTR)interrupt, 0);
    interrupt->Active = FALSE;
    ExWaitForRundownProtectionRelease(&interrupt->Passing);
    manager_disconnect_interrupt(interrupt);
    interrupt->Connected = FALSE;
    ExFreePool(interrupt);
}

KIRQL KeAcquireInterruptSpinLock(PKINTERRUPT interrupt)
{
    if (interrupt->Passive)
        ki_violation(DRIVER_VERIFIER_DETECTED_VIOLATION,
                     "KeAcquireInterruptSpinLock of a passive-level interrupt",
                     (ULONG_PTR)interrupt, 0);
    KIRQL old = KfRaiseIrql(interrupt->Irql);
    KeAcquireSpinLockAtDpcLevel(interrupt->Lock);
    return old;
}

VOID KeReleaseInterruptSpinLock(PKINTERRUPT interrupt, KIRQL old_irql)
{
    if (interrupt->Passive)
        ki_violation(DRIVER_VERIFIER_DETECTED_VIOLATION,
                     "KeReleaseInterruptSpinLock of a passive-level interrupt",
                     (ULONG_PTR)interrupt, 0);
    KeReleaseSpinLockFromDpcLevel(interrupt->Lock);
    KeLowerIrql(old_irql);
}

static BOOLEAN synchronize_passive(PKINTERRUPT interrupt, PKSYNCHRONIZE_ROUTINE routine,
                                   PVOID context)
{
    ki_require_irql(PASSIVE_LEVEL, "KeSynchronizeExecution of a passive-level interrupt above "
                                   "PASSIVE_LEVEL");
    (void)KeWaitForSingleObject(&interrupt->PassiveLock, Executive, KernelMode, FALSE, NULL);
    BOOLEAN result = routine(context);
    KeSetEvent(&interrupt->PassiveLock, IO_NO_INCREMENT, FALSE);
    return result;
}

BOOLEAN KeSynchronizeExecution(PKINTERRUPT interrupt, PKSYNCHRONIZE_ROUTINE routine, PVOID context)
{
    if (interrupt->Passive)
        return synchronize_passive(interrupt, routine, context);
    KIRQL old = KeAcquireInterruptSpinLock(interrupt);
    BOOLEAN result = routine(context);
    KeReleaseInterruptSpinLock(interrupt, old);
    return result;
}
