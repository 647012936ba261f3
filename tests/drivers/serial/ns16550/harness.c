// SPDX-License-Identifier: MIT
#include "harness.h"

#include <drivers/devicetree.h>

#include "../../kit/fake_kit.h"
#include "chip.h"
#include "port.h"

DRIVER_INITIALIZE DriverEntry;

PDEVICE_OBJECT pdo;
UCHAR properties[2048];
ULONG property_bytes;
UCHAR last_major;

static NTSTATUS read_config(PIRP irp, PIO_STACK_LOCATION location)
{
    ULONG length = location->Parameters.ReadWriteConfig.Length;
    if (location->Parameters.ReadWriteConfig.WhichSpace != DEVICETREE_WHICHSPACE_PROPERTIES ||
        irp->IoStatus.Status != STATUS_NOT_SUPPORTED) {
        kit_fail("READ_CONFIG is not as it must be");
    }
    ULONG offset = location->Parameters.ReadWriteConfig.Offset;
    if (offset > property_bytes || length > 256) {
        return kit_complete(irp, STATUS_INVALID_PARAMETER, 0);
    }
    ULONG count = property_bytes - offset < length ? property_bytes - offset : length;
    memcpy(location->Parameters.ReadWriteConfig.Buffer, properties + offset, count);
    return kit_complete(irp, STATUS_SUCCESS, count);
}

static NTSTATUS bus_dispatch(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    (void)device;
    last_major = location->MajorFunction;
    if (last_major == IRP_MJ_PNP && location->MinorFunction == IRP_MN_READ_CONFIG) {
        return property_bytes != 0 ? read_config(irp, location)
                                   : kit_complete(irp, irp->IoStatus.Status, 0);
    }
    return kit_complete(irp, STATUS_SUCCESS, irp->IoStatus.Information);
}

static UCHAR *put_word(UCHAR *p, ULONG value)
{
    memcpy(p, &value, sizeof value);
    return p + sizeof value;
}

void port_add_property(const char *name, uint32_t cell)
{
    ULONG name_bytes = (ULONG)strlen(name) + 1;
    UCHAR *p = put_word(put_word(properties + property_bytes, name_bytes), 4);
    memset(p, 0, (name_bytes + 3) & ~3u);
    for (ULONG i = 0; i < name_bytes; i++) {
        p[i] = (UCHAR)name[i];
    }
    p += (name_bytes + 3) & ~3u;
    for (unsigned i = 0; i < 4; i++) {
        p[i] = (UCHAR)(cell >> (24 - 8 * i));
    }
    property_bytes = (ULONG)(p + 4 - properties);
    memcpy(properties, &property_bytes, 4);
}

static void add_device(void)
{
    PDRIVER_OBJECT driver = kit_load(DriverEntry);
    pdo = kit_make_pdo(bus_dispatch, 0);
    if (!NT_SUCCESS(driver->DriverExtension->AddDevice(driver, pdo))) {
        kit_fail("AddDevice failed");
    }
}

// The port of the test before is removed first: whatever state it is in must allow that.
void port_add(void)
{
    if (kit_find("\\Device\\Serial0") != NULL &&
        kit_pnp(pdo, IRP_MN_REMOVE_DEVICE) != STATUS_SUCCESS) {
        kit_fail("REMOVE failed");
    }
    kit_reset();
    chip_reset();
    property_bytes = 4;
    port_add_property("clock-frequency", 3686400);
    add_device();
}

void port_die(void)
{
    PPORT_EXTENSION port = kit_find("\\Device\\Serial0")->DeviceExtension;
    RtlFreeUnicodeString(&port->Link); // its memory goes with the task
    kit_die();
    chip.ier = 0;
    add_device();
}

NTSTATUS port_start(void)
{
    return kit_start(pdo, 0x10000000, 0x100, 10);
}

void port_set_up(void)
{
    port_add();
    if (port_start() != STATUS_SUCCESS) {
        kit_fail("START failed");
    }
}

static struct transfer transfers[8];
static ULONG64 next_name;

void port_name(ULONG64 name)
{
    next_name = name;
}

struct transfer *port_transfer(unsigned index, UCHAR major, const void *bytes, ULONG length)
{
    struct transfer *t = &transfers[index];
    PIO_STACK_LOCATION location;
    t->request = kit_irp(pdo, major, 0, &location);
    t->request->name = next_name;
    memset(t->buffer, 0, sizeof t->buffer);
    if (bytes != NULL) {
        memcpy(t->buffer, bytes, length);
    }
    location->Parameters.Read.Length = length;
    location->FileObject = (PFILE_OBJECT)(ULONG_PTR)(0x1000 * (index + 1));
    t->request->irp->AssociatedIrp.SystemBuffer = t->buffer;
    (void)kit_send(pdo, t->request);
    return t;
}

struct transfer *port_read(unsigned index, ULONG length)
{
    return port_transfer(index, IRP_MJ_READ, NULL, length);
}

struct transfer *port_write(unsigned index, const char *text)
{
    return port_transfer(index, IRP_MJ_WRITE, text, (ULONG)strlen(text));
}

void port_type(const char *text)
{
    chip_type(text);
    chip_run();
}

void port_set_timeouts(ULONG interval, ULONG multiplier, ULONG constant)
{
    SERIAL_TIMEOUTS timeouts = {interval, multiplier, constant, 0, 0};
    if (kit_control(pdo, IOCTL_SERIAL_SET_TIMEOUTS, &timeouts, sizeof timeouts, 0, NULL) !=
        STATUS_SUCCESS) {
        kit_fail("SET_TIMEOUTS failed");
    }
}
