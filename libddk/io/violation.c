// SPDX-License-Identifier: MIT
//
// The end of a task whose driver broke a rule of the I/O manager: the code that Windows' I/O
// verification gives the rule is the first parameter; driver routine, IRP and device follow.

#include "io.h"

#include <irp_name.h>

#define TEXT_BYTES 240

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
    const char *name = ash_irp_major_name(major);
    print("%s (IRP %p, IRP_MJ_%s, device %p, routine %p)", rule, irp, name != NULL ? name : "?",
          device, routine);
    ki_die(DRIVER_VERIFIER_IOMANAGER_VIOLATION, code, (ULONG_PTR)routine, (ULONG_PTR)irp,
           (ULONG_PTR)device, text);
}
