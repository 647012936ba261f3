// SPDX-License-Identifier: MIT
/* See resource.h. Documentation: "Hardware Resources", CM_PARTIAL_RESOURCE_DESCRIPTOR; translation
 * as in "Mapping Bus-Relative Addresses to Virtual Addresses". */
#include "resource.h"
#include "drivers/devicetree.h"
#include <string.h>

#define LIST_HEADER 4u
#define FULL_HEADER 16u
#define PARTIAL     20u

static uint16_t get16(const uint8_t *bytes)
{
    return (uint16_t)(bytes[0] | bytes[1] << 8);
}

static uint32_t get32(const uint8_t *bytes)
{
    return (uint32_t)get16(bytes) | (uint32_t)get16(bytes + 2) << 16;
}

static uint64_t get64(const uint8_t *bytes)
{
    return get32(bytes) | (uint64_t)get32(bytes + 4) << 32;
}

static void put(uint8_t *bytes, uint64_t value, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        bytes[i] = (uint8_t)(value >> 8 * i);
}

static unsigned large_shift(uint16_t flags)
{
    if (flags & PNP_MEMORY_LARGE_64)
        return 32;
    return flags & PNP_MEMORY_LARGE_48 ? 16 : 8;
}

static const char *check_range(const struct pnp_resource *item)
{
    if (item->length != 0 && item->start + (item->length - 1) < item->start)
        return "a memory or port range wraps around the end of the address space";
    return nullptr;
}

static const char *parse_item(const uint8_t *bytes, struct pnp_resource *item)
{
    const uint8_t *body = bytes + 4;
    *item = (struct pnp_resource){.type = bytes[0], .share = bytes[1], .flags = get16(bytes + 2)};
    switch (item->type) {
    case PNP_PORT:
    case PNP_MEMORY:
        item->start = get64(body);
        item->length = get32(body + 8);
        return check_range(item);
    case PNP_MEMORY_LARGE:
        item->start = get64(body);
        item->length = (uint64_t)get32(body + 8) << large_shift(item->flags);
        return check_range(item);
    case PNP_INTERRUPT:
        item->level = get16(body);
        item->messages = item->flags & PNP_INTERRUPT_MESSAGE ? get16(body + 2) : 0;
        item->start = get32(body + 4);
        item->affinity = get64(body + 8);
        item->length = 1;
        return nullptr;
    case PNP_BUS_NUMBER:
        item->start = get32(body);
        item->length = get32(body + 4);
        return nullptr;
    default:
        for (unsigned i = 0; i < 4; i++)
            item->data[i] = get32(body + 4 * i);
        return nullptr;
    }
}

static const char *parse_full(const uint8_t *bytes, size_t *at, size_t size,
                              struct pnp_resources *list)
{
    if (size - *at < FULL_HEADER)
        return "the resource list ends inside a full descriptor";
    uint32_t items = get32(bytes + *at + 12);
    list->interface = get32(bytes + *at);
    list->bus = get32(bytes + *at + 4);
    *at += FULL_HEADER;
    if (items > (size - *at) / PARTIAL)
        return "the resource list counts more descriptors than it holds";
    if (items > PNP_RESOURCES_MAX - list->count)
        return "the resource list has more descriptors than a device may have";
    for (uint32_t i = 0; i < items; i++, *at += PARTIAL) {
        const char *rule = parse_item(bytes + *at, &list->item[list->count++]);
        if (rule != nullptr)
            return rule;
    }
    return nullptr;
}

const char *pnp_resources_parse(const void *bytes, size_t size, struct pnp_resources *list)
{
    list->interface = PNP_INTERFACE_INTERNAL;
    list->bus = 0;
    list->count = 0;
    if (size == 0)
        return nullptr;
    if (size < LIST_HEADER)
        return "the resource list is shorter than its header";
    size_t at = LIST_HEADER;
    for (uint32_t full = get32(bytes); full > 0; full--) {
        const char *rule = parse_full(bytes, &at, size, list);
        if (rule != nullptr)
            return rule;
    }
    return nullptr;
}

static void build_item(const struct pnp_resource *item, uint8_t *bytes)
{
    uint8_t *body = bytes + 4;
    memset(bytes, 0, PARTIAL);
    bytes[0] = item->type;
    bytes[1] = item->share;
    put(bytes + 2, item->flags, 2);
    switch (item->type) {
    case PNP_PORT:
    case PNP_MEMORY:
        put(body, item->start, 8);
        put(body + 8, item->length, 4);
        break;
    case PNP_MEMORY_LARGE:
        put(body, item->start, 8);
        put(body + 8, item->length >> large_shift(item->flags), 4);
        break;
    case PNP_INTERRUPT:
        put(body, item->level, 2);
        put(body + 2, item->messages, 2);
        put(body + 4, item->start, 4);
        put(body + 8, item->affinity, 8);
        break;
    case PNP_BUS_NUMBER:
        put(body, item->start, 4);
        put(body + 4, item->length, 4);
        break;
    default:
        for (unsigned i = 0; i < 4; i++)
            put(body + 4 * i, item->data[i], 4);
    }
}

size_t pnp_resources_build(const struct pnp_resources *list, void *bytes, size_t size)
{
    size_t need = LIST_HEADER + FULL_HEADER + (size_t)list->count * PARTIAL;
    uint8_t *to = bytes;
    if (list->count == 0 || need > size)
        return 0;
    put(to, 1, 4);
    put(to + 4, list->interface, 4);
    put(to + 8, list->bus, 4);
    put(to + 12, 1, 2); /* Version */
    put(to + 14, 1, 2); /* Revision */
    put(to + 16, list->count, 4);
    for (unsigned i = 0; i < list->count; i++)
        build_item(&list->item[i], to + LIST_HEADER + FULL_HEADER + (size_t)i * PARTIAL);
    return need;
}

static bool is_memory(const struct pnp_resource *item)
{
    return item->type == PNP_MEMORY || item->type == PNP_MEMORY_LARGE;
}

static bool is_window(const struct pnp_resource *item)
{
    return (is_memory(item) && (item->flags & PNP_MEMORY_WINDOW)) ||
           (item->type == PNP_PORT && (item->flags & PNP_PORT_WINDOW));
}

bool pnp_resource_mappable(const struct pnp_resource *item)
{
    return is_memory(item) && !is_window(item) && item->length != 0;
}

const struct pnp_resource *pnp_resources_interrupt(const struct pnp_resources *list,
                                                   uint64_t vector)
{
    for (unsigned i = 0; i < list->count; i++)
        if (list->item[i].type == PNP_INTERRUPT && list->item[i].start == vector)
            return &list->item[i];
    return nullptr;
}

static bool same_kind(const struct pnp_resource *a, const struct pnp_resource *b)
{
    return a->type == b->type || (is_memory(a) && is_memory(b));
}

static bool holds(const struct pnp_resource *outer, const struct pnp_resource *inner)
{
    return same_kind(outer, inner) && inner->start >= outer->start &&
           inner->start - outer->start <= outer->length &&
           inner->length <= outer->length - (inner->start - outer->start);
}

/* The hart's address of the n-th window of a host bridge that the device tree bus describes. */
static bool window_address(const struct pnp_resources *raw, unsigned n, uint64_t *address)
{
    for (unsigned i = 0; i < raw->count; i++) {
        const struct pnp_resource *item = &raw->item[i];
        if (item->type != PNP_DEVICE_PRIVATE || item->data[0] != DEVICETREE_WINDOW)
            continue;
        if (n-- == 0) {
            *address = item->data[1] | (uint64_t)item->data[2] << 32;
            return true;
        }
    }
    return false;
}

static unsigned windows_before(const struct pnp_resources *raw, unsigned index)
{
    unsigned count = 0;
    for (unsigned i = 0; i < index; i++)
        count += is_window(&raw->item[i]);
    return count;
}

/* An I/O port becomes memory: on this machine every port is reached by loads and stores. */
static void move_to(struct pnp_resource *item, uint64_t start, bool window)
{
    item->start = start;
    if (item->type != PNP_PORT)
        return;
    item->type = PNP_MEMORY;
    item->flags = window ? PNP_MEMORY_WINDOW : 0;
}

static const char *translate_from_parent(const struct pnp_parent *parent, struct pnp_resource *item)
{
    for (unsigned i = 0; i < parent->raw->count; i++) {
        const struct pnp_resource *outer = &parent->raw->item[i];
        if (!holds(outer, item))
            continue;
        move_to(item, parent->translated->item[i].start + (item->start - outer->start),
                is_window(item));
        return nullptr;
    }
    if (item->type == PNP_INTERRUPT)
        return "the device's interrupt is none of its parent's";
    return item->type == PNP_PORT ? "the device's ports are not within its parent's"
                                  : "the device's memory is not within its parent's";
}

static const char *translate_item(const struct pnp_resources *raw, const struct pnp_parent *parent,
                                  struct pnp_interrupt_choice choice, unsigned index,
                                  struct pnp_resource *item)
{
    *item = raw->item[index];
    const char *rule = nullptr;
    uint64_t address;
    if (!is_memory(item) && item->type != PNP_PORT && item->type != PNP_INTERRUPT)
        return nullptr;
    if (!parent->all)
        rule = translate_from_parent(parent, item);
    else if (is_window(item) && window_address(raw, windows_before(raw, index), &address))
        move_to(item, address, true);
    if (item->type == PNP_INTERRUPT) {
        item->level = choice.level;
        item->affinity = choice.affinity;
    }
    return rule != nullptr ? rule : check_range(item);
}

const char *pnp_resources_translate(const struct pnp_resources *raw,
                                    const struct pnp_parent *parent,
                                    struct pnp_interrupt_choice choice,
                                    struct pnp_resources *translated, unsigned *at)
{
    translated->interface = raw->interface;
    translated->bus = raw->bus;
    translated->count = raw->count;
    for (unsigned i = 0; i < raw->count; i++) {
        *at = i;
        const char *rule = translate_item(raw, parent, choice, i, &translated->item[i]);
        if (rule != nullptr)
            return rule;
    }
    return nullptr;
}

static bool overlap(const struct pnp_resource *a, const struct pnp_resource *b)
{
    return a->start < b->start + b->length && b->start < a->start + a->length;
}

const char *pnp_resources_conflict(const struct pnp_resources *one,
                                   const struct pnp_resources *other)
{
    for (unsigned i = 0; i < one->count; i++) {
        const struct pnp_resource *a = &one->item[i];
        for (unsigned j = 0; j < other->count; j++) {
            const struct pnp_resource *b = &other->item[j];
            if (pnp_resource_mappable(a) && pnp_resource_mappable(b) && overlap(a, b))
                return "its memory overlaps another device's";
            if (a->type == PNP_INTERRUPT && b->type == PNP_INTERRUPT && a->start == b->start &&
                (a->share != PNP_SHARED || b->share != PNP_SHARED))
                return "another device has its interrupt, and they do not both share it";
        }
    }
    return nullptr;
}
