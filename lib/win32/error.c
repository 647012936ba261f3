// SPDX-License-Identifier: MIT
// The thread's last error; what a status is as an error (as the documentation of
// RtlNtStatusToDosError says; statuses that are not here are ERROR_MR_MID_NOT_FOUND); and texts of
// errors.
#include "internal.h"
#include <stdio.h>
#include <stdlib.h>

static _Thread_local DWORD last_error;

static const struct {
    ash_status status;
    DWORD error;
} errors[] = {
    {STATUS_SUCCESS, ERROR_SUCCESS},
    {STATUS_TIMEOUT, ERROR_TIMEOUT},
    {STATUS_PENDING, ERROR_IO_PENDING},
    {STATUS_OBJECT_NAME_EXISTS, ERROR_ALREADY_EXISTS},
    {STATUS_BUFFER_OVERFLOW, ERROR_MORE_DATA},
    {STATUS_NO_MORE_FILES, ERROR_NO_MORE_FILES},
    {STATUS_DEVICE_BUSY, ERROR_BUSY},
    {STATUS_NO_MORE_ENTRIES, ERROR_NO_MORE_ITEMS},
    {STATUS_UNSUCCESSFUL, ERROR_GEN_FAILURE},
    {STATUS_NOT_IMPLEMENTED, ERROR_INVALID_FUNCTION},
    {STATUS_INVALID_INFO_CLASS, ERROR_INVALID_PARAMETER},
    {STATUS_INFO_LENGTH_MISMATCH, ERROR_BAD_LENGTH},
    {ASH_STATUS(0xC0000005), ERROR_NOACCESS}, /* STATUS_ACCESS_VIOLATION */
    {STATUS_INVALID_HANDLE, ERROR_INVALID_HANDLE},
    {STATUS_INVALID_PARAMETER, ERROR_INVALID_PARAMETER},
    {STATUS_NO_SUCH_DEVICE, ERROR_FILE_NOT_FOUND},
    {STATUS_NO_SUCH_FILE, ERROR_FILE_NOT_FOUND},
    {STATUS_INVALID_DEVICE_REQUEST, ERROR_INVALID_FUNCTION},
    {STATUS_END_OF_FILE, ERROR_HANDLE_EOF},
    {ASH_STATUS(0xC0000016), ERROR_MORE_DATA}, /* STATUS_MORE_PROCESSING_REQUIRED */
    {STATUS_NO_MEMORY, ERROR_NOT_ENOUGH_MEMORY},
    {STATUS_CONFLICTING_ADDRESSES, ERROR_INVALID_ADDRESS},
    {STATUS_ACCESS_DENIED, ERROR_ACCESS_DENIED},
    {STATUS_BUFFER_TOO_SMALL, ERROR_INSUFFICIENT_BUFFER},
    {STATUS_OBJECT_TYPE_MISMATCH, ERROR_INVALID_HANDLE},
    {STATUS_DISK_CORRUPT_ERROR, ERROR_DISK_CORRUPT},
    {STATUS_OBJECT_NAME_INVALID, ERROR_INVALID_NAME},
    {STATUS_OBJECT_NAME_NOT_FOUND, ERROR_FILE_NOT_FOUND},
    {STATUS_OBJECT_NAME_COLLISION, ERROR_ALREADY_EXISTS},
    {STATUS_OBJECT_PATH_INVALID, ERROR_BAD_PATHNAME},
    {STATUS_OBJECT_PATH_NOT_FOUND, ERROR_PATH_NOT_FOUND},
    {STATUS_SHARING_VIOLATION, ERROR_SHARING_VIOLATION},
    {STATUS_QUOTA_EXCEEDED, ERROR_NOT_ENOUGH_QUOTA},
    {STATUS_DELETE_PENDING, ERROR_ACCESS_DENIED},
    {STATUS_INVALID_IMAGE_FORMAT, ERROR_BAD_EXE_FORMAT},
    {STATUS_DISK_FULL, ERROR_DISK_FULL},
    {STATUS_INSUFFICIENT_RESOURCES, ERROR_NO_SYSTEM_RESOURCES},
    {STATUS_DEVICE_NOT_CONNECTED, ERROR_DEVICE_NOT_CONNECTED},
    {STATUS_MEDIA_WRITE_PROTECTED, ERROR_WRITE_PROTECT},
    {STATUS_DEVICE_NOT_READY, ERROR_NOT_READY},
    {STATUS_IO_TIMEOUT, ERROR_SEM_TIMEOUT},
    {STATUS_FILE_IS_A_DIRECTORY, ERROR_ACCESS_DENIED},
    {STATUS_NOT_SUPPORTED, ERROR_NOT_SUPPORTED},
    {STATUS_NOT_SAME_DEVICE, ERROR_NOT_SAME_DEVICE},
    {ASH_STATUS(0xC00000E8), ERROR_INVALID_USER_BUFFER}, /* STATUS_INVALID_USER_BUFFER */
    {STATUS_DIRECTORY_NOT_EMPTY, ERROR_DIR_NOT_EMPTY},
    {STATUS_FILE_CORRUPT_ERROR, ERROR_FILE_CORRUPT},
    {STATUS_NOT_A_DIRECTORY, ERROR_DIRECTORY},
    {STATUS_PROCESS_IS_TERMINATING, ERROR_ACCESS_DENIED},
    {STATUS_CANCELLED, ERROR_OPERATION_ABORTED},
    {STATUS_CANNOT_DELETE, ERROR_ACCESS_DENIED},
    {STATUS_FILE_CLOSED, ERROR_INVALID_HANDLE},
    {STATUS_UNRECOGNIZED_VOLUME, ERROR_UNRECOGNIZED_VOLUME},
    {STATUS_IO_DEVICE_ERROR, ERROR_IO_DEVICE},
    {STATUS_DEVICE_PROTOCOL_ERROR, ERROR_IO_DEVICE},
    {ASH_STATUS(0xC0000206), ERROR_INVALID_USER_BUFFER}, /* STATUS_INVALID_BUFFER_SIZE */
    {ASH_STATUS(0xC0000225), ERROR_NOT_FOUND},           /* STATUS_NOT_FOUND */
    {ASH_STATUS(0xC00000A1), ERROR_BAD_LENGTH},          /* STATUS_WORKING_SET_QUOTA, no data */
    {STATUS_REPARSE_POINT_NOT_RESOLVED, ERROR_CANT_RESOLVE_FILENAME},
    {STATUS_DEVICE_REMOVED, ERROR_DEVICE_REMOVED},
    {STATUS_DRIVER_FAILED_PRIOR_UNLOAD, ERROR_DRIVER_FAILED_PRIOR_UNLOAD},
    {STATUS_DRIVER_PROCESS_TERMINATED, ERROR_DEVICE_REMOVED},
};

static const struct {
    DWORD error;
    const char *text;
} texts[] = {
    {ERROR_SUCCESS, "The operation succeeded."},
    {ERROR_INVALID_FUNCTION, "The function is not one that the device knows."},
    {ERROR_FILE_NOT_FOUND, "There is no such file or device."},
    {ERROR_PATH_NOT_FOUND, "There is no such directory."},
    {ERROR_ACCESS_DENIED, "Access is denied."},
    {ERROR_INVALID_HANDLE, "The handle is not valid."},
    {ERROR_NOT_ENOUGH_MEMORY, "There is not enough memory."},
    {ERROR_NOT_READY, "The device is not ready."},
    {ERROR_GEN_FAILURE, "The device does not work as it should."},
    {ERROR_HANDLE_EOF, "The end of the file was reached."},
    {ERROR_NOT_SUPPORTED, "The request is not supported."},
    {ERROR_INVALID_PARAMETER, "A parameter is wrong."},
    {ERROR_INSUFFICIENT_BUFFER, "The buffer is too small."},
    {ERROR_INVALID_NAME, "The name is not well formed."},
    {ERROR_BUSY, "The resource is in use."},
    {ERROR_ALREADY_EXISTS, "It exists already."},
    {ERROR_MORE_DATA, "There is more data."},
    {ERROR_OPERATION_ABORTED, "The request was cancelled."},
    {ERROR_IO_INCOMPLETE, "The request is not done yet."},
    {ERROR_IO_PENDING, "The request is under way."},
    {ERROR_NOACCESS, "A memory location cannot be accessed."},
    {ERROR_SERVICE_ALREADY_RUNNING, "The service runs already."},
    {ERROR_SERVICE_DOES_NOT_EXIST, "There is no such service."},
    {ERROR_SERVICE_NOT_ACTIVE, "The service does not run."},
    {ERROR_SERVICE_EXISTS, "The service exists already."},
    {ERROR_IO_DEVICE, "The device made an error."},
    {ERROR_NOT_FOUND, "It was not found."},
    {ERROR_NO_SYSTEM_RESOURCES, "There are not enough resources."},
    {ERROR_DEVICE_REMOVED, "The device was removed, or its driver has ended."},
};

DWORD w32_error(ash_status status)
{
    for (size_t i = 0; i < ARRAYSIZE(errors); i++)
        if (errors[i].status == status)
            return errors[i].error;
    return ERROR_MR_MID_NOT_FOUND;
}

BOOL w32_fail(ash_status status)
{
    last_error = w32_error(status);
    return FALSE;
}

BOOL w32_result(ash_status status)
{
    return ash_success(status) ? TRUE : w32_fail(status);
}

DWORD WINAPI GetLastError(VOID)
{
    return last_error;
}

VOID WINAPI SetLastError(DWORD error)
{
    last_error = error;
}

static const char *text_of(DWORD error)
{
    for (size_t i = 0; i < ARRAYSIZE(texts); i++)
        if (texts[i].error == error)
            return texts[i].text;
    return NULL;
}

DWORD WINAPI FormatMessageA(DWORD flags, LPCVOID source, DWORD message, DWORD language,
                            LPSTR buffer, DWORD size, va_list *arguments)
{
    (void)source, (void)language, (void)arguments;
    if ((flags & FORMAT_MESSAGE_FROM_SYSTEM) == 0) {
        SetLastError(ERROR_INVALID_PARAMETER);
        return 0;
    }
    const char *text = text_of(message);
    if (text == NULL) {
        SetLastError(ERROR_MR_MID_NOT_FOUND);
        return 0;
    }
    size_t length = strlen(text) + 2;
    bool allocate = (flags & FORMAT_MESSAGE_ALLOCATE_BUFFER) != 0;
    if (!allocate && length + 1 > size) {
        SetLastError(ERROR_INSUFFICIENT_BUFFER);
        return 0;
    }
    char *to = allocate ? malloc(length + 1 > size ? length + 1 : size) : buffer;
    if (to == NULL) {
        SetLastError(ERROR_NOT_ENOUGH_MEMORY);
        return 0;
    }
    memcpy(to, text, length - 2);
    memcpy(to + length - 2, "\r\n", 3);
    if (allocate)
        *(LPSTR *)(void *)buffer = to; /* the caller frees it with LocalFree */
    return (DWORD)length;
}
