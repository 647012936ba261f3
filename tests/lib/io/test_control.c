// SPDX-License-Identifier: MIT
// The client I/O library: control requests of the four methods; requests with a callback.
#include "world.h"

enum { BUFFERED = 0x222000, IN_DIRECT = 0x222001, OUT_DIRECT = 0x222002, NEITHER = 0x222003 };

TEST(direct_output_comes_back_whole_whatever_the_driver_says)
{
    begin();
    static char small[100], large[3000], wanted[3000];
    size_t done;
    memset(wanted, 'i', sizeof(wanted));
    memset(small, 's', sizeof(small));
    status = STATUS_UNSUCCESSFUL;
    CHECK_EQ(ash_ioctl(file, OUT_DIRECT, "abc", 3, small, 100, &done), STATUS_UNSUCCESSFUL);
    CHECK_EQ(done, 0);
    CHECK_EQ(last.grant, 0);
    CHECK_EQ(last.inline_size, 108);
    CHECK_MEM(last_inline, "abc", 3);
    CHECK_EQ(last_inline[8], 's'); /* what was in the buffer before is there for the driver */
    CHECK_MEM(small, wanted, sizeof(small));
    CHECK_EQ(ash_ioctl(file, OUT_DIRECT, "abc", 3, large, 2000, &done), STATUS_UNSUCCESSFUL);
    CHECK(last.grant != 0);
    CHECK_EQ(last.grant_length, 2000);
    CHECK_MEM(granted[last.input_grant] + last.input_offset, "abc", 3);
    CHECK_MEM(large, wanted, 2000);
    CHECK_EQ(large[2000], 0);
    information = 2001;
    status = STATUS_SUCCESS;
    CHECK_EQ((uint32_t)ash_ioctl(file, OUT_DIRECT, "abc", 3, large, 2000, &done),
             (uint32_t)STATUS_DEVICE_PROTOCOL_ERROR);
}

TEST(in_direct_buffer_is_read_and_stays_as_it_is)
{
    begin();
    static char small[100] = "small", large[3000] = "large";
    size_t done;
    information = 7; /* a number of the driver's choice */
    CHECK_EQ(ash_ioctl(file, IN_DIRECT, "a", 1, small, sizeof(small), &done), STATUS_SUCCESS);
    CHECK_EQ(done, 7);
    CHECK_MEM(last_inline + 8, "small", 5);
    CHECK_STR(small, "small");
    CHECK_EQ(ash_ioctl(file, IN_DIRECT, "a", 1, large, sizeof(large), &done), STATUS_SUCCESS);
    CHECK_STR(large, "large");
    CHECK_EQ(ash_ioctl(file, IN_DIRECT, "a", 1, nullptr, 0, &done), STATUS_SUCCESS);
    CHECK_EQ(last.grant, 0);
    CHECK_EQ(last.inline_size, 1);
    CHECK_EQ((uint32_t)ash_ioctl(file, IN_DIRECT, nullptr, 1, nullptr, 0, &done),
             (uint32_t)STATUS_INVALID_PARAMETER);
}

TEST(direct_buffer_in_registered_memory_is_not_copied)
{
    begin();
    char *buffer = ash_io_buffer_alloc(8192);
    static char input[2000] = "long input";
    size_t done;
    CHECK_EQ(ash_ioctl(file, OUT_DIRECT, "abc", 3, buffer + 100, 50, &done), STATUS_SUCCESS);
    CHECK_EQ(granted[last.grant] + last.grant_offset, buffer + 100);
    CHECK_EQ(last.inline_size, 3);
    CHECK_EQ(buffer[149], 'i');
    CHECK_EQ(buffer[150], 0);
    CHECK_EQ(ash_ioctl(file, OUT_DIRECT, input, sizeof(input), buffer, 50, &done), STATUS_SUCCESS);
    CHECK(last.input_grant != 0 && last.input_grant != last.grant);
    CHECK_STR(granted[last.input_grant] + last.input_offset, "long input");
    ash_io_buffer_free(buffer);
}

TEST(buffers_that_overlap_do_so_for_the_driver_of_a_neither_request)
{
    begin();
    char data[64] = "0123456789";
    size_t done;
    CHECK_EQ(ash_ioctl(file, NEITHER, data + 4, 20, data, 8, &done), STATUS_SUCCESS);
    CHECK_EQ(last.grant, last.input_grant);
    CHECK_EQ(last.input_offset - last.grant_offset, 4);
    CHECK_MEM(data, "iiiiiiii89", 10);
    CHECK_EQ(ash_ioctl(file, NEITHER, data, 8, data + 8, 8, &done), STATUS_SUCCESS);
    CHECK_EQ(last.grant, 0); /* they only touch */
    CHECK_EQ(ash_ioctl(file, BUFFERED, data, 8, data, 8, &done), STATUS_SUCCESS);
    CHECK_EQ(done, 8);
}

static unsigned completions;
static void completed(struct ash_io *io)
{
    completions++;
    CHECK(io->done);
}

TEST(requests_of_any_memory_complete_by_callback)
{
    begin();
    static char data[8][5000], big[300000];
    struct ash_io io[8], large = {}, control = {};
    completions = 0;
    for (unsigned i = 0; i < 8; i++)
        CHECK_EQ(ash_read_begin(file, data[i], sizeof(data[i]), 5000 * i, completed, &io[i]),
                 STATUS_SUCCESS);
    CHECK_EQ(ash_read_begin(file, big, sizeof(big), 77, completed, &large), STATUS_SUCCESS);
    CHECK_EQ(ash_ioctl_begin(file, NEITHER, "a", 1, data[0], 4, completed, &control),
             STATUS_SUCCESS);
    CHECK_EQ(completions, 0);
    CHECK_EQ(ash_io_wait(&large), STATUS_SUCCESS);
    CHECK_EQ(ash_io_wait(&io[7]), STATUS_SUCCESS);
    CHECK_EQ(ash_io_wait(&control), STATUS_SUCCESS);
    CHECK_EQ(completions, 10);
    CHECK_MEM(data[7], disk + 35000, 5000);
    CHECK_MEM(big, disk + 77, sizeof(big));
    CHECK_MEM(data[0], "iiii", 4);
}

static bool odd(const struct ash_io *io, const void *context)
{
    return io->file == context && (uintptr_t)io->user % 2 != 0;
}

TEST(chosen_requests_are_cancelled)
{
    begin();
    char data[4];
    struct ash_io io[4];
    mood = HOLD;
    for (uintptr_t i = 0; i < 4; i++) {
        io[i].user = (void *)i;
        CHECK_EQ(ash_read_begin(file, data, 1, 0, nullptr, &io[i]), STATUS_SUCCESS);
    }
    run_driver();
    CHECK_EQ(ash_io_cancel_if(odd, file), 2);
    CHECK_EQ((uint32_t)ash_io_wait(&io[1]), (uint32_t)STATUS_CANCELLED);
    CHECK_EQ((uint32_t)ash_io_wait(&io[3]), (uint32_t)STATUS_CANCELLED);
    CHECK(!ash_io_done(&io[0]));
    CHECK_EQ(ash_close(file), STATUS_SUCCESS); /* the driver keeps them until they are cancelled */
    run_driver();
    CHECK(ash_io_done(&io[0]));
    CHECK(ash_io_done(&io[2]));
    CHECK_EQ((uint32_t)io[2].status, (uint32_t)STATUS_CANCELLED);
    file = nullptr;
}
