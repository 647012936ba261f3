// SPDX-License-Identifier: MIT
//
// Windows Management Instrumentation as a driver calls it. There is none yet: a device cannot be
// registered (STATUS_NOT_SUPPORTED), so no IRP_MJ_SYSTEM_CONTROL is meant for it; WmiSystemControl
// says that such an IRP goes on to the next driver, which is what it documents for a device that
// the request is not for.
// Documentation: nf-wdm-iowmiregistrationcontrol, nf-wdm-iowmiwriteevent, nf-wmilib-*.

#ifndef DDK_WMI_H
#define DDK_WMI_H

#include <ddk/irp.h>

#define WMIREG_ACTION_REGISTER     1
#define WMIREG_ACTION_DEREGISTER   2
#define WMIREG_ACTION_REREGISTER   3
#define WMIREG_ACTION_UPDATE_GUIDS 4
#define WMIREG_ACTION_BLOCK_IRPS   5

#define WMIREG_FLAG_EXPENSIVE          0x00000001
#define WMIREG_FLAG_INSTANCE_LIST      0x00000004
#define WMIREG_FLAG_INSTANCE_BASENAME  0x00000008
#define WMIREG_FLAG_INSTANCE_PDO       0x00000020
#define WMIREG_FLAG_REMOVE_GUID        0x00010000
#define WMIREG_FLAG_TRACED_GUID        0x00080000
#define WMIREG_FLAG_TRACE_CONTROL_GUID 0x00001000
#define WMIREG_FLAG_EVENT_ONLY_GUID    0x00000040

typedef struct _WNODE_HEADER {
    ULONG BufferSize;
    ULONG ProviderId;
    union {
        ULONG64 HistoricalContext;
        struct {
            ULONG Version;
            ULONG Linkage;
        };
    };
    union {
        HANDLE KernelHandle;
        LARGE_INTEGER TimeStamp;
    };
    GUID Guid;
    ULONG ClientContext;
    ULONG Flags;
} WNODE_HEADER, *PWNODE_HEADER;

#define WNODE_FLAG_ALL_DATA              0x00000001
#define WNODE_FLAG_SINGLE_INSTANCE       0x00000002
#define WNODE_FLAG_SINGLE_ITEM           0x00000004
#define WNODE_FLAG_EVENT_ITEM            0x00000008
#define WNODE_FLAG_FIXED_INSTANCE_SIZE   0x00000010
#define WNODE_FLAG_TOO_SMALL             0x00000020
#define WNODE_FLAG_INSTANCES_SAME        0x00000040
#define WNODE_FLAG_STATIC_INSTANCE_NAMES 0x00000080
#define WNODE_FLAG_TRACED_GUID           0x00020000
#define WNODE_FLAG_USE_TIMESTAMP         0x00200000

NTSTATUS IoWMIRegistrationControl(PDEVICE_OBJECT device, ULONG action);
// Takes the event only where it succeeds, so it stays the caller's.
NTSTATUS IoWMIWriteEvent(PVOID event);

#endif
