// SPDX-License-Identifier: MIT
//
// What START_DEVICE acquires and STOP gives back, in this order: registers, adapter, interrupt.
#include "device.h"

static NTSTATUS MapRegisters(PEDU edu, PCM_RESOURCE_LIST translated)
{
    ULONG count = translated != NULL && translated->Count > 0
                      ? translated->List[0].PartialResourceList.Count
                      : 0;
    for (ULONG i = 0; i < count; i++) {
        PCM_PARTIAL_RESOURCE_DESCRIPTOR resource =
            &translated->List[0].PartialResourceList.PartialDescriptors[i];
        if (resource->Type != CmResourceTypeMemory ||
            resource->u.Memory.Length < EDU_REGISTER_BYTES)
            continue;
        edu->RegisterBytes = resource->u.Memory.Length;
        edu->Registers = MmMapIoSpace(resource->u.Memory.Start, edu->RegisterBytes, MmNonCached);
        return edu->Registers != NULL ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
    }
    return STATUS_DEVICE_CONFIGURATION_ERROR;
}

// Who is there? And nothing that it did before may interrupt now.
static NTSTATUS Identify(PEDU edu)
{
    ULONG id = EduRead(edu, EDU_IDENTIFICATION);
    if ((id & EDU_ID_MASK) != EDU_ID) {
        DbgPrint("not started: the identification 0x%08x is not an edu's\n", id);
        return STATUS_NO_SUCH_DEVICE;
    }
    EduWrite(edu, EDU_STATUS, 0);
    EduWrite(edu, EDU_ACKNOWLEDGE, EduRead(edu, EDU_CAUSES));
    return STATUS_SUCCESS;
}

static VOID DropAdapter(PEDU edu)
{
    if (edu->Adapter == NULL)
        return;
    PDMA_OPERATIONS dma = edu->Adapter->DmaOperations;
    if (edu->Common != NULL)
        dma->FreeCommonBuffer(edu->Adapter, EDU_BUFFER_BYTES, edu->CommonAddress, edu->Common,
                              TRUE);
    dma->PutDmaAdapter(edu->Adapter);
    edu->Common = NULL;
    edu->Adapter = NULL;
}

// DmaAddressWidth, of version 3, is for devices that are neither 24, 32 nor 64 bits wide. No common
// buffer is no reason to fail: on a machine without an IOMMU all memory may lie beyond 28 bits, and
// the device can still compute factorials.
NTSTATUS EduMakeAdapter(PEDU edu, ULONG bits)
{
    ULONG mapRegisters;
    DEVICE_DESCRIPTION description = {
        .Version = DEVICE_DESCRIPTION_VERSION3,
        .Master = TRUE,
        .ScatterGather = TRUE,
        .InterfaceType = PCIBus,
        .MaximumLength = EDU_BUFFER_BYTES,
        .DmaAddressWidth = bits,
    };
    DropAdapter(edu);
    edu->Adapter = IoGetDmaAdapter(edu->Pdo, &description, &mapRegisters);
    if (edu->Adapter == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    edu->DmaBits = bits;
    edu->Common = edu->Adapter->DmaOperations->AllocateCommonBuffer(edu->Adapter, EDU_BUFFER_BYTES,
                                                                    &edu->CommonAddress, TRUE);
    return STATUS_SUCCESS;
}

// Messages if the device was given one, its line otherwise: Version says afterwards what it was.
static NTSTATUS ConnectInterrupt(PEDU edu)
{
    IO_CONNECT_INTERRUPT_PARAMETERS parameters = {
        .Version = CONNECT_MESSAGE_BASED,
        .MessageBased = {.PhysicalDeviceObject = edu->Pdo,
                         .ConnectionContext.Generic = &edu->Connection.Generic,
                         .MessageServiceRoutine = EduMessageInterrupt,
                         .FallBackServiceRoutine = EduLineInterrupt,
                         .ServiceContext = edu},
    };
    NTSTATUS status = IoConnectInterruptEx(&parameters);
    edu->ConnectVersion = parameters.Version;
    if (!NT_SUCCESS(status))
        edu->Connection.Generic = NULL;
    return status;
}

static VOID DisconnectInterrupt(PEDU edu)
{
    IO_DISCONNECT_INTERRUPT_PARAMETERS parameters = {
        .Version = edu->ConnectVersion, .ConnectionContext.Generic = edu->Connection.Generic};
    if (edu->Connection.Generic == NULL)
        return;
    IoDisconnectInterruptEx(&parameters);
    edu->Connection.Generic = NULL;
}

NTSTATUS EduAcquire(PEDU edu, PCM_RESOURCE_LIST translated)
{
    NTSTATUS status = MapRegisters(edu, translated);
    if (NT_SUCCESS(status))
        status = Identify(edu);
    if (NT_SUCCESS(status))
        status = EduMakeAdapter(edu, edu->DmaBits);
    if (NT_SUCCESS(status))
        status = ConnectInterrupt(edu);
    if (!NT_SUCCESS(status))
        EduRelease(edu);
    return status;
}

VOID EduRelease(PEDU edu)
{
    DisconnectInterrupt(edu);
    KeFlushQueuedDpcs();
    DropAdapter(edu);
    if (edu->Registers != NULL)
        MmUnmapIoSpace(edu->Registers, edu->RegisterBytes);
    edu->Registers = NULL;
}
