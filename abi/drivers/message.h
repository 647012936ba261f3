// SPDX-License-Identifier: MIT
//
// How the plug-and-play manager tells a bus driver which messages a device of its may send (PCI:
// MSI, MSI-X). It appends one CmResourceTypeDevicePrivate descriptor a message, in their order, to
// the lists of START_DEVICE that have CmResourceTypeInterrupt descriptors with
// CM_RESOURCE_INTERRUPT_MESSAGE; the bus driver programs its device with them before it completes
// the IRP. Both lists have them, so that they stay parallel.
//
//  u.DevicePrivate.Data[0]   MESSAGE_PRIVATE in bits 16-31, the data to write in bits 0-15
//  u.DevicePrivate.Data[1]   address to write to, bits 0-31
//  u.DevicePrivate.Data[2]   address, bits 32-63
//
// Function drivers ignore them, as all private descriptors.
#pragma once

#define MESSAGE_PRIVATE 0x4d53u

#define MESSAGES_MOST 16u // of one device: what a resource list has room for
