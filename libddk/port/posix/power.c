// SPDX-License-Identifier: MIT
//
// The power manager inside one process, for host tests: an IRP that a driver asks for goes straight
// to the top of the stack.

#include "../../po/po.h"
#include "posix.h"

static ULONG remaining, busy_flags;
static bool watched;

PDEVICE_OBJECT manager_power_target(PDEVICE_OBJECT device)
{
    return IoGetAttachedDevice(device);
}

bool manager_power_remaining(PDEVICE_OBJECT device, ULONG *seconds)
{
    (void)device;
    if (watched)
        *seconds = remaining;
    return watched;
}

void manager_power_busy(EXECUTION_STATE flags)
{
    busy_flags = flags;
}

void posix_set_watchdog(bool on, uint32_t seconds)
{
    watched = on;
    remaining = seconds;
}

uint32_t posix_busy_flags(void)
{
    return busy_flags;
}
