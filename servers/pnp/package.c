// SPDX-License-Identifier: MIT
/* INF files out of the boot package, through the process manager, a few hundred bytes at a time. */
#include "ash/manager.h"
#include "database.h"
#include "inf.h"
#include "main.h"
#include "port.h"
#include "process.h"
#include <stdlib.h>
#include <string.h>

#define PREFIX "drivers/"

static ash_status ask_under(const char *prefix, ash_word index, ash_word offset,
                            struct ash_proc_package_reply *reply)
{
    struct ash_proc_package_request request = {.index = index, .offset = offset};
    strncpy(request.prefix, prefix, sizeof(request.prefix) - 1);
    ash_status status = ash_request(ASH_SLOT_PROCESS, ASH_PROC_PACKAGE, &request, sizeof(request),
                                    reply, sizeof(*reply));
    reply->name[sizeof(reply->name) - 1] = '\0';
    return status;
}

static ash_status ask(ash_word index, ash_word offset, struct ash_proc_package_reply *reply)
{
    return ask_under(PREFIX, index, offset, reply);
}

bool package_holds(const char *path)
{
    struct ash_proc_package_reply reply;
    for (ash_word index = 0; ash_success(ask_under(path, index, 0, &reply)); index++)
        if (strcmp(reply.name, path) == 0)
            return true;
    return false;
}

static char *read_file(ash_word index, ash_word size)
{
    char *text = malloc(size + 1);
    ash_word done = 0;
    while (text != nullptr && done < size) {
        struct ash_proc_package_reply reply;
        ash_status status = ask(index, done, &reply);
        if (!ash_success(status) || reply.bytes == 0 || reply.bytes > sizeof(reply.data) ||
            reply.bytes > size - done) {
            free(text);
            return nullptr;
        }
        memcpy(text + done, reply.data, reply.bytes);
        done += reply.bytes;
    }
    return text;
}

static bool is_inf(const char *name)
{
    size_t length = strlen(name);
    return length > 4 && strcmp(name + length - 4, ".inf") == 0;
}

void package_read(void)
{
    struct ash_proc_package_reply reply;
    for (ash_word index = 0; ash_success(ask(index, 0, &reply)); index++) {
        if (!is_inf(reply.name))
            continue;
        char *text = reply.size <= INF_SIZE_MAX ? read_file(index, reply.size) : nullptr;
        if (text == nullptr)
            port_log("%s: cannot be read from the boot package", reply.name);
        else
            pnp_database_add(reply.name, text, reply.size);
    }
}
