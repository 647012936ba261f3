// SPDX-License-Identifier: MIT
//
// The power policy owner, as the documentation has it: a system IRP goes down first, its completion
// routine asks for the device IRP, whose callback completes the system IRP. What else it does is
// the mode that a test chose.
#include "restless.h"

#define WAKE_CODE 0x002a2000u // DEVICETREE_IOCTL_WAKE of the bus driver

static NTSTATUS Complete(PIRP irp, NTSTATUS status)
{
    irp->IoStatus.Status = status;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

static NTSTATUS PassDown(PRESTLESS restless, PIRP irp)
{
    IoSkipCurrentIrpStackLocation(irp);
    return IoCallDriver(restless->Lower, irp);
}

// --- The system IRP

static VOID DeviceIrpDone(PDEVICE_OBJECT device, UCHAR minor, POWER_STATE state, PVOID context,
                          PIO_STATUS_BLOCK iosb)
{
    PIRP systemIrp = context;
    UNREFERENCED_PARAMETER(device);
    UNREFERENCED_PARAMETER(minor);
    UNREFERENCED_PARAMETER(state);
    Complete(systemIrp, iosb->Status);
}

// At DISPATCH_LEVEL when the bus driver is in another task.
static NTSTATUS SystemIrpBack(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    PRESTLESS restless = context;
    SYSTEM_POWER_STATE system =
        IoGetCurrentIrpStackLocation(irp)->Parameters.Power.State.SystemState;
    POWER_STATE wanted = {.DeviceState =
                              system == PowerSystemWorking ? PowerDeviceD0 : PowerDeviceD3};
    UNREFERENCED_PARAMETER(device);
    if (!NT_SUCCESS(irp->IoStatus.Status))
        return STATUS_SUCCESS;
    NTSTATUS status =
        PoRequestPowerIrp(restless->Pdo, IRP_MN_SET_POWER, wanted, DeviceIrpDone, irp, NULL);
    if (status != STATUS_PENDING) {
        irp->IoStatus.Status = status;
        return STATUS_SUCCESS;
    }
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static VOID WokenUp(PDEVICE_OBJECT device, UCHAR minor, POWER_STATE state, PVOID context,
                    PIO_STATUS_BLOCK iosb)
{
    PRESTLESS restless = context;
    UNREFERENCED_PARAMETER(device);
    UNREFERENCED_PARAMETER(minor);
    UNREFERENCED_PARAMETER(state);
    SAY(restless, "WAIT_WAKE ended, status 0x%x", iosb->Status);
}

static VOID ArmWake(PRESTLESS restless)
{
    const POWER_STATE deepest = {.SystemState = PowerSystemSleeping3};
    LARGE_INTEGER soon = {.QuadPart = -5000000};
    PoRequestPowerIrp(restless->Pdo, IRP_MN_WAIT_WAKE, deepest, WokenUp, restless,
                      &restless->WaitWake);
    KeSetTimer(&restless->Timer, soon, &restless->Dpc);
}

static NTSTATUS SignalSent(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    UNREFERENCED_PARAMETER(device);
    UNREFERENCED_PARAMETER(context);
    IoFreeIrp(irp);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

// Half a second after it has gone to sleep: wakes the system, or cancels what would.
VOID TimerDpc(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    PRESTLESS restless = context;
    UNREFERENCED_PARAMETER(dpc);
    UNREFERENCED_PARAMETER(argument1);
    UNREFERENCED_PARAMETER(argument2);
    if (restless->Mode == ModeCancelWake) {
        IoCancelIrp(restless->WaitWake);
        return;
    }
    PIRP irp = IoAllocateIrp(restless->Lower->StackSize, FALSE);
    if (irp == NULL)
        return;
    PIO_STACK_LOCATION next = IoGetNextIrpStackLocation(irp);
    next->MajorFunction = IRP_MJ_INTERNAL_DEVICE_CONTROL;
    next->Parameters.DeviceIoControl.IoControlCode = WAKE_CODE;
    IoSetCompletionRoutine(irp, SignalSent, NULL, TRUE, TRUE, TRUE);
    IoCallDriver(restless->Lower, irp);
}

static NTSTATUS SetSystemPower(PRESTLESS restless, PIRP irp)
{
    SYSTEM_POWER_STATE state =
        IoGetCurrentIrpStackLocation(irp)->Parameters.Power.State.SystemState;
    ULONG left = 0;
    BOOLEAN watched = PoQueryWatchdogTime(restless->Pdo, &left);
    SAY(restless, "S%d, %u seconds left", state, watched ? left : 0);
    BOOLEAN down = state != PowerSystemWorking;
    if (restless->Mode == ModeSpin && down)
        for (;;)
            restless->Spins++;
    IoMarkIrpPending(irp);
    if (restless->Mode == ModeHang && down)
        return STATUS_PENDING; // and nobody will ever complete it
    if ((restless->Mode == ModeWake || restless->Mode == ModeCancelWake) && down)
        ArmWake(restless);
    IoCopyCurrentIrpStackLocationToNext(irp);
    IoSetCompletionRoutine(irp, SystemIrpBack, restless, TRUE, TRUE, TRUE);
    IoCallDriver(restless->Lower, irp);
    return STATUS_PENDING;
}

// --- The device IRP

static VOID Pause(ULONG milliseconds)
{
    LARGE_INTEGER time = {.QuadPart = -10000LL * milliseconds};
    KeDelayExecutionThread(KernelMode, FALSE, &time);
}

static NTSTATUS SetDevicePower(PRESTLESS restless, PIRP irp)
{
    POWER_STATE state = IoGetCurrentIrpStackLocation(irp)->Parameters.Power.State;
    if (restless->Mode == ModeFail)
        return Complete(irp, STATUS_UNSUCCESSFUL);
    if (restless->Mode == ModeHangDevice && state.DeviceState != PowerDeviceD0) {
        IoMarkIrpPending(irp);
        return STATUS_PENDING;
    }
    SAY(restless, "begins D%d", state.DeviceState);
    if (restless->Mode == ModeSlow)
        Pause(200);
    PoSetPowerState(restless->Self, DevicePowerState, state);
    SAY(restless, "ends D%d", state.DeviceState);
    return PassDown(restless, irp);
}

NTSTATUS Power(PDEVICE_OBJECT device, PIRP irp)
{
    PRESTLESS restless = device->DeviceExtension;
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    BOOLEAN system = location->Parameters.Power.Type == SystemPowerState;
    if (location->MinorFunction == IRP_MN_QUERY_POWER && system && restless->Mode == ModeRefuse)
        return Complete(irp, STATUS_DEVICE_BUSY);
    if (location->MinorFunction == IRP_MN_SET_POWER)
        return system ? SetSystemPower(restless, irp) : SetDevicePower(restless, irp);
    return PassDown(restless, irp);
}

// --- Without a system IRP

static VOID CycleDone(PDEVICE_OBJECT device, UCHAR minor, POWER_STATE state, PVOID context,
                      PIO_STATUS_BLOCK iosb)
{
    PRESTLESS restless = context;
    UNREFERENCED_PARAMETER(device);
    UNREFERENCED_PARAMETER(minor);
    SAY(restless, "D%d is done, status 0x%x", state.DeviceState, iosb->Status);
}

// Both at once: the second waits for the first.
VOID Cycle(PRESTLESS restless)
{
    const POWER_STATE down = {.DeviceState = PowerDeviceD3}, up = {.DeviceState = PowerDeviceD0};
    PoRequestPowerIrp(restless->Pdo, IRP_MN_SET_POWER, down, CycleDone, restless, NULL);
    PoRequestPowerIrp(restless->Pdo, IRP_MN_SET_POWER, up, CycleDone, restless, NULL);
}
