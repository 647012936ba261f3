// SPDX-License-Identifier: MIT
//
// The version that drivers are told, and comparisons with it. Major and minor version and service
// pack are compared as the digits of one number: the first difference decides.

#include "../ke/ki.h"

#define MAJOR    10u
#define MINOR    0u
#define BUILD    19041u
#define PLATFORM VER_PLATFORM_WIN32_NT

ULONGLONG VerSetConditionMask(ULONGLONG conditions, ULONG type, UCHAR condition)
{
    for (ULONG bit = 0; bit < 8; bit++)
        if ((type >> bit & 1) != 0)
            conditions |= (ULONGLONG)(condition & VER_CONDITION_MASK)
                          << (bit * VER_NUM_BITS_PER_CONDITION_MASK);
    return conditions;
}

static UCHAR condition_of(ULONGLONG conditions, ULONG type)
{
    ULONG bit = (ULONG)__builtin_ctz(type);
    return (UCHAR)(conditions >> (bit * VER_NUM_BITS_PER_CONDITION_MASK) & VER_CONDITION_MASK);
}

NTSTATUS RtlGetVersion(PRTL_OSVERSIONINFOW version)
{
    ULONG size = version->dwOSVersionInfoSize;
    ki_require_irql(PASSIVE_LEVEL, "RtlGetVersion above PASSIVE_LEVEL");
    *version = (RTL_OSVERSIONINFOW){.dwOSVersionInfoSize = size,
                                    .dwMajorVersion = MAJOR,
                                    .dwMinorVersion = MINOR,
                                    .dwBuildNumber = BUILD,
                                    .dwPlatformId = PLATFORM};
    if (size >= sizeof(RTL_OSVERSIONINFOEXW)) {
        PRTL_OSVERSIONINFOEXW full = (PRTL_OSVERSIONINFOEXW)(PVOID)version;
        full->wServicePackMajor = full->wServicePackMinor = full->wSuiteMask = 0;
        full->wProductType = VER_NT_WORKSTATION;
        full->wReserved = 0;
    }
    return STATUS_SUCCESS;
}

static bool fulfils(ULONG current, ULONG wanted, UCHAR condition)
{
    switch (condition) {
    case VER_EQUAL:
        return current == wanted;
    case VER_GREATER:
        return current > wanted;
    case VER_GREATER_EQUAL:
        return current >= wanted;
    case VER_LESS:
        return current < wanted;
    default:
        return current <= wanted;
    }
}

static bool conditions_valid(ULONG types, ULONGLONG conditions)
{
    for (ULONG type = 1; type <= VER_PRODUCT_TYPE; type <<= 1) {
        UCHAR condition = condition_of(conditions, type);
        bool suite = type == VER_SUITENAME;
        if ((types & type) != 0 && (condition < (suite ? VER_AND : VER_EQUAL) ||
                                    condition > (suite ? VER_OR : VER_LESS_EQUAL)))
            return false;
    }
    return types != 0 && types < 2 * VER_PRODUCT_TYPE;
}

struct part {
    ULONG Type, Current, Wanted;
};

static bool number_fulfils(const struct part parts[4], ULONG types, ULONGLONG conditions)
{
    bool good = true;
    for (ULONG i = 0; i < 4; i++) {
        if ((types & parts[i].Type) == 0)
            continue;
        UCHAR condition = condition_of(conditions, parts[i].Type);
        good = fulfils(parts[i].Current, parts[i].Wanted, condition);
        if (parts[i].Current != parts[i].Wanted)
            break;
    }
    return good;
}

NTSTATUS RtlVerifyVersionInfo(PRTL_OSVERSIONINFOEXW version, ULONG types, ULONGLONG conditions)
{
    const struct part number[4] = {
        {VER_MAJORVERSION, MAJOR, version->dwMajorVersion},
        {VER_MINORVERSION, MINOR, version->dwMinorVersion},
        {VER_SERVICEPACKMAJOR, 0, version->wServicePackMajor},
        {VER_SERVICEPACKMINOR, 0, version->wServicePackMinor},
    };
    const struct part alone[3] = {
        {VER_BUILDNUMBER, BUILD, version->dwBuildNumber},
        {VER_PLATFORMID, PLATFORM, version->dwPlatformId},
        {VER_PRODUCT_TYPE, VER_NT_WORKSTATION, version->wProductType},
    };
    ki_require_irql(PASSIVE_LEVEL, "RtlVerifyVersionInfo above PASSIVE_LEVEL");
    if (!conditions_valid(types, conditions))
        return STATUS_INVALID_PARAMETER;
    bool good = number_fulfils(number, types, conditions);
    for (ULONG i = 0; i < 3; i++)
        if ((types & alone[i].Type) != 0)
            good = good && fulfils(alone[i].Current, alone[i].Wanted,
                                   condition_of(conditions, alone[i].Type));
    if ((types & VER_SUITENAME) != 0) // there are no suites: only "all of none" is fulfilled
        good =
            good && version->wSuiteMask == 0 && condition_of(conditions, VER_SUITENAME) == VER_AND;
    return good ? STATUS_SUCCESS : STATUS_REVISION_MISMATCH;
}

BOOLEAN PsGetVersion(PULONG major, PULONG minor, PULONG build, PUNICODE_STRING service_pack)
{
    ki_require_irql(PASSIVE_LEVEL, "PsGetVersion above PASSIVE_LEVEL");
    if (major != NULL)
        *major = MAJOR;
    if (minor != NULL)
        *minor = MINOR;
    if (build != NULL)
        *build = BUILD;
    if (service_pack != NULL)
        *service_pack = (UNICODE_STRING){0};
    return TRUE;
}

#define SERVICE_PACK(version) ((version) & 0xff00u)
#define RELEASE(version)      ((version) & 0xffff0000u)

BOOLEAN RtlIsNtDdiVersionAvailable(ULONG version)
{
    ki_require_irql(PASSIVE_LEVEL, "RtlIsNtDdiVersionAvailable above PASSIVE_LEVEL");
    return (BOOLEAN)(SERVICE_PACK(version) == 0 && version <= NTDDI_WIN10_VB);
}

BOOLEAN RtlIsServicePackVersionInstalled(ULONG version)
{
    ki_require_irql(PASSIVE_LEVEL, "RtlIsServicePackVersionInstalled above PASSIVE_LEVEL");
    return (BOOLEAN)(RELEASE(version) == NTDDI_WIN10 && SERVICE_PACK(version) == 0);
}
