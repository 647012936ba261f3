// SPDX-License-Identifier: MIT
/*
 * The real outside of the plug-and-play manager: requests to the managers below, PNP links, the
 * kernel's interrupts. See port.h. A link's answers are taken whenever its doorbell rings and
 * before it is put to sleep again.
 */
#include "port.h"
#include "ash/invoke.h"
#include "ash/log.h"
#include "ash/manager.h"
#include "ash/ring.h"
#include "ash/slot.h"
#include "ash/start.h"
#include "boot_protocol.h"
#include "main.h"
#include "memory.h"
#include "node.h"
#include "process.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINKS           64u
#define DRIVER_PRIORITY ASH_PRIORITY_DRIVER
#define DRIVER_QUOTA    4096u /* pages */
/* Documented: bug check 0xE6, first parameter 0x26. */

static struct link {
    struct ash_requester end;
    ash_word id;
    ash_cptr doorbell;
    bool used;
    unsigned context[ASH_LINK_SLOTS_MAX];
} *links[LINKS];

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

void port_alarm(ash_word time)
{
    static ash_word set;
    bool pending;
    if (time == set)
        return;
    set = time;
    if (time == 0)
        (void)ash_timer_cancel(ASH_SLOT_TIMER, &pending);
    else
        (void)ash_timer_set(ASH_SLOT_TIMER, time);
}

static ash_status io(ash_word op, const void *request, size_t request_bytes, void *reply,
                     size_t reply_bytes)
{
    return ash_request(ASH_SLOT_IO, op, request, request_bytes, reply, reply_bytes);
}

ash_status port_load(const char *name, const char *image, ash_word *driver, ash_word *task)
{
    struct ash_io_load_driver_request request = {.priority = DRIVER_PRIORITY,
                                                 .quota_pages = DRIVER_QUOTA};
    struct ash_io_driver_reply reply;
    snprintf(request.name, sizeof(request.name), "%s", name);
    snprintf(request.image, sizeof(request.image), "%s", image);
    ash_status status = io(ASH_IO_LOAD_DRIVER, &request, sizeof(request), &reply, sizeof(reply));
    if (ash_success(status)) {
        *driver = reply.driver;
        *task = reply.task;
    }
    return status;
}

static_assert(INF_CODES_MAX == ASH_IO_CODES);

void port_keep(ash_word driver, ash_word limit_ms, const struct inf_codes *replayed)
{
    struct ash_io_keep_request request = {
        .driver = driver, .keep = 1, .limit_ms = limit_ms, .codes = replayed->count};
    memcpy(request.code, replayed->code, sizeof(request.code));
    (void)io(ASH_IO_KEEP_DRIVER, &request, sizeof(request), nullptr, 0);
}

void port_keep_not(ash_word driver)
{
    const struct ash_io_keep_request request = {.driver = driver};
    (void)io(ASH_IO_KEEP_DRIVER, &request, sizeof(request), nullptr, 0);
}

ash_status port_resume(ash_word driver)
{
    const struct ash_io_driver_request request = {driver};
    return io(ASH_IO_RESUME_DRIVER, &request, sizeof(request), nullptr, 0);
}

void port_give_up(ash_word driver)
{
    const struct ash_io_driver_request request = {driver};
    (void)io(ASH_IO_GIVE_UP_DRIVER, &request, sizeof(request), nullptr, 0);
}

void port_drain(ash_word driver, ash_word limit_ms)
{
    const struct ash_io_drain_request request = {driver, limit_ms};
    (void)io(ASH_IO_DRAIN_DRIVER, &request, sizeof(request), nullptr, 0);
}

void port_recover_device(ash_word driver, ash_word device, enum ash_io_recover when)
{
    const struct ash_io_recover_device_request request = {driver, device, when};
    (void)io(ASH_IO_RECOVER_DEVICE, &request, sizeof(request), nullptr, 0);
}

ash_status port_unload(ash_word driver)
{
    const struct ash_io_driver_request request = {driver};
    return io(ASH_IO_UNLOAD_DRIVER, &request, sizeof(request), nullptr, 0);
}

/* --- Links
 * ----------------------------------------------------------------------------------------- */

static struct link *free_link(unsigned *number)
{
    for (unsigned i = 0; i < LINKS; i++) {
        if (links[i] == nullptr)
            links[i] = calloc(1, sizeof(*links[i]));
        if (links[i] != nullptr && !links[i]->used) {
            *number = i;
            return links[i];
        }
    }
    return nullptr;
}

ash_status port_link(ash_word driver, unsigned *number)
{
    struct ash_io_manager_link_request request = {.driver = driver};
    struct ash_io_attach_reply reply;
    struct ash_caps caps = {.receive = 1};
    struct link *link = free_link(number);
    if (link == nullptr)
        return STATUS_NO_MEMORY;
    ash_status status = ash_request_caps(ASH_SLOT_IO, ASH_IO_MANAGER_LINK, &request,
                                         sizeof(request), &reply, sizeof(reply), &caps);
    if (!ash_success(status))
        return status;
    if (caps.received != 1)
        return STATUS_INTERNAL_ERROR;
    link->used = true;
    link->id = reply.link.link;
    link->doorbell = caps.slot[0];
    ash_requester_init(&link->end, &reply.link);
    (void)ash_requester_sleep(&link->end); /* nothing is out: every answer rings */
    return STATUS_SUCCESS;
}

/* The I/O manager ends the link itself when its driver is gone. */
void port_unlink(unsigned number)
{
    if (!links[number]->used)
        return;
    ash_slot_delete(links[number]->doorbell);
    links[number]->used = false;
}

static void ring(struct link *link)
{
    if (ash_requester_must_ring(&link->end))
        ash_signal(link->doorbell);
}

ash_status port_send(unsigned number, const struct port_irp *irp, unsigned context)
{
    struct link *link = links[number];
    ash_status ended = ash_requester_ended(&link->end);
    if (!link->used || ended != STATUS_SUCCESS)
        return link->used ? ended : STATUS_DEVICE_REMOVED;
    int slot = ash_requester_alloc(&link->end);
    if (slot < 0)
        return STATUS_INSUFFICIENT_RESOURCES;
    if (irp->in_bytes > link->end.inline_bytes) {
        ash_requester_release(&link->end, slot);
        return STATUS_INVALID_PARAMETER;
    }
    struct ash_request *request = ash_requester_request(&link->end, slot);
    memset((char *)request + sizeof(request->sequence), 0,
           sizeof(*request) - sizeof(request->sequence));
    request->major = irp->major;
    request->minor = irp->minor;
    request->inline_size = (uint32_t)irp->in_bytes;
    request->device = irp->device;
    request->requestor = ASH_TASK_PNP;
    for (unsigned i = 0; i < 4; i++)
        request->parameter[i] = irp->parameter[i];
    if (irp->in_bytes > 0)
        memcpy(ash_requester_inline(&link->end, slot), irp->in, irp->in_bytes);
    link->context[slot] = context;
    ash_requester_submit(&link->end, slot, ash_time());
    ring(link);
    return STATUS_SUCCESS;
}

void port_cancel(unsigned number, unsigned context)
{
    struct link *link = links[number];
    for (unsigned slot = 0; link->used && slot < link->end.slots; slot++) {
        if (link->context[slot] != context || !(link->end.busy[slot / 64] >> slot % 64 & 1))
            continue;
        ash_requester_cancel(&link->end, (int)slot);
        ring(link);
    }
}

static void take_answers(struct link *link)
{
    struct ash_answer raw;
    int slot;
    while (link->used && (slot = ash_requester_take(&link->end, &raw)) >= 0) {
        struct port_answer answer = {.status = raw.status,
                                     .ended = raw.status == STATUS_DEVICE_REMOVED &&
                                              ash_requester_ended(&link->end) == raw.status,
                                     .information = raw.information,
                                     .result = {raw.result[0], raw.result[1]},
                                     .out = ash_requester_output(&link->end, slot),
                                     .out_bytes = raw.inline_size};
        unsigned context = link->context[slot];
        link->context[slot] = 0;
        pnp_irp_answered(context, &answer);
        ash_requester_release(&link->end, slot);
    }
}

void port_links_rang(void)
{
    for (unsigned i = 0; i < LINKS; i++) {
        struct link *link = links[i];
        while (link != nullptr && link->used) {
            ash_requester_awake(&link->end);
            take_answers(link);
            if (!link->used || ash_requester_ended(&link->end) != STATUS_SUCCESS ||
                ash_requester_sleep(&link->end))
                break;
        }
    }
    pnp_resume(); /* slots are free again */
}

/* --- Questions to the I/O manager
 * -------------------------------------------------------------------- */

ash_status port_device_info(ash_word device, struct ash_device_info *info)
{
    const struct ash_io_device_request request = {device};
    struct ash_io_device_info_reply reply;
    ash_status status = io(ASH_IO_DEVICE_INFO, &request, sizeof(request), &reply, sizeof(reply));
    *info = reply.info;
    return status;
}

ash_status port_stack(ash_word device, struct ash_io_stack_reply *stack)
{
    const struct ash_io_device_request request = {device};
    return io(ASH_IO_STACK, &request, sizeof(request), stack, sizeof(*stack));
}

ash_word port_files(ash_word device, bool *mounted)
{
    const struct ash_io_device_request request = {device};
    struct ash_io_files_reply reply = {};
    ash_status status = io(ASH_IO_FILES, &request, sizeof(request), &reply, sizeof(reply));
    *mounted = ash_success(status) && reply.mounted != 0;
    return ash_success(status) ? reply.count : 0;
}

void port_volume_arrived(ash_word device)
{
    const struct ash_io_device_request request = {device};
    ash_status status = io(ASH_IO_VOLUME_ARRIVED, &request, sizeof(request), nullptr, 0);
    if (!ash_success(status))
        port_log("a volume is not taken by the I/O manager (0x%08x)", (unsigned)status);
}

ash_status port_link_create(const char *name, const char *target)
{
    struct ash_io_symlink_request request = {};
    snprintf(request.name, sizeof(request.name), "%s", name);
    snprintf(request.target, sizeof(request.target), "%s", target);
    return io(ASH_IO_CREATE_SYMLINK, &request, sizeof(request), nullptr, 0);
}

void port_link_delete(const char *name)
{
    struct ash_io_symlink_request request = {};
    snprintf(request.name, sizeof(request.name), "%s", name);
    ash_status status = io(ASH_IO_DELETE_SYMLINK, &request, sizeof(request), nullptr, 0);
    if (!ash_success(status))
        port_log("%s cannot be removed (0x%08x)", name, (unsigned)status);
}

/* --- Memory, process
 * ----------------------------------------------------------------------------------- */

ash_status port_device_memory(ash_word task, ash_word physical, ash_word bytes, bool allow)
{
    const struct ash_mem_device_allow_request request = {task, physical, bytes};
    return ash_request(ASH_SLOT_MEMORY, allow ? ASH_MEM_DEVICE_ALLOW : ASH_MEM_DEVICE_REVOKE,
                       &request, sizeof(request), nullptr, 0);
}

ash_status port_dma_allow(ash_word task, ash_word pdo, ash_word device, bool *enforced)
{
    const struct ash_mem_dma_allow_request request = {task, true, device, pdo};
    struct ash_mem_dma_allow_reply reply = {};
    ash_status status = ash_request(ASH_SLOT_MEMORY, ASH_MEM_DMA_ALLOW, &request, sizeof(request),
                                    &reply, sizeof(reply));
    *enforced = reply.enforced != 0;
    return status;
}

void port_dma_end(ash_word task, ash_word pdo)
{
    const struct ash_mem_dma_allow_request request = {task, false, ASH_MEM_NO_DEVICE, pdo};
    struct ash_mem_dma_allow_reply reply;
    (void)ash_request(ASH_SLOT_MEMORY, ASH_MEM_DMA_ALLOW, &request, sizeof(request), &reply,
                      sizeof(reply));
}

bool port_dma_fault(struct ash_mem_dma_fault_reply *fault)
{
    *fault = (struct ash_mem_dma_fault_reply){};
    ash_status status =
        ash_request(ASH_SLOT_MEMORY, ASH_MEM_DMA_FAULT, nullptr, 0, fault, sizeof(*fault));
    return ash_success(status) && fault->found != 0;
}

void port_condemn(const struct port_verdict *verdict)
{
    struct ash_proc_condemn_request request = {.task = verdict->task, .code = verdict->code};
    memcpy(request.parameter, verdict->parameter, sizeof(request.parameter));
    snprintf(request.name, sizeof(request.name), "%s", verdict->name);
    snprintf(request.rule, sizeof(request.rule), "%s", verdict->rule);
    ash_status status =
        ash_request(ASH_SLOT_PROCESS, ASH_PROC_CONDEMN, &request, sizeof(request), nullptr, 0);
    if (!ash_success(status))
        port_log("the driver in task %lu cannot be ended (0x%08x)", (unsigned long)verdict->task,
                 (unsigned)status);
}

void port_release(ash_word task)
{
    const struct ash_proc_task_request request = {task};
    (void)ash_request(ASH_SLOT_PROCESS, ASH_PROC_RELEASE, &request, sizeof(request), nullptr, 0);
}

/* --- Interrupts
 * ------------------------------------------------------------------------------------------ */

ash_status port_irq_get(ash_word source, bool edge, ash_cptr *irq)
{
    *irq = ash_slot_alloc();
    if (*irq == 0)
        return STATUS_INSUFFICIENT_RESOURCES;
    ash_error error = ash_irq_control_get(ASH_PNP_IRQ_CONTROL, source, ASH_SLOT_CNODE, *irq, edge);
    if (error == ASH_OK)
        return STATUS_SUCCESS;
    ash_slot_free(*irq);
    port_log("interrupt %lu cannot be had: kernel error %u", (unsigned long)source,
             (unsigned)error);
    return error == ASH_E_BUSY ? STATUS_CONFLICTING_ADDRESSES : STATUS_INVALID_PARAMETER;
}

ash_status port_irq_bind(ash_cptr irq, ash_cptr notification)
{
    return ash_irq_bind(irq, notification) == ASH_OK ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}

ash_status port_irq_bind_own(ash_cptr irq, unsigned line)
{
    ash_cptr own = main_doorbell(PNP_BIT_LINE << line);
    ash_status status = own != 0 ? port_irq_bind(irq, own) : STATUS_INSUFFICIENT_RESOURCES;
    port_drop(own);
    return status;
}

ash_status port_fault_interrupt(ash_word source, bool edge, ash_cptr *irq)
{
    ash_status status = port_irq_get(source, edge, irq);
    if (!ash_success(status))
        return status;
    ash_cptr own = main_doorbell(PNP_BIT_FAULT);
    status = own != 0 ? port_irq_bind(*irq, own) : STATUS_INSUFFICIENT_RESOURCES;
    port_drop(own);
    if (!ash_success(status))
        port_irq_drop(*irq);
    return status;
}

void port_irq_ack(ash_cptr irq)
{
    (void)ash_irq_ack(irq);
}

void port_irq_unbind(ash_cptr irq)
{
    (void)ash_irq_unbind(irq);
    (void)ash_cnode_revoke(ASH_SLOT_CNODE, irq);
}

static ash_status free_message(ash_cptr *irq)
{
    *irq = ash_slot_alloc();
    if (*irq == 0)
        return STATUS_INSUFFICIENT_RESOURCES;
    ash_error error = ash_irq_control_get_message(ASH_PNP_IRQ_CONTROL, ASH_SLOT_CNODE, *irq);
    if (error == ASH_OK)
        return STATUS_SUCCESS;
    ash_slot_free(*irq);
    return error == ASH_E_METHOD ? STATUS_NOT_SUPPORTED : STATUS_INSUFFICIENT_RESOURCES;
}

static ash_status own_message(const struct port_message_owner *owner, ash_word number,
                              ash_cptr *irq)
{
    const struct ash_mem_dma_message_request request = {owner->task, owner->pdo, number};
    struct ash_caps caps = {.receive = 1};
    ash_status status = ash_request_caps(ASH_SLOT_MEMORY, ASH_MEM_DMA_MESSAGE, &request,
                                         sizeof(request), nullptr, 0, &caps);
    *irq = caps.slot[0];
    return ash_success(status) && caps.received != 1 ? STATUS_INTERNAL_ERROR : status;
}

ash_status port_message_get(const struct port_message_owner *owner, ash_word number,
                            struct port_message *message)
{
    ash_status status = owner->enforced ? own_message(owner, number, &message->irq)
                                        : free_message(&message->irq); /* any will do */
    if (!ash_success(status))
        return status;
    if (ash_irq_message(message->irq, &message->address, &message->data) == ASH_OK)
        return STATUS_SUCCESS;
    port_irq_drop(message->irq);
    return STATUS_NOT_SUPPORTED;
}

void port_irq_drop(ash_cptr irq)
{
    (void)ash_cnode_revoke(ASH_SLOT_CNODE, irq);
    ash_slot_delete(irq);
}

ash_status port_ack_capability(unsigned connection, ash_cptr *capability)
{
    *capability = ash_slot_alloc();
    if (*capability == 0)
        return STATUS_INSUFFICIENT_RESOURCES;
    if (ash_cnode_mint(ASH_SLOT_CNODE, *capability, ASH_MANAGER_ENDPOINT,
                       ASH_RIGHT_WRITE | ASH_RIGHT_GRANT_REPLY,
                       PNP_ACK_BADGE | connection) == ASH_OK)
        return STATUS_SUCCESS;
    ash_slot_free(*capability);
    *capability = 0;
    return STATUS_INSUFFICIENT_RESOURCES;
}

void port_signal(ash_cptr notification)
{
    ash_signal(notification);
}

void port_drop(ash_cptr capability)
{
    ash_slot_delete(capability);
}
