// SPDX-License-Identifier: MIT
//
// Callback objects and process notifications.

#include "ddi_test.h"

struct state {
    LONG calls;
    LONG order[4];
    KIRQL irql;
    PVOID argument1, argument2;
};
static struct state state;

static VOID first(PVOID context, PVOID argument1, PVOID argument2)
{
    struct state *s = context;
    s->order[s->calls++ & 3] = 1;
    s->irql = KeGetCurrentIrql();
    s->argument1 = argument1;
    s->argument2 = argument2;
}

static VOID second(PVOID context, PVOID argument1, PVOID argument2)
{
    struct state *s = context;
    (void)argument1, (void)argument2;
    s->order[s->calls++ & 3] = 2;
}

static NTSTATUS create(PCWSTR name, ULONG attributes, bool make, bool multiple,
                       PCALLBACK_OBJECT *object)
{
    OBJECT_ATTRIBUTES wanted;
    UNICODE_STRING text;
    RtlInitUnicodeString(&text, name);
    InitializeObjectAttributes(&wanted, name != NULL ? &text : NULL, attributes, NULL, NULL);
    return ExCreateCallback(object, &wanted, make, multiple);
}

static PCALLBACK_OBJECT limits;
static PVOID limits_registration;

[[gnu::constructor(200)]] static void prepare(void)
{
    (void)create(L"\\Callback\\Limits", OBJ_PERMANENT, true, true, &limits);
}

DDI_IRQL_MAX(ExCreateCallback, APC_LEVEL,
             create(L"\\Callback\\Limits", OBJ_PERMANENT, true, true, &limits))
DDI_IRQL_MAX(ExRegisterCallback, APC_LEVEL,
             limits_registration = ExRegisterCallback(limits, first, &state))
DDI_IRQL_MAX(ExUnregisterCallback, APC_LEVEL, ExUnregisterCallback(limits_registration))
DDI_IRQL_MAX(ExNotifyCallback, DISPATCH_LEVEL, ExNotifyCallback(limits, NULL, NULL))

TEST(routines_are_called_in_order_at_the_notifiers_irql)
{
    DDI_SHOWS(ExCreateCallback, RESULTS);
    DDI_SHOWS(ExRegisterCallback, RESULTS);
    DDI_SHOWS(ExNotifyCallback, RESULTS);
    DDI_SHOWS(ExUnregisterCallback, RESULTS);
    PCALLBACK_OBJECT object, same;
    state = (struct state){.calls = 0};
    CHECK_EQ(create(L"\\Callback\\Mine", OBJ_PERMANENT, true, true, &object), STATUS_SUCCESS);
    CHECK_EQ(create(L"\\CALLBACK\\mine", OBJ_CASE_INSENSITIVE, false, false, &same), 0);
    CHECK_EQ(object, same);
    PVOID one = ExRegisterCallback(object, first, &state);
    PVOID two = ExRegisterCallback(same, second, &state);
    CHECK(one != NULL && two != NULL && one != two);
    KIRQL old = KfRaiseIrql(DISPATCH_LEVEL);
    ExNotifyCallback(object, &object, &same);
    KeLowerIrql(old);
    CHECK_EQ(state.calls, 2);
    CHECK(state.order[0] == 1 && state.order[1] == 2);
    CHECK_EQ(state.irql, DISPATCH_LEVEL);
    CHECK(state.argument1 == &object && state.argument2 == &same);
    ExUnregisterCallback(one);
    ExNotifyCallback(object, NULL, NULL);
    CHECK(state.calls == 3 && state.order[2] == 2);
    ExUnregisterCallback(two);
    ExNotifyCallback(object, NULL, NULL);
    CHECK_EQ(state.calls, 3);
    ObDereferenceObject(object);
    ObDereferenceObject(same);
}

static void notify(void *object)
{
    ExNotifyCallback(object, NULL, NULL);
}

TEST(callback_errors)
{
    DDI_SHOWS(ExCreateCallback, ERRORS);
    DDI_SHOWS(ExRegisterCallback, ERRORS);
    DDI_SHOWS(ExNotifyCallback, ERRORS);
    PCALLBACK_OBJECT object;
    CHECK_EQ(create(NULL, 0, true, true, &object), STATUS_UNSUCCESSFUL);
    CHECK_EQ(create(L"\\Callback\\None", 0, false, true, &object), STATUS_OBJECT_NAME_NOT_FOUND);
    CHECK_EQ(create(L"\\Callback\\Single", 0, true, false, &object), STATUS_SUCCESS);
    PVOID one = ExRegisterCallback(object, first, &state);
    CHECK(ExRegisterCallback(object, second, &state) == NULL); // one only
    ExUnregisterCallback(one);
    ObDereferenceObject(object); // temporary: gone, and never had a name that others see
    CHECK_EQ(create(L"\\Callback\\Single", 0, false, true, &object), STATUS_OBJECT_NAME_NOT_FOUND);
    CHECK_EQ(create(L"\\Callback\\PowerState", OBJ_CASE_INSENSITIVE, false, true, &object), 0);
    CHECK(dies(notify, object, "that the system defines"));
    ObDereferenceObject(object);
}

struct blocked {
    KEVENT inside, go, over;
    PVOID registration;
};

static VOID block(PVOID context, PVOID argument1, PVOID argument2)
{
    struct blocked *blocked = context;
    (void)argument1, (void)argument2;
    KeSetEvent(&blocked->inside, 0, FALSE);
    KeWaitForSingleObject(&blocked->go, Executive, KernelMode, FALSE, NULL);
}

static VOID notify_thread(PVOID context)
{
    ExNotifyCallback(context, NULL, NULL);
}

static VOID unregister_thread(PVOID context)
{
    struct blocked *blocked = context;
    ExUnregisterCallback(blocked->registration);
    KeSetEvent(&blocked->over, 0, FALSE);
}

TEST(unregistering_waits_for_a_call_in_progress)
{
    DDI_SHOWS(ExUnregisterCallback, RESULTS);
    static struct blocked blocked;
    PCALLBACK_OBJECT object;
    HANDLE thread;
    LARGE_INTEGER moment = ms(10);
    KeInitializeEvent(&blocked.inside, NotificationEvent, FALSE);
    KeInitializeEvent(&blocked.go, NotificationEvent, FALSE);
    KeInitializeEvent(&blocked.over, NotificationEvent, FALSE);
    CHECK_EQ(create(L"\\Callback\\Block", 0, true, true, &object), STATUS_SUCCESS);
    blocked.registration = ExRegisterCallback(object, block, &blocked);
    CHECK_EQ(PsCreateSystemThread(&thread, 0, NULL, NULL, NULL, notify_thread, object), 0);
    ZwClose(thread);
    KeWaitForSingleObject(&blocked.inside, Executive, KernelMode, FALSE, NULL);
    CHECK_EQ(PsCreateSystemThread(&thread, 0, NULL, NULL, NULL, unregister_thread, &blocked), 0);
    ZwClose(thread);
    CHECK_EQ(KeWaitForSingleObject(&blocked.over, Executive, KernelMode, FALSE, &moment),
             STATUS_TIMEOUT);
    KeSetEvent(&blocked.go, 0, FALSE);
    KeWaitForSingleObject(&blocked.over, Executive, KernelMode, FALSE, NULL);
    ObDereferenceObject(object);
}

// Inside of the kit: what a port calls.
NTSTATUS ki_process_event(ULONG id, ULONG parent, PCUNICODE_STRING image, bool created);

static struct {
    LONG created, ended;
    HANDLE id, parent;
    BOOLEAN apcs_disabled;
    USHORT name_length;
} seen;

static VOID watch(PEPROCESS process, HANDLE id, PPS_CREATE_NOTIFY_INFO info)
{
    seen.id = PsGetProcessId(process) == id ? id : NULL;
    seen.apcs_disabled = KeAreApcsDisabled() && KeGetCurrentIrql() == PASSIVE_LEVEL;
    if (info == NULL) {
        seen.ended++;
        return;
    }
    seen.created++;
    seen.parent = info->ParentProcessId;
    seen.name_length = info->Size == sizeof(*info) ? info->ImageFileName->Length : 0;
    if (id == ULongToHandle(13))
        info->CreationStatus = STATUS_ACCESS_DENIED;
}

DDI_IRQL_MAX(PsSetCreateProcessNotifyRoutineEx, PASSIVE_LEVEL,
             PsSetCreateProcessNotifyRoutineEx(watch, FALSE),
             PsSetCreateProcessNotifyRoutineEx(watch, TRUE))

TEST(drivers_hear_of_processes)
{
    DDI_SHOWS(PsSetCreateProcessNotifyRoutineEx, RESULTS | ERRORS);
    DDI_SHOWS(PsGetProcessId, RESULTS);
    UNICODE_STRING image;
    RtlInitUnicodeString(&image, L"\\apps\\shell");
    CHECK_EQ(PsSetCreateProcessNotifyRoutineEx(watch, TRUE), STATUS_INVALID_PARAMETER);
    CHECK_EQ(PsSetCreateProcessNotifyRoutineEx(watch, FALSE), STATUS_SUCCESS);
    CHECK_EQ(PsSetCreateProcessNotifyRoutineEx(watch, FALSE), STATUS_INVALID_PARAMETER);
    CHECK_EQ(ki_process_event(12, 8, &image, true), STATUS_SUCCESS);
    CHECK(seen.created == 1 && seen.id == ULongToHandle(12) && seen.parent == ULongToHandle(8));
    CHECK(seen.apcs_disabled && seen.name_length == image.Length);
    CHECK_EQ(ki_process_event(13, 8, &image, true), STATUS_ACCESS_DENIED);
    CHECK_EQ(ki_process_event(12, 8, NULL, false), STATUS_SUCCESS);
    CHECK(seen.ended == 1 && seen.id == ULongToHandle(12));
    CHECK_EQ(PsSetCreateProcessNotifyRoutineEx(watch, TRUE), STATUS_SUCCESS);
    (void)ki_process_event(14, 8, &image, true);
    CHECK_EQ(seen.created, 2);
}
