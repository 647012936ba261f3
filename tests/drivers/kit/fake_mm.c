// SPDX-License-Identifier: MIT
//
// Memory, strings and debug output of the fake kit.
#include "fake_internal.h"
#include "fake_kit.h"

#include <ntstrsafe.h>
#include <stdio.h>
#include <stdlib.h>

char kit_log[4096];
int kit_mappings;
bool kit_fail_mapping;

void fake_reset_mm(void)
{
    memset(kit_log, 0, sizeof kit_log);
    kit_mappings = 0;
    kit_fail_mapping = false;
}

PVOID ExAllocatePool2(POOL_FLAGS flags, SIZE_T bytes, ULONG tag)
{
    UNREFERENCED_PARAMETER(flags);
    return tag == 0 || bytes == 0 ? NULL : calloc(1, bytes);
}

VOID ExFreePoolWithTag(PVOID p, ULONG tag)
{
    UNREFERENCED_PARAMETER(tag);
    free(p);
}

VOID ExFreePool(PVOID p)
{
    free(p);
}

PVOID MmMapIoSpace(PHYSICAL_ADDRESS address, SIZE_T bytes, MEMORY_CACHING_TYPE cache)
{
    UNREFERENCED_PARAMETER(bytes);
    UNREFERENCED_PARAMETER(cache);
    fake_want_passive("MmMapIoSpace");
    if (kit_fail_mapping) {
        return NULL;
    }
    kit_mappings++;
    return (PVOID)(ULONG_PTR)address.QuadPart;
}

VOID MmUnmapIoSpace(PVOID address, SIZE_T bytes)
{
    UNREFERENCED_PARAMETER(address);
    UNREFERENCED_PARAMETER(bytes);
    kit_mappings--;
}

VOID RtlInitUnicodeString(PUNICODE_STRING to, PCWSTR text)
{
    USHORT n = 0;
    while (text[n] != 0) {
        n++;
    }
    to->Length = (USHORT)(n * sizeof(WCHAR));
    to->MaximumLength = (USHORT)(to->Length + sizeof(WCHAR));
    to->Buffer = (PWCH)(ULONG_PTR)text;
}

NTSTATUS RtlDuplicateUnicodeString(ULONG flags, PCUNICODE_STRING from, PUNICODE_STRING to)
{
    UNREFERENCED_PARAMETER(flags);
    *to = *from;
    to->MaximumLength = (USHORT)(from->Length + sizeof(WCHAR));
    to->Buffer = calloc(1, to->MaximumLength);
    memcpy(to->Buffer, from->Buffer, from->Length);
    return STATUS_SUCCESS;
}

VOID RtlFreeUnicodeString(PUNICODE_STRING s)
{
    free(s->Buffer);
    s->Buffer = NULL;
}

// Only %u: all that device names need.
NTSTATUS DdkSafePrint(ULONG form, PVOID to, SIZE_T size, PVOID end, SIZE_T *rest, ULONG flags,
                      const VOID *text, va_list arguments)
{
    size_t used = 0, chars = (form & DDK_SAFE_BYTES) != 0 ? size / sizeof(WCHAR) : size;
    PWSTR buffer = to;
    PCWSTR format = text;
    if ((form & DDK_SAFE_WIDE) == 0 || end != NULL || rest != NULL || flags != 0) {
        kit_fail("the fake prints to wide strings only, without an Ex form");
    }
    for (; *format != 0; format++) {
        char digits[16] = {(char)*format};
        if (*format == '%') {
            if (*++format != 'u') {
                kit_fail("the fake formats %%u only");
            }
            snprintf(digits, sizeof digits, "%u", va_arg(arguments, unsigned));
        }
        for (char *d = digits; *d != 0; d++) {
            if (used + 1 >= chars) {
                return STATUS_BUFFER_OVERFLOW;
            }
            buffer[used++] = (WCHAR)*d;
        }
    }
    buffer[used] = 0;
    return STATUS_SUCCESS;
}

ULONG DbgPrint(PCSTR format, ...)
{
    size_t used = strlen(kit_log);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(kit_log + used, sizeof kit_log - used, format, arguments);
    va_end(arguments);
    return STATUS_SUCCESS;
}
