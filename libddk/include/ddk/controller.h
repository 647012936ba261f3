// SPDX-License-Identifier: MIT
//
// Controller objects: several devices share one controller, of which one has it at a time.
// Documentation: nf-ntddk-iocreatecontroller and neighbours, "Controller Objects".

#ifndef DDK_CONTROLLER_H
#define DDK_CONTROLLER_H

typedef struct _CONTROLLER_OBJECT {
    CSHORT Type;
    CSHORT Size;
    PVOID ControllerExtension;
    KDEVICE_QUEUE DeviceWaitQueue;
    ULONG Spare1;
    LARGE_INTEGER Spare2;
} CONTROLLER_OBJECT, *PCONTROLLER_OBJECT;

// A controller with a zeroed extension of size bytes; NULL without memory. PASSIVE_LEVEL.
PCONTROLLER_OBJECT IoCreateController(ULONG size);
// Rule: nobody has it or waits for it. PASSIVE_LEVEL.
VOID IoDeleteController(PCONTROLLER_OBJECT controller);

// Calls routine(device, device->CurrentIrp, NULL, context) as soon as the controller is free; one
// call a device at a time. KeepObject keeps the controller until IoFreeController. DISPATCH_LEVEL.
VOID IoAllocateController(PCONTROLLER_OBJECT controller, PDEVICE_OBJECT device,
                          PDRIVER_CONTROL routine, PVOID context);
// Gives the controller to the next device that waits. DISPATCH_LEVEL.
VOID IoFreeController(PCONTROLLER_OBJECT controller);

#endif
