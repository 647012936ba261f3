// SPDX-License-Identifier: MIT
//
// The host bridge: its resources (abi/drivers/devicetree.h), configuration space through ECAM (PCI
// Express Base 5.0, section 7.2.2), and the PDOs of what is found.
//
// Configuration space is mapped a bus at a time, when the scan first looks at the bus: the whole of
// it is 256 MiB. An access outside of what could be mapped reads all ones, as an absent device
// does.
#include "pci.h"

#include <drivers/devicetree.h>

#define BUS_SHIFT      20
#define FUNCTION_SHIFT 12
#define FOUR_GIB       (1ull << 32)

static PVOID map_bus(struct fdo_extension *bus, unsigned index)
{
    ULONGLONG offset = (ULONGLONG)index << BUS_SHIFT;
    SIZE_T bytes = (SIZE_T)1 << BUS_SHIFT;
    if (index >= PCI_BUSES || offset + bytes > bus->ecam_bytes)
        return NULL;
    if (!bus->ecam[index]) {
        PHYSICAL_ADDRESS address = {.QuadPart = (LONGLONG)(bus->ecam_start + offset)};
        bus->ecam[index] = MmMapIoSpace(address, bytes, MmNonCached);
    }
    return bus->ecam[index];
}

static PUCHAR address_of(struct fdo_extension *bus, uint16_t bdf, unsigned offset)
{
    unsigned index = (unsigned)pci_bus(bdf) - bus->fabric.bus_first;
    PUCHAR base = map_bus(bus, index);
    return base ? base + ((bdf & 0xffu) << FUNCTION_SHIFT) + offset : NULL;
}

static uint32_t read_config(void *context, uint16_t bdf, unsigned offset, unsigned width)
{
    PUCHAR at = address_of(context, bdf, offset);
    if (!at)
        return UINT32_MAX >> (32 - width * 8);
    switch (width) {
    case 1:
        return READ_REGISTER_UCHAR(at);
    case 2:
        return READ_REGISTER_USHORT((PUSHORT)(PVOID)at);
    default:
        return READ_REGISTER_ULONG((PULONG)(PVOID)at);
    }
}

static void write_config(void *context, uint16_t bdf, unsigned offset, unsigned width,
                         uint32_t value)
{
    PUCHAR at = address_of(context, bdf, offset);
    if (!at)
        return;
    switch (width) {
    case 1:
        WRITE_REGISTER_UCHAR(at, (UCHAR)value);
        break;
    case 2:
        WRITE_REGISTER_USHORT((PUSHORT)(PVOID)at, (USHORT)value);
        break;
    default:
        WRITE_REGISTER_ULONG((PULONG)(PVOID)at, value);
    }
}

static VOID take_window(struct pci_fabric *fabric, const CM_PARTIAL_RESOURCE_DESCRIPTOR *raw)
{
    ULONGLONG start;
    ULONGLONG length = PdoRange(raw, &start);
    if (fabric->window_count == PCI_MAX_WINDOWS || length == 0 || start > MAXULONGLONG - length)
        return;
    enum pci_space memory = start + length > FOUR_GIB ? PCI_MEMORY64 : PCI_MEMORY32;
    fabric->windows[fabric->window_count++] = (struct pci_window){
        .space = raw->Type == CmResourceTypePort ? PCI_IO : memory,
        .base = start,
        .size = length,
    };
}

static VOID take_unit(struct pci_fabric *fabric, const ULONG data[3])
{
    for (unsigned pin = 1; pin <= 4; pin++) {
        ULONG source = data[1 + (pin - 1) / 2] >> ((pin - 1) % 2 * 16) & MAXUSHORT;
        if (source == 0 || fabric->route_count == PCI_MAX_ROUTES)
            continue;
        fabric->routes[fabric->route_count++] = (struct pci_route){
            .unit = data[0] & DEVICETREE_UNIT_MASK, .pin = (uint8_t)pin, .source = source};
    }
}

static VOID take_private(struct pci_fabric *fabric, const ULONG data[3])
{
    switch (data[0] & DEVICETREE_KIND_MASK) {
    case DEVICETREE_INTX_MASK:
        fabric->unit_mask = data[0] & DEVICETREE_UNIT_MASK;
        fabric->pin_mask = (uint8_t)data[1];
        break;
    case DEVICETREE_INTX:
        take_unit(fabric, data);
        break;
    default: // windows: translating is the PnP manager's
        break;
    }
}

static VOID take_resource(struct fdo_extension *bus, const CM_PARTIAL_RESOURCE_DESCRIPTOR *raw,
                          const CM_PARTIAL_RESOURCE_DESCRIPTOR *translated)
{
    switch (raw->Type) {
    case CmResourceTypePort:
        if (raw->Flags & CM_RESOURCE_PORT_WINDOW_DECODE)
            take_window(&bus->fabric, raw);
        break;
    case CmResourceTypeMemory:
    case CmResourceTypeMemoryLarge:
        if (raw->Flags & CM_RESOURCE_MEMORY_WINDOW_DECODE)
            take_window(&bus->fabric, raw);
        else if (!bus->ecam_bytes)
            bus->ecam_bytes = PdoRange(translated, &bus->ecam_start);
        break;
    case CmResourceTypeBusNumber:
        bus->fabric.bus_first = (uint8_t)raw->u.BusNumber.Start;
        bus->fabric.bus_count = raw->u.BusNumber.Length;
        break;
    case CmResourceTypeDevicePrivate: {
        ULONG data[3];
        RtlCopyMemory(data, raw->u.DevicePrivate.Data, sizeof data);
        take_private(&bus->fabric, data);
        break;
    }
    default:
        break;
    }
}

static NTSTATUS take_resources(struct fdo_extension *bus, PCM_RESOURCE_LIST raw_list,
                               PCM_RESOURCE_LIST translated_list)
{
    ULONG count, translated_count;
    PCM_PARTIAL_RESOURCE_DESCRIPTOR raw = PdoDescriptors(raw_list, &count);
    PCM_PARTIAL_RESOURCE_DESCRIPTOR translated = PdoDescriptors(translated_list, &translated_count);
    if (count != translated_count)
        return STATUS_DEVICE_CONFIGURATION_ERROR;
    for (ULONG i = 0; i < count; i++)
        take_resource(bus, &raw[i], &translated[i]);
    struct pci_fabric *fabric = &bus->fabric;
    ULONGLONG reachable = bus->ecam_bytes >> BUS_SHIFT;
    if (fabric->bus_count > reachable)
        fabric->bus_count = (unsigned)reachable;
    if (fabric->bus_count == 0 || fabric->bus_first + fabric->bus_count > PCI_BUSES) {
        DbgPrint("the host bridge has no configuration space for its bus numbers\n");
        return STATUS_DEVICE_CONFIGURATION_ERROR;
    }
    return STATUS_SUCCESS;
}

static VOID scan(struct fdo_extension *bus)
{
    struct pci_fabric *fabric = &bus->fabric;
    enum pci_rule rule = pci_scan(fabric);
    if (rule)
        DbgPrint("the enumeration is not complete: %s\n", pci_rule_text(rule));
    pci_assign(fabric);
    WarmKeep(bus);
}

static NTSTATUS enumerate(struct fdo_extension *bus)
{
    NTSTATUS status = STATUS_SUCCESS;
    if (!WarmRecall(bus))
        scan(bus);
    for (unsigned i = 0; i < bus->fabric.count && NT_SUCCESS(status); i++)
        status = ChildMake(bus, &bus->fabric.functions[i]);
    return status;
}

NTSTATUS HostStart(struct fdo_extension *bus, PCM_RESOURCE_LIST raw, PCM_RESOURCE_LIST translated)
{
    struct pci_fabric *fabric = &bus->fabric;
    if (fabric->functions)
        return STATUS_SUCCESS;
    *fabric = (struct pci_fabric){
        .access = {bus, read_config, write_config},
        .capacity = PCI_FUNCTIONS_MOST,
        .functions = ExAllocatePool2(POOL_FLAG_NON_PAGED,
                                     PCI_FUNCTIONS_MOST * sizeof(struct pci_function), PCI_TAG),
    };
    if (!fabric->functions)
        return STATUS_INSUFFICIENT_RESOURCES;
    NTSTATUS status = take_resources(bus, raw, translated);
    if (NT_SUCCESS(status))
        status = enumerate(bus);
    if (!NT_SUCCESS(status))
        HostRemove(bus);
    return status;
}

VOID HostRemove(struct fdo_extension *bus)
{
    struct pci_fabric *fabric = &bus->fabric;
    if (fabric->functions)
        WarmForget(bus);
    for (unsigned i = 0; i < fabric->count; i++)
        if (!fabric->functions[i].absent)
            pci_disable(fabric, &fabric->functions[i]);
    for (ULONG i = 0; i < bus->child_count; i++)
        IoDeleteDevice(bus->children[i]);
    for (unsigned i = 0; i < PCI_BUSES; i++)
        if (bus->ecam[i])
            MmUnmapIoSpace(bus->ecam[i], (SIZE_T)1 << BUS_SHIFT);
    if (fabric->functions)
        ExFreePoolWithTag(fabric->functions, PCI_TAG);
    RtlZeroMemory(bus->ecam, sizeof bus->ecam);
    *fabric = (struct pci_fabric){};
    bus->ecam_bytes = 0;
    bus->child_count = 0;
}
