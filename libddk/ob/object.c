// SPDX-License-Identifier: MIT
//
// Reference counts and handles. A handle is 4 * (index + 1) with a generation in its upper bits, so
// that a stale one is refused. The table has a fixed size: a driver that leaks handles is told.

#include "../ex/ex.h"
#include "../ke/ki.h"
#include "ob.h"

#define OBJECT_MAGIC 0x4a424f00u
#define HANDLES      256u

struct DECLSPEC_ALIGN(16) object_header {
    volatile LONG64 References;
    POBJECT_TYPE Type;
    ob_delete Delete;
    ULONG Magic;
};

struct handle {
    PVOID Object;
    ACCESS_MASK Access;
    ULONG Generation;
};

static struct _OBJECT_TYPE types[] = {{"Thread"}, {"Device"}, {"File"}, {"Event"}, {"Process"}};
POBJECT_TYPE ob_thread_type = &types[0];
POBJECT_TYPE ob_device_type = &types[1];
POBJECT_TYPE ob_file_type = &types[2];
POBJECT_TYPE ob_event_type = &types[3];
POBJECT_TYPE ob_process_type = &types[4];
POBJECT_TYPE *PsThreadType = &ob_thread_type;
POBJECT_TYPE *IoFileObjectType = &ob_file_type;
POBJECT_TYPE *ExEventObjectType = &ob_event_type;
POBJECT_TYPE *PsProcessType = &ob_process_type;

static struct handle handles[HANDLES];
static struct ki_lock handles_lock;

static struct object_header *header_of(PVOID object)
{
    struct object_header *header = (struct object_header *)object - 1;
    if (object == NULL || header->Magic != OBJECT_MAGIC)
        ki_violation(REFERENCE_BY_POINTER, "reference of something that is no object",
                     (ULONG_PTR)object, 0);
    return header;
}

PVOID ob_allocate(SIZE_T bytes, POBJECT_TYPE type, ob_delete delete_routine, ULONG tag)
{
    struct object_header *header = ex_pool_allocate(sizeof(*header) + bytes, tag);
    if (header == NULL)
        return NULL;
    memset(header, 0, sizeof(*header) + bytes);
    header->References = 1;
    header->Type = type;
    header->Delete = delete_routine;
    header->Magic = OBJECT_MAGIC;
    return header + 1;
}

POBJECT_TYPE ob_type(PVOID object)
{
    return header_of(object)->Type;
}

LONG_PTR ObfReferenceObject(PVOID object)
{
    LONG64 count = InterlockedIncrement64(&header_of(object)->References);
    if (count <= 1)
        ki_violation(REFERENCE_BY_POINTER, "ObReferenceObject of an object that has been deleted",
                     (ULONG_PTR)object, (ULONG_PTR)count);
    return count;
}

LONG_PTR ObfDereferenceObject(PVOID object)
{
    struct object_header *header = header_of(object);
    LONG64 count = InterlockedDecrement64(&header->References);
    if (count > 0)
        return count;
    if (count < 0)
        ki_violation(REFERENCE_BY_POINTER, "ObDereferenceObject once too often", (ULONG_PTR)object,
                     (ULONG_PTR)count);
    if (header->Delete != NULL)
        header->Delete(object);
    header->Magic = 0;
    ex_pool_free(header, 0);
    return 0;
}

NTSTATUS ObReferenceObjectByPointer(PVOID object, ACCESS_MASK access, POBJECT_TYPE type,
                                    KPROCESSOR_MODE mode)
{
    (void)access, (void)mode;
    if (type != NULL && ob_type(object) != type)
        return STATUS_OBJECT_TYPE_MISMATCH;
    ObfReferenceObject(object);
    return STATUS_SUCCESS;
}

NTSTATUS ob_open_handle(PVOID object, ACCESS_MASK access, PHANDLE handle)
{
    ki_acquire(&handles_lock);
    for (ULONG i = 0; i < HANDLES; i++) {
        if (handles[i].Object != NULL)
            continue;
        handles[i].Object = object;
        handles[i].Access = access;
        handles[i].Generation = (handles[i].Generation + 1) & 0xfffff;
        *handle = ULongToHandle(handles[i].Generation << 12 | (i + 1) << 2);
        ki_release(&handles_lock);
        ObfReferenceObject(object);
        return STATUS_SUCCESS;
    }
    ki_release(&handles_lock);
    return STATUS_INSUFFICIENT_RESOURCES;
}

static struct handle *find(HANDLE handle)
{
    ULONG value = HandleToULong(handle), index = (value >> 2 & 0x3ff) - 1;
    if ((ULONG_PTR)handle > MAXULONG || index >= HANDLES || handles[index].Object == NULL ||
        handles[index].Generation != value >> 12)
        return NULL;
    return &handles[index];
}

NTSTATUS ObReferenceObjectByHandle(HANDLE handle, ACCESS_MASK access, POBJECT_TYPE type,
                                   KPROCESSOR_MODE mode, PVOID *object,
                                   POBJECT_HANDLE_INFORMATION information)
{
    NTSTATUS status = STATUS_SUCCESS;
    (void)mode;
    ki_acquire(&handles_lock);
    struct handle *entry = find(handle);
    if (entry == NULL)
        status = STATUS_INVALID_HANDLE;
    else if (type != NULL && ob_type(entry->Object) != type)
        status = STATUS_OBJECT_TYPE_MISMATCH;
    else if ((access & ~entry->Access) != 0 && entry->Access != 0)
        status = STATUS_ACCESS_DENIED;
    if (NT_SUCCESS(status)) {
        *object = entry->Object;
        ObfReferenceObject(entry->Object);
        if (information != NULL)
            *information = (OBJECT_HANDLE_INFORMATION){0, entry->Access};
    }
    ki_release(&handles_lock);
    return status;
}

NTSTATUS ZwClose(HANDLE handle)
{
    PVOID object = NULL;
    ki_acquire(&handles_lock);
    struct handle *entry = find(handle);
    if (entry != NULL) {
        object = entry->Object;
        entry->Object = NULL;
    }
    ki_release(&handles_lock);
    if (object == NULL)
        return STATUS_INVALID_HANDLE;
    ObfDereferenceObject(object);
    return STATUS_SUCCESS;
}
