// SPDX-License-Identifier: MIT
// Handles of this process alone. Invariant: an object in the table has a reference of its handle.
#include "internal.h"
#include <stdlib.h>

#define HANDLES     512u
#define LOCAL       0x20000000u /* bit 29: not the object manager's */
#define GENERATIONS 0x20000u

struct ash_mutex w32_lock;

static struct {
    struct w32_object *object;
    uint32_t generation;
} table[HANDLES];

bool w32_is_local(HANDLE handle)
{
    return ((ULONG_PTR)handle & LOCAL) != 0 && (ULONG_PTR)handle < 2 * (ULONG_PTR)LOCAL;
}

HANDLE w32_handle(struct w32_object *object)
{
    HANDLE handle = NULL;
    ash_mutex_lock(&w32_lock);
    for (unsigned i = 0; i < HANDLES && handle == NULL; i++) {
        if (table[i].object != NULL)
            continue;
        table[i].object = object;
        table[i].generation = (table[i].generation + 1) % GENERATIONS;
        handle = (HANDLE)(ULONG_PTR)(LOCAL | table[i].generation << 12 | (i + 1) << 2);
    }
    ash_mutex_unlock(&w32_lock);
    if (handle == NULL) {
        w32_release(object);
        SetLastError(ERROR_TOO_MANY_OPEN_FILES);
    }
    return handle;
}

/* Its place in the table, or HANDLES. Lock held. */
static unsigned place(HANDLE handle)
{
    ULONG_PTR value = (ULONG_PTR)handle;
    unsigned index = (unsigned)(value >> 2 & 0x3ff) - 1;
    bool good = w32_is_local(handle) && index < HANDLES && table[index].object != NULL &&
                value == (LOCAL | table[index].generation << 12 | (index + 1) << 2);
    return good ? index : HANDLES;
}

struct w32_object *w32_reference_any(HANDLE handle)
{
    struct w32_object *object = NULL;
    ash_mutex_lock(&w32_lock);
    unsigned index = place(handle);
    if (index < HANDLES) {
        object = table[index].object;
        object->references++;
    }
    ash_mutex_unlock(&w32_lock);
    if (object == NULL)
        SetLastError(ERROR_INVALID_HANDLE);
    return object;
}

void *w32_reference(HANDLE handle, enum w32_type type)
{
    struct w32_object *object = w32_reference_any(handle);
    if (object == NULL || object->type == type)
        return object;
    w32_release(object);
    SetLastError(ERROR_INVALID_HANDLE);
    return NULL;
}

void w32_release_locked(struct w32_object *object, struct w32_object **dead)
{
    *dead = --object->references == 0 ? object : NULL;
}

void w32_release(struct w32_object *object)
{
    struct w32_object *dead;
    ash_mutex_lock(&w32_lock);
    w32_release_locked(object, &dead);
    ash_mutex_unlock(&w32_lock);
    if (dead != NULL && dead->deleted != NULL)
        dead->deleted(dead);
}

/* The file's requests hold references of their own, so the object outlives its handle. */
static void close_file(struct w32_file *file)
{
    ash_mutex_lock(&w32_lock);
    struct ash_file *open = file->file;
    file->file = NULL;
    ash_mutex_unlock(&w32_lock);
    if (open != NULL)
        (void)ash_close(open);
}

BOOL WINAPI CloseHandle(HANDLE handle)
{
    struct w32_object *object = NULL;
    if (!w32_is_local(handle))
        return w32_result(w32_event_request(ASH_OB_CLOSE, handle, NULL));
    ash_mutex_lock(&w32_lock);
    unsigned index = place(handle);
    if (index < HANDLES) {
        object = table[index].object;
        table[index].object = NULL;
    }
    ash_mutex_unlock(&w32_lock);
    if (object == NULL)
        return w32_fail(STATUS_INVALID_HANDLE);
    if (object->type == W32_FILE)
        close_file((struct w32_file *)object);
    w32_release(object);
    return TRUE;
}
