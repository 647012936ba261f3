// SPDX-License-Identifier: MIT
#include "beside.h"
#include "compare.h"
#include "host/host.h"
#include "object/cnode.h"
#include "object/ipc_objects.h"
#include "object/vspace.h"
#include "sched/sched.h"
#include "shadow.h"

#include <string.h>

#define PC            0x10000ull
#define PRIVATE_RADIX 5u
#define RESTARTS      64u
#define RAM_LARGE     (HOST_RAM + 0x100000)
#define RAM_SMALL     (HOST_RAM + 0xc3000)
#define DEVICE        0x100000000ull
/* In its middle a frame of 2 MiB has a place. */
#define RAM_HUGE (HOST_RAM + 0x180000)

static struct thread *caller;
static struct ash_ipc_buffer *buffer;
static struct cnode *root, *private;
static int private_model, caller_model, partner_model;
/* Waits for messages with capabilities; what it gets goes where the test says. */
static struct thread *partner;
static struct ash_ipc_buffer *partner_buffer;

static void call_both(const struct beside_call *call);

/* --- Start ------------------------------------------------------------------------------------ */

/* Puts a boot capability into the private CNode of both, and one derived from it into the root
 * CNode (at 0: none). */
static int give(struct capability cap, uint64_t private_index, uint64_t index, uint64_t size)
{
    uint64_t physical = cap.type == ASH_OBJ_UNTYPED || cap.type == ASH_OBJ_FRAME ? cap.object : 0;
    int object = model_new_object(cap.type, physical, size, cap.bits);
    slot_insert(&private->slot[private_index], cap, nullptr);
    int node = model_new_node(object, private_model, (int)private_index, NONE);
    model_node[node].bits = cap.bits;
    model_node[node].device = cap.device;
    if (cap.type == ASH_OBJ_UNTYPED)
        shadow_poison(physical, size);
    if (index != 0) {
        slot_insert(&root->slot[index], cap, &private->slot[private_index]);
        int copy = model_new_node(object, model_root, (int)index, node);
        model_node[copy].bits = cap.bits;
    }
    return object;
}

/* An Untyped is not copied: the root CNode gets one that covers it. */
static void give_untyped(uint64_t private_index, uint64_t index, uint64_t base, uint64_t size)
{
    struct capability cap = {.type = ASH_OBJ_UNTYPED,
                             .rights = ASH_RIGHT_ALL,
                             .device = base == DEVICE,
                             .object = base,
                             .extra = size};
    give(cap, private_index, 0, size);
    ash_cptr path = ash_cptr_in(BESIDE_PRIVATE, BESIDE_RADIX, private_index);
    struct beside_call retype = {.path = path,
                                 .method = ASH_UNTYPED_RETYPE,
                                 .length = 4,
                                 .caps = 1,
                                 .word = {ASH_OBJ_UNTYPED, size, index, 1},
                                 .cap = {1}};
    call_both(&retype);
}

static void hold(struct thread *kernel, int thread, unsigned which, uint64_t private_index)
{
    slot_insert(&kernel->slot[which], private->slot[private_index].cap, nullptr);
    int node = model_at(private_model, private_index);
    int held = model_new_node(model_node[node].object, thread, (int)which, NONE);
    model_node[held].bits = model_node[node].bits;
}

static struct cnode *cnode_of(const struct capability *cap)
{
    return (struct cnode *)cap->object;
}

enum { PARTNER = 16, PARTNER_SCHED, PARTNER_FRAME, TO_PARTNER, TO_PARTNER_PLAIN };

static void start_partner(void)
{
    struct capability thread = host_make(ASH_OBJ_THREAD, 0);
    struct capability sched = host_make(ASH_OBJ_SCHED_CONTEXT, 0);
    struct capability frame = host_make(ASH_OBJ_FRAME, ASH_PAGE_BITS);
    struct capability endpoint = host_make(ASH_OBJ_ENDPOINT, 0);
    partner = thread_from(thread.object);
    partner_buffer = window((paddr){frame.object});
    partner_model = give(thread, PARTNER, 0, 0);
    int sched_model = give(sched, PARTNER_SCHED, 0, 0);
    give(frame, PARTNER_FRAME, 0, ASH_PAGE_SIZE);
    int endpoint_model = give(endpoint, TO_PARTNER, 0, 0);
    endpoint.rights = ASH_RIGHT_WRITE;
    slot_insert(&private->slot[TO_PARTNER_PLAIN], endpoint, nullptr);
    int plain = model_new_node(endpoint_model, private_model, TO_PARTNER_PLAIN, NONE);
    model_node[plain].rights = ASH_RIGHT_WRITE;
    hold(partner, partner_model, THREAD_SLOT_CSPACE, 0);
    hold(partner, partner_model, THREAD_SLOT_VSPACE, 3);
    hold(partner, partner_model, THREAD_SLOT_BUFFER, PARTNER_FRAME);
    model_buffer_changed(partner_model);
    sched_configure((struct sched_context *)sched.object, &harts[0], 1000000, 1000000);
    sched_context_give((struct sched_context *)sched.object, partner);
    model_object[sched_model].configured = true;
    model_object[sched_model].thread = partner_model;
    model_object[partner_model].sched = sched_model;
}

/* As if it had run up to its next Recv. */
static void partner_receives(void)
{
    kernel_lock();
    thread_stop(partner);
    thread_wake(partner);
    endpoint_receive(partner, (struct endpoint *)private->slot[TO_PARTNER].cap.object, nullptr,
                     true);
    kernel_unlock();
}

static void start_caller(struct capability thread_cap, struct capability sched_cap)
{
    struct sched_context *sched = (struct sched_context *)sched_cap.object;
    caller->priority = 255;
    caller->max_priority = 100;
    model_caller_limit = 100;
    sched_configure(sched, &harts[0], 1000000, 1000000);
    sched_context_give(sched, caller);
    thread_wake(caller);
    host_interrupts();
    host_check(harts[0].current == thread_from(thread_cap.object), "the caller does not run");
}

void beside_start(void)
{
    host_reset(1);
    model_reset();
    struct capability root_cap = host_make(ASH_OBJ_CNODE, BESIDE_RADIX);
    struct capability private_cap = host_make(ASH_OBJ_CNODE, PRIVATE_RADIX);
    struct capability thread_cap = host_make(ASH_OBJ_THREAD, 0);
    struct capability sched_cap = host_make(ASH_OBJ_SCHED_CONTEXT, 0);
    struct capability frame_cap = host_make(ASH_OBJ_FRAME, ASH_PAGE_BITS);
    root = cnode_of(&root_cap);
    private = cnode_of(&private_cap);
    caller = thread_from(thread_cap.object);
    buffer = window((paddr){frame_cap.object});

    model_root = model_new_object(ASH_OBJ_CNODE, 0, 0, BESIDE_RADIX);
    private_model = model_new_object(ASH_OBJ_CNODE, 0, 0, PRIVATE_RADIX);
    slot_insert(&root->slot[BESIDE_PRIVATE], private_cap, nullptr);
    int node = model_new_node(private_model, model_root, BESIDE_PRIVATE, NONE);
    model_node[node].bits = PRIVATE_RADIX;
    /* The root CNode's own capability is a copy of one that stays. */
    slot_insert(&private->slot[0], root_cap, nullptr);
    node = model_new_node(model_root, private_model, 0, NONE);
    model_node[node].bits = BESIDE_RADIX;
    slot_insert(&root->slot[1], root_cap, &private->slot[0]);
    node = model_new_node(model_root, model_root, 1, node);
    model_node[node].bits = BESIDE_RADIX;

    int thread = caller_model = give(thread_cap, 1, 0, 0);
    int sched = give(sched_cap, 2, 0, 0);
    give(host_make(ASH_OBJ_VSPACE, 0), 3, 2, 0);
    give(frame_cap, 4, 8, ASH_PAGE_SIZE);
    give(host_make(ASH_OBJ_SCHED_CONTROL, 0), 5, 5, 0);
    give(host_make(ASH_OBJ_IRQ_CONTROL, 0), 6, 6, 0);
    model_object[thread].sched = sched;
    model_object[thread].running = true;
    model_object[sched].thread = thread;
    model_object[sched].configured = true;
    hold(caller, thread, THREAD_SLOT_CSPACE, 0);
    hold(caller, thread, THREAD_SLOT_VSPACE, 3);
    hold(caller, thread, THREAD_SLOT_BUFFER, 4);
    model_buffer_changed(thread);
    start_partner();
    start_caller(thread_cap, sched_cap);
    partner_receives();
    give_untyped(8, 16, RAM_LARGE, 96 * ASH_PAGE_SIZE);
    give_untyped(9, 17, RAM_SMALL, 16 * ASH_PAGE_SIZE);
    give_untyped(10, 18, DEVICE, 4ull << 30);
    give_untyped(11, 19, RAM_HUGE, 3ull << 20);
    compare_start(root);
}

/* --- One call --------------------------------------------------------------------------------- */

static void load_registers(const struct beside_call *call)
{
    caller->reg[REG_PC] = PC;
    caller->reg[REG_A0] = call->path;
    caller->reg[REG_A1] = ash_info(call->method, call->length, call->caps);
    for (unsigned i = 0; i < 4; i++)
        caller->reg[REG_A2 + i] = call->word[i];
    caller->reg[REG_A7] = ASH_SYS_CALL;
    for (unsigned i = 4; i < 8; i++)
        buffer->msg[i] = call->word[i];
    for (unsigned i = 0; i < ASH_MSG_CAPS; i++)
        buffer->caps[i] = call->cap[i];
}

/* False: preempted, and the caller does not repeat it. */
static bool run_kernel(const struct beside_call *call)
{
    unsigned interval = call->preempt;
    load_registers(call);
    for (unsigned restarts = 0;; restarts++) {
        caller->reg[REG_A7] = ASH_SYS_CALL;
        host.preempt_in = restarts < RESTARTS ? interval : 0;
        host_ecall();
        host.preempt_in = 0;
        host_interrupts();
        host_check(harts[0].current == caller, "the caller lost its hart");
        if (caller->reg[REG_PC] == PC + 4)
            return true;
        host_check(caller->reg[REG_PC] == PC, "the pc is elsewhere");
        host_check(restarts < RESTARTS, "preempted without an interrupt");
        if (call->abandon)
            return false;
    }
}

static bool is_private(uint64_t path)
{
    int holder;
    uint64_t index;
    if (!model_lookup(path, &holder, &index))
        return false;
    return holder == private_model || (holder == model_root && index == BESIDE_PRIVATE);
}

/* The test's own CNode stays out of it, and calls that would block or signal are for fuzz_ipc. */
static bool belongs_here(const struct beside_call *call, int node)
{
    for (unsigned i = 0; i < call->caps; i++)
        if (is_private(call->cap[i]))
            return false;
    if (node == NONE)
        return true;
    uint8_t type = model_node[node].type;
    if (type == ASH_OBJ_ENDPOINT || type == ASH_OBJ_NOTIFICATION)
        return false;
    if (type != ASH_OBJ_CNODE)
        return true;
    bool source = call->method >= ASH_CNODE_COPY && call->method <= ASH_CNODE_MOVE;
    if (source && is_private(call->word[1]))
        return false;
    return model_node[node].object != model_root || call->word[0] != BESIDE_PRIVATE;
}

static void untyped_free_part(int node, void (*act)(uint64_t, uint64_t))
{
    const struct model_object *object = &model_object[model_node[node].object];
    uint64_t used = model_node[node].children > 0 ? model_node[node].watermark : 0;
    act(object->physical + used, object->size - used);
}

/* The last capability of a container is not gone before the container is empty. */
static void adopt_node(int number)
{
    const struct model_node *node = &model_node[number];
    bool last = model_object[node->object].references == 1;
    bool buried = last && compare_is_buried(node->object);
    if (node->holder != BURIED && !compare_is_empty(node->holder, node->index))
        return;
    if (!buried)
        model_remove(number);
    else if (node->holder != BURIED)
        model_bury_node(number);
}

/* A retype was broken off: so many objects are made as slots are full, and the gap before the next
 * may be given up. */
static void adopt_made(struct model_call *call)
{
    struct model_node *untyped = &model_node[call->node];
    int cnode = call->argument[0] == NONE ? NONE : model_node[call->argument[0]].object;
    if (call->method != ASH_UNTYPED_RETYPE || cnode == NONE)
        return;
    uint64_t wanted = call->word[3], old = untyped->watermark;
    call->word[3] = 0;
    while (call->word[3] < wanted && !compare_is_empty(cnode, (int)(call->word[2] + call->word[3])))
        call->word[3]++;
    if (call->word[3] > 0)
        model_commit_retype(call);
    uint64_t watermark = compare_watermark(call->node);
    uint64_t next = call->start + call->stride * call->word[3];
    host_check(untyped->children == 0 ||
                   (watermark >= old && watermark <= next - model_object[untyped->object].physical),
               "watermark %#lx after a retype that was broken off", watermark);
    untyped->watermark = watermark;
}

/* A deletion was broken off: what is gone is gone, and nothing but what was to go. */
static void adopt_partial(const struct beside_call *call, int node)
{
    if (node != NONE && model_node[node].type != ASH_OBJ_CNODE)
        return;
    int target =
        call->method == ASH_CNODE_FINISH ? NONE : model_at(model_node[node].object, call->word[0]);
    if (call->method == ASH_CNODE_REVOKE)
        model_mark_revoke(target);
    else
        model_mark_delete(target);
    for (int i = 0; i < model_nodes; i++)
        if (model_node[i].used && model_marked(i))
            adopt_node(i);
    model_end_objects();
}

static void check_answer(struct model_call *call, uint32_t errors)
{
    uint64_t info = caller->reg[REG_A1], error = ash_info_label(info);
    host_check(((info & ASH_INFO_KERNEL) != 0) == (error != 0), "error without the kernel's mark");
    uint8_t type = model_node[call->node].type;
    host_check(error != 0 || errors == 0, "type %u method %lu succeeds; errors %#x were due", type,
               call->method, errors);
    host_check(error == 0 || (error < 32 && errors >> error & 1),
               "type %u method %lu: error %lu, due is one of %#x", type, call->method, error,
               errors);
    if (error == 0)
        model_commit(call);
}

static void issue(const struct beside_call *call, int node)
{
    struct model_call model = {
        .node = node, .method = call->method, .length = call->length, .caps = call->caps};
    memcpy(model.word, call->word, sizeof(model.word));
    memcpy(model.cap, call->cap, sizeof(model.cap));
    uint32_t errors = model_check(&model);
    if (call->abandon)
        compare_learn();
    bool untyped = model_node[node].type == ASH_OBJ_UNTYPED;
    if (untyped)
        untyped_free_part(node, shadow_unpoison);
    bool finished = run_kernel(call);
    if (untyped)
        untyped_free_part(node, shadow_poison);
    if (finished)
        check_answer(&model, errors);
    else if (untyped)
        adopt_made(&model);
    else
        adopt_partial(call, node);
    compare_translations();
}

/* A caller that has deleted its own CSpace can end the deletion all the same. */
static void finish(const struct beside_call *call)
{
    compare_learn();
    if (!run_kernel(call)) {
        adopt_partial(call, NONE);
        return;
    }
    host_check(caller->reg[REG_A1] == 0, "finish is refused");
    model_mark_delete(NONE);
    model_remove_marked();
}

static void call_both(const struct beside_call *call)
{
    int node = model_lookup_node(call->path);
    if (node != NONE) {
        issue(call, node);
        return;
    }
    if (call->method == ASH_CNODE_FINISH) {
        finish(call);
        return;
    }
    run_kernel(call);
    host_check(ash_info_label(caller->reg[REG_A1]) == ASH_E_CAPABILITY,
               "path %#lx names nothing, the answer is %#lx", call->path, caller->reg[REG_A1]);
    host_check(caller->reg[REG_A2] == call->path, "detail of E_CAPABILITY is not the path");
}

bool beside_call(const struct beside_call *call)
{
    if (is_private(call->path) || !belongs_here(call, model_lookup_node(call->path)))
        return false;
    call_both(call);
    return true;
}

/* The slot where the n-th capability is to go, if it is there and empty. */
static bool model_target(uint64_t cnode_path, uint64_t index, int *cnode)
{
    int node = model_lookup_node(cnode_path);
    if (node == NONE || model_node[node].type != ASH_OBJ_CNODE)
        return false;
    *cnode = model_node[node].object;
    return index < (uint64_t)model_object[*cnode].slots && model_at(*cnode, index) == NONE;
}

/* One after the other, until one cannot go. Returns how many went. */
static unsigned model_transfer(const struct beside_transfer *transfer)
{
    int cnode = NONE;
    for (unsigned i = 0; i < transfer->caps; i++) {
        int source = model_lookup_node(transfer->cap[i]);
        uint64_t index = transfer->index + i;
        if (source == NONE || !model_target(transfer->cnode, index, &cnode))
            return i;
        model_copy_or_move(source, cnode, (int)index);
    }
    return transfer->caps;
}

bool beside_transfer(const struct beside_transfer *transfer)
{
    for (unsigned i = 0; i < transfer->caps; i++)
        if (is_private(transfer->cap[i]))
            return false;
    if (is_private(transfer->cnode))
        return false;
    struct beside_call send = {.path = ash_cptr_in(BESIDE_PRIVATE, BESIDE_RADIX,
                                                   transfer->grant ? TO_PARTNER : TO_PARTNER_PLAIN),
                               .length = 2,
                               .caps = transfer->caps};
    memcpy(send.cap, transfer->cap, sizeof(send.cap));
    load_registers(&send);
    caller->reg[REG_A7] = ASH_SYS_SEND;
    partner_buffer->receive_cnode = transfer->cnode;
    partner_buffer->receive_index = transfer->index;
    host_ecall();
    host_check(caller->reg[REG_A1] == 0, "the message was not taken");
    unsigned went = transfer->grant ? model_transfer(transfer) : 0;
    unsigned got = ash_info_caps(partner->reg[REG_A1]);
    host_check(got == went, "%u capabilities arrived instead of %u", got, went);
    partner_receives();
    host_interrupts();
    host_check(harts[0].current == caller, "the caller lost its hart");
    compare_translations();
    return true;
}

void beside_compare(void)
{
    compare_all();
}

static bool is_start(const struct model_node *node)
{
    return node->holder == private_model || node->holder == caller_model ||
           node->holder == partner_model ||
           (node->holder == model_root && node->index == BESIDE_PRIVATE);
}

void beside_end(void)
{
    for (uint64_t i = 0; i < 16; i++) {
        struct beside_call revoke = {
            .path = BESIDE_PRIVATE, .method = ASH_CNODE_REVOKE, .length = 1, .word = {i}};
        call_both(&revoke);
    }
    compare_all();
    for (int i = 0; i < model_nodes; i++)
        host_check(!model_node[i].used || is_start(&model_node[i]),
                   "a capability is left after everything was revoked");
    host_check(all_threads == partner && partner->all_next == caller && !caller->all_next,
               "a thread is left");
    host_check(RB_EMPTY(&harts[0].timeouts), "a timeout is left");
    host_check(!harts[0].ready.head, "a ready thread is left");
}
