// SPDX-License-Identifier: MIT
//
// PnP routines of a driver, and BUS_INTERFACE_STANDARD.
// Documentation: nf-wdm-ioinvalidatedevicerelations,
// ns-wdm-_bus_interface_standard and neighbours.

#ifndef DDK_PNP_H
#define DDK_PNP_H

// Says that the relations changed: PnP sends QUERY_DEVICE_RELATIONS again. IRQL <= DISPATCH_LEVEL.
VOID IoInvalidateDeviceRelations(PDEVICE_OBJECT pdo, DEVICE_RELATION_TYPE type);
VOID IoInvalidateDeviceState(PDEVICE_OBJECT pdo);
VOID IoRequestDeviceEject(PDEVICE_OBJECT pdo);

// Copies a property; STATUS_BUFFER_TOO_SMALL with the needed size in *result_length.
// PASSIVE_LEVEL.
NTSTATUS IoGetDeviceProperty(PDEVICE_OBJECT pdo, DEVICE_REGISTRY_PROPERTY property,
                             ULONG buffer_length, PVOID buffer, PULONG result_length);

#include <ddk/interface.h>
#include <ddk/notify.h>
#include <ddk/power.h>
#include <ddk/property.h>

#define PCI_WHICHSPACE_CONFIG 0x0
#define PCI_WHICHSPACE_ROM    0x52696350

typedef struct _DMA_ADAPTER *(*PGET_DMA_ADAPTER)(PVOID context,
                                                 struct _DEVICE_DESCRIPTION *description,
                                                 PULONG map_registers);
typedef BOOLEAN (*PTRANSLATE_BUS_ADDRESS)(PVOID context, PHYSICAL_ADDRESS bus, ULONG length,
                                          PULONG space, PPHYSICAL_ADDRESS translated);
typedef ULONG GET_SET_DEVICE_DATA(PVOID context, ULONG type, PVOID buffer, ULONG offset,
                                  ULONG length);
typedef GET_SET_DEVICE_DATA *PGET_SET_DEVICE_DATA;

// Configuration space and DMA adapter of a device on a standard bus. GetBusData, SetBusData return
// the number of bytes transferred. Across tasks the kit provides it (PASSIVE_LEVEL only).
typedef struct _BUS_INTERFACE_STANDARD {
    USHORT Size;
    USHORT Version;
    PVOID Context;
    PINTERFACE_REFERENCE InterfaceReference;
    PINTERFACE_DEREFERENCE InterfaceDereference;
    PTRANSLATE_BUS_ADDRESS TranslateBusAddress;
    PGET_DMA_ADAPTER GetDmaAdapter;
    PGET_SET_DEVICE_DATA SetBusData;
    PGET_SET_DEVICE_DATA GetBusData;
} BUS_INTERFACE_STANDARD, *PBUS_INTERFACE_STANDARD;
C_ASSERT(sizeof(BUS_INTERFACE_STANDARD) == 64);

// PCI configuration space as drivers read it (header types 0 and 1).
typedef struct _PCI_SLOT_NUMBER {
    union {
        struct {
            ULONG DeviceNumber : 5;
            ULONG FunctionNumber : 3;
            ULONG Reserved : 24;
        } bits;
        ULONG AsULONG;
    } u;
} PCI_SLOT_NUMBER, *PPCI_SLOT_NUMBER;

#define PCI_TYPE0_ADDRESSES 6
#define PCI_TYPE1_ADDRESSES 2
typedef struct _PCI_COMMON_HEADER {
    USHORT VendorID;
    USHORT DeviceID;
    USHORT Command;
    USHORT Status;
    UCHAR RevisionID;
    UCHAR ProgIf;
    UCHAR SubClass;
    UCHAR BaseClass;
    UCHAR CacheLineSize;
    UCHAR LatencyTimer;
    UCHAR HeaderType;
    UCHAR BIST;
    union {
        struct _PCI_HEADER_TYPE_0 {
            ULONG BaseAddresses[PCI_TYPE0_ADDRESSES];
            ULONG CIS;
            USHORT SubVendorID;
            USHORT SubSystemID;
            ULONG ROMBaseAddress;
            UCHAR CapabilitiesPtr;
            UCHAR Reserved1[3];
            ULONG Reserved2;
            UCHAR InterruptLine;
            UCHAR InterruptPin;
            UCHAR MinimumGrant;
            UCHAR MaximumLatency;
        } type0;
        struct _PCI_HEADER_TYPE_1 {
            ULONG BaseAddresses[PCI_TYPE1_ADDRESSES];
            UCHAR PrimaryBus;
            UCHAR SecondaryBus;
            UCHAR SubordinateBus;
            UCHAR SecondaryLatency;
            UCHAR IOBase;
            UCHAR IOLimit;
            USHORT SecondaryStatus;
            USHORT MemoryBase;
            USHORT MemoryLimit;
            USHORT PrefetchBase;
            USHORT PrefetchLimit;
            ULONG PrefetchBaseUpper32;
            ULONG PrefetchLimitUpper32;
            USHORT IOBaseUpper16;
            USHORT IOLimitUpper16;
            UCHAR CapabilitiesPtr;
            UCHAR Reserved1[3];
            ULONG ROMBaseAddress;
            UCHAR InterruptLine;
            UCHAR InterruptPin;
            USHORT BridgeControl;
        } type1;
    } u;
} PCI_COMMON_HEADER, *PPCI_COMMON_HEADER;
C_ASSERT(sizeof(PCI_COMMON_HEADER) == 64);

typedef struct _PCI_COMMON_CONFIG {
    PCI_COMMON_HEADER Header;
    UCHAR DeviceSpecific[192];
} PCI_COMMON_CONFIG, *PPCI_COMMON_CONFIG;
C_ASSERT(sizeof(PCI_COMMON_CONFIG) == 256);

typedef struct _PCI_CAPABILITIES_HEADER {
    UCHAR CapabilityID;
    UCHAR Next;
} PCI_CAPABILITIES_HEADER, *PPCI_CAPABILITIES_HEADER;

#define PCI_ENABLE_IO_SPACE                0x0001
#define PCI_ENABLE_MEMORY_SPACE            0x0002
#define PCI_ENABLE_BUS_MASTER              0x0004
#define PCI_DISABLE_LEVEL_INTERRUPT        0x0400
#define PCI_STATUS_CAPABILITIES_LIST       0x0010
#define PCI_STATUS_INTERRUPT_PENDING       0x0008
#define PCI_INVALID_VENDORID               0xFFFF
#define PCI_MULTIFUNCTION                  0x80
#define PCI_DEVICE_TYPE                    0x00
#define PCI_BRIDGE_TYPE                    0x01
#define PCI_CARDBUS_BRIDGE_TYPE            0x02
#define PCI_ADDRESS_IO_SPACE               0x00000001
#define PCI_ADDRESS_MEMORY_TYPE_MASK       0x00000006
#define PCI_ADDRESS_MEMORY_PREFETCHABLE    0x00000008
#define PCI_TYPE_32BIT                     0
#define PCI_TYPE_20BIT                     2
#define PCI_TYPE_64BIT                     4
#define PCI_CAPABILITY_ID_POWER_MANAGEMENT 0x01
#define PCI_CAPABILITY_ID_MSI              0x05
#define PCI_CAPABILITY_ID_VENDOR_SPECIFIC  0x09
#define PCI_CAPABILITY_ID_PCI_EXPRESS      0x10
#define PCI_CAPABILITY_ID_MSIX             0x11
#define PCI_CLASS_MASS_STORAGE_CTLR        0x01
#define PCI_CLASS_NETWORK_CTLR             0x02
#define PCI_CLASS_DISPLAY_CTLR             0x03
#define PCI_CLASS_BRIDGE_DEV               0x06
#define PCI_CLASS_SIMPLE_COMMS_CTLR        0x07
#define PCI_CLASS_SERIAL_BUS_CTLR          0x0c
#define PCI_SUBCLASS_BR_HOST               0x00
#define PCI_SUBCLASS_BR_PCI_TO_PCI         0x04

#endif
