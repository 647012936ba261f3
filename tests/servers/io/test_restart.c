// SPDX-License-Identifier: MIT
/* Drivers that are ended because somebody asks for it, and those that die on their way back. */
#include "kit.h"
#include <string.h>

#define READ  0x03
#define IOCTL 0x0e
#define DRAIN 0x86

#define DECLARED 0x222004u /* a control that may be done twice, as the INF has it */

static struct ash_request *request_of(const struct io_link *link, unsigned slot)
{
    return (struct ash_request *)((char *)link->memory.io_request + 4096) + slot;
}

static struct ash_answer *answer_of(const struct io_link *link, unsigned slot)
{
    return (struct ash_answer *)((char *)link->memory.io_answer + 4096) + slot;
}

static void ask(const struct io_link *link, unsigned slot, uint8_t major, bool taken)
{
    request_of(link, slot)->major = major;
    request_of(link, slot)->parameter[2] = 0x220000; /* a control that cannot be done twice */
    atomic_fetch_add(&request_of(link, slot)->sequence, 1);
    if (taken)
        atomic_store(&answer_of(link, slot)->taken, atomic_load(&request_of(link, slot)->sequence));
}

static bool owed(const struct io_link *link, unsigned slot)
{
    struct ash_request request;
    return ash_ledger_owed(&link->ledger, slot, &request);
}

static void pnp(ash_word op, const struct fake_driver *driver, ash_word value, ash_status status)
{
    const struct ash_io_keep_request request = {
        .driver = driver->id, .keep = value, .codes = 1, .code = {DECLARED}};
    CHECK_EQ(fake_call(ASH_TASK_PNP, op, &request, sizeof(request), 0)->status, status);
}

/* A kept driver with one open file; its link. */
static struct io_link *open_kept(const char *name, unsigned number, struct fake_driver *driver)
{
    char path[64] = "\\Device\\";
    begin();
    *driver = fake_driver_start(name);
    fake_device(driver, strcat(path, name), 0x22);
    (void)open_served(client(number), path, driver);
    pnp(ASH_IO_KEEP_DRIVER, driver, 1, STATUS_SUCCESS);
    for (struct io_link *link = io_link_first(); link != nullptr; link = link->next)
        if (link->answerer == driver->task && link->kind == ASH_LINK_FILE)
            return link;
    return nullptr;
}

/* The next task makes its device again. */
static void make_again(const char *name, struct fake_driver *driver)
{
    char path[64] = "\\Device\\";
    *driver = fake_driver_start(name);
    CHECK(fake_device(driver, strcat(path, name), 0x22) != 0);
}

static void resume(struct fake_driver *driver)
{
    uint16_t slot;
    pnp(ASH_IO_RESUME_DRIVER, driver, 0, STATUS_SUCCESS);
    while (fake_take(driver, &slot) != nullptr) /* CREATE, then LINK_ADDED */
        fake_answer_slot(driver, slot, STATUS_SUCCESS, 0);
}

TEST(what_is_owed_survives_a_death_on_the_way_back)
{
    struct fake_driver driver;
    const struct io_link *link = open_kept("again", 2, &driver);
    ask(link, 0, READ, true);
    fake_die(driver.task, ASH_PROC_CRASHED);
    CHECK(owed(link, 0));
    make_again("again", &driver);
    fake_die(driver.task, ASH_PROC_CRASHED);
    CHECK(owed(link, 0));
    make_again("again", &driver);
    resume(&driver);
    CHECK(owed(link, 0));
    CHECK_EQ(link->ended, 0);
    CHECK_EQ(link->answerer, driver.task);
}

TEST(controls_that_the_inf_names_are_done_again)
{
    struct fake_driver driver;
    const struct io_link *link = open_kept("declared", 13, &driver);
    ask(link, 0, IOCTL, true);
    ask(link, 1, IOCTL, true);
    request_of(link, 1)->parameter[2] = DECLARED;
    ask(link, 2, IOCTL, true);
    request_of(link, 2)->parameter[2] = DECLARED | (ash_word)1 << 32;
    fake_die(driver.task, ASH_PROC_CRASHED);
    CHECK(!owed(link, 0));
    CHECK(owed(link, 1));
    CHECK(!owed(link, 2));
    make_again("declared", &driver);
    resume(&driver);
    CHECK(owed(link, 1));
}

TEST(a_driver_is_drained_before_it_ends)
{
    struct fake_driver driver;
    uint16_t slot;
    (void)open_kept("drained", 3, &driver);
    unsigned killed = fake_killed;
    pnp(ASH_IO_DRAIN_DRIVER, &driver, 1000, STATUS_SUCCESS);
    CHECK(fake_serve(&driver, DRAIN, STATUS_SUCCESS, 3));
    CHECK_EQ(fake_killed, killed);
    CHECK(fake_alarm != 0 && fake_alarm <= fake_time + 10);
    fake_time = fake_alarm;
    io_alarm();
    CHECK(fake_serve(&driver, DRAIN, STATUS_SUCCESS, 0));
    CHECK_EQ(fake_killed, killed + 1);
    CHECK_EQ(fake_last_killed, driver.task);
    CHECK(fake_take(&driver, &slot) == nullptr);
}

TEST(one_that_does_not_finish_is_ended_in_time)
{
    struct fake_driver driver;
    (void)open_kept("dawdler", 4, &driver);
    unsigned killed = fake_killed;
    pnp(ASH_IO_DRAIN_DRIVER, &driver, 1000, STATUS_SUCCESS);
    for (unsigned i = 0; i < 400 && fake_killed == killed; i++) {
        (void)fake_serve(&driver, DRAIN, STATUS_SUCCESS, 1);
        fake_time += 5;
        io_alarm();
    }
    CHECK_EQ(fake_last_killed, driver.task);
    struct fake_driver deaf;
    (void)open_kept("unmoved", 5, &deaf); /* does not even answer */
    pnp(ASH_IO_DRAIN_DRIVER, &deaf, 1000, STATUS_SUCCESS);
    fake_time += 1001;
    io_alarm();
    CHECK_EQ(fake_last_killed, deaf.task);
}

TEST(what_was_not_taken_waits_whatever_it_is)
{
    struct fake_driver driver;
    const struct io_link *link = open_kept("waiting", 6, &driver);
    ask(link, 0, IOCTL, true);
    ask(link, 1, IOCTL, false);
    pnp(ASH_IO_DRAIN_DRIVER, &driver, 0, STATUS_SUCCESS);
    CHECK_EQ(fake_last_killed, driver.task);
    fake_die(driver.task, ASH_PROC_EXITED);
    CHECK(!owed(link, 0));
    CHECK_EQ(answer_of(link, 0)->status, STATUS_DRIVER_PROCESS_TERMINATED);
    CHECK(owed(link, 1));
    make_again("waiting", &driver);
    resume(&driver);
    ask(link, 2, IOCTL, false); /* of a death that nobody asked for nothing is believed */
    fake_die(driver.task, ASH_PROC_CRASHED);
    CHECK(!owed(link, 1) && !owed(link, 2));
}

TEST(who_can_be_drained)
{
    struct fake_driver driver;
    (void)open_kept("mine", 7, &driver);
    const struct ash_io_drain_request request = {driver.id, 10}, nobody = {9999, 10};
    CHECK_EQ(fake_call(CLIENT(7), ASH_IO_DRAIN_DRIVER, &request, sizeof(request), 0)->status,
             STATUS_ACCESS_DENIED);
    CHECK_EQ(fake_call(ASH_TASK_PNP, ASH_IO_DRAIN_DRIVER, &nobody, sizeof(nobody), 0)->status,
             STATUS_INVALID_PARAMETER);
    fake_die(driver.task, ASH_PROC_CRASHED);
    pnp(ASH_IO_DRAIN_DRIVER, &driver, 10, STATUS_INVALID_DEVICE_STATE);
}
