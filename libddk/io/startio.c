// SPDX-License-Identifier: MIT
//
// StartIo. IoStartPacket and IoStartNextPacket take the cancel spin lock where the IRP can be
// cancelled, so that a cancel routine sees an IRP either queued or started. A device has one packet
// started at a time, so that at most one call of IoStartNextPacket is on its way.

#include "io.h"

static void start_io(PDEVICE_OBJECT device, PIRP irp)
{
    struct ki_state state;
    ki_enter(&state, KI_IN_START_IO, (void *)device->DriverObject->DriverStartIo, device, irp);
    device->DriverObject->DriverStartIo(device, irp);
    ki_check_state(&state, "StartIo routine returned with IRQL or locks changed",
                   (void *)device->DriverObject->DriverStartIo);
}

static void start_next_now(PDEVICE_OBJECT device, BOOLEAN cancelable, bool by_key, ULONG key)
{
    KIRQL cancel_irql = DISPATCH_LEVEL;
    PIRP irp = NULL;
    if (cancelable)
        IoAcquireCancelSpinLock(&cancel_irql);
    device->CurrentIrp = NULL;
    PKDEVICE_QUEUE_ENTRY entry = by_key ? KeRemoveByKeyDeviceQueue(&device->DeviceQueue, key)
                                        : KeRemoveDeviceQueue(&device->DeviceQueue);
    if (entry != NULL) {
        irp = CONTAINING_RECORD(entry, IRP, Tail.Overlay.DeviceQueueEntry);
        device->CurrentIrp = irp;
        if (cancelable && io_device(device)->StartIoNonCancelable)
            IoSetCancelRoutine(irp, NULL);
    }
    if (cancelable)
        IoReleaseCancelSpinLock(cancel_irql);
    if (irp != NULL)
        start_io(device, irp);
}

// Deferred: who wants the routine while it runs leaves word, and whoever runs it goes on.
static struct ki_lock deferred_lock;

static bool enter_routine(struct _DEVOBJ_EXTENSION *extension, PIRP packet)
{
    ki_acquire(&deferred_lock);
    bool mine = !extension->StartIoActive;
    extension->StartIoActive = TRUE;
    if (!mine && packet != NULL)
        extension->PacketWanted = packet;
    else if (!mine)
        extension->NextWanted = TRUE;
    ki_release(&deferred_lock);
    return mine;
}

static void leave_routine(struct _DEVOBJ_EXTENSION *extension)
{
    for (;;) {
        ki_acquire(&deferred_lock);
        PIRP packet = extension->PacketWanted;
        bool next = extension->NextWanted;
        extension->PacketWanted = NULL;
        extension->NextWanted = FALSE;
        extension->StartIoActive = packet != NULL || next;
        ki_release(&deferred_lock);
        if (packet == NULL && !next)
            return;
        if (packet != NULL)
            start_io(extension->DeviceObject, packet);
        if (next)
            start_next_now(extension->DeviceObject, extension->NextCancelable, extension->NextByKey,
                           extension->NextKey);
    }
}

static void start_packet(PDEVICE_OBJECT device, PIRP irp)
{
    struct _DEVOBJ_EXTENSION *extension = io_device(device);
    if (!extension->StartIoDeferred) {
        start_io(device, irp);
    } else if (enter_routine(extension, irp)) {
        start_io(device, irp);
        leave_routine(extension);
    }
}

VOID IoStartPacket(PDEVICE_OBJECT device, PIRP irp, PULONG key, PDRIVER_CANCEL cancel)
{
    struct _DEVOBJ_EXTENSION *extension = io_device(device);
    ki_require_irql(DISPATCH_LEVEL, "IoStartPacket above DISPATCH_LEVEL");
    PKDEVICE_QUEUE_ENTRY entry = &irp->Tail.Overlay.DeviceQueueEntry;
    KIRQL irql = KfRaiseIrql(DISPATCH_LEVEL), cancel_irql = DISPATCH_LEVEL;
    if (cancel != NULL) {
        IoAcquireCancelSpinLock(&cancel_irql);
        IoSetCancelRoutine(irp, cancel);
    }
    BOOLEAN queued = key != NULL ? KeInsertByKeyDeviceQueue(&device->DeviceQueue, entry, *key)
                                 : KeInsertDeviceQueue(&device->DeviceQueue, entry);
    if (!queued)
        device->CurrentIrp = irp;
    if (!queued && cancel != NULL && extension->StartIoNonCancelable)
        IoSetCancelRoutine(irp, NULL);
    if (cancel != NULL)
        IoReleaseCancelSpinLock(cancel_irql);
    if (!queued)
        start_packet(device, irp);
    KeLowerIrql(irql);
}

static void start_next(PDEVICE_OBJECT device, BOOLEAN cancelable, bool by_key, ULONG key)
{
    struct _DEVOBJ_EXTENSION *extension = io_device(device);
    ki_require_dispatch("IoStartNextPacket below DISPATCH_LEVEL",
                        "IoStartNextPacket above DISPATCH_LEVEL");
    if (!extension->StartIoDeferred) {
        start_next_now(device, cancelable, by_key, key);
        return;
    }
    extension->NextCancelable = cancelable;
    extension->NextByKey = by_key;
    extension->NextKey = key;
    if (!enter_routine(extension, NULL))
        return;
    start_next_now(device, cancelable, by_key, key);
    leave_routine(extension);
}

VOID IoStartNextPacket(PDEVICE_OBJECT device, BOOLEAN cancelable)
{
    start_next(device, cancelable, false, 0);
}

VOID IoStartNextPacketByKey(PDEVICE_OBJECT device, BOOLEAN cancelable, ULONG key)
{
    start_next(device, cancelable, true, key);
}

VOID IoSetStartIoAttributes(PDEVICE_OBJECT device, BOOLEAN deferred, BOOLEAN non_cancelable)
{
    io_device(device)->StartIoDeferred = deferred;
    io_device(device)->StartIoNonCancelable = non_cancelable;
}
