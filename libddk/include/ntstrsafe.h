// SPDX-License-Identifier: MIT
//
// Safe strings: every routine gets the size of its destination and never writes beyond it. Cb forms
// count bytes, Cch forms characters, RtlUnicodeString forms use MaximumLength. Status:
//   STATUS_SUCCESS            all of the text is there
//   STATUS_BUFFER_OVERFLOW    the text was cut; the destination holds what fits
//   STATUS_INVALID_PARAMETER  NULL, a size of zero or above the maximum, a destination without a
//                             terminator (Cat) or full (RtlUnicodeStringCat), a malformed
//                             UNICODE_STRING, an unknown flag
// A and W destinations are always terminated; UNICODE_STRINGs are not. Ex forms also tell where the
// text ends and what is left (A and W: terminator included), and take STRSAFE_* flags.
// Source and destination must not overlap. PASSIVE_LEVEL.
// A driver may define, before it includes this: NTSTRSAFE_MAX_CCH (a smaller limit),
// NTSTRSAFE_NO_CB_FUNCTIONS, NTSTRSAFE_NO_CCH_FUNCTIONS, NTSTRSAFE_NO_UNICODE_STRING_FUNCTIONS.
// Documentation: "Using Safe String Functions", nf-ntstrsafe-* pages.

#ifndef DDK_NTSTRSAFE_H
#define DDK_NTSTRSAFE_H

#include <ddk/debug.h>
#include <ntdef.h>
#include <ntstatus.h>

#if defined(NTSTRSAFE_NO_CB_FUNCTIONS) && defined(NTSTRSAFE_NO_CCH_FUNCTIONS)
#error "NTSTRSAFE_NO_CB_FUNCTIONS and NTSTRSAFE_NO_CCH_FUNCTIONS exclude each other"
#endif

#define DDK_STRSAFE_MAX_CCH 2147483647
#ifndef NTSTRSAFE_MAX_CCH
#define NTSTRSAFE_MAX_CCH DDK_STRSAFE_MAX_CCH
#endif
#define NTSTRSAFE_MAX_LENGTH             (NTSTRSAFE_MAX_CCH - 1)
#define NTSTRSAFE_UNICODE_STRING_MAX_CCH 32767
typedef CHAR *NTSTRSAFE_PSTR;
typedef const CHAR *NTSTRSAFE_PCSTR;
typedef WCHAR *NTSTRSAFE_PWSTR;
typedef const WCHAR *NTSTRSAFE_PCWSTR;
typedef const WCHAR UNALIGNED *NTSTRSAFE_PCUWSTR;

// Flags of the Ex forms; the low byte is the fill byte.
#define STRSAFE_IGNORE_NULLS           0x00000100 // NULL is an empty text, or no destination
#define STRSAFE_FILL_BEHIND_NULL       0x00000200 // success: fill what is behind the terminator
#define STRSAFE_FILL_BEHIND            0x00000200 // the same for a UNICODE_STRING
#define STRSAFE_FILL_ON_FAILURE        0x00000400 // failure: fill all (and terminate)
#define STRSAFE_NULL_ON_FAILURE        0x00000800 // failure: empty the destination
#define STRSAFE_NO_TRUNCATION          0x00001000 // overflow: copy empties; append, print undo
#define STRSAFE_ZERO_LENGTH_ON_FAILURE 0x00002000 // overflow: Length 0 (UNICODE_STRING only)
#define STRSAFE_FILL_BYTE(byte)        ((ULONG)(((byte) & 0xff) | STRSAFE_FILL_BEHIND_NULL))
#define STRSAFE_FAILURE_BYTE(byte)     ((ULONG)(((byte) & 0xff) | STRSAFE_FILL_ON_FAILURE))

// Internal: one implementation for all forms; a form is a sum of these.
#define DDK_SAFE_WIDE    0x01 // destination of WCHAR
#define DDK_SAFE_BYTES   0x02 // sizes count bytes
#define DDK_SAFE_APPEND  0x04
#define DDK_SAFE_EX      0x08 // flags, end and rest mean something
#define DDK_SAFE_COUNTED 0x10 // the source is a UNICODE_STRING
#define DDK_SAFE_LIMITED 0x20 // the caller limits what is taken from the source
#define DDK_SAFE_NARROW  0x00
#define DDK_SAFE_CHARS   0x00
#define DDK_SAFE_ALL     ((SIZE_T)DDK_STRSAFE_MAX_CCH * 2) // no limit to the source
NTSTATUS DdkSafeString(ULONG form, PVOID to, SIZE_T size, const VOID *from, SIZE_T limit, PVOID end,
                       SIZE_T *rest, ULONG flags);
NTSTATUS DdkSafePrint(ULONG form, PVOID to, SIZE_T size, PVOID end, SIZE_T *rest, ULONG flags,
                      const VOID *format, va_list arguments);
NTSTATUS DdkSafeLength(ULONG form, const VOID *s, SIZE_T limit, SIZE_T *length);
NTSTATUS DdkSafeUnicode(ULONG form, PUNICODE_STRING to, const VOID *from, SIZE_T limit,
                        PUNICODE_STRING rest, ULONG flags);
NTSTATUS DdkSafeUnicodePrint(ULONG form, PUNICODE_STRING to, PUNICODE_STRING rest, ULONG flags,
                             PCWSTR format, va_list arguments);

#define DDK_SAFE_BOUND(size, width)                                                                \
    if ((size) / (width) > NTSTRSAFE_MAX_CCH)                                                      \
    return STATUS_INVALID_PARAMETER
#define DDK_SAFE_PRINT(result, last, call)                                                         \
    va_list arguments;                                                                             \
    va_start(arguments, last);                                                                     \
    NTSTATUS result = call;                                                                        \
    va_end(arguments);                                                                             \
    return result

// RtlString<unit>{Copy,CopyN,Cat,CatN}{,Ex}<letter>
#define DDK_SAFE_TEXT(verb, unit, letter, type, width, form)                                       \
    FORCEINLINE NTSTATUS RtlString##unit##verb##letter(type *to, SIZE_T size, const type *from)    \
    {                                                                                              \
        DDK_SAFE_BOUND(size, width);                                                               \
        return DdkSafeString(form, to, size, from, DDK_SAFE_ALL, NULL, NULL, 0);                   \
    }                                                                                              \
    FORCEINLINE NTSTATUS RtlString##unit##verb##Ex##letter(                                        \
        type *to, SIZE_T size, const type *from, type **end, SIZE_T *rest, ULONG flags)            \
    {                                                                                              \
        DDK_SAFE_BOUND(size, width);                                                               \
        return DdkSafeString((form) | DDK_SAFE_EX, to, size, from, DDK_SAFE_ALL, end, rest,        \
                             flags);                                                               \
    }                                                                                              \
    FORCEINLINE NTSTATUS RtlString##unit##verb##N##letter(type *to, SIZE_T size, const type *from, \
                                                          SIZE_T limit)                            \
    {                                                                                              \
        DDK_SAFE_BOUND(size, width);                                                               \
        DDK_SAFE_BOUND(limit, width);                                                              \
        return DdkSafeString(form, to, size, from, limit, NULL, NULL, 0);                          \
    }                                                                                              \
    FORCEINLINE NTSTATUS RtlString##unit##verb##NEx##letter(type *to, SIZE_T size,                 \
                                                            const type *from, SIZE_T limit,        \
                                                            type **end, SIZE_T *rest, ULONG flags) \
    {                                                                                              \
        DDK_SAFE_BOUND(size, width);                                                               \
        DDK_SAFE_BOUND(limit, width);                                                              \
        return DdkSafeString((form) | DDK_SAFE_EX, to, size, from, limit, end, rest, flags);       \
    }

// RtlString<unit>{Printf,VPrintf}{,Ex}<letter>
#define DDK_SAFE_FORMATTED(unit, letter, type, width, form)                                        \
    FORCEINLINE NTSTATUS RtlString##unit##VPrintf##letter(type *to, SIZE_T size,                   \
                                                          const type *format, va_list arguments)   \
    {                                                                                              \
        DDK_SAFE_BOUND(size, width);                                                               \
        return DdkSafePrint(form, to, size, NULL, NULL, 0, format, arguments);                     \
    }                                                                                              \
    FORCEINLINE NTSTATUS RtlString##unit##VPrintfEx##letter(type *to, SIZE_T size, type **end,     \
                                                            SIZE_T *rest, ULONG flags,             \
                                                            const type *format, va_list arguments) \
    {                                                                                              \
        DDK_SAFE_BOUND(size, width);                                                               \
        return DdkSafePrint((form) | DDK_SAFE_EX, to, size, end, rest, flags, format, arguments);  \
    }                                                                                              \
    __attribute__((unused)) static inline NTSTATUS RtlString##unit##Printf##letter(                \
        type *to, SIZE_T size, const type *format, ...)                                            \
    {                                                                                              \
        DDK_SAFE_PRINT(status, format,                                                             \
                       RtlString##unit##VPrintf##letter(to, size, format, arguments));             \
    }                                                                                              \
    __attribute__((unused)) static inline NTSTATUS RtlString##unit##PrintfEx##letter(              \
        type *to, SIZE_T size, type **end, SIZE_T *rest, ULONG flags, const type *format, ...)     \
    {                                                                                              \
        DDK_SAFE_PRINT(                                                                            \
            status, format,                                                                        \
            RtlString##unit##VPrintfEx##letter(to, size, end, rest, flags, format, arguments));    \
    }

#define DDK_SAFE_LENGTH(name, type, width, form)                                                   \
    FORCEINLINE NTSTATUS name(const type *s, SIZE_T limit, SIZE_T *length)                         \
    {                                                                                              \
        DDK_SAFE_BOUND(limit, width);                                                              \
        return DdkSafeLength(form, s, limit, length);                                              \
    }

// RtlString<unit>CopyUnicodeString{,Ex}
#define DDK_SAFE_FROM_UNICODE(unit, width, form)                                                   \
    FORCEINLINE NTSTATUS RtlString##unit##CopyUnicodeString(PWSTR to, SIZE_T size,                 \
                                                            PCUNICODE_STRING from)                 \
    {                                                                                              \
        DDK_SAFE_BOUND(size, width);                                                               \
        return DdkSafeString((form) | DDK_SAFE_COUNTED, to, size, from, DDK_SAFE_ALL, NULL, NULL,  \
                             0);                                                                   \
    }                                                                                              \
    FORCEINLINE NTSTATUS RtlString##unit##CopyUnicodeStringEx(                                     \
        PWSTR to, SIZE_T size, PCUNICODE_STRING from, PWSTR *end, SIZE_T *rest, ULONG flags)       \
    {                                                                                              \
        DDK_SAFE_BOUND(size, width);                                                               \
        return DdkSafeString((form) | DDK_SAFE_COUNTED | DDK_SAFE_EX, to, size, from,              \
                             DDK_SAFE_ALL, end, rest, flags);                                      \
    }

#define DDK_SAFE_FAMILY(unit, wide_width, units)                                                   \
    DDK_SAFE_TEXT(Copy, unit, A, CHAR, 1, DDK_SAFE_NARROW | (units))                               \
    DDK_SAFE_TEXT(Copy, unit, W, WCHAR, wide_width, DDK_SAFE_WIDE | (units))                       \
    DDK_SAFE_TEXT(Cat, unit, A, CHAR, 1, DDK_SAFE_NARROW | DDK_SAFE_APPEND | (units))              \
    DDK_SAFE_TEXT(Cat, unit, W, WCHAR, wide_width, DDK_SAFE_WIDE | DDK_SAFE_APPEND | (units))      \
    DDK_SAFE_FORMATTED(unit, A, CHAR, 1, DDK_SAFE_NARROW | (units))                                \
    DDK_SAFE_FORMATTED(unit, W, WCHAR, wide_width, DDK_SAFE_WIDE | (units))                        \
    DDK_SAFE_LENGTH(RtlString##unit##LengthA, CHAR, 1, DDK_SAFE_NARROW | (units))                  \
    DDK_SAFE_LENGTH(RtlString##unit##LengthW, WCHAR, wide_width, DDK_SAFE_WIDE | (units))          \
    DDK_SAFE_LENGTH(RtlUnalignedString##unit##LengthW, WCHAR UNALIGNED, wide_width,                \
                    DDK_SAFE_WIDE | (units))                                                       \
    DDK_SAFE_FROM_UNICODE(unit, wide_width, DDK_SAFE_WIDE | (units))

#ifndef NTSTRSAFE_NO_CCH_FUNCTIONS
DDK_SAFE_FAMILY(Cch, 1, DDK_SAFE_CHARS)
#endif
#ifndef NTSTRSAFE_NO_CB_FUNCTIONS
DDK_SAFE_FAMILY(Cb, sizeof(WCHAR), DDK_SAFE_BYTES)
#endif

#ifndef NTSTRSAFE_NO_UNICODE_STRING_FUNCTIONS
#include <ddk/safe_unicode.h>
#endif

#endif
