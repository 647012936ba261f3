// SPDX-License-Identifier: MIT
//
// Device interfaces. A driver registers one for its PDO (in AddDevice), enables it when the device
// is started and disables it when it goes; others find it by the class GUID.
// Documentation: nf-wdm-ioregisterdeviceinterface and neighbours, "Device Interface Classes".

#ifndef DDK_INTERFACE_H
#define DDK_INTERFACE_H

// Also disabled ones in IoGetDeviceInterfaces.
#define DEVICE_INTERFACE_INCLUDE_NONACTIVE 0x00000001

// Registers an interface of the class for the device; reference may be NULL, and has no '\' or '/'.
// *link is the name of the interface, opaque, to be freed with RtlFreeUnicodeString.
// STATUS_OBJECT_NAME_EXISTS (a success) when it was registered before;
// STATUS_INVALID_DEVICE_REQUEST for what is no PDO of a device in whose stack the driver is, and
// for a bad reference string. PASSIVE_LEVEL.
NTSTATUS IoRegisterDeviceInterface(PDEVICE_OBJECT pdo, const GUID *class, PUNICODE_STRING reference,
                                   PUNICODE_STRING link);

// Enables it: the name can be opened and whoever watches the class is told, at once or, while the
// device is being started, when that has succeeded. Or disables it. Enabled already:
// STATUS_OBJECT_NAME_EXISTS (a success); not enabled, or not known: STATUS_OBJECT_NAME_NOT_FOUND.
// PASSIVE_LEVEL.
NTSTATUS IoSetDeviceInterfaceState(PUNICODE_STRING link, BOOLEAN enable);

// Names of the enabled interfaces of the class, each ended by a zero and all of them by another
// one; only those of the device when pdo is not NULL. The caller frees *list with ExFreePool.
// PASSIVE_LEVEL.
NTSTATUS IoGetDeviceInterfaces(const GUID *class, PDEVICE_OBJECT pdo, ULONG flags, PWSTR *list);

// The interface of another class of the same device with the same reference string; *alias is freed
// with RtlFreeUnicodeString. STATUS_OBJECT_NAME_NOT_FOUND: there is none; STATUS_INVALID_HANDLE:
// link is no name of an interface. PASSIVE_LEVEL.
NTSTATUS IoGetDeviceInterfaceAlias(PUNICODE_STRING link, const GUID *class, PUNICODE_STRING alias);

#endif
