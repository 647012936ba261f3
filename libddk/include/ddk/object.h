// SPDX-License-Identifier: MIT
//
// Object references, handles, and callbacks of handle operations.
// Documentation: "Life Cycle of an Object", "Object Handles", nf-wdm-obreferenceobjectbyhandle and
// neighbours, nf-wdm-obregistercallbacks.

#ifndef DDK_OBJECT_H
#define DDK_OBJECT_H

typedef struct _OBJECT_TYPE *POBJECT_TYPE;
typedef struct _ACCESS_STATE *PACCESS_STATE;
typedef struct _OBJECT_HANDLE_INFORMATION {
    ULONG HandleAttributes;
    ACCESS_MASK GrantedAccess;
} OBJECT_HANDLE_INFORMATION, *POBJECT_HANDLE_INFORMATION;
extern POBJECT_TYPE *IoFileObjectType;
extern POBJECT_TYPE *ExEventObjectType;
extern POBJECT_TYPE *PsThreadType;
extern POBJECT_TYPE *PsProcessType;

typedef struct _GENERIC_MAPPING {
    ACCESS_MASK GenericRead;
    ACCESS_MASK GenericWrite;
    ACCESS_MASK GenericExecute;
    ACCESS_MASK GenericAll;
} GENERIC_MAPPING, *PGENERIC_MAPPING;

// Rights by type of object.
#define EVENT_QUERY_STATE             0x0001
#define EVENT_MODIFY_STATE            0x0002
#define EVENT_ALL_ACCESS              0x001F0003
#define DIRECTORY_QUERY               0x0001
#define DIRECTORY_TRAVERSE            0x0002
#define DIRECTORY_CREATE_OBJECT       0x0004
#define DIRECTORY_CREATE_SUBDIRECTORY 0x0008
#define DIRECTORY_ALL_ACCESS          0x000F000F
#define SYMBOLIC_LINK_QUERY           0x0001
#define SYMBOLIC_LINK_ALL_ACCESS      0x000F0001

#define PROCESS_TERMINATE                 0x0001
#define PROCESS_CREATE_THREAD             0x0002
#define PROCESS_VM_OPERATION              0x0008
#define PROCESS_VM_READ                   0x0010
#define PROCESS_VM_WRITE                  0x0020
#define PROCESS_DUP_HANDLE                0x0040
#define PROCESS_CREATE_PROCESS            0x0080
#define PROCESS_SET_QUOTA                 0x0100
#define PROCESS_SET_INFORMATION           0x0200
#define PROCESS_QUERY_INFORMATION         0x0400
#define PROCESS_SUSPEND_RESUME            0x0800
#define PROCESS_QUERY_LIMITED_INFORMATION 0x1000
#define PROCESS_ALL_ACCESS                0x001FFFFF

#define THREAD_TERMINATE                 0x0001
#define THREAD_SUSPEND_RESUME            0x0002
#define THREAD_GET_CONTEXT               0x0008
#define THREAD_SET_CONTEXT               0x0010
#define THREAD_SET_INFORMATION           0x0020
#define THREAD_QUERY_INFORMATION         0x0040
#define THREAD_SET_THREAD_TOKEN          0x0080
#define THREAD_IMPERSONATE               0x0100
#define THREAD_DIRECT_IMPERSONATION      0x0200
#define THREAD_SET_LIMITED_INFORMATION   0x0400
#define THREAD_QUERY_LIMITED_INFORMATION 0x0800
#define THREAD_ALL_ACCESS                0x001FFFFF

#define ZwCurrentProcess() ((HANDLE)(LONG_PTR) - 1)
#define ZwCurrentThread()  ((HANDLE)(LONG_PTR) - 2)
#define NtCurrentProcess() ZwCurrentProcess()
#define NtCurrentThread()  ZwCurrentThread()

// References. The object goes with the last one; taking one of a dead object is a bug check. Above
// PASSIVE_LEVEL, and by DeferDelete, a system worker thread deletes it. IRQL <= DISPATCH_LEVEL.
LONG_PTR ObfReferenceObject(PVOID object);
LONG_PTR ObfDereferenceObject(PVOID object);
VOID ObDereferenceObjectDeferDelete(PVOID object);
#define ObReferenceObject(object)   ObfReferenceObject(object)
#define ObDereferenceObject(object) ObfDereferenceObject(object)

// STATUS_OBJECT_TYPE_MISMATCH; type may be NULL for KernelMode. IRQL <= DISPATCH_LEVEL.
NTSTATUS ObReferenceObjectByPointer(PVOID object, ACCESS_MASK access, POBJECT_TYPE type,
                                    KPROCESSOR_MODE mode);

// A pointer with a reference. UserMode: a handle of the process in whose context the caller is, and
// only with access that it was opened for. KernelMode: any handle, any access. Also an event handle
// of the application that the current request comes from (UserMode or KernelMode).
// STATUS_INVALID_HANDLE, STATUS_OBJECT_TYPE_MISMATCH, STATUS_ACCESS_DENIED. PASSIVE_LEVEL.
NTSTATUS ObReferenceObjectByHandle(HANDLE handle, ACCESS_MASK access, POBJECT_TYPE type,
                                   KPROCESSOR_MODE mode, PVOID *object,
                                   POBJECT_HANDLE_INFORMATION information);

// A new handle, to be closed with ZwClose. STATUS_INVALID_PARAMETER (attributes),
// STATUS_OBJECT_TYPE_MISMATCH, STATUS_ACCESS_DENIED (UserMode or OBJ_FORCE_ACCESS_CHECK: rights
// that the type does not have; OBJ_EXCLUSIVE), STATUS_INSUFFICIENT_RESOURCES. IRQL <= APC_LEVEL.
NTSTATUS ObOpenObjectByPointer(PVOID object, ULONG attributes, PACCESS_STATE state,
                               ACCESS_MASK access, POBJECT_TYPE type, KPROCESSOR_MODE mode,
                               PHANDLE handle);

// A permanent object's name goes with its last handle from now on. PASSIVE_LEVEL.
VOID ObMakeTemporaryObject(PVOID object);

// Tags tell traces who holds a reference: there are no such traces here.
#define ObReferenceObjectWithTag(object, tag)   ((void)(tag), ObfReferenceObject(object))
#define ObDereferenceObjectWithTag(object, tag) ((void)(tag), ObfDereferenceObject(object))
#define ObDereferenceObjectDeferDeleteWithTag(object, tag)                                         \
    ((void)(tag), ObDereferenceObjectDeferDelete(object))
#define ObReferenceObjectByHandleWithTag(handle, access, type, mode, tag, object, information)     \
    ((void)(tag), ObReferenceObjectByHandle(handle, access, type, mode, object, information))
#define ObReferenceObjectByPointerWithTag(object, access, type, mode, tag)                         \
    ((void)(tag), ObReferenceObjectByPointer(object, access, type, mode))
#define ObOpenObjectByPointerWithTag(object, attributes, state, access, type, mode, tag, handle)   \
    ((void)(tag), ObOpenObjectByPointer(object, attributes, state, access, type, mode, handle))

#include <ddk/handle_callbacks.h>
#include <ddk/probe.h>
#include <ddk/section.h>

#endif
