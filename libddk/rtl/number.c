// SPDX-License-Identifier: MIT
//
// Numbers and GUIDs in text, hashes, random numbers.

#include "../ke/ki.h"
#include "rtl.h"

static int digit_of(WCHAR c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = rtl_upcase(c);
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : 99;
}

static bool base_ok(ULONG base)
{
    return base == 2 || base == 8 || base == 10 || base == 16;
}

struct digits {
    const WCHAR *At, *End;
};

// The base that a prefix names; steps over it.
static ULONG prefix_base(struct digits *text)
{
    ULONG base = 10;
    if (text->End - text->At > 1 && text->At[0] == '0')
        base = text->At[1] == 'x' ? 16 : text->At[1] == 'o' ? 8 : text->At[1] == 'b' ? 2 : 10;
    text->At += base != 10 ? 2 : 0;
    return base;
}

// White space, a sign, a prefix if base is 0, digits; stops at the first character that is none.
static NTSTATUS read_integer(struct digits text, ULONG base, PULONG value)
{
    bool negative = false;
    ULONG result = 0;
    while (text.At < text.End && *text.At <= ' ')
        text.At++;
    if (text.At < text.End && (*text.At == '+' || *text.At == '-'))
        negative = *text.At++ == '-';
    if (base == 0)
        base = prefix_base(&text);
    if (!base_ok(base))
        return STATUS_INVALID_PARAMETER;
    for (; text.At < text.End && digit_of(*text.At) < (int)base; text.At++)
        result = result * base + (ULONG)digit_of(*text.At);
    *value = negative ? 0 - result : result;
    return STATUS_SUCCESS;
}

NTSTATUS RtlUnicodeStringToInteger(PCUNICODE_STRING s, ULONG base, PULONG value)
{
    ki_require_irql(PASSIVE_LEVEL, "RtlUnicodeStringToInteger above PASSIVE_LEVEL");
    if (s->Length < sizeof(WCHAR))
        return STATUS_INVALID_PARAMETER;
    return read_integer((struct digits){s->Buffer, s->Buffer + s->Length / sizeof(WCHAR)}, base,
                        value);
}

// A sign, a prefix and 64 binary digits fit; what white space comes before is skipped here.
NTSTATUS RtlCharToInteger(PCSZ s, ULONG base, PULONG value)
{
    WCHAR wide[72];
    ULONG n = 0;
    ki_require_irql(PASSIVE_LEVEL, "RtlCharToInteger above PASSIVE_LEVEL");
    while (*s != 0 && (UCHAR)*s <= ' ')
        s++;
    for (; n < ARRAYSIZE(wide) && s[n] != 0; n++)
        wide[n] = (UCHAR)s[n];
    return read_integer((struct digits){wide, wide + n}, base, value);
}

static NTSTATUS write_integer(ULONGLONG value, ULONG base, PUNICODE_STRING s)
{
    WCHAR text[64];
    ULONG used = ARRAYSIZE(text);
    base = base == 0 ? 10 : base;
    if (!base_ok(base))
        return STATUS_INVALID_PARAMETER;
    do {
        text[--used] = (WCHAR) "0123456789ABCDEF"[value % base];
        value /= base;
    } while (value != 0);
    ULONG bytes = (ULONG)((ARRAYSIZE(text) - used) * sizeof(WCHAR));
    if (bytes > s->MaximumLength)
        return STATUS_BUFFER_OVERFLOW;
    memcpy(s->Buffer, text + used, bytes);
    s->Length = (USHORT)bytes;
    if (bytes + sizeof(WCHAR) <= s->MaximumLength)
        s->Buffer[bytes / sizeof(WCHAR)] = 0;
    return STATUS_SUCCESS;
}

NTSTATUS RtlInt64ToUnicodeString(ULONGLONG value, ULONG base, PUNICODE_STRING s)
{
    ki_require_irql(PASSIVE_LEVEL, "RtlInt64ToUnicodeString above PASSIVE_LEVEL");
    return write_integer(value, base, s);
}

NTSTATUS RtlIntegerToUnicodeString(ULONG value, ULONG base, PUNICODE_STRING s)
{
    ki_require_irql(PASSIVE_LEVEL, "RtlIntegerToUnicodeString above PASSIVE_LEVEL");
    return write_integer(value, base, s);
}

// Positions of the bytes of a GUID in its text form, most significant first.
static const UCHAR guid_order[16] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
#define GUID_CHARS 38u

static bool dash_before(ULONG byte)
{
    return byte == 4 || byte == 6 || byte == 8 || byte == 10;
}

NTSTATUS RtlStringFromGUID(const GUID *guid, PUNICODE_STRING s)
{
    const UCHAR *bytes = (const UCHAR *)guid;
    ki_require_irql(PASSIVE_LEVEL, "RtlStringFromGUID above PASSIVE_LEVEL");
    NTSTATUS status = rtl_allocate_unicode(s, GUID_CHARS * sizeof(WCHAR));
    if (!NT_SUCCESS(status))
        return status;
    PWCH out = s->Buffer;
    *out++ = '{';
    for (ULONG i = 0; i < 16; i++) {
        if (dash_before(i))
            *out++ = '-';
        *out++ = (WCHAR) "0123456789abcdef"[bytes[guid_order[i]] >> 4];
        *out++ = (WCHAR) "0123456789abcdef"[bytes[guid_order[i]] & 15];
    }
    *out = '}';
    s->Length = GUID_CHARS * sizeof(WCHAR);
    return STATUS_SUCCESS;
}

NTSTATUS RtlGUIDFromString(PCUNICODE_STRING s, GUID *guid)
{
    GUID result;
    UCHAR *bytes = (UCHAR *)&result;
    const WCHAR *at = s->Buffer;
    ki_require_irql(PASSIVE_LEVEL, "RtlGUIDFromString above PASSIVE_LEVEL");
    if (s->Length != GUID_CHARS * sizeof(WCHAR) || at[0] != '{' || at[GUID_CHARS - 1] != '}')
        return STATUS_INVALID_PARAMETER;
    at++;
    for (ULONG i = 0; i < 16; i++) {
        if (dash_before(i) && *at++ != '-')
            return STATUS_INVALID_PARAMETER;
        int high = digit_of(at[0]), low = digit_of(at[1]);
        if (high > 15 || low > 15)
            return STATUS_INVALID_PARAMETER;
        bytes[guid_order[i]] = (UCHAR)(high << 4 | low);
        at += 2;
    }
    *guid = result;
    return STATUS_SUCCESS;
}

NTSTATUS RtlHashUnicodeString(PCUNICODE_STRING s, BOOLEAN ignore_case, ULONG algorithm, PULONG hash)
{
    ULONG value = 0;
    ki_require_irql(APC_LEVEL, "RtlHashUnicodeString above APC_LEVEL");
    if (s == NULL || hash == NULL || algorithm > HASH_STRING_ALGORITHM_X65599)
        return STATUS_INVALID_PARAMETER;
    for (ULONG i = 0; i < s->Length / sizeof(WCHAR); i++) {
        WCHAR c = ignore_case ? rtl_upcase(s->Buffer[i]) : s->Buffer[i];
        value = value * 65599 + c;
    }
    *hash = value;
    return STATUS_SUCCESS;
}

ULONG RtlHashBytes(const UCHAR *bytes, ULONG n, ULONG seed)
{
    ULONG value = 2166136261u ^ seed; // FNV-1a
    for (ULONG i = 0; i < n; i++)
        value = (value ^ bytes[i]) * 16777619u;
    return value;
}

ULONG RtlRandomEx(PULONG seed)
{
    ULONGLONG x = *seed + 0x9e3779b97f4a7c15ull; // splitmix64
    ki_require_irql(APC_LEVEL, "RtlRandomEx above APC_LEVEL");
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
    *seed = (ULONG)(x ^ (x >> 31));
    return *seed % MAXLONG;
}

ULONG RtlRandom(PULONG seed)
{
    return RtlRandomEx(seed);
}

LARGE_INTEGER RtlExtendedMagicDivide(LARGE_INTEGER dividend, LARGE_INTEGER magic, CCHAR shift)
{
    bool negative = dividend.QuadPart < 0;
    ULONGLONG magnitude =
        negative ? 0 - (ULONGLONG)dividend.QuadPart : (ULONGLONG)dividend.QuadPart;
    unsigned __int128 product = (unsigned __int128)magnitude * (ULONGLONG)magic.QuadPart;
    LONGLONG result = (LONGLONG)((ULONGLONG)(product >> 64) >> shift);
    return (LARGE_INTEGER){.QuadPart = negative ? -result : result};
}
