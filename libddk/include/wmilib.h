// SPDX-License-Identifier: MIT
//
// The WMI library: a driver's data blocks described by tables. See ddk/wmi.h for what there is.
// Documentation: "Using the WMI Library to Handle WMI IRPs", nf-wmilib-wmisystemcontrol.

#ifndef DDK_WMILIB_H
#define DDK_WMILIB_H

#include <wdm.h>

#include <ddk/wmi.h>

typedef struct _WMIGUIDREGINFO {
    LPCGUID Guid;
    ULONG InstanceCount;
    ULONG Flags;
} WMIGUIDREGINFO, *PWMIGUIDREGINFO;

typedef enum {
    IrpProcessed,
    IrpNotCompleted,
    IrpNotWmi,
    IrpForward
} SYSCTL_IRP_DISPOSITION,
    *PSYSCTL_IRP_DISPOSITION;
typedef enum { WmiEventControl, WmiDataBlockControl } WMIENABLEDISABLECONTROL;

typedef NTSTATUS WMI_QUERY_REGINFO_CALLBACK(PDEVICE_OBJECT device, PULONG flags,
                                            PUNICODE_STRING instance, PUNICODE_STRING *path,
                                            PUNICODE_STRING resource, PDEVICE_OBJECT *pdo);
typedef WMI_QUERY_REGINFO_CALLBACK *PWMI_QUERY_REGINFO;
typedef NTSTATUS WMI_QUERY_DATABLOCK_CALLBACK(PDEVICE_OBJECT device, PIRP irp, ULONG guid,
                                              ULONG instance, ULONG count, PULONG lengths,
                                              ULONG available, PUCHAR buffer);
typedef WMI_QUERY_DATABLOCK_CALLBACK *PWMI_QUERY_DATABLOCK;
typedef NTSTATUS WMI_SET_DATABLOCK_CALLBACK(PDEVICE_OBJECT device, PIRP irp, ULONG guid,
                                            ULONG instance, ULONG size, PUCHAR buffer);
typedef WMI_SET_DATABLOCK_CALLBACK *PWMI_SET_DATABLOCK;
typedef NTSTATUS WMI_SET_DATAITEM_CALLBACK(PDEVICE_OBJECT device, PIRP irp, ULONG guid,
                                           ULONG instance, ULONG item, ULONG size, PUCHAR buffer);
typedef WMI_SET_DATAITEM_CALLBACK *PWMI_SET_DATAITEM;
typedef NTSTATUS WMI_EXECUTE_METHOD_CALLBACK(PDEVICE_OBJECT device, PIRP irp, ULONG guid,
                                             ULONG instance, ULONG method, ULONG in_size,
                                             ULONG out_size, PUCHAR buffer);
typedef WMI_EXECUTE_METHOD_CALLBACK *PWMI_EXECUTE_METHOD;
typedef NTSTATUS WMI_FUNCTION_CONTROL_CALLBACK(PDEVICE_OBJECT device, PIRP irp, ULONG guid,
                                               WMIENABLEDISABLECONTROL function, BOOLEAN enable);
typedef WMI_FUNCTION_CONTROL_CALLBACK *PWMI_FUNCTION_CONTROL;

typedef struct _WMILIB_CONTEXT {
    ULONG GuidCount;
    PWMIGUIDREGINFO GuidList;
    PWMI_QUERY_REGINFO QueryWmiRegInfo;
    PWMI_QUERY_DATABLOCK QueryWmiDataBlock;
    PWMI_SET_DATABLOCK SetWmiDataBlock;
    PWMI_SET_DATAITEM SetWmiDataItem;
    PWMI_EXECUTE_METHOD ExecuteWmiMethod;
    PWMI_FUNCTION_CONTROL WmiFunctionControl;
} WMILIB_CONTEXT, *PWMILIB_CONTEXT;

// *disposition: IrpNotWmi for a minor function that is none of WMI, else IrpForward.
NTSTATUS WmiSystemControl(PWMILIB_CONTEXT context, PDEVICE_OBJECT device, PIRP irp,
                          PSYSCTL_IRP_DISPOSITION disposition);
// Completes irp with status; Information is what was used, or the room that is needed.
NTSTATUS WmiCompleteRequest(PDEVICE_OBJECT device, PIRP irp, NTSTATUS status, ULONG used,
                            CCHAR boost);
NTSTATUS WmiFireEvent(PDEVICE_OBJECT device, LPGUID guid, ULONG instance, ULONG size, PVOID data);

#endif
