// SPDX-License-Identifier: MIT
#include "panic.h"
#include "arch/csr.h"
#include "arch/sbi.h"
#include "arrival.h"
#include "console.h"
#include "hart.h"
#include "object/thread.h"
#include "trap.h"

#include <stdarg.h>

/* Where text is put: into a line that is sent at once, or into the console's queue, where what is
 * too long is cut. */
static char line[256];
static char *text = line;
static size_t used, room = sizeof(line);

static void flush(void)
{
    console_flush();
    sbi_console_write(line, used);
    used = 0;
}

static void put(char c)
{
    if (used == room) [[clang::unlikely]] {
        if (text != line)
            return;
        flush();
    }
    text[used++] = c;
}

static void put_number(uint64_t value, unsigned base, bool negative)
{
    char digits[24];
    unsigned n = 0;
    do
        digits[n++] = "0123456789abcdef"[value % base];
    while ((value /= base) != 0);
    if (negative)
        put('-');
    while (n > 0)
        put(digits[--n]);
}

static void put_string(const char *s)
{
    while (*s)
        put(*s++);
}

static void convert(char kind, bool wide, va_list *arguments)
{
    switch (kind) {
    case 's':
        put_string(va_arg(*arguments, const char *));
        return;
    case 'c':
        put((char)va_arg(*arguments, int));
        return;
    case 'p':
        put_string("0x");
        put_number((uint64_t)va_arg(*arguments, void *), 16, false);
        return;
    case 'd': {
        int64_t value = wide ? va_arg(*arguments, int64_t) : va_arg(*arguments, int);
        put_number(value < 0 ? -(uint64_t)value : (uint64_t)value, 10, value < 0);
        return;
    }
    case 'u':
    case 'x':
        put_number(wide ? va_arg(*arguments, uint64_t) : va_arg(*arguments, unsigned),
                   kind == 'x' ? 16 : 10, false);
        return;
    default:
        put(kind);
    }
}

static void vprint(const char *format, va_list *arguments)
{
    for (; *format; format++) {
        if (*format != '%') {
            put(*format);
            continue;
        }
        bool wide = *++format == 'l';
        convert(wide ? *++format : *format, wide, arguments);
    }
}

void print(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vprint(format, &arguments);
    va_end(arguments);
    flush();
}

unsigned print_steps(bool *begun, const char *format, ...)
{
    if (console_drain() != ASH_OK)
        return PREEMPTED;
    if (!*begun) {
        *begun = true;
        text = console_text();
        room = CONSOLE_BYTES;
        va_list arguments;
        va_start(arguments, format);
        vprint(format, &arguments);
        va_end(arguments);
        console_queue(used);
        text = line;
        room = sizeof(line);
        used = 0;
        if (console_drain() != ASH_OK)
            return PREEMPTED;
    }
    *begun = false;
    return ASH_OK;
}

static bool within(uint64_t address, const char *start, const char *end)
{
    return address >= (uint64_t)start && address < (uint64_t)end;
}

static bool in_text(uint64_t address)
{
    extern char _text_start[], _text_end[], _init_start[], _init_text_end[];
    return within(address, _text_start, _text_end) ||
           (booting && within(address, _init_start, _init_text_end));
}

static bool in_stacks(uint64_t address)
{
    extern char _bss_start[], _bss_end[], _image_end[];
    return within(address, _bss_start, booting ? _image_end : _bss_end);
}

/* Is there a call just before that address of the kernel's text? jal or jalr with rd = ra, or the
 * short c.jalr. */
static bool follows_call(uint64_t address)
{
    if (address % 2 != 0 || !in_text(address - 4) || !in_text(address - 1))
        return false;
    const uint16_t *code = (const uint16_t *)address;
    uint32_t full = (uint32_t)code[-1] << 16 | code[-2];
    bool jal = (full & 0xfff) == 0xef, jalr = (full & 0x7fff) == 0xe7;
    return jal || jalr || ((code[-1] & 0xf07f) == 0x9002 && (code[-1] & 0xf80) != 0);
}

/* The kernel keeps no frame pointers: every word of the stack that may be a return address is
 * named. Some are left over from calls that have returned. */
static void backtrace(uint64_t innermost, uint64_t stack)
{
    print("  #0 %p\n", (void *)innermost);
    unsigned found = 1;
    for (uint64_t at = round_up(stack, 8); in_stacks(at) && at < stack + 2048; at += 8) {
        uint64_t word = *(const uint64_t *)at;
        if (follows_call(word) && found < 24)
            print("  #%u %p\n", found++, (void *)word);
    }
}

static const char *cause_name(uint64_t cause)
{
    static const char *const names[16] = {
        [0] = "misaligned fetch", [1] = "fetch access fault", [2] = "illegal instruction",
        [3] = "breakpoint",       [4] = "misaligned load",    [5] = "load access fault",
        [6] = "misaligned store", [7] = "store access fault", [12] = "fetch page fault",
        [13] = "load page fault", [15] = "store page fault"};
    return cause < 16 && names[cause] ? names[cause] : "unexpected cause";
}

static void describe_hart(void)
{
    print("  hart %lu, current thread %s\n", this_hart ? this_hart->id : 0,
          this_hart && this_hart->current ? this_hart->current->name : "(none)");
}

[[noreturn]] static void stop(void)
{
    sbi_reset(0, 1);
    for (;;)
        wait_for_interrupt();
}

void panic(const char *format, ...)
{
    print("\nPANIC: ");
    va_list arguments;
    va_start(arguments, format);
    vprint(format, &arguments);
    va_end(arguments);
    print("\n");
    describe_hart();
    backtrace((uint64_t)__builtin_return_address(0), (uint64_t)__builtin_frame_address(0));
    stop();
}

static void print_registers(const uint64_t registers[32])
{
    static const char names[32][4] = {"",   "ra", "sp", "gp", "tp", "t0", "t1", "t2",
                                      "s0", "s1", "a0", "a1", "a2", "a3", "a4", "a5",
                                      "a6", "a7", "s2", "s3", "s4", "s5", "s6", "s7",
                                      "s8", "s9", "10", "11", "t3", "t4", "t5", "t6"};
    for (unsigned i = 1; i < 32; i++)
        print("  %s%s %p%s", i == 26 || i == 27 ? "s" : "", names[i], (void *)registers[i],
              i % 4 == 3 || i == 31 ? "\n" : "");
}

void trap_from_kernel(const uint64_t registers[32])
{
    static _Atomic uint32_t once;
    if (atomic_fetch_add(&once, 1) != 0)
        for (;;)
            wait_for_interrupt();
    print("\nPANIC: exception %lu in the kernel: %s\n  pc %p, value %p\n", csr_read("scause"),
          cause_name(csr_read("scause")), (void *)csr_read("sepc"), (void *)csr_read("stval"));
    print_registers(registers);
    describe_hart();
    backtrace(registers[1], registers[2]);
    stop();
}
