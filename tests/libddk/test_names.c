// SPDX-License-Identifier: MIT
//
// Named objects: events, directories, symbolic links; temporary and permanent names.

#include "ddi_test.h"

#define NAME(text) &(UNICODE_STRING)RTL_CONSTANT_STRING(text)

static OBJECT_ATTRIBUTES at(HANDLE root, PUNICODE_STRING name, ULONG flags)
{
    OBJECT_ATTRIBUTES a;
    InitializeObjectAttributes(&a, name, flags, root, NULL);
    return a;
}

static NTSTATUS create(PHANDLE handle, PUNICODE_STRING name, ULONG flags)
{
    OBJECT_ATTRIBUTES a = at(NULL, name, flags);
    return ZwCreateEvent(handle, EVENT_ALL_ACCESS, &a, SynchronizationEvent, FALSE);
}

static NTSTATUS open(PHANDLE handle, PUNICODE_STRING name, ULONG flags)
{
    OBJECT_ATTRIBUTES a = at(NULL, name, flags);
    return ZwOpenEvent(handle, EVENT_ALL_ACCESS, &a);
}

DDI_TEST(ZwCreateEvent, RESULTS | ERRORS, a_named_event_is_found_by_its_name)
{
    DDI_SHOWS(ZwOpenEvent, RESULTS | ERRORS);
    DDI_SHOWS(ZwSetEvent, RESULTS);
    DDI_SHOWS(ZwResetEvent, RESULTS);
    HANDLE first, second;
    LONG old = 7;
    CHECK_EQ(create(&first, NAME(L"\\BaseNamedObjects\\Door"), 0), STATUS_SUCCESS);
    CHECK_EQ(open(&second, NAME(L"\\BaseNamedObjects\\Door"), 0), STATUS_SUCCESS);
    CHECK_EQ(ZwSetEvent(first, &old), STATUS_SUCCESS);
    CHECK_EQ(old, 0);
    CHECK_EQ(ZwResetEvent(second, &old), STATUS_SUCCESS);
    CHECK_EQ(old, 1); // the same event
    CHECK_EQ(ZwClose(second), STATUS_SUCCESS);
    CHECK_EQ(open(&second, NAME(L"\\basenamedobjects\\DOOR"), OBJ_CASE_INSENSITIVE),
             STATUS_SUCCESS);
    ZwClose(second);
    CHECK_EQ(open(&second, NAME(L"\\BaseNamedObjects\\DOOR"), 0), STATUS_OBJECT_NAME_NOT_FOUND);
    CHECK_EQ(open(&second, NAME(L"\\Nowhere\\Door"), 0), STATUS_OBJECT_PATH_NOT_FOUND);
    CHECK_EQ(open(&second, NAME(L"Door"), 0), STATUS_OBJECT_PATH_SYNTAX_BAD);
    CHECK_EQ(open(&second, NAME(L"\\BaseNamedObjects\\\\Door"), 0), STATUS_OBJECT_NAME_INVALID);
    CHECK_EQ(open(&second, NAME(L"\\BaseNamedObjects\\Door\\Knob"), 0),
             STATUS_OBJECT_TYPE_MISMATCH);
    CHECK_EQ(open(&second, NAME(L"\\BaseNamedObjects"), 0), STATUS_OBJECT_TYPE_MISMATCH);
    CHECK_EQ(open(&second, NULL, 0), STATUS_INVALID_PARAMETER);
    CHECK_EQ(create(&second, NAME(L"\\BaseNamedObjects\\Door"), 0), STATUS_OBJECT_NAME_COLLISION);
    CHECK_EQ(create(&second, NAME(L"\\BaseNamedObjects\\Door"), OBJ_OPENIF),
             STATUS_OBJECT_NAME_EXISTS);
    ZwClose(second);
    OBJECT_ATTRIBUTES a = at(NULL, NULL, 0);
    CHECK_EQ(ZwCreateEvent(&second, EVENT_ALL_ACCESS, &a, (EVENT_TYPE)7, FALSE),
             STATUS_INVALID_PARAMETER);
    ZwClose(first);
}

DDI_TEST(ZwSetEvent, RESULTS | ERRORS, events_are_set_through_handles)
{
    DDI_SHOWS(ZwClearEvent, RESULTS | ERRORS);
    DDI_SHOWS(ZwResetEvent, RESULTS | ERRORS);
    DDI_SHOWS(ZwWaitForSingleObject, RESULTS | ERRORS);
    HANDLE event, directory;
    LARGE_INTEGER now = {.QuadPart = 0};
    OBJECT_ATTRIBUTES a = at(NULL, NULL, 0);
    CHECK_EQ(create(&event, NULL, 0), STATUS_SUCCESS);
    CHECK_EQ(ZwWaitForSingleObject(event, FALSE, &now), STATUS_TIMEOUT);
    CHECK_EQ(ZwSetEvent(event, NULL), STATUS_SUCCESS);
    CHECK_EQ(ZwWaitForSingleObject(event, FALSE, &now), STATUS_SUCCESS); // takes it
    CHECK_EQ(ZwWaitForSingleObject(event, FALSE, &now), STATUS_TIMEOUT);
    CHECK_EQ(ZwSetEvent(event, NULL), STATUS_SUCCESS);
    CHECK_EQ(ZwClearEvent(event), STATUS_SUCCESS);
    CHECK_EQ(ZwWaitForSingleObject(event, FALSE, &now), STATUS_TIMEOUT);
    CHECK_EQ(ZwCreateDirectoryObject(&directory, DIRECTORY_ALL_ACCESS, &a), STATUS_SUCCESS);
    CHECK_EQ(ZwSetEvent(directory, NULL), STATUS_OBJECT_TYPE_MISMATCH);
    CHECK_EQ(ZwWaitForSingleObject(directory, FALSE, &now), STATUS_OBJECT_TYPE_MISMATCH);
    ZwClose(directory);
    ZwClose(event);
    CHECK_EQ(ZwSetEvent(event, NULL), STATUS_INVALID_HANDLE);
    CHECK_EQ(ZwClearEvent(event), STATUS_INVALID_HANDLE);
    CHECK_EQ(ZwResetEvent(event, NULL), STATUS_INVALID_HANDLE);
    CHECK_EQ(ZwWaitForSingleObject(event, FALSE, &now), STATUS_INVALID_HANDLE);
}

TEST(a_temporary_name_goes_with_the_last_handle)
{
    DDI_SHOWS(ZwClose, RESULTS);
    HANDLE first, second;
    PVOID event;
    CHECK_EQ(create(&first, NAME(L"\\BaseNamedObjects\\Short"), 0), STATUS_SUCCESS);
    CHECK_EQ(open(&second, NAME(L"\\BaseNamedObjects\\Short"), 0), STATUS_SUCCESS);
    CHECK_EQ(ObReferenceObjectByHandle(first, 0, NULL, KernelMode, &event, NULL), STATUS_SUCCESS);
    ZwClose(first);
    CHECK_EQ(open(&first, NAME(L"\\BaseNamedObjects\\Short"), 0), STATUS_SUCCESS);
    ZwClose(first);
    ZwClose(second); // the last one: the pointer keeps the object, not its name
    CHECK_EQ(open(&first, NAME(L"\\BaseNamedObjects\\Short"), 0), STATUS_OBJECT_NAME_NOT_FOUND);
    CHECK_EQ(ObDereferenceObject(event), 0);
}

DDI_TEST(ZwMakeTemporaryObject, RESULTS | ERRORS, a_permanent_name_stays_until_it_is_made_temporary)
{
    DDI_SHOWS(ObMakeTemporaryObject, RESULTS);
    HANDLE handle;
    PVOID event;
    PUNICODE_STRING name = NAME(L"\\BaseNamedObjects\\Long");
    CHECK_EQ(create(&handle, name, OBJ_PERMANENT), STATUS_SUCCESS);
    ZwClose(handle);
    CHECK_EQ(open(&handle, name, 0), STATUS_SUCCESS);
    CHECK_EQ(ZwMakeTemporaryObject(handle), STATUS_SUCCESS);
    CHECK_EQ(ZwMakeTemporaryObject(handle), STATUS_SUCCESS); // and stays so
    ZwClose(handle);
    CHECK_EQ(open(&handle, name, 0), STATUS_OBJECT_NAME_NOT_FOUND);
    CHECK_EQ(ZwMakeTemporaryObject(handle), STATUS_INVALID_HANDLE);

    CHECK_EQ(create(&handle, name, OBJ_PERMANENT), STATUS_SUCCESS);
    CHECK_EQ(ObReferenceObjectByHandle(handle, 0, NULL, KernelMode, &event, NULL), STATUS_SUCCESS);
    ZwClose(handle);
    ObMakeTemporaryObject(event); // no handle is open: the name goes at once
    CHECK_EQ(open(&handle, name, 0), STATUS_OBJECT_NAME_NOT_FOUND);
    CHECK_EQ(ObDereferenceObject(event), 0);
}

DDI_TEST(ZwCreateDirectoryObject, RESULTS | ERRORS, directories_hold_names)
{
    DDI_SHOWS(ZwOpenDirectoryObject, RESULTS | ERRORS);
    HANDLE directory, inner, event, again;
    OBJECT_ATTRIBUTES a = at(NULL, NAME(L"\\Household"), 0);
    CHECK_EQ(ZwCreateDirectoryObject(&directory, DIRECTORY_ALL_ACCESS, &a), STATUS_SUCCESS);
    CHECK_EQ(ZwCreateDirectoryObject(&inner, DIRECTORY_ALL_ACCESS, &a),
             STATUS_OBJECT_NAME_COLLISION);
    a = at(directory, NAME(L"Inner"), 0);
    CHECK_EQ(ZwCreateDirectoryObject(&inner, DIRECTORY_ALL_ACCESS, &a), STATUS_SUCCESS);
    a = at(directory, NAME(L"Inner\\Event"), 0);
    CHECK_EQ(ZwCreateEvent(&event, EVENT_ALL_ACCESS, &a, NotificationEvent, TRUE), STATUS_SUCCESS);
    CHECK_EQ(open(&again, NAME(L"\\Household\\Inner\\Event"), 0), STATUS_SUCCESS);
    ZwClose(again);
    a = at(directory, NAME(L"\\Inner"), 0);
    CHECK_EQ(ZwOpenDirectoryObject(&again, DIRECTORY_QUERY, &a), STATUS_OBJECT_PATH_SYNTAX_BAD);
    a = at(event, NAME(L"Inner"), 0);
    CHECK_EQ(ZwOpenDirectoryObject(&again, DIRECTORY_QUERY, &a), STATUS_OBJECT_TYPE_MISMATCH);
    a = at(NULL, NAME(L"\\Household\\Inner\\Event"), 0);
    CHECK_EQ(ZwOpenDirectoryObject(&again, DIRECTORY_QUERY, &a), STATUS_OBJECT_TYPE_MISMATCH);
    a = at(NULL, NAME(L"\\Household\\Other"), 0);
    CHECK_EQ(ZwOpenDirectoryObject(&again, DIRECTORY_QUERY, &a), STATUS_OBJECT_NAME_NOT_FOUND);
    a = at(NULL, NAME(L"\\"), 0);
    CHECK_EQ(ZwOpenDirectoryObject(&again, DIRECTORY_QUERY, &a), STATUS_SUCCESS);
    ZwClose(again);
    ZwClose(inner); // the name \Household\Inner goes; the event in it lives, out of reach
    CHECK_EQ(open(&again, NAME(L"\\Household\\Inner\\Event"), 0), STATUS_OBJECT_PATH_NOT_FOUND);
    ZwClose(event);
    ZwClose(directory);
    CHECK_EQ(open(&again, NAME(L"\\Household\\Inner\\Event"), 0), STATUS_OBJECT_PATH_NOT_FOUND);
}

DDI_TEST(ZwCreateSymbolicLinkObject, RESULTS | ERRORS, links_lead_to_their_targets)
{
    DDI_SHOWS(ZwOpenSymbolicLinkObject, RESULTS | ERRORS);
    DDI_SHOWS(ZwQuerySymbolicLinkObject, RESULTS | ERRORS);
    HANDLE link, event, again;
    WCHAR buffer[64];
    UNICODE_STRING text = {0, 4, buffer};
    ULONG length = 0;
    OBJECT_ATTRIBUTES a = at(NULL, NAME(L"\\DosDevices\\Gate"), 0);
    CHECK_EQ(ZwCreateSymbolicLinkObject(&link, SYMBOLIC_LINK_ALL_ACCESS, &a,
                                        NAME(L"\\BaseNamedObjects\\Target")),
             STATUS_SUCCESS);
    CHECK_EQ(open(&again, NAME(L"\\??\\Gate"), 0), STATUS_OBJECT_NAME_NOT_FOUND);
    CHECK_EQ(create(&event, NAME(L"\\BaseNamedObjects\\Target"), 0), STATUS_SUCCESS);
    CHECK_EQ(open(&again, NAME(L"\\??\\Gate"), 0), STATUS_SUCCESS);
    ZwClose(again);
    a = at(NULL, NAME(L"\\??\\Gate"), 0);
    CHECK_EQ(ZwOpenSymbolicLinkObject(&again, SYMBOLIC_LINK_QUERY, &a), STATUS_SUCCESS);
    CHECK_EQ(ZwQuerySymbolicLinkObject(again, &text, &length), STATUS_BUFFER_TOO_SMALL);
    CHECK_EQ(length, sizeof(L"\\BaseNamedObjects\\Target") - sizeof(WCHAR));
    text.MaximumLength = sizeof(buffer);
    CHECK_EQ(ZwQuerySymbolicLinkObject(again, &text, NULL), STATUS_SUCCESS);
    CHECK(RtlEqualUnicodeString(&text, NAME(L"\\BaseNamedObjects\\Target"), FALSE));
    CHECK_EQ(ZwQuerySymbolicLinkObject(event, &text, NULL), STATUS_OBJECT_TYPE_MISMATCH);
    ZwClose(again);
    a = at(NULL, NAME(L"\\BaseNamedObjects\\Target"), 0);
    CHECK_EQ(ZwOpenSymbolicLinkObject(&again, SYMBOLIC_LINK_QUERY, &a),
             STATUS_OBJECT_TYPE_MISMATCH);
    a = at(NULL, NAME(L"\\??\\Gate"), 0);
    CHECK_EQ(ZwCreateSymbolicLinkObject(&again, SYMBOLIC_LINK_ALL_ACCESS, &a, NAME(L"\\X")),
             STATUS_OBJECT_NAME_COLLISION);
    CHECK_EQ(ZwCreateSymbolicLinkObject(&again, SYMBOLIC_LINK_ALL_ACCESS, &a,
                                        &(UNICODE_STRING){0, 0, buffer}),
             STATUS_INVALID_PARAMETER);
    ZwClose(link);
    CHECK_EQ(open(&again, NAME(L"\\??\\Gate"), 0), STATUS_OBJECT_NAME_NOT_FOUND);
    ZwClose(event);
}

TEST(links_in_a_circle_end)
{
    DDI_SHOWS(ZwOpenEvent, ERRORS);
    HANDLE first, second, event;
    OBJECT_ATTRIBUTES a = at(NULL, NAME(L"\\One"), 0);
    CHECK_EQ(ZwCreateSymbolicLinkObject(&first, SYMBOLIC_LINK_ALL_ACCESS, &a, NAME(L"\\Two")),
             STATUS_SUCCESS);
    a = at(NULL, NAME(L"\\Two"), 0);
    CHECK_EQ(ZwCreateSymbolicLinkObject(&second, SYMBOLIC_LINK_ALL_ACCESS, &a, NAME(L"\\One")),
             STATUS_SUCCESS);
    CHECK_EQ(open(&event, NAME(L"\\One"), 0), STATUS_NAME_TOO_LONG);
    ZwClose(first);
    ZwClose(second);
}

DDI_TEST(IoCreateNotificationEvent, RESULTS | ERRORS, named_events_are_made_signalled_or_opened)
{
    DDI_SHOWS(IoCreateSynchronizationEvent, RESULTS | ERRORS);
    HANDLE first, second, third;
    PKEVENT event = IoCreateNotificationEvent(NAME(L"\\KernelObjects\\Ready"), &first);
    CHECK(event != NULL);
    CHECK_EQ(KeReadStateEvent(event), 1);
    CHECK(IoCreateNotificationEvent(NAME(L"\\KernelObjects\\Ready"), &second) == event);
    PKEVENT other = IoCreateSynchronizationEvent(NAME(L"\\KernelObjects\\Turn"), &third);
    CHECK(other != NULL && other != event);
    CHECK(IoCreateNotificationEvent(NAME(L"Ready"), &third) == NULL);
    CHECK(IoCreateSynchronizationEvent(NAME(L"\\Device"), &third) == NULL);
    ZwClose(first);
    ZwClose(second);
}

static HANDLE limit;
static OBJECT_ATTRIBUTES none = {.Length = sizeof(none)};
static UNICODE_STRING text;
DDI_IRQL_MAX(ZwCreateEvent, PASSIVE_LEVEL,
             ZwCreateEvent(&limit, 0, &none, NotificationEvent, FALSE))
DDI_IRQL_MAX(ZwOpenEvent, PASSIVE_LEVEL, ZwOpenEvent(&limit, 0, &none))
DDI_IRQL_MAX(ZwSetEvent, PASSIVE_LEVEL, ZwSetEvent(NULL, NULL))
DDI_IRQL_MAX(ZwResetEvent, PASSIVE_LEVEL, ZwResetEvent(NULL, NULL))
DDI_IRQL_MAX(ZwClearEvent, PASSIVE_LEVEL, ZwClearEvent(NULL))
DDI_IRQL_MAX(ZwWaitForSingleObject, PASSIVE_LEVEL, ZwWaitForSingleObject(NULL, FALSE, NULL))
DDI_IRQL_MAX(ZwMakeTemporaryObject, PASSIVE_LEVEL, ZwMakeTemporaryObject(NULL))
DDI_IRQL_MAX(ZwCreateDirectoryObject, PASSIVE_LEVEL, ZwCreateDirectoryObject(&limit, 0, &none))
DDI_IRQL_MAX(ZwOpenDirectoryObject, PASSIVE_LEVEL, ZwOpenDirectoryObject(&limit, 0, &none))
DDI_IRQL_MAX(ZwCreateSymbolicLinkObject, PASSIVE_LEVEL,
             ZwCreateSymbolicLinkObject(&limit, 0, &none, &text))
DDI_IRQL_MAX(ZwOpenSymbolicLinkObject, PASSIVE_LEVEL, ZwOpenSymbolicLinkObject(&limit, 0, &none))
DDI_IRQL_MAX(ZwQuerySymbolicLinkObject, PASSIVE_LEVEL, ZwQuerySymbolicLinkObject(NULL, &text, NULL))
DDI_IRQL_MAX(IoCreateNotificationEvent, PASSIVE_LEVEL, IoCreateNotificationEvent(&text, &limit))
DDI_IRQL_MAX(IoCreateSynchronizationEvent, PASSIVE_LEVEL,
             IoCreateSynchronizationEvent(&text, &limit))

static void make_temporary(PVOID object)
{
    PVOID event = object;
    HANDLE handle;
    if (KeGetCurrentIrql() == PASSIVE_LEVEL && NT_SUCCESS(create(&handle, NULL, 0)))
        (void)ObReferenceObjectByHandle(handle, 0, NULL, KernelMode, &event, NULL);
    ObMakeTemporaryObject(event);
}
DDI_IRQL_MAX(ObMakeTemporaryObject, PASSIVE_LEVEL, make_temporary(KeGetCurrentThread()))
