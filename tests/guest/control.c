// SPDX-License-Identifier: MIT
/*
 * In-guest test of control requests from an application: the four transfer methods of the sample
 * driver `ioctl` (which is loaded before), wrong lengths, overlapping buffers, requests that say
 * other lengths than they grant, several threads at once; and requests that wait in the sample
 * driver `csq`: completion by callback, cancelling, closing.
 */
#include "ash/file.h"
#include "ash/start.h"
#include "ash/thread.h"
#include "internal.h"
#include "tap.h"

#include <string.h>

#define CTL_CODE(type, function, method, access)                                                   \
    ((uint32_t)((type) << 16 | (access) << 14 | (function) << 2 | (method)))
#define METHOD_BUFFERED   0
#define METHOD_IN_DIRECT  1
#define METHOD_OUT_DIRECT 2
#define METHOD_NEITHER    3
#define FILE_ANY_ACCESS   0
#define FILE_READ_ACCESS  1
#include "../../drivers/samples/ioctl/transfer.h"

#define LARGE 200000u

int tap_number, tap_failures;
static struct ash_file *device;
static char big[LARGE], other[LARGE];

static ash_status control(uint32_t code, const void *in, size_t in_bytes, void *out,
                          size_t out_bytes, size_t *done)
{
    *done = 12345;
    return ash_ioctl(device, code, in, in_bytes, out, out_bytes, done);
}

static void is(ash_status status, ash_status wanted, const char *name)
{
    check_value((uint32_t)status, (uint32_t)wanted, name);
}

static void buffered(void)
{
    char out[32] = "-----------";
    size_t done;
    is(control(IOCTL_TRANSFER_REVERSE, "abcdef", 6, out, sizeof(out), &done), STATUS_SUCCESS,
       "METHOD_BUFFERED");
    check(done == 6 && memcmp(out, "fedcba-----", 11) == 0, "only Information bytes come back");
    is(control(IOCTL_TRANSFER_REVERSE, "abcdef", 6, out, 5, &done), STATUS_BUFFER_TOO_SMALL,
       "output too small");
    check(done == 0 && memcmp(out, "fedcba", 6) == 0, "an error brings no data");
    is(control(IOCTL_TRANSFER_REVERSE, out, 6, out, 6, &done), STATUS_SUCCESS, "one buffer");
    check(memcmp(out, "abcdef", 6) == 0, "input and output in one place");
    for (unsigned i = 0; i < LARGE; i++)
        big[i] = (char)(i * 7 + i / 256);
    is(control(IOCTL_TRANSFER_REVERSE, big, LARGE, other, LARGE, &done), STATUS_SUCCESS,
       "200000 bytes");
    bool good = done == LARGE;
    for (unsigned i = 0; i < LARGE; i++)
        good = good && other[i] == big[LARGE - 1 - i];
    check(good, "all of them are reversed");
}

static void in_direct(void)
{
    size_t done;
    is(control(IOCTL_TRANSFER_COUNT, "l", 1, "hello, world", 12, &done), STATUS_SUCCESS,
       "METHOD_IN_DIRECT");
    check_value(done, 3, "the driver read the second buffer");
    memset(big, 'x', LARGE);
    big[0] = big[LARGE - 1] = 'y';
    is(control(IOCTL_TRANSFER_COUNT, "y", 1, big, LARGE, &done), STATUS_SUCCESS, "a large one");
    check_value(done, 2, "all of it was there");
    is(control(IOCTL_TRANSFER_COUNT, "y", 1, nullptr, 0, &done), STATUS_SUCCESS, "none");
    check_value(done, 0, "no buffer, no MDL");
    is(control(IOCTL_TRANSFER_COUNT, "yy", 2, big, 1, &done), STATUS_INVALID_PARAMETER,
       "input too long for the driver");
    char *registered = ash_io_buffer_alloc(8192);
    memcpy(registered + 5000, "banana", sizeof("banana"));
    is(control(IOCTL_TRANSFER_COUNT, "a", 1, registered + 5000, 6, &done), STATUS_SUCCESS,
       "registered memory");
    check_value(done, 3, "read where it lies");
    ash_io_buffer_free(registered);
}

static bool all(const char *memory, char byte, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        if (memory[i] != byte)
            return false;
    return true;
}

static void out_direct(void)
{
    char small[20] = "...................";
    size_t done;
    is(control(IOCTL_TRANSFER_FILL, "z", 1, small, 10, &done), STATUS_SUCCESS, "METHOD_OUT_DIRECT");
    check(done == 10 && all(small, 'z', 10) && small[10] == '.', "exactly the buffer is filled");
    memset(big, 0, LARGE);
    is(control(IOCTL_TRANSFER_FILL, "q", 1, big, LARGE - 1, &done), STATUS_SUCCESS, "a large one");
    check(done == LARGE - 1 && all(big, 'q', LARGE - 1) && big[LARGE - 1] == 0, "to its last byte");
    is(control(IOCTL_TRANSFER_FILL, nullptr, 0, small, 10, &done), STATUS_INVALID_PARAMETER,
       "no input");
    char *registered = ash_io_buffer_alloc(8192);
    is(control(IOCTL_TRANSFER_FILL, "r", 1, registered + 4090, 10, &done), STATUS_SUCCESS,
       "registered memory across a page");
    check(all(registered + 4090, 'r', 10) && registered[4089] == 0 && registered[4100] == 0,
          "nothing beside it");
    ash_io_buffer_free(registered);
}

static void neither(void)
{
    char text[32] = "abcdefghij", out[32] = "..........";
    size_t done;
    is(control(IOCTL_TRANSFER_UPPER, text, 10, out, 5, &done), STATUS_SUCCESS, "METHOD_NEITHER");
    check(done == 5 && memcmp(out, "ABCDE.....", 10) == 0, "both buffers as the caller gave them");
    is(control(IOCTL_TRANSFER_UPPER, text, 10, text, 10, &done), STATUS_SUCCESS, "one buffer");
    check(memcmp(text, "ABCDEFGHIJ", 10) == 0, "changed in place");
    memcpy(text, "abcdefghij", 10);
    is(control(IOCTL_TRANSFER_UPPER, text, 9, text + 1, 9, &done), STATUS_SUCCESS,
       "output one byte behind the input");
    check(memcmp(text, "aAAAAAAAAA", 10) == 0, "what was written is read again");
    memset(big, 'm', LARGE);
    is(control(IOCTL_TRANSFER_UPPER, big, LARGE, other, LARGE, &done), STATUS_SUCCESS, "large");
    check(done == LARGE && all(other, 'M', LARGE), "200000 bytes each");
    is(control(IOCTL_TRANSFER_UPPER, nullptr, 0, nullptr, 0, &done), STATUS_SUCCESS, "no buffers");
    is(control(CTL_CODE(FILE_DEVICE_TRANSFER, 0x8ff, METHOD_NEITHER, FILE_ANY_ACCESS), text, 1, out,
               1, &done),
       STATUS_INVALID_DEVICE_REQUEST, "unknown code");
}

/* A request as lib/io would never make it. */
struct lie {
    const char *name;
    uint32_t code;
    uint64_t out, in, inline_size, grant_length, grant_offset, grant, input_grant, input_offset;
};

static ash_status tell(const struct lie *lie, uint64_t good_grant)
{
    struct ash_io io = {.limit = UINT32_MAX};
    struct ash_request *request;
    ash_status status;
    ash_mutex_lock(&io_lock);
    int slot = io_prepare(device, 0x0e, 0, &request, &status);
    request->parameter[0] = lie->out;
    request->parameter[1] = lie->in;
    request->parameter[2] = lie->code;
    request->inline_size = (uint32_t)lie->inline_size;
    request->grant = lie->grant == 1 ? good_grant : lie->grant;
    request->grant_length = (uint32_t)lie->grant_length;
    request->grant_offset = lie->grant_offset;
    request->input_grant = lie->input_grant == 1 ? good_grant : lie->input_grant;
    request->input_offset = lie->input_offset;
    io_submit(device, slot, &io);
    status = io_finish(&io);
    ash_mutex_unlock(&io_lock);
    return status;
}

/* Grant 1 stands for a good one of two pages. */
static const struct lie lies[] = {
    {"more input than came", IOCTL_TRANSFER_REVERSE, 8, 16, 8, 0, 0, 0, 0, 0},
    {"more output than fits inline", IOCTL_TRANSFER_REVERSE, 5000, 8, 8, 0, 0, 0, 0, 0},
    {"output larger than granted", IOCTL_TRANSFER_FILL, 4097, 1, 1, 4096, 0, 1, 0, 0},
    {"granted length beyond the section", IOCTL_TRANSFER_FILL, 8193, 1, 1, 8193, 0, 1, 0, 0},
    {"granted range beyond the section", IOCTL_TRANSFER_FILL, 4096, 1, 1, 4096, 4097, 1, 0, 0},
    {"offset that wraps", IOCTL_TRANSFER_FILL, 4096, 1, 1, 4096, ~0ull - 100, 1, 0, 0},
    {"forged grant", IOCTL_TRANSFER_FILL, 100, 1, 1, 100, 0, 0x1234567, 0, 0},
    {"forged grant for the input", IOCTL_TRANSFER_FILL, 0, 1, 0, 0, 0, 0, 0x7654321, 0},
    {"input beyond its grant", IOCTL_TRANSFER_UPPER, 0, 100, 0, 0, 0, 0, 1, 8192 - 99},
    {"input offset that wraps", IOCTL_TRANSFER_UPPER, 0, 100, 0, 0, 0, 0, 1, ~0ull - 3},
    {"neither: output beyond its grant", IOCTL_TRANSFER_UPPER, 100, 1, 1, 100, 8100, 1, 0, 0},
    {"lengths over 2^31", IOCTL_TRANSFER_UPPER, 1ull << 40, 1, 1, 0, 0, 0, 0, 0},
    {"buffered, larger than granted", IOCTL_TRANSFER_REVERSE, 5000, 5000, 0, 4096, 0, 1, 0, 0},
};

static void hostile(void)
{
    char *registered = ash_io_buffer_alloc(8192);
    struct io_where where;
    size_t done;
    ash_mutex_lock(&io_lock);
    bool granted = ash_success(io_locate(device->connection, registered, 8192, true, &where));
    ash_mutex_unlock(&io_lock);
    check(granted, "two pages are granted");
    for (unsigned i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
        ash_status status = tell(&lies[i], where.grant);
        check(!ash_success(status), lies[i].name);
    }
    is(control(IOCTL_TRANSFER_FILL, "z", 1, registered, 8192, &done), STATUS_SUCCESS,
       "the driver goes on");
    ash_io_buffer_free(registered);
}

static _Atomic unsigned wrong, ended;

static void hammer(void *)
{
    char out[3000];
    size_t done;
    for (unsigned i = 0; i < 200; i++) {
        char byte = (char)('a' + i % 26);
        size_t bytes = i % 2 == 0 ? 100 : sizeof(out);
        ash_status status = ash_ioctl(device, IOCTL_TRANSFER_FILL, &byte, 1, out, bytes, &done);
        wrong += !ash_success(status) || done != bytes || !all(out, byte, bytes);
    }
    ended++;
}

static void threads(void)
{
    const struct ash_thread_options options = {.priority = 100};
    for (unsigned i = 0; i < 4; i++)
        check(ash_success(ash_thread_create(hammer, nullptr, &options, nullptr)), "a thread");
    hammer(nullptr);
    for (unsigned i = 0; i < 1000 && ended != 5; i++)
        ash_sleep_until(ash_time() + ash_ticks(10000));
    check_value(ended, 5, "five threads use one handle");
    check_value(wrong, 0, "and each got its own answers");
}

static _Atomic unsigned completed;

static void count(struct ash_io *io)
{
    completed += io->status == STATUS_CANCELLED;
}

static bool chosen(const struct ash_io *io, const void *context)
{
    return io->user == context;
}

#define READS 16u

/* The sample takes two milliseconds for each, one after the other. */
static void waiting(void)
{
    struct ash_file *queue;
    static struct ash_io io[READS];
    static char data[READS][4];
    unsigned begun = 0;
    is(ash_open("\\DosDevices\\SampleQueue", ASH_FILE_READ_DATA, ASH_FILE_OPEN, 0, &queue),
       STATUS_SUCCESS, "the queue opens");
    for (uintptr_t i = 0; i < READS; i++) {
        io[i].user = (void *)(i % 2);
        begun += ash_success(ash_read_begin(queue, data[i], 4, 0, count, &io[i]));
    }
    check_value(begun, READS, "many reads wait on one handle");
    check(ash_io_cancel_if(chosen, (void *)1) != 0, "some are cancelled");
    is(ash_io_wait(&io[READS - 1]), STATUS_CANCELLED, "a cancelled one ends so");
    is(ash_close(queue), STATUS_SUCCESS, "closing with requests out");
    for (unsigned i = 0; i < READS; i++)
        (void)ash_io_wait(&io[i]);
    check(completed >= READS / 2 + 2, "CLEANUP cancelled what was left");
}

int main(void)
{
    is(ash_open("\\DosDevices\\SampleTransfer", ASH_FILE_READ_DATA, ASH_FILE_OPEN, 0, &device),
       STATUS_SUCCESS, "the device opens");
    if (device == nullptr)
        return tap_end();
    buffered();
    in_direct();
    out_direct();
    neither();
    hostile();
    threads();
    waiting();
    is(ash_close(device), STATUS_SUCCESS, "the device closes");
    return tap_end();
}
