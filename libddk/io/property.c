// SPDX-License-Identifier: MIT
//
// Properties of devices. Documentation: nf-wdm-iogetdeviceproperty, nf-wdm-iogetdevicepropertydata,
// nf-wdm-iosetdevicepropertydata.

#include "interface.h"

NTSTATUS IoGetDeviceProperty(PDEVICE_OBJECT pdo, DEVICE_REGISTRY_PROPERTY property,
                             ULONG buffer_length, PVOID buffer, PULONG result_length)
{
    ki_require_irql(PASSIVE_LEVEL, "IoGetDeviceProperty above PASSIVE_LEVEL");
    *result_length = 0;
    if ((ULONG)property > (ULONG)DevicePropertyContainerID)
        return STATUS_INVALID_PARAMETER_2;
    return manager_property(pdo, property, buffer_length, buffer, result_length);
}

NTSTATUS IoGetDevicePropertyData(PDEVICE_OBJECT pdo, CONST DEVPROPKEY *key, LCID locale,
                                 ULONG flags, ULONG size, PVOID data, PULONG required,
                                 PDEVPROPTYPE type)
{
    ki_require_irql(APC_LEVEL, "IoGetDevicePropertyData above APC_LEVEL");
    *required = 0;
    if (flags != 0)
        return STATUS_INVALID_PARAMETER;
    return manager_get_property(pdo, key, locale, size, data, required, type);
}

NTSTATUS IoSetDevicePropertyData(PDEVICE_OBJECT pdo, CONST DEVPROPKEY *key, LCID locale,
                                 ULONG flags, DEVPROPTYPE type, ULONG size, PVOID data)
{
    ki_require_irql(APC_LEVEL, "IoSetDevicePropertyData above APC_LEVEL");
    if ((flags & ~(ULONG)PLUGPLAY_PROPERTY_PERSISTENT) != 0 || (data == NULL && size != 0))
        return STATUS_INVALID_PARAMETER;
    return manager_set_property(pdo, key, locale, type, size, data);
}
