// SPDX-License-Identifier: MIT
// Registered memory and the bounce buffers. A buffer is a section of its own, granted as a whole
// and once for each link; the grant ends with the link or the buffer.
#include "ash/manager.h"
#include "ash/memory.h"
#include "internal.h"
#include "memory.h"
#include <stdlib.h>

static struct io_buffer *buffers; /* the last used first */

void *ash_io_buffer_alloc(size_t bytes)
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

void ash_io_buffer_free(void *memory)
{
    struct io_buffer **at = &buffers;
    while (*at != nullptr && (*at)->base != memory)
        at = &(*at)->next;
    struct io_buffer *buffer = *at;
    if (buffer == nullptr)
        return;
    *at = buffer->next;
    (void)ash_unmap(memory); /* closes the section, and with it the grants */
    free(buffer);
}

static struct io_buffer *find(const void *data, size_t bytes)
{
    const char *first = data;
    for (struct io_buffer **at = &buffers; *at != nullptr; at = &(*at)->next) {
        struct io_buffer *buffer = *at;
        if (first < buffer->base || bytes > buffer->bytes ||
            (size_t)(first - buffer->base) > buffer->bytes - bytes)
            continue;
        *at = buffer->next;
        buffer->next = buffers;
        buffers = buffer;
        return buffer;
    }
    return nullptr;
}

static ash_status grant(struct io_connection *connection, struct io_buffer *buffer)
{
    const struct ash_mem_grant_request request = {connection->link, (ash_word)buffer->base,
                                                  ASH_MEM_READ | ASH_MEM_WRITE};
    struct ash_mem_grant_reply reply;
    ash_status status = ash_request(ASH_SLOT_MEMORY, ASH_MEM_GRANT, &request, sizeof(request),
                                    &reply, sizeof(reply));
    if (ash_success(status))
        buffer->grant[connection->index] = reply.grant;
    return status;
}

ash_status io_locate(struct io_connection *connection, const void *data, size_t bytes,
                     struct io_where *where)
{
    struct io_buffer *buffer = find(data, bytes);
    if (buffer == nullptr)
        return STATUS_INVALID_PARAMETER;
    if (buffer->grant[connection->index] == 0) {
        ash_status status = grant(connection, buffer);
        if (!ash_success(status))
            return status;
    }
    where->grant = buffer->grant[connection->index];
    where->offset = (ash_word)((const char *)data - buffer->base);
    return STATUS_SUCCESS;
}

ash_status io_bounce(struct io_connection *connection, void **bounce)
{
    if (connection->bounce == nullptr)
        connection->bounce = ash_io_buffer_alloc(IO_BOUNCE_BYTES);
    *bounce = connection->bounce;
    return *bounce != nullptr ? STATUS_SUCCESS : STATUS_NO_MEMORY;
}
