// SPDX-License-Identifier: MIT
//
// From a node to the documented resource descriptors. A PCI host bridge also gets its bus numbers,
// its windows and its interrupt map (abi/drivers/devicetree.h says in which form).
#include "devicetree.h"

#include <drivers/devicetree.h>

#define PINS 4u

// Descriptors are counted in a first pass with `next` NULL, and written in a second one.
struct writer {
    PCM_PARTIAL_RESOURCE_DESCRIPTOR next;
    ULONG count;
    NTSTATUS status;
};

static PCM_PARTIAL_RESOURCE_DESCRIPTOR take(struct writer *writer)
{
    writer->count++;
    return writer->next ? writer->next++ : NULL;
}

static VOID add_memory(struct writer *writer, uint64_t start, uint64_t length, USHORT flags)
{
    PCM_PARTIAL_RESOURCE_DESCRIPTOR descriptor = take(writer);
    if (descriptor && !NT_SUCCESS(PdoMemory(descriptor, start, length, flags)))
        writer->status = STATUS_INTEGER_OVERFLOW;
}

static VOID add_private(struct writer *writer, ULONG first, ULONG second, ULONG third)
{
    PCM_PARTIAL_RESOURCE_DESCRIPTOR descriptor = take(writer);
    if (!descriptor)
        return;
    descriptor->Type = CmResourceTypeDevicePrivate;
    descriptor->u.DevicePrivate.Data[0] = first;
    descriptor->u.DevicePrivate.Data[1] = second;
    descriptor->u.DevicePrivate.Data[2] = third;
}

static VOID add_window(struct writer *writer, const struct dt_window *window)
{
    USHORT flags = CM_RESOURCE_MEMORY_WINDOW_DECODE;
    if (window->space != DT_SPACE_IO) {
        flags |= window->prefetchable ? CM_RESOURCE_MEMORY_PREFETCHABLE : 0;
        add_memory(writer, window->bus_base, window->size, flags);
        return;
    }
    PCM_PARTIAL_RESOURCE_DESCRIPTOR descriptor = take(writer);
    if (window->size > MAXULONG)
        writer->status = STATUS_INTEGER_OVERFLOW;
    else if (descriptor)
        PdoPort(descriptor, window->bus_base, (ULONG)window->size, CM_RESOURCE_PORT_WINDOW_DECODE);
}

static BOOLEAN is_first_with_source(const struct dt_host *host, unsigned index)
{
    for (unsigned i = 0; i < index; i++)
        if (host->routes[i].interrupt.source == host->routes[index].interrupt.source)
            return FALSE;
    return TRUE;
}

static BOOLEAN is_first_of_unit(const struct dt_host *host, unsigned index)
{
    for (unsigned i = 0; i < index; i++)
        if (host->routes[i].unit == host->routes[index].unit)
            return FALSE;
    return TRUE;
}

// The four pins of one unit, two to a word.
static VOID add_unit(struct writer *writer, const struct dt_host *host, uint32_t unit)
{
    ULONG sources[PINS / 2] = {};
    for (unsigned i = 0; i < host->route_count; i++) {
        const struct dt_route *route = &host->routes[i];
        unsigned pin = route->pin - 1;
        if (route->unit != unit)
            continue;
        if (route->interrupt.source > MAXUSHORT)
            writer->status = STATUS_INTEGER_OVERFLOW;
        sources[pin / 2] |= (route->interrupt.source & MAXUSHORT) << (pin % 2 * 16);
    }
    add_private(writer, DEVICETREE_INTX | unit, sources[0], sources[1]);
}

static VOID add_host(struct writer *writer, const struct dt_host *host)
{
    PCM_PARTIAL_RESOURCE_DESCRIPTOR buses = take(writer);
    if (buses) {
        buses->Type = CmResourceTypeBusNumber;
        buses->u.BusNumber.Start = host->bus_first;
        buses->u.BusNumber.Length = host->bus_count;
    }
    for (unsigned i = 0; i < host->window_count; i++)
        add_window(writer, &host->windows[i]);
    for (unsigned i = 0; i < host->route_count; i++) {
        PCM_PARTIAL_RESOURCE_DESCRIPTOR line = is_first_with_source(host, i) ? take(writer) : NULL;
        if (line)
            PdoInterrupt(line, host->routes[i].interrupt.source, TRUE, FALSE);
    }
    for (unsigned i = 0; i < host->window_count; i++)
        add_private(writer, DEVICETREE_WINDOW, (ULONG)host->windows[i].cpu_base,
                    (ULONG)(host->windows[i].cpu_base >> 32));
    add_private(writer, DEVICETREE_INTX_MASK | host->unit_mask, host->pin_mask, 0);
    for (unsigned i = 0; i < host->route_count; i++)
        if (is_first_of_unit(host, i))
            add_unit(writer, host, host->routes[i].unit);
}

static VOID add_all(struct writer *writer, const struct dt_device *device,
                    const struct dt_host *host)
{
    for (unsigned i = 0; i < device->memory_count; i++)
        add_memory(writer, device->memory[i].base, device->memory[i].size, 0);
    for (unsigned i = 0; i < device->interrupt_count; i++) {
        PCM_PARTIAL_RESOURCE_DESCRIPTOR line = take(writer);
        if (line)
            PdoInterrupt(line, device->interrupts[i].source, FALSE, device->interrupts[i].edge);
    }
    if (host)
        add_host(writer, host);
}

static NTSTATUS write_list(const struct dt_device *device, const struct dt_host *host,
                           PCM_RESOURCE_LIST *resources)
{
    struct writer counting = {.status = STATUS_SUCCESS};
    add_all(&counting, device, host);
    *resources = PdoNewResources(Internal, 0, counting.count);
    if (!*resources)
        return STATUS_INSUFFICIENT_RESOURCES;
    ULONG count;
    struct writer writing = {.next = PdoDescriptors(*resources, &count), .status = STATUS_SUCCESS};
    add_all(&writing, device, host);
    if (!NT_SUCCESS(writing.status)) {
        ExFreePool(*resources);
        *resources = NULL;
    }
    return writing.status;
}

NTSTATUS DeviceResources(struct dt_walk *walk, const struct dt_device *device,
                         PCM_RESOURCE_LIST *resources, enum dt_rule *rule)
{
    *rule = DT_OK;
    if (!dt_is_compatible(device, "pci-host-ecam-generic"))
        return write_list(device, NULL, resources);
    struct dt_host *host = ExAllocatePool2(POOL_FLAG_PAGED, sizeof *host, DEVICETREE_TAG);
    if (!host)
        return STATUS_INSUFFICIENT_RESOURCES;
    *rule = dt_read_host(walk, device, host);
    NTSTATUS status =
        *rule ? STATUS_DEVICE_CONFIGURATION_ERROR : write_list(device, host, resources);
    ExFreePoolWithTag(host, DEVICETREE_TAG);
    return status;
}
