// SPDX-License-Identifier: MIT
//
// Levels of trace messages. The tracing itself is in ddk/trace.h: messages are compiled away.

#ifndef DDK_EVNTRACE_H
#define DDK_EVNTRACE_H

#include <ddk/trace.h>

#define TRACE_LEVEL_NONE        0
#define TRACE_LEVEL_CRITICAL    1
#define TRACE_LEVEL_FATAL       1
#define TRACE_LEVEL_ERROR       2
#define TRACE_LEVEL_WARNING     3
#define TRACE_LEVEL_INFORMATION 4
#define TRACE_LEVEL_VERBOSE     5

typedef ULONG64 TRACEHANDLE, *PTRACEHANDLE;

#endif
