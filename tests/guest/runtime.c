// SPDX-License-Identifier: MIT
/*
 * In-guest test of the run-time library and of the process manager: threads, locks, events, malloc,
 * spawning, exit, crashes, kill, and that nothing of an ended task is left. Root starts it in the
 * shell's place when the command line says ashlar.test=runtime; it prints TAP between the marks of
 * exec mode and powers off. Started again with an argument it is the victim of a test.
 */
#include "ash/log.h"
#include "ash/manager.h"
#include "ash/memory.h"
#include "ash/start.h"
#include "ash/thread.h"
#include "memory.h"
#include "power.h"
#include "process.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int number, failures;

static void check(bool good, const char *name)
{
    printf("%s %d - %s\n", good ? "ok" : "not ok", ++number, name);
    failures += !good;
}

/* --- Victims
 * --------------------------------------------------------------------------------------- */

static volatile uintptr_t argument_zero; /* the analyser is not to see the null pointer */

[[gnu::noinline]] static void inner(volatile int *address)
{
    *address = 1;
    __asm__ volatile("" ::: "memory");
}

static void forever(void *)
{
    for (;;)
        __asm__ volatile("");
}

static void **taken; /* all that a victim could get */

static int victim(const char *what)
{
    struct ash_thread_options options = {.priority = 1};
    if (strcmp(what, "exit") == 0)
        return 42;
    if (strcmp(what, "null") == 0)
        inner((volatile int *)(uintptr_t)argument_zero);
    if (strcmp(what, "jump") == 0)
        ((void (*)(void))(uintptr_t)8)();
    if (strcmp(what, "syscall") == 0)
        (void)ash_syscall_word(99, 0, 0, &(ash_word){});
    if (strcmp(what, "abort") == 0)
        abort();
    if (strcmp(what, "loop") == 0)
        forever(nullptr);
    if (strcmp(what, "sleep") == 0)
        ash_park(ASH_FOREVER);
    if (strcmp(what, "threads") == 0)
        for (int i = 0; i < 6; i++)
            if (!ash_success(ash_thread_create(forever, nullptr, &options, nullptr)))
                return 1;
    if (strcmp(what, "threads") == 0)
        forever(nullptr);
    if (strcmp(what, "memory") == 0)
        for (void **next; (next = malloc(0x10000)); taken = next)
            *next = (void *)taken;
    if (strcmp(what, "objects") == 0)
        for (ash_cptr slot;;)
            if (!ash_success(ash_notification_create(&slot)))
                return 7;
    return 0;
}

/* --- Helpers
 * ----------------------------------------------------------------------------------------- */

static ash_word spawn(const char *argument, ash_word priority)
{
    struct ash_proc_spawn_request request = {
        .flags = ASH_PROC_HAS_CONSOLE,
        .priority = priority,
        .quota_pages = 1024,
        .hart = ~(ash_word)0,
        .argument_bytes = strlen(argument) + 1,
        .name = "victim",
        .image = "apps/test-runtime",
    };
    strcpy(request.arguments, argument);
    struct ash_proc_spawn_reply reply = {};
    ash_status status = ash_request(ASH_SLOT_PROCESS, ASH_PROC_SPAWN, &request, sizeof(request),
                                    &reply, sizeof(reply));
    return ash_success(status) ? reply.task : 0;
}

static bool wait_for(ash_word task, struct ash_proc_exit_reply *reply)
{
    struct ash_proc_task_request request = {.task = task};
    return ash_success(ash_request(ASH_SLOT_PROCESS, ASH_PROC_WAIT, &request, sizeof(request),
                                   reply, sizeof(*reply)));
}

static bool kill_task(ash_word task)
{
    struct ash_proc_task_request request = {.task = task};
    return ash_success(
        ash_request(ASH_SLOT_PROCESS, ASH_PROC_KILL, &request, sizeof(request), nullptr, 0));
}

static void test_end(const char *what, ash_word state, ash_word status)
{
    struct ash_proc_exit_reply reply = {};
    ash_word task = spawn(what, 50);
    bool good = task != 0 && wait_for(task, &reply);
    char name[96];
    snprintf(name, sizeof(name), "%s: state %lu, status %ld", what, (unsigned long)reply.state,
             (long)reply.status);
    check(good && reply.state == state && reply.status == status, name);
}

static void test_kill(const char *what)
{
    struct ash_proc_exit_reply reply = {};
    ash_word task = spawn(what, 50);
    ash_sleep_until(ash_time() + ash_ticks(30000));
    bool good = task != 0 && kill_task(task) && wait_for(task, &reply);
    char name[64];
    snprintf(name, sizeof(name), "kill of a task: %s", what);
    check(good && reply.state == ASH_PROC_EXITED, name);
}

static ash_word free_pages(void)
{
    struct ash_mem_statistics_reply reply = {};
    (void)ash_request(ASH_SLOT_MEMORY, ASH_MEM_STATISTICS, nullptr, 0, &reply, sizeof(reply));
    return reply.pages_free;
}

static void test_leak(void)
{
    struct ash_proc_exit_reply reply;
    for (int i = 0; i < 3; i++)
        (void)wait_for(spawn("null", 50), &reply);
    ash_word before = free_pages();
    for (int i = 0; i < 10; i++)
        (void)wait_for(spawn(i % 2 ? "null" : "exit", 50), &reply);
    ash_word after = free_pages();
    char name[64];
    snprintf(name, sizeof(name), "ten tasks leave nothing: %ld pages", (long)(before - after));
    check(before == after, name);
}

/* --- Threads
 * ----------------------------------------------------------------------------------------- */

#define WORKERS 4
#define ROUNDS  2000

static struct ash_mutex mutex;
static int counter;
static _Atomic int finished;
static struct ash_event all_done;
static _Thread_local int own;

static void worker(void *argument)
{
    own = (int)(intptr_t)argument;
    for (int i = 0; i < ROUNDS; i++) {
        ash_mutex_lock(&mutex);
        int seen = counter;
        if (i % 64 == 0)
            ash_yield();
        counter = seen + 1;
        ash_mutex_unlock(&mutex);
    }
    if (own == (int)(intptr_t)argument && atomic_fetch_add(&finished, 1) == WORKERS - 1)
        ash_event_set(&all_done);
}

static void test_threads(void)
{
    struct ash_thread_options options = {.priority = ASH_PRIORITY_BASE};
    bool good = true;
    for (intptr_t i = 0; i < WORKERS; i++)
        good = good && ash_success(ash_thread_create(worker, (void *)i, &options, nullptr));
    check(good, "threads start");
    check(ash_event_wait(&all_done, ash_time() + ash_ticks(10000000)), "all threads end");
    check(counter == WORKERS * ROUNDS, "the mutex excludes");
}

static void nothing(void *argument)
{
    atomic_fetch_add((_Atomic int *)argument, 1);
}

static void test_thread_reuse(void)
{
    struct ash_thread_options options = {.priority = ASH_PRIORITY_BASE};
    _Atomic int ended = 0;
    bool good = true;
    for (int i = 0; i < 200; i++) {
        good = good && ash_success(ash_thread_create(nothing, &ended, &options, nullptr));
        while (good && atomic_load(&ended) != i + 1)
            ash_sleep_until(ash_time() + ash_ticks(200));
        ash_sleep_until(ash_time() + ash_ticks(200));
    }
    check(good, "200 threads one after the other");
}

static void test_event_timeout(void)
{
    struct ash_event never = {};
    ash_word start = ash_time(), end = start + ash_ticks(20000);
    bool set = ash_event_wait(&never, end);
    check(!set && ash_time() >= end && ash_time() < end + ash_ticks(500000), "an event times out");
}

/* --- malloc
 * ------------------------------------------------------------------------------------------ */

static void test_malloc(void)
{
    enum { BLOCKS = 300 };
    static unsigned char *block[BLOCKS];
    static size_t size[BLOCKS];
    uint32_t random = 12345;
    bool good = true;
    int last = 0;
    for (int i = 0; i < 20000 && good; i++) {
        random = random * 1664525 + 1013904223;
        int at = last = (int)(random >> 8) % BLOCKS;
        for (size_t j = 0; j < size[at] && good; j += 97)
            good = block[at][j] == (unsigned char)at;
        free(block[at]);
        size[at] = (random >> 16) % (i % 50 == 0 ? 40000 : 600);
        block[at] = malloc(size[at]);
        good = good && block[at] && (uintptr_t)block[at] % 16 == 0;
        if (good)
            memset(block[at], at, size[at]);
    }
    if (!good)
        printf("# %d %p %zu\n", last, block[last], size[last]);
    check(good, "malloc gives blocks that do not overlap");
    for (int i = 0; i < BLOCKS; i++)
        free(block[i]);
    void *aligned = aligned_alloc(4096, 100);
    check(aligned && (uintptr_t)aligned % 4096 == 0, "aligned_alloc");
    free(aligned);
    char *zero = calloc(100, 7);
    bool clear = true;
    for (int i = 0; i < 700; i++)
        clear = clear && zero[i] == 0;
    check(clear, "calloc clears");
    free(zero);
    void *volatile impossible =
        calloc(SIZE_MAX / 2, 3); /* volatile: or the compiler drops the call */
    check(!impossible, "calloc sees overflow");
}

/* --- Rights
 * ------------------------------------------------------------------------------------------ */

static void test_rights(void)
{
    check(spawn("exit", 200) == 0, "no child of higher priority");
    struct ash_thread_options options = {.priority = 200};
    check(!ash_success(ash_thread_create(nothing, nullptr, &options, nullptr)),
          "no thread of higher priority");
    check(!kill_task(ASH_TASK_IO), "managers cannot be killed");
    struct ash_proc_task_request request = {.task = 1};
    check(ash_request(ASH_SLOT_MEMORY, ASH_MEM_TASK_DESTROY, &request, sizeof(request), nullptr,
                      0) == STATUS_ACCESS_DENIED,
          "the memory manager knows who asks");
    check(ash_request(ASH_SLOT_PROCESS, 79, nullptr, 0, nullptr, 0) == STATUS_NOT_IMPLEMENTED,
          "an unknown operation is refused");
    check(ash_request(ASH_SLOT_PROCESS, ASH_PROC_SPAWN, &request, 8, nullptr, 0) ==
              STATUS_INFO_LENGTH_MISMATCH,
          "a short request is refused");
}

int main(int argc, char **argv)
{
    if (argc > 1)
        return victim(argv[1]);
    printf("\x1e"
           "ASHLAR-BEGIN\n");
    test_malloc();
    test_threads();
    test_thread_reuse();
    test_event_timeout();
    test_rights();
    test_end("exit", ASH_PROC_EXITED, 42);
    test_end("null", ASH_PROC_CRASHED, 15);
    test_end("jump", ASH_PROC_CRASHED, 12);
    test_end("syscall", ASH_PROC_CRASHED, ~(ash_word)0);
    test_end("abort", ASH_PROC_EXITED, ~(ash_word)0);
    test_end("memory", ASH_PROC_EXITED, 0);
    test_end("objects", ASH_PROC_EXITED, 7);
    test_kill("sleep");
    test_kill("loop");
    test_kill("threads");
    test_leak();
    printf("1..%d\n\x1e"
           "ASHLAR-END %d\n",
           number, failures != 0);
    fflush(stdout);
    struct ash_power_action_request off = {.action = ASH_POWER_OFF};
    (void)ash_request(ASH_SLOT_POWER, ASH_POWER_ACTION, &off, sizeof(off), nullptr, 0);
    return 1;
}
