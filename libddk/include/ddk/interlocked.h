// SPDX-License-Identifier: MIT
//
// Interlocked operations: full barriers unless the name says NoFence, Acquire or Release. Any IRQL.
// Increment, Decrement return the new value; Exchange, ExchangeAdd, And, Or, Xor and
// CompareExchange the old one.
// Documentation: nf-wdm-interlocked*.

#ifndef DDK_INTERLOCKED_H
#define DDK_INTERLOCKED_H

#define DDK_INTERLOCKED_SET(suffix, type)                                                          \
    FORCEINLINE type InterlockedIncrement##suffix(volatile type *p)                                \
    {                                                                                              \
        return __atomic_add_fetch(p, 1, __ATOMIC_SEQ_CST);                                         \
    }                                                                                              \
    FORCEINLINE type InterlockedDecrement##suffix(volatile type *p)                                \
    {                                                                                              \
        return __atomic_sub_fetch(p, 1, __ATOMIC_SEQ_CST);                                         \
    }                                                                                              \
    FORCEINLINE type InterlockedExchange##suffix(volatile type *p, type value)                     \
    {                                                                                              \
        return __atomic_exchange_n(p, value, __ATOMIC_SEQ_CST);                                    \
    }                                                                                              \
    FORCEINLINE type InterlockedExchangeAdd##suffix(volatile type *p, type value)                  \
    {                                                                                              \
        return __atomic_fetch_add(p, value, __ATOMIC_SEQ_CST);                                     \
    }                                                                                              \
    FORCEINLINE type InterlockedAnd##suffix(volatile type *p, type value)                          \
    {                                                                                              \
        return __atomic_fetch_and(p, value, __ATOMIC_SEQ_CST);                                     \
    }                                                                                              \
    FORCEINLINE type InterlockedOr##suffix(volatile type *p, type value)                           \
    {                                                                                              \
        return __atomic_fetch_or(p, value, __ATOMIC_SEQ_CST);                                      \
    }                                                                                              \
    FORCEINLINE type InterlockedXor##suffix(volatile type *p, type value)                          \
    {                                                                                              \
        return __atomic_fetch_xor(p, value, __ATOMIC_SEQ_CST);                                     \
    }                                                                                              \
    FORCEINLINE type InterlockedCompareExchange##suffix(volatile type *p, type value,              \
                                                        type comparand)                            \
    {                                                                                              \
        __atomic_compare_exchange_n(p, &comparand, value, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);  \
        return comparand;                                                                          \
    }                                                                                              \
    FORCEINLINE type InterlockedExchangeNoFence##suffix(volatile type *p, type value)              \
    {                                                                                              \
        return __atomic_exchange_n(p, value, __ATOMIC_RELAXED);                                    \
    }                                                                                              \
    FORCEINLINE type ReadNoFence##suffix(const volatile type *p)                                   \
    {                                                                                              \
        return __atomic_load_n(p, __ATOMIC_RELAXED);                                               \
    }                                                                                              \
    FORCEINLINE type ReadAcquire##suffix(const volatile type *p)                                   \
    {                                                                                              \
        return __atomic_load_n(p, __ATOMIC_ACQUIRE);                                               \
    }                                                                                              \
    FORCEINLINE VOID WriteRelease##suffix(volatile type *p, type value)                            \
    {                                                                                              \
        __atomic_store_n(p, value, __ATOMIC_RELEASE);                                              \
    }                                                                                              \
    FORCEINLINE VOID WriteNoFence##suffix(volatile type *p, type value)                            \
    {                                                                                              \
        __atomic_store_n(p, value, __ATOMIC_RELAXED);                                              \
    }

DDK_INTERLOCKED_SET(, LONG)
DDK_INTERLOCKED_SET(64, LONG64)
DDK_INTERLOCKED_SET(16, SHORT)

#define InterlockedIncrementAcquire(p) InterlockedIncrement(p)
#define InterlockedDecrementRelease(p) InterlockedDecrement(p)
#define InterlockedAdd(p, v)           (InterlockedExchangeAdd(p, v) + (v))
#define InterlockedAdd64(p, v)         (InterlockedExchangeAdd64(p, v) + (v))

FORCEINLINE PVOID InterlockedExchangePointer(PVOID volatile *target, PVOID value)
{
    return __atomic_exchange_n(target, value, __ATOMIC_SEQ_CST);
}

FORCEINLINE PVOID InterlockedCompareExchangePointer(PVOID volatile *target, PVOID value,
                                                    PVOID comparand)
{
    __atomic_compare_exchange_n(target, &comparand, value, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    return comparand;
}

FORCEINLINE BOOLEAN InterlockedBitTestAndSet(volatile LONG *base, LONG bit)
{
    LONG mask = (LONG)(1u << ((ULONG)bit & 31u));
    return (BOOLEAN)((InterlockedOr(base + (bit >> 5), mask) & mask) != 0);
}

FORCEINLINE BOOLEAN InterlockedBitTestAndReset(volatile LONG *base, LONG bit)
{
    LONG mask = (LONG)(1u << ((ULONG)bit & 31u));
    return (BOOLEAN)((InterlockedAnd(base + (bit >> 5), ~mask) & mask) != 0);
}

#define KeMemoryBarrier()             __atomic_thread_fence(__ATOMIC_SEQ_CST)
#define MemoryBarrier()               __atomic_thread_fence(__ATOMIC_SEQ_CST)
#define KeMemoryBarrierWithoutFence() __atomic_signal_fence(__ATOMIC_SEQ_CST)
#define YieldProcessor()              ((void)0)

#endif
