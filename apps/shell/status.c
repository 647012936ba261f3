// SPDX-License-Identifier: MIT
// Names of statuses, and what to do about those that a command can meet.
#include "shell.h"
#include <stdarg.h>

struct row {
    ash_status status;
    const char *name, *step;
};

#define ROW(status, step) {status, #status, step}

static const struct row rows[] = {
    ROW(STATUS_SUCCESS, nullptr),
    ROW(STATUS_TIMEOUT, nullptr),
    ROW(STATUS_PENDING, nullptr),
    ROW(STATUS_BUFFER_OVERFLOW, nullptr),
    ROW(STATUS_NO_MORE_FILES, nullptr),
    ROW(STATUS_DEVICE_BUSY, nullptr),
    ROW(STATUS_NO_MORE_ENTRIES, nullptr),
    ROW(STATUS_UNSUCCESSFUL, nullptr),
    ROW(STATUS_NOT_IMPLEMENTED, nullptr),
    ROW(STATUS_INVALID_INFO_CLASS, nullptr),
    ROW(STATUS_INFO_LENGTH_MISMATCH, nullptr),
    ROW(STATUS_INVALID_HANDLE, nullptr),
    ROW(STATUS_INVALID_PARAMETER, nullptr),
    ROW(STATUS_NO_SUCH_DEVICE,
        "its driver has failed or is gone; `devtree`, `drivers` and `crash` tell why"),
    ROW(STATUS_NO_SUCH_FILE, "no such file; `ls` shows what is there"),
    ROW(STATUS_INVALID_DEVICE_REQUEST, "the device does not do that"),
    ROW(STATUS_END_OF_FILE, nullptr),
    ROW(STATUS_NO_MEMORY, "memory is used up; see `mem`"),
    ROW(STATUS_CONFLICTING_ADDRESSES, nullptr),
    ROW(STATUS_ACCESS_DENIED, "not allowed here"),
    ROW(STATUS_BUFFER_TOO_SMALL, nullptr),
    ROW(STATUS_OBJECT_TYPE_MISMATCH,
        "it is something else than this command works on; `objdir` tells what"),
    ROW(STATUS_DISK_CORRUPT_ERROR, "the volume is damaged; check it on another system (fsck.fat)"),
    ROW(STATUS_OBJECT_NAME_INVALID, "the name has a character or a length that is not allowed"),
    ROW(STATUS_OBJECT_NAME_NOT_FOUND, "no such name; `ls` or `objdir` shows what is there"),
    ROW(STATUS_OBJECT_NAME_COLLISION, "the name is taken; choose another or remove it first"),
    ROW(STATUS_OBJECT_PATH_INVALID, nullptr),
    ROW(STATUS_OBJECT_PATH_NOT_FOUND,
        "a directory on the way, or the drive, is missing; `mounts` shows the drives"),
    ROW(STATUS_SHARING_VIOLATION, "somebody else has it open"),
    ROW(STATUS_QUOTA_EXCEEDED, "the task may have no more memory; see `ps`"),
    ROW(STATUS_DELETE_PENDING, "it is about to be deleted"),
    ROW(STATUS_INVALID_IMAGE_FORMAT, nullptr),
    ROW(STATUS_DISK_FULL, "the volume is full; remove something"),
    ROW(STATUS_INSUFFICIENT_RESOURCES, "a table is full; end something and try again"),
    ROW(STATUS_DEVICE_NOT_CONNECTED, "the other side is gone; see `ps`"),
    ROW(STATUS_MEDIA_WRITE_PROTECTED, "the medium cannot be written"),
    ROW(STATUS_DEVICE_NOT_READY, "the device is not started; see `devtree`"),
    ROW(STATUS_IO_TIMEOUT, "the driver does not answer; `irps` shows what it owes, `kill` ends it"),
    ROW(STATUS_FILE_IS_A_DIRECTORY, "it is a directory; `rmdir` removes empty ones"),
    ROW(STATUS_NOT_SUPPORTED, "the driver does not do that"),
    ROW(STATUS_NOT_SAME_DEVICE, "the two names are on different volumes; use `cp` and `rm`"),
    ROW(STATUS_INTERNAL_ERROR, nullptr),
    ROW(STATUS_DIRECTORY_NOT_EMPTY, "remove what is in it first"),
    ROW(STATUS_FILE_CORRUPT_ERROR,
        "the file is damaged; check the volume on another system (fsck.fat)"),
    ROW(STATUS_NOT_A_DIRECTORY, "it is a file, not a directory"),
    ROW(STATUS_PROCESS_IS_TERMINATING, nullptr),
    ROW(STATUS_CANCELLED, "it was cancelled"),
    ROW(STATUS_CANNOT_DELETE, "it is read-only or in use"),
    ROW(STATUS_FILE_CLOSED, nullptr),
    ROW(STATUS_UNRECOGNIZED_VOLUME, "no file system knows this volume"),
    ROW(STATUS_DEVICE_CONFIGURATION_ERROR,
        "the device is not made for this machine; its driver said why when it started"),
    ROW(STATUS_INVALID_DEVICE_STATE, "the device is in another state than that needs"),
    ROW(STATUS_IO_DEVICE_ERROR, "the device reported an error"),
    ROW(STATUS_DEVICE_PROTOCOL_ERROR,
        "its driver broke the rules of the link; `drivers` and `crash` tell more"),
    ROW(STATUS_DRIVER_UNABLE_TO_LOAD, nullptr),
    ROW(STATUS_REPARSE_POINT_NOT_RESOLVED, nullptr),
    ROW(STATUS_DEVICE_REMOVED, "its driver ended meanwhile; `crash` tells why"),
    ROW(STATUS_DRIVER_FAILED_PRIOR_UNLOAD, nullptr),
    ROW(STATUS_DRIVER_PROCESS_TERMINATED, "its driver crashed; `crash` tells why"),
};

static const struct row *find(ash_status status)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (rows[i].status == status)
            return &rows[i];
    }
    return nullptr;
}

const char *status_name(ash_status status)
{
    static char number[16];
    const struct row *row = find(status);
    if (row != nullptr)
        return row->name;
    snprintf(number, sizeof(number), "0x%08x", (unsigned)status);
    return number;
}

int shell_fail(const char *what, ash_status status)
{
    const struct row *row = find(status);
    const char *step = row != nullptr ? row->step : nullptr;
    printf("%s: %s%s%s\n", what, status_name(status), step != nullptr ? ": " : "",
           step != nullptr ? step : "");
    return 1;
}

int shell_say(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    return 1;
}
