// SPDX-License-Identifier: MIT
//
// isocline's system calls on top of isocline_console.h. One byte that select() had to read to know
// that it is there waits in `pending` for the next read().
#include "isocline_console.h"

#include "isocline_posix.h"

#include <stdarg.h>
#include <string.h>

static struct {
    uint16_t columns, rows;
    bool has_pending;
    uint8_t pending;
} console = {.columns = 80, .rows = 24};

void isocline_console_size(uint16_t columns, uint16_t rows)
{
    console.columns = columns;
    console.rows = rows;
}

ssize_t isocline_posix_read(int descriptor, void *buffer, size_t bytes)
{
    (void)descriptor;
    if (bytes > 0 && console.has_pending) {
        console.has_pending = false;
        *(uint8_t *)buffer = console.pending;
        return 1;
    }
    return (ssize_t)isocline_console_read(buffer, bytes, -1);
}

ssize_t isocline_posix_write(int descriptor, const void *data, size_t bytes)
{
    (void)descriptor;
    isocline_console_write(data, bytes);
    return (ssize_t)bytes;
}

int isocline_posix_select(int count, fd_set *readable, fd_set *writable, fd_set *failed,
                          struct timeval *timeout)
{
    (void)count;
    (void)readable;
    (void)writable;
    (void)failed;
    if (!console.has_pending) {
        int64_t limit = (int64_t)timeout->tv_sec * 1000 + timeout->tv_usec / 1000;
        console.has_pending = isocline_console_read(&console.pending, 1, limit) == 1;
    }
    return console.has_pending ? 1 : 0;
}

int isocline_posix_ioctl(int descriptor, unsigned long request, ...)
{
    (void)descriptor;
    if (request != TIOCGWINSZ)
        return -1;
    va_list arguments;
    va_start(arguments, request);
    struct winsize *size = va_arg(arguments, struct winsize *);
    va_end(arguments);
    size->ws_col = console.columns;
    size->ws_row = console.rows;
    return 0;
}

int isocline_posix_isatty(int descriptor)
{
    (void)descriptor;
    return 1;
}

char *isocline_posix_getenv(const char *name)
{
    static char terminal[] = "xterm-256color";
    return strcmp(name, "TERM") == 0 ? terminal : nullptr;
}

char *isocline_posix_setlocale(int category, const char *locale)
{
    (void)category;
    (void)locale;
    static char utf8[] = "C.UTF-8";
    return utf8;
}

// History lives in memory: there is no file for it.
FILE *isocline_posix_fopen(const char *path, const char *mode)
{
    (void)path;
    (void)mode;
    return nullptr;
}
