// SPDX-License-Identifier: MIT
//
// Interrupts from the plug-and-play manager. An interrupt signals one bit of the completions
// notification; its line or message stays masked until the dispatch thread (a worker, for a
// passive-level ISR) has run the ISR and acknowledged.

#include "rt.h"

struct line {
    PKINTERRUPT interrupt;
    ash_cptr bell, irq;
    bool early; // its interrupt came before irq was known
    uint64_t device, vector;
};

static struct line lines[RT_BIT_IRQ_COUNT];
static struct ki_lock lines_lock;
static volatile LONG running; // index + 1 of the line whose ISR runs

void rt_interrupts(uint64_t bits)
{
    uint32_t due = (uint32_t)(bits >> RT_BIT_IRQ_FIRST) & ((1u << RT_BIT_IRQ_COUNT) - 1);
    for (; due != 0; due &= due - 1) {
        unsigned i = (unsigned)__builtin_ctz(due);
        InterlockedExchange(&running, (LONG)i + 1);
        ki_acquire(&lines_lock);
        struct line line = lines[i];
        lines[i].early = line.irq == ASH_NULL_CPTR;
        ki_release(&lines_lock);
        enum hal_isr result =
            line.interrupt != NULL ? hal_interrupt(line.interrupt) : HAL_ISR_DECLINED;
        if (result != HAL_ISR_LATER && line.irq != ASH_NULL_CPTR)
            (void)ash_irq_ack(line.irq);
        InterlockedExchange(&running, 0);
    }
}

// The capability is there until the ISR has been waited for.
void manager_interrupt_done(PKINTERRUPT interrupt)
{
    const struct line *line = interrupt->Port;
    if (line->irq != ASH_NULL_CPTR) // else the connect, which is under way, does it
        (void)ash_irq_ack(line->irq);
}

static int claim_line(PKINTERRUPT interrupt)
{
    int found = -1;
    ki_acquire(&lines_lock);
    for (unsigned i = 0; i < RT_BIT_IRQ_COUNT && found < 0; i++)
        if (lines[i].interrupt == NULL && lines[i].bell == ASH_NULL_CPTR)
            found = (int)i;
    if (found >= 0)
        lines[found].interrupt = interrupt;
    ki_release(&lines_lock);
    return found;
}

NTSTATUS manager_connect_interrupt(PKINTERRUPT interrupt)
{
    PDEVICE_OBJECT pdo = interrupt->Pdo;
    if (pdo == NULL)
        return STATUS_INVALID_PARAMETER;
    int index = claim_line(interrupt);
    if (index < 0)
        return STATUS_INSUFFICIENT_RESOURCES;
    struct line *line = &lines[index];
    interrupt->Port = line;
    line->bell = rt_mint(rt_completions, RT_BIT_IRQ_FIRST + (unsigned)index);
    line->device = io_device(pdo)->Id;
    line->vector = interrupt->Vector;
    const struct ash_pnp_interrupt_request request = {line->device, line->vector};
    struct ash_caps caps = {.send = &line->bell, .send_count = 1, .receive = 1};
    ash_status status = ash_request_caps(ASH_SLOT_PNP, ASH_PNP_CONNECT_INTERRUPT, &request,
                                         sizeof(request), NULL, 0, &caps);
    if (ash_success(status) && caps.received == 1) {
        ki_acquire(&lines_lock);
        line->irq = caps.slot[0];
        bool early = line->early;
        ki_release(&lines_lock);
        if (early)
            (void)ash_irq_ack(line->irq);
        return STATUS_SUCCESS;
    }
    ash_slot_delete(line->bell);
    *line = (struct line){0};
    if (status == STATUS_INVALID_PARAMETER)
        return STATUS_NOT_FOUND; // the vector is not the device's
    return ash_success(status) ? STATUS_INSUFFICIENT_RESOURCES : status;
}

void manager_disconnect_interrupt(PKINTERRUPT interrupt)
{
    struct line *line = interrupt->Port;
    const struct ash_pnp_interrupt_request request = {line->device, line->vector};
    (void)ash_request(ASH_SLOT_PNP, ASH_PNP_DISCONNECT_INTERRUPT, &request, sizeof(request), NULL,
                      0);
    ki_acquire(&lines_lock);
    struct line old = *line;
    *line = (struct line){0};
    ki_release(&lines_lock);
    while (running == (LONG)(line - lines) + 1)
        port_relax(0);
    ash_slot_delete(old.bell);
    ash_slot_delete(old.irq);
}

static const CM_PARTIAL_RESOURCE_DESCRIPTOR *find_interrupt(const CM_RESOURCE_LIST *list)
{
    const CM_PARTIAL_RESOURCE_LIST *partial = &list->List[0].PartialResourceList;
    for (ULONG i = 0; list->Count != 0 && i < partial->Count; i++)
        if (partial->PartialDescriptors[i].Type == CmResourceTypeInterrupt)
            return &partial->PartialDescriptors[i];
    return NULL;
}

// For every device of the stack from `device` down: a driver may name any of them as the PDO.
void rt_remember_vector(PDEVICE_OBJECT device, const CM_RESOURCE_LIST *translated)
{
    const CM_PARTIAL_RESOURCE_DESCRIPTOR *descriptor = find_interrupt(translated);
    for (; device != NULL; device = io_device(device)->AttachedTo)
        io_device(device)->Vector = descriptor != NULL ? descriptor->u.Interrupt.Vector + 1 : 0;
}

NTSTATUS manager_line_vector(PDEVICE_OBJECT pdo, PULONG vector)
{
    ULONG known = io_device(pdo)->Vector;
    if (known == 0)
        return STATUS_NOT_FOUND;
    *vector = known - 1;
    return STATUS_SUCCESS;
}

NTSTATUS manager_message(PDEVICE_OBJECT pdo, ULONG index, struct hal_message *message)
{
    const struct ash_pnp_message_request request = {io_device(pdo)->Id, index};
    struct ash_pnp_message_reply reply;
    ash_status status = ash_request(ASH_SLOT_PNP, ASH_PNP_MESSAGE, &request, sizeof(request),
                                    &reply, sizeof(reply));
    if (ash_success(status))
        *message = (struct hal_message){.Count = (ULONG)reply.count,
                                        .Vector = (ULONG)reply.vector,
                                        .Data = (ULONG)reply.data,
                                        .Address = reply.address,
                                        .Affinity = reply.affinity};
    return status;
}
