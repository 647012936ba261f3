// SPDX-License-Identifier: MIT
// The whole 16550 driver on the fake kit: controls, a hostile chip, power, removal, properties.
#include "ash_test.h"

#include "chip.h"
#include "harness.h"
#include "port.h"

// ---- errors, purging, settings ----

TEST(receive_overflow_is_counted)
{
    port_set_up();
    static char text[5001];
    memset(text, 'x', 5000);
    port_type(text);
    SERIAL_STATUS status;
    SERIALPERF_STATS stats;
    CHECK_EQ(kit_control(pdo, IOCTL_SERIAL_GET_COMMSTATUS, &status, 0, sizeof status, NULL),
             STATUS_SUCCESS);
    CHECK_EQ(status.AmountInInQueue, 4096);
    CHECK_EQ(status.Errors, SERIAL_ERROR_QUEUEOVERRUN);
    CHECK_EQ(kit_control(pdo, IOCTL_SERIAL_GET_COMMSTATUS, &status, 0, sizeof status, NULL),
             STATUS_SUCCESS);
    CHECK_EQ(status.Errors, 0);
    CHECK_EQ(kit_control(pdo, IOCTL_SERIAL_GET_STATS, &stats, 0, sizeof stats, NULL),
             STATUS_SUCCESS);
    CHECK_EQ(stats.ReceivedCount, 4096);
    CHECK_EQ(stats.BufferOverrunErrorCount, 904);
}

TEST(line_errors_are_told)
{
    port_set_up();
    chip.line_errors = LSR_OVERRUN | LSR_FRAMING | LSR_PARITY;
    port_type("a");
    SERIAL_STATUS status;
    CHECK_EQ(kit_control(pdo, IOCTL_SERIAL_GET_COMMSTATUS, &status, 0, sizeof status, NULL),
             STATUS_SUCCESS);
    CHECK_EQ(status.Errors, SERIAL_ERROR_OVERRUN | SERIAL_ERROR_FRAMING | SERIAL_ERROR_PARITY);
    CHECK_EQ(status.AmountInInQueue, 1);
}

TEST(purge)
{
    port_set_up();
    ULONG mask = SERIAL_PURGE_RXABORT | SERIAL_PURGE_RXCLEAR;
    struct transfer *r = port_read(0, 10);
    CHECK_EQ(kit_control(pdo, IOCTL_SERIAL_PURGE, &mask, sizeof mask, 0, NULL), STATUS_SUCCESS);
    DONE(r, STATUS_CANCELLED, 0);
    port_type("old");
    CHECK_EQ(kit_control(pdo, IOCTL_SERIAL_PURGE, &mask, sizeof mask, 0, NULL), STATUS_SUCCESS);
    port_type("new");
    r = port_read(0, 10);
    DONE(r, STATUS_SUCCESS, 3);
    CHECK_MEM(r->buffer, "new", 3);
    mask = 0x10;
    CHECK_EQ(kit_control(pdo, IOCTL_SERIAL_PURGE, &mask, sizeof mask, 0, NULL),
             STATUS_INVALID_PARAMETER);
    mask = 0;
    CHECK_EQ(kit_control(pdo, IOCTL_SERIAL_PURGE, &mask, sizeof mask, 0, NULL),
             STATUS_INVALID_PARAMETER);
}

TEST(purge_of_the_transmitter_makes_room)
{
    port_set_up();
    static char text[5001];
    memset(text, 'x', 5000);
    chip.hold = true;
    struct transfer *w = port_write(0, text);
    ULONG mask = SERIAL_PURGE_TXCLEAR;
    CHECK_EQ(kit_control(pdo, IOCTL_SERIAL_PURGE, &mask, sizeof mask, 0, NULL), STATUS_SUCCESS);
    DONE(w, STATUS_SUCCESS, 5000);
}

TEST(baud_rates)
{
    port_set_up();
    SERIAL_BAUD_RATE baud = {115200};
    CHECK_EQ(kit_control(pdo, IOCTL_SERIAL_SET_BAUD_RATE, &baud, sizeof baud, 0, NULL),
             STATUS_SUCCESS);
    CHECK_EQ(chip.dll, 2);
    baud.BaudRate = 300;
    CHECK_EQ(kit_control(pdo, IOCTL_SERIAL_SET_BAUD_RATE, &baud, sizeof baud, 0, NULL),
             STATUS_SUCCESS);
    CHECK_EQ(chip.dll | chip.dlm << 8, 768);
    CHECK_EQ(chip.lcr, LCR_BITS_8);
    CHECK_EQ(kit_control(pdo, IOCTL_SERIAL_GET_BAUD_RATE, &baud, 0, sizeof baud, NULL),
             STATUS_SUCCESS);
    CHECK_EQ(baud.BaudRate, 300);
    static const ULONG bad[] = {0, 1, 921600, 160000, MAXULONG};
    for (unsigned i = 0; i < ARRAYSIZE(bad); i++) {
        baud.BaudRate = bad[i];
        CHECK_EQ(kit_control(pdo, IOCTL_SERIAL_SET_BAUD_RATE, &baud, sizeof baud, 0, NULL),
                 STATUS_INVALID_PARAMETER);
    }
}

TEST(line_control)
{
    port_set_up();
    SERIAL_LINE_CONTROL line = {STOP_BITS_2, EVEN_PARITY, 7};
    SERIAL_LINE_CONTROL back;
    CHECK_EQ(kit_control(pdo, IOCTL_SERIAL_SET_LINE_CONTROL, &line, sizeof line, 0, NULL),
             STATUS_SUCCESS);
    CHECK_EQ(chip.lcr, 0x1e);
    CHECK_EQ(kit_control(pdo, IOCTL_SERIAL_GET_LINE_CONTROL, &back, 0, sizeof back, NULL),
             STATUS_SUCCESS);
    CHECK_MEM(&back, &line, sizeof back);
    static const SERIAL_LINE_CONTROL bad[] = {{0, 0, 4}, {0, 0, 9}, {0, 5, 8},
                                              {3, 0, 8}, {1, 0, 8}, {2, 0, 5}};
    for (unsigned i = 0; i < ARRAYSIZE(bad); i++) {
        line = bad[i];
        CHECK_EQ(kit_control(pdo, IOCTL_SERIAL_SET_LINE_CONTROL, &line, sizeof line, 0, NULL),
                 STATUS_INVALID_PARAMETER);
    }
}

TEST(modem_lines_and_break)
{
    port_set_up();
    CHECK_EQ(kit_control(pdo, IOCTL_SERIAL_CLR_DTR, NULL, 0, 0, NULL), STATUS_SUCCESS);
    CHECK_EQ(chip.mcr, MCR_RTS | MCR_OUT2);
    CHECK_EQ(kit_control(pdo, IOCTL_SERIAL_SET_DTR, NULL, 0, 0, NULL), STATUS_SUCCESS);
    CHECK_EQ(kit_control(pdo, IOCTL_SERIAL_SET_BREAK_ON, NULL, 0, 0, NULL), STATUS_SUCCESS);
    CHECK_EQ(chip.lcr, LCR_BITS_8 | LCR_BREAK);
    CHECK_EQ(kit_control(pdo, IOCTL_SERIAL_SET_BREAK_OFF, NULL, 0, 0, NULL), STATUS_SUCCESS);
    CHECK_EQ(chip.lcr, LCR_BITS_8);
    CHECK_EQ(kit_control(pdo, IOCTL_SERIAL_WAIT_ON_MASK, NULL, 0, 0, NULL),
             STATUS_INVALID_DEVICE_REQUEST);
}

// ---- a chip that misbehaves ----

TEST(hostile_chip_is_bounded)
{
    port_set_up();
    chip.hostile = true;
    chip.reads = 0;
    CHECK(kit_interrupt());
    CHECK(chip.reads < 20000);
    struct transfer *r = port_read(0, 10);
    DONE(r, STATUS_SUCCESS, 10);
    chip.reads = 0;
    struct kit_request *power;
    PIO_STACK_LOCATION location;
    power = kit_irp(pdo, IRP_MJ_POWER, IRP_MN_SET_POWER, &location);
    location->Parameters.Power.Type = SystemPowerState;
    location->Parameters.Power.State.SystemState = PowerSystemShutdown;
    (void)port_write(1, "never sent");
    CHECK_EQ(kit_send(pdo, power), STATUS_SUCCESS); // gives up after a second
}

TEST(interrupt_of_somebody_else)
{
    port_set_up();
    CHECK(!kit_interrupt());
}

// ---- power and removal ----

TEST(shutdown_drains)
{
    port_set_up();
    static char text[3001];
    memset(text, 'y', 3000);
    (void)port_write(0, text);
    PIO_STACK_LOCATION location;
    struct kit_request *power = kit_irp(pdo, IRP_MJ_POWER, IRP_MN_SET_POWER, &location);
    location->Parameters.Power.Type = SystemPowerState;
    location->Parameters.Power.State.SystemState = PowerSystemShutdown;
    CHECK_EQ(kit_send(pdo, power), STATUS_SUCCESS);
    CHECK_EQ(chip.out_count, 3000);
    CHECK_EQ(last_major, IRP_MJ_POWER);
}

static void set_system_state(SYSTEM_POWER_STATE state)
{
    PIO_STACK_LOCATION location;
    struct kit_request *power = kit_irp(pdo, IRP_MJ_POWER, IRP_MN_SET_POWER, &location);
    location->Parameters.Power.Type = SystemPowerState;
    location->Parameters.Power.State.SystemState = state;
    CHECK_EQ(kit_send(pdo, power), STATUS_SUCCESS);
}

TEST(a_character_wakes_the_system_once_and_is_kept)
{
    port_set_up();
    unsigned before = kit_power_requests;
    set_system_state(PowerSystemSleeping3);
    CHECK_EQ(kit_power_requests, before + 1);
    CHECK_EQ(kit_power_minor, IRP_MN_WAIT_WAKE);
    CHECK_EQ(kit_power_state.SystemState, PowerSystemSleeping3);
    CHECK_EQ(last_major, IRP_MJ_POWER);
    port_type("ab");
    CHECK_EQ(last_major, IRP_MJ_INTERNAL_DEVICE_CONTROL);
    last_major = 0;
    port_type("c");
    CHECK_EQ(last_major, 0); // awake already
    kit_power_done(STATUS_SUCCESS);
    set_system_state(PowerSystemWorking);
    struct transfer *r = port_read(0, 3);
    DONE(r, STATUS_SUCCESS, 3);
    CHECK_MEM(r->buffer, "abc", 3);
}

TEST(a_wait_that_was_not_needed_is_kept_for_the_next_sleep)
{
    port_set_up();
    unsigned before = kit_power_requests;
    set_system_state(PowerSystemSleeping1);
    set_system_state(PowerSystemWorking); // woken by the timer
    last_major = 0;
    port_type("x");
    CHECK_EQ(last_major, 0);
    set_system_state(PowerSystemSleeping1);
    CHECK_EQ(kit_power_requests, before + 1);
    kit_power_done(STATUS_CANCELLED);
    set_system_state(PowerSystemWorking);
    set_system_state(PowerSystemSleeping1);
    CHECK_EQ(kit_power_requests, before + 2);
}

TEST(remove_ends_everything)
{
    port_set_up();
    chip.hold = true;
    static char text[5001];
    memset(text, 'x', 5000);
    struct transfer *r = port_read(0, 10);
    struct transfer *w = port_write(1, text);
    CHECK_EQ(kit_pnp(pdo, IRP_MN_REMOVE_DEVICE), STATUS_SUCCESS);
    CHECK(r->request->done && w->request->done);
    CHECK_EQ(r->request->status, STATUS_DELETE_PENDING);
    CHECK_EQ(kit_mappings, 0);
    CHECK(!kit_interrupt_connected());
    CHECK_EQ(chip.ier, 0);
    CHECK(kit_find("\\Device\\Serial0") == NULL);
    CHECK(!kit_link_exists("\\DosDevices\\COM1"));
}

TEST(surprise_removal_does_not_touch_the_chip)
{
    port_set_up();
    struct transfer *r = port_read(0, 10);
    chip.reads = 0;
    CHECK_EQ(kit_pnp(pdo, IRP_MN_SURPRISE_REMOVAL), STATUS_SUCCESS);
    CHECK_EQ(chip.reads, 0);
    CHECK_EQ(r->request->status, STATUS_DELETE_PENDING);
    struct transfer *late = port_read(1, 10);
    CHECK(late->request->done && !NT_SUCCESS(late->request->status));
    SERIAL_STATUS status;
    CHECK_EQ(kit_control(pdo, IOCTL_SERIAL_GET_COMMSTATUS, &status, 0, sizeof status, NULL),
             STATUS_DEVICE_NOT_READY);
    CHECK_EQ(kit_pnp(pdo, IRP_MN_REMOVE_DEVICE), STATUS_SUCCESS);
}

TEST(stop_is_refused_as_a_query)
{
    port_set_up();
    CHECK_EQ(kit_pnp(pdo, IRP_MN_QUERY_STOP_DEVICE), STATUS_UNSUCCESSFUL);
    CHECK_EQ(kit_pnp(pdo, IRP_MN_STOP_DEVICE), STATUS_SUCCESS);
    CHECK_EQ(port_start(), STATUS_SUCCESS);
    port_type("again");
    struct transfer *r = port_read(0, 10);
    DONE(r, STATUS_SUCCESS, 5);
}

// ---- the property block ----

TEST(property_block_is_not_trusted)
{
    ULONG value = 77;
    port_add();
    property_bytes = 4;
    port_add_property("reg-shift", 2);
    port_add_property("clock-frequency", 1843200);
    for (ULONG bytes = 0; bytes < property_bytes; bytes++) {
        UCHAR *copy = malloc(bytes + 1);
        memcpy(copy, properties, bytes);
        BOOLEAN found = SerialFindCell(copy, bytes, "clock-frequency", &value);
        free(copy);
        CHECK(!found);
    }
    CHECK(SerialFindCell(properties, property_bytes, "clock-frequency", &value));
    CHECK_EQ(value, 1843200);
    CHECK(!SerialFindCell(properties, property_bytes, "reg", &value));
    for (ULONG i = 4; i < property_bytes; i++) {
        UCHAR *copy = malloc(property_bytes);
        memcpy(copy, properties, property_bytes);
        copy[i] = 0xff;
        (void)SerialFindCell(copy, property_bytes, "clock-frequency", &value);
        free(copy);
    }
}
