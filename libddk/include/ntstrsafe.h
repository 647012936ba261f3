// SPDX-License-Identifier: MIT
//
// Safe strings: every routine gets the size of its destination (Cb: bytes, Cch: characters,
// RtlUnicodeString*: MaximumLength), always terminates the A and W forms, and reports:
// STATUS_SUCCESS, STATUS_BUFFER_OVERFLOW when the text was cut (the destination holds what fits),
// STATUS_INVALID_PARAMETER for a size of zero or above NTSTRSAFE_MAX_CCH.
// Documentation: "Using Safe String Functions", nf-ntstrsafe-* pages.

#ifndef DDK_NTSTRSAFE_H
#define DDK_NTSTRSAFE_H

#include <ddk/debug.h>
#include <ntdef.h>
#include <ntstatus.h>

#ifndef NTSTRSAFE_MAX_CCH
#define NTSTRSAFE_MAX_CCH 2147483647
#endif
#define NTSTRSAFE_UNICODE_STRING_MAX_CCH 32767
typedef CHAR *NTSTRSAFE_PSTR;
typedef const CHAR *NTSTRSAFE_PCSTR;
typedef WCHAR *NTSTRSAFE_PWSTR;
typedef const WCHAR *NTSTRSAFE_PCWSTR;

// Internal: the one implementation each of copy, append, length and print. Sizes in characters.
NTSTATUS DdkSafeCopyA(PSTR to, SIZE_T size, PCSTR from, SIZE_T limit);
NTSTATUS DdkSafeCopyW(PWSTR to, SIZE_T size, PCWSTR from, SIZE_T limit);
NTSTATUS DdkSafeCatA(PSTR to, SIZE_T size, PCSTR from, SIZE_T limit);
NTSTATUS DdkSafeCatW(PWSTR to, SIZE_T size, PCWSTR from, SIZE_T limit);
NTSTATUS DdkSafeLengthA(PCSTR s, SIZE_T limit, SIZE_T *length);
NTSTATUS DdkSafeLengthW(PCWSTR s, SIZE_T limit, SIZE_T *length);
NTSTATUS DdkSafeVPrintA(PSTR to, SIZE_T size, PCSTR format, va_list arguments);
NTSTATUS DdkSafeVPrintW(PWSTR to, SIZE_T size, PCWSTR format, va_list arguments);

FORCEINLINE NTSTATUS RtlStringCchCopyA(PSTR to, SIZE_T size, PCSTR from)
{
    return DdkSafeCopyA(to, size, from, NTSTRSAFE_MAX_CCH);
}

FORCEINLINE NTSTATUS RtlStringCchCopyNA(PSTR to, SIZE_T size, PCSTR from, SIZE_T limit)
{
    return DdkSafeCopyA(to, size, from, limit);
}

FORCEINLINE NTSTATUS RtlStringCchCatA(PSTR to, SIZE_T size, PCSTR from)
{
    return DdkSafeCatA(to, size, from, NTSTRSAFE_MAX_CCH);
}

FORCEINLINE NTSTATUS RtlStringCchCatNA(PSTR to, SIZE_T size, PCSTR from, SIZE_T limit)
{
    return DdkSafeCatA(to, size, from, limit);
}

FORCEINLINE NTSTATUS RtlStringCchLengthA(PCSTR s, SIZE_T limit, SIZE_T *length)
{
    return DdkSafeLengthA(s, limit, length);
}

FORCEINLINE NTSTATUS RtlStringCchVPrintfA(PSTR to, SIZE_T size, PCSTR format, va_list arguments)
{
    return DdkSafeVPrintA(to, size, format, arguments);
}

__attribute__((unused)) static inline NTSTATUS RtlStringCchPrintfA(PSTR to, SIZE_T size,
                                                                   PCSTR format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    NTSTATUS status = DdkSafeVPrintA(to, size, format, arguments);
    va_end(arguments);
    return status;
}

FORCEINLINE NTSTATUS RtlStringCchCopyW(PWSTR to, SIZE_T size, PCWSTR from)
{
    return DdkSafeCopyW(to, size, from, NTSTRSAFE_MAX_CCH);
}

FORCEINLINE NTSTATUS RtlStringCchCopyNW(PWSTR to, SIZE_T size, PCWSTR from, SIZE_T limit)
{
    return DdkSafeCopyW(to, size, from, limit);
}

FORCEINLINE NTSTATUS RtlStringCchCatW(PWSTR to, SIZE_T size, PCWSTR from)
{
    return DdkSafeCatW(to, size, from, NTSTRSAFE_MAX_CCH);
}

FORCEINLINE NTSTATUS RtlStringCchCatNW(PWSTR to, SIZE_T size, PCWSTR from, SIZE_T limit)
{
    return DdkSafeCatW(to, size, from, limit);
}

FORCEINLINE NTSTATUS RtlStringCchLengthW(PCWSTR s, SIZE_T limit, SIZE_T *length)
{
    return DdkSafeLengthW(s, limit, length);
}

FORCEINLINE NTSTATUS RtlStringCchVPrintfW(PWSTR to, SIZE_T size, PCWSTR format, va_list arguments)
{
    return DdkSafeVPrintW(to, size, format, arguments);
}

__attribute__((unused)) static inline NTSTATUS RtlStringCchPrintfW(PWSTR to, SIZE_T size,
                                                                   PCWSTR format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    NTSTATUS status = DdkSafeVPrintW(to, size, format, arguments);
    va_end(arguments);
    return status;
}

FORCEINLINE NTSTATUS RtlStringCbCopyA(PSTR to, SIZE_T size, PCSTR from)
{
    return DdkSafeCopyA(to, size, from, NTSTRSAFE_MAX_CCH);
}

FORCEINLINE NTSTATUS RtlStringCbCopyNA(PSTR to, SIZE_T size, PCSTR from, SIZE_T limit)
{
    return DdkSafeCopyA(to, size, from, limit);
}

FORCEINLINE NTSTATUS RtlStringCbCatA(PSTR to, SIZE_T size, PCSTR from)
{
    return DdkSafeCatA(to, size, from, NTSTRSAFE_MAX_CCH);
}

FORCEINLINE NTSTATUS RtlStringCbCatNA(PSTR to, SIZE_T size, PCSTR from, SIZE_T limit)
{
    return DdkSafeCatA(to, size, from, limit);
}

FORCEINLINE NTSTATUS RtlStringCbLengthA(PCSTR s, SIZE_T limit, SIZE_T *length)
{
    return DdkSafeLengthA(s, limit, length);
}

FORCEINLINE NTSTATUS RtlStringCbVPrintfA(PSTR to, SIZE_T size, PCSTR format, va_list arguments)
{
    return DdkSafeVPrintA(to, size, format, arguments);
}

__attribute__((unused)) static inline NTSTATUS RtlStringCbPrintfA(PSTR to, SIZE_T size,
                                                                  PCSTR format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    NTSTATUS status = DdkSafeVPrintA(to, size, format, arguments);
    va_end(arguments);
    return status;
}

FORCEINLINE NTSTATUS RtlStringCbCopyW(PWSTR to, SIZE_T size, PCWSTR from)
{
    return DdkSafeCopyW(to, size / sizeof(WCHAR), from, NTSTRSAFE_MAX_CCH);
}

FORCEINLINE NTSTATUS RtlStringCbCopyNW(PWSTR to, SIZE_T size, PCWSTR from, SIZE_T limit)
{
    return DdkSafeCopyW(to, size / sizeof(WCHAR), from, limit / sizeof(WCHAR));
}

FORCEINLINE NTSTATUS RtlStringCbCatW(PWSTR to, SIZE_T size, PCWSTR from)
{
    return DdkSafeCatW(to, size / sizeof(WCHAR), from, NTSTRSAFE_MAX_CCH);
}

FORCEINLINE NTSTATUS RtlStringCbCatNW(PWSTR to, SIZE_T size, PCWSTR from, SIZE_T limit)
{
    return DdkSafeCatW(to, size / sizeof(WCHAR), from, limit / sizeof(WCHAR));
}

FORCEINLINE NTSTATUS RtlStringCbLengthW(PCWSTR s, SIZE_T limit, SIZE_T *length)
{
    NTSTATUS status = DdkSafeLengthW(s, limit / sizeof(WCHAR), length);
    if (length != NULL)
        *length *= sizeof(WCHAR);
    return status;
}

FORCEINLINE NTSTATUS RtlStringCbVPrintfW(PWSTR to, SIZE_T size, PCWSTR format, va_list arguments)
{
    return DdkSafeVPrintW(to, size / sizeof(WCHAR), format, arguments);
}

__attribute__((unused)) static inline NTSTATUS RtlStringCbPrintfW(PWSTR to, SIZE_T size,
                                                                  PCWSTR format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    NTSTATUS status = DdkSafeVPrintW(to, size / sizeof(WCHAR), format, arguments);
    va_end(arguments);
    return status;
}

// UNICODE_STRING forms: not terminated, cut at MaximumLength.
NTSTATUS RtlUnicodeStringCopy(PUNICODE_STRING to, PCUNICODE_STRING from);
NTSTATUS RtlUnicodeStringCopyString(PUNICODE_STRING to, PCWSTR from);
NTSTATUS RtlUnicodeStringCat(PUNICODE_STRING to, PCUNICODE_STRING from);
NTSTATUS RtlUnicodeStringCatString(PUNICODE_STRING to, PCWSTR from);
NTSTATUS RtlUnicodeStringPrintf(PUNICODE_STRING to, PCWSTR format, ...);
NTSTATUS RtlUnicodeStringVPrintf(PUNICODE_STRING to, PCWSTR format, va_list arguments);

#endif
