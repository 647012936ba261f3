// SPDX-License-Identifier: MIT
//
// Integer arithmetic that reports overflow: STATUS_INTEGER_OVERFLOW, and the result is then all
// ones. Any IRQL.
// Documentation: "Summary of Kernel-Mode Safe Integer Functions".

#ifndef DDK_NTINTSAFE_H
#define DDK_NTINTSAFE_H

#include <ntdef.h>
#include <ntstatus.h>

#define DDK_SAFE_OPERATION(name, type, builtin)                                                    \
    FORCEINLINE NTSTATUS name(type a, type b, type *result)                                        \
    {                                                                                              \
        if (!builtin(a, b, result))                                                                \
            return STATUS_SUCCESS;                                                                 \
        *result = (type) ~(type)0;                                                                 \
        return STATUS_INTEGER_OVERFLOW;                                                            \
    }
#define DDK_SAFE_TYPE(prefix, type)                                                                \
    DDK_SAFE_OPERATION(prefix##Add, type, __builtin_add_overflow)                                  \
    DDK_SAFE_OPERATION(prefix##Sub, type, __builtin_sub_overflow)                                  \
    DDK_SAFE_OPERATION(prefix##Mult, type, __builtin_mul_overflow)

DDK_SAFE_TYPE(RtlUInt8, UCHAR)
DDK_SAFE_TYPE(RtlUShort, USHORT)
DDK_SAFE_TYPE(RtlULong, ULONG)
DDK_SAFE_TYPE(RtlUInt, UINT)
DDK_SAFE_TYPE(RtlLong, LONG)
DDK_SAFE_TYPE(RtlULongLong, ULONGLONG)
DDK_SAFE_TYPE(RtlLongLong, LONGLONG)
DDK_SAFE_TYPE(RtlULongPtr, ULONG_PTR)
DDK_SAFE_TYPE(RtlSIZET, SIZE_T)
#define RtlSizeTAdd  RtlSIZETAdd
#define RtlSizeTSub  RtlSIZETSub
#define RtlSizeTMult RtlSIZETMult

#define DDK_SAFE_CONVERSION(name, from, to)                                                        \
    FORCEINLINE NTSTATUS name(from value, to *result)                                              \
    {                                                                                              \
        if (!__builtin_add_overflow(value, (from)0, result))                                       \
            return STATUS_SUCCESS;                                                                 \
        *result = (to) ~(to)0;                                                                     \
        return STATUS_INTEGER_OVERFLOW;                                                            \
    }

DDK_SAFE_CONVERSION(RtlULongLongToULong, ULONGLONG, ULONG)
DDK_SAFE_CONVERSION(RtlULongLongToLong, ULONGLONG, LONG)
DDK_SAFE_CONVERSION(RtlLongLongToULong, LONGLONG, ULONG)
DDK_SAFE_CONVERSION(RtlLongLongToLong, LONGLONG, LONG)
DDK_SAFE_CONVERSION(RtlSizeTToULong, SIZE_T, ULONG)
DDK_SAFE_CONVERSION(RtlULongToUShort, ULONG, USHORT)
DDK_SAFE_CONVERSION(RtlSizeTToUShort, SIZE_T, USHORT)
DDK_SAFE_CONVERSION(RtlULongToUChar, ULONG, UCHAR)
DDK_SAFE_CONVERSION(RtlULongToLong, ULONG, LONG)
DDK_SAFE_CONVERSION(RtlLongToULong, LONG, ULONG)
DDK_SAFE_CONVERSION(RtlUShortToUChar, USHORT, UCHAR)

#endif
