// SPDX-License-Identifier: MIT
/* The model of memory: retyping, page tables, mappings. */
#include "model.h"
#include "object/capability.h"
#include "object/vspace.h"

static uint64_t target(uint64_t entry)
{
    return pte_target(entry).value;
}

int model_table_at(uint64_t entry)
{
    for (int i = 0; i < model_objects; i++)
        if (model_object[i].live && model_object[i].type == ASH_OBJ_PAGE_TABLE &&
            model_object[i].physical == target(entry))
            return i;
    return NONE;
}

uint64_t *model_entry(int vspace, uint64_t address, unsigned bits, unsigned *missing)
{
    uint64_t *table = model_object[vspace].table;
    for (unsigned span = 30;; span -= 9) {
        uint64_t *entry = &table[address >> span & 511];
        *missing = span;
        if (span == bits)
            return entry;
        if (!(*entry & PTE_V) || (*entry & PTE_LEAF))
            return nullptr;
        table = model_object[model_table_at(*entry)].table;
    }
}

uint64_t *model_mapped_entry(const struct model_node *node)
{
    if (!node->mapped || !model_object[node->vspace].live)
        return nullptr;
    unsigned missing;
    uint64_t *entry = model_entry(node->vspace, node->address, node->bits, &missing);
    bool own = entry && (*entry & PTE_V) && target(*entry) == model_object[node->object].physical;
    return own ? entry : nullptr;
}

void model_unmap(struct model_node *node)
{
    uint64_t *entry = model_mapped_entry(node);
    if (entry)
        *entry = 0;
    node->mapped = false;
    if (node->type == ASH_OBJ_PAGE_TABLE)
        for (unsigned i = 0; i < 512; i++)
            model_object[node->object].table[i] = 0;
}

static uint32_t check_address(uint64_t address, unsigned bits)
{
    return (address & ((1ull << bits) - 1) ? 1u << ASH_E_ALIGNMENT : 0) |
           (address >= ASH_USER_TOP ? 1u << ASH_E_RANGE : 0);
}

static uint32_t check_map_table(struct model_call *call)
{
    struct model_node *node = &model_node[call->node];
    uint32_t errors = call->length < 1 ? 1u << ASH_E_TRUNCATED : 0;
    errors |= node->mapped ? 1u << ASH_E_BUSY : 0;
    errors |= check_address(call->word[0], 12);
    if (call->argument[0] == NONE || model_node[call->argument[0]].type != ASH_OBJ_VSPACE)
        return errors | 1u << ASH_E_SOURCE;
    if (errors)
        return errors;
    int vspace = model_node[call->argument[0]].object;
    if (model_entry(vspace, call->word[0], 12, &call->missing))
        return 1u << ASH_E_BUSY;
    call->entry = model_entry(vspace, call->word[0], call->missing, &call->missing);
    return *call->entry & PTE_V ? 1u << ASH_E_BUSY : 0;
}

static uint32_t check_rights(const struct model_node *node, uint64_t rights)
{
    uint64_t all = ASH_RIGHT_READ | ASH_RIGHT_WRITE | ASH_RIGHT_EXECUTE;
    uint32_t errors = (rights & ~all) || !(rights & ASH_RIGHT_READ) ? 1u << ASH_E_ARGUMENT : 0;
    if ((rights & ASH_RIGHT_WRITE) && (rights & ASH_RIGHT_EXECUTE))
        errors |= 1u << ASH_E_WX;
    return errors | (rights & ~(uint64_t)node->rights ? 1u << ASH_E_RIGHTS : 0);
}

static uint32_t check_map_frame(struct model_call *call)
{
    struct model_node *node = &model_node[call->node];
    uint32_t errors = call->length < 2 ? 1u << ASH_E_TRUNCATED : 0;
    errors |= check_rights(node, call->word[1]) | check_address(call->word[0], node->bits);
    if (call->argument[0] == NONE || model_node[call->argument[0]].type != ASH_OBJ_VSPACE)
        return errors | 1u << ASH_E_SOURCE;
    int vspace = model_node[call->argument[0]].object;
    uint64_t *old = model_mapped_entry(node);
    if (old && (node->vspace != vspace || node->address != call->word[0]))
        errors |= 1u << ASH_E_BUSY;
    if (call->word[0] >= ASH_USER_TOP)
        return errors;
    call->entry = model_entry(vspace, call->word[0], node->bits, &call->missing);
    if (!call->entry)
        return errors | 1u << ASH_E_NO_TABLE;
    if ((*call->entry & PTE_V) && call->entry != old)
        errors |= 1u << ASH_E_BUSY;
    return errors;
}

uint32_t model_check_map(struct model_call *call)
{
    return call->method == ASH_FRAME_MAP ? check_map_frame(call) : check_map_table(call);
}

void model_commit_map(struct model_call *call)
{
    struct model_node *node = &model_node[call->node];
    uint64_t flags = PTE_V, rights = call->word[1];
    uint64_t address = call->word[0];
    if (call->method == ASH_FRAME_MAP) {
        flags |= PTE_U | PTE_A | PTE_R | (rights & ASH_RIGHT_WRITE ? PTE_W | PTE_D : 0) |
                 (rights & ASH_RIGHT_EXECUTE ? PTE_X : 0);
    } else {
        node->bits = (uint8_t)call->missing;
        address &= ~((1ull << call->missing) - 1);
    }
    *call->entry = pte_make((paddr){model_object[node->object].physical}, flags);
    node->mapped = true;
    node->address = address;
    node->vspace = model_node[call->argument[0]].object;
}

/* --- Retype ----------------------------------------------------------------------------------- */

static unsigned address_spaces(void)
{
    unsigned count = 0;
    for (int i = 0; i < model_objects; i++)
        count += model_object[i].live && model_object[i].type == ASH_OBJ_VSPACE;
    return count;
}

static uint32_t check_destination(struct model_call *call)
{
    int target_node = call->argument[0];
    uint64_t first = call->word[2], count = call->word[3];
    if (target_node == NONE || model_node[target_node].type != ASH_OBJ_CNODE)
        return 1u << ASH_E_SOURCE;
    struct model_object *cnode = &model_object[model_node[target_node].object];
    uint64_t slots = (uint64_t)cnode->slots;
    if (count < 1 || count > 1024 || first >= slots || count > slots - first)
        return 1u << ASH_E_RANGE;
    for (uint64_t i = 0; i < count; i++)
        if (model_at(model_node[target_node].object, first + i) != NONE)
            return 1u << ASH_E_OCCUPIED;
    return 0;
}

static bool device_may_be(uint64_t type)
{
    return type == ASH_OBJ_FRAME || type == ASH_OBJ_UNTYPED;
}

/* Aligned pieces one behind the other from the watermark on. */
static bool fits(struct model_call *call, uint64_t size, uint64_t align)
{
    const struct model_node *node = &model_node[call->node];
    const struct model_object *untyped = &model_object[node->object];
    __uint128_t base = untyped->physical, end = base + untyped->size;
    __uint128_t start = (base + node->watermark + align - 1) / align * align;
    __uint128_t stride = ((__uint128_t)size + align - 1) / align * align;
    call->start = (uint64_t)start;
    call->stride = (uint64_t)stride;
    return start + stride * (call->word[3] - 1) + size <= end;
}

uint32_t model_check_retype(struct model_call *call)
{
    struct model_node *node = &model_node[call->node];
    uint64_t type = call->word[0];
    if (call->length < 4)
        return 1u << ASH_E_TRUNCATED;
    if (node->children == 0)
        node->watermark = 0;
    uint32_t errors = check_destination(call);
    bool known = type < ASH_OBJ_TYPES && object_classes[type]->size;
    if (type == ASH_OBJ_VSPACE && address_spaces() + call->word[3] > hardware_asids - 1)
        errors |= 1u << ASH_E_EXHAUSTED;
    if (!known || (node->device && !device_may_be(type)))
        return errors | 1u << ASH_E_ARGUMENT;
    uint64_t align, size = object_classes[type]->size(call->word[1], &align);
    if (size == 0)
        return errors | 1u << ASH_E_ARGUMENT;
    if (call->word[3] >= 1 && call->word[3] <= 1024 && !fits(call, size, align))
        errors |= 1u << ASH_E_MEMORY;
    return errors;
}

static uint8_t bits_of(uint64_t type, uint64_t parameter)
{
    return type == ASH_OBJ_FRAME || type == ASH_OBJ_CNODE ? (uint8_t)parameter : 0;
}

void model_commit_retype(struct model_call *call)
{
    uint64_t type = call->word[0], parameter = call->word[1], align;
    uint64_t size = object_classes[type]->size(parameter, &align);
    int cnode = model_node[call->argument[0]].object;
    for (uint64_t i = 0; i < call->word[3]; i++) {
        uint64_t physical = call->start + call->stride * i;
        int object = model_new_object((uint8_t)type, physical, size,
                                      type == ASH_OBJ_CNODE ? (unsigned)parameter : 0);
        int number = model_new_node(object, cnode, (int)(call->word[2] + i), call->node);
        struct model_node *node = &model_node[number];
        node->bits = bits_of(type, parameter);
        node->device = model_node[call->node].device;
        if (node->device && type == ASH_OBJ_FRAME)
            node->rights = ASH_RIGHT_READ | ASH_RIGHT_WRITE;
        model_born(object);
    }
    uint64_t end = call->start + call->stride * (call->word[3] - 1) + size;
    model_node[call->node].watermark = end - model_object[model_node[call->node].object].physical;
}
