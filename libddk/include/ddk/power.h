// SPDX-License-Identifier: MIT
//
// Power routines of a driver.
// Documentation: nf-wdm-porequestpowerirp, nf-wdm-posetpowerstate, nf-wdm-poregistersystemstate,
// nf-wdm-poregisterpowersettingcallback, nf-wdm-posetsystemwake and neighbours; "Managing Power for
// Drivers".

#ifndef DDK_POWER_H
#define DDK_POWER_H

#include <guiddef.h>

// The power manager alone sends system IRPs; the power policy owner of a device asks for device
// IRPs here. They go to the top of the device's whole stack, in whatever tasks its drivers are; a
// stack has one at a time. `device`: any of the stack. state: a device state; for IRP_MN_WAIT_WAKE
// the deepest system state to wake from. The callback, which may be NULL, runs when the IRP is
// complete, at IRQL <= DISPATCH_LEVEL, and not at all unless STATUS_PENDING is returned. *irp is
// for cancelling a WAIT_WAKE (IoCancelIrp) until its callback runs; NULL otherwise.
// STATUS_INVALID_PARAMETER_2, STATUS_INSUFFICIENT_RESOURCES. IRQL <= DISPATCH_LEVEL.
typedef VOID REQUEST_POWER_COMPLETE(PDEVICE_OBJECT device, UCHAR minor, POWER_STATE state,
                                    PVOID context, PIO_STATUS_BLOCK iosb);
typedef REQUEST_POWER_COMPLETE *PREQUEST_POWER_COMPLETE;
NTSTATUS PoRequestPowerIrp(PDEVICE_OBJECT device, UCHAR minor, POWER_STATE state,
                           PREQUEST_POWER_COMPLETE complete, PVOID context, PIRP *irp);

// Reports the new state; returns the former one. IRQL <= APC_LEVEL, to D0 <= DISPATCH_LEVEL.
POWER_STATE PoSetPowerState(PDEVICE_OBJECT device, POWER_STATE_TYPE type, POWER_STATE state);
// IoCallDriver. IRQL <= DISPATCH_LEVEL; for a device with DO_POWER_PAGABLE <= APC_LEVEL.
NTSTATUS PoCallDriver(PDEVICE_OBJECT device, PIRP irp);
// Needed before Windows Vista; nothing waits for it. IRQL <= DISPATCH_LEVEL.
VOID PoStartNextPowerIrp(PIRP irp);

// TRUE: a power IRP of the stack is watched; *seconds are left before its holder is ended with
// DRIVER_POWER_STATE_FAILURE. IRQL <= DISPATCH_LEVEL.
BOOLEAN PoQueryWatchdogTime(PDEVICE_OBJECT pdo, PULONG seconds);

// By the driver that completes a WAIT_WAKE: it has woken the system. IRQL <= DISPATCH_LEVEL.
VOID PoSetSystemWake(PIRP irp);
BOOLEAN PoGetSystemWake(PIRP irp);

// Idle detection: after that many seconds without PoSetDeviceBusyEx (or between PoStartDeviceBusy
// and PoEndDeviceBusy, which nest) the device's stack is sent a SET_POWER for the state. Returns
// the counter to pass on; NULL when both times are 0 (cancelled), or -1 for a device that is no
// disk or mass storage, or without memory. IRQL <= APC_LEVEL; the others any.
PULONG PoRegisterDeviceForIdleDetection(PDEVICE_OBJECT device, ULONG conservation,
                                        ULONG performance, DEVICE_POWER_STATE state);
VOID PoSetDeviceBusyEx(PULONG counter);
VOID PoStartDeviceBusy(PULONG counter);
VOID PoEndDeviceBusy(PULONG counter);
#define PoSetDeviceBusy(counter) PoSetDeviceBusyEx(counter)

// What a driver wants of the system: while one wants ES_SYSTEM_REQUIRED, a polite request to sleep
// is refused. handle NULL: a new registration, else changes that one. Returns the handle, NULL
// without memory. IRQL <= APC_LEVEL.
#ifndef ES_SYSTEM_REQUIRED
#define ES_SYSTEM_REQUIRED  ((ULONG)0x00000001)
#define ES_DISPLAY_REQUIRED ((ULONG)0x00000002)
#define ES_USER_PRESENT     ((ULONG)0x00000004)
#define ES_CONTINUOUS       ((ULONG)0x80000000)
#endif
PVOID PoRegisterSystemState(PVOID handle, EXECUTION_STATE flags);
VOID PoUnregisterSystemState(PVOID handle);
VOID PoSetSystemState(EXECUTION_STATE flags); // IRQL <= DISPATCH_LEVEL

// Power settings: the callback is called at once with the present value, and when it changes.
// STATUS_INSUFFICIENT_RESOURCES. PASSIVE_LEVEL; to unregister
// STATUS_INVALID_PARAMETER for no handle.
typedef NTSTATUS POWER_SETTING_CALLBACK(LPCGUID setting, PVOID value, ULONG length, PVOID context);
typedef POWER_SETTING_CALLBACK *PPOWER_SETTING_CALLBACK;
NTSTATUS PoRegisterPowerSettingCallback(PDEVICE_OBJECT device, LPCGUID setting,
                                        PPOWER_SETTING_CALLBACK callback, PVOID context,
                                        PVOID *handle);
NTSTATUS PoUnregisterPowerSettingCallback(PVOID handle);

DEFINE_GUID(GUID_ACDC_POWER_SOURCE, 0x5d3e9a59, 0xe9d5, 0x4b00, 0xa6, 0xbd, 0xff, 0x34, 0xff, 0x51,
            0x65, 0x48);
DEFINE_GUID(GUID_BATTERY_PERCENTAGE_REMAINING, 0xa7ad8041, 0xb45a, 0x4cae, 0x87, 0xa3, 0xee, 0xcb,
            0xb4, 0x68, 0xa9, 0xe1);
DEFINE_GUID(GUID_MONITOR_POWER_ON, 0x02731015, 0x4510, 0x4526, 0x99, 0xe6, 0xe5, 0xa1, 0x7e, 0xbd,
            0x1a, 0xea);
DEFINE_GUID(GUID_CONSOLE_DISPLAY_STATE, 0x6fe69556, 0x704a, 0x47a0, 0x8f, 0x24, 0xc2, 0x8d, 0x93,
            0x6f, 0xda, 0x47);
DEFINE_GUID(GUID_SYSTEM_AWAYMODE, 0x98a7f580, 0x01f7, 0x48aa, 0x9c, 0x0f, 0x44, 0x35, 0x2c, 0x29,
            0xe5, 0xc0);
DEFINE_GUID(GUID_LIDSWITCH_STATE_CHANGE, 0xba3e0f4d, 0xb817, 0x4094, 0xa2, 0xd1, 0xd5, 0x63, 0x79,
            0xe6, 0xa0, 0xf3);
DEFINE_GUID(GUID_POWERSCHEME_PERSONALITY, 0x245d8541, 0x3943, 0x4422, 0xb0, 0x25, 0x13, 0xa7, 0x84,
            0xf6, 0x79, 0xb7);

#endif
