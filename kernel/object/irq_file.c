// SPDX-License-Identifier: MIT
/*
 * The IOMMU sets a pending bit before it looks whether the bit is enabled; the kernel enables a bit
 * before it looks whether it is pending. So one of the two sees what came in between, or both do:
 * then the notice finds nothing. A device that makes its IOMMU give notice of nothing again and
 * again is not listened to until its driver acknowledges something.
 */
#include "object/irq_file.h"
#include "arch/csr.h"
#include "hart.h"
#include "ipc/invoke.h"
#include "irqchip/irqchip.h"
#include "small.h"

#define IDLE_NOTICES 64u

static uint64_t bit_of(const struct irq *irq)
{
    return 1ull << irq->vector;
}

/* What the device has written meanwhile stays. */
static bool take(const struct irq_file *file, uint64_t bit)
{
    return __atomic_fetch_and(file->pending, ~bit, __ATOMIC_SEQ_CST) & bit;
}

static void set_open(struct irq_file *file, uint64_t open)
{
    file->open = open;
    *file->enabled = open;
}

static void listen_to(const struct irq *notice)
{
    while (irqchip_unmask(irq_identity(notice), notice->hart))
        continue;
}

static void listen_again(struct irq_file *file)
{
    file->idle = 0;
    listen_to(&irqs[file->notice]);
    irqchip_raise(file->notice, irqs[file->notice].hart);
}

bool irq_file_unmask(const struct irq *irq)
{
    struct irq_file *file = irq->file;
    if (!file)
        return false;
    set_open(file, file->open | bit_of(irq));
    fence_device();
    if (file->idle >= IDLE_NOTICES)
        listen_again(file);
    file->idle = 0;
    if (!(*file->pending & bit_of(irq)))
        return false;
    set_open(file, file->open & ~bit_of(irq));
    return take(file, bit_of(irq));
}

static void notice_of_nothing(struct irq_file *file, const struct irq *notice)
{
    *file->enabled = file->open;
    file->idle++;
    if (file->idle < IDLE_NOTICES)
        listen_to(notice);
}

void irq_file_notice(const struct irq *notice)
{
    struct irq_file *file = notice->file;
    uint64_t came = *file->pending & file->open;
    if (came == 0) {
        notice_of_nothing(file, notice);
        return;
    }
    listen_to(notice);
    if (came & (came - 1))
        irqchip_raise(irq_identity(notice), notice->hart);
    const struct irq *irq = &irqs[file->irq[__builtin_ctzll(came)]];
    set_open(file, file->open & ~bit_of(irq));
    take(file, bit_of(irq));
    irq_deliver(irq);
}

SMALL

void irq_file_mask(const struct irq *irq)
{
    if (!irq->file)
        return;
    set_open(irq->file, irq->file->open & ~bit_of(irq));
    take(irq->file, bit_of(irq));
}

void irq_file_leave(struct irq *irq)
{
    if (irq->file)
        irq->file->irq[irq->vector] = 0;
    irq->file = nullptr;
    irq->vector = 0;
}

void irq_file_end(struct irq_file *file)
{
    for (unsigned i = 0; i < IRQ_FILE_VECTORS; i++)
        if (file->irq[i] != 0)
            irqs[file->irq[i]].file = nullptr;
    if (file->notice == 0)
        return;
    irqchip_mask(file->notice, &harts[0]);
    irqs[file->notice].file = nullptr;
}

static bool choose_notice(struct irq_file *file)
{
    struct irq *notice = irq_free_message();
    if (!notice)
        return false;
    *notice = (struct irq){.hart = &harts[0], .file = file};
    file->notice = irq_identity(notice);
    listen_to(notice);
    return true;
}

unsigned irq_file_get(struct irq_file *file, struct slot *slot, struct invocation *call,
                      bool *first)
{
    static uint32_t at;
    if (call->length < 2)
        return invoke_error(call, ASH_E_TRUNCATED, 2, 0);
    uint64_t vector = invoke_word(call, 0);
    struct slot *target = nullptr;
    unsigned error = irq_decode_slot(call, 1, &target);
    if (error != ASH_OK)
        return error;
    if (vector == 0 || vector >= IRQ_FILE_VECTORS)
        return invoke_error(call, ASH_E_RANGE, 0, IRQ_FILE_VECTORS - 1);
    if (file->irq[vector] != 0)
        return ASH_E_BUSY;
    struct irq *irq = irq_free(IRQ_WITHOUT_CHIP - 1, IRQ_IDENTITIES - 1, &at);
    *first = file->notice == 0;
    if (!irq || (*first && !choose_notice(file)))
        return ASH_E_EXHAUSTED;
    irq_make(irq, target, slot);
    irq->file = file;
    irq->vector = (uint32_t)vector;
    file->irq[vector] = (uint16_t)irq_identity(irq);
    take(file, bit_of(irq));
    return ASH_OK;
}

SMALL_END
