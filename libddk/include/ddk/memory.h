// SPDX-License-Identifier: MIT
//
// Run-time library: blocks of memory, and values at any alignment. Any IRQL for resident memory
// (nothing is paged out here; paged pool still wants IRQL <= APC_LEVEL).
// Documentation: nf-wdm-rtl*memory*, nf-ntifs-rtl*memoryulong pages.

#ifndef DDK_MEMORY_H
#define DDK_MEMORY_H

#define RtlCopyMemory(to, from, n) memcpy((to), (from), (n))
#define RtlMoveMemory(to, from, n) memmove((to), (from), (n))
#define RtlZeroMemory(to, n)       memset((to), 0, (n))
#define RtlFillMemory(to, n, byte) memset((to), (byte), (n))
#define RtlEqualMemory(a, b, n)    (memcmp((a), (b), (n)) == 0)
#define RtlCopyBytes               RtlCopyMemory
#define RtlZeroBytes               RtlZeroMemory
#define RtlFillBytes               RtlFillMemory

// Hints about the cache, which this processor does not take: plain copies and fills.
#define RtlCopyMemoryNonTemporal(to, from, n)     ((VOID)memcpy((to), (from), (n)))
#define RtlFillMemoryNonTemporal(to, n, byte)     ((VOID)memset((to), (byte), (n)))
#define RtlPrefetchMemoryNonTemporal(from, bytes) ((void)(from), (void)(bytes))

// Number of equal bytes before the first difference.
SIZE_T RtlCompareMemory(const VOID *a, const VOID *b, SIZE_T n);
// The same against a repeated ULONG; 0 when address or length is not a multiple of its size.
SIZE_T RtlCompareMemoryUlong(PVOID from, SIZE_T n, ULONG pattern);
VOID RtlFillMemoryUlong(PVOID to, SIZE_T n, ULONG pattern);
VOID RtlFillMemoryUlonglong(PVOID to, SIZE_T n, ULONGLONG pattern);
BOOLEAN RtlIsZeroMemory(PVOID from, SIZE_T n);
// Takes the same time wherever the blocks differ.
LOGICAL RtlConstantTimeEqualMemory(const void *a, const void *b, ULONG n);
// Never removed by the compiler.
PVOID RtlSecureZeroMemory(PVOID to, SIZE_T n);

// Values at any address, without alignment faults.
#define RtlStoreUshort(address, value)    DdkStore((address), (USHORT)(value), USHORT)
#define RtlStoreUlong(address, value)     DdkStore((address), (ULONG)(value), ULONG)
#define RtlStoreUlonglong(address, value) DdkStore((address), (ULONGLONG)(value), ULONGLONG)
#define RtlStoreUlongPtr(address, value)  DdkStore((address), (ULONG_PTR)(value), ULONG_PTR)
#define RtlRetrieveUshort(to, from)       ((void)memcpy((to), (from), sizeof(USHORT)))
#define RtlRetrieveUlong(to, from)        ((void)memcpy((to), (from), sizeof(ULONG)))
#define DdkStore(address, value, type)    ((void)memcpy((address), &(type){value}, sizeof(type)))

#define RtlUshortByteSwap(v)    __builtin_bswap16(v)
#define RtlUlongByteSwap(v)     __builtin_bswap32(v)
#define RtlUlonglongByteSwap(v) __builtin_bswap64(v)

// Volatile memory: all accesses happen inside the call, none is left out; a location may be
// accessed more than once. Copy: the ranges must not overlap; Move: they may. Each returns `to`.
volatile VOID *RtlCopyVolatileMemory(volatile VOID *to, const volatile VOID *from, SIZE_T n);
volatile VOID *RtlMoveVolatileMemory(volatile VOID *to, const volatile VOID *from, SIZE_T n);
volatile VOID *RtlSetVolatileMemory(volatile VOID *to, int byte, SIZE_T n);
volatile VOID *RtlFillVolatileMemory(volatile VOID *to, SIZE_T n, int byte);
volatile VOID *RtlZeroVolatileMemory(volatile VOID *to, SIZE_T n);
volatile VOID *RtlSecureZeroMemory2(volatile VOID *to, SIZE_T n);

// Device memory: the same with naturally aligned accesses only, of no promised size. Overlapping
// ranges are a bug check (FAST_FAIL_INVALID_ARG).
volatile VOID *RtlCopyDeviceMemory(volatile VOID *to, const volatile VOID *from, SIZE_T n);
volatile VOID *RtlFillDeviceMemory(volatile VOID *to, SIZE_T n, int byte);
volatile VOID *RtlZeroDeviceMemory(volatile VOID *to, SIZE_T n);
BOOLEAN RtlEqualDeviceMemory(const volatile VOID *a, const volatile VOID *b, SIZE_T n);
// Bytes that are equal before the first difference.
SIZE_T RtlCompareDeviceMemory(const volatile VOID *a, const volatile VOID *b, SIZE_T n);

#endif
