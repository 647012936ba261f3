// SPDX-License-Identifier: MIT
// Who owes what, as ash/ring.h reads it from the links. A requester that scribbles on its own area
// can only make itself look as if it were owed something.
#include "manager.h"
#include <string.h>

bool io_ledger_owes(const struct io_link *link, uint8_t major, uint8_t minor, ash_word device)
{
    for (unsigned slot = 0; slot < link->ledger.slots; slot++) {
        struct ash_request request;
        if (ash_ledger_owed(&link->ledger, slot, &request) && request.major == major &&
            request.minor == minor && request.device == device)
            return true;
    }
    return false;
}

bool io_ledger_owes_file(const struct io_link *link, ash_word file)
{
    for (unsigned slot = 0; slot < link->ledger.slots; slot++) {
        struct ash_request request;
        if (ash_ledger_owed(&link->ledger, slot, &request) && request.file == file)
            return true;
    }
    return false;
}

bool io_ledger_owes_slot(const struct io_link *link, ash_word slot)
{
    struct ash_request request;
    return slot < link->ledger.slots && ash_ledger_owed(&link->ledger, (unsigned)slot, &request);
}

static void fill(const struct io_link *link, unsigned slot, const struct ash_request *request,
                 struct ash_io_ledger_reply *reply)
{
    *reply = (struct ash_io_ledger_reply){
        .link = link->id,
        .slot = slot,
        .requester = link->requester,
        .answerer = link->answerer,
        .device = request->device,
        .file = request->file,
        .major = request->major,
        .minor = request->minor,
        .length = request->parameter[0],
        .offset = request->parameter[1],
        .submitted = request->submitted,
    };
    const struct io_device *device = io_device_find(reply->device);
    if (device != nullptr)
        strcpy(reply->device_name, device->info.name);
    port_task_name(link->requester, reply->requester_name);
    port_task_name(link->answerer, reply->answerer_name);
}

/* ASH_IO_LEDGER */
void io_ledger_entry(const struct io_call *call)
{
    const struct ash_io_index_request *request = call->request;
    ash_word index = request->index;
    for (const struct io_link *link = io_link_first(); link != nullptr; link = link->next) {
        for (unsigned slot = 0; slot < link->ledger.slots; slot++) {
            struct ash_request owed;
            if (!ash_ledger_owed(&link->ledger, slot, &owed) || index-- > 0)
                continue;
            struct ash_io_ledger_reply reply;
            fill(link, slot, &owed, &reply);
            port_answer(call->token, STATUS_SUCCESS, &reply, sizeof(reply), ASH_NULL_CPTR);
            return;
        }
    }
    io_fail(call, STATUS_NO_MORE_ENTRIES);
}
