// SPDX-License-Identifier: MIT
//
// The port on pthreads, for host tests: threads with park tokens, clocks, pages, and a dispatch
// thread. A bug check prints its text and either aborts or, in a test that expects it, jumps back.

#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
#endif
#endif
#ifndef ASAN_POISON_MEMORY_REGION
#define ASAN_POISON_MEMORY_REGION(address, bytes)   ((void)(address), (void)(bytes))
#define ASAN_UNPOISON_MEMORY_REGION(address, bytes) ((void)(address), (void)(bytes))
#endif

#include "posix.h"

#define NANOSECONDS       1000000000ull
#define EPOCH_1601        116444736000000000ull
#define FAR_AHEAD_SECONDS 1000000

struct port_thread {
    pthread_mutex_t lock;
    pthread_cond_t condition;
    bool token;
    void (*entry)(void *);
    void *argument;
    struct port_thread *next;
};

static _Thread_local struct port_thread *current;
static _Thread_local void *value;
static struct port_thread *dispatch_thread;
static struct port_thread *all_threads; // never freed: somebody may unpark one after its end
static pthread_once_t dispatch_once = PTHREAD_ONCE_INIT;

static struct port_thread *new_thread(void)
{
    struct port_thread *thread = calloc(1, sizeof(*thread));
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&thread->lock, NULL);
    pthread_cond_init(&thread->condition, &attributes);
    pthread_condattr_destroy(&attributes);
    thread->next = __atomic_load_n(&all_threads, __ATOMIC_RELAXED);
    while (!__atomic_compare_exchange_n(&all_threads, &thread->next, thread, 0, __ATOMIC_RELEASE,
                                        __ATOMIC_RELAXED))
        continue;
    return thread;
}

struct port_thread *port_thread_current(void)
{
    if (current == NULL)
        current = new_thread();
    return current;
}

static void *start(void *argument)
{
    current = argument;
    current->entry(current->argument);
    return NULL;
}

struct port_thread *port_thread_create(void (*entry)(void *), void *argument)
{
    struct port_thread *thread = new_thread();
    pthread_t id;
    thread->entry = entry;
    thread->argument = argument;
    if (pthread_create(&id, NULL, start, thread) != 0)
        return NULL;
    pthread_detach(id);
    return thread;
}

void port_thread_exit(void)
{
    pthread_exit(NULL);
}

void port_stack_limits(uintptr_t *low, uintptr_t *high)
{
    pthread_attr_t attributes;
    void *base = NULL;
    size_t bytes = 0;
    *low = *high = 0;
    if (pthread_getattr_np(pthread_self(), &attributes) != 0)
        return;
    (void)pthread_attr_getstack(&attributes, &base, &bytes);
    (void)pthread_attr_destroy(&attributes);
    *low = (uintptr_t)base;
    *high = (uintptr_t)base + bytes;
}

void *port_thread_value(void)
{
    return value;
}

void port_set_thread_value(void *new_value)
{
    value = new_value;
}

uint64_t port_counter(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * NANOSECONDS + (uint64_t)now.tv_nsec;
}

uint64_t port_counter_frequency(void)
{
    return NANOSECONDS;
}

uint64_t port_monotonic(void)
{
    return port_counter() / 100;
}

uint64_t port_system_time(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return EPOCH_1601 + (uint64_t)now.tv_sec * 10000000u + (uint64_t)now.tv_nsec / 100;
}

void port_set_system_time(uint64_t time)
{
    (void)time; // a test does not set the developer's clock
}

unsigned port_processors(void)
{
    long count = sysconf(_SC_NPROCESSORS_ONLN);
    return count > 0 ? (unsigned)count : 1;
}

bool port_park(uint64_t deadline)
{
    struct port_thread *self = port_thread_current();
    struct timespec until = {.tv_sec = FAR_AHEAD_SECONDS * 1000};
    int error = 0;
    if (deadline != PORT_FOREVER) {
        until.tv_sec = (time_t)(deadline / 10000000u);
        until.tv_nsec = (long)(deadline % 10000000u) * 100;
    }
    pthread_mutex_lock(&self->lock);
    while (!self->token && error != ETIMEDOUT)
        error = pthread_cond_timedwait(&self->condition, &self->lock, &until);
    bool had = self->token;
    self->token = false;
    pthread_mutex_unlock(&self->lock);
    return had;
}

void port_unpark(struct port_thread *thread)
{
    pthread_mutex_lock(&thread->lock);
    thread->token = true;
    pthread_cond_signal(&thread->condition);
    pthread_mutex_unlock(&thread->lock);
}

void port_relax(unsigned attempt)
{
    struct timespec moment = {.tv_nsec = 20000};
    if (attempt < 16)
        sched_yield();
    else
        nanosleep(&moment, NULL);
}

void *port_pages_alloc(size_t pages)
{
    void *p = mmap(NULL, pages * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return p == MAP_FAILED ? NULL : p;
}

void port_pages_free(void *address, size_t pages)
{
    ASAN_UNPOISON_MEMORY_REGION(address, pages * 4096);
    munmap(address, pages * 4096);
}

void *port_pages_guarded(size_t pages)
{
    char *p = mmap(NULL, (pages + 2) * 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED || mprotect(p + 4096, pages * 4096, PROT_READ | PROT_WRITE) != 0)
        return NULL;
    return p + 4096;
}

void port_pages_close(void *address, size_t pages)
{
    (void)mprotect(address, pages * 4096, PROT_NONE);
}

void port_pages_guarded_free(void *address, size_t pages)
{
    munmap((char *)address - 4096, (pages + 2) * 4096);
}

void port_poison(void *address, size_t bytes)
{
    ASAN_POISON_MEMORY_REGION(address, bytes);
}

void port_unpoison(void *address, size_t bytes)
{
    ASAN_UNPOISON_MEMORY_REGION(address, bytes);
}

static char *captured;
static size_t captured_room;

void posix_capture(char *to, size_t bytes)
{
    captured = to;
    captured_room = bytes;
    if (to != NULL)
        to[0] = 0;
}

void port_write(const char *text, size_t n)
{
    if (captured != NULL) {
        size_t used = strlen(captured);
        snprintf(captured + used, captured_room - used, "%.*s", (int)n, text);
        return;
    }
    if (getenv("DDK_QUIET") == NULL)
        fwrite(text, 1, n, stderr);
}

// A test calls ki_process_event itself.
bool port_watch_processes(uint32_t kinds)
{
    (void)kinds;
    return true;
}

static void dispatch_entry(void *argument)
{
    (void)argument;
    for (;;)
        port_park(ki_dispatch_run());
}

static void start_dispatch(void)
{
    dispatch_thread = port_thread_create(dispatch_entry, NULL);
}

void port_kick_dispatch(void)
{
    pthread_once(&dispatch_once, start_dispatch);
    port_unpark(dispatch_thread);
}

// Tests of broken rules: the bug check comes back to the test as a longjmp in the same thread.
static _Thread_local jmp_buf *expected;
static _Thread_local char last_text[256];
static _Thread_local uint32_t last_code;
static _Thread_local uint64_t last_parameters[4];

uint32_t posix_bugcheck(uint64_t parameters[4])
{
    memcpy(parameters, last_parameters, sizeof(last_parameters));
    return last_code;
}

bool posix_expect_bugcheck(void (*body)(void *), void *argument, const char **text)
{
    jmp_buf buffer;
    bool died = false;
    expected = &buffer;
    last_text[0] = 0;
    if (setjmp(buffer) == 0)
        body(argument);
    else
        died = true;
    expected = NULL;
    if (text != NULL)
        *text = last_text;
    return died;
}

void port_die(uint32_t code, const uint64_t parameters[4], const char *text)
{
    snprintf(last_text, sizeof(last_text), "%s", text);
    last_code = code;
    memcpy(last_parameters, parameters, sizeof(last_parameters));
    if (expected != NULL)
        longjmp(*expected, 1);
    fprintf(stderr, "BUGCHECK %#x: %s (%#llx %#llx %#llx %#llx)\n", code, text,
            (unsigned long long)parameters[0], (unsigned long long)parameters[1],
            (unsigned long long)parameters[2], (unsigned long long)parameters[3]);
    abort();
}
