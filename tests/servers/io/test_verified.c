// SPDX-License-Identifier: MIT
/* Options of drivers that are verified, and the time limit of their requests. */
#include "kit.h"

static ash_status set(ash_word task, const char *name, const char *options)
{
    struct ash_io_verify_request request = {};
    strcpy(request.name, name);
    strcpy(request.options, options);
    return fake_call(task, ASH_IO_VERIFY, &request, sizeof(request), 0)->status;
}

static struct fake_answer *listed(ash_word index)
{
    const struct ash_io_index_request request = {index};
    return fake_call(CLIENT(1), ASH_IO_VERIFIED, &request, sizeof(request), 0);
}

TEST(options_are_kept_and_passed_on)
{
    begin();
    CHECK_EQ(set(CLIENT(1), "picky", "special,low"), STATUS_SUCCESS);
    CHECK_EQ(listed(0)->status, STATUS_SUCCESS);
    CHECK_STR(REPLY(ash_io_verify_request, listed(0)).options, "special,low");
    CHECK_EQ(listed(1)->status, STATUS_NO_MORE_ENTRIES);
    (void)fake_driver_start("easy");
    CHECK(fake_verify == nullptr);
    struct fake_driver driver = fake_driver_start("picky");
    CHECK_STR(fake_verify, "special,low");
    CHECK_EQ(set(driver.task, "picky", ""), STATUS_ACCESS_DENIED);
    CHECK_EQ(set(CLIENT(1), "picky", "0x209"), STATUS_SUCCESS);
    CHECK_STR(REPLY(ash_io_verify_request, listed(0)).options, "0x209");
    CHECK_EQ(set(CLIENT(1), "picky", ""), STATUS_SUCCESS);
    CHECK_EQ(listed(0)->status, STATUS_NO_MORE_ENTRIES);
}

TEST(what_cannot_be_an_option)
{
    begin();
    CHECK_EQ(set(CLIENT(1), "", "standard"), STATUS_INVALID_PARAMETER);
    CHECK_EQ(set(CLIENT(1), "a/b", "standard"), STATUS_INVALID_PARAMETER);
    CHECK_EQ(set(CLIENT(1), "a", "with space"), STATUS_INVALID_PARAMETER);
    CHECK_EQ(set(CLIENT(1), "a", ""), STATUS_SUCCESS);
    for (char name[] = "a"; name[0] < 'a' + 16; name[0]++)
        CHECK_EQ(set(CLIENT(1), name, "standard"), STATUS_SUCCESS);
    CHECK_EQ(set(CLIENT(1), "q", "standard"), STATUS_INSUFFICIENT_RESOURCES);
    for (char name[] = "a"; name[0] < 'a' + 16; name[0]++)
        CHECK_EQ(set(CLIENT(1), name, ""), STATUS_SUCCESS);
}

TEST(options_from_the_command_line)
{
    begin();
    io_verify_take("one standard;two low,fail=3;;bad name here;three");
    CHECK_STR(io_verify_options("one"), "standard");
    CHECK_STR(io_verify_options("two"), "low,fail=3");
    CHECK(io_verify_options("bad") == nullptr);
    CHECK(io_verify_options("three") == nullptr);
    CHECK(io_verify_options("") == nullptr);
    CHECK_EQ(set(CLIENT(1), "one", ""), STATUS_SUCCESS);
    CHECK_EQ(set(CLIENT(1), "two", ""), STATUS_SUCCESS);
}

TEST(a_request_past_its_deadline_ends_the_driver)
{
    begin();
    CHECK_EQ(set(CLIENT(1), "late", "io,deadline=500"), STATUS_SUCCESS);
    struct fake_driver driver = fake_driver_start("late");
    fake_device(&driver, "\\Device\\Late", 0x22);
    struct fake_answer *answer = open_path(client(1), "\\Device\\Late");
    CHECK(fake_serve(&driver, ASH_MJ_LINK_ADDED, STATUS_SUCCESS, 0));
    uint16_t slot;
    CHECK(fake_take(&driver, &slot) != nullptr);
    CHECK(fake_alarm != 0 && fake_alarm <= fake_time + 251);
    fake_condemned = 0;
    fake_time += 400;
    io_alarm();
    CHECK_EQ(fake_condemned, 0);
    fake_time += 400;
    io_alarm();
    CHECK_EQ(fake_condemned, driver.task);
    fake_condemned = 0;
    fake_time += 400;
    io_alarm();
    CHECK_EQ(fake_condemned, 0); /* once */
    (void)answer;
    CHECK_EQ(set(CLIENT(1), "late", ""), STATUS_SUCCESS);
}

TEST(a_driver_without_a_deadline_may_wait)
{
    begin();
    struct fake_driver driver = fake_driver_start("patient");
    fake_device(&driver, "\\Device\\Patient", 0x22);
    (void)open_path(client(1), "\\Device\\Patient");
    CHECK(fake_serve(&driver, ASH_MJ_LINK_ADDED, STATUS_SUCCESS, 0));
    uint16_t slot;
    CHECK(fake_take(&driver, &slot) != nullptr);
    fake_condemned = 0;
    fake_time += 10000;
    io_alarm();
    CHECK_EQ(fake_condemned, 0);
}
