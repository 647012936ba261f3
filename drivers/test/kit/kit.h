// SPDX-License-Identifier: MIT
//
// What the test program tests/guest/kit.c asks of the test driver. Each run answers with STATUS_
// SUCCESS, or fails with the number of the check that did not hold in KIT_FAILED.

#ifndef TEST_KIT_H
#define TEST_KIT_H

#define KIT_DEVICE "\\DosDevices\\Kit"
#define KIT_TYPE   0x8100

#define IOCTL_KIT_RUN     CTL_CODE(KIT_TYPE, 0x800, METHOD_BUFFERED, FILE_ANY_ACCESS)
#define IOCTL_KIT_EVENTS  CTL_CODE(KIT_TYPE, 0x801, METHOD_BUFFERED, FILE_ANY_ACCESS)
#define IOCTL_KIT_VETO    CTL_CODE(KIT_TYPE, 0x802, METHOD_BUFFERED, FILE_ANY_ACCESS)
#define IOCTL_KIT_NEITHER CTL_CODE(KIT_TYPE, 0x803, METHOD_NEITHER, FILE_ANY_ACCESS)

enum kit_test {
    KIT_SECTIONS = 1, // two views of a section; one for reading only is that
    KIT_ROUTINES = 2, // MmGetSystemRoutineAddress
    KIT_OTHER = 3,    // the sample driver ioctl: opened by name, called with every method
    KIT_HANDLES = 4,  // handles in the context of the caller
    KIT_OPEN = 5,     // opens the other driver's device: then its control codes are forwarded
    KIT_ROUNDS = 6,   // value: so many requests to the other driver, built and waited for
    KIT_SAME = 7,     // value: so many requests to a device of its own
};
struct kit_run {
    unsigned test, value;
};
struct kit_result {
    unsigned failed; // line of the first check that did not hold, 0: none
};

// What the driver has heard, since it was loaded.
struct kit_events {
    unsigned created, exited, threads, images;
    unsigned last_created, parent;
    unsigned short name[64]; // of the process created last
    unsigned name_bytes;
};

#endif
