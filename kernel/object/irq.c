// SPDX-License-Identifier: MIT
/*
 * Irq objects live in a fixed table, one an identity: they take no memory from Untyped. An
 * interrupt is masked from when it comes until the handler acknowledges it, so a driver that does
 * not cannot be interrupted for ever.
 *
 * An Irq of a wired source has the identity of that source; one for a message has whichever was
 * free. Identities are taken in turn, so that a message which is late finds nobody new. The
 * messages of a device behind the IOMMU have identities that no chip knows (irq_file.c).
 */
#include "object/irq.h"
#include "hart.h"
#include "ipc/invoke.h"
#include "irqchip/irqchip.h"
#include "object/cnode.h"
#include "object/ipc_objects.h"
#include "object/irq_file.h"
#include "small.h"

struct irq irqs[IRQ_IDENTITIES];

void irq_deliver(const struct irq *irq)
{
    const struct capability *cap = &irq->notification.cap;
    if (cap->type == ASH_OBJ_NOTIFICATION)
        notification_signal((struct notification *)cap->object, cap->data);
    else if (irq->file && irq->vector == 0)
        irq_file_notice(irq);
}

/* One interrupt: if there are more, they interrupt as soon as this one's handler runs. */
void irq_handle(void)
{
    uint32_t identity = irqchip_claim(this_hart);
    if (identity != 0)
        irq_deliver(&irqs[identity]);
}

/* What came while it was masked comes now. */
static void unmask(struct irq *irq)
{
    bool came = irq->vector ? irq_file_unmask(irq) : irqchip_unmask(irq_identity(irq), irq->hart);
    if (came)
        irq_deliver(irq);
}

unsigned irq_acknowledge(struct irq *irq)
{
    if (irq->object.dying)
        return ASH_E_DELETED;
    if (slot_empty(&irq->notification))
        return ASH_E_NOT_BOUND;
    unmask(irq);
    return ASH_OK;
}

SMALL

static void mask(struct irq *irq)
{
    if (irq->vector)
        irq_file_mask(irq);
    else
        irqchip_mask(irq_identity(irq), irq->hart);
}

unsigned irq_decode_slot(struct invocation *call, unsigned word, struct slot **slot)
{
    struct slot *target = invoke_cap_of(call, 0, ASH_OBJ_CNODE);
    if (!target)
        return ASH_E_SOURCE;
    struct cnode *cnode = (struct cnode *)target->cap.object;
    uint64_t index = invoke_word(call, word);
    if (index > cnode_mask(cnode))
        return invoke_error(call, ASH_E_RANGE, word, cnode_mask(cnode));
    *slot = &cnode->slot[index];
    if (!slot_empty(*slot))
        return invoke_error(call, ASH_E_OCCUPIED, index, 0);
    return ASH_OK;
}

void irq_make(struct irq *irq, struct slot *slot, struct slot *parent)
{
    *irq = (struct irq){.hart = &harts[0]};
    struct capability cap = {.type = ASH_OBJ_IRQ, .rights = ASH_RIGHT_ALL, .object = (uint64_t)irq};
    slot_insert(slot, cap, parent);
}

static unsigned get(struct slot *slot, struct invocation *call)
{
    if (call->length < 3)
        return invoke_error(call, ASH_E_TRUNCATED, 3, 0);
    uint64_t source = invoke_word(call, 0);
    struct slot *target = nullptr;
    unsigned error = irq_decode_slot(call, 1, &target);
    if (error == ASH_E_SOURCE)
        return error;
    if (source == 0 || source > irqchip_sources())
        return invoke_error(call, ASH_E_RANGE, 0, irqchip_sources());
    if (error != ASH_OK)
        return error;
    struct irq *irq = &irqs[source];
    if (irq->object.references)
        return ASH_E_BUSY;
    irq_make(irq, target, slot);
    irqchip_connect((uint32_t)source, invoke_word(call, 2), irq->hart);
    return ASH_OK;
}

struct irq *irq_free(uint32_t after, uint32_t last, uint32_t *at)
{
    for (uint32_t i = after; i < last; i++) {
        *at = *at < last && *at > after ? *at + 1 : after + 1;
        if (!irqs[*at].object.references && !irqs[*at].file)
            return &irqs[*at];
    }
    return nullptr;
}

struct irq *irq_free_message(void)
{
    static uint32_t at;
    struct irq *irq = irq_free(irqchip_sources(), irqchip_last_message(), &at);
    if (irq) /* a late message to the last owner is forgotten */
        irqchip_mask(irq_identity(irq), &harts[0]);
    return irq;
}

static unsigned get_message(struct slot *slot, struct invocation *call)
{
    if (irqchip_last_message() == irqchip_sources())
        return invoke_error(call, ASH_E_METHOD, ASH_IRQ_CONTROL_GET_MESSAGE, 0);
    if (call->length < 1)
        return invoke_error(call, ASH_E_TRUNCATED, 1, 0);
    struct slot *target = nullptr;
    unsigned error = irq_decode_slot(call, 0, &target);
    if (error != ASH_OK)
        return error;
    struct irq *irq = irq_free_message();
    if (!irq)
        return ASH_E_EXHAUSTED;
    irq_make(irq, target, slot);
    return ASH_OK;
}

static unsigned invoke_control(struct slot *slot, uint64_t method, struct invocation *call)
{
    switch (method) {
    case ASH_IRQ_CONTROL_GET:
        return get(slot, call);
    case ASH_IRQ_CONTROL_GET_MESSAGE:
        return get_message(slot, call);
    default:
        return invoke_error(call, ASH_E_METHOD, method, 0);
    }
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
    unmask(irq);
    return ASH_OK;
}

static unsigned message(const struct irq *irq, struct invocation *call)
{
    if (irq->vector) {
        invoke_reply(call, 0, ASH_IO_MESSAGE_PAGE);
        invoke_reply(call, 1, irq->vector);
        return ASH_OK;
    }
    if (irq_identity(irq) <= irqchip_sources())
        return invoke_error(call, ASH_E_METHOD, ASH_IRQ_MESSAGE, 0);
    invoke_reply(call, 0, irqchip_message_address(irq->hart));
    invoke_reply(call, 1, irq_identity(irq));
    return ASH_OK;
}

static unsigned invoke(struct slot *slot, uint64_t method, struct invocation *call)
{
    struct irq *irq = (struct irq *)slot->cap.object;
    switch (method) {
    case ASH_IRQ_BIND:
        return bind(irq, call);
    case ASH_IRQ_ACK:
        return irq_acknowledge(irq);
    case ASH_IRQ_UNBIND:
        mask(irq);
        return slot_delete_inner(&irq->notification);
    case ASH_IRQ_MESSAGE:
        return message(irq, call);
    default:
        return invoke_error(call, ASH_E_METHOD, method, 0);
    }
}

static void destroy(struct object *object)
{
    struct irq *irq = (struct irq *)object;
    mask(irq);
    if (irq->vector)
        irq_file_leave(irq);
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
