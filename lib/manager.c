// SPDX-License-Identifier: MIT
/*
 * Calls of managers. The four register words are moved apart from the rest, so that a short request
 * or reply never touches the IPC buffer.
 */
#include "ash/manager.h"
#include "ash/slot.h"
#include "ash/syscall.h"
#include "kernel/error.h"
#include "process.h"

#include <string.h>

#define REGISTER_BYTES (ASH_MSG_REGISTERS * sizeof(ash_word))

static void put_request(struct ash_message *m, const void *request, size_t bytes)
{
    size_t first = bytes < REGISTER_BYTES ? bytes : REGISTER_BYTES;
    memcpy(m->mr, request, first);
    if (bytes > first)
        memcpy(&ash_ipc()->msg[ASH_MSG_REGISTERS], (const char *)request + first, bytes - first);
}

static void get_reply(const struct ash_message *m, void *reply, size_t bytes)
{
    size_t sent = ash_info_length(m->info) * sizeof(ash_word);
    size_t valid = sent < bytes ? sent : bytes;
    size_t first = valid < REGISTER_BYTES ? valid : REGISTER_BYTES;
    memcpy(reply, m->mr, first);
    if (valid > first)
        memcpy((char *)reply + first, &ash_ipc()->msg[ASH_MSG_REGISTERS], valid - first);
    if (bytes > valid)
        memset((char *)reply + valid, 0, bytes - valid);
}

static ash_status status_of(ash_word info)
{
    if (!(info & ASH_INFO_KERNEL))
        return (ash_status)(uint32_t)ash_info_label(info);
    ash_word error = ash_info_label(info);
    if (error == ASH_E_DELETED)
        return STATUS_DEVICE_NOT_CONNECTED;
    return STATUS_ACCESS_DENIED;
}

static ash_status transact(ash_cptr manager, ash_word op, const void *request, size_t request_bytes,
                           void *reply, size_t reply_bytes, unsigned send, ash_word *info)
{
    if (request_bytes > ASH_MESSAGE_BYTES || reply_bytes > ASH_MESSAGE_BYTES)
        return STATUS_INVALID_PARAMETER;
    struct ash_message m = {};
    unsigned words = (unsigned)((request_bytes + sizeof(ash_word) - 1) / sizeof(ash_word));
    if (request_bytes > 0)
        put_request(&m, request, request_bytes);
    m.info = ash_info(op, words, send);
    ash_call(manager, &m);
    *info = m.info;
    ash_status status = status_of(m.info);
    if (reply_bytes > 0) {
        if (m.info & ASH_INFO_KERNEL)
            memset(reply, 0, reply_bytes);
        else
            get_reply(&m, reply, reply_bytes);
    }
    return status;
}

ash_status ash_request(ash_cptr manager, ash_word op, const void *request, size_t request_bytes,
                       void *reply, size_t reply_bytes)
{
    ash_word info;
    ash_ipc()->receive_cnode = 0;
    return transact(manager, op, request, request_bytes, reply, reply_bytes, 0, &info);
}

ash_status ash_request_caps(ash_cptr manager, ash_word op, const void *request,
                            size_t request_bytes, void *reply, size_t reply_bytes,
                            struct ash_caps *caps)
{
    if (caps->send_count > ASH_MSG_CAPS || caps->receive > ASH_MSG_CAPS)
        return STATUS_INVALID_PARAMETER;
    struct ash_ipc_buffer *ipc = ash_ipc();
    ash_cptr first = 0;
    if (caps->receive > 0 && (first = ash_slot_alloc_run(caps->receive)) == 0)
        return STATUS_INSUFFICIENT_RESOURCES;
    for (unsigned i = 0; i < caps->send_count; i++)
        ipc->caps[i] = caps->send[i];
    ipc->receive_cnode = first != 0 ? ASH_SLOT_CNODE : 0;
    ipc->receive_index = first;
    ash_word info;
    ash_status status =
        transact(manager, op, request, request_bytes, reply, reply_bytes, caps->send_count, &info);
    ipc->receive_cnode = 0;
    caps->received = info & ASH_INFO_KERNEL ? 0 : ash_info_caps(info);
    if (caps->received > caps->receive)
        caps->received = caps->receive;
    for (unsigned i = 0; i < caps->receive; i++) {
        caps->slot[i] = i < caps->received ? first + i : 0;
        if (i >= caps->received)
            ash_slot_free(first + i);
    }
    return status;
}

static ash_status make(ash_word op, ash_cptr *slot)
{
    struct ash_proc_slot_reply reply;
    ash_status status = ash_request(ASH_SLOT_PROCESS, op, nullptr, 0, &reply, sizeof(reply));
    if (ash_success(status))
        *slot = reply.slot;
    return status;
}

ash_status ash_notification_create(ash_cptr *slot)
{
    return make(ASH_PROC_NOTIFICATION, slot);
}

ash_status ash_reply_create(ash_cptr *slot)
{
    return make(ASH_PROC_REPLY_OBJECT, slot);
}

ash_status ash_notification_bind(ash_cptr notification)
{
    struct ash_proc_thread_request request = {.thread = ash_self()->number};
    struct ash_caps caps = {.send = &notification, .send_count = 1};
    return ash_request_caps(ASH_SLOT_PROCESS, ASH_PROC_BIND_NOTIFICATION, &request, sizeof(request),
                            nullptr, 0, &caps);
}

ash_status ash_command_line(char *text, size_t size)
{
    size_t used = 0;
    for (;;) {
        struct ash_proc_offset_request request = {.offset = used};
        struct ash_proc_command_line_reply reply;
        ash_status status = ash_request(ASH_SLOT_PROCESS, ASH_PROC_COMMAND_LINE, &request,
                                        sizeof(request), &reply, sizeof(reply));
        if (!ash_success(status))
            return status;
        size_t room = size - 1 - used;
        size_t now = reply.bytes < room ? reply.bytes : room;
        memcpy(text + used, reply.text, now);
        used += now;
        text[used] = 0;
        if (used >= reply.total)
            return STATUS_SUCCESS;
        if (now == room || reply.bytes == 0)
            return STATUS_BUFFER_TOO_SMALL;
    }
}
