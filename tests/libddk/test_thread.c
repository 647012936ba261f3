// SPDX-License-Identifier: MIT
//
// System threads, process identity, priorities.

#include "ddi_test.h"

static PVOID end_of(HANDLE handle)
{
    PVOID thread = NULL;
    (void)ObReferenceObjectByHandle(handle, THREAD_ALL_ACCESS, *PsThreadType, KernelMode, &thread,
                                    NULL);
    ZwClose(handle);
    return thread;
}

static VOID nothing(PVOID context)
{
    (void)context;
}

static NTSTATUS run_thread(PKSTART_ROUTINE routine, PVOID context)
{
    HANDLE handle;
    NTSTATUS status =
        PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, routine, context);
    if (!NT_SUCCESS(status))
        return status;
    PVOID thread = end_of(handle);
    KeWaitForSingleObject(thread, Executive, KernelMode, FALSE, NULL);
    ObDereferenceObject(thread);
    return STATUS_SUCCESS;
}

static HANDLE limit_handle;
DDI_IRQL_MAX(PsCreateSystemThread, PASSIVE_LEVEL,
             PsCreateSystemThread(&limit_handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, nothing,
                                  NULL))
DDI_IRQL_MAX(PsTerminateSystemThread, PASSIVE_LEVEL, PsTerminateSystemThread(STATUS_SUCCESS))
DDI_IRQL_MAX(KeSetPriorityThread, PASSIVE_LEVEL, KeSetPriorityThread(KeGetCurrentThread(), 8))
DDI_IRQL_MAX(KeQueryPriorityThread, PASSIVE_LEVEL, KeQueryPriorityThread(KeGetCurrentThread()))
DDI_IRQL_MAX(ExGetPreviousMode, DISPATCH_LEVEL, ExGetPreviousMode())
static GUID limit_guid;
DDI_IRQL_MAX(ExUuidCreate, PASSIVE_LEVEL, ExUuidCreate(&limit_guid))

struct facts {
    PKTHREAD thread;
    HANDLE id, process;
    KIRQL irql;
    BOOLEAN apcs_disabled;
    KPROCESSOR_MODE mode;
    CLIENT_ID client;
};

static VOID tell(PVOID context)
{
    struct facts *facts = context;
    facts->thread = KeGetCurrentThread();
    facts->id = PsGetCurrentThreadId();
    facts->process = PsGetCurrentProcessId();
    facts->irql = KeGetCurrentIrql();
    facts->apcs_disabled = KeAreApcsDisabled();
    facts->mode = ExGetPreviousMode();
}

TEST(system_thread_is_one_of_the_system_process)
{
    DDI_SHOWS(PsCreateSystemThread, RESULTS);
    DDI_SHOWS(KeGetCurrentThread, RESULTS);
    DDI_SHOWS(PsGetCurrentThreadId, RESULTS);
    DDI_SHOWS(PsGetCurrentProcessId, RESULTS);
    DDI_SHOWS(PsGetThreadProcessId, RESULTS);
    DDI_SHOWS(PsGetCurrentProcess, RESULTS);
    DDI_SHOWS(ExGetPreviousMode, RESULTS);
    DDI_SHOWS_MACRO(PsGetCurrentThread, RESULTS);
    static struct facts facts;
    HANDLE handle;
    CHECK_EQ(
        PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, &facts.client, tell, &facts),
        STATUS_SUCCESS);
    PVOID thread = end_of(handle);
    KeWaitForSingleObject(thread, Executive, KernelMode, FALSE, NULL);
    CHECK_EQ(facts.thread, thread);
    CHECK(facts.thread != KeGetCurrentThread() && PsGetCurrentThread() == KeGetCurrentThread());
    CHECK(facts.id == facts.client.UniqueThread && facts.id != PsGetCurrentThreadId());
    CHECK(facts.process == ULongToHandle(4) && facts.process == facts.client.UniqueProcess);
    CHECK_EQ(PsGetThreadProcessId(thread), facts.process);
    CHECK_EQ(facts.irql, PASSIVE_LEVEL);
    CHECK(facts.apcs_disabled); // it runs in a critical region
    CHECK_EQ(facts.mode, KernelMode);
    ObDereferenceObject(thread);
    PEPROCESS process = PsGetCurrentProcess();
    ObReferenceObject(process);
    ObDereferenceObject(process);
    CHECK(process == PsGetCurrentProcess() && PsGetProcessId(process) == PsGetCurrentProcessId());
}

static VOID exhaust(PVOID context)
{
    HANDLE *handles = context;
    ULONG n = 0;
    while (n < 1000 && NT_SUCCESS(PsCreateSystemThread(&handles[n], THREAD_ALL_ACCESS, NULL, NULL,
                                                       NULL, nothing, NULL)))
        n++;
    while (n > 0)
        ZwClose(handles[--n]);
}

TEST(thread_creation_fails_when_handles_run_out)
{
    DDI_SHOWS(PsCreateSystemThread, ERRORS);
    static HANDLE handles[1000];
    HANDLE one;
    exhaust(handles); // ends because a creation failed, and leaves nothing behind
    CHECK_EQ(PsCreateSystemThread(&one, THREAD_ALL_ACCESS, NULL, NULL, NULL, nothing, NULL), 0);
    ZwClose(one);
}

static KMUTEX held;
static FAST_MUTEX held_fast;
static volatile LONG died_count;

static void end_with_mutex(void *unused)
{
    (void)unused;
    KeWaitForSingleObject(&held, Executive, KernelMode, FALSE, NULL);
    (void)PsTerminateSystemThread(STATUS_SUCCESS);
}

static void end_with_fast_mutex(void *unused)
{
    (void)unused;
    ExAcquireFastMutex(&held_fast);
    (void)PsTerminateSystemThread(STATUS_SUCCESS);
}

static void end_in_guarded_region(void *unused)
{
    (void)unused;
    KeEnterGuardedRegion();
    (void)PsTerminateSystemThread(STATUS_SUCCESS);
}

static VOID end_badly(PVOID context)
{
    (void)context;
    died_count += dies(end_with_mutex, NULL, "thread ends that owns a mutex");
    died_count += dies(end_with_fast_mutex, NULL, "above PASSIVE_LEVEL");
    died_count += dies(end_in_guarded_region, NULL, "thread ends with IRQL or locks changed");
    KeEnterCriticalRegion(); // posix_reset_thread left it: the thread's own
}

TEST(thread_ends_without_anything_held)
{
    DDI_SHOWS(PsTerminateSystemThread, RESULTS | ERRORS);
    KeInitializeMutex(&held, 0);
    ExInitializeFastMutex(&held_fast);
    CHECK_EQ(run_thread(end_badly, NULL), STATUS_SUCCESS);
    CHECK_EQ(died_count, 3);
    CHECK_EQ(PsTerminateSystemThread(STATUS_SUCCESS), STATUS_INVALID_PARAMETER); // not made by it
}

static void set_priority_zero(void *thread)
{
    (void)KeSetPriorityThread(thread, LOW_PRIORITY);
}

static void set_priority_32(void *thread)
{
    (void)KeSetPriorityThread(thread, HIGH_PRIORITY + 1);
}

TEST(priority_is_kept_and_checked)
{
    DDI_SHOWS(KeSetPriorityThread, RESULTS | ERRORS);
    DDI_SHOWS(KeQueryPriorityThread, RESULTS);
    PKTHREAD thread = KeGetCurrentThread();
    KPRIORITY old = KeSetPriorityThread(thread, LOW_REALTIME_PRIORITY);
    CHECK_EQ(KeQueryPriorityThread(thread), LOW_REALTIME_PRIORITY);
    CHECK_EQ(KeSetPriorityThread(thread, old), LOW_REALTIME_PRIORITY);
    CHECK(dies(set_priority_zero, thread, "priority is not above"));
    CHECK(dies(set_priority_32, thread, "priority is not above"));
}

TEST(identifiers_differ)
{
    DDI_SHOWS(ExUuidCreate, RESULTS | ERRORS);
    GUID one, two;
    NTSTATUS status = ExUuidCreate(&one);
    CHECK_EQ(status, RPC_NT_UUID_LOCAL_ONLY);
    CHECK(NT_SUCCESS(status) && NT_SUCCESS(ExUuidCreate(&two)));
    CHECK(memcmp(&one, &two, sizeof(one)) != 0);
    CHECK_EQ(one.Data3 >> 12, 4);
    CHECK_EQ(one.Data4[0] >> 6, 2);
}

TEST(processors_and_nodes)
{
    DDI_SHOWS(KeQueryActiveProcessorCount, RESULTS);
    DDI_SHOWS(KeQueryActiveProcessorCountEx, RESULTS);
    DDI_SHOWS(KeQueryMaximumProcessorCountEx, RESULTS);
    DDI_SHOWS(KeGetCurrentProcessorNumber, RESULTS);
    DDI_SHOWS(KeQueryHighestNodeNumber, RESULTS);
    DDI_SHOWS(KeGetCurrentNodeNumber, RESULTS);
    DDI_SHOWS(KeGetRecommendedSharedDataAlignment, RESULTS);
    KAFFINITY active = 0;
    ULONG count = KeQueryActiveProcessorCount(&active);
    CHECK(count >= 1 && (ULONG)__builtin_popcountll(active) == (count < 64 ? count : 64));
    CHECK_EQ(KeQueryActiveProcessorCountEx(ALL_PROCESSOR_GROUPS), count);
    CHECK_EQ(KeQueryActiveProcessorCountEx(0), count);
    CHECK_EQ(KeQueryActiveProcessorCountEx(1), 0); // no such group
    CHECK(KeQueryMaximumProcessorCountEx(0) >= count);
    CHECK(KeGetCurrentProcessorNumber() < count);
    CHECK(KeGetCurrentNodeNumber() <= KeQueryHighestNodeNumber());
    CHECK(KeGetRecommendedSharedDataAlignment() >= 16);
}
