// SPDX-License-Identifier: MIT
/*
 * The real outside of the power manager: POWER links to drivers (see ash/ring.h), the process
 * manager, the firmware. A link belongs to one driver; when the I/O manager has ended it and
 * everything was taken, its place is free, and the driver's next instance gets a new one.
 */
#include "port.h"
#include "ash/invoke.h"
#include "ash/log.h"
#include "ash/ring.h"
#include "ash/slot.h"
#include "ash/start.h"
#include "boot_protocol.h"
#include "io.h"
#include "main.h"
#include "pnp.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define LINKS        64u
#define IRP_MJ_POWER 0x16

static struct link {
    bool used;
    ash_word driver, task;
    ash_cptr doorbell;
    struct ash_requester end;
    ash_word ticket[ASH_LINK_CONTROL_SLOTS]; /* 0: what port_tell sent */
} links[LINKS];

void port_log(const char *format, ...)
{
    char text[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    ash_log("%s", text);
}

ash_word port_now(void)
{
    return ash_time();
}

ash_word port_ticks(ash_word milliseconds)
{
    return ash_ticks(milliseconds * 1000);
}

static ash_status io(ash_word op, const void *request, size_t bytes, void *reply, size_t size)
{
    return ash_request(ASH_SLOT_IO, op, request, bytes, reply, size);
}

ash_status port_stack(ash_word device, struct ash_io_stack_reply *stack)
{
    const struct ash_io_device_request request = {device};
    ash_status status = io(ASH_IO_STACK, &request, sizeof(request), stack, sizeof(*stack));
    if (ash_success(status) && (stack->count == 0 || stack->count > ASH_IO_STACK_MAX))
        return STATUS_NO_SUCH_DEVICE;
    return status;
}

bool port_driver(ash_word driver, ash_word task, struct ash_io_driver_state_reply *state)
{
    for (ash_word index = 0;; index++) {
        const struct ash_io_index_request request = {index};
        if (!ash_success(io(ASH_IO_DRIVERS, &request, sizeof(request), state, sizeof(*state))))
            return false;
        if (driver != 0 ? state->driver == driver : state->task == task)
            return true;
    }
}

/* --- Links */

static bool is_over(struct link *link)
{
    return ash_requester_ended(&link->end) != STATUS_SUCCESS && link->end.out_count == 0;
}

static struct link *free_link(void)
{
    for (unsigned i = 0; i < LINKS; i++)
        if (!links[i].used)
            return &links[i];
    return nullptr;
}

static ash_status open_link(struct link *link, ash_word driver, ash_word task)
{
    const struct ash_io_manager_link_request request = {.driver = driver};
    struct ash_io_attach_reply reply;
    struct ash_caps caps = {.receive = 1};
    ash_status status = ash_request_caps(ASH_SLOT_IO, ASH_IO_MANAGER_LINK, &request,
                                         sizeof(request), &reply, sizeof(reply), &caps);
    if (!ash_success(status))
        return status;
    if (caps.received != 1 || reply.link.slots > ASH_LINK_CONTROL_SLOTS)
        return STATUS_INTERNAL_ERROR;
    *link = (struct link){.used = true, .driver = driver, .task = task, .doorbell = caps.slot[0]};
    ash_requester_init(&link->end, &reply.link);
    (void)ash_requester_sleep(&link->end); /* nothing is out: every answer rings */
    return STATUS_SUCCESS;
}

/* The link to a driver, named by its id or (driver 0) its task. */
static ash_status link_to(ash_word driver, ash_word task, struct link **found)
{
    struct ash_io_driver_state_reply state;
    for (unsigned i = 0; i < LINKS; i++) {
        struct link *link = &links[i];
        if (!link->used || (driver != 0 ? link->driver != driver : link->task != task) ||
            ash_requester_ended(&link->end) != STATUS_SUCCESS)
            continue;
        *found = link;
        return STATUS_SUCCESS;
    }
    *found = free_link();
    if (*found == nullptr)
        return STATUS_INSUFFICIENT_RESOURCES;
    if (!port_driver(driver, task, &state))
        return STATUS_NO_SUCH_DEVICE;
    if (state.task == ASH_TASK_PNP) {
        *found = nullptr; /* a bare root device has no power */
        return STATUS_SUCCESS;
    }
    return open_link(*found, state.driver, state.task);
}

static void ring(struct link *link)
{
    if (ash_requester_must_ring(&link->end))
        ash_signal(link->doorbell);
}

static ash_status submit(struct link *link, const struct ash_request *what, ash_word ticket)
{
    ash_status ended = ash_requester_ended(&link->end);
    if (ended != STATUS_SUCCESS)
        return ended;
    int slot = ash_requester_alloc(&link->end);
    if (slot < 0)
        return STATUS_DEVICE_BUSY;
    struct ash_request *request = ash_requester_request(&link->end, slot);
    memcpy((char *)request + sizeof(request->sequence), (const char *)what + sizeof(what->sequence),
           sizeof(*request) - sizeof(request->sequence));
    request->requestor = ASH_TASK_POWER;
    link->ticket[slot] = ticket;
    ash_requester_submit(&link->end, slot, ash_time());
    ring(link);
    return STATUS_PENDING;
}

ash_status port_send(const struct power_irp *irp)
{
    struct ash_io_stack_reply stack;
    struct link *link;
    ash_status status = port_stack(irp->device, &stack);
    if (ash_success(status))
        status = link_to(stack.entry[0].driver, 0, &link);
    if (!ash_success(status) || link == nullptr)
        return status;
    struct ash_request request = {
        .major = IRP_MJ_POWER, .minor = irp->minor, .device = stack.entry[0].device};
    memcpy(request.parameter, irp->parameter, sizeof(request.parameter));
    return submit(link, &request, irp->ticket);
}

ash_status port_tell(ash_word task, ash_word number, ash_status status, ash_word woke)
{
    struct link *link;
    const struct ash_request request = {.major = ASH_MJ_POWER_DONE,
                                        .parameter = {number, (uint32_t)status, woke}};
    ash_status opened = link_to(0, task, &link);
    if (!ash_success(opened) || link == nullptr)
        return STATUS_NO_SUCH_DEVICE;
    return submit(link, &request, 0);
}

static bool is_busy(const struct link *link, unsigned slot)
{
    return (link->end.busy[slot / 64] >> slot % 64 & 1) != 0;
}

void port_cancel(ash_word ticket)
{
    for (unsigned i = 0; i < LINKS; i++) {
        struct link *link = &links[i];
        for (unsigned slot = 0; link->used && slot < link->end.slots; slot++) {
            if (link->ticket[slot] != ticket || !is_busy(link, slot))
                continue;
            ash_requester_cancel(&link->end, (int)slot);
            ring(link);
        }
    }
}

static void take_answers(struct link *link)
{
    struct ash_answer answer;
    int slot;
    while ((slot = ash_requester_take(&link->end, &answer)) >= 0) {
        ash_word ticket = link->ticket[slot];
        link->ticket[slot] = 0;
        ash_requester_release(&link->end, slot);
        if (ticket != 0)
            power_irp_answered(ticket, answer.status, answer.result[1]);
    }
}

static void close_link(struct link *link)
{
    link->used = false;
    ash_slot_delete(link->doorbell);
    power_irp_task_gone(link->task);
}

void port_links_rang(void)
{
    for (unsigned i = 0; i < LINKS; i++) {
        struct link *link = &links[i];
        while (link->used) {
            ash_requester_awake(&link->end);
            take_answers(link);
            if (is_over(link))
                close_link(link);
            else if (ash_requester_ended(&link->end) == STATUS_SUCCESS &&
                     ash_requester_sleep(&link->end))
                break;
        }
    }
}

/* --- Devices and the machine */

ash_status port_flush(void)
{
    return io(ASH_IO_FLUSH_ALL, nullptr, 0, nullptr, 0);
}

bool port_device(ash_word index, struct power_device *device)
{
    static ash_word at; /* where the last answer stood in pnp's order */
    struct ash_pnp_node_reply node;
    if (index == 0)
        at = 0;
    do {
        const struct ash_pnp_node_request request = {at++};
        if (!ash_success(ash_request(ASH_SLOT_PNP, ASH_PNP_ORDER, &request, sizeof(request), &node,
                                     sizeof(node))))
            return false;
    } while (node.state != ASH_PNP_STARTED);
    device->device = node.device;
    snprintf(device->name, sizeof(device->name), "%.*s", (int)sizeof(node.instance) - 1,
             node.instance);
    return true;
}

void port_reset(bool reboot, bool failure)
{
    (void)ash_firmware_reset(ASH_POWER_FIRMWARE, reboot ? 1 : 0, failure);
}
