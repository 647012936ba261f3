// SPDX-License-Identifier: MIT
// Figures for people. Integer arithmetic only: tasks print without floating point.
#include "ash/start.h"
#include "shell.h"

const char *print_size(uint64_t bytes, char text[16])
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    unsigned unit = 0;
    uint64_t whole = bytes, rest = 0;
    for (; whole >= 1024 && unit < 6; unit++) {
        rest = whole % 1024;
        whole /= 1024;
    }
    if (unit == 0 || whole >= 100)
        snprintf(text, 16, "%lu %s", (unsigned long)whole, units[unit]);
    else
        snprintf(text, 16, "%lu.%lu %s", (unsigned long)whole, (unsigned long)(rest * 10 / 1024),
                 units[unit]);
    return text;
}

const char *print_ticks(uint64_t ticks, char text[24])
{
    uint64_t per_second = ash_timebase();
    uint64_t seconds = ticks / per_second;
    unsigned long thousandths = (unsigned long)(ticks % per_second * 1000 / per_second);
    if (seconds >= 3600)
        snprintf(text, 24, "%lu h %02lu min", (unsigned long)(seconds / 3600),
                 (unsigned long)(seconds / 60 % 60));
    else if (seconds >= 60)
        snprintf(text, 24, "%lu min %02lu s", (unsigned long)(seconds / 60),
                 (unsigned long)(seconds % 60));
    else
        snprintf(text, 24, "%lu.%03lu s", (unsigned long)seconds, thousandths);
    return text;
}

/* Civil date from days since 1601-01-01: years of 400 (146,097 days), 100, 4 and 1. */
static void date_of(uint64_t days, unsigned *year, unsigned *month, unsigned *day)
{
    static const unsigned char lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    unsigned y = 1601 + (unsigned)(days / 146097) * 400;
    unsigned rest = (unsigned)(days % 146097);
    unsigned centuries = rest / 36524 < 3 ? rest / 36524 : 3;
    rest -= centuries * 36524;
    unsigned fours = rest / 1461;
    rest -= fours * 1461;
    unsigned ones = rest / 365 < 3 ? rest / 365 : 3;
    rest -= ones * 365;
    y += centuries * 100 + fours * 4 + ones;
    bool leap = y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);
    unsigned m = 0;
    while (rest >= lengths[m] + (leap && m == 1 ? 1u : 0u)) {
        rest -= lengths[m] + (leap && m == 1 ? 1u : 0u);
        m++;
    }
    *year = y;
    *month = m + 1;
    *day = rest + 1;
}

const char *print_time(int64_t time, char text[24])
{
    if (time <= 0) {
        snprintf(text, 24, "-");
        return text;
    }
    uint64_t minutes = (uint64_t)time / 10000000 / 60;
    unsigned year, month, day;
    date_of(minutes / 1440, &year, &month, &day);
    snprintf(text, 24, "%04u-%02u-%02u %02u:%02u", year, month, day, (unsigned)(minutes / 60 % 24),
             (unsigned)(minutes % 60));
    return text;
}
