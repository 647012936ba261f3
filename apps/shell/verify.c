// SPDX-License-Identifier: MIT
// Which drivers are verified: driver verify.
#include "ash/manager.h"
#include "io.h"
#include "shell.h"
#include <string.h>

static int list(void)
{
    struct ash_io_index_request request = {0};
    struct ash_io_verify_request entry;
    for (;; request.index++) {
        ash_status status = ash_request(ASH_SLOT_IO, ASH_IO_VERIFIED, &request, sizeof(request),
                                        &entry, sizeof(entry));
        if (status == STATUS_NO_MORE_ENTRIES)
            break;
        if (!ash_success(status))
            return shell_fail("verify", status);
        printf("%-16s %s\n", entry.name, entry.options);
    }
    if (request.index == 0)
        printf("no driver is verified\n");
    return 0;
}

/* The options are the driver kit's; a driver that does not understand them says so when it is
 * loaded. */
int shell_verify(int argc, char **argv)
{
    struct ash_io_verify_request request = {};
    if (argc < 2)
        return list();
    const char *options = argc > 2 ? argv[2] : "standard";
    if (strlen(argv[1]) >= sizeof(request.name) || strlen(options) >= sizeof(request.options))
        return shell_say("verify: a name has at most 31 bytes, options have at most 95\n");
    strcpy(request.name, argv[1]);
    if (strcmp(options, "off") != 0)
        strcpy(request.options, options);
    ash_status status =
        ash_request(ASH_SLOT_IO, ASH_IO_VERIFY, &request, sizeof(request), nullptr, 0);
    if (!ash_success(status))
        return shell_fail(argv[1], status);
    return 0;
}
