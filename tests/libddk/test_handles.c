// SPDX-License-Identifier: MIT
//
// Handles: the access they were opened for, whose they are, exclusive objects, duplicates.

#include "ddi_test.h"

#define PROCESS 77u

static NTSTATUS make(PHANDLE handle, ACCESS_MASK access, ULONG flags)
{
    OBJECT_ATTRIBUTES a;
    InitializeObjectAttributes(&a, NULL, flags, NULL, NULL);
    return ZwCreateEvent(handle, access, &a, NotificationEvent, FALSE);
}

static NTSTATUS try_handle(HANDLE handle, ACCESS_MASK access, POBJECT_TYPE type,
                           KPROCESSOR_MODE mode)
{
    PVOID object = &object;
    NTSTATUS status = ObReferenceObjectByHandle(handle, access, type, mode, &object, NULL);
    if (NT_SUCCESS(status))
        ObDereferenceObject(object);
    else if (object != NULL)
        return STATUS_INTERNAL_ERROR; // a failure leaves nothing
    return status;
}

DDI_TEST(ObReferenceObjectByHandle, RESULTS | ERRORS, access_is_what_the_handle_was_opened_for)
{
    HANDLE handle;
    POBJECT_TYPE event = *ExEventObjectType;
    OBJECT_HANDLE_INFORMATION information = {0};
    PVOID object;
    CHECK_EQ(make(&handle, EVENT_MODIFY_STATE | SYNCHRONIZE, 0), STATUS_SUCCESS);
    CHECK_EQ(try_handle(handle, EVENT_MODIFY_STATE, event, UserMode), STATUS_SUCCESS);
    CHECK_EQ(try_handle(handle, EVENT_QUERY_STATE, event, UserMode), STATUS_ACCESS_DENIED);
    CHECK_EQ(try_handle(handle, EVENT_QUERY_STATE, event, KernelMode), STATUS_SUCCESS);
    CHECK_EQ(try_handle(handle, 0, *IoFileObjectType, KernelMode), STATUS_OBJECT_TYPE_MISMATCH);
    CHECK_EQ(try_handle((HANDLE)(ULONG_PTR)0x1234, 0, event, KernelMode), STATUS_INVALID_HANDLE);
    CHECK_EQ(try_handle(NULL, 0, event, KernelMode), STATUS_INVALID_HANDLE);
    CHECK_EQ(ObReferenceObjectByHandle(handle, 0, NULL, KernelMode, &object, &information),
             STATUS_SUCCESS);
    CHECK_EQ(information.GrantedAccess, EVENT_MODIFY_STATE | SYNCHRONIZE);
    ObDereferenceObject(object);
    CHECK_EQ(ZwClose(handle), STATUS_SUCCESS);
    CHECK_EQ(try_handle(handle, 0, event, KernelMode), STATUS_INVALID_HANDLE);
}

DDI_TEST(ZwClose, RESULTS | ERRORS, a_closed_handle_stays_closed)
{
    HANDLE first, second;
    CHECK_EQ(make(&first, EVENT_ALL_ACCESS, 0), STATUS_SUCCESS);
    CHECK_EQ(ZwClose(first), STATUS_SUCCESS);
    CHECK_EQ(make(&second, EVENT_ALL_ACCESS, 0), STATUS_SUCCESS);
    CHECK(first != second);
    CHECK_EQ(ZwClose(first), STATUS_INVALID_HANDLE);
    CHECK_EQ(ZwClose(second), STATUS_SUCCESS);
    CHECK_EQ(ZwClose(NULL), STATUS_INVALID_HANDLE);
    CHECK_EQ(ZwClose(ZwCurrentProcess()), STATUS_INVALID_HANDLE);
}

TEST(a_kernel_handle_is_nothing_to_user_mode)
{
    DDI_SHOWS(ObReferenceObjectByHandle, ERRORS);
    HANDLE handle;
    OBJECT_HANDLE_INFORMATION information = {0};
    PVOID object;
    CHECK_EQ(make(&handle, EVENT_ALL_ACCESS, OBJ_KERNEL_HANDLE), STATUS_SUCCESS);
    CHECK_EQ(try_handle(handle, 0, NULL, KernelMode), STATUS_SUCCESS);
    CHECK_EQ(try_handle(handle, 0, NULL, UserMode), STATUS_INVALID_HANDLE);
    posix_user_context(PROCESS);
    CHECK_EQ(try_handle(handle, 0, NULL, UserMode), STATUS_INVALID_HANDLE);
    CHECK_EQ(try_handle(handle, 0, NULL, KernelMode), STATUS_SUCCESS);
    posix_user_context(0);
    CHECK_EQ(ObReferenceObjectByHandle(handle, 0, NULL, KernelMode, &object, &information),
             STATUS_SUCCESS);
    CHECK_EQ(information.HandleAttributes, OBJ_KERNEL_HANDLE);
    ObDereferenceObject(object);
    ZwClose(handle);
}

TEST(a_handle_belongs_to_the_process_it_was_made_in)
{
    DDI_SHOWS(ZwClose, ERRORS);
    HANDLE handle;
    posix_user_context(PROCESS);
    CHECK_EQ(make(&handle, EVENT_ALL_ACCESS, 0), STATUS_SUCCESS);
    CHECK_EQ(try_handle(handle, 0, NULL, UserMode), STATUS_SUCCESS);
    CHECK_EQ(try_handle(handle, 0, NULL, KernelMode), STATUS_SUCCESS);
    posix_user_context(PROCESS + 1);
    CHECK_EQ(try_handle(handle, 0, NULL, KernelMode), STATUS_INVALID_HANDLE);
    posix_user_context(0);
    CHECK_EQ(try_handle(handle, 0, NULL, KernelMode), STATUS_INVALID_HANDLE);
    CHECK_EQ(ZwClose(handle), STATUS_INVALID_HANDLE);
    posix_user_context(PROCESS);
    CHECK_EQ(ZwClose(handle), STATUS_SUCCESS);
    // What nobody gave to this driver.
    CHECK_EQ(try_handle((HANDLE)(ULONG_PTR)0x44, 0, *ExEventObjectType, UserMode),
             STATUS_INVALID_HANDLE);
    posix_user_context(0);
}

TEST(process_and_thread_have_handles_of_their_own)
{
    DDI_SHOWS(ObReferenceObjectByHandle, RESULTS);
    PVOID object;
    CHECK_EQ(ObReferenceObjectByHandle(ZwCurrentProcess(), PROCESS_ALL_ACCESS, *PsProcessType,
                                       KernelMode, &object, NULL),
             STATUS_SUCCESS);
    CHECK(object == PsGetCurrentProcess());
    ObDereferenceObject(object);
    CHECK_EQ(ObReferenceObjectByHandle(ZwCurrentThread(), THREAD_ALL_ACCESS, *PsThreadType,
                                       KernelMode, &object, NULL),
             STATUS_SUCCESS);
    CHECK(object == KeGetCurrentThread());
    ObDereferenceObject(object);
}

TEST(a_full_table_says_so)
{
    DDI_SHOWS(ZwCreateEvent, ERRORS);
    static HANDLE handles[2000];
    ULONG count = 0;
    NTSTATUS status;
    while (NT_SUCCESS(status = make(&handles[count], EVENT_ALL_ACCESS, 0)) && count < 1999)
        count++;
    CHECK_EQ(status, STATUS_INSUFFICIENT_RESOURCES);
    CHECK(count >= 900);
    while (count > 0)
        CHECK_EQ(ZwClose(handles[--count]), STATUS_SUCCESS);
    CHECK_EQ(make(&handles[0], EVENT_ALL_ACCESS, 0), STATUS_SUCCESS);
    CHECK_EQ(ZwClose(handles[0]), STATUS_SUCCESS);
}

static PVOID event_of(HANDLE handle)
{
    PVOID event = NULL;
    (void)ObReferenceObjectByHandle(handle, 0, *ExEventObjectType, KernelMode, &event, NULL);
    return event;
}

DDI_TEST(ObOpenObjectByPointer, RESULTS | ERRORS, a_pointer_is_opened_with_the_checks_of_its_mode)
{
    HANDLE first, second;
    POBJECT_TYPE type = *ExEventObjectType;
    CHECK_EQ(make(&first, EVENT_ALL_ACCESS, 0), STATUS_SUCCESS);
    PVOID event = event_of(first);
    CHECK_EQ(ObOpenObjectByPointer(event, 0, NULL, EVENT_MODIFY_STATE, type, UserMode, &second),
             STATUS_SUCCESS);
    CHECK_EQ(try_handle(second, EVENT_QUERY_STATE, type, UserMode), STATUS_ACCESS_DENIED);
    CHECK_EQ(try_handle(second, EVENT_MODIFY_STATE, type, UserMode), STATUS_SUCCESS);
    ZwClose(second);
    // Generic rights become those of events.
    CHECK_EQ(ObOpenObjectByPointer(event, 0, NULL, GENERIC_READ, type, UserMode, &second),
             STATUS_SUCCESS);
    CHECK_EQ(try_handle(second, EVENT_QUERY_STATE, type, UserMode), STATUS_SUCCESS);
    CHECK_EQ(try_handle(second, EVENT_MODIFY_STATE, type, UserMode), STATUS_ACCESS_DENIED);
    ZwClose(second);
    // A right that events do not have: refused where access is checked.
    CHECK_EQ(ObOpenObjectByPointer(event, 0, NULL, 0x800, type, UserMode, &second),
             STATUS_ACCESS_DENIED);
    CHECK_EQ(ObOpenObjectByPointer(event, OBJ_FORCE_ACCESS_CHECK, NULL, 0x800, type, KernelMode,
                                   &second),
             STATUS_ACCESS_DENIED);
    CHECK_EQ(
        ObOpenObjectByPointer(event, OBJ_KERNEL_HANDLE, NULL, 0x800, NULL, KernelMode, &second),
        STATUS_SUCCESS);
    ZwClose(second);
    CHECK_EQ(ObOpenObjectByPointer(event, 0x10000000, NULL, 0, type, KernelMode, &second),
             STATUS_INVALID_PARAMETER);
    CHECK_EQ(ObOpenObjectByPointer(event, OBJ_INHERIT | OBJ_EXCLUSIVE, NULL, 0, type, KernelMode,
                                   &second),
             STATUS_INVALID_PARAMETER);
    CHECK_EQ(ObOpenObjectByPointer(event, 0, NULL, 0, *PsThreadType, KernelMode, &second),
             STATUS_OBJECT_TYPE_MISMATCH);
    CHECK_EQ(ObOpenObjectByPointer(event, 0, NULL, 0, NULL, UserMode, &second),
             STATUS_OBJECT_TYPE_MISMATCH);
    ObDereferenceObject(event);
    ZwClose(first);
}

TEST(an_exclusive_object_has_one_handle)
{
    DDI_SHOWS(ObOpenObjectByPointer, ERRORS);
    HANDLE first, second;
    POBJECT_TYPE type = *ExEventObjectType;
    CHECK_EQ(make(&first, EVENT_ALL_ACCESS, 0), STATUS_SUCCESS);
    PVOID event = event_of(first);
    CHECK_EQ(ObOpenObjectByPointer(event, OBJ_EXCLUSIVE, NULL, 0, type, KernelMode, &second),
             STATUS_ACCESS_DENIED); // it is open
    ZwClose(first);
    CHECK_EQ(ObOpenObjectByPointer(event, OBJ_EXCLUSIVE, NULL, 0, type, KernelMode, &first),
             STATUS_SUCCESS);
    CHECK_EQ(ObOpenObjectByPointer(event, 0, NULL, 0, type, KernelMode, &second),
             STATUS_ACCESS_DENIED);
    ZwClose(first);
    CHECK_EQ(ObOpenObjectByPointer(event, 0, NULL, 0, type, KernelMode, &second), STATUS_SUCCESS);
    ZwClose(second);
    CHECK_EQ(ObDereferenceObject(event), 0);
}

DDI_TEST(ZwDuplicateObject, RESULTS | ERRORS, a_duplicate_has_the_access_it_was_given)
{
    HANDLE first, second, self = ZwCurrentProcess();
    POBJECT_TYPE type = *ExEventObjectType;
    CHECK_EQ(make(&first, EVENT_MODIFY_STATE, 0), STATUS_SUCCESS);
    CHECK_EQ(ZwDuplicateObject(self, first, self, &second, 0, 0, DUPLICATE_SAME_ACCESS),
             STATUS_SUCCESS);
    CHECK_EQ(try_handle(second, EVENT_MODIFY_STATE, type, UserMode), STATUS_SUCCESS);
    CHECK_EQ(try_handle(second, EVENT_QUERY_STATE, type, UserMode), STATUS_ACCESS_DENIED);
    ZwClose(second);
    CHECK_EQ(
        ZwDuplicateObject(self, first, self, &second, EVENT_QUERY_STATE, 0, DUPLICATE_CLOSE_SOURCE),
        STATUS_SUCCESS);
    CHECK_EQ(ZwClose(first), STATUS_INVALID_HANDLE);
    CHECK_EQ(try_handle(second, EVENT_MODIFY_STATE, type, UserMode), STATUS_ACCESS_DENIED);
    CHECK_EQ(ZwDuplicateObject(self, first, self, &first, 0, 0, 0), STATUS_INVALID_HANDLE);
    CHECK_EQ(ZwDuplicateObject(second, second, self, &first, 0, 0, 0), STATUS_INVALID_HANDLE);
    ZwClose(second);
}

static HANDLE limit_handle;
static PVOID limit_object;

[[gnu::constructor(300)]] static void prepare(void)
{
    (void)make(&limit_handle, EVENT_ALL_ACCESS, 0);
}

DDI_IRQL_MAX(ObReferenceObjectByHandle, PASSIVE_LEVEL,
             ObReferenceObjectByHandle(limit_handle, 0, NULL, KernelMode, &limit_object, NULL))
DDI_IRQL_MAX(ZwClose, PASSIVE_LEVEL, ZwClose(NULL))
static HANDLE limit_second;
DDI_IRQL_MAX(ObOpenObjectByPointer, APC_LEVEL,
             ObOpenObjectByPointer(limit_object, 0, NULL, 0, NULL, KernelMode, &limit_second))
DDI_IRQL_MAX(ZwDuplicateObject, PASSIVE_LEVEL,
             ZwDuplicateObject(ZwCurrentProcess(), NULL, ZwCurrentProcess(), &limit_second, 0, 0,
                               0))
