// SPDX-License-Identifier: MIT
/*
 * What picolibc needs of the system: standard streams and the end of the program. Output is
 * collected to lines, so that those of different tasks do not mix.
 */
#include "ash/invoke.h"
#include "ash/log.h"
#include "ash/start.h"
#include "ash/thread.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/lock.h>
#include <unistd.h>

#define OUT_BYTES ASH_FIRMWARE_WRITE_MAX

static void (*write_bytes)(const char *bytes, size_t count) = ash_print_bytes;
static int (*read_byte)(void);
static struct {
    struct ash_mutex lock;
    size_t used;
    char bytes[OUT_BYTES];
} out;

static void flush_locked(void)
{
    if (out.used > 0)
        write_bytes(out.bytes, out.used);
    out.used = 0;
}

static int stdio_put(char c, FILE *file)
{
    (void)file;
    ash_mutex_lock(&out.lock);
    out.bytes[out.used++] = c;
    if (c == '\n' || out.used == OUT_BYTES)
        flush_locked();
    ash_mutex_unlock(&out.lock);
    return (unsigned char)c;
}

static int stdio_flush(FILE *file)
{
    (void)file;
    ash_mutex_lock(&out.lock);
    flush_locked();
    ash_mutex_unlock(&out.lock);
    return 0;
}

static int stdio_get(FILE *file)
{
    stdio_flush(file);
    int byte = read_byte ? read_byte() : -1;
    return byte < 0 ? _FDEV_EOF : byte;
}

static FILE console = FDEV_SETUP_STREAM(stdio_put, stdio_get, stdio_flush, _FDEV_SETUP_RW);
FILE *const stdin = &console;
FILE *const stdout = &console;
FILE *const stderr = &console;

void ash_stdio(void (*write)(const char *bytes, size_t count), int (*read)(void))
{
    stdio_flush(&console);
    write_bytes = write ? write : ash_print_bytes;
    read_byte = read;
}

void _exit(int status)
{
    stdio_flush(&console);
    ash_exit(status);
}

/* The locks of the C library (atexit, ...): one recursive lock serves them all. */
struct __lock {
    struct ash_mutex mutex;
    struct ash_thread_block *owner;
    unsigned depth;
};
struct __lock __lock___libc_recursive_mutex;

void __retarget_lock_acquire_recursive(_LOCK_T lock)
{
    struct ash_thread_block *self = ash_self();
    if (__atomic_load_n(&lock->owner, __ATOMIC_RELAXED) != self) {
        ash_mutex_lock(&lock->mutex);
        __atomic_store_n(&lock->owner, self, __ATOMIC_RELAXED);
    }
    lock->depth++;
}

void __retarget_lock_release_recursive(_LOCK_T lock)
{
    if (--lock->depth > 0)
        return;
    __atomic_store_n(&lock->owner, nullptr, __ATOMIC_RELAXED);
    ash_mutex_unlock(&lock->mutex);
}

/* Locks of single streams: picolibc makes them for its buffered files, which tasks do not have. */
void __retarget_lock_init(_LOCK_T *lock)
{
    *lock = calloc(1, sizeof(struct __lock));
    if (!*lock)
        ash_panic("no memory for a lock of the C library");
}

void __retarget_lock_close(_LOCK_T lock)
{
    free(lock);
}

void __retarget_lock_acquire(_LOCK_T lock)
{
    __retarget_lock_acquire_recursive(lock);
}

void __retarget_lock_release(_LOCK_T lock)
{
    __retarget_lock_release_recursive(lock);
}
