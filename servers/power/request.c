// SPDX-License-Identifier: MIT
/* What clients and drivers ask of the power manager. */
#include "ash/invoke.h"
#include "ash/manager.h"
#include "ash/start.h"
#include "main.h"
#include "process.h"
#include "sequence.h"
#include <stdio.h>
#include <string.h>

#define DO_POWER_INRUSH    0x4000
#define ES_SYSTEM_REQUIRED 0x1
#define BUSY_TASKS         64u

static ash_token waiter; /* of the transition under way */
static struct ash_server *waited_at;
static bool waits_for_sleep;
static ash_word busy_task[BUSY_TASKS];

static bool is_driver(ash_word task)
{
    const struct ash_proc_task_request request = {task};
    struct ash_proc_info_reply info;
    ash_status status = ash_request(ASH_SLOT_PROCESS, ASH_PROC_INFO, &request, sizeof(request),
                                    &info, sizeof(info));
    return !ash_success(status) || info.task != task || (info.flags & ASH_PROC_DRIVER) != 0;
}

static bool is_alive(ash_word task)
{
    struct ash_io_driver_state_reply state;
    return port_driver(0, task, &state);
}

/* Drivers that want the system to go on; those that are no more are forgotten. */
static unsigned busy_drivers(void)
{
    unsigned count = 0;
    for (unsigned i = 0; i < BUSY_TASKS; i++) {
        if (busy_task[i] != 0 && !is_alive(busy_task[i]))
            busy_task[i] = 0;
        count += busy_task[i] != 0;
    }
    return count;
}

/* Keeps the caller until power_sequence_ended. */
static ash_status wait_for_end(struct ash_server *server, ash_status begun, bool sleep)
{
    if (!ash_success(begun))
        return begun;
    waiter = ash_server_defer(server); /* 0: it goes on all the same */
    waited_at = server;
    waits_for_sleep = sleep;
    request_turn();
    return STATUS_PENDING;
}

void power_sequence_ended(ash_status status, ash_word asleep_ticks, const char *woken_by)
{
    struct ash_power_sleep_reply reply = {.asleep_us = asleep_ticks * 1000 / ash_ticks(1000)};
    snprintf(reply.woken_by, sizeof(reply.woken_by), "%s", woken_by);
    if (waiter != 0)
        ash_server_answer(waited_at, waiter, status, &reply,
                          waits_for_sleep && ash_success(status) ? sizeof(reply) : 0, nullptr, 0);
    waiter = 0;
}

static ash_status do_action(struct ash_server *server, struct ash_caller *caller)
{
    const struct ash_power_action_request *request = (const void *)caller->request;
    if (is_driver(caller->task))
        return STATUS_ACCESS_DENIED;
    if (request->action > ASH_POWER_REBOOT || request->failure > 1)
        return STATUS_INVALID_PARAMETER;
    ash_status status = power_down((enum ash_power_action)request->action, request->failure != 0);
    return wait_for_end(server, status, false);
}

static ash_status do_sleep(struct ash_server *server, struct ash_caller *caller)
{
    const struct ash_power_sleep_request *request = (const void *)caller->request;
    if (is_driver(caller->task))
        return STATUS_ACCESS_DENIED;
    if (request->polite > 1 || request->wake_ms > UINT32_MAX)
        return STATUS_INVALID_PARAMETER;
    if (request->polite != 0 && busy_drivers() != 0)
        return STATUS_DEVICE_BUSY;
    return wait_for_end(server, power_sleep(request->state, request->wake_ms), true);
}

static ash_status do_state(struct ash_server *, struct ash_caller *caller)
{
    *(struct ash_power_state_reply *)(void *)caller->reply = (struct ash_power_state_reply){
        .system_state = power_totals.state,
        .devices = power_totals.devices,
        .transitions = power_totals.transitions,
        .requests = power_irp_asked(),
        .inrush = power_irp_inrush_out(),
        .busy = busy_drivers(),
    };
    return STATUS_SUCCESS;
}

/* The PDO of a stack in which the task has a device; inrush: does one of them want it? */
static ash_status find_stack(ash_word task, ash_word device, ash_word *pdo, bool *inrush)
{
    struct ash_io_stack_reply stack;
    struct ash_io_driver_state_reply driver;
    bool member = false;
    ash_status status = port_stack(device, &stack);
    if (!ash_success(status))
        return status;
    if (!port_driver(0, task, &driver))
        return STATUS_ACCESS_DENIED;
    *inrush = false;
    for (unsigned i = 0; i < stack.count; i++) {
        member |= stack.entry[i].driver == driver.driver;
        *inrush |= (stack.entry[i].flags & DO_POWER_INRUSH) != 0;
    }
    *pdo = stack.entry[stack.count - 1].device;
    return member ? STATUS_SUCCESS : STATUS_ACCESS_DENIED;
}

static bool is_state(const struct ash_power_request_request *request)
{
    if (request->minor == POWER_WAIT_WAKE)
        return request->state >= POWER_SYSTEM_WORKING && request->state < POWER_SYSTEM_SHUTDOWN;
    return (request->minor == POWER_SET || request->minor == POWER_QUERY) &&
           request->state >= POWER_D0 && request->state <= POWER_D3;
}

static ash_status do_request(struct ash_server *, struct ash_caller *caller)
{
    const struct ash_power_request_request *request = (const void *)caller->request;
    struct power_irp irp = {.task = caller->task, .number = request->number};
    bool inrush = false;
    if (!is_state(request) || request->number == 0)
        return STATUS_INVALID_PARAMETER;
    ash_status status = find_stack(caller->task, request->device, &irp.device, &inrush);
    if (!ash_success(status))
        return status;
    irp.minor = (uint8_t)request->minor;
    irp.kind = irp.minor == POWER_WAIT_WAKE ? POWER_WAKE_IRP : POWER_DEVICE_IRP;
    irp.inrush = inrush && irp.minor == POWER_SET && request->state == POWER_D0;
    irp.parameter[0] = POWER_TYPE_DEVICE;
    irp.parameter[1] = request->state;
    status = power_irp_ask(&irp);
    request_turn();
    return status;
}

static ash_status do_cancel(struct ash_server *, struct ash_caller *caller)
{
    const struct ash_power_cancel_request *request = (const void *)caller->request;
    ash_status status = power_irp_cancel(caller->task, request->number);
    request_turn();
    return status;
}

static ash_status do_busy(struct ash_server *, struct ash_caller *caller)
{
    const struct ash_power_busy_request *request = (const void *)caller->request;
    unsigned place = BUSY_TASKS;
    if (!is_driver(caller->task))
        return STATUS_ACCESS_DENIED;
    (void)busy_drivers();
    for (unsigned i = 0; i < BUSY_TASKS; i++)
        if (busy_task[i] == caller->task)
            busy_task[i] = 0;
    for (unsigned i = BUSY_TASKS; i-- > 0;)
        if (busy_task[i] == 0)
            place = i;
    if ((request->flags & ES_SYSTEM_REQUIRED) == 0)
        return STATUS_SUCCESS;
    if (place == BUSY_TASKS)
        return STATUS_INSUFFICIENT_RESOURCES;
    busy_task[place] = caller->task;
    return STATUS_SUCCESS;
}

static ash_status do_remaining(struct ash_server *, struct ash_caller *caller)
{
    const struct ash_power_device_request *request = (const void *)caller->request;
    struct ash_power_remaining_reply *reply = (void *)caller->reply;
    ash_word pdo = 0, deadline, now = port_now();
    bool inrush = false;
    ash_status status = find_stack(caller->task, request->device, &pdo, &inrush);
    if (!ash_success(status))
        return status;
    deadline = power_irp_deadline(pdo);
    if (deadline == 0)
        return STATUS_NOT_FOUND;
    reply->milliseconds = deadline > now ? (deadline - now) / port_ticks(1) : 0;
    return STATUS_SUCCESS;
}

static ash_word earlier(ash_word a, ash_word b)
{
    return a == 0 || (b != 0 && b < a) ? b : a;
}

void request_turn(void)
{
    static ash_word set;
    bool pending;
    (void)power_irp_clock(port_now());
    power_irp_turn();
    ash_word next = earlier(power_irp_clock(port_now()), power_sequence_clock());
    if (next == set)
        return;
    set = next;
    if (next == 0)
        (void)ash_timer_cancel(ASH_SLOT_TIMER, &pending);
    else
        (void)ash_timer_set(ASH_SLOT_TIMER, next);
}

const struct ash_operation request_operations[] = {
    {ASH_POWER_ACTION, do_action, sizeof(struct ash_power_action_request), 0},
    {ASH_POWER_STATE, do_state, 0, sizeof(struct ash_power_state_reply)},
    {ASH_POWER_SLEEP, do_sleep, sizeof(struct ash_power_sleep_request),
     sizeof(struct ash_power_sleep_reply)},
    {ASH_POWER_REQUEST, do_request, sizeof(struct ash_power_request_request), 0},
    {ASH_POWER_CANCEL, do_cancel, sizeof(struct ash_power_cancel_request), 0},
    {ASH_POWER_BUSY, do_busy, sizeof(struct ash_power_busy_request), 0},
    {ASH_POWER_REMAINING, do_remaining, sizeof(struct ash_power_device_request),
     sizeof(struct ash_power_remaining_reply)},
};
const unsigned request_operation_count = sizeof(request_operations) / sizeof(request_operations[0]);
