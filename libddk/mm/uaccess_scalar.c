// SPDX-License-Identifier: MIT
//
// User-mode accessors of scalars, a family of six for each type: one volatile access where the
// address is aligned, else byte by byte.

#include "uaccess.h"

void mm_check_user(const volatile VOID *address, SIZE_T length, bool write, const char *above)
{
    ki_require_irql(APC_LEVEL, above);
    if (length != 0 && !ki_user_range((ULONG_PTR)address, length, write))
        ki_raise_rule(
            STATUS_ACCESS_VIOLATION,
            "user-mode accessor outside of a __try: the request did not bring that memory");
}

void mm_check_mode(const volatile VOID *address, SIZE_T length, bool write, KPROCESSOR_MODE mode,
                   const char *above)
{
    if (mode != KernelMode) {
        mm_check_user(address, length, write, above);
        return;
    }
    ki_require_irql(APC_LEVEL, above);
    if (length != 0 && ki_user_range((ULONG_PTR)address, 1, false))
        ki_violation(DRIVER_VERIFIER_DETECTED_VIOLATION,
                     "user-mode accessor with KernelMode and an address of user memory "
                     "(FAST_FAIL_KERNEL_POINTER_EXPECTED)",
                     (ULONG_PTR)address, length);
    if (length != 0 && !MmIsAddressValid((PVOID)(ULONG_PTR)address))
        ki_raise_rule(STATUS_ACCESS_VIOLATION,
                      "user-mode accessor with KernelMode outside of a __try: an invalid address");
}

#define ALIGNED(address, type) (((ULONG_PTR)(address) & (_Alignof(type) - 1)) == 0)

#define LOAD_AND_STORE(name, type)                                                                 \
    static type load_##name(const volatile type *source)                                           \
    {                                                                                              \
        type value;                                                                                \
        if (sizeof(type) <= sizeof(PVOID) && ALIGNED(source, type))                                \
            return *source;                                                                        \
        mm_copy_volatile(&value, source, sizeof(value));                                           \
        return value;                                                                              \
    }                                                                                              \
    static void store_##name(volatile type *destination, type value)                               \
    {                                                                                              \
        if (sizeof(type) <= sizeof(PVOID) && ALIGNED(destination, type))                           \
            *destination = value;                                                                  \
        else                                                                                       \
            mm_copy_volatile(destination, &value, sizeof(value));                                  \
    }

#define PLAIN(name, type)                                                                          \
    LOAD_AND_STORE(name, type)                                                                     \
    type Read##name##FromUser(const volatile type *source)                                         \
    {                                                                                              \
        UMA_USER("Read" #name "FromUser", source, sizeof(type), UMA_READ);                         \
        return load_##name(source);                                                                \
    }                                                                                              \
    type Read##name##FromMode(const volatile type *source, KPROCESSOR_MODE mode)                   \
    {                                                                                              \
        UMA_MODE("Read" #name "FromMode", source, sizeof(type), UMA_READ, mode);                   \
        return load_##name(source);                                                                \
    }                                                                                              \
    VOID Write##name##ToUser(volatile type *destination, type value)                               \
    {                                                                                              \
        UMA_USER("Write" #name "ToUser", destination, sizeof(type), UMA_WRITE);                    \
        store_##name(destination, value);                                                          \
    }                                                                                              \
    VOID Write##name##ToMode(volatile type *destination, type value, KPROCESSOR_MODE mode)         \
    {                                                                                              \
        UMA_MODE("Write" #name "ToMode", destination, sizeof(type), UMA_WRITE, mode);              \
        store_##name(destination, value);                                                          \
    }

#define SCALAR(name, type)                                                                         \
    PLAIN(name, type)                                                                              \
    type Read##name##FromUserAcquire(const volatile type *source)                                  \
    {                                                                                              \
        UMA_USER("Read" #name "FromUserAcquire", source, sizeof(type), UMA_READ);                  \
        type value = load_##name(source);                                                          \
        __atomic_thread_fence(__ATOMIC_ACQUIRE);                                                   \
        return value;                                                                              \
    }                                                                                              \
    VOID Write##name##ToUserRelease(volatile type *destination, type value)                        \
    {                                                                                              \
        UMA_USER("Write" #name "ToUserRelease", destination, sizeof(type), UMA_WRITE);             \
        __atomic_thread_fence(__ATOMIC_RELEASE);                                                   \
        store_##name(destination, value);                                                          \
    }

SCALAR(Boolean, BOOLEAN)
SCALAR(Char, CHAR)
SCALAR(UChar, UCHAR)
SCALAR(Short, SHORT)
SCALAR(UShort, USHORT)
SCALAR(Long, LONG)
SCALAR(ULong, ULONG)
SCALAR(Long64, LONG64)
SCALAR(ULong64, ULONG64)
SCALAR(Longlong, LONGLONG)
SCALAR(ULonglong, ULONGLONG)
SCALAR(LongPtr, LONG_PTR)
SCALAR(ULongPtr, ULONG_PTR)
SCALAR(Int8, INT8)
SCALAR(Int16, INT16)
SCALAR(Int32, INT32)
SCALAR(Int64, INT64)
SCALAR(UInt8, UINT8)
SCALAR(UInt16, UINT16)
SCALAR(UInt32, UINT32)
SCALAR(UInt64, UINT64)
SCALAR(IntPtr, INT_PTR)
SCALAR(UIntPtr, UINT_PTR)
SCALAR(SizeT, SIZE_T)
SCALAR(SSizeT, SSIZE_T)
SCALAR(Handle, HANDLE)
SCALAR(NtStatus, NTSTATUS)
SCALAR(Pointer, PVOID)
SCALAR(WChar, WCHAR)
PLAIN(LargeInteger, LARGE_INTEGER)
PLAIN(ULargeInteger, ULARGE_INTEGER)
PLAIN(UnicodeString, UNICODE_STRING)
