// SPDX-License-Identifier: MIT
//
// Properties of devices, by number and by key; a device that is to be ejected.

#include "test_driver.h"

#define INITGUID
#include <devpropdef.h>
#include <guiddef.h>

DEFINE_DEVPROPKEY(color, 0x01234567, 0x89ab, 0xcdef, 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef,
                  2);
DEFINE_DEVPROPKEY(weight, 0x01234567, 0x89ab, 0xcdef, 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd,
                  0xef, 3);

static PDEVICE_OBJECT pdo, no_pdo;

static void fresh(void)
{
    static const WCHAR text[] = L"A device";
    if (pdo != NULL)
        return;
    fresh_driver(NULL);
    pdo = new_device(0);
    no_pdo = new_device(0);
    posix_set_instance(pdo, "TEST\\Dev\\0");
    posix_set_property(pdo, DevicePropertyDeviceDescription, text, sizeof(text));
}

DDI_TEST(IoGetDeviceProperty, RESULTS, property_is_copied_with_its_size)
{
    WCHAR buffer[16] = {0};
    ULONG bytes = 0;
    fresh();
    CHECK_EQ(
        IoGetDeviceProperty(pdo, DevicePropertyDeviceDescription, sizeof(buffer), buffer, &bytes),
        STATUS_SUCCESS);
    CHECK_EQ(bytes, 9 * sizeof(WCHAR)); // with its final zero
    CHECK_MEM(buffer, L"A device", bytes);
}

DDI_TEST(IoGetDeviceProperty, ERRORS, property_that_cannot_be_had)
{
    WCHAR buffer[4] = {7};
    ULONG bytes = 0;
    fresh();
    CHECK_EQ(
        IoGetDeviceProperty(pdo, DevicePropertyDeviceDescription, sizeof(buffer), buffer, &bytes),
        STATUS_BUFFER_TOO_SMALL);
    CHECK_EQ(bytes, 9 * sizeof(WCHAR));
    CHECK_EQ(buffer[0], 7);
    CHECK_EQ(
        IoGetDeviceProperty(pdo, (DEVICE_REGISTRY_PROPERTY)999, sizeof(buffer), buffer, &bytes),
        STATUS_INVALID_PARAMETER_2);
    CHECK_EQ(IoGetDeviceProperty(pdo, DevicePropertyUINumber, sizeof(buffer), buffer, &bytes),
             STATUS_OBJECT_NAME_NOT_FOUND);
    CHECK_EQ(IoGetDeviceProperty(no_pdo, DevicePropertyUINumber, sizeof(buffer), buffer, &bytes),
             STATUS_INVALID_DEVICE_REQUEST);
}

static NTSTATUS get(const DEVPROPKEY *key, LCID locale, ULONG *value, ULONG size, ULONG *bytes,
                    DEVPROPTYPE *type)
{
    return IoGetDevicePropertyData(pdo, key, locale, 0, size, value, bytes, type);
}

DDI_TEST(IoSetDevicePropertyData, RESULTS, property_by_key_is_kept_for_its_locale)
{
    ULONG red = 1, blue = 2, value = 0, bytes = 0;
    DEVPROPTYPE type = 0;
    fresh();
    DDI_SHOWS(IoGetDevicePropertyData, RESULTS);
    CHECK_EQ(IoSetDevicePropertyData(pdo, &color, LOCALE_NEUTRAL, 0, DEVPROP_TYPE_UINT32,
                                     sizeof(red), &red),
             STATUS_SUCCESS);
    CHECK_EQ(IoSetDevicePropertyData(pdo, &color, 0x407, PLUGPLAY_PROPERTY_PERSISTENT,
                                     DEVPROP_TYPE_INT32, sizeof(blue), &blue),
             STATUS_SUCCESS);
    red = 9; // the value was copied
    CHECK_EQ(get(&color, LOCALE_NEUTRAL, &value, sizeof(value), &bytes, &type), STATUS_SUCCESS);
    CHECK_EQ(value, 1);
    CHECK_EQ(bytes, sizeof(value));
    CHECK_EQ(type, DEVPROP_TYPE_UINT32);
    CHECK_EQ(get(&color, 0x407, &value, sizeof(value), &bytes, &type), STATUS_SUCCESS);
    CHECK_EQ(value, 2);
    CHECK_EQ(type, DEVPROP_TYPE_INT32);
    CHECK_EQ(IoSetDevicePropertyData(pdo, &color, LOCALE_NEUTRAL, 0, 0, 0, NULL), STATUS_SUCCESS);
    CHECK_EQ(get(&color, LOCALE_NEUTRAL, &value, sizeof(value), &bytes, &type),
             STATUS_OBJECT_NAME_NOT_FOUND);
    CHECK_EQ(get(&color, 0x407, &value, sizeof(value), &bytes, &type), STATUS_SUCCESS);
}

DDI_TEST(IoGetDevicePropertyData, ERRORS, property_by_key_that_cannot_be_had)
{
    ULONG value = 5, bytes = 0;
    DEVPROPTYPE type = 0;
    fresh();
    CHECK_EQ(get(&weight, LOCALE_NEUTRAL, &value, sizeof(value), &bytes, &type),
             STATUS_OBJECT_NAME_NOT_FOUND);
    CHECK_EQ(IoSetDevicePropertyData(pdo, &weight, LOCALE_NEUTRAL, 0, DEVPROP_TYPE_UINT32,
                                     sizeof(value), &value),
             STATUS_SUCCESS);
    CHECK_EQ(get(&weight, LOCALE_NEUTRAL, &value, 2, &bytes, &type), STATUS_BUFFER_TOO_SMALL);
    CHECK_EQ(bytes, sizeof(value));
    CHECK_EQ(IoGetDevicePropertyData(no_pdo, &weight, 0, 0, sizeof(value), &value, &bytes, &type),
             STATUS_INVALID_DEVICE_REQUEST);
}

DDI_TEST(IoSetDevicePropertyData, ERRORS, property_by_key_that_cannot_be_set)
{
    ULONG value = 5;
    fresh();
    CHECK_EQ(
        IoSetDevicePropertyData(no_pdo, &weight, 0, 0, DEVPROP_TYPE_UINT32, sizeof(value), &value),
        STATUS_INVALID_DEVICE_REQUEST);
    CHECK_EQ(
        IoSetDevicePropertyData(pdo, &weight, 0, 2, DEVPROP_TYPE_UINT32, sizeof(value), &value),
        STATUS_INVALID_PARAMETER);
    CHECK_EQ(IoSetDevicePropertyData(pdo, &weight, 0x777, 0, 0, 0, NULL),
             STATUS_OBJECT_NAME_NOT_FOUND);
}

DDI_TEST(IoRequestDeviceEject, RESULTS, ejection_is_requested_of_the_manager)
{
    unsigned before = posix_ejections();
    fresh();
    IoRequestDeviceEject(pdo);
    IoRequestDeviceEject(no_pdo); // nothing that could be ejected
    CHECK_EQ(posix_ejections(), before + 1);
}

static ULONG some_bytes, some_value;
static DEVPROPTYPE some_type;

DDI_IRQL_MAX(IoGetDevicePropertyData, APC_LEVEL,
             (fresh(), (void)IoGetDevicePropertyData(pdo, &color, 0, 0, sizeof(some_value),
                                                     &some_value, &some_bytes, &some_type)))
DDI_IRQL_MAX(IoSetDevicePropertyData, APC_LEVEL,
             (fresh(), (void)IoSetDevicePropertyData(pdo, &color, 0, 0, DEVPROP_TYPE_UINT32,
                                                     sizeof(some_value), &some_value)))
DDI_IRQL_MAX(IoRequestDeviceEject, DISPATCH_LEVEL, (fresh(), IoRequestDeviceEject(pdo)))
