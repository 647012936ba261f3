// SPDX-License-Identifier: MIT
//
// Device interfaces and PnP notifications inside of the kit. Names are UTF-8 here, as the
// plug-and-play manager keeps them.

#ifndef DDK_IO_INTERFACE_H
#define DDK_IO_INTERFACE_H

#include "io.h"

#include <devpropdef.h>

#define IO_INTERFACE_NAME 192u

// Of the plug-and-play manager. PASSIVE_LEVEL, may block.
NTSTATUS manager_register_interface(PDEVICE_OBJECT pdo, const GUID *class, const char *reference,
                                    char name[IO_INTERFACE_NAME]);
NTSTATUS manager_set_interface(const char *name, BOOLEAN enable);
// The next one of the class behind *cursor, which is 0 at first; STATUS_NO_MORE_ENTRIES. pdo may be
// NULL; inactive: disabled ones too.
NTSTATUS manager_next_interface(const GUID *class, PDEVICE_OBJECT pdo, BOOLEAN inactive,
                                ULONG64 *cursor, char name[IO_INTERFACE_NAME]);
// Turned to a string that RtlFreeUnicodeString frees.
NTSTATUS io_interface_string(const char *name, PUNICODE_STRING string);

// Begins to bring io_interface_changed and io_target_removed; called with each registration.
NTSTATUS manager_watch(void);

// The driver wants to be asked about the device of that stack (or no longer); *pdo is its PDO's id.
NTSTATUS manager_watch_target(PDEVICE_OBJECT device, BOOLEAN watch, ULONG64 *pdo);
// Brings a driver's own event to the other tasks.
NTSTATUS manager_report_change(PDEVICE_OBJECT pdo, const TARGET_DEVICE_CUSTOM_NOTIFICATION *event);
VOID manager_request_eject(PDEVICE_OBJECT pdo);

// DEVPROPKEY properties; *bytes and *type are set when it is found. data NULL: it is deleted.
NTSTATUS manager_get_property(PDEVICE_OBJECT pdo, const DEVPROPKEY *key, LCID locale, ULONG size,
                              PVOID data, PULONG bytes, PDEVPROPTYPE type);
NTSTATUS manager_set_property(PDEVICE_OBJECT pdo, const DEVPROPKEY *key, LCID locale,
                              DEVPROPTYPE type, ULONG size, const VOID *data);

// An event of the plug-and-play manager. PASSIVE_LEVEL.
void io_interface_changed(const GUID *class, const char *name, bool arrival);
void io_target_removed(ULONG64 pdo);
// Whether all who registered for the device agree: the first other status.
NTSTATUS io_target_query_remove(ULONG64 pdo);
void io_target_cancelled(ULONG64 pdo);
void io_custom_event(ULONG64 pdo, PTARGET_DEVICE_CUSTOM_NOTIFICATION event);
// An event of a driver in another task; its data has `bytes` bytes.
void io_target_custom(ULONG64 pdo, const GUID *guid, LONG name_offset, const VOID *data,
                      ULONG bytes);

#endif
