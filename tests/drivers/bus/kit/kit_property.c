// SPDX-License-Identifier: MIT
//
// Properties of devices: none is kept from one task of a driver to the next, which is what a driver
// finds when its bus is new.
#include "strict_kit.h"

NTSTATUS IoGetDevicePropertyData(PDEVICE_OBJECT pdo, CONST DEVPROPKEY *key, LCID locale,
                                 ULONG flags, ULONG size, PVOID data, PULONG required,
                                 PDEVPROPTYPE type)
{
    UNREFERENCED_PARAMETER(pdo);
    UNREFERENCED_PARAMETER(key);
    UNREFERENCED_PARAMETER(locale);
    UNREFERENCED_PARAMETER(flags);
    UNREFERENCED_PARAMETER(size);
    UNREFERENCED_PARAMETER(data);
    UNREFERENCED_PARAMETER(required);
    UNREFERENCED_PARAMETER(type);
    return STATUS_OBJECT_NAME_NOT_FOUND;
}

NTSTATUS IoSetDevicePropertyData(PDEVICE_OBJECT pdo, CONST DEVPROPKEY *key, LCID locale,
                                 ULONG flags, DEVPROPTYPE type, ULONG size, PVOID data)
{
    UNREFERENCED_PARAMETER(pdo);
    UNREFERENCED_PARAMETER(key);
    UNREFERENCED_PARAMETER(locale);
    UNREFERENCED_PARAMETER(flags);
    UNREFERENCED_PARAMETER(type);
    UNREFERENCED_PARAMETER(size);
    UNREFERENCED_PARAMETER(data);
    return STATUS_SUCCESS;
}
