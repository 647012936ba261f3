// SPDX-License-Identifier: MIT
//
// Dispatcher objects, waits and system threads.

#include "ddi_test.h"

TEST(synchronization_event_releases_one)
{
    DDI_SHOWS(KeInitializeEvent, RESULTS);
    DDI_SHOWS(KeSetEvent, RESULTS);
    DDI_SHOWS(KeWaitForSingleObject, RESULTS);
    KEVENT event;
    LARGE_INTEGER zero = {0};
    KeInitializeEvent(&event, SynchronizationEvent, FALSE);
    CHECK_EQ(KeSetEvent(&event, 0, FALSE), 0);
    CHECK_EQ(KeSetEvent(&event, 0, FALSE), 1);
    CHECK_EQ(KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL), STATUS_SUCCESS);
    CHECK_EQ(KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, &zero), STATUS_TIMEOUT);
}

TEST(notification_event_stays_set)
{
    DDI_SHOWS(KeReadStateEvent, RESULTS);
    DDI_SHOWS(KeClearEvent, RESULTS);
    KEVENT event;
    KeInitializeEvent(&event, NotificationEvent, TRUE);
    CHECK_EQ(KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL), STATUS_SUCCESS);
    CHECK_EQ(KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL), STATUS_SUCCESS);
    CHECK_EQ(KeReadStateEvent(&event), 1);
    KeClearEvent(&event);
    CHECK_EQ(KeReadStateEvent(&event), 0);
}

TEST(wait_times_out)
{
    DDI_SHOWS(KeWaitForSingleObject, RESULTS);
    DDI_SHOWS(KeQueryInterruptTime, RESULTS);
    KEVENT event;
    LARGE_INTEGER timeout = ms(20);
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    ULONGLONG before = KeQueryInterruptTime();
    CHECK_EQ(KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, &timeout), STATUS_TIMEOUT);
    CHECK(KeQueryInterruptTime() - before >= 190000);
}

TEST(semaphore_counts)
{
    DDI_SHOWS(KeInitializeSemaphore, RESULTS);
    DDI_SHOWS(KeReleaseSemaphore, RESULTS);
    KSEMAPHORE semaphore;
    LARGE_INTEGER zero = {0};
    KeInitializeSemaphore(&semaphore, 0, 2);
    CHECK_EQ(KeReleaseSemaphore(&semaphore, 0, 2, FALSE), 0);
    CHECK_EQ(KeWaitForSingleObject(&semaphore, Executive, KernelMode, FALSE, &zero), 0);
    CHECK_EQ(KeWaitForSingleObject(&semaphore, Executive, KernelMode, FALSE, &zero), 0);
    CHECK_EQ(KeWaitForSingleObject(&semaphore, Executive, KernelMode, FALSE, &zero),
             STATUS_TIMEOUT);
}

TEST(mutex_is_recursive)
{
    DDI_SHOWS(KeInitializeMutex, RESULTS);
    DDI_SHOWS(KeReleaseMutex, RESULTS);
    DDI_SHOWS(KeReadStateMutex, RESULTS);
    DDI_SHOWS(KeAreApcsDisabled, RESULTS);
    KMUTEX mutex;
    KeInitializeMutex(&mutex, 0);
    KeWaitForSingleObject(&mutex, Executive, KernelMode, FALSE, NULL);
    KeWaitForSingleObject(&mutex, Executive, KernelMode, FALSE, NULL);
    CHECK(KeAreApcsDisabled());
    CHECK_EQ(KeReadStateMutex(&mutex), -1);
    KeReleaseMutex(&mutex, FALSE);
    KeReleaseMutex(&mutex, FALSE);
    CHECK_EQ(KeReadStateMutex(&mutex), 1);
    CHECK(!KeAreApcsDisabled());
}

struct pair {
    KEVENT a, b, done;
    LONG result;
};

static VOID wait_both(PVOID context)
{
    struct pair *pair = context;
    PVOID objects[2] = {&pair->a, &pair->b};
    pair->result =
        KeWaitForMultipleObjects(2, objects, WaitAll, Executive, KernelMode, FALSE, NULL, NULL);
    KeSetEvent(&pair->done, 0, FALSE);
}

TEST(wait_all_takes_nothing_until_all_are_set)
{
    DDI_SHOWS(KeWaitForMultipleObjects, RESULTS);
    DDI_SHOWS(PsCreateSystemThread, RESULTS);
    DDI_SHOWS(ZwClose, RESULTS | ERRORS);
    struct pair pair = {.result = -1};
    LARGE_INTEGER timeout = ms(20);
    HANDLE thread;
    KeInitializeEvent(&pair.a, SynchronizationEvent, FALSE);
    KeInitializeEvent(&pair.b, SynchronizationEvent, FALSE);
    KeInitializeEvent(&pair.done, NotificationEvent, FALSE);
    CHECK_EQ(PsCreateSystemThread(&thread, 0, NULL, NULL, NULL, wait_both, &pair), STATUS_SUCCESS);
    KeSetEvent(&pair.a, 0, FALSE);
    CHECK_EQ(KeWaitForSingleObject(&pair.done, Executive, KernelMode, FALSE, &timeout),
             STATUS_TIMEOUT);
    CHECK_EQ(KeReadStateEvent(&pair.a), 1); // not taken yet
    KeSetEvent(&pair.b, 0, FALSE);
    KeWaitForSingleObject(&pair.done, Executive, KernelMode, FALSE, NULL);
    CHECK_EQ(pair.result, STATUS_SUCCESS);
    CHECK_EQ(KeReadStateEvent(&pair.a), 0);
    CHECK_EQ(ZwClose(thread), STATUS_SUCCESS);
    CHECK_EQ(ZwClose(thread), STATUS_INVALID_HANDLE);
}

TEST(wait_any_tells_the_index)
{
    DDI_SHOWS(KeWaitForMultipleObjects, RESULTS);
    KEVENT a, b;
    PVOID objects[2] = {&a, &b};
    KeInitializeEvent(&a, NotificationEvent, FALSE);
    KeInitializeEvent(&b, NotificationEvent, TRUE);
    CHECK_EQ(
        KeWaitForMultipleObjects(2, objects, WaitAny, Executive, KernelMode, FALSE, NULL, NULL),
        STATUS_WAIT_1);
}

static VOID end_at_once(PVOID context)
{
    (void)context;
    PsTerminateSystemThread(STATUS_SUCCESS);
}

TEST(thread_is_signalled_at_its_end)
{
    DDI_SHOWS(PsTerminateSystemThread, RESULTS);
    DDI_SHOWS(ObReferenceObjectByHandle, RESULTS);
    HANDLE handle;
    PVOID thread;
    CHECK_EQ(PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, end_at_once, NULL),
             STATUS_SUCCESS);
    CHECK_EQ(ObReferenceObjectByHandle(handle, THREAD_ALL_ACCESS, *PsThreadType, KernelMode,
                                       &thread, NULL),
             STATUS_SUCCESS);
    ZwClose(handle);
    CHECK_EQ(KeWaitForSingleObject(thread, Executive, KernelMode, FALSE, NULL), STATUS_SUCCESS);
    ObDereferenceObject(thread);
}
