// SPDX-License-Identifier: MIT
//
// Power requests as messages to the power manager: it alone sends power IRPs, to the top of the
// whole stack, which may lie in another task. The IRP that PoRequestPowerIrp made stays here, with
// a device of the kit's own as its driver: it is in the list `asked` from the message to
// ASH_MJ_POWER_DONE, and is completed by whoever takes it out. Cancelling asks the power manager
// to; the answer comes the same way.

#include "../po/po.h"
#include "rt.h"

#define MILLISECONDS 1000u

static LIST_ENTRY asked = {&asked, &asked};
static struct ki_lock lock;
static uint64_t last_number;
static DRIVER_OBJECT power_driver;
static DRIVER_EXTENSION power_extension;
static PDEVICE_OBJECT power_device;

// In DriverContext of an IRP in the list.
struct context {
    uint64_t number;
};
C_ASSERT(sizeof(struct context) <= sizeof(((PIRP)0)->Tail.Overlay.DriverContext));

static struct context *context_of(PIRP irp)
{
    return (struct context *)(PVOID)irp->Tail.Overlay.DriverContext;
}

static void ask_to_cancel(uint64_t number)
{
    const struct ash_power_cancel_request request = {number};
    (void)ash_request(ASH_SLOT_POWER, ASH_POWER_CANCEL, &request, sizeof(request), NULL, 0);
}

static VOID cancel(PDEVICE_OBJECT device, PIRP irp)
{
    uint64_t number = context_of(irp)->number;
    (void)device;
    IoReleaseCancelSpinLock(irp->CancelIrql);
    ask_to_cancel(number);
}

// With the lock held: the IRP of that number, or NULL.
static PIRP find(uint64_t number)
{
    for (PLIST_ENTRY at = asked.Flink; at != &asked; at = at->Flink) {
        PIRP irp = CONTAINING_RECORD(at, IRP, Tail.Overlay.ListEntry);
        if (context_of(irp)->number == number)
            return irp;
    }
    return NULL;
}

static bool was_cancelled(uint64_t number)
{
    ki_acquire(&lock);
    PIRP irp = find(number);
    bool cancelled = irp != NULL && irp->Cancel;
    ki_release(&lock);
    return cancelled;
}

// The IRP of that number, no longer in the list; NULL: somebody else took it.
static PIRP take(uint64_t number)
{
    ki_acquire(&lock);
    PIRP found = find(number);
    if (found != NULL)
        RemoveEntryList(&found->Tail.Overlay.ListEntry);
    ki_release(&lock);
    return found;
}

static void finish(PIRP irp, NTSTATUS status)
{
    KIRQL irql;
    if (IoSetCancelRoutine(irp, NULL) == NULL) { // it runs, or has run: not into a freed IRP
        IoAcquireCancelSpinLock(&irql);
        IoReleaseCancelSpinLock(irql);
    }
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = 0;
    IofCompleteRequest(irp, IO_NO_INCREMENT);
}

void rt_power_done(uint64_t number, NTSTATUS status, bool woke)
{
    PIRP irp = take(number);
    if (irp == NULL)
        return;
    io_irp_of(irp)->Wake = woke;
    finish(irp, status);
}

// The manager may answer before this returns: nothing of the IRP is used after the message.
static void tell(PIRP irp, uint64_t number)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    const struct po_request *what = io_irp_of(irp)->Context;
    const struct ash_power_request_request request = {
        .device = io_device(what->Device)->Id,
        .minor = location->MinorFunction,
        .state = (ash_word)what->State.SystemState,
        .number = number,
    };
    rt_sync_devices(); // DO_POWER_INRUSH
    ash_status status =
        ash_request(ASH_SLOT_POWER, ASH_POWER_REQUEST, &request, sizeof(request), NULL, 0);
    if (!ash_success(status))
        rt_power_done(number, status, false);
}

// DO_POWER_PAGABLE: never called above APC_LEVEL.
static NTSTATUS dispatch(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    IoMarkIrpPending(irp);
    ki_acquire(&lock);
    uint64_t number = ++last_number;
    *context_of(irp) = (struct context){.number = number};
    InsertTailList(&asked, &irp->Tail.Overlay.ListEntry);
    IoSetCancelRoutine(irp, cancel);
    ki_release(&lock);
    tell(irp, number);
    if (was_cancelled(number)) // before the routine was there, or before the manager knew
        ask_to_cancel(number);
    return STATUS_PENDING;
}

void rt_power_init(void)
{
    io_init_driver(&power_driver, &power_extension);
    power_driver.MajorFunction[IRP_MJ_POWER] = dispatch;
    power_device = io_allocate_device(&power_driver, 0, FILE_DEVICE_UNKNOWN, 0);
    if (power_device == NULL)
        ash_panic("no memory for the power device");
    power_device->Flags |= DO_POWER_PAGABLE;
}

PDEVICE_OBJECT manager_power_target(PDEVICE_OBJECT device)
{
    (void)device;
    return power_device;
}

bool manager_power_remaining(PDEVICE_OBJECT device, ULONG *seconds)
{
    const struct ash_power_device_request request = {io_device(device)->Id};
    struct ash_power_remaining_reply reply;
    if (!ash_success(ash_request(ASH_SLOT_POWER, ASH_POWER_REMAINING, &request, sizeof(request),
                                 &reply, sizeof(reply))))
        return false;
    *seconds = (ULONG)(reply.milliseconds / MILLISECONDS);
    return true;
}

void manager_power_busy(EXECUTION_STATE flags)
{
    const struct ash_power_busy_request request = {flags};
    (void)ash_request(ASH_SLOT_POWER, ASH_POWER_BUSY, &request, sizeof(request), NULL, 0);
}
