// SPDX-License-Identifier: MIT
//
// The checks that all user-mode accessors share. Each returns if the access is allowed, and raises
// or ends the task if not.

#ifndef DDK_MM_UACCESS_H
#define DDK_MM_UACCESS_H

#include "../ke/ki.h"
#include <usermode_accessors.h>

#define UMA_READ  false
#define UMA_WRITE true

void mm_check_user(const volatile VOID *address, SIZE_T length, bool write, const char *above);
void mm_check_mode(const volatile VOID *address, SIZE_T length, bool write, KPROCESSOR_MODE mode,
                   const char *above);
#define UMA_USER(routine, address, length, write)                                                  \
    mm_check_user(address, length, write, routine " above APC_LEVEL")
#define UMA_MODE(routine, address, length, write, mode)                                            \
    mm_check_mode(address, length, write, mode, routine " above APC_LEVEL")

// Once and unaligned, in the order of addresses.
FORCEINLINE void mm_copy_volatile(volatile VOID *to, const volatile VOID *from, SIZE_T length)
{
    volatile UCHAR *d = to;
    const volatile UCHAR *s = from;
    while (length-- > 0)
        *d++ = *s++;
}

#endif
