// SPDX-License-Identifier: MIT
//
// What the sample driver `event` and its callers agree on. A driver or an application includes it
// after its own system header, which has CTL_CODE and HANDLE.
#ifndef SAMPLE_NOTIFY_H
#define SAMPLE_NOTIFY_H

#define NOTIFY_DEVICE_NAME L"\\Device\\SampleEvent"
#define NOTIFY_LINK_NAME   L"\\??\\SampleEvent"
#define FILE_DEVICE_NOTIFY 0x8003u

// In: struct notify_request, event ignored. Completes when the time is over. Out: an unsigned int,
// the number of notifications so far.
#define IOCTL_NOTIFY_BY_IRP CTL_CODE(FILE_DEVICE_NOTIFY, 0x800, METHOD_BUFFERED, FILE_ANY_ACCESS)
// In: struct notify_request. Completes at once; the event is set when the time is over.
#define IOCTL_NOTIFY_BY_EVENT CTL_CODE(FILE_DEVICE_NOTIFY, 0x801, METHOD_BUFFERED, FILE_ANY_ACCESS)

struct notify_request {
    HANDLE event;              // of an event of the caller
    unsigned int milliseconds; // from now
};

#endif
