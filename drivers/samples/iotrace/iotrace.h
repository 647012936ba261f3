// SPDX-License-Identifier: MIT
//
// The sample driver `iotrace`: its two kinds of device object.
#ifndef SAMPLE_IOTRACE_H
#define SAMPLE_IOTRACE_H

#include <ntddk.h>

#include "trace.h"

#define TRACE_TAG 'carT'

typedef struct _FILTER {
    BOOLEAN IsFilter; // FALSE: the control device, which has nothing of the rest
    PDEVICE_OBJECT Self, Pdo, Lower;
    IO_REMOVE_LOCK RemoveLock;
    LIST_ENTRY Link; // of all filters, under TraceLock
    KSPIN_LOCK Lock; // guards Report
    struct trace_report Report;
} FILTER, *PFILTER;

// One for each request that is below, with what completion needs to know.
typedef struct _TRACED {
    PFILTER Filter;
    LONGLONG Begin; // of the performance counter
    ULONG Kind;
} TRACED, *PTRACED;

extern NPAGED_LOOKASIDE_LIST TraceContexts;
extern LIST_ENTRY TraceFilters;
extern FAST_MUTEX TraceMutex; // guards TraceFilters

// filter.c
DRIVER_ADD_DEVICE TraceAddDevice;
NTSTATUS TracePassDown(PFILTER filter, PIRP irp);
NTSTATUS TraceRequest(PFILTER filter, PIRP irp, ULONG kind);
NTSTATUS TracePnp(PFILTER filter, PIRP irp);
// report.c
VOID TraceCount(PFILTER filter, ULONG kind, LONGLONG ticks, NTSTATUS status, ULONG_PTR bytes);
NTSTATUS TraceControl(PIRP irp);

#endif
