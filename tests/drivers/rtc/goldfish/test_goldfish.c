// SPDX-License-Identifier: MIT
// The whole goldfish clock driver on the fake kit, with a simulated clock.
#include "ash_test.h"

#include <drivers/rtc.h>

#include "../../kit/fake_kit.h"
#include "rtc.h"

DRIVER_INITIALIZE DriverEntry;

static PDEVICE_OBJECT pdo;
static ULONGLONG nanoseconds;
static ULONG latched_high;
static ULONG irq_enabled;

// Reading the low half latches the high one, and time goes on between the two.
ULONG RtcRead(PUCHAR base, ULONG offset)
{
    (void)base;
    if (offset == RTC_TIME_LOW) {
        ULONG low = (ULONG)nanoseconds;
        latched_high = (ULONG)(nanoseconds >> 32);
        nanoseconds += 1000;
        return low;
    }
    if (offset != RTC_TIME_HIGH) {
        kit_fail("read of register 0x%x", offset);
    }
    return latched_high;
}

VOID RtcWrite(PUCHAR base, ULONG offset, ULONG value)
{
    (void)base;
    if (offset == RTC_TIME_HIGH) {
        nanoseconds = (nanoseconds & 0xffffffffu) | (ULONGLONG)value << 32;
    } else if (offset == RTC_TIME_LOW) {
        nanoseconds = (nanoseconds & ~0xffffffffull) | value;
    } else if (offset == RTC_IRQ_ENABLED) {
        irq_enabled = value;
    } else if (offset != RTC_CLEAR_ALARM && offset != RTC_CLEAR_INTERRUPT) {
        kit_fail("write to register 0x%x", offset);
    }
}

static NTSTATUS bus_dispatch(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    return kit_complete(irp, STATUS_SUCCESS, irp->IoStatus.Information);
}

static void add(void)
{
    kit_reset();
    PDRIVER_OBJECT driver = kit_load(DriverEntry);
    pdo = kit_make_pdo(bus_dispatch, 0);
    irq_enabled = 1;
    if (!NT_SUCCESS(driver->DriverExtension->AddDevice(driver, pdo))) {
        kit_fail("AddDevice failed");
    }
}

static void set_up(void)
{
    add();
    if (kit_start(pdo, 0x101000, 0x1000, 11) != STATUS_SUCCESS) {
        kit_fail("START failed");
    }
}

static NTSTATUS get(LONGLONG *time)
{
    return kit_control(pdo, IOCTL_RTC_GET_TIME, time, 0, sizeof *time, NULL);
}

static NTSTATUS set(LONGLONG time)
{
    return kit_control(pdo, IOCTL_RTC_SET_TIME, &time, sizeof time, 0, NULL);
}

TEST(start_names_the_device_and_silences_the_alarm)
{
    set_up();
    CHECK(kit_find(RTC_DEVICE_NAME) != NULL);
    CHECK_EQ(irq_enabled, 0);
}

TEST(reads_the_time)
{
    LONGLONG time;
    set_up();
    nanoseconds = 0;
    CHECK_EQ(get(&time), STATUS_SUCCESS);
    CHECK_EQ(time, RTC_UNIX_EPOCH);
    nanoseconds = 1795305600ull * 1000000000; // 2026-11-22 00:00:00 UTC
    CHECK_EQ(get(&time), STATUS_SUCCESS);
    CHECK_EQ(time, 134397792000000000ll);
}

TEST(the_halves_belong_together)
{
    LONGLONG time;
    set_up();
    nanoseconds = 0x5ffffffff; // the low half overflows between the two reads
    CHECK_EQ(get(&time), STATUS_SUCCESS);
    CHECK_EQ(time, RTC_UNIX_EPOCH + (LONGLONG)(0x5ffffffffull / 100));
}

TEST(sets_the_time)
{
    LONGLONG time;
    set_up();
    CHECK_EQ(set(RTC_UNIX_EPOCH + 123456789012), STATUS_SUCCESS);
    CHECK_EQ(nanoseconds, 12345678901200);
    CHECK_EQ(get(&time), STATUS_SUCCESS);
    CHECK_EQ(time, RTC_UNIX_EPOCH + 123456789012);
}

TEST(times_that_the_clock_cannot_hold)
{
    set_up();
    nanoseconds = 7;
    CHECK_EQ(set(RTC_UNIX_EPOCH - 1), STATUS_INVALID_PARAMETER);
    CHECK_EQ(set(-1), STATUS_INVALID_PARAMETER);
    CHECK_EQ(set(INT64_MIN), STATUS_INVALID_PARAMETER);
    CHECK_EQ(set(INT64_MAX), STATUS_INVALID_PARAMETER);
    CHECK_EQ(nanoseconds, 7);
    CHECK_EQ(set(RTC_UNIX_EPOCH + (LONGLONG)(UINT64_MAX / 100)), STATUS_SUCCESS);
}

TEST(lengths_and_codes)
{
    LONGLONG time = 0;
    set_up();
    CHECK_EQ(kit_control(pdo, IOCTL_RTC_GET_TIME, &time, 0, 7, NULL), STATUS_BUFFER_TOO_SMALL);
    CHECK_EQ(kit_control(pdo, IOCTL_RTC_SET_TIME, &time, 7, 0, NULL), STATUS_BUFFER_TOO_SMALL);
    CHECK_EQ(kit_control(pdo, 0x1234, &time, 8, 8, NULL), STATUS_INVALID_DEVICE_REQUEST);
}

TEST(resources_are_needed)
{
    LONGLONG time;
    add();
    CHECK_EQ(get(&time), STATUS_DEVICE_NOT_READY);
    CHECK_EQ(kit_start(pdo, 0x101000, 0x10, 11), STATUS_DEVICE_CONFIGURATION_ERROR);
    add();
    kit_fail_mapping = true;
    CHECK_EQ(kit_start(pdo, 0x101000, 0x1000, 11), STATUS_INSUFFICIENT_RESOURCES);
}

TEST(stop_and_removal)
{
    LONGLONG time;
    set_up();
    CHECK_EQ(kit_pnp(pdo, IRP_MN_QUERY_STOP_DEVICE), STATUS_SUCCESS);
    CHECK_EQ(kit_pnp(pdo, IRP_MN_STOP_DEVICE), STATUS_SUCCESS);
    CHECK_EQ(get(&time), STATUS_DEVICE_NOT_READY);
    CHECK_EQ(kit_start(pdo, 0x101000, 0x1000, 11), STATUS_SUCCESS);
    CHECK_EQ(get(&time), STATUS_SUCCESS);
    CHECK_EQ(kit_pnp(pdo, IRP_MN_SURPRISE_REMOVAL), STATUS_SUCCESS);
    CHECK_EQ(kit_mappings, 0);
    CHECK_EQ(kit_pnp(pdo, IRP_MN_REMOVE_DEVICE), STATUS_SUCCESS);
    CHECK(kit_find(RTC_DEVICE_NAME) == NULL);
}
