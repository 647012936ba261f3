// SPDX-License-Identifier: MIT
//
// Object headers and reference counts. The last reference deletes at once at PASSIVE_LEVEL; above
// it, and where the caller wants it so, a worker does it: routines that delete may wait.

#include "../ex/ex.h"
#include "ob.h"

static struct _OBJECT_TYPE types[] = {
    {.Name = "Thread",
     .Mapping = {STANDARD_RIGHTS_READ | THREAD_GET_CONTEXT | THREAD_QUERY_INFORMATION,
                 STANDARD_RIGHTS_WRITE | THREAD_SUSPEND_RESUME | THREAD_TERMINATE |
                     THREAD_SET_INFORMATION | THREAD_SET_CONTEXT,
                 READ_CONTROL | SYNCHRONIZE | THREAD_QUERY_LIMITED_INFORMATION, THREAD_ALL_ACCESS},
     .Watched = TRUE},
    {.Name = "Device",
     .Mapping = {FILE_GENERIC_READ, FILE_GENERIC_WRITE, FILE_GENERIC_EXECUTE, FILE_ALL_ACCESS}},
    {.Name = "File",
     .Mapping = {FILE_GENERIC_READ, FILE_GENERIC_WRITE, FILE_GENERIC_EXECUTE, FILE_ALL_ACCESS}},
    {.Name = "Event",
     .Mapping = {STANDARD_RIGHTS_READ | EVENT_QUERY_STATE,
                 STANDARD_RIGHTS_WRITE | EVENT_MODIFY_STATE, READ_CONTROL | SYNCHRONIZE,
                 EVENT_ALL_ACCESS}},
    {.Name = "Process",
     .Mapping = {STANDARD_RIGHTS_READ | PROCESS_VM_READ | PROCESS_QUERY_INFORMATION,
                 STANDARD_RIGHTS_WRITE | PROCESS_CREATE_PROCESS | PROCESS_CREATE_THREAD |
                     PROCESS_VM_OPERATION | PROCESS_VM_WRITE | PROCESS_DUP_HANDLE |
                     PROCESS_TERMINATE | PROCESS_SET_QUOTA | PROCESS_SET_INFORMATION,
                 READ_CONTROL | SYNCHRONIZE | PROCESS_QUERY_LIMITED_INFORMATION,
                 PROCESS_ALL_ACCESS},
     .Watched = TRUE},
    {.Name = "Directory",
     .Mapping = {STANDARD_RIGHTS_READ | DIRECTORY_QUERY | DIRECTORY_TRAVERSE,
                 STANDARD_RIGHTS_WRITE | DIRECTORY_CREATE_OBJECT | DIRECTORY_CREATE_SUBDIRECTORY,
                 READ_CONTROL | DIRECTORY_QUERY | DIRECTORY_TRAVERSE, DIRECTORY_ALL_ACCESS}},
    {.Name = "SymbolicLink",
     .Mapping = {STANDARD_RIGHTS_READ | SYMBOLIC_LINK_QUERY, STANDARD_RIGHTS_WRITE,
                 READ_CONTROL | SYMBOLIC_LINK_QUERY, SYMBOLIC_LINK_ALL_ACCESS}},
    {.Name = "Section",
     .Mapping = {STANDARD_RIGHTS_READ | SECTION_QUERY | SECTION_MAP_READ,
                 STANDARD_RIGHTS_WRITE | SECTION_MAP_WRITE, READ_CONTROL | SECTION_MAP_EXECUTE,
                 SECTION_ALL_ACCESS}},
};
POBJECT_TYPE ob_thread_type = &types[0];
POBJECT_TYPE ob_device_type = &types[1];
POBJECT_TYPE ob_file_type = &types[2];
POBJECT_TYPE ob_event_type = &types[3];
POBJECT_TYPE ob_process_type = &types[4];
POBJECT_TYPE ob_directory_type = &types[5];
POBJECT_TYPE ob_link_type = &types[6];
POBJECT_TYPE ob_section_type = &types[7];
POBJECT_TYPE *PsThreadType = &ob_thread_type;
POBJECT_TYPE *IoFileObjectType = &ob_file_type;
POBJECT_TYPE *ExEventObjectType = &ob_event_type;
POBJECT_TYPE *PsProcessType = &ob_process_type;

static struct ki_lock deferred_lock;
static struct object_header *deferred;
static WORK_QUEUE_ITEM deferred_work;
static bool deferred_queued;

struct object_header *ob_header(PVOID object)
{
    struct object_header *header = object != NULL ? (struct object_header *)object - 1 : NULL;
    if (header == NULL || header->Magic != OBJECT_MAGIC)
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
    return ob_header(object)->Type;
}

LONG_PTR ObfReferenceObject(PVOID object)
{
    ki_require_irql(DISPATCH_LEVEL, "ObReferenceObject above DISPATCH_LEVEL");
    LONG64 count = InterlockedIncrement64(&ob_header(object)->References);
    if (count <= 1)
        ki_violation(REFERENCE_BY_POINTER, "ObReferenceObject of an object that has been deleted",
                     (ULONG_PTR)object, (ULONG_PTR)count);
    return count;
}

static void delete_now(struct object_header *header)
{
    if (header->Delete != NULL)
        header->Delete(header + 1);
    header->Magic = 0;
    ex_pool_free(header, 0);
}

static VOID delete_deferred(PVOID unused)
{
    (void)unused;
    ki_acquire(&deferred_lock);
    struct object_header *list = deferred;
    deferred = NULL;
    deferred_queued = false;
    ki_release(&deferred_lock);
    while (list != NULL) {
        struct object_header *next = list->Next;
        delete_now(list);
        list = next;
    }
}

static void delete_later(struct object_header *header)
{
    ki_acquire(&deferred_lock);
    header->Next = deferred;
    deferred = header;
    bool queue = !deferred_queued;
    deferred_queued = true;
    ki_release(&deferred_lock);
    if (!queue)
        return;
    ExInitializeWorkItem(&deferred_work, delete_deferred, NULL);
    ExQueueWorkItem(&deferred_work, DelayedWorkQueue);
}

KI_COLD void ob_delete_object(PVOID object)
{
    struct object_header *header = (struct object_header *)object - 1;
    if (KeGetCurrentIrql() > PASSIVE_LEVEL)
        delete_later(header);
    else
        delete_now(header);
}

static LONG_PTR dereference(PVOID object, bool later)
{
    struct object_header *header = ob_header(object);
    LONG64 count = InterlockedDecrement64(&header->References);
    if (count > 0)
        return count;
    if (count < 0)
        ki_violation(REFERENCE_BY_POINTER, "ObDereferenceObject once too often", (ULONG_PTR)object,
                     (ULONG_PTR)count);
    if (later)
        delete_later(header);
    else
        ob_delete_object(object);
    return 0;
}

LONG_PTR ObfDereferenceObject(PVOID object)
{
    ki_require_irql(DISPATCH_LEVEL, "ObDereferenceObject above DISPATCH_LEVEL");
    return dereference(object, false);
}

VOID ObDereferenceObjectDeferDelete(PVOID object)
{
    ki_require_irql(DISPATCH_LEVEL, "ObDereferenceObjectDeferDelete above DISPATCH_LEVEL");
    (void)dereference(object, true);
}

NTSTATUS ObReferenceObjectByPointer(PVOID object, ACCESS_MASK access, POBJECT_TYPE type,
                                    KPROCESSOR_MODE mode)
{
    (void)access;
    ki_require_irql(DISPATCH_LEVEL, "ObReferenceObjectByPointer above DISPATCH_LEVEL");
    POBJECT_TYPE own = ob_type(object);
    // Without a type a caller in user mode may name symbolic links only.
    if (own != type && (type != NULL || mode != KernelMode || own == ob_link_type))
        return STATUS_OBJECT_TYPE_MISMATCH;
    ObfReferenceObject(object);
    return STATUS_SUCCESS;
}

VOID ObMakeTemporaryObject(PVOID object)
{
    ki_require_irql(PASSIVE_LEVEL, "ObMakeTemporaryObject above PASSIVE_LEVEL");
    ob_make_temporary(object);
}
