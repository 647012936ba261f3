// SPDX-License-Identifier: MIT
//
// System services by handle: events, directories, symbolic links, duplicates; registry value types
// (the routines for files and keys come with the managers that serve them).
// Names of objects that a driver makes are seen in its own task. Attributes: OBJ_KERNEL_HANDLE
// for handles that are used outside of the context they are made in; OBJ_CASE_INSENSITIVE,
// OBJ_PERMANENT, OBJ_OPENIF (STATUS_OBJECT_NAME_EXISTS). All at PASSIVE_LEVEL.
// STATUS_OBJECT_NAME_COLLISION, STATUS_OBJECT_NAME_NOT_FOUND, STATUS_OBJECT_PATH_NOT_FOUND,
// STATUS_OBJECT_PATH_SYNTAX_BAD, STATUS_OBJECT_NAME_INVALID, STATUS_OBJECT_TYPE_MISMATCH.
// Documentation: nf-wdm-zwcreatedirectoryobject, nf-ntifs-zwcreateevent and neighbours.

#ifndef DDK_ZW_H
#define DDK_ZW_H

#define REG_NONE      0
#define REG_SZ        1
#define REG_EXPAND_SZ 2
#define REG_BINARY    3
#define REG_DWORD     4
#define REG_MULTI_SZ  7
#define REG_QWORD     11

#define DUPLICATE_CLOSE_SOURCE    0x00000001
#define DUPLICATE_SAME_ACCESS     0x00000002
#define DUPLICATE_SAME_ATTRIBUTES 0x00000004

// The last handle of a temporary object takes its name away. STATUS_INVALID_HANDLE.
NTSTATUS ZwClose(HANDLE handle);
// Within the caller's own process.
NTSTATUS ZwDuplicateObject(HANDLE source_process, HANDLE source, HANDLE target_process,
                           PHANDLE target, ACCESS_MASK access, ULONG attributes, ULONG options);
// The name of a permanent object goes with its last handle.
NTSTATUS ZwMakeTemporaryObject(HANDLE handle);

NTSTATUS ZwCreateDirectoryObject(PHANDLE handle, ACCESS_MASK access, POBJECT_ATTRIBUTES attributes);
NTSTATUS ZwOpenDirectoryObject(PHANDLE handle, ACCESS_MASK access, POBJECT_ATTRIBUTES attributes);
NTSTATUS ZwCreateSymbolicLinkObject(PHANDLE handle, ACCESS_MASK access,
                                    POBJECT_ATTRIBUTES attributes, PUNICODE_STRING target);
NTSTATUS ZwOpenSymbolicLinkObject(PHANDLE handle, ACCESS_MASK access,
                                  POBJECT_ATTRIBUTES attributes);
// *length: bytes of the target, also with STATUS_BUFFER_TOO_SMALL. May be NULL.
NTSTATUS ZwQuerySymbolicLinkObject(HANDLE handle, PUNICODE_STRING target, PULONG length);

NTSTATUS ZwCreateEvent(PHANDLE handle, ACCESS_MASK access, POBJECT_ATTRIBUTES attributes,
                       EVENT_TYPE type, BOOLEAN state);
NTSTATUS ZwOpenEvent(PHANDLE handle, ACCESS_MASK access, POBJECT_ATTRIBUTES attributes);
NTSTATUS ZwSetEvent(HANDLE handle, PLONG previous);
NTSTATUS ZwResetEvent(HANDLE handle, PLONG previous);
NTSTATUS ZwClearEvent(HANDLE handle);
NTSTATUS ZwWaitForSingleObject(HANDLE handle, BOOLEAN alertable, PLARGE_INTEGER timeout);
// A named event, made signalled, or opened; lives as long as the (kernel) handle. NULL: failed.
PKEVENT IoCreateNotificationEvent(PUNICODE_STRING name, PHANDLE handle);
PKEVENT IoCreateSynchronizationEvent(PUNICODE_STRING name, PHANDLE handle);

#endif
