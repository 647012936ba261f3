// SPDX-License-Identifier: MIT
/*
 * The root device: its PDO belongs to this manager, as \Driver\PnpManager. So this manager is also
 * an answerer: of its control link (from the I/O manager) and of the links that are attached above
 * the PDO. Every request is answered at once; what the bus of no hardware has to do is nothing.
 */
#include "ash/invoke.h"
#include "ash/log.h"
#include "ash/ring.h"
#include "ash/slot.h"
#include "boot_protocol.h"
#include "io.h"
#include "main.h"
#include <string.h>

#define FILE_DEVICE_BUS_EXTENDER  0x2au
#define IRP_MJ_POWER              0x16
#define IRP_MJ_PNP                0x1b
#define IRP_MN_CANCEL_STOP_DEVICE 0x06
#define IRP_MN_QUERY_CAPABILITIES 0x09
#define IRP_MN_SURPRISE_REMOVAL   0x17
#define UPPER_LINKS               4u

static struct incoming {
    struct ash_answerer end;
    ash_word id;
    ash_cptr doorbell;
    bool used;
} control, upper[UPPER_LINKS];

static void open_incoming(struct incoming *incoming, const struct ash_link_info *info,
                          ash_cptr doorbell)
{
    incoming->id = info->link;
    incoming->doorbell = doorbell;
    incoming->used = true;
    ash_answerer_init(&incoming->end, info);
}

/* LINK_ADDED: the requester's doorbell comes with ASH_IO_LINK_ACCEPT. */
static ash_status link_added(const struct ash_request *request, const void *input)
{
    struct ash_link_info info;
    struct ash_io_link_request accept = {request->parameter[0]};
    struct ash_caps caps = {.receive = 1};
    struct incoming *incoming = upper;
    while (incoming < upper + UPPER_LINKS && incoming->used)
        incoming++;
    if (incoming == upper + UPPER_LINKS || request->inline_size < sizeof(info))
        return STATUS_INSUFFICIENT_RESOURCES;
    memcpy(&info, input, sizeof(info));
    ash_status status = ash_request_caps(ASH_SLOT_IO, ASH_IO_LINK_ACCEPT, &accept, sizeof(accept),
                                         nullptr, 0, &caps);
    if (ash_success(status) && caps.received == 1)
        open_incoming(incoming, &info, caps.slot[0]);
    return status;
}

static ash_status link_removed(const struct ash_request *request)
{
    for (unsigned i = 0; i < UPPER_LINKS; i++) {
        if (!upper[i].used || upper[i].id != request->parameter[0])
            continue;
        ash_slot_delete(upper[i].doorbell);
        upper[i] = (struct incoming){};
    }
    return STATUS_SUCCESS;
}

static ash_status pnp_irp(const struct ash_request *request, const void *input, void *output,
                          struct ash_answer *answer)
{
    if (request->minor <= IRP_MN_CANCEL_STOP_DEVICE || request->minor == IRP_MN_SURPRISE_REMOVAL)
        return STATUS_SUCCESS;
    if (request->minor != IRP_MN_QUERY_CAPABILITIES)
        return STATUS_NOT_SUPPORTED; /* left alone, as a PDO does */
    memcpy(output, input, request->inline_size);
    answer->inline_size = request->inline_size;
    answer->information = request->inline_size;
    return STATUS_SUCCESS;
}

static ash_status serve(const struct incoming *incoming, const struct ash_request *request,
                        const void *input, void *output, struct ash_answer *answer)
{
    if (incoming != &control)
        return request->major == IRP_MJ_PNP     ? pnp_irp(request, input, output, answer)
               : request->major == IRP_MJ_POWER ? STATUS_SUCCESS
                                                : STATUS_INVALID_DEVICE_REQUEST;
    switch (request->major) {
    case ASH_MJ_LINK_ADDED:
        return link_added(request, input);
    case ASH_MJ_LINK_REMOVED:
        return link_removed(request);
    case ASH_MJ_PROBE:
        return STATUS_SUCCESS;
    default:
        return STATUS_INVALID_DEVICE_REQUEST;
    }
}

static void protocol_error(struct incoming *incoming)
{
    const struct ash_io_link_request request = {incoming->id};
    ash_log("a driver above the root device broke its link: %s", incoming->end.rule);
    (void)ash_request(ASH_SLOT_IO, ASH_IO_PROTOCOL_ERROR, &request, sizeof(request), nullptr, 0);
    incoming->used = false;
}

/* True if it took something. */
static bool drain(struct incoming *incoming)
{
    struct ash_request request;
    bool any = false;
    int slot;
    ash_answerer_awake(&incoming->end);
    while (incoming->used && (slot = ash_answerer_take(&incoming->end, &request)) >= 0) {
        struct ash_answer answer = {.completed = ash_time()};
        answer.status = serve(incoming, &request, ash_answerer_input(&incoming->end, slot),
                              ash_answerer_output(&incoming->end, slot), &answer);
        (void)ash_answerer_complete(&incoming->end, slot, &answer);
        any = true;
    }
    if (!incoming->used)
        return any;
    if (incoming->end.broken != STATUS_SUCCESS) {
        protocol_error(incoming);
        return any;
    }
    if (ash_answerer_must_ring(&incoming->end))
        ash_signal(incoming->doorbell);
    return !ash_answerer_sleep(&incoming->end) || any;
}

void root_rang(void)
{
    bool any = true;
    while (any) {
        any = control.used && drain(&control);
        for (unsigned i = 0; i < UPPER_LINKS; i++)
            any |= upper[i].used && drain(&upper[i]);
    }
}

void root_register(void)
{
    const ash_cptr send[2] = {main_notification, main_notification};
    struct ash_caps caps = {.send = send, .send_count = 2, .receive = 1};
    struct ash_io_link_reply reply;
    ash_status status =
        ash_request_caps(ASH_SLOT_IO, ASH_IO_REGISTER, nullptr, 0, &reply, sizeof(reply), &caps);
    if (!ash_success(status) || caps.received != 1)
        ash_panic("the I/O manager does not take this manager as a driver: 0x%08x",
                  (unsigned)status);
    open_incoming(&control, &reply.link, caps.slot[0]);
}

ash_word root_create(ash_word *driver)
{
    struct ash_io_create_device_request create = {.device_type = FILE_DEVICE_BUS_EXTENDER,
                                                  .physical = 1};
    struct ash_io_device_reply made;
    *driver = 0;
    ash_status status = ash_request(ASH_SLOT_IO, ASH_IO_CREATE_DEVICE, &create, sizeof(create),
                                    &made, sizeof(made));
    struct ash_io_update_device_request update = {.device = made.device, .stack_size = 1};
    if (ash_success(status))
        status =
            ash_request(ASH_SLOT_IO, ASH_IO_UPDATE_DEVICE, &update, sizeof(update), nullptr, 0);
    if (!ash_success(status)) {
        ash_log("no root device: 0x%08x", (unsigned)status);
        return 0;
    }
    return made.device;
}
