// SPDX-License-Identifier: MIT
//
// A fabric in use: the driver's last task has died, the functions work on. What that task found and
// assigned is kept as properties of the host bridge's device, which live as long as the device has
// a node; it is written when the bus is enumerated, and for a card that comes or goes. A record is
// believed as far as the hardware confirms it: the same function, with its registers where they
// were put. A function that is not there any more, or is another one, is left out; another one is
// switched off.
#include "pci.h"

#include "registers.h"

// {6c1f3f0e-5d0b-4c0a-9f0e-3a7d2b8e41c5}
static const GUID category = {
    0x6c1f3f0e, 0x5d0b, 0x4c0a, {0x9f, 0x0e, 0x3a, 0x7d, 0x2b, 0x8e, 0x41, 0xc5}};

#define ID_COUNT     2u
#define ID_FUNCTIONS 3u
#define KEPT_MOST    60u // properties that a device may have, and some for others

static DEVPROPKEY key_of(ULONG id)
{
    return (DEVPROPKEY){category, id};
}

static NTSTATUS keep(PDEVICE_OBJECT pdo, ULONG id, ULONG bytes, PVOID data)
{
    DEVPROPKEY key = key_of(id);
    return IoSetDevicePropertyData(pdo, &key, LOCALE_NEUTRAL, 0, DEVPROP_TYPE_BINARY, bytes, data);
}

static BOOLEAN recall(PDEVICE_OBJECT pdo, ULONG id, ULONG bytes, PVOID data)
{
    DEVPROPKEY key = key_of(id);
    DEVPROPTYPE type;
    ULONG got = 0;
    return NT_SUCCESS(
               IoGetDevicePropertyData(pdo, &key, LOCALE_NEUTRAL, 0, bytes, data, &got, &type)) &&
           got == bytes && type == DEVPROP_TYPE_BINARY;
}

static NTSTATUS keep_one(struct fdo_extension *bus, struct pci_function *function)
{
    ULONG index = (ULONG)(function - bus->fabric.functions);
    return index < KEPT_MOST ? keep(bus->pdo, ID_FUNCTIONS + index, sizeof *function, function)
                             : STATUS_BUFFER_OVERFLOW;
}

// The count comes last: without it there is nothing.
static VOID keep_count(struct fdo_extension *bus, NTSTATUS status)
{
    ULONG count = bus->fabric.count;
    if (NT_SUCCESS(status))
        status = keep(bus->pdo, ID_COUNT, sizeof count, &count);
    if (NT_SUCCESS(status))
        return;
    WarmForget(bus);
    DbgPrint("the bus cannot be taken up when this driver dies: status %08x\n", (ULONG)status);
}

VOID WarmKeep(struct fdo_extension *bus)
{
    NTSTATUS status = STATUS_SUCCESS;
    for (ULONG i = 0; i < bus->fabric.count && NT_SUCCESS(status); i++)
        status = keep_one(bus, &bus->fabric.functions[i]);
    keep_count(bus, status);
}

VOID WarmKeepOne(struct fdo_extension *bus, struct pci_function *function)
{
    keep_count(bus, keep_one(bus, function));
}

VOID WarmForget(struct fdo_extension *bus)
{
    (VOID) keep(bus->pdo, ID_COUNT, 0, NULL);
}

BOOLEAN WarmRecall(struct fdo_extension *bus)
{
    struct pci_fabric *fabric = &bus->fabric;
    ULONG count = 0;
    if (!recall(bus->pdo, ID_COUNT, sizeof count, &count) || count > KEPT_MOST ||
        count > fabric->capacity)
        return FALSE;
    for (ULONG i = 0; i < count; i++)
        if (!recall(bus->pdo, ID_FUNCTIONS + i, sizeof fabric->functions[i], &fabric->functions[i]))
            return FALSE;
    fabric->count = count;
    return pci_take_up(fabric);
}
