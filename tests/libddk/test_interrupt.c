// SPDX-License-Identifier: MIT
//
// Connecting interrupts: each version of IoConnectInterruptEx, what it refuses, several messages
// with one lock or with one each, passive-level routines, soft disconnection.

#include "interrupt_test.h"

#include <stdlib.h>

DDI_TEST(IoConnectInterruptEx, RESULTS, a_line_runs_the_isr_at_dirql)
{
    DDI_SHOWS(IoDisconnectInterruptEx, RESULTS);
    PKINTERRUPT interrupt;
    begin(0);
    IO_CONNECT_INTERRUPT_PARAMETERS p = line_of(&interrupt);
    CHECK_EQ(IoConnectInterruptEx(&p), STATUS_SUCCESS);
    CHECK(posix_interrupt(LINE));
    CHECK_EQ(seen.line_runs, 1);
    CHECK(seen.irql > DISPATCH_LEVEL);
    CHECK(seen.interrupt == interrupt);
    disconnect(p.Version, interrupt);
    CHECK(!posix_interrupt(LINE));
    IoDeleteDevice(device);
}

TEST(a_fully_specified_interrupt_is_the_vector_that_was_named)
{
    PKINTERRUPT interrupt[2];
    begin(2);
    for (ULONG i = 0; i < 2; i++) {
        IO_CONNECT_INTERRUPT_PARAMETERS p = full_of(&interrupt[i], FIRST + i, 8);
        CHECK_EQ(IoConnectInterruptEx(&p), STATUS_SUCCESS);
        CHECK_EQ(p.Version, CONNECT_FULLY_SPECIFIED);
    }
    CHECK(posix_interrupt(FIRST + 1));
    CHECK(seen.interrupt == interrupt[1]);
    for (ULONG i = 0; i < 2; i++)
        disconnect(CONNECT_FULLY_SPECIFIED, interrupt[i]);
    IoDeleteDevice(device);
}

TEST(each_message_has_its_entry_and_its_interrupt_object)
{
    PIO_INTERRUPT_MESSAGE_INFO table;
    begin(3);
    IO_CONNECT_INTERRUPT_PARAMETERS p = messages_of(&table);
    CHECK_EQ(IoConnectInterruptEx(&p), STATUS_SUCCESS);
    CHECK_EQ(p.Version, CONNECT_MESSAGE_BASED);
    CHECK_EQ(table->MessageCount, 3);
    CHECK(table->UnifiedIrql > DISPATCH_LEVEL);
    for (ULONG i = 0; i < 3; i++) {
        const IO_INTERRUPT_MESSAGE_INFO_ENTRY *entry = &table->MessageInfo[i];
        CHECK_EQ(entry->MessageAddress.QuadPart, POSIX_MESSAGE_ADDRESS);
        CHECK_EQ(entry->MessageData, i + 1);
        CHECK_EQ(entry->Vector, FIRST + i);
        CHECK_EQ(entry->Irql, table->UnifiedIrql);
        CHECK_EQ(entry->Mode, Latched);
        CHECK_EQ(entry->TargetProcessorSet, 1);
        CHECK(posix_interrupt(FIRST + i));
        CHECK_EQ(seen.message_runs[i], 1);
        CHECK(seen.interrupt == entry->InterruptObject);
        CHECK(seen.context == &seen);
        CHECK_EQ(seen.irql, entry->Irql);
    }
    CHECK_EQ(seen.line_runs, 0);
    disconnect(p.Version, table);
    CHECK(!posix_interrupt(FIRST));
    IoDeleteDevice(device);
}

TEST(without_messages_the_fall_back_routine_gets_the_line)
{
    PVOID result;
    begin(0);
    IO_CONNECT_INTERRUPT_PARAMETERS p = messages_of(&result);
    CHECK_EQ(IoConnectInterruptEx(&p), STATUS_SUCCESS);
    CHECK_EQ(p.Version, CONNECT_LINE_BASED);
    CHECK(posix_interrupt(LINE));
    CHECK_EQ(seen.line_runs, 1);
    CHECK(seen.interrupt == result);
    CHECK(seen.context == &seen);
    disconnect(p.Version, result);
    IoDeleteDevice(device);
}

TEST(one_message_serves_a_routine_for_lines)
{
    PKINTERRUPT interrupt;
    begin(1);
    IO_CONNECT_INTERRUPT_PARAMETERS p = line_of(&interrupt);
    CHECK_EQ(IoConnectInterruptEx(&p), STATUS_SUCCESS);
    CHECK(posix_interrupt(FIRST));
    CHECK_EQ(seen.line_runs, 1);
    disconnect(p.Version, interrupt);
    IoDeleteDevice(device);
}

DDI_TEST(IoConnectInterruptEx, ERRORS, what_connecting_refuses)
{
    PKINTERRUPT interrupt = NULL;
    PVOID result = NULL;
    begin(2);
    IO_CONNECT_INTERRUPT_PARAMETERS p = line_of(&interrupt);
    CHECK_EQ(IoConnectInterruptEx(&p), STATUS_INVALID_DEVICE_REQUEST); // several messages
    p.Version = 77;
    CHECK_EQ(IoConnectInterruptEx(&p), STATUS_INVALID_PARAMETER_1);
    p = full_of(&interrupt, FIRST, 8);
    p.FullySpecified.ProcessorEnableMask = 0;
    CHECK_EQ(IoConnectInterruptEx(&p), STATUS_INVALID_PARAMETER_10);
    p = full_of(&interrupt, FIRST, 8);
    p.FullySpecified.PhysicalDeviceObject = NULL;
    CHECK_EQ(IoConnectInterruptEx(&p), STATUS_INVALID_PARAMETER);
    p = messages_of(&result);
    p.MessageBased.PhysicalDeviceObject = NULL;
    CHECK_EQ(IoConnectInterruptEx(&p), STATUS_INVALID_PARAMETER);
    p = messages_of(&result);
    p.MessageBased.MessageServiceRoutine = NULL;
    CHECK_EQ(IoConnectInterruptEx(&p), STATUS_INVALID_PARAMETER);
    CHECK(interrupt == NULL && result == NULL);
    IoDeleteDevice(device);
}

TEST(without_interrupts_nothing_is_found)
{
    PVOID result;
    begin(0);
    posix_forget_vectors(device);
    IO_CONNECT_INTERRUPT_PARAMETERS p = messages_of(&result);
    CHECK_EQ(IoConnectInterruptEx(&p), STATUS_NOT_FOUND);
    CHECK_EQ(p.Version, CONNECT_MESSAGE_BASED);
    posix_set_vector(device, LINE);
    p.MessageBased.FallBackServiceRoutine = NULL;
    CHECK_EQ(IoConnectInterruptEx(&p), STATUS_NOT_FOUND);
    IoDeleteDevice(device);
}

TEST(messages_are_connected_all_or_none)
{
    begin(4);
    for (unsigned most = 0; most < 4; most++) {
        PIO_INTERRUPT_MESSAGE_INFO table;
        posix_refuse_connect(most);
        IO_CONNECT_INTERRUPT_PARAMETERS p = messages_of(&table);
        CHECK_EQ(IoConnectInterruptEx(&p), STATUS_INSUFFICIENT_RESOURCES);
        CHECK(table == NULL);
        for (uint32_t i = 0; i < 4; i++)
            CHECK(!posix_interrupt(FIRST + i));
    }
    posix_refuse_connect(~0u);
    IoDeleteDevice(device);
}

static BOOLEAN lock_is_held(PVOID lock)
{
    return *(PKSPIN_LOCK)lock != 0;
}

DDI_TEST(KeSynchronizeExecution, RESULTS, a_lock_of_the_drivers_is_that_of_all_messages)
{
    PIO_INTERRUPT_MESSAGE_INFO table;
    KSPIN_LOCK lock;
    begin(2);
    KeInitializeSpinLock(&lock);
    IO_CONNECT_INTERRUPT_PARAMETERS p = messages_of(&table);
    p.MessageBased.SpinLock = &lock;
    CHECK_EQ(IoConnectInterruptEx(&p), STATUS_SUCCESS);
    seen.watched = &lock;
    for (uint32_t i = 0; i < 2; i++) {
        seen.held = false;
        CHECK(posix_interrupt(FIRST + i));
        CHECK(seen.held);
        PKINTERRUPT one = table->MessageInfo[i].InterruptObject;
        CHECK(KeSynchronizeExecution(one, lock_is_held, &lock));
    }
    CHECK(!lock_is_held(&lock));
    disconnect(p.Version, table);
    IoDeleteDevice(device);
}

static BOOLEAN interrupt_other(PVOID vector)
{
    return posix_interrupt((uint32_t)(ULONG_PTR)vector);
}

// With one lock for both this would wait for itself.
TEST(without_a_lock_of_the_drivers_each_message_has_its_own)
{
    PIO_INTERRUPT_MESSAGE_INFO table;
    begin(2);
    IO_CONNECT_INTERRUPT_PARAMETERS p = messages_of(&table);
    CHECK_EQ(IoConnectInterruptEx(&p), STATUS_SUCCESS);
    CHECK(KeSynchronizeExecution(table->MessageInfo[0].InterruptObject, interrupt_other,
                                 (PVOID)(ULONG_PTR)(FIRST + 1)));
    CHECK_EQ(seen.message_runs[1], 1);
    disconnect(p.Version, table);
    IoDeleteDevice(device);
}

DDI_TEST(IoReportInterruptInactive, RESULTS | ERRORS, an_inactive_isr_is_not_called)
{
    DDI_SHOWS(IoReportInterruptActive, RESULTS | ERRORS);
    PIO_INTERRUPT_MESSAGE_INFO table;
    begin(2);
    IO_CONNECT_INTERRUPT_PARAMETERS p = messages_of(&table);
    CHECK_EQ(IoConnectInterruptEx(&p), STATUS_SUCCESS);
    report(p.Version, table, true); // it is already: no error
    CHECK(posix_interrupt(FIRST + 1));
    report(p.Version, table, false);
    report(p.Version, table, false);
    CHECK(!posix_interrupt(FIRST) && !posix_interrupt(FIRST + 1));
    report(p.Version, table, true);
    CHECK(posix_interrupt(FIRST));
    report(p.Version, table, false);
    disconnect(p.Version, table); // inactive or not
    CHECK_EQ(seen.message_runs[0] + seen.message_runs[1], 2);
    IoDeleteDevice(device);
}

static PKINTERRUPT line_object;

static void connect_the_line(void)
{
    begin(0);
    IO_CONNECT_INTERRUPT_PARAMETERS p = line_of(&line_object);
    CHECK_EQ(IoConnectInterruptEx(&p), STATUS_SUCCESS);
}

TEST(a_line_is_soft_disconnected_too)
{
    connect_the_line();
    report(CONNECT_LINE_BASED, line_object, false);
    CHECK(!posix_interrupt(LINE));
    report(CONNECT_LINE_BASED, line_object, true);
    CHECK(posix_interrupt(LINE));
    disconnect(CONNECT_LINE_BASED, line_object);
    IoDeleteDevice(device);
}

static BOOLEAN told_irql(PVOID irql)
{
    *(PKIRQL)irql = KeGetCurrentIrql();
    return FALSE;
}

static void wait_for_passive(unsigned count)
{
    LARGE_INTEGER moment = ms(1);
    for (unsigned i = 0; i < 2000 && posix_passive_isrs() < count; i++)
        (void)KeDelayExecutionThread(KernelMode, FALSE, &moment);
}

TEST(passive_level_messages_run_on_a_worker)
{
    PIO_INTERRUPT_MESSAGE_INFO table;
    begin(2);
    unsigned before = posix_passive_isrs();
    IO_CONNECT_INTERRUPT_PARAMETERS p = messages_of(&table);
    p.Version = CONNECT_MESSAGE_BASED_PASSIVE;
    CHECK_EQ(IoConnectInterruptEx(&p), STATUS_SUCCESS);
    CHECK_EQ(p.Version, CONNECT_MESSAGE_BASED_PASSIVE);
    CHECK_EQ(table->UnifiedIrql, PASSIVE_LEVEL);
    CHECK_EQ(table->MessageInfo[1].Irql, PASSIVE_LEVEL);
    seen.irql = HIGH_LEVEL;
    CHECK(posix_interrupt(FIRST + 1));
    (void)KeWaitForSingleObject(&seen.ran, Executive, KernelMode, FALSE, NULL);
    wait_for_passive(before + 1);
    CHECK_EQ(posix_passive_isrs(), before + 1); // then, and not before, the next may come
    CHECK_EQ(seen.irql, PASSIVE_LEVEL);
    CHECK_EQ(seen.message_runs[1], 1);
    KIRQL irql = HIGH_LEVEL;
    CHECK(!KeSynchronizeExecution(table->MessageInfo[0].InterruptObject, told_irql, &irql));
    CHECK_EQ(irql, PASSIVE_LEVEL);
    disconnect(p.Version, table);
    IoDeleteDevice(device);
}

TEST(a_passive_level_isr_takes_no_spin_lock)
{
    PKINTERRUPT interrupt;
    KSPIN_LOCK lock;
    begin(0);
    KeInitializeSpinLock(&lock);
    IO_CONNECT_INTERRUPT_PARAMETERS p = full_of(&interrupt, LINE, PASSIVE_LEVEL);
    p.FullySpecified.SpinLock = &lock;
    CHECK_EQ(IoConnectInterruptEx(&p), STATUS_INVALID_PARAMETER);
    p.FullySpecified.SpinLock = NULL;
    CHECK_EQ(IoConnectInterruptEx(&p), STATUS_SUCCESS);
    disconnect(p.Version, interrupt);
    IoDeleteDevice(device);
}

static void synchronize_above(void *interrupt)
{
    (void)KfRaiseIrql(DISPATCH_LEVEL);
    (void)KeSynchronizeExecution(interrupt, lock_is_held, &seen);
}

DDI_TEST(KeSynchronizeExecution, ERRORS, synchronizing_with_a_passive_level_isr_waits)
{
    PKINTERRUPT interrupt;
    begin(0);
    IO_CONNECT_INTERRUPT_PARAMETERS p = full_of(&interrupt, LINE, PASSIVE_LEVEL);
    CHECK_EQ(IoConnectInterruptEx(&p), STATUS_SUCCESS);
    CHECK(dies(synchronize_above, interrupt, "above PASSIVE_LEVEL"));
    disconnect(p.Version, interrupt);
    IoDeleteDevice(device);
}

static void lock_it(void *interrupt)
{
    (void)KeAcquireInterruptSpinLock(interrupt);
}

static void unlock_it(void *interrupt)
{
    KeReleaseInterruptSpinLock(interrupt, PASSIVE_LEVEL);
}

DDI_TEST(KeAcquireInterruptSpinLock, RESULTS | ERRORS, the_spin_lock_of_an_interrupt)
{
    DDI_SHOWS(KeReleaseInterruptSpinLock, RESULTS | ERRORS);
    PKINTERRUPT interrupt;
    connect_the_line();
    KIRQL old = KeAcquireInterruptSpinLock(line_object);
    CHECK_EQ(old, PASSIVE_LEVEL);
    CHECK(KeGetCurrentIrql() > DISPATCH_LEVEL);
    KeReleaseInterruptSpinLock(line_object, old);
    CHECK_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
    disconnect(CONNECT_LINE_BASED, line_object);
    IO_CONNECT_INTERRUPT_PARAMETERS p = full_of(&interrupt, LINE, PASSIVE_LEVEL);
    CHECK_EQ(IoConnectInterruptEx(&p), STATUS_SUCCESS);
    CHECK(dies(lock_it, interrupt, "passive-level interrupt"));
    CHECK(dies(unlock_it, interrupt, "passive-level interrupt"));
    disconnect(p.Version, interrupt);
    IoDeleteDevice(device);
}

static void disconnect_nothing(void *unused)
{
    (void)unused;
    disconnect(CONNECT_LINE_BASED, NULL);
}

DDI_TEST(IoDisconnectInterruptEx, ERRORS, disconnecting_nothing_breaks_a_rule)
{
    CHECK(dies(disconnect_nothing, NULL, "not connected"));
}

#define TABLES 3
struct connection {
    PDEVICE_OBJECT device;
    PVOID what;
    ULONG version; // 0: none
    uint32_t messages;
};

static void turn(struct connection *one)
{
    device = one->device;
    if (one->version != 0) {
        disconnect(one->version, one->what);
        one->version = 0;
        return;
    }
    IO_CONNECT_INTERRUPT_PARAMETERS p = messages_of(&one->what);
    p.Version = rand() % 3 == 0 ? CONNECT_MESSAGE_BASED_PASSIVE : CONNECT_MESSAGE_BASED;
    CHECK_EQ(IoConnectInterruptEx(&p), STATUS_SUCCESS);
    one->version = p.Version;
}

// Whatever the order: exactly what is connected interrupts.
TEST(connections_in_random_order)
{
    struct connection all[TABLES];
    srand(5);
    begin(0);
    for (uint32_t i = 0; i < TABLES; i++) {
        all[i] = (struct connection){.device = new_device(0), .messages = i};
        posix_set_messages(all[i].device, FIRST + 8 * i, i); // 0, 1, 2 messages
    }
    for (int round = 0; round < 500; round++) {
        turn(&all[rand() % TABLES]);
        for (uint32_t i = 0; i < TABLES; i++)
            CHECK_EQ(posix_interrupt(FIRST + 8 * i), all[i].version != 0);
    }
    for (uint32_t i = 0; i < TABLES; i++) {
        if (all[i].version != 0)
            turn(&all[i]);
        IoDeleteDevice(all[i].device);
    }
}

static void connect_again(void)
{
    PKINTERRUPT interrupt;
    begin(0);
    IO_CONNECT_INTERRUPT_PARAMETERS p = line_of(&interrupt);
    (void)IoConnectInterruptEx(&p);
    disconnect(p.Version, interrupt);
}

DDI_IRQL_MAX(IoConnectInterruptEx, PASSIVE_LEVEL, connect_again())
DDI_IRQL_MAX(IoDisconnectInterruptEx, PASSIVE_LEVEL, connect_again())

TEST(a_line_for_the_tests_of_irql)
{
    connect_the_line();
}

DDI_IRQL_MAX(IoReportInterruptActive, DISPATCH_LEVEL, report(CONNECT_LINE_BASED, line_object, true))
DDI_IRQL_MAX(IoReportInterruptInactive, DISPATCH_LEVEL,
             report(CONNECT_LINE_BASED, line_object, false))
