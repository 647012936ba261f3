// SPDX-License-Identifier: MIT
//
// See pdo.h. Documentation: "Plug and Play Minor IRPs" and the irp-mn-* pages of each query.
#include "pdo.h"

#define LARGE_40_SHIFT 8
#define ALL_PROCESSORS ((KAFFINITY) - 1)

NTSTATUS PdoComplete(PIRP irp, NTSTATUS status)
{
    irp->IoStatus.Status = status;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

NTSTATUS FdoPassDown(PDEVICE_OBJECT lower, PIRP irp)
{
    IoSkipCurrentIrpStackLocation(irp);
    return IoCallDriver(lower, irp);
}

NTSTATUS FdoAgree(PDEVICE_OBJECT lower, PIRP irp)
{
    irp->IoStatus.Status = STATUS_SUCCESS;
    return FdoPassDown(lower, irp);
}

// The drivers below may live in other tasks, and one of them may just have died: REMOVE cannot be
// assumed to be complete when IoCallDriver returns, and its failure changes nothing here.
NTSTATUS FdoRemove(PDEVICE_OBJECT self, PDEVICE_OBJECT lower, PIRP irp)
{
    irp->IoStatus.Status = STATUS_SUCCESS;
    (VOID) IoForwardIrpSynchronously(lower, irp);
    IoDetachDevice(lower);
    NTSTATUS status = PdoComplete(irp, STATUS_SUCCESS);
    IoDeleteDevice(self);
    return status;
}

NTSTATUS PdoAddRelations(PIRP irp, PDEVICE_OBJECT const *devices, ULONG count)
{
    PDEVICE_RELATIONS before = (PDEVICE_RELATIONS)irp->IoStatus.Information;
    ULONG kept = before ? before->Count : 0;
    SIZE_T bytes = offsetof(DEVICE_RELATIONS, Objects) + ((SIZE_T)kept + count) * sizeof(PVOID);
    PDEVICE_RELATIONS all = ExAllocatePool2(POOL_FLAG_PAGED, bytes, PDO_TAG);
    if (!all)
        return STATUS_INSUFFICIENT_RESOURCES;
    for (ULONG i = 0; i < kept; i++)
        all->Objects[i] = before->Objects[i];
    for (ULONG i = 0; i < count; i++) {
        ObReferenceObject(devices[i]);
        all->Objects[kept + i] = devices[i];
    }
    all->Count = kept + count;
    if (before)
        ExFreePool(before);
    irp->IoStatus.Information = (ULONG_PTR)all;
    return STATUS_SUCCESS;
}

NTSTATUS FdoBusRelations(PDEVICE_OBJECT lower, PIRP irp, PDEVICE_OBJECT const *children,
                         ULONG count)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    if (location->Parameters.QueryDeviceRelations.Type != BusRelations)
        return FdoPassDown(lower, irp);
    NTSTATUS status = PdoAddRelations(irp, children, count);
    if (!NT_SUCCESS(status))
        return PdoComplete(irp, status);
    return FdoAgree(lower, irp);
}

static PWCHAR append(PWCHAR to, const char *text)
{
    for (; *text; text++)
        *to++ = (WCHAR)(UCHAR)*text;
    *to++ = 0;
    return to;
}

static NTSTATUS answer_strings(PIRP irp, const char *const *texts, ULONG count, BOOLEAN multi)
{
    SIZE_T characters = multi;
    for (ULONG i = 0; i < count; i++)
        characters += strlen(texts[i]) + 1;
    PWCHAR buffer = ExAllocatePool2(POOL_FLAG_PAGED, characters * sizeof(WCHAR), PDO_TAG);
    if (!buffer)
        return STATUS_INSUFFICIENT_RESOURCES;
    PWCHAR at = buffer; // the pool is zeroed: the multi-string's end is there
    for (ULONG i = 0; i < count; i++)
        at = append(at, texts[i]);
    irp->IoStatus.Information = (ULONG_PTR)buffer;
    return STATUS_SUCCESS;
}

NTSTATUS PdoAnswerString(PIRP irp, const char *text)
{
    return answer_strings(irp, &text, 1, FALSE);
}

NTSTATUS PdoAnswerStrings(PIRP irp, const char *const *texts, ULONG count)
{
    return answer_strings(irp, texts, count, TRUE);
}

ULONG PdoResourcesBytes(ULONG count)
{
    return (ULONG)(offsetof(CM_RESOURCE_LIST, List[0].PartialResourceList.PartialDescriptors) +
                   count * sizeof(CM_PARTIAL_RESOURCE_DESCRIPTOR));
}

PCM_RESOURCE_LIST PdoNewResources(INTERFACE_TYPE bus, ULONG bus_number, ULONG count)
{
    PCM_RESOURCE_LIST list = ExAllocatePool2(POOL_FLAG_PAGED, PdoResourcesBytes(count), PDO_TAG);
    if (!list)
        return NULL;
    list->Count = 1;
    list->List[0].InterfaceType = bus;
    list->List[0].BusNumber = bus_number;
    list->List[0].PartialResourceList.Version = 1;
    list->List[0].PartialResourceList.Revision = 1;
    list->List[0].PartialResourceList.Count = count;
    return list;
}

PCM_PARTIAL_RESOURCE_DESCRIPTOR PdoDescriptors(PCM_RESOURCE_LIST list, PULONG count)
{
    *count = list && list->Count > 0 ? list->List[0].PartialResourceList.Count : 0;
    return *count ? (PVOID)((PUCHAR)list + PdoResourcesBytes(0)) : NULL;
}

NTSTATUS PdoMemory(PCM_PARTIAL_RESOURCE_DESCRIPTOR descriptor, ULONGLONG start, ULONGLONG length,
                   USHORT flags)
{
    BOOLEAN large = length > MAXULONG;
    if (large && (length >> LARGE_40_SHIFT > MAXULONG || length % (1u << LARGE_40_SHIFT) != 0))
        return STATUS_INTEGER_OVERFLOW;
    descriptor->Type = large ? CmResourceTypeMemoryLarge : CmResourceTypeMemory;
    descriptor->ShareDisposition = CmResourceShareDeviceExclusive;
    descriptor->Flags = (USHORT)(flags | (large ? CM_RESOURCE_MEMORY_LARGE_40 : 0));
    descriptor->u.Memory.Start.QuadPart = (LONGLONG)start;
    descriptor->u.Memory.Length = (ULONG)(large ? length >> LARGE_40_SHIFT : length);
    return STATUS_SUCCESS;
}

VOID PdoPort(PCM_PARTIAL_RESOURCE_DESCRIPTOR descriptor, ULONGLONG start, ULONG length,
             USHORT flags)
{
    descriptor->Type = CmResourceTypePort;
    descriptor->ShareDisposition = CmResourceShareDeviceExclusive;
    descriptor->Flags = (USHORT)(flags | CM_RESOURCE_PORT_IO);
    descriptor->u.Port.Start.QuadPart = (LONGLONG)start;
    descriptor->u.Port.Length = length;
}

VOID PdoInterrupt(PCM_PARTIAL_RESOURCE_DESCRIPTOR descriptor, ULONG source, BOOLEAN shared,
                  BOOLEAN latched)
{
    descriptor->Type = CmResourceTypeInterrupt;
    descriptor->ShareDisposition = shared ? CmResourceShareShared : CmResourceShareDeviceExclusive;
    descriptor->Flags =
        latched ? CM_RESOURCE_INTERRUPT_LATCHED : CM_RESOURCE_INTERRUPT_LEVEL_SENSITIVE;
    descriptor->u.Interrupt.Level = (USHORT)source;
    descriptor->u.Interrupt.Vector = source;
    descriptor->u.Interrupt.Affinity = ALL_PROCESSORS;
}

ULONGLONG PdoRange(const CM_PARTIAL_RESOURCE_DESCRIPTOR *descriptor, PULONGLONG start)
{
    *start = (ULONGLONG)descriptor->u.Memory.Start.QuadPart;
    ULONGLONG length = descriptor->u.Memory.Length;
    if (descriptor->Type == CmResourceTypeMemory || descriptor->Type == CmResourceTypePort)
        return length;
    if (descriptor->Type != CmResourceTypeMemoryLarge)
        return 0;
    if (descriptor->Flags & CM_RESOURCE_MEMORY_LARGE_40)
        return length << LARGE_40_SHIFT;
    return descriptor->Flags & CM_RESOURCE_MEMORY_LARGE_48 ? length << 16 : length << 32;
}

// Large and private descriptors have no requirement type of their own: the former are given as
// memory of the same flags with the length as encoded, the latter are carried over.
static VOID fix_requirement(const CM_PARTIAL_RESOURCE_DESCRIPTOR *from, PIO_RESOURCE_DESCRIPTOR to)
{
    ULONGLONG start;
    ULONGLONG length = PdoRange(from, &start);
    to->Type = from->Type;
    to->ShareDisposition = from->ShareDisposition;
    to->Flags = from->Flags;
    if (length) {
        to->u.Memory.Length = from->u.Memory.Length;
        to->u.Memory.Alignment = 1;
        to->u.Memory.MinimumAddress.QuadPart = (LONGLONG)start;
        to->u.Memory.MaximumAddress.QuadPart = (LONGLONG)(start + length - 1);
    } else if (from->Type == CmResourceTypeInterrupt) {
        to->u.Interrupt.MinimumVector = from->u.Interrupt.Vector;
        to->u.Interrupt.MaximumVector = from->u.Interrupt.Vector;
        to->u.Interrupt.TargetedProcessors = from->u.Interrupt.Affinity;
    } else if (from->Type == CmResourceTypeBusNumber) {
        to->u.BusNumber.Length = from->u.BusNumber.Length;
        to->u.BusNumber.MinBusNumber = from->u.BusNumber.Start;
        to->u.BusNumber.MaxBusNumber = from->u.BusNumber.Start + from->u.BusNumber.Length - 1;
    } else {
        RtlCopyMemory(&to->u.DevicePrivate, &from->u.DevicePrivate, sizeof to->u.DevicePrivate);
    }
}

PIO_RESOURCE_REQUIREMENTS_LIST PdoFixedRequirements(PCM_RESOURCE_LIST list)
{
    ULONG count;
    PCM_PARTIAL_RESOURCE_DESCRIPTOR from = PdoDescriptors(list, &count);
    ULONG bytes = (ULONG)(offsetof(IO_RESOURCE_REQUIREMENTS_LIST, List[0].Descriptors) +
                          count * sizeof(IO_RESOURCE_DESCRIPTOR));
    PIO_RESOURCE_REQUIREMENTS_LIST all = ExAllocatePool2(POOL_FLAG_PAGED, bytes, PDO_TAG);
    if (!all)
        return NULL;
    PIO_RESOURCE_DESCRIPTOR to =
        (PVOID)((PUCHAR)all + offsetof(IO_RESOURCE_REQUIREMENTS_LIST, List[0].Descriptors));
    all->ListSize = bytes;
    all->InterfaceType = list->List[0].InterfaceType;
    all->BusNumber = list->List[0].BusNumber;
    all->AlternativeLists = 1;
    all->List[0].Version = 1;
    all->List[0].Revision = 1;
    all->List[0].Count = count;
    for (ULONG i = 0; i < count; i++)
        fix_requirement(&from[i], &to[i]);
    return all;
}

NTSTATUS PdoAnswerCapabilities(PIRP irp, ULONG address)
{
    PDEVICE_CAPABILITIES capabilities =
        IoGetCurrentIrpStackLocation(irp)->Parameters.DeviceCapabilities.Capabilities;
    if (capabilities->Version != 1 || capabilities->Size < sizeof *capabilities)
        return STATUS_NOT_SUPPORTED;
    capabilities->Address = address;
    capabilities->UINumber = MAXULONG;
    capabilities->UniqueID = 0;
    for (ULONG state = PowerSystemUnspecified; state < POWER_SYSTEM_MAXIMUM; state++)
        capabilities->DeviceState[state] = PowerDeviceD3;
    capabilities->DeviceState[PowerSystemUnspecified] = PowerDeviceUnspecified;
    capabilities->DeviceState[PowerSystemWorking] = PowerDeviceD0;
    capabilities->SystemWake = PowerSystemUnspecified;
    capabilities->DeviceWake = PowerDeviceUnspecified;
    return STATUS_SUCCESS;
}

NTSTATUS PdoAnswerBus(PIRP irp, const GUID *type, INTERFACE_TYPE legacy, ULONG number)
{
    PPNP_BUS_INFORMATION bus =
        ExAllocatePool2(POOL_FLAG_PAGED, sizeof(PNP_BUS_INFORMATION), PDO_TAG);
    if (!bus)
        return STATUS_INSUFFICIENT_RESOURCES;
    *bus = (PNP_BUS_INFORMATION){*type, legacy, number};
    irp->IoStatus.Information = (ULONG_PTR)bus;
    return STATUS_SUCCESS;
}
