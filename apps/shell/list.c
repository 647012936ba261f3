// SPDX-License-Identifier: MIT
// Looking at directories: ls, objdir, mounts.
#include "ash/file.h"
#include "ash/fileinfo.h"
#include "ash/manager.h"
#include "ash/utf.h"
#include "io.h"
#include "object.h"
#include "shell.h"
#include <string.h>

#define LIST_BYTES 8192u

struct totals {
    uint64_t files, directories, bytes;
};

static void print_entry(const struct ash_directory_entry *entry, struct totals *totals)
{
    char name[3 * 256], size[16], time[24];
    bool directory = (entry->attributes & ASH_ATTRIBUTE_DIRECTORY) != 0;
    ash_utf16_to_utf8(entry->name, entry->name_bytes / 2, name, sizeof(name));
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return;
    totals->files += !directory;
    totals->directories += directory;
    totals->bytes += directory ? 0 : (uint64_t)entry->size;
    printf("%c%c%c%c  %10s  %-16s  %s%s\n", directory ? 'd' : '-',
           entry->attributes & ASH_ATTRIBUTE_READONLY ? 'r' : '-',
           entry->attributes & ASH_ATTRIBUTE_HIDDEN ? 'h' : '-',
           entry->attributes & ASH_ATTRIBUTE_SYSTEM ? 's' : '-',
           directory ? "" : print_size((uint64_t)entry->size, size),
           print_time(entry->written, time), name, directory ? "\\" : "");
}

/* All entries of one answer; false if the driver's chain leaves the buffer. */
static bool print_entries(const unsigned char *buffer, size_t bytes, struct totals *totals)
{
    size_t at = 0;
    for (;;) {
        const struct ash_directory_entry *entry = (const struct ash_directory_entry *)(buffer + at);
        size_t head = offsetof(struct ash_directory_entry, name);
        if (bytes - at < head || entry->name_bytes > bytes - at - head)
            return false;
        print_entry(entry, totals);
        if (entry->next_offset == 0)
            return true;
        if (entry->next_offset % 8 != 0 || entry->next_offset >= bytes - at)
            return false;
        at += entry->next_offset;
    }
}

static int list_directory(const char *path, struct ash_file *file, const char *pattern)
{
    static alignas(8) unsigned char buffer[LIST_BYTES];
    struct totals totals = {0};
    char size[16];
    ash_status status = STATUS_SUCCESS;
    for (bool first = true; ash_success(status); first = false) {
        size_t done = 0;
        status = ash_query_directory(file, ASH_FILE_DIRECTORY_INFORMATION, pattern, first, buffer,
                                     sizeof(buffer), &done);
        if (ash_success(status) && !print_entries(buffer, done, &totals))
            return shell_fail(path, STATUS_DEVICE_PROTOCOL_ERROR);
    }
    if (status != STATUS_NO_MORE_FILES && status != STATUS_NO_SUCH_FILE)
        return shell_fail(path, status);
    printf("%lu files, %lu directories, %s\n", (unsigned long)totals.files,
           (unsigned long)totals.directories, print_size(totals.bytes, size));
    return 0;
}

/* A file is listed as the only match in its directory. */
static int list_file(const char *path)
{
    char directory[ASH_STRING];
    struct ash_file *file;
    snprintf(directory, sizeof(directory), "%.*s", (int)(path_name(path) - path), path);
    ash_status status =
        ash_open(directory, ASH_FILE_READ_DATA, ASH_FILE_OPEN, ASH_FILE_DIRECTORY_FILE, &file);
    if (!ash_success(status))
        return shell_fail(directory, status);
    int result = list_directory(path, file, path_name(path));
    ash_close(file);
    return result;
}

static int ls_one(const char *text)
{
    char path[ASH_STRING];
    struct ash_file *file;
    if (!shell_path(text, path))
        return 1;
    if (strpbrk(path_name(path), "*?") != nullptr)
        return list_file(path);
    ash_status status =
        ash_open(path, ASH_FILE_READ_DATA, ASH_FILE_OPEN, ASH_FILE_DIRECTORY_FILE, &file);
    if (status == STATUS_NOT_A_DIRECTORY)
        return list_file(path);
    if (!ash_success(status))
        return shell_fail(path, status);
    int result = list_directory(path, file, nullptr);
    ash_close(file);
    return result;
}

static int ls(int argc, char **argv)
{
    int result = 0;
    if (argc == 1)
        return ls_one(".");
    for (int i = 1; i < argc; i++) {
        if (argc > 2)
            printf("%s%s:\n", i > 1 ? "\n" : "", argv[i]);
        result |= ls_one(argv[i]);
    }
    return result;
}

static const char *type_name(ash_word type)
{
    static const char *const names[] = {"?",     "Directory", "SymbolicLink", "Device", "Driver",
                                        "Event", "Callback",  "Section",      "Key"};
    return type < sizeof(names) / sizeof(names[0]) ? names[type] : "?";
}

static int objdir(int argc, char **argv)
{
    struct ash_ob_enumerate_request request = {0};
    struct ash_ob_entry_reply entry;
    snprintf(request.path, sizeof(request.path), "%s", argc == 2 ? argv[1] : "\\");
    for (;; request.index++) {
        ash_status status = ash_request(ASH_SLOT_OBJECT, ASH_OB_ENUMERATE, &request,
                                        sizeof(request), &entry, sizeof(entry));
        if (status == STATUS_NO_MORE_ENTRIES)
            return 0;
        if (!ash_success(status))
            return shell_fail(request.path, status);
        printf("%-14s %s%s%s\n", type_name(entry.type), entry.name,
               entry.target[0] != '\0' ? " -> " : "", entry.target);
    }
}

static void print_space(const struct ash_io_mount_reply *mount)
{
    char root[80], total[16], left[16];
    struct ash_fs_size_information space = {0};
    struct ash_file *file;
    size_t done;
    snprintf(root, sizeof(root), "%s\\", mount->volume_name);
    if (!ash_success(ash_open(root, ASH_FILE_READ_ATTRIBUTES, ASH_FILE_OPEN,
                              ASH_FILE_DIRECTORY_FILE, &file)))
        return;
    if (ash_success(
            ash_query_volume(file, ASH_FS_SIZE_INFORMATION, &space, sizeof(space), &done))) {
        uint64_t unit = (uint64_t)space.sectors_per_unit * space.bytes_per_sector;
        printf("  %10s  %10s free", print_size((uint64_t)space.units * unit, total),
               print_size((uint64_t)space.free_units * unit, left));
    }
    ash_close(file);
}

static int mounts(int, char **)
{
    struct ash_io_index_request request = {0};
    struct ash_io_mount_reply mount;
    for (;; request.index++) {
        ash_status status = ash_request(ASH_SLOT_IO, ASH_IO_MOUNTS, &request, sizeof(request),
                                        &mount, sizeof(mount));
        if (status == STATUS_NO_MORE_ENTRIES)
            break;
        if (!ash_success(status))
            return shell_fail("mounts", status);
        printf("%c%c  %-26s %-8s", mount.letter != 0 ? (char)mount.letter : '-',
               mount.letter != 0 ? ':' : ' ', mount.volume_name,
               mount.mounted != 0 ? mount.file_system : "-");
        if (mount.mounted != 0)
            print_space(&mount);
        printf("%s\n", mount.mounted != 0 ? "" : "  not mounted");
    }
    if (request.index == 0)
        printf("no volumes; `devtree` shows the disks\n");
    return 0;
}

const struct command shell_list_commands[] = {
    {"ls", 0, SHELL_WORDS, "[PATH...]", "lists directories: attributes, size, time, name", ls},
    {"objdir", 0, 1, "[PATH]", "lists a directory of the object namespace", objdir},
    {"mounts", 0, 0, "", "volumes, their drive letters, file systems and space", mounts},
    {},
};
