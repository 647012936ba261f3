// SPDX-License-Identifier: MIT
//
// Debug output. A driver may print a line in pieces; the console takes whole lines, so pieces are
// kept until the line ends, the buffer is full, or the thread has nothing to do (port_write_rest).
// Callable at any IRQL: whoever finds the buffer taken by another thread prints without it.

#include <ash/log.h>
#include <ash/syscall.h>

#include "../port.h"

#define LINE_BYTES 200

static char line[LINE_BYTES];
static size_t used;
static bool taken;

static bool take(void)
{
    return !__atomic_exchange_n(&taken, true, __ATOMIC_ACQUIRE);
}

static void give(void)
{
    __atomic_store_n(&taken, false, __ATOMIC_RELEASE);
}

static void flush(void)
{
    if (used > 0)
        ash_log("%.*s", (int)used, line);
    __atomic_store_n(&used, 0, __ATOMIC_RELAXED);
}

void port_write(const char *text, size_t n)
{
    if (!take()) {
        ash_log("%.*s", (int)n, text);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        line[used] = text[i];
        __atomic_store_n(&used, used + 1, __ATOMIC_RELAXED);
        if (text[i] == '\n' || used == LINE_BYTES)
            flush();
    }
    give();
}

void port_write_rest(void)
{
    if (__atomic_load_n(&used, __ATOMIC_RELAXED) == 0 || !take())
        return;
    flush();
    give();
}
