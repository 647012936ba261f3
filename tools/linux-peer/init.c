// SPDX-License-Identifier: MIT
/*
 * The only program of the Linux that Ashlar is compared with: /init, without a C library. Loads the
 * modules of /modules in the order of their names, then reads blocks of 4 KiB of /dev/vda with
 * O_DIRECT as apps/bench/transfer.c does (the same random numbers, the same batches), one after the
 * other and 32 at a time, and prints a JSON line for each figure; then powers off.
 */
#include <stddef.h>
#include <stdint.h>

#define BLOCK      4096u
#define DEPTH      32u
#define ONE_BY_ONE 8192u /* reads */
#define AT_ONCE    65536u
#define RANGE      ((uint64_t)64 << 20)
#define SEED       0x9e3779b97f4a7c15ull
#define MODULES    16u

enum { /* asm-generic */
       SYS_IO_SETUP = 0,
       SYS_IO_SUBMIT = 2,
       SYS_IO_GETEVENTS = 4,
       SYS_MOUNT = 40,
       SYS_MKDIRAT = 34,
       SYS_OPENAT = 56,
       SYS_CLOSE = 57,
       SYS_WRITE = 64,
       SYS_PREAD = 67,
       SYS_READ = 63,
       SYS_NANOSLEEP = 101,
       SYS_CLOCK_GETTIME = 113,
       SYS_REBOOT = 142,
       SYS_PERF_EVENT_OPEN = 241,
       SYS_FINIT_MODULE = 273,
};
#define AT_FDCWD         (-100L)
#define O_RDONLY         0
#define O_DIRECT         040000
#define CLOCK_MONOTONIC  1
#define REBOOT_MAGIC     0xfee1dead
#define REBOOT_MAGIC2    0x28121969
#define REBOOT_POWER_OFF 0x4321fedc

struct iocb {
    uint64_t data;
    uint32_t key, rw_flags;
    uint16_t opcode;
    int16_t priority;
    uint32_t file;
    uint64_t buffer, bytes, offset, reserved;
    uint32_t flags, event_file;
};
static_assert(sizeof(struct iocb) == 64);
struct io_event {
    uint64_t data, iocb;
    int64_t result, result2;
};
struct perf_event { /* the first version of its attributes */
    uint32_t type, size;
    uint64_t config, period, sample_type, read_format, flags;
    uint32_t wakeup, breakpoint;
    uint64_t address;
};
static_assert(sizeof(struct perf_event) == 64);
#define COUNT_INSTRUCTIONS 1
struct timespec {
    int64_t seconds, nanoseconds;
};

alignas(BLOCK) static char buffer[DEPTH][BLOCK];
static uint64_t state;

static long call(long number, long a, long b, long c, long d, long e)
{
    register long a0 __asm__("a0") = a;
    register long a1 __asm__("a1") = b;
    register long a2 __asm__("a2") = c;
    register long a3 __asm__("a3") = d;
    register long a4 __asm__("a4") = e;
    register long a7 __asm__("a7") = number;
    __asm__ volatile("ecall" : "+r"(a0) : "r"(a1), "r"(a2), "r"(a3), "r"(a4), "r"(a7) : "memory");
    return a0;
}

static size_t length(const char *text)
{
    size_t n = 0;
    while (text[n] != '\0')
        n++;
    return n;
}

static void say(const char *text)
{
    call(SYS_WRITE, 1, (long)text, (long)length(text), 0, 0);
}

static void say_number(uint64_t value)
{
    char digits[24], *at = digits + sizeof(digits) - 1;
    *at = '\0';
    do {
        *--at = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    say(at);
}

static void print_figure(const char *name, uint64_t value, const char *unit)
{
    say("{\"name\":\"");
    say(name);
    say("\",\"value\":");
    say_number(value);
    say(",\"unit\":\"");
    say(unit);
    say("\"}\n");
}

[[noreturn]] static void power_off(void)
{
    call(SYS_REBOOT, REBOOT_MAGIC, REBOOT_MAGIC2, REBOOT_POWER_OFF, 0, 0);
    for (;;)
        ;
}

static long must(long result, const char *what)
{
    if (result >= 0)
        return result;
    say("failed: ");
    say(what);
    say(", error ");
    say_number((uint64_t)-result);
    say("\n");
    power_off();
}

static uint64_t now(void)
{
    struct timespec time;
    call(SYS_CLOCK_GETTIME, CLOCK_MONOTONIC, (long)&time, 0, 0, 0);
    return (uint64_t)time.seconds * 1000000000 + (uint64_t)time.nanoseconds;
}

static long counter; /* of all that hart 0 executes, but the firmware */

static uint64_t instructions(void)
{
    uint64_t count = 0;
    must(call(SYS_READ, counter, (long)&count, sizeof(count), 0, 0), "counter");
    return count;
}

static void open_counter(void)
{
    static struct perf_event hardware = {.size = sizeof(hardware), .config = COUNT_INSTRUCTIONS};
    counter = must(call(SYS_PERF_EVENT_OPEN, (long)&hardware, -1, 0, -1, 0), "perf_event_open");
}

static uint64_t next_offset(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state % (RANGE / BLOCK) * BLOCK;
}

static void read_one_by_one(long file, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        must(call(SYS_PREAD, file, (long)buffer[0], BLOCK, (long)next_offset(), 0), "read");
}

/* As many are submitted at once as were reaped at once. */
static void read_many(long file, unsigned count)
{
    static struct iocb all[DEPTH];
    struct iocb *batch[DEPTH];
    struct io_event events[DEPTH];
    unsigned long context = 0;
    unsigned free = DEPTH, started = 0, finished = 0;
    unsigned slot[DEPTH];
    for (unsigned i = 0; i < DEPTH; i++)
        slot[i] = i;
    must(call(SYS_IO_SETUP, DEPTH, (long)&context, 0, 0, 0), "io_setup");
    while (finished < count) {
        long n = 0;
        while (free > 0 && started < count) {
            unsigned i = slot[--free];
            all[i] = (struct iocb){.data = i,
                                   .file = (uint32_t)file,
                                   .buffer = (uint64_t)buffer[i],
                                   .bytes = BLOCK,
                                   .offset = next_offset()};
            batch[n++] = &all[i];
            started++;
        }
        if (n > 0)
            must(call(SYS_IO_SUBMIT, (long)context, n, (long)batch, 0, 0), "io_submit");
        n = must(call(SYS_IO_GETEVENTS, (long)context, 1, DEPTH, (long)events, 0), "io_getevents");
        for (long i = 0; i < n; i++)
            slot[free++] = (unsigned)events[i].data;
        finished += (unsigned)n;
    }
}

static void measure(const char *name, const char *iops, void (*reads)(long file, unsigned number),
                    unsigned number, long file)
{
    state = SEED;
    reads(file, number); /* warms up */
    state = SEED;
    uint64_t time = now(), count = instructions();
    reads(file, number);
    count = instructions() - count;
    time = now() - time;
    print_figure(name, count / number, "instructions");
    print_figure(iops, number * 1000000000ull / time, "1/s");
}

static void load_modules(void)
{
    char path[] = "/modules/00.ko";
    for (unsigned i = 0; i < MODULES; i++) {
        path[9] = (char)('0' + i / 10);
        path[10] = (char)('0' + i % 10);
        long file = call(SYS_OPENAT, AT_FDCWD, (long)path, O_RDONLY, 0, 0);
        if (file < 0)
            return;
        must(call(SYS_FINIT_MODULE, file, (long)"", 0, 0, 0), path);
        call(SYS_CLOSE, file, 0, 0, 0, 0);
    }
}

static void mount(const char *type, const char *where)
{
    call(SYS_MKDIRAT, AT_FDCWD, (long)where, 0755, 0, 0);
    call(SYS_MOUNT, (long)type, (long)where, (long)type, 0, 0);
}

[[noreturn, gnu::used]] void init(void)
{
    long file = -1;
    mount("devtmpfs", "/dev");
    load_modules();
    open_counter();
    for (unsigned tries = 0; file < 0 && tries < 100; tries++) { /* the disk takes a moment */
        const struct timespec moment = {0, 50000000};
        call(SYS_NANOSLEEP, (long)&moment, 0, 0, 0, 0);
        file = call(SYS_OPENAT, AT_FDCWD, (long)"/dev/vda", O_RDONLY | O_DIRECT, 0, 0);
    }
    must(file, "/dev/vda");
    measure("linux.blk.read4k.qd1", "linux.blk.read4k.qd1.iops", read_one_by_one, ONE_BY_ONE, file);
    measure("linux.blk.read4k.qd32", "linux.blk.read4k.qd32.iops", read_many, AT_ONCE, file);
    power_off();
}

__asm__(".globl _start\n"
        "_start:\n"
        ".option push\n"
        ".option norelax\n"
        "la gp, __global_pointer$\n"
        ".option pop\n"
        "andi sp, sp, -16\n"
        "j init\n");
