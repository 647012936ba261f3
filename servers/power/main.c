// SPDX-License-Identifier: MIT
/*
 * The power manager's task. It never waits for a driver: answers and the timer arrive as signals of
 * its bound Notification, and move irp.c and sequence.c on.
 *
 *   request.c  what clients ask      irp.c  power IRPs, pure       port.c   links to drivers
 *   sequence.c transitions, pure     blame.c  who holds an IRP
 *
 * Drivers hold a capability to this manager, too; a driver may neither switch the system off nor
 * send it to sleep.
 */
#include "main.h"
#include "ash/invoke.h"
#include "ash/log.h"
#include "ash/slot.h"
#include "ash/start.h"
#include "boot_protocol.h"

static void signals(struct ash_server *, ash_word bits)
{
    if (bits & POWER_BIT_DOORBELLS)
        port_links_rang();
    request_turn();
}

static void require(const char *what, bool good)
{
    if (!good)
        ash_panic("cannot start: %s", what);
}

static void prepare(void)
{
    ash_cptr notification = 0, timer = ash_slot_alloc();
    require("no notification", ash_success(ash_notification_create(&notification)) &&
                                   ash_success(ash_notification_bind(notification)));
    require("no timer", timer != 0 &&
                            ash_cnode_mint(ASH_SLOT_CNODE, timer, notification, ASH_RIGHT_WRITE,
                                           POWER_BIT_TIMER) == ASH_OK &&
                            ash_timer_bind(ASH_SLOT_TIMER, timer) == ASH_OK);
    struct ash_caps caps = {.send = &notification, .send_count = 1};
    require(
        "the I/O manager does not take it as a client",
        ash_success(ash_request_caps(ASH_SLOT_IO, ASH_IO_CLIENT, nullptr, 0, nullptr, 0, &caps)));
}

int main(void)
{
    static struct ash_server server = {.endpoint = ASH_MANAGER_ENDPOINT, .on_signals = signals};
    server.operations = request_operations;
    server.operation_count = request_operation_count;
    ash_server_init(&server);
    prepare();
    ash_server_run(&server);
}
