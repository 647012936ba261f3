// SPDX-License-Identifier: MIT
/*
 * What the I/O manager needs from the world below it, so that everything above this header runs
 * in a host test too. In the system port.c calls the other managers and the kernel; in the tests
 * fake_port.c plays them. All calls are downward (object, process, memory, kernel) and short:
 * none of them waits for a driver or a client.
 */
#ifndef IO_PORT_H
#define IO_PORT_H

#include "io.h"
#include "kernel/syscall.h"
#include "memory.h"
#include "object.h"
#include "process.h"
#include "status.h"

/* One request from a task. `request` is zero-padded to the size its handler expects and lives
 * until the handler returns; caps[] are slots that the handler owns from now on. */
struct io_call {
    ash_word task, op;
    const void *request;
    size_t bytes;
    ash_cptr caps[3];
    unsigned cap_count;
    ash_word token; /* names the waiting caller until it is answered, exactly once */
};

/* Answers a caller, now or later. `cap` (may be null) is copied to it. A caller that has died
 * meanwhile is no error. */
void port_answer(ash_word token, ash_status status, const void *reply, size_t bytes, ash_cptr cap);

/* The answer to ASH_IO_REGISTER; `requests` may be null. */
void port_answer_registered(ash_word token, const struct ash_io_link_reply *reply,
                            ash_cptr doorbell, ash_cptr requests);

/* Memory manager. */
[[nodiscard]] ash_status port_link_create(const struct ash_mem_link_create_request *request,
                                          struct ash_mem_link_create_reply *reply);
void port_link_free(ash_word link); /* closes it for both sides and frees the memory */
[[nodiscard]] ash_status port_link_keep(ash_word link);
[[nodiscard]] ash_status port_link_resume(ash_word link, ash_word answerer,
                                          struct ash_mem_link_create_reply *reply);

/* Object manager. */
[[nodiscard]] ash_status port_lookup(const char *path, struct ash_ob_lookup_reply *reply);
[[nodiscard]] ash_status port_insert(ash_word type, ash_word cookie, const char *path,
                                     ash_word *id);
void port_remove(ash_word object);
[[nodiscard]] ash_status port_directory(const char *path); /* makes it; success if it exists */
[[nodiscard]] ash_status port_symlink(const char *path, const char *target);
[[nodiscard]] ash_status port_unlink(const char *path);
[[nodiscard]] ash_status port_duplicate(const struct ash_ob_duplicate_request *request,
                                        struct ash_ob_duplicate_reply *reply);

/* Process manager. */
[[nodiscard]] ash_status port_spawn(const struct ash_io_load_driver_request *request,
                                    const char *verify, ash_word *task);
void port_kill(ash_word task);
void port_release(ash_word task);
/* A line for the report on a task that has ended. */
void port_report(ash_word task, const char *line);
void port_task_name(ash_word task, char name[32]);
/* How much memory it has, of how much. */
[[nodiscard]] ash_word port_pages(ash_word task, ash_word *limit);

/* Kernel. A null cptr is ignored. */
void port_signal(ash_cptr notification);
[[nodiscard]] ash_cptr port_notification(void); /* a new one; null: no memory */
[[nodiscard]] ash_cptr port_mint(ash_cptr notification, ash_word badge); /* null: no room */
[[nodiscard]] ash_cptr port_own_doorbell(ash_word badge);                /* to this manager */
void port_drop(ash_cptr slot);
[[nodiscard]] ash_word port_time(void);                /* ticks */
[[nodiscard]] ash_word port_milliseconds(unsigned ms); /* as ticks */
/* Ends a driver for what it owes since so many milliseconds, which are more than the limit. */
void port_condemn(ash_word task, const struct ash_request *owed, ash_word milliseconds,
                  ash_word limit);
/* ... for not having answered probes for so long, of the dispatch thread or of those that take
 * requests. */
void port_condemn_deaf(ash_word task, ash_word milliseconds, bool dispatch);
/* ... for having used up its memory. */
void port_condemn_exhausted(ash_word task, ash_word pages);
void port_alarm(ash_word time); /* io_alarm() is called at that time or soon after; 0: never */

[[gnu::format(printf, 1, 2)]] void port_log(const char *format, ...);

#endif
