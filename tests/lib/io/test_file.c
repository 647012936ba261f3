// SPDX-License-Identifier: MIT
// The client I/O library: files.
#include "world.h"

TEST(own_memory_goes_through_the_bounce_buffer)
{
    begin();
    static char data[200000];
    size_t done;
    CHECK_EQ(ash_read(file, data, sizeof(data), 4097, &done), STATUS_SUCCESS);
    CHECK_EQ(done, sizeof(data));
    CHECK_MEM(data, disk + 4097, sizeof(data));
    CHECK_EQ(grants, 1);
    memset(data, 'w', sizeof(data));
    CHECK_EQ(ash_write(file, data, sizeof(data), 777, &done), STATUS_SUCCESS);
    CHECK_MEM(disk + 777, data, sizeof(data));
    CHECK_EQ(grants, 2); /* to be written by the driver, and to be read */
    CHECK_EQ(last.device, 9);
    CHECK_EQ(last.file, 40);
    CHECK_EQ(last.requestor, 20);
    CHECK_EQ(last.mode, 1);
}

TEST(a_buffer_is_granted_once_and_not_copied)
{
    begin();
    char *buffer = ash_io_buffer_alloc(65536);
    size_t done;
    for (unsigned i = 0; i < 5; i++)
        CHECK_EQ(ash_read(file, buffer + 512 * i, 4096, 8192 * i, &done), STATUS_SUCCESS);
    CHECK_EQ(grants, 1);
    CHECK_EQ(last.grant_offset, 2048);
    CHECK_EQ(last.grant_length, 4096);
    CHECK_MEM(buffer + 2048, disk + 32768, 4096);
    ash_io_buffer_free(buffer);
}

TEST(a_buffer_is_granted_in_the_direction_of_the_request)
{
    begin();
    char *buffer = ash_io_buffer_alloc(8192);
    size_t done;
    CHECK_EQ(ash_write(file, buffer, 4096, 0, &done), STATUS_SUCCESS);
    CHECK_EQ(last_prot, ASH_MEM_READ);
    CHECK_EQ(ash_read(file, buffer, 4096, 0, &done), STATUS_SUCCESS);
    CHECK_EQ(last_prot, ASH_MEM_READ | ASH_MEM_WRITE);
    CHECK_EQ(ash_write(file, buffer, 4096, 0, &done), STATUS_SUCCESS);
    CHECK_EQ(grants, 2);
    ash_io_buffer_free(buffer);
}

TEST(a_buffer_is_strict_until_it_is_registered)
{
    begin();
    char *buffer = ash_io_buffer_alloc(8192);
    size_t done;
    unsigned closed = grants_closed;
    CHECK_EQ(ash_read(file, buffer, 4096, 0, &done), STATUS_SUCCESS);
    CHECK_EQ(last_prot & ASH_MEM_REGISTERED, 0);
    CHECK_EQ(ash_io_buffer_register(buffer), STATUS_SUCCESS);
    CHECK_EQ(ash_io_buffer_register(buffer), STATUS_SUCCESS);
    CHECK_EQ(grants_closed, closed + 1);
    CHECK_EQ(ash_read(file, buffer, 4096, 0, &done), STATUS_SUCCESS);
    CHECK_EQ(last_prot, ASH_MEM_READ | ASH_MEM_WRITE | ASH_MEM_REGISTERED);
    CHECK_EQ(ash_io_buffer_unregister(buffer), STATUS_SUCCESS);
    CHECK_EQ(grants_closed, closed + 2);
    CHECK_EQ(ash_read(file, buffer, 4096, 0, &done), STATUS_SUCCESS);
    CHECK_EQ(last_prot & ASH_MEM_REGISTERED, 0);
    CHECK_EQ(ash_io_buffer_register(&done), STATUS_INVALID_PARAMETER);
    ash_io_buffer_free(buffer);
}

TEST(what_a_driver_left_open_to_its_device_is_ended)
{
    begin();
    char *buffer = ash_io_buffer_alloc(8192);
    size_t done;
    ended = 0;
    CHECK_EQ(ash_read(file, buffer, 4096, 0, &done), STATUS_SUCCESS);
    CHECK_EQ(ended, 0);
    for (unsigned slot = 0; slot < ASH_LINK_DATA_SLOTS; slot++)
        uses[slot] = 1;
    CHECK_EQ(ash_read(file, buffer, 4096, 0, &done), STATUS_SUCCESS);
    CHECK_EQ(__builtin_popcountll(ended), 1); /* the slot of that request */
    memset(uses, 0, sizeof(uses));
    ash_io_buffer_free(buffer);
}

TEST(many_in_flight)
{
    begin();
    char *buffer = ash_io_buffer_alloc(64 * 4096);
    struct ash_io io[ASH_LINK_DATA_SLOTS + 1];
    unsigned started = 0;
    while (started < ASH_LINK_DATA_SLOTS + 1 &&
           ash_success(ash_read_start(file, buffer + (size_t)started % 64 * 4096, 4096,
                                      4096ull * started, &io[started])))
        started++;
    CHECK(started >= ASH_IO_IN_FLIGHT);
    CHECK_EQ(started, ASH_LINK_DATA_SLOTS);
    CHECK(!ash_io_done(&io[0]));
    for (unsigned i = started; i-- > 0;) {
        CHECK_EQ(ash_io_wait(&io[i]), STATUS_SUCCESS);
        CHECK_EQ(io[i].information, 4096);
    }
    CHECK_MEM(buffer, disk, 64 * 4096);
    CHECK(rings <= 2); /* one doorbell for the batch */
    ash_io_buffer_free(buffer);
}

TEST(held_requests_ring_once)
{
    begin();
    char *buffer = ash_io_buffer_alloc(8 * 4096);
    struct ash_io io[8];
    ash_io_hold(true);
    for (unsigned i = 0; i < 8; i++)
        CHECK_EQ(ash_read_start(file, buffer + i * 4096, 4096, 4096ull * i, &io[i]),
                 STATUS_SUCCESS);
    CHECK_EQ(rings, 0);
    CHECK_EQ(ash_io_wait(&io[7]), STATUS_SUCCESS); /* a wait tells the driver */
    CHECK_EQ(rings, 1);
    CHECK_EQ(ash_read_start(file, buffer, 4096, 0, &io[0]), STATUS_SUCCESS);
    CHECK_EQ(rings, 1);
    ash_io_hold(false);
    CHECK_EQ(rings, 2);
    CHECK_EQ(ash_io_wait(&io[0]), STATUS_SUCCESS);
    CHECK_MEM(buffer, disk, 4096);
    ash_io_buffer_free(buffer);
}

TEST(unregistered_memory_cannot_be_started)
{
    begin();
    char buffer[16];
    struct ash_io io;
    CHECK_EQ(ash_read_start(file, buffer, sizeof(buffer), 0, &io), STATUS_INVALID_PARAMETER);
}

TEST(small_answers_come_inline_and_large_ones_by_grant)
{
    begin();
    char small[100], large[3000], wanted[3000];
    size_t done;
    memset(wanted, 'i', sizeof(wanted));
    CHECK_EQ(ash_query_info(file, 5, small, sizeof(small), &done), STATUS_SUCCESS);
    CHECK_EQ(last.grant, 0);
    CHECK_MEM(small, wanted, sizeof(small));
    CHECK_EQ(ash_query_info(file, 5, large, sizeof(large), &done), STATUS_SUCCESS);
    CHECK(last.grant != 0);
    CHECK_EQ(done, sizeof(large));
    CHECK_MEM(large, wanted, sizeof(large));
    CHECK_EQ(ash_ioctl(file, 0x222000, "abc", 3, small, 8, &done), STATUS_SUCCESS);
    CHECK_MEM(last_inline, "abc", 3);
    CHECK_EQ(last.parameter[1], 3);
    CHECK_EQ(done, 8);
}

TEST(rename_travels_as_documented)
{
    begin();
    CHECK_EQ(ash_file_rename(file, "n\303\244w", true), STATUS_SUCCESS);
    CHECK_EQ(last.parameter[0], 26);
    CHECK_EQ(last.parameter[1], ASH_FILE_RENAME_INFORMATION);
    CHECK_EQ(last_inline[0], 1);
    CHECK_MEM(last_inline + 16, "\6\0\0\0n\0\344\0w\0", 10);
    CHECK_EQ(ash_file_rename(file, "bad\377", true), STATUS_OBJECT_NAME_INVALID);
    CHECK_EQ(ash_file_delete(file), STATUS_SUCCESS);
    CHECK_EQ(last.parameter[1], ASH_FILE_DISPOSITION_INFORMATION);
}

TEST(cancelled_request_ends)
{
    begin();
    char *buffer = ash_io_buffer_alloc(4096);
    struct ash_io io;
    mood = HOLD;
    CHECK_EQ(ash_read_start(file, buffer, 1, 0, &io), STATUS_SUCCESS);
    run_driver();
    CHECK(!ash_io_done(&io));
    CHECK(!ash_io_wait_until(&io, ash_time() + 100));
    ash_io_cancel(&io);
    CHECK_EQ((uint32_t)ash_io_wait(&io), (uint32_t)STATUS_CANCELLED);
    ash_io_buffer_free(buffer);
}

TEST(dead_driver_ends_everything)
{
    begin();
    char *buffer = ash_io_buffer_alloc(8192), data[10];
    struct ash_io io;
    size_t done;
    mood = HOLD;
    CHECK_EQ(ash_read_start(file, buffer, 4096, 0, &io), STATUS_SUCCESS);
    mood = DIE;
    CHECK_EQ((uint32_t)ash_io_wait(&io), (uint32_t)STATUS_DEVICE_REMOVED);
    CHECK_EQ((uint32_t)ash_read(file, data, 10, 0, &done), (uint32_t)STATUS_DEVICE_REMOVED);
    CHECK_EQ((uint32_t)ash_query_info(file, 5, data, 10, &done), (uint32_t)STATUS_DEVICE_REMOVED);
    CHECK_EQ(accusations, 0);
    CHECK_EQ(ash_close(file), STATUS_SUCCESS);
    CHECK_EQ(closes, 1);
    ash_io_buffer_free(buffer);
}

TEST(length_that_was_not_asked_for_is_not_believed)
{
    begin();
    char data[16] = "untouched";
    size_t done;
    mood = LIE_ABOUT_LENGTH;
    CHECK_EQ((uint32_t)ash_read(file, data, 8, 0, &done), (uint32_t)STATUS_DEVICE_PROTOCOL_ERROR);
    CHECK_EQ(done, 0);
    CHECK_STR(data, "untouched");
    CHECK_EQ((uint32_t)ash_query_info(file, 5, data, 8, &done),
             (uint32_t)STATUS_DEVICE_PROTOCOL_ERROR);
}

TEST(second_answer_ends_the_link_and_is_reported_once)
{
    begin();
    char data[8];
    size_t done;
    mood = ANSWER_TWICE;
    (void)ash_read(file, data, 8, 0, &done);
    CHECK_EQ((uint32_t)ash_read(file, data, 8, 0, &done), (uint32_t)STATUS_DEVICE_PROTOCOL_ERROR);
    CHECK_EQ((uint32_t)ash_read(file, data, 8, 0, &done), (uint32_t)STATUS_DEVICE_PROTOCOL_ERROR);
    CHECK_EQ(accusations, 1);
}

TEST(closing_waits_for_what_is_under_way)
{
    begin();
    char *buffer = ash_io_buffer_alloc(4096);
    struct ash_io io;
    CHECK_EQ(ash_read_start(file, buffer, 512, 0, &io), STATUS_SUCCESS);
    CHECK_EQ(ash_close(file), STATUS_SUCCESS);
    CHECK(io.done);
    CHECK_MEM(buffer, disk, 512);
    ash_io_buffer_free(buffer);
}
