// SPDX-License-Identifier: MIT
/*
 * Inside the client I/O library. A connection is the requester's end of the FILE link to one
 * driver's task; all files that this task opened with that driver share it. A buffer is memory that
 * is granted as it is, with the grants it has so far, for each connection that used it one to be
 * read and one to be written.
 *
 * One lock guards everything here; functions marked (L) are called with it held, and those that
 * wait give it up meanwhile. Callbacks of requests run under it.
 */
#ifndef LIB_IO_INTERNAL_H
#define LIB_IO_INTERNAL_H

#include "ash/file.h"
#include "ash/ring.h"
#include "ash/thread.h"
#include "io.h"

#define IO_CONNECTIONS  32u
#define IO_BOUNCE_BYTES 65536u
#define IO_BOUNCE_PAGE  4096u

struct io_connection {
    ash_word link;
    ash_cptr doorbell; /* of the driver */
    unsigned index;
    uint32_t task;        /* this one's id */
    bool unrung;          /* submitted since the doorbell was last thought of */
    bool watched;         /* uses has been asked for */
    char *bounce;         /* a buffer, made at first use */
    uint32_t bounce_used; /* a bit for each page of it */
    /* By slot: what the driver still has open to its device. Null while it was granted nothing, or
     * if there is no memory for it: then the memory manager is asked each time. */
    const _Atomic uint16_t *uses;
    struct ash_io *out[ASH_LINK_DATA_SLOTS]; /* by slot: submitted, not taken */
    struct ash_requester ring;
};

struct ash_file {
    struct io_connection *connection;
    ash_word id, device;
    uint32_t result, device_type;
    unsigned out; /* requests: the file is freed when it is closed and this is 0 */
    bool closed;
};

struct io_buffer {
    struct io_buffer *next;
    char *base;
    size_t bytes;
    bool registered;
    ash_word grant[2][IO_CONNECTIONS]; /* to read, and to write, too; 0: none yet */
};

extern struct ash_mutex io_lock;

/* connection.c */
[[nodiscard]] ash_status io_client_init(void); /* (L) */
/* For an open's answer; `doorbell` counts if the link is new, and is then the library's. (L) */
[[nodiscard]] ash_status io_connect(const struct ash_io_open_reply *reply, ash_cptr doorbell,
                                    struct io_connection **connection);
extern struct io_connection *io_connections[IO_CONNECTIONS]; /* the first io_count; none is null */
extern unsigned io_count;
extern unsigned io_out; /* requests, on all connections: submitted, not taken (L) */
/* A slot whose request names the file, with everything else zero; ASH_RING_NONE: status tells why.
 * (L) */
[[nodiscard]] int io_prepare(struct ash_file *file, uint8_t major, uint8_t minor,
                             struct ash_request **request, ash_status *status);
/* Submits what is in `slot` for io; the doorbell is still to be rung. (L) */
void io_submit(struct ash_file *file, int slot, struct ash_io *io);
extern bool io_held;                                   /* (L) doorbells wait */
void io_ring(struct io_connection *connection);        /* (L) unless held */
void io_ring_held(const struct io_connection *except); /* (L) all that are owed but this one's */
bool io_owes_ring(struct io_connection *connection);   /* (L) the caller rings, then */
bool io_take(struct io_connection *connection);        /* (L) one answer; false: none there */

/* wait.c */
ash_status io_finish(struct ash_io *io); /* (L) waits until io is done */
extern ash_cptr io_notification;         /* rung for completions on any connection */
/* Before a submit while another thread sleeps for all: makes sure that it will be rung. (L) */
void io_wake_sleeper(struct io_connection *connection);

/* buffer.c */
struct io_where { /* of data for a request */
    ash_word grant, offset;
};
/* Where `data` lies for the driver, who may write there or only read. STATUS_INVALID_PARAMETER: not
 * in a buffer. (L) */
[[nodiscard]] ash_status io_locate(struct io_connection *connection, const void *data, size_t bytes,
                                   bool write, struct io_where *where);
/* Memory that a request uses until it has been taken, and where it lies: pages of the connection's
 * bounce buffer, or a buffer of its own. (L) */
[[nodiscard]] ash_status io_space_take(struct io_connection *connection, size_t bytes, bool write,
                                       struct ash_io *io, struct io_where *where);
void io_space_give(struct io_connection *connection, struct ash_io *io); /* (L) */
/* The answer in that slot was taken: the driver's device is made to be through with the request's
 * memory, if the driver has not seen to it. (L) */
void io_end_dma(struct io_connection *connection, int slot);

#endif
