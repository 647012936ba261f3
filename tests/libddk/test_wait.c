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

static KEVENT shared_event;
static KSEMAPHORE shared_semaphore;
static KMUTEX shared_mutex;
static LARGE_INTEGER no_time;

static void make_shared(void)
{
    KeInitializeEvent(&shared_event, NotificationEvent, TRUE);
    KeInitializeMutex(&shared_mutex, 0);
    KeInitializeSemaphore(&shared_semaphore, 1, 100);
}

[[gnu::constructor(200)]] static void prepare(void)
{
    make_shared();
}

DDI_IRQL_MAX(KeSetEvent, DISPATCH_LEVEL, KeSetEvent(&shared_event, 0, FALSE))
DDI_IRQL_MAX(KeResetEvent, DISPATCH_LEVEL, KeResetEvent(&shared_event))
DDI_IRQL_MAX(KeClearEvent, DISPATCH_LEVEL, KeClearEvent(&shared_event))
DDI_IRQL_MAX(KePulseEvent, DISPATCH_LEVEL, KePulseEvent(&shared_event, 0, FALSE))
DDI_IRQL_MAX(KeReadStateEvent, DISPATCH_LEVEL, KeReadStateEvent(&shared_event))
DDI_IRQL_MAX(KeInitializeSemaphore, PASSIVE_LEVEL, KeInitializeSemaphore(&shared_semaphore, 1, 100))
DDI_IRQL_MAX(KeReleaseSemaphore, DISPATCH_LEVEL, KeReleaseSemaphore(&shared_semaphore, 0, 1, FALSE))
DDI_IRQL_MAX(KeReadStateMutex, DISPATCH_LEVEL, KeReadStateMutex(&shared_mutex))
DDI_IRQL_MAX(KeDelayExecutionThread, APC_LEVEL,
             KeDelayExecutionThread(KernelMode, FALSE, &(LARGE_INTEGER){.QuadPart = -10}))

static PVOID set_event[1] = {&shared_event};
DDI_IRQL_MAX(KeWaitForMultipleObjects, APC_LEVEL,
             KeSetEvent(&shared_event, 0, FALSE) + KeWaitForMultipleObjects(1, set_event, WaitAll,
                                                                            Executive, KernelMode,
                                                                            FALSE, NULL, NULL))

// Takes the mutex without waiting and gives it back: at any IRQL <= DISPATCH_LEVEL.
static void take_and_release(void)
{
    KeWaitForSingleObject(&shared_mutex, Executive, KernelMode, FALSE, &no_time);
    KeReleaseMutex(&shared_mutex, FALSE);
}

static void release_shared_mutex(void *unused)
{
    (void)unused;
    KeReleaseMutex(&shared_mutex, FALSE);
}

TEST(mutex_is_released_at_dispatch_level_at_most)
{
    DDI_SHOWS(KeReleaseMutex, IRQL | ERRORS);
    KIRQL old = KfRaiseIrql(DISPATCH_LEVEL);
    take_and_release();
    KeLowerIrql(old);
    CHECK_EQ(KeReadStateMutex(&shared_mutex), 1);
    (void)KfRaiseIrql(DIRQL_LOWEST);
    CHECK(dies(release_shared_mutex, NULL, "above DISPATCH_LEVEL"));
    // Acquired at DISPATCH_LEVEL, released below it.
    old = KfRaiseIrql(DISPATCH_LEVEL);
    KeWaitForSingleObject(&shared_mutex, Executive, KernelMode, FALSE, &no_time);
    KeLowerIrql(old);
    CHECK(dies(release_shared_mutex, NULL, "on the other side of DISPATCH_LEVEL"));
    KeInitializeMutex(&shared_mutex, 0);
}

static void wait_any_level(void *level)
{
    (void)KfRaiseIrql((KIRQL)(ULONG_PTR)level);
    KeWaitForSingleObject(&shared_event, Executive, KernelMode, FALSE, &no_time);
}

TEST(wait_without_time_is_allowed_at_dispatch_level)
{
    DDI_SHOWS(KeWaitForSingleObject, IRQL);
    KIRQL old = KfRaiseIrql(DISPATCH_LEVEL);
    KeSetEvent(&shared_event, 0, FALSE);
    CHECK_EQ(KeWaitForSingleObject(&shared_event, Executive, KernelMode, FALSE, &no_time), 0);
    KeClearEvent(&shared_event);
    CHECK_EQ(KeWaitForSingleObject(&shared_event, Executive, KernelMode, FALSE, &no_time),
             STATUS_TIMEOUT);
    KeLowerIrql(old);
    CHECK(dies(wait_any_level, (void *)DIRQL_LOWEST, "above DISPATCH_LEVEL"));
}

TEST(time_out_may_be_absolute)
{
    DDI_SHOWS(KeWaitForSingleObject, RESULTS);
    DDI_SHOWS(KeDelayExecutionThread, RESULTS);
    DDI_SHOWS(KeQuerySystemTime, RESULTS);
    KEVENT event;
    LARGE_INTEGER now, then, after;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    KeQuerySystemTime(&now);
    then.QuadPart = now.QuadPart + 20 * 10000;
    CHECK_EQ(KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, &then), STATUS_TIMEOUT);
    KeQuerySystemTime(&after);
    CHECK(after.QuadPart >= then.QuadPart);
    then.QuadPart = after.QuadPart - 1; // gone already
    CHECK_EQ(KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, &then), STATUS_TIMEOUT);
    CHECK_EQ(KeDelayExecutionThread(KernelMode, FALSE, &then), STATUS_SUCCESS);
    then.QuadPart = after.QuadPart + 10 * 10000;
    CHECK_EQ(KeDelayExecutionThread(KernelMode, TRUE, &then), STATUS_SUCCESS);
    KeQuerySystemTime(&after);
    CHECK(after.QuadPart >= then.QuadPart);
    CHECK_EQ(KeDelayExecutionThread(KernelMode, FALSE, &no_time), STATUS_SUCCESS);
}

TEST(alertable_and_user_mode_waits_end_as_others)
{
    DDI_SHOWS(KeWaitForSingleObject, RESULTS);
    LARGE_INTEGER timeout = ms(5);
    static KEVENT event;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    CHECK_EQ(KeWaitForSingleObject(&event, UserRequest, UserMode, TRUE, &timeout), STATUS_TIMEOUT);
    KeSetEvent(&event, 0, FALSE);
    CHECK_EQ(KeWaitForSingleObject(&event, UserRequest, UserMode, TRUE, NULL), STATUS_SUCCESS);
}

static void wait_user_mode(void *mutex)
{
    KeWaitForSingleObject(mutex, UserRequest, UserMode, FALSE, NULL);
}

static void wait_kernel_mode(void *object)
{
    KeWaitForSingleObject(object, Executive, KernelMode, FALSE, NULL);
}

TEST(waits_refuse_what_is_no_object)
{
    DDI_SHOWS(KeWaitForSingleObject, ERRORS);
    LARGE_INTEGER zero[4] = {0};
    CHECK(dies(wait_user_mode, &shared_mutex, "WaitMode other than KernelMode"));
    CHECK(dies(wait_kernel_mode, zero, "no initialised dispatcher object"));
    CHECK(dies(wait_kernel_mode, NULL, "no initialised dispatcher object"));
}

TEST(mutex_is_taken_minlong_times_at_most)
{
    DDI_SHOWS_MACRO(KeWaitForMutexObject, RESULTS | ERRORS | IRQL);
    KMUTEX mutex;
    KeInitializeMutex(&mutex, 0);
    CHECK_EQ(KeWaitForMutexObject(&mutex, Executive, KernelMode, FALSE, NULL), STATUS_SUCCESS);
    LONG state = mutex.Header.SignalState;
    mutex.Header.SignalState = MINLONG;
    CHECK(dies(wait_kernel_mode, &mutex, "STATUS_MUTANT_LIMIT_EXCEEDED"));
    mutex.Header.SignalState = state;
    (void)KfRaiseIrql(DISPATCH_LEVEL);
    CHECK(dies(wait_kernel_mode, &mutex, "above APC_LEVEL"));
}

#define MANY 10

static void too_many(void *count)
{
    static KEVENT event;
    PVOID objects[MAXIMUM_WAIT_OBJECTS + 1];
    static KWAIT_BLOCK blocks[MAXIMUM_WAIT_OBJECTS + 1];
    ULONG n = *(ULONG *)count;
    KeInitializeEvent(&event, NotificationEvent, TRUE);
    for (ULONG i = 0; i < n; i++)
        objects[i] = &event;
    (void)KeWaitForMultipleObjects(n, objects, WaitAny, Executive, KernelMode, FALSE, NULL,
                                   n > MAXIMUM_WAIT_OBJECTS ? blocks : NULL);
}

TEST(multiple_waits_have_limits)
{
    DDI_SHOWS(KeWaitForMultipleObjects, ERRORS);
    ULONG counts[3] = {THREAD_WAIT_OBJECTS + 1, MAXIMUM_WAIT_OBJECTS + 1, 0};
    for (ULONG i = 0; i < 3; i++)
        CHECK(dies(too_many, &counts[i], "too many objects for the wait blocks"));
}

TEST(multiple_wait_takes_many_objects_with_wait_blocks)
{
    DDI_SHOWS(KeWaitForMultipleObjects, RESULTS);
    KSEMAPHORE semaphores[MANY];
    KWAIT_BLOCK blocks[MANY];
    PVOID objects[MANY];
    LARGE_INTEGER timeout = ms(5);
    for (int i = 0; i < MANY; i++) {
        KeInitializeSemaphore(&semaphores[i], i == MANY - 1 ? 0 : 1, 1);
        objects[i] = &semaphores[i];
    }
    CHECK_EQ(KeWaitForMultipleObjects(MANY, objects, WaitAll, Executive, KernelMode, FALSE,
                                      &timeout, blocks),
             STATUS_TIMEOUT);
    CHECK_EQ(KeReadStateSemaphore(&semaphores[0]), 1);
    KeReleaseSemaphore(&semaphores[MANY - 1], 0, 1, FALSE);
    CHECK_EQ(KeWaitForMultipleObjects(MANY, objects, WaitAll, Executive, KernelMode, FALSE,
                                      &timeout, blocks),
             STATUS_SUCCESS);
    for (int i = 0; i < MANY; i++)
        CHECK_EQ(KeReadStateSemaphore(&semaphores[i]), 0);
    KeReleaseSemaphore(&semaphores[7], 0, 1, FALSE);
    CHECK_EQ(KeWaitForMultipleObjects(MANY, objects, WaitAny, Executive, KernelMode, FALSE,
                                      &timeout, blocks),
             STATUS_WAIT_0 + 7);
    CHECK_EQ(KeWaitForMultipleObjects(MANY, objects, WaitAny, Executive, KernelMode, FALSE,
                                      &no_time, blocks),
             STATUS_TIMEOUT);
}

static void release_three(void *semaphore)
{
    KeReleaseSemaphore(semaphore, 0, 3, FALSE);
}

static void release_none(void *semaphore)
{
    KeReleaseSemaphore(semaphore, 0, 0, FALSE);
}

static void bad_semaphore(void *unused)
{
    KSEMAPHORE semaphore;
    (void)unused;
    KeInitializeSemaphore(&semaphore, 3, 2);
}

TEST(semaphore_is_not_released_above_its_limit)
{
    DDI_SHOWS(KeInitializeSemaphore, ERRORS);
    DDI_SHOWS(KeReleaseSemaphore, ERRORS);
    DDI_SHOWS(KeReadStateSemaphore, RESULTS);
    KSEMAPHORE semaphore;
    KeInitializeSemaphore(&semaphore, 1, 3);
    CHECK(dies(release_three, &semaphore, "STATUS_SEMAPHORE_LIMIT_EXCEEDED"));
    CHECK_EQ(KeReadStateSemaphore(&semaphore), 1); // not adjusted
    CHECK(dies(release_none, &semaphore, "adjustment not positive"));
    CHECK(dies(bad_semaphore, NULL, "count <= limit"));
    NTSTATUS raised = STATUS_SUCCESS;
    __try {
        KeReleaseSemaphore(&semaphore, 0, 3, FALSE);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        raised = GetExceptionCode();
    }
    CHECK_EQ(raised, STATUS_SEMAPHORE_LIMIT_EXCEEDED);
}

static void set_garbage(void *event)
{
    KeSetEvent(event, 0, FALSE);
}

static VOID wait_in_thread(PVOID context)
{
    struct pair *pair = context;
    pair->result = KeWaitForSingleObject(&pair->a, Executive, KernelMode, FALSE, NULL);
    KeSetEvent(&pair->done, 0, FALSE);
}

TEST(pulse_releases_who_waits_and_leaves_the_event_reset)
{
    DDI_SHOWS(KePulseEvent, RESULTS);
    DDI_SHOWS(KeResetEvent, RESULTS);
    struct pair pair = {.result = -1};
    LARGE_INTEGER moment = ms(1);
    HANDLE thread;
    KeInitializeEvent(&pair.a, NotificationEvent, TRUE);
    KeInitializeEvent(&pair.done, NotificationEvent, FALSE);
    CHECK_EQ(KeResetEvent(&pair.a), 1);
    CHECK_EQ(KeResetEvent(&pair.a), 0);
    CHECK_EQ(PsCreateSystemThread(&thread, 0, NULL, NULL, NULL, wait_in_thread, &pair), 0);
    while (KeWaitForSingleObject(&pair.done, Executive, KernelMode, FALSE, &moment) != 0)
        CHECK_EQ(KePulseEvent(&pair.a, 0, FALSE), 0);
    CHECK_EQ(pair.result, STATUS_SUCCESS);
    CHECK_EQ(KeReadStateEvent(&pair.a), 0);
    ZwClose(thread);
    LARGE_INTEGER zero[3] = {0};
    CHECK(dies(set_garbage, zero, "no initialised event"));
}
