// SPDX-License-Identifier: MIT
//
// Cancel-safe queues in all forms, device queues, StartIo, controllers.

#include "test_driver.h"

// --- Cancel-safe queues

static IO_CSQ csq;
static LIST_ENTRY queue;
static KSPIN_LOCK queue_lock;
static int cancelled, wanted;

static VOID csq_insert(PIO_CSQ q, PIRP irp)
{
    (void)q;
    InsertTailList(&queue, &irp->Tail.Overlay.ListEntry);
}
// Refuses when it is asked to by the context.
static NTSTATUS csq_insert_ex(PIO_CSQ q, PIRP irp, PVOID context)
{
    if (context != NULL)
        return STATUS_DEVICE_BUSY;
    csq_insert(q, irp);
    return STATUS_SUCCESS;
}
static VOID csq_remove(PIO_CSQ q, PIRP irp)
{
    (void)q;
    RemoveEntryList(&irp->Tail.Overlay.ListEntry);
}
// The first IRP behind irp whose Key is the context, or any without a context.
static PIRP csq_peek(PIO_CSQ q, PIRP irp, PVOID context)
{
    PLIST_ENTRY at = irp == NULL ? queue.Flink : irp->Tail.Overlay.ListEntry.Flink;
    (void)q;
    for (; at != &queue; at = at->Flink) {
        PIRP found = CONTAINING_RECORD(at, IRP, Tail.Overlay.ListEntry);
        if (context == NULL ||
            IoGetCurrentIrpStackLocation(found)->Parameters.Read.Key == *(PULONG)context)
            return found;
    }
    return NULL;
}
static VOID csq_acquire(PIO_CSQ q, PKIRQL irql)
{
    (void)q;
    KeAcquireSpinLock(&queue_lock, irql);
}
static VOID csq_release(PIO_CSQ q, KIRQL irql)
{
    (void)q;
    KeReleaseSpinLock(&queue_lock, irql);
}
static VOID csq_cancelled(PIO_CSQ q, PIRP irp)
{
    (void)q, (void)irp;
    cancelled++;
}

static void make_queue(bool extended)
{
    InitializeListHead(&queue);
    KeInitializeSpinLock(&queue_lock);
    cancelled = 0;
    NTSTATUS status = extended ? IoCsqInitializeEx(&csq, csq_insert_ex, csq_remove, csq_peek,
                                                   csq_acquire, csq_release, csq_cancelled)
                               : IoCsqInitialize(&csq, csq_insert, csq_remove, csq_peek,
                                                 csq_acquire, csq_release, csq_cancelled);
    if (!NT_SUCCESS(status))
        abort();
}

static PIRP request(ULONG key)
{
    PIRP irp = IoAllocateIrp(1, FALSE);
    IoSetNextIrpStackLocation(irp);
    IoGetCurrentIrpStackLocation(irp)->Parameters.Read.Key = key;
    return irp;
}

static bool is_pending(PIRP irp)
{
    return (IoGetCurrentIrpStackLocation(irp)->Control & SL_PENDING_RETURNED) != 0;
}

static void insert_uninitialised(void *irp)
{
    IO_CSQ raw = {0};
    IoCsqInsertIrp(&raw, irp, NULL);
}

static void remove_uninitialised(void *irp)
{
    IO_CSQ raw = {0};
    (void)irp;
    (void)IoCsqRemoveNextIrp(&raw, NULL);
}

DDI_TEST(IoCsqInitialize, RESULTS | ERRORS, a_queue_has_all_its_routines)
{
    DDI_SHOWS(IoCsqInitializeEx, ERRORS);
    DDI_SHOWS(IoCsqInsertIrp, ERRORS);
    DDI_SHOWS(IoCsqRemoveNextIrp, ERRORS);
    IO_CSQ bad;
    PIRP irp = request(0);
    CHECK(!NT_SUCCESS(IoCsqInitialize(&bad, csq_insert, csq_remove, NULL, csq_acquire, csq_release,
                                      csq_cancelled)));
    CHECK(!NT_SUCCESS(IoCsqInitializeEx(&bad, NULL, csq_remove, csq_peek, csq_acquire, csq_release,
                                        csq_cancelled)));
    CHECK(dies(insert_uninitialised, irp, "IoCsqInitialize did not make"));
    CHECK(dies(remove_uninitialised, irp, "IoCsqInitialize did not make"));
    IoFreeIrp(irp);
}

DDI_TEST(IoCsqInsertIrpEx, RESULTS | ERRORS, a_refused_irp_stays_with_the_caller)
{
    DDI_SHOWS(IoCsqInitializeEx, RESULTS);
    PIRP irp = request(0);
    make_queue(true);
    CHECK_EQ(IoCsqInsertIrpEx(&csq, irp, NULL, &wanted), STATUS_DEVICE_BUSY);
    CHECK(!is_pending(irp) && irp->CancelRoutine == NULL && IsListEmpty(&queue));
    CHECK_EQ(IoCsqInsertIrpEx(&csq, irp, NULL, NULL), STATUS_SUCCESS);
    CHECK(is_pending(irp) && !IsListEmpty(&queue));
    CHECK(IoCsqRemoveNextIrp(&csq, NULL) == irp);
    make_queue(false);
    CHECK_EQ(IoCsqInsertIrpEx(&csq, irp, NULL, &wanted), STATUS_SUCCESS); // context is ignored
    CHECK(IoCancelIrp(irp));
    CHECK_EQ(cancelled, 1);
    CHECK(IoCsqRemoveNextIrp(&csq, NULL) == NULL);
    IoFreeIrp(irp);
}

DDI_TEST(IoCsqRemoveIrp, RESULTS | ERRORS, an_irp_is_found_by_its_context_once)
{
    DDI_SHOWS(IoCsqRemoveNextIrp, RESULTS | ERRORS);
    IO_CSQ_IRP_CONTEXT context;
    PIRP one = request(1), two = request(2);
    ULONG key = 2;
    make_queue(false);
    IoCsqInsertIrp(&csq, one, &context);
    IoCsqInsertIrp(&csq, two, NULL);
    CHECK(IoCsqRemoveNextIrp(&csq, &key) == two);
    CHECK(IoCsqRemoveNextIrp(&csq, &key) == NULL);
    CHECK(IoCsqRemoveIrp(&csq, &context) == one);
    CHECK(IoCsqRemoveIrp(&csq, &context) == NULL);
    CHECK(IsListEmpty(&queue));
    one->Cancel = TRUE;
    IoCsqInsertIrp(&csq, one, &context); // cancelled before: completed, not queued
    CHECK_EQ(cancelled, 1);
    CHECK(IsListEmpty(&queue));
    IoFreeIrp(one);
    IoFreeIrp(two);
}

static PIRP any;
TEST(a_queue_for_the_irql_rules)
{
    make_queue(true);
    any = request(0);
    CHECK(any != NULL);
}
DDI_IRQL_MAX(IoCsqInsertIrpEx, DISPATCH_LEVEL, IoCsqInsertIrpEx(&csq, any, NULL, NULL))
DDI_IRQL_MAX(IoCsqRemoveNextIrp, DISPATCH_LEVEL,
             (make_queue(false), IoCsqRemoveNextIrp(&csq, NULL)))
DDI_IRQL_MAX(IoCsqInsertIrp, DISPATCH_LEVEL, IoCsqInsertIrp(&csq, any, NULL))

// --- Lists

DDI_TEST(InitializeListHead, RESULTS, a_list_head_is_an_empty_list)
{
    DDI_SHOWS(IsListEmpty, RESULTS);
    LIST_ENTRY head, entry;
    InitializeListHead(&head);
    CHECK(head.Flink == &head && head.Blink == &head && IsListEmpty(&head));
    InsertTailList(&head, &entry);
    CHECK(!IsListEmpty(&head));
    CHECK(RemoveHeadList(&head) == &entry && IsListEmpty(&head));
}

// --- The cancel spin lock

DDI_TEST(IoReleaseCancelSpinLock, RESULTS | ERRORS | IRQL, the_cancel_lock_raises_to_dispatch_level)
{
    DDI_SHOWS(IoAcquireCancelSpinLock, RESULTS);
    KIRQL irql;
    IoAcquireCancelSpinLock(&irql);
    CHECK_EQ(KeGetCurrentIrql(), DISPATCH_LEVEL);
    CHECK_EQ(irql, PASSIVE_LEVEL);
    IoReleaseCancelSpinLock(irql);
    CHECK_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
}
static void release_cancel(void)
{
    KIRQL irql = KeGetCurrentIrql();
    if (irql == DISPATCH_LEVEL)
        IoAcquireCancelSpinLock(&irql);
    IoReleaseCancelSpinLock(irql);
}
DDI_IRQL_MIN(IoReleaseCancelSpinLock, DISPATCH_LEVEL,
             (void)(release_cancel(), KeGetCurrentIrql() < DISPATCH_LEVEL
                                          ? IoReleaseCancelSpinLock(PASSIVE_LEVEL)
                                          : (void)0))

// --- StartIo

static PDEVICE_OBJECT device;
static PIRP started[4];
static int starts, depth, deepest;

static VOID start_and_go_on(PDEVICE_OBJECT d, PIRP irp)
{
    depth++;
    deepest = depth > deepest ? depth : deepest;
    started[starts++] = irp;
    IoStartNextPacket(d, FALSE);
    depth--;
}

static VOID start_only(PDEVICE_OBJECT d, PIRP irp)
{
    (void)d;
    started[starts++] = irp;
}

static void three_packets(PDRIVER_STARTIO routine, bool deferred)
{
    fresh_driver(NULL);
    driver.DriverStartIo = start_only;
    device = new_device(0);
    IoSetStartIoAttributes(device, deferred, FALSE);
    starts = depth = deepest = 0;
    PIRP irps[3];
    for (ULONG i = 0; i < 3; i++)
        irps[i] = request(i);
    IoStartPacket(device, irps[0], NULL, NULL);
    ULONG key = 9;
    IoStartPacket(device, irps[1], &key, NULL);
    key = 5;
    IoStartPacket(device, irps[2], &key, NULL); // before the one with the higher key
    driver.DriverStartIo = routine;
    KIRQL irql = KeRaiseIrqlToDpcLevel();
    IoStartNextPacket(device, FALSE);
    KeLowerIrql(irql);
    for (ULONG i = 0; i < 3; i++)
        IoFreeIrp(irps[i]);
}

DDI_TEST(IoSetStartIoAttributes, RESULTS, start_io_does_not_recurse_when_deferred)
{
    DDI_SHOWS(IoStartPacket, RESULTS);
    DDI_SHOWS(IoStartNextPacket, RESULTS);
    three_packets(start_and_go_on, false);
    CHECK_EQ(starts, 3);
    CHECK_EQ(deepest, 2);
    three_packets(start_and_go_on, true);
    CHECK_EQ(starts, 3);
    CHECK_EQ(deepest, 1);
    CHECK(started[1] != NULL && !device->DeviceQueue.Busy && device->CurrentIrp == NULL);
}

static VOID on_cancel(PDEVICE_OBJECT d, PIRP irp)
{
    BOOLEAN queued = KeRemoveEntryDeviceQueue(&d->DeviceQueue, &irp->Tail.Overlay.DeviceQueueEntry);
    IoReleaseCancelSpinLock(irp->CancelIrql);
    cancelled += queued ? 1 : 100;
}

DDI_TEST(KeRemoveEntryDeviceQueue, RESULTS, a_queued_packet_is_cancelled)
{
    DDI_SHOWS(IoSetStartIoAttributes, RESULTS);
    fresh_driver(NULL);
    driver.DriverStartIo = start_only;
    device = new_device(0);
    IoSetStartIoAttributes(device, FALSE, TRUE);
    PIRP first = request(0), second = request(1);
    IoGetCurrentIrpStackLocation(second)->DeviceObject = device;
    starts = cancelled = 0;
    IoStartPacket(device, first, NULL, on_cancel);
    CHECK(first->CancelRoutine == NULL); // NonCancelable: not any more once it was started
    IoStartPacket(device, second, NULL, on_cancel);
    CHECK(IoCancelIrp(second));
    CHECK_EQ(cancelled, 1);
    KIRQL irql = KeRaiseIrqlToDpcLevel();
    IoStartNextPacket(device, TRUE);
    KeLowerIrql(irql);
    CHECK_EQ(starts, 1);
    IoFreeIrp(first);
    IoFreeIrp(second);
}
DDI_IRQL_MIN(IoStartNextPacket, DISPATCH_LEVEL, IoStartNextPacket(device, FALSE))

// --- Controllers

static int turns;
static IO_ALLOCATION_ACTION action;

static IO_ALLOCATION_ACTION take_turn(PDEVICE_OBJECT d, PIRP irp, PVOID base, PVOID context)
{
    (void)base;
    turns = turns * 10 + (int)(ULONG_PTR)context;
    return irp == d->CurrentIrp ? action : DeallocateObject;
}

static PCONTROLLER_OBJECT controller;

static void free_controller(void *unused)
{
    (void)unused;
    KIRQL irql = KeRaiseIrqlToDpcLevel();
    IoFreeController(controller);
    KeLowerIrql(irql);
}

static void delete_controller(void *unused)
{
    (void)unused;
    IoDeleteController(controller);
}

static void take_again(void *d)
{
    (void)KeRaiseIrqlToDpcLevel();
    IoAllocateController(controller, d, take_turn, NULL);
}

DDI_TEST(IoAllocateController, RESULTS | ERRORS, devices_take_turns_at_a_controller)
{
    DDI_SHOWS(IoCreateController, RESULTS);
    DDI_SHOWS(IoDeleteController, RESULTS | ERRORS);
    DDI_SHOWS(IoFreeController, RESULTS | ERRORS);
    fresh_driver(NULL);
    PDEVICE_OBJECT a = new_device(0), b = new_device(0), c = new_device(0);
    controller = IoCreateController(40);
    CHECK_EQ(((PUCHAR)controller->ControllerExtension)[39], 0);
    CHECK(dies(free_controller, NULL, "that is not allocated"));
    turns = 0;
    action = KeepObject;
    KIRQL irql = KeRaiseIrqlToDpcLevel();
    IoAllocateController(controller, a, take_turn, (PVOID)1);
    IoAllocateController(controller, b, take_turn, (PVOID)2);
    IoAllocateController(controller, c, take_turn, (PVOID)3);
    KeLowerIrql(irql);
    CHECK_EQ(turns, 1);
    CHECK(dies(take_again, b, "waits already"));
    CHECK(dies(delete_controller, NULL, "that is allocated"));
    action = DeallocateObject;
    free_controller(NULL);
    CHECK_EQ(turns, 123);
    IoDeleteController(controller);
}
DDI_IRQL_MAX(IoCreateController, PASSIVE_LEVEL, controller = IoCreateController(1))
DDI_IRQL_MAX(IoDeleteController, PASSIVE_LEVEL, IoDeleteController(controller))
