// SPDX-License-Identifier: MIT
// The parts of the Win32 test program.
#ifndef TESTS_GUEST_WIN32_H
#define TESTS_GUEST_WIN32_H

#include <stdio.h>
#include <stdlib.h>
#include <windows.h>
#include <winioctl.h>

#include "../../drivers/samples/ioctl/transfer.h"
#include "../../drivers/test/notify/notify.h"
#include "tap.h"

/* The call failed as it should, and the last error is that one. */
#define error_is(failed, error, name)                                                              \
    do {                                                                                           \
        BOOL failed_ = (failed);                                                                   \
        DWORD error_ = GetLastError();                                                             \
        if (failed_ && error_ != (error))                                                          \
            printf("# error %u instead of %u\n", error_, error);                                   \
        check(failed_ &&error_ == (error), name);                                                  \
    } while (0)

void events(void);
void events_outlive(void);
void services_start(void);
void services_end(void);
void text(void);

#endif
