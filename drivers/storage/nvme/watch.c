// SPDX-License-Identifier: MIT
//
// States and time. A command that the watchdog has seen twice is asked to be aborted; one that it
// has seen three times has the controller reset. A reset loses no request: what was in flight waits
// again, first in line, and goes to the controller once it runs again. Three resets without an
// answer in between are enough: then the controller has failed.
#include "controller.h"

#define MILLISECONDS (-10000ll) // of a relative due time
#ifndef NVME_WATCH_MILLISECONDS // tests have less time
#define NVME_WATCH_MILLISECONDS 10000
#define NVME_HOLD_MILLISECONDS  5000
#endif
#define AGE_ABORT   2u
#define AGE_RESET   3u
#define RESETS_MOST 3u

static KDEFERRED_ROUTINE watch;

VOID WatchInitialize(struct controller *nvme)
{
    KeInitializeMutex(&nvme->configuration, 0);
    KeInitializeSpinLock(&nvme->admin_lock);
    KeInitializeDpc(&nvme->line_dpc, NvmeLineDpc, nvme);
    KeInitializeTimer(&nvme->watchdog);
    KeInitializeDpc(&nvme->watchdog_dpc, watch, nvme);
    KeInitializeEvent(&nvme->reset_done, NotificationEvent, TRUE);
}

VOID NvmeLock(struct controller *nvme)
{
    (VOID) KeWaitForSingleObject(&nvme->configuration, Executive, KernelMode, FALSE, NULL);
}

VOID NvmeUnlock(struct controller *nvme)
{
    (VOID) KeReleaseMutex(&nvme->configuration, FALSE);
}

// --- States -------------------------------------------------------------------------------------

// All queues have the same state, except while this changes it.
static enum nvme_state state_of(const struct controller *nvme)
{
    return nvme->queue_count ? nvme->queues[0]->state : NVME_DOWN;
}

BOOLEAN NvmeFailed(const struct controller *nvme)
{
    return state_of(nvme) == NVME_FAILED;
}

static VOID set_state(struct controller *nvme, enum nvme_state state, NTSTATUS refusal)
{
    KIRQL irql;
    for (ULONG i = 0; i < nvme->queue_count; i++) {
        struct io_queue *queue = nvme->queues[i];
        KeAcquireSpinLock(&queue->lock, &irql);
        queue->state = state;
        queue->refusal = refusal;
        KeReleaseSpinLock(&queue->lock, irql);
    }
}

// Refills the free stack: the ring was made anew, no slot is taken.
static VOID reset_slots(struct io_queue *queue)
{
    queue->free_count = 0;
    for (ULONG i = queue->ring.slots; i-- > 0;)
        queue->free[queue->free_count++] = (UCHAR)i;
    KeSetEvent(&queue->idle, IO_NO_INCREMENT, FALSE);
}

VOID NvmeResume(struct controller *nvme, BOOLEAN anew)
{
    KIRQL irql;
    for (ULONG i = 0; i < nvme->queue_count; i++) {
        struct io_queue *queue = nvme->queues[i];
        KeAcquireSpinLock(&queue->lock, &irql);
        if (anew)
            reset_slots(queue);
        queue->state = NVME_RUNNING;
        KeReleaseSpinLockFromDpcLevel(&queue->lock);
        QueueStartWaiting(queue);
        KeLowerIrql(irql);
    }
}

static BOOLEAN reclaim(struct io_queue *queue, ULONG slot)
{
    KeAcquireSpinLockAtDpcLevel(&queue->lock);
    BOOLEAN flying = nvme_reclaim(&queue->ring, slot);
    KeReleaseSpinLockFromDpcLevel(&queue->lock);
    return flying;
}

// What is in flight at a controller that is quiet: waits again, or completes with an error.
static VOID take_back(struct controller *nvme, NTSTATUS status)
{
    KIRQL irql;
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    for (ULONG i = 0; i < nvme->queue_count; i++)
        for (ULONG slot = nvme->queues[i]->ring.slots; slot-- > 0;)
            if (reclaim(nvme->queues[i], slot))
                QueueTakeBack(&nvme->queues[i]->slots[slot], status);
    KeLowerIrql(irql);
}

// Whether all queues fall idle in time.
static BOOLEAN wait_idle(struct controller *nvme)
{
    LARGE_INTEGER limit;
    KeQuerySystemTime(&limit);
    limit.QuadPart -= NVME_HOLD_MILLISECONDS * MILLISECONDS;
    for (ULONG i = 0; i < nvme->queue_count; i++)
        if (KeWaitForSingleObject(&nvme->queues[i]->idle, Executive, KernelMode, FALSE, &limit) ==
            STATUS_TIMEOUT)
            return FALSE;
    return TRUE;
}

// Ends all commands by disabling the controller; their requests wait.
static enum nvme_rule interrupt_all(struct controller *nvme)
{
    set_state(nvme, NVME_RESETTING, STATUS_SUCCESS);
    enum nvme_rule rule = ControllerDisable(nvme);
    nvme->disabled = TRUE;
    if (rule)
        return rule;
    take_back(nvme, STATUS_SUCCESS);
    return wait_idle(nvme) ? NVME_OK : NVME_DISABLE_STUCK; // those that were not yet in flight
}

static VOID give_up(struct controller *nvme, NTSTATUS status)
{
    (VOID) ControllerDisable(nvme);
    NvmeAbandon(nvme, status);
    IoInvalidateDeviceState(nvme->pdo);
}

VOID NvmeHold(struct controller *nvme)
{
    if (state_of(nvme) != NVME_RUNNING)
        return;
    set_state(nvme, NVME_HELD, STATUS_DEVICE_NOT_READY);
    if (wait_idle(nvme))
        return;
    DbgPrint("the controller does not finish its commands\n");
    enum nvme_rule rule = interrupt_all(nvme);
    if (!rule) {
        set_state(nvme, NVME_HELD, STATUS_DEVICE_NOT_READY);
        return;
    }
    DbgPrint("the controller failed: %s\n", nvme_rule_text(rule));
    give_up(nvme, STATUS_ADAPTER_HARDWARE_ERROR);
}

VOID NvmeAbandon(struct controller *nvme, NTSTATUS status)
{
    PIRP irp;
    set_state(nvme, NVME_FAILED, status);
    take_back(nvme, status);
    for (ULONG i = 0; i < nvme->queue_count; i++)
        while ((irp = QueueTakeWaiting(nvme->queues[i], NULL)))
            NvmeCompleteRequest(irp, status);
}

VOID NvmeBroke(struct controller *nvme, enum nvme_rule rule)
{
    if (NvmeFailed(nvme))
        return; // another queue said so
    DbgPrint("the controller failed: %s\n", nvme_rule_text(rule));
    give_up(nvme, STATUS_DEVICE_PROTOCOL_ERROR);
}

// A thread that still saw the old state is on its way out: it needs no more than a moment.
VOID NvmeDrain(struct controller *nvme)
{
    LARGE_INTEGER moment = {.QuadPart = MILLISECONDS};
    for (ULONG i = 0; i < nvme->queue_count; i++)
        while (nvme->queues[i]->submitting != 0)
            (VOID) KeDelayExecutionThread(KernelMode, FALSE, &moment);
    (VOID) KeCancelTimer(&nvme->watchdog);
    KeFlushQueuedDpcs();
    nvme->watching = 0;
}

// --- Reset --------------------------------------------------------------------------------------

static NTSTATUS restart(struct controller *nvme)
{
    enum nvme_rule rule = interrupt_all(nvme);
    if (rule) {
        DbgPrint("%s\n", nvme_rule_text(rule));
        return STATUS_ADAPTER_HARDWARE_ERROR;
    }
    NTSTATUS status = ControllerRun(nvme);
    return NT_SUCCESS(status) ? DisksFind(nvme) : status;
}

static VOID reset(struct controller *nvme)
{
    enum nvme_state state = state_of(nvme);
    if (!nvme->started || nvme->disabled || (state != NVME_RUNNING && state != NVME_HELD))
        return;
    DbgPrint("the controller is reset\n");
    NTSTATUS status = ++nvme->resets > RESETS_MOST ? STATUS_IO_TIMEOUT : restart(nvme);
    if (!NT_SUCCESS(status)) {
        DbgPrint("the controller failed: it does not come back\n");
        give_up(nvme, status);
    } else if (state == NVME_RUNNING) {
        NvmeResume(nvme, TRUE);
    } else {
        set_state(nvme, NVME_HELD, STATUS_DEVICE_NOT_READY);
    }
}

static VOID reset_worker(PDEVICE_OBJECT device, PVOID context)
{
    struct controller *nvme = context;
    UNREFERENCED_PARAMETER(device);
    NvmeLock(nvme);
    reset(nvme);
    NvmeUnlock(nvme);
    InterlockedExchange(&nvme->reset_queued, 0);
    KeSetEvent(&nvme->reset_done, IO_NO_INCREMENT, FALSE);
}

static VOID queue_reset(struct controller *nvme)
{
    if (InterlockedExchange(&nvme->reset_queued, 1))
        return;
    KeClearEvent(&nvme->reset_done);
    IoQueueWorkItem(nvme->reset_work, reset_worker, DelayedWorkQueue, nvme);
}

// --- The watchdog -------------------------------------------------------------------------------

// watching is set by whoever sets the timer, and cleared before the watchdog looks: so either it
// sees a command, or whoever put it in flight sees that nobody watches.
VOID WatchBegin(struct controller *nvme)
{
    LARGE_INTEGER due = {.QuadPart = MILLISECONDS * NVME_WATCH_MILLISECONDS};
    if (!InterlockedExchange(&nvme->watching, 1))
        (VOID) KeSetTimer(&nvme->watchdog, due, &nvme->watchdog_dpc);
}

struct sight {
    BOOLEAN busy, reset;
    ULONG queue, slot; // to abort; queue 0: none
};

static VOID look(struct io_queue *queue, struct sight *sight)
{
    KeAcquireSpinLockAtDpcLevel(&queue->lock);
    BOOLEAN alive = queue->state == NVME_RUNNING || queue->state == NVME_HELD;
    for (ULONG i = 0; alive && i < queue->ring.slots; i++) {
        if (!nvme_is_flying(&queue->ring, i))
            continue;
        sight->busy = TRUE;
        ULONG age = ++queue->slots[i].age;
        sight->reset = sight->reset || age >= AGE_RESET;
        if (age == AGE_ABORT && sight->queue == 0) {
            sight->queue = queue->ring.id;
            sight->slot = i;
        }
    }
    KeReleaseSpinLockFromDpcLevel(&queue->lock);
}

static VOID watch(PKDPC dpc, PVOID context, PVOID unused1, PVOID unused2)
{
    struct controller *nvme = context;
    struct sight sight = {};
    UNREFERENCED_PARAMETER(dpc);
    UNREFERENCED_PARAMETER(unused1);
    UNREFERENCED_PARAMETER(unused2);
    InterlockedExchange(&nvme->watching, 0);
    if (!nvme->started)
        return;
    for (ULONG i = 0; i < nvme->queue_count; i++)
        look(nvme->queues[i], &sight);
    if (!sight.busy)
        return;
    ULONG status = NvmeRead(nvme, NVME_CSTS);
    if (status == MAXULONG) {
        NvmeBroke(nvme, NVME_ABSENT);
        return;
    }
    if (sight.reset || status & NVME_CSTS_FATAL)
        queue_reset(nvme);
    else if (sight.queue)
        AdminAbort(nvme, sight.queue, sight.slot);
    WatchBegin(nvme);
}
