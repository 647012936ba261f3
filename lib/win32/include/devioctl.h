// SPDX-License-Identifier: MIT
// Control codes, as "Defining I/O Control Codes" makes them, and device types.
#ifndef WIN32_DEVIOCTL_H
#define WIN32_DEVIOCTL_H

#include <windows.h>

#ifndef CTL_CODE
#define CTL_CODE(type, function, method, access)                                                   \
    ((DWORD)((DWORD)(type) << 16 | (DWORD)(access) << 14 | (DWORD)(function) << 2 | (method)))
#define DEVICE_TYPE_FROM_CTL_CODE(code) (((DWORD)(code) & 0xffff0000u) >> 16)
#define METHOD_FROM_CTL_CODE(code)      ((DWORD)(code) & 3)
#define METHOD_BUFFERED                 0
#define METHOD_IN_DIRECT                1
#define METHOD_OUT_DIRECT               2
#define METHOD_NEITHER                  3
#define METHOD_DIRECT_TO_HARDWARE       METHOD_IN_DIRECT
#define METHOD_DIRECT_FROM_HARDWARE     METHOD_OUT_DIRECT
#define FILE_ANY_ACCESS                 0
#define FILE_SPECIAL_ACCESS             FILE_ANY_ACCESS
#define FILE_READ_ACCESS                1
#define FILE_WRITE_ACCESS               2
#endif

typedef DWORD DEVICE_TYPE;
#define FILE_DEVICE_BEEP          0x01
#define FILE_DEVICE_CD_ROM        0x02
#define FILE_DEVICE_CONTROLLER    0x04
#define FILE_DEVICE_DISK          0x07
#define FILE_DEVICE_FILE_SYSTEM   0x09
#define FILE_DEVICE_KEYBOARD      0x0b
#define FILE_DEVICE_MOUSE         0x0f
#define FILE_DEVICE_NULL          0x15
#define FILE_DEVICE_PARALLEL_PORT 0x16
#define FILE_DEVICE_SERIAL_PORT   0x1b
#define FILE_DEVICE_UNKNOWN       0x22
#define FILE_DEVICE_MASS_STORAGE  0x2d
#define FILE_DEVICE_BUS_EXTENDER  0x2a

#endif
