// SPDX-License-Identifier: MIT
/* The release kernel: no checks. */
#include "check/check.h"
#include "ipc/invoke.h"
#include "small.h"

INIT void check_boot(void)
{
}

INIT void check_boot_end(void)
{
}

void check_leave(void)
{
}

unsigned check_method(struct invocation *call, uint64_t method)
{
    return invoke_error(call, ASH_E_METHOD, method, 0);
}
