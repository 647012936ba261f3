// SPDX-License-Identifier: MIT
//
// The version of the system as a driver sees it: that of the Windows release whose driver interface
// the kit follows (10.0), so that version tests of drivers pass. PASSIVE_LEVEL.
// Documentation: nf-wdm-rtlgetversion, nf-wdm-rtlverifyversioninfo, ns-wdm-_osversioninfoexw.

#ifndef DDK_VERSION_H
#define DDK_VERSION_H

typedef struct _OSVERSIONINFOW {
    ULONG dwOSVersionInfoSize;
    ULONG dwMajorVersion;
    ULONG dwMinorVersion;
    ULONG dwBuildNumber;
    ULONG dwPlatformId;
    WCHAR szCSDVersion[128];
} OSVERSIONINFOW, *POSVERSIONINFOW, *LPOSVERSIONINFOW, RTL_OSVERSIONINFOW, *PRTL_OSVERSIONINFOW;

typedef struct _OSVERSIONINFOEXW {
    ULONG dwOSVersionInfoSize;
    ULONG dwMajorVersion;
    ULONG dwMinorVersion;
    ULONG dwBuildNumber;
    ULONG dwPlatformId;
    WCHAR szCSDVersion[128];
    USHORT wServicePackMajor;
    USHORT wServicePackMinor;
    USHORT wSuiteMask;
    UCHAR wProductType;
    UCHAR wReserved;
} OSVERSIONINFOEXW, *POSVERSIONINFOEXW, *LPOSVERSIONINFOEXW, RTL_OSVERSIONINFOEXW,
    *PRTL_OSVERSIONINFOEXW;
C_ASSERT(sizeof(OSVERSIONINFOEXW) == 284);

#define VER_PLATFORM_WIN32_NT 2
#define VER_NT_WORKSTATION    1
#define VER_NT_SERVER         3

#define VER_MINORVERSION     0x0000001
#define VER_MAJORVERSION     0x0000002
#define VER_BUILDNUMBER      0x0000004
#define VER_PLATFORMID       0x0000008
#define VER_SERVICEPACKMINOR 0x0000010
#define VER_SERVICEPACKMAJOR 0x0000020
#define VER_SUITENAME        0x0000040
#define VER_PRODUCT_TYPE     0x0000080

#define VER_EQUAL         1
#define VER_GREATER       2
#define VER_GREATER_EQUAL 3
#define VER_LESS          4
#define VER_LESS_EQUAL    5
#define VER_AND           6
#define VER_OR            7

// Three bits of the condition mask belong to each member of the type mask.
#define VER_CONDITION_MASK              7
#define VER_NUM_BITS_PER_CONDITION_MASK 3
ULONGLONG VerSetConditionMask(ULONGLONG conditions, ULONG type, UCHAR condition);
#define VER_SET_CONDITION(conditions, type, condition)                                             \
    ((conditions) = VerSetConditionMask((conditions), (type), (condition)))

// Fills a structure whose size says which of the two it is. STATUS_SUCCESS.
NTSTATUS RtlGetVersion(PRTL_OSVERSIONINFOW version);
// STATUS_SUCCESS when the system fulfils all conditions (major, minor, service pack are compared
// as one number), STATUS_REVISION_MISMATCH, STATUS_INVALID_PARAMETER: no type, or one without a
// condition.
NTSTATUS RtlVerifyVersionInfo(PRTL_OSVERSIONINFOEXW version, ULONG types, ULONGLONG conditions);
// Obsolete; TRUE. Each argument may be NULL.
BOOLEAN PsGetVersion(PULONG major, PULONG minor, PULONG build, PUNICODE_STRING service_pack);
// TRUE up to and including the release above.
BOOLEAN RtlIsNtDdiVersionAvailable(ULONG version);
BOOLEAN RtlIsServicePackVersionInstalled(ULONG version);

#define NTDDI_WIN2K      0x05000000
#define NTDDI_WINXP      0x05010000
#define NTDDI_WINXPSP1   0x05010100
#define NTDDI_WINXPSP2   0x05010200
#define NTDDI_WINXPSP3   0x05010300
#define NTDDI_WS03       0x05020000
#define NTDDI_WS03SP1    0x05020100
#define NTDDI_WS03SP2    0x05020200
#define NTDDI_VISTA      0x06000000
#define NTDDI_LONGHORN   NTDDI_VISTA
#define NTDDI_VISTASP1   0x06000100
#define NTDDI_VISTASP2   0x06000200
#define NTDDI_WS08       0x06000100
#define NTDDI_WIN7       0x06010000
#define NTDDI_WIN8       0x06020000
#define NTDDI_WINBLUE    0x06030000
#define NTDDI_WIN10      0x0A000000
#define NTDDI_WIN10_RS5  0x0A000006
#define NTDDI_WIN10_19H1 0x0A000007
#define NTDDI_WIN10_VB   0x0A000008
#ifndef NTDDI_VERSION
#define NTDDI_VERSION NTDDI_WIN10_VB
#endif
#ifndef _WIN32_WINNT
#define _WIN32_WINNT 0x0A00
#endif

#endif
