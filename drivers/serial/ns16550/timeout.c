// SPDX-License-Identifier: MIT
//
// SERIAL_TIMEOUTS as documented (ns-ntddser-_serial_timeouts). Pure.
#include "port.h"

// Milliseconds as 64-bit 100 ns units: (2^32 - 1)^2 ms would not fit, so it stops at for ever.
static ULONGLONG After(ULONGLONG start, ULONGLONG milliseconds)
{
    ULONGLONG units;
    ULONGLONG when;
    if (__builtin_mul_overflow(milliseconds, MS_IN_100NS, &units) ||
        __builtin_add_overflow(start, units, &when)) {
        return SERIAL_NO_DEADLINE;
    }
    return when;
}

static ULONGLONG Total(ULONG multiplier, ULONG constant, const TIMEOUT_STATE *state)
{
    if (multiplier == 0 && constant == 0) {
        return SERIAL_NO_DEADLINE;
    }
    return After(state->Started, (ULONGLONG)multiplier * state->Wanted + constant);
}

static NTSTATUS Verdict(const TIMEOUT_STATE *state, ULONGLONG deadline)
{
    return state->Now >= deadline ? STATUS_TIMEOUT : STATUS_PENDING;
}

NTSTATUS SerialReadVerdict(const SERIAL_TIMEOUTS *timeouts, const TIMEOUT_STATE *state,
                           ULONGLONG *deadline)
{
    ULONG interval = timeouts->ReadIntervalTimeout;
    ULONG multiplier = timeouts->ReadTotalTimeoutMultiplier;
    ULONG constant = timeouts->ReadTotalTimeoutConstant;
    *deadline = SERIAL_NO_DEADLINE;
    if (state->Done == state->Wanted) {
        return STATUS_SUCCESS;
    }
    if (interval == MAXULONG && multiplier == 0 && constant == 0) {
        return STATUS_SUCCESS; // what there is, be it nothing
    }
    if (interval == MAXULONG && multiplier == MAXULONG) {
        *deadline = After(state->Started, constant);
        return state->Done != 0 ? STATUS_SUCCESS : Verdict(state, *deadline);
    }
    *deadline = Total(multiplier, constant, state);
    if (interval != 0 && interval != MAXULONG && state->Done != 0) {
        ULONGLONG gap = After(state->LastByte, interval);
        *deadline = gap < *deadline ? gap : *deadline;
    }
    return Verdict(state, *deadline);
}

NTSTATUS SerialWriteVerdict(const SERIAL_TIMEOUTS *timeouts, const TIMEOUT_STATE *state,
                            ULONGLONG *deadline)
{
    *deadline =
        Total(timeouts->WriteTotalTimeoutMultiplier, timeouts->WriteTotalTimeoutConstant, state);
    return state->Done == state->Wanted ? STATUS_SUCCESS : Verdict(state, *deadline);
}
