// SPDX-License-Identifier: MIT
// Commands that read whole files: cat, cp, sha256sum, hexdump.
#include "pipe.h"
#include "sha256.h"
#include "shell.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* What is done with each piece; a status that is an error ends the reading. */
typedef ash_status (*consumer)(void *context, const char *data, size_t bytes, uint64_t offset);

/* Hands bytes from..from+length-1 of the file (or up to its end) to `consume`. */
static ash_status read_pieces(struct ash_file *file, uint64_t from, uint64_t length,
                              consumer consume, void *context)
{
    struct pipe pipe;
    uint64_t size;
    ash_status status = ash_file_size(file, &size);
    if (status == STATUS_INVALID_DEVICE_REQUEST || status == STATUS_NOT_SUPPORTED) {
        size = length != ~(uint64_t)0 ? from + length : 0; /* a device: as much as was asked for */
        status = STATUS_SUCCESS;
    }
    if (!ash_success(status))
        return status;
    uint64_t end = from > size ? from : length < size - from ? from + length : size;
    status = pipe_open(&pipe, file, from, end);
    while (ash_success(status)) {
        const char *data;
        size_t bytes;
        uint64_t offset = pipe.taken;
        status = pipe_next(&pipe, &data, &bytes);
        if (!ash_success(status) || bytes == 0)
            break;
        status = consume(context, data, bytes, offset);
        if (ash_success(status) && console_interrupted())
            status = STATUS_CANCELLED;
    }
    if (pipe.buffer != nullptr)
        pipe_close(&pipe);
    return status;
}

static ash_status open_source(const char *path, struct ash_file **file)
{
    return ash_open(path, ASH_FILE_READ_DATA, ASH_FILE_OPEN, ASH_FILE_NON_DIRECTORY_FILE, file);
}

static int read_file(const char *text, uint64_t from, uint64_t length, consumer consume,
                     void *context)
{
    char path[ASH_STRING];
    struct ash_file *file;
    if (!shell_path(text, path))
        return 1;
    ash_status status = open_source(path, &file);
    if (!ash_success(status))
        return shell_fail(path, status);
    status = read_pieces(file, from, length, consume, context);
    ash_close(file);
    return ash_success(status) ? 0 : shell_fail(path, status);
}

static ash_status show(void *context, const char *data, size_t bytes, uint64_t)
{
    bool *line_open = context;
    fwrite(data, 1, bytes, stdout);
    *line_open = data[bytes - 1] != '\n';
    return STATUS_SUCCESS;
}

static int cat(int argc, char **argv)
{
    int result = 0;
    bool line_open = false;
    for (int i = 1; i < argc; i++)
        result |= read_file(argv[i], 0, ~(uint64_t)0, show, &line_open);
    if (line_open)
        printf("\n");
    return result;
}

static ash_status hash(void *context, const char *data, size_t bytes, uint64_t)
{
    sha256_add(context, data, bytes);
    return STATUS_SUCCESS;
}

static int sha256sum(int argc, char **argv)
{
    int result = 0;
    for (int i = 1; i < argc; i++) {
        struct sha256 sha;
        unsigned char digest[32];
        sha256_init(&sha);
        if (read_file(argv[i], 0, ~(uint64_t)0, hash, &sha) != 0) {
            result = 1;
            continue;
        }
        sha256_end(&sha, digest);
        for (unsigned j = 0; j < sizeof(digest); j++)
            printf("%02x", digest[j]);
        printf("  %s\n", argv[i]);
    }
    return result;
}

static void dump_line(const char *data, size_t bytes, uint64_t offset)
{
    printf("%08lx ", (unsigned long)offset);
    for (size_t i = 0; i < 16; i++) {
        if (i < bytes)
            printf("%s%02x", i == 8 ? "  " : " ", (unsigned char)data[i]);
        else
            printf("%s", i == 8 ? "    " : "   ");
    }
    printf("  |");
    for (size_t i = 0; i < bytes; i++)
        printf("%c", data[i] >= ' ' && data[i] < 127 ? data[i] : '.');
    printf("|\n");
}

static ash_status dump(void *, const char *data, size_t bytes, uint64_t offset)
{
    for (size_t i = 0; i < bytes; i += 16)
        dump_line(data + i, bytes - i < 16 ? bytes - i : 16, offset + i);
    return STATUS_SUCCESS;
}

static int hexdump(int argc, char **argv)
{
    uint64_t from = argc > 2 ? strtoull(argv[2], nullptr, 0) : 0;
    uint64_t length = argc > 3 ? strtoull(argv[3], nullptr, 0) : argc > 2 ? 256 : ~(uint64_t)0;
    return read_file(argv[1], from, length, dump, nullptr);
}

/* A piece of a copy is written while the next ones are read: reads and writes take turns on two
 * links, so the writer waits only for its own. */
struct copy {
    struct ash_file *to;
    uint64_t bytes;
};

static ash_status copy_piece(void *context, const char *data, size_t bytes, uint64_t offset)
{
    struct copy *copy = context;
    size_t done = 0;
    ash_status status = ash_write(copy->to, data, bytes, offset, &done);
    if (ash_success(status) && done != bytes)
        status = STATUS_DISK_FULL;
    copy->bytes += done;
    return status;
}

/* TO, or FROM's name in TO if that is a directory. */
static bool destination(const char *from, const char *text, char to[ASH_STRING])
{
    char directory[ASH_STRING];
    struct ash_file *file;
    if (!shell_path(text, to))
        return false;
    if (!ash_success(
            ash_open(to, ASH_FILE_READ_ATTRIBUTES, ASH_FILE_OPEN, ASH_FILE_DIRECTORY_FILE, &file)))
        return true;
    ash_close(file);
    strcpy(directory, to);
    return path_join(directory, path_name(from), to);
}

/* The source is open already, so a missing one leaves no empty copy behind. */
static int copy_to(const char *to, struct ash_file *source, struct copy *copy)
{
    ash_status status = ash_open(to, ASH_FILE_WRITE_DATA, ASH_FILE_OVERWRITE_IF,
                                 ASH_FILE_NON_DIRECTORY_FILE, &copy->to);
    if (!ash_success(status))
        return shell_fail(to, status);
    status = read_pieces(source, 0, ~(uint64_t)0, copy_piece, copy);
    ash_status closed = ash_close(copy->to);
    if (ash_success(status))
        status = closed;
    return ash_success(status) ? 0 : shell_fail(to, status);
}

static int cp(int, char **argv)
{
    char from[ASH_STRING], to[ASH_STRING], size[16];
    struct copy copy = {0};
    struct ash_file *source;
    if (!shell_path(argv[1], from) || !destination(from, argv[2], to))
        return 1;
    if (strcasecmp(from, to) == 0)
        return shell_say("%s: source and destination are the same file\n", from);
    ash_status status = open_source(from, &source);
    if (!ash_success(status))
        return shell_fail(from, status);
    int result = copy_to(to, source, &copy);
    ash_close(source);
    if (result == 0)
        printf("%s -> %s: %s\n", from, to, print_size(copy.bytes, size));
    return result;
}

const struct command shell_stream_commands[] = {
    {"cat", 1, SHELL_WORDS, "FILE...", "prints files", cat},
    {"cp", 2, 2, "FROM TO", "copies a file", cp},
    {"sha256sum", 1, SHELL_WORDS, "FILE...", "prints SHA-256 digests", sha256sum},
    {"hexdump", 1, 3, "FILE [OFFSET [LENGTH]]", "prints bytes of a file or device", hexdump},
    {},
};
