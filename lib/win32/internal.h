// SPDX-License-Identifier: MIT
/*
 * Inside of lib/win32.
 *
 *   handle of an event     the object manager's, so that drivers can be given it
 *   handle with bit 29     of this process alone: struct w32_object (files, threads, services)
 *
 * One lock guards handles, threads and what is signalled. It may be taken under the lock of the
 * client I/O library (completions run under that), never the other way round: no call of ash/file.h
 * with w32_lock held. A thread that waits is in a list; whatever may end a wait wakes all of them,
 * and each looks for itself.
 */
#ifndef W32_INTERNAL_H
#define W32_INTERNAL_H

#include "ash/file.h"
#include "ash/manager.h"
#include "ash/start.h"
#include "ash/thread.h"
#include "object.h"
#include "process.h"
#include "status.h"

#include <windows.h>
#undef main

#define ASH_WIN32_PRIORITY ASH_PRIORITY_BASE

enum w32_type { W32_FILE, W32_THREAD, W32_PACKAGE_FILE, W32_CONSOLE, W32_MANAGER, W32_SERVICE };

struct w32_object {
    enum w32_type type;
    unsigned references; /* the handle, and who uses it just now */
    bool signalled;
    void (*deleted)(struct w32_object *object); /* without the lock */
};

struct w32_file {
    struct w32_object object;
    struct ash_file *file; /* null once the handle was closed */
    bool overlapped;
    struct ash_mutex serial; /* a file that is not overlapped does one thing at a time */
    uint64_t position;
};

struct w32_apc {
    struct w32_apc *next;
    LPOVERLAPPED_COMPLETION_ROUTINE routine;
    DWORD error, bytes;
    LPOVERLAPPED overlapped;
};

struct w32_thread {
    struct w32_object object;
    DWORD id, code;
    ash_cptr notification; /* parks on it */
    struct w32_thread *next_waiting;
    bool waiting, kicked;
    unsigned requests; /* out */
    struct w32_apc *apcs, **apcs_end;
    LPTHREAD_START_ROUTINE routine;
    LPVOID argument;
};

extern struct ash_mutex w32_lock;

/* object.c */
HANDLE w32_handle(struct w32_object *object); /* takes the caller's reference; null: no room */
/* Referenced, of that type; null with ERROR_INVALID_HANDLE. */
void *w32_reference(HANDLE handle, enum w32_type type);
struct w32_object *w32_reference_any(HANDLE handle);
void w32_release(struct w32_object *object);
void w32_release_locked(struct w32_object *object, struct w32_object **dead);
bool w32_is_local(HANDLE handle);

/* wait.c */
struct w32_thread *w32_self(void);
void w32_kick_locked(void);
void w32_kick(void);
ash_status w32_event_request(ash_word op, HANDLE event, struct ash_ob_event_state_reply *state);
DWORD w32_wait(DWORD count, const HANDLE *objects, bool all, DWORD milliseconds, bool alertable);
void w32_signals(uint64_t bits); /* of the thread that serves completions */

/* thread.c */
void w32_first_thread(void);
void w32_end_thread(DWORD code);

/* error.c */
DWORD w32_error(ash_status status);
BOOL w32_fail(ash_status status); /* sets the error; FALSE */
BOOL w32_result(ash_status status);

/* path.c: UTF-8, for the I/O manager. False: too long. */
bool w32_path(LPCSTR name, char path[ASH_STRING]);
bool w32_wide_name(LPCWSTR from, char to[ASH_STRING]);

/* request.c */
DWORD w32_cancel(struct w32_file *file, LPOVERLAPPED overlapped, struct w32_thread *thread);

/* package.c, console.c: what else can be read and written. False: no such file. */
bool w32_package_open(LPCSTR name, struct w32_object **object);
BOOL w32_package_read(struct w32_object *object, void *buffer, DWORD bytes, LPDWORD done);
DWORD w32_package_size(struct w32_object *object);
BOOL w32_console_read(void *buffer, DWORD bytes, LPDWORD done);

#endif
