// SPDX-License-Identifier: MIT
// The port to the system: see port.h. Every call here goes downwards and is answered without
// anybody waiting for a driver.
#include "port.h"
#include "ash/invoke.h"
#include "ash/log.h"
#include "ash/manager.h"
#include "ash/server.h"
#include "ash/slot.h"
#include "ash/start.h"
#include "irp_name.h"
#include "server.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define DRIVER_VERIFIER_DETECTED_VIOLATION 0xc4
#define NO_PAGES_AVAILABLE                 0x4d
#define DPC_WATCHDOG_VIOLATION             0x133
#define IRP_NOT_IN_TIME                    0x135 /* its first parameter */

void port_answer(ash_word token, ash_status status, const void *reply, size_t bytes, ash_cptr cap)
{
    ash_server_answer(&io_server, token, status, reply, bytes, &cap, cap != ASH_NULL_CPTR);
}

void port_answer_registered(ash_word token, const struct ash_io_link_reply *reply,
                            ash_cptr doorbell, ash_cptr requests)
{
    const ash_cptr caps[2] = {doorbell, requests};
    ash_server_answer(&io_server, token, STATUS_SUCCESS, reply, sizeof(*reply), caps,
                      1u + (requests != ASH_NULL_CPTR));
}

/* --- memory --- */

ash_status port_link_create(const struct ash_mem_link_create_request *request,
                            struct ash_mem_link_create_reply *reply)
{
    return ash_request(ASH_SLOT_MEMORY, ASH_MEM_LINK_CREATE, request, sizeof(*request), reply,
                       sizeof(*reply));
}

static void must(const char *what, ash_status status)
{
    if (!ash_success(status))
        ash_log("%s: 0x%08x", what, (unsigned)status);
}

void port_link_free(ash_word link)
{
    const struct ash_mem_link_request request = {link};
    must("closing a link",
         ash_request(ASH_SLOT_MEMORY, ASH_MEM_LINK_CLOSE, &request, sizeof(request), nullptr, 0));
    must("freeing a link",
         ash_request(ASH_SLOT_MEMORY, ASH_MEM_LINK_FREE, &request, sizeof(request), nullptr, 0));
}

ash_status port_link_keep(ash_word link)
{
    const struct ash_mem_link_request request = {link};
    return ash_request(ASH_SLOT_MEMORY, ASH_MEM_LINK_KEEP, &request, sizeof(request), nullptr, 0);
}

ash_status port_link_resume(ash_word link, ash_word answerer,
                            struct ash_mem_link_create_reply *reply)
{
    const struct ash_mem_link_resume_request request = {link, answerer};
    return ash_request(ASH_SLOT_MEMORY, ASH_MEM_LINK_RESUME, &request, sizeof(request), reply,
                       sizeof(*reply));
}

/* --- object --- */

static struct ash_ob_path_request path_request(const char *path)
{
    struct ash_ob_path_request request = {0};
    snprintf(request.path, sizeof(request.path), "%s", path);
    return request;
}

ash_status port_lookup(const char *path, struct ash_ob_lookup_reply *reply)
{
    const struct ash_ob_path_request request = path_request(path);
    return ash_request(ASH_SLOT_OBJECT, ASH_OB_LOOKUP, &request, sizeof(request), reply,
                       sizeof(*reply));
}

ash_status port_insert(ash_word type, ash_word cookie, const char *path, ash_word *id)
{
    struct ash_ob_insert_request request = {.type = type, .cookie = cookie, .permanent = 1};
    struct ash_ob_id_reply reply;
    snprintf(request.path, sizeof(request.path), "%s", path);
    ash_status status = ash_request(ASH_SLOT_OBJECT, ASH_OB_INSERT, &request, sizeof(request),
                                    &reply, sizeof(reply));
    if (ash_success(status))
        *id = reply.id;
    return status;
}

void port_remove(ash_word object)
{
    const struct ash_ob_id_request request = {object};
    must("removing a name",
         ash_request(ASH_SLOT_OBJECT, ASH_OB_REMOVE, &request, sizeof(request), nullptr, 0));
}

ash_status port_directory(const char *path)
{
    const struct ash_ob_path_request request = path_request(path);
    ash_status status =
        ash_request(ASH_SLOT_OBJECT, ASH_OB_MAKE_DIRECTORY, &request, sizeof(request), nullptr, 0);
    return status == STATUS_OBJECT_NAME_COLLISION ? STATUS_SUCCESS : status;
}

ash_status port_symlink(const char *path, const char *target)
{
    struct ash_ob_symlink_request request = {0};
    snprintf(request.path, sizeof(request.path), "%s", path);
    snprintf(request.target, sizeof(request.target), "%s", target);
    return ash_request(ASH_SLOT_OBJECT, ASH_OB_SYMLINK, &request, sizeof(request), nullptr, 0);
}

ash_status port_unlink(const char *path)
{
    const struct ash_ob_path_request request = path_request(path);
    return ash_request(ASH_SLOT_OBJECT, ASH_OB_UNLINK, &request, sizeof(request), nullptr, 0);
}

ash_status port_duplicate(const struct ash_ob_duplicate_request *request,
                          struct ash_ob_duplicate_reply *reply)
{
    return ash_request(ASH_SLOT_OBJECT, ASH_OB_DUPLICATE, request, sizeof(*request), reply,
                       sizeof(*reply));
}

/* --- process --- */

ash_status port_spawn(const struct ash_io_load_driver_request *load, const char *verify,
                      ash_word *task)
{
    struct ash_proc_spawn_request request = {
        .flags = ASH_PROC_HAS_OBJECT | ASH_PROC_HAS_IO | ASH_PROC_HAS_PNP | ASH_PROC_HAS_POWER |
                 ASH_PROC_HAS_CONSOLE | ASH_PROC_DRIVER,
        .priority = load->priority,
        .quota_pages = load->quota_pages,
        .hart = ~(ash_word)0,
    };
    struct ash_proc_spawn_reply reply;
    memcpy(request.name, load->name, sizeof(request.name));
    memcpy(request.image, load->image, sizeof(request.image));
    if (verify != nullptr) {
        int length = snprintf(request.arguments, sizeof(request.arguments), "%s%cverify=%s",
                              load->name, '\0', verify);
        request.argument_bytes = (ash_word)length + 1;
    }
    ash_status status = ash_request(ASH_SLOT_PROCESS, ASH_PROC_SPAWN, &request, sizeof(request),
                                    &reply, sizeof(reply));
    if (ash_success(status))
        *task = reply.task;
    return status;
}

static void task_call(ash_word op, const char *what, ash_word task)
{
    const struct ash_proc_task_request request = {task};
    must(what, ash_request(ASH_SLOT_PROCESS, op, &request, sizeof(request), nullptr, 0));
}

void port_kill(ash_word task)
{
    task_call(ASH_PROC_KILL, "ending a driver", task);
}

void port_release(ash_word task)
{
    task_call(ASH_PROC_RELEASE, "releasing a task", task);
}

static void condemn(const struct ash_proc_condemn_request *request)
{
    must("ending a driver",
         ash_request(ASH_SLOT_PROCESS, ASH_PROC_CONDEMN, request, sizeof(*request), nullptr, 0));
}

void port_condemn(ash_word task, const struct ash_request *owed, ash_word milliseconds,
                  ash_word limit)
{
    struct ash_proc_condemn_request request = {
        .task = task,
        .code = DRIVER_VERIFIER_DETECTED_VIOLATION,
        .parameter = {IRP_NOT_IN_TIME, owed->device, milliseconds},
        .name = "DRIVER_VERIFIER_DETECTED_VIOLATION",
    };
    const char *name = ash_irp_major_name(owed->major);
    snprintf(request.rule, sizeof(request.rule),
             "the driver has not completed an IRP in its time: major 0x%02x, minor 0x%02x, for %lu "
             "ms: a %s may be owed for %lu ms",
             owed->major, owed->minor, (unsigned long)milliseconds,
             name != nullptr ? name : "request of the kit", (unsigned long)limit);
    condemn(&request);
}

void port_condemn_deaf(ash_word task, ash_word milliseconds, bool dispatch)
{
    struct ash_proc_condemn_request request = {
        .task = task,
        .code = dispatch ? DPC_WATCHDOG_VIOLATION : DRIVER_VERIFIER_DETECTED_VIOLATION,
        .parameter = {dispatch ? 0 : IRP_NOT_IN_TIME, milliseconds},
    };
    strcpy(request.name,
           dispatch ? "DPC_WATCHDOG_VIOLATION" : "DRIVER_VERIFIER_DETECTED_VIOLATION");
    snprintf(
        request.rule, sizeof(request.rule), "%s for %lu ms: %s does not end",
        dispatch ? "the dispatch thread has answered no probe" : "the driver has taken no request",
        (unsigned long)milliseconds,
        dispatch ? "a DPC, an ISR, a timer or completion routine" : "a routine at PASSIVE_LEVEL");
    condemn(&request);
}

void port_condemn_exhausted(ash_word task, ash_word pages)
{
    struct ash_proc_condemn_request request = {
        .task = task, .code = NO_PAGES_AVAILABLE, .name = "NO_PAGES_AVAILABLE"};
    snprintf(request.rule, sizeof(request.rule),
             "the driver has used up the memory that it may have, %lu pages", (unsigned long)pages);
    condemn(&request);
}

void port_report(ash_word task, const char *line)
{
    struct ash_proc_report_add_request request = {.task = task};
    strncpy(request.line, line, sizeof(request.line) - 1);
    (void)ash_request(ASH_SLOT_PROCESS, ASH_PROC_REPORT_ADD, &request, sizeof(request), nullptr, 0);
}

void port_task_name(ash_word task, char name[32])
{
    const struct ash_proc_task_request request = {task};
    struct ash_proc_info_reply reply;
    ash_status status = ash_request(ASH_SLOT_PROCESS, ASH_PROC_INFO, &request, sizeof(request),
                                    &reply, sizeof(reply));
    if (ash_success(status) && reply.task == task)
        memcpy(name, reply.name, sizeof(reply.name));
    else
        snprintf(name, 32, "task %lu", (unsigned long)task);
}

ash_word port_pages(ash_word task, ash_word *limit)
{
    const struct ash_proc_task_request request = {task};
    struct ash_proc_info_reply reply = {};
    ash_status status = ash_request(ASH_SLOT_PROCESS, ASH_PROC_INFO, &request, sizeof(request),
                                    &reply, sizeof(reply));
    bool known = ash_success(status) && reply.task == task;
    *limit = known ? reply.quota_pages : 0;
    return known ? reply.pages : 0;
}

/* --- kernel --- */

void port_signal(ash_cptr notification)
{
    if (notification != ASH_NULL_CPTR)
        ash_signal(notification);
}

ash_cptr port_notification(void)
{
    ash_cptr notification;
    return ash_success(ash_notification_create(&notification)) ? notification : ASH_NULL_CPTR;
}

ash_cptr port_mint(ash_cptr notification, ash_word badge)
{
    ash_cptr slot = notification != ASH_NULL_CPTR ? ash_slot_alloc() : ASH_NULL_CPTR;
    if (slot == ASH_NULL_CPTR)
        return ASH_NULL_CPTR;
    if (ash_cnode_mint(ASH_SLOT_CNODE, slot, notification, ASH_RIGHT_WRITE, badge) == ASH_OK)
        return slot;
    ash_slot_free(slot);
    return ASH_NULL_CPTR;
}

ash_cptr port_own_doorbell(ash_word badge)
{
    return port_mint(io_notification, badge);
}

void port_drop(ash_cptr slot)
{
    ash_slot_delete(slot);
}

ash_word port_time(void)
{
    return ash_time();
}

ash_word port_milliseconds(unsigned ms)
{
    return ash_ticks((ash_word)ms * 1000);
}

void port_alarm(ash_word time)
{
    static ash_word set;
    bool pending;
    if (time == set)
        return;
    set = time;
    ash_error error = time != 0 ? ash_timer_set(ASH_SLOT_TIMER, time)
                                : ash_timer_cancel(ASH_SLOT_TIMER, &pending);
    if (error != ASH_OK)
        ash_log("the timer cannot be set: error %d", (int)error);
}

void port_log(const char *format, ...)
{
    char text[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    ash_log("%s", text);
}
