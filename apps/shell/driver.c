// SPDX-License-Identifier: MIT
// Driver tasks: drivers, and driver load, unload, list.
#include "ash/manager.h"
#include "ash/syscall.h"
#include "io.h"
#include "pnp.h"
#include "shell.h"

#include <ctype.h>
#include <string.h>

static const char *driver_state(ash_word state)
{
    static const char *const names[] = {"loading", "ready", "failed", "unloaded"};
    return state < sizeof(names) / sizeof(names[0]) ? names[state] : "?";
}

static int drivers(int, char **)
{
    struct ash_io_index_request request = {0};
    struct ash_io_driver_state_reply driver;
    printf("%6s  %-16s %-8s %7s  %s\n", "TASK", "NAME", "STATE", "DEVICES", "IMAGE");
    for (;; request.index++) {
        ash_status status = ash_request(ASH_SLOT_IO, ASH_IO_DRIVERS, &request, sizeof(request),
                                        &driver, sizeof(driver));
        if (status == STATUS_NO_MORE_ENTRIES)
            return 0;
        if (!ash_success(status))
            return shell_fail("drivers", status);
        ash_status result = (ash_status)(uint32_t)driver.status;
        printf("%6lu  %-16s %-8s %7lu  %s%s%s\n", (unsigned long)driver.task, driver.name,
               driver_state(driver.state), (unsigned long)driver.devices, driver.image,
               ash_success(result) ? "" : "  ", ash_success(result) ? "" : status_name(result));
    }
}

/* Names in the boot package are lower case; .sys is what they are called elsewhere. */
static bool take_name(const char *word, struct ash_pnp_load_request *request)
{
    size_t length = strlen(word);
    if (length > 4 && strcasecmp(word + length - 4, ".sys") == 0)
        length -= 4;
    if (length >= sizeof(request->name))
        return false;
    for (size_t i = 0; i < length; i++)
        request->name[i] = (char)tolower((unsigned char)word[i]);
    return true;
}

static int load(const struct ash_pnp_load_request *request)
{
    struct ash_pnp_load_reply reply;
    ash_status status =
        ash_request(ASH_SLOT_PNP, ASH_PNP_LOAD, request, sizeof(*request), &reply, sizeof(reply));
    if (status == STATUS_OBJECT_NAME_NOT_FOUND)
        return shell_say("driver load: the boot package has no driver '%s'\n", request->name);
    if (!ash_success(status))
        return shell_fail(request->name, status);
    printf("%s is driver %lu in task %lu\n", request->name, (unsigned long)reply.driver,
           (unsigned long)reply.task);
    return 0;
}

static int unload(const struct ash_pnp_load_request *request)
{
    const char *name = request->name;
    ash_status status =
        ash_request(ASH_SLOT_PNP, ASH_PNP_UNLOAD, request, sizeof(*request), nullptr, 0);
    if (ash_success(status)) {
        printf("%s is unloaded\n", name);
        return 0;
    }
    switch (status) {
    case STATUS_OBJECT_NAME_NOT_FOUND:
        return shell_say("driver unload: %s is not loaded\n", name);
    case STATUS_DEVICE_BUSY:
        return shell_say("driver unload: %s is in use: a file of its devices is open, or another "
                         "driver is attached above them\n",
                         name);
    case STATUS_INVALID_DEVICE_REQUEST:
        return shell_say("driver unload: %s serves devices of the device tree, or it has no "
                         "DriverUnload routine\n",
                         name);
    case STATUS_DRIVER_PROCESS_TERMINATED:
        return shell_say("driver unload: %s died in its DriverUnload; `crash` shows the report\n",
                         name);
    default:
        return shell_fail(name, status);
    }
}

static int driver(int argc, char **argv)
{
    struct ash_pnp_load_request request = {};
    if (strcmp(argv[1], "restart") == 0 || strcmp(argv[1], "update") == 0)
        return shell_restart(argc - 1, argv + 1);
    if (argc == 2 && strcmp(argv[1], "list") == 0)
        return drivers(argc, argv);
    if (strcmp(argv[1], "verify") == 0)
        return shell_verify(argc - 1, argv + 1);
    bool loads = strcmp(argv[1], "load") == 0;
    if (argc != 3 || (!loads && strcmp(argv[1], "unload") != 0))
        return shell_say("driver: write `driver load NAME`, `driver unload NAME`, `driver list`, "
                         "`driver restart NAME`, `driver update NAME PACKAGE` or `driver verify "
                         "NAME OPTIONS`\n");
    if (!take_name(argv[2], &request))
        return shell_say("driver: a name has up to 31 bytes\n");
    return loads ? load(&request) : unload(&request);
}

const struct command shell_driver_commands[] = {
    {"drivers", 0, 0, "", "driver objects and their tasks", drivers},
    {"driver", 1, 3,
     "load|unload|restart NAME, update NAME PACKAGE, list, verify [NAME [OPTIONS|off]]",
     "starts, ends, replaces or checks a driver", driver},
    {},
};
