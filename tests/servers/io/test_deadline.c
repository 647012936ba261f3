// SPDX-License-Identifier: MIT
/* How long drivers that are started again may owe what can be done twice. */
#include "kit.h"
#include <string.h>

#define LIMIT 1000u
#define READ  0x03
#define FLUSH 0x09
#define IOCTL 0x0e

static struct ash_request *request_of(const struct io_link *link, unsigned slot)
{
    return (struct ash_request *)((char *)link->memory.io_request + 4096) + slot;
}

static struct ash_answer *answer_of(const struct io_link *link, unsigned slot)
{
    return (struct ash_answer *)((char *)link->memory.io_answer + 4096) + slot;
}

/* As a requester does, and an answerer that takes it (or not). What `submitted` says is a lie. */
static void ask(const struct io_link *link, unsigned slot, uint8_t major, bool taken)
{
    struct ash_request *request = request_of(link, slot);
    request->major = major;
    request->submitted = 0;
    atomic_fetch_add(&request->sequence, 1);
    if (taken)
        atomic_store(&answer_of(link, slot)->taken, atomic_load(&request->sequence));
}

static void answer(const struct io_link *link, unsigned slot)
{
    atomic_store(&answer_of(link, slot)->sequence, atomic_load(&request_of(link, slot)->sequence));
}

static void keep(const struct fake_driver *driver, ash_word limit)
{
    const struct ash_io_keep_request request = {.driver = driver->id, .keep = 1, .limit_ms = limit};
    CHECK_EQ(fake_call(ASH_TASK_PNP, ASH_IO_KEEP_DRIVER, &request, sizeof(request), 0)->status,
             STATUS_SUCCESS);
}

static const struct fake_driver *answering[2]; /* of the test, to probes, at once */

/* As the kit's dispatch thread. */
static void answer_probe(const struct fake_driver *driver)
{
    atomic_store(&driver->answers->probed, atomic_load(&driver->requests->probe));
}

/* A link of a client's file to a driver that is kept with that limit. */
static struct io_link *file_link(const char *name, unsigned number, ash_word limit,
                                 struct fake_driver *driver)
{
    char path[64] = "\\Device\\";
    begin();
    *driver = fake_driver_start(name);
    fake_device(driver, strcat(path, name), 0x22);
    answering[answering[0] != nullptr] = driver;
    (void)open_served(client(number), path, driver);
    keep(driver, limit);
    for (struct io_link *link = io_link_first(); link != nullptr; link = link->next)
        if (link->answerer == driver->task && link->kind == ASH_LINK_FILE)
            return link;
    return nullptr;
}

/* Lets time pass as the alarms ask for it. */
static ash_word pass(ash_word milliseconds)
{
    ash_word end = fake_time + milliseconds;
    fake_condemned = 0;
    while (fake_condemned == 0 && fake_alarm != 0 && fake_alarm <= end) {
        fake_time = fake_alarm > fake_time ? fake_alarm : fake_time;
        io_alarm();
        for (unsigned i = 0; i < 2; i++)
            if (answering[i] != nullptr)
                answer_probe(answering[i]);
    }
    if (fake_condemned == 0)
        fake_time = end;
    return fake_condemned;
}

static void owed(void)
{
    CHECK_EQ(fake_call(CLIENT(1), ASH_IO_OWED, nullptr, 0, 0)->status, STATUS_SUCCESS);
}

static void bury(const struct fake_driver *driver)
{
    const struct ash_io_keep_request request = {.driver = driver->id};
    fake_call(ASH_TASK_PNP, ASH_IO_KEEP_DRIVER, &request, sizeof(request), 0);
    fake_die(driver->task, ASH_PROC_EXITED);
    answering[0] = answering[1] = nullptr;
}

TEST(what_is_read_has_a_limit)
{
    struct fake_driver driver;
    const struct io_link *link = file_link("reads", 2, LIMIT, &driver);
    ask(link, 0, READ, true);
    CHECK_EQ(pass(LIMIT / 2), 0);
    ash_word before = fake_time;
    CHECK_EQ(pass(LIMIT), driver.task);
    CHECK(fake_time - before <= LIMIT);
    CHECK_EQ(pass(10 * LIMIT), 0); /* once */
    bury(&driver);
}

TEST(what_cannot_be_done_twice_may_wait)
{
    struct fake_driver driver;
    const struct io_link *link = file_link("waits", 3, LIMIT, &driver);
    request_of(link, 0)->parameter[2] = 0x220000;
    ask(link, 0, IOCTL, true);
    CHECK_EQ(pass(20 * LIMIT), 0);
    bury(&driver);
}

TEST(a_control_that_the_inf_names_has_a_limit_too)
{
    struct fake_driver driver;
    const struct io_link *link = file_link("controls", 22, LIMIT, &driver);
    const struct ash_io_keep_request request = {
        .driver = driver.id, .keep = 1, .limit_ms = LIMIT, .codes = 1, .code = {7}};
    CHECK_EQ(fake_call(ASH_TASK_PNP, ASH_IO_KEEP_DRIVER, &request, sizeof(request), 0)->status,
             STATUS_SUCCESS);
    request_of(link, 0)->parameter[2] = 8;
    ask(link, 0, IOCTL, true);
    CHECK_EQ(pass(5 * LIMIT), 0);
    request_of(link, 1)->parameter[2] = 7;
    ask(link, 1, IOCTL, true);
    owed();
    CHECK_EQ(pass(3 * LIMIT), driver.task);
    bury(&driver);
}

TEST(an_open_has_a_limit_too)
{
    struct fake_driver driver;
    uint16_t slot;
    (void)file_link("opens", 20, LIMIT, &driver);
    struct fake_answer *answer = open_path(client(21), "\\Device\\opens");
    CHECK(fake_serve(&driver, ASH_MJ_LINK_ADDED, STATUS_SUCCESS, 0));
    CHECK(fake_take(&driver, &slot) != nullptr); /* CREATE */
    CHECK_EQ(pass(LIMIT / 2), 0);
    CHECK_EQ(pass(LIMIT), driver.task);
    CHECK_EQ(answer->count, 0);
    fake_die(driver.task, ASH_PROC_CRASHED);
    CHECK_EQ(answer->count, 0); /* it waits for the next task */
    answering[0] = nullptr;
}

TEST(a_flush_may_take_four_times_as_long)
{
    struct fake_driver driver;
    const struct io_link *link = file_link("flushes", 4, LIMIT, &driver);
    ask(link, 0, FLUSH, true);
    CHECK_EQ(pass(3 * LIMIT), 0);
    CHECK_EQ(pass(3 * LIMIT), driver.task);
    bury(&driver);
}

TEST(what_was_not_taken_is_not_owed)
{
    struct fake_driver driver;
    const struct io_link *link = file_link("forged", 5, LIMIT, &driver);
    ask(link, 0, READ, false);
    for (unsigned i = 0; i < 30; i++) { /* the kit is asked, and answers: it takes what there is */
        CHECK_EQ(pass(LIMIT / 2), 0);
        (void)fake_serve(&driver, ASH_MJ_PROBE, STATUS_SUCCESS, 0);
    }
    bury(&driver);
}

TEST(a_driver_that_takes_nothing)
{
    struct fake_driver driver;
    const struct io_link *link = file_link("stuck", 18, LIMIT, &driver);
    ask(link, 0, READ, false);
    CHECK_EQ(pass(LIMIT), 0);
    unsigned deaf = fake_deaf;
    CHECK_EQ(pass(3 * LIMIT), driver.task);
    CHECK_EQ(fake_deaf, deaf + 1);
    uint16_t slot;
    const struct ash_request *request = fake_take(&driver, &slot);
    CHECK(request != nullptr && request->major == ASH_MJ_PROBE);
    bury(&driver);
}

TEST(each_request_has_its_own_time)
{
    struct fake_driver driver;
    const struct io_link *link = file_link("busy", 6, LIMIT, &driver);
    for (unsigned i = 0; i < 20; i++) {
        ask(link, 0, READ, true);
        CHECK_EQ(pass(LIMIT / 2), 0);
        answer(link, 0);
    }
    bury(&driver);
}

TEST(a_machine_that_stood_still_has_used_up_no_time)
{
    struct fake_driver driver;
    const struct io_link *link = file_link("still", 7, LIMIT, &driver);
    ask(link, 0, READ, true);
    CHECK_EQ(pass(LIMIT / 3), 0);
    fake_time += 1000 * LIMIT;
    fake_condemned = 0;
    io_alarm();
    CHECK_EQ(fake_condemned, 0);
    answer(link, 0);
    CHECK_EQ(pass(10 * LIMIT), 0);
    bury(&driver);
}

/* A file's link to the first driver, and one from it to the other, which has no limit. */
struct pair {
    struct fake_driver upper, lower;
    struct io_link *above, *below;
};

static void begin_pair(struct pair *pair, const char *name, unsigned number, const char *below)
{
    pair->above = file_link(name, number, LIMIT, &pair->upper);
    (void)file_link(below, number + 1, 0, &pair->lower);
    CHECK_EQ(io_link_new(ASH_LINK_DEVICE, 0, io_task_find(pair->upper.task),
                         io_task_find(pair->lower.task), &pair->below),
             STATUS_SUCCESS);
}

TEST(who_waits_for_a_driver_below_is_spared)
{
    struct pair of;
    begin_pair(&of, "upper", 8, "lower");
    ask(of.above, 0, READ, true);
    ask(of.below, 0, READ, true);
    CHECK_EQ(pass(5 * LIMIT), 0);
    answer(of.below, 0);
    CHECK_EQ(pass(5 * LIMIT), of.upper.task);
    bury(&of.upper);
    bury(&of.lower);
}

TEST(what_is_sent_down_later_does_not_excuse)
{
    struct pair of;
    begin_pair(&of, "loser", 10, "server");
    ask(of.above, 0, READ, true); /* lost, while others go on */
    ash_word ended = 0;
    for (unsigned i = 0; i < 30 && ended == 0; i++) {
        ask(of.below, 0, READ, true);
        ended = pass(LIMIT / 5);
        answer(of.below, 0);
    }
    CHECK_EQ(ended, of.upper.task);
    bury(&of.upper);
    bury(&of.lower);
}

TEST(idle_means_no_alarm)
{
    struct fake_driver driver;
    const struct io_link *link = file_link("idle", 12, LIMIT, &driver);
    CHECK_EQ(pass(LIMIT), 0);
    CHECK_EQ(fake_alarm, 0);
    CHECK_EQ(atomic_load(&link->ledger.answers->unwatched), 1);
    ask(link, 0, READ, true);
    owed();
    CHECK_EQ(atomic_load(&link->ledger.answers->unwatched), 0);
    CHECK(fake_alarm != 0);
    CHECK_EQ(pass(3 * LIMIT), driver.task);
    bury(&driver);
}

TEST(without_a_limit_nobody_looks)
{
    struct fake_driver driver;
    const struct io_link *link = file_link("free", 13, 0, &driver);
    ask(link, 0, READ, true);
    owed();
    CHECK_EQ(pass(100 * LIMIT), 0);
    CHECK_EQ(fake_alarm, 0);
    bury(&driver);
}

TEST(a_dispatch_thread_that_does_not_come_round)
{
    struct fake_driver driver;
    const struct io_link *link = file_link("deaf", 14, 100 * LIMIT, &driver);
    ask(link, 0, READ, true);
    answering[0] = nullptr;
    unsigned deaf = fake_deaf;
    CHECK_EQ(pass(ASH_IO_PROBE_MS), 0); /* the first */
    CHECK(atomic_load(&driver.requests->probe) != 0);
    CHECK_EQ(pass(ASH_IO_PROBE_MS), 0); /* the second */
    CHECK_EQ(pass(3 * ASH_IO_PROBE_MS), driver.task);
    CHECK_EQ(fake_deaf, deaf + 1);
    bury(&driver);
}

/* A read waits until somebody types: it may be owed for ever, but the driver has to be awake. */
TEST(a_serial_port_that_is_read)
{
    struct fake_driver driver;
    const struct io_link *link = file_link("line", 20, LIMIT, &driver);
    struct io_device *device = io_device_at(0);
    for (unsigned i = 0; device->driver->task_id != driver.task; i++)
        device = io_device_at(i);
    device->info.device_type = IO_FILE_DEVICE_SERIAL_PORT;
    request_of(link, 0)->device = device->id;
    ask(link, 0, READ, true);
    owed();
    CHECK_EQ(pass(100 * LIMIT), 0);
    answering[0] = nullptr;
    unsigned deaf = fake_deaf;
    CHECK_EQ(pass(5 * ASH_IO_PROBE_MS), driver.task);
    CHECK_EQ(fake_deaf, deaf + 1);
    bury(&driver);
}

TEST(one_that_is_verified_is_asked_for_whatever_it_owes)
{
    struct fake_driver driver;
    struct ash_io_verify_request verify = {.name = "checked", .options = "probe=500"};
    begin();
    (void)fake_call(CLIENT(1), ASH_IO_VERIFY, &verify, sizeof(verify), 0);
    const struct io_link *link = file_link("checked", 19, 0, &driver);
    const struct ash_io_keep_request not_kept = {.driver = driver.id};
    (void)fake_call(ASH_TASK_PNP, ASH_IO_KEEP_DRIVER, &not_kept, sizeof(not_kept), 0);
    answering[0] = nullptr;
    unsigned deaf = fake_deaf;
    CHECK_EQ(pass(10 * LIMIT), 0); /* it owes nothing */
    ask(link, 0, IOCTL, true);
    owed();
    CHECK_EQ(pass(10 * LIMIT), driver.task);
    CHECK_EQ(fake_deaf, deaf + 1);
    verify.options[0] = '\0';
    (void)fake_call(CLIENT(1), ASH_IO_VERIFY, &verify, sizeof(verify), 0);
    bury(&driver);
}

TEST(one_that_answers_late_but_answers)
{
    struct fake_driver driver;
    const struct io_link *link = file_link("slow", 15, 100 * LIMIT, &driver);
    ask(link, 0, READ, true);
    answering[0] = nullptr;
    for (unsigned i = 0; i < 10; i++) {
        CHECK_EQ(pass(ASH_IO_PROBE_MS * 3 / 2), 0);
        answer_probe(&driver);
    }
    bury(&driver);
}

TEST(who_owes_nothing_is_not_asked)
{
    struct fake_driver driver;
    const struct io_link *link = file_link("silent", 16, 100 * LIMIT, &driver);
    CHECK_EQ(pass(100 * LIMIT), 0);
    CHECK_EQ(atomic_load(&driver.requests->probe), 0);
    CHECK_EQ(fake_alarm, 0);
    request_of(link, 0)->parameter[2] = 0x220000;
    ask(link, 0, IOCTL, true); /* which may wait */
    owed();
    CHECK_EQ(pass(100 * LIMIT), 0);
    CHECK_EQ(atomic_load(&driver.requests->probe), 0);
    bury(&driver);
}

static ash_word exhausted(const struct fake_driver *driver, ash_word pages)
{
    fake_condemned = 0;
    fake_pages = pages;
    ash_status status = fake_call(driver->task, ASH_IO_EXHAUSTED, nullptr, 0, 0)->status;
    return ash_success(status) ? fake_condemned : ~(ash_word)0;
}

TEST(a_driver_that_has_used_up_its_memory)
{
    struct fake_driver kept, other;
    (void)file_link("leaks", 17, LIMIT, &kept);
    other = fake_driver_start("hoards");
    CHECK_EQ(exhausted(&kept, 900), 0); /* it asked for too much at once */
    CHECK_EQ(exhausted(&other, 1000), 0);
    CHECK_EQ(fake_call(CLIENT(1), ASH_IO_EXHAUSTED, nullptr, 0, 0)->status, STATUS_ACCESS_DENIED);
    CHECK_EQ(exhausted(&kept, 990), kept.task);
    CHECK_EQ(exhausted(&kept, 990), 0); /* once */
    bury(&kept);
}
