// SPDX-License-Identifier: MIT
//
// The once-a-second timer of a device: a KTIMER with a DPC each. The routine does not run any more
// when IoStopTimer has returned, except on the thread that is in it.

#include "io.h"

#define SECOND 10000000LL

static VOID timer_dpc(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    PDEVICE_OBJECT device = context;
    struct _DEVOBJ_EXTENSION *extension = io_device(device);
    (void)dpc, (void)argument1, (void)argument2;
    if (!extension->TimerRunning)
        return;
    extension->TimerThread = ki_thread();
    extension->TimerRoutine(device, extension->TimerContext);
    extension->TimerThread = NULL;
}

NTSTATUS IoInitializeTimer(PDEVICE_OBJECT device, PIO_TIMER_ROUTINE routine, PVOID context)
{
    struct _DEVOBJ_EXTENSION *extension = io_device(device);
    ki_require_irql(PASSIVE_LEVEL, "IoInitializeTimer above PASSIVE_LEVEL");
    if (extension->TimerRoutine != NULL)
        io_violation(0xa,
                     "IoInitializeTimer was passed a device object with an already-initialized "
                     "timer",
                     NULL, device, 0xff, (void *)routine);
    extension->TimerRoutine = routine;
    extension->TimerContext = context;
    KeInitializeTimer(&extension->Timer);
    KeInitializeDpc(&extension->TimerDpc, timer_dpc, device);
    return STATUS_SUCCESS;
}

static void require_timer(PDEVICE_OBJECT device, const char *rule)
{
    if (io_device(device)->TimerRoutine == NULL)
        io_violation(0x200, rule, NULL, device, 0xff, NULL);
}

VOID IoStartTimer(PDEVICE_OBJECT device)
{
    struct _DEVOBJ_EXTENSION *extension = io_device(device);
    ki_require_irql(DISPATCH_LEVEL, "IoStartTimer above DISPATCH_LEVEL");
    require_timer(device, "IoStartTimer of a device without IoInitializeTimer");
    extension->TimerRunning = TRUE;
    KeSetTimerEx(&extension->Timer, (LARGE_INTEGER){.QuadPart = -SECOND}, 1000,
                 &extension->TimerDpc);
}

VOID IoStopTimer(PDEVICE_OBJECT device)
{
    struct _DEVOBJ_EXTENSION *extension = io_device(device);
    ki_require_irql(DISPATCH_LEVEL, "IoStopTimer above DISPATCH_LEVEL");
    require_timer(device, "IoStopTimer of a device without IoInitializeTimer");
    if (extension->TimerThread == ki_thread())
        io_violation(0x200, "IoStopTimer called from within the IoTimer routine", NULL, device,
                     0xff, (void *)extension->TimerRoutine);
    extension->TimerRunning = FALSE;
    KeCancelTimer(&extension->Timer);
    KeRemoveQueueDpc(&extension->TimerDpc);
}
