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

static void call(struct registration *registration, PVOID notification)
{
    struct ki_state state;
    ki_enter(&state, KI_IN_NOTIFICATION, registration->Callback, NULL, NULL);
    (void)registration->Callback(notification, registration->Context);
    ki_check_state(&state, "PnP notification callback returned with another IRQL or with locks",
                   registration->Callback);
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
        call(registration, &event);
        let_go(registration);
    }
    end_calls();
    RtlFreeUnicodeString(&string);
}

// The lowest device of the file's stack that this task knows: the PDO, or its proxy.
static PDEVICE_OBJECT base_of(PFILE_OBJECT file)
{
    PDEVICE_OBJECT device = file->DeviceObject;
    while (io_device(device)->AttachedTo != NULL)
        device = io_device(device)->AttachedTo;
    return device;
}

static bool wants_device(const struct registration *registration, const void *pdo)
{
    return registration->Category == EventCategoryTargetDeviceChange &&
           io_device(base_of(registration->File))->Id == *(const ULONG64 *)pdo;
}

void io_target_removed(ULONG64 pdo)
{
    struct registration *registration;
    ULONG64 number = 0;
    begin_calls();
    while ((registration = after(number, wants_device, &pdo)) != NULL) {
        TARGET_DEVICE_REMOVAL_NOTIFICATION event = {
            .Version = 1,
            .Size = sizeof(event),
            .Event = GUID_TARGET_DEVICE_REMOVE_COMPLETE,
            .FileObject = registration->File,
        };
        number = registration->Number;
        call(registration, &event);
        let_go(registration);
    }
    end_calls();
}

// Those who are told get the same copy, each with its own file object in it.
static void custom_event(ULONG64 pdo, PTARGET_DEVICE_CUSTOM_NOTIFICATION event)
{
    struct registration *registration;
    ULONG64 number = 0;
    begin_calls();
    while ((registration = after(number, wants_device, &pdo)) != NULL) {
        number = registration->Number;
        event->FileObject = registration->File;
        call(registration, event);
        let_go(registration);
    }
    end_calls();
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
        call(registration, &event);
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
    if (category == EventCategoryTargetDeviceChange)
        new->File = data;
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

static bool is_custom(const TARGET_DEVICE_CUSTOM_NOTIFICATION *event)
{
    return event->FileObject == NULL &&
           event->Size >= FIELD_OFFSET(TARGET_DEVICE_CUSTOM_NOTIFICATION, CustomDataBuffer) &&
           !IsEqualGUID(&event->Event, &GUID_TARGET_DEVICE_QUERY_REMOVE) &&
           !IsEqualGUID(&event->Event, &GUID_TARGET_DEVICE_REMOVE_CANCELLED) &&
           !IsEqualGUID(&event->Event, &GUID_TARGET_DEVICE_REMOVE_COMPLETE);
}

struct report {
    WORK_QUEUE_ITEM Item;
    ULONG64 Pdo;
    PDEVICE_CHANGE_COMPLETE_CALLBACK Callback;
    PVOID Context;
    DECLSPEC_ALIGN(8) UCHAR Event[];
};

static VOID run_report(PVOID parameter)
{
    struct report *report = parameter;
    custom_event(report->Pdo, (PVOID)report->Event);
    if (report->Callback != NULL)
        report->Callback(report->Context);
    ExFreePoolWithTag(report, TAG);
}

static NTSTATUS make_report(PDEVICE_OBJECT pdo, const TARGET_DEVICE_CUSTOM_NOTIFICATION *event,
                            struct report **report)
{
    if (pdo == NULL || !is_custom(event))
        return STATUS_INVALID_DEVICE_REQUEST;
    *report = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(**report) + event->Size, TAG);
    if (*report == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    (*report)->Pdo = io_device(pdo)->Id;
    memcpy((*report)->Event, event, event->Size);
    return STATUS_SUCCESS;
}

NTSTATUS IoReportTargetDeviceChange(PDEVICE_OBJECT pdo, PVOID notification)
{
    struct report *report;
    ki_require_irql(PASSIVE_LEVEL, "IoReportTargetDeviceChange above PASSIVE_LEVEL");
    NTSTATUS status = make_report(pdo, notification, &report);
    if (NT_SUCCESS(status))
        run_report(report);
    return status;
}

NTSTATUS IoReportTargetDeviceChangeAsynchronous(PDEVICE_OBJECT pdo, PVOID notification,
                                                PDEVICE_CHANGE_COMPLETE_CALLBACK callback,
                                                PVOID context)
{
    struct report *report;
    ki_require_irql(DISPATCH_LEVEL, "IoReportTargetDeviceChangeAsynchronous above DISPATCH_LEVEL");
    NTSTATUS status = make_report(pdo, notification, &report);
    if (!NT_SUCCESS(status))
        return status;
    report->Callback = callback;
    report->Context = context;
    ExInitializeWorkItem(&report->Item, run_report, report);
    ExQueueWorkItem(&report->Item, DelayedWorkQueue);
    return STATUS_PENDING;
}
