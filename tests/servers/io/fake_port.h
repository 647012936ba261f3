// SPDX-License-Identifier: MIT
/*
 * The world below and around the I/O manager for host tests: a memory, process and kernel that
 * only keep books, the real namespace, and a driver's side of the control link.
 */
#ifndef FAKE_PORT_H
#define FAKE_PORT_H

#include "manager.h"

struct fake_answer {
    unsigned count; /* how often the caller was answered */
    ash_status status;
    ash_cptr cap;
    unsigned char reply[512];
};

extern ash_word fake_time;      /* ticks are milliseconds */
extern ash_word fake_alarm;     /* what was asked for */
extern ash_word fake_next_task; /* id that the next spawn gives */
extern unsigned fake_links, fake_killed, fake_released, fake_signals;
extern ash_word fake_last_killed;
extern struct ash_ob_duplicate_request fake_duplicated; /* the last one */

/* Requests as a task would make them. The answer may come later: look at it again. */
struct fake_answer *fake_call(ash_word task, ash_word op, const void *request, size_t bytes,
                              unsigned caps);

/* A driver task, from LOAD_DRIVER to INITIALIZED. */
struct fake_driver {
    ash_word id, task;
    struct ash_link_requests *requests;
    struct ash_link_answers *answers;
    uint32_t head;
};
struct fake_driver fake_driver_start(const char *name);
ash_word fake_device(const struct fake_driver *driver, const char *name, ash_word type);

/* Takes the next request from the control link; null if there is none. */
struct ash_request *fake_take(struct fake_driver *driver, uint16_t *slot);
const char *fake_inline(const struct fake_driver *driver, uint16_t slot);
void fake_answer_slot(struct fake_driver *driver, uint16_t slot, ash_status status,
                      ash_word result);
/* Takes a request that must be `major` and answers it; false if there is none or another. */
bool fake_serve(struct fake_driver *driver, uint8_t major, ash_status status, ash_word result);
void fake_die(ash_word task, ash_word state);

/* The driver that was ended for what it owed too long, or 0. */
extern ash_word fake_condemned;
extern ash_word fake_pages; /* that every task has, of 1000 */
extern unsigned fake_deaf;  /* ... of them for not answering probes */

/* The options that the driver spawned last got, or null. */
extern const char *fake_verify;

#endif
