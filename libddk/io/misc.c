// SPDX-License-Identifier: MIT
//
// Small routines: shutdown registration, identifiers, back traces.

#include "io.h"

NTSTATUS IoRegisterShutdownNotification(PDEVICE_OBJECT device)
{
    io_device(device)->Shutdown = TRUE;
    device->Flags |= DO_SHUTDOWN_REGISTERED;
    return STATUS_SUCCESS;
}

NTSTATUS IoRegisterLastChanceShutdownNotification(PDEVICE_OBJECT device)
{
    return IoRegisterShutdownNotification(device);
}

VOID IoUnregisterShutdownNotification(PDEVICE_OBJECT device)
{
    io_device(device)->Shutdown = FALSE;
    device->Flags &= ~(ULONG)DO_SHUTDOWN_REGISTERED;
}

// Random as far as the counters of this machine are: version 4, variant 1 (RFC 9562).
NTSTATUS ExUuidCreate(GUID *uuid)
{
    static ULONG seed;
    UCHAR *bytes = (UCHAR *)uuid;
    ki_require_irql(PASSIVE_LEVEL, "ExUuidCreate above PASSIVE_LEVEL");
    seed ^= (ULONG)port_counter() ^ (ULONG)port_monotonic();
    for (ULONG i = 0; i < sizeof(*uuid); i++)
        bytes[i] = (UCHAR)(RtlRandomEx(&seed) >> 8);
    uuid->Data3 = (USHORT)((uuid->Data3 & 0x0fff) | 0x4000);
    uuid->Data4[0] = (UCHAR)((uuid->Data4[0] & 0x3f) | 0x80);
    return RPC_NT_UUID_LOCAL_ONLY;
}

// Only the caller itself: deeper frames belong to the crash report.
USHORT RtlCaptureStackBackTrace(ULONG skip, ULONG count, PVOID *frames, PULONG hash)
{
    if (hash != NULL)
        *hash = 0;
    if (skip != 0 || count == 0)
        return 0;
    frames[0] = __builtin_return_address(0);
    return 1;
}
