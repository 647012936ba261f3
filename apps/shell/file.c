// SPDX-License-Identifier: MIT
// Changing files: rm, mkdir, rmdir, mv, write.
#include "ash/file.h"
#include "shell.h"
#include <string.h>
#include <strings.h>

/* Opens, calls `act`, closes; says what failed. */
static int with_file(const char *path, uint32_t access, uint32_t disposition, uint32_t options,
                     ash_status (*act)(struct ash_file *))
{
    struct ash_file *file;
    ash_status status = ash_open(path, access, disposition, options, &file);
    if (!ash_success(status))
        return shell_fail(path, status);
    if (act != nullptr)
        status = act(file);
    ash_status closed = ash_close(file);
    if (ash_success(status))
        status = closed;
    return ash_success(status) ? 0 : shell_fail(path, status);
}

static int for_each(int argc, char **argv, uint32_t access, uint32_t disposition, uint32_t options,
                    ash_status (*act)(struct ash_file *))
{
    int result = 0;
    for (int i = 1; i < argc; i++) {
        char path[ASH_STRING];
        result |=
            shell_path(argv[i], path) ? with_file(path, access, disposition, options, act) : 1;
    }
    return result;
}

static int rm(int argc, char **argv)
{
    return for_each(argc, argv, ASH_FILE_DELETE, ASH_FILE_OPEN, ASH_FILE_NON_DIRECTORY_FILE,
                    ash_file_delete);
}

static int rmdir(int argc, char **argv)
{
    return for_each(argc, argv, ASH_FILE_DELETE, ASH_FILE_OPEN, ASH_FILE_DIRECTORY_FILE,
                    ash_file_delete);
}

static int mkdir(int argc, char **argv)
{
    return for_each(argc, argv, ASH_FILE_READ_DATA, ASH_FILE_CREATE, ASH_FILE_DIRECTORY_FILE,
                    nullptr);
}

static bool is_directory(const char *path)
{
    struct ash_file *file;
    if (!ash_success(ash_open(path, ASH_FILE_READ_ATTRIBUTES, ASH_FILE_OPEN,
                              ASH_FILE_DIRECTORY_FILE, &file)))
        return false;
    ash_close(file);
    return true;
}

static bool same_volume(const char *from, const char *to)
{
    return from[1] == ':' && to[1] == ':' ? strncasecmp(from, to, 2) == 0
                                          : from[1] != ':' && to[1] != ':';
}

/* What FILE_RENAME_INFORMATION wants: only a name within the directory, else the path on the
 * volume. */
static const char *rename_target(const char *from, const char *to)
{
    size_t head = (size_t)(path_name(to) - to);
    if ((size_t)(path_name(from) - from) == head && strncasecmp(from, to, head) == 0)
        return path_name(to);
    return to[1] == ':' ? to + 2 : to;
}

static int mv(int, char **argv)
{
    char from[ASH_STRING], to[ASH_STRING], inside[ASH_STRING];
    struct ash_file *file;
    if (!shell_path(argv[1], from) || !shell_path(argv[2], to))
        return 1;
    if (is_directory(to)) {
        if (!path_join(to, path_name(from), inside))
            return shell_fail(to, STATUS_OBJECT_NAME_INVALID);
        strcpy(to, inside);
    }
    if (!same_volume(from, to))
        return shell_fail(argv[2], STATUS_NOT_SAME_DEVICE);
    ash_status status = ash_open(from, ASH_FILE_DELETE, ASH_FILE_OPEN, 0, &file);
    if (!ash_success(status))
        return shell_fail(from, status);
    status = ash_file_rename(file, rename_target(from, to), false);
    ash_close(file);
    return ash_success(status) ? 0 : shell_fail(to, status);
}

/* The words with blanks between and a line feed behind. */
static size_t join(int argc, char **argv, int first, char *text, size_t size)
{
    size_t used = 0;
    for (int i = first; i < argc && used < size; i++)
        used += (size_t)snprintf(text + used, size - used, "%s%s", i > first ? " " : "", argv[i]);
    used +=
        (size_t)snprintf(text + (used < size ? used : size), used < size ? size - used : 0, "\n");
    return used < size ? used : size - 1;
}

static int write(int argc, char **argv)
{
    static char text[2048];
    char path[ASH_STRING];
    struct ash_file *file;
    bool append = strcmp(argv[1], "-a") == 0;
    int name = append ? 2 : 1;
    if (argc <= name || !shell_path(argv[name], path))
        return shell_say("usage: write [-a] FILE [TEXT...]\n");
    size_t bytes = join(argc, argv, name + 1, text, sizeof(text)), done;
    uint64_t offset = 0;
    ash_status status = ash_open(path, ASH_FILE_WRITE_DATA | ASH_FILE_READ_ATTRIBUTES,
                                 append ? ASH_FILE_OPEN_IF : ASH_FILE_OVERWRITE_IF,
                                 ASH_FILE_NON_DIRECTORY_FILE, &file);
    if (!ash_success(status))
        return shell_fail(path, status);
    if (append)
        status = ash_file_size(file, &offset);
    if (ash_success(status))
        status = ash_write(file, text, bytes, offset, &done);
    ash_status closed = ash_close(file);
    if (ash_success(status))
        status = closed;
    return ash_success(status) ? 0 : shell_fail(path, status);
}

const struct command shell_file_commands[] = {
    {"rm", 1, SHELL_WORDS, "FILE...", "removes files", rm},
    {"mkdir", 1, SHELL_WORDS, "DIRECTORY...", "makes directories", mkdir},
    {"rmdir", 1, SHELL_WORDS, "DIRECTORY...", "removes empty directories", rmdir},
    {"mv", 2, 2, "FROM TO", "renames, or moves on the same volume", mv},
    {"write", 1, SHELL_WORDS, "[-a] FILE [TEXT...]", "writes a line into a file; -a: at its end",
     write},
    {},
};
