// SPDX-License-Identifier: MIT
/*
 * Any bytes as a sequence of calls on kernel objects, made through the system-call entry of the
 * kernel's own code and on the model (model.h) at once. Interrupts come at preemption points that
 * the bytes choose; a call that was preempted is repeated, or dropped for good.
 */
#include "beside.h"

#include <stddef.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CALLS_MAX     300u
#define COMPARE_EVERY 8u

struct input {
    const uint8_t *at, *end;
};

static unsigned take(struct input *in)
{
    return in->at < in->end ? *in->at++ : 0;
}

/* --- Paths ------------------------------------------------------------------------------------ */

/* The path of a slot in a CNode that can be reached from the root CNode; 0: there is none. */
static uint64_t path_to(int holder, uint64_t index)
{
    uint64_t rest = index;
    for (unsigned depth = 0; depth < 4; depth++) {
        if (holder == model_root)
            return rest;
        int node = 0;
        while (node < model_nodes &&
               !(model_node[node].used && model_node[node].object == holder &&
                 model_node[node].holder != BURIED &&
                 model_object[model_node[node].holder].type == ASH_OBJ_CNODE &&
                 model_node[node].holder != holder))
            node++;
        if (node == model_nodes)
            return 0;
        holder = model_node[node].holder;
        rest = (uint64_t)model_node[node].index | (rest + 1) << model_object[holder].radix;
    }
    return 0;
}

/* The n-th capability of a type, wherever it is. */
static uint64_t path_of_type(uint8_t type, unsigned n)
{
    int found[256];
    unsigned count = 0;
    for (int i = 0; i < model_nodes && count < 256; i++)
        if (model_node[i].used && model_node[i].type == type && model_node[i].holder != BURIED &&
            model_object[model_node[i].holder].type == ASH_OBJ_CNODE)
            found[count++] = i;
    if (count == 0)
        return 0;
    const struct model_node *node = &model_node[found[n % count]];
    return path_to(node->holder, (uint64_t)node->index);
}

static uint64_t any_path(struct input *in)
{
    unsigned first = take(in);
    uint64_t index = first & 63;
    if (first < 192)
        return index;
    int node = model_at(model_root, index);
    unsigned inner = take(in);
    if (node != NONE && model_node[node].type == ASH_OBJ_CNODE)
        return path_to(model_node[node].object,
                       inner & ((1u << model_object[model_node[node].object].radix) - 1));
    return index | (uint64_t)(inner + 1) << 6;
}

/* Mostly a capability of the right type. */
static uint64_t pick(struct input *in, uint8_t type)
{
    unsigned n = take(in);
    return n >= 240 ? any_path(in) : path_of_type(type, n);
}

static uint64_t free_slot(struct input *in, uint64_t cnode)
{
    unsigned n = take(in);
    int node = model_lookup_node(cnode);
    if (n >= 224 || node == NONE || model_node[node].type != ASH_OBJ_CNODE)
        return n & 63;
    int object = model_node[node].object;
    for (int i = 0; i < model_object[object].slots; i++) {
        int index = (i + (int)n) % model_object[object].slots;
        if (index != 0 && model_at(object, (uint64_t)index) == NONE)
            return (uint64_t)index;
    }
    return n;
}

/* --- Calls ------------------------------------------------------------------------------------ */

static struct beside_call make(uint64_t path, uint64_t method, unsigned length)
{
    return (struct beside_call){.path = path, .method = method, .length = length};
}

static void argument(struct beside_call *call, uint64_t path)
{
    call->cap[call->caps++] = path;
}

static struct beside_call retype(struct input *in)
{
    static const uint8_t types[] = {ASH_OBJ_UNTYPED,      ASH_OBJ_CNODE,      ASH_OBJ_THREAD,
                                    ASH_OBJ_FRAME,        ASH_OBJ_PAGE_TABLE, ASH_OBJ_SCHED_CONTEXT,
                                    ASH_OBJ_ENDPOINT,     ASH_OBJ_REPLY,      ASH_OBJ_TIMER,
                                    ASH_OBJ_NOTIFICATION, ASH_OBJ_VSPACE,     ASH_OBJ_FRAME,
                                    ASH_OBJ_CNODE,        ASH_OBJ_PAGE_TABLE};
    static const uint8_t frame_bits[] = {12, 12, 12, 21, 30, 13};
    struct beside_call call = make(pick(in, ASH_OBJ_UNTYPED), ASH_UNTYPED_RETYPE, 4);
    unsigned type = take(in), size = take(in);
    uint64_t cnode = pick(in, ASH_OBJ_CNODE);
    call.word[0] = type >= 248 ? type - 236 : types[type % sizeof(types)];
    call.word[2] = free_slot(in, cnode);
    unsigned count = take(in);
    call.word[3] = count < 192 ? 1 : count - 191;
    if (call.word[0] == ASH_OBJ_UNTYPED)
        call.word[1] = size == 255 ? ~0ull << 12 : (uint64_t)(size % 24) << (size & 128 ? 21 : 12);
    else if (call.word[0] == ASH_OBJ_CNODE)
        call.word[1] = size < 224 ? 1 + size % 5 : size % 20;
    else if (call.word[0] == ASH_OBJ_FRAME)
        call.word[1] = frame_bits[size % sizeof(frame_bits)];
    argument(&call, cnode);
    return call;
}

static struct beside_call on_cnode(struct input *in, uint64_t method)
{
    struct beside_call call = make(pick(in, ASH_OBJ_CNODE), method, 4);
    if (method == ASH_CNODE_DELETE || method == ASH_CNODE_REVOKE) {
        call.word[0] = take(in) & 63;
        return call;
    }
    call.word[0] = free_slot(in, call.path);
    call.word[1] = any_path(in);
    call.word[2] = method == ASH_CNODE_MOVE ? 0 : take(in);
    call.word[3] = method == ASH_CNODE_MINT ? take(in) : 0;
    if (call.word[2] >= 224)
        call.word[2] |= ASH_RIGHT_ALL;
    return call;
}

static struct beside_call map(struct input *in, uint8_t type)
{
    bool frame = type == ASH_OBJ_FRAME;
    struct beside_call call = make(pick(in, type), frame ? ASH_FRAME_MAP : ASH_PAGE_TABLE_MAP, 2);
    unsigned where = take(in);
    static const uint8_t shift[4] = {12, 21, 30, 38};
    /* Few addresses, so that mappings meet: 0..3 pages, megapages, gigapages. */
    call.word[0] = (uint64_t)(where & 3) << shift[where >> 2 & 3] | (uint64_t)(where >> 4 & 1)
                                                                        << 21;
    call.word[0] += where >= 240 ? take(in) : 0;
    static const uint8_t rights[8] = {1, 3, 17, 3, 1, 19, 2, 5};
    call.word[1] = frame ? rights[take(in) & 7] : 0;
    argument(&call, pick(in, ASH_OBJ_VSPACE));
    return call;
}

static struct beside_call on_thread(struct input *in)
{
    unsigned method = ASH_THREAD_CONFIGURE + take(in) % 11;
    struct beside_call call = make(pick(in, ASH_OBJ_THREAD), method, 6);
    if (method == ASH_THREAD_CONFIGURE) {
        unsigned place = take(in);
        call.word[0] = 0x10000 + (uint64_t)(place & 7) * (place < 240 ? 1024 : 512);
        argument(&call, pick(in, ASH_OBJ_CNODE));
        argument(&call, pick(in, ASH_OBJ_VSPACE));
        argument(&call, pick(in, ASH_OBJ_FRAME));
    } else if (method == ASH_THREAD_SET_FAULT_ENDPOINT) {
        if (take(in) & 3)
            argument(&call, pick(in, ASH_OBJ_ENDPOINT));
    } else if (method == ASH_THREAD_SET_PRIORITY) {
        call.word[0] = take(in) % 110;
        call.word[1] = take(in) % 110;
    } else if (method == ASH_THREAD_BIND_NOTIFICATION) {
        argument(&call, pick(in, ASH_OBJ_NOTIFICATION));
    }
    return call;
}

static struct beside_call on_time(struct input *in)
{
    unsigned what = take(in);
    struct beside_call call = {};
    if (what < 64) {
        call = make(5, ASH_SCHED_CONTROL_CONFIGURE, 3);
        call.word[0] = what == 0;
        call.word[1] = (uint64_t)take(in) * 100;
        call.word[2] = (uint64_t)take(in) * 100;
        argument(&call, pick(in, ASH_OBJ_SCHED_CONTEXT));
    } else if (what < 160) {
        call = make(pick(in, ASH_OBJ_SCHED_CONTEXT), ASH_SCHED_CONTEXT_BIND + what % 3, 0);
        argument(&call, pick(in, ASH_OBJ_THREAD));
    } else {
        call = make(pick(in, ASH_OBJ_TIMER), ASH_TIMER_BIND + what % 3, 1);
        call.word[0] = (uint64_t)take(in) * 10000;
        argument(&call, pick(in, ASH_OBJ_NOTIFICATION));
    }
    return call;
}

static struct beside_call on_irq(struct input *in)
{
    unsigned what = take(in);
    struct beside_call call = {};
    if (what < 128) {
        call = make(6, ASH_IRQ_CONTROL_GET, 3);
        uint64_t cnode = pick(in, ASH_OBJ_CNODE);
        call.word[0] = what % 10;
        call.word[1] = free_slot(in, cnode);
        argument(&call, cnode);
    } else if (what < 160) {
        call = make(6, ASH_IRQ_CONTROL_GET_MESSAGE, what % 8 != 0);
        uint64_t cnode = pick(in, ASH_OBJ_CNODE);
        call.word[0] = free_slot(in, cnode);
        argument(&call, cnode);
    } else {
        call = make(pick(in, ASH_OBJ_IRQ),
                    what % 5 == 4 ? ASH_IRQ_MESSAGE : ASH_IRQ_BIND + what % 5, 0);
        argument(&call, pick(in, ASH_OBJ_NOTIFICATION));
    }
    return call;
}

/* Whatever: any method on any capability. */
static struct beside_call anything(struct input *in)
{
    struct beside_call call = make(any_path(in), take(in) % 90, take(in) % 9);
    for (unsigned i = 0; i < call.length; i++)
        call.word[i] = take(in);
    unsigned caps = take(in) % 4;
    for (unsigned i = 0; i < caps; i++)
        argument(&call, any_path(in));
    return call;
}

static struct beside_call decode(struct input *in, unsigned kind)
{
    switch (kind) {
    case 0:
    case 1:
    case 2:
        return retype(in);
    case 3:
    case 4:
        return on_cnode(in, ASH_CNODE_COPY);
    case 5:
        return on_cnode(in, ASH_CNODE_MINT);
    case 6:
        return on_cnode(in, ASH_CNODE_MOVE);
    case 7:
        return on_cnode(in, ASH_CNODE_DELETE);
    case 8:
        if (take(in) >= 240)
            return make(pick(in, ASH_OBJ_CNODE), ASH_CNODE_FINISH, 0);
        return on_cnode(in, ASH_CNODE_REVOKE);
    case 9:
        return map(in, ASH_OBJ_FRAME);
    case 10:
        return map(in, ASH_OBJ_PAGE_TABLE);
    case 11:
        return make(pick(in, ASH_OBJ_FRAME), ASH_FRAME_UNMAP, 0);
    case 12:
        return make(pick(in, ASH_OBJ_PAGE_TABLE), ASH_PAGE_TABLE_UNMAP, 0);
    case 13:
        return on_thread(in);
    case 14:
        return on_time(in);
    default:
        return take(in) & 1 ? on_irq(in) : anything(in);
    }
}

static void transfer(struct input *in)
{
    unsigned how = take(in);
    struct beside_transfer made = {.grant = how & 7, .caps = how >> 5 & 3};
    for (unsigned i = 0; i < made.caps; i++)
        made.cap[i] = any_path(in);
    made.cnode = pick(in, ASH_OBJ_CNODE);
    made.index = free_slot(in, made.cnode);
    beside_transfer(&made);
}

/* Bits of the first byte: 0..3 what, 4 an interrupt comes, 5 and then the call is dropped, 6 the
 * message is cut short, 7 capabilities are sent. */
static void one_call(struct input *in)
{
    unsigned head = take(in);
    if ((head & 15) == 15 && (head & 128)) {
        transfer(in);
        return;
    }
    struct beside_call call = decode(in, head & 15);
    if (head & 16) {
        call.preempt = 1 + take(in);
        call.abandon = head & 32;
    }
    if ((head & 64) && call.length > 0)
        call.length--;
    beside_call(&call);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = {data, data + size};
    beside_start();
    for (unsigned calls = 0; calls < CALLS_MAX && in.at < in.end && !model_full(); calls++) {
        one_call(&in);
        if (calls % COMPARE_EVERY == COMPARE_EVERY - 1)
            beside_compare();
    }
    beside_compare();
    beside_end();
    return 0;
}
