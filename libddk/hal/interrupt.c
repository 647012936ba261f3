// SPDX-License-Identifier: MIT
//
// Interrupt objects. The ISR runs with the interrupt's spin lock held at its IRQL; so does a
// KeSynchronizeExecution routine. DIRQL is one level for all interrupts of a task.

#include "hal.h"

#define DIRQL 5

bool hal_interrupt(PKINTERRUPT interrupt)
{
    PKTHREAD thread = ki_thread();
    struct ki_state state;
    if (!interrupt->Active)
        return false;
    ki_enter(&state, KI_IN_ISR, (void *)interrupt->Routine, NULL, NULL);
    KIRQL old = KfRaiseIrql(interrupt->Irql);
    KeAcquireSpinLockAtDpcLevel(interrupt->Lock);
    BOOLEAN mine = interrupt->MessageRoutine != NULL
                       ? interrupt->MessageRoutine(interrupt, interrupt->Context, 0)
                       : interrupt->Routine(interrupt, interrupt->Context);
    if (thread->Irql != interrupt->Irql)
        ki_die(DRIVER_VERIFIER_DETECTED_VIOLATION, 0x111, (ULONG_PTR)interrupt->Routine,
               interrupt->Irql, thread->Irql, "ISR returned with another IRQL");
    KeReleaseSpinLockFromDpcLevel(interrupt->Lock);
    KeLowerIrql(old);
    ki_check_state(&state, "ISR returned with locks changed", (void *)interrupt->Routine);
    return mine;
}

static PKINTERRUPT allocate(PDEVICE_OBJECT pdo, PKSERVICE_ROUTINE routine, PVOID context,
                            PKSPIN_LOCK lock, ULONG vector)
{
    PKINTERRUPT interrupt = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*interrupt), 'rtnI');
    if (interrupt == NULL)
        return NULL;
    interrupt->Routine = routine;
    interrupt->Context = context;
    interrupt->Lock = lock != NULL ? lock : &interrupt->OwnLock;
    interrupt->Irql = DIRQL;
    interrupt->Vector = vector;
    interrupt->Pdo = pdo;
    return interrupt;
}

static NTSTATUS connect(PKINTERRUPT interrupt, PKINTERRUPT *result)
{
    if (interrupt == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    *result = interrupt; // an ISR may run before the connect returns
    interrupt->Active = TRUE;
    NTSTATUS status = manager_connect_interrupt(interrupt);
    if (NT_SUCCESS(status)) {
        interrupt->Connected = TRUE;
        return STATUS_SUCCESS;
    }
    *result = NULL;
    ExFreePool(interrupt);
    return status;
}

static NTSTATUS connect_line(PDEVICE_OBJECT pdo, PKSERVICE_ROUTINE routine, PVOID context,
                             PKSPIN_LOCK lock, PKINTERRUPT *result)
{
    ULONG vector;
    NTSTATUS status = manager_line_vector(pdo, &vector);
    return NT_SUCCESS(status) ? connect(allocate(pdo, routine, context, lock, vector), result)
                              : status;
}

NTSTATUS IoConnectInterruptEx(PIO_CONNECT_INTERRUPT_PARAMETERS parameters)
{
    PIO_CONNECT_INTERRUPT_FULLY_SPECIFIED_PARAMETERS full = &parameters->FullySpecified;
    PIO_CONNECT_INTERRUPT_LINE_BASED_PARAMETERS line = &parameters->LineBased;
    PIO_CONNECT_INTERRUPT_MESSAGE_BASED_PARAMETERS message = &parameters->MessageBased;
    ki_require_irql(PASSIVE_LEVEL, "IoConnectInterruptEx above PASSIVE_LEVEL");
    switch (parameters->Version) {
    case CONNECT_FULLY_SPECIFIED:
    case CONNECT_FULLY_SPECIFIED_GROUP:
        return connect(allocate(full->PhysicalDeviceObject, full->ServiceRoutine,
                                full->ServiceContext, full->SpinLock, full->Vector),
                       full->InterruptObject);
    case CONNECT_LINE_BASED:
        return connect_line(line->PhysicalDeviceObject, line->ServiceRoutine, line->ServiceContext,
                            line->SpinLock, line->InterruptObject);
    case CONNECT_MESSAGE_BASED:
    case CONNECT_MESSAGE_BASED_PASSIVE:
        if (message->FallBackServiceRoutine == NULL)
            return STATUS_NOT_FOUND;
        parameters->Version = CONNECT_LINE_BASED;
        return connect_line(message->PhysicalDeviceObject, message->FallBackServiceRoutine,
                            message->ServiceContext, message->SpinLock,
                            message->ConnectionContext.InterruptObject);
    default:
        return STATUS_INVALID_PARAMETER;
    }
}

static void disconnect(PKINTERRUPT interrupt)
{
    ki_require_irql(PASSIVE_LEVEL, "IoDisconnectInterruptEx above PASSIVE_LEVEL");
    if (interrupt == NULL || !interrupt->Connected)
        ki_violation(DRIVER_VERIFIER_DETECTED_VIOLATION, "disconnect of an interrupt not connected",
                     (ULONG_PTR)interrupt, 0);
    interrupt->Active = FALSE;
    manager_disconnect_interrupt(interrupt);
    interrupt->Connected = FALSE;
    ExFreePool(interrupt);
}

VOID IoDisconnectInterruptEx(PIO_DISCONNECT_INTERRUPT_PARAMETERS parameters)
{
    disconnect(parameters->ConnectionContext.InterruptObject);
}

NTSTATUS IoConnectInterrupt(PKINTERRUPT *interrupt, PKSERVICE_ROUTINE routine, PVOID context,
                            PKSPIN_LOCK lock, ULONG vector, KIRQL irql, KIRQL synchronize_irql,
                            KINTERRUPT_MODE mode, BOOLEAN share, KAFFINITY affinity,
                            BOOLEAN floating_save)
{
    (void)irql, (void)synchronize_irql, (void)mode, (void)share, (void)affinity,
        (void)floating_save;
    return connect(allocate(NULL, routine, context, lock, vector), interrupt);
}

VOID IoDisconnectInterrupt(PKINTERRUPT interrupt)
{
    disconnect(interrupt);
}

KIRQL KeAcquireInterruptSpinLock(PKINTERRUPT interrupt)
{
    KIRQL old = KfRaiseIrql(interrupt->Irql);
    KeAcquireSpinLockAtDpcLevel(interrupt->Lock);
    return old;
}

VOID KeReleaseInterruptSpinLock(PKINTERRUPT interrupt, KIRQL old_irql)
{
    KeReleaseSpinLockFromDpcLevel(interrupt->Lock);
    KeLowerIrql(old_irql);
}

BOOLEAN KeSynchronizeExecution(PKINTERRUPT interrupt, PKSYNCHRONIZE_ROUTINE routine, PVOID context)
{
    KIRQL old = KeAcquireInterruptSpinLock(interrupt);
    BOOLEAN result = routine(context);
    KeReleaseInterruptSpinLock(interrupt, old);
    return result;
}

VOID IoReportInterruptActive(PIO_DISCONNECT_INTERRUPT_PARAMETERS parameters)
{
    parameters->ConnectionContext.InterruptObject->Active = TRUE;
}

VOID IoReportInterruptInactive(PIO_DISCONNECT_INTERRUPT_PARAMETERS parameters)
{
    parameters->ConnectionContext.InterruptObject->Active = FALSE;
}
