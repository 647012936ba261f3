// SPDX-License-Identifier: MIT
/* The model of every method: which errors a call deserves, and what its success changes. */
#include "host/host.h"
#include "model.h"

#define ERROR(name) (1u << ASH_E_##name)

static bool is(int node, uint8_t type)
{
    return node != NONE && model_node[node].type == type;
}

static bool has(int node, unsigned rights)
{
    return (model_node[node].rights & rights) == rights;
}

static uint64_t word(const struct model_call *call, unsigned i)
{
    return i < call->length ? call->word[i] : 0;
}

/* --- CNode ------------------------------------------------------------------------------------ */

static bool copyable(int node)
{
    uint8_t type = model_node[node].type;
    return type != ASH_OBJ_UNTYPED && type != ASH_OBJ_REPLY && type != ASH_OBJ_PAGE_TABLE;
}

static uint32_t check_cnode(struct model_call *call)
{
    static const unsigned words[] = {3, 4, 2, 1, 1};
    if (call->length < words[call->method - ASH_CNODE_COPY])
        return ERROR(TRUNCATED);
    int cnode = model_node[call->node].object;
    if (call->word[0] >= (uint64_t)model_object[cnode].slots)
        return ERROR(RANGE);
    if (call->method == ASH_CNODE_DELETE || call->method == ASH_CNODE_REVOKE)
        return 0;
    uint32_t errors = model_at(cnode, call->word[0]) != NONE ? ERROR(OCCUPIED) : 0;
    int source = call->argument[0] = model_lookup_node(call->word[1]);
    if (source == NONE)
        return errors | ERROR(SOURCE);
    if (call->method == ASH_CNODE_COPY && !copyable(source))
        return errors | ERROR(SOURCE);
    bool badgeable = is(source, ASH_OBJ_ENDPOINT) || is(source, ASH_OBJ_NOTIFICATION);
    if (call->method == ASH_CNODE_MINT && (!badgeable || model_node[source].badge != 0))
        return errors | ERROR(SOURCE);
    return errors;
}

/* A copy of a capability starts unmapped. */
static int derive(int source, int holder, int index, uint64_t rights)
{
    int number = model_new_node(model_node[source].object, holder, index, source);
    struct model_node *node = &model_node[number];
    node->rights = (uint8_t)(model_node[source].rights & rights);
    node->bits = model_node[source].bits;
    node->device = model_node[source].device;
    node->badge = model_node[source].badge;
    return number;
}

/* The same capability in another slot: still its parent's child and its children's parent. */
static void move(int number, int holder, int index)
{
    struct model_node old = model_node[number];
    int copy = model_new_node(old.object, holder, index, old.parent);
    for (int i = 0; i < model_nodes; i++)
        if (model_node[i].used && model_node[i].parent == number)
            model_node[i].parent = copy;
    model_node[number].children = 0;
    model_node[number].mapped = false;
    old.holder = holder;
    old.index = index;
    model_node[copy] = old;
    model_remove(number);
}

void model_copy_or_move(int source, int cnode, int index)
{
    if (copyable(source))
        derive(source, cnode, index, ASH_RIGHT_ALL);
    else
        move(source, cnode, index);
}

static void commit_cnode(struct model_call *call)
{
    int cnode = model_node[call->node].object, index = (int)call->word[0];
    int target = model_at(cnode, call->word[0]);
    int made;
    switch (call->method) {
    case ASH_CNODE_COPY:
        derive(call->argument[0], cnode, index, call->word[2]);
        break;
    case ASH_CNODE_MINT:
        made = derive(call->argument[0], cnode, index, call->word[2]);
        model_node[made].badge = call->word[3];
        break;
    case ASH_CNODE_MOVE:
        move(call->argument[0], cnode, index);
        break;
    case ASH_CNODE_DELETE:
        model_mark_delete(target);
        model_remove_marked();
        break;
    default:
        model_mark_revoke(target);
        model_remove_marked();
    }
}

/* --- Thread ----------------------------------------------------------------------------------- */

enum { SLOT_CSPACE, SLOT_VSPACE, SLOT_BUFFER, SLOT_FAULT };

static uint32_t check_configure(struct model_call *call)
{
    static const uint8_t types[3] = {ASH_OBJ_CNODE, ASH_OBJ_VSPACE, ASH_OBJ_FRAME};
    int thread = model_node[call->node].object;
    uint32_t errors = word(call, 0) % 1024 ? ERROR(ALIGNMENT) : 0;
    errors |= call->length < 1 ? ERROR(TRUNCATED) : 0;
    for (unsigned i = 0; i < 3; i++) {
        if (!is(call->argument[i], types[i]))
            return errors | ERROR(SOURCE);
        if (model_at(thread, i) != NONE)
            errors |= ERROR(BUSY);
    }
    bool usable = has(call->argument[2], ASH_RIGHT_READ | ASH_RIGHT_WRITE) &&
                  !model_node[call->argument[2]].device;
    return errors | (usable ? 0 : ERROR(RIGHTS));
}

static void commit_configure(struct model_call *call)
{
    int thread = model_node[call->node].object;
    for (int i = SLOT_CSPACE; i <= SLOT_BUFFER; i++)
        derive(call->argument[i], thread, i, ASH_RIGHT_ALL);
    uint64_t size = model_object[model_node[call->argument[2]].object].size;
    model_object[thread].buffer_offset = word(call, 0) & (size - 1);
    model_object[thread].has_buffer = true;
    model_buffer_changed(thread);
}

static uint32_t check_fault_endpoint(struct model_call *call)
{
    if (call->caps == 0)
        return 0;
    if (!is(call->argument[0], ASH_OBJ_ENDPOINT))
        return ERROR(SOURCE);
    return has(call->argument[0], ASH_RIGHT_WRITE | ASH_RIGHT_GRANT_REPLY) ? 0 : ERROR(RIGHTS);
}

static void commit_fault_endpoint(struct model_call *call)
{
    int thread = model_node[call->node].object;
    int old = model_at(thread, SLOT_FAULT);
    int source = call->caps ? call->argument[0] : NONE;
    /* The new one may be derived from the old one's endpoint: put it in before the old goes. */
    int parent = source;
    if (old != NONE) {
        model_mark_delete(old);
        model_remove_marked();
    }
    if (source != NONE)
        derive(parent, thread, SLOT_FAULT, ASH_RIGHT_ALL);
}

static uint32_t check_bind_notification(struct model_call *call)
{
    const struct model_object *thread = &model_object[model_node[call->node].object];
    if (!is(call->argument[0], ASH_OBJ_NOTIFICATION))
        return ERROR(SOURCE);
    uint32_t errors = has(call->argument[0], ASH_RIGHT_READ) ? 0 : ERROR(RIGHTS);
    bool bound = model_object[model_node[call->argument[0]].object].thread != NONE;
    return errors | (bound || thread->notification != NONE ? ERROR(BUSY) : 0);
}

static uint32_t check_thread(struct model_call *call)
{
    int number = model_node[call->node].object;
    const struct model_object *thread = &model_object[number];
    switch (call->method) {
    case ASH_THREAD_CONFIGURE:
        return check_configure(call);
    case ASH_THREAD_SET_FAULT_ENDPOINT:
        return check_fault_endpoint(call);
    case ASH_THREAD_SET_PRIORITY:
        return (call->length < 2 ? ERROR(TRUNCATED) : 0) |
               (call->word[0] > model_caller_limit || call->word[1] > model_caller_limit
                    ? ERROR(RANGE)
                    : 0);
    case ASH_THREAD_SET_NAME:
        return call->length < 2 ? ERROR(TRUNCATED) : 0;
    case ASH_THREAD_WRITE_REGISTERS:
        return (call->length < 6 ? ERROR(TRUNCATED) : 0) | (thread->running ? ERROR(BUSY) : 0);
    case ASH_THREAD_RESUME:
        return model_at(number, SLOT_VSPACE) == NONE ? ERROR(NOT_BOUND) : 0;
    case ASH_THREAD_BIND_NOTIFICATION:
        return check_bind_notification(call);
    case ASH_THREAD_UNBIND_NOTIFICATION:
        return thread->notification == NONE ? ERROR(NOT_BOUND) : 0;
    default:
        return 0;
    }
}

static void commit_thread(struct model_call *call)
{
    int number = model_node[call->node].object;
    struct model_object *thread = &model_object[number];
    switch (call->method) {
    case ASH_THREAD_CONFIGURE:
        commit_configure(call);
        break;
    case ASH_THREAD_SET_FAULT_ENDPOINT:
        commit_fault_endpoint(call);
        break;
    case ASH_THREAD_RESUME:
        thread->running = true;
        break;
    case ASH_THREAD_SUSPEND:
        thread->running = false;
        break;
    case ASH_THREAD_BIND_NOTIFICATION:
        thread->notification = model_node[call->argument[0]].object;
        model_object[thread->notification].thread = number;
        break;
    case ASH_THREAD_UNBIND_NOTIFICATION:
        model_object[thread->notification].thread = NONE;
        thread->notification = NONE;
        break;
    default:
        break;
    }
}

/* --- SchedContext, Timer, Irq ----------------------------------------------------------------- */

static uint32_t check_sched(struct model_call *call)
{
    const struct model_object *sched = &model_object[model_node[call->node].object];
    if (call->method == ASH_SCHED_CONTEXT_UNBIND)
        return sched->thread == NONE ? ERROR(NOT_BOUND) : 0;
    if (call->method != ASH_SCHED_CONTEXT_BIND)
        return 0;
    uint32_t errors = sched->configured ? 0 : ERROR(NOT_BOUND);
    errors |= sched->thread != NONE ? ERROR(BUSY) : 0;
    if (!is(call->argument[0], ASH_OBJ_THREAD))
        return errors | ERROR(SOURCE);
    bool has_one = model_object[model_node[call->argument[0]].object].sched != NONE;
    return errors | (has_one ? ERROR(BUSY) : 0);
}

static void commit_sched(struct model_call *call)
{
    int number = model_node[call->node].object;
    struct model_object *sched = &model_object[number];
    if (call->method == ASH_SCHED_CONTEXT_UNBIND) {
        model_object[sched->thread].sched = NONE;
        sched->thread = NONE;
    } else if (call->method == ASH_SCHED_CONTEXT_BIND) {
        sched->thread = model_node[call->argument[0]].object;
        model_object[sched->thread].sched = number;
    }
}

/* One hart, ten ticks a microsecond: at least 20 microseconds of budget. */
static uint32_t check_control(struct model_call *call)
{
    uint32_t errors = call->length < 3 ? ERROR(TRUNCATED) : 0;
    errors |= is(call->argument[0], ASH_OBJ_SCHED_CONTEXT) ? 0 : ERROR(SOURCE);
    bool fits = call->word[0] == 0 && call->word[1] <= call->word[2] && call->word[1] >= 200 &&
                call->word[2] <= 1ull << 40;
    return errors | (fits ? 0 : ERROR(RANGE));
}

static void commit_control(struct model_call *call)
{
    model_object[model_node[call->argument[0]].object].configured = true;
}

/* Timer.bind and Irq.bind. */
static uint32_t check_signal(struct model_call *call)
{
    if (!is(call->argument[0], ASH_OBJ_NOTIFICATION))
        return ERROR(SOURCE);
    return has(call->argument[0], ASH_RIGHT_WRITE) ? 0 : ERROR(RIGHTS);
}

static void replace_notification(struct model_call *call)
{
    int object = model_node[call->node].object, old = model_at(object, 0);
    if (old != NONE) {
        model_mark_delete(old);
        model_remove_marked();
    }
    if (call->method != ASH_IRQ_UNBIND)
        derive(call->argument[0], object, 0, ASH_RIGHT_ALL);
}

static uint32_t check_timer_or_irq(struct model_call *call)
{
    bool bound = model_at(model_node[call->node].object, 0) != NONE;
    switch (call->method) {
    case ASH_TIMER_BIND:
    case ASH_IRQ_BIND:
        return check_signal(call);
    case ASH_TIMER_SET:
        return (call->length < 1 ? ERROR(TRUNCATED) : 0) | (bound ? 0 : ERROR(NOT_BOUND));
    case ASH_IRQ_ACK:
        return bound ? 0 : ERROR(NOT_BOUND);
    default:
        return 0;
    }
}

static int irq_of(uint64_t source)
{
    for (int i = 0; i < model_objects; i++)
        if (model_object[i].live && model_object[i].type == ASH_OBJ_IRQ &&
            model_object[i].physical == source)
            return i;
    return NONE;
}

static uint32_t check_irq_get(struct model_call *call)
{
    uint32_t errors = call->length < 3 ? ERROR(TRUNCATED) : 0;
    errors |= call->word[0] < 1 || call->word[0] > HOST_SOURCES ? ERROR(RANGE) : 0;
    errors |= irq_of(call->word[0]) != NONE ? ERROR(BUSY) : 0;
    if (!is(call->argument[0], ASH_OBJ_CNODE))
        return errors | ERROR(SOURCE);
    int cnode = model_node[call->argument[0]].object;
    if (call->word[1] >= (uint64_t)model_object[cnode].slots)
        return errors | ERROR(RANGE);
    return errors | (model_at(cnode, call->word[1]) != NONE ? ERROR(OCCUPIED) : 0);
}

static void commit_irq_get(struct model_call *call)
{
    int irq = model_new_object(ASH_OBJ_IRQ, call->word[0], 0, 0);
    model_new_node(irq, model_node[call->argument[0]].object, (int)call->word[1], call->node);
}

/* Irqs for messages have no source of their own: MESSAGE stands for all of them. */
#define MESSAGE 1000u

static uint32_t check_get_message(struct model_call *call)
{
    unsigned taken = 0;
    for (int i = 0; i < model_objects; i++)
        taken += model_object[i].live && model_object[i].type == ASH_OBJ_IRQ &&
                 model_object[i].physical == MESSAGE;
    uint32_t errors = taken == HOST_MESSAGES ? ERROR(EXHAUSTED) : 0;
    errors |= call->length < 1 ? ERROR(TRUNCATED) : 0;
    if (!is(call->argument[0], ASH_OBJ_CNODE))
        return errors | ERROR(SOURCE);
    int cnode = model_node[call->argument[0]].object;
    if (call->word[0] >= (uint64_t)model_object[cnode].slots)
        return errors | ERROR(RANGE);
    return errors | (model_at(cnode, call->word[0]) != NONE ? ERROR(OCCUPIED) : 0);
}

static void commit_get_message(struct model_call *call)
{
    int irq = model_new_object(ASH_OBJ_IRQ, MESSAGE, 0, 0);
    model_new_node(irq, model_node[call->argument[0]].object, (int)call->word[0], call->node);
}

static uint32_t check_message(struct model_call *call)
{
    return model_object[model_node[call->node].object].physical == MESSAGE ? 0 : ERROR(METHOD);
}

/* --- All -------------------------------------------------------------------------------------- */

struct range {
    uint8_t type;
    uint64_t first, last;
    uint32_t (*check)(struct model_call *call);
    void (*commit)(struct model_call *call);
};

static uint32_t fine(struct model_call *call)
{
    (void)call;
    return 0;
}
static void nothing(struct model_call *call)
{
    (void)call;
}
static void commit_finish(struct model_call *call)
{
    (void)call;
    model_mark_delete(NONE);
    model_remove_marked();
}
static uint32_t check_unmap(struct model_call *call)
{
    return model_node[call->node].mapped ? 0 : ERROR(NOT_BOUND);
}
static void commit_unmap(struct model_call *call)
{
    model_unmap(&model_node[call->node]);
}
static void commit_info(struct model_call *call)
{
    if (model_node[call->node].children == 0)
        model_node[call->node].watermark = 0;
}

static const struct range ranges[] = {
    {ASH_OBJ_UNTYPED, ASH_UNTYPED_RETYPE, ASH_UNTYPED_RETYPE, model_check_retype,
     model_commit_retype},
    {ASH_OBJ_UNTYPED, ASH_UNTYPED_INFO, ASH_UNTYPED_INFO, fine, commit_info},
    {ASH_OBJ_CNODE, ASH_CNODE_COPY, ASH_CNODE_REVOKE, check_cnode, commit_cnode},
    {ASH_OBJ_CNODE, ASH_CNODE_FINISH, ASH_CNODE_FINISH, fine, commit_finish},
    {ASH_OBJ_THREAD, ASH_THREAD_CONFIGURE, ASH_THREAD_INFO, check_thread, commit_thread},
    {ASH_OBJ_SCHED_CONTEXT, ASH_SCHED_CONTEXT_BIND, ASH_SCHED_CONTEXT_INFO, check_sched,
     commit_sched},
    {ASH_OBJ_SCHED_CONTROL, ASH_SCHED_CONTROL_CONFIGURE, ASH_SCHED_CONTROL_CONFIGURE, check_control,
     commit_control},
    {ASH_OBJ_TIMER, ASH_TIMER_BIND, ASH_TIMER_BIND, check_timer_or_irq, replace_notification},
    {ASH_OBJ_TIMER, ASH_TIMER_SET, ASH_TIMER_CANCEL, check_timer_or_irq, nothing},
    {ASH_OBJ_PAGE_TABLE, ASH_PAGE_TABLE_MAP, ASH_PAGE_TABLE_MAP, model_check_map, model_commit_map},
    {ASH_OBJ_PAGE_TABLE, ASH_PAGE_TABLE_UNMAP, ASH_PAGE_TABLE_UNMAP, check_unmap, commit_unmap},
    {ASH_OBJ_FRAME, ASH_FRAME_MAP, ASH_FRAME_MAP, model_check_map, model_commit_map},
    {ASH_OBJ_FRAME, ASH_FRAME_UNMAP, ASH_FRAME_UNMAP, check_unmap, commit_unmap},
    {ASH_OBJ_FRAME, ASH_FRAME_ADDRESS, ASH_FRAME_ADDRESS, fine, nothing},
    {ASH_OBJ_IRQ_CONTROL, ASH_IRQ_CONTROL_GET, ASH_IRQ_CONTROL_GET, check_irq_get, commit_irq_get},
    {ASH_OBJ_IRQ_CONTROL, ASH_IRQ_CONTROL_GET_MESSAGE, ASH_IRQ_CONTROL_GET_MESSAGE,
     check_get_message, commit_get_message},
    {ASH_OBJ_IRQ, ASH_IRQ_MESSAGE, ASH_IRQ_MESSAGE, check_message, nothing},
    {ASH_OBJ_IRQ, ASH_IRQ_BIND, ASH_IRQ_BIND, check_timer_or_irq, replace_notification},
    {ASH_OBJ_IRQ, ASH_IRQ_ACK, ASH_IRQ_ACK, check_timer_or_irq, nothing},
    {ASH_OBJ_IRQ, ASH_IRQ_UNBIND, ASH_IRQ_UNBIND, fine, replace_notification},
};

static const struct range *range_of(const struct model_call *call)
{
    for (unsigned i = 0; i < sizeof(ranges) / sizeof(*ranges); i++)
        if (ranges[i].type == model_node[call->node].type && call->method >= ranges[i].first &&
            call->method <= ranges[i].last)
            return &ranges[i];
    return nullptr;
}

uint32_t model_check(struct model_call *call)
{
    for (unsigned i = 0; i < ASH_MSG_CAPS; i++)
        call->argument[i] = i < call->caps ? model_lookup_node(call->cap[i]) : NONE;
    for (unsigned i = call->length; i < 8; i++)
        call->word[i] = 0;
    const struct range *range = range_of(call);
    return range ? range->check(call) : ERROR(METHOD);
}

void model_commit(struct model_call *call)
{
    range_of(call)->commit(call);
}
