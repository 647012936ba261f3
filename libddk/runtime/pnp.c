// SPDX-License-Identifier: MIT
//
// PnP IRPs across tasks, both ways (abi/irp.h, "PNP by minor code"). Pointers in
// IoStatus.Information become data: on the way out of this task the driver's buffer is copied and
// freed (it came from paged pool, as documented), on the way in a buffer is made that the receiver
// frees.

#include "../ex/ex.h"
#include "rt.h"

#define TAG        ' pnP'
#define START_MOST 65536u

static PVOID copy_to_pool(const void *data, ULONG bytes)
{
    PVOID copy = ExAllocatePool2(POOL_FLAG_NON_PAGED | POOL_FLAG_UNINITIALIZED, bytes, TAG);
    if (copy != NULL)
        memcpy(copy, data, bytes);
    return copy;
}

// --- Requests that come in

static NTSTATUS decode_start(struct rt_request *request, PIO_STACK_LOCATION next, const char *in,
                             ULONG in_bytes)
{
    uint64_t raw = request->wire.parameter[0], translated = request->wire.parameter[1];
    if (raw > START_MOST || translated > START_MOST || raw + translated > in_bytes)
        return STATUS_INVALID_PARAMETER;
    if (raw == 0 || translated == 0)
        return STATUS_SUCCESS; // a device without resources
    request->pool = copy_to_pool(in, (ULONG)raw);
    request->pool2 = copy_to_pool(in + raw, (ULONG)translated);
    if (request->pool == NULL || request->pool2 == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    if (rt_resource_list_bytes(request->pool, (ULONG)raw) == 0 ||
        rt_resource_list_bytes(request->pool2, (ULONG)translated) == 0)
        return STATUS_INVALID_PARAMETER;
    rt_remember_vector(request->device, request->pool2);
    next->Parameters.StartDevice.AllocatedResources = request->pool;
    next->Parameters.StartDevice.AllocatedResourcesTranslated = request->pool2;
    return STATUS_SUCCESS;
}

static NTSTATUS decode_capabilities(struct rt_request *request, PIO_STACK_LOCATION next,
                                    const void *in, ULONG in_bytes)
{
    PDEVICE_CAPABILITIES capabilities;
    request->pool = capabilities = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*capabilities), TAG);
    if (capabilities == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    *capabilities = (DEVICE_CAPABILITIES){
        .Size = sizeof(*capabilities), .Version = 1, .Address = MAXULONG, .UINumber = MAXULONG};
    if (in_bytes >= sizeof(*capabilities))
        memcpy(capabilities, in, sizeof(*capabilities));
    next->Parameters.DeviceCapabilities.Capabilities = capabilities;
    return STATUS_SUCCESS;
}

static NTSTATUS decode_filter(struct rt_request *request, PIO_STACK_LOCATION next, const void *in,
                              ULONG in_bytes)
{
    const IO_RESOURCE_REQUIREMENTS_LIST *list = in;
    if (in_bytes == 0)
        return STATUS_SUCCESS;
    if (in_bytes < sizeof(*list) || (request->pool = copy_to_pool(in, in_bytes)) == NULL)
        return STATUS_INVALID_PARAMETER;
    if (((PIO_RESOURCE_REQUIREMENTS_LIST)request->pool)->ListSize > in_bytes)
        return STATUS_INVALID_PARAMETER;
    next->Parameters.FilterResourceRequirements.IoResourceRequirementList = request->pool;
    return STATUS_SUCCESS;
}

static NTSTATUS decode_config(struct rt_request *request, PIO_STACK_LOCATION next, const void *in,
                              ULONG in_bytes)
{
    const uint64_t *p = request->wire.parameter;
    bool write = next->MinorFunction == IRP_MN_WRITE_CONFIG;
    if (p[2] > request->in->info.inline_bytes || p[1] > MAXLONG || (write && p[2] > in_bytes))
        return STATUS_INVALID_PARAMETER;
    request->pool = ExAllocatePool2(POOL_FLAG_NON_PAGED, p[2] != 0 ? p[2] : 1, TAG);
    if (request->pool == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    if (write)
        memcpy(request->pool, in, p[2]);
    next->Parameters.ReadWriteConfig.WhichSpace = (ULONG)p[0];
    next->Parameters.ReadWriteConfig.Offset = (ULONG)p[1];
    next->Parameters.ReadWriteConfig.Length = (ULONG)p[2];
    next->Parameters.ReadWriteConfig.Buffer = request->pool;
    return STATUS_SUCCESS;
}

NTSTATUS rt_decode_pnp(struct rt_request *request, const void *in, ULONG in_bytes)
{
    const uint64_t *p = request->wire.parameter;
    PIO_STACK_LOCATION next = IoGetNextIrpStackLocation(request->irp);
    request->irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
    switch (next->MinorFunction) {
    case IRP_MN_START_DEVICE:
        return decode_start(request, next, in, in_bytes);
    case IRP_MN_QUERY_DEVICE_RELATIONS:
        next->Parameters.QueryDeviceRelations.Type = (DEVICE_RELATION_TYPE)p[0];
        return STATUS_SUCCESS;
    case IRP_MN_QUERY_CAPABILITIES:
        return decode_capabilities(request, next, in, in_bytes);
    case IRP_MN_FILTER_RESOURCE_REQUIREMENTS:
        return decode_filter(request, next, in, in_bytes);
    case IRP_MN_QUERY_DEVICE_TEXT:
        next->Parameters.QueryDeviceText.DeviceTextType = (DEVICE_TEXT_TYPE)p[0];
        next->Parameters.QueryDeviceText.LocaleId = (LCID)p[1];
        return STATUS_SUCCESS;
    case IRP_MN_QUERY_ID:
        next->Parameters.QueryId.IdType = (BUS_QUERY_ID_TYPE)p[0];
        return STATUS_SUCCESS;
    case IRP_MN_READ_CONFIG:
    case IRP_MN_WRITE_CONFIG:
        return decode_config(request, next, in, in_bytes);
    case IRP_MN_DEVICE_USAGE_NOTIFICATION:
        next->Parameters.UsageNotification.Type = (DEVICE_USAGE_NOTIFICATION_TYPE)p[0];
        next->Parameters.UsageNotification.InPath = p[1] != 0;
        return STATUS_SUCCESS;
    case IRP_MN_QUERY_INTERFACE: // function pointers mean nothing in another task
        return STATUS_NOT_SUPPORTED;
    default:
        return STATUS_SUCCESS;
    }
}

// --- Their answers

static void give(struct ash_answer *answer, void *out, ULONG room, const void *data, ULONG bytes)
{
    answer->information = 0;
    if (bytes == 0 || bytes > room) {
        answer->status = STATUS_BUFFER_TOO_SMALL; // or a list whose end cannot be found
        return;
    }
    memcpy(out, data, bytes);
    answer->inline_size = bytes;
    answer->information = bytes;
}

static void give_relations(struct ash_answer *answer, void *out, ULONG room, PDEVICE_RELATIONS list)
{
    uint64_t *ids = out;
    ULONG count = list->Count < room / sizeof(uint64_t) ? list->Count : 0;
    if (count != list->Count)
        answer->status = STATUS_BUFFER_TOO_SMALL;
    for (ULONG i = 0; i < list->Count; i++) {
        if (i < count)
            ids[i] = io_device(list->Objects[i])->Id;
        ObfDereferenceObject(list->Objects[i]);
    }
    ex_pool_free(list, 0);
    answer->inline_size = count * (ULONG)sizeof(uint64_t);
    answer->information = answer->inline_size;
}

static ULONG bytes_of_pointer(const struct rt_request *request, const void *data, ULONG room)
{
    const IO_RESOURCE_REQUIREMENTS_LIST *requirements = data;
    bool multi = request->wire.parameter[0] == BusQueryHardwareIDs ||
                 request->wire.parameter[0] == BusQueryCompatibleIDs;
    switch (request->wire.minor) {
    case IRP_MN_QUERY_RESOURCES:
        return rt_resource_list_bytes(data, room);
    case IRP_MN_QUERY_RESOURCE_REQUIREMENTS:
    case IRP_MN_FILTER_RESOURCE_REQUIREMENTS:
        return requirements->ListSize;
    case IRP_MN_QUERY_ID:
        return rt_string_bytes(data, multi, room);
    case IRP_MN_QUERY_DEVICE_TEXT:
        return rt_string_bytes(data, false, room);
    default:
        return sizeof(PNP_BUS_INFORMATION);
    }
}

// The driver's buffer, which is freed, unless it is the kit's own (a filter that changed nothing).
static void give_pointer(struct rt_request *request, struct ash_answer *answer, void *out,
                         ULONG room)
{
    PVOID data = (PVOID)answer->information;
    bool own = data == NULL && request->wire.minor == IRP_MN_FILTER_RESOURCE_REQUIREMENTS;
    if (own)
        data = request->pool;
    if (data == NULL) {
        answer->information = 0;
        return;
    }
    give(answer, out, room, data, bytes_of_pointer(request, data, room));
    if (!own && data != request->pool)
        ex_pool_free(data, 0);
}

static bool answers_with_pointer(UCHAR minor)
{
    return minor == IRP_MN_QUERY_RESOURCES || minor == IRP_MN_QUERY_RESOURCE_REQUIREMENTS ||
           minor == IRP_MN_FILTER_RESOURCE_REQUIREMENTS || minor == IRP_MN_QUERY_ID ||
           minor == IRP_MN_QUERY_DEVICE_TEXT || minor == IRP_MN_QUERY_BUS_INFORMATION;
}

void rt_encode_pnp_answer(struct rt_request *request, void *out, ULONG room,
                          struct ash_answer *answer)
{
    UCHAR minor = request->wire.minor;
    rt_sync_devices();
    if (!NT_SUCCESS(answer->status)) {
        answer->information = 0;
        return;
    }
    if (minor == IRP_MN_QUERY_DEVICE_RELATIONS && answer->information != 0)
        give_relations(answer, out, room, (PDEVICE_RELATIONS)answer->information);
    else if (minor == IRP_MN_QUERY_CAPABILITIES)
        give(answer, out, room, request->pool, sizeof(DEVICE_CAPABILITIES));
    else if (minor == IRP_MN_READ_CONFIG)
        give(answer, out, room, request->pool,
             answer->information <= request->wire.parameter[2] ? (ULONG)answer->information : 0);
    else if (answers_with_pointer(minor))
        give_pointer(request, answer, out, room);
    else if (minor != IRP_MN_QUERY_PNP_DEVICE_STATE && minor != IRP_MN_WRITE_CONFIG)
        answer->information = 0;
}

// --- Requests that go out

static NTSTATUS put(struct ash_request *wire, void *in, ULONG room, ULONG at, const void *data,
                    ULONG bytes)
{
    if (bytes > room || at > room - bytes)
        return STATUS_BUFFER_OVERFLOW;
    memcpy((char *)in + at, data, bytes);
    wire->inline_size = at + bytes;
    return STATUS_SUCCESS;
}

static NTSTATUS encode_start(struct ash_request *wire, void *in, ULONG room,
                             PIO_STACK_LOCATION location)
{
    PCM_RESOURCE_LIST raw = location->Parameters.StartDevice.AllocatedResources;
    PCM_RESOURCE_LIST translated = location->Parameters.StartDevice.AllocatedResourcesTranslated;
    if (raw == NULL || translated == NULL)
        return STATUS_SUCCESS;
    ULONG raw_bytes = rt_resource_list_bytes(raw, room);
    ULONG translated_bytes = rt_resource_list_bytes(translated, room);
    wire->parameter[0] = raw_bytes;
    wire->parameter[1] = translated_bytes;
    if (raw_bytes == 0 || translated_bytes == 0 || raw_bytes + translated_bytes > room)
        return STATUS_BUFFER_OVERFLOW;
    (void)put(wire, in, room, 0, raw, raw_bytes);
    return put(wire, in, room, raw_bytes, translated, translated_bytes);
}

static NTSTATUS encode_config(struct ash_request *wire, void *in, ULONG room,
                              PIO_STACK_LOCATION location)
{
    wire->parameter[0] = location->Parameters.ReadWriteConfig.WhichSpace;
    wire->parameter[1] = location->Parameters.ReadWriteConfig.Offset;
    wire->parameter[2] = location->Parameters.ReadWriteConfig.Length;
    if (location->Parameters.ReadWriteConfig.Length > room)
        return STATUS_INVALID_PARAMETER;
    if (location->MinorFunction == IRP_MN_READ_CONFIG)
        return STATUS_SUCCESS;
    return put(wire, in, room, 0, location->Parameters.ReadWriteConfig.Buffer,
               location->Parameters.ReadWriteConfig.Length);
}

NTSTATUS rt_encode_pnp(struct ash_request *wire, void *in, ULONG room, PIRP irp)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    PIO_RESOURCE_REQUIREMENTS_LIST list;
    switch (location->MinorFunction) {
    case IRP_MN_START_DEVICE:
        return encode_start(wire, in, room, location);
    case IRP_MN_QUERY_DEVICE_RELATIONS:
        wire->parameter[0] = location->Parameters.QueryDeviceRelations.Type;
        return STATUS_SUCCESS;
    case IRP_MN_QUERY_CAPABILITIES:
        return put(wire, in, room, 0, location->Parameters.DeviceCapabilities.Capabilities,
                   sizeof(DEVICE_CAPABILITIES));
    case IRP_MN_FILTER_RESOURCE_REQUIREMENTS:
        list = location->Parameters.FilterResourceRequirements.IoResourceRequirementList;
        return list == NULL ? STATUS_SUCCESS : put(wire, in, room, 0, list, list->ListSize);
    case IRP_MN_QUERY_DEVICE_TEXT:
        wire->parameter[0] = location->Parameters.QueryDeviceText.DeviceTextType;
        wire->parameter[1] = location->Parameters.QueryDeviceText.LocaleId;
        return STATUS_SUCCESS;
    case IRP_MN_QUERY_ID:
        wire->parameter[0] = location->Parameters.QueryId.IdType;
        return STATUS_SUCCESS;
    case IRP_MN_READ_CONFIG:
    case IRP_MN_WRITE_CONFIG:
        return encode_config(wire, in, room, location);
    case IRP_MN_DEVICE_USAGE_NOTIFICATION:
        wire->parameter[0] = location->Parameters.UsageNotification.Type;
        wire->parameter[1] = location->Parameters.UsageNotification.InPath;
        return STATUS_SUCCESS;
    default:
        return STATUS_SUCCESS;
    }
}

// --- Their answers

static void take_relations(PIRP irp, const uint64_t *ids, ULONG count)
{
    PDEVICE_RELATIONS list = ExAllocatePool2(
        POOL_FLAG_NON_PAGED, offsetof(DEVICE_RELATIONS, Objects[count != 0 ? count : 1]), TAG);
    if (list == NULL) {
        irp->IoStatus.Status = STATUS_INSUFFICIENT_RESOURCES;
        return;
    }
    for (ULONG i = 0; i < count; i++) {
        PDEVICE_OBJECT device = rt_device_by_id(ids[i]);
        if (device != NULL)
            list->Objects[list->Count++] = device;
    }
    irp->IoStatus.Information = (ULONG_PTR)list;
}

// Checked as far as the receiver relies on it: lists have their size, strings their end.
static bool well_formed(UCHAR minor, PVOID copy, ULONG bytes)
{
    const IO_RESOURCE_REQUIREMENTS_LIST *requirements = copy;
    switch (minor) {
    case IRP_MN_QUERY_RESOURCES:
        return rt_resource_list_bytes(copy, bytes) != 0;
    case IRP_MN_QUERY_RESOURCE_REQUIREMENTS:
    case IRP_MN_FILTER_RESOURCE_REQUIREMENTS:
        return bytes >= sizeof(*requirements) && requirements->ListSize <= bytes;
    case IRP_MN_QUERY_ID:
    case IRP_MN_QUERY_DEVICE_TEXT:
        return rt_string_bytes(copy, false, bytes) != 0;
    default:
        return bytes >= sizeof(PNP_BUS_INFORMATION);
    }
}

static void take_pointer(PIRP irp, UCHAR minor, const void *data, ULONG bytes)
{
    PVOID copy = copy_to_pool(data, bytes);
    if (copy != NULL && !well_formed(minor, copy, bytes)) {
        ExFreePool(copy);
        copy = NULL;
    }
    if (copy == NULL)
        irp->IoStatus.Status = STATUS_INSUFFICIENT_RESOURCES;
    irp->IoStatus.Information = (ULONG_PTR)copy;
}

void rt_decode_pnp_answer(PIRP irp, const void *data, const struct ash_answer *answer)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    UCHAR minor = location->MinorFunction;
    ULONG bytes = answer->inline_size;
    // A driver that does not handle a minor code leaves the status, and what is there, alone.
    if (answer->status == STATUS_NOT_SUPPORTED)
        return;
    irp->IoStatus.Status = answer->status;
    if (!NT_SUCCESS(answer->status)) {
        irp->IoStatus.Information = 0;
        return;
    }
    if (minor == IRP_MN_QUERY_PNP_DEVICE_STATE || minor == IRP_MN_READ_CONFIG ||
        minor == IRP_MN_WRITE_CONFIG)
        irp->IoStatus.Information = answer->information;
    if (bytes == 0)
        return;
    if (minor == IRP_MN_QUERY_DEVICE_RELATIONS)
        take_relations(irp, data, bytes / (ULONG)sizeof(uint64_t));
    else if (minor == IRP_MN_QUERY_CAPABILITIES && bytes >= sizeof(DEVICE_CAPABILITIES))
        memcpy(location->Parameters.DeviceCapabilities.Capabilities, data,
               sizeof(DEVICE_CAPABILITIES));
    else if (minor == IRP_MN_READ_CONFIG && bytes <= location->Parameters.ReadWriteConfig.Length)
        memcpy(location->Parameters.ReadWriteConfig.Buffer, data, bytes);
    else if (answers_with_pointer(minor))
        take_pointer(irp, minor, data, bytes);
}
