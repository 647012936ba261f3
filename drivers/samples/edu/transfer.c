// SPDX-License-Identifier: MIT
//
// What the device does for a request, and its interrupt. A request has been checked before.
//
//   factorial     STATUS, FACTORIAL ............ interrupt: read FACTORIAL
//   copy, common  (copy) one DMA ............... interrupt: (copy)
//   copy, packet  GetScatterGatherList -> one DMA an element ... interrupt: next element, or the
//   end
//
// The addresses that the device is given are logical: of a common buffer, or of an element of a
// scatter/gather list. They are of no use to the processor, and MmGetPhysicalAddress is of no use
// to the device.
#include "device.h"

static ULONG CodeOf(PIRP irp)
{
    return IoGetCurrentIrpStackLocation(irp)->Parameters.DeviceIoControl.IoControlCode;
}

static ULONG LengthOf(PIRP irp)
{
    return IoGetCurrentIrpStackLocation(irp)->Parameters.DeviceIoControl.OutputBufferLength;
}

static BOOLEAN IsToDevice(PIRP irp)
{
    return CodeOf(irp) == IOCTL_EDU_COPY_TO;
}

static VOID StartDma(PEDU edu, ULONGLONG memory, ULONG bytes, BOOLEAN toDevice)
{
    ULONGLONG device = EDU_BUFFER_ADDRESS + edu->DeviceOffset;
    EduWriteLong(edu, EDU_DMA_SOURCE, toDevice ? memory : device);
    EduWriteLong(edu, EDU_DMA_TARGET, toDevice ? device : memory);
    EduWriteLong(edu, EDU_DMA_COUNT, bytes);
    EduWriteLong(edu, EDU_DMA_COMMAND,
                 EDU_DMA_START | EDU_DMA_INTERRUPT | (toDevice ? 0 : EDU_DMA_TO_MEMORY));
}

// AdapterListControl: the caller's pages have logical addresses now, until the list is put back.
static VOID ListReady(PDEVICE_OBJECT device, PIRP unused, PSCATTER_GATHER_LIST list, PVOID context)
{
    PIRP irp = context;
    PEDU edu = device->DeviceExtension;
    UNREFERENCED_PARAMETER(unused);
    edu->List = list;
    edu->Element = 0;
    StartDma(edu, (ULONGLONG)list->Elements[0].Address.QuadPart, list->Elements[0].Length,
             IsToDevice(irp));
}

static NTSTATUS StartPacket(PEDU edu, PIRP irp)
{
    return edu->Adapter->DmaOperations->GetScatterGatherList(
        edu->Adapter, edu->Self, irp->MdlAddress, MmGetMdlVirtualAddress(irp->MdlAddress),
        LengthOf(irp), ListReady, irp, IsToDevice(irp));
}

static NTSTATUS StartCommon(PEDU edu, PIRP irp)
{
    PVOID data = MmGetSystemAddressForMdlSafe(irp->MdlAddress, NormalPagePriority);
    if (data == NULL || edu->Common == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    if (IsToDevice(irp))
        RtlCopyMemory(edu->Common, data, LengthOf(irp));
    StartDma(edu, (ULONGLONG)edu->CommonAddress.QuadPart, LengthOf(irp), IsToDevice(irp));
    return STATUS_SUCCESS;
}

static NTSTATUS StartFactorial(PEDU edu, PIRP irp)
{
    EduWrite(edu, EDU_STATUS, EDU_STATUS_INTERRUPT);
    EduWrite(edu, EDU_FACTORIAL, *(PULONG)irp->AssociatedIrp.SystemBuffer);
    return STATUS_SUCCESS;
}

NTSTATUS EduStart(PEDU edu, PIRP irp)
{
    const struct edu_place *place = irp->AssociatedIrp.SystemBuffer;
    edu->List = NULL;
    if (CodeOf(irp) == IOCTL_EDU_FACTORIAL)
        return StartFactorial(edu, irp);
    edu->DeviceOffset = place->offset;
    return place->way == EDU_PACKET ? StartPacket(edu, irp) : StartCommon(edu, irp);
}

VOID EduEndDma(PEDU edu, PIRP irp)
{
    if (edu->List != NULL)
        edu->Adapter->DmaOperations->PutScatterGatherList(edu->Adapter, edu->List, IsToDevice(irp));
    edu->List = NULL;
}

// --- Interrupt ----------------------------------------------------------------------------------

// At DIRQL: find out why, take the interrupt back, leave the rest to the DPC.
BOOLEAN EduLineInterrupt(PKINTERRUPT interrupt, PVOID context)
{
    PEDU edu = context;
    ULONG causes = EduRead(edu, EDU_CAUSES);
    UNREFERENCED_PARAMETER(interrupt);
    if (causes == 0)
        return FALSE; // the line is shared: another device's
    EduWrite(edu, EDU_ACKNOWLEDGE, causes);
    InterlockedOr(&edu->Causes, (LONG)causes);
    InterlockedIncrement(&edu->Interrupts);
    KeInsertQueueDpc(&edu->Dpc, NULL, NULL);
    return TRUE;
}

// The device has one message, for all causes.
BOOLEAN EduMessageInterrupt(PKINTERRUPT interrupt, PVOID context, ULONG message)
{
    UNREFERENCED_PARAMETER(message);
    return EduLineInterrupt(interrupt, context);
}

static VOID FactorialReady(PEDU edu, PIRP irp)
{
    *(PULONG)irp->AssociatedIrp.SystemBuffer = EduRead(edu, EDU_FACTORIAL);
    EduFinish(edu, irp, STATUS_SUCCESS, sizeof(ULONG));
}

// The next element of the list. The request is put back first, because the interrupt may come at
// once; then it and its list may be gone, and only copies are touched.
static VOID NextElement(PEDU edu, PIRP irp)
{
    BOOLEAN toDevice = IsToDevice(irp);
    edu->DeviceOffset += edu->List->Elements[edu->Element++].Length;
    SCATTER_GATHER_ELEMENT element = edu->List->Elements[edu->Element];
    EduPutBack(edu, irp);
    StartDma(edu, (ULONGLONG)element.Address.QuadPart, element.Length, toDevice);
}

static VOID DmaReady(PEDU edu, PIRP irp)
{
    const struct edu_place *place = irp->AssociatedIrp.SystemBuffer;
    if (edu->List != NULL && edu->Element + 1 < edu->List->NumberOfElements) {
        NextElement(edu, irp);
        return;
    }
    if (place->way == EDU_COMMON && !IsToDevice(irp))
        RtlCopyMemory(MmGetSystemAddressForMdlSafe(irp->MdlAddress, NormalPagePriority),
                      edu->Common, LengthOf(irp));
    EduFinish(edu, irp, STATUS_SUCCESS, LengthOf(irp));
}

// A cause that the current request does not wait for is the device's own idea, and changes nothing.
VOID EduDpc(PKDPC dpc, PVOID context, PVOID unused1, PVOID unused2)
{
    PEDU edu = context;
    ULONG causes = (ULONG)InterlockedExchange(&edu->Causes, 0);
    PIRP irp = EduTakeCurrent(edu);
    UNREFERENCED_PARAMETER(dpc);
    UNREFERENCED_PARAMETER(unused1);
    UNREFERENCED_PARAMETER(unused2);
    if (irp == NULL)
        return;
    BOOLEAN factorial = CodeOf(irp) == IOCTL_EDU_FACTORIAL;
    if (factorial && causes & EDU_CAUSE_FACTORIAL)
        FactorialReady(edu, irp);
    else if (!factorial && causes & EDU_CAUSE_DMA)
        DmaReady(edu, irp);
    else
        EduPutBack(edu, irp);
}
