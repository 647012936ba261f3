// SPDX-License-Identifier: MIT
/*
 * What is seen. With escape sequences of ANSI X3.64 (as every terminal since the VT100 has them):
 * the lines from LOG_LINE on scroll, the cursor lies there, and each picture is drawn between a
 * save and a restore of its position, so that what others log stays where it belongs.
 */
#include "ash/start.h"
#include "demo.h"
#include <stdio.h>
#include <string.h>

#define LOG_LINE 8
#define WIDTH    50u
#define EVERY_US 100000u
#define MIB      ((uint64_t)1 << 20)

static bool plain;
static const char *victim;
static ash_word shown;

void demo_screen_begin(const char *driver, bool without_escapes)
{
    victim = driver;
    plain = without_escapes;
    if (!plain)
        printf("\033[2J\033[%d;r\033[%d;1H", LOG_LINE, LOG_LINE);
    fflush(stdout);
}

static unsigned long milliseconds(ash_word ticks)
{
    return (unsigned long)(ticks * 1000 / ash_ticks(1000000));
}

static void bar(uint64_t done, uint64_t of, char text[WIDTH + 1])
{
    size_t full = (size_t)(done * WIDTH / of);
    memset(text, '.', WIDTH);
    memset(text, '#', full);
    text[WIDTH] = '\0';
}

static uint64_t rate(const struct demo_stream *stream)
{
    uint64_t elapsed = milliseconds(ash_time() - stream->began);
    return elapsed == 0 ? 0 : stream->total * 1000 / elapsed / MIB;
}

static void line(int row, const char *text)
{
    printf("\033[%d;1H\033[2K%s", row, text);
}

static void picture(const struct demo_stream *stream, unsigned deaths)
{
    char text[160], full[WIDTH + 1];
    printf("\0337");
    snprintf(text, sizeof(text),
             " " DEMO_FILE " is read while its driver, %s, is killed every second", victim);
    line(1, text);
    bar(stream->bytes, stream->size, full);
    snprintf(text, sizeof(text), " [%s] pass %u", full, stream->passes + 1);
    line(3, text);
    snprintf(text, sizeof(text), " deaths %u   lost bytes %llu   wrong passes %u", deaths,
             (unsigned long long)stream->lost, stream->wrong);
    line(4, text);
    snprintf(text, sizeof(text), " %llu MiB read, %llu MiB/s   longest pause %lu ms",
             (unsigned long long)(stream->total / MIB), (unsigned long long)rate(stream),
             milliseconds(stream->longest));
    line(5, text);
    line(7, " what the system logs:");
    printf("\0338");
}

static void print_line(const struct demo_stream *stream, unsigned deaths)
{
    printf("demo: %llu MiB read, deaths %u, lost bytes %llu\n",
           (unsigned long long)(stream->total / MIB), deaths, (unsigned long long)stream->lost);
}

void demo_screen_show(const struct demo_stream *stream, unsigned deaths)
{
    ash_word now = ash_time();
    if (now - shown < ash_ticks(EVERY_US) * (plain ? 10 : 1))
        return;
    shown = now;
    if (plain)
        print_line(stream, deaths);
    else
        picture(stream, deaths);
    fflush(stdout);
}

void demo_screen_end(const struct demo_stream *stream, unsigned deaths)
{
    if (!plain) {
        picture(stream, deaths);
        printf("\033[r\033[999;1H\n"); /* the last line, wherever that is */
    }
    printf("demo: %s died %u times; %llu MiB in %u passes at %llu MiB/s; lost bytes %llu, wrong "
           "passes %u; longest pause %lu ms\n",
           victim, deaths, (unsigned long long)(stream->total / MIB), stream->passes,
           (unsigned long long)rate(stream), (unsigned long long)stream->lost, stream->wrong,
           milliseconds(stream->longest));
    printf("demo: SHA-256 %s\n", stream->digest);
}
