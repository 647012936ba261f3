// SPDX-License-Identifier: MIT
//
// Interrupts from the plug-and-play manager. An interrupt signals one bit of the completions
// notification; its line or message stays masked until the dispatch thread (a worker, for a
// passive-level ISR) has run the ISR and acknowledged: with its next wait, after the DPCs, which it
// runs as well; shared lines at once.
//
// A device that interrupts again and again without anything coming of it must not have its driver
// busy all the time: such an interrupt is acknowledged late, so that it takes a small share of the
// time (ash/moderation.h). Something came of an interrupt if a request was completed by the time
// the thread waits again. `held` are lines whose acknowledgement waits until their `due`. A line
// that others share is held up with it: if that goes on the plug-and-play manager is told, who cuts
// the device off. What comes on a shared line and is not this device's is not counted here.

#include "ash/moderation.h"

#include "rt.h"

// 100 ns
#define TELL_AGAIN 100000000u // 10 s
#define CALM       1000000u   // not held back for so long: a storm is over
#define STORM      5000000u   // how long others have to bear it

struct line {
    PKINTERRUPT interrupt;
    ash_cptr bell, irq;
    bool early; // its interrupt came before irq was known
    bool claimed, shared;
    uint64_t device, vector;
    struct ash_moderation moderation;
    uint64_t due;             // 100 ns
    uint64_t since, last;     // of a storm, 100 ns
    uint64_t began, answered; // of a passive-level ISR: when it began (ticks), rt_answered then
};

static struct line lines[RT_BIT_IRQ_COUNT];
static struct ki_lock lines_lock;
static volatile LONG running; // index + 1 of the line whose ISR runs, or which is acknowledged
volatile uint64_t rt_answered;

// Of the dispatch thread. Bits of lines:
static uint32_t served; // interrupted since it last waited
static uint64_t began;  // when the first of them did (ticks)
static uint64_t answered;
// With lines_lock:
static uint32_t held;
static uint32_t owing; // have less than their full credit
static uint64_t told;  // not again before (100 ns)

static unsigned number_of(const struct line *line)
{
    return (unsigned)(line - lines);
}

// In the acknowledgement of a shared line: was it this device's?
static void acknowledge(ash_cptr irq, bool claimed)
{
    if (irq != ASH_NULL_CPTR)
        (void)ash_irq_ack_claimed(irq, claimed);
}

// A line whose connect is not over, which acknowledges then, or whose ISR runs at PASSIVE_LEVEL.
KI_COLD static ash_cptr note(struct line *line)
{
    ki_acquire(&lines_lock);
    ash_cptr irq = line->irq;
    line->early = irq == ASH_NULL_CPTR;
    line->began = began;
    line->answered = rt_answered;
    ki_release(&lines_lock);
    return irq;
}

// `running` was told before the line is looked at, and disconnecting does it the other way round:
// no lock is needed for a line that is connected.
static void serve(unsigned i)
{
    struct line *line = &lines[i];
    ash_cptr irq = __atomic_load_n(&line->irq, __ATOMIC_ACQUIRE);
    PKINTERRUPT interrupt = __atomic_load_n(&line->interrupt, __ATOMIC_RELAXED);
    if (__builtin_expect(irq == ASH_NULL_CPTR || (interrupt != NULL && interrupt->Passive), 0))
        irq = note(line);
    bool hold = line->moderation.credit < 0 && irq != ASH_NULL_CPTR;
    enum hal_isr result = interrupt != NULL ? hal_interrupt(interrupt) : HAL_ISR_DECLINED;
    if (result == HAL_ISR_LATER)
        return;
    bool claimed = result == HAL_ISR_CLAIMED;
    if (claimed || !line->shared)
        served |= 1u << i;
    if (!hold || (!claimed && line->shared)) {
        if (line->shared)
            acknowledge(irq, claimed);
        else if (irq != ASH_NULL_CPTR)
            rt_acknowledge(irq);
        return;
    }
    line->claimed = claimed;
    ki_acquire(&lines_lock);
    held |= 1u << i;
    ki_release(&lines_lock);
}

void rt_interrupts(uint64_t bits)
{
    uint32_t due = (uint32_t)(bits >> RT_BIT_IRQ_FIRST) & ((1u << RT_BIT_IRQ_COUNT) - 1);
    if (due != 0)
        began = ash_time();
    for (; due != 0; due &= due - 1) {
        unsigned i = (unsigned)__builtin_ctz(due);
        InterlockedExchange(&running, (LONG)i + 1);
        serve(i);
        InterlockedExchange(&running, 0);
    }
}

// --- Moderation ---------------------------------------------------------------------------------

enum news { NOTHING, HELD_BACK, STORM_ON_A_SHARED_LINE };

static enum news news_of(struct line *line, uint64_t now)
{
    if (line->due <= now)
        return NOTHING;
    if (now > line->last + CALM)
        line->since = now;
    line->last = line->due;
    if (line->shared && now - line->since > STORM) {
        line->since = now;
        return STORM_ON_A_SHARED_LINE;
    }
    if (now < told)
        return NOTHING;
    told = now + TELL_AGAIN;
    return HELD_BACK;
}

// Lock held.
static enum news settle_line(struct line *line, bool productive, uint64_t now, uint64_t work)
{
    uint32_t bit = 1u << number_of(line);
    line->due = 0;
    if (productive)
        ash_moderation_gain(&line->moderation);
    else
        line->due = ash_moderation_charge(&line->moderation, now, work);
    owing = ash_moderation_full(&line->moderation) ? owing & ~bit : owing | bit;
    return news_of(line, now);
}

static void tell(enum news news, const struct ash_pnp_interrupt_request *request)
{
    if (news == HELD_BACK)
        ash_log("its device interrupts again and again, and nothing comes of it: it is held back");
    else if (news == STORM_ON_A_SHARED_LINE)
        (void)ash_request(ASH_SLOT_PNP, ASH_PNP_STORM, request, sizeof(*request), NULL, 0);
}

static uint64_t let_through(uint64_t now, uint64_t next)
{
    for (uint32_t bits = held; bits != 0; bits &= bits - 1) {
        unsigned i = (unsigned)__builtin_ctz(bits);
        InterlockedExchange(&running, (LONG)i + 1);
        ki_acquire(&lines_lock);
        bool due = lines[i].due <= now;
        ash_cptr irq = due ? lines[i].irq : ASH_NULL_CPTR;
        if (due)
            held &= ~(1u << i);
        else if (lines[i].due < next)
            next = lines[i].due;
        ki_release(&lines_lock);
        acknowledge(irq, lines[i].claimed);
        InterlockedExchange(&running, 0);
    }
    return next;
}

static KI_COLD uint64_t settle(uint64_t next, bool productive)
{
    uint64_t now = port_monotonic(), work = rt_time_of(ash_time() - began);
    for (; served != 0; served &= served - 1) {
        struct line *line = &lines[__builtin_ctz(served)];
        ki_acquire(&lines_lock);
        const struct ash_pnp_interrupt_request request = {line->device, line->vector};
        enum news news =
            line->interrupt != NULL ? settle_line(line, productive, now, work) : NOTHING;
        ki_release(&lines_lock);
        tell(news, &request);
    }
    return let_through(now, next);
}

uint64_t rt_interrupts_settle(uint64_t next)
{
    if ((served | held) == 0)
        return next;
    bool productive = answered != rt_answered;
    answered = rt_answered;
    if (productive && (held | owing) == 0) {
        served = 0;
        return next;
    }
    return settle(next, productive);
}

// The capability is there until the ISR has been waited for.
void manager_interrupt_done(PKINTERRUPT interrupt)
{
    struct line *line = interrupt->Port;
    uint64_t now = port_monotonic();
    ki_acquire(&lines_lock);
    ash_cptr irq = line->irq; // not there: the connect, which is under way, acknowledges
    const struct ash_pnp_interrupt_request request = {line->device, line->vector};
    enum news news =
        settle_line(line, line->answered != rt_answered, now, rt_time_of(ash_time() - line->began));
    bool hold = line->due > now && irq != ASH_NULL_CPTR;
    if (hold)
        held |= 1u << number_of(line);
    line->claimed = true;
    ki_release(&lines_lock);
    tell(news, &request);
    if (hold)
        port_kick_dispatch();
    else
        acknowledge(irq, true);
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
    line->moderation = ASH_MODERATION_START;
    line->device = io_device(pdo)->Id;
    line->vector = interrupt->Vector;
    const struct ash_pnp_interrupt_request request = {line->device, line->vector};
    struct ash_caps caps = {.send = &line->bell, .send_count = 1, .receive = 1};
    struct ash_pnp_interrupt_reply reply = {0};
    ash_status status = ash_request_caps(ASH_SLOT_PNP, ASH_PNP_CONNECT_INTERRUPT, &request,
                                         sizeof(request), &reply, sizeof(reply), &caps);
    if (ash_success(status) && caps.received == 1) {
        ki_acquire(&lines_lock);
        line->shared = reply.shared != 0;
        __atomic_store_n(&line->irq, caps.slot[0], __ATOMIC_RELEASE);
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
    held &= ~(1u << number_of(line));
    owing &= ~(1u << number_of(line));
    ki_release(&lines_lock);
    while (running == (LONG)number_of(line) + 1)
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
