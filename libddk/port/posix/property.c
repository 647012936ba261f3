// SPDX-License-Identifier: MIT
//
// Properties and target devices inside one process: what a test gives its PDOs; every device but
// those is none.

#include "../../io/interface.h"
#include "posix.h"

#define PROPERTIES 32u
#define LARGEST    384u

static struct property {
    PDEVICE_OBJECT Pdo; // NULL: free
    bool Registry;      // by DEVICE_REGISTRY_PROPERTY, in Key.pid
    DEVPROPKEY Key;
    LCID Locale;
    DEVPROPTYPE Type;
    ULONG Bytes;
    UCHAR Data[LARGEST];
} properties[PROPERTIES];
static unsigned ejections;

static struct property *find(PDEVICE_OBJECT pdo, bool registry, const DEVPROPKEY *key, LCID locale)
{
    for (ULONG i = 0; i < PROPERTIES; i++)
        if (properties[i].Pdo == pdo &&
            (pdo == NULL || (properties[i].Registry == registry && properties[i].Locale == locale &&
                             IsEqualDevPropKey(properties[i].Key, *key))))
            return &properties[i];
    return NULL;
}

static NTSTATUS set(PDEVICE_OBJECT pdo, bool registry, const DEVPROPKEY *key, LCID locale,
                    DEVPROPTYPE type, ULONG size, const VOID *data)
{
    struct property *property = find(pdo, registry, key, locale);
    if (property == NULL && data == NULL)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    if (property == NULL && (property = find(NULL, false, key, 0)) == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    *property = (struct property){.Pdo = data != NULL ? pdo : NULL,
                                  .Registry = registry,
                                  .Key = *key,
                                  .Locale = locale,
                                  .Type = type,
                                  .Bytes = size};
    if (data != NULL)
        memcpy(property->Data, data, size);
    return STATUS_SUCCESS;
}

static NTSTATUS get(const struct property *property, ULONG size, PVOID data, PULONG bytes)
{
    if (property == NULL)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    *bytes = property->Bytes;
    if (size < property->Bytes)
        return STATUS_BUFFER_TOO_SMALL;
    memcpy(data, property->Data, property->Bytes);
    return STATUS_SUCCESS;
}

void posix_set_property(PDEVICE_OBJECT pdo, unsigned property, const void *data, size_t bytes)
{
    const DEVPROPKEY key = {.pid = property};
    (void)set(pdo, true, &key, 0, 0, (ULONG)bytes, data);
}

NTSTATUS manager_property(PDEVICE_OBJECT pdo, DEVICE_REGISTRY_PROPERTY property, ULONG length,
                          PVOID buffer, PULONG result)
{
    const DEVPROPKEY key = {.pid = (DEVPROPID)property};
    return posix_is_pdo(pdo) ? get(find(pdo, true, &key, 0), length, buffer, result)
                             : STATUS_INVALID_DEVICE_REQUEST;
}

NTSTATUS manager_get_property(PDEVICE_OBJECT pdo, const DEVPROPKEY *key, LCID locale, ULONG size,
                              PVOID data, PULONG bytes, PDEVPROPTYPE type)
{
    if (!posix_is_pdo(pdo))
        return STATUS_INVALID_DEVICE_REQUEST;
    const struct property *property = find(pdo, false, key, locale);
    NTSTATUS status = get(property, size, data, bytes);
    if (NT_SUCCESS(status))
        *type = property->Type;
    return status;
}

NTSTATUS manager_set_property(PDEVICE_OBJECT pdo, const DEVPROPKEY *key, LCID locale,
                              DEVPROPTYPE type, ULONG size, const VOID *data)
{
    if (!posix_is_pdo(pdo))
        return STATUS_INVALID_DEVICE_REQUEST;
    return size <= LARGEST ? set(pdo, false, key, locale, type, size, data)
                           : STATUS_INVALID_PARAMETER;
}

NTSTATUS manager_watch_target(PDEVICE_OBJECT device, BOOLEAN watch, ULONG64 *pdo)
{
    while (device != NULL && io_device(device)->AttachedTo != NULL)
        device = io_device(device)->AttachedTo;
    if (watch)
        *pdo = io_device(device)->Id;
    return STATUS_SUCCESS;
}

// Everybody is in this task.
NTSTATUS manager_report_change(PDEVICE_OBJECT pdo, const TARGET_DEVICE_CUSTOM_NOTIFICATION *event)
{
    (void)pdo, (void)event;
    return STATUS_SUCCESS;
}

VOID manager_request_eject(PDEVICE_OBJECT pdo)
{
    ejections += posix_is_pdo(pdo);
}

unsigned posix_ejections(void)
{
    return ejections;
}

int32_t posix_query_remove_target(PDEVICE_OBJECT pdo)
{
    return io_target_query_remove(io_device(pdo)->Id);
}

void posix_cancel_remove_target(PDEVICE_OBJECT pdo)
{
    io_target_cancelled(io_device(pdo)->Id);
}
