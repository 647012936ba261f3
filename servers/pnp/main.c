// SPDX-License-Identifier: MIT
/*
 * The plug-and-play manager's task: reads the INF files, starts the file system drivers and the
 * root device, then turns signals and requests into steps of the device tree.
 */
#include "main.h"
#include "ash/invoke.h"
#include "ash/log.h"
#include "ash/slot.h"
#include "boot_protocol.h"
#include "filesystem.h"
#include "node.h"
#include "port.h"
#include "process.h"
#include <stdlib.h>
#include <string.h>

ash_cptr main_notification;

ash_cptr main_doorbell(ash_word bits)
{
    ash_cptr slot = ash_slot_alloc();
    if (slot == 0)
        return 0;
    if (ash_cnode_mint(ASH_SLOT_CNODE, slot, main_notification, ASH_RIGHT_WRITE, bits) == ASH_OK)
        return slot;
    ash_slot_free(slot);
    return 0;
}

static void require(const char *what, bool good)
{
    if (!good)
        ash_panic("cannot start: %s", what);
}

static bool watch(ash_cptr manager, ash_word op, ash_word bits)
{
    ash_cptr doorbell = main_doorbell(bits);
    struct ash_caps caps = {.send = &doorbell, .send_count = 1};
    ash_status status = ash_request_caps(manager, op, nullptr, 0, nullptr, 0, &caps);
    port_drop(doorbell);
    return doorbell != 0 && ash_success(status);
}

static void prepare_signals(void)
{
    require("no notification", ash_success(ash_notification_create(&main_notification)) &&
                                   ash_success(ash_notification_bind(main_notification)));
    ash_cptr timer = main_doorbell(PNP_BIT_TIMER);
    require("no timer", timer != 0 && ash_timer_bind(ASH_SLOT_TIMER, timer) == ASH_OK);
    root_register();
    require("the process manager does not let it watch",
            watch(ASH_SLOT_PROCESS, ASH_PROC_WATCH, PNP_BIT_PROCESS));
    require("the I/O manager does not let it watch", watch(ASH_SLOT_IO, ASH_IO_WATCH, PNP_BIT_IO));
}

static void take_io_events(void)
{
    struct ash_io_event_reply event;
    while (ash_success(ash_request(ASH_SLOT_IO, ASH_IO_EVENT, nullptr, 0, &event, sizeof(event))))
        pnp_driver_event(&event);
}

static void take_process_events(struct ash_server *server)
{
    struct ash_proc_event_reply event;
    while (ash_success(
        ash_request(ASH_SLOT_PROCESS, ASH_PROC_EVENT, nullptr, 0, &event, sizeof(event)))) {
        ash_status status = (ash_status)(uint32_t)event.status;
        if (event.state == ASH_PROC_CRASHED || (uint32_t)status >> 30 != 3)
            status = STATUS_DRIVER_PROCESS_TERMINATED;
        if (event.state == ASH_PROC_EXITED || event.state == ASH_PROC_CRASHED) {
            request_task_gone(server, event.task);
            pnp_task_ended(event.task, status);
        }
    }
}

static void signals(struct ash_server *server, ash_word bits)
{
    if (bits & PNP_BIT_DOORBELLS) {
        root_rang();
        port_links_rang();
    }
    for (ash_word lines = bits >> PNP_LINE_SHIFT; lines != 0; lines &= lines - 1)
        pnp_line_signalled((unsigned)__builtin_ctzl(lines));
    if (bits & PNP_BIT_IO)
        take_io_events();
    if (bits & PNP_BIT_PROCESS)
        take_process_events(server);
    if (bits & PNP_BIT_FAULT)
        pnp_fault_signalled();
    if (bits & PNP_BIT_TIMER)
        pnp_alarm();
    pnp_irp_alarm();
    request_settled(server);
}

static void load_file_systems(void)
{
    static struct pnp_match match;
    unsigned next = 0;
    while (pnp_database_file_system(&next, &match))
        pnp_file_system_load(&match);
}

/* Zero-terminated strings, one after the other, ended by an empty one. */
static char *copy_list(const char *string)
{
    char *list = calloc(strlen(string) + 2, 1);
    return list != nullptr ? strcpy(list, string) : nullptr;
}

static void start_root(uint64_t tree, uint64_t bytes)
{
    static const struct pnp_resources empty;
    struct pnp_resources resources = empty;
    ash_word device = port_root_device();
    if (device == 0)
        return;
    struct pnp_driver *self = pnp_driver_adopt("PnpManager", 0, ASH_TASK_PNP);
    struct pnp_node *node = self != nullptr ? pnp_node_new(nullptr, device, self) : nullptr;
    require("no memory for the root device", node != nullptr);
    resources.count = 1;
    resources.item[0] = (struct pnp_resource){.type = PNP_MEMORY,
                                              .share = PNP_SHARED,
                                              .flags = PNP_MEMORY_READ_ONLY,
                                              .start = tree,
                                              .length = bytes};
    node->device_id = copy_list("ROOT\\DEVICETREE");
    node->hardware_ids = copy_list("ROOT\\DEVICETREE");
    node->instance_id = copy_list("0000");
    node->bus_type = UINT32_MAX;
    require("no memory for the root device",
            node->hardware_ids != nullptr && pnp_resources_replace(&node->assigned, &resources));
    pnp_step_run(node, PNP_STEP_MATCH);
    pnp_irp_alarm();
}

int main(int argc, char **argv)
{
    static struct ash_server server = {.endpoint = ASH_MANAGER_ENDPOINT, .on_signals = signals};
    server.operations = request_operations;
    server.operation_count = request_operation_count;
    require("it is not told where the device tree is", argc >= 3);
    ash_server_init(&server);
    prepare_signals();
    package_read();
    load_file_systems();
    start_root(strtoull(argv[1], nullptr, 0), strtoull(argv[2], nullptr, 0));
    ash_server_run(&server);
}
