// SPDX-License-Identifier: MIT
//
// What the sample driver `ioctl` and its callers agree on: a device name and four control codes,
// one for each way that data can travel. A driver or an application includes it after its own
// system header, which has CTL_CODE.
#ifndef SAMPLE_TRANSFER_H
#define SAMPLE_TRANSFER_H

#define TRANSFER_DEVICE_NAME L"\\Device\\SampleTransfer"
#define TRANSFER_LINK_NAME   L"\\??\\SampleTransfer"

// Device types and functions from 0x8000 and 0x800 on are free for everybody's own use.
#define FILE_DEVICE_TRANSFER 0x8001u

// In: bytes. Out: the same bytes in reverse order.
#define IOCTL_TRANSFER_REVERSE                                                                     \
    CTL_CODE(FILE_DEVICE_TRANSFER, 0x800, METHOD_BUFFERED, FILE_ANY_ACCESS)
// In: one byte. "Out": data that the driver reads; the number of bytes returned says how often the
// one byte occurs in it.
#define IOCTL_TRANSFER_COUNT                                                                       \
    CTL_CODE(FILE_DEVICE_TRANSFER, 0x801, METHOD_IN_DIRECT, FILE_ANY_ACCESS)
// In: one byte. Out: filled with it.
#define IOCTL_TRANSFER_FILL                                                                        \
    CTL_CODE(FILE_DEVICE_TRANSFER, 0x802, METHOD_OUT_DIRECT, FILE_READ_ACCESS)
// In: bytes. Out: their upper case (ASCII), as many as fit.
#define IOCTL_TRANSFER_UPPER CTL_CODE(FILE_DEVICE_TRANSFER, 0x803, METHOD_NEITHER, FILE_ANY_ACCESS)

#endif
