// SPDX-License-Identifier: MIT
// Which request goes where, and who may make it. Handlers see a request of at least the size named
// in their row, zero-padded, so that they can read it as their struct.
#include "manager.h"
#include <string.h>

enum who { ANY, DRIVER, REGISTRANT, MANAGERS, PNP, POWER };

static const struct row {
    ash_word op;
    enum who who;
    size_t request;
    void (*handler)(const struct io_call *call);
} rows[] = {
    {ASH_IO_REGISTER, REGISTRANT, 0, io_driver_register},
    {ASH_IO_INITIALIZED, DRIVER, sizeof(struct ash_io_status_request), io_driver_initialized},
    {ASH_IO_CREATE_DEVICE, DRIVER, sizeof(struct ash_io_create_device_request), io_device_create},
    {ASH_IO_UPDATE_DEVICE, DRIVER, sizeof(struct ash_io_update_device_request), io_device_update},
    {ASH_IO_DELETE_DEVICE, DRIVER, sizeof(struct ash_io_device_request), io_device_delete},
    {ASH_IO_ATTACH, DRIVER, sizeof(struct ash_io_attach_request), io_attach},
    {ASH_IO_DETACH, DRIVER, sizeof(struct ash_io_device_request), io_detach},
    {ASH_IO_CREATE_SYMLINK, REGISTRANT, sizeof(struct ash_io_symlink_request), io_device_symlink},
    {ASH_IO_DELETE_SYMLINK, REGISTRANT, sizeof(struct ash_io_symlink_request), io_device_unlink},
    {ASH_IO_REGISTER_FILE_SYSTEM, DRIVER, sizeof(struct ash_io_device_request), io_mount_register},
    {ASH_IO_LINK_OPEN, DRIVER, sizeof(struct ash_io_device_request), io_attach_open},
    {ASH_IO_LINK_ACCEPT, DRIVER, sizeof(struct ash_io_link_request), io_link_accept},
    {ASH_IO_PROTOCOL_ERROR, ANY, sizeof(struct ash_io_link_request), io_link_protocol_error},
    {ASH_IO_INVALIDATE_FILE, DRIVER, sizeof(struct ash_io_file_request), io_file_moved},
    {ASH_IO_REFERENCE_HANDLE, DRIVER, sizeof(struct ash_io_reference_request), io_reference},
    {ASH_IO_DEVICE_INFO, ANY, sizeof(struct ash_io_device_request), io_device_info},
    {ASH_IO_EXHAUSTED, DRIVER, 0, io_driver_exhausted},
    {ASH_IO_KEEP_STATE, DRIVER, sizeof(struct ash_io_keep_state_request), io_state_keep},
    {ASH_IO_CLIENT, ANY, 0, io_client},
    {ASH_IO_OPEN, ANY, sizeof(struct ash_io_open_request), io_open},
    {ASH_IO_CLOSE, ANY, sizeof(struct ash_io_file_request), io_file_close},
    {ASH_IO_MOUNTS, ANY, sizeof(struct ash_io_index_request), io_mount_list},
    {ASH_IO_OWED, ANY, 0, io_deadline_owed},
    {ASH_IO_LEDGER, ANY, sizeof(struct ash_io_index_request), io_ledger_entry},
    {ASH_IO_DEVICES, ANY, sizeof(struct ash_io_index_request), io_query_devices},
    {ASH_IO_DRIVERS, ANY, sizeof(struct ash_io_index_request), io_query_drivers},
    {ASH_IO_VERIFY, ANY, sizeof(struct ash_io_verify_request), io_verify_set},
    {ASH_IO_VERIFIED, ANY, sizeof(struct ash_io_index_request), io_verify_query},
    {ASH_IO_LOAD_DRIVER, PNP, sizeof(struct ash_io_load_driver_request), io_driver_load},
    {ASH_IO_UNLOAD_DRIVER, PNP, sizeof(struct ash_io_driver_request), io_driver_unload},
    {ASH_IO_DRAIN_DRIVER, PNP, sizeof(struct ash_io_drain_request), io_drain},
    {ASH_IO_KEEP_DRIVER, PNP, sizeof(struct ash_io_keep_request), io_recover_keep},
    {ASH_IO_RESUME_DRIVER, PNP, sizeof(struct ash_io_driver_request), io_recover_resume},
    {ASH_IO_GIVE_UP_DRIVER, PNP, sizeof(struct ash_io_driver_request), io_recover_give_up},
    {ASH_IO_RECOVER_DEVICE, PNP, sizeof(struct ash_io_recover_device_request), io_recover_device},
    {ASH_IO_MANAGER_LINK, MANAGERS, sizeof(struct ash_io_manager_link_request), io_attach_manager},
    {ASH_IO_STACK, ANY, sizeof(struct ash_io_device_request), io_query_stack},
    {ASH_IO_WATCH, MANAGERS, 0, io_event_watch},
    {ASH_IO_EVENT, MANAGERS, 0, io_event_take},
    {ASH_IO_VOLUME_ARRIVED, PNP, sizeof(struct ash_io_device_request), io_mount_arrived},
    {ASH_IO_FILES, PNP, sizeof(struct ash_io_device_request), io_stack_files},
    {ASH_IO_FLUSH_ALL, POWER, 0, io_flush_all},
};

static bool may(enum who who, ash_word task)
{
    switch (who) {
    case ANY:
        return true;
    case DRIVER:
        return io_driver_of(task) != nullptr;
    case REGISTRANT: /* the plug-and-play manager has the root device */
        return io_driver_of(task) != nullptr || task == ASH_TASK_PNP;
    case MANAGERS:
        return task == ASH_TASK_PNP || task == ASH_TASK_POWER;
    case PNP:
        return task == ASH_TASK_PNP;
    case POWER:
        return task == ASH_TASK_POWER;
    }
    return false;
}

static const struct row *find(ash_word op)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (rows[i].op == op)
            return &rows[i];
    }
    return nullptr;
}

static void refuse(const struct io_call *call, ash_status status)
{
    for (unsigned i = 0; i < call->cap_count; i++)
        port_drop(call->caps[i]);
    io_fail(call, status);
}

void io_dispatch(const struct io_call *call)
{
    const struct row *row = find(call->op);
    if (row == nullptr) {
        refuse(call, STATUS_INVALID_DEVICE_REQUEST);
        return;
    }
    if (!may(row->who, call->task)) {
        refuse(call, STATUS_ACCESS_DENIED);
        return;
    }
    alignas(ash_word) unsigned char words[ASH_MSG_WORDS * sizeof(ash_word)] = {0};
    size_t bytes = call->bytes < sizeof(words) ? call->bytes : sizeof(words);
    if (bytes != 0)
        memcpy(words, call->request, bytes);
    struct io_call padded = *call;
    padded.request = words;
    padded.bytes = row->request;
    row->handler(&padded);
}

/* Doorbell bits are link ids modulo 32, so a bit may mean several drivers: all of them are polled.
 */
void io_doorbell(ash_word bits)
{
    struct io_driver *driver;
    for (unsigned i = 0; (driver = io_driver_at(i)) != nullptr; i++) {
        if (driver->control != nullptr && (bits >> driver->control->id % 32 & 1) != 0)
            io_control_poll(driver);
    }
}

void io_alarm(void)
{
    io_deadline_expire();
    io_drain_expire();
    io_control_expire();
}
