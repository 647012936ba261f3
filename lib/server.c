// SPDX-License-Identifier: MIT
/*
 * The managers' event loop.
 *
 * Invariants. `current` is the Reply object of the next or present request; one more Reply object
 * is in `spare` for each deferred caller that was answered. A deferred caller's object is in
 * neither. The three receive slots are empty whenever the loop receives.
 */
#include "ash/server.h"
#include "ash/invoke.h"
#include "ash/log.h"
#include "ash/slot.h"

#include <stdlib.h>
#include <string.h>

#define SPARES_MIN 8u

static ash_status new_reply(struct ash_server *server, ash_cptr *slot)
{
    return server->make_reply ? server->make_reply(slot) : ash_reply_create(slot);
}

void ash_server_init(struct ash_server *server)
{
    for (unsigned i = 0; i < server->operation_count; i++) {
        const struct ash_operation *row = &server->operations[i];
        ASH_ASSERT(row->op < ASH_SERVER_OPS && !server->table[row->op]);
        ASH_ASSERT(row->request_bytes <= ASH_MESSAGE_BYTES &&
                   row->reply_bytes <= ASH_MESSAGE_BYTES);
        server->table[row->op] = row;
    }
    server->receive = ash_slot_alloc_run(ASH_MSG_CAPS);
    ASH_ASSERT(server->receive != 0);
    if (!ash_success(new_reply(server, &server->current)))
        ash_panic("cannot make a Reply object");
}

static ash_cptr cnode_of(const struct ash_server *server)
{
    return server->cnode != 0 ? server->cnode : (ash_cptr)ASH_SLOT_CNODE;
}

static bool keep_spare(struct ash_server *server, ash_cptr reply)
{
    if (server->spares == server->spare_capacity) {
        unsigned capacity = server->spare_capacity == 0 ? SPARES_MIN : server->spare_capacity * 2;
        ash_cptr *grown = realloc(server->spare, capacity * sizeof(*grown));
        if (!grown)
            return false;
        server->spare = grown;
        server->spare_capacity = capacity;
    }
    server->spare[server->spares++] = reply;
    return true;
}

/* Makes sure that a spare Reply object exists, so that ash_server_defer's caller can go on. */
ash_token ash_server_defer(struct ash_server *server)
{
    if (server->spares == 0) {
        ash_cptr fresh;
        if (!ash_success(new_reply(server, &fresh)))
            return 0;
        if (!keep_spare(server, fresh))
            return 0;
    }
    server->deferred = true;
    return server->current;
}

static void put_words(struct ash_message *m, const void *bytes, size_t count)
{
    size_t first = count < sizeof(m->mr) ? count : sizeof(m->mr);
    memset(m->mr, 0, sizeof(m->mr));
    memcpy(m->mr, bytes, first);
    if (count > first)
        memcpy(&ash_ipc()->msg[ASH_MSG_REGISTERS], (const char *)bytes + first, count - first);
}

static ash_word answer_info(ash_status status, size_t bytes, unsigned caps)
{
    return ash_info((uint32_t)status, (unsigned)((bytes + 7) / 8), caps);
}

void ash_server_answer(struct ash_server *server, ash_token token, ash_status status,
                       const void *reply, size_t bytes, const ash_cptr *caps, unsigned cap_count)
{
    if (token == 0)
        return;
    struct ash_message m = {};
    if (bytes > 0)
        put_words(&m, reply, bytes);
    for (unsigned i = 0; i < cap_count; i++)
        ash_ipc()->caps[i] = caps[i];
    m.info = answer_info(status, bytes, cap_count);
    ash_send(token, &m);
    ash_server_drop(server, token);
}

void ash_server_drop(struct ash_server *server, ash_token token)
{
    if (token != 0 && !keep_spare(server, token))
        ash_panic("no memory to keep a Reply object");
}

ash_cptr ash_server_take_cap(struct ash_server *server, struct ash_caller *caller, unsigned i)
{
    if (i >= caller->caps || caller->cap[i] == 0)
        return 0;
    ash_cptr slot = ash_slot_alloc();
    if (slot == 0)
        return 0;
    if (ash_cnode_move(cnode_of(server), slot, caller->cap[i]) != ASH_OK) {
        ash_slot_free(slot);
        return 0;
    }
    caller->cap[i] = 0;
    return slot;
}

/* Only what the request before left behind is cleared: both arrays are half a kilobyte. */
static void load_caller(struct ash_server *server, const struct ash_message *m)
{
    struct ash_caller *caller = &server->caller;
    unsigned words = ash_info_length(m->info);
    if (words > ASH_MSG_WORDS)
        words = ASH_MSG_WORDS;
    size_t bytes = words * sizeof(ash_word);
    if (server->dirty_request > bytes)
        memset((char *)caller->request + bytes, 0, server->dirty_request - bytes);
    memset(caller->reply, 0, server->dirty_reply);
    server->dirty_request = bytes;
    server->dirty_reply = 0;
    caller->task = m->badge;
    caller->op = ash_info_label(m->info);
    caller->bytes = bytes;
    caller->caps = ash_info_caps(m->info);
    caller->reply_bytes = 0;
    caller->reply_caps = 0;
    memset(caller->reply_cap_delete, 0, sizeof(caller->reply_cap_delete));
    memcpy(caller->request, m->mr, bytes < sizeof(m->mr) ? bytes : sizeof(m->mr));
    if (words > ASH_MSG_REGISTERS)
        memcpy(&caller->request[ASH_MSG_REGISTERS], &ash_ipc()->msg[ASH_MSG_REGISTERS],
               bytes - sizeof(m->mr));
    for (unsigned i = 0; i < caller->caps; i++)
        caller->cap[i] = server->receive + i;
}

static ash_status dispatch(struct ash_server *server, struct ash_caller *caller)
{
    const struct ash_operation *row =
        caller->op < ASH_SERVER_OPS ? server->table[caller->op] : nullptr;
    if (!row)
        return STATUS_NOT_IMPLEMENTED;
    if (caller->bytes < row->request_bytes)
        return STATUS_INFO_LENGTH_MISMATCH;
    caller->reply_bytes = row->reply_bytes;
    ash_status status = row->handler(server, caller);
    server->dirty_reply =
        caller->reply_bytes > row->reply_bytes ? caller->reply_bytes : row->reply_bytes;
    return status;
}

static void drop_caps(struct ash_server *server)
{
    for (unsigned i = 0; i < server->caller.caps; i++)
        if (server->caller.cap[i] != 0)
            (void)ash_cnode_delete(cnode_of(server), server->caller.cap[i]);
}

/* Puts the answer of the request in hand into m. */
static void make_answer(struct ash_server *server, ash_status status, struct ash_message *m)
{
    struct ash_caller *caller = &server->caller;
    size_t bytes = (uint32_t)status >> 30 == 3 ? 0 : caller->reply_bytes;
    unsigned caps = bytes == 0 && !ash_success(status) ? 0 : caller->reply_caps;
    put_words(m, caller->reply, bytes);
    for (unsigned i = 0; i < caps; i++)
        ash_ipc()->caps[i] = caller->reply_cap[i];
    m->info = answer_info(status, bytes, caps);
}

static void delete_sent_caps(struct ash_server *server)
{
    struct ash_caller *caller = &server->caller;
    for (unsigned i = 0; i < caller->reply_caps; i++)
        if (caller->reply_cap_delete[i])
            (void)ash_cnode_delete(cnode_of(server), caller->reply_cap[i]);
}

static void prepare_receive(struct ash_server *server)
{
    ash_ipc()->receive_cnode = cnode_of(server);
    ash_ipc()->receive_index = server->receive;
}

static void next_reply(struct ash_server *server)
{
    ASH_ASSERT(server->spares > 0);
    server->current = server->spare[--server->spares];
    server->deferred = false;
}

/* Deals with the message in m. True if m then holds an answer for `current`. */
static bool handle(struct ash_server *server, struct ash_message *m)
{
    if (!(m->info & ASH_INFO_KERNEL) && ash_info_label(m->info) == ASH_LABEL_NOTIFICATION) {
        if (server->on_signals)
            server->on_signals(server, m->badge);
        return false;
    }
    if (m->info & ASH_INFO_KERNEL)
        ash_panic("cannot receive: error %u", (unsigned)ash_info_label(m->info));
    load_caller(server, m);
    bool taken = server->filter && server->filter(server, &server->caller);
    ash_status status = taken ? STATUS_PENDING : dispatch(server, &server->caller);
    drop_caps(server);
    if (server->deferred)
        next_reply(server);
    else if (!taken) {
        make_answer(server, status, m);
        return true;
    }
    return false;
}

void ash_server_run(struct ash_server *server)
{
    struct ash_message m;
    bool answer = false;
    for (;;) {
        if (answer && server->caller.reply_caps > 0) {
            ash_send(server->current, &m);
            delete_sent_caps(server);
            answer = false;
        }
        prepare_receive(server);
        if (answer)
            ash_reply_recv(server->endpoint, server->current, &m);
        else
            ash_recv(server->endpoint, server->current, &m);
        answer = handle(server, &m);
    }
}
