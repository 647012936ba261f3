// SPDX-License-Identifier: MIT
// Names: from Win32 to what the I/O manager opens; the current directory.
#include "format.h"
#include "internal.h"
#include <stdio.h>

#undef snprintf

static char current[ASH_STRING] = "C:\\";

static bool join(char path[ASH_STRING], const char *head, const char *tail)
{
    return snprintf(path, ASH_STRING, "%s%s", head, tail) < (int)ASH_STRING;
}

static bool is_drive(LPCSTR name)
{
    return isalpha((unsigned char)name[0]) && name[1] == ':';
}

static bool is_slash(char c)
{
    return c == '\\' || c == '/';
}

/* "C:\a" and "b": one separator between them. */
static bool in_current(char path[ASH_STRING], LPCSTR name)
{
    char head[ASH_STRING + 1];
    size_t length = strlen(current);
    memcpy(head, current, length + 1);
    if (length != 0 && !is_slash(head[length - 1]))
        strcpy(head + length, "\\");
    return join(path, head, name);
}

/* Several separators are one. */
static void squeeze(char *path)
{
    char *to = path;
    for (const char *from = path; *from != '\0'; from++)
        if (!is_slash(*from) || to == path || to[-1] != '\\')
            *to++ = is_slash(*from) ? '\\' : *from;
    *to = '\0';
}

bool w32_path(LPCSTR name, char path[ASH_STRING])
{
    bool fits;
    if (strncmp(name, "\\\\.\\", 4) == 0 || strncmp(name, "\\\\?\\", 4) == 0)
        fits =
            is_drive(name + 4) ? join(path, "", name + 4) : join(path, "\\DosDevices\\", name + 4);
    else if (is_drive(name))
        fits = join(path, "", name);
    else if (is_slash(name[0]))
        fits = is_drive(current) && join(path, (char[3]){current[0], ':'}, name);
    else
        fits = in_current(path, name);
    if (fits)
        squeeze(path);
    return fits;
}

bool w32_wide_name(LPCWSTR from, char to[ASH_STRING])
{
    return w32_to_utf8((const uint16_t *)from, to, ASH_STRING) < ASH_STRING;
}

/* Stores a text; what it returns is its length, or the size that is needed. */
static DWORD give(const char *text, DWORD size, LPSTR buffer)
{
    size_t length = strlen(text);
    if (length >= size)
        return (DWORD)length + 1;
    memcpy(buffer, text, length + 1);
    return (DWORD)length;
}

DWORD WINAPI GetCurrentDirectoryA(DWORD size, LPSTR buffer)
{
    return give(current, size, buffer);
}

static bool exists(LPCSTR name)
{
    HANDLE file = CreateFileA(name, FILE_READ_ATTRIBUTES, 7, NULL, OPEN_EXISTING,
                              FILE_FLAG_BACKUP_SEMANTICS, NULL);
    if (file == INVALID_HANDLE_VALUE)
        return false;
    (void)CloseHandle(file);
    return true;
}

BOOL WINAPI SetCurrentDirectoryA(LPCSTR name)
{
    char path[ASH_STRING];
    if (!w32_path(name, path)) {
        SetLastError(ERROR_FILENAME_EXCED_RANGE);
        return FALSE;
    }
    if (!exists(path)) {
        SetLastError(ERROR_PATH_NOT_FOUND);
        return FALSE;
    }
    memcpy(current, path, sizeof(current));
    return TRUE;
}

static DWORD give_path(const char *path, DWORD size, LPSTR buffer, LPSTR *file_part)
{
    DWORD length = give(path, size, buffer);
    if (file_part != NULL && length < size) {
        char *last = strrchr(buffer, '\\');
        *file_part = last != NULL ? last + 1 : buffer;
    }
    return length;
}

DWORD WINAPI GetFullPathNameA(LPCSTR name, DWORD size, LPSTR buffer, LPSTR *file_part)
{
    char path[ASH_STRING];
    if (!w32_path(name, path)) {
        SetLastError(ERROR_FILENAME_EXCED_RANGE);
        return 0;
    }
    return give_path(path, size, buffer, file_part);
}

DWORD WINAPI SearchPathA(LPCSTR path, LPCSTR file, LPCSTR extension, DWORD size, LPSTR buffer,
                         LPSTR *file_part)
{
    char name[ASH_STRING], full[ASH_STRING];
    const char *dot = strrchr(file, '.');
    int n =
        snprintf(name, sizeof(name), "%s%s%s%s", path != NULL ? path : "", path != NULL ? "\\" : "",
                 file, dot == NULL && extension != NULL ? extension : "");
    if (n >= (int)sizeof(name) || !w32_path(name, full)) {
        SetLastError(ERROR_FILENAME_EXCED_RANGE);
        return 0;
    }
    if (!exists(full)) {
        SetLastError(ERROR_FILE_NOT_FOUND);
        return 0;
    }
    return give_path(full, size, buffer, file_part);
}

DWORD WINAPI GetModuleFileNameA(HMODULE module, LPSTR buffer, DWORD size)
{
    char path[ASH_STRING];
    if (module != NULL || !in_current(path, ash_start()->name)) {
        SetLastError(ERROR_NOT_FOUND);
        return 0;
    }
    return give(path, size, buffer);
}
