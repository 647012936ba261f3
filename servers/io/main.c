// SPDX-License-Identifier: MIT
/*
 * The I/O manager's task: its message loop and its signals. Bits of its Notification:
 *
 *      31 .. 0   doorbells of control links (link id modulo 32)
 *           32   the process manager has events
 *           33   the timer: a control request is past its deadline
 */
#include "ash/invoke.h"
#include "ash/log.h"
#include "ash/manager.h"
#include "ash/slot.h"
#include "boot_protocol.h"
#include "cmdline.h"
#include "manager.h"
#include "server.h"
#include <string.h>

#define BIT_PROCESS ((ash_word)1 << 32)
#define BIT_TIMER   ((ash_word)1 << 33)

struct ash_server io_server;
ash_cptr io_notification;

static void take_process_events(void)
{
    for (;;) {
        struct ash_proc_event_reply event;
        ash_status status =
            ash_request(ASH_SLOT_PROCESS, ASH_PROC_EVENT, nullptr, 0, &event, sizeof(event));
        if (!ash_success(status) || status == STATUS_NO_MORE_ENTRIES)
            return;
        io_death(&event);
    }
}

/* Every operation goes through io_dispatch, which knows sizes and rights. */
static ash_status handle(struct ash_server *server, struct ash_caller *caller)
{
    struct io_call call = {
        .task = caller->task, .op = caller->op, .request = caller->request, .bytes = caller->bytes};
    call.token = ash_server_defer(server);
    if (call.token == 0)
        return STATUS_INSUFFICIENT_RESOURCES;
    for (unsigned i = 0; i < caller->caps; i++) {
        call.caps[call.cap_count] = ash_server_take_cap(server, caller, i);
        call.cap_count += call.caps[call.cap_count] != ASH_NULL_CPTR;
    }
    if (caller->task == ASH_TASK_PNP)
        take_process_events(); /* it may know already that a driver's task has ended */
    io_dispatch(&call);
    return STATUS_PENDING;
}

static void signals(struct ash_server *, ash_word bits)
{
    io_doorbell(bits & 0xffffffff);
    if ((bits & BIT_PROCESS) != 0)
        take_process_events();
    if ((bits & BIT_TIMER) != 0)
        io_alarm();
}

static void require(const char *what, bool good)
{
    if (!good)
        ash_panic("cannot start: %s", what);
}

static void prepare_signals(void)
{
    require("no notification", ash_success(ash_notification_create(&io_notification)) &&
                                   ash_success(ash_notification_bind(io_notification)));
    ash_cptr timer = port_own_doorbell(BIT_TIMER), process = port_own_doorbell(BIT_PROCESS);
    require("no slot", timer != ASH_NULL_CPTR && process != ASH_NULL_CPTR);
    require("no timer", ash_timer_bind(ASH_SLOT_TIMER, timer) == ASH_OK);
    struct ash_caps caps = {.send = &process, .send_count = 1};
    require("the process manager does not let it watch",
            ash_success(
                ash_request_caps(ASH_SLOT_PROCESS, ASH_PROC_WATCH, nullptr, 0, nullptr, 0, &caps)));
    port_drop(process);
}

static void take_command_line(void)
{
    static char text[ASH_BOOT_COMMAND_LINE], value[512];
    size_t length;
    if (ash_success(ash_command_line(text, sizeof(text))) &&
        cmdline_get(text, strlen(text), "ashlar.verify", value, sizeof(value), &length) ==
            CMDLINE_OK)
        io_verify_take(value);
}

/* Operation numbers of abi/io.h, without gaps known here: dispatch.c refuses the unknown. */
static struct ash_operation operations[ASH_SERVER_OPS - 1];

int main(void)
{
    for (ash_word op = 1; op < ASH_SERVER_OPS; op++)
        operations[op - 1] = (struct ash_operation){.op = op, .handler = handle};
    io_server = (struct ash_server){.endpoint = ASH_MANAGER_ENDPOINT,
                                    .operations = operations,
                                    .operation_count = ASH_SERVER_OPS - 1,
                                    .on_signals = signals};
    prepare_signals();
    take_command_line();
    ash_server_init(&io_server);
    ash_server_run(&io_server);
}
