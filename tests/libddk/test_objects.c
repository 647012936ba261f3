// SPDX-License-Identifier: MIT
//
// References to objects, by pointer and by handle, and when objects are deleted.

#include "ddi_test.h"

static OBJECT_ATTRIBUTES attributes(PUNICODE_STRING name, ULONG flags)
{
    OBJECT_ATTRIBUTES result;
    InitializeObjectAttributes(&result, name, flags, NULL, NULL);
    return result;
}

static PKEVENT new_event(HANDLE *handle, ULONG flags)
{
    OBJECT_ATTRIBUTES a = attributes(NULL, flags);
    PVOID event = NULL;
    if (!NT_SUCCESS(ZwCreateEvent(handle, EVENT_ALL_ACCESS, &a, NotificationEvent, FALSE)))
        return NULL;
    (void)ObReferenceObjectByHandle(*handle, EVENT_ALL_ACCESS, *ExEventObjectType, KernelMode,
                                    &event, NULL);
    return event;
}

static size_t blocks(void)
{
    size_t bytes, count;
    posix_pool_usage(&bytes, &count);
    return count;
}

static bool blocks_become(size_t wanted)
{
    LARGE_INTEGER moment = ms(1);
    for (int i = 0; i < 1000 && blocks() != wanted; i++)
        KeDelayExecutionThread(KernelMode, FALSE, &moment);
    return blocks() == wanted;
}

DDI_TEST_MACRO(ObReferenceObject, RESULTS, pointers_and_handles_keep_an_object)
{
    DDI_SHOWS_MACRO(ObDereferenceObject, RESULTS);
    DDI_SHOWS(ObfReferenceObject, RESULTS);
    HANDLE handle;
    size_t before = blocks();
    PKEVENT event = new_event(&handle, 0);
    CHECK(event != NULL);
    CHECK_EQ(ObReferenceObject(event), 3);  // handle, pointer, pointer
    CHECK_EQ(ObfReferenceObject(event), 4); // the same by another name
    CHECK_EQ(ObDereferenceObject(event), 3);
    CHECK_EQ(ObDereferenceObject(event), 2);
    CHECK_EQ(ZwClose(handle), STATUS_SUCCESS);
    CHECK_EQ(KeReadStateEvent(event), 0); // lives on
    CHECK_EQ(blocks(), before + 1);
    CHECK_EQ(ObDereferenceObject(event), 0);
    CHECK_EQ(blocks(), before);
}

DDI_TEST(ObReferenceObjectByPointer, RESULTS | ERRORS, a_pointer_of_the_wrong_type_is_refused)
{
    HANDLE handle;
    PKEVENT event = new_event(&handle, 0);
    CHECK_EQ(ObReferenceObjectByPointer(event, 0, *ExEventObjectType, KernelMode), STATUS_SUCCESS);
    CHECK_EQ(ObReferenceObjectByPointer(event, 0, NULL, KernelMode), STATUS_SUCCESS);
    CHECK_EQ(ObReferenceObjectByPointer(event, 0, NULL, UserMode), STATUS_OBJECT_TYPE_MISMATCH);
    CHECK_EQ(ObReferenceObjectByPointer(event, 0, *PsThreadType, KernelMode),
             STATUS_OBJECT_TYPE_MISMATCH);
    ObDereferenceObject(event);
    ObDereferenceObject(event);
    ZwClose(handle);
    CHECK_EQ(ObDereferenceObject(event), 0);
}

static void dereference(void *object)
{
    ObDereferenceObject(object);
}

static void reference(void *object)
{
    ObfReferenceObject(object);
}

TEST(a_reference_too_many_or_too_few_is_a_bug_check)
{
    DDI_SHOWS_MACRO(ObDereferenceObject, ERRORS);
    DDI_SHOWS(ObfReferenceObject, ERRORS);
    static ULONG64 rubbish[16];
    CHECK(dies(reference, &rubbish[8], "something that is no object"));
    CHECK(dies(dereference, &rubbish[8], "something that is no object"));
    CHECK(dies(reference, NULL, "something that is no object"));
}

static PVOID limit_object(void)
{
    static PVOID event;
    HANDLE handle;
    if (event == NULL)
        event = new_event(&handle, 0);
    return event;
}

[[gnu::constructor(300)]] static void prepare(void)
{
    (void)limit_object();
}

DDI_IRQL_MAX_MACRO(ObReferenceObject, DISPATCH_LEVEL, ObReferenceObject(limit_object()))
DDI_IRQL_MAX(ObfReferenceObject, DISPATCH_LEVEL, ObfReferenceObject(limit_object()))
DDI_IRQL_MAX_MACRO(ObDereferenceObject, DISPATCH_LEVEL, ObDereferenceObject(limit_object()))
DDI_IRQL_MAX(ObReferenceObjectByPointer, DISPATCH_LEVEL,
             ObReferenceObjectByPointer(limit_object(), 0, NULL, KernelMode))
DDI_IRQL_MAX(ObDereferenceObjectDeferDelete, DISPATCH_LEVEL,
             ObDereferenceObjectDeferDelete((ObReferenceObject(limit_object()), limit_object())))

DDI_TEST(ObDereferenceObjectDeferDelete, RESULTS, a_worker_deletes_what_is_deferred)
{
    HANDLE handle;
    LARGE_INTEGER moment = ms(50);
    PKEVENT warm = new_event(&handle, 0);
    ZwClose(handle);
    ObDereferenceObjectDeferDelete(warm); // the worker has its thread from now on
    KeDelayExecutionThread(KernelMode, FALSE, &moment);
    size_t before = blocks();
    PKEVENT first = new_event(&handle, 0);
    ZwClose(handle);
    PKEVENT second = new_event(&handle, 0);
    ZwClose(handle);
    ObDereferenceObjectDeferDelete(first);
    CHECK(blocks_become(before + 1));
    KIRQL old;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    CHECK_EQ(ObDereferenceObject(second), 0); // not deleted at this IRQL
    KeLowerIrql(old);
    CHECK(blocks_become(before));
}

DDI_TEST_MACRO(ObReferenceObjectWithTag, RESULTS, tags_change_nothing)
{
    DDI_SHOWS_MACRO(ObDereferenceObjectWithTag, RESULTS);
    HANDLE handle;
    PKEVENT event = new_event(&handle, 0);
    CHECK_EQ(ObReferenceObjectWithTag(event, 'tseT'), 3);
    CHECK_EQ(ObDereferenceObjectWithTag(event, 'tseT'), 2);
    ZwClose(handle);
    CHECK_EQ(ObDereferenceObjectWithTag(event, 'tseT'), 0);
}

DDI_TEST_MACRO(InitializeObjectAttributes, RESULTS, attributes_hold_what_they_were_given)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\X");
    OBJECT_ATTRIBUTES a;
    memset(&a, 0xff, sizeof(a));
    InitializeObjectAttributes(&a, &name, OBJ_KERNEL_HANDLE, (HANDLE)(ULONG_PTR)8, NULL);
    CHECK_EQ(a.Length, sizeof(a));
    CHECK(a.ObjectName == &name && a.RootDirectory == (HANDLE)(ULONG_PTR)8);
    CHECK_EQ(a.Attributes, OBJ_KERNEL_HANDLE);
    CHECK(a.SecurityDescriptor == NULL && a.SecurityQualityOfService == NULL);
}
