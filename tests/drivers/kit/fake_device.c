// SPDX-License-Identifier: MIT
//
// Devices, attaching, names and links of the fake kit.
#include "fake_kit.h"

#include "fake_internal.h"

#include <stdio.h>
#include <stdlib.h>

enum { DEVICES_MAX = 64, NAME_MAX = 48 };

struct device {
    DEVICE_OBJECT object;
    char name[NAME_MAX];
    void *extension;
    bool deleted;
};

static struct device *devices[DEVICES_MAX];
static unsigned device_count;
static char links[16][NAME_MAX];
static DRIVER_OBJECT driver, bottom_driver;
static DRIVER_EXTENSION driver_extension;

void fake_reset_devices(void)
{
    for (unsigned i = 0; i < device_count; i++) {
        free(devices[i]->extension);
        free(devices[i]->object.Vpb);
        free(devices[i]);
    }
    device_count = 0;
    memset(links, 0, sizeof links);
}

PDRIVER_OBJECT kit_load(DRIVER_INITIALIZE *entry)
{
    memset(&driver, 0, sizeof driver);
    driver.DriverExtension = &driver_extension;
    driver_extension = (DRIVER_EXTENSION){.DriverObject = &driver};
    if (!NT_SUCCESS(entry(&driver, NULL))) {
        kit_fail("DriverEntry failed");
    }
    return &driver;
}

static void to_ascii(PUNICODE_STRING from, char *to)
{
    unsigned n = from->Length / sizeof(WCHAR);
    if (n >= NAME_MAX) {
        kit_fail("name too long for the fake");
    }
    for (unsigned i = 0; i < n; i++) {
        to[i] = (char)from->Buffer[i];
    }
    to[n] = 0;
}

PDEVICE_OBJECT kit_find(const char *name)
{
    for (unsigned i = 0; i < device_count; i++) {
        if (!devices[i]->deleted && strcmp(devices[i]->name, name) == 0) {
            return &devices[i]->object;
        }
    }
    return NULL;
}

bool kit_link_exists(const char *name)
{
    for (unsigned i = 0; i < 16; i++) {
        if (strcmp(links[i], name) == 0) {
            return true;
        }
    }
    return false;
}

NTSTATUS IoCreateDevice(PDRIVER_OBJECT owner, ULONG extension_size, PUNICODE_STRING name,
                        ULONG type, ULONG characteristics, BOOLEAN exclusive,
                        PDEVICE_OBJECT *result)
{
    char text[NAME_MAX] = "";
    UNREFERENCED_PARAMETER(exclusive);
    if (name != NULL) {
        to_ascii(name, text);
        if (kit_find(text) != NULL) {
            return STATUS_OBJECT_NAME_COLLISION;
        }
    }
    if (device_count == DEVICES_MAX) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    struct device *d = aligned_alloc(16, sizeof *d);
    memset(d, 0, sizeof *d);
    memcpy(d->name, text, sizeof text);
    d->extension = calloc(1, extension_size + 1);
    d->object.Type = IO_TYPE_DEVICE;
    d->object.DriverObject = owner;
    d->object.DeviceExtension = d->extension;
    d->object.DeviceType = type;
    d->object.Characteristics = characteristics;
    d->object.Flags = DO_DEVICE_INITIALIZING;
    d->object.StackSize = 1;
    d->object.ReferenceCount = 0;
    if (type == FILE_DEVICE_DISK) {
        d->object.Vpb = calloc(1, sizeof(VPB));
    }
    devices[device_count++] = d;
    *result = &d->object;
    return STATUS_SUCCESS;
}

VOID IoDeleteDevice(PDEVICE_OBJECT device)
{
    struct device *d = CONTAINING_RECORD(device, struct device, object);
    if (d->deleted || device->AttachedDevice != NULL) {
        kit_fail("device %s deleted twice or with something attached", d->name);
    }
    d->deleted = true;
}

bool fake_deleted(PDEVICE_OBJECT device)
{
    return CONTAINING_RECORD(device, struct device, object)->deleted;
}

PDEVICE_OBJECT IoAttachDeviceToDeviceStack(PDEVICE_OBJECT source, PDEVICE_OBJECT target)
{
    PDEVICE_OBJECT top = kit_top(target);
    top->AttachedDevice = source;
    source->StackSize = (CCHAR)(top->StackSize + 1);
    source->AlignmentRequirement = top->AlignmentRequirement;
    return top;
}

VOID IoDetachDevice(PDEVICE_OBJECT target)
{
    target->AttachedDevice = NULL;
}

PDEVICE_OBJECT kit_top(PDEVICE_OBJECT device)
{
    while (device->AttachedDevice != NULL) {
        device = device->AttachedDevice;
    }
    return device;
}

PDEVICE_OBJECT kit_make_pdo(PDRIVER_DISPATCH dispatch, ULONG flags)
{
    PDEVICE_OBJECT pdo;
    memset(&bottom_driver, 0, sizeof bottom_driver);
    for (unsigned i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; i++) {
        bottom_driver.MajorFunction[i] = dispatch;
    }
    if (!NT_SUCCESS(IoCreateDevice(&bottom_driver, 0, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &pdo))) {
        kit_fail("no PDO");
    }
    pdo->Flags = flags;
    return pdo;
}

/* No plug-and-play manager stands behind this kit: a device here has no interfaces. */
NTSTATUS IoRegisterDeviceInterface(PDEVICE_OBJECT pdo, const GUID *class, PUNICODE_STRING reference,
                                   PUNICODE_STRING link)
{
    (void)pdo, (void)class, (void)reference;
    *link = (UNICODE_STRING){0};
    return STATUS_INVALID_DEVICE_REQUEST;
}

NTSTATUS IoSetDeviceInterfaceState(PUNICODE_STRING link, BOOLEAN enable)
{
    (void)link, (void)enable;
    return STATUS_OBJECT_NAME_NOT_FOUND;
}

NTSTATUS IoCreateSymbolicLink(PUNICODE_STRING link, PUNICODE_STRING target)
{
    char text[NAME_MAX];
    to_ascii(target, text);
    if (kit_find(text) == NULL) {
        return STATUS_OBJECT_NAME_NOT_FOUND;
    }
    to_ascii(link, text);
    if (kit_link_exists(text)) {
        return STATUS_OBJECT_NAME_COLLISION;
    }
    for (unsigned i = 0; i < 16; i++) {
        if (links[i][0] == 0) {
            memcpy(links[i], text, sizeof text);
            return STATUS_SUCCESS;
        }
    }
    return STATUS_INSUFFICIENT_RESOURCES;
}

NTSTATUS IoDeleteSymbolicLink(PUNICODE_STRING link)
{
    char text[NAME_MAX];
    to_ascii(link, text);
    for (unsigned i = 0; i < 16; i++) {
        if (strcmp(links[i], text) == 0) {
            links[i][0] = 0;
            return STATUS_SUCCESS;
        }
    }
    return STATUS_OBJECT_NAME_NOT_FOUND;
}

LONG_PTR ObfReferenceObject(PVOID object)
{
    return ++((PDEVICE_OBJECT)object)->ReferenceCount;
}

LONG_PTR ObfDereferenceObject(PVOID object)
{
    return --((PDEVICE_OBJECT)object)->ReferenceCount;
}
