// SPDX-License-Identifier: MIT
//
// What a function needs and what it is given. Its registers lie where they were put when the bus
// was enumerated, so only interrupts have alternatives: messages (MSI-X before MSI), fewer
// messages, its line; see "Using Interrupt Resource Descriptors". Which of them it gets the PnP
// manager decides.
#include "pci.h"

#include "registers.h"

#include <drivers/message.h>

static BOOLEAN is_reported(const struct pci_region *bar)
{
    return bar->assigned && (bar->space != PCI_IO || bar->size <= MAXULONG);
}

// The function's own list: assigned BARs in order, then its line. NULL without memory.
static PCM_RESOURCE_LIST make_resources(const struct pci_function *function)
{
    ULONG count = function->routed;
    for (unsigned i = 0; i < PCI_BARS; i++)
        count += is_reported(&function->bars[i]);
    PCM_RESOURCE_LIST list = PdoNewResources(PCIBus, pci_bus(function->bdf), count);
    PCM_PARTIAL_RESOURCE_DESCRIPTOR next = list ? PdoDescriptors(list, &count) : NULL;
    for (unsigned i = 0; next && i < PCI_BARS; i++) {
        const struct pci_region *bar = &function->bars[i];
        USHORT flags = bar->prefetchable ? CM_RESOURCE_MEMORY_PREFETCHABLE : 0;
        if (!is_reported(bar))
            continue;
        if (bar->space == PCI_IO)
            PdoPort(next++, bar->address, (ULONG)bar->size, CM_RESOURCE_PORT_BAR);
        else // a power of two: any size has an encoding
            (VOID) PdoMemory(next++, bar->address, bar->size, flags | CM_RESOURCE_MEMORY_BAR);
    }
    if (next && function->routed)
        PdoInterrupt(next, function->source, TRUE, FALSE);
    return list;
}

NTSTATUS ResourcesAnswer(const struct pci_function *function, PIRP irp)
{
    PCM_RESOURCE_LIST list = make_resources(function);
    irp->IoStatus.Information = (ULONG_PTR)list;
    return list ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

// --- Requirements -------------------------------------------------------------------------------

struct requirements {
    PIO_RESOURCE_REQUIREMENTS_LIST all;
    PUCHAR end;
};

static PIO_RESOURCE_DESCRIPTOR add_descriptor(struct requirements *to, PIO_RESOURCE_LIST list)
{
    PIO_RESOURCE_DESCRIPTOR descriptor = (PVOID)to->end;
    RtlZeroMemory(descriptor, sizeof *descriptor);
    to->end += sizeof *descriptor;
    list->Count++;
    return descriptor;
}

// MSI has one descriptor for all messages, MSI-X one for each.
static VOID add_messages(struct requirements *to, PIO_RESOURCE_LIST list,
                         enum pci_message_kind kind, ULONG count)
{
    for (ULONG i = 0; i < (kind == PCI_MSI ? 1 : count); i++) {
        PIO_RESOURCE_DESCRIPTOR descriptor = add_descriptor(to, list);
        descriptor->Type = CmResourceTypeInterrupt;
        descriptor->ShareDisposition = CmResourceShareDeviceExclusive;
        descriptor->Flags = CM_RESOURCE_INTERRUPT_LATCHED | CM_RESOURCE_INTERRUPT_MESSAGE;
        descriptor->u.Interrupt.MinimumVector =
            CM_RESOURCE_INTERRUPT_MESSAGE_TOKEN - (kind == PCI_MSI ? count - 1 : 0);
        descriptor->u.Interrupt.MaximumVector = CM_RESOURCE_INTERRUPT_MESSAGE_TOKEN;
        descriptor->u.Interrupt.AffinityPolicy = IrqPolicyMachineDefault;
        descriptor->u.Interrupt.PriorityPolicy = IrqPriorityUndefined;
    }
}

// One alternative: the registers, and that many messages, or the line.
static VOID add_alternative(struct requirements *to, PIO_RESOURCE_REQUIREMENTS_LIST fixed,
                            enum pci_message_kind kind, ULONG messages)
{
    PIO_RESOURCE_LIST list = (PVOID)to->end;
    to->end += offsetof(IO_RESOURCE_LIST, Descriptors);
    list->Version = list->Revision = 1;
    list->Count = 0;
    to->all->AlternativeLists++;
    for (ULONG i = 0; i < fixed->List[0].Count; i++) {
        PIO_RESOURCE_DESCRIPTOR from = &fixed->List[0].Descriptors[i];
        if (messages == 0 || from->Type != CmResourceTypeInterrupt)
            *add_descriptor(to, list) = *from;
    }
    add_messages(to, list, kind, messages);
}

static ULONG messages_wanted(const struct pci_function *function)
{
    return function->messages.count < MESSAGES_MOST ? function->messages.count : MESSAGES_MOST;
}

static PIO_RESOURCE_REQUIREMENTS_LIST make_requirements(const struct pci_function *function,
                                                        PIO_RESOURCE_REQUIREMENTS_LIST fixed)
{
    ULONG wanted = messages_wanted(function);
    ULONG bytes = (ULONG)(offsetof(IO_RESOURCE_REQUIREMENTS_LIST, List) +
                          3 * offsetof(IO_RESOURCE_LIST, Descriptors) +
                          (3 * fixed->List[0].Count + wanted + 1) * sizeof(IO_RESOURCE_DESCRIPTOR));
    struct requirements to = {.all = ExAllocatePool2(POOL_FLAG_PAGED, bytes, PCI_TAG)};
    if (!to.all)
        return NULL;
    to.all->InterfaceType = fixed->InterfaceType;
    to.all->BusNumber = fixed->BusNumber;
    to.end = (PUCHAR)to.all + offsetof(IO_RESOURCE_REQUIREMENTS_LIST, List);
    if (wanted > 0)
        add_alternative(&to, fixed, function->messages.kind, wanted);
    if (wanted > 1)
        add_alternative(&to, fixed, function->messages.kind, 1);
    add_alternative(&to, fixed, PCI_LINE, 0);
    to.all->ListSize = (ULONG)(to.end - (PUCHAR)to.all);
    return to.all;
}

NTSTATUS RequirementsAnswer(const struct pci_function *function, PIRP irp)
{
    PCM_RESOURCE_LIST list = make_resources(function);
    PIO_RESOURCE_REQUIREMENTS_LIST fixed = list ? PdoFixedRequirements(list) : NULL;
    PIO_RESOURCE_REQUIREMENTS_LIST all = fixed ? make_requirements(function, fixed) : NULL;
    if (fixed)
        ExFreePool(fixed);
    if (list)
        ExFreePool(list);
    irp->IoStatus.Information = (ULONG_PTR)all;
    return all ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

// --- START_DEVICE -------------------------------------------------------------------------------

static BOOLEAN is_message(const CM_PARTIAL_RESOURCE_DESCRIPTOR *descriptor)
{
    return descriptor->Type == CmResourceTypeInterrupt &&
           descriptor->Flags & CM_RESOURCE_INTERRUPT_MESSAGE;
}

static BOOLEAN same_resource(const CM_PARTIAL_RESOURCE_DESCRIPTOR *a,
                             const CM_PARTIAL_RESOURCE_DESCRIPTOR *b)
{
    ULONGLONG a_start, b_start;
    if (a->Type != b->Type)
        return FALSE;
    if (a->Type == CmResourceTypeInterrupt)
        return a->u.Interrupt.Vector == b->u.Interrupt.Vector;
    return PdoRange(a, &a_start) == PdoRange(b, &b_start) && a_start == b_start;
}

// The registers were programmed when the bus was enumerated: a function can start only there, and
// with its own line, or with messages in the place of it.
static NTSTATUS check_resources(const struct pci_function *function, PCM_RESOURCE_LIST given)
{
    ULONG own_count, given_count, same = 0, messages = 0;
    PCM_RESOURCE_LIST own = make_resources(function);
    if (!own)
        return STATUS_INSUFFICIENT_RESOURCES;
    PCM_PARTIAL_RESOURCE_DESCRIPTOR mine = PdoDescriptors(own, &own_count);
    PCM_PARTIAL_RESOURCE_DESCRIPTOR theirs = PdoDescriptors(given, &given_count);
    while (same < own_count && same < given_count && same_resource(&mine[same], &theirs[same]) &&
           !is_message(&theirs[same]))
        same++;
    for (ULONG i = same; i < given_count && is_message(&theirs[i]); i++)
        messages++;
    ULONG needed = own_count - (messages > 0 ? function->routed : 0);
    ExFreePool(own);
    if (given_count < needed)
        return STATUS_DEVICE_CONFIGURATION_ERROR;
    return same >= needed ? STATUS_SUCCESS : STATUS_CONFLICTING_ADDRESSES;
}

static VOID take_messages(struct pdo_extension *extension, PCM_RESOURCE_LIST raw)
{
    ULONG count;
    PCM_PARTIAL_RESOURCE_DESCRIPTOR item = PdoDescriptors(raw, &count);
    extension->message_count = 0;
    for (; count > 0 && extension->message_count < MESSAGES_MOST; count--, item++) {
        const ULONG *data = item->u.DevicePrivate.Data;
        if (item->Type == CmResourceTypeDevicePrivate && data[0] >> 16 == MESSAGE_PRIVATE)
            extension->messages[extension->message_count++] = (struct pci_message){
                .address = data[1] | (ULONGLONG)data[2] << 32, .data = (USHORT)data[0]};
    }
}

// The hart's address of the BAR with the MSI-X table: the lists are parallel.
static ULONGLONG table_address(const struct pci_function *function, PCM_RESOURCE_LIST raw,
                               PCM_RESOURCE_LIST translated)
{
    ULONG count, translated_count;
    PCM_PARTIAL_RESOURCE_DESCRIPTOR from = PdoDescriptors(raw, &count);
    PCM_PARTIAL_RESOURCE_DESCRIPTOR to = PdoDescriptors(translated, &translated_count);
    for (ULONG i = 0; i < count && i < translated_count; i++) {
        ULONGLONG start;
        if (from[i].Type != CmResourceTypePort && PdoRange(&from[i], &start) != 0 &&
            start == function->bars[function->messages.bar].address &&
            PdoRange(&to[i], &start) != 0)
            return start + function->messages.table;
    }
    return 0;
}

NTSTATUS ResourcesTake(struct pdo_extension *extension, PCM_RESOURCE_LIST raw,
                       PCM_RESOURCE_LIST translated)
{
    const struct pci_function *function = extension->function;
    NTSTATUS status = check_resources(function, raw);
    if (!NT_SUCCESS(status))
        return status;
    take_messages(extension, raw);
    extension->table = function->messages.kind == PCI_MSIX && extension->message_count > 0
                           ? table_address(function, raw, translated)
                           : 0;
    return STATUS_SUCCESS;
}

BOOLEAN MessagesWrite(const struct pdo_extension *extension)
{
    const struct pci_message_capability *messages = &extension->function->messages;
    PHYSICAL_ADDRESS where = {.QuadPart = (LONGLONG)extension->table};
    if (messages->kind != PCI_MSIX)
        return TRUE;
    SIZE_T bytes = messages->count * PCI_MSIX_ENTRY;
    PUCHAR table = extension->table ? MmMapIoSpace(where, bytes, MmNonCached) : NULL;
    if (!table)
        return FALSE;
    for (ULONG i = 0; i < messages->count; i++) {
        PULONG entry = (PVOID)(table + i * PCI_MSIX_ENTRY);
        BOOLEAN used = i < extension->message_count;
        struct pci_message message = used ? extension->messages[i] : (struct pci_message){};
        WRITE_REGISTER_ULONG(entry + MSIX_ENTRY_ADDRESS / 4, (ULONG)message.address);
        WRITE_REGISTER_ULONG(entry + MSIX_ENTRY_ADDRESS / 4 + 1, (ULONG)(message.address >> 32));
        WRITE_REGISTER_ULONG(entry + MSIX_ENTRY_DATA / 4, message.data);
        WRITE_REGISTER_ULONG(entry + MSIX_ENTRY_CONTROL / 4, used ? 0 : 1);
    }
    MmUnmapIoSpace(table, bytes);
    return TRUE;
}
