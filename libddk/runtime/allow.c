// SPDX-License-Identifier: MIT
//
// Who may ask for what. A link carries only the requests of its kind: what an application or
// another driver puts into a ring never reaches a driver as a kit request, a PnP or power IRP, or
// as the opening and closing of files, which belong to the I/O manager.

#include "rt.h"

#define BIT(major) (1u << (major))

// For applications: data and questions about open files.
#define FILE_MAJORS                                                                                \
    (BIT(IRP_MJ_READ) | BIT(IRP_MJ_WRITE) | BIT(IRP_MJ_QUERY_INFORMATION) |                        \
     BIT(IRP_MJ_SET_INFORMATION) | BIT(IRP_MJ_FLUSH_BUFFERS) |                                     \
     BIT(IRP_MJ_QUERY_VOLUME_INFORMATION) | BIT(IRP_MJ_DIRECTORY_CONTROL) |                        \
     BIT(IRP_MJ_FILE_SYSTEM_CONTROL) | BIT(IRP_MJ_DEVICE_CONTROL))
// For drivers that opened a device by name.
#define OPEN_MAJORS (FILE_MAJORS | BIT(IRP_MJ_INTERNAL_DEVICE_CONTROL))
// From the I/O manager.
#define CONTROL_MAJORS                                                                             \
    (BIT(IRP_MJ_CREATE) | BIT(IRP_MJ_CLEANUP) | BIT(IRP_MJ_CLOSE) |                                \
     BIT(IRP_MJ_FILE_SYSTEM_CONTROL) | BIT(IRP_MJ_FLUSH_BUFFERS) | BIT(IRP_MJ_SHUTDOWN))
#define ALL_MAJORS (BIT(IRP_MJ_MAXIMUM_FUNCTION + 1) - 1)

static bool kit_allowed(uint64_t kind, uint8_t major)
{
    if (major == ASH_MJ_ADD_DEVICE)
        return kind == ASH_LINK_PNP;
    if (major == ASH_MJ_POWER_DONE)
        return kind == ASH_LINK_POWER;
    return kind == ASH_LINK_CONTROL;
}

static const uint32_t majors_of[] = {
    [ASH_LINK_CONTROL] = CONTROL_MAJORS,
    [ASH_LINK_PNP] = BIT(IRP_MJ_PNP),
    [ASH_LINK_POWER] = BIT(IRP_MJ_POWER) | BIT(IRP_MJ_SHUTDOWN),
    [ASH_LINK_DEVICE] = ALL_MAJORS,
    [ASH_LINK_FILE] = FILE_MAJORS,
    [ASH_LINK_OPEN] = OPEN_MAJORS,
};

bool rt_allowed(const struct rt_in *in, const struct ash_request *wire)
{
    uint64_t kind = in->info.kind;
    if (wire->major > IRP_MJ_MAXIMUM_FUNCTION)
        return wire->major >= ASH_MJ_ADD_DEVICE && kit_allowed(kind, wire->major);
    if (kind >= ARRAYSIZE(majors_of) || (majors_of[kind] >> wire->major & 1) == 0)
        return false;
    bool one_device = kind == ASH_LINK_DEVICE || kind == ASH_LINK_OPEN;
    if (one_device && wire->device != in->info.device)
        return false;
    bool opened = kind == ASH_LINK_FILE || kind == ASH_LINK_OPEN;
    return !opened || wire->major != IRP_MJ_FILE_SYSTEM_CONTROL ||
           wire->minor == IRP_MN_USER_FS_REQUEST;
}

#define MAY_READ                                                                                   \
    (FILE_READ_DATA | FILE_EXECUTE | GENERIC_READ | GENERIC_EXECUTE | GENERIC_ALL | MAXIMUM_ALLOWED)
#define MAY_WRITE                                                                                  \
    (FILE_WRITE_DATA | FILE_APPEND_DATA | GENERIC_WRITE | GENERIC_ALL | MAXIMUM_ALLOWED)

bool rt_may_read(ACCESS_MASK granted)
{
    return (granted & MAY_READ) != 0;
}

bool rt_may_write(ACCESS_MASK granted)
{
    return (granted & MAY_WRITE) != 0;
}

// The access that READ, WRITE and the code of a control request ask for, as the I/O manager checks
// it on Windows before a driver is called.
bool rt_access_granted(const struct ash_request *wire, ACCESS_MASK granted)
{
    if (wire->major == IRP_MJ_READ)
        return (granted & MAY_READ) != 0;
    if (wire->major == IRP_MJ_WRITE)
        return (granted & MAY_WRITE) != 0;
    if (wire->major != IRP_MJ_DEVICE_CONTROL && wire->major != IRP_MJ_FILE_SYSTEM_CONTROL)
        return true;
    ULONG wanted = ACCESS_FROM_CTL_CODE(wire->parameter[2]);
    return ((wanted & FILE_READ_ACCESS) == 0 || (granted & MAY_READ) != 0) &&
           ((wanted & FILE_WRITE_ACCESS) == 0 || (granted & MAY_WRITE) != 0);
}
