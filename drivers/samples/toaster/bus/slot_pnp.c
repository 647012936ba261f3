// SPDX-License-Identifier: MIT
//
// A slot's PDO: the end of every PnP IRP of a toaster. What it does not handle it completes with
// the status that is there already.
#include "bus.h"

#define INITGUID
#include <guiddef.h>
#include <wdmguid.h>

static NTSTATUS QueryId(PSLOT_EXTENSION slot, PIRP irp, NTSTATUS status)
{
    static const char *const hardware[] = {"SAMPLE\\Toaster"};
    char number[3] = {(char)('0' + slot->Number / 10), (char)('0' + slot->Number % 10), 0};
    switch (IoGetCurrentIrpStackLocation(irp)->Parameters.QueryId.IdType) {
    case BusQueryDeviceID:
        return PdoAnswerString(irp, hardware[0]);
    case BusQueryHardwareIDs:
        return PdoAnswerStrings(irp, hardware, 1);
    case BusQueryInstanceID: // unique on this bus only: UniqueID is 0 in the capabilities
        return PdoAnswerString(irp, number);
    default:
        return status;
    }
}

static NTSTATUS QueryText(PIRP irp, NTSTATUS status)
{
    if (IoGetCurrentIrpStackLocation(irp)->Parameters.QueryDeviceText.DeviceTextType !=
        DeviceTextDescription)
        return status;
    return PdoAnswerString(irp, "Toaster");
}

static NTSTATUS QueryCapabilities(PSLOT_EXTENSION slot, PIRP irp)
{
    PDEVICE_CAPABILITIES capabilities =
        IoGetCurrentIrpStackLocation(irp)->Parameters.DeviceCapabilities.Capabilities;
    NTSTATUS status = PdoAnswerCapabilities(irp, slot->Number);
    if (!NT_SUCCESS(status))
        return status;
    capabilities->EjectSupported = TRUE;
    capabilities->Removable = TRUE;
    capabilities->SurpriseRemovalOK = TRUE;
    capabilities->UINumber = slot->Number;
    return status;
}

// Bus relations are the bus's; a PDO is its own target.
static NTSTATUS QueryRelations(PDEVICE_OBJECT device, PIRP irp, NTSTATUS status)
{
    if (IoGetCurrentIrpStackLocation(irp)->Parameters.QueryDeviceRelations.Type !=
        TargetDeviceRelation)
        return status;
    return PdoAddRelations(irp, &device, 1);
}

// Everybody has agreed and every driver above is gone: the toaster pops out.
static NTSTATUS Eject(PSLOT_EXTENSION slot)
{
    ExAcquireFastMutex(&slot->Bus->Mutex);
    slot->Present = FALSE;
    ExReleaseFastMutex(&slot->Bus->Mutex);
    return STATUS_SUCCESS;
}

// A toaster that is still in its slot keeps its PDO: it can be started again. One that was reported
// as missing ends here.
static NTSTATUS Remove(PDEVICE_OBJECT device, PIRP irp)
{
    PSLOT_EXTENSION slot = device->DeviceExtension;
    ExAcquireFastMutex(&slot->Bus->Mutex);
    BOOLEAN ends = slot->Missing;
    if (ends)
        slot->Bus->Slot[slot->Number - 1] = NULL;
    ExReleaseFastMutex(&slot->Bus->Mutex);
    NTSTATUS status = PdoComplete(irp, STATUS_SUCCESS);
    if (ends)
        IoDeleteDevice(device);
    return status;
}

NTSTATUS SlotPnp(PDEVICE_OBJECT device, PIRP irp)
{
    PSLOT_EXTENSION slot = device->DeviceExtension;
    NTSTATUS status = irp->IoStatus.Status;
    switch (IoGetCurrentIrpStackLocation(irp)->MinorFunction) {
    case IRP_MN_START_DEVICE:
    case IRP_MN_QUERY_STOP_DEVICE:
    case IRP_MN_CANCEL_STOP_DEVICE:
    case IRP_MN_STOP_DEVICE:
    case IRP_MN_QUERY_REMOVE_DEVICE:
    case IRP_MN_CANCEL_REMOVE_DEVICE:
    case IRP_MN_SURPRISE_REMOVAL:
        status = STATUS_SUCCESS;
        break;
    case IRP_MN_REMOVE_DEVICE:
        return Remove(device, irp);
    case IRP_MN_EJECT:
        irp->IoStatus.Information = 0;
        status = Eject(slot);
        break;
    case IRP_MN_QUERY_ID:
        status = QueryId(slot, irp, status);
        break;
    case IRP_MN_QUERY_DEVICE_TEXT:
        status = QueryText(irp, status);
        break;
    case IRP_MN_QUERY_CAPABILITIES:
        status = QueryCapabilities(slot, irp);
        break;
    case IRP_MN_QUERY_BUS_INFORMATION:
        status = PdoAnswerBus(irp, &GUID_BUS_TYPE_INTERNAL, InterfaceTypeUndefined, 0);
        break;
    case IRP_MN_QUERY_DEVICE_RELATIONS:
        status = QueryRelations(device, irp, status);
        break;
    default: // no resources, nothing to configure
        break;
    }
    return PdoComplete(irp, status);
}
