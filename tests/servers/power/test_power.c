// SPDX-License-Identifier: MIT
/* The order of a shutdown, and that nothing a driver does stops it. */
#include "ash_test.h"
#include "sequence.h"
#include <stdarg.h>

static char trace[1024];
static ash_status answers[3], flush_status;

[[gnu::format(printf, 1, 2)]] static void note(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    size_t used = strlen(trace);
    vsnprintf(trace + used, sizeof(trace) - used, format, arguments);
    va_end(arguments);
}

static ash_status fake_flush(void)
{
    note("flush ");
    return flush_status;
}

static bool fake_device(ash_word index, struct power_device *device)
{
    static const char *const names[] = {"volume", "disk", "bus"};
    if (index >= 3)
        return false;
    device->device = index;
    snprintf(device->name, sizeof(device->name), "%s", names[index]);
    return true;
}

static ash_status fake_irp(const struct power_device *device, uint8_t minor,
                           const ash_word parameter[4])
{
    note("%s:%s%u ", device->name, minor == POWER_SET ? "set" : "query", (unsigned)parameter[2]);
    return answers[device->device];
}

static void fake_reset(bool reboot, bool failure)
{
    note("reset%d%d ", reboot, failure);
}

static void start(void)
{
    trace[0] = '\0';
    flush_status = STATUS_SUCCESS;
    for (unsigned i = 0; i < 3; i++)
        answers[i] = STATUS_SUCCESS;
}

static void quiet(const char *, ...)
{
}

static const struct power_port port = {fake_flush, fake_device, fake_irp, fake_reset, quiet};
static const struct power_port loud = {fake_flush, fake_device, fake_irp, fake_reset, note};

TEST(volumes_then_queries_then_sets_then_firmware)
{
    start();
    CHECK_EQ(power_down(&port, ASH_POWER_OFF, false), STATUS_NOT_SUPPORTED);
    CHECK_STR(trace, "flush volume:query6 disk:query6 bus:query6 volume:set6 disk:set6 bus:set6 "
                     "reset00 ");
    CHECK_EQ(power_totals.devices, 3);
}

TEST(reboot_says_so)
{
    start();
    (void)power_down(&port, ASH_POWER_REBOOT, true);
    CHECK(strstr(trace, "bus:set5") != nullptr);
    CHECK(strstr(trace, "reset11") != nullptr);
}

TEST(a_driver_that_refuses_or_hangs_is_named_and_skipped)
{
    start();
    answers[0] = STATUS_IO_TIMEOUT;
    answers[1] = STATUS_UNSUCCESSFUL;
    answers[2] = STATUS_NOT_SUPPORTED;
    flush_status = STATUS_IO_TIMEOUT;
    (void)power_down(&loud, ASH_POWER_OFF, false);
    CHECK(strstr(trace, "volume does not answer SET_POWER: skipped") != nullptr);
    CHECK(strstr(trace, "disk answers QUERY_POWER with 0xc0000001") != nullptr);
    CHECK(strstr(trace, "bus answers") == nullptr);
    CHECK(strstr(trace, "not every volume could be flushed") != nullptr);
    CHECK(strstr(trace, "reset00") != nullptr);
}

TEST(an_unknown_action_does_nothing)
{
    start();
    CHECK_EQ(power_down(&port, (enum ash_power_action)7, false), STATUS_INVALID_PARAMETER);
    CHECK_STR(trace, "");
}
