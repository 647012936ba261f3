// SPDX-License-Identifier: MIT
//
// Object references and handles; probes of memory that a request brings.
// Documentation: "Life Cycle of an Object", "Object Handles", nf-wdm-obreferenceobjectbyhandle and
// neighbours, nf-wdm-probeforread.

#ifndef DDK_OBJECT_H
#define DDK_OBJECT_H

typedef struct _OBJECT_TYPE *POBJECT_TYPE;
typedef struct _OBJECT_HANDLE_INFORMATION {
    ULONG HandleAttributes;
    ACCESS_MASK GrantedAccess;
} OBJECT_HANDLE_INFORMATION, *POBJECT_HANDLE_INFORMATION;
extern POBJECT_TYPE *IoFileObjectType;
extern POBJECT_TYPE *ExEventObjectType;
extern POBJECT_TYPE *PsThreadType;
extern POBJECT_TYPE *PsProcessType;

// References. The object goes with the last one; taking one of a dead object is a bug check.
// IRQL <= DISPATCH_LEVEL.
LONG_PTR ObfReferenceObject(PVOID object);
LONG_PTR ObfDereferenceObject(PVOID object);
#define ObReferenceObject(object)   ObfReferenceObject(object)
#define ObDereferenceObject(object) ObfDereferenceObject(object)
NTSTATUS ObReferenceObjectByHandle(HANDLE handle, ACCESS_MASK access, POBJECT_TYPE type,
                                   KPROCESSOR_MODE mode, PVOID *object,
                                   POBJECT_HANDLE_INFORMATION information);
NTSTATUS ObReferenceObjectByPointer(PVOID object, ACCESS_MASK access, POBJECT_TYPE type,
                                    KPROCESSOR_MODE mode);
NTSTATUS ZwClose(HANDLE handle);

// Range checks of a METHOD_NEITHER address against what the request granted. Raise on failure.
VOID ProbeForRead(const volatile VOID *address, SIZE_T length, ULONG alignment);
VOID ProbeForWrite(volatile VOID *address, SIZE_T length, ULONG alignment);

#endif
