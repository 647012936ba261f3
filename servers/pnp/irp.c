// SPDX-License-Identifier: MIT
/*
 * IRPs on their way. A record outlives its node's interest: an abandoned one waits for its answer
 * and is then forgotten. Its number is the `context` that the port brings back.
 */
#include "drivers/quiesce.h"
#include "filesystem.h"
#include "node.h"
#include "port.h"
#include <string.h>

#define IRP_MJ_PNP  0x1b
#define IRPS        256u
#define DEADLINE_MS 30000u /* generous: the host of an emulator may be busy */

static struct record {
    struct pnp_node *node; /* null: abandoned */
    bool used;
    unsigned link;
    ash_word deadline;
} records[IRPS];

static unsigned free_record(void)
{
    for (unsigned i = 1; i < IRPS; i++)
        if (!records[i].used)
            return i;
    return 0;
}

static ash_word earlier(ash_word a, ash_word b)
{
    return a == 0 || (b != 0 && b < a) ? b : a;
}

void pnp_irp_alarm(void)
{
    ash_word next = earlier(pnp_interrupt_deadlines(port_now()), pnp_driver_deadlines(port_now()));
    for (unsigned i = 1; i < IRPS; i++)
        if (records[i].node != nullptr)
            next = earlier(next, records[i].deadline);
    next = earlier(next, pnp_fault_deadline(port_now()));
    next = earlier(next, pnp_recover_deadline(port_now()));
    next = earlier(next, pnp_update_deadline());
    next = earlier(next, pnp_file_system_deadline(port_now()));
    port_alarm(earlier(next, pnp_target_deadline(port_now())));
}

/* The driver and device that an IRP for the top of the node's stack goes to. */
static ash_status find_top(const struct pnp_node *node, struct pnp_driver **driver,
                           ash_word *device)
{
    struct ash_io_stack_reply stack;
    struct ash_device_info info;
    ash_status status = port_stack(node->device, &stack);
    if (!ash_success(status))
        return status;
    if (stack.count == 0 || stack.count > ASH_IO_STACK_MAX)
        return STATUS_NO_SUCH_DEVICE;
    *device = stack.entry[0].device;
    status = port_device_info(*device, &info);
    if (!ash_success(status))
        return status;
    *driver = pnp_driver_of_task(info.driver);
    return *driver != nullptr ? STATUS_SUCCESS : STATUS_NO_SUCH_DEVICE;
}

ash_status pnp_irp_send_driver(struct pnp_node *node, struct pnp_driver *driver,
                               const struct port_irp *irp)
{
    unsigned link, number = free_record();
    if (number == 0)
        return STATUS_INSUFFICIENT_RESOURCES;
    ash_status status = pnp_driver_link(driver, &link);
    if (!ash_success(status))
        return status;
    status = port_send(link, irp, number);
    if (!ash_success(status))
        return status;
    records[number] = (struct record){
        .node = node, .used = true, .link = link, .deadline = port_now() + port_ticks(DEADLINE_MS)};
    node->irp = number;
    pnp_irp_alarm();
    return STATUS_SUCCESS;
}

ash_status pnp_irp_send_device(struct pnp_node *node, struct port_irp *irp, ash_word device)
{
    struct ash_device_info info;
    irp->device = device;
    if (device == node->device)
        return pnp_irp_send_driver(node, node->bus, irp);
    ash_status status = port_device_info(device, &info);
    if (!ash_success(status))
        return status;
    struct pnp_driver *driver = pnp_driver_of_task(info.driver);
    return driver != nullptr ? pnp_irp_send_driver(node, driver, irp) : STATUS_NO_SUCH_DEVICE;
}

ash_status pnp_irp_send(struct pnp_node *node, struct port_irp *irp, bool to_top)
{
    struct pnp_driver *driver = node->bus;
    irp->device = node->device;
    if (to_top && node->recovering) /* those above have no way down yet */
        return pnp_irp_send_device(node, irp, pnp_recover_top(node));
    if (to_top) {
        ash_status status = find_top(node, &driver, &irp->device);
        if (!ash_success(status))
            return status;
    }
    return pnp_irp_send_driver(node, driver, irp);
}

void pnp_irp_quiesce(const struct pnp_node *node)
{
    const struct port_irp irp = {
        .major = IRP_MJ_PNP, .minor = PNP_MN_QUIESCE_DEVICE, .device = node->device};
    unsigned link, number = free_record();
    if (number == 0 || node->bus->own || !ash_success(pnp_driver_link(node->bus, &link)) ||
        !ash_success(port_send(link, &irp, number)))
        return; /* PNP_STEP_QUIESCE asks again */
    records[number] = (struct record){.used = true, .link = link};
}

void pnp_irp_answered(unsigned context, const struct port_answer *answer)
{
    if (context == 0 || context >= IRPS || !records[context].used)
        return;
    struct pnp_node *node = records[context].node;
    struct pnp_driver *driver = pnp_driver_linked(records[context].link);
    records[context] = (struct record){};
    if (answer->ended && driver != nullptr && driver->keeps) {
        driver->ending = true; /* everything else when that is known */
        if (node != nullptr)
            node->irp = 0;
    } else if (node != nullptr) {
        node->irp = 0;
        pnp_step_done(node, answer);
    }
    pnp_resume();
    pnp_irp_alarm();
}

void pnp_irp_abandon(struct pnp_node *node)
{
    if (node->irp == 0)
        return;
    records[node->irp].node = nullptr;
    node->irp = 0;
}

void pnp_irp_link_ended(unsigned link)
{
    for (unsigned i = 1; i < IRPS; i++) {
        struct pnp_node *node = records[i].node;
        if (!records[i].used || records[i].link != link)
            continue;
        records[i] = (struct record){};
        if (node == nullptr)
            continue;
        node->irp = 0;
        if (!pnp_recover_waits(node))
            pnp_step_done(node, &(struct port_answer){.status = STATUS_DEVICE_REMOVED});
    }
}

void pnp_alarm(void)
{
    ash_word now = port_now();
    for (unsigned i = 1; i < IRPS; i++) {
        struct pnp_node *node = records[i].node;
        if (node == nullptr || records[i].deadline > now)
            continue;
        port_cancel(records[i].link, i);
        pnp_irp_abandon(node);
        pnp_step_done(node, &(struct port_answer){.status = STATUS_IO_TIMEOUT});
    }
    (void)pnp_driver_deadlines(now);
    (void)pnp_target_deadline(now);
    pnp_resume();
    pnp_irp_alarm();
}
