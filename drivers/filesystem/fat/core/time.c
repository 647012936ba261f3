// SPDX-License-Identifier: MIT
//
// FAT time stamps (2-second steps since 1980, with tenths for creation) to and from 100 ns units
// since 1601. Days are counted with the proleptic Gregorian calendar, years beginning in March.
#include "internal.h"

enum { TICKS_PER_10MS = 100000 };
static const uint64_t ticks_per_second = 10000000;
static const uint64_t seconds_per_day = 86400;

// Days from 1601-01-01 to a date.
static uint64_t days_from_date(uint32_t year, uint32_t month, uint32_t day)
{
    uint32_t y = month > 2 ? year : year - 1;
    uint32_t m = month > 2 ? month - 3 : month + 9;
    uint32_t days = 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1;
    return days - 584694; // 0000-03-01 to 1601-01-01
}

static void date_from_days(uint64_t days, uint32_t *year, uint32_t *month, uint32_t *day)
{
    uint64_t z = days + 584694;
    uint32_t era = (uint32_t)(z / 146097);
    uint32_t doe = (uint32_t)(z % 146097);
    uint32_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    uint32_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    uint32_t m = (5 * doy + 2) / 153;
    *day = doy - (153 * m + 2) / 5 + 1;
    *month = m < 10 ? m + 3 : m - 9;
    *year = yoe + era * 400 + (*month <= 2);
}

// Fields out of range (untrusted) are brought to the nearest valid value; a zero date, "never
// set", gives 0.
uint64_t fat_time_decode(uint16_t date, uint16_t time, uint8_t tenths)
{
    if (date == 0)
        return 0;
    uint32_t month = (date >> 5) & 15;
    uint32_t day = date & 31;
    month = month < 1 ? 1 : month > 12 ? 12 : month;
    day = day < 1 ? 1 : day;
    uint32_t hours = time >> 11 > 23 ? 23 : (uint32_t)time >> 11;
    uint32_t minutes = ((time >> 5) & 63) > 59 ? 59 : (time >> 5) & 63;
    uint32_t seconds = (time & 31) > 29 ? 58 : (time & 31) * 2u;
    uint64_t total = days_from_date(1980u + (date >> 9), month, day) * seconds_per_day +
                     hours * 3600u + minutes * 60u + seconds;
    uint32_t hundredths = tenths > 199 ? 199 : tenths;
    return total * ticks_per_second + (uint64_t)hundredths * TICKS_PER_10MS;
}

void fat_time_encode(uint64_t nt_time, uint16_t *date, uint16_t *time, uint8_t *tenths)
{
    uint32_t year;
    uint32_t month;
    uint32_t day;
    uint64_t first = days_from_date(1980, 1, 1) * seconds_per_day * ticks_per_second;
    uint64_t last = days_from_date(2108, 1, 1) * seconds_per_day * ticks_per_second - 1;
    nt_time = nt_time < first ? first : nt_time > last ? last : nt_time;
    uint64_t seconds = nt_time / ticks_per_second;
    date_from_days(seconds / seconds_per_day, &year, &month, &day);
    uint32_t rest = (uint32_t)(seconds % seconds_per_day);
    *date = (uint16_t)((year - 1980) << 9 | month << 5 | day);
    *time = (uint16_t)((rest / 3600) << 11 | (rest / 60 % 60) << 5 | (rest % 60) / 2);
    *tenths = (uint8_t)((rest & 1) * 100 + nt_time % ticks_per_second / TICKS_PER_10MS);
}
