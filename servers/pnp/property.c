// SPDX-License-Identifier: MIT
/* IoGetDeviceProperty: the documented DEVICE_REGISTRY_PROPERTY values that a node knows. */
#include "node.h"
#include "port.h"
#include <string.h>

enum property {
    DEVICE_DESCRIPTION = 0,
    HARDWARE_ID = 1,
    COMPATIBLE_IDS = 2,
    BOOT_CONFIGURATION = 3,
    BOOT_CONFIGURATION_TRANSLATED = 4,
    CLASS_NAME = 5,
    CLASS_GUID = 6,
    MANUFACTURER = 8,
    LOCATION_INFORMATION = 10,
    PHYSICAL_DEVICE_OBJECT_NAME = 11,
    LEGACY_BUS_TYPE = 13,
    BUS_NUMBER = 14,
    ENUMERATOR_NAME = 15,
    ADDRESS = 16,
    UI_NUMBER = 17,
    INSTALL_STATE = 18,
    ALLOCATED_RESOURCES = 21,
    CONTAINER_ID = 22,
};

static ash_status text(struct ash_pnp_property_reply *reply, const char *string, bool list)
{
    if (string == nullptr || *string == '\0')
        return STATUS_OBJECT_NAME_NOT_FOUND;
    size_t bytes = pnp_text_utf16(string, list, reply->data, sizeof(reply->data));
    reply->bytes = bytes;
    return bytes <= sizeof(reply->data) ? STATUS_SUCCESS : STATUS_BUFFER_TOO_SMALL;
}

static ash_status number(struct ash_pnp_property_reply *reply, uint32_t value)
{
    if (value == UINT32_MAX)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    memcpy(reply->data, &value, sizeof(value));
    reply->bytes = sizeof(value);
    return STATUS_SUCCESS;
}

static ash_status resources(struct ash_pnp_property_reply *reply, const struct pnp_resources *list)
{
    if (list == nullptr || list->count == 0)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    reply->bytes = pnp_resources_build(list, reply->data, sizeof(reply->data));
    return reply->bytes != 0 ? STATUS_SUCCESS : STATUS_BUFFER_TOO_SMALL;
}

/* The part of the device ID before the first backslash. */
static ash_status enumerator(struct ash_pnp_property_reply *reply, const struct pnp_node *node)
{
    char name[64] = "";
    size_t length = node->device_id != nullptr ? strcspn(node->device_id, "\\") : 0;
    if (length >= sizeof(name))
        return STATUS_BUFFER_TOO_SMALL;
    memcpy(name, node->device_id != nullptr ? node->device_id : "", length);
    return text(reply, name, false);
}

static ash_status object_name(struct ash_pnp_property_reply *reply, const struct pnp_node *node)
{
    struct ash_device_info info;
    ash_status status = port_device_info(node->device, &info);
    if (!ash_success(status))
        return status;
    info.name[sizeof(info.name) - 1] = '\0';
    return text(reply, info.name, false);
}

ash_status pnp_property(const struct pnp_node *node, ash_word property,
                        struct ash_pnp_property_reply *reply)
{
    switch (property) {
    case DEVICE_DESCRIPTION:
        return text(reply, node->description, false);
    case HARDWARE_ID:
        return text(reply, node->hardware_ids, true);
    case COMPATIBLE_IDS:
        return text(reply, node->compatible_ids, true);
    case BOOT_CONFIGURATION:
    case ALLOCATED_RESOURCES:
        return resources(reply, node->assigned);
    case BOOT_CONFIGURATION_TRANSLATED:
        return resources(reply, node->translated);
    case CLASS_NAME:
        return text(reply, node->match.class_name, false);
    case CLASS_GUID:
        return text(reply, node->match.class_guid, false);
    case MANUFACTURER:
        return text(reply, node->match.manufacturer, false);
    case LOCATION_INFORMATION:
        return text(reply, node->location, false);
    case PHYSICAL_DEVICE_OBJECT_NAME:
        return object_name(reply, node);
    case LEGACY_BUS_TYPE:
        return number(reply, node->bus_type);
    case BUS_NUMBER:
        return node->bus_type == UINT32_MAX ? STATUS_OBJECT_NAME_NOT_FOUND
                                            : number(reply, node->bus_number);
    case ENUMERATOR_NAME:
        return enumerator(reply, node);
    case ADDRESS:
        return number(reply, node->address);
    case UI_NUMBER:
        return number(reply, node->ui_number);
    case INSTALL_STATE:
        return number(reply, 0); /* InstallStateInstalled */
    case CONTAINER_ID:
        return text(reply, node->container, false);
    default:
        return STATUS_INVALID_PARAMETER;
    }
}
