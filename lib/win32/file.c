// SPDX-License-Identifier: MIT
// Opening; sizes and positions. Reading and writing are in request.c.
#include "ash/fileinfo.h"
#include "internal.h"
#include <stdlib.h>

#define DELETE_ON_CLOSE 0x1000u /* FILE_DELETE_ON_CLOSE */

static void delete_file(struct w32_object *object)
{
    free(object);
}

static uint32_t access_of(DWORD access)
{
    uint32_t wanted = access & 0x01ffffff;
    if ((access & GENERIC_READ) != 0)
        wanted |= FILE_READ_DATA | FILE_READ_ATTRIBUTES | READ_CONTROL;
    if ((access & GENERIC_WRITE) != 0)
        wanted |= FILE_WRITE_DATA | FILE_APPEND_DATA | FILE_WRITE_ATTRIBUTES | READ_CONTROL;
    if ((access & GENERIC_EXECUTE) != 0)
        wanted |= FILE_READ_ATTRIBUTES | READ_CONTROL;
    if ((access & GENERIC_ALL) != 0)
        wanted |= 0x1f01ff;
    return wanted | SYNCHRONIZE;
}

static const uint32_t dispositions[] = {
    [CREATE_NEW] = ASH_FILE_CREATE,           [CREATE_ALWAYS] = ASH_FILE_OVERWRITE_IF,
    [OPEN_EXISTING] = ASH_FILE_OPEN,          [OPEN_ALWAYS] = ASH_FILE_OPEN_IF,
    [TRUNCATE_EXISTING] = ASH_FILE_OVERWRITE,
};

static uint32_t options_of(DWORD flags)
{
    uint32_t options = 0;
    if ((flags & FILE_FLAG_OVERLAPPED) != 0)
        options |= ASH_FILE_ASYNCHRONOUS;
    if ((flags & FILE_FLAG_BACKUP_SEMANTICS) == 0)
        options |= ASH_FILE_NON_DIRECTORY_FILE;
    if ((flags & FILE_FLAG_WRITE_THROUGH) != 0)
        options |= ASH_FILE_WRITE_THROUGH;
    if ((flags & FILE_FLAG_NO_BUFFERING) != 0)
        options |= ASH_FILE_NO_BUFFERING;
    if ((flags & FILE_FLAG_DELETE_ON_CLOSE) != 0)
        options |= DELETE_ON_CLOSE;
    return options;
}

static HANDLE no_file(DWORD error)
{
    SetLastError(error);
    return INVALID_HANDLE_VALUE;
}

static HANDLE handle_or_invalid(struct w32_object *object)
{
    HANDLE handle = w32_handle(object);
    return handle != NULL ? handle : INVALID_HANDLE_VALUE;
}

static HANDLE opened(struct ash_file *open, DWORD disposition, DWORD flags)
{
    struct w32_file *file = calloc(1, sizeof(*file));
    if (file == NULL) {
        (void)ash_close(open);
        return no_file(ERROR_NOT_ENOUGH_MEMORY);
    }
    file->object = (struct w32_object){.type = W32_FILE, .references = 1, .deleted = delete_file};
    file->file = open;
    file->overlapped = (flags & FILE_FLAG_OVERLAPPED) != 0;
    uint32_t result = ash_open_result(open);
    HANDLE handle = handle_or_invalid(&file->object);
    if (handle == INVALID_HANDLE_VALUE) {
        (void)ash_close(open);
        return handle;
    }
    bool existed = (disposition == OPEN_ALWAYS && result == 1) ||
                   (disposition == CREATE_ALWAYS && result == 3);
    SetLastError(existed ? ERROR_ALREADY_EXISTS : ERROR_SUCCESS);
    return handle;
}

static HANDLE not_opened(LPCSTR name, DWORD access, DWORD disposition, ash_status status)
{
    struct w32_object *object;
    DWORD error = w32_error(status);
    if (disposition == CREATE_NEW && error == ERROR_ALREADY_EXISTS)
        error = ERROR_FILE_EXISTS;
    bool absent = error == ERROR_FILE_NOT_FOUND || error == ERROR_PATH_NOT_FOUND;
    bool reads = (access & (GENERIC_WRITE | FILE_WRITE_DATA)) == 0;
    if (absent && reads && disposition == OPEN_EXISTING && w32_package_open(name, &object))
        return handle_or_invalid(object);
    return no_file(error);
}

HANDLE WINAPI CreateFileA(LPCSTR name, DWORD access, DWORD share, LPSECURITY_ATTRIBUTES security,
                          DWORD disposition, DWORD flags, HANDLE template_file)
{
    char path[ASH_STRING];
    struct ash_file *file;
    (void)share, (void)security, (void)template_file;
    if (name == NULL || disposition < CREATE_NEW || disposition > TRUNCATE_EXISTING)
        return no_file(name == NULL ? ERROR_PATH_NOT_FOUND : ERROR_INVALID_PARAMETER);
    if (!w32_path(name, path))
        return no_file(ERROR_FILENAME_EXCED_RANGE);
    ash_status status =
        ash_open(path, access_of(access), dispositions[disposition], options_of(flags), &file);
    return ash_success(status) ? opened(file, disposition, flags)
                               : not_opened(path, access, disposition, status);
}

HANDLE WINAPI CreateFileW(LPCWSTR name, DWORD access, DWORD share, LPSECURITY_ATTRIBUTES security,
                          DWORD disposition, DWORD flags, HANDLE template_file)
{
    char narrow[ASH_STRING];
    if (name == NULL)
        return no_file(ERROR_PATH_NOT_FOUND);
    if (!w32_wide_name(name, narrow))
        return no_file(ERROR_FILENAME_EXCED_RANGE);
    return CreateFileA(narrow, access, share, security, disposition, flags, template_file);
}

BOOL WINAPI FlushFileBuffers(HANDLE handle)
{
    struct w32_file *file = w32_reference(handle, W32_FILE);
    if (file == NULL)
        return FALSE;
    ash_status status = ash_flush(file->file);
    w32_release(&file->object);
    return w32_result(status);
}

static ash_status size_of(struct w32_object *object, uint64_t *bytes)
{
    if (object->type == W32_PACKAGE_FILE) {
        *bytes = w32_package_size(object);
        return STATUS_SUCCESS;
    }
    return object->type == W32_FILE ? ash_file_size(((struct w32_file *)object)->file, bytes)
                                    : STATUS_INVALID_HANDLE;
}

BOOL WINAPI GetFileSizeEx(HANDLE handle, PLARGE_INTEGER size)
{
    struct w32_object *object = w32_reference_any(handle);
    uint64_t bytes = 0;
    if (object == NULL)
        return FALSE;
    ash_status status = size_of(object, &bytes);
    w32_release(object);
    size->QuadPart = (LONGLONG)bytes;
    return w32_result(status);
}

DWORD WINAPI GetFileSize(HANDLE handle, LPDWORD high)
{
    LARGE_INTEGER size;
    if (!GetFileSizeEx(handle, &size))
        return INVALID_FILE_SIZE;
    if (high != NULL)
        *high = (DWORD)size.HighPart;
    SetLastError(ERROR_SUCCESS);
    return size.LowPart;
}

BOOL WINAPI SetFilePointerEx(HANDLE handle, LARGE_INTEGER distance, PLARGE_INTEGER position,
                             DWORD method)
{
    struct w32_file *file = w32_reference(handle, W32_FILE);
    uint64_t from = 0;
    ash_status status = STATUS_SUCCESS;
    if (file == NULL)
        return FALSE;
    if (method == FILE_CURRENT)
        from = file->position;
    else if (method == FILE_END)
        status = ash_file_size(file->file, &from);
    if (method > FILE_END || (LONGLONG)from + distance.QuadPart < 0)
        status = STATUS_INVALID_PARAMETER;
    if (ash_success(status))
        file->position = from + (uint64_t)distance.QuadPart;
    if (ash_success(status) && position != NULL)
        position->QuadPart = (LONGLONG)file->position;
    w32_release(&file->object);
    return w32_result(status);
}

DWORD WINAPI SetFilePointer(HANDLE handle, LONG distance, PLONG distance_high, DWORD method)
{
    LARGE_INTEGER move = {.QuadPart = distance}, position;
    if (distance_high != NULL) {
        move.LowPart = (DWORD)distance;
        move.HighPart = *distance_high;
    }
    if (!SetFilePointerEx(handle, move, &position, method))
        return INVALID_FILE_SIZE;
    if (distance_high != NULL)
        *distance_high = position.HighPart;
    SetLastError(ERROR_SUCCESS);
    return position.LowPart;
}

BOOL WINAPI DeleteFileA(LPCSTR name)
{
    char path[ASH_STRING];
    struct ash_file *file;
    if (!w32_path(name, path)) {
        SetLastError(ERROR_FILENAME_EXCED_RANGE);
        return FALSE;
    }
    ash_status status =
        ash_open(path, ASH_FILE_DELETE, ASH_FILE_OPEN, ASH_FILE_NON_DIRECTORY_FILE, &file);
    if (!ash_success(status))
        return w32_fail(status);
    status = ash_file_delete(file);
    (void)ash_close(file);
    return w32_result(status);
}

DWORD WINAPI GetFileAttributesA(LPCSTR name)
{
    char path[ASH_STRING];
    struct ash_file *file;
    struct ash_basic_information basic = {0};
    size_t done;
    if (!w32_path(name, path)) {
        SetLastError(ERROR_FILENAME_EXCED_RANGE);
        return INVALID_FILE_ATTRIBUTES;
    }
    ash_status status = ash_open(path, ASH_FILE_READ_ATTRIBUTES, ASH_FILE_OPEN, 0, &file);
    if (!ash_success(status)) {
        (void)w32_fail(status);
        return INVALID_FILE_ATTRIBUTES;
    }
    status = ash_query_info(file, ASH_FILE_BASIC_INFORMATION, &basic, sizeof(basic), &done);
    (void)ash_close(file);
    if (!ash_success(status)) {
        (void)w32_fail(status);
        return INVALID_FILE_ATTRIBUTES;
    }
    return basic.attributes != 0 ? basic.attributes : FILE_ATTRIBUTE_NORMAL;
}
