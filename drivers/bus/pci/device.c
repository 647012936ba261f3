// SPDX-License-Identifier: MIT
//
// A PCI function's PDO. Its life: everything off until START; START turns on decoding, mastering
// and INTx when the resources are those that were assigned; STOP, SURPRISE_REMOVAL, REMOVE and D3
// turn them off, which ends the device's DMA whatever its driver did. Identifiers follow
// "Identifiers for PCI Devices".
#include "pci.h"

#include <initguid.h>

#include <drivers/quiesce.h>
#include <wdmguid.h>

#define ID_BYTES       64u
#define IDS_MOST       8u
#define RESOURCES_MOST (PCI_BARS + 1)

struct ids {
    char text[IDS_MOST][ID_BYTES];
    const char *list[IDS_MOST];
    ULONG count;
};

static VOID add_id(struct ids *ids, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)_vsnprintf(ids->text[ids->count], ID_BYTES, format, arguments);
    va_end(arguments);
    ids->list[ids->count] = ids->text[ids->count];
    ids->count++;
}

static VOID make_hardware_ids(const struct pci_function *f, struct ids *ids)
{
    unsigned v = f->vendor, d = f->device, r = f->revision, c = f->class_code;
    unsigned s = (unsigned)f->subsystem << 16 | f->subsystem_vendor;
    add_id(ids, "PCI\\VEN_%04X&DEV_%04X&SUBSYS_%08X&REV_%02X", v, d, s, r);
    add_id(ids, "PCI\\VEN_%04X&DEV_%04X&SUBSYS_%08X", v, d, s);
    add_id(ids, "PCI\\VEN_%04X&DEV_%04X&REV_%02X", v, d, r);
    add_id(ids, "PCI\\VEN_%04X&DEV_%04X", v, d);
    add_id(ids, "PCI\\VEN_%04X&DEV_%04X&CC_%06X", v, d, c);
    add_id(ids, "PCI\\VEN_%04X&DEV_%04X&CC_%04X", v, d, c >> 8);
}

static VOID make_compatible_ids(const struct pci_function *f, struct ids *ids)
{
    unsigned v = f->vendor, d = f->device, r = f->revision, c = f->class_code;
    add_id(ids, "PCI\\VEN_%04X&DEV_%04X&REV_%02X", v, d, r);
    add_id(ids, "PCI\\VEN_%04X&DEV_%04X", v, d);
    add_id(ids, "PCI\\VEN_%04X&CC_%06X", v, c);
    add_id(ids, "PCI\\VEN_%04X&CC_%04X", v, c >> 8);
    add_id(ids, "PCI\\VEN_%04X", v);
    add_id(ids, "PCI\\CC_%06X", c);
    add_id(ids, "PCI\\CC_%04X", c >> 8);
}

static NTSTATUS answer_id(const struct pci_function *function, PIRP irp)
{
    struct ids ids = {};
    switch (IoGetCurrentIrpStackLocation(irp)->Parameters.QueryId.IdType) {
    case BusQueryDeviceID:
        make_hardware_ids(function, &ids);
        return PdoAnswerString(irp, ids.list[0]);
    case BusQueryHardwareIDs:
        make_hardware_ids(function, &ids);
        return PdoAnswerStrings(irp, ids.list, ids.count);
    case BusQueryCompatibleIDs:
        make_compatible_ids(function, &ids);
        return PdoAnswerStrings(irp, ids.list, ids.count);
    case BusQueryInstanceID:
        add_id(&ids, "%02X:%02X.%X", pci_bus(function->bdf), pci_device(function->bdf),
               pci_func(function->bdf));
        return PdoAnswerString(irp, ids.list[0]);
    default:
        return irp->IoStatus.Status;
    }
}

// Base classes of the PCI Code and ID Assignment Specification 1.11, section 1.
static const char *describe(const struct pci_function *function)
{
    static const char *const base[] = {
        "PCI device",
        "Storage controller",
        "Network controller",
        "Display controller",
        "Multimedia device",
        "Memory controller",
        "Bridge",
        "Communication device",
        "System peripheral",
        "Input controller",
        "Docking station",
        "Processor",
        "Serial bus controller",
        "Wireless controller",
        "Intelligent controller",
        "Satellite controller",
        "Encryption controller",
        "Signal processor",
    };
    unsigned class_code = function->class_code >> 16;
    return base[class_code < ARRAYSIZE(base) ? class_code : 0];
}

static NTSTATUS answer_text(const struct pci_function *function, PIRP irp)
{
    struct ids ids = {};
    switch (IoGetCurrentIrpStackLocation(irp)->Parameters.QueryDeviceText.DeviceTextType) {
    case DeviceTextDescription:
        return PdoAnswerString(irp, describe(function));
    case DeviceTextLocationInformation:
        add_id(&ids, "PCI bus %u, device %u, function %u", pci_bus(function->bdf),
               pci_device(function->bdf), pci_func(function->bdf));
        return PdoAnswerString(irp, ids.list[0]);
    default:
        return irp->IoStatus.Status;
    }
}

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

static NTSTATUS answer_resources(const struct pci_function *function, PIRP irp)
{
    PCM_RESOURCE_LIST list = make_resources(function);
    irp->IoStatus.Information = (ULONG_PTR)list;
    return list ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

static NTSTATUS answer_requirements(const struct pci_function *function, PIRP irp)
{
    PCM_RESOURCE_LIST list = make_resources(function);
    PIO_RESOURCE_REQUIREMENTS_LIST requirements = list ? PdoFixedRequirements(list) : NULL;
    if (list)
        ExFreePool(list);
    irp->IoStatus.Information = (ULONG_PTR)requirements;
    return requirements ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
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

// The registers were programmed when the bus was enumerated: a function can start only there.
static NTSTATUS check_resources(const struct pci_function *function, PCM_RESOURCE_LIST given)
{
    ULONG own_count, given_count;
    PCM_RESOURCE_LIST own = make_resources(function);
    if (!own)
        return STATUS_INSUFFICIENT_RESOURCES;
    PCM_PARTIAL_RESOURCE_DESCRIPTOR mine = PdoDescriptors(own, &own_count);
    PCM_PARTIAL_RESOURCE_DESCRIPTOR theirs = PdoDescriptors(given, &given_count);
    NTSTATUS status = own_count == given_count ? STATUS_SUCCESS : STATUS_DEVICE_CONFIGURATION_ERROR;
    for (ULONG i = 0; i < own_count && NT_SUCCESS(status); i++)
        if (!same_resource(&mine[i], &theirs[i]))
            status = STATUS_CONFLICTING_ADDRESSES;
    ExFreePool(own);
    return status;
}

static NTSTATUS start(struct pdo_extension *extension, PIRP irp)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    NTSTATUS status =
        check_resources(extension->function, location->Parameters.StartDevice.AllocatedResources);
    if (!NT_SUCCESS(status))
        return status;
    struct fdo_extension *bus = extension->bus;
    ExAcquireFastMutex(&bus->lock);
    extension->started = pci_enable(&bus->fabric, extension->function);
    ExReleaseFastMutex(&bus->lock);
    return extension->started ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

static VOID set_decoding(struct pdo_extension *extension, BOOLEAN on)
{
    struct fdo_extension *bus = extension->bus;
    ExAcquireFastMutex(&bus->lock);
    if (on)
        (VOID) pci_enable(&bus->fabric, extension->function);
    else
        pci_disable(&bus->fabric, extension->function);
    ExReleaseFastMutex(&bus->lock);
}

static NTSTATUS stop(struct pdo_extension *extension)
{
    set_decoding(extension, FALSE);
    extension->started = FALSE;
    return STATUS_SUCCESS;
}

static NTSTATUS move_config(struct pdo_extension *extension, PIRP irp, BOOLEAN write)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    PVOID buffer = location->Parameters.ReadWriteConfig.Buffer;
    ULONG offset = location->Parameters.ReadWriteConfig.Offset;
    ULONG length = location->Parameters.ReadWriteConfig.Length;
    struct fdo_extension *bus = extension->bus;
    if (location->Parameters.ReadWriteConfig.WhichSpace != PCI_WHICHSPACE_CONFIG)
        return irp->IoStatus.Status;
    ExAcquireFastMutex(&bus->lock);
    size_t moved = write
                       ? pci_write_bytes(&bus->fabric, extension->function, offset, buffer, length)
                       : pci_read_bytes(&bus->fabric, extension->function, offset, buffer, length);
    ExReleaseFastMutex(&bus->lock);
    irp->IoStatus.Information = moved;
    if (moved == length)
        return STATUS_SUCCESS;
    return write ? STATUS_ACCESS_DENIED : STATUS_INVALID_PARAMETER;
}

static NTSTATUS answer_relations(PDEVICE_OBJECT pdo, PIRP irp)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    if (location->Parameters.QueryDeviceRelations.Type != TargetDeviceRelation)
        return irp->IoStatus.Status;
    return PdoAddRelations(irp, &pdo, 1);
}

static ULONG address_of(const struct pci_function *function)
{
    return (ULONG)pci_device(function->bdf) << 16 | pci_func(function->bdf);
}

static NTSTATUS handle(struct pdo_extension *extension, PIRP irp)
{
    const struct pci_function *function = extension->function;
    switch (IoGetCurrentIrpStackLocation(irp)->MinorFunction) {
    case IRP_MN_START_DEVICE:
        return start(extension, irp);
    case IRP_MN_STOP_DEVICE:
    case IRP_MN_SURPRISE_REMOVAL:
    case IRP_MN_REMOVE_DEVICE: // the function is still there: the object stays
    case PNP_MN_QUIESCE_DEVICE:
        return stop(extension);
    case IRP_MN_QUERY_STOP_DEVICE:
    case IRP_MN_CANCEL_STOP_DEVICE:
    case IRP_MN_QUERY_REMOVE_DEVICE:
    case IRP_MN_CANCEL_REMOVE_DEVICE:
        return STATUS_SUCCESS;
    case IRP_MN_QUERY_DEVICE_RELATIONS:
        return answer_relations(extension->self, irp);
    case IRP_MN_QUERY_CAPABILITIES:
        return PdoAnswerCapabilities(irp, address_of(function));
    case IRP_MN_QUERY_ID:
        return answer_id(function, irp);
    case IRP_MN_QUERY_DEVICE_TEXT:
        return answer_text(function, irp);
    case IRP_MN_QUERY_RESOURCES:
        return answer_resources(function, irp);
    case IRP_MN_QUERY_RESOURCE_REQUIREMENTS:
        return answer_requirements(function, irp);
    case IRP_MN_QUERY_BUS_INFORMATION:
        return PdoAnswerBus(irp, &GUID_BUS_TYPE_PCI, PCIBus, pci_bus(function->bdf));
    case IRP_MN_READ_CONFIG:
        return move_config(extension, irp, FALSE);
    case IRP_MN_WRITE_CONFIG:
        return move_config(extension, irp, TRUE);
    default:
        return irp->IoStatus.Status;
    }
}

NTSTATUS DevicePnp(PDEVICE_OBJECT pdo, PIRP irp)
{
    return PdoComplete(irp, handle(pdo->DeviceExtension, irp));
}

NTSTATUS DevicePower(PDEVICE_OBJECT pdo, PIRP irp)
{
    struct pdo_extension *extension = pdo->DeviceExtension;
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    POWER_STATE state = location->Parameters.Power.State;
    PoStartNextPowerIrp(irp);
    if (location->MinorFunction == IRP_MN_QUERY_POWER)
        return PdoComplete(irp, STATUS_SUCCESS);
    if (location->MinorFunction != IRP_MN_SET_POWER)
        return PdoComplete(irp, irp->IoStatus.Status);
    if (location->Parameters.Power.Type == DevicePowerState) {
        if (extension->started)
            set_decoding(extension, state.DeviceState == PowerDeviceD0);
        PoSetPowerState(pdo, DevicePowerState, state);
    }
    return PdoComplete(irp, STATUS_SUCCESS);
}
