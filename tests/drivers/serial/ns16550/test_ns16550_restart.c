// SPDX-License-Identifier: MIT
// The driver dies, and its next task finds what it wanted kept: no byte is lost or comes twice.
#include "ash_test.h"

#include "chip.h"
#include "harness.h"
#include "port.h"

static PSERIAL_STATE state_of(void)
{
    return kit_kept();
}

// The request that `index` was, issued again to the next task.
static struct transfer *again(unsigned index, UCHAR major, const void *bytes, ULONG length,
                              ULONG64 name)
{
    port_name(name);
    struct transfer *t = port_transfer(index, major, bytes, length);
    port_name(0);
    return t;
}

static void die_and_start(void)
{
    port_die();
    if (port_start() != STATUS_SUCCESS) {
        kit_fail("START failed");
    }
}

TEST(typed_ahead_survives)
{
    port_set_up();
    port_type("typed ahead");
    die_and_start();
    struct transfer *t = port_read(0, 64);
    DONE(t, STATUS_SUCCESS, 11);
    CHECK_MEM(t->buffer, "typed ahead", 11);
}

TEST(what_the_chip_holds_survives)
{
    port_set_up();
    port_die();
    chip_type("in the FIFO");
    CHECK_EQ(port_start(), STATUS_SUCCESS);
    struct transfer *t = port_read(0, 64);
    DONE(t, STATUS_SUCCESS, 11);
}

TEST(line_settings_survive)
{
    port_set_up();
    SERIAL_BAUD_RATE baud = {9600};
    SERIAL_LINE_CONTROL line = {.WordLength = 7, .Parity = EVEN_PARITY};
    CHECK_EQ(kit_control(pdo, IOCTL_SERIAL_SET_BAUD_RATE, &baud, sizeof baud, 0, NULL),
             STATUS_SUCCESS);
    CHECK_EQ(kit_control(pdo, IOCTL_SERIAL_SET_LINE_CONTROL, &line, sizeof line, 0, NULL),
             STATUS_SUCCESS);
    CHECK_EQ(kit_control(pdo, IOCTL_SERIAL_CLR_RTS, NULL, 0, 0, NULL), STATUS_SUCCESS);
    port_set_timeouts(1, 2, 3);
    uint8_t lcr = chip.lcr, mcr = chip.mcr;
    port_die();
    chip.lcr = chip.mcr = chip.dll = 0; // a device that was reset meanwhile
    CHECK_EQ(port_start(), STATUS_SUCCESS);
    CHECK_EQ(chip.lcr, lcr);
    CHECK_EQ(chip.mcr, mcr);
    CHECK_EQ(chip.dll, 24);
    SERIAL_TIMEOUTS timeouts = {0};
    CHECK_EQ(kit_control(pdo, IOCTL_SERIAL_GET_TIMEOUTS, &timeouts, 0, sizeof timeouts, NULL),
             STATUS_SUCCESS);
    CHECK_EQ(timeouts.ReadTotalTimeoutConstant, 3);
}

TEST(what_a_read_had_got_is_given_again)
{
    port_set_up();
    port_set_timeouts(0, 0, 0);
    struct transfer *t = again(0, IRP_MJ_READ, NULL, 8, 5);
    port_type("half");
    CHECK(!t->request->done);
    die_and_start();
    t = again(0, IRP_MJ_READ, NULL, 8, 5);
    port_type(" way");
    DONE(t, STATUS_SUCCESS, 8);
    CHECK_MEM(t->buffer, "half way", 8);
}

// It dies between the completion of a read and its own note of it.
static struct transfer *die_completing(ULONG64 comes_again)
{
    port_set_up();
    port_type("abc");
    (void)again(0, IRP_MJ_READ, NULL, 3, 7);
    port_type("def");
    state_of()->Given -= 3;
    state_of()->Reading = (SERIAL_PART){.Name = {1, 7}, .Bytes = 3};
    die_and_start();
    return again(1, IRP_MJ_READ, NULL, 3, comes_again);
}

TEST(a_read_that_was_completed_is_not_given_again)
{
    struct transfer *t = die_completing(8);
    DONE(t, STATUS_SUCCESS, 3);
    CHECK_MEM(t->buffer, "def", 3);
}

TEST(a_read_whose_completion_was_not_seen_is)
{
    struct transfer *t = die_completing(7);
    DONE(t, STATUS_SUCCESS, 3);
    CHECK_MEM(t->buffer, "abc", 3);
}

TEST(what_was_written_is_sent_once)
{
    static char text[6000];
    port_set_up();
    for (unsigned i = 0; i < sizeof text; i++) {
        text[i] = (char)('a' + i % 26);
    }
    chip.hold = true;
    struct transfer *t = again(0, IRP_MJ_WRITE, text, sizeof text, 3);
    CHECK(!t->request->done); // longer than the ring
    die_and_start();
    t = again(0, IRP_MJ_WRITE, text, sizeof text, 3);
    CHECK(!t->request->done);
    chip.hold = false;
    chip_drain();
    chip_run();
    DONE(t, STATUS_SUCCESS, sizeof text);
    CHECK_EQ(chip.out_count, sizeof text);
    CHECK_MEM(chip.out, text, sizeof text);
}

TEST(another_write_is_sent_from_its_beginning)
{
    port_set_up();
    chip.hold = true;
    (void)again(0, IRP_MJ_WRITE, "first ", 6, 3);
    die_and_start();
    (void)again(0, IRP_MJ_WRITE, "first ", 6, 3); // all of it was in the ring
    (void)again(1, IRP_MJ_WRITE, "other", 5, 4);
    chip.hold = false;
    chip_drain();
    chip_run();
    CHECK_EQ(chip.out_count, 11);
    CHECK_MEM(chip.out, "first other", 11);
}

TEST(what_cannot_be_is_not_believed)
{
    for (unsigned i = 0; i < 4; i++) {
        port_set_up();
        port_set_timeouts(1, 2, 3);
        port_type("gone");
        PSERIAL_STATE state = state_of();
        if (i == 0) {
            state->Version++;
        } else if (i == 1) {
            state->Receive.Head += 2 * RING_SIZE;
        } else if (i == 2) {
            state->Transmit.Tail = state->Transmit.Head + 1;
        } else {
            state->Current = SERIAL_PARTS;
        }
        die_and_start();
        CHECK_EQ(state->Timeouts.ReadTotalTimeoutConstant, MAXULONG - 1);
        CHECK_EQ(state->Receive.Head, 0);
    }
}
