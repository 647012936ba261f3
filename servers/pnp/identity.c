// SPDX-License-Identifier: MIT
/*
 * What a new PDO is asked, as documented in "Adding a PnP Device to a Running System": five ids,
 * capabilities, two texts, its bus, resources and requirements. Only the device id and the
 * resources are needed; whatever else a bus driver does not answer stays empty.
 */
#include "message.h"
#include "node.h"
#include "port.h"
#include <stdlib.h>
#include <string.h>

#define IRP_MJ_PNP                         0x1b
#define IRP_MN_QUERY_CAPABILITIES          0x09
#define IRP_MN_QUERY_RESOURCES             0x0a
#define IRP_MN_QUERY_RESOURCE_REQUIREMENTS 0x0b
#define IRP_MN_QUERY_DEVICE_TEXT           0x0c
#define IRP_MN_QUERY_ID                    0x13
#define IRP_MN_QUERY_BUS_INFORMATION       0x15
#define LOCALE_ENGLISH                     0x409u
#define CAPABILITIES_BYTES                 64u

static const struct {
    uint8_t minor;
    uint8_t parameter; /* id type, text type */
} queries[PNP_STEPS] = {
    [PNP_STEP_DEVICE_ID] = {IRP_MN_QUERY_ID, 0},
    [PNP_STEP_HARDWARE_IDS] = {IRP_MN_QUERY_ID, 1},
    [PNP_STEP_COMPATIBLE_IDS] = {IRP_MN_QUERY_ID, 2},
    [PNP_STEP_INSTANCE_ID] = {IRP_MN_QUERY_ID, 3},
    [PNP_STEP_CONTAINER_ID] = {IRP_MN_QUERY_ID, 5},
    [PNP_STEP_DESCRIPTION] = {IRP_MN_QUERY_DEVICE_TEXT, 0},
    [PNP_STEP_LOCATION] = {IRP_MN_QUERY_DEVICE_TEXT, 1},
    [PNP_STEP_BUS_INFORMATION] = {IRP_MN_QUERY_BUS_INFORMATION, 0},
    [PNP_STEP_RESOURCES] = {IRP_MN_QUERY_RESOURCES, 0},
    [PNP_STEP_REQUIREMENTS] = {IRP_MN_QUERY_RESOURCE_REQUIREMENTS, 0},
};

enum pnp_outcome pnp_identity_begin(struct pnp_node *node)
{
    if (node->step == PNP_STEP_CAPABILITIES)
        return pnp_capabilities_send(node, false);
    struct port_irp irp = {.major = IRP_MJ_PNP,
                           .minor = queries[node->step].minor,
                           .parameter = {queries[node->step].parameter}};
    if (irp.minor == IRP_MN_QUERY_DEVICE_TEXT)
        irp.parameter[1] = LOCALE_ENGLISH;
    return pnp_outcome_of_send(node, pnp_irp_send(node, &irp, false));
}

static void put32(uint8_t *bytes, uint32_t value)
{
    for (unsigned i = 0; i < 4; i++)
        bytes[i] = (uint8_t)(value >> 8 * i);
}

static uint32_t get32(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
           (uint32_t)bytes[3] << 24;
}

/* DEVICE_CAPABILITIES: Size u16, Version u16, flags u32, Address u32, UINumber u32, ... ; Address
 * and UINumber start as -1: unknown. */
enum pnp_outcome pnp_capabilities_send(struct pnp_node *node, bool to_top)
{
    uint8_t block[CAPABILITIES_BYTES] = {CAPABILITIES_BYTES, 0, 1, 0};
    put32(block + 8, UINT32_MAX);
    put32(block + 12, UINT32_MAX);
    struct port_irp irp = {.major = IRP_MJ_PNP,
                           .minor = IRP_MN_QUERY_CAPABILITIES,
                           .in = block,
                           .in_bytes = sizeof(block)};
    return pnp_outcome_of_send(node, pnp_irp_send(node, &irp, to_top));
}

void pnp_capabilities_store(struct pnp_node *node, const struct port_answer *answer)
{
    uint8_t block[16];
    if (!ash_success(answer->status) || answer->out_bytes < sizeof(block))
        return;
    memcpy(block, answer->out, sizeof(block));
    node->capabilities = get32(block + 4);
    node->address = get32(block + 8);
    node->ui_number = get32(block + 12);
}

static bool id_valid(const char *id, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)id[i] <= 0x20 || (unsigned char)id[i] > 0x7f || id[i] == '/')
            return false;
    return length > 0 && length < 200; /* MAX_DEVICE_ID_LEN with its zero */
}

static enum pnp_outcome store_text(struct pnp_node *node, const struct port_answer *answer)
{
    bool list = node->step == PNP_STEP_HARDWARE_IDS || node->step == PNP_STEP_COMPATIBLE_IDS;
    char *text = nullptr;
    if (ash_success(answer->status) && answer->out_bytes > 0)
        text = pnp_text(answer->out, answer->out_bytes, list);
    char **place = node->step == PNP_STEP_DEVICE_ID        ? &node->device_id
                   : node->step == PNP_STEP_HARDWARE_IDS   ? &node->hardware_ids
                   : node->step == PNP_STEP_COMPATIBLE_IDS ? &node->compatible_ids
                   : node->step == PNP_STEP_INSTANCE_ID    ? &node->instance_id
                   : node->step == PNP_STEP_CONTAINER_ID   ? &node->container
                                                           : &node->location;
    free(*place);
    *place = text;
    if (node->step != PNP_STEP_DEVICE_ID || (text != nullptr && id_valid(text, strlen(text))))
        return PNP_NEXT;
    pnp_node_fail(node, STATUS_NO_SUCH_DEVICE,
                  text == nullptr ? "its bus driver gives it no device ID"
                                  : "its device ID has characters that no ID may have");
    return PNP_DONE;
}

static void store_bus(struct pnp_node *node, const struct port_answer *answer)
{
    uint8_t block[24]; /* PNP_BUS_INFORMATION: GUID, LegacyBusType, BusNumber */
    node->bus_type = UINT32_MAX;
    if (!ash_success(answer->status) || answer->out_bytes < sizeof(block))
        return;
    memcpy(block, answer->out, sizeof(block));
    node->bus_type = get32(block + 16);
    node->bus_number = get32(block + 20);
}

static void store_description(struct pnp_node *node, const struct port_answer *answer)
{
    if (!ash_success(answer->status) || answer->out_bytes == 0)
        return;
    char *text = pnp_text(answer->out, answer->out_bytes, false);
    if (text != nullptr)
        strncpy(node->description, text, sizeof(node->description) - 1);
    free(text);
}

enum pnp_outcome pnp_identity_done(struct pnp_node *node, const struct port_answer *answer)
{
    switch (node->step) {
    case PNP_STEP_CAPABILITIES:
        pnp_capabilities_store(node, answer);
        return PNP_NEXT;
    case PNP_STEP_DESCRIPTION:
        store_description(node, answer);
        return PNP_NEXT;
    case PNP_STEP_BUS_INFORMATION:
        store_bus(node, answer);
        return PNP_NEXT;
    default:
        return store_text(node, answer);
    }
}

bool pnp_resources_replace(struct pnp_resources **place, const struct pnp_resources *list)
{
    struct pnp_resources *copy = malloc(sizeof(*copy));
    if (copy == nullptr)
        return false;
    *copy = *list;
    free(*place);
    *place = copy;
    return true;
}

enum pnp_outcome pnp_resources_done(struct pnp_node *node, const struct port_answer *answer)
{
    static struct pnp_resources list;
    uint8_t block[4096];
    if (!ash_success(answer->status) || answer->out_bytes == 0)
        return PNP_NEXT; /* needs none */
    size_t bytes = answer->out_bytes < sizeof(block) ? answer->out_bytes : sizeof(block);
    memcpy(block, answer->out, bytes); /* the driver may still write there */
    const char *rule = pnp_resources_parse(block, bytes, &list);
    if (rule == nullptr)
        pnp_messages_release(node);
    if (rule == nullptr && !pnp_resources_replace(&node->assigned, &list))
        rule = "no memory for its resources";
    if (rule == nullptr)
        return PNP_NEXT;
    pnp_node_fail(node, STATUS_INVALID_PARAMETER, rule);
    return PNP_DONE;
}

enum pnp_outcome pnp_requirements_done(struct pnp_node *node, const struct port_answer *answer)
{
    free(node->requirements);
    node->requirements = nullptr;
    node->requirement_bytes = 0;
    if (!ash_success(answer->status) || answer->out_bytes == 0)
        return PNP_NEXT;
    node->requirements = malloc(answer->out_bytes);
    if (node->requirements != nullptr) {
        memcpy(node->requirements, answer->out, answer->out_bytes);
        node->requirement_bytes = answer->out_bytes;
    }
    return PNP_NEXT;
}
