// SPDX-License-Identifier: MIT
/*
 * What the IOMMU refused. It raises an interrupt when it has put a record into its queue of faults;
 * this manager reads the records through the memory manager, finds the device, counts and says.
 *
 *   IOMMU --queue--> kernel --ASH_MEM_DMA_FAULT--> here: at most BATCH records, then PAUSE_MS
 *     |                                              |     without reading, however many there are
 *     +---- interrupt, acknowledged when the queue is empty
 *
 * A storm costs a bounded time: the queue overflows, which costs nobody anything, and what is lost
 * is said to be lost. The log shows the first SHOWN faults of a device in a second, then how many
 * it left out. A device with more than STORM faults in a second is cut off: its bus turns off its
 * DMA, its driver is ended with bug check 0xE6 (0x26: the IOMMU found a DMA violation), and the
 * node fails. A single request that goes wrong makes hundreds of records (a device asks for a few
 * bytes at a time); so it takes several requests to be cut off, not one. A driver that is started
 * again when it dies is ended at the first fault, before it takes what its device says of that for
 * a failure of the device. The records that its device has made until then are read before the next
 * task is held to account.
 *
 * Invariant: while `resume` is 0 the interrupt is acknowledged, or its signal is on the way; else
 * pnp_fault_deadline goes on reading.
 */
#include "fault.h"
#include "node.h"
#include "port.h"
#include <stdio.h>
#include <string.h>

#define BATCH     64u
#define PAUSE_MS  10u
#define WINDOW_MS 1000u
#define SHOWN     4u
#define STORM     1024u
#define REST      1024u /* records that are read at a START, at most */

#define DRIVER_VERIFIER_DMA_VIOLATION 0xe6u
#define IOMMU_FOUND_VIOLATION         0x26u

#define IOMMU_ID "DT\\riscv,iommu"

static ash_cptr interrupt; /* 0: no IOMMU is known */
static ash_word resume;
static ash_word lost;             /* how often the queue overflowed */
static struct pnp_faults unknown; /* of devices without a node */

/* --- Who ---------------------------------------------------------------------------------------
 */

static struct pnp_node *node_of(ash_word device)
{
    for (struct pnp_node *node = pnp_nodes; node != nullptr; node = node->all_next)
        if (pnp_uses_dma(node) && pnp_dma_device(node) == device)
            return node;
    return nullptr;
}

static const char *driver_of(const struct pnp_node *node)
{
    return node->function != nullptr ? node->function->name : "no driver";
}

static const char *location_of(const struct pnp_node *node)
{
    return node->location != nullptr ? node->location : "";
}

static void say(const struct pnp_node *node, const struct ash_mem_dma_fault_reply *fault)
{
    char path[96] = "a device that no bus driver has found";
    if (node != nullptr)
        pnp_node_instance(node, path, sizeof(path));
    port_log("%s (%s%s%s, ID 0x%lx): its DMA was refused: %s at 0x%lx: %s (cause %lu)", path,
             node != nullptr ? driver_of(node) : "no driver", node != nullptr ? ", " : "",
             node != nullptr ? location_of(node) : "", (unsigned long)fault->device,
             pnp_fault_kind(fault->cause, fault->kind), (unsigned long)fault->address,
             pnp_fault_reason(fault->cause), (unsigned long)fault->cause);
}

static void say_left_out(const struct pnp_node *node, struct pnp_faults *faults)
{
    char path[96] = "devices that no bus driver has found";
    if (node != nullptr)
        pnp_node_instance(node, path, sizeof(path));
    port_log("%s: its DMA was refused %lu more times, last %s at 0x%lx", path,
             (unsigned long)faults->left_out, pnp_fault_kind(faults->cause, faults->kind),
             (unsigned long)faults->address);
    faults->left_out = 0;
}

/* --- One fault ---------------------------------------------------------------------------------
 */

static struct port_verdict verdict_on(const struct pnp_node *node, const char *rule)
{
    return (struct port_verdict){.code = DRIVER_VERIFIER_DMA_VIOLATION,
                                 .parameter = {IOMMU_FOUND_VIOLATION, node->device,
                                               node->faults.address, node->faults.cause},
                                 .name = "DRIVER_VERIFIER_DMA_VIOLATION",
                                 .rule = rule};
}

static void cut_off(struct pnp_node *node)
{
    struct pnp_faults *faults = &node->faults;
    char why[112], rule[160];
    faults->cut_off = true;
    snprintf(why, sizeof(why),
             "its DMA was refused more than %u times within a second: it is cut off", STORM);
    snprintf(rule, sizeof(rule),
             "the IOMMU refused its device's DMA again and again, last at 0x%lx: %s",
             (unsigned long)faults->address, pnp_fault_reason(faults->cause));
    struct port_verdict verdict = verdict_on(node, rule);
    pnp_cut_off(node, why, &verdict);
}

static bool answers_for_it(const struct pnp_node *node)
{
    return node->function != nullptr && node->function->keeps && !node->recovering &&
           node->state == ASH_PNP_STARTED;
}

static void end_driver(struct pnp_node *node)
{
    char rule[160];
    node->faults.blamed = true;
    snprintf(rule, sizeof(rule), "the IOMMU refused its device's DMA: %s at 0x%lx: %s",
             pnp_fault_kind(node->faults.cause, node->faults.kind),
             (unsigned long)node->faults.address, pnp_fault_reason(node->faults.cause));
    struct port_verdict verdict = verdict_on(node, rule);
    pnp_condemn(node, &verdict);
}

static void count(struct pnp_faults *faults, const struct ash_mem_dma_fault_reply *fault)
{
    ash_word now = port_now();
    if (faults->window == 0 || now - faults->window >= port_ticks(WINDOW_MS)) {
        faults->window = now;
        faults->in_window = faults->shown = 0;
    }
    faults->count++;
    faults->in_window++;
    faults->address = fault->address;
    faults->cause = fault->cause;
    faults->kind = fault->kind;
}

static void take(const struct ash_mem_dma_fault_reply *fault)
{
    struct pnp_node *node = node_of(fault->device);
    struct pnp_faults *faults = node != nullptr ? &node->faults : &unknown;
    if (faults->left_out > 0 && port_now() - faults->window >= port_ticks(WINDOW_MS))
        say_left_out(node, faults);
    count(faults, fault);
    if (faults->shown < SHOWN) {
        faults->shown++;
        say(node, fault);
    } else {
        faults->left_out++;
    }
    if (fault->lost) {
        lost++;
        port_log("the IOMMU had no room for more records of refused DMA");
    }
    if (node == nullptr || faults->blamed)
        return;
    if (answers_for_it(node))
        end_driver(node);
    else if (faults->in_window > STORM && !faults->cut_off)
        cut_off(node);
}

/* --- Reading -----------------------------------------------------------------------------------
 */

static void read_some(unsigned most)
{
    struct ash_mem_dma_fault_reply fault;
    resume = 0;
    for (unsigned i = 0; i < most; i++) {
        if (!port_dma_fault(&fault)) {
            port_irq_ack(interrupt);
            return;
        }
        take(&fault);
    }
    resume = port_now() + port_ticks(PAUSE_MS);
}

void pnp_fault_signalled(void)
{
    if (interrupt != 0 && resume == 0)
        read_some(BATCH);
}

static ash_word earlier(ash_word a, ash_word b)
{
    return a == 0 || (b != 0 && b < a) ? b : a;
}

static ash_word left_out_deadline(const struct pnp_node *node, struct pnp_faults *faults,
                                  ash_word now)
{
    if (faults->left_out == 0)
        return 0;
    ash_word end = faults->window + port_ticks(WINDOW_MS);
    if (end > now)
        return end;
    say_left_out(node, faults);
    return 0;
}

ash_word pnp_fault_deadline(ash_word now)
{
    if (resume != 0 && resume <= now)
        read_some(BATCH);
    ash_word next = earlier(resume, left_out_deadline(nullptr, &unknown, now));
    for (struct pnp_node *node = pnp_nodes; node != nullptr; node = node->all_next)
        next = earlier(next, left_out_deadline(node, &node->faults, now));
    return next;
}

void pnp_fault_started(struct pnp_node *node)
{
    node->faults.blamed = true;
    if (resume != 0)
        read_some(REST);
    node->faults.cut_off = node->faults.blamed = false;
    node->faults.in_window = 0;
}

/* --- The interrupt -----------------------------------------------------------------------------
 */

bool pnp_is_iommu(const struct pnp_node *node)
{
    for (const char *id = node->hardware_ids; id != nullptr && *id != '\0'; id += strlen(id) + 1)
        if (strcmp(id, IOMMU_ID) == 0)
            return node->parent != nullptr && node->parent == pnp_root;
    return false;
}

static const struct pnp_resource *first_interrupt(const struct pnp_node *node)
{
    for (unsigned i = 0; node->assigned != nullptr && i < node->assigned->count; i++)
        if (node->assigned->item[i].type == PNP_INTERRUPT)
            return &node->assigned->item[i];
    return nullptr;
}

void pnp_fault_look(struct pnp_node *node)
{
    if (interrupt != 0 || !pnp_is_iommu(node))
        return;
    snprintf(node->description, sizeof(node->description), "IOMMU, driven by the kernel");
    const struct pnp_resource *line = first_interrupt(node);
    ash_status status =
        line != nullptr
            ? port_fault_interrupt(line->start, line->flags & PNP_INTERRUPT_LATCHED, &interrupt)
            : STATUS_INVALID_PARAMETER;
    if (!ash_success(status)) {
        interrupt = 0;
        port_log("the IOMMU's interrupt cannot be had (0x%08x): nobody will hear of refused DMA",
                 (unsigned)status);
        return;
    }
    read_some(BATCH); /* what there is from before */
}

void pnp_fault_clear(void)
{
    interrupt = 0;
    resume = lost = 0;
    unknown = (struct pnp_faults){};
}

/* --- What clients ask --------------------------------------------------------------------------
 */

enum ash_pnp_dma pnp_dma_state(const struct pnp_node *node)
{
    if (!pnp_uses_dma(node) || !node->allowed)
        return ASH_PNP_DMA_NONE;
    if (node->dma_enforced)
        return ASH_PNP_DMA_ENFORCED;
    return node->match.dma_copying != 0 ? ASH_PNP_DMA_COPIED : ASH_PNP_DMA_NOT_ENFORCED;
}

static void fill(const struct pnp_faults *faults, struct ash_pnp_dma_reply *reply)
{
    reply->faults = faults->count;
    reply->lost = lost;
    reply->address = faults->address;
    reply->cause = faults->cause;
    reply->cut_off = faults->cut_off;
    if (faults->count == 0)
        return;
    snprintf(reply->kind, sizeof(reply->kind), "%s", pnp_fault_kind(faults->cause, faults->kind));
    snprintf(reply->reason, sizeof(reply->reason), "%s", pnp_fault_reason(faults->cause));
}

ash_status pnp_query_dma(ash_word index, struct ash_pnp_dma_reply *reply)
{
    struct pnp_node *node = pnp_root;
    *reply = (struct ash_pnp_dma_reply){};
    for (; node != nullptr; node = pnp_node_next(node))
        if (pnp_uses_dma(node) && index-- == 0)
            break;
    if (node == nullptr && (index != 0 || unknown.count == 0))
        return STATUS_NO_MORE_ENTRIES;
    fill(node != nullptr ? &node->faults : &unknown, reply);
    if (node == nullptr)
        return STATUS_SUCCESS;
    reply->node = node->id;
    reply->device = pnp_dma_device(node);
    reply->state = pnp_dma_state(node);
    pnp_node_instance(node, reply->instance, sizeof(reply->instance));
    snprintf(reply->location, sizeof(reply->location), "%s", location_of(node));
    snprintf(reply->service, sizeof(reply->service), "%s",
             node->function != nullptr ? node->function->name : "");
    return STATUS_SUCCESS;
}
