// SPDX-License-Identifier: MIT
//
// PnP notification: a driver is told of device interfaces of a class that come and go, and of what
// happens to a device that it has a file object of.
// Documentation: nf-wdm-ioregisterplugplaynotification and neighbours, "Using PnP Notification".

#ifndef DDK_NOTIFY_H
#define DDK_NOTIFY_H

typedef enum _IO_NOTIFICATION_EVENT_CATEGORY {
    EventCategoryReserved,
    EventCategoryHardwareProfileChange,
    EventCategoryDeviceInterfaceChange,
    EventCategoryTargetDeviceChange
} IO_NOTIFICATION_EVENT_CATEGORY;
#define PNPNOTIFY_DEVICE_INTERFACE_INCLUDE_EXISTING_INTERFACES 0x00000001

// What a callback gets begins with this; Event tells which of the others it is.
typedef struct _PLUGPLAY_NOTIFICATION_HEADER {
    USHORT Version; // 1
    USHORT Size;
    GUID Event;
} PLUGPLAY_NOTIFICATION_HEADER, *PPLUGPLAY_NOTIFICATION_HEADER;

// GUID_HWPROFILE_...: never sent, there is one profile.
typedef struct _HWPROFILE_CHANGE_NOTIFICATION {
    USHORT Version;
    USHORT Size;
    GUID Event;
} HWPROFILE_CHANGE_NOTIFICATION, *PHWPROFILE_CHANGE_NOTIFICATION;

// GUID_DEVICE_INTERFACE_ARRIVAL and _REMOVAL. The name is valid until the callback returns.
typedef struct _DEVICE_INTERFACE_CHANGE_NOTIFICATION {
    USHORT Version;
    USHORT Size;
    GUID Event;
    GUID InterfaceClassGuid;
    PUNICODE_STRING SymbolicLinkName;
} DEVICE_INTERFACE_CHANGE_NOTIFICATION, *PDEVICE_INTERFACE_CHANGE_NOTIFICATION;

// GUID_TARGET_DEVICE_QUERY_REMOVE, _REMOVE_CANCELLED, _REMOVE_COMPLETE.
typedef struct _TARGET_DEVICE_REMOVAL_NOTIFICATION {
    USHORT Version;
    USHORT Size;
    GUID Event;
    PFILE_OBJECT FileObject;
} TARGET_DEVICE_REMOVAL_NOTIFICATION, *PTARGET_DEVICE_REMOVAL_NOTIFICATION;

// An event of a driver's own. Size counts all of it; NameBufferOffset: of text in the data, or -1.
typedef struct _TARGET_DEVICE_CUSTOM_NOTIFICATION {
    USHORT Version;
    USHORT Size;
    GUID Event;
    PFILE_OBJECT FileObject;
    LONG NameBufferOffset;
    UCHAR CustomDataBuffer[1];
} TARGET_DEVICE_CUSTOM_NOTIFICATION, *PTARGET_DEVICE_CUSTOM_NOTIFICATION;
C_ASSERT(FIELD_OFFSET(TARGET_DEVICE_CUSTOM_NOTIFICATION, CustomDataBuffer) == 36);

// Runs at PASSIVE_LEVEL and must not wait for other PnP events.
typedef NTSTATUS DRIVER_NOTIFICATION_CALLBACK_ROUTINE(PVOID notification, PVOID context);
typedef DRIVER_NOTIFICATION_CALLBACK_ROUTINE *PDRIVER_NOTIFICATION_CALLBACK_ROUTINE;
typedef VOID (*PDEVICE_CHANGE_COMPLETE_CALLBACK)(PVOID context);

// data: the class GUID (copied), the PFILE_OBJECT (not referenced), or NULL for hardware profiles.
// With INCLUDE_EXISTING_INTERFACES the callback runs for each enabled one before this returns, and
// may be called once more for one of them. STATUS_INVALID_PARAMETER for a category that does not
// exist or data that does not fit it. PASSIVE_LEVEL.
NTSTATUS IoRegisterPlugPlayNotification(IO_NOTIFICATION_EVENT_CATEGORY category, ULONG flags,
                                        PVOID data, PDRIVER_OBJECT driver,
                                        PDRIVER_NOTIFICATION_CALLBACK_ROUTINE callback,
                                        PVOID context, PVOID *entry);
// Ends a registration. Ex waits for a callback that runs in another thread; without it that one may
// still be running. PASSIVE_LEVEL.
NTSTATUS IoUnregisterPlugPlayNotification(PVOID entry);
NTSTATUS IoUnregisterPlugPlayNotificationEx(PVOID entry);

// Sends an event of the driver's own to those who registered for the device: now, or (the structure
// is copied) soon, and then calls the callback. STATUS_INVALID_DEVICE_REQUEST for an event of the
// system or a FileObject that is not NULL. Those in other tasks are told soon after, if the event
// has no more than 192 bytes of data. PASSIVE_LEVEL; Asynchronous: <= DISPATCH_LEVEL.
NTSTATUS IoReportTargetDeviceChange(PDEVICE_OBJECT pdo, PVOID notification);
NTSTATUS IoReportTargetDeviceChangeAsynchronous(PDEVICE_OBJECT pdo, PVOID notification,
                                                PDEVICE_CHANGE_COMPLETE_CALLBACK callback,
                                                PVOID context);

#endif
