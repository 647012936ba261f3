// SPDX-License-Identifier: MIT
/*
 * `allow kill demo [SECONDS [DRIVER [plain|picture [IMAGE]]]]`: reads C:/random.bin again and
 * again, all the time several requests ahead, and checks each pass; after the first pass the disk's
 * driver is killed every second. At last the driver is replaced, live, by IMAGE of the boot
 * package. The result is 0 if it was killed at least once, every byte came, every pass had the
 * digest of the first, which nothing disturbed, and IMAGE works.
 *
 * Who counts what: stream.c what is read, kills.c (a thread of its own) the deaths; screen.c only
 * shows. A byte is lost when the request for it ended with an error or too early.
 */
#ifndef DEMO_H
#define DEMO_H

#include "ash/syscall.h"
#include "status.h"
#include <stdint.h>

#define DEMO_FILE "C:/random.bin"

struct demo_stream {
    uint64_t bytes, size; /* of one pass: read, and the file's */
    uint64_t total;       /* of all passes */
    uint64_t lost;
    unsigned passes, wrong;  /* of those, not like the first */
    ash_word began, longest; /* ticks: the start; the longest time without an answer */
    char digest[65];         /* of the first pass, hexadecimal */
};

/* Opens the file; the file's size is known then. */
[[nodiscard]] ash_status demo_stream_open(struct demo_stream *stream);
/* Waits for the oldest request, and sends the next; true when a pass has ended with it. */
bool demo_stream_step(struct demo_stream *stream);

/* Begins to kill the driver, once a second. It must live as long as the program. */
[[nodiscard]] ash_status demo_kills_begin(const char *driver);
unsigned demo_kills(void);
/* This program may not end tasks: whoever started it must allow that. */
bool demo_kills_refused(void);
/* No more kills come when this has returned. */
void demo_kills_end(void);

/* Replaces the driver by another image, which may be done once. */
[[nodiscard]] ash_status demo_upgrade_begin(const char *driver, const char *image);
bool demo_upgrade_done(void);
/* When it is done: what the plug-and-play manager answered, and after how long. */
[[nodiscard]] ash_status demo_upgrade_result(ash_word *ticks);

/* The upper lines of the terminal are the picture, what the system logs scrolls below it. Plain:
 * a line a second, for a file. */
void demo_screen_begin(const char *driver, bool plain);
void demo_screen_show(const struct demo_stream *stream, unsigned deaths);
void demo_screen_end(const struct demo_stream *stream, unsigned deaths);

#endif
