// SPDX-License-Identifier: MIT
//
// The face of an ordinary WDM driver: DriverEntry, AddDevice, PnP, power.
#include "device.h"

DRIVER_INITIALIZE DriverEntry;

NTSTATUS StrayComplete(PIRP irp, NTSTATUS status, ULONG_PTR information)
{
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = information;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

static NTSTATUS PassDown(PDEVICE_OBJECT device, PIRP irp)
{
    PSTRAY stray = device->DeviceExtension;
    IoSkipCurrentIrpStackLocation(irp);
    return IoCallDriver(stray->Lower, irp);
}

static NTSTATUS CreateClose(PDEVICE_OBJECT device, PIRP irp)
{
    UNREFERENCED_PARAMETER(device);
    return StrayComplete(irp, STATUS_SUCCESS, 0);
}

static NTSTATUS Control(PDEVICE_OBJECT device, PIRP irp)
{
    return StrayControl(device->DeviceExtension, irp);
}

static NTSTATUS Power(PDEVICE_OBJECT device, PIRP irp)
{
    PSTRAY stray = device->DeviceExtension;
    PoStartNextPowerIrp(irp);
    IoSkipCurrentIrpStackLocation(irp);
    return PoCallDriver(stray->Lower, irp);
}

static VOID MapBars(PSTRAY stray, PCM_RESOURCE_LIST translated)
{
    ULONG count = translated != NULL && translated->Count > 0
                      ? translated->List[0].PartialResourceList.Count
                      : 0;
    for (ULONG i = 0; i < count && stray->BarCount < STRAY_BARS; i++) {
        PCM_PARTIAL_RESOURCE_DESCRIPTOR resource =
            &translated->List[0].PartialResourceList.PartialDescriptors[i];
        if (resource->Type != CmResourceTypeMemory)
            continue;
        PVOID mapped =
            MmMapIoSpace(resource->u.Memory.Start, resource->u.Memory.Length, MmNonCached);
        if (mapped == NULL)
            continue;
        stray->BarBytes[stray->BarCount] = resource->u.Memory.Length;
        stray->Bar[stray->BarCount++] = mapped;
    }
}

static NTSTATUS MakeAdapter(PSTRAY stray)
{
    ULONG registers;
    DEVICE_DESCRIPTION description = {
        .Version = DEVICE_DESCRIPTION_VERSION,
        .Master = TRUE,
        .ScatterGather = TRUE,
        .Dma32BitAddresses = TRUE,
        .Dma64BitAddresses = TRUE,
        .InterfaceType = PCIBus,
        .MaximumLength = STRAY_COMMON_BYTES,
    };
    stray->Adapter = IoGetDmaAdapter(stray->Pdo, &description, &registers);
    if (stray->Adapter == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    stray->Common = stray->Adapter->DmaOperations->AllocateCommonBuffer(
        stray->Adapter, STRAY_COMMON_BYTES, &stray->CommonAddress, TRUE);
    return stray->Common != NULL ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

static VOID Release(PSTRAY stray)
{
    StrayEnd(stray);
    StrayLetGo(stray);
    if (stray->Common != NULL)
        stray->Adapter->DmaOperations->FreeCommonBuffer(stray->Adapter, STRAY_COMMON_BYTES,
                                                        stray->CommonAddress, stray->Common, TRUE);
    if (stray->Adapter != NULL)
        stray->Adapter->DmaOperations->PutDmaAdapter(stray->Adapter);
    stray->Common = NULL;
    stray->Adapter = NULL;
    while (stray->BarCount > 0) {
        stray->BarCount--;
        MmUnmapIoSpace(stray->Bar[stray->BarCount], stray->BarBytes[stray->BarCount]);
    }
}

static NTSTATUS Start(PSTRAY stray, PIRP irp)
{
    PCM_RESOURCE_LIST translated =
        IoGetCurrentIrpStackLocation(irp)->Parameters.StartDevice.AllocatedResourcesTranslated;
    NTSTATUS status = STATUS_UNSUCCESSFUL;
    if (IoForwardIrpSynchronously(stray->Lower, irp))
        status = irp->IoStatus.Status;
    if (NT_SUCCESS(status)) {
        MapBars(stray, translated);
        status = MakeAdapter(stray);
    }
    return StrayComplete(irp, status, 0);
}

static NTSTATUS Remove(PSTRAY stray, PIRP irp)
{
    Release(stray);
    irp->IoStatus.Status = STATUS_SUCCESS;
    NTSTATUS status = PassDown(stray->Self, irp);
    IoDetachDevice(stray->Lower);
    IoDeleteDevice(stray->Self);
    return status;
}

static NTSTATUS Pnp(PDEVICE_OBJECT device, PIRP irp)
{
    PSTRAY stray = device->DeviceExtension;
    switch (IoGetCurrentIrpStackLocation(irp)->MinorFunction) {
    case IRP_MN_START_DEVICE:
        return Start(stray, irp);
    case IRP_MN_REMOVE_DEVICE:
        return Remove(stray, irp);
    case IRP_MN_STOP_DEVICE:
        Release(stray);
        break;
    case IRP_MN_SURPRISE_REMOVAL:
    case IRP_MN_QUERY_STOP_DEVICE:
    case IRP_MN_CANCEL_STOP_DEVICE:
    case IRP_MN_QUERY_REMOVE_DEVICE:
    case IRP_MN_CANCEL_REMOVE_DEVICE:
        break;
    default:
        return PassDown(device, irp);
    }
    irp->IoStatus.Status = STATUS_SUCCESS;
    return PassDown(device, irp);
}

static NTSTATUS MakeDevice(PDRIVER_OBJECT driver, PDEVICE_OBJECT *device)
{
    static WCHAR text[] = L"\\Device\\Stray0";
    static WCHAR number = L'0';
    UNICODE_STRING name;
    text[13] = number++;
    RtlInitUnicodeString(&name, text);
    return IoCreateDevice(driver, sizeof(STRAY), &name, FILE_DEVICE_UNKNOWN, 0, FALSE, device);
}

// A PDO has its properties before anybody is attached to it.
static NTSTATUS AddDevice(PDRIVER_OBJECT driver, PDEVICE_OBJECT pdo)
{
    PDEVICE_OBJECT device;
    ULONG address, bytes;
    NTSTATUS status =
        IoGetDeviceProperty(pdo, DevicePropertyAddress, sizeof(address), &address, &bytes);
    if (NT_SUCCESS(status))
        status = MakeDevice(driver, &device);
    if (!NT_SUCCESS(status))
        return status;
    PSTRAY stray = device->DeviceExtension;
    stray->Self = device;
    stray->Pdo = pdo;
    stray->Number = address >> 16;
    KeInitializeSpinLock(&stray->Lock);
    stray->Lower = IoAttachDeviceToDeviceStack(device, pdo);
    if (stray->Lower == NULL) {
        IoDeleteDevice(device);
        return STATUS_NO_SUCH_DEVICE;
    }
    device->Flags |= DO_DIRECT_IO | (stray->Lower->Flags & (DO_POWER_PAGABLE | DO_POWER_INRUSH));
    device->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    return STATUS_SUCCESS;
}

static VOID Unload(PDRIVER_OBJECT driver)
{
    UNREFERENCED_PARAMETER(driver);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING registryPath)
{
    UNREFERENCED_PARAMETER(registryPath);
    driver->DriverExtension->AddDevice = AddDevice;
    driver->DriverUnload = Unload;
    driver->MajorFunction[IRP_MJ_CREATE] = CreateClose;
    driver->MajorFunction[IRP_MJ_CLOSE] = CreateClose;
    driver->MajorFunction[IRP_MJ_CLEANUP] = CreateClose;
    driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = Control;
    driver->MajorFunction[IRP_MJ_PNP] = Pnp;
    driver->MajorFunction[IRP_MJ_POWER] = Power;
    driver->MajorFunction[IRP_MJ_SYSTEM_CONTROL] = PassDown;
    return STATUS_SUCCESS;
}
