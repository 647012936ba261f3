// SPDX-License-Identifier: MIT
//
// DMA adapters. A driver reaches everything through DMA_OPERATIONS of the adapter that
// IoGetDmaAdapter returned. Addresses it sees are logical (bus) addresses, valid for its device
// alone and only as long as the grant (list, mapping, common buffer) lasts.
// Documentation: ns-wdm-_dma_operations, "Using Scatter/Gather DMA", "Version 3 of the DMA
// Operations Interface".

#ifndef DDK_DMA_H
#define DDK_DMA_H

typedef enum _DMA_WIDTH {
    Width8Bits,
    Width16Bits,
    Width32Bits,
    Width64Bits,
    WidthNoWrap,
    MaximumDmaWidth
} DMA_WIDTH;
typedef enum _DMA_SPEED { Compatible, TypeA, TypeB, TypeC, TypeF, MaximumDmaSpeed } DMA_SPEED;

#define DEVICE_DESCRIPTION_VERSION  0
#define DEVICE_DESCRIPTION_VERSION1 1
#define DEVICE_DESCRIPTION_VERSION2 2
#define DEVICE_DESCRIPTION_VERSION3 3

typedef struct _DEVICE_DESCRIPTION {
    ULONG Version;
    BOOLEAN Master;
    BOOLEAN ScatterGather;
    BOOLEAN DemandMode;
    BOOLEAN AutoInitialize;
    BOOLEAN Dma32BitAddresses;
    BOOLEAN IgnoreCount;
    BOOLEAN Reserved1;
    BOOLEAN Dma64BitAddresses;
    ULONG BusNumber;
    ULONG DmaChannel;
    INTERFACE_TYPE InterfaceType;
    DMA_WIDTH DmaWidth;
    DMA_SPEED DmaSpeed;
    ULONG MaximumLength;
    ULONG DmaPort;
    ULONG DmaAddressWidth;
    ULONG DmaControllerInstance;
    ULONG DmaRequestLine;
    PHYSICAL_ADDRESS DeviceAddress;
} DEVICE_DESCRIPTION, *PDEVICE_DESCRIPTION;
C_ASSERT(sizeof(DEVICE_DESCRIPTION) == 64);

typedef struct _SCATTER_GATHER_ELEMENT {
    PHYSICAL_ADDRESS Address;
    ULONG Length;
    ULONG_PTR Reserved;
} SCATTER_GATHER_ELEMENT, *PSCATTER_GATHER_ELEMENT;

typedef struct _SCATTER_GATHER_LIST {
    ULONG NumberOfElements;
    ULONG_PTR Reserved;
    SCATTER_GATHER_ELEMENT Elements[];
} SCATTER_GATHER_LIST, *PSCATTER_GATHER_LIST;
C_ASSERT(sizeof(SCATTER_GATHER_ELEMENT) == 24);
C_ASSERT(offsetof(SCATTER_GATHER_LIST, Elements) == 16);

typedef struct _DMA_ADAPTER {
    USHORT Version;
    USHORT Size;
    struct _DMA_OPERATIONS *DmaOperations;
} DMA_ADAPTER, *PDMA_ADAPTER;
C_ASSERT(sizeof(DMA_ADAPTER) == 16);

typedef VOID DRIVER_LIST_CONTROL(PDEVICE_OBJECT device, PIRP irp, PSCATTER_GATHER_LIST list,
                                 PVOID context);
typedef DRIVER_LIST_CONTROL *PDRIVER_LIST_CONTROL;

#define DMA_ADAPTER_INFO_VERSION1 1
typedef struct _DMA_ADAPTER_INFO_V1 {
    ULONG ReadDmaCounterAvailable;
    ULONG ScatterGatherLimit;
    ULONG DmaAddressWidth;
    ULONG Flags;
    ULONG MinimumTransferUnit;
} DMA_ADAPTER_INFO_V1, *PDMA_ADAPTER_INFO_V1;
typedef struct _DMA_ADAPTER_INFO {
    ULONG Version;
    union {
        DMA_ADAPTER_INFO_V1 V1;
    };
} DMA_ADAPTER_INFO, *PDMA_ADAPTER_INFO;

#define DMA_TRANSFER_INFO_VERSION1 1
typedef struct _DMA_TRANSFER_INFO_V1 {
    ULONG MapRegisterCount;
    ULONG ScatterGatherElementCount;
    ULONG ScatterGatherListSize;
} DMA_TRANSFER_INFO_V1, *PDMA_TRANSFER_INFO_V1;
typedef struct _DMA_TRANSFER_INFO {
    ULONG Version;
    union {
        DMA_TRANSFER_INFO_V1 V1;
    };
} DMA_TRANSFER_INFO, *PDMA_TRANSFER_INFO;

#define DMA_TRANSFER_CONTEXT_SIZE_V1 128
#define DMA_SYNCHRONOUS_CALLBACK     0x01
typedef enum _DMA_COMPLETION_STATUS {
    DmaComplete,
    DmaAborted,
    DmaError,
    DmaCancelled
} DMA_COMPLETION_STATUS;
typedef VOID DMA_COMPLETION_ROUTINE(PDMA_ADAPTER adapter, PDEVICE_OBJECT device, PVOID context,
                                    DMA_COMPLETION_STATUS status);
typedef DMA_COMPLETION_ROUTINE *PDMA_COMPLETION_ROUTINE;

typedef VOID (*PPUT_DMA_ADAPTER)(PDMA_ADAPTER);
typedef PVOID (*PALLOCATE_COMMON_BUFFER)(PDMA_ADAPTER, ULONG, PPHYSICAL_ADDRESS, BOOLEAN);
typedef VOID (*PFREE_COMMON_BUFFER)(PDMA_ADAPTER, ULONG, PHYSICAL_ADDRESS, PVOID, BOOLEAN);
typedef NTSTATUS (*PALLOCATE_ADAPTER_CHANNEL)(PDMA_ADAPTER, PDEVICE_OBJECT, ULONG, PDRIVER_CONTROL,
                                              PVOID);
typedef BOOLEAN (*PFLUSH_ADAPTER_BUFFERS)(PDMA_ADAPTER, PMDL, PVOID, PVOID, ULONG, BOOLEAN);
typedef VOID (*PFREE_ADAPTER_CHANNEL)(PDMA_ADAPTER);
typedef VOID (*PFREE_MAP_REGISTERS)(PDMA_ADAPTER, PVOID, ULONG);
typedef PHYSICAL_ADDRESS (*PMAP_TRANSFER)(PDMA_ADAPTER, PMDL, PVOID, PVOID, PULONG, BOOLEAN);
typedef ULONG (*PGET_DMA_ALIGNMENT)(PDMA_ADAPTER);
typedef ULONG (*PREAD_DMA_COUNTER)(PDMA_ADAPTER);
typedef NTSTATUS (*PGET_SCATTER_GATHER_LIST)(PDMA_ADAPTER, PDEVICE_OBJECT, PMDL, PVOID, ULONG,
                                             PDRIVER_LIST_CONTROL, PVOID, BOOLEAN);
typedef VOID (*PPUT_SCATTER_GATHER_LIST)(PDMA_ADAPTER, PSCATTER_GATHER_LIST, BOOLEAN);
typedef NTSTATUS (*PCALCULATE_SCATTER_GATHER_LIST_SIZE)(PDMA_ADAPTER, PMDL, PVOID, ULONG, PULONG,
                                                        PULONG);
typedef NTSTATUS (*PBUILD_SCATTER_GATHER_LIST)(PDMA_ADAPTER, PDEVICE_OBJECT, PMDL, PVOID, ULONG,
                                               PDRIVER_LIST_CONTROL, PVOID, BOOLEAN, PVOID, ULONG);
typedef NTSTATUS (*PBUILD_MDL_FROM_SCATTER_GATHER_LIST)(PDMA_ADAPTER, PSCATTER_GATHER_LIST, PMDL,
                                                        PMDL *);
typedef NTSTATUS (*PGET_DMA_ADAPTER_INFO)(PDMA_ADAPTER, PDMA_ADAPTER_INFO);
typedef NTSTATUS (*PGET_DMA_TRANSFER_INFO)(PDMA_ADAPTER, PMDL, ULONGLONG, ULONG, BOOLEAN,
                                           PDMA_TRANSFER_INFO);
typedef NTSTATUS (*PINITIALIZE_DMA_TRANSFER_CONTEXT)(PDMA_ADAPTER, PVOID);
typedef PVOID (*PALLOCATE_COMMON_BUFFER_EX)(PDMA_ADAPTER, PPHYSICAL_ADDRESS, ULONG,
                                            PPHYSICAL_ADDRESS, BOOLEAN, ULONG);
typedef NTSTATUS (*PALLOCATE_ADAPTER_CHANNEL_EX)(PDMA_ADAPTER, PDEVICE_OBJECT, PVOID, ULONG, ULONG,
                                                 PDRIVER_CONTROL, PVOID, PVOID *);
typedef NTSTATUS (*PCONFIGURE_ADAPTER_CHANNEL)(PDMA_ADAPTER, ULONG, PVOID);
typedef BOOLEAN (*PCANCEL_ADAPTER_CHANNEL)(PDMA_ADAPTER, PDEVICE_OBJECT, PVOID);
typedef NTSTATUS (*PMAP_TRANSFER_EX)(PDMA_ADAPTER, PMDL, PVOID, ULONGLONG, ULONG, PULONG, BOOLEAN,
                                     PSCATTER_GATHER_LIST, ULONG, PDMA_COMPLETION_ROUTINE, PVOID);
typedef NTSTATUS (*PGET_SCATTER_GATHER_LIST_EX)(PDMA_ADAPTER, PDEVICE_OBJECT, PVOID, PMDL,
                                                ULONGLONG, ULONG, ULONG, PDRIVER_LIST_CONTROL,
                                                PVOID, BOOLEAN, PDMA_COMPLETION_ROUTINE, PVOID,
                                                PSCATTER_GATHER_LIST *);
typedef NTSTATUS (*PBUILD_SCATTER_GATHER_LIST_EX)(PDMA_ADAPTER, PDEVICE_OBJECT, PVOID, PMDL,
                                                  ULONGLONG, ULONG, ULONG, PDRIVER_LIST_CONTROL,
                                                  PVOID, BOOLEAN, PVOID, ULONG,
                                                  PDMA_COMPLETION_ROUTINE, PVOID, PVOID);
typedef NTSTATUS (*PFLUSH_ADAPTER_BUFFERS_EX)(PDMA_ADAPTER, PMDL, PVOID, ULONGLONG, ULONG, BOOLEAN);
typedef VOID (*PFREE_ADAPTER_OBJECT)(PDMA_ADAPTER, IO_ALLOCATION_ACTION);
typedef NTSTATUS (*PCANCEL_MAPPED_TRANSFER)(PDMA_ADAPTER, PVOID);
typedef NTSTATUS (*PALLOCATE_DOMAIN_COMMON_BUFFER)(PDMA_ADAPTER, HANDLE, PPHYSICAL_ADDRESS, ULONG,
                                                   ULONG, MEMORY_CACHING_TYPE *, ULONG,
                                                   PPHYSICAL_ADDRESS, PVOID *);
typedef NTSTATUS (*PFLUSH_DMA_BUFFER)(PDMA_ADAPTER, PMDL, BOOLEAN);
typedef NTSTATUS (*PJOIN_DMA_DOMAIN)(PDMA_ADAPTER, HANDLE);
typedef NTSTATUS (*PLEAVE_DMA_DOMAIN)(PDMA_ADAPTER);
typedef HANDLE (*PGET_DMA_DOMAIN)(PDMA_ADAPTER);
typedef PVOID (*PALLOCATE_COMMON_BUFFER_WITH_BOUNDS)(PDMA_ADAPTER, PPHYSICAL_ADDRESS,
                                                     PPHYSICAL_ADDRESS, ULONG, ULONG,
                                                     MEMORY_CACHING_TYPE *, ULONG,
                                                     PPHYSICAL_ADDRESS);

// Size tells how far the table goes: version 1 ends with PutScatterGatherList, version 2 with
// BuildMdlFromScatterGatherList, version 3 goes on; routines behind it are NULL. IRQL, units and
// who owns what: docs/driver-guide.md, "DMA".
typedef struct _DMA_OPERATIONS {
    ULONG Size;
    PPUT_DMA_ADAPTER PutDmaAdapter;
    PALLOCATE_COMMON_BUFFER AllocateCommonBuffer;
    PFREE_COMMON_BUFFER FreeCommonBuffer;
    PALLOCATE_ADAPTER_CHANNEL AllocateAdapterChannel;
    PFLUSH_ADAPTER_BUFFERS FlushAdapterBuffers;
    PFREE_ADAPTER_CHANNEL FreeAdapterChannel;
    PFREE_MAP_REGISTERS FreeMapRegisters;
    PMAP_TRANSFER MapTransfer;
    PGET_DMA_ALIGNMENT GetDmaAlignment;
    PREAD_DMA_COUNTER ReadDmaCounter;
    PGET_SCATTER_GATHER_LIST GetScatterGatherList;
    PPUT_SCATTER_GATHER_LIST PutScatterGatherList;
    PCALCULATE_SCATTER_GATHER_LIST_SIZE CalculateScatterGatherList;
    PBUILD_SCATTER_GATHER_LIST BuildScatterGatherList;
    PBUILD_MDL_FROM_SCATTER_GATHER_LIST BuildMdlFromScatterGatherList;
    PGET_DMA_ADAPTER_INFO GetDmaAdapterInfo;
    PGET_DMA_TRANSFER_INFO GetDmaTransferInfo;
    PINITIALIZE_DMA_TRANSFER_CONTEXT InitializeDmaTransferContext;
    PALLOCATE_COMMON_BUFFER_EX AllocateCommonBufferEx;
    PALLOCATE_ADAPTER_CHANNEL_EX AllocateAdapterChannelEx;
    PCONFIGURE_ADAPTER_CHANNEL ConfigureAdapterChannel;
    PCANCEL_ADAPTER_CHANNEL CancelAdapterChannel;
    PMAP_TRANSFER_EX MapTransferEx;
    PGET_SCATTER_GATHER_LIST_EX GetScatterGatherListEx;
    PBUILD_SCATTER_GATHER_LIST_EX BuildScatterGatherListEx;
    PFLUSH_ADAPTER_BUFFERS_EX FlushAdapterBuffersEx;
    PFREE_ADAPTER_OBJECT FreeAdapterObject;
    PCANCEL_MAPPED_TRANSFER CancelMappedTransfer;
    PALLOCATE_DOMAIN_COMMON_BUFFER AllocateDomainCommonBuffer;
    PFLUSH_DMA_BUFFER FlushDmaBuffer;
    PJOIN_DMA_DOMAIN JoinDmaDomain;
    PLEAVE_DMA_DOMAIN LeaveDmaDomain;
    PGET_DMA_DOMAIN GetDmaDomain;
    PALLOCATE_COMMON_BUFFER_WITH_BOUNDS AllocateCommonBufferWithBounds;
} DMA_OPERATIONS, *PDMA_OPERATIONS;
C_ASSERT(offsetof(DMA_OPERATIONS, GetScatterGatherList) == 88);
C_ASSERT(offsetof(DMA_OPERATIONS, BuildMdlFromScatterGatherList) == 120);

// Adapter for the device whose PDO this is; *map_registers is the limit for one transfer, in pages.
// NULL when the description asks for what the platform has not (system DMA, an unknown version),
// has no sense (version 3 without a DmaAddressWidth of 1 to 64), or there is no memory for what it
// needs. DMA_ADAPTER.Version is 1, whichever version the table has. PASSIVE_LEVEL. Release with
// PutDmaAdapter, with nothing left.
PDMA_ADAPTER IoGetDmaAdapter(PDEVICE_OBJECT pdo, PDEVICE_DESCRIPTION description,
                             PULONG map_registers);

// The routines that carry the table's names as functions in older sources, where an adapter is a
// PADAPTER_OBJECT. There is no HalGetAdapter: it was replaced by IoGetDmaAdapter.
typedef DMA_ADAPTER ADAPTER_OBJECT, *PADAPTER_OBJECT;
#define HalGetDmaAlignmentRequirement() 1L

FORCEINLINE NTSTATUS IoAllocateAdapterChannel(PADAPTER_OBJECT adapter, PDEVICE_OBJECT device,
                                              ULONG registers, PDRIVER_CONTROL routine,
                                              PVOID context)
{
    return adapter->DmaOperations->AllocateAdapterChannel(adapter, device, registers, routine,
                                                          context);
}
FORCEINLINE BOOLEAN IoFlushAdapterBuffers(PADAPTER_OBJECT adapter, PMDL mdl, PVOID base, PVOID va,
                                          ULONG length, BOOLEAN write)
{
    return adapter->DmaOperations->FlushAdapterBuffers(adapter, mdl, base, va, length, write);
}
FORCEINLINE VOID IoFreeAdapterChannel(PADAPTER_OBJECT adapter)
{
    adapter->DmaOperations->FreeAdapterChannel(adapter);
}
FORCEINLINE VOID IoFreeMapRegisters(PADAPTER_OBJECT adapter, PVOID base, ULONG count)
{
    adapter->DmaOperations->FreeMapRegisters(adapter, base, count);
}
FORCEINLINE PHYSICAL_ADDRESS IoMapTransfer(PADAPTER_OBJECT adapter, PMDL mdl, PVOID base, PVOID va,
                                           PULONG length, BOOLEAN write)
{
    return adapter->DmaOperations->MapTransfer(adapter, mdl, base, va, length, write);
}
FORCEINLINE PVOID HalAllocateCommonBuffer(PADAPTER_OBJECT adapter, ULONG length,
                                          PPHYSICAL_ADDRESS logical, BOOLEAN cached)
{
    return adapter->DmaOperations->AllocateCommonBuffer(adapter, length, logical, cached);
}
FORCEINLINE VOID HalFreeCommonBuffer(PADAPTER_OBJECT adapter, ULONG length,
                                     PHYSICAL_ADDRESS logical, PVOID buffer, BOOLEAN cached)
{
    adapter->DmaOperations->FreeCommonBuffer(adapter, length, logical, buffer, cached);
}
FORCEINLINE ULONG HalReadDmaCounter(PADAPTER_OBJECT adapter)
{
    return adapter->DmaOperations->ReadDmaCounter(adapter);
}

#endif
