// SPDX-License-Identifier: MIT
//
// Register access. A file of its own, so that tests put a simulated clock in its place.
#include "rtc.h"

ULONG RtcRead(PUCHAR base, ULONG offset)
{
    return READ_REGISTER_ULONG((PULONG)(PVOID)(base + offset));
}

VOID RtcWrite(PUCHAR base, ULONG offset, ULONG value)
{
    WRITE_REGISTER_ULONG((PULONG)(PVOID)(base + offset), value);
}
