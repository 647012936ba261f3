// SPDX-License-Identifier: MIT
/* What drivers leave to their next tasks. */
#include "kit.h"
#include <string.h>

#define BYTES 8192u

static struct fake_answer *ask(ash_word task, ash_word device, ash_word bytes)
{
    const struct ash_io_keep_state_request request = {device, bytes};
    return fake_call(task, ASH_IO_KEEP_STATE, &request, sizeof(request), 0);
}

/* Null: it is not as it should be. */
static unsigned char *given(ash_word task, ash_word device, ash_word bytes, bool inherited)
{
    const struct fake_answer *answer = ask(task, device, bytes);
    if (answer->status != STATUS_SUCCESS ||
        REPLY(ash_io_keep_state_reply, answer).inherited != inherited)
        return nullptr;
    return (unsigned char *)REPLY(ash_io_keep_state_reply, answer).address;
}

static void pnp(ash_word op, const struct fake_driver *driver, ash_word value)
{
    const struct ash_io_keep_request request = {.driver = driver->id, .keep = value};
    CHECK_EQ(fake_call(ASH_TASK_PNP, op, &request, sizeof(request), 0)->status, STATUS_SUCCESS);
}

static struct fake_driver kept(const char *name, ash_word *device)
{
    char path[64] = "\\Device\\";
    struct fake_driver driver = fake_driver_start(name);
    *device = fake_device(&driver, strcat(path, name), 0x22);
    pnp(ASH_IO_KEEP_DRIVER, &driver, 1);
    return driver;
}

static struct fake_driver next_task(const char *name, ash_word device)
{
    char path[64] = "\\Device\\";
    struct fake_driver driver = fake_driver_start(name);
    if (fake_device(&driver, strcat(path, name), 0x22) != device)
        driver.task = 0;
    return driver;
}

TEST(the_next_task_finds_it)
{
    begin();
    ash_word device;
    struct fake_driver driver = kept("leaves", &device);
    unsigned char *state = given(driver.task, device, BYTES, false);
    CHECK_EQ(state[0] | state[BYTES - 1], 0);
    state[0] = 1, state[BYTES - 1] = 2;
    CHECK(given(driver.task, device, BYTES, false) == state); /* asked twice */
    fake_die(driver.task, ASH_PROC_CRASHED);
    driver = next_task("leaves", device);
    state = given(driver.task, device, BYTES, true);
    CHECK_EQ(state[0], 1);
    CHECK_EQ(state[BYTES - 1], 2);
    pnp(ASH_IO_RESUME_DRIVER, &driver, 0);
    fake_die(driver.task, ASH_PROC_CRASHED); /* and the one after that */
    driver = next_task("leaves", device);
    CHECK_EQ(given(driver.task, device, BYTES, true)[0], 1);
}

TEST(a_task_that_dies_of_it_is_the_last)
{
    begin();
    ash_word device;
    struct fake_driver driver = kept("poisoned", &device);
    given(driver.task, device, BYTES, false)[0] = 1;
    fake_die(driver.task, ASH_PROC_CRASHED);
    driver = next_task("poisoned", device);
    CHECK_EQ(given(driver.task, device, BYTES, true)[0], 1);
    fake_die(driver.task, ASH_PROC_CRASHED); /* not resumed yet */
    driver = next_task("poisoned", device);
    fake_die(driver.task, ASH_PROC_CRASHED); /* has not asked for it */
    driver = next_task("poisoned", device);
    CHECK_EQ(given(driver.task, device, BYTES, false)[0], 0);
}

TEST(another_version_begins_anew)
{
    begin();
    ash_word device;
    struct fake_driver driver = kept("updated", &device);
    given(driver.task, device, BYTES, false)[0] = 1;
    fake_die(driver.task, ASH_PROC_CRASHED);
    driver = next_task("updated", device);
    CHECK_EQ(given(driver.task, device, 4096, false)[0], 0);
}

TEST(who_may_have_it)
{
    begin();
    ash_word device, other_device;
    struct fake_driver driver = kept("owner", &device), other = kept("other", &other_device);
    CHECK_EQ(ask(other.task, device, BYTES)->status, STATUS_ACCESS_DENIED);
    CHECK_EQ(ask(client(1), device, BYTES)->status, STATUS_ACCESS_DENIED);
    CHECK_EQ(ask(driver.task, 99999, BYTES)->status, STATUS_NO_SUCH_DEVICE);
    CHECK_EQ(ask(driver.task, device, 0)->status, STATUS_INVALID_PARAMETER);
    CHECK_EQ(ask(driver.task, device, 100)->status, STATUS_INVALID_PARAMETER);
    CHECK_EQ(ask(driver.task, device, ASH_IO_STATE_BYTES + 4096)->status, STATUS_INVALID_PARAMETER);
    fake_die(driver.task, ASH_PROC_CRASHED);
    driver = fake_driver_start("owner");
    CHECK_EQ(ask(driver.task, device, BYTES)->status,
             STATUS_ACCESS_DENIED); /* not made again yet */
}

TEST(it_goes_with_the_device)
{
    begin();
    ash_word device;
    struct fake_driver driver = kept("deletes", &device);
    unsigned links = fake_links;
    (void)given(driver.task, device, BYTES, false);
    CHECK_EQ(fake_links, links + 1);
    CHECK_EQ(device_call(driver.task, ASH_IO_DELETE_DEVICE, device)->status, STATUS_SUCCESS);
    CHECK_EQ(fake_links, links);
}
