// SPDX-License-Identifier: MIT
/*
 * IoGetDevicePropertyData, IoSetDevicePropertyData: properties by DEVPROPKEY and locale. Those that
 * the device itself has (its IDs, texts, bus) are read from the node and cannot be set; the others
 * are kept with the node as long as it lives. Documentation: "Device Properties", DEVPKEY_Device_*.
 */
#include "node.h"
#include <stdlib.h>
#include <string.h>

enum { TYPE_UINT32 = 0x07, TYPE_STRING = 0x12, TYPE_STRING_LIST = 0x2012 };
#define MOST 64u /* of one device */

struct pnp_property_data {
    struct pnp_property_data *next;
    uint8_t category[16];
    uint32_t id, locale, type, bytes;
    uint8_t data[];
};

/* {a45c254e-df1c-4efd-8020-67d146a850e0}, as in memory */
static const uint8_t device_category[16] = {0x4e, 0x25, 0x5c, 0xa4, 0x1c, 0xdf, 0xfd, 0x4e,
                                            0x80, 0x20, 0x67, 0xd1, 0x46, 0xa8, 0x50, 0xe0};
static const struct {
    uint32_t id, type, property; /* property: DEVICE_REGISTRY_PROPERTY */
} known[] = {
    {2, TYPE_STRING, 0},   {3, TYPE_STRING_LIST, 1}, {4, TYPE_STRING_LIST, 2},
    {9, TYPE_STRING, 5},   {13, TYPE_STRING, 8},     {15, TYPE_STRING, 10},
    {16, TYPE_STRING, 11}, {18, TYPE_UINT32, 17},    {22, TYPE_UINT32, 13},
    {23, TYPE_UINT32, 14}, {24, TYPE_STRING, 15},    {30, TYPE_UINT32, 16},
};

static int find_known(const struct ash_pnp_property_data_request *request)
{
    if (memcmp(request->category, device_category, sizeof(device_category)) != 0)
        return -1;
    for (unsigned i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (known[i].id == request->id)
            return (int)i;
    return -1;
}

static ash_status get_known(const struct pnp_node *node, int which,
                            struct ash_pnp_property_data_reply *reply)
{
    static struct ash_pnp_property_reply value;
    ash_status status = pnp_property(node, known[which].property, &value);
    if (!ash_success(status))
        return status;
    reply->type = known[which].type;
    reply->bytes = (uint32_t)value.bytes;
    if (value.bytes > sizeof(reply->data))
        return STATUS_BUFFER_TOO_SMALL;
    memcpy(reply->data, value.data, value.bytes);
    return STATUS_SUCCESS;
}

static struct pnp_property_data **find(struct pnp_property_data **place,
                                       const struct ash_pnp_property_data_request *request)
{
    while (*place != nullptr &&
           (memcmp((*place)->category, request->category, sizeof(request->category)) != 0 ||
            (*place)->id != request->id || (*place)->locale != request->locale))
        place = &(*place)->next;
    return place;
}

ash_status pnp_property_data_get(const struct pnp_node *node,
                                 const struct ash_pnp_property_data_request *request,
                                 struct ash_pnp_property_data_reply *reply)
{
    int which = find_known(request);
    if (which >= 0)
        return get_known(node, which, reply);
    struct pnp_property_data *list = node->properties;
    const struct pnp_property_data *found = *find(&list, request);
    if (found == nullptr)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    reply->type = found->type;
    reply->bytes = found->bytes;
    memcpy(reply->data, found->data, found->bytes);
    return STATUS_SUCCESS;
}

static unsigned count(const struct pnp_property_data *list)
{
    unsigned number = 0;
    for (; list != nullptr; list = list->next)
        number++;
    return number;
}

static void drop(struct pnp_property_data **place)
{
    struct pnp_property_data *old = *place;
    if (old == nullptr)
        return;
    *place = old->next;
    free(old);
}

ash_status pnp_property_data_set(struct pnp_node *node,
                                 const struct ash_pnp_property_data_request *request)
{
    if (request->bytes > ASH_PNP_PROPERTY_DATA)
        return STATUS_INVALID_PARAMETER;
    if (find_known(request) >= 0)
        return STATUS_ACCESS_DENIED;
    struct pnp_property_data **place = find(&node->properties, request);
    if (request->remove != 0) {
        ash_status status = *place != nullptr ? STATUS_SUCCESS : STATUS_OBJECT_NAME_NOT_FOUND;
        drop(place);
        return status;
    }
    struct pnp_property_data *made = count(node->properties) < MOST || *place != nullptr
                                         ? malloc(sizeof(*made) + request->bytes)
                                         : nullptr;
    if (made == nullptr)
        return STATUS_INSUFFICIENT_RESOURCES;
    drop(place);
    *made = (struct pnp_property_data){.next = *place,
                                       .id = request->id,
                                       .locale = request->locale,
                                       .type = request->type,
                                       .bytes = request->bytes};
    memcpy(made->category, request->category, sizeof(made->category));
    memcpy(made->data, request->data, request->bytes);
    *place = made;
    return STATUS_SUCCESS;
}

void pnp_property_data_free(struct pnp_node *node)
{
    while (node->properties != nullptr)
        drop(&node->properties);
}
