// SPDX-License-Identifier: MIT
//
// Memory. The volatile forms access every byte inside the call; the device forms use the widest
// aligned accesses and refuse overlap.

#include "../ke/ki.h"

SIZE_T RtlCompareMemory(const VOID *a, const VOID *b, SIZE_T n)
{
    SIZE_T i = 0;
    while (i < n && ((const UCHAR *)a)[i] == ((const UCHAR *)b)[i])
        i++;
    return i;
}

SIZE_T RtlCompareMemoryUlong(PVOID from, SIZE_T n, ULONG pattern)
{
    const ULONG *words = from;
    SIZE_T i = 0;
    if (((ULONG_PTR)from | n) % sizeof(ULONG) != 0)
        return 0;
    while (i < n / sizeof(ULONG) && words[i] == pattern)
        i++;
    return i * sizeof(ULONG);
}

VOID RtlFillMemoryUlong(PVOID to, SIZE_T n, ULONG pattern)
{
    for (SIZE_T i = 0; i < n / sizeof(ULONG); i++)
        ((PULONG)to)[i] = pattern;
}

VOID RtlFillMemoryUlonglong(PVOID to, SIZE_T n, ULONGLONG pattern)
{
    for (SIZE_T i = 0; i < n / sizeof(ULONGLONG); i++)
        ((PULONGLONG)to)[i] = pattern;
}

BOOLEAN RtlIsZeroMemory(PVOID from, SIZE_T n)
{
    SIZE_T i = 0;
    while (i < n && ((PUCHAR)from)[i] == 0)
        i++;
    return (BOOLEAN)(i == n);
}

LOGICAL RtlConstantTimeEqualMemory(const void *a, const void *b, ULONG n)
{
    UCHAR difference = 0;
    for (ULONG i = 0; i < n; i++)
        difference |= (UCHAR)(((const volatile UCHAR *)a)[i] ^ ((const volatile UCHAR *)b)[i]);
    return difference == 0;
}

PVOID RtlSecureZeroMemory(PVOID to, SIZE_T n)
{
    (void)RtlFillVolatileMemory(to, n, 0);
    return to;
}

volatile VOID *RtlCopyVolatileMemory(volatile VOID *to, const volatile VOID *from, SIZE_T n)
{
    for (SIZE_T i = 0; i < n; i++)
        ((volatile UCHAR *)to)[i] = ((const volatile UCHAR *)from)[i];
    return to;
}

volatile VOID *RtlMoveVolatileMemory(volatile VOID *to, const volatile VOID *from, SIZE_T n)
{
    if ((ULONG_PTR)to <= (ULONG_PTR)from)
        return RtlCopyVolatileMemory(to, from, n);
    for (SIZE_T i = n; i > 0; i--)
        ((volatile UCHAR *)to)[i - 1] = ((const volatile UCHAR *)from)[i - 1];
    return to;
}

volatile VOID *RtlSetVolatileMemory(volatile VOID *to, int byte, SIZE_T n)
{
    for (SIZE_T i = 0; i < n; i++)
        ((volatile UCHAR *)to)[i] = (UCHAR)byte;
    return to;
}

volatile VOID *RtlFillVolatileMemory(volatile VOID *to, SIZE_T n, int byte)
{
    return RtlSetVolatileMemory(to, byte, n);
}

volatile VOID *RtlZeroVolatileMemory(volatile VOID *to, SIZE_T n)
{
    return RtlSetVolatileMemory(to, 0, n);
}

volatile VOID *RtlSecureZeroMemory2(volatile VOID *to, SIZE_T n)
{
    return RtlSetVolatileMemory(to, 0, n);
}

volatile VOID *RtlCopyDeviceMemory(volatile VOID *to, const volatile VOID *from, SIZE_T n)
{
    ULONG_PTR d = (ULONG_PTR)to, s = (ULONG_PTR)from;
    if (n != 0 && d < s + n && s < d + n)
        ki_violation(KERNEL_SECURITY_CHECK_FAILURE,
                     "RtlCopyDeviceMemory of overlapping ranges (FAST_FAIL_INVALID_ARG)",
                     FAST_FAIL_INVALID_ARG, d);
    for (; n >= 8 && ((d | s) & 7) == 0; d += 8, s += 8, n -= 8)
        *(volatile ULONG64 *)d = *(const volatile ULONG64 *)s;
    for (; n >= 4 && ((d | s) & 3) == 0; d += 4, s += 4, n -= 4)
        *(volatile ULONG *)d = *(const volatile ULONG *)s;
    (void)RtlCopyVolatileMemory((volatile VOID *)d, (const volatile VOID *)s, n);
    return to;
}

volatile VOID *RtlFillDeviceMemory(volatile VOID *to, SIZE_T n, int byte)
{
    ULONG_PTR d = (ULONG_PTR)to;
    ULONG64 pattern = 0x0101010101010101ull * (UCHAR)byte;
    for (; n != 0 && (d & 7) != 0; d++, n--)
        *(volatile UCHAR *)d = (UCHAR)byte;
    for (; n >= 8; d += 8, n -= 8)
        *(volatile ULONG64 *)d = pattern;
    (void)RtlSetVolatileMemory((volatile VOID *)d, byte, n);
    return to;
}

volatile VOID *RtlZeroDeviceMemory(volatile VOID *to, SIZE_T n)
{
    return RtlFillDeviceMemory(to, n, 0);
}

SIZE_T RtlCompareDeviceMemory(const volatile VOID *a, const volatile VOID *b, SIZE_T n)
{
    SIZE_T i = 0;
    while (i < n && ((const volatile UCHAR *)a)[i] == ((const volatile UCHAR *)b)[i])
        i++;
    return i;
}

BOOLEAN RtlEqualDeviceMemory(const volatile VOID *a, const volatile VOID *b, SIZE_T n)
{
    return (BOOLEAN)(RtlCompareDeviceMemory(a, b, n) == n);
}
