// SPDX-License-Identifier: MIT
// Takes the memory away that its own requests are about, while drivers work on them. The requests
// may fail; the drivers must not. `buffers-die` leaves them to be ended with the task.
#include "ash/file.h"
#include "hostile.h"
#include <stdio.h>

#define ROUNDS   400u
#define REQUESTS 4u
#define BYTES    65536u
#define LONGEST  20000u /* ticks */

static struct ash_file *open_one(const char *path)
{
    struct ash_file *file = nullptr;
    ash_status status =
        ash_open(path, ASH_FILE_READ_DATA | ASH_FILE_SYNCHRONIZE, ASH_FILE_OPEN, 0, &file);
    if (!ash_success(status))
        printf("hostile: no %s: status 0x%08x\n", path, (unsigned)status);
    return ash_success(status) ? file : nullptr;
}

/* Reads of odd places and lengths, so that buffers are mapped and copied. How many were begun. */
static unsigned begin(struct ash_file *const file[2], char *buffer, struct ash_io io[REQUESTS])
{
    unsigned begun = 0;
    while (begun < REQUESTS) {
        size_t bytes = 1 + random_below(BYTES / REQUESTS - 64);
        char *at = buffer + begun * (BYTES / REQUESTS) + random_below(64);
        uint64_t offset = random_below(2) ? random_below(64) * 512 : random_below(5000);
        if (!ash_success(ash_read_start(file[random_below(2)], at, bytes, offset, &io[begun])))
            break;
        begun++;
    }
    return begun;
}

static int buffers(void)
{
    struct ash_file *const file[2] = {open_one("C:/random.bin"), open_one("C:/README.txt")};
    unsigned begun = 0, failed = 0;
    for (unsigned round = 0; round < ROUNDS && file[0] != nullptr && file[1] != nullptr; round++) {
        struct ash_io io[REQUESTS];
        char *buffer = ash_io_buffer_alloc(BYTES);
        if (buffer == nullptr)
            break;
        unsigned count = begin(file, buffer, io);
        if (count != 0) /* until some of them are under way, or done */
            (void)ash_io_wait_until(&io[random_below(count)], ash_time() + random_below(LONGEST));
        ash_io_buffer_free(buffer);
        for (unsigned i = 0; i < count; i++)
            failed += !ash_success(ash_io_wait(&io[i]));
        begun += count;
    }
    printf("hostile: %u reads into memory that went away, %u of them failed\n", begun, failed);
    return begun != ROUNDS * REQUESTS;
}

static int buffers_die(void)
{
    struct ash_file *const file[2] = {open_one("C:/random.bin"), open_one("C:/README.txt")};
    struct ash_io io[REQUESTS];
    char *buffer = ash_io_buffer_alloc(BYTES);
    if (file[0] == nullptr || file[1] == nullptr || buffer == nullptr)
        return 1;
    printf("hostile: dies with its reads under way\n");
    fflush(stdout);
    if (begin(file, buffer, io) == REQUESTS)
        (void)ash_io_wait_until(&io[0], ash_time() + random_below(LONGEST));
    *(volatile char *)8 = 1;
    return 1;
}

const struct kind buffer_kinds[] = {
    {"buffers", "takes away the memory it reads into", buffers},
    {"buffers-die", "reads, and is not there any more; dies", buffers_die},
    {},
};
