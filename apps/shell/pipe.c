// SPDX-License-Identifier: MIT
// See pipe.h. Invariant: pieces handed .. started - 1 are on their way, piece n in buffer n %
// DEPTH; the piece handed out last is started again only by the next call.
#include "pipe.h"

ash_status pipe_open(struct pipe *pipe, struct ash_file *file, uint64_t from, uint64_t end)
{
    *pipe = (struct pipe){.file = file, .from = from, .end = end, .asked = from, .taken = from};
    pipe->buffer = ash_io_buffer_alloc((size_t)PIPE_PIECE * PIPE_DEPTH);
    /* Nothing but these files' bytes is ever in it: the devices may keep it. */
    return pipe->buffer != nullptr ? ash_io_buffer_register(pipe->buffer) : STATUS_NO_MEMORY;
}

static size_t piece_bytes(uint64_t left)
{
    return left < PIPE_PIECE ? (size_t)left : PIPE_PIECE;
}

static ash_status fill(struct pipe *pipe)
{
    while (pipe->started - pipe->handed < PIPE_DEPTH && pipe->asked < pipe->end) {
        unsigned at = pipe->started % PIPE_DEPTH;
        size_t bytes = piece_bytes(pipe->end - pipe->asked);
        ash_status status = ash_read_start(pipe->file, pipe->buffer + (size_t)at * PIPE_PIECE,
                                           bytes, pipe->asked, &pipe->io[at]);
        if (!ash_success(status))
            return status;
        pipe->asked += bytes;
        pipe->started++;
    }
    return STATUS_SUCCESS;
}

ash_status pipe_next(struct pipe *pipe, const char **data, size_t *bytes)
{
    ash_status status = fill(pipe);
    *bytes = 0;
    if (!ash_success(status) || pipe->handed == pipe->started)
        return status;
    unsigned at = pipe->handed++ % PIPE_DEPTH;
    status = ash_io_wait(&pipe->io[at]);
    if (!ash_success(status))
        return status;
    size_t wanted = piece_bytes(pipe->end - pipe->taken);
    if (pipe->io[at].information != wanted)
        return STATUS_END_OF_FILE; /* the file became shorter meanwhile */
    *data = pipe->buffer + (size_t)at * PIPE_PIECE;
    *bytes = wanted;
    pipe->taken += wanted;
    return STATUS_SUCCESS;
}

void pipe_close(struct pipe *pipe)
{
    for (; pipe->handed != pipe->started; pipe->handed++)
        ash_io_wait(&pipe->io[pipe->handed % PIPE_DEPTH]);
    ash_io_buffer_free(pipe->buffer);
}
