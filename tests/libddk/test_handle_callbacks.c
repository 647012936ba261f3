// SPDX-License-Identifier: MIT
//
// ObRegisterCallbacks: altitudes, the order of the routines, rights that are taken away.

#include "ddi_test.h"

static char trace[64];
static ACCESS_MASK take_away, add, granted, desired;
static NTSTATUS told;
static PVOID object_seen;
static OB_OPERATION operation_seen;
static ULONG kernel_seen;

static OB_PREOP_CALLBACK_STATUS before(PVOID context, POB_PRE_OPERATION_INFORMATION information)
{
    strncat(trace, context, sizeof(trace) - strlen(trace) - 1);
    object_seen = information->Object;
    operation_seen = information->Operation;
    kernel_seen = information->KernelHandle;
    desired = information->Parameters->CreateHandleInformation.OriginalDesiredAccess;
    information->CallContext = context;
    information->Parameters->CreateHandleInformation.DesiredAccess &= ~take_away;
    information->Parameters->CreateHandleInformation.DesiredAccess |= add;
    return OB_PREOP_SUCCESS;
}

static VOID after(PVOID context, POB_POST_OPERATION_INFORMATION information)
{
    CHECK(information->CallContext == context || information->CallContext == NULL);
    strncat(trace, context, sizeof(trace) - strlen(trace) - 1);
    strncat(trace, ".", sizeof(trace) - strlen(trace) - 1);
    told = information->ReturnStatus;
    if (NT_SUCCESS(told))
        granted = information->Parameters->CreateHandleInformation.GrantedAccess;
    else
        CHECK(information->Parameters == NULL);
}

static OB_OPERATION_REGISTRATION on_threads(void)
{
    return (OB_OPERATION_REGISTRATION){
        PsThreadType, OB_OPERATION_HANDLE_CREATE | OB_OPERATION_HANDLE_DUPLICATE, before, after};
}

static NTSTATUS add_one(const WCHAR *altitude, OB_OPERATION_REGISTRATION operation, PVOID context,
                        PVOID *handle)
{
    OB_CALLBACK_REGISTRATION one = {
        .Version = OB_FLT_REGISTRATION_VERSION,
        .OperationRegistrationCount = 1,
        .RegistrationContext = context,
        .OperationRegistration = &operation,
    };
    RtlInitUnicodeString(&one.Altitude, altitude);
    return ObRegisterCallbacks(&one, handle);
}

static NTSTATUS open_self(KPROCESSOR_MODE mode, ACCESS_MASK access, PHANDLE handle)
{
    trace[0] = 0;
    granted = 0;
    return ObOpenObjectByPointer(KeGetCurrentThread(), mode == KernelMode ? OBJ_KERNEL_HANDLE : 0,
                                 NULL, access, *PsThreadType, mode, handle);
}

DDI_TEST(ObGetFilterVersion, RESULTS, the_version_is_the_one_to_register_with)
{
    CHECK_EQ(ObGetFilterVersion(), OB_FLT_REGISTRATION_VERSION);
    CHECK_EQ(OB_FLT_REGISTRATION_VERSION, 0x100);
}

DDI_TEST(ObRegisterCallbacks, RESULTS, higher_altitudes_are_asked_first_and_told_last)
{
    DDI_SHOWS(ObUnRegisterCallbacks, RESULTS);
    PVOID low, middle, high;
    HANDLE handle, copy;
    CHECK_EQ(add_one(L"320000", on_threads(), "m", &middle), STATUS_SUCCESS);
    CHECK_EQ(add_one(L"1000000", on_threads(), "h", &high), STATUS_SUCCESS);
    CHECK_EQ(add_one(L"319999.5", on_threads(), "l", &low), STATUS_SUCCESS);
    CHECK_EQ(open_self(KernelMode, THREAD_TERMINATE, &handle), STATUS_SUCCESS);
    CHECK_STR(trace, "hmll.m.h.");
    CHECK(object_seen == KeGetCurrentThread() && kernel_seen == 1);
    CHECK_EQ(operation_seen, OB_OPERATION_HANDLE_CREATE);
    CHECK_EQ(told, STATUS_SUCCESS);
    CHECK_EQ(granted, THREAD_TERMINATE);
    trace[0] = 0;
    CHECK_EQ(ZwDuplicateObject(ZwCurrentProcess(), handle, ZwCurrentProcess(), &copy, 0, 0,
                               DUPLICATE_SAME_ACCESS),
             STATUS_SUCCESS);
    CHECK_STR(trace, "hmll.m.h.");
    CHECK_EQ(operation_seen, OB_OPERATION_HANDLE_DUPLICATE);
    ZwClose(copy);
    ZwClose(handle);
    ObUnRegisterCallbacks(middle);
    CHECK_EQ(open_self(KernelMode, 0, &handle), STATUS_SUCCESS);
    CHECK_STR(trace, "hll.h.");
    ZwClose(handle);
    ObUnRegisterCallbacks(high);
    ObUnRegisterCallbacks(low);
    CHECK_EQ(open_self(KernelMode, 0, &handle), STATUS_SUCCESS);
    CHECK_STR(trace, "");
    ZwClose(handle);
}

TEST(rights_are_taken_away_from_those_that_are_checked)
{
    DDI_SHOWS(ObRegisterCallbacks, RESULTS);
    PVOID registration, object;
    HANDLE handle;
    POBJECT_TYPE type = *PsThreadType;
    CHECK_EQ(add_one(L"1", on_threads(), "x", &registration), STATUS_SUCCESS);
    take_away = THREAD_TERMINATE;
    add = THREAD_SUSPEND_RESUME;
    CHECK_EQ(open_self(UserMode, THREAD_TERMINATE | SYNCHRONIZE, &handle), STATUS_SUCCESS);
    CHECK_EQ(desired, THREAD_TERMINATE | SYNCHRONIZE);
    CHECK_EQ(granted, SYNCHRONIZE); // nothing can be added
    CHECK_EQ(kernel_seen, 0);
    CHECK_EQ(ObReferenceObjectByHandle(handle, THREAD_TERMINATE, type, UserMode, &object, NULL),
             STATUS_ACCESS_DENIED);
    ZwClose(handle);
    CHECK_EQ(open_self(KernelMode, THREAD_TERMINATE | SYNCHRONIZE, &handle), STATUS_SUCCESS);
    CHECK_EQ(granted, THREAD_TERMINATE | SYNCHRONIZE); // in kernel mode all is granted
    ZwClose(handle);
    take_away = add = 0;
    CHECK_EQ(open_self(UserMode, 0x00800000, &handle), STATUS_ACCESS_DENIED);
    CHECK_STR(trace, ""); // nobody was asked
    ObUnRegisterCallbacks(registration);
}

TEST(only_the_type_and_operation_that_were_asked_for_count)
{
    DDI_SHOWS(ObRegisterCallbacks, RESULTS);
    PVOID registration;
    HANDLE handle;
    OB_OPERATION_REGISTRATION operation = on_threads();
    operation.ObjectType = PsProcessType;
    operation.Operations = OB_OPERATION_HANDLE_CREATE;
    operation.PostOperation = NULL;
    CHECK_EQ(add_one(L"5", operation, "p", &registration), STATUS_SUCCESS);
    CHECK_EQ(open_self(KernelMode, 0, &handle), STATUS_SUCCESS);
    CHECK_STR(trace, "");
    ZwClose(handle);
    CHECK_EQ(ObOpenObjectByPointer(PsGetCurrentProcess(), OBJ_KERNEL_HANDLE, NULL, 0, NULL,
                                   KernelMode, &handle),
             STATUS_SUCCESS);
    CHECK_STR(trace, "p");
    ZwClose(handle);
    ObUnRegisterCallbacks(registration);
}

DDI_TEST(ObRegisterCallbacks, ERRORS, what_cannot_be_registered_is_refused)
{
    PVOID first, second;
    OB_OPERATION_REGISTRATION operation = on_threads();
    CHECK_EQ(add_one(L"370030", operation, "a", &first), STATUS_SUCCESS);
    CHECK_EQ(add_one(L"370030", operation, "b", &second), STATUS_FLT_INSTANCE_ALTITUDE_COLLISION);
    CHECK_EQ(add_one(L"0370030.0", operation, "b", &second),
             STATUS_FLT_INSTANCE_ALTITUDE_COLLISION); // the same number
    CHECK_EQ(add_one(L"", operation, "b", &second), STATUS_INVALID_PARAMETER);
    CHECK_EQ(add_one(L"12a", operation, "b", &second), STATUS_INVALID_PARAMETER);
    CHECK_EQ(add_one(L"1.2.3", operation, "b", &second), STATUS_INVALID_PARAMETER);
    operation.ObjectType = IoFileObjectType;
    CHECK_EQ(add_one(L"1", operation, "b", &second), STATUS_INVALID_PARAMETER);
    operation = on_threads();
    operation.Operations = 0;
    CHECK_EQ(add_one(L"1", operation, "b", &second), STATUS_INVALID_PARAMETER);
    operation.Operations = 4;
    CHECK_EQ(add_one(L"1", operation, "b", &second), STATUS_INVALID_PARAMETER);
    operation = on_threads();
    operation.PreOperation = NULL;
    operation.PostOperation = NULL;
    CHECK_EQ(add_one(L"1", operation, "b", &second), STATUS_INVALID_PARAMETER);
    operation = on_threads();
    OB_CALLBACK_REGISTRATION one = {
        .Version = 0x200,
        .OperationRegistrationCount = 1,
        .Altitude = RTL_CONSTANT_STRING(L"1"),
        .OperationRegistration = &operation,
    };
    CHECK_EQ(ObRegisterCallbacks(&one, &second), STATUS_INVALID_PARAMETER);
    one.Version = OB_FLT_REGISTRATION_VERSION;
    one.OperationRegistrationCount = 0;
    CHECK_EQ(ObRegisterCallbacks(&one, &second), STATUS_INVALID_PARAMETER);
    ObUnRegisterCallbacks(first);
    CHECK_EQ(add_one(L"370030", on_threads(), "a", &first), STATUS_SUCCESS); // free again
    ObUnRegisterCallbacks(first);
}

static void unregister(PVOID handle)
{
    ObUnRegisterCallbacks(handle);
}

static OB_PREOP_CALLBACK_STATUS raises(PVOID context, POB_PRE_OPERATION_INFORMATION information)
{
    (void)context, (void)information;
    KIRQL old;
    KeRaiseIrql(APC_LEVEL, &old);
    return OB_PREOP_SUCCESS;
}

static void open_with_bad_callback(PVOID unused)
{
    HANDLE handle;
    (void)unused;
    (void)open_self(KernelMode, 0, &handle);
}

TEST(a_callback_must_keep_the_rules)
{
    DDI_SHOWS(ObUnRegisterCallbacks, ERRORS);
    PVOID registration;
    OB_OPERATION_REGISTRATION operation = on_threads();
    int something;
    CHECK(dies(unregister, &something, "that is not registered"));
    operation.PreOperation = raises;
    CHECK_EQ(add_one(L"9", operation, "r", &registration), STATUS_SUCCESS);
    CHECK(dies(open_with_bad_callback, NULL, "ObjectPreCallback returned with IRQL"));
}

static PVOID limit;
static void register_and_forget(void)
{
    if (NT_SUCCESS(add_one(L"77", on_threads(), "", &limit)) && KeGetCurrentIrql() <= APC_LEVEL)
        ObUnRegisterCallbacks(limit);
}
static OB_CALLBACK_REGISTRATION empty;
DDI_IRQL_MAX(ObRegisterCallbacks, APC_LEVEL, ObRegisterCallbacks(&empty, &limit))
static void unregister_one(void)
{
    if (KeGetCurrentIrql() <= APC_LEVEL)
        register_and_forget();
    else
        ObUnRegisterCallbacks(NULL);
}
DDI_IRQL_MAX(ObUnRegisterCallbacks, APC_LEVEL, unregister_one())
