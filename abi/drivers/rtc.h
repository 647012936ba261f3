// SPDX-License-Identifier: MIT
//
// The time of day: control codes of \Device\RealTimeClock. Both are METHOD_BUFFERED and carry one
// 64-bit number, little-endian:
//
//      +-----------------------------------------------------------+
//      | 100 ns units since 1 January 1601, 00:00 UTC (signed)      |   8 bytes
//      +-----------------------------------------------------------+
//
//  GET_TIME   output: the time. Needs no access right.
//  SET_TIME   input: the new time. Needs the right to write. STATUS_INVALID_PARAMETER for a time
//  that
//             the clock cannot hold (goldfish: before 1970, or after 2554).
//
//  Errors: STATUS_BUFFER_TOO_SMALL, STATUS_DEVICE_NOT_READY while the device is not started.
#pragma once

// CTL_CODE(FILE_DEVICE_UNKNOWN 0x22, 0x800 / 0x801, METHOD_BUFFERED 0, access)
#define IOCTL_RTC_GET_TIME 0x00222000u // FILE_ANY_ACCESS
#define IOCTL_RTC_SET_TIME 0x0022a004u // FILE_WRITE_ACCESS

#define RTC_DEVICE_NAME "\\Device\\RealTimeClock"
#define RTC_TIME_BYTES  8

// 100 ns units from 1601 to 1970.
#define RTC_UNIX_EPOCH 116444736000000000ll
