// SPDX-License-Identifier: MIT
/*
 * Files and devices for applications. Opening and closing call the I/O manager; everything else
 * goes through the link to the driver's task that the open made, so no manager is on the way of
 * data.
 *
 *     buffer of ash_io_buffer_alloc ----- granted once per driver, never copied; what a device
 *                                         reaches of it are the pages of requests under way
 *     any other memory ------------------ copied through pages of a bounce buffer that the driver
 *                                         was granted
 *     small data (information, control) - inline in the request
 *
 * Which thread: any, all functions may be called by several at once. Nothing here runs in the
 * background, unless a thread calls ash_io_serve; completions are taken while somebody waits.
 * Blocking: ash_*_start and ash_io_done do not block (but a buffer's first use with a driver calls
 * the memory manager); all others wait for the driver.
 * Statuses are the driver's, or STATUS_DEVICE_REMOVED (its task ended),
 * STATUS_DEVICE_PROTOCOL_ERROR (it broke the rules of the link; nothing more goes through it),
 * STATUS_INSUFFICIENT_RESOURCES.
 */
#ifndef ASH_FILE_H
#define ASH_FILE_H

#include "kernel/types.h"
#include "status.h"
#include <stddef.h>

#define ASH_IO_IN_FLIGHT 32u /* started requests a driver, at least; over it the start fails */

/* The names and values of the documentation of ZwCreateFile. */
enum ash_file_access {
    ASH_FILE_READ_DATA = 0x1,
    ASH_FILE_WRITE_DATA = 0x2,
    ASH_FILE_APPEND_DATA = 0x4,
    ASH_FILE_READ_ATTRIBUTES = 0x80,
    ASH_FILE_WRITE_ATTRIBUTES = 0x100,
    ASH_FILE_DELETE = 0x10000,
    ASH_FILE_SYNCHRONIZE = 0x100000,
};
enum ash_file_disposition {
    ASH_FILE_SUPERSEDE = 0,
    ASH_FILE_OPEN = 1,
    ASH_FILE_CREATE = 2,
    ASH_FILE_OPEN_IF = 3,
    ASH_FILE_OVERWRITE = 4,
    ASH_FILE_OVERWRITE_IF = 5,
};
enum ash_file_options {
    ASH_FILE_DIRECTORY_FILE = 0x1,
    ASH_FILE_WRITE_THROUGH = 0x2,
    ASH_FILE_NO_BUFFERING = 0x8, /* FILE_NO_INTERMEDIATE_BUFFERING: whole sectors, no cache */
    ASH_FILE_SYNCHRONOUS = 0x20, /* FILE_SYNCHRONOUS_IO_NONALERT */
    ASH_FILE_NON_DIRECTORY_FILE = 0x40,
    ASH_FILE_UNATTACHED = 0x20000000, /* a device by its name: without what is attached above it */
    ASH_FILE_ASYNCHRONOUS = 0x40000000, /* the file is not FO_SYNCHRONOUS_IO */
};

struct ash_file;

/* path: UTF-8, as io.h says (C:\dir\file, \Device\X\file). *file is valid until ash_close. */
[[nodiscard]] ash_status ash_open(const char *path, uint32_t access, uint32_t disposition,
                                  uint32_t options, struct ash_file **file);
/* CLEANUP, then CLOSE: the driver gives up the file's requests that are still out; those it does
 * not give up are cancelled. They are done when this returns, unless the driver holds on to one:
 * that completes later. The file is gone whatever the status. */
ash_status ash_close(struct ash_file *file);

/* `done` gets the bytes that were transferred (less than asked at the end of a file, where the
 * status is STATUS_END_OF_FILE if nothing is left). offset in bytes; devices may ignore it. */
[[nodiscard]] ash_status ash_read(struct ash_file *file, void *buffer, size_t bytes,
                                  uint64_t offset, size_t *done);
[[nodiscard]] ash_status ash_write(struct ash_file *file, const void *buffer, size_t bytes,
                                   uint64_t offset, size_t *done);
[[nodiscard]] ash_status ash_flush(struct ash_file *file);

/* A started request. The caller's memory, left alone until it is done. */
struct ash_io {
    ash_status status;  /* the result, once done */
    size_t information; /* bytes transferred */
    struct ash_file *file;
    _Atomic bool done;
    void *user; /* the caller's */

    /* Private: what the answer is checked against, and where its data goes. */
    void (*complete)(struct ash_io *io);
    size_t limit;
    void *output;
    size_t output_bytes;
    char *space;
    size_t space_bytes, output_at;
    uint64_t waiter;
    uint16_t slot;
    bool whole;
};

/* Memory for requests, whole pages, zeroed; null if there is none. A driver's device reaches those
 * of its pages that a request under way names, in that request's direction, and no longer. */
[[nodiscard]] void *ash_io_buffer_alloc(size_t bytes);
/* No started request uses it any more. */
void ash_io_buffer_free(void *buffer);
/* From now on the devices of drivers that get it may reach all of the buffer for as long as they
 * like, until it is unregistered or freed: faster, as nothing is opened and closed for a request,
 * and less safe, as a driver can change or read it between requests. Right after each of the two no
 * started request may use it. STATUS_INVALID_PARAMETER: not a buffer. */
[[nodiscard]] ash_status ash_io_buffer_register(void *buffer);
ash_status ash_io_buffer_unregister(void *buffer);

/* `buffer` lies in memory of ash_io_buffer_alloc, which the driver may use until the request is
 * done. When the status is an error nothing was started. STATUS_INSUFFICIENT_RESOURCES: too many
 * are out. */
[[nodiscard]] ash_status ash_read_start(struct ash_file *file, void *buffer, size_t bytes,
                                        uint64_t offset, struct ash_io *io);
[[nodiscard]] ash_status ash_write_start(struct ash_file *file, const void *buffer, size_t bytes,
                                         uint64_t offset, struct ash_io *io);
/* Many requests for one doorbell: while held, requests of all threads are started without telling
 * the drivers, which learn of them when a thread waits, or when hold is false again. */
void ash_io_hold(bool hold);
/* Waits until io is done; its status. */
ash_status ash_io_wait(struct ash_io *io);
/* The same, but no longer than until `deadline` (ticks of ash_time); true if io is done. Takes the
 * timer of the first thread for good: ash_park with a deadline is then no more for that thread. */
[[nodiscard]] bool ash_io_wait_until(struct ash_io *io, uint64_t deadline);
/* Takes what has been completed, without waiting. */
[[nodiscard]] bool ash_io_done(struct ash_io *io);
/* Asks the driver to give up; the request still completes, with STATUS_CANCELLED or another. */
void ash_io_cancel(struct ash_io *io);

/* Requests with any memory, which is the driver's until the request is done, and a callback (may be
 * null). `complete` runs once, in whatever thread takes the answer, and must neither wait nor call
 * this library; the request may be freed in it. An error: nothing was started, no callback. */
[[nodiscard]] ash_status ash_read_begin(struct ash_file *file, void *buffer, size_t bytes,
                                        uint64_t offset, void (*complete)(struct ash_io *io),
                                        struct ash_io *io);
[[nodiscard]] ash_status ash_write_begin(struct ash_file *file, const void *buffer, size_t bytes,
                                         uint64_t offset, void (*complete)(struct ash_io *io),
                                         struct ash_io *io);
[[nodiscard]] ash_status ash_ioctl_begin(struct ash_file *file, uint32_t code, const void *in,
                                         size_t in_bytes, void *out, size_t out_bytes,
                                         void (*complete)(struct ash_io *io), struct ash_io *io);

/* Cancels each started request that `chosen` (called under the library's lock) says; how many. */
unsigned ash_io_cancel_if(bool (*chosen)(const struct ash_io *io, const void *context),
                          const void *context);

/* The calling thread takes completions for all threads, for ever. The others then wait on their own
 * notifications. on_signals (may be null) gets bits 32..63 that were signalled through capabilities
 * of ash_io_signal, without the lock. Returns only with an error: STATUS_DEVICE_BUSY when another
 * thread waits just now. */
ash_status ash_io_serve(void (*on_signals)(uint64_t bits));
/* A new capability (a slot of the caller) that signals `bit`, 32..60, to the serving thread. */
[[nodiscard]] ash_status ash_io_signal(unsigned bit, ash_cptr *slot);

/* Device control: code as CTL_CODE makes it, any transfer method. The two buffers mean what the
 * documentation says for the method ("Buffer Descriptions for I/O Control Codes"):
 *   BUFFERED    `done` bytes of `out` are written, none if the status is an error
 *   IN_DIRECT   the driver reads `out`, which stays as it is
 *   OUT_DIRECT, NEITHER   `out` is what the driver made of it, whatever the status and `done`
 * Buffers that overlap do so for the driver of a METHOD_NEITHER request, too; what the driver does
 * to an input buffer that does not overlap is lost. With IN_DIRECT and NEITHER `done` is just a
 * number that the driver chose. */
[[nodiscard]] ash_status ash_ioctl(struct ash_file *file, uint32_t code, const void *in,
                                   size_t in_bytes, void *out, size_t out_bytes, size_t *done);

/* Classes and structs of the documentation (ash/fileinfo.h has those in use). */
[[nodiscard]] ash_status ash_query_info(struct ash_file *file, uint32_t class, void *buffer,
                                        size_t bytes, size_t *done);
[[nodiscard]] ash_status ash_set_info(struct ash_file *file, uint32_t class, const void *buffer,
                                      size_t bytes);
[[nodiscard]] ash_status ash_query_volume(struct ash_file *file, uint32_t class, void *buffer,
                                          size_t bytes, size_t *done);
/* pattern: UTF-8 or null for all; counts on the first call and with restart. */
[[nodiscard]] ash_status ash_query_directory(struct ash_file *file, uint32_t class,
                                             const char *pattern, bool restart, void *buffer,
                                             size_t bytes, size_t *done);

/* What the file was opened as (FILE_OPENED 1, FILE_CREATED 2, ...), and its device type. */
[[nodiscard]] uint32_t ash_open_result(const struct ash_file *file);
[[nodiscard]] uint32_t ash_device_type(const struct ash_file *file);

/* Convenience on top of ash_set_info. `name`: UTF-8; for a rename either a name in the same
 * directory or a full path on the same volume, as FILE_RENAME_INFORMATION wants it. */
[[nodiscard]] ash_status ash_file_delete(struct ash_file *file);
[[nodiscard]] ash_status ash_file_rename(struct ash_file *file, const char *name, bool replace);
[[nodiscard]] ash_status ash_file_resize(struct ash_file *file, uint64_t bytes);
[[nodiscard]] ash_status ash_file_size(struct ash_file *file, uint64_t *bytes);

#endif
