// SPDX-License-Identifier: MIT
/*
 * What a driver leaves to the next task of its own (docs/restart-contract.md): memory of a device
 * that outlives the task, as links do. It is the answer area of a link that has no slots: the
 * driver writes it, nobody reads it but the driver's next task.
 *
 * Invariant: a task that dies of what it inherited, before it was resumed, is the last one to have
 * it: the next one finds zeros.
 */
#include "manager.h"
#include <stdlib.h>
#include <string.h>

struct io_state {
    ash_word task; /* that has it now */
    ash_word bytes;
    bool inherited, spoilt;
    struct ash_mem_link_create_reply memory;
};

static ash_status make(struct io_device *device, ash_word task, ash_word bytes)
{
    const struct ash_mem_link_create_request request = {
        .requester = ASH_TASK_IO,
        .answerer = task,
        .request_bytes = ASH_PAGE_SIZE,
        .answer_bytes = bytes,
    };
    struct io_state *state = calloc(1, sizeof(*state));
    if (state == nullptr)
        return STATUS_NO_MEMORY;
    state->task = task;
    state->bytes = bytes;
    ash_status status = port_link_create(&request, &state->memory);
    if (ash_success(status))
        device->state = state;
    else
        free(state);
    return status;
}

/* The task before it had it. */
static ash_status hand_on(struct io_state *state, ash_word task)
{
    ash_status status = port_link_resume(state->memory.link, task, &state->memory);
    if (!ash_success(status))
        return status;
    state->task = task;
    state->inherited = !state->spoilt;
    if (state->spoilt)
        memset((void *)state->memory.io_answer, 0, state->bytes);
    state->spoilt = false;
    return status;
}

static ash_status give(struct io_device *device, ash_word task, ash_word bytes)
{
    struct io_state *state = device->state;
    if (state != nullptr && state->bytes == bytes &&
        (state->task == task || ash_success(hand_on(state, task))))
        return STATUS_SUCCESS;
    io_state_free(device); /* another version of the driver */
    return make(device, task, bytes);
}

/* ASH_IO_KEEP_STATE */
void io_state_keep(const struct io_call *call)
{
    const struct ash_io_keep_state_request *request = call->request;
    struct io_device *device = io_device_find(request->device);
    ash_word bytes = request->bytes;
    ash_status status = STATUS_SUCCESS;
    if (device == nullptr || device->deleted)
        status = STATUS_NO_SUCH_DEVICE;
    else if (device->info.driver != call->task || device->orphan)
        status = STATUS_ACCESS_DENIED;
    else if (bytes == 0 || bytes % ASH_PAGE_SIZE != 0 || bytes > ASH_IO_STATE_BYTES)
        status = STATUS_INVALID_PARAMETER;
    else
        status = give(device, call->task, bytes);
    if (!ash_success(status)) {
        io_fail(call, status);
        return;
    }
    const struct ash_io_keep_state_reply reply = {device->state->memory.answerer_answer,
                                                  device->state->inherited};
    port_answer(call->token, STATUS_SUCCESS, &reply, sizeof(reply), ASH_NULL_CPTR);
}

void io_state_park(const struct io_driver *driver, bool early)
{
    struct io_device *device;
    for (unsigned i = 0; (device = io_device_at(i)) != nullptr; i++) {
        struct io_state *state = device->driver == driver ? device->state : nullptr;
        if (state == nullptr || !ash_success(port_link_keep(state->memory.link)))
            continue; /* it was parked before, and nobody has had it since */
        state->spoilt = early && state->inherited;
    }
}

void io_state_free(struct io_device *device)
{
    if (device->state != nullptr)
        port_link_free(device->state->memory.link);
    free(device->state);
    device->state = nullptr;
}
