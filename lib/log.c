// SPDX-License-Identifier: MIT
/* The firmware console. A line is formatted on the caller's stack and written by one method call.
 */
#include "ash/log.h"
#include "ash/invoke.h"
#include "ash/start.h"
#include "runtime.h"

#include <stdio.h>
#include <string.h>

#define LINE_BYTES ASH_FIRMWARE_WRITE_MAX

static ash_cptr firmware = ASH_SLOT_FIRMWARE;
static char task_name[32];

void ash_log_firmware(ash_cptr capability)
{
    firmware = capability;
}

void ash_log_name(const char *name)
{
    snprintf(task_name, sizeof(task_name), "%s", name);
}

ash_error ash_firmware_write(ash_cptr capability, const void *bytes, size_t count)
{
    if (count == 0 || count > ASH_FIRMWARE_WRITE_MAX)
        return ASH_E_RANGE;
    struct ash_message m = {.mr = {count}};
    size_t first = count < 24 ? count : 24;
    memcpy(&m.mr[1], bytes, first);
    memcpy(&ash_ipc()->msg[4], (const char *)bytes + first, count - first);
    return ash_invoke(capability, ASH_FIRMWARE_WRITE, 1 + (unsigned)(count + 7) / 8, 0, &m);
}

/* As much as one call takes, whole lines if possible: it is written without a break. */
static size_t piece(const char *bytes, size_t count)
{
    size_t most = count < ASH_FIRMWARE_WRITE_MAX ? count : ASH_FIRMWARE_WRITE_MAX, lines = most;
    if (most == count)
        return most;
    while (lines > 0 && bytes[lines - 1] != '\n')
        lines--;
    return lines != 0 ? lines : most;
}

void ash_print_bytes(const char *bytes, size_t count)
{
    while (count > 0) {
        size_t now = piece(bytes, count);
        if (ash_firmware_write(firmware, bytes, now) != ASH_OK)
            return;
        bytes += now;
        count -= now;
    }
}

void ash_print_va(const char *format, va_list arguments)
{
    char line[LINE_BYTES];
    int length = vsnprintf(line, sizeof(line), format, arguments);
    if (length > 0)
        ash_print_bytes(line, (size_t)length < sizeof(line) ? (size_t)length : sizeof(line) - 1);
}

void ash_print(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    ash_print_va(format, arguments);
    va_end(arguments);
}

static void log_va(const char *format, va_list arguments)
{
    char line[LINE_BYTES];
    size_t used = (size_t)snprintf(line, sizeof(line), "%s: ", task_name);
    size_t room = sizeof(line) - used - 1; /* keeps a byte for the newline */
    int length = vsnprintf(line + used, room, format, arguments);
    if (length > 0)
        used += (size_t)length < room ? (size_t)length : room - 1;
    if (line[used - 1] != '\n')
        line[used++] = '\n';
    ash_print_bytes(line, used);
}

void ash_log(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    log_va(format, arguments);
    va_end(arguments);
}

void ash_panic(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    log_va(format, arguments);
    va_end(arguments);
    ash_exit(-1);
}
