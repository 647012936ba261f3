// SPDX-License-Identifier: MIT
//
// Counting, and telling the counts.

#include "iotrace.h"

static ULONGLONG Microseconds(LONGLONG ticks)
{
    LARGE_INTEGER frequency;
    (VOID) KeQueryPerformanceCounter(&frequency);
    return (ULONGLONG)ticks * 1000000 / (ULONGLONG)frequency.QuadPart;
}

static ULONG Bucket(ULONGLONG microseconds)
{
    ULONG bucket = 0;
    while (microseconds > 1 && bucket < TRACE_BUCKETS - 1) {
        microseconds /= 2;
        bucket++;
    }
    return bucket;
}

VOID TraceCount(PFILTER filter, ULONG kind, LONGLONG ticks, NTSTATUS status, ULONG_PTR bytes)
{
    ULONGLONG microseconds = Microseconds(ticks);
    struct trace_counters *counters = &filter->Report.kinds[kind];
    KIRQL irql;
    KeAcquireSpinLock(&filter->Lock, &irql);
    filter->Report.outstanding--;
    counters->requests++;
    counters->failures += !NT_SUCCESS(status);
    // Information of other requests is whatever their codes say.
    if (NT_SUCCESS(status) && (kind == TRACE_READ || kind == TRACE_WRITE))
        counters->bytes += bytes;
    counters->microseconds += microseconds;
    if (microseconds > counters->longest)
        counters->longest = microseconds;
    counters->buckets[Bucket(microseconds)]++;
    KeReleaseSpinLock(&filter->Lock, irql);
}

static VOID Copy(PFILTER filter, struct trace_report *to)
{
    KIRQL irql;
    KeAcquireSpinLock(&filter->Lock, &irql);
    *to = filter->Report;
    KeReleaseSpinLock(&filter->Lock, irql);
}

static VOID Reset(PFILTER filter)
{
    KIRQL irql;
    KeAcquireSpinLock(&filter->Lock, &irql);
    RtlZeroMemory(filter->Report.kinds, sizeof(filter->Report.kinds));
    filter->Report.most_outstanding = filter->Report.outstanding;
    KeReleaseSpinLock(&filter->Lock, irql);
}

// Input and output share the buffer: the number is read before the report is written over it.
static NTSTATUS Tell(PIRP irp)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    struct trace_report *report = irp->AssociatedIrp.SystemBuffer;
    NTSTATUS status = STATUS_NO_MORE_ENTRIES;
    if (location->Parameters.DeviceIoControl.InputBufferLength < sizeof(ULONG))
        return STATUS_INFO_LENGTH_MISMATCH;
    if (location->Parameters.DeviceIoControl.OutputBufferLength < sizeof(*report))
        return STATUS_BUFFER_TOO_SMALL;
    ULONG index = *(PULONG)irp->AssociatedIrp.SystemBuffer;
    ExAcquireFastMutex(&TraceMutex);
    for (PLIST_ENTRY at = TraceFilters.Flink; at != &TraceFilters; at = at->Flink) {
        if (index-- > 0)
            continue;
        Copy(CONTAINING_RECORD(at, FILTER, Link), report);
        irp->IoStatus.Information = sizeof(*report);
        status = STATUS_SUCCESS;
        break;
    }
    ExReleaseFastMutex(&TraceMutex);
    return status;
}

static NTSTATUS ResetAll(VOID)
{
    ExAcquireFastMutex(&TraceMutex);
    for (PLIST_ENTRY at = TraceFilters.Flink; at != &TraceFilters; at = at->Flink)
        Reset(CONTAINING_RECORD(at, FILTER, Link));
    ExReleaseFastMutex(&TraceMutex);
    return STATUS_SUCCESS;
}

NTSTATUS TraceControl(PIRP irp)
{
    irp->IoStatus.Information = 0;
    switch (IoGetCurrentIrpStackLocation(irp)->Parameters.DeviceIoControl.IoControlCode) {
    case IOCTL_TRACE_REPORT:
        return Tell(irp);
    case IOCTL_TRACE_RESET:
        return ResetAll();
    default:
        return STATUS_INVALID_DEVICE_REQUEST;
    }
}
