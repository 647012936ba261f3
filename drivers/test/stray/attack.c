// SPDX-License-Identifier: MIT
//
// What it does for who asks: registers, common buffer, grants, repetition, interrupts.
#include "device.h"

// --- Registers ----------------------------------------------------------------------------------

static BOOLEAN Fits(const STRAY *stray, const STRAY_ACCESS *access)
{
    return access->Bar < stray->BarCount && access->Offset < stray->BarBytes[access->Bar] &&
           access->Width <= stray->BarBytes[access->Bar] - access->Offset &&
           (access->Width == 1 || access->Width == 2 || access->Width == 4 || access->Width == 8) &&
           access->Offset % access->Width == 0;
}

static VOID Write(const STRAY *stray, const STRAY_ACCESS *access)
{
    PUCHAR at = stray->Bar[access->Bar] + access->Offset;
    switch (access->Width) {
    case 1:
        WRITE_REGISTER_UCHAR(at, (UCHAR)access->Value);
        break;
    case 2:
        WRITE_REGISTER_USHORT((PUSHORT)(PVOID)at, (USHORT)access->Value);
        break;
    case 4:
        WRITE_REGISTER_ULONG((PULONG)(PVOID)at, (ULONG)access->Value);
        break;
    default:
        WRITE_REGISTER_ULONG64((PULONG64)(PVOID)at, access->Value);
    }
}

static ULONGLONG Read(const STRAY *stray, const STRAY_ACCESS *access)
{
    PUCHAR at = stray->Bar[access->Bar] + access->Offset;
    switch (access->Width) {
    case 1:
        return READ_REGISTER_UCHAR(at);
    case 2:
        return READ_REGISTER_USHORT((PUSHORT)(PVOID)at);
    case 4:
        return READ_REGISTER_ULONG((PULONG)(PVOID)at);
    default:
        return READ_REGISTER_ULONG64((PULONG64)(PVOID)at);
    }
}

// --- Grants -------------------------------------------------------------------------------------

typedef struct _GRANTING {
    PSTRAY Stray;
    PIRP Irp;
    PULONGLONG Place; // where the address is told
    BOOLEAN Hold;
} GRANTING, *PGRANTING;

static VOID Granted(PDEVICE_OBJECT device, PIRP irp, PSCATTER_GATHER_LIST list, PVOID context)
{
    PGRANTING granting = context;
    PSTRAY stray = granting->Stray;
    UNREFERENCED_PARAMETER(device);
    UNREFERENCED_PARAMETER(irp);
    *granting->Place = (ULONGLONG)list->Elements[0].Address.QuadPart;
    if (granting->Hold) {
        stray->Held = granting->Irp;
        stray->HeldList = list;
    } else {
        stray->Adapter->DmaOperations->PutScatterGatherList(stray->Adapter, list, FALSE);
    }
}

static NTSTATUS Grant(PSTRAY stray, PIRP irp, BOOLEAN hold)
{
    PMDL mdl = irp->MdlAddress;
    GRANTING granting = {.Stray = stray, .Irp = irp, .Hold = hold};
    if (mdl == NULL || MmGetMdlByteCount(mdl) < PAGE_SIZE || (hold && stray->Held != NULL))
        return StrayComplete(irp, STATUS_INVALID_PARAMETER, 0);
    granting.Place = MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority | MdlMappingNoExecute);
    if (granting.Place == NULL)
        return StrayComplete(irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    if (hold)
        IoMarkIrpPending(irp);
    KIRQL irql = KeRaiseIrqlToDpcLevel();
    NTSTATUS status = stray->Adapter->DmaOperations->GetScatterGatherList(
        stray->Adapter, stray->Self, mdl, MmGetMdlVirtualAddress(mdl), PAGE_SIZE, Granted,
        &granting, FALSE);
    KeLowerIrql(irql);
    if (!hold)
        return StrayComplete(irp, status, NT_SUCCESS(status) ? PAGE_SIZE : 0);
    if (!NT_SUCCESS(status))
        (VOID) StrayComplete(irp, status, 0);
    return STATUS_PENDING;
}

VOID StrayLetGo(PSTRAY stray)
{
    KIRQL irql;
    KeAcquireSpinLock(&stray->Lock, &irql);
    PIRP irp = stray->Held;
    PSCATTER_GATHER_LIST list = stray->HeldList;
    stray->Held = NULL;
    stray->HeldList = NULL;
    if (list != NULL)
        stray->Adapter->DmaOperations->PutScatterGatherList(stray->Adapter, list, FALSE);
    KeReleaseSpinLock(&stray->Lock, irql);
    if (irp != NULL)
        (VOID) StrayComplete(irp, STATUS_SUCCESS, PAGE_SIZE);
}

// --- Repetition ---------------------------------------------------------------------------------

static KSTART_ROUTINE Repeat;

static VOID Repeat(PVOID context)
{
    PSTRAY stray = context;
    LARGE_INTEGER pause = {.QuadPart = -10ll * stray->Script.PauseMicroseconds};
    for (ULONGLONG round = 0; !ReadAcquire(&stray->Quiet); round++) {
        if (stray->Script.Rounds != 0 && round == stray->Script.Rounds)
            break;
        for (ULONG i = 0; i < stray->Script.Steps; i++)
            Write(stray, &stray->Script.Step[i]);
        InterlockedIncrement64(&stray->Rounds);
        if (pause.QuadPart != 0)
            (VOID) KeDelayExecutionThread(KernelMode, FALSE, &pause);
    }
    (VOID) PsTerminateSystemThread(STATUS_SUCCESS);
}

static VOID EndThread(PSTRAY stray)
{
    if (stray->Thread == NULL)
        return;
    InterlockedExchange(&stray->Quiet, 1);
    (VOID) KeWaitForSingleObject(stray->Thread, Executive, KernelMode, FALSE, NULL);
    ObDereferenceObject(stray->Thread);
    stray->Thread = NULL;
}

static NTSTATUS StartThread(PSTRAY stray, const STRAY_SCRIPT *script)
{
    HANDLE handle;
    EndThread(stray);
    if (script->Steps > STRAY_STEPS)
        return STATUS_INVALID_PARAMETER;
    for (ULONG i = 0; i < script->Steps; i++)
        if (!Fits(stray, &script->Step[i]))
            return STATUS_INVALID_PARAMETER;
    stray->Script = *script;
    stray->Quiet = 0;
    NTSTATUS status =
        PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, Repeat, stray);
    if (!NT_SUCCESS(status))
        return status;
    (VOID) ObReferenceObjectByHandle(handle, THREAD_ALL_ACCESS, *PsThreadType, KernelMode,
                                     &stray->Thread, NULL);
    return ZwClose(handle);
}

// --- Interrupts, of edu -------------------------------------------------------------------------

#define EDU_CAUSES      0x24u
#define EDU_RAISE       0x60u
#define EDU_ACKNOWLEDGE 0x64u

static BOOLEAN Interrupted(PKINTERRUPT interrupt, PVOID context)
{
    PSTRAY stray = context;
    PUCHAR registers = stray->Bar[0];
    UNREFERENCED_PARAMETER(interrupt);
    stray->Calls++;
    ULONG causes = READ_REGISTER_ULONG((PULONG)(PVOID)(registers + EDU_CAUSES));
    if (causes == 0)
        return FALSE;
    stray->Interrupts++;
    WRITE_REGISTER_ULONG((PULONG)(PVOID)(registers + EDU_ACKNOWLEDGE), causes);
    if (stray->Again)
        WRITE_REGISTER_ULONG((PULONG)(PVOID)(registers + EDU_RAISE), 1);
    return TRUE;
}

static NTSTATUS Listen(PSTRAY stray, BOOLEAN again)
{
    IO_CONNECT_INTERRUPT_PARAMETERS parameters = {
        .Version = CONNECT_LINE_BASED,
        .LineBased = {.PhysicalDeviceObject = stray->Pdo,
                      .InterruptObject = &stray->Interrupt,
                      .ServiceRoutine = Interrupted,
                      .ServiceContext = stray},
    };
    stray->Again = again;
    return stray->Interrupt != NULL ? STATUS_SUCCESS : IoConnectInterruptEx(&parameters);
}

VOID StrayEnd(PSTRAY stray)
{
    EndThread(stray);
    stray->Again = FALSE;
    if (stray->Interrupt == NULL)
        return;
    IO_DISCONNECT_INTERRUPT_PARAMETERS parameters = {
        .Version = CONNECT_LINE_BASED, .ConnectionContext.InterruptObject = stray->Interrupt};
    IoDisconnectInterruptEx(&parameters);
    stray->Interrupt = NULL;
}

// --- Requests -----------------------------------------------------------------------------------

static NTSTATUS Copy(const STRAY *stray, PIRP irp, BOOLEAN fill)
{
    ULONG bytes = irp->MdlAddress != NULL ? MmGetMdlByteCount(irp->MdlAddress) : 0;
    PVOID data =
        bytes != 0 ? MmGetSystemAddressForMdlSafe(irp->MdlAddress, NormalPagePriority) : NULL;
    if (data == NULL || bytes > STRAY_COMMON_BYTES)
        return STATUS_INVALID_PARAMETER;
    if (fill)
        RtlCopyMemory(stray->Common, data, bytes);
    else
        RtlCopyMemory(data, stray->Common, bytes);
    return STATUS_SUCCESS;
}

static ULONG InputNeeded(ULONG code)
{
    switch (code) {
    case IOCTL_STRAY_WRITE:
    case IOCTL_STRAY_READ:
        return sizeof(STRAY_ACCESS);
    case IOCTL_STRAY_REPEAT:
        return sizeof(STRAY_SCRIPT);
    case IOCTL_STRAY_LISTEN:
        return sizeof(ULONG);
    default:
        return 0;
    }
}

static ULONG OutputNeeded(ULONG code)
{
    switch (code) {
    case IOCTL_STRAY_READ:
    case IOCTL_STRAY_COMMON:
    case IOCTL_STRAY_WHERE:
        return sizeof(ULONGLONG);
    case IOCTL_STRAY_QUIET:
    case IOCTL_STRAY_COUNTS:
        return sizeof(STRAY_COUNTS);
    default:
        return 0;
    }
}

static NTSTATUS Perform(PSTRAY stray, ULONG code, PIRP irp)
{
    PVOID buffer = irp->AssociatedIrp.SystemBuffer;
    switch (code) {
    case IOCTL_STRAY_WRITE:
    case IOCTL_STRAY_READ:
        if (!Fits(stray, buffer))
            return STATUS_INVALID_PARAMETER;
        if (code == IOCTL_STRAY_WRITE)
            Write(stray, buffer);
        else
            *(PULONGLONG)buffer = Read(stray, buffer);
        return STATUS_SUCCESS;
    case IOCTL_STRAY_COMMON:
        *(PULONGLONG)buffer = (ULONGLONG)stray->CommonAddress.QuadPart;
        return STATUS_SUCCESS;
    case IOCTL_STRAY_WHERE:
        *(PULONGLONG)buffer = stray->Number;
        return STATUS_SUCCESS;
    case IOCTL_STRAY_FILL:
    case IOCTL_STRAY_SHOW:
        return Copy(stray, irp, code == IOCTL_STRAY_FILL);
    case IOCTL_STRAY_LET_GO:
        StrayLetGo(stray);
        return STATUS_SUCCESS;
    case IOCTL_STRAY_REPEAT:
        return StartThread(stray, buffer);
    case IOCTL_STRAY_QUIET:
        StrayEnd(stray);
        [[fallthrough]];
    case IOCTL_STRAY_COUNTS:
        *(PSTRAY_COUNTS)buffer = (STRAY_COUNTS){.Rounds = (ULONGLONG)stray->Rounds,
                                                .Interrupts = (ULONGLONG)stray->Interrupts,
                                                .Calls = (ULONGLONG)stray->Calls};
        return STATUS_SUCCESS;
    case IOCTL_STRAY_LISTEN:
        return Listen(stray, *(PULONG)buffer != 0);
    default:
        return STATUS_INVALID_DEVICE_REQUEST;
    }
}

NTSTATUS StrayControl(PSTRAY stray, PIRP irp)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    ULONG code = location->Parameters.DeviceIoControl.IoControlCode;
    ULONG output = OutputNeeded(code);
    if (stray->Common == NULL)
        return StrayComplete(irp, STATUS_DEVICE_NOT_READY, 0);
    if (code == IOCTL_STRAY_GRANT || code == IOCTL_STRAY_HOLD)
        return Grant(stray, irp, code == IOCTL_STRAY_HOLD);
    if (location->Parameters.DeviceIoControl.InputBufferLength < InputNeeded(code) ||
        location->Parameters.DeviceIoControl.OutputBufferLength < output)
        return StrayComplete(irp, STATUS_BUFFER_TOO_SMALL, 0);
    if (code == IOCTL_STRAY_SHOW)
        output = location->Parameters.DeviceIoControl.OutputBufferLength;
    NTSTATUS status = Perform(stray, code, irp);
    return StrayComplete(irp, status, NT_SUCCESS(status) ? output : 0);
}
