// SPDX-License-Identifier: MIT
/*
 * Strings that are always terminated. Sizes are in bytes (Cb) or characters (Cch), with the final
 * zero. S_OK; STRSAFE_E_INSUFFICIENT_BUFFER: the text was cut; STRSAFE_E_INVALID_PARAMETER: a size
 * of 0 or over STRSAFE_MAX_CCH, or a destination that is not terminated.
 */
#ifndef WIN32_STRSAFE_H
#define WIN32_STRSAFE_H

#include <windows.h>

#define STRSAFE_MAX_CCH               2147483647u
#define STRSAFE_E_INSUFFICIENT_BUFFER ((HRESULT)0x8007007A)
#define STRSAFE_E_INVALID_PARAMETER   ((HRESULT)0x80070057)
#define STRSAFE_E_END_OF_FILE         ((HRESULT)0x80070026)

HRESULT StringCbCopyA(LPSTR to, size_t bytes, LPCSTR from);
HRESULT StringCbCopyNA(LPSTR to, size_t bytes, LPCSTR from, size_t most);
HRESULT StringCbCatA(LPSTR to, size_t bytes, LPCSTR from);
HRESULT StringCbCatNA(LPSTR to, size_t bytes, LPCSTR from, size_t most);
HRESULT StringCbPrintfA(LPSTR to, size_t bytes, LPCSTR format, ...);
HRESULT StringCbVPrintfA(LPSTR to, size_t bytes, LPCSTR format, va_list arguments);
HRESULT StringCbLengthA(LPCSTR text, size_t most, size_t *length);
HRESULT StringCbCopyW(LPWSTR to, size_t bytes, LPCWSTR from);
HRESULT StringCbCatW(LPWSTR to, size_t bytes, LPCWSTR from);
HRESULT StringCbLengthW(LPCWSTR text, size_t most, size_t *length);
HRESULT StringCchCopyW(LPWSTR to, size_t count, LPCWSTR from);
HRESULT StringCchCatW(LPWSTR to, size_t count, LPCWSTR from);
HRESULT StringCchLengthW(LPCWSTR text, size_t most, size_t *length);

/* A character of the A functions is a byte. */
#define StringCchCopyA    StringCbCopyA
#define StringCchCopyNA   StringCbCopyNA
#define StringCchCatA     StringCbCatA
#define StringCchCatNA    StringCbCatNA
#define StringCchPrintfA  StringCbPrintfA
#define StringCchVPrintfA StringCbVPrintfA
#define StringCchLengthA  StringCbLengthA

#ifdef UNICODE
#define StringCbCopy    StringCbCopyW
#define StringCbCat     StringCbCatW
#define StringCbLength  StringCbLengthW
#define StringCchCopy   StringCchCopyW
#define StringCchCat    StringCchCatW
#define StringCchLength StringCchLengthW
#else
#define StringCbCopy     StringCbCopyA
#define StringCbCopyN    StringCbCopyNA
#define StringCbCat      StringCbCatA
#define StringCbCatN     StringCbCatNA
#define StringCbPrintf   StringCbPrintfA
#define StringCbVPrintf  StringCbVPrintfA
#define StringCbLength   StringCbLengthA
#define StringCchCopy    StringCchCopyA
#define StringCchCopyN   StringCchCopyNA
#define StringCchCat     StringCchCatA
#define StringCchCatN    StringCchCatNA
#define StringCchPrintf  StringCchPrintfA
#define StringCchVPrintf StringCchVPrintfA
#define StringCchLength  StringCchLengthA
#endif

#endif
