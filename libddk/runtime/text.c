// SPDX-License-Identifier: MIT
//
// Sizes of the variable-length answers of PnP IRPs, and names in UTF-8.

#include "../rtl/rtl.h"
#include "rt.h"

#define TAG 'txeT'

ULONG rt_resource_list_bytes(const CM_RESOURCE_LIST *list, ULONG room)
{
    ULONG64 bytes = offsetof(CM_RESOURCE_LIST, List);
    if (room < bytes)
        return 0;
    const CM_FULL_RESOURCE_DESCRIPTOR *full = list->List;
    for (ULONG i = 0; i < list->Count; i++) {
        ULONG64 head =
            offsetof(CM_FULL_RESOURCE_DESCRIPTOR, PartialResourceList.PartialDescriptors);
        if (bytes + head > room)
            return 0;
        ULONG64 here = head + (ULONG64)full->PartialResourceList.Count *
                                  sizeof(CM_PARTIAL_RESOURCE_DESCRIPTOR);
        bytes += here;
        if (bytes > room)
            return 0;
        full = (const CM_FULL_RESOURCE_DESCRIPTOR *)((const char *)full + here);
    }
    return (ULONG)bytes;
}

// With the terminator (two for a multi-string).
ULONG rt_string_bytes(const WCHAR *text, bool multi, ULONG room)
{
    for (ULONG n = 0; (n + 1) * sizeof(WCHAR) <= room; n++)
        if (text[n] == 0 && (!multi || n == 0 || text[n - 1] == 0))
            return (ULONG)((n + 1) * sizeof(WCHAR));
    return 0;
}

void rt_utf8_to_string(UNICODE_STRING *to, const char *text, ULONG bytes)
{
    ULONG used = 0;
    *to = (UNICODE_STRING){0};
    if (bytes > UNICODE_STRING_MAX_BYTES / 2)
        return;
    to->Buffer = ExAllocatePool2(POOL_FLAG_NON_PAGED, (bytes + 1) * sizeof(WCHAR), TAG);
    if (to->Buffer == NULL)
        return;
    (void)rtl_from_utf8(to->Buffer, bytes * sizeof(WCHAR), &used, text, bytes);
    to->Length = (USHORT)used;
    to->MaximumLength = (USHORT)((bytes + 1) * sizeof(WCHAR));
}

ULONG rt_string_to_utf8(char *to, ULONG room, PCUNICODE_STRING from)
{
    ULONG used = 0;
    if (!NT_SUCCESS(rtl_to_utf8(to, room, &used, from->Buffer, from->Length)))
        return MAXULONG;
    return used;
}
