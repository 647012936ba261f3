// SPDX-License-Identifier: MIT
/*
 * Events and waiting. Events live in the object manager, files and threads here; a wait looks at
 * both and parks. It is in the list of waiting threads before it looks, so nothing is missed.
 */
#include "internal.h"
#include <stdlib.h>

static struct w32_thread *waiting;

ash_status w32_event_request(ash_word op, HANDLE event, struct ash_ob_event_state_reply *state)
{
    const struct ash_ob_handle_request request = {(ULONG_PTR)event};
    struct ash_ob_event_state_reply reply = {0};
    ash_status status = ash_request(ASH_SLOT_OBJECT, op, &request, sizeof(request), &reply,
                                    op == ASH_OB_CLOSE ? 0 : sizeof(reply));
    if (state != NULL)
        *state = reply;
    return status;
}

void w32_kick_locked(void)
{
    for (struct w32_thread *thread = waiting; thread != NULL; thread = thread->next_waiting) {
        if (!thread->kicked)
            ash_unpark(thread->notification);
        thread->kicked = true;
    }
}

void w32_kick(void)
{
    ash_mutex_lock(&w32_lock);
    w32_kick_locked();
    ash_mutex_unlock(&w32_lock);
}

void w32_signals(uint64_t bits)
{
    (void)bits; /* an event that somebody waits for was set */
    w32_kick();
}

static void enter(struct w32_thread *self)
{
    ash_mutex_lock(&w32_lock);
    self->kicked = false;
    if (!self->waiting) {
        self->next_waiting = waiting;
        waiting = self;
        self->waiting = true;
    }
    ash_mutex_unlock(&w32_lock);
}

static void leave(struct w32_thread *self)
{
    ash_mutex_lock(&w32_lock);
    struct w32_thread **at = &waiting;
    while (*at != self)
        at = &(*at)->next_waiting;
    *at = self->next_waiting;
    self->waiting = false;
    ash_mutex_unlock(&w32_lock);
}

/* Runs what was queued for the thread; false if there was nothing. */
static bool run_apcs(struct w32_thread *self)
{
    bool any = false;
    for (;;) {
        ash_mutex_lock(&w32_lock);
        struct w32_apc *apc = self->apcs;
        if (apc != NULL && (self->apcs = apc->next) == NULL)
            self->apcs_end = &self->apcs;
        ash_mutex_unlock(&w32_lock);
        if (apc == NULL)
            return any;
        any = true;
        apc->routine(apc->error, apc->bytes, apc->overlapped);
        free(apc);
    }
}

struct look {
    DWORD count;
    const HANDLE *objects;
    bool all;
    struct w32_object *local[MAXIMUM_WAIT_OBJECTS]; /* null: an event */
};

#define NOT_YET MAXIMUM_WAIT_OBJECTS

/* Asks for the events among the first `limit` objects; the index of the object that was taken. */
static DWORD take_events(const struct look *look, DWORD limit, ash_status *status)
{
    struct ash_ob_event_take_request request = {.all = look->all};
    struct ash_ob_event_take_reply reply;
    DWORD index[ASH_OB_TAKE_MAX];
    *status = STATUS_SUCCESS;
    for (DWORD i = 0; i < limit; i++) {
        if (look->local[i] != NULL)
            continue;
        if (request.count == ASH_OB_TAKE_MAX) {
            *status = STATUS_NOT_SUPPORTED;
            return NOT_YET;
        }
        index[request.count] = i;
        request.handle[request.count++] = (ULONG_PTR)look->objects[i];
    }
    if (request.count == 0)
        return look->all ? 0 : NOT_YET;
    *status = ash_request(ASH_SLOT_OBJECT, ASH_OB_EVENT_TAKE, &request,
                          offsetof(struct ash_ob_event_take_request, handle) +
                              request.count * sizeof(request.handle[0]),
                          &reply, sizeof(reply));
    if (*status == STATUS_SUCCESS)
        return look->all ? 0 : index[reply.index];
    if (*status == STATUS_TIMEOUT)
        *status = STATUS_SUCCESS;
    return NOT_YET;
}

static DWORD look_now(const struct look *look, ash_status *status)
{
    DWORD first = look->count;
    bool missing = false;
    ash_mutex_lock(&w32_lock);
    for (DWORD i = 0; i < look->count; i++) {
        if (look->local[i] == NULL)
            continue;
        missing = missing || !look->local[i]->signalled;
        if (look->local[i]->signalled && first == look->count)
            first = i;
    }
    ash_mutex_unlock(&w32_lock);
    *status = STATUS_SUCCESS;
    if (look->all && missing)
        return NOT_YET;
    DWORD taken = take_events(look, look->all ? look->count : first, status);
    return taken == NOT_YET && !look->all && first < look->count ? first : taken;
}

static DWORD failed(ash_status status)
{
    (void)w32_fail(status);
    return WAIT_FAILED;
}

static DWORD wait_until(struct w32_thread *self, const struct look *look, ash_word deadline,
                        bool alertable)
{
    for (;;) {
        ash_status status = STATUS_SUCCESS;
        enter(self);
        DWORD taken = look->count != 0 ? look_now(look, &status) : NOT_YET;
        if (!ash_success(status))
            return failed(status);
        if (taken != NOT_YET)
            return WAIT_OBJECT_0 + taken;
        if (alertable && run_apcs(self))
            return WAIT_IO_COMPLETION;
        if (deadline != ASH_FOREVER && ash_time() >= deadline)
            return WAIT_TIMEOUT;
        (void)ash_park(deadline);
    }
}

static ash_word deadline_of(DWORD milliseconds)
{
    return milliseconds == INFINITE ? ASH_FOREVER
                                    : ash_time() + ash_ticks((ash_word)milliseconds * 1000);
}

static bool reference_all(struct look *look)
{
    for (DWORD i = 0; i < look->count; i++) {
        bool local = w32_is_local(look->objects[i]);
        look->local[i] = local ? w32_reference_any(look->objects[i]) : NULL;
        if (!local || look->local[i] != NULL)
            continue;
        look->count = i;
        return false;
    }
    return true;
}

DWORD w32_wait(DWORD count, const HANDLE *objects, bool all, DWORD milliseconds, bool alertable)
{
    struct w32_thread *self = w32_self();
    struct look look = {.count = count, .objects = objects, .all = all};
    DWORD result = WAIT_FAILED;
    if (count > MAXIMUM_WAIT_OBJECTS)
        return failed(STATUS_INVALID_PARAMETER);
    if (reference_all(&look)) {
        result = wait_until(self, &look, deadline_of(milliseconds), alertable);
        leave(self);
    }
    for (DWORD i = 0; i < look.count; i++)
        if (look.local[i] != NULL)
            w32_release(look.local[i]);
    return result;
}

DWORD WINAPI WaitForMultipleObjectsEx(DWORD count, const HANDLE *objects, BOOL all,
                                      DWORD milliseconds, BOOL alertable)
{
    if (count == 0)
        return failed(STATUS_INVALID_PARAMETER);
    return w32_wait(count, objects, all != FALSE, milliseconds, alertable != FALSE);
}

DWORD WINAPI WaitForMultipleObjects(DWORD count, const HANDLE *objects, BOOL all,
                                    DWORD milliseconds)
{
    return WaitForMultipleObjectsEx(count, objects, all, milliseconds, FALSE);
}

DWORD WINAPI WaitForSingleObjectEx(HANDLE object, DWORD milliseconds, BOOL alertable)
{
    return w32_wait(1, &object, false, milliseconds, alertable != FALSE);
}

DWORD WINAPI WaitForSingleObject(HANDLE object, DWORD milliseconds)
{
    return w32_wait(1, &object, false, milliseconds, false);
}

DWORD WINAPI SleepEx(DWORD milliseconds, BOOL alertable)
{
    DWORD result = w32_wait(0, NULL, false, milliseconds, alertable != FALSE);
    return result == WAIT_TIMEOUT ? 0 : result;
}

VOID WINAPI Sleep(DWORD milliseconds)
{
    (void)SleepEx(milliseconds, FALSE);
}

static HANDLE create(BOOL manual, BOOL set, LPCSTR name, bool open_only)
{
    static const char directory[] = "\\BaseNamedObjects\\";
    struct ash_ob_event_create_request request = {
        .manual = manual != FALSE, .set = set != FALSE, .open_only = open_only};
    struct ash_ob_event_create_reply reply;
    if (name != NULL && strncmp(name, "Global\\", 7) == 0)
        name += 7;
    else if (name != NULL && strncmp(name, "Local\\", 6) == 0)
        name += 6;
    if (name != NULL && strlen(name) + sizeof(directory) > sizeof(request.path)) {
        SetLastError(ERROR_FILENAME_EXCED_RANGE);
        return NULL;
    }
    if (name != NULL) {
        strcpy(request.path, directory);
        strcat(request.path, name);
    }
    ash_status status = ash_request(ASH_SLOT_OBJECT, ASH_OB_EVENT_CREATE, &request, sizeof(request),
                                    &reply, sizeof(reply));
    SetLastError(open_only && ash_success(status) ? ERROR_SUCCESS : w32_error(status));
    return ash_success(status) ? (HANDLE)(ULONG_PTR)reply.handle : NULL;
}

HANDLE WINAPI CreateEventA(LPSECURITY_ATTRIBUTES security, BOOL manual, BOOL set, LPCSTR name)
{
    (void)security;
    return create(manual, set, name, false);
}

HANDLE WINAPI CreateEventW(LPSECURITY_ATTRIBUTES security, BOOL manual, BOOL set, LPCWSTR name)
{
    char narrow[ASH_STRING];
    if (name != NULL && !w32_wide_name(name, narrow)) {
        SetLastError(ERROR_FILENAME_EXCED_RANGE);
        return NULL;
    }
    return CreateEventA(security, manual, set, name != NULL ? narrow : NULL);
}

HANDLE WINAPI OpenEventA(DWORD access, BOOL inherit, LPCSTR name)
{
    (void)access, (void)inherit;
    if (name == NULL) {
        SetLastError(ERROR_INVALID_PARAMETER);
        return NULL;
    }
    return create(FALSE, FALSE, name, true);
}

BOOL WINAPI SetEvent(HANDLE event)
{
    return w32_result(w32_event_request(ASH_OB_EVENT_SET, event, NULL));
}

BOOL WINAPI ResetEvent(HANDLE event)
{
    return w32_result(w32_event_request(ASH_OB_EVENT_RESET, event, NULL));
}
