// SPDX-License-Identifier: MIT
//
// Register access. WRITE_REGISTER_ULONG64 is one store of 64 bits, as the DMA registers want.
#include "device.h"

ULONG EduRead(PEDU edu, ULONG offset)
{
    return READ_REGISTER_ULONG((PULONG)(PVOID)(edu->Registers + offset));
}

VOID EduWrite(PEDU edu, ULONG offset, ULONG value)
{
    WRITE_REGISTER_ULONG((PULONG)(PVOID)(edu->Registers + offset), value);
}

VOID EduWriteLong(PEDU edu, ULONG offset, ULONGLONG value)
{
    WRITE_REGISTER_ULONG64((PULONG64)(PVOID)(edu->Registers + offset), value);
}
