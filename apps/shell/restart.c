// SPDX-License-Identifier: MIT
// Drivers that are started again, with the same image or another one: driver restart, update.
#include "ash/manager.h"
#include "pnp.h"
#include "shell.h"
#include <stdlib.h>
#include <string.h>

#define DRAIN_MS 2000u

/* "x" is drivers/x/x of the boot package, "a/b" is drivers/a/b, and a path is a path. */
static bool take_image(const char *word, char image[64])
{
    const char *slash = strchr(word, '/');
    int length;
    if (strncmp(word, "drivers/", 8) == 0)
        length = snprintf(image, 64, "%s", word);
    else if (slash != nullptr)
        length = snprintf(image, 64, "drivers/%s", word);
    else
        length = snprintf(image, 64, "drivers/%s/%s", word, word);
    return length > 0 && length < 64;
}

static int explain(const struct ash_pnp_restart_request *request, ash_status status)
{
    const char *name = request->name;
    switch (status) {
    case STATUS_OBJECT_NAME_NOT_FOUND:
        return shell_say("driver: %s is not loaded\n", name);
    case STATUS_OBJECT_PATH_NOT_FOUND:
        return shell_say("driver: the boot package has no %s\n", request->image);
    case STATUS_INVALID_DEVICE_REQUEST:
        return shell_say("driver: %s is not one that is started again when it dies\n", name);
    case STATUS_DRIVER_UNABLE_TO_LOAD:
        return shell_say("driver: %s does not work; the one before is back\n", request->image);
    case STATUS_DEVICE_NOT_READY:
        return shell_say("driver: %s could not be started again; `devtree` shows why\n", name);
    default:
        return shell_fail(name, status);
    }
}

int shell_restart(int argc, char **argv)
{
    struct ash_pnp_restart_request request = {.drain_ms = DRAIN_MS};
    struct ash_pnp_restart_reply reply;
    bool update = strcmp(argv[0], "update") == 0;
    if (update ? argc != 3 : argc < 2)
        return shell_say(
            "driver: write `driver restart NAME [MILLISECONDS]` or `driver update NAME "
            "PACKAGE`\n");
    if (strlen(argv[1]) >= sizeof(request.name))
        return shell_say("driver: a name has up to 31 bytes\n");
    strcpy(request.name, argv[1]);
    if (update && !take_image(argv[2], request.image))
        return shell_say("driver: a path in the boot package has up to 63 bytes\n");
    if (!update && argc > 2)
        request.drain_ms = strtoul(argv[2], nullptr, 10);
    ash_status status = ash_request(ASH_SLOT_PNP, ASH_PNP_RESTART, &request, sizeof(request),
                                    &reply, sizeof(reply));
    if (!ash_success(status))
        return explain(&request, status);
    printf("%s runs in task %lu%s%s\n", request.name, (unsigned long)reply.task, update ? ", " : "",
           request.image);
    return 0;
}
