// SPDX-License-Identifier: MIT
//
// A platform device's PDO: what it answers to the PnP manager and to the driver above it.
#include "devicetree.h"

#include <initguid.h>

#include <drivers/devicetree.h>
#include <wdmguid.h>

#define ID_PREFIX    "DT\\"
#define IDS_MOST     8u
#define READ_MOST    4096u
#define ID_BYTES     64u
#define PREFIX_BYTES (sizeof ID_PREFIX - 1)

// An ID is cut to what fits; characters that no identifier may have become '_'.
static VOID make_id(char *to, const char *compatible)
{
    RtlCopyMemory(to, ID_PREFIX, PREFIX_BYTES);
    SIZE_T at = PREFIX_BYTES;
    for (; *compatible && at < ID_BYTES - 1; compatible++)
        to[at++] =
            *compatible > ' ' && *compatible < 0x7f && *compatible != '\\' ? *compatible : '_';
    to[at] = 0;
}

static NTSTATUS answer_ids(const struct dt_device *device, PIRP irp)
{
    char ids[IDS_MOST][ID_BYTES];
    const char *texts[IDS_MOST];
    ULONG count = 0;
    const char *end = device->compatible + device->compatible_bytes;
    for (const char *at = device->compatible; at < end && count < IDS_MOST; at += strlen(at) + 1) {
        make_id(ids[count], at);
        texts[count] = ids[count];
        count++;
    }
    return PdoAnswerStrings(irp, texts, count);
}

static NTSTATUS answer_id(const struct dt_device *device, PIRP irp)
{
    char id[ID_BYTES];
    switch (IoGetCurrentIrpStackLocation(irp)->Parameters.QueryId.IdType) {
    case BusQueryDeviceID:
        make_id(id, device->compatible);
        return PdoAnswerString(irp, id);
    case BusQueryHardwareIDs:
        return answer_ids(device, irp);
    case BusQueryInstanceID:
        return PdoAnswerString(irp, device->unit);
    default:
        return irp->IoStatus.Status;
    }
}

static NTSTATUS answer_text(const struct dt_device *device, PIRP irp)
{
    switch (IoGetCurrentIrpStackLocation(irp)->Parameters.QueryDeviceText.DeviceTextType) {
    case DeviceTextDescription:
        return PdoAnswerString(irp, device->compatible);
    case DeviceTextLocationInformation:
        return PdoAnswerString(irp, device->name);
    default:
        return irp->IoStatus.Status;
    }
}

static NTSTATUS answer_resources(const struct pdo_extension *extension, PIRP irp)
{
    ULONG count;
    (void)PdoDescriptors(extension->resources, &count);
    ULONG bytes = PdoResourcesBytes(count);
    PVOID copy = ExAllocatePool2(POOL_FLAG_PAGED, bytes, PDO_TAG);
    if (!copy)
        return STATUS_INSUFFICIENT_RESOURCES;
    RtlCopyMemory(copy, extension->resources, bytes);
    irp->IoStatus.Information = (ULONG_PTR)copy;
    return STATUS_SUCCESS;
}

static NTSTATUS answer_requirements(const struct pdo_extension *extension, PIRP irp)
{
    PIO_RESOURCE_REQUIREMENTS_LIST list = PdoFixedRequirements(extension->resources);
    irp->IoStatus.Information = (ULONG_PTR)list;
    return list ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

static NTSTATUS read_config(const struct pdo_extension *extension, PIRP irp)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    if (location->Parameters.ReadWriteConfig.WhichSpace != DEVICETREE_WHICHSPACE_PROPERTIES)
        return irp->IoStatus.Status;
    size_t total;
    ULONG offset = location->Parameters.ReadWriteConfig.Offset;
    ULONG length = location->Parameters.ReadWriteConfig.Length;
    if (length > READ_MOST)
        return STATUS_INVALID_PARAMETER;
    size_t copied = dt_read_properties(extension->bus->tree, extension->device.node, offset,
                                       location->Parameters.ReadWriteConfig.Buffer, length, &total);
    irp->IoStatus.Information = copied;
    return offset > total ? STATUS_INVALID_PARAMETER : STATUS_SUCCESS;
}

static NTSTATUS answer_relations(PDEVICE_OBJECT pdo, PIRP irp)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    if (location->Parameters.QueryDeviceRelations.Type != TargetDeviceRelation)
        return irp->IoStatus.Status;
    return PdoAddRelations(irp, &pdo, 1);
}

static BOOLEAN has_interrupt(const struct pdo_extension *extension)
{
    ULONG count;
    PCM_PARTIAL_RESOURCE_DESCRIPTOR each = PdoDescriptors(extension->resources, &count);
    for (ULONG i = 0; i < count; i++)
        if (each[i].Type == CmResourceTypeInterrupt)
            return TRUE;
    return FALSE;
}

// While the system sleeps the harts wait for interrupts: platform devices keep their power, and one
// that has an interrupt can wake the system from whatever state it is in.
static NTSTATUS answer_capabilities(const struct pdo_extension *extension, PIRP irp)
{
    PDEVICE_CAPABILITIES capabilities =
        IoGetCurrentIrpStackLocation(irp)->Parameters.DeviceCapabilities.Capabilities;
    NTSTATUS status = PdoAnswerCapabilities(irp, (ULONG)extension->device.memory[0].base);
    if (!NT_SUCCESS(status))
        return status;
    for (ULONG state = PowerSystemSleeping1; state <= PowerSystemSleeping3; state++)
        capabilities->DeviceState[state] = PowerDeviceD0;
    if (has_interrupt(extension)) {
        capabilities->SystemWake = PowerSystemSleeping3;
        capabilities->DeviceWake = PowerDeviceD3;
        capabilities->WakeFromD0 = capabilities->WakeFromD3 = 1;
    }
    return status;
}

static NTSTATUS handle(PDEVICE_OBJECT pdo, struct pdo_extension *extension, PIRP irp)
{
    switch (IoGetCurrentIrpStackLocation(irp)->MinorFunction) {
    case IRP_MN_REMOVE_DEVICE: // the device is still there: the object stays
    case IRP_MN_SURPRISE_REMOVAL:
        WakeEnd(extension, STATUS_CANCELLED);
        return STATUS_SUCCESS;
    case IRP_MN_START_DEVICE: // decoding cannot be switched on this bus
    case IRP_MN_QUERY_STOP_DEVICE:
    case IRP_MN_STOP_DEVICE:
    case IRP_MN_CANCEL_STOP_DEVICE:
    case IRP_MN_QUERY_REMOVE_DEVICE:
    case IRP_MN_CANCEL_REMOVE_DEVICE:
        return STATUS_SUCCESS;
    case IRP_MN_QUERY_DEVICE_RELATIONS:
        return answer_relations(pdo, irp);
    case IRP_MN_QUERY_CAPABILITIES:
        return answer_capabilities(extension, irp);
    case IRP_MN_QUERY_ID:
        return answer_id(&extension->device, irp);
    case IRP_MN_QUERY_DEVICE_TEXT:
        return answer_text(&extension->device, irp);
    case IRP_MN_QUERY_RESOURCES:
        return answer_resources(extension, irp);
    case IRP_MN_QUERY_RESOURCE_REQUIREMENTS:
        return answer_requirements(extension, irp);
    case IRP_MN_QUERY_BUS_INFORMATION:
        return PdoAnswerBus(irp, &GUID_BUS_TYPE_INTERNAL, Internal, 0);
    case IRP_MN_READ_CONFIG:
        return read_config(extension, irp);
    default:
        return irp->IoStatus.Status;
    }
}

NTSTATUS DevicePnp(PDEVICE_OBJECT pdo, PIRP irp)
{
    return PdoComplete(irp, handle(pdo, pdo->DeviceExtension, irp));
}
