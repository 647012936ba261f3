// SPDX-License-Identifier: MIT
//
// The end of a task whose driver broke a rule of the I/O manager: the code that Windows' I/O
// verification gives the rule is the first parameter; driver routine, IRP and device follow.

#include "io.h"

#define TEXT_BYTES 240

static const char *const major_names[] = {
    "CREATE",
    "CREATE_NAMED_PIPE",
    "CLOSE",
    "READ",
    "WRITE",
    "QUERY_INFORMATION",
    "SET_INFORMATION",
    "QUERY_EA",
    "SET_EA",
    "FLUSH_BUFFERS",
    "QUERY_VOLUME_INFORMATION",
    "SET_VOLUME_INFORMATION",
    "DIRECTORY_CONTROL",
    "FILE_SYSTEM_CONTROL",
    "DEVICE_CONTROL",
    "INTERNAL_DEVICE_CONTROL",
    "SHUTDOWN",
    "LOCK_CONTROL",
    "CLEANUP",
    "CREATE_MAILSLOT",
    "QUERY_SECURITY",
    "SET_SECURITY",
    "POWER",
    "SYSTEM_CONTROL",
    "DEVICE_CHANGE",
    "QUERY_QUOTA",
    "SET_QUOTA",
    "PNP",
};
C_ASSERT(RTL_NUMBER_OF(major_names) == IRP_MJ_MAXIMUM_FUNCTION + 1);

static char text[TEXT_BYTES]; // one violation ends the task

static void print(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)_vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
}

void io_violation(ULONG code, const char *rule, PIRP irp, PDEVICE_OBJECT device, UCHAR major,
                  const void *routine)
{
    const char *name = major <= IRP_MJ_MAXIMUM_FUNCTION ? major_names[major] : "?";
    print("%s (IRP %p, IRP_MJ_%s, device %p, routine %p)", rule, irp, name, device, routine);
    ki_die(DRIVER_VERIFIER_IOMANAGER_VIOLATION, code, (ULONG_PTR)routine, (ULONG_PTR)irp,
           (ULONG_PTR)device, text);
}
