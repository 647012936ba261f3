// SPDX-License-Identifier: MIT
/*
 * The time of day: what the clock's driver said last, kept as the time at which `rdtime` was 0.
 * 0 means that nobody has said yet.
 */
#include "proc.h"

static ash_word epoch;

/* ASH_PROC_TIME */
ash_status clock_op_get(struct ash_server *, struct ash_caller *caller)
{
    struct ash_proc_time_reply *reply = (void *)caller->reply;
    reply->epoch = epoch;
    return STATUS_SUCCESS;
}

/* ASH_PROC_SET_TIME: drivers only; applications ask the clock's driver to. */
ash_status clock_op_set(struct ash_server *, struct ash_caller *caller)
{
    const struct ash_proc_time_reply *request = (const void *)caller->request;
    if (!may(caller, ASH_PROC_DRIVER))
        return STATUS_ACCESS_DENIED;
    epoch = request->epoch;
    return STATUS_SUCCESS;
}
