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

#define ID_BYTES 64u
#define IDS_MOST 8u

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

// Decoding first: the MSI-X table is in the function's memory.
static BOOLEAN switch_on(struct pdo_extension *extension)
{
    const struct pci_function *function = extension->function;
    struct fdo_extension *bus = extension->bus;
    ExAcquireFastMutex(&bus->lock);
    BOOLEAN on = !function->absent && pci_enable(&bus->fabric, function);
    if (on && extension->message_count > 0)
        on = MessagesWrite(extension) &&
             pci_messages_on(&bus->fabric, function, extension->messages, extension->message_count);
    if (!on && !function->absent)
        pci_disable(&bus->fabric, function);
    ExReleaseFastMutex(&bus->lock);
    return on;
}

static NTSTATUS start(struct pdo_extension *extension, PIRP irp)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    if (extension->function->absent)
        return STATUS_NO_SUCH_DEVICE;
    NTSTATUS status = ResourcesTake(extension, location->Parameters.StartDevice.AllocatedResources,
                                    location->Parameters.StartDevice.AllocatedResourcesTranslated);
    if (!NT_SUCCESS(status))
        return status;
    // One that works since before this task began is left alone: its driver goes on.
    extension->started = extension->function->working || switch_on(extension);
    return extension->started ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

static VOID switch_off(struct pdo_extension *extension)
{
    struct fdo_extension *bus = extension->bus;
    ExAcquireFastMutex(&bus->lock);
    extension->function->working = false;
    if (!extension->function->absent)
        pci_disable(&bus->fabric, extension->function);
    ExReleaseFastMutex(&bus->lock);
}

static NTSTATUS stop(struct pdo_extension *extension)
{
    switch_off(extension);
    extension->started = FALSE;
    extension->message_count = 0;
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
    size_t moved = 0;
    if (extension->function->absent && !write) // as the bus would answer
        RtlFillMemory(buffer, moved = length, 0xff);
    else if (write)
        moved = pci_write_bytes(&bus->fabric, extension->function, offset, buffer, length);
    else
        moved = pci_read_bytes(&bus->fabric, extension->function, offset, buffer, length);
    ExReleaseFastMutex(&bus->lock);
    irp->IoStatus.Information = moved;
    if (moved == length)
        return STATUS_SUCCESS;
    return write ? STATUS_ACCESS_DENIED : STATUS_INVALID_PARAMETER;
}

// The other functions of its card leave with it.
static NTSTATUS add_card(const struct pdo_extension *extension, PIRP irp)
{
    PDEVICE_OBJECT others[PCI_FUNCTIONS_MOST];
    struct fdo_extension *bus = extension->bus;
    ULONG count = 0;
    ExAcquireFastMutex(&bus->lock);
    for (ULONG i = 0; i < bus->child_count; i++) {
        const struct pdo_extension *other = bus->children[i]->DeviceExtension;
        if (other != extension && other->function->parent == extension->function->parent)
            others[count++] = other->self;
    }
    ExReleaseFastMutex(&bus->lock);
    return count > 0 ? PdoAddRelations(irp, others, count) : irp->IoStatus.Status;
}

static const struct pci_function *port_of(const struct pdo_extension *extension)
{
    const struct pci_fabric *fabric = &extension->bus->fabric;
    int parent = extension->function->parent;
    return parent != PCI_NO_PARENT && fabric->functions[parent].slot ? &fabric->functions[parent]
                                                                     : NULL;
}

static NTSTATUS answer_relations(struct pdo_extension *extension, PIRP irp)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    switch (location->Parameters.QueryDeviceRelations.Type) {
    case TargetDeviceRelation:
        return PdoAddRelations(irp, &extension->self, 1);
    case EjectionRelations:
        return port_of(extension) ? add_card(extension, irp) : irp->IoStatus.Status;
    default:
        return irp->IoStatus.Status;
    }
}

static ULONG address_of(const struct pci_function *function)
{
    return (ULONG)pci_device(function->bdf) << 16 | pci_func(function->bdf);
}

static NTSTATUS answer_capabilities(const struct pdo_extension *extension, PIRP irp)
{
    PDEVICE_CAPABILITIES capabilities =
        IoGetCurrentIrpStackLocation(irp)->Parameters.DeviceCapabilities.Capabilities;
    NTSTATUS status = PdoAnswerCapabilities(irp, address_of(extension->function));
    if (NT_SUCCESS(status) && port_of(extension))
        capabilities->EjectSupported = capabilities->Removable = capabilities->SurpriseRemovalOK =
            TRUE;
    return status;
}

static NTSTATUS eject(struct pdo_extension *extension, PIRP irp)
{
    struct pdo_extension *port = NULL;
    if (!port_of(extension))
        return irp->IoStatus.Status;
    ExAcquireFastMutex(&extension->bus->lock);
    port = HostChild(extension->bus, port_of(extension));
    ExReleaseFastMutex(&extension->bus->lock);
    if (!port || !port->port)
        return STATUS_DEVICE_NOT_READY;
    PortEject(port->port);
    return STATUS_SUCCESS;
}

static NTSTATUS handle(struct pdo_extension *extension, PIRP irp)
{
    const struct pci_function *function = extension->function;
    switch (IoGetCurrentIrpStackLocation(irp)->MinorFunction) {
    case IRP_MN_START_DEVICE:
        return start(extension, irp);
    case IRP_MN_STOP_DEVICE:
    case IRP_MN_SURPRISE_REMOVAL:
    case IRP_MN_REMOVE_DEVICE: // while the function is there the object stays
    case PNP_MN_QUIESCE_DEVICE:
        return stop(extension);
    case IRP_MN_QUERY_STOP_DEVICE:
    case IRP_MN_CANCEL_STOP_DEVICE:
    case IRP_MN_QUERY_REMOVE_DEVICE:
    case IRP_MN_CANCEL_REMOVE_DEVICE:
        return STATUS_SUCCESS;
    case IRP_MN_QUERY_DEVICE_RELATIONS:
        return answer_relations(extension, irp);
    case IRP_MN_QUERY_CAPABILITIES:
        return answer_capabilities(extension, irp);
    case IRP_MN_QUERY_ID:
        return answer_id(function, irp);
    case IRP_MN_QUERY_DEVICE_TEXT:
        return answer_text(function, irp);
    case IRP_MN_QUERY_RESOURCES:
        return ResourcesAnswer(function, irp);
    case IRP_MN_QUERY_RESOURCE_REQUIREMENTS:
        return RequirementsAnswer(function, irp);
    case IRP_MN_QUERY_BUS_INFORMATION:
        return PdoAnswerBus(irp, &GUID_BUS_TYPE_PCI, PCIBus, pci_bus(function->bdf));
    case IRP_MN_EJECT:
        return eject(extension, irp);
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
    struct pdo_extension *extension = pdo->DeviceExtension;
    BOOLEAN removed = IoGetCurrentIrpStackLocation(irp)->MinorFunction == IRP_MN_REMOVE_DEVICE;
    NTSTATUS status = PdoComplete(irp, handle(extension, irp));
    if (removed && !extension->listed)
        ChildGone(extension);
    return status;
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
        if (extension->started && state.DeviceState == PowerDeviceD0)
            (VOID) switch_on(extension);
        else if (extension->started)
            switch_off(extension);
        PoSetPowerState(pdo, DevicePowerState, state);
    }
    return PdoComplete(irp, STATUS_SUCCESS);
}
