// SPDX-License-Identifier: MIT
//
// What is a user address: the ranges that the request brought which is being dispatched on this
// thread, and nothing else. Applications cannot take the memory away while the request has it (a
// grant stays mapped), so an address that was probed can be touched.

#include "../ke/ki.h"

bool ki_user_range(ULONG_PTR address, SIZE_T bytes, bool write)
{
    const struct ki_user_ranges *user = &ki_thread()->User;
    for (ULONG i = 0; i < user->Count; i++) {
        ULONG_PTR offset = address - user->Range[i].Address;
        if (offset <= user->Range[i].Bytes && bytes <= user->Range[i].Bytes - offset &&
            (!write || user->Range[i].Write))
            return true;
    }
    return false;
}

static void probe(ULONG_PTR address, SIZE_T length, ULONG alignment, bool write)
{
    if (length == 0)
        return;
    if (alignment == 0 || (alignment & (alignment - 1)) != 0)
        ki_violation(DRIVER_VERIFIER_DETECTED_VIOLATION,
                     "ProbeForRead or ProbeForWrite: the alignment is no power of two", address,
                     alignment);
    if ((address & (alignment - 1)) != 0)
        ki_raise_rule(STATUS_DATATYPE_MISALIGNMENT,
                      "probe of a misaligned user address outside of a __try");
    if (!ki_user_range(address, length, write))
        ki_raise_rule(STATUS_ACCESS_VIOLATION,
                      "probe of something that the request did not bring outside of a __try");
}

VOID ProbeForRead(const volatile VOID *address, SIZE_T length, ULONG alignment)
{
    ki_require_irql(APC_LEVEL, "ProbeForRead above APC_LEVEL");
    probe((ULONG_PTR)address, length, alignment, false);
}

VOID ProbeForWrite(volatile VOID *address, SIZE_T length, ULONG alignment)
{
    ki_require_irql(APC_LEVEL, "ProbeForWrite above APC_LEVEL");
    probe((ULONG_PTR)address, length, alignment, true);
}
