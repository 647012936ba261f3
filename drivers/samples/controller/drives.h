// SPDX-License-Identifier: MIT
//
// What the sample driver `controller` and its callers agree on. A driver or an application includes
// it after its own system header, which has CTL_CODE.
#ifndef SAMPLE_DRIVES_H
#define SAMPLE_DRIVES_H

#define DRIVES                2u
#define DRIVE_DEVICE_NAME     L"\\Device\\SampleDrive0" // and 1
#define DRIVE_BYTES           4096u
#define FILE_DEVICE_MY_DRIVES 0x8002u

// Out: struct drive_statistics, of the controller.
#define IOCTL_DRIVE_STATISTICS                                                                     \
    CTL_CODE(FILE_DEVICE_MY_DRIVES, 0x800, METHOD_BUFFERED, FILE_ANY_ACCESS)

struct drive_statistics {
    unsigned int Transfers[DRIVES];
    unsigned int Switches; // the controller went over to the other drive
    unsigned int Overlaps; // it was asked for while it worked: never
};

#endif
