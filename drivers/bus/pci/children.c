// SPDX-License-Identifier: MIT
//
// The PDOs: made for what was found, taken off the bus with what has left. A PDO that the PnP
// manager knows ends with REMOVE, as "Removing a Device" has it: deleted by then if it is not
// listed any more. Its function's record becomes vacant with it.
#include "pci.h"

static VOID report(const struct pci_function *function)
{
    if (function->rule)
        DbgPrint("%02x:%02x.%x %04x:%04x: %s\n", pci_bus(function->bdf), pci_device(function->bdf),
                 pci_func(function->bdf), function->vendor, function->device,
                 pci_rule_text(function->rule));
}

// A bridge is a device only if it has a slot that can be reached.
static BOOLEAN is_device(const struct pci_function *function)
{
    BOOLEAN port = function->slot && function->subordinate;
    return !function->absent && function->rule != PCI_HEADER_TYPE && (!function->bridge || port);
}

// By its name a PDO of this driver's next task is known to be that one of this task.
static NTSTATUS new_pdo(struct fdo_extension *bus, ULONG serial, PDEVICE_OBJECT *child)
{
    WCHAR text[] = L"\\Device\\NTPNP_PCI00000000";
    UNICODE_STRING name = {sizeof text - sizeof *text, sizeof text, text};
    for (PWCHAR digit = text + ARRAYSIZE(text) - 2; serial != 0; serial >>= 4)
        *digit-- = L"0123456789ABCDEF"[serial & 15];
    return IoCreateDevice(bus->self->DriverObject, sizeof(struct pdo_extension), &name,
                          FILE_DEVICE_BUS_EXTENDER, 0, FALSE, child);
}

NTSTATUS ChildMake(struct fdo_extension *bus, struct pci_function *function)
{
    PDEVICE_OBJECT child;
    report(function);
    if (!is_device(function))
        return STATUS_SUCCESS;
    if (bus->child_count == PCI_FUNCTIONS_MOST)
        return STATUS_INSUFFICIENT_RESOURCES;
    NTSTATUS status = new_pdo(bus, function->serial, &child);
    if (!NT_SUCCESS(status))
        return status;
    struct pdo_extension *extension = child->DeviceExtension;
    extension->common.kind = PCI_FUNCTION;
    extension->self = child;
    extension->bus = bus;
    extension->function = function;
    extension->listed = TRUE;
    child->Flags |= DO_BUS_ENUMERATED_DEVICE | DO_POWER_PAGABLE;
    child->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    ExAcquireFastMutex(&bus->lock);
    bus->children[bus->child_count++] = child;
    ExReleaseFastMutex(&bus->lock);
    return status;
}

NTSTATUS HostRelations(struct fdo_extension *bus, PIRP irp)
{
    static const ULONG all = BusRelations;
    PDEVICE_OBJECT children[PCI_FUNCTIONS_MOST];
    ULONG count = 0;
    ExAcquireFastMutex(&bus->lock);
    for (; count < bus->child_count; count++) {
        struct pdo_extension *child = bus->children[count]->DeviceExtension;
        children[count] = bus->children[count];
        child->reported |=
            IoGetCurrentIrpStackLocation(irp)->Parameters.QueryDeviceRelations.Type == all;
    }
    ExReleaseFastMutex(&bus->lock);
    return FdoBusRelations(bus->lower, irp, children, count);
}

struct pdo_extension *HostChild(struct fdo_extension *bus, const struct pci_function *function)
{
    for (ULONG i = 0; i < bus->child_count; i++) {
        struct pdo_extension *child = bus->children[i]->DeviceExtension;
        if (child->function == function)
            return child;
    }
    return NULL;
}

static BOOLEAN is_behind(const struct fdo_extension *bus, const struct pci_function *function,
                         int port)
{
    return !function->absent && pci_is_behind(&bus->fabric, function, port);
}

BOOLEAN HostFilled(struct fdo_extension *bus, int port)
{
    for (unsigned i = 0; i < bus->fabric.count; i++)
        if (is_behind(bus, &bus->fabric.functions[i], port))
            return TRUE;
    return FALSE;
}

PDEVICE_OBJECT HostCard(struct fdo_extension *bus, int port)
{
    PDEVICE_OBJECT card = NULL;
    ExAcquireFastMutex(&bus->lock);
    for (ULONG i = 0; i < bus->child_count && !card; i++) {
        const struct pdo_extension *child = bus->children[i]->DeviceExtension;
        if (is_behind(bus, child->function, port))
            card = child->self;
    }
    if (card)
        ObReferenceObject(card);
    ExReleaseFastMutex(&bus->lock);
    return card;
}

ULONG HostFill(struct fdo_extension *bus, int port)
{
    struct pci_fabric *fabric = &bus->fabric;
    ExAcquireFastMutex(&bus->lock);
    ULONG found = pci_fill(fabric, port);
    ExReleaseFastMutex(&bus->lock);
    for (unsigned i = 0; i < fabric->count; i++) {
        struct pci_function *function = &fabric->functions[i];
        if (!is_behind(bus, function, port))
            continue;
        WarmKeepOne(bus, function);
        (VOID) ChildMake(bus, function);
    }
    if (found > 0)
        IoInvalidateDeviceRelations(bus->pdo, BusRelations);
    return found;
}

static VOID make_vacant(struct fdo_extension *bus, struct pci_function *function)
{
    *function = (struct pci_function){
        .parent = PCI_NO_PARENT, .absent = true, .vacant = true, .serial = function->serial};
    WarmKeepOne(bus, function);
}

VOID ChildGone(struct pdo_extension *child)
{
    make_vacant(child->bus, child->function);
    IoDeleteDevice(child->self);
}

// With the lock held. The PDO that nobody knows yet, or NULL: the PnP manager will end it.
static struct pdo_extension *take_off(struct fdo_extension *bus, struct pdo_extension *child)
{
    ULONG i = 0;
    while (bus->children[i] != child->self)
        i++;
    for (bus->child_count--; i < bus->child_count; i++)
        bus->children[i] = bus->children[i + 1];
    child->listed = FALSE;
    return child->reported ? NULL : child;
}

static VOID vanish(struct fdo_extension *bus, struct pci_function *function)
{
    ExAcquireFastMutex(&bus->lock);
    struct pdo_extension *child = HostChild(bus, function), *unknown = NULL;
    pci_vanish(function);
    if (child)
        unknown = take_off(bus, child);
    ExReleaseFastMutex(&bus->lock);
    WarmKeepOne(bus, function);
    if (unknown)
        ChildGone(unknown);
    else if (!child)
        make_vacant(bus, function);
}

VOID HostEmpty(struct fdo_extension *bus, int port)
{
    for (unsigned i = 0; i < bus->fabric.count; i++)
        if (is_behind(bus, &bus->fabric.functions[i], port))
            vanish(bus, &bus->fabric.functions[i]);
    IoInvalidateDeviceRelations(bus->pdo, BusRelations);
}
