// SPDX-License-Identifier: MIT
//
// Power settings. The machines Ashlar runs on have mains power, no battery, no lid, and one power
// scheme, so each setting that exists has a value that never changes: a callback hears it once, at
// its registration. A callback for any other setting is registered and never called, as on a
// machine without the part.

#include <initguid.h>

#include "po.h"

#define TAG 'tteS'

#define POWER_SOURCE_AC    0
#define DISPLAY_IS_OFF     0
#define BATTERY_NOT_IN_USE 100

struct setting {
    const GUID *Guid;
    ULONG Bytes;
    union {
        ULONG Number;
        GUID Scheme;
    } Value;
};

struct registration {
    PPOWER_SETTING_CALLBACK Callback;
    PVOID Context;
    ULONG Signature;
};

static const struct setting settings[] = {
    {&GUID_ACDC_POWER_SOURCE, sizeof(ULONG), {.Number = POWER_SOURCE_AC}},
    {&GUID_BATTERY_PERCENTAGE_REMAINING, sizeof(ULONG), {.Number = BATTERY_NOT_IN_USE}},
    {&GUID_MONITOR_POWER_ON, sizeof(ULONG), {.Number = DISPLAY_IS_OFF}},
    {&GUID_CONSOLE_DISPLAY_STATE, sizeof(ULONG), {.Number = DISPLAY_IS_OFF}},
    {&GUID_SYSTEM_AWAYMODE, sizeof(ULONG), {.Number = FALSE}},
    {&GUID_POWERSCHEME_PERSONALITY,
     sizeof(GUID),
     {.Scheme = {0x381b4222,
                 0xf694,
                 0x41f0,
                 {0x96, 0x85, 0xff, 0x5b, 0xb2, 0x60, 0xdf, 0x2e}}}}, // balanced
};

static const struct setting *find(LPCGUID guid)
{
    for (ULONG i = 0; i < ARRAYSIZE(settings); i++)
        if (IsEqualGUID(settings[i].Guid, guid))
            return &settings[i];
    return NULL;
}

NTSTATUS PoRegisterPowerSettingCallback(PDEVICE_OBJECT device, LPCGUID guid,
                                        PPOWER_SETTING_CALLBACK callback, PVOID context,
                                        PVOID *handle)
{
    (void)device;
    ki_require_irql(PASSIVE_LEVEL, "PoRegisterPowerSettingCallback above PASSIVE_LEVEL");
    const struct setting *setting = find(guid);
    struct registration *one = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*one), TAG);
    if (one == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    *one = (struct registration){callback, context, TAG};
    if (handle != NULL)
        *handle = one;
    if (setting == NULL)
        return STATUS_SUCCESS;
    struct setting copy = *setting; // the callback may write to it
    (void)callback(guid, &copy.Value, copy.Bytes, context);
    return STATUS_SUCCESS;
}

NTSTATUS PoUnregisterPowerSettingCallback(PVOID handle)
{
    ki_require_irql(PASSIVE_LEVEL, "PoUnregisterPowerSettingCallback above PASSIVE_LEVEL");
    struct registration *one = handle;
    if (one == NULL || one->Signature != TAG)
        return STATUS_INVALID_PARAMETER;
    one->Signature = 0;
    ExFreePoolWithTag(one, TAG);
    return STATUS_SUCCESS;
}
