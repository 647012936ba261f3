// SPDX-License-Identifier: MIT
//
// Target devices, ejection and properties of devices as messages to the plug-and-play manager.

#include "../io/interface.h"
#include "rt.h"

NTSTATUS manager_watch_target(PDEVICE_OBJECT device, BOOLEAN watch, ULONG64 *pdo)
{
    const struct ash_pnp_watch_target_request request = {watch ? io_device(device)->Id : *pdo,
                                                         watch};
    struct ash_pnp_watch_target_reply reply;
    ash_status status = ash_request(ASH_SLOT_PNP, ASH_PNP_WATCH_TARGET, &request, sizeof(request),
                                    &reply, sizeof(reply));
    if (watch && ash_success(status))
        *pdo = reply.physical;
    return status;
}

NTSTATUS manager_report_change(PDEVICE_OBJECT pdo, const TARGET_DEVICE_CUSTOM_NOTIFICATION *event)
{
    struct ash_pnp_report_change_request request = {
        .device = io_device(pdo)->Id, .name_offset = (uint32_t)event->NameBufferOffset};
    const ULONG head = FIELD_OFFSET(TARGET_DEVICE_CUSTOM_NOTIFICATION, CustomDataBuffer);
    if (event->Size - head > sizeof(request.data))
        return STATUS_BUFFER_OVERFLOW;
    request.bytes = event->Size - head;
    memcpy(request.guid, &event->Event, sizeof(request.guid));
    memcpy(request.data, event->CustomDataBuffer, request.bytes);
    return ash_request(ASH_SLOT_PNP, ASH_PNP_REPORT_CHANGE, &request, sizeof(request), NULL, 0);
}

VOID manager_request_eject(PDEVICE_OBJECT pdo)
{
    const struct ash_pnp_relations_request request = {.device = io_device(pdo)->Id};
    (void)ash_request(ASH_SLOT_PNP, ASH_PNP_REQUEST_EJECT, &request, sizeof(request), NULL, 0);
}

static struct ash_pnp_property_data_request property_request(PDEVICE_OBJECT pdo,
                                                             const DEVPROPKEY *key, LCID locale)
{
    struct ash_pnp_property_data_request request = {
        .device = io_device(pdo)->Id, .id = key->pid, .locale = locale};
    memcpy(request.category, &key->fmtid, sizeof(request.category));
    return request;
}

NTSTATUS manager_get_property(PDEVICE_OBJECT pdo, const DEVPROPKEY *key, LCID locale, ULONG size,
                              PVOID data, PULONG bytes, PDEVPROPTYPE type)
{
    struct ash_pnp_property_data_request request = property_request(pdo, key, locale);
    struct ash_pnp_property_data_reply reply;
    ash_status status = ash_request(ASH_SLOT_PNP, ASH_PNP_GET_PROPERTY_DATA, &request,
                                    sizeof(request), &reply, sizeof(reply));
    if (status == STATUS_ACCESS_DENIED)
        return STATUS_INVALID_DEVICE_REQUEST; // no device whose stack the driver is in
    if (!ash_success(status))
        return status;
    if (reply.bytes > sizeof(reply.data))
        return STATUS_INTERNAL_ERROR;
    *bytes = reply.bytes;
    if (reply.bytes > size)
        return STATUS_BUFFER_TOO_SMALL;
    *type = reply.type;
    memcpy(data, reply.data, reply.bytes);
    return STATUS_SUCCESS;
}

NTSTATUS manager_set_property(PDEVICE_OBJECT pdo, const DEVPROPKEY *key, LCID locale,
                              DEVPROPTYPE type, ULONG size, const VOID *data)
{
    struct ash_pnp_property_data_request request = property_request(pdo, key, locale);
    if (size > sizeof(request.data))
        return STATUS_INVALID_PARAMETER;
    request.type = type;
    request.bytes = size;
    request.remove = data == NULL;
    if (data != NULL)
        memcpy(request.data, data, size);
    return ash_request(ASH_SLOT_PNP, ASH_PNP_SET_PROPERTY_DATA, &request, sizeof(request), NULL, 0);
}
