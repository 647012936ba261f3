// SPDX-License-Identifier: MIT
//
// Reading and setting the clock.
#include "rtc.h"

#include <drivers/rtc.h>

C_ASSERT(IOCTL_RTC_GET_TIME ==
         CTL_CODE(FILE_DEVICE_UNKNOWN, 0x800, METHOD_BUFFERED, FILE_ANY_ACCESS));
C_ASSERT(IOCTL_RTC_SET_TIME ==
         CTL_CODE(FILE_DEVICE_UNKNOWN, 0x801, METHOD_BUFFERED, FILE_WRITE_ACCESS));
C_ASSERT(sizeof(LARGE_INTEGER) == RTC_TIME_BYTES);

BOOLEAN RtcFromNanoseconds(ULONGLONG nanoseconds, PLARGE_INTEGER time)
{
    // 2^64 ns are 584 years: the sum always fits.
    time->QuadPart = (LONGLONG)(nanoseconds / 100) + RTC_UNIX_EPOCH;
    return TRUE;
}

BOOLEAN RtcToNanoseconds(const LARGE_INTEGER *time, PULONGLONG nanoseconds)
{
    if (time->QuadPart < RTC_UNIX_EPOCH) {
        return FALSE;
    }
    ULONGLONG units = (ULONGLONG)(time->QuadPart - RTC_UNIX_EPOCH);
    return !__builtin_mul_overflow(units, 100ull, nanoseconds);
}

static ULONGLONG ReadNanoseconds(PUCHAR base)
{
    ULONG low = RtcRead(base, RTC_TIME_LOW);
    return (ULONGLONG)RtcRead(base, RTC_TIME_HIGH) << 32 | low;
}

static VOID WriteNanoseconds(PUCHAR base, ULONGLONG nanoseconds)
{
    RtcWrite(base, RTC_TIME_HIGH, (ULONG)(nanoseconds >> 32));
    RtcWrite(base, RTC_TIME_LOW, (ULONG)nanoseconds);
}

VOID RtcTellSystem(PRTC_EXTENSION clock)
{
    LARGE_INTEGER time;
    (void)RtcFromNanoseconds(ReadNanoseconds(clock->Base), &time);
    DdkSetSystemTime(&time);
}

static NTSTATUS GetTime(PRTC_EXTENSION clock, PVOID buffer, ULONG room, PULONG_PTR information)
{
    LARGE_INTEGER time;
    if (room < sizeof(time)) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    (void)RtcFromNanoseconds(ReadNanoseconds(clock->Base), &time);
    RtlCopyMemory(buffer, &time, sizeof(time));
    *information = sizeof(time);
    return STATUS_SUCCESS;
}

static NTSTATUS SetTime(PRTC_EXTENSION clock, const VOID *buffer, ULONG bytes)
{
    LARGE_INTEGER time;
    ULONGLONG nanoseconds;
    if (bytes < sizeof(time)) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    RtlCopyMemory(&time, buffer, sizeof(time));
    if (!RtcToNanoseconds(&time, &nanoseconds)) {
        return STATUS_INVALID_PARAMETER;
    }
    WriteNanoseconds(clock->Base, nanoseconds);
    DdkSetSystemTime(&time);
    return STATUS_SUCCESS;
}

NTSTATUS RtcControl(PRTC_EXTENSION clock, PIRP irp, PULONG_PTR information)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    PVOID buffer = irp->AssociatedIrp.SystemBuffer;
    NTSTATUS status;
    ExAcquireFastMutex(&clock->Mutex);
    if (clock->Base == NULL) {
        status = STATUS_DEVICE_NOT_READY;
    } else if (location->Parameters.DeviceIoControl.IoControlCode == IOCTL_RTC_GET_TIME) {
        status = GetTime(clock, buffer, location->Parameters.DeviceIoControl.OutputBufferLength,
                         information);
    } else if (location->Parameters.DeviceIoControl.IoControlCode == IOCTL_RTC_SET_TIME) {
        status = SetTime(clock, buffer, location->Parameters.DeviceIoControl.InputBufferLength);
    } else {
        status = STATUS_INVALID_DEVICE_REQUEST;
    }
    ExReleaseFastMutex(&clock->Mutex);
    return status;
}
