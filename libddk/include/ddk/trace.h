// SPDX-License-Identifier: MIT
//
// Names of software tracing (WPP) and of event tracing (ETW) that drivers mention. There is no
// trace session in this system that could take the messages: initialising and ending a trace does
// nothing, and messages are compiled away. Who wants output uses DbgPrintEx.
// Documentation: "WPP Software Tracing", "Adding Event Tracing to Kernel-Mode Drivers".

#ifndef DDK_TRACE_H
#define DDK_TRACE_H

#include <ntdef.h>

#define TRACE_LEVEL_NONE        0
#define TRACE_LEVEL_CRITICAL    1
#define TRACE_LEVEL_FATAL       1
#define TRACE_LEVEL_ERROR       2
#define TRACE_LEVEL_WARNING     3
#define TRACE_LEVEL_INFORMATION 4
#define TRACE_LEVEL_VERBOSE     5

typedef ULONG64 TRACEHANDLE, *PTRACEHANDLE;

#define WPP_INIT_TRACING(...)           ((void)0)
#define WPP_CLEANUP(...)                ((void)0)
#define WPP_SYSTEMCONTROL(driver)       ((void)0)
#define WPP_SYSTEMCONTROL2(driver, o)   ((void)0)
#define WPP_LEVEL_ENABLED(flag)         FALSE
#define WPP_LEVEL_LOGGER(flag)          0
#define WPP_FLAG_ENABLED(flag)          FALSE
#define WPP_LEVEL_FLAGS_ENABLED(lvl, f) FALSE
#define WPP_LEVEL_FLAGS_LOGGER(lvl, f)  0

#endif
