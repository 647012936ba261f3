// SPDX-License-Identifier: MIT
//
// AddDevice and PnP. The port cannot be stopped for a rebalance: it is the console, and characters
// that come meanwhile would be lost.
#include "port.h"

#include <ntstrsafe.h>

#include <initguid.h>
#include <wdmguid.h>

#define SERIAL_PORTS_MAX 256u
#define NAME_CHARS       32

static NTSTATUS PassDown(PPORT_EXTENSION port, PIRP irp)
{
    IoSkipCurrentIrpStackLocation(irp);
    return IoCallDriver(port->Lower, irp);
}

static const CM_PARTIAL_RESOURCE_DESCRIPTOR *FindMemory(const CM_RESOURCE_LIST *list)
{
    if (list == NULL || list->Count == 0) {
        return NULL;
    }
    const CM_PARTIAL_RESOURCE_LIST *partial = &list->List[0].PartialResourceList;
    for (ULONG i = 0; i < partial->Count; i++) {
        if (partial->PartialDescriptors[i].Type == CmResourceTypeMemory) {
            return &partial->PartialDescriptors[i];
        }
    }
    return NULL;
}

static NTSTATUS MapRegisters(PPORT_EXTENSION port, const CM_RESOURCE_LIST *translated)
{
    const CM_PARTIAL_RESOURCE_DESCRIPTOR *memory = FindMemory(translated);
    if (memory == NULL || memory->u.Memory.Length < (ULONG)UART_REGISTERS << port->Uart.Shift) {
        return STATUS_DEVICE_CONFIGURATION_ERROR;
    }
    port->MappedBytes = memory->u.Memory.Length;
    port->Uart.Base = MmMapIoSpace(memory->u.Memory.Start, port->MappedBytes, MmNonCached);
    return port->Uart.Base != NULL ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

static NTSTATUS ConnectInterrupt(PPORT_EXTENSION port)
{
    IO_CONNECT_INTERRUPT_PARAMETERS parameters = {.Version = CONNECT_LINE_BASED};
    parameters.LineBased.PhysicalDeviceObject = port->PhysicalDevice;
    parameters.LineBased.InterruptObject = &port->Interrupt;
    parameters.LineBased.ServiceRoutine = SerialInterrupt;
    parameters.LineBased.ServiceContext = port;
    return IoConnectInterruptEx(&parameters);
}

static VOID DisconnectInterrupt(PPORT_EXTENSION port)
{
    IO_DISCONNECT_INTERRUPT_PARAMETERS parameters = {.Version = CONNECT_LINE_BASED};
    parameters.ConnectionContext.InterruptObject = port->Interrupt;
    IoDisconnectInterruptEx(&parameters);
    port->Interrupt = NULL;
}

// \DosDevices\COMn for \Device\Serial(n-1). The port works without it: only logged.
static VOID CreateLink(PPORT_EXTENSION port)
{
    WCHAR link_text[NAME_CHARS];
    WCHAR name_text[NAME_CHARS];
    UNICODE_STRING link;
    UNICODE_STRING name;
    (void)RtlStringCchPrintfW(link_text, NAME_CHARS, L"\\DosDevices\\COM%u", port->Number + 1);
    (void)RtlStringCchPrintfW(name_text, NAME_CHARS, L"\\Device\\Serial%u", port->Number);
    RtlInitUnicodeString(&link, link_text);
    RtlInitUnicodeString(&name, name_text);
    NTSTATUS status = IoCreateSymbolicLink(&link, &name);
    if (NT_SUCCESS(status)) {
        status = RtlDuplicateUnicodeString(RTL_DUPLICATE_UNICODE_STRING_NULL_TERMINATE, &link,
                                           &port->Link);
    }
    if (!NT_SUCCESS(status)) {
        DbgPrint("no link %ws: status 0x%08x\n", link_text, (ULONG)status);
    }
}

static VOID DeleteLink(PPORT_EXTENSION port)
{
    if (port->Link.Buffer != NULL) {
        (void)IoDeleteSymbolicLink(&port->Link);
        RtlFreeUnicodeString(&port->Link);
        port->Link.Buffer = NULL;
    }
}

// Who looks for serial ports by their class finds it. The port works without it.
static VOID EnableInterface(PPORT_EXTENSION port, BOOLEAN enable)
{
    if (port->Interface.Buffer == NULL || port->InterfaceEnabled == enable) {
        return;
    }
    NTSTATUS status = IoSetDeviceInterfaceState(&port->Interface, enable);
    if (!NT_SUCCESS(status)) {
        DbgPrint("serial port %u: its interface has status 0x%08x\n", port->Number, (ULONG)status);
    } else {
        port->InterfaceEnabled = enable;
    }
}

static VOID SetStarted(PPORT_EXTENSION port, BOOLEAN started)
{
    KIRQL irql;
    KeAcquireSpinLock(&port->Lock, &irql);
    port->Started = started;
    KeReleaseSpinLock(&port->Lock, irql);
}

static VOID ReleaseInterrupt(PPORT_EXTENSION port, BOOLEAN surprise)
{
    if (port->Interrupt == NULL) {
        return;
    }
    if (!surprise) {
        SerialSilenceChip(port);
    }
    DisconnectInterrupt(port);
    (void)KeCancelTimer(&port->Reads.Timer);
    (void)KeCancelTimer(&port->Writes.Timer);
    KeFlushQueuedDpcs();
}

// Ends all use of the hardware: requests first, then those who use the chip at this moment, then
// the interrupt. The chip is still there unless surprise is set.
static VOID EndDevice(PPORT_EXTENSION port, BOOLEAN surprise)
{
    SetStarted(port, FALSE);
    SerialServiceReads(port);
    SerialServiceWrites(port);
    ExWaitForRundownProtectionRelease(&port->Hardware);
    EnableInterface(port, FALSE);
    DeleteLink(port);
    ReleaseInterrupt(port, surprise);
    if (port->Uart.Base != NULL) {
        MmUnmapIoSpace(port->Uart.Base, port->MappedBytes);
        port->Uart.Base = NULL;
    }
}

static NTSTATUS StartHardware(PPORT_EXTENSION port, const CM_RESOURCE_LIST *translated)
{
    // After a STOP the protection is run down.
    ExWaitForRundownProtectionRelease(&port->Hardware);
    ExReInitializeRundownProtection(&port->Hardware);
    SerialReadProperties(port);
    NTSTATUS status = MapRegisters(port, translated);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    SerialInitializeChip(port);
    status = ConnectInterrupt(port);
    if (!NT_SUCCESS(status)) {
        EndDevice(port, FALSE);
        return status;
    }
    SetStarted(port, TRUE);
    SerialEnableChip(port);
    CreateLink(port);
    EnableInterface(port, TRUE);
    return STATUS_SUCCESS;
}

static NTSTATUS StartDevice(PPORT_EXTENSION port, PIRP irp)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    const CM_RESOURCE_LIST *translated =
        location->Parameters.StartDevice.AllocatedResourcesTranslated;
    NTSTATUS status = STATUS_UNSUCCESSFUL;
    IoCopyCurrentIrpStackLocationToNext(irp);
    if (IoForwardIrpSynchronously(port->Lower, irp)) {
        status = irp->IoStatus.Status;
    }
    if (NT_SUCCESS(status)) {
        status = StartHardware(port, translated);
    }
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = 0;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

static NTSTATUS RemoveDevice(PPORT_EXTENSION port, PIRP irp)
{
    PDEVICE_OBJECT device = port->Self;
    PDEVICE_OBJECT lower = port->Lower;
    EndDevice(port, FALSE);
    irp->IoStatus.Status = STATUS_SUCCESS;
    NTSTATUS status = PassDown(port, irp);
    IoReleaseRemoveLockAndWait(&port->RemoveLock, irp);
    RtlFreeUnicodeString(&port->Interface);
    IoDetachDevice(lower);
    IoDeleteDevice(device);
    return status;
}

NTSTATUS SerialPnp(PDEVICE_OBJECT device, PIRP irp)
{
    PPORT_EXTENSION port = device->DeviceExtension;
    UCHAR minor = IoGetCurrentIrpStackLocation(irp)->MinorFunction;
    NTSTATUS status = IoAcquireRemoveLock(&port->RemoveLock, irp);
    if (!NT_SUCCESS(status)) {
        irp->IoStatus.Status = status;
        IoCompleteRequest(irp, IO_NO_INCREMENT);
        return status;
    }
    switch (minor) {
    case IRP_MN_START_DEVICE:
        status = StartDevice(port, irp);
        break;
    case IRP_MN_REMOVE_DEVICE:
        return RemoveDevice(port, irp); // takes the lock along
    case IRP_MN_QUERY_STOP_DEVICE:
        status = irp->IoStatus.Status = STATUS_UNSUCCESSFUL;
        IoCompleteRequest(irp, IO_NO_INCREMENT);
        break;
    case IRP_MN_SURPRISE_REMOVAL:
        EndDevice(port, TRUE);
        irp->IoStatus.Status = STATUS_SUCCESS;
        status = PassDown(port, irp);
        break;
    case IRP_MN_STOP_DEVICE: // comes without a query when START failed
        EndDevice(port, FALSE);
        irp->IoStatus.Status = STATUS_SUCCESS;
        status = PassDown(port, irp);
        break;
    case IRP_MN_CANCEL_STOP_DEVICE:
    case IRP_MN_QUERY_REMOVE_DEVICE:
    case IRP_MN_CANCEL_REMOVE_DEVICE:
        irp->IoStatus.Status = STATUS_SUCCESS;
        status = PassDown(port, irp);
        break;
    default:
        status = PassDown(port, irp);
        break;
    }
    IoReleaseRemoveLock(&port->RemoveLock, irp);
    return status;
}

static NTSTATUS CreateNamedDevice(PDRIVER_OBJECT driver, PDEVICE_OBJECT *device, PULONG number)
{
    NTSTATUS status = STATUS_OBJECT_NAME_COLLISION;
    for (*number = 0; *number < SERIAL_PORTS_MAX; ++*number) {
        WCHAR text[NAME_CHARS];
        UNICODE_STRING name;
        (void)RtlStringCchPrintfW(text, NAME_CHARS, L"\\Device\\Serial%u", *number);
        RtlInitUnicodeString(&name, text);
        status = IoCreateDevice(driver, sizeof(PORT_EXTENSION), &name, FILE_DEVICE_SERIAL_PORT,
                                FILE_DEVICE_SECURE_OPEN, FALSE, device);
        if (status != STATUS_OBJECT_NAME_COLLISION && status != STATUS_OBJECT_NAME_EXISTS) {
            break;
        }
    }
    return status;
}

NTSTATUS SerialAddDevice(PDRIVER_OBJECT driver, PDEVICE_OBJECT physical)
{
    PDEVICE_OBJECT device;
    ULONG number;
    NTSTATUS status = CreateNamedDevice(driver, &device, &number);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    PPORT_EXTENSION port = device->DeviceExtension;
    port->Self = device;
    port->PhysicalDevice = physical;
    port->Number = number;
    IoInitializeRemoveLock(&port->RemoveLock, SERIAL_TAG, 0, 0);
    ExInitializeRundownProtection(&port->Hardware);
    SerialInitializeQueues(port);
    IoInitializeDpcRequest(device, SerialDpc);
    port->Lower = IoAttachDeviceToDeviceStack(device, physical);
    if (port->Lower == NULL) {
        IoDeleteDevice(device);
        return STATUS_NO_SUCH_DEVICE;
    }
    status = SerialTakeState(port);
    if (!NT_SUCCESS(status)) {
        IoDetachDevice(port->Lower);
        IoDeleteDevice(device);
        return status;
    }
    status =
        IoRegisterDeviceInterface(physical, &GUID_DEVINTERFACE_COMPORT, NULL, &port->Interface);
    if (!NT_SUCCESS(status)) {
        DbgPrint("serial port %u has no interface: status 0x%08x\n", number, (ULONG)status);
    }
    device->Flags |= DO_BUFFERED_IO | DO_POWER_PAGABLE;
    device->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    return STATUS_SUCCESS;
}
