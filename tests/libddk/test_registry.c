// SPDX-License-Identifier: MIT
// The registry before there is one: what a driver meets in place of its keys.
#include "ddi_test.h"
#include <wmilib.h>

static NTSTATUS seen_status;
static ULONG seen_type, seen_length, seen_count;
static ULONG seen_data;

static NTSTATUS take(PWSTR name, ULONG type, PVOID data, ULONG length, PVOID context, PVOID entry)
{
    (void)name;
    seen_type = type;
    seen_length = length;
    seen_count++;
    if (data != NULL && length == sizeof(ULONG))
        seen_data = *(ULONG *)data;
    return context == &seen_type && entry == &seen_length ? seen_status : STATUS_INTERNAL_ERROR;
}

static NTSTATUS query(ULONG relative_to, RTL_QUERY_REGISTRY_TABLE entry)
{
    RTL_QUERY_REGISTRY_TABLE table[2] = {entry, {}};
    return RtlQueryRegistryValues(relative_to, L"Some\\Key", table, &seen_type, NULL);
}

TEST(defaults_are_stored)
{
    ULONG number = 0, fallback = 7;
    UNICODE_STRING text = {};
    RTL_QUERY_REGISTRY_TABLE direct = {.Flags = RTL_QUERY_REGISTRY_DIRECT,
                                       .Name = (PWSTR)(ULONG_PTR)L"Value",
                                       .EntryContext = &number,
                                       .DefaultType = REG_DWORD,
                                       .DefaultData = &fallback,
                                       .DefaultLength = sizeof(ULONG)};
    CHECK_EQ(query(RTL_REGISTRY_OPTIONAL, direct), STATUS_SUCCESS);
    CHECK_EQ(number, 7);
    CHECK_EQ(query(RTL_REGISTRY_SERVICES, direct), STATUS_OBJECT_NAME_NOT_FOUND);
    direct.DefaultType = REG_SZ;
    direct.DefaultData = (PVOID)(ULONG_PTR)L"abc";
    direct.DefaultLength = 0; // counted by the routine
    direct.EntryContext = &text;
    CHECK_EQ(query(RTL_REGISTRY_OPTIONAL, direct), STATUS_SUCCESS);
    CHECK(text.Length == 6 && text.MaximumLength == 8 && wcscmp(text.Buffer, L"abc") == 0);
    direct.DefaultData = (PVOID)(ULONG_PTR)L"abcd";
    CHECK_EQ(query(RTL_REGISTRY_OPTIONAL, direct), STATUS_BUFFER_TOO_SMALL);
    RtlFreeUnicodeString(&text);
}

TEST(larger_data_needs_its_size)
{
    ULONG data[3] = {1, 2, 3};
    LONG buffer[8] = {-12};
    RTL_QUERY_REGISTRY_TABLE direct = {.Flags = RTL_QUERY_REGISTRY_DIRECT,
                                       .Name = (PWSTR)(ULONG_PTR)L"Value",
                                       .EntryContext = buffer,
                                       .DefaultType = REG_BINARY,
                                       .DefaultData = data,
                                       .DefaultLength = sizeof(data)};
    CHECK_EQ(query(RTL_REGISTRY_OPTIONAL, direct), STATUS_SUCCESS);
    CHECK(buffer[0] == 1 && buffer[2] == 3);
    buffer[0] = -11;
    CHECK_EQ(query(RTL_REGISTRY_OPTIONAL, direct), STATUS_BUFFER_TOO_SMALL);
    buffer[0] = 20;
    CHECK_EQ(query(RTL_REGISTRY_OPTIONAL, direct), STATUS_SUCCESS);
    CHECK(buffer[0] == 12 && buffer[1] == REG_BINARY && buffer[4] == 3);
    buffer[0] = 19;
    CHECK_EQ(query(RTL_REGISTRY_OPTIONAL, direct), STATUS_BUFFER_TOO_SMALL);
}

TEST(routines_are_called)
{
    ULONG fallback = 9;
    RTL_QUERY_REGISTRY_TABLE entry = {.QueryRoutine = take,
                                      .Name = (PWSTR)(ULONG_PTR)L"Value",
                                      .EntryContext = &seen_length,
                                      .DefaultType = REG_DWORD,
                                      .DefaultData = &fallback,
                                      .DefaultLength = sizeof(ULONG)};
    seen_count = 0;
    CHECK_EQ(query(RTL_REGISTRY_OPTIONAL, entry), STATUS_SUCCESS);
    CHECK(seen_count == 1 && seen_data == 9 && seen_type == REG_DWORD);
    seen_status = STATUS_BUFFER_TOO_SMALL; // ignored, as documented
    CHECK_EQ(query(RTL_REGISTRY_OPTIONAL, entry), STATUS_SUCCESS);
    seen_status = STATUS_DATA_ERROR;
    CHECK_EQ(query(RTL_REGISTRY_OPTIONAL, entry), STATUS_DATA_ERROR);
    seen_status = STATUS_SUCCESS;
    entry.DefaultType = REG_NONE;
    CHECK_EQ(query(RTL_REGISTRY_OPTIONAL, entry), STATUS_SUCCESS);
    CHECK_EQ(seen_count, 3); // no default: skipped
    entry.Flags = RTL_QUERY_REGISTRY_REQUIRED;
    CHECK_EQ(query(RTL_REGISTRY_OPTIONAL, entry), STATUS_OBJECT_NAME_NOT_FOUND);
    entry.Flags = RTL_QUERY_REGISTRY_NOVALUE;
    entry.Name = NULL;
    CHECK_EQ(query(RTL_REGISTRY_OPTIONAL, entry), STATUS_SUCCESS);
    CHECK(seen_count == 4 && seen_type == REG_NONE && seen_length == 0);
    entry.Flags = RTL_QUERY_REGISTRY_DIRECT; // wants a name and no routine
    CHECK_EQ(query(RTL_REGISTRY_OPTIONAL, entry), STATUS_INVALID_PARAMETER);
    entry.Flags = RTL_QUERY_REGISTRY_SUBKEY;
    CHECK_EQ(query(RTL_REGISTRY_OPTIONAL, entry), STATUS_INVALID_PARAMETER);
}

TEST(no_key_exists)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Registry\\Machine\\X");
    OBJECT_ATTRIBUTES attributes;
    DEVICE_OBJECT device = {};
    HANDLE key = NULL;
    ULONG needed;
    InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE, NULL, NULL);
    CHECK_EQ(ZwOpenKey(&key, KEY_READ, &attributes), STATUS_OBJECT_NAME_NOT_FOUND);
    CHECK_EQ(ZwOpenKeyEx(&key, KEY_READ, &attributes, 0), STATUS_OBJECT_NAME_NOT_FOUND);
    CHECK_EQ(ZwCreateKey(&key, KEY_READ, &attributes, 0, NULL, 0, NULL), STATUS_NOT_SUPPORTED);
    attributes.Length = 0;
    CHECK_EQ(ZwOpenKey(&key, KEY_READ, &attributes), STATUS_INVALID_PARAMETER);
    CHECK_EQ(ZwQueryValueKey(key, &name, KeyValueFullInformation, NULL, 0, &needed),
             STATUS_INVALID_HANDLE);
    CHECK_EQ(ZwSetValueKey(key, &name, 0, REG_SZ, NULL, 0), STATUS_INVALID_HANDLE);
    CHECK_EQ(ZwQueryKey(key, KeyFullInformation, NULL, 0, &needed), STATUS_INVALID_HANDLE);
    CHECK_EQ(ZwEnumerateKey(key, 0, KeyBasicInformation, NULL, 0, &needed), STATUS_INVALID_HANDLE);
    CHECK_EQ(ZwEnumerateValueKey(key, 0, KeyValueBasicInformation, NULL, 0, &needed),
             STATUS_INVALID_HANDLE);
    CHECK_EQ(ZwDeleteKey(key), STATUS_INVALID_HANDLE);
    CHECK_EQ(ZwDeleteValueKey(key, &name), STATUS_INVALID_HANDLE);
    CHECK_EQ(ZwFlushKey(key), STATUS_INVALID_HANDLE);
    CHECK_EQ(IoOpenDeviceRegistryKey(&device, PLUGPLAY_REGKEY_DEVICE, KEY_READ, &key),
             STATUS_OBJECT_NAME_NOT_FOUND);
    CHECK_EQ(IoOpenDeviceRegistryKey(&device, 3, KEY_READ, &key), STATUS_INVALID_PARAMETER);
    CHECK_EQ(RtlCheckRegistryKey(0, name.Buffer), STATUS_OBJECT_NAME_NOT_FOUND);
    CHECK_EQ(RtlCreateRegistryKey(0, name.Buffer), STATUS_NOT_SUPPORTED);
    CHECK_EQ(RtlWriteRegistryValue(0, L"X", L"V", REG_SZ, NULL, 0), STATUS_OBJECT_NAME_NOT_FOUND);
    CHECK_EQ(RtlDeleteRegistryValue(0, L"X", L"V"), STATUS_OBJECT_NAME_NOT_FOUND);
}

static NTSTATUS watch(PVOID context, PVOID argument1, PVOID argument2)
{
    (void)context, (void)argument1, (void)argument2;
    return STATUS_SUCCESS;
}

TEST(nobody_watches_the_registry)
{
    LARGE_INTEGER cookie = {};
    ULONG major = 1, minor = 1;
    CHECK_EQ(CmRegisterCallback(watch, NULL, &cookie), STATUS_NOT_SUPPORTED);
    CHECK_EQ(CmRegisterCallbackEx(watch, NULL, NULL, NULL, &cookie, NULL), STATUS_NOT_SUPPORTED);
    CHECK_EQ(CmUnRegisterCallback(cookie), STATUS_INVALID_PARAMETER);
    CmGetCallbackVersion(&major, &minor);
    CHECK(major == 0 && minor == 0);
}

static void query_anything(void *unused)
{
    (void)unused;
    (void)query(RTL_REGISTRY_OPTIONAL, (RTL_QUERY_REGISTRY_TABLE){});
}

TEST(passive_level_only)
{
    (void)KfRaiseIrql(APC_LEVEL);
    CHECK(dies(query_anything, NULL, "RtlQueryRegistryValues above PASSIVE_LEVEL"));
}

TEST(wmi_takes_no_device)
{
    DEVICE_OBJECT device = {};
    CHECK_EQ(IoWMIRegistrationControl(&device, WMIREG_ACTION_REGISTER), STATUS_NOT_SUPPORTED);
    CHECK_EQ(IoWMIRegistrationControl(&device, 9), STATUS_INVALID_PARAMETER);
    CHECK_EQ(IoWMIRegistrationControl(NULL, WMIREG_ACTION_REGISTER), STATUS_INVALID_PARAMETER);
    CHECK_EQ(IoWMIWriteEvent(NULL), STATUS_UNSUCCESSFUL);
    CHECK_EQ(WmiFireEvent(&device, NULL, 0, 0, NULL), STATUS_UNSUCCESSFUL);
}

TEST(wmi_requests_go_on)
{
    WMILIB_CONTEXT context = {};
    DEVICE_OBJECT device = {.StackSize = 1};
    SYSCTL_IRP_DISPOSITION disposition = IrpProcessed;
    PIRP irp = IoAllocateIrp(2, FALSE);
    IoSetNextIrpStackLocation(irp);
    irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
    IoGetCurrentIrpStackLocation(irp)->MinorFunction = IRP_MN_QUERY_ALL_DATA;
    CHECK_EQ(WmiSystemControl(&context, &device, irp, &disposition), STATUS_NOT_SUPPORTED);
    CHECK_EQ(disposition, IrpForward);
    IoGetCurrentIrpStackLocation(irp)->MinorFunction = 0x40;
    (void)WmiSystemControl(&context, &device, irp, &disposition);
    CHECK_EQ(disposition, IrpNotWmi);
    IoFreeIrp(irp);
}
