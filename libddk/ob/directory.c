// SPDX-License-Identifier: MIT
//
// Directory objects and symbolic links by handle, and what makes permanent objects temporary.
// Links made here are seen in this task; for applications there is IoCreateSymbolicLink.

#include "../ex/ex.h"
#include "ob.h"

#define TAG 'rDbO'

static void *new_directory(void)
{
    struct ob_directory *directory = ob_allocate(sizeof(*directory), ob_directory_type, NULL, TAG);
    if (directory != NULL)
        InitializeListHead(&directory->Children);
    return directory;
}

NTSTATUS ZwCreateDirectoryObject(PHANDLE handle, ACCESS_MASK access, POBJECT_ATTRIBUTES attributes)
{
    ki_require_irql(PASSIVE_LEVEL, "ZwCreateDirectoryObject above PASSIVE_LEVEL");
    PVOID directory = new_directory();
    return directory != NULL ? ob_insert(directory, attributes, access, handle)
                             : STATUS_INSUFFICIENT_RESOURCES;
}

NTSTATUS ZwOpenDirectoryObject(PHANDLE handle, ACCESS_MASK access, POBJECT_ATTRIBUTES attributes)
{
    ki_require_irql(PASSIVE_LEVEL, "ZwOpenDirectoryObject above PASSIVE_LEVEL");
    return ob_open_by_name(attributes, ob_directory_type, access, handle);
}

NTSTATUS ZwMakeTemporaryObject(HANDLE handle)
{
    PVOID object;
    ki_require_irql(PASSIVE_LEVEL, "ZwMakeTemporaryObject above PASSIVE_LEVEL");
    NTSTATUS status = ObReferenceObjectByHandle(handle, DELETE, NULL, KernelMode, &object, NULL);
    if (!NT_SUCCESS(status))
        return status;
    ob_make_temporary(object);
    ObfDereferenceObject(object);
    return STATUS_SUCCESS;
}

void ob_delete_link(PVOID object)
{
    struct ob_link *link = object;
    if (link->Target.Buffer != NULL)
        ex_pool_free(link->Target.Buffer, TAG);
}

NTSTATUS ZwCreateSymbolicLinkObject(PHANDLE handle, ACCESS_MASK access,
                                    POBJECT_ATTRIBUTES attributes, PUNICODE_STRING target)
{
    ki_require_irql(PASSIVE_LEVEL, "ZwCreateSymbolicLinkObject above PASSIVE_LEVEL");
    if (target == NULL || target->Length == 0 || target->Length % sizeof(WCHAR) != 0)
        return STATUS_INVALID_PARAMETER;
    struct ob_link *link = ob_allocate(sizeof(*link), ob_link_type, ob_delete_link, TAG);
    if (link == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    link->Target.Buffer = ex_pool_allocate(target->Length, TAG);
    if (link->Target.Buffer == NULL) {
        ObfDereferenceObject(link);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    link->Target.Length = link->Target.MaximumLength = target->Length;
    memcpy(link->Target.Buffer, target->Buffer, target->Length);
    return ob_insert(link, attributes, access, handle);
}

NTSTATUS ZwOpenSymbolicLinkObject(PHANDLE handle, ACCESS_MASK access, POBJECT_ATTRIBUTES attributes)
{
    ki_require_irql(PASSIVE_LEVEL, "ZwOpenSymbolicLinkObject above PASSIVE_LEVEL");
    return ob_open_by_name(attributes, ob_link_type, access, handle);
}

NTSTATUS ZwQuerySymbolicLinkObject(HANDLE handle, PUNICODE_STRING target, PULONG length)
{
    PVOID object;
    ki_require_irql(PASSIVE_LEVEL, "ZwQuerySymbolicLinkObject above PASSIVE_LEVEL");
    NTSTATUS status = ObReferenceObjectByHandle(handle, SYMBOLIC_LINK_QUERY, ob_link_type,
                                                KernelMode, &object, NULL);
    if (!NT_SUCCESS(status))
        return status;
    const struct ob_link *link = object;
    if (length != NULL)
        *length = link->Target.Length;
    if (target->MaximumLength < link->Target.Length) {
        status = STATUS_BUFFER_TOO_SMALL;
    } else {
        memcpy(target->Buffer, link->Target.Buffer, link->Target.Length);
        target->Length = link->Target.Length;
    }
    ObfDereferenceObject(object);
    return status;
}
