// SPDX-License-Identifier: MIT
//
// Debug output and assertions. Formats have the Windows meaning: l is 32 bits, I64 and ll 64, I the
// pointer's size, %ws and %S a 16-bit string, %wZ a UNICODE_STRING, %Z an ANSI_STRING.
// Documentation: nf-wdm-dbgprint, "Using ASSERT".

#ifndef DDK_DEBUG_H
#define DDK_DEBUG_H

#include <ntdef.h>

// Returns STATUS_SUCCESS. At most 512 bytes a call. Any IRQL (strings resident).
ULONG DbgPrint(PCSTR format, ...);
ULONG DbgPrintEx(ULONG component, ULONG level, PCSTR format, ...);
ULONG vDbgPrintEx(ULONG component, ULONG level, PCSTR format, va_list arguments);
// A place for a debugger to stop (break DbgBreakPoint in gdb). Without one a line is printed and
// the driver goes on, as when somebody at a debugger had let it go on.
VOID DbgBreakPoint(VOID);
#define DPFLTR_IHVDRIVER_ID    77
#define DPFLTR_IHVVIDEO_ID     78
#define DPFLTR_IHVAUDIO_ID     79
#define DPFLTR_IHVNETWORK_ID   80
#define DPFLTR_IHVSTREAMING_ID 81
#define DPFLTR_IHVBUS_ID       82
#define DPFLTR_DEFAULT_ID      101
#define DPFLTR_ERROR_LEVEL     0
#define DPFLTR_WARNING_LEVEL   1
#define DPFLTR_TRACE_LEVEL     2
#define DPFLTR_INFO_LEVEL      3

// A bug check of the task.
#define DbgRaiseAssertionFailure() DdkAssertionFailure(__FILE__, __LINE__)
DECLSPEC_NORETURN VOID DdkAssertionFailure(PCSTR file, ULONG line);

// A failed assertion of a checked build is a bug check that names it.
VOID RtlAssert(PVOID text, PVOID file, ULONG line, PSTR message);
#define RTL_SOFT_ASSERT(e) ((e) ? TRUE : FALSE)
#ifndef DBG
#define DBG 0
#endif
#if DBG
#define KdPrint(arguments)   DbgPrint arguments
#define KdPrintEx(arguments) DbgPrintEx arguments
#define KdBreakPoint()       DbgBreakPoint()
#define ASSERT(e)                                                                                  \
    ((e) ? (void)0 : RtlAssert((PVOID)(ULONG_PTR) #e, (PVOID)(ULONG_PTR)__FILE__, __LINE__, NULL))
#define ASSERTMSG(m, e)                                                                            \
    ((e) ? (void)0                                                                                 \
         : RtlAssert((PVOID)(ULONG_PTR) #e, (PVOID)(ULONG_PTR)__FILE__, __LINE__,                  \
                     (PSTR)(ULONG_PTR)(m)))
#else
#define KdPrint(arguments)   ((void)0)
#define KdPrintEx(arguments) ((void)0)
#define KdBreakPoint()       ((void)0)
#define ASSERT(e)            ((void)0)
#define ASSERTMSG(m, e)      ((void)0)
#endif
#define NT_ASSERT(e)       ASSERT(e)
#define NT_ASSERTMSG(m, e) ASSERTMSG(m, e)
#define NT_VERIFY(e)       ((e) ? TRUE : (DbgRaiseAssertionFailure(), FALSE))

// Formatting into a buffer with the same meaning; always terminated when bytes > 0. Returns the
// length without the terminator, or -1 when it did not fit.
int _vsnprintf(char *buffer, size_t bytes, const char *format, va_list arguments);
int _vsnwprintf(WCHAR *buffer, size_t chars, const WCHAR *format, va_list arguments);
int DdkFormat(char *buffer, size_t bytes, const char *format, ...);

#endif
