// SPDX-License-Identifier: MIT
//
// MmGetSystemRoutineAddress: the routines of the kit by name. The table is generated from the
// headers (tools/ddk_routines.py), sorted. It refers to the whole kit, but is part of those drivers
// only that ask.

#include <ntddk.h>

#include "../ke/ki.h"

#include "ddk_routines.inc.h"

static LONG compare(PCUNICODE_STRING name, const char *text)
{
    ULONG n = 0, count = name->Length / sizeof(WCHAR);
    while (n < count && text[n] != 0 && name->Buffer[n] == (UCHAR)text[n])
        n++;
    LONG a = n < count ? name->Buffer[n] : 0;
    return a - (UCHAR)text[n];
}

PVOID MmGetSystemRoutineAddress(PUNICODE_STRING name)
{
    ULONG low = 0, high = RTL_NUMBER_OF(routines);
    ki_require_irql(PASSIVE_LEVEL, "MmGetSystemRoutineAddress above PASSIVE_LEVEL");
    while (low < high) {
        ULONG middle = (low + high) / 2;
        LONG order = compare(name, routines[middle].Name);
        if (order == 0)
            return (PVOID)(ULONG_PTR)routines[middle].Address;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}
