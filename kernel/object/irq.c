// SPDX-License-Identifier: MIT
/*
 * Irq objects live in a fixed table, one a source: they take no memory from Untyped. A source is
 * masked from its interrupt until the handler acknowledges it, so a driver that does not cannot be
 * interrupted for ever.
 */
#include "object/irq.h"
#include "hart.h"
#include "ipc/invoke.h"
#include "irqchip/irqchip.h"
#include "object/cnode.h"
#include "object/ipc_objects.h"
#include "small.h"

struct irq {
    struct object object;
    struct hart *hart;        /* where it is delivered; null while no capability exists */
    struct slot notification; /* internal slot */
};

static struct irq irqs[IRQ_SOURCES];

static uint32_t source_of(const struct irq *irq)
{
    return (uint32_t)(irq - irqs);
}

/* One source: if there are more, they interrupt as soon as this one's handler runs. */
void irq_handle(void)
{
    uint32_t source = irqchip_claim(this_hart);
    if (source == 0)
        return;
    const struct capability *cap = &irqs[source].notification.cap;
    if (cap->type == ASH_OBJ_NOTIFICATION)
        notification_signal((struct notification *)cap->object, cap->data);
}

SMALL

static unsigned get(struct slot *slot, struct invocation *call)
{
    if (call->length < 3)
        return invoke_error(call, ASH_E_TRUNCATED, 3, 0);
    struct slot *target = invoke_cap_of(call, 0, ASH_OBJ_CNODE);
    if (!target)
        return ASH_E_SOURCE;
    uint64_t source = invoke_word(call, 0), index = invoke_word(call, 1);
    if (source == 0 || source > irqchip_sources())
        return invoke_error(call, ASH_E_RANGE, 0, irqchip_sources());
    struct cnode *cnode = (struct cnode *)target->cap.object;
    if (index > cnode_mask(cnode))
        return invoke_error(call, ASH_E_RANGE, 1, cnode_mask(cnode));
    if (!slot_empty(&cnode->slot[index]))
        return invoke_error(call, ASH_E_OCCUPIED, index, 0);
    struct irq *irq = &irqs[source];
    if (irq->object.references)
        return ASH_E_BUSY;
    *irq = (struct irq){.hart = &harts[0]};
    struct capability cap = {.type = ASH_OBJ_IRQ, .rights = ASH_RIGHT_ALL, .object = (uint64_t)irq};
    slot_insert(&cnode->slot[index], cap, slot);
    return ASH_OK;
}

static unsigned invoke_control(struct slot *slot, uint64_t method, struct invocation *call)
{
    if (method != ASH_IRQ_CONTROL_GET)
        return invoke_error(call, ASH_E_METHOD, method, 0);
    return get(slot, call);
}

const struct object_class irq_control_class = {
    .name = "IrqControl",
    .invoke = invoke_control,
    .copyable = true,
};

static unsigned bind(struct irq *irq, struct invocation *call)
{
    struct slot *source = invoke_cap_of(call, 0, ASH_OBJ_NOTIFICATION);
    if (!source)
        return ASH_E_SOURCE;
    if (!(source->cap.rights & ASH_RIGHT_WRITE))
        return invoke_error(call, ASH_E_RIGHTS, ASH_RIGHT_WRITE, 0);
    if (slot_delete_inner(&irq->notification) == PREEMPTED)
        return PREEMPTED;
    slot_insert(&irq->notification, source->cap, source);
    irqchip_unmask(source_of(irq), irq->hart);
    return ASH_OK;
}

static unsigned invoke(struct slot *slot, uint64_t method, struct invocation *call)
{
    struct irq *irq = (struct irq *)slot->cap.object;
    switch (method) {
    case ASH_IRQ_BIND:
        return bind(irq, call);
    case ASH_IRQ_ACK:
        if (slot_empty(&irq->notification))
            return ASH_E_NOT_BOUND;
        irqchip_unmask(source_of(irq), irq->hart);
        return ASH_OK;
    case ASH_IRQ_UNBIND:
        irqchip_mask(source_of(irq), irq->hart);
        return slot_delete_inner(&irq->notification);
    default:
        return invoke_error(call, ASH_E_METHOD, method, 0);
    }
}

static void destroy(struct object *object)
{
    struct irq *irq = (struct irq *)object;
    irqchip_mask(source_of(irq), irq->hart);
    irq->hart = nullptr;
}

static struct slot *inner(struct object *object)
{
    return &((struct irq *)object)->notification;
}

const struct object_class irq_class = {
    .name = "Irq",
    .invoke = invoke,
    .destroy = destroy,
    .inner = inner,
    .counted = true,
    .copyable = true,
};

SMALL_END
