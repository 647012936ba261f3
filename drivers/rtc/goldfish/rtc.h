// SPDX-License-Identifier: MIT
//
// Goldfish real-time clock: nanoseconds since 1970 in two 32-bit registers. Reading the low one
// latches the high one, so that the pair is consistent; the high one is written first.
// (Register layout: QEMU, docs of the goldfish virtual hardware.)
#ifndef GOLDFISH_RTC_H
#define GOLDFISH_RTC_H

#include <wdm.h>

enum {
    RTC_TIME_LOW = 0x00,
    RTC_TIME_HIGH = 0x04,
    RTC_IRQ_ENABLED = 0x10,
    RTC_CLEAR_ALARM = 0x14,
    RTC_CLEAR_INTERRUPT = 0x1c,
    RTC_REGISTER_BYTES = 0x24,
};

typedef struct _RTC_EXTENSION {
    PDEVICE_OBJECT Self, Lower;
    IO_REMOVE_LOCK RemoveLock;
    FAST_MUTEX Mutex; // one at a time: the two registers belong together; also guards Base
    PUCHAR Base;      // NULL while not started
    SIZE_T MappedBytes;
} RTC_EXTENSION, *PRTC_EXTENSION;

// clock.c. The conversions are pure; FALSE: the time cannot be represented.
BOOLEAN RtcFromNanoseconds(ULONGLONG nanoseconds, PLARGE_INTEGER time);
BOOLEAN RtcToNanoseconds(const LARGE_INTEGER *time, PULONGLONG nanoseconds);
// The rest of the system takes its time from this clock. Base is mapped.
VOID RtcTellSystem(PRTC_EXTENSION clock);
NTSTATUS RtcControl(PRTC_EXTENSION clock, PIRP irp, PULONG_PTR information);

// registers.c: one access each.
ULONG RtcRead(PUCHAR base, ULONG offset);
VOID RtcWrite(PUCHAR base, ULONG offset, ULONG value);

#endif
