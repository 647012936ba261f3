// SPDX-License-Identifier: MIT
//
// The driver object: dispatch table filled with the routine that refuses, client extensions,
// reinitialisation routines, work items.

#include "../ob/ob.h"
#include "../vf/vf.h"
#include "io.h"

#define REINITIALIZE_MAX 8u

struct client_extension {
    struct client_extension *Next;
    PVOID Id;
    DECLSPEC_ALIGN(16) UCHAR Data[];
};
struct reinitialize {
    PDRIVER_REINITIALIZE Routine;
    PVOID Context;
};

static struct client_extension *extensions;
static struct ki_lock lock;
static struct reinitialize reinitialize[REINITIALIZE_MAX];
static ULONG reinitialize_count, reinitialize_calls;

void io_init_driver(PDRIVER_OBJECT driver, PDRIVER_EXTENSION extension)
{
    memset(driver, 0, sizeof(*driver));
    memset(extension, 0, sizeof(*extension));
    driver->Type = IO_TYPE_DRIVER;
    driver->Size = sizeof(*driver);
    driver->DriverExtension = extension;
    extension->DriverObject = driver;
    for (ULONG i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; i++)
        driver->MajorFunction[i] = io_dispatch_invalid;
}

static PVOID find_extension(PVOID id)
{
    for (struct client_extension *at = extensions; at != NULL; at = at->Next)
        if (at->Id == id)
            return at->Data;
    return NULL;
}

NTSTATUS IoAllocateDriverObjectExtension(PDRIVER_OBJECT driver, PVOID id, ULONG size,
                                         PVOID *extension)
{
    ki_require_irql(DISPATCH_LEVEL, "IoAllocateDriverObjectExtension above DISPATCH_LEVEL");
    (void)driver; // a task has one driver
    struct client_extension *new =
        ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*new) + size, 'xEvD');
    if (new == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    new->Id = id;
    ki_acquire(&lock);
    bool collision = find_extension(id) != NULL;
    if (!collision) {
        new->Next = extensions;
        extensions = new;
    }
    ki_release(&lock);
    if (collision) {
        ExFreePool(new);
        return STATUS_OBJECT_NAME_COLLISION;
    }
    *extension = new->Data;
    return STATUS_SUCCESS;
}

PVOID IoGetDriverObjectExtension(PDRIVER_OBJECT driver, PVOID id)
{
    ki_require_irql(DISPATCH_LEVEL, "IoGetDriverObjectExtension above DISPATCH_LEVEL");
    (void)driver;
    ki_acquire(&lock);
    PVOID found = find_extension(id);
    ki_release(&lock);
    return found;
}

VOID IoRegisterDriverReinitialization(PDRIVER_OBJECT driver, PDRIVER_REINITIALIZE routine,
                                      PVOID context)
{
    ki_require_irql(PASSIVE_LEVEL, "IoRegisterDriverReinitialization above PASSIVE_LEVEL");
    (void)driver;
    if (reinitialize_count == REINITIALIZE_MAX)
        ki_violation(DRIVER_VERIFIER_DETECTED_VIOLATION,
                     "IoRegisterDriverReinitialization of more routines than can be kept",
                     REINITIALIZE_MAX, 0);
    reinitialize[reinitialize_count++] = (struct reinitialize){routine, context};
}

VOID IoRegisterBootDriverReinitialization(PDRIVER_OBJECT driver, PDRIVER_REINITIALIZE routine,
                                          PVOID context)
{
    IoRegisterDriverReinitialization(driver, routine, context);
}

// A routine may register itself again: then it is called once more, with a higher count.
void io_run_reinitialize(PDRIVER_OBJECT driver)
{
    while (reinitialize_count != 0) {
        struct reinitialize now = reinitialize[0];
        reinitialize_count--;
        memmove(reinitialize, reinitialize + 1, reinitialize_count * sizeof(now));
        now.Routine(driver, now.Context, ++reinitialize_calls);
    }
}

struct _IO_WORKITEM {
    WORK_QUEUE_ITEM Item;
    PVOID Object;
    PIO_WORKITEM_ROUTINE Routine;
    PIO_WORKITEM_ROUTINE_EX RoutineEx;
    PVOID Context;
};

// Everything needed is copied first: the routine may free the item or queue it again. The object
// stays referenced until the routine has returned.
static VOID run_work_item(PVOID parameter)
{
    PIO_WORKITEM item = parameter;
    PVOID object = item->Object;
    PIO_WORKITEM_ROUTINE routine = item->Routine;
    PIO_WORKITEM_ROUTINE_EX routine_ex = item->RoutineEx;
    PVOID context = item->Context;
    struct ki_state state;
    const void *called = routine_ex != NULL ? (void *)routine_ex : (void *)routine;
    ki_enter(&state, KI_IN_WORK_ITEM, called, object, NULL);
    if (routine_ex != NULL)
        routine_ex(object, context, item);
    else
        routine(object, context);
    ki_check_state(&state, "work item returned with IRQL or locks changed", called);
    if (((PDEVICE_OBJECT)object)->Type == IO_TYPE_DEVICE)
        ObfDereferenceObject(object);
}

ULONG IoSizeofWorkItem(VOID)
{
    return sizeof(struct _IO_WORKITEM);
}

VOID IoInitializeWorkItem(PVOID io_object, PIO_WORKITEM item)
{
    memset(item, 0, sizeof(*item));
    item->Object = io_object;
    ExInitializeWorkItem(&item->Item, run_work_item, item);
}

VOID IoUninitializeWorkItem(PIO_WORKITEM item)
{
    if (item->Item.List.Flink != NULL)
        ki_violation(WORKER_INVALID, "work item freed or uninitialised while it is queued",
                     (ULONG_PTR)item, 0);
}

PIO_WORKITEM IoAllocateWorkItem(PDEVICE_OBJECT device)
{
    ki_require_irql(DISPATCH_LEVEL, "IoAllocateWorkItem above DISPATCH_LEVEL");
    if (device == NULL || device->Type != IO_TYPE_DEVICE)
        ki_violation(WORKER_INVALID, "IoAllocateWorkItem without a device object",
                     (ULONG_PTR)device, 0);
    if (vf_fail())
        return NULL;
    PIO_WORKITEM item = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*item), 'tIrW');
    if (item != NULL)
        IoInitializeWorkItem(device, item);
    return item;
}

VOID IoFreeWorkItem(PIO_WORKITEM item)
{
    ki_require_irql(DISPATCH_LEVEL, "IoFreeWorkItem above DISPATCH_LEVEL");
    IoUninitializeWorkItem(item);
    ExFreePoolWithTag(item, 'tIrW');
}

static void queue(PIO_WORKITEM item, WORK_QUEUE_TYPE type, PVOID context)
{
    ki_require_irql(DISPATCH_LEVEL, "IoQueueWorkItem above DISPATCH_LEVEL");
    if (item->Item.List.Flink != NULL)
        ki_violation(WORKER_INVALID, "work item queued twice", (ULONG_PTR)item, 0);
    item->Context = context;
    if (((PDEVICE_OBJECT)item->Object)->Type == IO_TYPE_DEVICE)
        ObfReferenceObject(item->Object);
    ExQueueWorkItem(&item->Item, type);
}

VOID IoQueueWorkItem(PIO_WORKITEM item, PIO_WORKITEM_ROUTINE routine, WORK_QUEUE_TYPE type,
                     PVOID context)
{
    item->Routine = routine;
    item->RoutineEx = NULL;
    queue(item, type, context);
}

VOID IoQueueWorkItemEx(PIO_WORKITEM item, PIO_WORKITEM_ROUTINE_EX routine, WORK_QUEUE_TYPE type,
                       PVOID context)
{
    item->Routine = NULL;
    item->RoutineEx = routine;
    queue(item, type, context);
}
