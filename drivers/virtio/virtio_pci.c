// SPDX-License-Identifier: MIT
//
// See virtio_pci.h.
#include "virtio_pci.h"

#include <initguid.h>

#include <pdo.h>
#include <wdmguid.h>

#define BAR0     0x10
#define BARS     6
#define BAR_IO   1u
#define BAR_WIDE 4u

static PUCHAR address_of(const struct virtio_pci *pci, enum virtio_region_kind kind, ULONG offset)
{
    const struct virtio_region *region = &pci->layout.regions[kind];
    return pci->bars[region->bar] + region->offset + offset;
}

static uint32_t read_region(void *context, enum virtio_region_kind kind, unsigned offset,
                            unsigned width)
{
    PUCHAR at = address_of(context, kind, offset);
    switch (width) {
    case 1:
        return READ_REGISTER_UCHAR(at);
    case 2:
        return READ_REGISTER_USHORT((PUSHORT)(PVOID)at);
    default:
        return READ_REGISTER_ULONG((PULONG)(PVOID)at);
    }
}

static void write_region(void *context, enum virtio_region_kind kind, unsigned offset,
                         unsigned width, uint32_t value)
{
    PUCHAR at = address_of(context, kind, offset);
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

struct virtio_io VirtioPciIo(struct virtio_pci *pci)
{
    return (struct virtio_io){pci, read_region, write_region};
}

PUSHORT VirtioPciDoorbell(struct virtio_pci *pci, uint32_t notify)
{
    return (PUSHORT)(PVOID)address_of(pci, VIRTIO_NOTIFY, notify);
}

// --- Configuration space ------------------------------------------------------------------------

static NTSTATUS query_bus_interface(PDEVICE_OBJECT lower, PBUS_INTERFACE_STANDARD bus)
{
    KEVENT event;
    IO_STATUS_BLOCK iosb;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    PIRP irp = IoBuildSynchronousFsdRequest(IRP_MJ_PNP, lower, NULL, 0, NULL, &event, &iosb);
    if (!irp)
        return STATUS_INSUFFICIENT_RESOURCES;
    PIO_STACK_LOCATION next = IoGetNextIrpStackLocation(irp);
    next->MinorFunction = IRP_MN_QUERY_INTERFACE;
    next->Parameters.QueryInterface.InterfaceType = &GUID_BUS_INTERFACE_STANDARD;
    next->Parameters.QueryInterface.Size = sizeof *bus;
    next->Parameters.QueryInterface.Version = 1;
    next->Parameters.QueryInterface.Interface = (PINTERFACE)bus;
    next->Parameters.QueryInterface.InterfaceSpecificData = NULL;
    irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
    NTSTATUS status = IoCallDriver(lower, irp);
    if (status != STATUS_PENDING)
        return status;
    (VOID) KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
    return iosb.Status;
}

static bool read_config(void *context, unsigned offset, void *out, size_t length)
{
    const BUS_INTERFACE_STANDARD *bus = context;
    return bus->GetBusData(bus->Context, PCI_WHICHSPACE_CONFIG, out, offset, (ULONG)length) ==
           length;
}

// --- BARs ---------------------------------------------------------------------------------------

static NTSTATUS map_bar(struct virtio_pci *pci, unsigned index, ULONGLONG address,
                        PCM_RESOURCE_LIST raw_list, PCM_RESOURCE_LIST translated_list)
{
    ULONG count, translated_count;
    PCM_PARTIAL_RESOURCE_DESCRIPTOR raw = PdoDescriptors(raw_list, &count);
    PCM_PARTIAL_RESOURCE_DESCRIPTOR translated = PdoDescriptors(translated_list, &translated_count);
    for (ULONG i = 0; i < count && i < translated_count; i++) {
        ULONGLONG start;
        if (raw[i].Type == CmResourceTypePort || PdoRange(&raw[i], &start) == 0 || start != address)
            continue;
        pci->bar_bytes[index] = PdoRange(&translated[i], &start);
        PHYSICAL_ADDRESS where = {.QuadPart = (LONGLONG)start};
        pci->bars[index] = MmMapIoSpace(where, pci->bar_bytes[index], MmNonCached);
        return pci->bars[index] ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
    }
    return STATUS_SUCCESS; // not assigned: no capability may point there
}

static NTSTATUS map_bars(struct virtio_pci *pci, BUS_INTERFACE_STANDARD *bus, PCM_RESOURCE_LIST raw,
                         PCM_RESOURCE_LIST translated)
{
    ULONG values[BARS];
    if (!read_config(bus, BAR0, values, sizeof values))
        return STATUS_DEVICE_CONFIGURATION_ERROR;
    NTSTATUS status = STATUS_SUCCESS;
    for (unsigned i = 0; i < BARS && NT_SUCCESS(status); i++) {
        ULONGLONG address = values[i] & ~15u;
        BOOLEAN wide = values[i] & BAR_WIDE && i + 1 < BARS;
        if (values[i] & BAR_IO)
            continue;
        if (wide)
            address |= (ULONGLONG)values[i + 1] << 32;
        if (address)
            status = map_bar(pci, i, address, raw, translated);
        i += wide;
    }
    return status;
}

NTSTATUS VirtioStartStatus(enum virtio_rule rule)
{
    if (!rule)
        return STATUS_SUCCESS;
    DbgPrint("not started: %s\n", virtio_rule_text(rule));
    // It keeps to the protocol, but was made so that it must not be used here.
    return rule == VIRTIO_UNCONFINED ? STATUS_DEVICE_CONFIGURATION_ERROR
                                     : STATUS_DEVICE_PROTOCOL_ERROR;
}

static NTSTATUS find_registers(struct virtio_pci *pci, BUS_INTERFACE_STANDARD *bus,
                               ULONG device_bytes)
{
    uint64_t sizes[BARS];
    for (unsigned i = 0; i < BARS; i++)
        sizes[i] = pci->bars[i] ? pci->bar_bytes[i] : 0;
    enum virtio_rule rule =
        virtio_find_regions(read_config, bus, sizes, device_bytes, &pci->layout);
    if (rule)
        return VirtioStartStatus(rule);
    pci->isr = address_of(pci, VIRTIO_ISR, 0);
    return STATUS_SUCCESS;
}

NTSTATUS VirtioPciMap(struct virtio_pci *pci, PDEVICE_OBJECT lower, PCM_RESOURCE_LIST raw,
                      PCM_RESOURCE_LIST translated, ULONG device_bytes)
{
    BUS_INTERFACE_STANDARD bus = {};
    NTSTATUS status = query_bus_interface(lower, &bus);
    if (!NT_SUCCESS(status))
        return status;
    if (!bus.GetBusData || !bus.InterfaceDereference)
        return STATUS_NOT_SUPPORTED;
    status = map_bars(pci, &bus, raw, translated);
    if (NT_SUCCESS(status))
        status = find_registers(pci, &bus, device_bytes);
    bus.InterfaceDereference(bus.Context);
    if (!NT_SUCCESS(status))
        VirtioPciUnmap(pci);
    return status;
}

PDMA_ADAPTER VirtioPciAdapter(struct virtio_pci *pci, PDEVICE_OBJECT pdo, ULONG most,
                              PULONG map_registers)
{
    DEVICE_DESCRIPTION description = {
        .Version = DEVICE_DESCRIPTION_VERSION3,
        .Master = TRUE,
        .ScatterGather = TRUE,
        .DmaAddressWidth = 64,
        .InterfaceType = PCIBus,
        .MaximumLength = most,
    };
    PDMA_ADAPTER adapter = IoGetDmaAdapter(pdo, &description, map_registers);
    pci->confined = adapter && adapter->DmaOperations->GetDmaDomain(adapter) != NULL;
    return adapter;
}

VOID VirtioPciUnmap(struct virtio_pci *pci)
{
    pci->isr = NULL;
    for (unsigned i = 0; i < BARS; i++) {
        if (pci->bars[i])
            MmUnmapIoSpace(pci->bars[i], pci->bar_bytes[i]);
        pci->bars[i] = NULL;
        pci->bar_bytes[i] = 0;
    }
}
