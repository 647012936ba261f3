// SPDX-License-Identifier: MIT
//
// Run-time library: memory, counted strings, numbers, bitmaps, GUIDs, time. Stateless.
// Routines that compare without regard to case or allocate want PASSIVE_LEVEL; the rest any IRQL.
// Documentation: nf-wdm-rtl* pages.

#ifndef DDK_RTL_H
#define DDK_RTL_H

#define RtlCopyMemory(to, from, n) memcpy((to), (from), (n))
#define RtlMoveMemory(to, from, n) memmove((to), (from), (n))
#define RtlZeroMemory(to, n)       memset((to), 0, (n))
#define RtlFillMemory(to, n, byte) memset((to), (byte), (n))
#define RtlEqualMemory(a, b, n)    (memcmp((a), (b), (n)) == 0)
#define RtlCopyBytes               RtlCopyMemory
#define RtlZeroBytes               RtlZeroMemory
#define RtlFillBytes               RtlFillMemory

// Number of equal bytes before the first difference.
SIZE_T RtlCompareMemory(const VOID *a, const VOID *b, SIZE_T n);
// Never removed by the compiler.
PVOID RtlSecureZeroMemory(PVOID to, SIZE_T n);

// Points at the text, copies nothing; NULL gives an empty string.
VOID RtlInitUnicodeString(PUNICODE_STRING to, PCWSTR text);
VOID RtlInitString(PSTRING to, PCSTR text);
VOID RtlInitAnsiString(PANSI_STRING to, PCSTR text);
FORCEINLINE VOID RtlInitEmptyUnicodeString(PUNICODE_STRING to, PWCHAR buffer, USHORT bytes)
{
    to->Length = 0;
    to->MaximumLength = bytes;
    to->Buffer = buffer;
}

// Copies as much as fits; NULL source empties.
VOID RtlCopyUnicodeString(PUNICODE_STRING to, PCUNICODE_STRING from);
VOID RtlCopyString(PSTRING to, const STRING *from);
// STATUS_BUFFER_TOO_SMALL leaves the destination unchanged.
NTSTATUS RtlAppendUnicodeStringToString(PUNICODE_STRING to, PCUNICODE_STRING from);
NTSTATUS RtlAppendUnicodeToString(PUNICODE_STRING to, PCWSTR from);
LONG RtlCompareUnicodeString(PCUNICODE_STRING a, PCUNICODE_STRING b, BOOLEAN ignore_case);
BOOLEAN RtlEqualUnicodeString(PCUNICODE_STRING a, PCUNICODE_STRING b, BOOLEAN ignore_case);
BOOLEAN RtlPrefixUnicodeString(PCUNICODE_STRING prefix, PCUNICODE_STRING s, BOOLEAN ignore_case);
LONG RtlCompareString(const STRING *a, const STRING *b, BOOLEAN ignore_case);
BOOLEAN RtlEqualString(const STRING *a, const STRING *b, BOOLEAN ignore_case);
WCHAR RtlUpcaseUnicodeChar(WCHAR c);
WCHAR RtlDowncaseUnicodeChar(WCHAR c);
CHAR RtlUpperChar(CHAR c);
NTSTATUS RtlUpcaseUnicodeString(PUNICODE_STRING to, PCUNICODE_STRING from, BOOLEAN allocate);
#define RTL_DUPLICATE_UNICODE_STRING_NULL_TERMINATE 1
NTSTATUS RtlDuplicateUnicodeString(ULONG flags, PCUNICODE_STRING from, PUNICODE_STRING to);

// ANSI text is Latin-1 on this system: a character above 0xff becomes '?'.
NTSTATUS RtlAnsiStringToUnicodeString(PUNICODE_STRING to, PCANSI_STRING from, BOOLEAN allocate);
NTSTATUS RtlUnicodeStringToAnsiString(PANSI_STRING to, PCUNICODE_STRING from, BOOLEAN allocate);
#define RtlAnsiStringToUnicodeSize(s) (((ULONG)(s)->Length + 1) * (ULONG)sizeof(WCHAR))
#define RtlxAnsiStringToUnicodeSize   RtlAnsiStringToUnicodeSize
#define RtlUnicodeStringToAnsiSize(s) ((ULONG)((s)->Length / sizeof(WCHAR) + 1))
// UTF-8. The byte counts go to *result; STATUS_BUFFER_TOO_SMALL; STATUS_SOME_NOT_MAPPED for
// sequences that had to be replaced.
NTSTATUS RtlUTF8ToUnicodeN(PWSTR to, ULONG to_bytes, PULONG result, PCCH from, ULONG from_bytes);
NTSTATUS RtlUnicodeToUTF8N(PCHAR to, ULONG to_bytes, PULONG result, PCWCH from, ULONG from_bytes);

// Frees what an Rtl routine allocated.
VOID RtlFreeUnicodeString(PUNICODE_STRING s);
VOID RtlFreeAnsiString(PANSI_STRING s);

// Base 0: prefixes 0x, 0o, 0b choose, else decimal. STATUS_INVALID_PARAMETER for a bad base.
NTSTATUS RtlUnicodeStringToInteger(PCUNICODE_STRING s, ULONG base, PULONG value);
NTSTATUS RtlCharToInteger(PCSZ s, ULONG base, PULONG value);
// STATUS_BUFFER_OVERFLOW when s is too small.
NTSTATUS RtlIntegerToUnicodeString(ULONG value, ULONG base, PUNICODE_STRING s);
NTSTATUS RtlInt64ToUnicodeString(ULONGLONG value, ULONG base, PUNICODE_STRING s);

// "{xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx}". The string is allocated (RtlFreeUnicodeString).
NTSTATUS RtlStringFromGUID(const GUID *guid, PUNICODE_STRING s);
NTSTATUS RtlGUIDFromString(PCUNICODE_STRING s, GUID *guid);
ULONG RtlHashBytes(const UCHAR *bytes, ULONG n, ULONG seed);
#define HASH_STRING_ALGORITHM_DEFAULT 0
#define HASH_STRING_ALGORITHM_X65599  1
NTSTATUS RtlHashUnicodeString(PCUNICODE_STRING s, BOOLEAN ignore_case, ULONG algorithm,
                              PULONG hash);

typedef struct _RTL_BITMAP {
    ULONG SizeOfBitMap;
    PULONG Buffer;
} RTL_BITMAP, *PRTL_BITMAP;

// Bit indices outside of the map are a bug check. Find routines return 0xffffffff without success.
VOID RtlInitializeBitMap(PRTL_BITMAP map, PULONG buffer, ULONG bits);
VOID RtlSetBit(PRTL_BITMAP map, ULONG bit);
VOID RtlClearBit(PRTL_BITMAP map, ULONG bit);
BOOLEAN RtlTestBit(const RTL_BITMAP *map, ULONG bit);
VOID RtlSetBits(PRTL_BITMAP map, ULONG start, ULONG count);
VOID RtlClearBits(PRTL_BITMAP map, ULONG start, ULONG count);
VOID RtlSetAllBits(PRTL_BITMAP map);
VOID RtlClearAllBits(PRTL_BITMAP map);
BOOLEAN RtlAreBitsSet(const RTL_BITMAP *map, ULONG start, ULONG count);
BOOLEAN RtlAreBitsClear(const RTL_BITMAP *map, ULONG start, ULONG count);
ULONG RtlFindClearBits(const RTL_BITMAP *map, ULONG count, ULONG hint);
ULONG RtlFindSetBits(const RTL_BITMAP *map, ULONG count, ULONG hint);
ULONG RtlFindClearBitsAndSet(PRTL_BITMAP map, ULONG count, ULONG hint);
ULONG RtlFindSetBitsAndClear(PRTL_BITMAP map, ULONG count, ULONG hint);
ULONG RtlNumberOfSetBits(const RTL_BITMAP *map);
ULONG RtlNumberOfClearBits(const RTL_BITMAP *map);
#define RtlCheckBit(map, bit) ((((map)->Buffer[(bit) / 32]) >> ((bit) % 32)) & 1u)
CCHAR RtlFindMostSignificantBit(ULONGLONG value);
CCHAR RtlFindLeastSignificantBit(ULONGLONG value);

typedef struct _TIME_FIELDS {
    CSHORT Year;
    CSHORT Month;
    CSHORT Day;
    CSHORT Hour;
    CSHORT Minute;
    CSHORT Second;
    CSHORT Milliseconds;
    CSHORT Weekday;
} TIME_FIELDS, *PTIME_FIELDS;

// Times: 100 ns since 1 January 1601 UTC. FieldsToTime is FALSE for fields that are no date.
VOID RtlTimeToTimeFields(PLARGE_INTEGER time, PTIME_FIELDS fields);
BOOLEAN RtlTimeFieldsToTime(PTIME_FIELDS fields, PLARGE_INTEGER time);
VOID RtlSecondsSince1970ToTime(ULONG seconds, PLARGE_INTEGER time);
BOOLEAN RtlTimeToSecondsSince1970(PLARGE_INTEGER time, PULONG seconds);
ULONG RtlRandomEx(PULONG seed);

#define RtlUshortByteSwap(v)             __builtin_bswap16(v)
#define RtlUlongByteSwap(v)              __builtin_bswap32(v)
#define RtlUlonglongByteSwap(v)          __builtin_bswap64(v)
#define RtlExtendedIntegerMultiply(a, b) ((LARGE_INTEGER){.QuadPart = (a).QuadPart * (b)})

// Volatile and device memory: each location is accessed inside the call and never elided; the
// device forms use aligned accesses only. Any IRQL for resident memory.
volatile VOID *RtlCopyVolatileMemory(volatile VOID *to, const volatile VOID *from, SIZE_T n);
volatile VOID *RtlMoveVolatileMemory(volatile VOID *to, const volatile VOID *from, SIZE_T n);
volatile VOID *RtlSetVolatileMemory(volatile VOID *to, int byte, SIZE_T n);
volatile VOID *RtlFillVolatileMemory(volatile VOID *to, SIZE_T n, int byte);
volatile VOID *RtlZeroVolatileMemory(volatile VOID *to, SIZE_T n);
volatile VOID *RtlSecureZeroMemory2(volatile VOID *to, SIZE_T n);
volatile VOID *RtlCopyDeviceMemory(volatile VOID *to, const volatile VOID *from, SIZE_T n);
volatile VOID *RtlFillDeviceMemory(volatile VOID *to, SIZE_T n, int byte);
volatile VOID *RtlZeroDeviceMemory(volatile VOID *to, SIZE_T n);
BOOLEAN RtlEqualDeviceMemory(const volatile VOID *a, const volatile VOID *b, SIZE_T n);
SIZE_T RtlCompareDeviceMemory(const volatile VOID *a, const volatile VOID *b, SIZE_T n);

USHORT RtlCaptureStackBackTrace(ULONG skip, ULONG count, PVOID *frames, PULONG hash);

#endif
