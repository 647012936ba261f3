// SPDX-License-Identifier: MIT
// What a handle of a requester means to the driver that handles its request. The ledger tells that
// it does: the slot lies in memory that only the requester writes, so a driver cannot make itself
// owe something to a task that asked for nothing; and a requester that pretends gives away only
// what is its own.
#include "manager.h"

/* ASH_IO_REFERENCE_HANDLE */
void io_reference(const struct io_call *call)
{
    const struct ash_io_reference_request *request = call->request;
    const struct io_link *link = io_link_find(request->link);
    if (link == nullptr || link->kind != ASH_LINK_FILE || link->answerer != call->task ||
        link->ended != 0 || !io_ledger_owes_slot(link, request->slot)) {
        io_fail(call, STATUS_INVALID_HANDLE);
        return;
    }
    const struct ash_ob_duplicate_request duplicate = {link->requester, request->handle,
                                                       call->task};
    struct ash_ob_duplicate_reply reply;
    ash_status status = port_duplicate(&duplicate, &reply);
    if (ash_success(status))
        port_answer(call->token, STATUS_SUCCESS, &reply, sizeof(reply), ASH_NULL_CPTR);
    else
        io_fail(call, status);
}
