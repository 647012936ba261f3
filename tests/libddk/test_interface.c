// SPDX-License-Identifier: MIT
//
// Device interfaces: names, states, lists, aliases.

#include "test_driver.h"

#define INITGUID
#include <guiddef.h>

DEFINE_GUID(class_a, 0x01234567, 0x89ab, 0xcdef, 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef);
DEFINE_GUID(class_b, 0x11111111, 0x2222, 0x3333, 0x44, 0x44, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55);
DEFINE_GUID(class_c, 0x21111111, 0x2222, 0x3333, 0x44, 0x44, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55);

#define NAME_A "\\??\\TEST#Dev&1#0#{01234567-89ab-cdef-0123-456789abcdef}"

static PDEVICE_OBJECT pdo;

static void fresh_pdo(void)
{
    if (pdo != NULL)
        return;
    fresh_driver(NULL);
    pdo = new_device(0);
    posix_set_instance(pdo, "TEST\\Dev&1\\0");
}

static bool is(PCUNICODE_STRING s, const char *text)
{
    size_t n = strlen(text);
    for (size_t i = 0; i < n && 2 * i < s->Length; i++)
        if (s->Buffer[i] != (WCHAR)text[i])
            return false;
    return s->Length == 2 * n && s->MaximumLength >= s->Length;
}

static ULONG count(PCWSTR list)
{
    ULONG n = 0;
    for (; *list != 0; n++)
        while (*list++ != 0)
            ;
    return n;
}

static ULONG listed(const GUID *class, PDEVICE_OBJECT device, ULONG flags)
{
    PWSTR list = NULL;
    if (!NT_SUCCESS(IoGetDeviceInterfaces(class, device, flags, &list)))
        return MAXULONG;
    ULONG n = count(list);
    ExFreePool(list);
    return n;
}

DDI_TEST(IoRegisterDeviceInterface, RESULTS, interface_has_a_name_that_stays)
{
    UNICODE_STRING link, again;
    fresh_pdo();
    CHECK_EQ(IoRegisterDeviceInterface(pdo, &class_a, NULL, &link), STATUS_SUCCESS);
    CHECK(is(&link, NAME_A));
    CHECK_EQ(IoRegisterDeviceInterface(pdo, &class_a, NULL, &again), STATUS_OBJECT_NAME_EXISTS);
    CHECK(RtlEqualUnicodeString(&link, &again, FALSE));
    RtlFreeUnicodeString(&again);
    UNICODE_STRING reference = RTL_CONSTANT_STRING(L"port1");
    CHECK_EQ(IoRegisterDeviceInterface(pdo, &class_a, &reference, &again), STATUS_SUCCESS);
    CHECK(is(&again, NAME_A "\\port1"));
    RtlFreeUnicodeString(&again);
    RtlFreeUnicodeString(&link);
}

DDI_TEST(IoRegisterDeviceInterface, ERRORS, interface_needs_a_pdo_and_a_plain_reference)
{
    UNICODE_STRING link = {2, 2, L"x"};
    fresh_pdo();
    PDEVICE_OBJECT other = new_device(0);
    CHECK_EQ(IoRegisterDeviceInterface(other, &class_a, NULL, &link),
             STATUS_INVALID_DEVICE_REQUEST);
    CHECK(link.Buffer == NULL);
    CHECK_EQ(IoRegisterDeviceInterface(NULL, &class_a, NULL, &link), STATUS_INVALID_DEVICE_REQUEST);
    UNICODE_STRING back = RTL_CONSTANT_STRING(L"a\\b"), slash = RTL_CONSTANT_STRING(L"a/b");
    CHECK_EQ(IoRegisterDeviceInterface(pdo, &class_a, &back, &link), STATUS_INVALID_DEVICE_REQUEST);
    CHECK_EQ(IoRegisterDeviceInterface(pdo, &class_a, &slash, &link),
             STATUS_INVALID_DEVICE_REQUEST);
    IoDeleteDevice(other);
}

DDI_TEST(IoSetDeviceInterfaceState, RESULTS, state_makes_and_removes_the_link)
{
    UNICODE_STRING link;
    fresh_pdo();
    CHECK(NT_SUCCESS(IoRegisterDeviceInterface(pdo, &class_a, NULL, &link)));
    CHECK(posix_link_target(NAME_A) == NULL);
    CHECK_EQ(IoSetDeviceInterfaceState(&link, TRUE), STATUS_SUCCESS);
    CHECK(posix_link_target(NAME_A) != NULL);
    CHECK_EQ(IoSetDeviceInterfaceState(&link, TRUE), STATUS_OBJECT_NAME_EXISTS);
    CHECK_EQ(IoSetDeviceInterfaceState(&link, FALSE), STATUS_SUCCESS);
    CHECK(posix_link_target(NAME_A) == NULL);
    RtlFreeUnicodeString(&link);
}

TEST(link_is_shared_by_the_reference_strings_of_a_class)
{
    UNICODE_STRING plain, one, reference = RTL_CONSTANT_STRING(L"one");
    fresh_pdo();
    CHECK(NT_SUCCESS(IoRegisterDeviceInterface(pdo, &class_a, NULL, &plain)));
    CHECK(NT_SUCCESS(IoRegisterDeviceInterface(pdo, &class_a, &reference, &one)));
    CHECK_EQ(IoSetDeviceInterfaceState(&plain, TRUE), STATUS_SUCCESS);
    CHECK_EQ(IoSetDeviceInterfaceState(&one, TRUE), STATUS_SUCCESS);
    CHECK_EQ(IoSetDeviceInterfaceState(&plain, FALSE), STATUS_SUCCESS);
    CHECK(posix_link_target(NAME_A) != NULL);
    CHECK_EQ(IoSetDeviceInterfaceState(&one, FALSE), STATUS_SUCCESS);
    CHECK(posix_link_target(NAME_A) == NULL);
    RtlFreeUnicodeString(&plain);
    RtlFreeUnicodeString(&one);
}

DDI_TEST(IoSetDeviceInterfaceState, ERRORS, state_of_what_is_not_enabled_or_not_known)
{
    UNICODE_STRING link, unknown = RTL_CONSTANT_STRING(L"\\??\\nobody");
    fresh_pdo();
    CHECK(NT_SUCCESS(IoRegisterDeviceInterface(pdo, &class_b, NULL, &link)));
    CHECK_EQ(IoSetDeviceInterfaceState(&link, FALSE), STATUS_OBJECT_NAME_NOT_FOUND);
    CHECK_EQ(IoSetDeviceInterfaceState(&unknown, TRUE), STATUS_OBJECT_NAME_NOT_FOUND);
    RtlFreeUnicodeString(&link);
}

DDI_TEST(IoGetDeviceInterfaces, RESULTS, list_has_the_enabled_ones_or_all)
{
    UNICODE_STRING link, other_link;
    PWSTR list;
    fresh_pdo();
    PDEVICE_OBJECT other = new_device(0);
    posix_set_instance(other, "TEST\\Dev&1\\1");
    CHECK(NT_SUCCESS(IoRegisterDeviceInterface(pdo, &class_c, NULL, &link)));
    CHECK(NT_SUCCESS(IoRegisterDeviceInterface(other, &class_c, NULL, &other_link)));
    CHECK_EQ(listed(&class_c, NULL, 0), 0);
    CHECK_EQ(listed(&class_c, NULL, DEVICE_INTERFACE_INCLUDE_NONACTIVE), 2);
    CHECK_EQ(IoSetDeviceInterfaceState(&other_link, TRUE), STATUS_SUCCESS);
    CHECK_EQ(listed(&class_c, NULL, 0), 1);
    CHECK_EQ(listed(&class_c, other, 0), 1);
    CHECK_EQ(listed(&class_c, pdo, 0), 0);
    CHECK_EQ(IoSetDeviceInterfaceState(&link, TRUE), STATUS_SUCCESS);
    CHECK_EQ(IoGetDeviceInterfaces(&class_c, NULL, 0, &list), STATUS_SUCCESS);
    CHECK_EQ(count(list), 2);
    CHECK_MEM(list, link.Buffer, link.Length + sizeof(WCHAR)); // in the order of registration
    CHECK_EQ(IoSetDeviceInterfaceState(&link, FALSE), STATUS_SUCCESS);
    CHECK_EQ(IoSetDeviceInterfaceState(&other_link, FALSE), STATUS_SUCCESS);
    ExFreePool(list);
    RtlFreeUnicodeString(&link);
    RtlFreeUnicodeString(&other_link);
    posix_set_instance(other, NULL);
    IoDeleteDevice(other);
}

DDI_TEST(IoGetDeviceInterfaces, ERRORS, list_of_a_device_that_is_no_pdo)
{
    PWSTR list = NULL;
    fresh_pdo();
    PDEVICE_OBJECT other = new_device(0);
    CHECK_EQ(IoGetDeviceInterfaces(&class_c, other, 0, &list), STATUS_INVALID_DEVICE_REQUEST);
    CHECK(list == NULL);
    IoDeleteDevice(other);
}

DDI_TEST(IoGetDeviceInterfaceAlias, RESULTS | ERRORS, alias_is_of_the_same_device_and_reference)
{
    UNICODE_STRING a, b, alias, reference = RTL_CONSTANT_STRING(L"{x}#{y}");
    UNICODE_STRING wrong = RTL_CONSTANT_STRING(L"\\??\\TEST#{not a class}");
    fresh_pdo();
    CHECK(NT_SUCCESS(IoRegisterDeviceInterface(pdo, &class_a, &reference, &a)));
    CHECK_EQ(IoGetDeviceInterfaceAlias(&a, &class_b, &alias), STATUS_OBJECT_NAME_NOT_FOUND);
    CHECK(NT_SUCCESS(IoRegisterDeviceInterface(pdo, &class_b, &reference, &b)));
    CHECK_EQ(IoGetDeviceInterfaceAlias(&a, &class_b, &alias), STATUS_SUCCESS);
    CHECK(RtlEqualUnicodeString(&alias, &b, FALSE));
    RtlFreeUnicodeString(&alias);
    CHECK_EQ(IoGetDeviceInterfaceAlias(&wrong, &class_b, &alias), STATUS_INVALID_HANDLE);
    CHECK(alias.Buffer == NULL);
    RtlFreeUnicodeString(&a);
    RtlFreeUnicodeString(&b);
}

static UNICODE_STRING some = RTL_CONSTANT_STRING(L"\\??\\nobody"), result;
static PWSTR names;

DDI_IRQL_MAX(IoRegisterDeviceInterface, PASSIVE_LEVEL,
             IoRegisterDeviceInterface(NULL, &class_a, NULL, &result))
DDI_IRQL_MAX(IoSetDeviceInterfaceState, PASSIVE_LEVEL, IoSetDeviceInterfaceState(&some, TRUE))
DDI_IRQL_MAX(IoGetDeviceInterfaceAlias, PASSIVE_LEVEL,
             IoGetDeviceInterfaceAlias(&some, &class_a, &result))
static void get_list(void)
{
    if (NT_SUCCESS(IoGetDeviceInterfaces(&class_a, NULL, 0, &names)))
        ExFreePool(names);
}
DDI_IRQL_MAX(IoGetDeviceInterfaces, PASSIVE_LEVEL, get_list())
