// SPDX-License-Identifier: MIT
//
// The registry before there is one: no key exists, so nothing opens, and no handle is a key's.

#include <wdm.h>

#include "../ke/ki.h"

#define PASSIVE(routine) ki_require_irql(PASSIVE_LEVEL, routine " above PASSIVE_LEVEL")

// What is asked must make sense all the same.
static NTSTATUS check(const HANDLE *key, const OBJECT_ATTRIBUTES *attributes)
{
    if (key == NULL || attributes == NULL || attributes->Length != sizeof(OBJECT_ATTRIBUTES) ||
        attributes->ObjectName == NULL)
        return STATUS_INVALID_PARAMETER;
    return STATUS_SUCCESS;
}

NTSTATUS ZwCreateKey(PHANDLE key, ACCESS_MASK access, POBJECT_ATTRIBUTES attributes, ULONG index,
                     PUNICODE_STRING class, ULONG options, PULONG disposition)
{
    (void)access, (void)index, (void)class, (void)options, (void)disposition;
    PASSIVE("ZwCreateKey");
    NTSTATUS status = check(key, attributes);
    return NT_SUCCESS(status) ? STATUS_NOT_SUPPORTED : status;
}

NTSTATUS ZwOpenKey(PHANDLE key, ACCESS_MASK access, POBJECT_ATTRIBUTES attributes)
{
    (void)access;
    PASSIVE("ZwOpenKey");
    NTSTATUS status = check(key, attributes);
    return NT_SUCCESS(status) ? STATUS_OBJECT_NAME_NOT_FOUND : status;
}

NTSTATUS ZwOpenKeyEx(PHANDLE key, ACCESS_MASK access, POBJECT_ATTRIBUTES attributes, ULONG options)
{
    (void)options;
    PASSIVE("ZwOpenKeyEx");
    return ZwOpenKey(key, access, attributes);
}

NTSTATUS ZwQueryValueKey(HANDLE key, PUNICODE_STRING name, KEY_VALUE_INFORMATION_CLASS class,
                         PVOID information, ULONG length, PULONG needed)
{
    (void)key, (void)name, (void)class, (void)information, (void)length, (void)needed;
    PASSIVE("ZwQueryValueKey");
    return STATUS_INVALID_HANDLE;
}

NTSTATUS ZwSetValueKey(HANDLE key, PUNICODE_STRING name, ULONG index, ULONG type, PVOID data,
                       ULONG length)
{
    (void)key, (void)name, (void)index, (void)type, (void)data, (void)length;
    PASSIVE("ZwSetValueKey");
    return STATUS_INVALID_HANDLE;
}

NTSTATUS ZwQueryKey(HANDLE key, KEY_INFORMATION_CLASS class, PVOID information, ULONG length,
                    PULONG needed)
{
    (void)key, (void)class, (void)information, (void)length, (void)needed;
    PASSIVE("ZwQueryKey");
    return STATUS_INVALID_HANDLE;
}

NTSTATUS ZwEnumerateKey(HANDLE key, ULONG index, KEY_INFORMATION_CLASS class, PVOID information,
                        ULONG length, PULONG needed)
{
    (void)key, (void)index, (void)class, (void)information, (void)length, (void)needed;
    PASSIVE("ZwEnumerateKey");
    return STATUS_INVALID_HANDLE;
}

NTSTATUS ZwEnumerateValueKey(HANDLE key, ULONG index, KEY_VALUE_INFORMATION_CLASS class,
                             PVOID information, ULONG length, PULONG needed)
{
    (void)key, (void)index, (void)class, (void)information, (void)length, (void)needed;
    PASSIVE("ZwEnumerateValueKey");
    return STATUS_INVALID_HANDLE;
}

NTSTATUS ZwDeleteKey(HANDLE key)
{
    (void)key;
    PASSIVE("ZwDeleteKey");
    return STATUS_INVALID_HANDLE;
}

NTSTATUS ZwDeleteValueKey(HANDLE key, PUNICODE_STRING name)
{
    (void)key, (void)name;
    PASSIVE("ZwDeleteValueKey");
    return STATUS_INVALID_HANDLE;
}

NTSTATUS ZwFlushKey(HANDLE key)
{
    (void)key;
    PASSIVE("ZwFlushKey");
    return STATUS_INVALID_HANDLE;
}

NTSTATUS IoOpenDeviceRegistryKey(PDEVICE_OBJECT device, ULONG kind, ACCESS_MASK access, PHANDLE key)
{
    ULONG of = kind & ~(ULONG)PLUGPLAY_REGKEY_CURRENT_HWPROFILE;
    (void)access;
    PASSIVE("IoOpenDeviceRegistryKey");
    if (device == NULL || key == NULL ||
        (of != PLUGPLAY_REGKEY_DEVICE && of != PLUGPLAY_REGKEY_DRIVER))
        return STATUS_INVALID_PARAMETER;
    return STATUS_OBJECT_NAME_NOT_FOUND;
}

NTSTATUS CmRegisterCallback(PEX_CALLBACK_FUNCTION function, PVOID context, PLARGE_INTEGER cookie)
{
    (void)function, (void)context, (void)cookie;
    ki_require_irql(APC_LEVEL, "CmRegisterCallback above APC_LEVEL");
    return STATUS_NOT_SUPPORTED;
}

NTSTATUS CmRegisterCallbackEx(PEX_CALLBACK_FUNCTION function, PCUNICODE_STRING altitude,
                              PVOID driver, PVOID context, PLARGE_INTEGER cookie, PVOID reserved)
{
    (void)function, (void)altitude, (void)driver, (void)context, (void)cookie, (void)reserved;
    ki_require_irql(APC_LEVEL, "CmRegisterCallbackEx above APC_LEVEL");
    return STATUS_NOT_SUPPORTED;
}

NTSTATUS CmUnRegisterCallback(LARGE_INTEGER cookie)
{
    (void)cookie;
    ki_require_irql(APC_LEVEL, "CmUnRegisterCallback above APC_LEVEL");
    return STATUS_INVALID_PARAMETER;
}

VOID CmGetCallbackVersion(PULONG major, PULONG minor)
{
    ki_require_irql(APC_LEVEL, "CmGetCallbackVersion above APC_LEVEL");
    if (major != NULL)
        *major = 0;
    if (minor != NULL)
        *minor = 0;
}
