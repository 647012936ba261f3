// SPDX-License-Identifier: MIT
/*
 * The terminal: \Device\Serial0 through its driver. Output is gathered and goes out when the buffer
 * is full, before input is waited for and after each command; lines end with CR LF. One read is
 * always on its way, so what is typed while a command runs is kept.
 * Where there is no serial device the firmware console shows the output, and there is no input.
 */
#include "ash/file.h"
#include "ash/log.h"
#include "ash/start.h"
#include "ash/syscall.h"
#include "shell.h"
#include <isocline.h>
#include <isocline_console.h>
#include <string.h>

#define OUT_BYTES 4096u
#define IN_BYTES  256u

static struct ash_file *serial;
static char *out; /* registered: OUT_BYTES, then one byte for input */
static size_t out_used;
static struct ash_io reading;
static bool read_started;
static char typed[IN_BYTES]; /* ring of what was read and not taken */
static unsigned typed_head, typed_tail;

/* Never by way of stdout: it is stdout that calls this when the buffer is full. */
static void send_out(void)
{
    size_t done;
    if (serial == nullptr || out_used == 0)
        return;
    if (!ash_success(ash_write(serial, out, out_used, 0, &done))) {
        serial = nullptr; /* its driver ended: the firmware console is what is left */
        ash_print_bytes(out, out_used);
    }
    out_used = 0;
}

void console_flush(void)
{
    fflush(stdout);
    send_out();
}

/* Waits until the terminal has it all: what others print by the firmware then follows it. */
void console_drain(void)
{
    console_flush();
    if (serial != nullptr)
        (void)ash_flush(serial);
}

static void put(char c)
{
    if (out_used == OUT_BYTES)
        send_out();
    out[out_used++] = c;
}

static void write_out(const char *bytes, size_t count)
{
    if (serial == nullptr) {
        ash_print_bytes(bytes, count);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        if (bytes[i] == '\n')
            put('\r');
        put(bytes[i]);
    }
}

/* With a full ring the driver keeps what is typed. */
static void start_reading(void)
{
    if (serial != nullptr && !read_started && typed_tail - typed_head < IN_BYTES)
        read_started = ash_success(ash_read_start(serial, out + OUT_BYTES, 1, 0, &reading));
}

/* Moves what has been read into the ring; false if nothing had been. */
static bool collect(void)
{
    if (!read_started || !reading.done)
        return false;
    read_started = false;
    if (!ash_success(reading.status)) {
        serial = nullptr;
        return false;
    }
    if (reading.information == 1 && typed_tail - typed_head < IN_BYTES)
        typed[typed_tail++ % IN_BYTES] = out[OUT_BYTES];
    start_reading();
    return true;
}

static void collect_waiting(void)
{
    while (read_started && ash_io_done(&reading) && collect())
        ;
}

bool console_interrupted(void)
{
    collect_waiting();
    for (unsigned i = typed_head; i != typed_tail; i++) {
        if (typed[i % IN_BYTES] == 3) {
            typed_head = i + 1;
            return true;
        }
    }
    return false;
}

/* A program that is run reads the terminal itself: the read on its way is called back. What it has
 * brought by then stays the shell's. */
void console_lend(void)
{
    console_drain();
    if (!read_started)
        return;
    ash_io_cancel(&reading);
    (void)ash_io_wait(&reading);
    read_started = false;
    if (ash_success(reading.status) && reading.information == 1 &&
        typed_tail - typed_head < IN_BYTES)
        typed[typed_tail++ % IN_BYTES] = out[OUT_BYTES];
}

/* Waits for a byte; a negative time waits for ever. */
static void wait_for_byte(int64_t timeout_ms)
{
    uint64_t deadline = ash_time() + ash_ticks((ash_word)(timeout_ms < 0 ? 0 : timeout_ms) * 1000);
    while (typed_head == typed_tail && read_started) {
        if (timeout_ms < 0)
            ash_io_wait(&reading);
        else if (!ash_io_wait_until(&reading, deadline))
            return;
        collect();
    }
}

size_t isocline_console_read(void *buffer, size_t bytes, int64_t timeout_ms)
{
    char *at = buffer;
    size_t count = 0;
    console_flush();
    start_reading();
    collect_waiting();
    wait_for_byte(timeout_ms);
    if (serial == nullptr && typed_head == typed_tail && timeout_ms < 0) {
        ash_log("the terminal is gone");
        ash_exit(1); /* nobody can type any more */
    }
    while (count < bytes && typed_head != typed_tail)
        at[count++] = typed[typed_head++ % IN_BYTES];
    return count;
}

void isocline_console_write(const void *data, size_t bytes)
{
    write_out(data, bytes);
}

bool console_open(void)
{
    struct ash_file *file;
    out = ash_io_buffer_alloc(OUT_BYTES + 1);
    ash_status status = ash_open("\\Device\\Serial0", ASH_FILE_READ_DATA | ASH_FILE_WRITE_DATA,
                                 ASH_FILE_OPEN, 0, &file);
    if (out == nullptr || !ash_success(status)) {
        ash_log("no terminal: \\Device\\Serial0: %s", status_name(status));
        return false;
    }
    serial = file;
    ash_stdio(write_out, nullptr);
    start_reading();
    return true;
}

/* The line editor takes [ for markup and a backslash for its escape. */
char *console_line(const char *prompt)
{
    char escaped[2 * ASH_STRING];
    size_t used = 0;
    for (; *prompt != '\0' && used < sizeof(escaped) - 3; prompt++) {
        if (*prompt == '\\' || *prompt == '[')
            escaped[used++] = '\\';
        escaped[used++] = *prompt;
    }
    escaped[used] = '\0';
    console_flush();
    return ic_readline(escaped);
}

void console_free(char *line)
{
    ic_free(line);
}
