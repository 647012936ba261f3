// SPDX-License-Identifier: MIT
#include "shadow.h"
#include "host/host.h"
#include "model.h"

#include <sanitizer/asan_interface.h>

static bool in_ram(uint64_t physical, uint64_t size)
{
    return size > 0 && physical >= HOST_RAM && physical + size <= HOST_RAM + HOST_RAM_SIZE;
}

void shadow_poison(uint64_t physical, uint64_t size)
{
    if (in_ram(physical, size))
        ASAN_POISON_MEMORY_REGION(window((paddr){physical}), size);
}

void shadow_unpoison(uint64_t physical, uint64_t size)
{
    if (in_ram(physical, size))
        ASAN_UNPOISON_MEMORY_REGION(window((paddr){physical}), size);
}

/* What was there before must not be found by the next object. */
[[clang::no_sanitize("address")]] static void litter(uint64_t physical, uint64_t size)
{
    volatile uint64_t *words = window((paddr){physical});
    for (uint64_t i = 0; i < size / 8; i++)
        words[i] = 0xa5a5a5a5a5a5a5a5;
}

[[clang::no_sanitize("address")]] static bool is_clear(uint64_t physical, uint64_t size)
{
    volatile uint64_t *words = window((paddr){physical});
    for (uint64_t i = 0; i < size / 8; i++)
        if (words[i] != 0)
            return false;
    return true;
}

void model_born(int number)
{
    const struct model_object *object = &model_object[number];
    if (!in_ram(object->physical, object->size) || object->type == ASH_OBJ_UNTYPED)
        return;
    if (object->type != ASH_OBJ_FRAME) {
        shadow_unpoison(object->physical, object->size);
        return;
    }
    host_check(is_clear(object->physical, object->size), "a new frame is not clear");
    litter(object->physical, object->size);
}

void model_died(int number)
{
    const struct model_object *object = &model_object[number];
    for (int i = 0; i < model_nodes; i++)
        host_check(!model_node[i].used || model_node[i].holder != number,
                   "an object went before its slots were empty");
    if (!in_ram(object->physical, object->size) || object->type == ASH_OBJ_UNTYPED)
        return;
    litter(object->physical, object->size);
    shadow_poison(object->physical, object->size);
}

static int buffer_frame(int thread)
{
    const struct model_object *object = &model_object[thread];
    int node = object->type == ASH_OBJ_THREAD ? model_at(thread, THREAD_SLOT_BUFFER) : NONE;
    return node == NONE ? NONE : model_node[node].object;
}

/* The buffers that lie in frames are all that the kernel may touch of them. */
void model_buffer_changed(int thread)
{
    struct model_object *object = &model_object[thread];
    for (int i = 0; i < model_objects; i++)
        if (model_object[i].type == ASH_OBJ_FRAME && model_object[i].live)
            shadow_poison(model_object[i].physical, model_object[i].size);
    object->has_buffer = buffer_frame(thread) != NONE;
    for (int i = 0; i < model_objects; i++)
        if (model_object[i].live && buffer_frame(i) != NONE)
            shadow_unpoison(model_object[buffer_frame(i)].physical + model_object[i].buffer_offset,
                            1024);
}
