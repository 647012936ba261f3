// SPDX-License-Identifier: MIT
//
// RtlQueryRegistryValues and its relatives where no key exists: each entry of an optional query
// takes its default. Invariant: an entry is checked before anything is stored for it.

#include <wdm.h>

#include "../ex/ex.h"
#include "../ke/ki.h"

#define TAG        'geRC'
#define TYPE(type) ((type) & 0xff)

static bool is_text(ULONG type)
{
    return type == REG_SZ || type == REG_EXPAND_SZ || type == REG_MULTI_SZ;
}

// A multi-string ends with an empty one. Lengths count the terminators.
static ULONG text_bytes(const WCHAR *text, bool multiple)
{
    ULONG chars = 0;
    do {
        while (text[chars] != 0)
            chars++;
        chars++;
    } while (multiple && text[chars] != 0);
    return (chars + (multiple ? 1 : 0)) * (ULONG)sizeof(WCHAR);
}

static ULONG default_bytes(const RTL_QUERY_REGISTRY_TABLE *entry)
{
    ULONG type = TYPE(entry->DefaultType);
    if (entry->DefaultLength == 0 && is_text(type) && entry->DefaultData != NULL)
        return text_bytes(entry->DefaultData, type == REG_MULTI_SZ);
    return entry->DefaultLength;
}

// Text goes into a UNICODE_STRING, whose Length leaves the terminator out.
static NTSTATUS store_text(PUNICODE_STRING to, const void *data, ULONG bytes)
{
    if (bytes < sizeof(WCHAR) || bytes > UNICODE_STRING_MAX_BYTES)
        return STATUS_INVALID_PARAMETER;
    if (to->Buffer == NULL) {
        to->Buffer = ex_pool_allocate(bytes, TAG);
        if (to->Buffer == NULL)
            return STATUS_NO_MEMORY;
        to->MaximumLength = (USHORT)bytes;
    } else if (bytes > to->MaximumLength) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    RtlCopyMemory(to->Buffer, data, bytes);
    to->Length = (USHORT)(bytes - sizeof(WCHAR));
    return STATUS_SUCCESS;
}

// Other data of up to a ULONG is stored by its length. More needs a buffer that says its size in
// its first ULONG, as a negative number, or takes length, type and data.
static NTSTATUS store_data(void *to, const RTL_QUERY_REGISTRY_TABLE *entry, ULONG bytes)
{
    struct sized {
        LONG Size;
        ULONG Type;
        UCHAR Data[];
    } *buffer = to;
    if (bytes <= sizeof(ULONG)) {
        RtlCopyMemory(to, entry->DefaultData, bytes);
        return STATUS_SUCCESS;
    }
    if (buffer->Size >= 0) {
        if ((ULONG)buffer->Size < bytes + sizeof(*buffer))
            return STATUS_BUFFER_TOO_SMALL;
        RtlCopyMemory(buffer->Data, entry->DefaultData, bytes);
        buffer->Type = TYPE(entry->DefaultType);
        buffer->Size = (LONG)bytes;
        return STATUS_SUCCESS;
    }
    if (0u - (ULONG)buffer->Size < bytes)
        return STATUS_BUFFER_TOO_SMALL;
    RtlCopyMemory(to, entry->DefaultData, bytes);
    return STATUS_SUCCESS;
}

static NTSTATUS take_default(const RTL_QUERY_REGISTRY_TABLE *entry, PVOID context)
{
    ULONG type = TYPE(entry->DefaultType), bytes = default_bytes(entry);
    if ((entry->Flags & RTL_QUERY_REGISTRY_DIRECT) == 0) {
        NTSTATUS status = entry->QueryRoutine(entry->Name, type, entry->DefaultData, bytes, context,
                                              entry->EntryContext);
        return status == STATUS_BUFFER_TOO_SMALL ? STATUS_SUCCESS : status;
    }
    if (is_text(type))
        return store_text(entry->EntryContext, entry->DefaultData, bytes);
    return store_data(entry->EntryContext, entry, bytes);
}

static bool is_valid(const RTL_QUERY_REGISTRY_TABLE *entry)
{
    bool direct = (entry->Flags & RTL_QUERY_REGISTRY_DIRECT) != 0;
    bool moves = (entry->Flags & (RTL_QUERY_REGISTRY_SUBKEY | RTL_QUERY_REGISTRY_TOPKEY)) != 0;
    if ((entry->Flags & RTL_QUERY_REGISTRY_SUBKEY) != 0 && entry->Name == NULL)
        return false;
    if (direct)
        return entry->Name != NULL && entry->QueryRoutine == NULL && entry->EntryContext != NULL &&
               !moves;
    return entry->QueryRoutine != NULL || moves;
}

static NTSTATUS take_entry(const RTL_QUERY_REGISTRY_TABLE *entry, PVOID context)
{
    if (!is_valid(entry))
        return STATUS_INVALID_PARAMETER;
    bool has_default = TYPE(entry->DefaultType) != REG_NONE;
    if ((entry->Flags & RTL_QUERY_REGISTRY_REQUIRED) != 0 && !has_default)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    if ((entry->Flags & RTL_QUERY_REGISTRY_NOVALUE) != 0 && entry->Name == NULL)
        return entry->QueryRoutine(NULL, REG_NONE, NULL, 0, context, entry->EntryContext);
    if (entry->Name == NULL || !has_default || (entry->Flags & RTL_QUERY_REGISTRY_SUBKEY) != 0)
        return STATUS_SUCCESS;
    return take_default(entry, context);
}

NTSTATUS RtlQueryRegistryValues(ULONG relative_to, PCWSTR path, PRTL_QUERY_REGISTRY_TABLE table,
                                PVOID context, PVOID environment)
{
    NTSTATUS status = STATUS_SUCCESS;
    (void)path, (void)environment;
    ki_require_irql(PASSIVE_LEVEL, "RtlQueryRegistryValues above PASSIVE_LEVEL");
    if ((relative_to & RTL_REGISTRY_OPTIONAL) == 0)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    for (; NT_SUCCESS(status) && (table->QueryRoutine != NULL || table->Name != NULL); table++)
        status = take_entry(table, context);
    return status;
}

NTSTATUS RtlWriteRegistryValue(ULONG relative_to, PCWSTR path, PCWSTR name, ULONG type, PVOID data,
                               ULONG length)
{
    (void)relative_to, (void)path, (void)name, (void)type, (void)data, (void)length;
    ki_require_irql(PASSIVE_LEVEL, "RtlWriteRegistryValue above PASSIVE_LEVEL");
    return STATUS_OBJECT_NAME_NOT_FOUND;
}

NTSTATUS RtlDeleteRegistryValue(ULONG relative_to, PCWSTR path, PCWSTR name)
{
    (void)relative_to, (void)path, (void)name;
    ki_require_irql(PASSIVE_LEVEL, "RtlDeleteRegistryValue above PASSIVE_LEVEL");
    return STATUS_OBJECT_NAME_NOT_FOUND;
}

NTSTATUS RtlCheckRegistryKey(ULONG relative_to, PWSTR path)
{
    (void)relative_to, (void)path;
    ki_require_irql(PASSIVE_LEVEL, "RtlCheckRegistryKey above PASSIVE_LEVEL");
    return STATUS_OBJECT_NAME_NOT_FOUND;
}

NTSTATUS RtlCreateRegistryKey(ULONG relative_to, PWSTR path)
{
    (void)relative_to, (void)path;
    ki_require_irql(PASSIVE_LEVEL, "RtlCreateRegistryKey above PASSIVE_LEVEL");
    return STATUS_NOT_SUPPORTED;
}
