// SPDX-License-Identifier: MIT
// The whole 16550 driver on the fake kit, with a simulated chip.
#include "ash_test.h"

#include <drivers/devicetree.h>

#include "../../kit/fake_kit.h"
#include "chip.h"
#include "port.h"

DRIVER_INITIALIZE DriverEntry;

static PDEVICE_OBJECT pdo;
static UCHAR properties[2048];
static ULONG property_bytes;
static UCHAR last_major, last_minor;

static NTSTATUS read_config(PIRP irp, PIO_STACK_LOCATION location)
{
    ULONG length = location->Parameters.ReadWriteConfig.Length;
    if (location->Parameters.ReadWriteConfig.WhichSpace != DEVICETREE_WHICHSPACE_PROPERTIES ||
        irp->IoStatus.Status != STATUS_NOT_SUPPORTED) {
        kit_fail("READ_CONFIG is not as it must be");
    }
    ULONG offset = location->Parameters.ReadWriteConfig.Offset;
    if (offset > property_bytes || length > 256) {
        return kit_complete(irp, STATUS_INVALID_PARAMETER, 0);
    }
    ULONG count = property_bytes - offset < length ? property_bytes - offset : length;
    memcpy(location->Parameters.ReadWriteConfig.Buffer, properties + offset, count);
    return kit_complete(irp, STATUS_SUCCESS, count);
}

static NTSTATUS bus_dispatch(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    (void)device;
    last_major = location->MajorFunction;
    last_minor = location->MinorFunction;
    if (last_major == IRP_MJ_PNP && last_minor == IRP_MN_READ_CONFIG) {
        return property_bytes != 0 ? read_config(irp, location)
                                   : kit_complete(irp, irp->IoStatus.Status, 0);
    }
    return kit_complete(irp, STATUS_SUCCESS, irp->IoStatus.Information);
}

static void add_property(const char *name, uint32_t cell)
{
    ULONG name_bytes = (ULONG)strlen(name) + 1;
    ULONG value_bytes = 4;
    UCHAR *p = properties + property_bytes;
    memcpy(p, &name_bytes, 4);
    memcpy(p + 4, &value_bytes, 4);
    memset(p + 8, 0, (name_bytes + 3) & ~3u);
    memcpy(p + 8, name, name_bytes);
    p += 8 + ((name_bytes + 3) & ~3u);
    for (unsigned i = 0; i < 4; i++) {
        p[i] = (UCHAR)(cell >> (24 - 8 * i));
    }
    property_bytes = (ULONG)(p + 4 - properties);
    memcpy(properties, &property_bytes, 4);
}

// The port of the test before is removed first: whatever state it is in must allow that.
static void add(void)
{
    if (kit_find("\\Device\\Serial0") != NULL &&
        kit_pnp(pdo, IRP_MN_REMOVE_DEVICE) != STATUS_SUCCESS) {
        kit_fail("REMOVE failed");
    }
    kit_reset();
    chip_reset();
    property_bytes = 4;
    add_property("clock-frequency", 3686400);
    PDRIVER_OBJECT driver = kit_load(DriverEntry);
    pdo = kit_make_pdo(bus_dispatch, 0);
    if (!NT_SUCCESS(driver->DriverExtension->AddDevice(driver, pdo))) {
        kit_fail("AddDevice failed");
    }
}

static NTSTATUS start(void)
{
    return kit_start(pdo, 0x10000000, 0x100, 10);
}

static void set_up(void)
{
    add();
    if (start() != STATUS_SUCCESS) {
        kit_fail("START failed");
    }
}

// A read or write of the test; its buffer lies behind the request.
struct transfer {
    struct kit_request *request;
    UCHAR buffer[16384];
};
static struct transfer transfers[8];

static struct transfer *transfer(unsigned index, UCHAR major, const void *bytes, ULONG length)
{
    struct transfer *t = &transfers[index];
    PIO_STACK_LOCATION location;
    t->request = kit_irp(pdo, major, 0, &location);
    memset(t->buffer, 0, sizeof t->buffer);
    if (bytes != NULL) {
        memcpy(t->buffer, bytes, length);
    }
    location->Parameters.Read.Length = length;
    location->FileObject = (PFILE_OBJECT)(ULONG_PTR)(0x1000 * (index + 1));
    t->request->irp->AssociatedIrp.SystemBuffer = t->buffer;
    (void)kit_send(pdo, t->request);
    return t;
}

static struct transfer *read(unsigned index, ULONG length)
{
    return transfer(index, IRP_MJ_READ, NULL, length);
}

static struct transfer *write(unsigned index, const char *text)
{
    return transfer(index, IRP_MJ_WRITE, text, (ULONG)strlen(text));
}

static void type(const char *text)
{
    chip_type(text);
    chip_run();
}

static void set_timeouts(ULONG interval, ULONG multiplier, ULONG constant)
{
    SERIAL_TIMEOUTS timeouts = {interval, multiplier, constant, 0, 0};
    if (kit_control(pdo, IOCTL_SERIAL_SET_TIMEOUTS, &timeouts, sizeof timeouts, 0, NULL) !=
        STATUS_SUCCESS) {
        kit_fail("SET_TIMEOUTS failed");
    }
}

#define DONE(t, expected, bytes)                                                                   \
    do {                                                                                           \
        CHECK((t)->request->done);                                                                 \
        CHECK_EQ((t)->request->status, expected);                                                  \
        CHECK_EQ((t)->request->information, bytes);                                                \
    } while (0)

// ---- starting ----

TEST(names_and_link)
{
    set_up();
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
    add();
    property_bytes = 0;
    CHECK_EQ(start(), STATUS_SUCCESS);
    SERIAL_BAUD_RATE baud = {9600};
    CHECK_EQ(kit_control(pdo, IOCTL_SERIAL_SET_BAUD_RATE, &baud, sizeof baud, 0, NULL),
             STATUS_NOT_SUPPORTED);
}

TEST(current_speed_is_programmed)
{
    add();
    for (unsigned i = 0; i < 20; i++) {
        add_property("something-long-enough", i); // so that the block takes several requests
    }
    add_property("current-speed", 9600);
    CHECK_EQ(start(), STATUS_SUCCESS);
    CHECK_EQ(chip.dll, 24);
}

TEST(start_needs_its_resources)
{
    add();
    CHECK_EQ(kit_start(pdo, 0x10000000, 7, 10), STATUS_DEVICE_CONFIGURATION_ERROR);
    add();
    add_property("reg-shift", 2);
    CHECK_EQ(kit_start(pdo, 0x10000000, 31, 10), STATUS_DEVICE_CONFIGURATION_ERROR);
    add();
    kit_fail_mapping = true;
    CHECK_EQ(start(), STATUS_INSUFFICIENT_RESOURCES);
    add();
    kit_fail_interrupt = true;
    CHECK_EQ(start(), STATUS_INSUFFICIENT_RESOURCES);
    CHECK_EQ(kit_mappings, 0);
    CHECK(!kit_link_exists("\\DosDevices\\COM1"));
}

TEST(requests_before_start)
{
    add();
    struct transfer *r = read(0, 4);
    DONE(r, STATUS_DEVICE_NOT_READY, 0);
    SERIAL_STATUS status;
    CHECK_EQ(kit_control(pdo, IOCTL_SERIAL_GET_COMMSTATUS, &status, 0, sizeof status, NULL),
             STATUS_DEVICE_NOT_READY);
}

// ---- reading ----

TEST(read_takes_what_is_there)
{
    set_up();
    type("hello");
    struct transfer *r = read(0, 100);
    DONE(r, STATUS_SUCCESS, 5);
    CHECK_MEM(r->buffer, "hello", 5);
}

TEST(read_waits_for_the_first_byte)
{
    set_up();
    struct transfer *r = read(0, 100);
    CHECK(!r->request->done);
    type("k");
    DONE(r, STATUS_SUCCESS, 1);
    CHECK_EQ(r->buffer[0], 'k');
}

TEST(reads_are_served_in_order)
{
    set_up();
    struct transfer *first = read(0, 2);
    struct transfer *second = read(1, 2);
    type("abc");
    DONE(first, STATUS_SUCCESS, 2);
    DONE(second, STATUS_SUCCESS, 1);
    CHECK_MEM(first->buffer, "ab", 2);
    CHECK_EQ(second->buffer[0], 'c');
}

TEST(zero_length_requests)
{
    set_up();
    struct transfer *r = read(0, 0);
    DONE(r, STATUS_SUCCESS, 0);
    struct transfer *w = write(1, "");
    DONE(w, STATUS_SUCCESS, 0);
}

TEST(pending_read_is_cancelled)
{
    set_up();
    struct transfer *r = read(0, 10);
    kit_cancel(r->request);
    DONE(r, STATUS_CANCELLED, 0);
    type("x");
    struct transfer *next = read(1, 10);
    DONE(next, STATUS_SUCCESS, 1);
}

TEST(cancelling_the_first_lets_the_second_go_on)
{
    set_up();
    set_timeouts(0, 0, 0);
    struct transfer *first = read(0, 10);
    struct transfer *second = read(1, 2);
    type("ab");
    CHECK(!first->request->done);
    kit_cancel(first->request);
    DONE(first, STATUS_CANCELLED, 2);
    type("cd");
    DONE(second, STATUS_SUCCESS, 2);
    CHECK_MEM(second->buffer, "cd", 2);
}

TEST(cleanup_cancels_its_own_file)
{
    set_up();
    struct transfer *mine = read(0, 10);
    struct transfer *other = read(1, 10);
    PIO_STACK_LOCATION location;
    struct kit_request *cleanup = kit_irp(pdo, IRP_MJ_CLEANUP, 0, &location);
    location->FileObject = (PFILE_OBJECT)(ULONG_PTR)0x1000;
    CHECK_EQ(kit_send(pdo, cleanup), STATUS_SUCCESS);
    DONE(mine, STATUS_CANCELLED, 0);
    CHECK(!other->request->done);
    type("z");
    DONE(other, STATUS_SUCCESS, 1);
}

// ---- time-outs of reads ----

TEST(read_returns_at_once)
{
    set_up();
    set_timeouts(MAXULONG, 0, 0);
    struct transfer *r = read(0, 10);
    DONE(r, STATUS_SUCCESS, 0);
    type("ab");
    r = read(0, 10);
    DONE(r, STATUS_SUCCESS, 2);
}

TEST(read_first_byte_times_out)
{
    set_up();
    set_timeouts(MAXULONG, MAXULONG, 50);
    struct transfer *r = read(0, 10);
    kit_advance(49);
    CHECK(!r->request->done);
    kit_advance(1);
    DONE(r, STATUS_TIMEOUT, 0);
}

TEST(read_total_timeout)
{
    set_up();
    set_timeouts(0, 10, 5); // 10 ms a byte and 5
    struct transfer *r = read(0, 4);
    type("ab");
    kit_advance(44);
    CHECK(!r->request->done);
    kit_advance(1);
    DONE(r, STATUS_TIMEOUT, 2);
}

TEST(read_without_timeout_waits_for_all)
{
    set_up();
    set_timeouts(0, 0, 0);
    struct transfer *r = read(0, 4);
    type("abc");
    kit_advance(1000000);
    CHECK(!r->request->done);
    type("d");
    DONE(r, STATUS_SUCCESS, 4);
    CHECK_MEM(r->buffer, "abcd", 4);
}

TEST(read_interval_timeout)
{
    set_up();
    set_timeouts(20, 0, 0);
    struct transfer *r = read(0, 10);
    kit_advance(1000); // does not count before the first byte
    CHECK(!r->request->done);
    type("a");
    kit_advance(19);
    type("b");
    kit_advance(19);
    CHECK(!r->request->done);
    kit_advance(1);
    DONE(r, STATUS_TIMEOUT, 2);
}

TEST(time_counts_from_when_a_read_is_active)
{
    set_up();
    set_timeouts(0, 0, 100);
    struct transfer *first = read(0, 4);
    struct transfer *second = read(1, 4);
    kit_advance(100);
    DONE(first, STATUS_TIMEOUT, 0);
    CHECK(!second->request->done);
    kit_advance(100);
    DONE(second, STATUS_TIMEOUT, 0);
}

TEST(timeouts_are_kept_and_checked)
{
    set_up();
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

// ---- writing ----

TEST(write_goes_out)
{
    set_up();
    struct transfer *w = write(0, "Hello, world\r\n");
    DONE(w, STATUS_SUCCESS, 14);
    chip_run();
    CHECK_EQ(chip.out_count, 14);
    CHECK_MEM(chip.out, "Hello, world\r\n", 14);
    CHECK_EQ(chip.ier, IER_RECEIVE | IER_LINE); // nothing to send: no interrupt wanted
}

TEST(long_write_waits_for_room)
{
    set_up();
    static char text[12001];
    for (unsigned i = 0; i < 12000; i++) {
        text[i] = (char)('a' + i % 26);
    }
    chip.hold = true;
    struct transfer *w = write(0, text);
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
    set_up();
    static char text[5001];
    memset(text, 'x', 5000);
    chip.hold = true;
    struct transfer *w = write(0, text);
    struct transfer *behind = write(1, "behind");
    CHECK(!w->request->done);
    kit_cancel(w->request);
    CHECK(w->request->done);
    CHECK_EQ(w->request->status, STATUS_CANCELLED);
    CHECK_EQ(w->request->information, 4096 + UART_FIFO);
    CHECK(!behind->request->done); // the ring is still full
}

TEST(write_times_out)
{
    set_up();
    SERIAL_TIMEOUTS timeouts = {MAXULONG, 0, 0, 0, 30};
    CHECK_EQ(kit_control(pdo, IOCTL_SERIAL_SET_TIMEOUTS, &timeouts, sizeof timeouts, 0, NULL),
             STATUS_SUCCESS);
    static char text[5001];
    memset(text, 'x', 5000);
    chip.hold = true;
    struct transfer *w = write(0, text);
    kit_advance(29);
    CHECK(!w->request->done);
    kit_advance(1);
    CHECK_EQ(w->request->status, STATUS_TIMEOUT);
}

TEST(flush_waits_until_all_is_sent)
{
    set_up();
    chip.hold = true;
    struct transfer *w = write(0, "0123456789012345678901234567890123456789");
    DONE(w, STATUS_SUCCESS, 40);
    struct transfer *flush = transfer(1, IRP_MJ_FLUSH_BUFFERS, NULL, 0);
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
    set_up();
    struct transfer *flush = transfer(0, IRP_MJ_FLUSH_BUFFERS, NULL, 0);
    DONE(flush, STATUS_SUCCESS, 0);
}

// ---- errors, purging, settings ----

TEST(receive_overflow_is_counted)
{
    set_up();
    static char text[5001];
    memset(text, 'x', 5000);
    type(text);
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
    set_up();
    chip.line_errors = LSR_OVERRUN | LSR_FRAMING | LSR_PARITY;
    type("a");
    SERIAL_STATUS status;
    CHECK_EQ(kit_control(pdo, IOCTL_SERIAL_GET_COMMSTATUS, &status, 0, sizeof status, NULL),
             STATUS_SUCCESS);
    CHECK_EQ(status.Errors, SERIAL_ERROR_OVERRUN | SERIAL_ERROR_FRAMING | SERIAL_ERROR_PARITY);
    CHECK_EQ(status.AmountInInQueue, 1);
}

TEST(purge)
{
    set_up();
    ULONG mask = SERIAL_PURGE_RXABORT | SERIAL_PURGE_RXCLEAR;
    struct transfer *r = read(0, 10);
    CHECK_EQ(kit_control(pdo, IOCTL_SERIAL_PURGE, &mask, sizeof mask, 0, NULL), STATUS_SUCCESS);
    DONE(r, STATUS_CANCELLED, 0);
    type("old");
    CHECK_EQ(kit_control(pdo, IOCTL_SERIAL_PURGE, &mask, sizeof mask, 0, NULL), STATUS_SUCCESS);
    type("new");
    r = read(0, 10);
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
    set_up();
    static char text[5001];
    memset(text, 'x', 5000);
    chip.hold = true;
    struct transfer *w = write(0, text);
    ULONG mask = SERIAL_PURGE_TXCLEAR;
    CHECK_EQ(kit_control(pdo, IOCTL_SERIAL_PURGE, &mask, sizeof mask, 0, NULL), STATUS_SUCCESS);
    DONE(w, STATUS_SUCCESS, 5000);
}

TEST(baud_rates)
{
    set_up();
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
    set_up();
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
    set_up();
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
    set_up();
    chip.hostile = true;
    chip.reads = 0;
    CHECK(kit_interrupt());
    CHECK(chip.reads < 20000);
    struct transfer *r = read(0, 10);
    DONE(r, STATUS_SUCCESS, 10);
    chip.reads = 0;
    struct kit_request *power;
    PIO_STACK_LOCATION location;
    power = kit_irp(pdo, IRP_MJ_POWER, IRP_MN_SET_POWER, &location);
    location->Parameters.Power.Type = SystemPowerState;
    location->Parameters.Power.State.SystemState = PowerSystemShutdown;
    (void)write(1, "never sent");
    CHECK_EQ(kit_send(pdo, power), STATUS_SUCCESS); // gives up after a second
}

TEST(interrupt_of_somebody_else)
{
    set_up();
    CHECK(!kit_interrupt());
}

// ---- power and removal ----

TEST(shutdown_drains)
{
    set_up();
    static char text[3001];
    memset(text, 'y', 3000);
    (void)write(0, text);
    PIO_STACK_LOCATION location;
    struct kit_request *power = kit_irp(pdo, IRP_MJ_POWER, IRP_MN_SET_POWER, &location);
    location->Parameters.Power.Type = SystemPowerState;
    location->Parameters.Power.State.SystemState = PowerSystemShutdown;
    CHECK_EQ(kit_send(pdo, power), STATUS_SUCCESS);
    CHECK_EQ(chip.out_count, 3000);
    CHECK_EQ(last_major, IRP_MJ_POWER);
}

TEST(remove_ends_everything)
{
    set_up();
    chip.hold = true;
    static char text[5001];
    memset(text, 'x', 5000);
    struct transfer *r = read(0, 10);
    struct transfer *w = write(1, text);
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
    set_up();
    struct transfer *r = read(0, 10);
    chip.reads = 0;
    CHECK_EQ(kit_pnp(pdo, IRP_MN_SURPRISE_REMOVAL), STATUS_SUCCESS);
    CHECK_EQ(chip.reads, 0);
    CHECK_EQ(r->request->status, STATUS_DELETE_PENDING);
    struct transfer *late = read(1, 10);
    CHECK(late->request->done && !NT_SUCCESS(late->request->status));
    SERIAL_STATUS status;
    CHECK_EQ(kit_control(pdo, IOCTL_SERIAL_GET_COMMSTATUS, &status, 0, sizeof status, NULL),
             STATUS_DEVICE_NOT_READY);
    CHECK_EQ(kit_pnp(pdo, IRP_MN_REMOVE_DEVICE), STATUS_SUCCESS);
}

TEST(stop_is_refused_as_a_query)
{
    set_up();
    CHECK_EQ(kit_pnp(pdo, IRP_MN_QUERY_STOP_DEVICE), STATUS_UNSUCCESSFUL);
    CHECK_EQ(kit_pnp(pdo, IRP_MN_STOP_DEVICE), STATUS_SUCCESS);
    CHECK_EQ(start(), STATUS_SUCCESS);
    type("again");
    struct transfer *r = read(0, 10);
    DONE(r, STATUS_SUCCESS, 5);
}

// ---- the property block ----

TEST(property_block_is_not_trusted)
{
    ULONG value = 77;
    add();
    property_bytes = 4;
    add_property("reg-shift", 2);
    add_property("clock-frequency", 1843200);
    for (ULONG bytes = 0; bytes < property_bytes; bytes++) {
        UCHAR *copy = malloc(bytes + 1);
        memcpy(copy, properties, bytes);
        CHECK(!SerialFindCell(copy, bytes, "clock-frequency", &value));
        free(copy);
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
