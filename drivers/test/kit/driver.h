// SPDX-License-Identifier: MIT
//
// The parts of the test driver. A test returns 0, or the line of the check that did not hold.

#ifndef TEST_KIT_DRIVER_H
#define TEST_KIT_DRIVER_H

#include <ntddk.h>

#include "kit.h"

#define HOLDS(condition)                                                                           \
    do {                                                                                           \
        if (!(condition))                                                                          \
            return __LINE__;                                                                       \
    } while (0)

ULONG TestSections(VOID);
ULONG TestRoutines(VOID);
ULONG TestHandles(VOID);
ULONG TestOther(VOID);
ULONG TestOpen(PDEVICE_OBJECT device);
ULONG TestRounds(ULONG count);
ULONG TestSame(PDEVICE_OBJECT device, ULONG count);
// A request that is for the other driver: sent on as a filter does, or false.
BOOLEAN ForwardToOther(PIRP irp, PIO_STACK_LOCATION location, NTSTATUS *status);
NTSTATUS TestNeither(PIRP irp, PIO_STACK_LOCATION location);

#endif
