// SPDX-License-Identifier: MIT
//
// What the device tree bus driver tells the drivers of its devices beyond the documented resource
// types. Two things cross the task boundary here: CmResourceTypeDevicePrivate descriptors in the
// resource lists of a PCI host bridge, and the properties of a node, read with IRP_MN_READ_CONFIG.
//
//  DevicePrivate descriptor (u.DevicePrivate.Data[0..2], 32 bits each):
//
//      Data[0]                           Data[1]                    Data[2]
//      DEVICETREE_WINDOW                 CPU address, bits 0-31     bits 32-63
//      DEVICETREE_INTX_MASK | unit mask  pin mask                   0
//      DEVICETREE_INTX | unit            sources of INTA, INTB      of INTC, INTD
//
//  Two sources share a word, the first in the low half; 0 is no source. The kind is in bits 0-7 of
//  Data[0]; a unit is the first cell of a PCI unit address: bus in bits 16-23, device in 11-15,
//  function in 8-10, masked with the unit mask.
//
//  The n-th DEVICETREE_WINDOW descriptor belongs to the n-th descriptor with a WINDOW_DECODE flag:
//  that one holds the address on the PCI side, this one where the hart sees it.
//
//  Property block (one entry a property), read with WhichSpace DEVICETREE_WHICHSPACE_PROPERTIES at
//  any offset and length:
//
//      +--------------------+
//      | total bytes (u32)  |
//      +--------------------+----------------------+----------------+-----------------+
//      | name bytes (u32)   | value bytes (u32)    | name, NUL, pad | value, pad      |   ...
//      +--------------------+----------------------+----------------+-----------------+
//
//  The u32 are in the byte order of the hart; names and values are padded to 4 bytes with zeros;
//  values are as in the tree (cells are big-endian). Offset may not lie past the end
//  (STATUS_INVALID_PARAMETER); the length is cut at the end and Irp->IoStatus.Information tells how
//  much was read.
#pragma once

#define DEVICETREE_WHICHSPACE_PROPERTIES 0x00445450u // 'PTD'

#define DEVICETREE_WINDOW    1u
#define DEVICETREE_INTX_MASK 2u
#define DEVICETREE_INTX      3u

#define DEVICETREE_KIND_MASK 0x000000ffu
#define DEVICETREE_UNIT_MASK 0x00ffff00u

// IRP_MJ_INTERNAL_DEVICE_CONTROL from a device's function driver to its PDO, without buffers: the
// device has woken the system. Ends the WAIT_WAKE that is pending; STATUS_NOT_FOUND: there is none.
// CTL_CODE(FILE_DEVICE_BUS_EXTENDER, 0x800, METHOD_BUFFERED, FILE_ANY_ACCESS)
#define DEVICETREE_IOCTL_WAKE 0x002a2000u
