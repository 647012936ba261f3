// SPDX-License-Identifier: MIT
//
// What a driver must have given back when its DriverUnload returns. The end of its task gives all
// of it back anyway; a driver that relies on that would leak wherever else it runs.

#include "../ex/ex.h"
#include "../hal/hal.h"
#include "../po/po.h"
#include "vf.h"

#define TEXT_BYTES 200
#define TAGS       4u

static char text[TEXT_BYTES]; // one violation ends the task

struct leaks {
    ULONG64 Paged, NonPaged, Count;
    ULONG Tags;
    struct {
        ULONG Tag, Count;
        ULONG64 Bytes;
    } Tag[TAGS];
};

static void count_leak(const struct ex_leak *leak, void *context)
{
    struct leaks *leaks = context;
    ULONG i = 0;
    leaks->Count++;
    *(leak->Paged ? &leaks->Paged : &leaks->NonPaged) += leak->Bytes;
    while (i < leaks->Tags && leaks->Tag[i].Tag != leak->Tag)
        i++;
    if (i == TAGS)
        return;
    if (i == leaks->Tags)
        leaks->Tag[leaks->Tags++].Tag = leak->Tag;
    leaks->Tag[i].Count++;
    leaks->Tag[i].Bytes += leak->Bytes;
}

static void check_pool(PDRIVER_OBJECT driver)
{
    struct leaks leaks = {0};
    ex_pool_leaks(count_leak, &leaks);
    if (leaks.Count == 0)
        return;
    int used = DdkFormat(text, sizeof(text),
                         "the driver is unloading without first freeing its pool allocations:");
    for (ULONG i = 0; i < leaks.Tags && used > 0 && used < TEXT_BYTES; i++)
        used += DdkFormat(text + used, sizeof(text) - (SIZE_T)used,
                          "%s tag %.4s %u blocks %llu bytes", i != 0 ? "," : "",
                          (const char *)&leaks.Tag[i].Tag, leaks.Tag[i].Count, leaks.Tag[i].Bytes);
    ki_die(DRIVER_VERIFIER_DETECTED_VIOLATION, 0x62, (ULONG_PTR)driver->DriverName.Buffer, 0,
           leaks.Count, text);
}

DECLSPEC_NORETURN static void left(const char *what, ULONG_PTR count, const void *first)
{
    (void)DdkFormat(text, sizeof(text), "the driver is unloading and leaves %llu %s",
                    (ULONG64)count, what);
    ki_die(DRIVER_VERIFIER_DETECTED_VIOLATION, 0x62, (ULONG_PTR)first, 0, count, text);
}

static void check_objects(PDRIVER_OBJECT driver)
{
    ULONG devices = 0;
    enum vf_live kind;
    for (PDEVICE_OBJECT at = driver->DeviceObject; at != NULL; at = at->NextDevice)
        devices++;
    if (devices != 0)
        left("device objects", devices, driver->DeviceObject);
    if (io_links_made() != 0)
        left("symbolic links", io_links_made(), NULL);
    if (io_irps_made() != 0)
        left("IRPs (IoAllocateIrp)", io_irps_made(), NULL);
    ULONG adapters;
    const void *adapter = hal_any_adapter(&adapters);
    if (adapter != NULL)
        left("DMA adapters", adapters, adapter);
    const void *lock = io_held_remove_lock();
    if (lock != NULL)
        left("held remove lock", 1, lock);
    const void *object = vf_live_any(&kind);
    if (object != NULL)
        left(kind == VF_LIVE_RESOURCE ? "ERESOURCE that was not deleted"
                                      : "lookaside list that was not deleted",
             1, object);
}

// What would run in a driver that is gone.
static void check_running(void)
{
    const void *timer = ki_any_timer(po_timer()), *dpc = ki_any_dpc(), *work = ki_any_work();
    if (timer != NULL)
        ki_die(TIMER_OR_DPC_INVALID, 0, (ULONG_PTR)timer, 0, 0,
               "the driver is unloading with a timer that is set");
    if (dpc != NULL)
        ki_die(TIMER_OR_DPC_INVALID, 1, (ULONG_PTR)dpc, 0, 0,
               "the driver is unloading with a DPC that is queued");
    if (work != NULL)
        ki_die(DRIVER_UNLOADED_WITHOUT_CANCELLING_PENDING_OPERATIONS, (ULONG_PTR)work, 0, 0, 0,
               "the driver is unloading with a work item that is queued");
    if (ki_any_bugcheck_callback() != NULL)
        ki_die(DRIVER_UNLOADED_WITHOUT_CANCELLING_PENDING_OPERATIONS,
               (ULONG_PTR)ki_any_bugcheck_callback(), 0, 0, 0,
               "the driver is unloading with a bug check callback registered");
    if (ki_system_threads() != 0)
        ki_die(DRIVER_UNLOADED_WITHOUT_CANCELLING_PENDING_OPERATIONS, ki_system_threads(), 0, 0, 0,
               "the driver is unloading with a system thread that has not ended");
}

void vf_check_unload(PDRIVER_OBJECT driver)
{
    check_running();
    check_objects(driver);
    check_pool(driver);
}
