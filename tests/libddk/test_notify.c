// SPDX-License-Identifier: MIT
//
// PnP notification: of device interfaces and of target devices.

#include "test_driver.h"

#define INITGUID
#include <guiddef.h>
#include <wdmguid.h>

DEFINE_GUID(watched, 0x01234567, 0x89ab, 0xcdef, 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef);
DEFINE_GUID(other_class, 0x11111111, 0x2222, 0x3333, 0x44, 0x44, 0x55, 0x55, 0x55, 0x55, 0x55,
            0x55);
DEFINE_GUID(custom, 0x31111111, 0x2222, 0x3333, 0x44, 0x44, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55);

static PDEVICE_OBJECT pdo;
static UNICODE_STRING link_name;

static struct {
    ULONG Calls;
    GUID Event, Class;
    WCHAR Name[128];
    PFILE_OBJECT File;
    PVOID Context, Unregister;
    UCHAR Byte;
    bool Formed; // version and size are right
    NTSTATUS Answer;
} told;

static NTSTATUS note(PVOID notification, PVOID context)
{
    PPLUGPLAY_NOTIFICATION_HEADER header = notification;
    told.Calls++;
    told.Event = header->Event;
    told.Context = context;
    told.Formed = header->Version == 1;
    if (IsEqualGUID(&header->Event, &GUID_DEVICE_INTERFACE_ARRIVAL) ||
        IsEqualGUID(&header->Event, &GUID_DEVICE_INTERFACE_REMOVAL)) {
        PDEVICE_INTERFACE_CHANGE_NOTIFICATION change = notification;
        told.Formed = told.Formed && header->Size == sizeof(*change);
        told.Class = change->InterfaceClassGuid;
        memcpy(told.Name, change->SymbolicLinkName->Buffer, change->SymbolicLinkName->Length);
    } else {
        PTARGET_DEVICE_CUSTOM_NOTIFICATION target = notification;
        told.File = target->FileObject;
        told.Byte = IsEqualGUID(&header->Event, &custom) ? target->CustomDataBuffer[0] : 0;
    }
    if (told.Unregister != NULL) {
        (void)IoUnregisterPlugPlayNotificationEx(told.Unregister);
        told.Unregister = NULL;
    }
    return told.Answer;
}

static void fresh(void)
{
    memset(&told, 0, sizeof(told));
    if (pdo != NULL)
        return;
    fresh_driver(NULL);
    pdo = new_device(0);
    posix_set_instance(pdo, "TEST\\Notify\\0");
    if (!NT_SUCCESS(IoRegisterDeviceInterface(pdo, &watched, NULL, &link_name)))
        abort();
}

static PVOID register_class(const GUID *class, ULONG flags, PVOID context)
{
    PVOID entry = NULL;
    GUID copy = *class;
    if (!NT_SUCCESS(IoRegisterPlugPlayNotification(EventCategoryDeviceInterfaceChange, flags, &copy,
                                                   &driver, note, context, &entry)))
        abort();
    return entry;
}

DDI_TEST(IoRegisterPlugPlayNotification, RESULTS, arrival_and_removal_of_the_class_are_told)
{
    fresh();
    PVOID entry = register_class(&watched, 0, &told), wrong = register_class(&other_class, 0, NULL);
    CHECK_EQ(IoSetDeviceInterfaceState(&link_name, TRUE), STATUS_SUCCESS);
    CHECK_EQ(told.Calls, 1);
    CHECK(IsEqualGUID(&told.Event, &GUID_DEVICE_INTERFACE_ARRIVAL));
    CHECK(IsEqualGUID(&told.Class, &watched));
    CHECK(told.Formed);
    CHECK_MEM(told.Name, link_name.Buffer, link_name.Length);
    CHECK(told.Context == &told);
    CHECK_EQ(IoSetDeviceInterfaceState(&link_name, TRUE), STATUS_OBJECT_NAME_EXISTS);
    CHECK_EQ(told.Calls, 1); // no change
    CHECK_EQ(IoSetDeviceInterfaceState(&link_name, FALSE), STATUS_SUCCESS);
    CHECK_EQ(told.Calls, 2);
    CHECK(IsEqualGUID(&told.Event, &GUID_DEVICE_INTERFACE_REMOVAL));
    CHECK_EQ(IoUnregisterPlugPlayNotification(entry), STATUS_SUCCESS);
    CHECK_EQ(IoUnregisterPlugPlayNotification(wrong), STATUS_SUCCESS);
}

DDI_TEST(IoRegisterPlugPlayNotification, RESULTS, existing_interfaces_are_told_when_asked_for)
{
    fresh();
    CHECK_EQ(IoSetDeviceInterfaceState(&link_name, TRUE), STATUS_SUCCESS);
    PVOID without = register_class(&watched, 0, NULL);
    CHECK_EQ(told.Calls, 0);
    PVOID with =
        register_class(&watched, PNPNOTIFY_DEVICE_INTERFACE_INCLUDE_EXISTING_INTERFACES, NULL);
    CHECK_EQ(told.Calls, 1);
    CHECK(IsEqualGUID(&told.Event, &GUID_DEVICE_INTERFACE_ARRIVAL));
    CHECK_EQ(IoUnregisterPlugPlayNotificationEx(without), STATUS_SUCCESS);
    CHECK_EQ(IoUnregisterPlugPlayNotificationEx(with), STATUS_SUCCESS);
    CHECK_EQ(IoSetDeviceInterfaceState(&link_name, FALSE), STATUS_SUCCESS);
}

DDI_TEST(IoUnregisterPlugPlayNotification, RESULTS, nothing_is_told_after_the_end)
{
    DDI_SHOWS(IoUnregisterPlugPlayNotificationEx, RESULTS);
    fresh();
    PVOID first = register_class(&watched, 0, NULL), second = register_class(&watched, 0, NULL);
    CHECK_EQ(IoUnregisterPlugPlayNotification(first), STATUS_SUCCESS);
    CHECK_EQ(IoSetDeviceInterfaceState(&link_name, TRUE), STATUS_SUCCESS);
    CHECK_EQ(told.Calls, 1);
    CHECK_EQ(IoUnregisterPlugPlayNotificationEx(second), STATUS_SUCCESS);
    CHECK_EQ(IoSetDeviceInterfaceState(&link_name, FALSE), STATUS_SUCCESS);
    CHECK_EQ(told.Calls, 1);
}

TEST(a_callback_may_end_its_own_registration_and_that_of_the_next)
{
    DDI_SHOWS(IoUnregisterPlugPlayNotificationEx, RESULTS);
    fresh();
    PVOID own = register_class(&watched, 0, NULL);
    told.Unregister = own;
    CHECK_EQ(IoSetDeviceInterfaceState(&link_name, TRUE), STATUS_SUCCESS);
    CHECK_EQ(told.Calls, 1);
    PVOID first = register_class(&watched, 0, NULL);
    told.Unregister = register_class(&watched, 0, NULL);
    CHECK_EQ(IoSetDeviceInterfaceState(&link_name, FALSE), STATUS_SUCCESS);
    CHECK_EQ(told.Calls, 2); // the first only
    CHECK_EQ(IoUnregisterPlugPlayNotificationEx(first), STATUS_SUCCESS);
}

DDI_TEST(IoRegisterPlugPlayNotification, ERRORS, data_must_fit_the_category)
{
    PVOID entry = &told;
    FILE_OBJECT nowhere = {.Type = IO_TYPE_FILE};
    GUID class = watched;
    fresh();
    CHECK_EQ(IoRegisterPlugPlayNotification(EventCategoryDeviceInterfaceChange, 0, NULL, &driver,
                                            note, NULL, &entry),
             STATUS_INVALID_PARAMETER);
    CHECK(entry == NULL);
    CHECK_EQ(IoRegisterPlugPlayNotification(EventCategoryHardwareProfileChange, 0, &class, &driver,
                                            note, NULL, &entry),
             STATUS_INVALID_PARAMETER);
    CHECK_EQ(IoRegisterPlugPlayNotification(EventCategoryTargetDeviceChange, 0, &nowhere, &driver,
                                            note, NULL, &entry),
             STATUS_INVALID_PARAMETER);
    CHECK_EQ(IoRegisterPlugPlayNotification(EventCategoryReserved, 0, &class, &driver, note, NULL,
                                            &entry),
             STATUS_INVALID_PARAMETER);
    CHECK_EQ(IoRegisterPlugPlayNotification(EventCategoryHardwareProfileChange, 0, NULL, &driver,
                                            note, NULL, &entry),
             STATUS_SUCCESS);
    CHECK_EQ(IoUnregisterPlugPlayNotification(entry), STATUS_SUCCESS);
}

static void unregister_stranger(void *entry)
{
    IoUnregisterPlugPlayNotification(entry);
}

DDI_TEST(IoUnregisterPlugPlayNotification, ERRORS, only_a_registration_can_be_ended)
{
    fresh();
    CHECK(dies(unregister_stranger, &told, "what is not registered"));
}

static FILE_OBJECT file;

static PVOID register_target(PDEVICE_OBJECT device)
{
    PVOID entry = NULL;
    file = (FILE_OBJECT){.Type = IO_TYPE_FILE, .Size = sizeof(file), .DeviceObject = device};
    if (!NT_SUCCESS(IoRegisterPlugPlayNotification(EventCategoryTargetDeviceChange, 0, &file,
                                                   &driver, note, NULL, &entry)))
        abort();
    return entry;
}

TEST(target_device_is_told_by_any_device_of_its_stack)
{
    DDI_SHOWS(IoRegisterPlugPlayNotification, RESULTS);
    fresh();
    PDEVICE_OBJECT upper = new_device(0), stranger = new_device(0);
    CHECK(IoAttachDeviceToDeviceStack(upper, pdo) == pdo);
    PVOID entry = register_target(upper);
    posix_remove_target(stranger);
    CHECK_EQ(told.Calls, 0);
    posix_remove_target(pdo);
    CHECK_EQ(told.Calls, 1);
    CHECK(IsEqualGUID(&told.Event, &GUID_TARGET_DEVICE_REMOVE_COMPLETE));
    CHECK(told.File == &file);
    CHECK_EQ(IoUnregisterPlugPlayNotificationEx(entry), STATUS_SUCCESS);
    IoDetachDevice(pdo);
    IoDeleteDevice(upper);
    IoDeleteDevice(stranger);
}

static TARGET_DEVICE_CUSTOM_NOTIFICATION event_of(const GUID *guid)
{
    return (TARGET_DEVICE_CUSTOM_NOTIFICATION){.Version = 1,
                                               .Size = sizeof(TARGET_DEVICE_CUSTOM_NOTIFICATION),
                                               .Event = *guid,
                                               .NameBufferOffset = -1,
                                               .CustomDataBuffer = {42}};
}

DDI_TEST(IoReportTargetDeviceChange, RESULTS | ERRORS, custom_events_reach_the_file_objects)
{
    fresh();
    PVOID entry = register_target(pdo);
    TARGET_DEVICE_CUSTOM_NOTIFICATION event = event_of(&custom);
    CHECK_EQ(IoReportTargetDeviceChange(pdo, &event), STATUS_SUCCESS);
    CHECK_EQ(told.Calls, 1);
    CHECK(told.File == &file);
    CHECK_EQ(told.Byte, 42);
    CHECK(event.FileObject == NULL);
    event = event_of(&GUID_TARGET_DEVICE_REMOVE_COMPLETE);
    CHECK_EQ(IoReportTargetDeviceChange(pdo, &event), STATUS_INVALID_DEVICE_REQUEST);
    event = event_of(&custom);
    event.FileObject = &file;
    CHECK_EQ(IoReportTargetDeviceChange(pdo, &event), STATUS_INVALID_DEVICE_REQUEST);
    CHECK_EQ(told.Calls, 1);
    CHECK_EQ(IoUnregisterPlugPlayNotificationEx(entry), STATUS_SUCCESS);
}

DDI_TEST(IoRegisterPlugPlayNotification, RESULTS, a_target_device_may_be_kept)
{
    fresh();
    PVOID entry = register_target(pdo), second = register_target(pdo);
    CHECK_EQ(posix_query_remove_target(pdo), STATUS_SUCCESS);
    CHECK_EQ(told.Calls, 2);
    CHECK(IsEqualGUID(&told.Event, &GUID_TARGET_DEVICE_QUERY_REMOVE));
    CHECK(told.File == &file);
    told.Answer = STATUS_UNSUCCESSFUL; // the first refusal ends the round
    CHECK_EQ(posix_query_remove_target(pdo), STATUS_UNSUCCESSFUL);
    CHECK_EQ(told.Calls, 3);
    posix_cancel_remove_target(pdo); // which nobody can refuse
    CHECK_EQ(told.Calls, 5);
    CHECK(IsEqualGUID(&told.Event, &GUID_TARGET_DEVICE_REMOVE_CANCELLED));
    CHECK_EQ(IoUnregisterPlugPlayNotificationEx(entry), STATUS_SUCCESS);
    CHECK_EQ(IoUnregisterPlugPlayNotificationEx(second), STATUS_SUCCESS);
}

static VOID change_complete(PVOID event)
{
    KeSetEvent(event, 0, FALSE);
}

DDI_TEST(IoReportTargetDeviceChangeAsynchronous, RESULTS | ERRORS, the_copy_is_told_and_then_done)
{
    static KEVENT done;
    fresh();
    KeInitializeEvent(&done, NotificationEvent, FALSE);
    PVOID entry = register_target(pdo);
    TARGET_DEVICE_CUSTOM_NOTIFICATION event = event_of(&custom);
    CHECK(NT_SUCCESS(IoReportTargetDeviceChangeAsynchronous(pdo, &event, change_complete, &done)));
    memset(&event, 0, sizeof(event));
    KeWaitForSingleObject(&done, Executive, KernelMode, FALSE, NULL);
    CHECK_EQ(told.Calls, 1);
    CHECK_EQ(told.Byte, 42);
    event = event_of(&GUID_TARGET_DEVICE_QUERY_REMOVE);
    CHECK_EQ(IoReportTargetDeviceChangeAsynchronous(pdo, &event, NULL, NULL),
             STATUS_INVALID_DEVICE_REQUEST);
    CHECK_EQ(IoUnregisterPlugPlayNotificationEx(entry), STATUS_SUCCESS);
}

static PVOID none;
static TARGET_DEVICE_CUSTOM_NOTIFICATION refused;

DDI_IRQL_MAX(IoRegisterPlugPlayNotification, PASSIVE_LEVEL,
             IoRegisterPlugPlayNotification(EventCategoryReserved, 0, NULL, &driver, note, NULL,
                                            &none))
// Above the limit no registration can be made: there any pointer does.
static PVOID registration(void)
{
    return KeGetCurrentIrql() == PASSIVE_LEVEL ? register_class(&watched, 0, NULL) : NULL;
}

DDI_IRQL_MAX(IoUnregisterPlugPlayNotification, PASSIVE_LEVEL,
             IoUnregisterPlugPlayNotification(registration()))
DDI_IRQL_MAX(IoUnregisterPlugPlayNotificationEx, PASSIVE_LEVEL,
             IoUnregisterPlugPlayNotificationEx(registration()))
DDI_IRQL_MAX(IoReportTargetDeviceChange, PASSIVE_LEVEL, IoReportTargetDeviceChange(NULL, &refused))
DDI_IRQL_MAX(IoReportTargetDeviceChangeAsynchronous, DISPATCH_LEVEL,
             IoReportTargetDeviceChangeAsynchronous(NULL, &refused, NULL, NULL))
