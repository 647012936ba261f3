// SPDX-License-Identifier: MIT
// The whole 16550 driver on the fake kit: starting, reading, time-outs, writing.
#include "ash_test.h"

#include "chip.h"
#include "harness.h"
#include "port.h"

// ---- starting ----

TEST(names_and_link)
{
    port_set_up();
    CHECK(kit_find("\\Device\\Serial0") != NULL);
    CHECK(kit_link_exists("\\DosDevices\\COM1"));
    PDEVICE_OBJECT port = kit_find("\\Device\\Serial0");
    CHECK_EQ(port->DeviceType, FILE_DEVICE_SERIAL_PORT);
    CHECK_EQ(port->Flags & (DO_BUFFERED_IO | DO_DEVICE_INITIALIZING), DO_BUFFERED_IO);
    CHECK_EQ(chip.lcr, LCR_BITS_8);
    CHECK_EQ(chip.ier, IER_RECEIVE | IER_LINE);
    CHECK_EQ(chip.mcr, MCR_DTR | MCR_RTS | MCR_OUT2);
    CHECK_EQ(chip.fcr & (FCR_ENABLE | FCR_CLEAR_RECEIVE | FCR_CLEAR_TRANSMIT), FCR_ENABLE);
    CHECK_EQ(chip.dll, 2); // the firmware's rate stays
}

TEST(start_without_properties_has_defaults)
{
    port_add();
    property_bytes = 0;
    CHECK_EQ(port_start(), STATUS_SUCCESS);
    SERIAL_BAUD_RATE baud = {9600};
    CHECK_EQ(kit_control(pdo, IOCTL_SERIAL_SET_BAUD_RATE, &baud, sizeof baud, 0, NULL),
             STATUS_NOT_SUPPORTED);
}

TEST(current_speed_is_programmed)
{
    port_add();
    for (unsigned i = 0; i < 20; i++) {
        port_add_property("something-long-enough", i); // so that the block takes several requests
    }
    port_add_property("current-speed", 9600);
    CHECK_EQ(port_start(), STATUS_SUCCESS);
    CHECK_EQ(chip.dll, 24);
}

TEST(start_needs_its_resources)
{
    port_add();
    CHECK_EQ(kit_start(pdo, 0x10000000, 7, 10), STATUS_DEVICE_CONFIGURATION_ERROR);
    port_add();
    port_add_property("reg-shift", 2);
    CHECK_EQ(kit_start(pdo, 0x10000000, 31, 10), STATUS_DEVICE_CONFIGURATION_ERROR);
    port_add();
    kit_fail_mapping = true;
    CHECK_EQ(port_start(), STATUS_INSUFFICIENT_RESOURCES);
    port_add();
    kit_fail_interrupt = true;
    CHECK_EQ(port_start(), STATUS_INSUFFICIENT_RESOURCES);
    CHECK_EQ(kit_mappings, 0);
    CHECK(!kit_link_exists("\\DosDevices\\COM1"));
}

TEST(requests_before_start)
{
    port_add();
    struct transfer *r = port_read(0, 4);
    DONE(r, STATUS_DEVICE_NOT_READY, 0);
    SERIAL_STATUS status;
    CHECK_EQ(kit_control(pdo, IOCTL_SERIAL_GET_COMMSTATUS, &status, 0, sizeof status, NULL),
             STATUS_DEVICE_NOT_READY);
}

// ---- reading ----

TEST(read_takes_what_is_there)
{
    port_set_up();
    port_type("hello");
    struct transfer *r = port_read(0, 100);
    DONE(r, STATUS_SUCCESS, 5);
    CHECK_MEM(r->buffer, "hello", 5);
}

TEST(read_waits_for_the_first_byte)
{
    port_set_up();
    struct transfer *r = port_read(0, 100);
    CHECK(!r->request->done);
    port_type("k");
    DONE(r, STATUS_SUCCESS, 1);
    CHECK_EQ(r->buffer[0], 'k');
}

TEST(reads_are_served_in_order)
{
    port_set_up();
    struct transfer *first = port_read(0, 2);
    struct transfer *second = port_read(1, 2);
    port_type("abc");
    DONE(first, STATUS_SUCCESS, 2);
    DONE(second, STATUS_SUCCESS, 1);
    CHECK_MEM(first->buffer, "ab", 2);
    CHECK_EQ(second->buffer[0], 'c');
}

TEST(zero_length_requests)
{
    port_set_up();
    struct transfer *r = port_read(0, 0);
    DONE(r, STATUS_SUCCESS, 0);
    struct transfer *w = port_write(1, "");
    DONE(w, STATUS_SUCCESS, 0);
}

TEST(pending_read_is_cancelled)
{
    port_set_up();
    struct transfer *r = port_read(0, 10);
    kit_cancel(r->request);
    DONE(r, STATUS_CANCELLED, 0);
    port_type("x");
    struct transfer *next = port_read(1, 10);
    DONE(next, STATUS_SUCCESS, 1);
}

TEST(cancelling_the_first_lets_the_second_go_on)
{
    port_set_up();
    port_set_timeouts(0, 0, 0);
    struct transfer *first = port_read(0, 10);
    struct transfer *second = port_read(1, 2);
    port_type("ab");
    CHECK(!first->request->done);
    kit_cancel(first->request);
    DONE(first, STATUS_CANCELLED, 2);
    port_type("cd");
    DONE(second, STATUS_SUCCESS, 2);
    CHECK_MEM(second->buffer, "cd", 2);
}

TEST(cleanup_cancels_its_own_file)
{
    port_set_up();
    struct transfer *mine = port_read(0, 10);
    struct transfer *other = port_read(1, 10);
    PIO_STACK_LOCATION location;
    struct kit_request *cleanup = kit_irp(pdo, IRP_MJ_CLEANUP, 0, &location);
    location->FileObject = (PFILE_OBJECT)(ULONG_PTR)0x1000;
    CHECK_EQ(kit_send(pdo, cleanup), STATUS_SUCCESS);
    DONE(mine, STATUS_CANCELLED, 0);
    CHECK(!other->request->done);
    port_type("z");
    DONE(other, STATUS_SUCCESS, 1);
}

// ---- time-outs of reads ----

TEST(read_returns_at_once)
{
    port_set_up();
    port_set_timeouts(MAXULONG, 0, 0);
    struct transfer *r = port_read(0, 10);
    DONE(r, STATUS_SUCCESS, 0);
    port_type("ab");
    r = port_read(0, 10);
    DONE(r, STATUS_SUCCESS, 2);
}

TEST(read_first_byte_times_out)
{
    port_set_up();
    port_set_timeouts(MAXULONG, MAXULONG, 50);
    struct transfer *r = port_read(0, 10);
    kit_advance(49);
    CHECK(!r->request->done);
    kit_advance(1);
    DONE(r, STATUS_TIMEOUT, 0);
}

TEST(read_total_timeout)
{
    port_set_up();
    port_set_timeouts(0, 10, 5); // 10 ms a byte and 5
    struct transfer *r = port_read(0, 4);
    port_type("ab");
    kit_advance(44);
    CHECK(!r->request->done);
    kit_advance(1);
    DONE(r, STATUS_TIMEOUT, 2);
}

TEST(read_without_timeout_waits_for_all)
{
    port_set_up();
    port_set_timeouts(0, 0, 0);
    struct transfer *r = port_read(0, 4);
    port_type("abc");
    kit_advance(1000000);
    CHECK(!r->request->done);
    port_type("d");
    DONE(r, STATUS_SUCCESS, 4);
    CHECK_MEM(r->buffer, "abcd", 4);
}

TEST(read_interval_timeout)
{
    port_set_up();
    port_set_timeouts(20, 0, 0);
    struct transfer *r = port_read(0, 10);
    kit_advance(1000); // does not count before the first byte
    CHECK(!r->request->done);
    port_type("a");
    kit_advance(19);
    port_type("b");
    kit_advance(19);
    CHECK(!r->request->done);
    kit_advance(1);
    DONE(r, STATUS_TIMEOUT, 2);
}

TEST(time_counts_from_when_a_read_is_active)
{
    port_set_up();
    port_set_timeouts(0, 0, 100);
    struct transfer *first = port_read(0, 4);
    struct transfer *second = port_read(1, 4);
    kit_advance(100);
    DONE(first, STATUS_TIMEOUT, 0);
    CHECK(!second->request->done);
    kit_advance(100);
    DONE(second, STATUS_TIMEOUT, 0);
}

TEST(timeouts_are_kept_and_checked)
{
    port_set_up();
    SERIAL_TIMEOUTS timeouts = {1, 2, 3, 4, 5};
    SERIAL_TIMEOUTS back;
    CHECK_EQ(kit_control(pdo, IOCTL_SERIAL_SET_TIMEOUTS, &timeouts, sizeof timeouts, 0, NULL),
             STATUS_SUCCESS);
    CHECK_EQ(kit_control(pdo, IOCTL_SERIAL_GET_TIMEOUTS, &back, 0, sizeof back, NULL),
             STATUS_SUCCESS);
    CHECK_MEM(&back, &timeouts, sizeof back);
    timeouts.ReadIntervalTimeout = timeouts.ReadTotalTimeoutConstant = MAXULONG;
    CHECK_EQ(kit_control(pdo, IOCTL_SERIAL_SET_TIMEOUTS, &timeouts, sizeof timeouts, 0, NULL),
             STATUS_INVALID_PARAMETER);
    CHECK_EQ(kit_control(pdo, IOCTL_SERIAL_SET_TIMEOUTS, &timeouts, 19, 0, NULL),
             STATUS_BUFFER_TOO_SMALL);
    CHECK_EQ(kit_control(pdo, IOCTL_SERIAL_GET_TIMEOUTS, &back, 0, 19, NULL),
             STATUS_BUFFER_TOO_SMALL);
}

TEST(huge_timeouts_do_not_wrap)
{
    SERIAL_TIMEOUTS timeouts = {.ReadTotalTimeoutMultiplier = MAXULONG,
                                .ReadTotalTimeoutConstant = MAXULONG};
    TIMEOUT_STATE state = {.Now = 10, .Started = 5, .Wanted = MAXULONG};
    ULONGLONG deadline;
    CHECK_EQ(SerialReadVerdict(&timeouts, &state, &deadline), STATUS_PENDING);
    CHECK_EQ(deadline, SERIAL_NO_DEADLINE);
    state.Started = SERIAL_NO_DEADLINE - 5;
    state.Wanted = 1;
    CHECK_EQ(SerialReadVerdict(&timeouts, &state, &deadline), STATUS_PENDING);
    CHECK_EQ(deadline, SERIAL_NO_DEADLINE);
}

// Whoever writes or flushes looks at the chip too, and takes the character before the ISR does.
TEST(read_gets_what_arrives_while_another_writes)
{
    port_set_up();
    struct transfer *r = port_read(0, 100);
    chip_type("k");
    struct transfer *w = port_write(1, "x");
    DONE(w, STATUS_SUCCESS, 1);
    chip_run();
    DONE(r, STATUS_SUCCESS, 1);
    CHECK_EQ(r->buffer[0], 'k');

    r = port_read(0, 100);
    chip_type("l");
    struct transfer *f = port_transfer(1, IRP_MJ_FLUSH_BUFFERS, NULL, 0);
    chip_run();
    DONE(f, STATUS_SUCCESS, 0);
    DONE(r, STATUS_SUCCESS, 1);
    CHECK_EQ(r->buffer[0], 'l');
}

// ---- writing ----

TEST(write_goes_out)
{
    port_set_up();
    struct transfer *w = port_write(0, "Hello, world\r\n");
    DONE(w, STATUS_SUCCESS, 14);
    chip_run();
    CHECK_EQ(chip.out_count, 14);
    CHECK_MEM(chip.out, "Hello, world\r\n", 14);
    CHECK_EQ(chip.ier, IER_RECEIVE | IER_LINE); // nothing to send: no interrupt wanted
}

TEST(long_write_waits_for_room)
{
    port_set_up();
    static char text[12001];
    for (unsigned i = 0; i < 12000; i++) {
        text[i] = (char)('a' + i % 26);
    }
    chip.hold = true;
    struct transfer *w = port_write(0, text);
    CHECK(!w->request->done);
    CHECK_EQ(chip.out_count, 16);
    while (!w->request->done) {
        chip_drain();
        chip_run();
    }
    DONE(w, STATUS_SUCCESS, 12000);
    for (unsigned i = 0; i < 1000; i++) {
        chip_drain();
        chip_run();
    }
    CHECK_EQ(chip.out_count, 12000);
    CHECK_MEM(chip.out, text, 12000);
}

TEST(waiting_write_is_cancelled)
{
    port_set_up();
    static char text[5001];
    memset(text, 'x', 5000);
    chip.hold = true;
    struct transfer *w = port_write(0, text);
    struct transfer *behind = port_write(1, "behind");
    CHECK(!w->request->done);
    kit_cancel(w->request);
    CHECK(w->request->done);
    CHECK_EQ(w->request->status, STATUS_CANCELLED);
    CHECK_EQ(w->request->information, 4096 + UART_FIFO);
    CHECK(!behind->request->done); // the ring is still full
}

TEST(write_times_out)
{
    port_set_up();
    SERIAL_TIMEOUTS timeouts = {MAXULONG, 0, 0, 0, 30};
    CHECK_EQ(kit_control(pdo, IOCTL_SERIAL_SET_TIMEOUTS, &timeouts, sizeof timeouts, 0, NULL),
             STATUS_SUCCESS);
    static char text[5001];
    memset(text, 'x', 5000);
    chip.hold = true;
    struct transfer *w = port_write(0, text);
    kit_advance(29);
    CHECK(!w->request->done);
    kit_advance(1);
    CHECK_EQ(w->request->status, STATUS_TIMEOUT);
}

TEST(flush_waits_until_all_is_sent)
{
    port_set_up();
    chip.hold = true;
    struct transfer *w = port_write(0, "0123456789012345678901234567890123456789");
    DONE(w, STATUS_SUCCESS, 40);
    struct transfer *flush = port_transfer(1, IRP_MJ_FLUSH_BUFFERS, NULL, 0);
    CHECK(!flush->request->done);
    for (unsigned i = 0; i < 2; i++) {
        chip_drain();
        chip_run();
        CHECK(!flush->request->done);
    }
    chip_drain();
    chip_run();
    DONE(flush, STATUS_SUCCESS, 0);
    CHECK_EQ(chip.out_count, 40);
    CHECK_EQ(chip.ier, IER_RECEIVE | IER_LINE);
}

TEST(flush_of_an_idle_port)
{
    port_set_up();
    struct transfer *flush = port_transfer(0, IRP_MJ_FLUSH_BUFFERS, NULL, 0);
    DONE(flush, STATUS_SUCCESS, 0);
}
