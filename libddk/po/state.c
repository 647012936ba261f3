// SPDX-License-Identifier: MIT
//
// States: of a device, as PoSetPowerState last said; of the system, as drivers want it; and what
// woke the system. Registrations of PoRegisterSystemState are in a list; the manager hears what all
// of them want together, whenever that changes.

#include "po.h"

#define TAG 'tatS'

struct registration {
    LIST_ENTRY Link;
    EXECUTION_STATE Flags;
    ULONG Signature;
};

static LIST_ENTRY registrations = {&registrations, &registrations};
static KSPIN_LOCK lock;
static EXECUTION_STATE told;

POWER_STATE PoSetPowerState(PDEVICE_OBJECT device, POWER_STATE_TYPE type, POWER_STATE state)
{
    struct _DEVOBJ_EXTENSION *extension = io_device(device);
    POWER_STATE old;
    if (type == DevicePowerState && state.DeviceState == PowerDeviceD0)
        ki_require_irql(DISPATCH_LEVEL, "PoSetPowerState above DISPATCH_LEVEL");
    else
        ki_require_irql(APC_LEVEL, "PoSetPowerState to less than D0 above APC_LEVEL");
    if (type == DevicePowerState) {
        old.DeviceState = extension->PowerState;
        extension->PowerState = state.DeviceState;
    } else {
        old.SystemState = extension->SystemState;
        extension->SystemState = state.SystemState;
    }
    return old;
}

static EXECUTION_STATE all_flags(void)
{
    EXECUTION_STATE flags = 0;
    for (PLIST_ENTRY at = registrations.Flink; at != &registrations; at = at->Flink)
        flags |= CONTAINING_RECORD(at, struct registration, Link)->Flags;
    return flags;
}

static void tell_manager(void)
{
    KIRQL irql;
    KeAcquireSpinLock(&lock, &irql);
    EXECUTION_STATE flags = all_flags();
    bool news = flags != told;
    told = flags;
    KeReleaseSpinLock(&lock, irql);
    if (news)
        manager_power_busy(flags);
}

static struct registration *checked(PVOID handle, const char *rule)
{
    struct registration *one = handle;
    if (one == NULL || one->Signature != TAG)
        ki_violation(DRIVER_VERIFIER_DETECTED_VIOLATION, rule, (ULONG_PTR)handle, 0);
    return one;
}

PVOID PoRegisterSystemState(PVOID handle, EXECUTION_STATE flags)
{
    KIRQL irql;
    ki_require_irql(APC_LEVEL, "PoRegisterSystemState above APC_LEVEL");
    bool fresh = handle == NULL;
    struct registration *one =
        fresh ? ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*one), TAG)
              : checked(handle, "PoRegisterSystemState with a handle that it did not return");
    if (one == NULL)
        return NULL;
    one->Signature = TAG;
    KeAcquireSpinLock(&lock, &irql);
    one->Flags = flags;
    if (fresh)
        InsertTailList(&registrations, &one->Link);
    KeReleaseSpinLock(&lock, irql);
    tell_manager();
    return one;
}

VOID PoUnregisterSystemState(PVOID handle)
{
    KIRQL irql;
    ki_require_irql(APC_LEVEL, "PoUnregisterSystemState above APC_LEVEL");
    struct registration *one =
        checked(handle, "PoUnregisterSystemState with a handle that is not registered");
    KeAcquireSpinLock(&lock, &irql);
    RemoveEntryList(&one->Link);
    KeReleaseSpinLock(&lock, irql);
    one->Signature = 0;
    ExFreePoolWithTag(one, TAG);
    tell_manager();
}

// A single sign of activity. The system has no idle timer of its own that it would set back.
VOID PoSetSystemState(EXECUTION_STATE flags)
{
    ki_require_irql(DISPATCH_LEVEL, "PoSetSystemState above DISPATCH_LEVEL");
    (void)flags;
}

BOOLEAN PoQueryWatchdogTime(PDEVICE_OBJECT pdo, PULONG seconds)
{
    ki_require_irql(DISPATCH_LEVEL, "PoQueryWatchdogTime above DISPATCH_LEVEL");
    return manager_power_remaining(pdo, seconds);
}

static struct io_irp *wait_wake(PIRP irp, const char *rule)
{
    if ((irp->AllocationFlags & IO_IRP_KIT) == 0)
        ki_violation(DRIVER_VERIFIER_DETECTED_VIOLATION, rule, (ULONG_PTR)irp, 0);
    return io_irp_of(irp);
}

VOID PoSetSystemWake(PIRP irp)
{
    ki_require_irql(DISPATCH_LEVEL, "PoSetSystemWake above DISPATCH_LEVEL");
    wait_wake(irp, "PoSetSystemWake of an IRP that the power manager did not send")->Wake = TRUE;
}

BOOLEAN PoGetSystemWake(PIRP irp)
{
    ki_require_irql(DISPATCH_LEVEL, "PoGetSystemWake above DISPATCH_LEVEL");
    return wait_wake(irp, "PoGetSystemWake of an IRP that the power manager did not send")->Wake;
}
