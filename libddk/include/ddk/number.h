// SPDX-License-Identifier: MIT
//
// Numbers and GUIDs in text, hashes, random numbers, 64-bit helpers, locally unique identifiers.
// Documentation: nf-wdm-rtl*integer*, nf-wdm-rtl*guid*, nf-wdm-rtlhashunicodestring and neighbours.

#ifndef DDK_NUMBER_H
#define DDK_NUMBER_H

// Text to number: white space, a sign, digits up to the first that is none. Base 2, 8, 10, 16, or
// 0: the prefixes 0b, 0o, 0x choose, else decimal. STATUS_INVALID_PARAMETER for an empty string
// (the Unicode form) and for another base. Too large a number wraps. PASSIVE_LEVEL.
NTSTATUS RtlUnicodeStringToInteger(PCUNICODE_STRING s, ULONG base, PULONG value);
NTSTATUS RtlCharToInteger(PCSZ s, ULONG base, PULONG value);
// Number to text, without a prefix; base 0 is decimal. STATUS_BUFFER_OVERFLOW when s is too small,
// STATUS_INVALID_PARAMETER for another base. PASSIVE_LEVEL.
NTSTATUS RtlIntegerToUnicodeString(ULONG value, ULONG base, PUNICODE_STRING s);
NTSTATUS RtlInt64ToUnicodeString(ULONGLONG value, ULONG base, PUNICODE_STRING s);
#define RtlIntPtrToUnicodeString(value, base, s) RtlInt64ToUnicodeString(value, base, s)

// "{xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx}". The string is allocated (RtlFreeUnicodeString):
// STATUS_NO_MEMORY. Back: STATUS_INVALID_PARAMETER leaves *guid alone. PASSIVE_LEVEL.
NTSTATUS RtlStringFromGUID(const GUID *guid, PUNICODE_STRING s);
NTSTATUS RtlGUIDFromString(PCUNICODE_STRING s, GUID *guid);

#define HASH_STRING_ALGORITHM_DEFAULT 0
#define HASH_STRING_ALGORITHM_X65599  1
#define HASH_STRING_ALGORITHM_INVALID 0xffffffff
// STATUS_INVALID_PARAMETER for NULL or an unknown algorithm. IRQL <= APC_LEVEL.
NTSTATUS RtlHashUnicodeString(PCUNICODE_STRING s, BOOLEAN ignore_case, ULONG algorithm,
                              PULONG hash);
ULONG RtlHashBytes(const UCHAR *bytes, ULONG n, ULONG seed);
// Uniform in 0 ... MAXLONG; *seed is input and output. IRQL <= APC_LEVEL.
ULONG RtlRandomEx(PULONG seed);
ULONG RtlRandom(PULONG seed);

// 64-bit integers from times when compilers had none. Any IRQL.
#define RtlConvertLongToLargeInteger(v)  ((LARGE_INTEGER){.QuadPart = (LONG)(v)})
#define RtlConvertUlongToLargeInteger(v) ((LARGE_INTEGER){.QuadPart = (ULONG)(v)})
#define RtlExtendedIntegerMultiply(a, b) ((LARGE_INTEGER){.QuadPart = (a).QuadPart * (b)})
// dividend * magic / 2^(64 + shift), rounded towards 0; magic is read as unsigned.
LARGE_INTEGER RtlExtendedMagicDivide(LARGE_INTEGER dividend, LARGE_INTEGER magic, CCHAR shift);

// Locally unique identifiers. Any IRQL.
#define RtlEqualLuid(a, b)                                                                         \
    ((BOOLEAN)((a)->LowPart == (b)->LowPart && (a)->HighPart == (b)->HighPart))
#define RtlIsZeroLuid(l)         ((BOOLEAN)(((l)->LowPart | (ULONG)(l)->HighPart) == 0))
#define RtlConvertLongToLuid(v)  ((LUID){(ULONG)(v), (LONG)(v) < 0 ? -1 : 0})
#define RtlConvertUlongToLuid(v) ((LUID){(ULONG)(v), 0})

// Bytes in reverse order, in place.
#define REVERSE_BYTES_SHORT(to, from) RtlStoreUshort(to, __builtin_bswap16(*(const USHORT *)(from)))
#define REVERSE_BYTES(to, from)       RtlStoreUlong(to, __builtin_bswap32(*(const ULONG *)(from)))
#define REVERSE_BYTES_QUAD(to, from)                                                               \
    RtlStoreUlonglong(to, __builtin_bswap64(*(const ULONGLONG *)(from)))
#define REVERSE_SHORT(value) (*(value) = __builtin_bswap16(*(value)))
#define REVERSE_LONG(value)  (*(value) = __builtin_bswap32(*(value)))

#endif
