// SPDX-License-Identifier: MIT
/*
 * Threads. One more than the program's own serves completions for all of them. The process ends
 * when main returns, by ExitProcess, or with the last of the program's own threads.
 */
#include "include/process.h"
#include "internal.h"
#include <stdio.h>
#include <stdlib.h>

#define EVENT_BIT     32u
#define MAX_STACK     0x1000000u
#define WAIT_FOR_THEM 5000u /* milliseconds, for requests of a thread that ends */

static _Thread_local struct w32_thread *self;
static struct w32_thread first;
static _Atomic unsigned threads = 1; /* of the program */
static _Atomic DWORD last_id = 1;

struct w32_thread *w32_self(void)
{
    return self;
}

static void delete_thread(struct w32_object *object)
{
    free(object);
}

static void prepare(struct w32_thread *thread)
{
    thread->object.type = W32_THREAD;
    thread->object.deleted = delete_thread;
    thread->id = 4 * last_id++;
    thread->code = STILL_ACTIVE;
    thread->apcs_end = &thread->apcs;
}

static void serve(void *unused)
{
    (void)unused;
    for (;;) {
        (void)ash_io_serve(w32_signals);
        ash_sleep_until(ash_time() + ash_ticks(1000)); /* another thread waits just now */
    }
}

void w32_first_thread(void)
{
    const struct ash_thread_options options = {.priority = ASH_WIN32_PRIORITY};
    ash_cptr bell;
    prepare(&first);
    first.object.references = 2; /* never deleted */
    first.notification = ash_self()->notification;
    self = &first;
    ash_status status = ash_io_signal(EVENT_BIT, &bell);
    struct ash_caps caps = {.send = &bell, .send_count = 1};
    if (ash_success(status))
        status = ash_request_caps(ASH_SLOT_OBJECT, ASH_OB_CLIENT, NULL, 0, NULL, 0, &caps);
    if (ash_success(status))
        status = ash_thread_create(serve, NULL, &options, NULL);
    if (!ash_success(status)) {
        fprintf(stderr, "%s: cannot start: 0x%08x\n", ash_start()->name, (unsigned)status);
        exit(1);
    }
}

/* Its requests are cancelled, and it stays until they are done. */
static void end_requests(struct w32_thread *thread)
{
    for (unsigned i = 0; i < WAIT_FOR_THEM; i++) {
        ash_mutex_lock(&w32_lock);
        unsigned out = thread->requests;
        ash_mutex_unlock(&w32_lock);
        if (out == 0)
            return;
        if (i % 100 == 0)
            (void)w32_cancel(NULL, NULL, thread);
        Sleep(1);
    }
}

void w32_end_thread(DWORD code)
{
    struct w32_thread *thread = self;
    end_requests(thread);
    if (--threads == 0)
        ExitProcess(code);
    ash_mutex_lock(&w32_lock);
    thread->code = code;
    thread->object.signalled = true;
    for (struct w32_apc *apc = thread->apcs; apc != NULL;) {
        struct w32_apc *next = apc->next;
        free(apc);
        apc = next;
    }
    thread->apcs = NULL;
    w32_kick_locked();
    ash_mutex_unlock(&w32_lock);
    w32_release(&thread->object);
}

static void run(void *argument)
{
    struct w32_thread *thread = argument;
    self = thread;
    ash_mutex_lock(&w32_lock);
    thread->notification = ash_self()->notification;
    ash_mutex_unlock(&w32_lock);
    w32_end_thread(thread->routine(thread->argument));
}

HANDLE WINAPI CreateThread(LPSECURITY_ATTRIBUTES security, SIZE_T stack,
                           LPTHREAD_START_ROUTINE routine, LPVOID argument, DWORD flags, LPDWORD id)
{
    const struct ash_thread_options options = {.stack_bytes =
                                                   stack < MAX_STACK ? (size_t)stack : MAX_STACK,
                                               .priority = ASH_WIN32_PRIORITY};
    (void)security;
    struct w32_thread *thread = flags == 0 ? calloc(1, sizeof(*thread)) : NULL;
    if (thread == NULL) {
        SetLastError(flags == 0 ? ERROR_NOT_ENOUGH_MEMORY : ERROR_NOT_SUPPORTED);
        return NULL;
    }
    prepare(thread);
    thread->routine = routine;
    thread->argument = argument;
    thread->object.references = 2; /* the handle, and the thread itself */
    HANDLE handle = w32_handle(&thread->object);
    if (handle == NULL) {
        w32_release(&thread->object);
        return NULL;
    }
    DWORD number = thread->id;
    threads++;
    ash_status status = ash_thread_create(run, thread, &options, NULL);
    if (!ash_success(status)) {
        threads--;
        (void)CloseHandle(handle);
        w32_release(&thread->object);
        (void)w32_fail(status);
        return NULL;
    }
    if (id != NULL)
        *id = number;
    return handle;
}

VOID WINAPI ExitThread(DWORD code)
{
    w32_end_thread(code);
    ash_thread_exit();
}

VOID WINAPI ExitProcess(UINT code)
{
    exit((int)code);
}

BOOL WINAPI GetExitCodeThread(HANDLE handle, LPDWORD code)
{
    struct w32_thread *thread = w32_reference(handle, W32_THREAD);
    if (thread == NULL)
        return FALSE;
    ash_mutex_lock(&w32_lock);
    *code = thread->code;
    ash_mutex_unlock(&w32_lock);
    w32_release(&thread->object);
    return TRUE;
}

DWORD WINAPI GetCurrentThreadId(VOID)
{
    return self->id;
}

DWORD WINAPI GetCurrentProcessId(VOID)
{
    return (DWORD)ash_start()->task;
}

HANDLE WINAPI GetCurrentProcess(VOID)
{
    return (HANDLE)(LONG_PTR)-1;
}

HANDLE WINAPI GetCurrentThread(VOID)
{
    return (HANDLE)(LONG_PTR)-2;
}

uintptr_t _beginthreadex(void *security, unsigned stack, unsigned (*routine)(void *argument),
                         void *argument, unsigned flags, unsigned *id)
{
    return (uintptr_t)CreateThread(security, stack, routine, argument, flags, id);
}

struct begun {
    void (*routine)(void *argument);
    void *argument;
};

static DWORD WINAPI run_begun(LPVOID argument)
{
    struct begun begun = *(struct begun *)argument;
    free(argument);
    begun.routine(begun.argument);
    return 0;
}

/* The handle is closed by the thread's end: it is closed here, and means nothing to the caller. */
uintptr_t _beginthread(void (*routine)(void *argument), unsigned stack, void *argument)
{
    struct begun *begun = malloc(sizeof(*begun));
    if (begun == NULL)
        return (uintptr_t)-1;
    *begun = (struct begun){routine, argument};
    HANDLE handle = CreateThread(NULL, stack, run_begun, begun, 0, NULL);
    if (handle == NULL) {
        free(begun);
        return (uintptr_t)-1;
    }
    (void)CloseHandle(handle);
    return (uintptr_t)handle;
}

void _endthreadex(unsigned code)
{
    ExitThread(code);
}

void _endthread(void)
{
    ExitThread(0);
}

/* Lock: 0 free, else held; waiting threads sleep by turns. Owner is only compared with oneself. */
VOID WINAPI InitializeCriticalSection(LPCRITICAL_SECTION section)
{
    *section = (CRITICAL_SECTION){0};
}

BOOL WINAPI TryEnterCriticalSection(LPCRITICAL_SECTION section)
{
    ULONG_PTR me = (ULONG_PTR)self;
    struct ash_mutex *lock = (struct ash_mutex *)(void *)&section->Lock;
    if (__atomic_load_n(&section->Owner, __ATOMIC_RELAXED) != me) {
        if (!ash_mutex_try(lock))
            return FALSE;
        __atomic_store_n(&section->Owner, me, __ATOMIC_RELAXED);
    }
    section->Depth++;
    return TRUE;
}

VOID WINAPI EnterCriticalSection(LPCRITICAL_SECTION section)
{
    ULONG_PTR me = (ULONG_PTR)self;
    if (__atomic_load_n(&section->Owner, __ATOMIC_RELAXED) != me) {
        ash_mutex_lock((struct ash_mutex *)(void *)&section->Lock);
        __atomic_store_n(&section->Owner, me, __ATOMIC_RELAXED);
    }
    section->Depth++;
}

VOID WINAPI LeaveCriticalSection(LPCRITICAL_SECTION section)
{
    if (--section->Depth != 0)
        return;
    __atomic_store_n(&section->Owner, 0, __ATOMIC_RELAXED);
    ash_mutex_unlock((struct ash_mutex *)(void *)&section->Lock);
}

VOID WINAPI DeleteCriticalSection(LPCRITICAL_SECTION section)
{
    *section = (CRITICAL_SECTION){0};
}
