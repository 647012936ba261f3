// SPDX-License-Identifier: MIT
// Services that are drivers: see winsvc.h. A service is known by its name; which driver it is, by
// the name of its binary.
#include "internal.h"
#include "io.h"
#include "pnp.h"
#include <stdlib.h>

#define NAME_BYTES 32u

struct known { /* made by CreateService */
    struct known *next;
    char name[NAME_BYTES], driver[NAME_BYTES];
    bool deleted; /* with a handle open */
    unsigned handles;
};

struct service {
    struct w32_object object;
    struct known *known; /* null: only a driver that is loaded */
    char driver[NAME_BYTES];
};

static struct known *services; /* under w32_lock */

static void delete_manager(struct w32_object *object)
{
    free(object);
}

/* Under the lock. */
static void forget(struct known *known)
{
    struct known **at = &services;
    while (*at != known)
        at = &(*at)->next;
    *at = known->next;
    free(known);
}

static void delete_service(struct w32_object *object)
{
    struct service *service = (struct service *)object;
    ash_mutex_lock(&w32_lock);
    if (service->known != NULL && --service->known->handles == 0 && service->known->deleted)
        forget(service->known);
    ash_mutex_unlock(&w32_lock);
    free(service);
}

static struct known *find(LPCSTR name)
{
    struct known *known = services;
    while (known != NULL && _stricmp(known->name, name) != 0)
        known = known->next;
    return known;
}

/* The state of the newest driver of that name; false: there was never one. */
static bool driver_state(const char *name, struct ash_io_driver_state_reply *found)
{
    struct ash_io_index_request request = {0};
    struct ash_io_driver_state_reply driver;
    bool any = false;
    for (;; request.index++) {
        ash_status status = ash_request(ASH_SLOT_IO, ASH_IO_DRIVERS, &request, sizeof(request),
                                        &driver, sizeof(driver));
        if (!ash_success(status) || status == STATUS_NO_MORE_ENTRIES)
            return any;
        if (_stricmp(driver.name, name) != 0 || (any && driver.driver < found->driver))
            continue;
        *found = driver;
        any = true;
    }
}

static bool is_running(const char *name)
{
    struct ash_io_driver_state_reply driver;
    return driver_state(name, &driver) && driver.state <= 1; /* loading, ready */
}

SC_HANDLE WINAPI OpenSCManagerA(LPCSTR machine, LPCSTR database, DWORD access)
{
    (void)access;
    if (machine != NULL && machine[0] != '\0') {
        SetLastError(ERROR_NOT_SUPPORTED);
        return NULL;
    }
    if (database != NULL && strcmp(database, "ServicesActive") != 0) {
        SetLastError(ERROR_DATABASE_DOES_NOT_EXIST);
        return NULL;
    }
    struct w32_object *manager = calloc(1, sizeof(*manager));
    if (manager == NULL) {
        SetLastError(ERROR_NOT_ENOUGH_MEMORY);
        return NULL;
    }
    *manager = (struct w32_object){.type = W32_MANAGER, .references = 1, .deleted = delete_manager};
    return w32_handle(manager);
}

static SC_HANDLE new_service(struct known *known, const char *driver)
{
    struct service *service = calloc(1, sizeof(*service));
    if (service == NULL) {
        SetLastError(ERROR_NOT_ENOUGH_MEMORY);
        return NULL;
    }
    service->object =
        (struct w32_object){.type = W32_SERVICE, .references = 1, .deleted = delete_service};
    strcpy(service->driver, driver);
    service->known = known;
    if (known != NULL) {
        ash_mutex_lock(&w32_lock);
        known->handles++;
        ash_mutex_unlock(&w32_lock);
    }
    return w32_handle(&service->object);
}

static bool is_manager(SC_HANDLE handle)
{
    struct w32_object *manager = w32_reference(handle, W32_MANAGER);
    if (manager != NULL)
        w32_release(manager);
    return manager != NULL;
}

/* The last part of the binary's path without .sys, in lower case. */
static bool driver_of(LPCSTR binary, LPCSTR name, char driver[NAME_BYTES])
{
    const char *last = binary != NULL ? strrchr(binary, '\\') : NULL;
    last = last != NULL ? last + 1 : binary != NULL && *binary != '\0' ? binary : name;
    size_t length = strlen(last);
    if (length > 4 && _stricmp(last + length - 4, ".sys") == 0)
        length -= 4;
    if (length == 0 || length >= NAME_BYTES)
        return false;
    memcpy(driver, last, length);
    driver[length] = '\0';
    (void)_strlwr(driver);
    return true;
}

static struct known *remember(LPCSTR name, const char *driver, DWORD *error)
{
    struct known *known = calloc(1, sizeof(*known));
    *error = known == NULL ? ERROR_NOT_ENOUGH_MEMORY : ERROR_SUCCESS;
    if (known == NULL)
        return NULL;
    strcpy(known->name, name);
    strcpy(known->driver, driver);
    ash_mutex_lock(&w32_lock);
    const struct known *other = find(name);
    if (other == NULL) {
        known->next = services;
        services = known;
    }
    ash_mutex_unlock(&w32_lock);
    if (other == NULL)
        return known;
    *error = other->deleted ? ERROR_SERVICE_MARKED_FOR_DELETE : ERROR_SERVICE_EXISTS;
    free(known);
    return NULL;
}

SC_HANDLE WINAPI CreateServiceA(SC_HANDLE manager, LPCSTR name, LPCSTR display_name, DWORD access,
                                DWORD type, DWORD start, DWORD error_control, LPCSTR binary,
                                LPCSTR group, LPDWORD tag, LPCSTR dependencies, LPCSTR account,
                                LPCSTR password)
{
    char driver[NAME_BYTES];
    DWORD error = ERROR_SUCCESS;
    (void)display_name, (void)access, (void)start, (void)error_control, (void)group, (void)tag;
    (void)dependencies, (void)account, (void)password;
    if (!is_manager(manager))
        return NULL;
    if (name == NULL || name[0] == '\0' || strlen(name) >= NAME_BYTES || strpbrk(name, "\\/"))
        error = ERROR_INVALID_NAME;
    else if (type != SERVICE_KERNEL_DRIVER && type != SERVICE_FILE_SYSTEM_DRIVER)
        error = ERROR_NOT_SUPPORTED;
    else if (!driver_of(binary, name, driver))
        error = ERROR_INVALID_NAME;
    else if (is_running(name))
        error = ERROR_SERVICE_EXISTS;
    struct known *known = error == ERROR_SUCCESS ? remember(name, driver, &error) : NULL;
    if (known == NULL) {
        SetLastError(error);
        return NULL;
    }
    return new_service(known, known->driver);
}

SC_HANDLE WINAPI OpenServiceA(SC_HANDLE manager, LPCSTR name, DWORD access)
{
    char driver[NAME_BYTES];
    (void)access;
    if (!is_manager(manager))
        return NULL;
    ash_mutex_lock(&w32_lock);
    struct known *known = name != NULL ? find(name) : NULL;
    ash_mutex_unlock(&w32_lock);
    if (known != NULL)
        return new_service(known, known->driver);
    if (name == NULL || !driver_of(NULL, name, driver) || !is_running(driver)) {
        SetLastError(ERROR_SERVICE_DOES_NOT_EXIST);
        return NULL;
    }
    return new_service(NULL, driver);
}

static BOOL set_error(DWORD error)
{
    SetLastError(error);
    return FALSE;
}

static BOOL start_driver(const char *name)
{
    struct ash_pnp_load_request request = {0};
    struct ash_pnp_load_reply reply;
    if (is_running(name))
        return set_error(ERROR_SERVICE_ALREADY_RUNNING);
    memcpy(request.name, name, strlen(name) + 1);
    return w32_result(
        ash_request(ASH_SLOT_PNP, ASH_PNP_LOAD, &request, sizeof(request), &reply, sizeof(reply)));
}

BOOL WINAPI StartServiceA(SC_HANDLE handle, DWORD count, LPCSTR *arguments)
{
    struct service *service = w32_reference(handle, W32_SERVICE);
    (void)count, (void)arguments; /* drivers get none */
    if (service == NULL)
        return FALSE;
    BOOL started = service->known != NULL && service->known->deleted
                       ? set_error(ERROR_SERVICE_MARKED_FOR_DELETE)
                       : start_driver(service->driver);
    w32_release(&service->object);
    return started;
}

static void fill(const char *driver, LPSERVICE_STATUS status)
{
    static const DWORD states[] = {SERVICE_START_PENDING, SERVICE_RUNNING};
    struct ash_io_driver_state_reply found;
    *status =
        (SERVICE_STATUS){.dwServiceType = SERVICE_KERNEL_DRIVER, .dwCurrentState = SERVICE_STOPPED};
    if (!driver_state(driver, &found))
        return;
    if (found.state < ARRAYSIZE(states))
        status->dwCurrentState = states[found.state];
    if (status->dwCurrentState == SERVICE_RUNNING)
        status->dwControlsAccepted = SERVICE_ACCEPT_STOP;
    status->dwWin32ExitCode = w32_error((ash_status)(uint32_t)found.status);
}

static BOOL stop_driver(const char *name)
{
    struct ash_pnp_load_request request = {0};
    if (!is_running(name))
        return set_error(ERROR_SERVICE_NOT_ACTIVE);
    memcpy(request.name, name, strlen(name) + 1);
    ash_status status =
        ash_request(ASH_SLOT_PNP, ASH_PNP_UNLOAD, &request, sizeof(request), NULL, 0);
    if (status == STATUS_DEVICE_BUSY || status == STATUS_INVALID_DEVICE_REQUEST)
        return set_error(ERROR_SERVICE_CANNOT_ACCEPT_CTRL);
    return w32_result(status);
}

BOOL WINAPI ControlService(SC_HANDLE handle, DWORD control, LPSERVICE_STATUS status)
{
    struct service *service = w32_reference(handle, W32_SERVICE);
    BOOL done = TRUE;
    if (service == NULL)
        return FALSE;
    if (control == SERVICE_CONTROL_STOP)
        done = stop_driver(service->driver);
    else if (control != SERVICE_CONTROL_INTERROGATE)
        done = set_error(ERROR_INVALID_SERVICE_CONTROL);
    fill(service->driver, status);
    w32_release(&service->object);
    return done;
}

BOOL WINAPI QueryServiceStatus(SC_HANDLE handle, LPSERVICE_STATUS status)
{
    struct service *service = w32_reference(handle, W32_SERVICE);
    if (service == NULL)
        return FALSE;
    fill(service->driver, status);
    w32_release(&service->object);
    return TRUE;
}

/* The service goes with its last handle. One that is only a driver has nothing to delete. */
BOOL WINAPI DeleteService(SC_HANDLE handle)
{
    struct service *service = w32_reference(handle, W32_SERVICE);
    BOOL done = TRUE;
    if (service == NULL)
        return FALSE;
    ash_mutex_lock(&w32_lock);
    if (service->known != NULL && service->known->deleted)
        done = FALSE;
    else if (service->known != NULL)
        service->known->deleted = true;
    ash_mutex_unlock(&w32_lock);
    w32_release(&service->object);
    return done ? TRUE : set_error(ERROR_SERVICE_MARKED_FOR_DELETE);
}

BOOL WINAPI CloseServiceHandle(SC_HANDLE handle)
{
    struct w32_object *object = w32_reference_any(handle);
    bool good = object != NULL && (object->type == W32_MANAGER || object->type == W32_SERVICE);
    if (object != NULL)
        w32_release(object);
    return good ? CloseHandle(handle) : set_error(ERROR_INVALID_HANDLE);
}
