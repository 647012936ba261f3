// SPDX-License-Identifier: MIT
// The object manager's message face: requests of abi/object.h to the namespace. Anybody may look;
// only managers change the tree. Each string of a request must end within its field.
#include "ash/log.h"
#include "ash/server.h"
#include "boot_protocol.h"
#include "handle_ops.h"
#include "namespace.h"
#include <string.h>

static bool ends(const char *field, size_t bytes)
{
    return memchr(field, '\0', bytes) != nullptr;
}

static bool is_manager(const struct ash_caller *caller)
{
    return caller->task != 0 && caller->task < ASH_TASK_FIRST;
}

#define REQUEST(type) const struct type *request = (const struct type *)caller->request
#define REPLY(type)   struct type *reply = (struct type *)caller->reply

static ash_status insert(struct ash_server *, struct ash_caller *caller)
{
    REQUEST(ash_ob_insert_request);
    REPLY(ash_ob_id_reply);
    if (!is_manager(caller))
        return STATUS_ACCESS_DENIED;
    if (!ends(request->path, sizeof(request->path)))
        return STATUS_OBJECT_NAME_INVALID;
    return ob_insert(caller->task, request, &reply->id);
}

static ash_status remove_object(struct ash_server *, struct ash_caller *caller)
{
    REQUEST(ash_ob_id_request);
    return ob_remove(caller->task, request->id);
}

static ash_status lookup(struct ash_server *, struct ash_caller *caller)
{
    REQUEST(ash_ob_path_request);
    REPLY(ash_ob_lookup_reply);
    if (!ends(request->path, sizeof(request->path)))
        return STATUS_OBJECT_NAME_INVALID;
    return ob_lookup(request->path, reply);
}

static ash_status symlink_object(struct ash_server *, struct ash_caller *caller)
{
    REQUEST(ash_ob_symlink_request);
    if (!is_manager(caller))
        return STATUS_ACCESS_DENIED;
    if (!ends(request->path, sizeof(request->path)) ||
        !ends(request->target, sizeof(request->target)))
        return STATUS_OBJECT_NAME_INVALID;
    return ob_symlink(caller->task, request->path, request->target);
}

static ash_status unlink_object(struct ash_server *, struct ash_caller *caller)
{
    REQUEST(ash_ob_path_request);
    if (!ends(request->path, sizeof(request->path)))
        return STATUS_OBJECT_NAME_INVALID;
    return ob_unlink(caller->task, request->path);
}

static ash_status query_link(struct ash_server *, struct ash_caller *caller)
{
    REQUEST(ash_ob_path_request);
    REPLY(ash_ob_string_reply);
    if (!ends(request->path, sizeof(request->path)))
        return STATUS_OBJECT_NAME_INVALID;
    return ob_query_link(request->path, reply->string, sizeof(reply->string));
}

static ash_status enumerate(struct ash_server *, struct ash_caller *caller)
{
    REQUEST(ash_ob_enumerate_request);
    REPLY(ash_ob_entry_reply);
    if (!ends(request->path, sizeof(request->path)))
        return STATUS_OBJECT_NAME_INVALID;
    return ob_enumerate(request->path, request->index, reply);
}

static ash_status make_directory(struct ash_server *, struct ash_caller *caller)
{
    REQUEST(ash_ob_path_request);
    REPLY(ash_ob_id_reply);
    if (!is_manager(caller))
        return STATUS_ACCESS_DENIED;
    if (!ends(request->path, sizeof(request->path)))
        return STATUS_OBJECT_NAME_INVALID;
    return ob_make_directory(caller->task, request->path, &reply->id);
}

static ash_status reference(struct ash_server *, struct ash_caller *caller)
{
    REQUEST(ash_ob_id_request);
    return ob_reference(caller->task, request->id);
}

static ash_status dereference(struct ash_server *, struct ash_caller *caller)
{
    REQUEST(ash_ob_id_request);
    REPLY(ash_ob_count_reply);
    return ob_dereference(caller->task, request->id, &reply->count);
}

/* The handles that a request does not have are 0 in its copy, and refused as such. */
#define TAKE_HEAD offsetof(struct ash_ob_event_take_request, handle)

static const struct ash_operation operations[] = {
    {ASH_OB_INSERT, insert, sizeof(struct ash_ob_insert_request), sizeof(struct ash_ob_id_reply)},
    {ASH_OB_REMOVE, remove_object, sizeof(struct ash_ob_id_request), 0},
    {ASH_OB_LOOKUP, lookup, sizeof(struct ash_ob_path_request), sizeof(struct ash_ob_lookup_reply)},
    {ASH_OB_SYMLINK, symlink_object, sizeof(struct ash_ob_symlink_request), 0},
    {ASH_OB_UNLINK, unlink_object, sizeof(struct ash_ob_path_request), 0},
    {ASH_OB_QUERY_LINK, query_link, sizeof(struct ash_ob_path_request),
     sizeof(struct ash_ob_string_reply)},
    {ASH_OB_ENUMERATE, enumerate, sizeof(struct ash_ob_enumerate_request),
     sizeof(struct ash_ob_entry_reply)},
    {ASH_OB_MAKE_DIRECTORY, make_directory, sizeof(struct ash_ob_path_request),
     sizeof(struct ash_ob_id_reply)},
    {ASH_OB_REFERENCE, reference, sizeof(struct ash_ob_id_request), 0},
    {ASH_OB_DEREFERENCE, dereference, sizeof(struct ash_ob_id_request),
     sizeof(struct ash_ob_count_reply)},
    {ASH_OB_EVENT_CREATE, ob_op_event_create, sizeof(struct ash_ob_event_create_request),
     sizeof(struct ash_ob_event_create_reply)},
    {ASH_OB_EVENT_SET, ob_op_event_set, sizeof(struct ash_ob_handle_request),
     sizeof(struct ash_ob_event_state_reply)},
    {ASH_OB_EVENT_RESET, ob_op_event_reset, sizeof(struct ash_ob_handle_request),
     sizeof(struct ash_ob_event_state_reply)},
    {ASH_OB_EVENT_READ, ob_op_event_read, sizeof(struct ash_ob_handle_request),
     sizeof(struct ash_ob_event_state_reply)},
    {ASH_OB_EVENT_TAKE, ob_op_event_take, TAKE_HEAD, sizeof(struct ash_ob_event_take_reply)},
    {ASH_OB_CLOSE, ob_op_close, sizeof(struct ash_ob_handle_request), 0},
    {ASH_OB_CLIENT, ob_op_client, 0, 0},
    {ASH_OB_DUPLICATE, ob_op_duplicate, sizeof(struct ash_ob_duplicate_request),
     sizeof(struct ash_ob_duplicate_reply)},
};

int main(void)
{
    static struct ash_server server = {
        .endpoint = ASH_MANAGER_ENDPOINT,
        .operations = operations,
        .operation_count = sizeof(operations) / sizeof(operations[0]),
        .on_signals = ob_signals,
    };
    ash_status status = ob_initialize();
    if (!ash_success(status))
        ash_panic("the first directories cannot be made: 0x%08x", (unsigned)status);
    status = ob_watch_tasks();
    if (!ash_success(status))
        ash_panic("the process manager does not let it watch: 0x%08x", (unsigned)status);
    ash_server_init(&server);
    ash_server_run(&server);
}
