// SPDX-License-Identifier: MIT
//
// Safe strings whose destination is a UNICODE_STRING; included by ntstrsafe.h, which has the rules
// and the flags. Ex forms: *rest describes the unused part of the destination's buffer.

#ifndef DDK_SAFE_UNICODE_H
#define DDK_SAFE_UNICODE_H

// Points *to at the text (no copy). NULL gives an empty string. STATUS_INVALID_PARAMETER for more
// than NTSTRSAFE_UNICODE_STRING_MAX_CCH characters, or a NULL destination with a text.
NTSTATUS RtlUnicodeStringInitEx(PUNICODE_STRING to, PCWSTR text, ULONG flags);
FORCEINLINE NTSTATUS RtlUnicodeStringInit(PUNICODE_STRING to, PCWSTR text)
{
    return RtlUnicodeStringInitEx(to, text, 0);
}

// STATUS_SUCCESS for a well-formed string: even lengths, Length within MaximumLength, a buffer
// unless both are 0. Ex: STRSAFE_IGNORE_NULLS accepts NULL.
NTSTATUS RtlUnicodeStringValidateEx(PCUNICODE_STRING s, ULONG flags);
FORCEINLINE NTSTATUS RtlUnicodeStringValidate(PCUNICODE_STRING s)
{
    return RtlUnicodeStringValidateEx(s, 0);
}

#define DDK_SAFE_UNICODE(name, source, form)                                                       \
    FORCEINLINE NTSTATUS name(PUNICODE_STRING to, source from)                                     \
    {                                                                                              \
        return DdkSafeUnicode(form, to, from, DDK_SAFE_ALL, NULL, 0);                              \
    }                                                                                              \
    FORCEINLINE NTSTATUS name##Ex(PUNICODE_STRING to, source from, PUNICODE_STRING rest,           \
                                  ULONG flags)                                                     \
    {                                                                                              \
        return DdkSafeUnicode((form) | DDK_SAFE_EX, to, from, DDK_SAFE_ALL, rest, flags);          \
    }
#define DDK_SAFE_UNICODE_N(name, source, form)                                                     \
    FORCEINLINE NTSTATUS name(PUNICODE_STRING to, source from, SIZE_T limit)                       \
    {                                                                                              \
        return DdkSafeUnicode((form) | DDK_SAFE_LIMITED, to, from, limit, NULL, 0);                \
    }                                                                                              \
    FORCEINLINE NTSTATUS name##Ex(PUNICODE_STRING to, source from, SIZE_T limit,                   \
                                  PUNICODE_STRING rest, ULONG flags)                               \
    {                                                                                              \
        return DdkSafeUnicode((form) | DDK_SAFE_LIMITED | DDK_SAFE_EX, to, from, limit, rest,      \
                              flags);                                                              \
    }

DDK_SAFE_UNICODE(RtlUnicodeStringCopy, PCUNICODE_STRING, DDK_SAFE_COUNTED)
DDK_SAFE_UNICODE(RtlUnicodeStringCopyString, PCWSTR, 0)
DDK_SAFE_UNICODE(RtlUnicodeStringCat, PCUNICODE_STRING, DDK_SAFE_COUNTED | DDK_SAFE_APPEND)
DDK_SAFE_UNICODE(RtlUnicodeStringCatString, PCWSTR, DDK_SAFE_APPEND)
#ifndef NTSTRSAFE_NO_CCH_FUNCTIONS
DDK_SAFE_UNICODE_N(RtlUnicodeStringCchCopyN, PCUNICODE_STRING, DDK_SAFE_COUNTED)
DDK_SAFE_UNICODE_N(RtlUnicodeStringCchCopyStringN, PCWSTR, 0)
DDK_SAFE_UNICODE_N(RtlUnicodeStringCchCatN, PCUNICODE_STRING, DDK_SAFE_COUNTED | DDK_SAFE_APPEND)
DDK_SAFE_UNICODE_N(RtlUnicodeStringCchCatStringN, PCWSTR, DDK_SAFE_APPEND)
#endif
#ifndef NTSTRSAFE_NO_CB_FUNCTIONS
DDK_SAFE_UNICODE_N(RtlUnicodeStringCbCopyN, PCUNICODE_STRING, DDK_SAFE_COUNTED | DDK_SAFE_BYTES)
DDK_SAFE_UNICODE_N(RtlUnicodeStringCbCopyStringN, PCWSTR, DDK_SAFE_BYTES)
DDK_SAFE_UNICODE_N(RtlUnicodeStringCbCatN, PCUNICODE_STRING,
                   DDK_SAFE_COUNTED | DDK_SAFE_APPEND | DDK_SAFE_BYTES)
DDK_SAFE_UNICODE_N(RtlUnicodeStringCbCatStringN, PCWSTR, DDK_SAFE_APPEND | DDK_SAFE_BYTES)
#endif

FORCEINLINE NTSTATUS RtlUnicodeStringVPrintf(PUNICODE_STRING to, PCWSTR format, va_list arguments)
{
    return DdkSafeUnicodePrint(0, to, NULL, 0, format, arguments);
}

FORCEINLINE NTSTATUS RtlUnicodeStringVPrintfEx(PUNICODE_STRING to, PUNICODE_STRING rest,
                                               ULONG flags, PCWSTR format, va_list arguments)
{
    return DdkSafeUnicodePrint(DDK_SAFE_EX, to, rest, flags, format, arguments);
}

__attribute__((unused)) static inline NTSTATUS RtlUnicodeStringPrintf(PUNICODE_STRING to,
                                                                      PCWSTR format, ...)
{
    DDK_SAFE_PRINT(status, format, RtlUnicodeStringVPrintf(to, format, arguments));
}

__attribute__((unused)) static inline NTSTATUS
RtlUnicodeStringPrintfEx(PUNICODE_STRING to, PUNICODE_STRING rest, ULONG flags, PCWSTR format, ...)
{
    DDK_SAFE_PRINT(status, format, RtlUnicodeStringVPrintfEx(to, rest, flags, format, arguments));
}

#endif
