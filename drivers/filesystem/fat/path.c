// SPDX-License-Identifier: MIT
//
// Paths: components between backslashes, followed from a directory. Resource held.
#include "fatfs.h"

BOOLEAN FatNextComponent(PUNICODE_STRING rest, PUNICODE_STRING component)
{
    while (rest->Length != 0 && rest->Buffer[0] == L'\\') {
        rest->Buffer++;
        rest->Length -= (USHORT)sizeof(WCHAR);
    }
    *component = *rest;
    component->Length = 0;
    while (rest->Length != 0 && rest->Buffer[0] != L'\\') {
        rest->Buffer++;
        rest->Length -= (USHORT)sizeof(WCHAR);
        component->Length += (USHORT)sizeof(WCHAR);
    }
    component->MaximumLength = component->Length;
    return component->Length != 0;
}

BOOLEAN FatIsLastComponent(const UNICODE_STRING *rest)
{
    for (ULONG i = 0; i < rest->Length / sizeof(WCHAR); i++) {
        if (rest->Buffer[i] != L'\\')
            return FALSE;
    }
    return TRUE;
}

NTSTATUS FatCheckName(PCUNICODE_STRING name)
{
    return fat_name_valid(name->Buffer, name->Length / sizeof(WCHAR)) ? STATUS_SUCCESS
                                                                      : STATUS_OBJECT_NAME_INVALID;
}

static NTSTATUS FatEnter(PFAT_VCB vcb, uint32_t *directory, PCUNICODE_STRING name)
{
    struct fat_entry entry;
    NTSTATUS status = FatCheckName(name);
    if (!NT_SUCCESS(status))
        return status;
    enum fat_status found =
        fat_lookup(&vcb->Volume, *directory, name->Buffer, name->Length / sizeof(WCHAR), &entry);
    if (found == FAT_NOT_FOUND || (found == FAT_OK && (entry.attributes & FAT_DIRECTORY) == 0))
        return STATUS_OBJECT_PATH_NOT_FOUND;
    *directory = entry.first_cluster;
    return FatStatus(vcb, found);
}

NTSTATUS FatWalk(PFAT_VCB vcb, uint32_t start, PCUNICODE_STRING path, uint32_t *directory,
                 PUNICODE_STRING last)
{
    UNICODE_STRING rest = *path;
    *directory = start;
    while (FatNextComponent(&rest, last)) {
        if (FatIsLastComponent(&rest))
            return FatCheckName(last);
        NTSTATUS status = FatEnter(vcb, directory, last);
        if (!NT_SUCCESS(status))
            return status;
    }
    return STATUS_SUCCESS;
}
