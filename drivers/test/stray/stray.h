// SPDX-License-Identifier: MIT
//
// What the driver `stray` does for anybody who asks: whatever its device can be made to do. It is
// the driver that wants to harm; who asks (apps/stray) says how. Include a header with CTL_CODE,
// ULONG and ULONGLONG first. Device names: \Device\Stray0 and so on.
#ifndef TEST_STRAY_H
#define TEST_STRAY_H

#define STRAY_STEPS        16u
#define STRAY_COMMON_BYTES 16384u

// One access to a register: Width bytes at Offset of the Bar-th memory resource.
typedef struct _STRAY_ACCESS {
    ULONG Bar, Offset, Width, Reserved;
    ULONGLONG Value;
} STRAY_ACCESS, *PSTRAY_ACCESS;

// Writes, in this order, Rounds times (0: until IOCTL_STRAY_QUIET), with a pause after each round.
typedef struct _STRAY_SCRIPT {
    ULONG Steps, PauseMicroseconds;
    ULONGLONG Rounds;
    STRAY_ACCESS Step[STRAY_STEPS];
} STRAY_SCRIPT, *PSTRAY_SCRIPT;

typedef struct _STRAY_COUNTS {
    ULONGLONG Rounds, Interrupts;
    ULONGLONG Calls; // of the ISR, whether it was its device's interrupt or not
} STRAY_COUNTS, *PSTRAY_COUNTS;

#define STRAY_CODE(n, method) CTL_CODE(0x22, 0x800 + (n), method, FILE_ANY_ACCESS)

#define IOCTL_STRAY_WRITE STRAY_CODE(0, METHOD_BUFFERED) // STRAY_ACCESS
#define IOCTL_STRAY_READ  STRAY_CODE(1, METHOD_BUFFERED) // STRAY_ACCESS -> ULONGLONG
#define IOCTL_STRAY_COMMON                                                                         \
    STRAY_CODE(2, METHOD_BUFFERED) // -> ULONGLONG: address of the common buffer
// The common buffer's contents, from its beginning: the driver copies them to and from the caller.
#define IOCTL_STRAY_FILL STRAY_CODE(3, METHOD_IN_DIRECT)
#define IOCTL_STRAY_SHOW STRAY_CODE(4, METHOD_OUT_DIRECT)
// The output buffer's first page is granted to the device for writing; its first 8 bytes become
// the page's logical address. GRANT: the grant ends with the request, which is completed at once.
// HOLD: it is not completed before IOCTL_STRAY_LET_GO.
#define IOCTL_STRAY_GRANT  STRAY_CODE(5, METHOD_OUT_DIRECT)
#define IOCTL_STRAY_HOLD   STRAY_CODE(6, METHOD_OUT_DIRECT)
#define IOCTL_STRAY_LET_GO STRAY_CODE(7, METHOD_BUFFERED)
#define IOCTL_STRAY_REPEAT STRAY_CODE(8, METHOD_BUFFERED)  // STRAY_SCRIPT: returns at once
#define IOCTL_STRAY_QUIET  STRAY_CODE(9, METHOD_BUFFERED)  // -> STRAY_COUNTS
#define IOCTL_STRAY_COUNTS STRAY_CODE(10, METHOD_BUFFERED) // -> STRAY_COUNTS
#define IOCTL_STRAY_WHERE  STRAY_CODE(12, METHOD_BUFFERED) // -> ULONGLONG: device number on its bus
// Of edu: takes its interrupt. ULONG: 1: the ISR makes the device interrupt again, each time.
#define IOCTL_STRAY_LISTEN STRAY_CODE(11, METHOD_BUFFERED)

#endif
