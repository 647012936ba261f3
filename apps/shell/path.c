// SPDX-License-Identifier: MIT
/*
 * Paths as people write them, made absolute:
 *      x, ..\x          below the current directory
 *      \x, /x           below the root of the current drive
 *      D:\x, D:         on that drive (D: alone is its root)
 *      \Device\..., \DosDevices\..., \??\..., \Driver\..., \FileSystem\...   the namespace, as it
 * is
 */
#include "shell.h"
#include <string.h>
#include <strings.h>

static char current[ASH_STRING] = "C:\\";

const char *shell_directory(void)
{
    return current;
}

void shell_set_directory(const char *path)
{
    snprintf(current, sizeof(current), "%s", path);
}

static bool separates(char c)
{
    return c == '\\' || c == '/';
}

static bool is_drive(const char *text)
{
    char letter = (char)(text[0] & ~0x20);
    return letter >= 'A' && letter <= 'Z' && text[1] == ':';
}

/* Does the path name a directory of the namespace rather than of the drive? */
static bool in_namespace(const char *text)
{
    static const char *const roots[] = {"Device",     "DosDevices",    "??",       "Driver",
                                        "FileSystem", "KernelObjects", "Callback", "ObjectTypes"};
    if (!separates(text[0]))
        return false;
    size_t length = strcspn(text + 1, "\\/");
    for (size_t i = 0; i < sizeof(roots) / sizeof(roots[0]); i++) {
        if (strlen(roots[i]) == length && strncasecmp(text + 1, roots[i], length) == 0)
            return true;
    }
    return false;
}

/* Appends the components of `text` to `path`, whose first `root` bytes are never removed. */
static bool append(char path[ASH_STRING], size_t root, const char *text)
{
    size_t length = strlen(path);
    while (*text != '\0') {
        size_t part = strcspn(text, "\\/");
        if (part == 2 && text[0] == '.' && text[1] == '.') {
            while (length > root && !separates(path[length - 1]))
                length--;
            if (length > root)
                length--; /* the separator goes too */
        } else if (part != 0 && !(part == 1 && text[0] == '.')) {
            if (length + part + 2 >= ASH_STRING)
                return false;
            if (length > 0 && !separates(path[length - 1]))
                path[length++] = '\\';
            memcpy(path + length, text, part);
            length += part;
        }
        path[length] = '\0';
        text += part;
        text += *text != '\0';
    }
    return true;
}

static size_t root_of(const char *path)
{
    return is_drive(path) ? 3 : 1;
}

bool path_absolute(const char *directory, const char *text, char path[ASH_STRING])
{
    if (is_drive(text)) {
        snprintf(path, ASH_STRING, "%c:\\", text[0] & ~0x20);
        return append(path, 3, text + 2);
    }
    if (in_namespace(text)) {
        size_t length = strlen(text);
        strcpy(path, "\\");
        if (!append(path, 1, text))
            return false;
        /* a separator at the end tells the root of a volume from the volume itself */
        if (separates(text[length - 1]) && strlen(path) + 1 < ASH_STRING)
            strcat(path, "\\");
        return true;
    }
    snprintf(path, ASH_STRING, "%s", directory);
    if (separates(text[0]))
        path[root_of(directory)] = '\0';
    return append(path, root_of(directory), text);
}

bool shell_path(const char *text, char path[ASH_STRING])
{
    if (path_absolute(current, text, path))
        return true;
    shell_say("%s: the path is longer than %u bytes\n", text, ASH_STRING - 1);
    return false;
}

const char *path_name(const char *path)
{
    const char *name = path;
    for (; *path != '\0'; path++) {
        if (separates(*path))
            name = path + 1;
    }
    return name;
}

bool path_join(const char *directory, const char *name, char path[ASH_STRING])
{
    size_t length = strlen(directory);
    const char *between = length > 0 && separates(directory[length - 1]) ? "" : "\\";
    return (size_t)snprintf(path, ASH_STRING, "%s%s%s", directory, between, name) < ASH_STRING;
}
