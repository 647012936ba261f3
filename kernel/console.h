// SPDX-License-Identifier: MIT
/*
 * What user space makes the kernel write. The firmware takes some hundred instructions a byte,
 * during which no interrupt is served, so a text is queued at once, whole, and then sent piece by
 * piece by the thread that caused it, with a preemption point after each piece. What a thread that
 * goes away leaves is sent before the next text.
 */
#ifndef KERNEL_CONSOLE_H
#define KERNEL_CONSOLE_H

#include <stddef.h>

/* Sends what is queued: ASH_OK when all is, or PREEMPTED. */
[[nodiscard]] unsigned console_drain(void);
/* The queue is empty: where to write at most CONSOLE_BYTES, before they are queued. */
void *console_text(void);
void console_queue(size_t count);
#define CONSOLE_BYTES 512u
/* Sends all of it, however long that takes. */
void console_flush(void);

#endif
