// SPDX-License-Identifier: MIT
// What a person does to a device: device VERB NAME.
#include "ash/manager.h"
#include "pnp.h"
#include "shell.h"

#include <string.h>

static const struct {
    const char *verb, *done;
    enum ash_pnp_operation operation;
} verbs[] = {
    {"add", "added", ASH_PNP_OPERATION_ADD},
    {"disable", "disabled", ASH_PNP_OPERATION_DISABLE},
    {"eject", "ejected", ASH_PNP_OPERATION_EJECT},
    {"enable", "enabled", ASH_PNP_OPERATION_ENABLE},
    {"rebalance", "stopped and started", ASH_PNP_OPERATION_REBALANCE},
    {"remove", "removed", ASH_PNP_OPERATION_REMOVE},
    {"rescan", "asked for its devices", ASH_PNP_OPERATION_RESCAN},
};
#define VERBS (sizeof(verbs) / sizeof(verbs[0]))

static int usage(void)
{
    printf("device: the verbs are");
    for (size_t i = 0; i < VERBS; i++)
        printf(" %s", verbs[i].verb);
    printf("; NAME is an instance path of `devtree` or a part of it\n");
    return 1;
}

/* Why it did not happen, and what to do about it. */
static const char *reason(ash_word veto)
{
    switch (veto) {
    case ASH_PNP_VETO_OUTSTANDING_OPEN:
        return "a file is open on it";
    case ASH_PNP_VETO_MOUNTED:
        return "a file system is mounted on it";
    case ASH_PNP_VETO_DRIVER:
        return "its driver refused";
    case ASH_PNP_VETO_TARGET:
        return "a driver that uses it refused";
    case ASH_PNP_VETO_NON_DISABLEABLE:
        return "the system needs it, or one below it";
    case ASH_PNP_VETO_ILLEGAL:
        return "it cannot do that in its present state";
    default:
        return "it failed";
    }
}

static int tell(const char *name, const char *done, const struct ash_pnp_operate_reply *reply)
{
    ash_status status = (ash_status)(uint32_t)reply->status;
    const char *which = reply->instance[0] != '\0' ? reply->instance : name;
    if (ash_success(status)) {
        printf("%s: %s\n", which, done);
        return 0;
    }
    printf("%s: %s%s%s%s (%s)\n", which, reason(reply->veto), reply->driver[0] != '\0' ? " (" : "",
           reply->driver, reply->driver[0] != '\0' ? ")" : "", status_name(status));
    return 1;
}

static int device(int, char **argv)
{
    struct ash_pnp_operate_request request = {};
    struct ash_pnp_operate_reply reply = {};
    size_t verb = 0, length = strlen(argv[2]);
    while (verb < VERBS && strcmp(verbs[verb].verb, argv[1]) != 0)
        verb++;
    if (verb == VERBS)
        return usage();
    if (length >= sizeof(request.name))
        return shell_say("device: no name is that long\n");
    request.operation = verbs[verb].operation;
    memcpy(request.name, argv[2], length + 1);
    ash_status status = ash_request(ASH_SLOT_PNP, ASH_PNP_OPERATE, &request, sizeof(request),
                                    &reply, sizeof(reply));
    if (status == STATUS_OBJECT_NAME_COLLISION)
        return shell_say("device: %s is in the name of several devices\n", argv[2]);
    if (!ash_success(status))
        return shell_fail(argv[2], status);
    reply.instance[sizeof(reply.instance) - 1] = reply.driver[sizeof(reply.driver) - 1] = '\0';
    return tell(argv[2], verbs[verb].done, &reply);
}

const struct command shell_pnp_commands[] = {
    {"device", 2, 2, "VERB NAME",
     "add, remove, enable, disable, eject, rescan or rebalance a device", device},
    {},
};
