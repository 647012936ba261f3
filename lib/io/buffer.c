// SPDX-License-Identifier: MIT
// Buffers and the bounce buffers. A buffer is a section of its own, granted as a whole and once for
// each link and direction; the grant ends with the link or the buffer. What a driver's device
// reaches of it are the pages of requests under way, unless the buffer is registered. Of a bounce
// buffer each request has pages of its own, so what a driver does to one request's data stays
// there.
#include "ash/manager.h"
#include "ash/memory.h"
#include "internal.h"
#include "memory.h"
#include <stdlib.h>

#define PAGES (IO_BOUNCE_BYTES / IO_BOUNCE_PAGE)

struct ash_mutex io_lock;
static struct io_buffer *buffers; /* the last used first */

static void *allocate(size_t bytes)
{
    struct io_buffer *buffer = calloc(1, sizeof(*buffer));
    void *base;
    if (buffer == nullptr)
        return nullptr;
    if (!ash_success(ash_map(bytes, &base))) {
        free(buffer);
        return nullptr;
    }
    buffer->base = base;
    buffer->bytes = (bytes + ASH_PAGE_SIZE - 1) & ~(ASH_PAGE_SIZE - 1);
    buffer->next = buffers;
    buffers = buffer;
    return base;
}

/* The driver gives back what it has of grants that were closed: mappings, and what its device
 * reaches of registered ones. */
static void tell_closed(struct io_connection *connection)
{
    ash_requester_look_again(&connection->ring);
    io_ring(connection);
}

static void tell_all_closed(const struct io_buffer *buffer)
{
    for (unsigned i = 0; i < io_count; i++)
        if ((buffer->grant[0][i] | buffer->grant[1][i]) != 0)
            tell_closed(io_connections[i]);
}

static void release(void *memory)
{
    struct io_buffer **at = &buffers;
    while (*at != nullptr && (*at)->base != memory)
        at = &(*at)->next;
    struct io_buffer *buffer = *at;
    if (buffer == nullptr)
        return;
    *at = buffer->next;
    (void)ash_unmap(memory); /* closes the section, and with it the grants */
    tell_all_closed(buffer);
    free(buffer);
}

void *ash_io_buffer_alloc(size_t bytes)
{
    ash_mutex_lock(&io_lock);
    void *base = allocate(bytes);
    ash_mutex_unlock(&io_lock);
    return base;
}

void ash_io_buffer_free(void *memory)
{
    ash_mutex_lock(&io_lock);
    release(memory);
    ash_mutex_unlock(&io_lock);
}

static bool holds(const struct io_buffer *buffer, const char *first, size_t bytes)
{
    return first >= buffer->base && bytes <= buffer->bytes &&
           (size_t)(first - buffer->base) <= buffer->bytes - bytes;
}

static struct io_buffer *find(const void *data, size_t bytes)
{
    for (struct io_buffer **at = &buffers; *at != nullptr; at = &(*at)->next) {
        struct io_buffer *buffer = *at;
        if (!holds(buffer, data, bytes))
            continue;
        *at = buffer->next;
        buffer->next = buffers;
        buffers = buffer;
        return buffer;
    }
    return nullptr;
}

static void close_grants(struct io_buffer *buffer)
{
    for (unsigned i = 0; i < 2 * IO_CONNECTIONS; i++) {
        ash_word *grant = &buffer->grant[i / IO_CONNECTIONS][i % IO_CONNECTIONS];
        struct io_connection *connection = io_connections[i % IO_CONNECTIONS];
        if (*grant == 0 || connection == nullptr)
            continue;
        const struct ash_mem_grant_id id = {connection->link, *grant};
        (void)ash_request(ASH_SLOT_MEMORY, ASH_MEM_GRANT_CLOSE, &id, sizeof(id), nullptr, 0);
        tell_closed(connection);
        *grant = 0;
    }
}

static ash_status set_registered(const void *memory, bool registered)
{
    ash_mutex_lock(&io_lock);
    struct io_buffer *buffer = find(memory, 1);
    if (buffer != nullptr && buffer->registered != registered) {
        close_grants(buffer);
        buffer->registered = registered;
    }
    ash_mutex_unlock(&io_lock);
    return buffer != nullptr ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}

ash_status ash_io_buffer_register(void *buffer)
{
    return set_registered(buffer, true);
}

ash_status ash_io_buffer_unregister(void *buffer)
{
    return set_registered(buffer, false);
}

static void watch(struct io_connection *connection)
{
    const struct ash_mem_link_request request = {connection->link};
    struct ash_mem_map_reply reply;
    connection->watched = true;
    if (ash_success(ash_request(ASH_SLOT_MEMORY, ASH_MEM_DMA_USE, &request, sizeof(request), &reply,
                                sizeof(reply))))
        connection->uses = (const _Atomic uint16_t *)reply.address;
}

[[gnu::noinline]] static void end_dma(const struct io_connection *connection, int slot)
{
    const struct ash_mem_dma_end_request request = {connection->link, (ash_word)slot};
    struct ash_mem_dma_end_reply reply;
    (void)ash_request(ASH_SLOT_MEMORY, ASH_MEM_DMA_END, &request, sizeof(request), &reply,
                      sizeof(reply));
}

void io_end_dma(struct io_connection *connection, int slot)
{
    atomic_thread_fence(memory_order_seq_cst); /* the answer was read before */
    if (connection->uses == nullptr ||
        atomic_load_explicit(&connection->uses[slot], memory_order_acquire) != 0)
        end_dma(connection, slot);
}

static ash_status grant(struct io_connection *connection, struct io_buffer *buffer, bool write)
{
    const unsigned prot = (write ? ASH_MEM_READ | ASH_MEM_WRITE : ASH_MEM_READ) |
                          (buffer->registered ? ASH_MEM_REGISTERED : 0);
    const struct ash_mem_grant_request request = {connection->link, (ash_word)buffer->base, prot};
    struct ash_mem_grant_reply reply;
    if (!connection->watched)
        watch(connection);
    ash_status status = ash_request(ASH_SLOT_MEMORY, ASH_MEM_GRANT, &request, sizeof(request),
                                    &reply, sizeof(reply));
    if (ash_success(status))
        buffer->grant[write][connection->index] = reply.grant;
    return status;
}

/* In a buffer that was not the last one, or that the driver was not granted yet. */
[[gnu::noinline]] static ash_status locate(struct io_connection *connection, const void *data,
                                           size_t bytes, bool write, struct io_where *where)
{
    struct io_buffer *buffer = find(data, bytes);
    if (buffer == nullptr)
        return STATUS_INVALID_PARAMETER;
    if (buffer->grant[write][connection->index] == 0) {
        ash_status status = grant(connection, buffer, write);
        if (!ash_success(status))
            return status;
    }
    where->grant = buffer->grant[write][connection->index];
    where->offset = (ash_word)((const char *)data - buffer->base);
    return STATUS_SUCCESS;
}

ash_status io_locate(struct io_connection *connection, const void *data, size_t bytes, bool write,
                     struct io_where *where)
{
    const struct io_buffer *last = buffers;
    if (last == nullptr || !holds(last, data, bytes) || last->grant[write][connection->index] == 0)
        [[clang::unlikely]]
        return locate(connection, data, bytes, write, where);
    where->grant = last->grant[write][connection->index];
    where->offset = (ash_word)((const char *)data - last->base);
    return STATUS_SUCCESS;
}

/* Free pages in a row, marked as used; null: there are not that many. */
static char *take_pages(struct io_connection *connection, unsigned pages)
{
    uint32_t run = pages == 32 ? ~0u : (1u << pages) - 1;
    for (unsigned at = 0; at + pages <= PAGES; at++) {
        if ((connection->bounce_used & run << at) != 0)
            continue;
        connection->bounce_used |= run << at;
        return connection->bounce + (size_t)at * IO_BOUNCE_PAGE;
    }
    return nullptr;
}

ash_status io_space_take(struct io_connection *connection, size_t bytes, bool write,
                         struct ash_io *io, struct io_where *where)
{
    if (connection->bounce == nullptr)
        connection->bounce = allocate(IO_BOUNCE_BYTES);
    io->space = nullptr;
    io->space_bytes = bytes;
    if (connection->bounce != nullptr && bytes <= IO_BOUNCE_BYTES)
        io->space =
            take_pages(connection, (unsigned)((bytes + IO_BOUNCE_PAGE - 1) / IO_BOUNCE_PAGE));
    if (io->space == nullptr)
        io->space = allocate(bytes);
    if (io->space == nullptr)
        return STATUS_NO_MEMORY;
    ash_status status = io_locate(connection, io->space, bytes, write, where);
    if (!ash_success(status))
        io_space_give(connection, io);
    return status;
}

void io_space_give(struct io_connection *connection, struct ash_io *io)
{
    char *bounce = connection->bounce, *space = io->space;
    io->space = nullptr;
    if (space == nullptr)
        return;
    if (bounce == nullptr || space < bounce || space >= bounce + IO_BOUNCE_BYTES) {
        release(space);
        return;
    }
    unsigned pages = (unsigned)((io->space_bytes + IO_BOUNCE_PAGE - 1) / IO_BOUNCE_PAGE);
    uint32_t run = pages == 32 ? ~0u : (1u << pages) - 1;
    connection->bounce_used &= ~(run << (unsigned)((size_t)(space - bounce) / IO_BOUNCE_PAGE));
}
