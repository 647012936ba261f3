// SPDX-License-Identifier: MIT
/*
 * Requests: ReadFile, WriteFile, DeviceIoControl. A request on an overlapped handle is out until
 * its OVERLAPPED says so; the thread that serves completions then writes the OVERLAPPED, the status
 * last, sets the event (or the file, if there is none), and queues the completion routine.
 */
#include "internal.h"
#include <stdio.h>
#include <stdlib.h>

enum kind { READ, WRITE, CONTROL };

struct call {
    enum kind kind;
    DWORD code, in_bytes, out_bytes;
    void *in, *out;
    uint64_t offset;
};

struct request {
    struct ash_io io;
    struct w32_file *file;     /* referenced */
    struct w32_thread *thread; /* referenced: who started it */
    OVERLAPPED *overlapped;
    HANDLE event;
    struct w32_apc *apc; /* null: no routine */
};

static struct request *request_of(const struct ash_io *io)
{
    return (struct request *)(uintptr_t)((const char *)io - offsetof(struct request, io));
}

static void store_status(OVERLAPPED *overlapped, ash_status status)
{
    __atomic_store_n(&overlapped->Internal, (ULONG_PTR)(uint32_t)status, __ATOMIC_RELEASE);
}

/* Lock held. */
static void queue_apc(struct w32_thread *thread, struct w32_apc *apc)
{
    apc->next = NULL;
    *thread->apcs_end = apc;
    thread->apcs_end = &apc->next;
}

/* Under the lock of the client I/O library, in whatever thread took the answer. */
static void completed(struct ash_io *io)
{
    struct request *request = request_of(io);
    struct w32_object *file_gone, *thread_gone;
    OVERLAPPED *overlapped = request->overlapped;
    HANDLE event = request->event;
    if (request->apc != NULL) {
        request->apc->error = ash_success(io->status) ? ERROR_SUCCESS : w32_error(io->status);
        request->apc->bytes = (DWORD)io->information;
    }
    overlapped->InternalHigh = io->information;
    ash_mutex_lock(&w32_lock);
    store_status(overlapped, io->status); /* the OVERLAPPED may be gone from here on */
    if (event == NULL)
        request->file->object.signalled = true;
    if (request->apc != NULL)
        queue_apc(request->thread, request->apc);
    request->thread->requests--;
    w32_kick_locked();
    w32_release_locked(&request->file->object, &file_gone);
    w32_release_locked(&request->thread->object, &thread_gone);
    ash_mutex_unlock(&w32_lock);
    if (event != NULL)
        (void)w32_event_request(ASH_OB_EVENT_SET, event, NULL);
    if (file_gone != NULL)
        file_gone->deleted(file_gone);
    if (thread_gone != NULL)
        thread_gone->deleted(thread_gone);
    free(request);
}

static ash_status start(const struct call *call, struct ash_file *file, struct ash_io *io)
{
    switch (call->kind) {
    case READ:
        return ash_read_begin(file, call->out, call->out_bytes, call->offset, completed, io);
    case WRITE:
        return ash_write_begin(file, call->in, call->in_bytes, call->offset, completed, io);
    default:
        return ash_ioctl_begin(file, call->code, call->in, call->in_bytes, call->out,
                               call->out_bytes, completed, io);
    }
}

static struct request *new_request(struct w32_file *file, OVERLAPPED *overlapped,
                                   LPOVERLAPPED_COMPLETION_ROUTINE routine)
{
    struct request *request = calloc(1, sizeof(*request));
    struct w32_apc *apc = routine != NULL ? calloc(1, sizeof(*apc)) : NULL;
    if (request == NULL || (routine != NULL && apc == NULL)) {
        free(request);
        free(apc);
        return NULL;
    }
    if (apc != NULL)
        *apc = (struct w32_apc){.routine = routine, .overlapped = overlapped};
    request->file = file;
    request->thread = w32_self();
    request->overlapped = overlapped;
    request->apc = apc;
    /* With a completion routine hEvent is the caller's own; its lowest bit asks for no completion
     * packet. */
    if (routine == NULL && overlapped->hEvent != NULL)
        request->event = (HANDLE)((ULONG_PTR)overlapped->hEvent & ~(ULONG_PTR)1);
    ash_mutex_lock(&w32_lock);
    file->object.references++;
    file->object.signalled = false;
    request->thread->object.references++;
    request->thread->requests++;
    ash_mutex_unlock(&w32_lock);
    return request;
}

static void drop_request(struct request *request)
{
    ash_mutex_lock(&w32_lock);
    request->thread->requests--;
    ash_mutex_unlock(&w32_lock);
    w32_release(&request->thread->object);
    w32_release(&request->file->object);
    free(request->apc);
    free(request);
}

/* STATUS_PENDING, or why nothing was started. */
static ash_status asynchronous(struct w32_file *file, const struct call *call,
                               OVERLAPPED *overlapped, LPOVERLAPPED_COMPLETION_ROUTINE routine)
{
    struct request *request = new_request(file, overlapped, routine);
    if (request == NULL)
        return STATUS_NO_MEMORY;
    if (request->event != NULL) {
        ash_status reset = w32_event_request(ASH_OB_EVENT_RESET, request->event, NULL);
        if (!ash_success(reset)) {
            drop_request(request);
            return reset;
        }
    }
    overlapped->InternalHigh = 0;
    store_status(overlapped, STATUS_PENDING);
    ash_status status = start(call, file->file, &request->io);
    if (ash_success(status))
        return STATUS_PENDING;
    store_status(overlapped, status);
    drop_request(request);
    return status;
}

static ash_status synchronous(struct w32_file *file, struct call *call, OVERLAPPED *overlapped,
                              DWORD *done)
{
    size_t bytes = 0;
    ash_status status;
    ash_mutex_lock(&file->serial);
    uint64_t offset = overlapped != NULL ? call->offset : file->position;
    if (call->kind == READ)
        status = ash_read(file->file, call->out, call->out_bytes, offset, &bytes);
    else if (call->kind == WRITE)
        status = ash_write(file->file, call->in, call->in_bytes, offset, &bytes);
    else
        status = ash_ioctl(file->file, call->code, call->in, call->in_bytes, call->out,
                           call->out_bytes, &bytes);
    if (call->kind != CONTROL)
        file->position = offset + bytes;
    ash_mutex_unlock(&file->serial);
    *done = (DWORD)bytes;
    if (overlapped != NULL) {
        overlapped->InternalHigh = bytes;
        store_status(overlapped, status);
        if (overlapped->hEvent != NULL)
            (void)w32_event_request(ASH_OB_EVENT_SET, overlapped->hEvent, NULL);
    }
    return status;
}

static uint64_t offset_of(const OVERLAPPED *overlapped)
{
    return overlapped != NULL
               ? (uint64_t)overlapped->OffsetHigh << 32 | (uint64_t)overlapped->Offset
               : 0;
}

/* A warning brings data and is FALSE all the same. */
static BOOL answer(ash_status status, DWORD bytes, LPDWORD done)
{
    if (done != NULL)
        *done = (uint32_t)status >> 30 == 3 ? 0 : bytes;
    return w32_result(status);
}

static BOOL perform(HANDLE handle, struct call *call, LPDWORD done, OVERLAPPED *overlapped)
{
    struct w32_file *file = w32_reference(handle, W32_FILE);
    DWORD bytes = 0;
    if (file == NULL)
        return FALSE;
    ash_status status;
    call->offset = offset_of(overlapped);
    if (file->overlapped && overlapped == NULL)
        status = STATUS_INVALID_PARAMETER;
    else if (file->file == NULL)
        status = STATUS_INVALID_HANDLE;
    else if (file->overlapped)
        status = asynchronous(file, call, overlapped, NULL);
    else
        status = synchronous(file, call, overlapped, &bytes);
    w32_release(&file->object);
    if (status == STATUS_PENDING) {
        if (done != NULL)
            *done = 0;
        return w32_fail(status);
    }
    if (status == STATUS_END_OF_FILE && call->kind == READ && overlapped == NULL)
        status = STATUS_SUCCESS; /* nothing was read */
    return answer(status, bytes, done);
}

/* Handles that are no files of the I/O manager. 2: it is one. */
static int other_object(HANDLE handle, struct call *call, LPDWORD done)
{
    struct w32_object *object = w32_reference_any(handle);
    int result = 2;
    if (object == NULL)
        return FALSE;
    if (object->type == W32_PACKAGE_FILE && call->kind == READ)
        result = w32_package_read(object, call->out, call->out_bytes, done);
    else if (object->type == W32_CONSOLE && call->kind == READ)
        result = w32_console_read(call->out, call->out_bytes, done);
    else if (object->type == W32_CONSOLE && call->kind == WRITE) {
        size_t written = fwrite(call->in, 1, call->in_bytes, stdout);
        if (done != NULL)
            *done = (DWORD)written;
        result = TRUE;
    }
    w32_release(object);
    return result;
}

static BOOL transfer(HANDLE handle, struct call *call, LPDWORD done, OVERLAPPED *overlapped)
{
    int result = other_object(handle, call, done);
    return result == 2 ? perform(handle, call, done, overlapped) : result;
}

BOOL WINAPI ReadFile(HANDLE file, LPVOID buffer, DWORD bytes, LPDWORD done, LPOVERLAPPED overlapped)
{
    struct call call = {.kind = READ, .out = buffer, .out_bytes = bytes};
    return transfer(file, &call, done, overlapped);
}

BOOL WINAPI WriteFile(HANDLE file, LPCVOID buffer, DWORD bytes, LPDWORD done,
                      LPOVERLAPPED overlapped)
{
    struct call call = {.kind = WRITE, .in = (void *)(uintptr_t)buffer, .in_bytes = bytes};
    return transfer(file, &call, done, overlapped);
}

BOOL WINAPI DeviceIoControl(HANDLE device, DWORD code, LPVOID in, DWORD in_bytes, LPVOID out,
                            DWORD out_bytes, LPDWORD done, LPOVERLAPPED overlapped)
{
    struct call call = {.kind = CONTROL,
                        .code = code,
                        .in = in,
                        .out = out,
                        .in_bytes = in != NULL ? in_bytes : 0,
                        .out_bytes = out != NULL ? out_bytes : 0};
    return perform(device, &call, done, overlapped);
}

static BOOL extended(HANDLE handle, struct call *call, OVERLAPPED *overlapped,
                     LPOVERLAPPED_COMPLETION_ROUTINE routine)
{
    struct w32_file *file = w32_reference(handle, W32_FILE);
    if (file == NULL)
        return FALSE;
    call->offset = offset_of(overlapped);
    ash_status status = file->overlapped && file->file != NULL && routine != NULL
                            ? asynchronous(file, call, overlapped, routine)
                            : STATUS_INVALID_PARAMETER;
    w32_release(&file->object);
    SetLastError(ERROR_SUCCESS);
    return status == STATUS_PENDING ? TRUE : w32_fail(status);
}

BOOL WINAPI ReadFileEx(HANDLE file, LPVOID buffer, DWORD bytes, LPOVERLAPPED overlapped,
                       LPOVERLAPPED_COMPLETION_ROUTINE routine)
{
    struct call call = {.kind = READ, .out = buffer, .out_bytes = bytes};
    return extended(file, &call, overlapped, routine);
}

BOOL WINAPI WriteFileEx(HANDLE file, LPCVOID buffer, DWORD bytes, LPOVERLAPPED overlapped,
                        LPOVERLAPPED_COMPLETION_ROUTINE routine)
{
    struct call call = {.kind = WRITE, .in = (void *)(uintptr_t)buffer, .in_bytes = bytes};
    return extended(file, &call, overlapped, routine);
}

static ash_status status_of(const OVERLAPPED *overlapped)
{
    return (ash_status)(uint32_t)__atomic_load_n(&overlapped->Internal, __ATOMIC_ACQUIRE);
}

BOOL WINAPI GetOverlappedResult(HANDLE file, LPOVERLAPPED overlapped, LPDWORD done, BOOL wait)
{
    HANDLE object =
        overlapped->hEvent != NULL ? (HANDLE)((ULONG_PTR)overlapped->hEvent & ~(ULONG_PTR)1) : file;
    if (status_of(overlapped) == STATUS_PENDING) {
        if (!wait) {
            SetLastError(ERROR_IO_INCOMPLETE);
            return FALSE;
        }
        if (WaitForSingleObject(object, INFINITE) == WAIT_FAILED)
            return FALSE;
    }
    while (wait && status_of(overlapped) == STATUS_PENDING) /* set for another request */
        Sleep(1);
    ash_status status = status_of(overlapped);
    if (status == STATUS_PENDING) {
        SetLastError(ERROR_IO_INCOMPLETE);
        return FALSE;
    }
    if (done != NULL)
        *done = (DWORD)overlapped->InternalHigh;
    return w32_result(status);
}

struct choice {
    const struct w32_file *file;     /* null: any */
    const OVERLAPPED *overlapped;    /* null: any */
    const struct w32_thread *thread; /* null: any */
};

static bool chosen(const struct ash_io *io, const void *context)
{
    const struct choice *choice = context;
    if (io->complete != completed) /* of a handle that is not overlapped */
        return choice->overlapped == NULL && choice->thread == NULL &&
               io->file == choice->file->file;
    const struct request *request = request_of(io);
    return (choice->file == NULL || request->file == choice->file) &&
           (choice->overlapped == NULL || request->overlapped == choice->overlapped) &&
           (choice->thread == NULL || request->thread == choice->thread);
}

DWORD w32_cancel(struct w32_file *file, LPOVERLAPPED overlapped, struct w32_thread *thread)
{
    const struct choice choice = {file, overlapped, thread};
    return ash_io_cancel_if(chosen, &choice);
}

BOOL WINAPI CancelIoEx(HANDLE handle, LPOVERLAPPED overlapped)
{
    struct w32_file *file = w32_reference(handle, W32_FILE);
    if (file == NULL)
        return FALSE;
    DWORD count = w32_cancel(file, overlapped, NULL);
    w32_release(&file->object);
    if (count == 0)
        SetLastError(ERROR_NOT_FOUND);
    return count != 0;
}

BOOL WINAPI CancelIo(HANDLE handle)
{
    struct w32_file *file = w32_reference(handle, W32_FILE);
    if (file == NULL)
        return FALSE;
    (void)w32_cancel(file, NULL, w32_self());
    w32_release(&file->object);
    return TRUE;
}
