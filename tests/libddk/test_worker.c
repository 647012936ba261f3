// SPDX-License-Identifier: MIT
//
// Work items.

#include "ddi_test.h"

struct work {
    WORK_QUEUE_ITEM item;
    KEVENT ran, go;
    KIRQL irql;
};

static VOID run_work(PVOID parameter)
{
    struct work *work = parameter;
    work->irql = KeGetCurrentIrql();
    KeSetEvent(&work->ran, 0, FALSE);
    KeWaitForSingleObject(&work->go, Executive, KernelMode, FALSE, NULL);
}

TEST(a_waiting_work_item_does_not_stop_the_next)
{
    DDI_SHOWS(ExQueueWorkItem, RESULTS);
    DDI_SHOWS_MACRO(ExInitializeWorkItem, RESULTS);
    static struct work first, second; // the items outlive the test
    struct work *both[2] = {&first, &second};
    for (int i = 0; i < 2; i++) {
        KeInitializeEvent(&both[i]->ran, NotificationEvent, FALSE);
        KeInitializeEvent(&both[i]->go, NotificationEvent, FALSE);
        ExInitializeWorkItem(&both[i]->item, run_work, both[i]);
        ExQueueWorkItem(&both[i]->item, DelayedWorkQueue);
        CHECK_EQ(KeWaitForSingleObject(&both[i]->ran, Executive, KernelMode, FALSE, NULL), 0);
        CHECK_EQ(both[i]->irql, PASSIVE_LEVEL);
    }
    KeSetEvent(&first.go, 0, FALSE);
    KeSetEvent(&second.go, 0, FALSE);
}

static WORK_QUEUE_ITEM limit_item;
static KEVENT limit_ran;

static VOID set_limit(PVOID context)
{
    KeSetEvent(context, 0, FALSE);
}

// Queued once at the limit; one level up the call dies before it looks at the item.
DDI_IRQL_MAX(ExQueueWorkItem, DISPATCH_LEVEL, KeInitializeEvent(&limit_ran, NotificationEvent, 0),
             KeGetCurrentIrql() <= DISPATCH_LEVEL
                 ? (void)ExInitializeWorkItem(&limit_item, set_limit, &limit_ran)
                 : (void)0,
             ExQueueWorkItem(&limit_item, DelayedWorkQueue))

static DRIVER_OBJECT driver;
static DRIVER_EXTENSION extension;
static PDEVICE_OBJECT device;
static PIO_WORKITEM limit_work;
static KEVENT io_ran;
static PVOID io_seen[3];

[[gnu::constructor(200)]] static void prepare(void)
{
    posix_init_driver(&driver, &extension, NULL);
    (void)IoCreateDevice(&driver, 0, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);
    KeInitializeEvent(&io_ran, SynchronizationEvent, FALSE);
}

static VOID io_routine(PDEVICE_OBJECT object, PVOID context)
{
    io_seen[0] = object;
    io_seen[1] = context;
    io_seen[2] = NULL;
    KeSetEvent(&io_ran, 0, FALSE);
}

static VOID io_routine_ex(PVOID object, PVOID context, PIO_WORKITEM item)
{
    io_seen[0] = object;
    io_seen[1] = context;
    io_seen[2] = item;
    IoFreeWorkItem(item); // allowed: it is dequeued before the routine runs
    KeSetEvent(&io_ran, 0, FALSE);
}

static PIO_WORKITEM fresh(void)
{
    if (KeGetCurrentIrql() <= DISPATCH_LEVEL)
        limit_work = IoAllocateWorkItem(device);
    return limit_work;
}

DDI_IRQL_MAX(IoAllocateWorkItem, DISPATCH_LEVEL, IoAllocateWorkItem(device))
DDI_IRQL_MAX(IoFreeWorkItem, DISPATCH_LEVEL, IoFreeWorkItem(fresh()))
DDI_IRQL_MAX(IoQueueWorkItem, DISPATCH_LEVEL,
             IoQueueWorkItem(fresh(), io_routine, DelayedWorkQueue, NULL))
DDI_IRQL_MAX(IoQueueWorkItemEx, DISPATCH_LEVEL,
             IoQueueWorkItemEx(fresh(), io_routine_ex, DelayedWorkQueue, NULL))

TEST(io_work_items_run_with_their_device)
{
    DDI_SHOWS(IoAllocateWorkItem, RESULTS);
    DDI_SHOWS(IoFreeWorkItem, RESULTS);
    DDI_SHOWS(IoQueueWorkItem, RESULTS);
    DDI_SHOWS(IoQueueWorkItemEx, RESULTS);
    LARGE_INTEGER moment = ms(20);
    while (KeWaitForSingleObject(&io_ran, Executive, KernelMode, FALSE, &moment) == 0)
        continue; // those of the limits
    PIO_WORKITEM item = IoAllocateWorkItem(device);
    CHECK(item != NULL);
    WORK_QUEUE_TYPE types[] = {CriticalWorkQueue, DelayedWorkQueue, HyperCriticalWorkQueue,
                               NormalWorkQueue, BackgroundWorkQueue};
    for (ULONG i = 0; i < RTL_NUMBER_OF(types); i++) {
        IoQueueWorkItem(item, io_routine, types[i], &types[i]);
        KeWaitForSingleObject(&io_ran, Executive, KernelMode, FALSE, NULL);
        CHECK(io_seen[0] == device && io_seen[1] == &types[i]);
    }
    IoQueueWorkItemEx(item, io_routine_ex, DelayedWorkQueue, &driver);
    KeWaitForSingleObject(&io_ran, Executive, KernelMode, FALSE, NULL);
    CHECK(io_seen[0] == device && io_seen[1] == &driver && io_seen[2] == item);
    IoFreeWorkItem(IoAllocateWorkItem(device));
}

#define WORKERS 16

static KEVENT let_go;
static volatile LONG blocked;

static VOID block_worker(PVOID context)
{
    (void)context;
    InterlockedIncrement(&blocked);
    KeWaitForSingleObject(&let_go, Executive, KernelMode, FALSE, NULL);
    InterlockedDecrement(&blocked);
}

static void allocate_without_device(void *unused)
{
    (void)unused;
    (void)IoAllocateWorkItem(NULL);
}

static void queue_again(void *item)
{
    IoQueueWorkItem(item, io_routine, DelayedWorkQueue, NULL);
}

static void queue_again_ex(void *item)
{
    IoQueueWorkItemEx(item, io_routine_ex, DelayedWorkQueue, NULL);
}

static void free_item(void *item)
{
    IoFreeWorkItem(item);
}

static void free_pool(void *item)
{
    ExFreePool(item);
}

static void queue_nothing(void *unused)
{
    static WORK_QUEUE_ITEM zero;
    (void)unused;
    ExQueueWorkItem(&zero, DelayedWorkQueue);
}

// While all workers wait, a queued item stays queued: then the misuses can be shown.
TEST(a_queued_work_item_is_neither_queued_nor_freed)
{
    DDI_SHOWS(IoAllocateWorkItem, ERRORS);
    DDI_SHOWS(IoQueueWorkItem, ERRORS);
    DDI_SHOWS(IoQueueWorkItemEx, ERRORS);
    DDI_SHOWS(IoFreeWorkItem, ERRORS);
    DDI_SHOWS(ExQueueWorkItem, ERRORS);
    static WORK_QUEUE_ITEM blockers[WORKERS];
    LARGE_INTEGER moment = ms(5);
    KeInitializeEvent(&let_go, NotificationEvent, FALSE);
    for (int i = 0; i < WORKERS; i++) {
        ExInitializeWorkItem(&blockers[i], block_worker, NULL);
        ExQueueWorkItem(&blockers[i], DelayedWorkQueue);
    }
    for (int i = 0; i < 400 && blocked != WORKERS; i++)
        KeDelayExecutionThread(KernelMode, FALSE, &moment);
    CHECK_EQ(blocked, WORKERS);
    PIO_WORKITEM item = IoAllocateWorkItem(device);
    IoQueueWorkItem(item, io_routine, DelayedWorkQueue, NULL);
    CHECK(dies(queue_again, item, "queued twice"));
    CHECK(dies(queue_again_ex, item, "queued twice"));
    CHECK(dies(free_item, item, "while it is queued"));
    CHECK(dies(free_pool, item, "work item in it that is queued"));
    CHECK(dies(allocate_without_device, NULL, "without a device object"));
    CHECK(dies(queue_nothing, NULL, "without a routine"));
    IoQueueWorkItem(IoAllocateWorkItem(device), io_routine, DelayedWorkQueue, NULL);
    KeSetEvent(&let_go, 0, FALSE);
    KeWaitForSingleObject(&io_ran, Executive, KernelMode, FALSE, NULL);
}
