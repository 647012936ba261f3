// SPDX-License-Identifier: MIT
//
// Controller objects, and the turns of devices at them and at DMA channels. The wait queue is busy
// while a device has the controller; a device waits with the wait block in its device object, so
// that it can wait once.

#include "io.h"

#define TAG             'rtnC'
#define TYPE_CONTROLLER 2

PCONTROLLER_OBJECT IoCreateController(ULONG size)
{
    ki_require_irql(PASSIVE_LEVEL, "IoCreateController above PASSIVE_LEVEL");
    PCONTROLLER_OBJECT controller =
        ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*controller) + (SIZE_T)size, TAG);
    if (controller == NULL)
        return NULL;
    controller->Type = TYPE_CONTROLLER;
    controller->Size = (CSHORT)(sizeof(*controller) + size);
    controller->ControllerExtension = controller + 1;
    KeInitializeDeviceQueue(&controller->DeviceWaitQueue);
    return controller;
}

VOID IoDeleteController(PCONTROLLER_OBJECT controller)
{
    ki_require_irql(PASSIVE_LEVEL, "IoDeleteController above PASSIVE_LEVEL");
    if (controller->DeviceWaitQueue.Busy)
        ki_violation(DRIVER_VERIFIER_IOMANAGER_VIOLATION,
                     "IoDeleteController of a controller object that is allocated",
                     (ULONG_PTR)controller, 0);
    controller->Type = 0;
    ExFreePoolWithTag(controller, TAG);
}

// True when the device's routine gives what it waited for back at once.
static bool run(PDEVICE_OBJECT device, PVOID base)
{
    PWAIT_CONTEXT_BLOCK wait = &device->Queue.Wcb;
    return wait->DeviceRoutine(device, wait->CurrentIrp, base, wait->DeviceContext) != KeepObject;
}

void io_next_turn(PKDEVICE_QUEUE queue, PVOID base)
{
    PKDEVICE_QUEUE_ENTRY next = KeRemoveDeviceQueue(queue);
    while (next != NULL &&
           run(CONTAINING_RECORD(next, DEVICE_OBJECT, Queue.Wcb.WaitQueueEntry), base))
        next = KeRemoveDeviceQueue(queue);
}

void io_wait_turn(PKDEVICE_QUEUE queue, PDEVICE_OBJECT device, PDRIVER_CONTROL routine,
                  PVOID context, PVOID base)
{
    PWAIT_CONTEXT_BLOCK wait = &device->Queue.Wcb;
    if (wait->WaitQueueEntry.Inserted)
        ki_violation(DRIVER_VERIFIER_DETECTED_VIOLATION,
                     "IoAllocateController or AllocateAdapterChannel for a device that waits "
                     "already",
                     (ULONG_PTR)queue, (ULONG_PTR)device);
    wait->DeviceRoutine = routine;
    wait->DeviceContext = context;
    wait->CurrentIrp = device->CurrentIrp;
    if (!KeInsertDeviceQueue(queue, &wait->WaitQueueEntry) && run(device, base))
        io_next_turn(queue, base);
}

VOID IoAllocateController(PCONTROLLER_OBJECT controller, PDEVICE_OBJECT device,
                          PDRIVER_CONTROL routine, PVOID context)
{
    ki_require_dispatch("IoAllocateController below DISPATCH_LEVEL",
                        "IoAllocateController above DISPATCH_LEVEL");
    io_wait_turn(&controller->DeviceWaitQueue, device, routine, context, NULL);
}

VOID IoFreeController(PCONTROLLER_OBJECT controller)
{
    ki_require_dispatch("IoFreeController below DISPATCH_LEVEL",
                        "IoFreeController above DISPATCH_LEVEL");
    if (!controller->DeviceWaitQueue.Busy)
        ki_violation(DRIVER_VERIFIER_IOMANAGER_VIOLATION,
                     "IoFreeController of a controller object that is not allocated",
                     (ULONG_PTR)controller, 0);
    io_next_turn(&controller->DeviceWaitQueue, NULL);
}
