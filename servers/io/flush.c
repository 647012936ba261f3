// SPDX-License-Identifier: MIT
// Before power goes: every mounted volume is flushed, then IRP_MJ_SHUTDOWN goes to the file
// systems and to devices that asked for it. One run at a time; a driver that does not answer within
// the deadline of control requests is passed over.
#include "manager.h"

static struct {
    bool running, shutdown; /* shutdown: second half */
    unsigned waiting;
    ash_word token;
    ash_status status;
} run;

static void advance(void);

static void done(void *, const struct io_control_answer *answer)
{
    if (!run.shutdown && !ash_success(answer->status) &&
        answer->status != STATUS_INVALID_DEVICE_REQUEST)
        run.status = answer->status;
    run.waiting--;
    advance();
}

static void send(const struct io_device *device, uint8_t major)
{
    run.waiting++;
    io_control_send(device->driver, &(struct io_control_request){
                                        .major = major, .device = device->id, .done = done});
}

static bool wants_shutdown(const struct io_device *device)
{
    for (unsigned i = 0; io_mount_file_system(i) != nullptr; i++) {
        if (io_mount_file_system(i) == device)
            return true;
    }
    return (device->info.flags & IO_DO_SHUTDOWN_REGISTERED) != 0;
}

static void send_all(void)
{
    struct io_device *device;
    run.waiting++; /* ours: nothing ends while we are sending */
    for (unsigned i = 0; (device = io_device_at(i)) != nullptr; i++) {
        struct io_device *mounted =
            device->volume != nullptr ? io_device_find(device->volume->mounted) : nullptr;
        if (!run.shutdown && mounted != nullptr && !mounted->failed)
            send(io_stack_top(mounted), IO_MJ_FLUSH_BUFFERS);
        if (run.shutdown && !device->failed && !device->deleted && wants_shutdown(device))
            send(device, IO_MJ_SHUTDOWN);
    }
    run.waiting--;
}

static void advance(void)
{
    if (run.waiting != 0)
        return;
    if (!run.shutdown) {
        run.shutdown = true;
        send_all();
    }
    if (run.waiting == 0 && run.running) {
        run.running = false;
        port_answer(run.token, run.status, nullptr, 0, ASH_NULL_CPTR);
    }
}

/* ASH_IO_FLUSH_ALL */
void io_flush_all(const struct io_call *call)
{
    if (run.running) {
        io_fail(call, STATUS_DEVICE_BUSY);
        return;
    }
    run.running = true;
    run.shutdown = false;
    run.token = call->token;
    run.status = STATUS_SUCCESS;
    run.waiting = 0;
    send_all();
    advance();
}
