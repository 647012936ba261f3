// SPDX-License-Identifier: MIT
//
// User-mode accessors of bytes, structures, strings, and interlocked ones. Ranges of a request do
// not change while it is dispatched, so a whole range is checked first and then copied.

#include "uaccess.h"

VOID CopyFromUser(PVOID destination, const volatile VOID *source, SIZE_T length)
{
    UMA_USER("CopyFromUser", source, length, UMA_READ);
    RtlCopyVolatileMemory(destination, source, length);
}

VOID CopyToUser(volatile VOID *destination, const VOID *source, SIZE_T length)
{
    UMA_USER("CopyToUser", destination, length, UMA_WRITE);
    RtlCopyVolatileMemory(destination, source, length);
}

VOID CopyFromMode(PVOID destination, const volatile VOID *source, SIZE_T length,
                  KPROCESSOR_MODE mode)
{
    UMA_MODE("CopyFromMode", source, length, UMA_READ, mode);
    RtlCopyVolatileMemory(destination, source, length);
}

VOID CopyToMode(volatile VOID *destination, const VOID *source, SIZE_T length, KPROCESSOR_MODE mode)
{
    UMA_MODE("CopyToMode", destination, length, UMA_WRITE, mode);
    RtlCopyVolatileMemory(destination, source, length);
}

VOID CopyFromUserToMode(volatile VOID *destination, const volatile VOID *source, SIZE_T length,
                        KPROCESSOR_MODE mode)
{
    UMA_USER("CopyFromUserToMode", source, length, UMA_READ);
    UMA_MODE("CopyFromUserToMode", destination, length, UMA_WRITE, mode);
    RtlCopyVolatileMemory(destination, source, length);
}

VOID CopyToUserFromUser(volatile VOID *destination, const volatile VOID *source, SIZE_T length)
{
    UMA_USER("CopyToUserFromUser", source, length, UMA_READ);
    UMA_USER("CopyToUserFromUser", destination, length, UMA_WRITE);
    RtlCopyVolatileMemory(destination, source, length);
}

VOID MoveToUserFromUser(volatile VOID *destination, const volatile VOID *source, SIZE_T length)
{
    UMA_USER("MoveToUserFromUser", source, length, UMA_READ);
    UMA_USER("MoveToUserFromUser", destination, length, UMA_WRITE);
    RtlMoveVolatileMemory(destination, source, length);
}

VOID CopyFromUserNonTemporal(PVOID destination, const volatile VOID *source, SIZE_T length)
{
    UMA_USER("CopyFromUserNonTemporal", source, length, UMA_READ);
    RtlCopyVolatileMemory(destination, source, length);
}

VOID CopyToUserNonTemporal(volatile VOID *destination, const VOID *source, SIZE_T length)
{
    UMA_USER("CopyToUserNonTemporal", destination, length, UMA_WRITE);
    RtlCopyVolatileMemory(destination, source, length);
}

VOID CopyFromModeNonTemporal(PVOID destination, const volatile VOID *source, SIZE_T length,
                             KPROCESSOR_MODE mode)
{
    UMA_MODE("CopyFromModeNonTemporal", source, length, UMA_READ, mode);
    RtlCopyVolatileMemory(destination, source, length);
}

VOID CopyToModeNonTemporal(volatile VOID *destination, const VOID *source, SIZE_T length,
                           KPROCESSOR_MODE mode)
{
    UMA_MODE("CopyToModeNonTemporal", destination, length, UMA_WRITE, mode);
    RtlCopyVolatileMemory(destination, source, length);
}

VOID FillUserMemory(volatile VOID *destination, SIZE_T length, UCHAR fill)
{
    UMA_USER("FillUserMemory", destination, length, UMA_WRITE);
    RtlFillVolatileMemory(destination, length, fill);
}

VOID FillModeMemory(volatile VOID *destination, SIZE_T length, UCHAR fill, KPROCESSOR_MODE mode)
{
    UMA_MODE("FillModeMemory", destination, length, UMA_WRITE, mode);
    RtlFillVolatileMemory(destination, length, fill);
}

VOID ZeroUserMemory(volatile VOID *destination, SIZE_T length)
{
    UMA_USER("ZeroUserMemory", destination, length, UMA_WRITE);
    RtlZeroVolatileMemory(destination, length);
}

VOID ZeroModeMemory(volatile VOID *destination, SIZE_T length, KPROCESSOR_MODE mode)
{
    UMA_MODE("ZeroModeMemory", destination, length, UMA_WRITE, mode);
    RtlZeroVolatileMemory(destination, length);
}

// --- Structures

VOID ReadStructFromUserHelper(PVOID destination, const volatile VOID *source, SIZE_T size)
{
    UMA_USER("ReadStructFromUser", source, size, UMA_READ);
    RtlCopyVolatileMemory(destination, source, size);
}

VOID ReadStructFromModeHelper(PVOID destination, const volatile VOID *source, SIZE_T size,
                              KPROCESSOR_MODE mode)
{
    UMA_MODE("ReadStructFromMode", source, size, UMA_READ, mode);
    RtlCopyVolatileMemory(destination, source, size);
}

VOID WriteStructToUserHelper(volatile VOID *destination, const VOID *source, SIZE_T size)
{
    UMA_USER("WriteStructToUser", destination, size, UMA_WRITE);
    RtlCopyVolatileMemory(destination, source, size);
}

VOID WriteStructToModeHelper(volatile VOID *destination, const VOID *source, SIZE_T size,
                             KPROCESSOR_MODE mode)
{
    UMA_MODE("WriteStructToMode", destination, size, UMA_WRITE, mode);
    RtlCopyVolatileMemory(destination, source, size);
}

VOID ExProbeAlignment(const volatile VOID *address, SIZE_T length, ULONG alignment)
{
    ki_require_irql(APC_LEVEL, "ExProbeAlignment above APC_LEVEL");
    if (length != 0 && ((ULONG_PTR)address & (alignment - 1)) != 0)
        ki_raise_rule(STATUS_DATATYPE_MISALIGNMENT, "misaligned user address outside of a __try");
}

// --- Strings: checked character by character, since nobody knows how long they are.

static SIZE_T length_of(const volatile UCHAR *string, SIZE_T unit, KPROCESSOR_MODE mode,
                        const char *above)
{
    SIZE_T n = 0;
    for (;; n++) {
        const volatile UCHAR *at = string + n * unit;
        mm_check_mode(at, unit, UMA_READ, mode, above);
        if (at[0] == 0 && at[unit - 1] == 0)
            return n;
    }
}

SIZE_T StringLengthFromUser(const volatile CHAR *string)
{
    return length_of((const volatile UCHAR *)string, sizeof(CHAR), UserMode,
                     "StringLengthFromUser above APC_LEVEL");
}

SIZE_T StringLengthFromMode(const volatile CHAR *string, KPROCESSOR_MODE mode)
{
    return length_of((const volatile UCHAR *)string, sizeof(CHAR), mode,
                     "StringLengthFromMode above APC_LEVEL");
}

SIZE_T WideStringLengthFromUser(const volatile WCHAR *string)
{
    return length_of((const volatile UCHAR *)string, sizeof(WCHAR), UserMode,
                     "WideStringLengthFromUser above APC_LEVEL");
}

SIZE_T WideStringLengthFromMode(const volatile WCHAR *string, KPROCESSOR_MODE mode)
{
    return length_of((const volatile UCHAR *)string, sizeof(WCHAR), mode,
                     "WideStringLengthFromMode above APC_LEVEL");
}

// --- Interlocked

static void check_interlocked(volatile VOID *address, SIZE_T size, KPROCESSOR_MODE mode,
                              const char *above)
{
    mm_check_mode(address, size, UMA_WRITE, mode, above);
    ExProbeAlignment(address, size, (ULONG)size);
}

#define INTERLOCKED(name, type, operation)                                                         \
    type Interlocked##name##ToUser(type volatile *destination, type value)                         \
    {                                                                                              \
        check_interlocked(destination, sizeof(type), UserMode,                                     \
                          "Interlocked" #name "ToUser above APC_LEVEL");                           \
        return operation(destination, value, __ATOMIC_SEQ_CST);                                    \
    }                                                                                              \
    type Interlocked##name##ToMode(type volatile *destination, type value, KPROCESSOR_MODE mode)   \
    {                                                                                              \
        check_interlocked(destination, sizeof(type), mode,                                         \
                          "Interlocked" #name "ToMode above APC_LEVEL");                           \
        return operation(destination, value, __ATOMIC_SEQ_CST);                                    \
    }

#define COMPARE_EXCHANGE(name, type)                                                               \
    static type exchange_##name(type volatile *destination, type exchange, type comperand)         \
    {                                                                                              \
        (void)__atomic_compare_exchange_n(destination, &comperand, exchange, false,                \
                                          __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);                     \
        return comperand;                                                                          \
    }                                                                                              \
    type Interlocked##name##ToUser(type volatile *destination, type exchange, type comperand)      \
    {                                                                                              \
        check_interlocked(destination, sizeof(type), UserMode,                                     \
                          "Interlocked" #name "ToUser above APC_LEVEL");                           \
        return exchange_##name(destination, exchange, comperand);                                  \
    }                                                                                              \
    type Interlocked##name##ToMode(type volatile *destination, type exchange, type comperand,      \
                                   KPROCESSOR_MODE mode)                                           \
    {                                                                                              \
        check_interlocked(destination, sizeof(type), mode,                                         \
                          "Interlocked" #name "ToMode above APC_LEVEL");                           \
        return exchange_##name(destination, exchange, comperand);                                  \
    }

INTERLOCKED(And, LONG, __atomic_fetch_and)
INTERLOCKED(And64, LONG64, __atomic_fetch_and)
INTERLOCKED(Or, LONG, __atomic_fetch_or)
INTERLOCKED(Or64, LONG64, __atomic_fetch_or)
COMPARE_EXCHANGE(CompareExchange, LONG)
COMPARE_EXCHANGE(CompareExchange64, LONG64)
