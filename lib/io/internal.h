// SPDX-License-Identifier: MIT
/*
 * Inside the client I/O library. A connection is the requester's end of the FILE link to one
 * driver's task; all files that this task opened with that driver share it. A buffer is registered
 * memory with the grants it has so far, one for each connection that used it.
 */
#ifndef LIB_IO_INTERNAL_H
#define LIB_IO_INTERNAL_H

#include "ash/file.h"
#include "ash/ring.h"
#include "io.h"

#define IO_CONNECTIONS  32u
#define IO_BOUNCE_BYTES 65536u

struct io_connection {
    struct ash_requester ring;
    ash_word link;
    ash_cptr doorbell; /* of the driver */
    unsigned index;
    bool unrung;                             /* submitted since the doorbell was last thought of */
    void *bounce;                            /* registered memory, made at first use */
    struct ash_io *out[ASH_LINK_DATA_SLOTS]; /* by slot: submitted, not taken */
};

struct ash_file {
    struct io_connection *connection;
    ash_word id, device;
    uint32_t result, device_type;
};

struct io_buffer {
    struct io_buffer *next;
    char *base;
    size_t bytes;
    ash_word grant[IO_CONNECTIONS]; /* 0: none yet */
};

/* connection.c */
[[nodiscard]] ash_status io_client_init(void);
/* For an open's answer; `doorbell` counts if the link is new, and is then the library's. */
[[nodiscard]] ash_status io_connect(const struct ash_io_open_reply *reply, ash_cptr doorbell,
                                    struct io_connection **connection);
/* Submits what is in `slot` for io; `ring` tells whether the doorbell is still to be rung. */
void io_submit(struct io_connection *connection, int slot, struct ash_io *io);
void io_ring(struct io_connection *connection);
/* Waits until io is done. Rings first if the driver sleeps, in the same system call. */
ash_status io_finish(struct io_connection *connection, struct ash_io *io);
/* A slot whose request names the file, with everything else zero; ASH_RING_NONE: status tells why.
 */
[[nodiscard]] int io_prepare(struct ash_file *file, uint8_t major, uint8_t minor,
                             struct ash_request **request, ash_status *status);

/* buffer.c */
struct io_where { /* of data for a request */
    ash_word grant, offset;
};
/* Where `data` lies for the driver. STATUS_INVALID_PARAMETER: not in registered memory. */
[[nodiscard]] ash_status io_locate(struct io_connection *connection, const void *data, size_t bytes,
                                   struct io_where *where);
[[nodiscard]] ash_status io_bounce(struct io_connection *connection, void **bounce);

#endif
