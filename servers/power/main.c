// SPDX-License-Identifier: MIT
/*
 * The power manager's task. It serves one request at a time and waits inside a transition: nothing
 * else is to be done while the system goes down. Its Notification is not bound: bits 0 to 31 are
 * the doorbells of its links, bit 32 the timer of a deadline.
 *
 * Drivers hold a capability to this manager, too; a driver may not switch the system off.
 */
#include "ash/invoke.h"
#include "ash/log.h"
#include "ash/ring.h"
#include "ash/server.h"
#include "ash/slot.h"
#include "ash/start.h"
#include "boot_protocol.h"
#include "io.h"
#include "pnp.h"
#include "process.h"
#include "sequence.h"
#include <stdio.h>
#include <string.h>

#define LINKS        64u
#define DEADLINE_US  5000000u
#define BIT_TIMER    ((ash_word)1 << 32)
#define IRP_MJ_POWER 0x16

static struct link {
    ash_word task;
    ash_cptr doorbell;
    struct ash_requester end;
} links[LINKS];
static unsigned link_count;
static ash_cptr notification;

static ash_status io(ash_word op, const void *request, size_t bytes, void *reply, size_t size)
{
    return ash_request(ASH_SLOT_IO, op, request, bytes, reply, size);
}

/* The I/O manager's id of the driver that runs as that task. */
static bool driver_of_task(ash_word task, ash_word *driver)
{
    struct ash_io_driver_state_reply state;
    for (ash_word index = 0;; index++) {
        const struct ash_io_index_request request = {index};
        if (!ash_success(io(ASH_IO_DRIVERS, &request, sizeof(request), &state, sizeof(state))))
            return false;
        if (state.task != task)
            continue;
        *driver = state.driver;
        return true;
    }
}

static struct link *open_link(ash_word task)
{
    struct ash_io_manager_link_request request;
    struct ash_io_attach_reply reply;
    struct ash_caps caps = {.receive = 1};
    if (link_count == LINKS || !driver_of_task(task, &request.driver))
        return nullptr;
    ash_status status = ash_request_caps(ASH_SLOT_IO, ASH_IO_MANAGER_LINK, &request,
                                         sizeof(request), &reply, sizeof(reply), &caps);
    if (!ash_success(status) || caps.received != 1)
        return nullptr;
    struct link *link = &links[link_count++];
    link->task = task;
    link->doorbell = caps.slot[0];
    ash_requester_init(&link->end, &reply.link);
    return link;
}

static struct link *link_to(ash_word task)
{
    for (unsigned i = 0; i < link_count; i++)
        if (links[i].task == task)
            return &links[i];
    return open_link(task);
}

/* Waits for the answer of `slot`; answers to requests given up before are dropped on the way. */
static ash_status await(struct link *link, int slot)
{
    ash_word deadline = ash_time() + ash_ticks(DEADLINE_US);
    struct ash_answer answer;
    bool pending;
    for (;;) {
        int taken = ash_requester_take(&link->end, &answer);
        if (taken >= 0)
            ash_requester_release(&link->end, taken);
        if (taken == slot) {
            (void)ash_timer_cancel(ASH_SLOT_TIMER, &pending);
            return answer.status;
        }
        if (taken >= 0)
            continue;
        if (ash_time() >= deadline) {
            ash_requester_cancel(&link->end, slot);
            return STATUS_IO_TIMEOUT;
        }
        if (!ash_requester_sleep(&link->end))
            continue;
        (void)ash_timer_set(ASH_SLOT_TIMER, deadline);
        (void)ash_wait(notification);
        ash_requester_awake(&link->end);
    }
}

static ash_status send(struct link *link, ash_word device, uint8_t minor,
                       const ash_word parameter[4])
{
    ash_status ended = ash_requester_ended(&link->end);
    if (ended != STATUS_SUCCESS)
        return ended;
    int slot = ash_requester_alloc(&link->end);
    if (slot < 0)
        return STATUS_INSUFFICIENT_RESOURCES;
    struct ash_request *request = ash_requester_request(&link->end, slot);
    memset((char *)request + sizeof(request->sequence), 0,
           sizeof(*request) - sizeof(request->sequence));
    request->major = IRP_MJ_POWER;
    request->minor = minor;
    request->device = device;
    request->requestor = ASH_TASK_POWER;
    for (unsigned i = 0; i < 4; i++)
        request->parameter[i] = parameter[i];
    ash_requester_submit(&link->end, slot, ash_time());
    if (ash_requester_must_ring(&link->end))
        ash_signal(link->doorbell);
    return await(link, slot);
}

static ash_status port_irp(const struct power_device *device, uint8_t minor,
                           const ash_word parameter[4])
{
    const struct ash_io_device_request request = {device->device};
    struct ash_io_stack_reply stack;
    ash_status status = io(ASH_IO_STACK, &request, sizeof(request), &stack, sizeof(stack));
    if (!ash_success(status))
        return status;
    const struct ash_io_device_request top = {stack.entry[0].device};
    struct ash_io_device_info_reply info;
    status = stack.count == 0 ? STATUS_NO_SUCH_DEVICE
                              : io(ASH_IO_DEVICE_INFO, &top, sizeof(top), &info, sizeof(info));
    if (!ash_success(status))
        return status;
    if (info.info.driver == ASH_TASK_PNP)
        return STATUS_SUCCESS; /* a bare root device has no power */
    struct link *link = link_to(info.info.driver);
    return link != nullptr ? send(link, top.device, minor, parameter) : STATUS_NO_SUCH_DEVICE;
}

static ash_status port_flush(void)
{
    return io(ASH_IO_FLUSH_ALL, nullptr, 0, nullptr, 0);
}

static bool port_device(ash_word index, struct power_device *device)
{
    static ash_word seen, at; /* index of the last answer, and where it stood in pnp's order */
    struct ash_pnp_node_reply node;
    if (index == 0)
        at = 0;
    else if (index != seen + 1)
        return false;
    for (;; at++) {
        const struct ash_pnp_node_request request = {at};
        if (!ash_success(ash_request(ASH_SLOT_PNP, ASH_PNP_ORDER, &request, sizeof(request), &node,
                                     sizeof(node))))
            return false;
        if (node.state == ASH_PNP_STARTED)
            break;
    }
    at++;
    seen = index;
    device->device = node.device;
    snprintf(device->name, sizeof(device->name), "%.*s", (int)sizeof(node.instance) - 1,
             node.instance);
    return true;
}

static void port_reset(bool reboot, bool failure)
{
    (void)ash_firmware_reset(ASH_POWER_FIRMWARE, reboot ? 1 : 0, failure);
}

static const struct power_port port = {.flush = port_flush,
                                       .device = port_device,
                                       .irp = port_irp,
                                       .reset = port_reset,
                                       .log = ash_log};

static bool is_driver(ash_word task)
{
    const struct ash_proc_task_request request = {task};
    struct ash_proc_info_reply info;
    ash_status status = ash_request(ASH_SLOT_PROCESS, ASH_PROC_INFO, &request, sizeof(request),
                                    &info, sizeof(info));
    return !ash_success(status) || info.task != task || (info.flags & ASH_PROC_DRIVER) != 0;
}

static ash_status do_action(struct ash_server *, struct ash_caller *caller)
{
    const struct ash_power_action_request *request = (const void *)caller->request;
    if (is_driver(caller->task))
        return STATUS_ACCESS_DENIED;
    if (request->action > ASH_POWER_REBOOT || request->failure > 1)
        return STATUS_INVALID_PARAMETER;
    return power_down(&port, (enum ash_power_action)request->action, request->failure != 0);
}

static ash_status do_state(struct ash_server *, struct ash_caller *caller)
{
    *(struct ash_power_state_reply *)(void *)caller->reply = (struct ash_power_state_reply){
        .system_state = 1, /* PowerSystemWorking: else nobody could ask */
        .devices = power_totals.devices,
        .transitions = power_totals.transitions,
    };
    return STATUS_SUCCESS;
}

static const struct ash_operation operations[] = {
    {ASH_POWER_ACTION, do_action, sizeof(struct ash_power_action_request), 0},
    {ASH_POWER_STATE, do_state, 0, sizeof(struct ash_power_state_reply)},
};

static void require(const char *what, bool good)
{
    if (!good)
        ash_panic("cannot start: %s", what);
}

static void prepare(void)
{
    require("no notification", ash_success(ash_notification_create(&notification)));
    ash_cptr timer = ash_slot_alloc();
    require("no timer", timer != 0 &&
                            ash_cnode_mint(ASH_SLOT_CNODE, timer, notification, ASH_RIGHT_WRITE,
                                           BIT_TIMER) == ASH_OK &&
                            ash_timer_bind(ASH_SLOT_TIMER, timer) == ASH_OK);
    struct ash_caps caps = {.send = &notification, .send_count = 1};
    require(
        "the I/O manager does not take it as a client",
        ash_success(ash_request_caps(ASH_SLOT_IO, ASH_IO_CLIENT, nullptr, 0, nullptr, 0, &caps)));
}

int main(void)
{
    static struct ash_server server = {.endpoint = ASH_MANAGER_ENDPOINT, .operations = operations};
    server.operation_count = sizeof(operations) / sizeof(operations[0]);
    ash_server_init(&server);
    prepare();
    ash_server_run(&server);
}
