// SPDX-License-Identifier: MIT
//
// Handles. The value is bit 30, bit 31 for a kernel handle, 18 bits of generation, so that a stale
// one is refused, and 4 * (index + 1); an application's own handles lie below bit 30. A handle that
// is made without OBJ_KERNEL_HANDLE while the thread is in the context of an application belongs to
// that process, and is nothing in any other context. Elsewhere the process is the system process.
// The table has a fixed size: a driver that leaks handles is told.

#include "ob.h"

#define HANDLES       1000u
#define GENERATIONS   0x3ffffu
#define OWN_HANDLE    0x40000000u
#define KERNEL_HANDLE 0x80000000u
#define GENERIC_BITS  (GENERIC_READ | GENERIC_WRITE | GENERIC_EXECUTE | GENERIC_ALL)

struct handle {
    PVOID Object; // NULL: free
    ACCESS_MASK Access;
    ULONG Generation, Attributes;
    ULONG Process; // 0: the system process
};

static struct handle handles[HANDLES];
static struct ki_lock handles_lock;
static ULONG next_handle;

static ULONG context_process(void)
{
    return ki_thread()->Requestor;
}

static HANDLE value_of(ULONG index)
{
    ULONG kernel = (handles[index].Attributes & OBJ_KERNEL_HANDLE) != 0 ? KERNEL_HANDLE : 0;
    return ULongToHandle(kernel | OWN_HANDLE | handles[index].Generation << 12 | (index + 1) << 2);
}

// Lock held. A free entry, or HANDLES.
static ULONG free_entry(void)
{
    for (ULONG i = 0; i < HANDLES; i++) {
        ULONG at = (next_handle + i) % HANDLES;
        if (handles[at].Object != NULL)
            continue;
        next_handle = at + 1;
        return at;
    }
    return HANDLES;
}

// An exclusive object has one handle, and becomes exclusive only while it has none. Lock held.
static bool admits(struct object_header *header, ULONG attributes)
{
    bool exclusive = header->Exclusive || (attributes & OBJ_EXCLUSIVE) != 0;
    return !exclusive || header->Handles == 0;
}

static NTSTATUS enter(PVOID object, ULONG attributes, ACCESS_MASK access, PHANDLE handle)
{
    struct object_header *header = ob_header(object);
    NTSTATUS status = STATUS_SUCCESS;
    ki_acquire(&handles_lock);
    ULONG at = free_entry();
    if (!admits(header, attributes))
        status = STATUS_ACCESS_DENIED;
    else if (at == HANDLES)
        status = STATUS_INSUFFICIENT_RESOURCES;
    if (NT_SUCCESS(status)) {
        struct handle *entry = &handles[at];
        entry->Generation = (entry->Generation + 1) & GENERATIONS;
        entry->Object = object;
        entry->Access = access;
        entry->Attributes = attributes & (OBJ_INHERIT | OBJ_KERNEL_HANDLE);
        entry->Process = (attributes & OBJ_KERNEL_HANDLE) != 0 ? 0 : context_process();
        *handle = value_of(at);
        ObfReferenceObject(object);
        header->Exclusive = (attributes & OBJ_EXCLUSIVE) != 0;
        header->Handles++;
    }
    ki_release(&handles_lock);
    return status;
}

// Generic rights become those of the type. Rights that it does not have cannot be granted to who
// is checked; a driver is not.
static NTSTATUS map_access(POBJECT_TYPE type, bool checked, ACCESS_MASK *access)
{
    ACCESS_MASK wanted = *access & ~(GENERIC_BITS | MAXIMUM_ALLOWED);
    if ((*access & GENERIC_READ) != 0)
        wanted |= type->Mapping.GenericRead;
    if ((*access & GENERIC_WRITE) != 0)
        wanted |= type->Mapping.GenericWrite;
    if ((*access & GENERIC_EXECUTE) != 0)
        wanted |= type->Mapping.GenericExecute;
    if ((*access & (GENERIC_ALL | MAXIMUM_ALLOWED)) != 0)
        wanted |= type->Mapping.GenericAll;
    *access = wanted;
    bool known = type->Mapping.GenericAll == 0 || (wanted & ~type->Mapping.GenericAll) == 0;
    return checked && !known ? STATUS_ACCESS_DENIED : STATUS_SUCCESS;
}

// With the registered callbacks before and after.
static NTSTATUS enter_watched(OB_OPERATION kind, PVOID object, ULONG attributes, ACCESS_MASK access,
                              bool checked, PHANDLE handle)
{
    if (!ob_type(object)->Watched)
        return enter(object, attributes, access, handle);
    struct ob_operation operation = {
        .Operation = kind,
        .Object = object,
        .KernelHandle = (attributes & OBJ_KERNEL_HANDLE) != 0,
        .Ignore = !checked,
        .Desired = access,
    };
    ob_before_handle(&operation);
    NTSTATUS status = enter(object, attributes, operation.Desired, handle);
    ob_after_handle(&operation, status, operation.Desired);
    return status;
}

NTSTATUS ob_open_handle(PVOID object, ULONG attributes, ACCESS_MASK access, KPROCESSOR_MODE mode,
                        PHANDLE handle)
{
    bool checked = mode == UserMode || (attributes & OBJ_FORCE_ACCESS_CHECK) != 0;
    NTSTATUS status = map_access(ob_type(object), checked, &access);
    if (!NT_SUCCESS(status))
        return status;
    return enter_watched(OB_OPERATION_HANDLE_CREATE, object, attributes, access, checked, handle);
}

static bool bad_attributes(PVOID object, ULONG attributes)
{
    const ULONG both = OBJ_INHERIT | OBJ_EXCLUSIVE;
    return (attributes & ~(ULONG)OB_HANDLE_ATTRIBUTES) != 0 || (attributes & both) == both ||
           ((attributes & OBJ_EXCLUSIVE) != 0 && ob_type(object) == ob_file_type);
}

NTSTATUS ObOpenObjectByPointer(PVOID object, ULONG attributes, PACCESS_STATE state,
                               ACCESS_MASK access, POBJECT_TYPE type, KPROCESSOR_MODE mode,
                               PHANDLE handle)
{
    (void)state;
    ki_require_irql(APC_LEVEL, "ObOpenObjectByPointer above APC_LEVEL");
    if (bad_attributes(object, attributes))
        return STATUS_INVALID_PARAMETER;
    if (ob_type(object) != type && (type != NULL || mode != KernelMode))
        return STATUS_OBJECT_TYPE_MISMATCH;
    return ob_open_handle(object, attributes, access, mode, handle);
}

// Lock held. The entry of a handle that the caller may use, or NULL.
static struct handle *find(HANDLE handle, KPROCESSOR_MODE mode)
{
    ULONG value = HandleToULong(handle), index = (value >> 2 & 0x3ff) - 1;
    if ((ULONG_PTR)handle > MAXULONG || index >= HANDLES || handles[index].Object == NULL ||
        HandleToULong(value_of(index)) != value)
        return NULL;
    if (mode == UserMode && (value & KERNEL_HANDLE) != 0)
        return NULL;
    ULONG process = handles[index].Process;
    return process == 0 || process == context_process() ? &handles[index] : NULL;
}

// Referenced. ZwCurrentProcess and ZwCurrentThread are handles of every context.
static NTSTATUS pseudo_handle(HANDLE handle, PVOID *object, struct handle *copy)
{
    if (handle != ZwCurrentProcess() && handle != ZwCurrentThread())
        return STATUS_INVALID_HANDLE;
    *object = handle == ZwCurrentProcess() ? (PVOID)PsGetCurrentProcess() : ki_thread();
    copy->Access = ob_type(*object)->Mapping.GenericAll;
    ObfReferenceObject(*object);
    return STATUS_SUCCESS;
}

static NTSTATUS look_up(HANDLE handle, POBJECT_TYPE type, KPROCESSOR_MODE mode, PVOID *object,
                        struct handle *copy)
{
    *copy = (struct handle){0};
    ki_acquire(&handles_lock);
    struct handle *entry = find(handle, mode);
    if (entry != NULL) {
        *copy = *entry;
        *object = entry->Object;
        ObfReferenceObject(*object);
    }
    ki_release(&handles_lock);
    if (entry != NULL)
        return STATUS_SUCCESS;
    NTSTATUS status = pseudo_handle(handle, object, copy);
    if (!NT_SUCCESS(status) && context_process() != 0 && (ULONG_PTR)handle < OWN_HANDLE)
        status = manager_user_handle(context_process(), handle, type, object, &copy->Access);
    return status;
}

NTSTATUS ObReferenceObjectByHandle(HANDLE handle, ACCESS_MASK access, POBJECT_TYPE type,
                                   KPROCESSOR_MODE mode, PVOID *result,
                                   POBJECT_HANDLE_INFORMATION information)
{
    struct handle copy;
    PVOID object = NULL;
    ki_require_irql(PASSIVE_LEVEL, "ObReferenceObjectByHandle above PASSIVE_LEVEL");
    *result = NULL;
    NTSTATUS status = look_up(handle, type, mode, &object, &copy);
    if (!NT_SUCCESS(status))
        return status;
    if (type != NULL && ob_type(object) != type)
        status = STATUS_OBJECT_TYPE_MISMATCH;
    else if (mode == UserMode && (access & ~copy.Access) != 0)
        status = STATUS_ACCESS_DENIED;
    if (!NT_SUCCESS(status)) {
        ObfDereferenceObject(object);
        return status;
    }
    *result = object;
    if (information != NULL)
        *information = (OBJECT_HANDLE_INFORMATION){copy.Attributes, copy.Access};
    return STATUS_SUCCESS;
}

// Takes the entry out: the object with the reference of the handle, or NULL.
static PVOID take_out(HANDLE handle, ULONG *left)
{
    PVOID object = NULL;
    ki_acquire(&handles_lock);
    struct handle *entry = find(handle, KernelMode);
    if (entry != NULL) {
        object = entry->Object;
        entry->Object = NULL;
        struct object_header *header = ob_header(object);
        *left = (ULONG)--header->Handles;
        if (*left == 0)
            header->Exclusive = FALSE;
    }
    ki_release(&handles_lock);
    return object;
}

NTSTATUS ZwClose(HANDLE handle)
{
    ULONG left = 0;
    ki_require_irql(PASSIVE_LEVEL, "ZwClose above PASSIVE_LEVEL");
    PVOID object = take_out(handle, &left);
    if (object == NULL)
        return STATUS_INVALID_HANDLE;
    if (ob_type(object)->Closed != NULL)
        ob_type(object)->Closed(object, left);
    if (left == 0)
        ob_last_handle_closed(object);
    ObfDereferenceObject(object);
    return STATUS_SUCCESS;
}

// Within this task: both processes must be the one in whose context the caller is.
NTSTATUS ZwDuplicateObject(HANDLE source_process, HANDLE source, HANDLE target_process,
                           PHANDLE target, ACCESS_MASK access, ULONG attributes, ULONG options)
{
    struct handle copy;
    PVOID object = NULL;
    ki_require_irql(PASSIVE_LEVEL, "ZwDuplicateObject above PASSIVE_LEVEL");
    if (source_process != ZwCurrentProcess() || target_process != ZwCurrentProcess())
        return STATUS_INVALID_HANDLE;
    NTSTATUS status = look_up(source, NULL, KernelMode, &object, &copy);
    if (!NT_SUCCESS(status))
        return status;
    if ((options & DUPLICATE_SAME_ACCESS) != 0)
        access = copy.Access;
    if ((options & DUPLICATE_SAME_ATTRIBUTES) != 0)
        attributes = copy.Attributes;
    status = map_access(ob_type(object), false, &access);
    if (NT_SUCCESS(status))
        status = enter_watched(OB_OPERATION_HANDLE_DUPLICATE, object, attributes, access,
                               (attributes & OBJ_FORCE_ACCESS_CHECK) != 0, target);
    if ((options & DUPLICATE_CLOSE_SOURCE) != 0)
        (void)ZwClose(source);
    ObfDereferenceObject(object);
    return status;
}

ULONG ob_open_handles(void)
{
    ULONG count = 0;
    ki_acquire(&handles_lock);
    for (ULONG i = 0; i < HANDLES; i++)
        count += handles[i].Object != NULL;
    ki_release(&handles_lock);
    return count;
}

// Where applications have no handles that a driver could be given.
[[gnu::weak]] NTSTATUS manager_user_handle(ULONG process, HANDLE handle, POBJECT_TYPE type,
                                           PVOID *object, ACCESS_MASK *granted)
{
    (void)process, (void)handle, (void)type, (void)object, (void)granted;
    return STATUS_INVALID_HANDLE;
}
