// SPDX-License-Identifier: MIT
//
// Small routines: shutdown registration, probes, identifiers, back traces.

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

// What a request brings lies in memory of the kit or in its grant, mapped here: the range only has
// to be one that can be addressed.
VOID ProbeForRead(const volatile VOID *address, SIZE_T length, ULONG alignment)
{
    ULONG_PTR at = (ULONG_PTR)address;
    if (length == 0)
        return;
    if ((at & (alignment - 1)) != 0)
        ki_raise_status(STATUS_DATATYPE_MISALIGNMENT, __builtin_return_address(0));
    if (at + length < at || !MmIsAddressValid((PVOID)at) ||
        !MmIsAddressValid((PVOID)(at + length - 1)))
        ki_raise_status(STATUS_ACCESS_VIOLATION, __builtin_return_address(0));
}

VOID ProbeForWrite(volatile VOID *address, SIZE_T length, ULONG alignment)
{
    ProbeForRead(address, length, alignment);
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
