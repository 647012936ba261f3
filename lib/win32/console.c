// SPDX-License-Identifier: MIT
/*
 * The keyboard: the serial device, opened when a program first asks for a key. One read of a byte
 * is always on its way, so _kbhit need not wait. Without the device there are no keys.
 */
#include "internal.h"
#include <conio.h>
#include <stdio.h>

#define CTRL_D 4

static struct ash_file *serial;
static struct ash_io reading;
static char typed;
static bool opened, started, ended;
static struct ash_mutex lock; /* held while a thread waits for a key */

static void start_reading(void)
{
    if (!started && !ended && serial != NULL)
        started = ash_success(ash_read_begin(serial, &typed, 1, 0, NULL, &reading));
    ended = ended || !started;
}

static bool have_console(void)
{
    if (!opened &&
        !ash_success(ash_open("\\Device\\Serial0", ASH_FILE_READ_DATA, ASH_FILE_OPEN, 0, &serial)))
        ended = true;
    opened = true;
    start_reading();
    return !ended;
}

int _kbhit(void)
{
    ash_mutex_lock(&lock);
    fflush(stdout);
    bool hit = have_console() && ash_io_done(&reading);
    ash_mutex_unlock(&lock);
    return hit;
}

int _getch(void)
{
    int key = -1;
    ash_mutex_lock(&lock);
    fflush(stdout);
    if (have_console()) {
        ash_status status = ash_io_wait(&reading);
        started = false;
        ended = !ash_success(status) || reading.information != 1;
        key = ended ? -1 : (unsigned char)typed;
    }
    ash_mutex_unlock(&lock);
    return key;
}

int _getche(void)
{
    int key = _getch();
    if (key >= 0)
        fputc(key, stdout);
    return key;
}

/* What is typed comes by lines, and is shown. */
static char line[256];
static unsigned line_at, line_end;

static bool read_line(void)
{
    line_at = line_end = 0;
    while (line_end < sizeof(line)) {
        int key = _getch();
        if (key < 0 || (key == CTRL_D && line_end == 0))
            return line_end != 0;
        if ((key == '\b' || key == 0x7f) && line_end != 0) {
            line_end--;
            fputs("\b \b", stdout);
            continue;
        }
        line[line_end++] = key == '\r' ? '\n' : (char)key;
        fputc(line[line_end - 1], stdout);
        if (line[line_end - 1] == '\n')
            break;
    }
    return true;
}

int w32_getchar(void)
{
    if (line_at == line_end && !read_line())
        return EOF;
    return (unsigned char)line[line_at++];
}

char *w32_gets(char *buffer, int size, FILE *file)
{
    int used = 0;
    (void)file; /* there are no others to read from */
    while (used < size - 1) {
        int key = w32_getchar();
        if (key < 0)
            break;
        buffer[used++] = (char)key;
        if (key == '\n')
            break;
    }
    if (used == 0)
        return NULL;
    buffer[used] = '\0';
    return buffer;
}

BOOL w32_console_read(void *buffer, DWORD bytes, LPDWORD done)
{
    DWORD count = 0;
    char *to = buffer;
    while (count < bytes) {
        int key = w32_getchar();
        if (key < 0)
            break;
        to[count++] = (char)key;
        if (key == '\n')
            break;
    }
    if (done != NULL)
        *done = count;
    return TRUE;
}

static void keep(struct w32_object *object)
{
    (void)object;
}

HANDLE WINAPI GetStdHandle(DWORD which)
{
    static struct w32_object console = {.type = W32_CONSOLE, .deleted = keep};
    static HANDLE handle;
    if (which < STD_ERROR_HANDLE || which > STD_INPUT_HANDLE) {
        SetLastError(ERROR_INVALID_HANDLE);
        return INVALID_HANDLE_VALUE;
    }
    if (handle == NULL) {
        console.references = 2;
        handle = w32_handle(&console);
    }
    return handle;
}
