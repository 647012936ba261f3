// SPDX-License-Identifier: MIT
//
// UTF-8 to UTF-16 and back. A malformed sequence (RFC 3629: overlong, surrogate, above U+10FFFF,
// truncated) and an unpaired surrogate become U+FFFD, and the routine says STATUS_SOME_NOT_MAPPED.

#include "../ke/ki.h"
#include "rtl.h"

#define REPLACEMENT 0xfffdu

struct source {
    PCCH Bytes;
    ULONG Left;
    bool Replaced;
};

static ULONG replaced(struct source *source)
{
    source->Replaced = true;
    return REPLACEMENT;
}

static ULONG next_code_point(struct source *source)
{
    static const ULONG smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    UCHAR lead = (UCHAR)*source->Bytes++;
    source->Left--;
    if (lead < 0x80)
        return lead;
    ULONG length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4)
        return replaced(source);
    ULONG code = lead & (0x7fu >> length);
    for (ULONG i = 1; i < length; i++) {
        if (source->Left == 0 || ((UCHAR)*source->Bytes & 0xc0) != 0x80)
            return replaced(source);
        code = code << 6 | ((UCHAR)*source->Bytes++ & 0x3f);
        source->Left--;
    }
    if (code < smallest[length] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
        return replaced(source);
    return code;
}

NTSTATUS rtl_from_utf8(PWSTR to, ULONG to_bytes, PULONG result, PCCH from, ULONG from_bytes)
{
    struct source source = {from, from_bytes, false};
    ULONG room = to_bytes / sizeof(WCHAR), used = 0;
    bool small = false;
    while (source.Left != 0) {
        ULONG code = next_code_point(&source), units = code >= 0x10000 ? 2 : 1;
        if (to != NULL && used + units > room) {
            small = true;
            break;
        }
        if (to != NULL && units == 2) {
            to[used] = (WCHAR)(0xd7c0 + (code >> 10));
            to[used + 1] = (WCHAR)(0xdc00 | (code & 0x3ff));
        } else if (to != NULL) {
            to[used] = (WCHAR)code;
        }
        used += units;
    }
    *result = used * (ULONG)sizeof(WCHAR);
    return small             ? STATUS_BUFFER_TOO_SMALL
           : source.Replaced ? STATUS_SOME_NOT_MAPPED
                             : STATUS_SUCCESS;
}

static ULONG encode(ULONG code, CHAR out[4])
{
    if (code < 0x80) {
        out[0] = (CHAR)code;
        return 1;
    }
    ULONG length = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (ULONG i = length - 1; i > 0; i--) {
        out[i] = (CHAR)(0x80 | (code & 0x3f));
        code >>= 6;
    }
    out[0] = (CHAR)((0xf00u >> length & 0xff) | code);
    return length;
}

NTSTATUS rtl_to_utf8(PCHAR to, ULONG to_bytes, PULONG result, PCWCH from, ULONG from_bytes)
{
    ULONG chars = from_bytes / (ULONG)sizeof(WCHAR), used = 0;
    bool small = false, bad = false;
    for (ULONG i = 0; i < chars; i++) {
        ULONG code = from[i];
        CHAR bytes[4];
        if (code >= 0xd800 && code < 0xdc00 && i + 1 < chars && (from[i + 1] & 0xfc00) == 0xdc00)
            code = 0x10000 + ((code & 0x3ff) << 10) + (from[++i] & 0x3ff);
        else if (code >= 0xd800 && code < 0xe000) {
            code = REPLACEMENT;
            bad = true;
        }
        ULONG length = encode(code, bytes);
        if (to != NULL && used + length > to_bytes) {
            small = true;
            break;
        }
        if (to != NULL)
            memcpy(to + used, bytes, length);
        used += length;
    }
    *result = used;
    return small ? STATUS_BUFFER_TOO_SMALL : bad ? STATUS_SOME_NOT_MAPPED : STATUS_SUCCESS;
}

NTSTATUS RtlUTF8ToUnicodeN(PWSTR to, ULONG to_bytes, PULONG result, PCCH from, ULONG from_bytes)
{
    ULONG ignored;
    ki_require_irql(PASSIVE_LEVEL, "RtlUTF8ToUnicodeN above PASSIVE_LEVEL");
    if (to == NULL && result == NULL)
        return STATUS_INVALID_PARAMETER;
    if (from == NULL)
        return STATUS_INVALID_PARAMETER_4;
    return rtl_from_utf8(to, to_bytes, result != NULL ? result : &ignored, from, from_bytes);
}

NTSTATUS RtlUnicodeToUTF8N(PCHAR to, ULONG to_bytes, PULONG result, PCWCH from, ULONG from_bytes)
{
    ULONG ignored;
    ki_require_irql(PASSIVE_LEVEL, "RtlUnicodeToUTF8N above PASSIVE_LEVEL");
    if (to == NULL && result == NULL)
        return STATUS_INVALID_PARAMETER;
    if (from == NULL)
        return STATUS_INVALID_PARAMETER_4;
    if (from_bytes % sizeof(WCHAR) != 0)
        return STATUS_INVALID_PARAMETER_5;
    return rtl_to_utf8(to, to_bytes, result != NULL ? result : &ignored, from, from_bytes);
}
