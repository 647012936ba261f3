// SPDX-License-Identifier: MIT
/* Copies a file in small pieces, several times around, as something that goes on while the system
 * does something else; and writes a text to a device. */
#include "exercise.h"

#define PIECE  16384u
#define SHIFTS 8u /* how far from the buffer's begin pieces may lie */

enum way { STRICT, REGISTERED, SHIFTED };

static ash_status copy_piece(struct ash_file *from, struct ash_file *to, char *buffer, uint64_t *at,
                             bool *end)
{
    size_t got = 0, put = 0;
    ash_status status = ash_read(from, buffer, PIECE, *at, &got);
    *end = status == STATUS_END_OF_FILE || got == 0;
    if (*end)
        return STATUS_SUCCESS;
    if (ash_success(status))
        status = ash_write(to, buffer, got, *at, &put);
    if (ash_success(status) && put != got)
        status = STATUS_UNSUCCESSFUL;
    *at += got;
    return status;
}

/* Unless it is registered the devices have each piece for as long as it is on its way, no longer.
 * Shifted: each piece lies at another byte, so that most are at no multiple of anything. */
static ash_status copy_all(struct ash_file *from, struct ash_file *to, enum way way,
                           uint64_t *bytes)
{
    char *buffer = ash_io_buffer_alloc(PIECE + SHIFTS);
    ash_status status = buffer != nullptr ? STATUS_SUCCESS : STATUS_NO_MEMORY;
    if (ash_success(status) && way == REGISTERED)
        status = ash_io_buffer_register(buffer);
    bool end = false;
    *bytes = 0;
    while (ash_success(status) && !end)
        status = copy_piece(from, to, buffer + (way == SHIFTED ? *bytes / PIECE % SHIFTS : 0),
                            bytes, &end);
    if (buffer != nullptr)
        ash_io_buffer_free(buffer);
    return status;
}

int exercise_copy(int argc, char **argv)
{
    struct ash_file *from, *to;
    uint64_t bytes = 0;
    enum way way = argc != 4 ? STRICT : strcmp(argv[3], "registered") == 0 ? REGISTERED : SHIFTED;
    if (argc != 3 && (argc != 4 || (way == SHIFTED && strcmp(argv[3], "shifted") != 0)))
        return wrong("copy FROM TO [registered | shifted]");
    ash_status status = ash_open(argv[1], ASH_FILE_READ_DATA, ASH_FILE_OPEN, 0, &from);
    if (!ash_success(status))
        return wrong("%s: 0x%08x", argv[1], (unsigned)status);
    status = ash_open(argv[2], ASH_FILE_WRITE_DATA, ASH_FILE_OVERWRITE_IF, 0, &to);
    if (!ash_success(status))
        return wrong("%s: 0x%08x", argv[2], (unsigned)status);
    status = copy_all(from, to, way, &bytes);
    (void)ash_close(from);
    ash_status closed = ash_close(to);
    printf("%lu bytes, 0x%08x, 0x%08x\n", (unsigned long)bytes, (unsigned)status, (unsigned)closed);
    return !ash_success(status) || !ash_success(closed);
}

int exercise_tell(int argc, char **argv)
{
    struct ash_file *file;
    size_t done = 0;
    if (argc != 3)
        return wrong("tell DEVICE TEXT");
    ash_status status = ash_open(argv[1], ASH_FILE_WRITE_DATA, ASH_FILE_OPEN, 0, &file);
    if (!ash_success(status))
        return wrong("%s: 0x%08x", argv[1], (unsigned)status);
    status = ash_write(file, argv[2], strlen(argv[2]), 0, &done);
    (void)ash_close(file);
    return ash_success(status) ? 0
                               : wrong("%s does not take it: 0x%08x", argv[1], (unsigned)status);
}
