// SPDX-License-Identifier: MIT
// Connections: submitting, ringing, taking answers. Invariant: out[slot] is set exactly while the
// ring holds the slot as submitted and not taken, so an answer always finds its request.
#include "ash/manager.h"
#include "ash/start.h"
#include "ash/syscall.h"
#include "internal.h"
#include <stdlib.h>
#include <string.h>

struct io_connection *io_connections[IO_CONNECTIONS];
unsigned io_count;
unsigned io_out;
bool io_held;

ash_status io_client_init(void)
{
    if (io_notification != ASH_NULL_CPTR)
        return STATUS_SUCCESS;
    ash_cptr slot;
    ash_status status = ash_notification_create(&slot);
    if (!ash_success(status))
        return status;
    struct ash_caps caps = {.send = &slot, .send_count = 1};
    status = ash_request_caps(ASH_SLOT_IO, ASH_IO_CLIENT, nullptr, 0, nullptr, 0, &caps);
    if (ash_success(status))
        io_notification = slot;
    return status;
}

static struct io_connection *find(ash_word link)
{
    for (unsigned i = 0; i < io_count; i++) {
        if (io_connections[i]->link == link)
            return io_connections[i];
    }
    return nullptr;
}

ash_status io_connect(const struct ash_io_open_reply *reply, ash_cptr doorbell,
                      struct io_connection **connection)
{
    *connection = find(reply->link.link);
    if (*connection != nullptr)
        return STATUS_SUCCESS;
    if (io_count == IO_CONNECTIONS || reply->link.slots > ASH_LINK_DATA_SLOTS ||
        doorbell == ASH_NULL_CPTR)
        return STATUS_INSUFFICIENT_RESOURCES;
    struct io_connection *new_connection = calloc(1, sizeof(*new_connection));
    if (new_connection == nullptr)
        return STATUS_NO_MEMORY;
    new_connection->link = reply->link.link;
    new_connection->doorbell = doorbell;
    new_connection->index = io_count;
    new_connection->task = (uint32_t)ash_start()->task;
    ash_requester_init(&new_connection->ring, &reply->link);
    io_connections[io_count++] = *connection = new_connection;
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
    r->input_grant = 0;
    r->input_offset = 0;
    r->irp_flags = 0;
    r->requestor = connection->task;
    r->mode = 1;
    *request = r;
    return slot;
}

void io_submit(struct ash_file *file, int slot, struct ash_io *io)
{
    struct io_connection *connection = file->connection;
    io->file = file;
    io->slot = (uint16_t)slot;
    io->waiter = ASH_NULL_CPTR;
    atomic_store_explicit(&io->done, false, memory_order_relaxed);
    file->out++;
    io_out++;
    connection->out[slot] = io;
    connection->unrung = true;
    io_wake_sleeper(connection);
    ash_requester_submit(&connection->ring, slot, ash_time());
}

/* Seldom: the I/O manager knows then, until nothing has been owed for a while. */
[[gnu::noinline, gnu::cold]] static void ask_to_watch(void)
{
    (void)ash_request(ASH_SLOT_IO, ASH_IO_OWED, nullptr, 0, nullptr, 0);
}

bool io_owes_ring(struct io_connection *connection)
{
    bool owes = connection->unrung;
    connection->unrung = false;
    if (!owes)
        return false;
    [[clang::always_inline]] owes = ash_requester_must_ring(&connection->ring);
    if (__builtin_expect(ash_requester_unwatched(&connection->ring), 0))
        ask_to_watch();
    return owes;
}

void io_ring(struct io_connection *connection)
{
    if (io_held)
        return; /* it stays unrung */
    connection->unrung = true;
    if (io_owes_ring(connection))
        ash_signal(connection->doorbell);
}

void io_ring_held(const struct io_connection *except)
{
    for (unsigned i = 0; i < io_count; i++) {
        struct io_connection *connection = io_connections[i];
        if (connection != except && io_owes_ring(connection))
            ash_signal(connection->doorbell);
    }
}

void ash_io_hold(bool hold)
{
    ash_mutex_lock(&io_lock);
    io_held = hold;
    if (!hold)
        io_ring_held(nullptr);
    ash_mutex_unlock(&io_lock);
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

/* What came back goes to the caller's memory: all of the output buffer where the driver had the
 * buffer itself (whole), else as many bytes as it says. */
static void copy_output(struct io_connection *connection, struct ash_io *io, int slot,
                        const struct ash_answer *answer)
{
    bool error = (uint32_t)io->status >> 30 == 3;
    size_t bytes = io->whole ? io->output_bytes : io->information;
    if (error && !io->whole)
        return;
    if (bytes > io->output_bytes)
        bytes = io->output_bytes;
    if (io->space == nullptr && bytes > answer->inline_size)
        bytes = answer->inline_size;
    const char *from = io->space != nullptr ? io->space + io->output_at
                                            : ash_requester_output(&connection->ring, slot);
    memcpy(io->output, from, bytes);
}

static void finished(struct io_connection *connection, struct ash_io *io)
{
    struct ash_file *file = io->file;
    ash_cptr waiter = io->waiter;
    if (io->space != nullptr)
        io_space_give(connection, io);
    if (--file->out == 0 && file->closed) {
        io->file = nullptr;
        free(file);
    }
    atomic_store_explicit(&io->done, true, memory_order_release);
    if (waiter != ASH_NULL_CPTR)
        ash_unpark(waiter);
    if (io->complete != nullptr)
        io->complete(io); /* io may be gone after it */
}

bool io_take(struct io_connection *connection)
{
    struct ash_answer answer;
    int slot;
    [[clang::always_inline]] slot = ash_requester_take(&connection->ring, &answer);
    if (slot < 0)
        return false;
    if (connection->watched)
        io_end_dma(connection, slot);
    io_out--;
    struct ash_io *io = connection->out[slot];
    connection->out[slot] = nullptr;
    io->status = answer.status;
    io->information = answer.information;
    if (answer.information > io->limit) { /* the driver's claim is more than there is room for */
        io->status = STATUS_DEVICE_PROTOCOL_ERROR;
        io->information = 0;
    }
    if (io->output != nullptr)
        copy_output(connection, io, slot, &answer);
    ash_requester_release(&connection->ring, slot);
    if (connection->ring.broken != 0)
        accuse(connection);
    finished(connection, io);
    return true;
}
