// SPDX-License-Identifier: MIT
#include "model.h"

#include <stdlib.h>
#include <string.h>

struct model_node model_node[MODEL_NODES];
struct model_object model_object[MODEL_OBJECTS];
int model_nodes, model_objects;
int model_root;
unsigned model_caller_limit;

static int slot_pool[MODEL_SLOTS];
static int slots_used;
static bool marked[MODEL_NODES];

void model_reset(void)
{
    for (int i = 0; i < model_objects; i++)
        free(model_object[i].table);
    memset(model_node, 0, sizeof(*model_node) * (size_t)model_nodes);
    memset(model_object, 0, sizeof(*model_object) * (size_t)model_objects);
    model_nodes = model_objects = slots_used = 0;
}

/* One retype makes at most 1024 objects here, of at most 2048 slots in all. */
bool model_full(void)
{
    return model_objects > MODEL_OBJECTS - 1100 || slots_used > MODEL_SLOTS - 8500;
}

static int slots_of(uint8_t type, unsigned radix)
{
    switch (type) {
    case ASH_OBJ_CNODE:
        return 1 << radix;
    case ASH_OBJ_THREAD:
        return 4;
    case ASH_OBJ_TIMER:
    case ASH_OBJ_IRQ:
        return 1;
    default:
        return 0;
    }
}

int model_new_object(uint8_t type, uint64_t physical, uint64_t size, unsigned radix)
{
    if (model_objects == MODEL_OBJECTS || slots_used + slots_of(type, radix) > MODEL_SLOTS)
        abort();
    int number = model_objects++;
    struct model_object *object = &model_object[number];
    *object = (struct model_object){.live = true,
                                    .type = type,
                                    .radix = (uint8_t)radix,
                                    .physical = physical,
                                    .size = size,
                                    .first_slot = slots_used,
                                    .slots = slots_of(type, radix),
                                    .sched = NONE,
                                    .notification = NONE,
                                    .thread = NONE};
    for (int i = 0; i < object->slots; i++)
        slot_pool[slots_used++] = NONE;
    if (type == ASH_OBJ_VSPACE || type == ASH_OBJ_PAGE_TABLE)
        object->table = calloc(512, sizeof(uint64_t));
    return number;
}

int model_new_node(int object, int holder, int index, int parent)
{
    int number = 0;
    while (number < model_nodes && model_node[number].used)
        number++;
    if (number == MODEL_NODES)
        abort();
    if (number == model_nodes)
        model_nodes++;
    model_node[number] = (struct model_node){.used = true,
                                             .type = model_object[object].type,
                                             .rights = ASH_RIGHT_ALL,
                                             .object = object,
                                             .parent = parent,
                                             .holder = holder,
                                             .index = index,
                                             .vspace = NONE};
    marked[number] = false;
    model_object[object].references++;
    if (parent != NONE)
        model_node[parent].children++;
    slot_pool[model_object[holder].first_slot + index] = number;
    return number;
}

int model_at(int holder, uint64_t index)
{
    return slot_pool[(uint64_t)model_object[holder].first_slot + index];
}

bool model_lookup(uint64_t path, int *holder, uint64_t *index)
{
    *holder = model_root;
    for (;;) {
        const struct model_object *cnode = &model_object[*holder];
        *index = path & ((1ull << cnode->radix) - 1);
        path >>= cnode->radix;
        if (path == 0)
            return true;
        int node = model_at(*holder, *index);
        if (node == NONE || model_node[node].type != ASH_OBJ_CNODE)
            return false;
        *holder = model_node[node].object;
        path--;
    }
}

int model_lookup_node(uint64_t path)
{
    int holder;
    uint64_t index;
    return model_lookup(path, &holder, &index) ? model_at(holder, index) : NONE;
}

/* --- What goes -------------------------------------------------------------------------------- */

/* Adds what is buried, and everything in the slots of an object whose capabilities are all marked,
 * until nothing is added. */
static bool holder_goes(const struct model_node *node, const int *left)
{
    if (node->holder == BURIED)
        return true;
    return left[node->holder] == 0 && model_object[node->holder].references > 0;
}

static void close_marks(void)
{
    static int left[MODEL_OBJECTS];
    bool grown = true;
    while (grown) {
        grown = false;
        for (int i = 0; i < model_objects; i++)
            left[i] = model_object[i].references;
        for (int i = 0; i < model_nodes; i++)
            if (model_node[i].used && marked[i])
                left[model_node[i].object]--;
        for (int i = 0; i < model_nodes; i++)
            if (model_node[i].used && !marked[i] && holder_goes(&model_node[i], left))
                marked[i] = grown = true;
    }
}

void model_mark_delete(int node)
{
    memset(marked, 0, sizeof(*marked) * (size_t)model_nodes);
    if (node != NONE)
        marked[node] = true;
    close_marks();
}

void model_mark_revoke(int node)
{
    memset(marked, 0, sizeof(*marked) * (size_t)model_nodes);
    bool grown = true;
    while (grown) {
        grown = false;
        for (int i = 0; i < model_nodes; i++) {
            int parent = model_node[i].parent;
            if (model_node[i].used && !marked[i] && node != NONE && parent != NONE &&
                (parent == node || marked[parent]))
                marked[i] = grown = true;
        }
    }
    close_marks();
}

bool model_marked(int node)
{
    return marked[node];
}

void model_remove(int number)
{
    struct model_node *node = &model_node[number];
    if (node->mapped)
        model_unmap(node);
    for (int i = 0; i < model_nodes && node->children > 0; i++)
        if (model_node[i].used && model_node[i].parent == number) {
            model_node[i].parent = node->parent;
            node->children--;
            if (node->parent != NONE)
                model_node[node->parent].children++;
        }
    if (node->parent != NONE)
        model_node[node->parent].children--;
    model_object[node->object].references--;
    node->used = false;
    if (node->holder == BURIED)
        return;
    slot_pool[model_object[node->holder].first_slot + node->index] = NONE;
    if (model_object[node->holder].type == ASH_OBJ_THREAD && node->type == ASH_OBJ_FRAME)
        model_buffer_changed(node->holder);
}

void model_bury_node(int number)
{
    struct model_node *node = &model_node[number];
    slot_pool[model_object[node->holder].first_slot + node->index] = NONE;
    node->holder = BURIED;
    model_object[node->object].running = false;
}

static void unbind(struct model_object *object)
{
    if (object->sched != NONE)
        model_object[object->sched].thread = NONE;
    if (object->notification != NONE)
        model_object[object->notification].thread = NONE;
    if (object->thread != NONE && object->type == ASH_OBJ_SCHED_CONTEXT)
        model_object[object->thread].sched = NONE;
    if (object->thread != NONE && object->type == ASH_OBJ_NOTIFICATION)
        model_object[object->thread].notification = NONE;
}

void model_end_objects(void)
{
    for (int i = 0; i < model_objects; i++) {
        struct model_object *object = &model_object[i];
        if (!object->live || object->references > 0)
            continue;
        object->live = false;
        unbind(object);
        model_died(i);
    }
}

void model_remove_marked(void)
{
    for (int i = 0; i < model_nodes; i++)
        if (model_node[i].used && marked[i])
            model_remove(i);
    model_end_objects();
}
