// SPDX-License-Identifier: MIT
// Who owes what, read from the sequence numbers of the links. Both areas may be scribbled on by
// their writers at any time: nothing read here is used as an index, and a damaged request area can
// only make its own requester look as if it were owed something.
#include "manager.h"
#include <string.h>

static struct ash_request *request_at(const struct io_link *link, uint32_t slot)
{
    return (struct ash_request *)((unsigned char *)link->request + 4096) + slot;
}

static struct ash_answer *answer_at(const struct io_link *link, uint32_t slot)
{
    return (struct ash_answer *)((unsigned char *)link->answer + 4096) + slot;
}

static uint64_t asked(const struct io_link *link, uint32_t slot)
{
    return atomic_load_explicit(&request_at(link, slot)->sequence, memory_order_acquire);
}

static uint64_t answered(const struct io_link *link, uint32_t slot)
{
    return atomic_load_explicit(&answer_at(link, slot)->sequence, memory_order_acquire);
}

uint32_t io_ledger_owed(const struct io_link *link, uint32_t from)
{
    while (from < link->slots && asked(link, from) == answered(link, from))
        from++;
    return from;
}

bool io_ledger_owes(const struct io_link *link, uint8_t major, uint8_t minor, ash_word device)
{
    for (uint32_t slot = io_ledger_owed(link, 0); slot < link->slots;
         slot = io_ledger_owed(link, slot + 1)) {
        const struct ash_request *request = request_at(link, slot);
        if (request->major == major && request->minor == minor && request->device == device)
            return true;
    }
    return false;
}

void io_ledger_answer_all(struct io_link *link, ash_status status)
{
    for (uint32_t slot = io_ledger_owed(link, 0); slot < link->slots;
         slot = io_ledger_owed(link, slot + 1)) {
        struct ash_answer *answer = answer_at(link, slot);
        answer->status = status;
        answer->inline_size = 0;
        answer->information = 0;
        answer->completed = port_time();
        atomic_store_explicit(&answer->sequence, asked(link, slot), memory_order_release);
        uint32_t tail = atomic_load_explicit(&link->answer->complete_tail, memory_order_relaxed);
        link->answer->complete[tail % link->slots] = (uint16_t)slot;
        atomic_store_explicit(&link->answer->complete_tail, tail + 1, memory_order_release);
    }
}

static void fill(const struct io_link *link, uint32_t slot, struct ash_io_ledger_reply *reply)
{
    const struct ash_request *request = request_at(link, slot);
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
        for (uint32_t slot = io_ledger_owed(link, 0); slot < link->slots;
             slot = io_ledger_owed(link, slot + 1)) {
            if (index-- > 0)
                continue;
            struct ash_io_ledger_reply reply;
            fill(link, slot, &reply);
            port_answer(call->token, STATUS_SUCCESS, &reply, sizeof(reply), ASH_NULL_CPTR);
            return;
        }
    }
    io_fail(call, STATUS_NO_MORE_ENTRIES);
}
