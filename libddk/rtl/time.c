// SPDX-License-Identifier: MIT
//
// Dates of the Gregorian calendar from 1 January 1601, a Monday, in 100 ns units. A cycle of 400
// years has 146097 days and begins in 1601.

#include "../ke/ki.h"

#define PER_MILLISECOND      10000LL
#define PER_SECOND           10000000LL
#define PER_DAY              (86400LL * PER_SECOND)
#define DAYS_400             146097u
#define DAYS_100             36524u
#define DAYS_4               1461u
#define SECONDS_1601_TO_1970 11644473600LL
#define SECONDS_1601_TO_1980 11960006400LL
#define YEAR_LAST            30827

static const USHORT month_start[2][13] = {
    {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365},
    {0, 31, 60, 91, 121, 152, 182, 213, 244, 274, 305, 335, 366},
};

static int is_leap(ULONG year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

VOID RtlTimeToTimeFields(PLARGE_INTEGER time, PTIME_FIELDS fields)
{
    ULONGLONG total = (ULONGLONG)time->QuadPart;
    ULONG days = (ULONG)(total / PER_DAY), rest = (ULONG)(total % PER_DAY / PER_MILLISECOND);
    fields->Weekday = (CSHORT)((days + 1) % 7);
    ULONG year = 1601 + days / DAYS_400 * 400;
    days %= DAYS_400;
    ULONG centuries = days / DAYS_100 < 4 ? days / DAYS_100 : 3;
    days -= centuries * DAYS_100;
    ULONG fours = days / DAYS_4;
    days %= DAYS_4;
    ULONG singles = days / 365 < 4 ? days / 365 : 3;
    days -= singles * 365;
    year += centuries * 100 + fours * 4 + singles;
    const USHORT *start = month_start[is_leap(year)];
    ULONG month = 1;
    while (days >= start[month])
        month++;
    fields->Year = (CSHORT)year;
    fields->Month = (CSHORT)month;
    fields->Day = (CSHORT)(days - start[month - 1] + 1);
    fields->Hour = (CSHORT)(rest / 3600000);
    fields->Minute = (CSHORT)(rest / 60000 % 60);
    fields->Second = (CSHORT)(rest / 1000 % 60);
    fields->Milliseconds = (CSHORT)(rest % 1000);
}

static bool in_range(CSHORT value, int low, int high)
{
    return value >= low && value <= high;
}

BOOLEAN RtlTimeFieldsToTime(PTIME_FIELDS fields, PLARGE_INTEGER time)
{
    if (!in_range(fields->Year, 1601, YEAR_LAST) || !in_range(fields->Month, 1, 12) ||
        !in_range(fields->Hour, 0, 23) || !in_range(fields->Minute, 0, 59) ||
        !in_range(fields->Second, 0, 59) || !in_range(fields->Milliseconds, 0, 999))
        return FALSE;
    const USHORT *start = month_start[is_leap((ULONG)fields->Year)];
    if (!in_range(fields->Day, 1, start[fields->Month] - start[fields->Month - 1]))
        return FALSE;
    ULONG years = (ULONG)fields->Year - 1601;
    LONGLONG days = (LONGLONG)(years * 365 + years / 4 - years / 100 + years / 400) +
                    start[fields->Month - 1] + fields->Day - 1;
    LONGLONG milliseconds = ((fields->Hour * 60LL + fields->Minute) * 60 + fields->Second) * 1000 +
                            fields->Milliseconds;
    time->QuadPart = days * PER_DAY + milliseconds * PER_MILLISECOND;
    return TRUE;
}

static BOOLEAN seconds_since(LONGLONG epoch, PLARGE_INTEGER time, PULONG seconds)
{
    LONGLONG value = time->QuadPart / PER_SECOND - epoch;
    if (value < 0 || value > MAXULONG)
        return FALSE;
    *seconds = (ULONG)value;
    return TRUE;
}

VOID RtlSecondsSince1970ToTime(ULONG seconds, PLARGE_INTEGER time)
{
    ki_require_irql(APC_LEVEL, "RtlSecondsSince1970ToTime above APC_LEVEL");
    time->QuadPart = (SECONDS_1601_TO_1970 + seconds) * PER_SECOND;
}

BOOLEAN RtlTimeToSecondsSince1970(PLARGE_INTEGER time, PULONG seconds)
{
    ki_require_irql(APC_LEVEL, "RtlTimeToSecondsSince1970 above APC_LEVEL");
    return seconds_since(SECONDS_1601_TO_1970, time, seconds);
}

VOID RtlSecondsSince1980ToTime(ULONG seconds, PLARGE_INTEGER time)
{
    ki_require_irql(APC_LEVEL, "RtlSecondsSince1980ToTime above APC_LEVEL");
    time->QuadPart = (SECONDS_1601_TO_1980 + seconds) * PER_SECOND;
}

BOOLEAN RtlTimeToSecondsSince1980(PLARGE_INTEGER time, PULONG seconds)
{
    ki_require_irql(APC_LEVEL, "RtlTimeToSecondsSince1980 above APC_LEVEL");
    return seconds_since(SECONDS_1601_TO_1980, time, seconds);
}
