// SPDX-License-Identifier: MIT
//
// ObRegisterCallbacks: who wants to know of handles to processes and threads, by altitude. Those of
// the highest altitude are asked first and told last. What they see are the handles that this task
// makes: its threads, and processes that it looks up.
// Under `lock`: the list and the Calls counts. A registration leaves the list when it is given up;
// its memory goes when no call is in it.

#include "../ex/ex.h"
#include "ob.h"

#define TAG                'bCbO'
#define OPERATIONS         (OB_OPERATION_HANDLE_CREATE | OB_OPERATION_HANDLE_DUPLICATE)
#define WAIT_A_MILLISECOND (-10000LL)

struct ob_registration {
    LIST_ENTRY Entry; // highest altitude first
    UNICODE_STRING Altitude;
    PVOID Context;
    ULONG Count;
    volatile LONG Calls;
    OB_OPERATION_REGISTRATION Operation[];
};

static LIST_ENTRY registrations = {&registrations, &registrations};
static ULONG registration_count;
static struct ki_lock lock;

USHORT ObGetFilterVersion(VOID)
{
    return OB_FLT_REGISTRATION_VERSION;
}

// --- Altitudes: decimal numbers of any length, with or without a fraction.

static ULONG whole_digits(PCUNICODE_STRING s)
{
    ULONG n = 0, count = s->Length / sizeof(WCHAR);
    while (n < count && s->Buffer[n] != L'.')
        n++;
    return n;
}

static bool is_altitude(PCUNICODE_STRING s)
{
    ULONG count = s->Length / sizeof(WCHAR), points = 0;
    for (ULONG i = 0; i < count; i++) {
        points += s->Buffer[i] == L'.';
        if (s->Buffer[i] != L'.' && (s->Buffer[i] < L'0' || s->Buffer[i] > L'9'))
            return false;
    }
    return s->Buffer != NULL && points <= 1 && whole_digits(s) != 0;
}

// The digit that has this weight: 0 for the units, -1 for the tenths.
static WCHAR digit(PCUNICODE_STRING s, LONG weight)
{
    LONG whole = (LONG)whole_digits(s), count = (LONG)(s->Length / sizeof(WCHAR));
    LONG at = weight >= 0 ? whole - 1 - weight : whole - weight;
    return at >= 0 && at < count ? s->Buffer[at] : L'0';
}

static LONG compare(PCUNICODE_STRING a, PCUNICODE_STRING b)
{
    LONG high = (LONG)(a->Length > b->Length ? a->Length : b->Length);
    for (LONG weight = high; weight >= -high; weight--) {
        LONG difference = (LONG)digit(a, weight) - (LONG)digit(b, weight);
        if (difference != 0)
            return difference;
    }
    return 0;
}

// --- Registering

static bool is_operation(const OB_OPERATION_REGISTRATION *operation)
{
    return operation->ObjectType != NULL && (*operation->ObjectType)->Watched &&
           operation->Operations != 0 && (operation->Operations & ~(ULONG)OPERATIONS) == 0 &&
           (operation->PreOperation != NULL || operation->PostOperation != NULL);
}

static bool is_registration(const OB_CALLBACK_REGISTRATION *wanted)
{
    if ((wanted->Version & 0xff00) != (OB_FLT_REGISTRATION_VERSION & 0xff00) ||
        wanted->OperationRegistrationCount == 0 || !is_altitude(&wanted->Altitude))
        return false;
    for (ULONG i = 0; i < wanted->OperationRegistrationCount; i++)
        if (!is_operation(&wanted->OperationRegistration[i]))
            return false;
    return true;
}

static struct ob_registration *copy(const OB_CALLBACK_REGISTRATION *wanted)
{
    SIZE_T operations = wanted->OperationRegistrationCount * sizeof(OB_OPERATION_REGISTRATION);
    struct ob_registration *one =
        ex_pool_allocate(sizeof(*one) + operations + wanted->Altitude.Length, TAG);
    if (one == NULL)
        return NULL;
    memset(one, 0, sizeof(*one));
    one->Context = wanted->RegistrationContext;
    one->Count = wanted->OperationRegistrationCount;
    memcpy(one->Operation, wanted->OperationRegistration, operations);
    one->Altitude = wanted->Altitude;
    one->Altitude.Buffer = (PWSTR)(PVOID)((PCHAR)one->Operation + operations);
    memcpy(one->Altitude.Buffer, wanted->Altitude.Buffer, wanted->Altitude.Length);
    return one;
}

// Lock held.
static NTSTATUS insert(struct ob_registration *one)
{
    PLIST_ENTRY at = registrations.Flink;
    if (registration_count == OB_REGISTRATIONS)
        return STATUS_INSUFFICIENT_RESOURCES;
    for (; at != &registrations; at = at->Flink) {
        LONG order = compare(&CONTAINING_RECORD(at, struct ob_registration, Entry)->Altitude,
                             &one->Altitude);
        if (order == 0)
            return STATUS_FLT_INSTANCE_ALTITUDE_COLLISION;
        if (order < 0)
            break;
    }
    InsertTailList(at, &one->Entry); // in front of the first that is lower
    registration_count++;
    return STATUS_SUCCESS;
}

NTSTATUS ObRegisterCallbacks(POB_CALLBACK_REGISTRATION wanted, PVOID *handle)
{
    ki_require_irql(APC_LEVEL, "ObRegisterCallbacks above APC_LEVEL");
    if (!is_registration(wanted))
        return STATUS_INVALID_PARAMETER;
    struct ob_registration *one = copy(wanted);
    if (one == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    ki_acquire(&lock);
    NTSTATUS status = insert(one);
    ki_release(&lock);
    if (NT_SUCCESS(status))
        *handle = one;
    else
        ex_pool_free(one, TAG);
    return status;
}

VOID ObUnRegisterCallbacks(PVOID handle)
{
    struct ob_registration *one = NULL;
    LARGE_INTEGER moment = {.QuadPart = WAIT_A_MILLISECOND};
    ki_require_irql(APC_LEVEL, "ObUnRegisterCallbacks above APC_LEVEL");
    ki_acquire(&lock);
    for (PLIST_ENTRY at = registrations.Flink; at != &registrations; at = at->Flink)
        if (CONTAINING_RECORD(at, struct ob_registration, Entry) == handle)
            one = handle;
    if (one != NULL) {
        RemoveEntryList(&one->Entry);
        registration_count--;
    }
    ki_release(&lock);
    if (one == NULL)
        ki_violation(DRIVER_VERIFIER_DETECTED_VIOLATION,
                     "ObUnRegisterCallbacks of something that is not registered", (ULONG_PTR)handle,
                     0);
    while (__atomic_load_n(&one->Calls, __ATOMIC_ACQUIRE) != 0)
        KeDelayExecutionThread(KernelMode, FALSE, &moment);
    ex_pool_free(one, TAG);
}

// --- Asking and telling

static const OB_OPERATION_REGISTRATION *find(const struct ob_registration *one,
                                             const struct ob_operation *operation)
{
    for (ULONG i = 0; i < one->Count; i++)
        if (*one->Operation[i].ObjectType == ob_type(operation->Object) &&
            (one->Operation[i].Operations & operation->Operation) != 0)
            return &one->Operation[i];
    return NULL;
}

static void collect(struct ob_operation *operation)
{
    ki_acquire(&lock);
    for (PLIST_ENTRY at = registrations.Flink; at != &registrations; at = at->Flink) {
        struct ob_registration *one = CONTAINING_RECORD(at, struct ob_registration, Entry);
        const OB_OPERATION_REGISTRATION *found = find(one, operation);
        if (found == NULL)
            continue;
        InterlockedIncrement(&one->Calls);
        operation->Asked[operation->Count].Registration = one;
        operation->Asked[operation->Count++].Operation = found;
    }
    ki_release(&lock);
}

static void ask(struct ob_operation *operation, ULONG i, ACCESS_MASK original)
{
    OB_PRE_OPERATION_PARAMETERS parameters = {
        .DuplicateHandleInformation = {operation->Desired, original, PsGetCurrentProcess(),
                                       PsGetCurrentProcess()}};
    OB_PRE_OPERATION_INFORMATION information = {
        .Operation = operation->Operation,
        .KernelHandle = operation->KernelHandle,
        .Object = operation->Object,
        .ObjectType = ob_type(operation->Object),
        .Parameters = &parameters,
    };
    POB_PRE_OPERATION_CALLBACK routine = operation->Asked[i].Operation->PreOperation;
    struct ki_state state;
    ki_save_state(&state);
    OB_PREOP_CALLBACK_STATUS answer =
        routine(operation->Asked[i].Registration->Context, &information);
    ki_check_state(&state, "ObjectPreCallback returned with IRQL or locks changed",
                   (void *)routine);
    if (answer != OB_PREOP_SUCCESS)
        ki_violation(DRIVER_VERIFIER_DETECTED_VIOLATION,
                     "ObjectPreCallback returned something else than OB_PREOP_SUCCESS",
                     (ULONG_PTR)(void *)routine, (ULONG_PTR)answer);
    operation->Asked[i].Context = information.CallContext;
    // Rights can be taken away, never added.
    operation->Desired &= parameters.CreateHandleInformation.DesiredAccess;
}

void ob_before_handle(struct ob_operation *operation)
{
    ACCESS_MASK original = operation->Desired;
    operation->Count = 0;
    if (IsListEmpty(&registrations))
        return;
    collect(operation);
    KeEnterCriticalRegion();
    for (ULONG i = 0; i < operation->Count; i++)
        if (operation->Asked[i].Operation->PreOperation != NULL)
            ask(operation, i, original);
    KeLeaveCriticalRegion();
    if (operation->Ignore)
        operation->Desired = original;
}

static void tell(struct ob_operation *operation, ULONG i, NTSTATUS status, ACCESS_MASK granted)
{
    OB_POST_OPERATION_PARAMETERS parameters = {.CreateHandleInformation = {granted}};
    OB_POST_OPERATION_INFORMATION information = {
        .Operation = operation->Operation,
        .KernelHandle = operation->KernelHandle,
        .Object = operation->Object,
        .ObjectType = ob_type(operation->Object),
        .CallContext = operation->Asked[i].Context,
        .ReturnStatus = status,
        .Parameters = NT_SUCCESS(status) ? &parameters : NULL,
    };
    POB_POST_OPERATION_CALLBACK routine = operation->Asked[i].Operation->PostOperation;
    struct ki_state state;
    ki_save_state(&state);
    routine(operation->Asked[i].Registration->Context, &information);
    ki_check_state(&state, "ObjectPostCallback returned with IRQL or locks changed",
                   (void *)routine);
}

void ob_after_handle(struct ob_operation *operation, NTSTATUS status, ACCESS_MASK granted)
{
    if (operation->Count == 0)
        return;
    KeEnterCriticalRegion();
    for (ULONG i = operation->Count; i-- > 0;) {
        if (operation->Asked[i].Operation->PostOperation != NULL)
            tell(operation, i, status, granted);
        InterlockedDecrement(&operation->Asked[i].Registration->Calls);
    }
    KeLeaveCriticalRegion();
}
