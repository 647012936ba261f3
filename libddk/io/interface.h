// SPDX-License-Identifier: MIT
//
// Device interfaces and PnP notifications inside of the kit. Names are UTF-8 here, as the
// plug-and-play manager keeps them.

#ifndef DDK_IO_INTERFACE_H
#define DDK_IO_INTERFACE_H

#include "io.h"

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

// An event of the plug-and-play manager. PASSIVE_LEVEL.
void io_interface_changed(const GUID *class, const char *name, bool arrival);
void io_target_removed(ULONG64 pdo);

#endif
