// SPDX-License-Identifier: MIT
//
// What the toaster's drivers and the programs that use them agree on. Programs need no driver
// header for it: the codes are plain numbers.
#ifndef SAMPLE_TOASTER_H
#define SAMPLE_TOASTER_H

// Device interface classes, as GUID initializers: the bus, and a toaster on it.
#define TOASTER_BUS_CLASS                                                                          \
    {0x6b1c2a40, 0x7f0d, 0x4c5e, {0x9a, 0x21, 0x3d, 0x5e, 0x8f, 0x10, 0x42, 0xb7}}
#define TOASTER_CLASS {0x6b1c2a41, 0x7f0d, 0x4c5e, {0x9a, 0x21, 0x3d, 0x5e, 0x8f, 0x10, 0x42, 0xb7}}

// To the bus. Input: TOASTER_SLOT, the number of a slot. Device type 0x8a01, METHOD_BUFFERED,
// write access.
#define IOCTL_TOASTER_PLUG_IN 0x8a01a000u // a toaster appears in the slot
#define IOCTL_TOASTER_UNPLUG  0x8a01a004u // it is pulled out without a word
#define IOCTL_TOASTER_EJECT   0x8a01a008u // its button is pressed: it asks to be ejected

// To a toaster. Output: the number of slices toasted so far, as a ULONG. Read access.
#define IOCTL_TOASTER_TOAST 0x8a016010u

typedef struct _TOASTER_SLOT {
    unsigned int Number; // 1 to TOASTER_SLOTS
} TOASTER_SLOT;
#define TOASTER_SLOTS 16u

#endif
