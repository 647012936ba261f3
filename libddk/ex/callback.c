// SPDX-License-Identifier: MIT
//
// Callback objects. Permanent ones stay in a list by name, which holds a reference. Under `lock`:
// the list, the registrations of all objects and their Busy counts; routines are called without it.
// A registration leaves its list when it has been given up and no notifier is in it.

#include "../ke/ki.h"
#include "../ob/ob.h"
#include "../rtl/rtl.h"
#include "ex.h"

#define CALLBACK_TAG  'blaC'
#define SYSTEM_PREFIX L"\\Callback\\"

struct _CALLBACK_OBJECT {
    LIST_ENTRY Named;
    LIST_ENTRY Registrations;
    UNICODE_STRING Name;
    bool Multiple;
    bool System;
};

struct registration {
    LIST_ENTRY Entry;
    PCALLBACK_OBJECT Object;
    PCALLBACK_FUNCTION Function;
    PVOID Context;
    ULONG Busy;
    bool GivenUp;
    PKEVENT Waiter;
};

static struct _OBJECT_TYPE callback_type = {.Name = "Callback"};
static struct ki_lock lock;
static LIST_ENTRY named = {&named, &named};

static void delete_object(PVOID object)
{
    PCALLBACK_OBJECT callback = object;
    if (!IsListEmpty(&callback->Registrations))
        ki_violation(REFERENCE_BY_POINTER, "callback object gone with routines registered",
                     (ULONG_PTR)object, 0);
    if (callback->Name.Buffer != NULL)
        ex_pool_free(callback->Name.Buffer, CALLBACK_TAG);
}

// RtlEqualUnicodeString is for PASSIVE_LEVEL; these names are also looked up at APC_LEVEL.
static bool equal(PCUNICODE_STRING a, PCUNICODE_STRING b, bool ignore_case)
{
    return rtl_compare(a->Buffer, a->Length / sizeof(WCHAR), b->Buffer, b->Length / sizeof(WCHAR),
                       (BOOLEAN)ignore_case) == 0;
}

static PCALLBACK_OBJECT find(PCUNICODE_STRING name, bool ignore_case) // lock held
{
    for (PLIST_ENTRY entry = named.Flink; entry != &named; entry = entry->Flink) {
        PCALLBACK_OBJECT object = CONTAINING_RECORD(entry, struct _CALLBACK_OBJECT, Named);
        if (equal(&object->Name, name, ignore_case))
            return object;
    }
    return NULL;
}

static bool is_system_name(PCUNICODE_STRING name)
{
    static const WCHAR *const names[] = {
        SYSTEM_PREFIX L"SetSystemTime", SYSTEM_PREFIX L"PowerState", SYSTEM_PREFIX L"ProcessorAdd"};
    for (ULONG i = 0; i < RTL_NUMBER_OF(names); i++) {
        UNICODE_STRING one;
        RtlInitUnicodeString(&one, names[i]);
        if (equal(&one, name, true))
            return true;
    }
    return false;
}

static PCALLBACK_OBJECT make(PCUNICODE_STRING name, bool multiple)
{
    PCALLBACK_OBJECT object =
        ob_allocate(sizeof(*object), &callback_type, delete_object, CALLBACK_TAG);
    if (object == NULL)
        return NULL;
    InitializeListHead(&object->Registrations);
    object->System = is_system_name(name);
    object->Multiple = multiple || object->System;
    object->Name = *name;
    object->Name.Buffer = ex_pool_allocate(name->Length, CALLBACK_TAG);
    if (object->Name.Buffer == NULL) {
        ObfDereferenceObject(object);
        return NULL;
    }
    memcpy(object->Name.Buffer, name->Buffer, name->Length);
    return object;
}

// Enters the new object, unless somebody else was faster; returns the one that counts.
static PCALLBACK_OBJECT enter(PCALLBACK_OBJECT object, const OBJECT_ATTRIBUTES *attributes)
{
    if ((attributes->Attributes & OBJ_PERMANENT) == 0 && !object->System)
        return object;
    ki_acquire(&lock);
    PCALLBACK_OBJECT other =
        find(attributes->ObjectName, (attributes->Attributes & OBJ_CASE_INSENSITIVE) != 0);
    if (other == NULL)
        InsertTailList(&named, &object->Named);
    ObfReferenceObject(other != NULL ? other : object); // the caller's; or the list's
    ki_release(&lock);
    if (other == NULL)
        return object;
    ObfDereferenceObject(object);
    return other;
}

NTSTATUS ExCreateCallback(PCALLBACK_OBJECT *result, POBJECT_ATTRIBUTES attributes, BOOLEAN create,
                          BOOLEAN allow_multiple)
{
    ki_require_irql(APC_LEVEL, "ExCreateCallback above APC_LEVEL");
    PCUNICODE_STRING name = attributes->ObjectName;
    if (name == NULL || name->Length == 0)
        return STATUS_UNSUCCESSFUL;
    ki_acquire(&lock);
    PCALLBACK_OBJECT object = find(name, (attributes->Attributes & OBJ_CASE_INSENSITIVE) != 0);
    if (object != NULL)
        ObfReferenceObject(object);
    ki_release(&lock);
    if (object == NULL && !create && !is_system_name(name))
        return STATUS_OBJECT_NAME_NOT_FOUND;
    if (object == NULL && (object = make(name, allow_multiple)) != NULL)
        object = enter(object, attributes);
    if (object == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    *result = object;
    return STATUS_SUCCESS;
}

PVOID ExRegisterCallback(PCALLBACK_OBJECT object, PCALLBACK_FUNCTION function, PVOID context)
{
    ki_require_irql(APC_LEVEL, "ExRegisterCallback above APC_LEVEL");
    struct registration *one = ex_pool_allocate(sizeof(*one), CALLBACK_TAG);
    if (one == NULL)
        return NULL;
    *one = (struct registration){.Object = object, .Function = function, .Context = context};
    ki_acquire(&lock);
    bool taken = object->Multiple || IsListEmpty(&object->Registrations);
    if (taken)
        InsertTailList(&object->Registrations, &one->Entry);
    ki_release(&lock);
    if (!taken) {
        ex_pool_free(one, CALLBACK_TAG);
        return NULL;
    }
    ObfReferenceObject(object);
    return one;
}

VOID ExUnregisterCallback(PVOID registration)
{
    struct registration *one = registration;
    KEVENT idle;
    ki_require_irql(APC_LEVEL, "ExUnregisterCallback above APC_LEVEL");
    KeInitializeEvent(&idle, NotificationEvent, FALSE);
    ki_acquire(&lock);
    bool busy = one->Busy != 0;
    one->GivenUp = true;
    one->Waiter = &idle;
    if (!busy)
        RemoveEntryList(&one->Entry);
    ki_release(&lock);
    if (busy)
        KeWaitForSingleObject(&idle, Executive, KernelMode, FALSE, NULL);
    ObfDereferenceObject(one->Object);
    ex_pool_free(one, CALLBACK_TAG);
}

// Done with an entry: returns the next one. lock held.
static PLIST_ENTRY done_with(struct registration *one)
{
    PLIST_ENTRY next = one->Entry.Flink;
    if (--one->Busy != 0 || !one->GivenUp)
        return next;
    RemoveEntryList(&one->Entry);
    KeSetEvent(one->Waiter, IO_NO_INCREMENT, FALSE);
    return next;
}

VOID ExNotifyCallback(PVOID callback, PVOID argument1, PVOID argument2)
{
    PCALLBACK_OBJECT object = callback;
    ki_require_irql(DISPATCH_LEVEL, "ExNotifyCallback above DISPATCH_LEVEL");
    if (object->System)
        ki_violation(DRIVER_VERIFIER_DETECTED_VIOLATION,
                     "ExNotifyCallback of a callback object that the system defines",
                     (ULONG_PTR)object, 0);
    ki_acquire(&lock);
    PLIST_ENTRY entry = object->Registrations.Flink;
    while (entry != &object->Registrations) {
        struct registration *one = CONTAINING_RECORD(entry, struct registration, Entry);
        if (one->GivenUp) {
            entry = entry->Flink;
            continue;
        }
        one->Busy++;
        ki_release(&lock);
        one->Function(one->Context, argument1, argument2);
        ki_acquire(&lock);
        entry = done_with(one);
    }
    ki_release(&lock);
}
