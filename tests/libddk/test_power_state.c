// SPDX-License-Identifier: MIT
//
// What drivers ask about power and say of it: the watchdog, the state of the system, settings.

#include <initguid.h>

#include "test_driver.h"

static NTSTATUS none_handled(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    return complete_with(irp, STATUS_NOT_SUPPORTED, 0);
}

DDI_TEST(PoQueryWatchdogTime, RESULTS, time_that_is_left_for_a_power_irp)
{
    DDI_SHOWS(PoQueryWatchdogTime, ERRORS);
    fresh_driver(none_handled);
    PDEVICE_OBJECT device = new_device(0);
    ULONG left = 77;
    CHECK(!PoQueryWatchdogTime(device, &left));
    CHECK_EQ(left, 77);
    posix_set_watchdog(true, 8);
    CHECK(PoQueryWatchdogTime(device, &left));
    CHECK_EQ(left, 8);
    posix_set_watchdog(false, 0);
    IoDeleteDevice(device);
}

static void unregister_again(void *handle)
{
    PoUnregisterSystemState(handle);
}

static void register_garbage(void *handle)
{
    PoRegisterSystemState(handle, ES_SYSTEM_REQUIRED);
}

DDI_TEST(PoRegisterSystemState, RESULTS, manager_hears_what_all_registrations_want)
{
    DDI_SHOWS(PoUnregisterSystemState, RESULTS);
    DDI_SHOWS(PoRegisterSystemState, ERRORS);
    DDI_SHOWS(PoSetSystemState, RESULTS);
    PVOID one = PoRegisterSystemState(NULL, ES_SYSTEM_REQUIRED | ES_CONTINUOUS);
    PVOID two = PoRegisterSystemState(NULL, ES_USER_PRESENT);
    CHECK(one != NULL && two != NULL && one != two);
    CHECK_EQ(posix_busy_flags(), ES_SYSTEM_REQUIRED | ES_CONTINUOUS | ES_USER_PRESENT);
    CHECK(PoRegisterSystemState(one, ES_DISPLAY_REQUIRED) == one);
    CHECK_EQ(posix_busy_flags(), ES_DISPLAY_REQUIRED | ES_USER_PRESENT);
    PoSetSystemState(ES_SYSTEM_REQUIRED); // leaves nothing behind
    CHECK_EQ(posix_busy_flags(), ES_DISPLAY_REQUIRED | ES_USER_PRESENT);
    PoUnregisterSystemState(one);
    CHECK_EQ(posix_busy_flags(), ES_USER_PRESENT);
    PoUnregisterSystemState(two);
    CHECK_EQ(posix_busy_flags(), 0);
    ULONG none[8] = {0};
    CHECK(dies(unregister_again, none, "not registered"));
    CHECK(dies(register_garbage, none, "did not return"));
}

static struct {
    ULONG Calls, Length, Value;
    GUID Scheme;
    PVOID Context;
} setting;

static NTSTATUS setting_changed(LPCGUID guid, PVOID value, ULONG length, PVOID context)
{
    (void)guid;
    setting.Calls++;
    setting.Length = length;
    setting.Context = context;
    if (length == sizeof(ULONG))
        setting.Value = *(ULONG *)value;
    if (length == sizeof(GUID))
        setting.Scheme = *(GUID *)value;
    return STATUS_SUCCESS;
}

DDI_TEST(PoRegisterPowerSettingCallback, RESULTS, callback_hears_the_present_value_at_once)
{
    DDI_SHOWS(PoUnregisterPowerSettingCallback, RESULTS | ERRORS);
    PVOID handle = NULL;
    setting.Calls = 0;
    CHECK_EQ(PoRegisterPowerSettingCallback(NULL, &GUID_ACDC_POWER_SOURCE, setting_changed,
                                            &setting, &handle),
             STATUS_SUCCESS);
    CHECK_EQ(setting.Calls, 1);
    CHECK_EQ(setting.Length, sizeof(ULONG));
    CHECK_EQ(setting.Value, 0); // PoAc
    CHECK(setting.Context == &setting && handle != NULL);
    CHECK_EQ(PoUnregisterPowerSettingCallback(handle), STATUS_SUCCESS);
    CHECK_EQ(PoRegisterPowerSettingCallback(NULL, &GUID_POWERSCHEME_PERSONALITY, setting_changed,
                                            NULL, &handle),
             STATUS_SUCCESS);
    CHECK_EQ(setting.Length, sizeof(GUID));
    CHECK_EQ(setting.Scheme.Data1, 0x381b4222); // balanced
    CHECK_EQ(PoUnregisterPowerSettingCallback(handle), STATUS_SUCCESS);
    CHECK_EQ(PoUnregisterPowerSettingCallback(NULL), STATUS_INVALID_PARAMETER);
}

DDI_TEST(PoRegisterPowerSettingCallback, ERRORS, a_part_that_is_not_there_says_nothing)
{
    PVOID handle = NULL;
    setting.Calls = 0;
    CHECK_EQ(PoRegisterPowerSettingCallback(NULL, &GUID_LIDSWITCH_STATE_CHANGE, setting_changed,
                                            NULL, &handle),
             STATUS_SUCCESS);
    CHECK_EQ(setting.Calls, 0);
    CHECK_EQ(PoUnregisterPowerSettingCallback(handle), STATUS_SUCCESS);
}

static ULONG seconds_left;

static PVOID setting_handle(void)
{
    PVOID handle = NULL;
    if (KeGetCurrentIrql() == PASSIVE_LEVEL)
        (void)PoRegisterPowerSettingCallback(NULL, &GUID_LIDSWITCH_STATE_CHANGE, setting_changed,
                                             NULL, &handle);
    return handle;
}

DDI_IRQL_MAX(PoQueryWatchdogTime, DISPATCH_LEVEL, PoQueryWatchdogTime(NULL, &seconds_left))
DDI_IRQL_MAX(PoRegisterSystemState, APC_LEVEL,
             PoUnregisterSystemState(PoRegisterSystemState(NULL, 0)))
DDI_IRQL_MAX(PoUnregisterSystemState, APC_LEVEL,
             PoUnregisterSystemState(KeGetCurrentIrql() <= APC_LEVEL
                                         ? PoRegisterSystemState(NULL, 0)
                                         : NULL))
DDI_IRQL_MAX(PoRegisterPowerSettingCallback, PASSIVE_LEVEL,
             PoRegisterPowerSettingCallback(NULL, &GUID_LIDSWITCH_STATE_CHANGE, setting_changed,
                                            NULL, &(PVOID){NULL}))
DDI_IRQL_MAX(PoUnregisterPowerSettingCallback, PASSIVE_LEVEL,
             PoUnregisterPowerSettingCallback(setting_handle()))
