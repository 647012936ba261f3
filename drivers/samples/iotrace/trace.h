// SPDX-License-Identifier: MIT
//
// What the sample driver `iotrace` and its callers agree on. A driver or an application includes it
// after its own system header, which has CTL_CODE.
#ifndef SAMPLE_TRACE_H
#define SAMPLE_TRACE_H

#define TRACE_DEVICE_NAME L"\\Device\\SampleTrace"
#define FILE_DEVICE_TRACE 0x8004u

// In: an unsigned int, which filter (from 0 on). Out: struct trace_report. STATUS_NO_MORE_ENTRIES
// behind the last.
#define IOCTL_TRACE_REPORT CTL_CODE(FILE_DEVICE_TRACE, 0x800, METHOD_BUFFERED, FILE_ANY_ACCESS)
// Sets all counters of all filters to 0.
#define IOCTL_TRACE_RESET CTL_CODE(FILE_DEVICE_TRACE, 0x801, METHOD_BUFFERED, FILE_ANY_ACCESS)

enum trace_kind { TRACE_READ, TRACE_WRITE, TRACE_FLUSH, TRACE_CONTROL, TRACE_KINDS };

#define TRACE_BUCKETS 24u // bucket i: from 2^i to 2^(i+1) microseconds

struct trace_counters {
    unsigned long long requests, failures, bytes;
    unsigned long long microseconds, longest; // from the filter down and back
    unsigned int buckets[TRACE_BUCKETS];
};

struct trace_report {
    char name[96]; // the device instance below the filter, as the bus driver calls it
    unsigned int outstanding, most_outstanding;
    struct trace_counters kinds[TRACE_KINDS];
};

#endif
