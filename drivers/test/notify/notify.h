// SPDX-License-Identifier: MIT
//
// What the test driver `notify` and its callers agree on. Included after the own system header,
// which has CTL_CODE.
#ifndef TEST_NOTIFY_H
#define TEST_NOTIFY_H

#define NOTIFY_DEVICE_NAME L"\\Device\\TestNotify"
#define NOTIFY_LINK_NAME   L"\\??\\TestNotify"

#define FILE_DEVICE_NOTIFY 0x8003u

// Handles are 64 bits wide in each program that this driver will meet.
struct notify_request {
    unsigned long long Event; // of the caller: what is set
    unsigned long long First; // NOTIFY_FOLLOW: what is waited for before
    unsigned Milliseconds;
    unsigned Reserved;
};

// The event is set after that time; the request itself is done at once.
#define IOCTL_NOTIFY_SET CTL_CODE(FILE_DEVICE_NOTIFY, 0x800, METHOD_BUFFERED, FILE_ANY_ACCESS)
// The request is done after that time, or when it is cancelled.
#define IOCTL_NOTIFY_PEND CTL_CODE(FILE_DEVICE_NOTIFY, 0x801, METHOD_BUFFERED, FILE_ANY_ACCESS)
// Waits for First, at most that time, and sets Event then: STATUS_TIMEOUT if First was not set.
#define IOCTL_NOTIFY_FOLLOW CTL_CODE(FILE_DEVICE_NOTIFY, 0x802, METHOD_BUFFERED, FILE_ANY_ACCESS)

#endif
