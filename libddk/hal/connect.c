// SPDX-License-Identifier: MIT
//
// IoConnectInterruptEx in its versions, and what goes with it. A message-based connection is one
// interrupt object a message, all of them or none, behind one IO_INTERRUPT_MESSAGE_INFO, which the
// driver holds until it disconnects. Which messages and lines there are the resources of the last
// START_DEVICE say.

#include "hal.h"

static NTSTATUS connect(const struct hal_isr_choice *choice, ULONG vector, PKINTERRUPT *result)
{
    PKINTERRUPT interrupt = hal_interrupt_create(choice, vector);
    if (interrupt == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    *result = interrupt;
    NTSTATUS status = hal_interrupt_connect(interrupt);
    if (NT_SUCCESS(status))
        return status;
    *result = NULL;
    ExFreePool(interrupt);
    return status;
}

static NTSTATUS connect_full(PIO_CONNECT_INTERRUPT_FULLY_SPECIFIED_PARAMETERS full)
{
    bool passive = full->Irql == PASSIVE_LEVEL && full->SynchronizeIrql == PASSIVE_LEVEL;
    const struct hal_isr_choice choice = {.Pdo = full->PhysicalDeviceObject,
                                          .Routine = full->ServiceRoutine,
                                          .Context = full->ServiceContext,
                                          .Lock = full->SpinLock,
                                          .Passive = passive};
    if (full->PhysicalDeviceObject == NULL || full->ServiceRoutine == NULL ||
        full->InterruptObject == NULL || (passive && full->SpinLock != NULL))
        return STATUS_INVALID_PARAMETER;
    if (full->ProcessorEnableMask == 0)
        return STATUS_INVALID_PARAMETER_10;
    return connect(&choice, full->Vector, full->InterruptObject);
}

// One message serves as a line; several cannot be told apart by a routine for lines.
static NTSTATUS connect_line(const struct hal_isr_choice *choice, PKINTERRUPT *result)
{
    ULONG vector;
    struct hal_message message;
    if (choice->Pdo == NULL || choice->Routine == NULL || result == NULL)
        return STATUS_INVALID_PARAMETER;
    if (NT_SUCCESS(manager_message(choice->Pdo, 0, &message)) && message.Count > 1)
        return STATUS_INVALID_DEVICE_REQUEST;
    NTSTATUS status = manager_line_vector(choice->Pdo, &vector);
    return NT_SUCCESS(status) ? connect(choice, vector, result) : status;
}

static void describe(PIO_INTERRUPT_MESSAGE_INFO_ENTRY entry, const struct hal_message *message,
                     PKINTERRUPT interrupt)
{
    *entry = (IO_INTERRUPT_MESSAGE_INFO_ENTRY){
        .MessageAddress.QuadPart = (LONGLONG)message->Address,
        .TargetProcessorSet = message->Affinity,
        .InterruptObject = interrupt,
        .MessageData = message->Data,
        .Vector = message->Vector,
        .Irql = interrupt->Irql,
        .Mode = Latched,
        .Polarity = InterruptActiveHigh,
    };
}

static NTSTATUS create_all(const struct hal_isr_choice *choice, PIO_INTERRUPT_MESSAGE_INFO table)
{
    for (ULONG i = 0; i < table->MessageCount; i++) {
        struct hal_message message;
        NTSTATUS status = manager_message(choice->Pdo, i, &message);
        if (!NT_SUCCESS(status))
            return status;
        PKINTERRUPT interrupt = hal_interrupt_create(choice, message.Vector);
        if (interrupt == NULL)
            return STATUS_INSUFFICIENT_RESOURCES;
        interrupt->Message = i;
        describe(&table->MessageInfo[i], &message, interrupt);
    }
    return STATUS_SUCCESS;
}

static NTSTATUS connect_all(PIO_INTERRUPT_MESSAGE_INFO table)
{
    NTSTATUS status = STATUS_SUCCESS;
    for (ULONG i = 0; i < table->MessageCount && NT_SUCCESS(status); i++)
        status = hal_interrupt_connect(table->MessageInfo[i].InterruptObject);
    return status;
}

static void free_table(PIO_INTERRUPT_MESSAGE_INFO table)
{
    for (ULONG i = 0; i < table->MessageCount; i++) {
        PKINTERRUPT interrupt = table->MessageInfo[i].InterruptObject;
        if (interrupt != NULL && interrupt->Connected)
            hal_interrupt_disconnect(interrupt);
        else if (interrupt != NULL)
            ExFreePool(interrupt);
    }
    ExFreePool(table);
}

static NTSTATUS connect_messages(const struct hal_isr_choice *choice, ULONG count,
                                 PIO_INTERRUPT_MESSAGE_INFO *result)
{
    PIO_INTERRUPT_MESSAGE_INFO table = ExAllocatePool2(
        POOL_FLAG_NON_PAGED, offsetof(IO_INTERRUPT_MESSAGE_INFO, MessageInfo[count]),
        'gsMI'); // zeroed
    if (table == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    table->UnifiedIrql = choice->Passive ? PASSIVE_LEVEL : HAL_DIRQL;
    table->MessageCount = count;
    NTSTATUS status = create_all(choice, table);
    *result = table; // an ISR may run before the last one is connected
    if (NT_SUCCESS(status))
        status = connect_all(table);
    if (NT_SUCCESS(status))
        return status;
    *result = NULL;
    free_table(table);
    return status;
}

static NTSTATUS connect_message_based(PIO_CONNECT_INTERRUPT_PARAMETERS parameters)
{
    PIO_CONNECT_INTERRUPT_MESSAGE_BASED_PARAMETERS wanted = &parameters->MessageBased;
    struct hal_message message;
    struct hal_isr_choice choice = {.Pdo = wanted->PhysicalDeviceObject,
                                    .MessageRoutine = wanted->MessageServiceRoutine,
                                    .Context = wanted->ServiceContext,
                                    .Lock = wanted->SpinLock,
                                    .Passive =
                                        parameters->Version == CONNECT_MESSAGE_BASED_PASSIVE};
    if (choice.Pdo == NULL || choice.MessageRoutine == NULL ||
        wanted->ConnectionContext.Generic == NULL || (choice.Passive && choice.Lock != NULL))
        return STATUS_INVALID_PARAMETER;
    NTSTATUS status = manager_message(choice.Pdo, 0, &message);
    if (NT_SUCCESS(status))
        return connect_messages(&choice, message.Count,
                                wanted->ConnectionContext.InterruptMessageTable);
    if (status != STATUS_NOT_FOUND || wanted->FallBackServiceRoutine == NULL)
        return status;
    choice.Routine = wanted->FallBackServiceRoutine;
    choice.MessageRoutine = NULL;
    status = connect_line(&choice, wanted->ConnectionContext.InterruptObject);
    if (NT_SUCCESS(status))
        parameters->Version = CONNECT_LINE_BASED;
    return status;
}

NTSTATUS IoConnectInterruptEx(PIO_CONNECT_INTERRUPT_PARAMETERS parameters)
{
    PIO_CONNECT_INTERRUPT_LINE_BASED_PARAMETERS line = &parameters->LineBased;
    ki_require_irql(PASSIVE_LEVEL, "IoConnectInterruptEx above PASSIVE_LEVEL");
    switch (parameters->Version) {
    case CONNECT_FULLY_SPECIFIED:
    case CONNECT_FULLY_SPECIFIED_GROUP:
        return connect_full(&parameters->FullySpecified);
    case CONNECT_LINE_BASED:
        return connect_line(&(struct hal_isr_choice){.Pdo = line->PhysicalDeviceObject,
                                                     .Routine = line->ServiceRoutine,
                                                     .Context = line->ServiceContext,
                                                     .Lock = line->SpinLock},
                            line->InterruptObject);
    case CONNECT_MESSAGE_BASED:
    case CONNECT_MESSAGE_BASED_PASSIVE:
        return connect_message_based(parameters);
    default:
        return STATUS_INVALID_PARAMETER_1;
    }
}

static bool has_table(const IO_DISCONNECT_INTERRUPT_PARAMETERS *parameters)
{
    return parameters->Version == CONNECT_MESSAGE_BASED ||
           parameters->Version == CONNECT_MESSAGE_BASED_PASSIVE;
}

VOID IoDisconnectInterruptEx(PIO_DISCONNECT_INTERRUPT_PARAMETERS parameters)
{
    ki_require_irql(PASSIVE_LEVEL, "IoDisconnectInterruptEx above PASSIVE_LEVEL");
    if (parameters->ConnectionContext.Generic == NULL)
        ki_violation(DRIVER_VERIFIER_DETECTED_VIOLATION, "disconnect of an interrupt not connected",
                     0, 0);
    if (has_table(parameters))
        free_table(parameters->ConnectionContext.InterruptMessageTable);
    else
        hal_interrupt_disconnect(parameters->ConnectionContext.InterruptObject);
}

NTSTATUS IoConnectInterrupt(PKINTERRUPT *interrupt, PKSERVICE_ROUTINE routine, PVOID context,
                            PKSPIN_LOCK lock, ULONG vector, KIRQL irql, KIRQL synchronize_irql,
                            KINTERRUPT_MODE mode, BOOLEAN share, KAFFINITY affinity,
                            BOOLEAN floating_save)
{
    (void)irql, (void)synchronize_irql, (void)mode, (void)share, (void)affinity,
        (void)floating_save;
    return connect(&(struct hal_isr_choice){.Routine = routine, .Context = context, .Lock = lock},
                   vector, interrupt);
}

VOID IoDisconnectInterrupt(PKINTERRUPT interrupt)
{
    ki_require_irql(PASSIVE_LEVEL, "IoDisconnectInterrupt above PASSIVE_LEVEL");
    hal_interrupt_disconnect(interrupt);
}

static void set_active(PIO_DISCONNECT_INTERRUPT_PARAMETERS parameters, BOOLEAN active)
{
    PIO_INTERRUPT_MESSAGE_INFO table = parameters->ConnectionContext.InterruptMessageTable;
    if (!has_table(parameters)) {
        parameters->ConnectionContext.InterruptObject->Active = active;
        return;
    }
    for (ULONG i = 0; i < table->MessageCount; i++)
        table->MessageInfo[i].InterruptObject->Active = active;
}

VOID IoReportInterruptActive(PIO_DISCONNECT_INTERRUPT_PARAMETERS parameters)
{
    ki_require_irql(DISPATCH_LEVEL, "IoReportInterruptActive above DISPATCH_LEVEL");
    set_active(parameters, TRUE);
}

VOID IoReportInterruptInactive(PIO_DISCONNECT_INTERRUPT_PARAMETERS parameters)
{
    ki_require_irql(DISPATCH_LEVEL, "IoReportInterruptInactive above DISPATCH_LEVEL");
    set_active(parameters, FALSE);
}
