// SPDX-License-Identifier: MIT
/*
 * Reading a file from beginning to end with several large requests in flight: pieces come in order,
 * while the ones behind them are already being read.
 */
#ifndef SHELL_PIPE_H
#define SHELL_PIPE_H

#include "ash/file.h"

#define PIPE_PIECE 131072u
#define PIPE_DEPTH 4u

struct pipe {
    struct ash_file *file;
    char *buffer; /* registered: PIPE_DEPTH pieces */
    struct ash_io io[PIPE_DEPTH];
    uint64_t from, end;       /* bytes of the file that are wanted */
    uint64_t asked;           /* up to here requests were started */
    uint64_t taken;           /* up to here pieces were handed out */
    unsigned started, handed; /* pieces */
};

/* Reads bytes from..end-1 of the file. The file stays the caller's. */
[[nodiscard]] ash_status pipe_open(struct pipe *pipe, struct ash_file *file, uint64_t from,
                                   uint64_t end);
/* The next piece, valid until the next call; *bytes 0 at the end. */
[[nodiscard]] ash_status pipe_next(struct pipe *pipe, const char **data, size_t *bytes);
/* Waits for what is still on its way. */
void pipe_close(struct pipe *pipe);

#endif
