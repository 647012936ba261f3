// SPDX-License-Identifier: MIT
//
// Process objects and the notifications of processes, threads and images.

#include "ddi_test.h"
#include <ntddk.h>

// Inside of the kit: what a port calls.
NTSTATUS ki_process_event(ULONG id, ULONG parent, PCUNICODE_STRING image, bool created);
void ki_thread_event(ULONG process, ULONG thread, bool created);
void ki_image_event(ULONG process, PUNICODE_STRING name, ULONG_PTR base, SIZE_T bytes);

#define ID(n) ULongToHandle(n)

DDI_TEST(PsLookupProcessByProcessId, RESULTS | ERRORS, processes_are_found_by_their_ids)
{
    DDI_SHOWS(PsGetCurrentProcess, RESULTS);
    DDI_SHOWS(PsGetProcessId, RESULTS);
    PEPROCESS first, second;
    CHECK_EQ(PsLookupProcessByProcessId(ID(1000), &first), STATUS_SUCCESS);
    CHECK_EQ(PsLookupProcessByProcessId(ID(1000), &second), STATUS_SUCCESS);
    CHECK(first == second && PsGetProcessId(first) == ID(1000));
    CHECK(first != PsGetCurrentProcess());
    CHECK_EQ(ObReferenceObjectByPointer(first, 0, *PsProcessType, KernelMode), STATUS_SUCCESS);
    ObDereferenceObject(first);
    ObDereferenceObject(second);
    posix_user_context(1000);
    CHECK(PsGetCurrentProcess() == first && IoGetCurrentProcess() == first);
    CHECK(PsGetCurrentProcessId() == ID(1000));
    posix_user_context(0);
    ObDereferenceObject(first);
    CHECK_EQ(PsLookupProcessByProcessId(ID(4), &first), STATUS_SUCCESS);
    CHECK(first == PsGetCurrentProcess());
    ObDereferenceObject(first);
    CHECK_EQ(PsLookupProcessByProcessId(ID(77), &first), STATUS_INVALID_CID);
    CHECK(first == NULL);
    CHECK_EQ(PsLookupProcessByProcessId(NULL, &first), STATUS_INVALID_CID);
}

DDI_TEST(IoGetRequestorProcess, RESULTS, a_request_knows_its_process)
{
    PIRP irp = IoAllocateIrp(1, FALSE);
    CHECK(IoGetRequestorProcess(irp) == PsGetCurrentProcess());
    irp->RequestorMode = UserMode;
    irp->Tail.Overlay.AuxiliaryBuffer = ULongToPtr(1007);
    CHECK(PsGetProcessId(IoGetRequestorProcess(irp)) == ID(1007));
    CHECK_EQ(IoGetRequestorProcessId(irp), 1007);
    IoFreeIrp(irp);
}

TEST(many_processes_do_not_pile_up)
{
    DDI_SHOWS(PsLookupProcessByProcessId, RESULTS);
    PEPROCESS kept, other;
    size_t bytes, before, after;
    CHECK_EQ(PsLookupProcessByProcessId(ID(1100), &kept), STATUS_SUCCESS);
    for (ULONG i = 0; i < 200; i++) {
        CHECK_EQ(PsLookupProcessByProcessId(ID(1200 + i), &other), STATUS_SUCCESS);
        ObDereferenceObject(other);
    }
    posix_pool_usage(&bytes, &before);
    for (ULONG i = 0; i < 200; i++) {
        CHECK_EQ(PsLookupProcessByProcessId(ID(1500 + i), &other), STATUS_SUCCESS);
        ObDereferenceObject(other);
    }
    posix_pool_usage(&bytes, &after);
    CHECK_EQ(before, after);
    CHECK_EQ(PsLookupProcessByProcessId(ID(1100), &other), STATUS_SUCCESS);
    CHECK(other == kept); // who is referred to stays
    ObDereferenceObject(other);
    ObDereferenceObject(kept);
}

static LONG processes, threads, images;
static HANDLE last_process, last_thread, last_parent;
static BOOLEAN last_create;
static PVOID last_base;

static VOID on_process(HANDLE parent, HANDLE process, BOOLEAN create)
{
    processes++;
    last_parent = parent;
    last_process = process;
    last_create = create;
}

static VOID on_process_ex(PEPROCESS process, HANDLE id, PPS_CREATE_NOTIFY_INFO info)
{
    last_process = PsGetProcessId(process) == id ? id : NULL;
    processes += 100;
    if (info != NULL && id == ID(1313))
        info->CreationStatus = STATUS_ACCESS_DENIED;
}

static VOID on_thread(HANDLE process, HANDLE thread, BOOLEAN create)
{
    threads++;
    last_process = process;
    last_thread = thread;
    last_create = create;
}

static VOID on_image(PUNICODE_STRING name, HANDLE process, PIMAGE_INFO image)
{
    images++;
    last_process = process;
    last_base = name->Length == 4 && image->ImageSize == 0x3000 && !image->SystemModeImage
                    ? image->ImageBase
                    : NULL;
}

DDI_TEST(PsSetCreateProcessNotifyRoutine, RESULTS | ERRORS, the_older_form_hears_of_both_ends)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"xy");
    processes = 0;
    CHECK_EQ(PsSetCreateProcessNotifyRoutine(on_process, TRUE), STATUS_INVALID_PARAMETER);
    CHECK_EQ(PsSetCreateProcessNotifyRoutine(on_process, FALSE), STATUS_SUCCESS);
    CHECK_EQ(PsSetCreateProcessNotifyRoutine(on_process, FALSE), STATUS_INVALID_PARAMETER);
    CHECK_EQ(ki_process_event(1300, 1200, &name, true), STATUS_SUCCESS);
    CHECK(processes == 1 && last_create && last_process == ID(1300) && last_parent == ID(1200));
    CHECK_EQ(ki_process_event(1300, 1200, NULL, false), STATUS_SUCCESS);
    CHECK(processes == 2 && !last_create);
    CHECK_EQ(PsSetCreateProcessNotifyRoutine(on_process, TRUE), STATUS_SUCCESS);
    (void)ki_process_event(1301, 1200, &name, true);
    CHECK_EQ(processes, 2);
}

DDI_TEST(PsSetCreateProcessNotifyRoutineEx2, RESULTS | ERRORS, the_newer_form_may_refuse)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"xy");
    PVOID routine = (PVOID)(ULONG_PTR)on_process_ex;
    processes = 0;
    CHECK_EQ(PsSetCreateProcessNotifyRoutineEx2((PSCREATEPROCESSNOTIFYTYPE)1, routine, FALSE),
             STATUS_INVALID_PARAMETER);
    CHECK_EQ(PsSetCreateProcessNotifyRoutineEx2(PsCreateProcessNotifySubsystems, routine, FALSE),
             STATUS_SUCCESS);
    CHECK_EQ(ki_process_event(1313, 4, &name, true), STATUS_ACCESS_DENIED);
    CHECK_EQ(ki_process_event(1314, 4, &name, true), STATUS_SUCCESS);
    CHECK(processes == 200 && last_process == ID(1314));
    CHECK_EQ(PsSetCreateProcessNotifyRoutineEx2(PsCreateProcessNotifySubsystems, routine, TRUE),
             STATUS_SUCCESS);
    CHECK_EQ(PsSetCreateProcessNotifyRoutineEx2(PsCreateProcessNotifySubsystems, routine, TRUE),
             STATUS_INVALID_PARAMETER);
}

TEST(an_ended_process_is_signalled)
{
    DDI_SHOWS(PsLookupProcessByProcessId, RESULTS);
    PEPROCESS process, again;
    LARGE_INTEGER now = {.QuadPart = 0};
    CHECK_EQ(PsLookupProcessByProcessId(ID(1400), &process), STATUS_SUCCESS);
    CHECK_EQ(KeWaitForSingleObject(process, Executive, KernelMode, FALSE, &now), STATUS_TIMEOUT);
    (void)ki_process_event(1400, 4, NULL, false);
    CHECK_EQ(KeWaitForSingleObject(process, Executive, KernelMode, FALSE, &now), STATUS_SUCCESS);
    CHECK_EQ(PsLookupProcessByProcessId(ID(1400), &again), STATUS_SUCCESS);
    CHECK(again != process); // another one of that number
    ObDereferenceObject(again);
    CHECK_EQ(ObDereferenceObject(process), 0);
}

DDI_TEST(PsSetCreateThreadNotifyRoutine, RESULTS | ERRORS, drivers_hear_of_threads)
{
    DDI_SHOWS(PsRemoveCreateThreadNotifyRoutine, RESULTS | ERRORS);
    CHECK_EQ(PsRemoveCreateThreadNotifyRoutine(on_thread), STATUS_PROCEDURE_NOT_FOUND);
    CHECK_EQ(PsSetCreateThreadNotifyRoutine(on_thread), STATUS_SUCCESS);
    CHECK_EQ(PsSetCreateThreadNotifyRoutine(NULL), STATUS_INSUFFICIENT_RESOURCES);
    ki_thread_event(1500, 3, true);
    CHECK(threads == 1 && last_create && last_process == ID(1500) && last_thread == ID(3));
    ki_thread_event(1500, 3, false);
    CHECK(threads == 2 && !last_create);
    CHECK_EQ(PsRemoveCreateThreadNotifyRoutine(on_thread), STATUS_SUCCESS);
    ki_thread_event(1500, 4, true);
    CHECK_EQ(threads, 2);
}

DDI_TEST(PsSetLoadImageNotifyRoutine, RESULTS | ERRORS, drivers_hear_of_images)
{
    DDI_SHOWS(PsRemoveLoadImageNotifyRoutine, RESULTS | ERRORS);
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"xy");
    CHECK_EQ(PsRemoveLoadImageNotifyRoutine(on_image), STATUS_PROCEDURE_NOT_FOUND);
    CHECK_EQ(PsSetLoadImageNotifyRoutine(on_image), STATUS_SUCCESS);
    CHECK_EQ(PsSetLoadImageNotifyRoutine(NULL), STATUS_INSUFFICIENT_RESOURCES);
    ki_image_event(1600, &name, 0x10000, 0x3000);
    CHECK(images == 1 && last_process == ID(1600) && last_base == (PVOID)(ULONG_PTR)0x10000);
    CHECK_EQ(PsRemoveLoadImageNotifyRoutine(on_image), STATUS_SUCCESS);
    ki_image_event(1600, &name, 0x10000, 0x3000);
    CHECK_EQ(images, 1);
}

static PEPROCESS limit;
DDI_IRQL_MAX(PsLookupProcessByProcessId, APC_LEVEL, PsLookupProcessByProcessId(NULL, &limit))
DDI_IRQL_MAX(PsSetCreateProcessNotifyRoutine, PASSIVE_LEVEL,
             PsSetCreateProcessNotifyRoutine(on_process, TRUE))
DDI_IRQL_MAX(PsSetCreateProcessNotifyRoutineEx2, PASSIVE_LEVEL,
             PsSetCreateProcessNotifyRoutineEx2((PSCREATEPROCESSNOTIFYTYPE)1, NULL, TRUE))
DDI_IRQL_MAX(PsSetCreateThreadNotifyRoutine, PASSIVE_LEVEL, PsSetCreateThreadNotifyRoutine(NULL))
DDI_IRQL_MAX(PsRemoveCreateThreadNotifyRoutine, PASSIVE_LEVEL,
             PsRemoveCreateThreadNotifyRoutine(on_thread))
DDI_IRQL_MAX(PsSetLoadImageNotifyRoutine, PASSIVE_LEVEL, PsSetLoadImageNotifyRoutine(NULL))
DDI_IRQL_MAX(PsRemoveLoadImageNotifyRoutine, PASSIVE_LEVEL,
             PsRemoveLoadImageNotifyRoutine(on_image))
