// SPDX-License-Identifier: MIT
// Connections: submitting, ringing, waiting, taking answers. Invariant: out[slot] is set exactly
// while the ring holds the slot as submitted and not taken, so an answer always finds its request.
#include "ash/invoke.h"
#include "ash/manager.h"
#include "ash/slot.h"
#include "ash/start.h"
#include "ash/syscall.h"
#include "internal.h"
#include <stdlib.h>
#include <string.h>

#define TIMER_BIT ((ash_word)1 << 62)

static struct io_connection *connections[IO_CONNECTIONS];
static ash_cptr notification; /* rung for completions on any connection */

ash_status io_client_init(void)
{
    if (notification != ASH_NULL_CPTR)
        return STATUS_SUCCESS;
    ash_cptr slot;
    ash_status status = ash_notification_create(&slot);
    if (!ash_success(status))
        return status;
    struct ash_caps caps = {.send = &slot, .send_count = 1};
    status = ash_request_caps(ASH_SLOT_IO, ASH_IO_CLIENT, nullptr, 0, nullptr, 0, &caps);
    if (ash_success(status))
        notification = slot;
    return status;
}

static struct io_connection *find(ash_word link)
{
    for (unsigned i = 0; i < IO_CONNECTIONS; i++) {
        if (connections[i] != nullptr && connections[i]->link == link)
            return connections[i];
    }
    return nullptr;
}

ash_status io_connect(const struct ash_io_open_reply *reply, ash_cptr doorbell,
                      struct io_connection **connection)
{
    *connection = find(reply->link.link);
    if (*connection != nullptr)
        return STATUS_SUCCESS;
    unsigned index = 0;
    while (index < IO_CONNECTIONS && connections[index] != nullptr)
        index++;
    if (index == IO_CONNECTIONS || reply->link.slots > ASH_LINK_DATA_SLOTS ||
        doorbell == ASH_NULL_CPTR)
        return STATUS_INSUFFICIENT_RESOURCES;
    struct io_connection *new_connection = calloc(1, sizeof(*new_connection));
    if (new_connection == nullptr)
        return STATUS_NO_MEMORY;
    new_connection->link = reply->link.link;
    new_connection->doorbell = doorbell;
    new_connection->index = index;
    ash_requester_init(&new_connection->ring, &reply->link);
    connections[index] = *connection = new_connection;
    return STATUS_SUCCESS;
}

int io_prepare(struct ash_file *file, uint8_t major, uint8_t minor, struct ash_request **request,
               ash_status *status)
{
    struct io_connection *connection = file->connection;
    int slot = ash_requester_alloc(&connection->ring);
    if (slot == ASH_RING_NONE) {
        ash_status ended = ash_requester_ended(&connection->ring);
        *status = ended != 0 ? ended : STATUS_INSUFFICIENT_RESOURCES;
        return slot;
    }
    struct ash_request *r = ash_requester_request(&connection->ring, slot);
    r->major = major;
    r->minor = minor;
    r->flags = 0;
    r->inline_size = 0;
    r->device = file->device;
    r->file = file->id;
    memset(r->parameter, 0, sizeof(r->parameter));
    r->grant = 0;
    r->grant_offset = 0;
    r->grant_length = 0;
    r->irp_flags = 0;
    r->requestor = (uint32_t)ash_start()->task;
    r->mode = 1;
    *request = r;
    return slot;
}

void io_submit(struct io_connection *connection, int slot, struct ash_io *io)
{
    io->slot = (uint16_t)slot;
    io->done = false;
    connection->out[slot] = io;
    connection->unrung = true;
    ash_requester_submit(&connection->ring, slot, ash_time());
}

/* Must the driver be woken for what was submitted since this was asked last? */
static bool owes_ring(struct io_connection *connection)
{
    bool unrung = connection->unrung;
    connection->unrung = false;
    return unrung && ash_requester_must_ring(&connection->ring);
}

void io_ring(struct io_connection *connection)
{
    connection->unrung = false;
    if (ash_requester_must_ring(&connection->ring))
        ash_signal(connection->doorbell);
}

/* Tells the I/O manager once that the driver broke the rules. */
static void accuse(struct io_connection *connection)
{
    if (connection->ring.broken == 0 || connection->link == 0)
        return;
    const struct ash_io_link_request request = {connection->link};
    connection->link = 0; /* no later open shares this connection */
    (void)ash_request(ASH_SLOT_IO, ASH_IO_PROTOCOL_ERROR, &request, sizeof(request), nullptr, 0);
}

/* Takes one answer; false if there is none. */
static bool take(struct io_connection *connection)
{
    struct ash_answer answer;
    int slot = ash_requester_take(&connection->ring, &answer);
    if (slot < 0)
        return false;
    struct ash_io *io = connection->out[slot];
    connection->out[slot] = nullptr;
    io->status = answer.status;
    io->information = answer.information;
    if (answer.information > io->limit) { /* the driver's claim is more than there is room for */
        io->status = STATUS_DEVICE_PROTOCOL_ERROR;
        io->information = 0;
    }
    if (io->output != nullptr && answer.inline_size != 0)
        memcpy(io->output, ash_requester_output(&connection->ring, slot),
               answer.inline_size < io->limit ? answer.inline_size : io->limit);
    ash_requester_release(&connection->ring, slot);
    io->done = true;
    if (connection->ring.broken != 0)
        accuse(connection);
    return true;
}

ash_status io_finish(struct io_connection *connection, struct ash_io *io)
{
    bool ring = owes_ring(connection);
    while (!io->done) {
        if (take(connection))
            continue;
        if (!ash_requester_sleep(&connection->ring))
            continue;
        if (ring)
            ash_signal_wait(connection->doorbell, notification);
        else
            ash_wait(notification);
        ring = false;
        ash_requester_awake(&connection->ring);
    }
    if (ring)
        ash_signal(connection->doorbell);
    return io->status;
}

ash_status ash_io_wait(struct ash_io *io)
{
    return io->done ? io->status : io_finish(io->file->connection, io);
}

/* The timer rings the notification for completions; which of the two woke us does not matter. */
static bool own_timer(void)
{
    static bool bound;
    ash_cptr slot = bound ? ASH_NULL_CPTR : ash_slot_alloc();
    if (slot == ASH_NULL_CPTR)
        return bound;
    bound =
        ash_cnode_mint(ASH_SLOT_CNODE, slot, notification, ASH_RIGHT_WRITE, TIMER_BIT) == ASH_OK &&
        ash_timer_bind(ASH_SLOT_TIMER, slot) == ASH_OK;
    return bound;
}

bool ash_io_wait_until(struct ash_io *io, uint64_t deadline)
{
    struct io_connection *connection = io->file->connection;
    bool pending;
    if (!own_timer() || ash_timer_set(ASH_SLOT_TIMER, deadline) != ASH_OK)
        return ash_io_done(io);
    while (!ash_io_done(io) && ash_time() < deadline) {
        if (!ash_requester_sleep(&connection->ring))
            continue;
        ash_wait(notification);
        ash_requester_awake(&connection->ring);
    }
    (void)ash_timer_cancel(ASH_SLOT_TIMER, &pending);
    return io->done;
}

bool ash_io_done(struct ash_io *io)
{
    while (!io->done && take(io->file->connection))
        ;
    return io->done;
}

void ash_io_cancel(struct ash_io *io)
{
    struct io_connection *connection = io->file->connection;
    if (io->done || connection->out[io->slot] != io)
        return;
    ash_requester_cancel(&connection->ring, io->slot);
    io_ring(connection);
}
