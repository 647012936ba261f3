// SPDX-License-Identifier: MIT
// Links: their memory, headers and doorbells; telling the answerer that one came or went.
// Invariants: a link's memory lives until its requester is gone or has let go of it; a link whose
// `ended` is set gets no more answers from its answerer.
#include "manager.h"
#include <stdlib.h>
#include <string.h>

static struct io_link *links;

struct io_link *io_link_first(void)
{
    return links;
}

struct io_link *io_link_find(ash_word id)
{
    struct io_link *link = links;
    while (link != nullptr && link->id != id)
        link = link->next;
    return link;
}

struct io_link *io_link_between(ash_word kind, ash_word requester, ash_word answerer,
                                ash_word device)
{
    struct io_link *link = links;
    while (link != nullptr &&
           (link->kind != kind || link->requester != requester || link->answerer != answerer ||
            link->device != device || link->state == IO_LINK_REMOVING || link->ended != 0))
        link = link->next;
    return link;
}

static ash_status mint_doorbells(struct io_link *link, const struct io_task *requester,
                                 const struct io_task *answerer)
{
    ash_word badge = (ash_word)1 << link->id % 32;
    link->to_requester =
        requester == nullptr ? port_own_doorbell(badge) : port_mint(requester->completions, badge);
    link->to_answerer = port_mint(answerer->requests, badge);
    return link->to_requester != ASH_NULL_CPTR && link->to_answerer != ASH_NULL_CPTR
               ? STATUS_SUCCESS
               : STATUS_INSUFFICIENT_RESOURCES;
}

static struct ash_ledger sizes(ash_word kind)
{
    bool data = kind == ASH_LINK_DEVICE || kind == ASH_LINK_FILE || kind == ASH_LINK_OPEN;
    return data ? (struct ash_ledger){.slots = ASH_LINK_DATA_SLOTS,
                                      .inline_bytes = ASH_LINK_DATA_INLINE}
                : (struct ash_ledger){.slots = ASH_LINK_CONTROL_SLOTS,
                                      .inline_bytes = ASH_LINK_CONTROL_INLINE};
}

/* Fills the headers. Whoever publishes first rings: the other side is not at the ring yet. */
static void format(struct io_link *link)
{
    struct ash_ledger *ledger = &link->ledger;
    struct ash_link_requests *requests = (struct ash_link_requests *)link->memory.io_request;
    ledger->requests = requests;
    ledger->answers = (struct ash_link_answers *)link->memory.io_answer;
    ash_ring_format(requests, ledger->answers, (uint32_t)link->kind, ledger->slots,
                    ledger->inline_bytes);
    atomic_store(&requests->asleep, 1);
    atomic_store(&ledger->answers->asleep, 1);
    atomic_store(&ledger->answers->unwatched, !io_deadline_watching());
}

/* requester null: this manager itself. */
ash_status io_link_new(ash_word kind, ash_word device, struct io_task *requester,
                       struct io_task *answerer, struct io_link **result)
{
    struct io_link *link = calloc(1, sizeof(*link));
    if (link == nullptr)
        return STATUS_NO_MEMORY;
    *link = (struct io_link){.kind = kind,
                             .device = device,
                             .requester = requester == nullptr ? ASH_TASK_IO : requester->id,
                             .answerer = answerer->id,
                             .users = 1,
                             .ledger = sizes(kind)};
    const struct ash_mem_link_create_request request = {
        link->requester, link->answerer,
        ash_link_request_bytes(link->ledger.slots, link->ledger.inline_bytes),
        ash_link_answer_bytes(link->ledger.slots, link->ledger.inline_bytes), link->ledger.slots};
    ash_status status = port_link_create(&request, &link->memory);
    if (!ash_success(status)) {
        free(link);
        return status;
    }
    link->id = link->memory.link;
    link->next = links;
    links = link;
    format(link);
    status = mint_doorbells(link, requester, answerer);
    if (!ash_success(status))
        io_link_free(link);
    else
        *result = link;
    return status;
}

void io_link_free(struct io_link *link)
{
    struct io_link **at = &links;
    while (*at != link)
        at = &(*at)->next;
    *at = link->next;
    io_wake(&link->waiters, STATUS_DEVICE_REMOVED);
    port_drop(link->to_requester);
    port_drop(link->to_answerer);
    port_link_free(link->id);
    free(link->watch);
    free(link);
}

bool io_link_carries_data(const struct io_link *link)
{
    return link->kind == ASH_LINK_DEVICE || link->kind == ASH_LINK_OPEN ||
           link->kind == ASH_LINK_FILE;
}

struct ash_link_info io_link_info(const struct io_link *link, bool requester)
{
    const struct ash_mem_link_create_reply *m = &link->memory;
    return (struct ash_link_info){
        .link = link->id,
        .kind = link->kind,
        .device = link->device,
        .peer = requester ? link->answerer : link->requester,
        .requests = requester ? m->requester_request : m->answerer_request,
        .answers = requester ? m->requester_answer : m->answerer_answer,
        .slots = link->ledger.slots,
        .inline_bytes = link->ledger.inline_bytes,
        .resumed = link->resumed,
    };
}

static void announced(void *context, const struct io_control_answer *answer)
{
    struct io_link *link = io_link_find((ash_word)context);
    if (link == nullptr || link->state == IO_LINK_REMOVING || link->parked)
        return;
    link->state = IO_LINK_OPEN;
    if (!ash_success(answer->status))
        io_link_end(link, answer->status);
    io_wake(&link->waiters, answer->status);
}

void io_link_announce(struct io_link *link, void (*done)(void *, ash_status), void *context)
{
    if (done != nullptr && !io_wait(&link->waiters, done, context)) {
        done(context, STATUS_NO_MEMORY);
        return;
    }
    struct ash_link_info info = io_link_info(link, false);
    io_control_send(io_driver_of(link->answerer),
                    &(struct io_control_request){.major = ASH_MJ_LINK_ADDED,
                                                 .parameter = {link->id},
                                                 .data = &info,
                                                 .bytes = sizeof(info),
                                                 .done = announced,
                                                 .context = (void *)link->id});
}

void io_link_end(struct io_link *link, ash_status status)
{
    if (link->ended != 0)
        return;
    link->ended = status;
    ash_ledger_end(&link->ledger, status);
    port_signal(link->to_requester);
}

static void removed(void *context, const struct io_control_answer *answer)
{
    struct io_link *link = io_link_find((ash_word)context);
    if (link != nullptr && answer->status != STATUS_IO_TIMEOUT)
        io_link_free(link); /* a driver that does not let go keeps the ring until it dies */
}

void io_link_remove(struct io_link *link)
{
    struct io_driver *driver = io_driver_of(link->answerer);
    if (link->state == IO_LINK_REMOVING)
        return;
    link->state = IO_LINK_REMOVING;
    if (driver == nullptr || driver->task == nullptr) {
        io_link_free(link);
        return;
    }
    io_control_send(driver, &(struct io_control_request){.major = ASH_MJ_LINK_REMOVED,
                                                         .parameter = {link->id},
                                                         .done = removed,
                                                         .late = removed,
                                                         .context = (void *)link->id});
}

/* ASH_IO_LINK_ACCEPT */
void io_link_accept(const struct io_call *call)
{
    const struct ash_io_link_request *request = call->request;
    const struct io_link *link = io_link_find(request->link);
    if (link == nullptr)
        io_fail(call, STATUS_INVALID_HANDLE);
    else if (link->answerer != call->task)
        io_fail(call, STATUS_ACCESS_DENIED);
    else
        port_answer(call->token, STATUS_SUCCESS, nullptr, 0, link->to_requester);
}

/* A manager keeps to the protocol: a driver that says otherwise is out of its mind, and of no use
 * without that link. */
static void end_accuser(const struct io_link *link, ash_word task)
{
    if (link->answerer != task || link->requester >= ASH_TASK_FIRST ||
        io_driver_of(task) == nullptr)
        return;
    port_kill(task);
    port_report(task, "it said that a manager had broken the protocol of their link");
}

/* ASH_IO_PROTOCOL_ERROR. An accusation ends the link and no more: each side writes half of the
 * evidence, so a driver is killed only for what it did on a link of a manager. */
void io_link_protocol_error(const struct io_call *call)
{
    const struct ash_io_link_request *request = call->request;
    struct io_link *link = io_link_find(request->link);
    if (link == nullptr || (link->answerer != call->task && link->requester != call->task)) {
        io_fail(call, link == nullptr ? STATUS_INVALID_HANDLE : STATUS_ACCESS_DENIED);
        return;
    }
    port_log("link %lu: task %lu says that task %lu broke the protocol\n", (unsigned long)link->id,
             (unsigned long)call->task,
             (unsigned long)(link->answerer == call->task ? link->requester : link->answerer));
    io_link_end(link, STATUS_DEVICE_PROTOCOL_ERROR);
    end_accuser(link, call->task);
    io_fail(call, STATUS_SUCCESS);
}
