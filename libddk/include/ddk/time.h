// SPDX-License-Identifier: MIT
//
// Calendar time. A time counts 100 ns since 1 January 1601 UTC. Any IRQL.
// Documentation: nf-wdm-rtltimetotimefields, nf-ntifs-rtlsecondssince1970totime and neighbours.

#ifndef DDK_TIME_H
#define DDK_TIME_H

typedef struct _TIME_FIELDS {
    CSHORT Year;  // 1601 ...
    CSHORT Month; // 1 ... 12
    CSHORT Day;   // 1 ... 31
    CSHORT Hour;
    CSHORT Minute;
    CSHORT Second;
    CSHORT Milliseconds;
    CSHORT Weekday; // 0 (Sunday) ... 6; ignored on the way back
} TIME_FIELDS, *PTIME_FIELDS;

VOID RtlTimeToTimeFields(PLARGE_INTEGER time, PTIME_FIELDS fields);
// FALSE for fields that are no date.
BOOLEAN RtlTimeFieldsToTime(PTIME_FIELDS fields, PLARGE_INTEGER time);

// Seconds since 1 January 1970 or 1980; FALSE outside of what a ULONG holds.
VOID RtlSecondsSince1970ToTime(ULONG seconds, PLARGE_INTEGER time);
BOOLEAN RtlTimeToSecondsSince1970(PLARGE_INTEGER time, PULONG seconds);
VOID RtlSecondsSince1980ToTime(ULONG seconds, PLARGE_INTEGER time);
BOOLEAN RtlTimeToSecondsSince1980(PLARGE_INTEGER time, PULONG seconds);

#endif
