// SPDX-License-Identifier: MIT
//
// User-mode accessors: reading and writing the memory that a request brought, each checked by
// itself, so that no probe is needed. User memory is what ddk/probe.h says: the ranges of the
// request that is being dispatched. ...Mode forms take addresses of either kind: with KernelMode
// an address of user memory is a bug check.
// Each raises: STATUS_ACCESS_VIOLATION for what is no user memory (writing: or not for writing),
// so it stands in a __try. Accesses are volatile and, in the scalar and bulk forms, not bound to
// any alignment; Acquire and Release order them. IRQL <= APC_LEVEL, all of them.
// Documentation: "User-mode accessors", nf-usermode_accessors-*.

#ifndef DDK_USERMODE_ACCESSORS_H
#define DDK_USERMODE_ACCESSORS_H

#include <wdm.h>

// --- Scalars: ReadULongFromUser and its five relatives for each type.
#define DDK_UMA_PLAIN(name, type)                                                                  \
    type Read##name##FromUser(const volatile type *source);                                        \
    type Read##name##FromMode(const volatile type *source, KPROCESSOR_MODE mode);                  \
    VOID Write##name##ToUser(volatile type *destination, type value);                              \
    VOID Write##name##ToMode(volatile type *destination, type value, KPROCESSOR_MODE mode)
#define DDK_UMA_SCALAR(name, type)                                                                 \
    DDK_UMA_PLAIN(name, type);                                                                     \
    type Read##name##FromUserAcquire(const volatile type *source);                                 \
    VOID Write##name##ToUserRelease(volatile type *destination, type value)

DDK_UMA_SCALAR(Boolean, BOOLEAN);
DDK_UMA_SCALAR(Char, CHAR);
DDK_UMA_SCALAR(UChar, UCHAR);
DDK_UMA_SCALAR(Short, SHORT);
DDK_UMA_SCALAR(UShort, USHORT);
DDK_UMA_SCALAR(Long, LONG);
DDK_UMA_SCALAR(ULong, ULONG);
DDK_UMA_SCALAR(Long64, LONG64);
DDK_UMA_SCALAR(ULong64, ULONG64);
DDK_UMA_SCALAR(Longlong, LONGLONG);
DDK_UMA_SCALAR(ULonglong, ULONGLONG);
DDK_UMA_SCALAR(LongPtr, LONG_PTR);
DDK_UMA_SCALAR(ULongPtr, ULONG_PTR);
DDK_UMA_SCALAR(Int8, INT8);
DDK_UMA_SCALAR(Int16, INT16);
DDK_UMA_SCALAR(Int32, INT32);
DDK_UMA_SCALAR(Int64, INT64);
DDK_UMA_SCALAR(UInt8, UINT8);
DDK_UMA_SCALAR(UInt16, UINT16);
DDK_UMA_SCALAR(UInt32, UINT32);
DDK_UMA_SCALAR(UInt64, UINT64);
DDK_UMA_SCALAR(IntPtr, INT_PTR);
DDK_UMA_SCALAR(UIntPtr, UINT_PTR);
DDK_UMA_SCALAR(SizeT, SIZE_T);
DDK_UMA_SCALAR(SSizeT, SSIZE_T);
DDK_UMA_SCALAR(Handle, HANDLE);
DDK_UMA_SCALAR(NtStatus, NTSTATUS);
DDK_UMA_SCALAR(Pointer, PVOID);
DDK_UMA_SCALAR(WChar, WCHAR);
DDK_UMA_PLAIN(LargeInteger, LARGE_INTEGER);
DDK_UMA_PLAIN(ULargeInteger, ULARGE_INTEGER);
DDK_UMA_PLAIN(UnicodeString, UNICODE_STRING);

// --- Bytes. "User" is checked, the other side is the driver's own memory. The ranges do not
// overlap but for MoveToUserFromUser. Length 0 is not checked.
VOID CopyFromUser(PVOID destination, const volatile VOID *source, SIZE_T length);
VOID CopyToUser(volatile VOID *destination, const VOID *source, SIZE_T length);
VOID CopyFromMode(PVOID destination, const volatile VOID *source, SIZE_T length,
                  KPROCESSOR_MODE mode);
VOID CopyToMode(volatile VOID *destination, const VOID *source, SIZE_T length,
                KPROCESSOR_MODE mode);
// mode is that of the destination.
VOID CopyFromUserToMode(volatile VOID *destination, const volatile VOID *source, SIZE_T length,
                        KPROCESSOR_MODE mode);
VOID CopyToUserFromUser(volatile VOID *destination, const volatile VOID *source, SIZE_T length);
VOID MoveToUserFromUser(volatile VOID *destination, const volatile VOID *source, SIZE_T length);
// There are no non-temporal accesses on this machine: as the plain forms.
VOID CopyFromUserNonTemporal(PVOID destination, const volatile VOID *source, SIZE_T length);
VOID CopyToUserNonTemporal(volatile VOID *destination, const VOID *source, SIZE_T length);
VOID CopyFromModeNonTemporal(PVOID destination, const volatile VOID *source, SIZE_T length,
                             KPROCESSOR_MODE mode);
VOID CopyToModeNonTemporal(volatile VOID *destination, const VOID *source, SIZE_T length,
                           KPROCESSOR_MODE mode);
VOID FillUserMemory(volatile VOID *destination, SIZE_T length, UCHAR fill);
VOID FillModeMemory(volatile VOID *destination, SIZE_T length, UCHAR fill, KPROCESSOR_MODE mode);
VOID ZeroUserMemory(volatile VOID *destination, SIZE_T length);
VOID ZeroModeMemory(volatile VOID *destination, SIZE_T length, KPROCESSOR_MODE mode);

// STATUS_DATATYPE_MISALIGNMENT unless the address is a multiple of alignment (a power of two).
VOID ExProbeAlignment(const volatile VOID *address, SIZE_T length, ULONG alignment);
#define CopyFromUserAligned(destination, source, length, alignment)                                \
    (ExProbeAlignment(source, length, alignment), CopyFromUser(destination, source, length))
#define CopyFromModeAligned(destination, source, length, mode, alignment)                          \
    ((mode) != KernelMode ? ExProbeAlignment(source, length, alignment) : (void)0,                 \
     CopyFromMode(destination, source, length, mode))

// --- Structures: as long as what the pointers point to, which must be of one size.
VOID ReadStructFromUserHelper(PVOID destination, const volatile VOID *source, SIZE_T size);
VOID ReadStructFromModeHelper(PVOID destination, const volatile VOID *source, SIZE_T size,
                              KPROCESSOR_MODE mode);
VOID WriteStructToUserHelper(volatile VOID *destination, const VOID *source, SIZE_T size);
VOID WriteStructToModeHelper(volatile VOID *destination, const VOID *source, SIZE_T size,
                             KPROCESSOR_MODE mode);
#define DDK_UMA_SIZE(a, b) (sizeof(*(a)) + 0 * sizeof(char[sizeof(*(a)) == sizeof(*(b)) ? 1 : -1]))
#define ReadStructFromUser(destination, source)                                                    \
    ReadStructFromUserHelper(destination, source, DDK_UMA_SIZE(destination, source))
#define ReadStructFromMode(destination, source, mode)                                              \
    ReadStructFromModeHelper(destination, source, DDK_UMA_SIZE(destination, source), mode)
#define WriteStructToUser(destination, source)                                                     \
    WriteStructToUserHelper(destination, source, DDK_UMA_SIZE(destination, source))
#define WriteStructToMode(destination, source, mode)                                               \
    WriteStructToModeHelper(destination, source, DDK_UMA_SIZE(destination, source), mode)
#define ReadStructFromUserAligned(destination, source, alignment)                                  \
    (ExProbeAlignment(source, sizeof(*(source)), alignment),                                       \
     ReadStructFromUser(destination, source))
#define ReadStructFromModeAligned(destination, source, mode, alignment)                            \
    ((mode) != KernelMode ? ExProbeAlignment(source, sizeof(*(source)), alignment) : (void)0,      \
     ReadStructFromMode(destination, source, mode))
#define WriteStructToUserAligned(destination, source, alignment)                                   \
    (ExProbeAlignment(destination, sizeof(*(destination)), alignment),                             \
     WriteStructToUser(destination, source))
#define WriteStructToModeAligned(destination, source, mode, alignment)                             \
    ((mode) != KernelMode ? ExProbeAlignment(destination, sizeof(*(destination)), alignment)       \
                          : (void)0,                                                               \
     WriteStructToMode(destination, source, mode))

// --- Strings: characters before the zero, which must lie in the same range.
SIZE_T StringLengthFromUser(const volatile CHAR *string);
SIZE_T StringLengthFromMode(const volatile CHAR *string, KPROCESSOR_MODE mode);
SIZE_T WideStringLengthFromUser(const volatile WCHAR *string);
SIZE_T WideStringLengthFromMode(const volatile WCHAR *string, KPROCESSOR_MODE mode);

// --- Interlocked: the value before; full barrier. STATUS_DATATYPE_MISALIGNMENT as well.
LONG InterlockedAndToUser(LONG volatile *destination, LONG value);
LONG InterlockedAndToMode(LONG volatile *destination, LONG value, KPROCESSOR_MODE mode);
LONG64 InterlockedAnd64ToUser(LONG64 volatile *destination, LONG64 value);
LONG64 InterlockedAnd64ToMode(LONG64 volatile *destination, LONG64 value, KPROCESSOR_MODE mode);
LONG InterlockedOrToUser(LONG volatile *destination, LONG value);
LONG InterlockedOrToMode(LONG volatile *destination, LONG value, KPROCESSOR_MODE mode);
LONG64 InterlockedOr64ToUser(LONG64 volatile *destination, LONG64 value);
LONG64 InterlockedOr64ToMode(LONG64 volatile *destination, LONG64 value, KPROCESSOR_MODE mode);
LONG InterlockedCompareExchangeToUser(LONG volatile *destination, LONG exchange, LONG comperand);
LONG InterlockedCompareExchangeToMode(LONG volatile *destination, LONG exchange, LONG comperand,
                                      KPROCESSOR_MODE mode);
LONG64 InterlockedCompareExchange64ToUser(LONG64 volatile *destination, LONG64 exchange,
                                          LONG64 comperand);
LONG64 InterlockedCompareExchange64ToMode(LONG64 volatile *destination, LONG64 exchange,
                                          LONG64 comperand, KPROCESSOR_MODE mode);

#endif
