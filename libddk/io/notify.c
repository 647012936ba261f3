// SPDX-License-Identifier: MIT
//
// PnP notification. Registrations are on one list, in the order they were made; each has a number,
// and who delivers an event goes from number to number without the lock: a callback may register
// and unregister anything, itself too. `delivering` is owned while callbacks run; it may be taken
// again by the thread that has it.

#include "../ob/ob.h"
#include "interface.h"

#define INITGUID
#include <guiddef.h>
#include <wdmguid.h>

#define TAG 'nPnP'

struct registration {
    LIST_ENTRY Link;
    volatile LONG References;
    ULONG64 Number;
    IO_NOTIFICATION_EVENT_CATEGORY Category;
    GUID Class;
    PFILE_OBJECT File;
    ULONG64 Pdo; // of a target device
    PDRIVER_NOTIFICATION_CALLBACK_ROUTINE Callback;
    PVOID Context;
};

static LIST_ENTRY registrations = {&registrations, &registrations};
static struct ki_lock lock;
static ULONG64 last_number;
static KMUTEX delivering;

static void begin_calls(void)
{
    static volatile LONG state;
    if (InterlockedCompareExchange(&state, 1, 0) == 0) {
        KeInitializeMutex(&delivering, 0);
        InterlockedExchange(&state, 2);
    }
    for (unsigned i = 0; state != 2; i++)
        port_relax(i);
    (void)KeWaitForSingleObject(&delivering, Executive, KernelMode, FALSE, NULL);
}

static void end_calls(void)
{
    (void)KeReleaseMutex(&delivering, FALSE);
}

static void let_go(struct registration *registration)
{
    if (InterlockedDecrement(&registration->References) == 0)
        ExFreePoolWithTag(registration, TAG);
}

// The next one behind number that `wants` chooses, referenced; NULL behind the last.
static struct registration *
after(ULONG64 number, bool (*wants)(const struct registration *, const void *), const void *what)
{
    struct registration *found = NULL;
    ki_acquire(&lock);
    for (PLIST_ENTRY at = registrations.Flink; at != &registrations && found == NULL;
         at = at->Flink) {
        struct registration *one = CONTAINING_RECORD(at, struct registration, Link);
        if (one->Number > number && wants(one, what))
            found = one;
    }
    if (found != NULL)
        InterlockedIncrement(&found->References);
    ki_release(&lock);
    return found;
}

static NTSTATUS call(struct registration *registration, PVOID notification)
{
    struct ki_state state;
    ki_enter(&state, KI_IN_NOTIFICATION, registration->Callback, NULL, NULL);
    NTSTATUS status = registration->Callback(notification, registration->Context);
    ki_check_state(&state, "PnP notification callback returned with another IRQL or with locks",
                   registration->Callback);
    return status;
}

static bool wants_class(const struct registration *registration, const void *class)
{
    return registration->Category == EventCategoryDeviceInterfaceChange &&
           IsEqualGUID(&registration->Class, class);
}

static DEVICE_INTERFACE_CHANGE_NOTIFICATION interface_event(const GUID *class, bool arrival,
                                                            PUNICODE_STRING name)
{
    return (DEVICE_INTERFACE_CHANGE_NOTIFICATION){
        .Version = 1,
        .Size = sizeof(DEVICE_INTERFACE_CHANGE_NOTIFICATION),
        .Event = arrival ? GUID_DEVICE_INTERFACE_ARRIVAL : GUID_DEVICE_INTERFACE_REMOVAL,
        .InterfaceClassGuid = *class,
        .SymbolicLinkName = name,
    };
}

void io_interface_changed(const GUID *class, const char *name, bool arrival)
{
    UNICODE_STRING string;
    struct registration *registration;
    ULONG64 number = 0;
    if (!NT_SUCCESS(io_interface_string(name, &string)))
        return;
    begin_calls();
    while ((registration = after(number, wants_class, class)) != NULL) {
        DEVICE_INTERFACE_CHANGE_NOTIFICATION event = interface_event(class, arrival, &string);
        number = registration->Number;
        (void)call(registration, &event);
        let_go(registration);
    }
    end_calls();
    RtlFreeUnicodeString(&string);
}

static bool wants_device(const struct registration *registration, const void *pdo)
{
    return registration->Category == EventCategoryTargetDeviceChange &&
           registration->Pdo == *(const ULONG64 *)pdo;
}

// Only QUERY_REMOVE may be refused: then those behind it are not asked.
static NTSTATUS tell_target(ULONG64 pdo, const GUID *what, bool may_refuse)
{
    struct registration *registration;
    ULONG64 number = 0;
    NTSTATUS status = STATUS_SUCCESS;
    begin_calls();
    while (NT_SUCCESS(status) && (registration = after(number, wants_device, &pdo)) != NULL) {
        TARGET_DEVICE_REMOVAL_NOTIFICATION event = {
            .Version = 1, .Size = sizeof(event), .Event = *what, .FileObject = registration->File};
        number = registration->Number;
        NTSTATUS answer = call(registration, &event);
        if (may_refuse)
            status = answer;
        let_go(registration);
    }
    end_calls();
    return status;
}

void io_target_removed(ULONG64 pdo)
{
    (void)tell_target(pdo, &GUID_TARGET_DEVICE_REMOVE_COMPLETE, false);
}

NTSTATUS io_target_query_remove(ULONG64 pdo)
{
    return tell_target(pdo, &GUID_TARGET_DEVICE_QUERY_REMOVE, true);
}

void io_target_cancelled(ULONG64 pdo)
{
    (void)tell_target(pdo, &GUID_TARGET_DEVICE_REMOVE_CANCELLED, false);
}

// Those who are told get the same copy, each with its own file object in it.
void io_custom_event(ULONG64 pdo, PTARGET_DEVICE_CUSTOM_NOTIFICATION event)
{
    struct registration *registration;
    ULONG64 number = 0;
    begin_calls();
    while ((registration = after(number, wants_device, &pdo)) != NULL) {
        number = registration->Number;
        event->FileObject = registration->File;
        (void)call(registration, event);
        let_go(registration);
    }
    end_calls();
}

void io_target_custom(ULONG64 pdo, const GUID *guid, LONG name_offset, const VOID *data,
                      ULONG bytes)
{
    ULONG size = FIELD_OFFSET(TARGET_DEVICE_CUSTOM_NOTIFICATION, CustomDataBuffer) + bytes;
    PTARGET_DEVICE_CUSTOM_NOTIFICATION event = ExAllocatePool2(POOL_FLAG_NON_PAGED, size, TAG);
    if (event == NULL)
        return;
    event->Version = 1;
    event->Size = (USHORT)size;
    event->Event = *guid;
    event->NameBufferOffset = name_offset;
    memcpy(event->CustomDataBuffer, data, bytes);
    io_custom_event(pdo, event);
    ExFreePoolWithTag(event, TAG);
}

static bool data_fits(IO_NOTIFICATION_EVENT_CATEGORY category, PVOID data)
{
    switch (category) {
    case EventCategoryHardwareProfileChange:
        return data == NULL;
    case EventCategoryDeviceInterfaceChange:
        return data != NULL;
    case EventCategoryTargetDeviceChange:
        return data != NULL && ((PFILE_OBJECT)data)->DeviceObject != NULL;
    default:
        return false;
    }
}

static NTSTATUS tell_existing(struct registration *registration)
{
    char name[IO_INTERFACE_NAME];
    UNICODE_STRING string;
    ULONG64 cursor = 0;
    begin_calls();
    while (NT_SUCCESS(manager_next_interface(&registration->Class, NULL, FALSE, &cursor, name))) {
        NTSTATUS status = io_interface_string(name, &string);
        if (!NT_SUCCESS(status)) {
            end_calls();
            return status;
        }
        DEVICE_INTERFACE_CHANGE_NOTIFICATION event =
            interface_event(&registration->Class, true, &string);
        (void)call(registration, &event);
        RtlFreeUnicodeString(&string);
    }
    end_calls();
    return STATUS_SUCCESS;
}

NTSTATUS IoRegisterPlugPlayNotification(IO_NOTIFICATION_EVENT_CATEGORY category, ULONG flags,
                                        PVOID data, PDRIVER_OBJECT driver,
                                        PDRIVER_NOTIFICATION_CALLBACK_ROUTINE callback,
                                        PVOID context, PVOID *entry)
{
    ki_require_irql(PASSIVE_LEVEL, "IoRegisterPlugPlayNotification above PASSIVE_LEVEL");
    (void)driver; // it is loaded as long as its task is
    *entry = NULL;
    if (!data_fits(category, data) || callback == NULL)
        return STATUS_INVALID_PARAMETER;
    NTSTATUS status = manager_watch();
    struct registration *new = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*new), TAG);
    if (new == NULL || !NT_SUCCESS(status)) {
        if (new != NULL)
            ExFreePoolWithTag(new, TAG);
        return new == NULL ? STATUS_INSUFFICIENT_RESOURCES : status;
    }
    *new = (struct registration){
        .References = 1, .Category = category, .Callback = callback, .Context = context};
    if (category == EventCategoryDeviceInterfaceChange)
        new->Class = *(const GUID *)data;
    if (category == EventCategoryTargetDeviceChange) {
        new->File = data;
        status = manager_watch_target(new->File->DeviceObject, TRUE, &new->Pdo);
    }
    if (!NT_SUCCESS(status)) {
        ExFreePoolWithTag(new, TAG);
        return status;
    }
    ki_acquire(&lock);
    new->Number = ++last_number;
    InsertTailList(&registrations, &new->Link);
    ki_release(&lock);
    *entry = new;
    if (category == EventCategoryDeviceInterfaceChange &&
        (flags & PNPNOTIFY_DEVICE_INTERFACE_INCLUDE_EXISTING_INTERFACES) != 0)
        status = tell_existing(new);
    if (!NT_SUCCESS(status)) {
        (void)IoUnregisterPlugPlayNotificationEx(new);
        *entry = NULL;
    }
    return status;
}

static void remove_registration(struct registration *registration)
{
    ki_acquire(&lock);
    PLIST_ENTRY at = registrations.Flink;
    while (at != &registrations && at != &registration->Link)
        at = at->Flink;
    bool known = at != &registrations;
    if (known)
        RemoveEntryList(at);
    ki_release(&lock);
    if (!known)
        ki_violation(DRIVER_VERIFIER_IOMANAGER_VIOLATION,
                     "IoUnregisterPlugPlayNotification of what is not registered",
                     (ULONG_PTR)registration, 0);
    if (registration->Category == EventCategoryTargetDeviceChange)
        (void)manager_watch_target(NULL, FALSE, &registration->Pdo);
    let_go(registration);
}

NTSTATUS IoUnregisterPlugPlayNotification(PVOID entry)
{
    ki_require_irql(PASSIVE_LEVEL, "IoUnregisterPlugPlayNotification above PASSIVE_LEVEL");
    remove_registration(entry);
    return STATUS_SUCCESS;
}

NTSTATUS IoUnregisterPlugPlayNotificationEx(PVOID entry)
{
    ki_require_irql(PASSIVE_LEVEL, "IoUnregisterPlugPlayNotificationEx above PASSIVE_LEVEL");
    remove_registration(entry);
    begin_calls(); // whoever was in the middle of a callback has left it then
    end_calls();
    return STATUS_SUCCESS;
}
