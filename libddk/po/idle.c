// SPDX-License-Identifier: MIT
//
// Idle detection. A device's counter counts the seconds since it was last busy; when it reaches the
// time-out a SET_POWER for the chosen state goes to the top of its stack, once, until it was busy
// again. There is no battery here: the time-out for performance counts. A counter lives as long as
// its device, so that a pointer to it stays good after detection was cancelled.

#include "po.h"

#define TAG              'eldI'
#define STANDARD         MAXULONG // -1: as the power policy says for devices of that kind
#define STANDARD_SECONDS 1200u
#define SECOND_IN_100NS  10000000LL

struct _DDK_IDLE {
    ULONG Count; // first: what drivers have a pointer to
    volatile LONG Busy;
    ULONG Seconds; // 0: no detection
    DEVICE_POWER_STATE State;
    PDEVICE_OBJECT Device;
    LIST_ENTRY Link;
};

static LIST_ENTRY counters = {&counters, &counters};
static KSPIN_LOCK lock;
static KTIMER timer;
static KDPC dpc;
static BOOLEAN running;

static struct _DDK_IDLE *of_counter(PULONG counter)
{
    return CONTAINING_RECORD(counter, struct _DDK_IDLE, Count);
}

// The next device that has become idle with this second; referenced. NULL: no more.
static PDEVICE_OBJECT take_idle(POWER_STATE *state)
{
    KIRQL irql;
    PDEVICE_OBJECT idle = NULL;
    KeAcquireSpinLock(&lock, &irql);
    for (PLIST_ENTRY at = counters.Flink; at != &counters && idle == NULL; at = at->Flink) {
        struct _DDK_IDLE *one = CONTAINING_RECORD(at, struct _DDK_IDLE, Link);
        if (one->Seconds == 0 || one->Count != one->Seconds)
            continue;
        one->Count++; // beyond: not again until it was busy
        if (io_device(one->Device)->PowerState >= one->State)
            continue;
        idle = one->Device;
        state->DeviceState = one->State;
        ObfReferenceObject(idle);
    }
    KeReleaseSpinLock(&lock, irql);
    return idle;
}

void po_idle_second(void)
{
    KIRQL irql;
    POWER_STATE state;
    PDEVICE_OBJECT idle;
    KeAcquireSpinLock(&lock, &irql);
    for (PLIST_ENTRY at = counters.Flink; at != &counters; at = at->Flink) {
        struct _DDK_IDLE *one = CONTAINING_RECORD(at, struct _DDK_IDLE, Link);
        if (one->Busy > 0)
            one->Count = 0;
        else if (one->Count < one->Seconds)
            one->Count++;
    }
    KeReleaseSpinLock(&lock, irql);
    while ((idle = take_idle(&state)) != NULL) {
        (void)PoRequestPowerIrp(idle, IRP_MN_SET_POWER, state, NULL, NULL, NULL);
        ObfDereferenceObject(idle);
    }
}

static VOID second(PKDPC unused, PVOID context, PVOID argument1, PVOID argument2)
{
    (void)unused, (void)context, (void)argument1, (void)argument2;
    po_idle_second();
}

// With the lock held.
static struct _DDK_IDLE *find(PDEVICE_OBJECT device)
{
    for (PLIST_ENTRY at = counters.Flink; at != &counters; at = at->Flink) {
        struct _DDK_IDLE *one = CONTAINING_RECORD(at, struct _DDK_IDLE, Link);
        if (one->Device == device)
            return one;
    }
    return NULL;
}

static bool standard_known(PDEVICE_OBJECT device)
{
    return device->DeviceType == FILE_DEVICE_DISK || device->DeviceType == FILE_DEVICE_MASS_STORAGE;
}

// With the lock held: what was there already, or `fresh`.
static struct _DDK_IDLE *set(struct _DDK_IDLE *fresh, PDEVICE_OBJECT device, ULONG seconds,
                             DEVICE_POWER_STATE state)
{
    struct _DDK_IDLE *one = find(device);
    if (one == NULL && fresh != NULL) {
        one = fresh;
        InsertTailList(&counters, &one->Link);
    }
    if (one == NULL)
        return NULL;
    one->Device = device;
    one->State = state;
    one->Seconds = seconds;
    one->Count = 0;
    if (!running) {
        running = TRUE;
        KeInitializeTimer(&timer);
        KeInitializeDpc(&dpc, second, NULL);
        KeSetTimerEx(&timer, (LARGE_INTEGER){.QuadPart = -SECOND_IN_100NS}, 1000, &dpc);
    }
    return one;
}

PULONG PoRegisterDeviceForIdleDetection(PDEVICE_OBJECT device, ULONG conservation,
                                        ULONG performance, DEVICE_POWER_STATE state)
{
    KIRQL irql;
    ki_require_irql(APC_LEVEL, "PoRegisterDeviceForIdleDetection above APC_LEVEL");
    if ((conservation == STANDARD || performance == STANDARD) && !standard_known(device))
        return NULL;
    bool cancel = conservation == 0 && performance == 0;
    struct _DDK_IDLE *fresh =
        cancel ? NULL : ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*fresh), TAG);
    KeAcquireSpinLock(&lock, &irql);
    struct _DDK_IDLE *one =
        set(fresh, device, performance == STANDARD ? STANDARD_SECONDS : performance, state);
    KeReleaseSpinLock(&lock, irql);
    if (fresh != NULL && one != fresh)
        ExFreePoolWithTag(fresh, TAG);
    return cancel || one == NULL ? NULL : &one->Count;
}

VOID PoSetDeviceBusyEx(PULONG counter)
{
    *(volatile ULONG *)counter = 0;
}

VOID PoStartDeviceBusy(PULONG counter)
{
    InterlockedIncrement(&of_counter(counter)->Busy);
    *(volatile ULONG *)counter = 0;
}

VOID PoEndDeviceBusy(PULONG counter)
{
    LONG busy = InterlockedDecrement(&of_counter(counter)->Busy);
    if (busy < 0)
        ki_violation(DRIVER_VERIFIER_DETECTED_VIOLATION,
                     "PoEndDeviceBusy without PoStartDeviceBusy", (ULONG_PTR)counter, 0);
    *(volatile ULONG *)counter = 0;
}

void po_forget_device(PDEVICE_OBJECT device)
{
    KIRQL irql;
    KeAcquireSpinLock(&lock, &irql);
    struct _DDK_IDLE *one = find(device);
    if (one != NULL)
        RemoveEntryList(&one->Link);
    KeReleaseSpinLock(&lock, irql);
    if (one != NULL)
        ExFreePoolWithTag(one, TAG);
}

const void *po_timer(void)
{
    return &timer;
}
