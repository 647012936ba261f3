// SPDX-License-Identifier: MIT
// The requester's side of the control links. Invariants: out[slot] is set from submission until
// the answer was taken; what is queued has no slot; `done` has been called for a request if and
// only if `told` is set, and a told request stays only to keep its slot and to call `late`. This
// manager counts as asleep whenever it is not in io_control_poll, so every answer rings.
#include "manager.h"
#include <stdlib.h>
#include <string.h>

struct io_control {
    struct io_control *next; /* in the queue */
    struct io_control_request request;
    ash_word deadline;
    bool told;
    unsigned char data[];
};

unsigned io_control_out(const struct io_driver *driver)
{
    unsigned count = 0;
    for (unsigned i = 0; i < ASH_LINK_CONTROL_SLOTS; i++)
        count += driver->out[i] != nullptr;
    return count;
}

/* Tells whoever waits; the control is the caller's to free. */
static void tell(struct io_control *control, const struct io_control_answer *answer)
{
    io_control_done call = control->told ? control->request.late : control->request.done;
    control->told = true;
    if (call != nullptr)
        call(control->request.context, answer);
}

static void submit(struct io_driver *driver, int slot, struct io_control *control)
{
    struct ash_requester *ring = &driver->ring;
    const struct io_control_request *r = &control->request;
    struct ash_request *shared = ash_requester_request(ring, slot);
    shared->major = r->major;
    shared->minor = r->minor;
    shared->flags = 0;
    shared->inline_size = (uint32_t)r->bytes;
    shared->device = r->device;
    shared->file = r->file;
    memcpy(shared->parameter, r->parameter, sizeof(shared->parameter));
    shared->grant = 0;
    shared->grant_length = 0;
    shared->irp_flags = 0;
    shared->requestor = (uint32_t)r->requestor;
    shared->mode = r->user;
    memcpy(ash_requester_inline(ring, slot), control->data, r->bytes);
    driver->out[slot] = control;
    io_deadline_watch();
    ash_requester_submit(ring, slot, port_time());
    if (ash_requester_must_ring(ring))
        port_signal(driver->control->to_answerer);
}

static void pump(struct io_driver *driver)
{
    while (driver->queue != nullptr) {
        int slot = ash_requester_alloc(&driver->ring);
        if (slot == ASH_RING_NONE)
            return;
        struct io_control *control = driver->queue;
        driver->queue = control->next;
        submit(driver, slot, control);
    }
}

void io_control_alarm(void)
{
    ash_word first = 0;
    for (unsigned i = 0; io_driver_at(i) != nullptr; i++) {
        const struct io_driver *driver = io_driver_at(i);
        for (unsigned slot = 0; slot < ASH_LINK_CONTROL_SLOTS; slot++) {
            const struct io_control *control = driver->out[slot];
            if (control != nullptr && !control->told && (first == 0 || control->deadline < first))
                first = control->deadline;
        }
        if (driver->queue != nullptr && (first == 0 || driver->queue->deadline < first))
            first = driver->queue->deadline; /* deadlines in the queue only grow */
    }
    const ash_word others[] = {io_deadline_next(), io_drain_next()};
    for (unsigned i = 0; i < 2; i++)
        if (others[i] != 0 && (first == 0 || others[i] < first))
            first = others[i];
    port_alarm(first);
}

static bool closes_file(uint8_t major)
{
    return major == IO_MJ_CLEANUP || major == IO_MJ_CLOSE;
}

static void refuse(const struct io_control_request *request, ash_status status)
{
    request->done(request->context, &(struct io_control_answer){.status = status});
}

static void enqueue(struct io_driver *driver, struct io_control *control)
{
    struct io_control **end = &driver->queue;
    while (*end != nullptr)
        end = &(*end)->next;
    control->next = nullptr;
    control->deadline = port_time() + port_milliseconds(ASH_IO_DEADLINE_MS);
    *end = control;
}

void io_control_send(struct io_driver *driver, const struct io_control_request *request)
{
    bool waits = driver->kept && request->major == IO_MJ_CREATE;
    if (driver->kept && closes_file(request->major)) { /* it was the dead task's file */
        refuse(request, STATUS_SUCCESS);
        return;
    }
    if (!waits && (driver->control == nullptr || driver->task == nullptr || driver->broken)) {
        refuse(request, STATUS_DEVICE_REMOVED);
        return;
    }
    if (request->bytes > ASH_LINK_CONTROL_INLINE) {
        refuse(request, STATUS_INVALID_PARAMETER);
        return;
    }
    struct io_control *control = malloc(sizeof(*control) + request->bytes);
    if (control == nullptr) {
        refuse(request, STATUS_NO_MEMORY);
        return;
    }
    *control = (struct io_control){.request = *request};
    if (request->bytes != 0)
        memcpy(control->data, request->data, request->bytes);
    if (waits) {
        control->next = driver->held;
        driver->held = control;
        return;
    }
    enqueue(driver, control);
    pump(driver);
    io_control_alarm();
}

/* Hands one answer to who waits for it; false if the driver broke a rule. */
static bool deliver(struct io_driver *driver, int slot, const struct ash_answer *shared)
{
    struct io_control *control = driver->out[slot];
    struct io_control_answer answer = {.status = shared->status,
                                       .information = shared->information,
                                       .result = {shared->result[0], shared->result[1]}};
    if (driver->ring.broken != 0 || answer.status == STATUS_PENDING) {
        io_driver_broke(driver, driver->ring.broken != 0
                                    ? driver->ring.rule
                                    : "answered STATUS_PENDING, which is no answer");
        return false; /* what it owes ends with its task */
    }
    driver->out[slot] = nullptr;
    ash_requester_release(&driver->ring, slot);
    tell(control, &answer);
    free(control);
    return true;
}

void io_control_poll(struct io_driver *driver)
{
    if (driver->control == nullptr || driver->task == nullptr || driver->broken)
        return;
    ash_requester_awake(&driver->ring);
    do {
        struct ash_answer answer;
        int slot;
        while ((slot = ash_requester_take(&driver->ring, &answer)) >= 0) {
            if (!deliver(driver, slot, &answer))
                return;
        }
        pump(driver);
        if (ash_requester_sleep(&driver->ring)) {
            io_control_alarm();
            return;
        }
    } while (driver->ring.out_count != 0);
    io_driver_broke(driver, "completed a request that was never submitted");
}

void io_control_fail(struct io_driver *driver, ash_status status)
{
    const struct io_control_answer answer = {.status = status};
    for (unsigned slot = 0; slot < ASH_LINK_CONTROL_SLOTS; slot++) {
        struct io_control *control = driver->out[slot];
        driver->out[slot] = nullptr;
        if (control != nullptr)
            tell(control, &answer);
        free(control);
    }
    while (driver->queue != nullptr || driver->held != nullptr) {
        struct io_control **from = driver->queue != nullptr ? &driver->queue : &driver->held;
        struct io_control *control = *from;
        *from = control->next;
        tell(control, &answer);
        free(control);
    }
}

/* The file was the dead task's; so was whatever kept the slot of a request that is told. */
static void hold(struct io_driver *driver, struct io_control *control, ash_status status)
{
    const struct io_control_answer answer = {
        .status = closes_file(control->request.major) ? STATUS_SUCCESS : status};
    const struct io_file *file = io_file_find(control->request.file);
    bool opens = control->request.major == IO_MJ_CREATE && file != nullptr && !file->open;
    if (opens && !control->told) {
        control->next = driver->held;
        driver->held = control;
        return;
    }
    tell(control, &answer);
    free(control);
}

/* What is told may send more, which goes the same way. */
void io_control_hold(struct io_driver *driver, ash_status status)
{
    for (unsigned slot = 0; slot < ASH_LINK_CONTROL_SLOTS; slot++) {
        struct io_control *control = driver->out[slot];
        driver->out[slot] = nullptr;
        if (control != nullptr)
            hold(driver, control, status);
    }
    while (driver->queue != nullptr) {
        struct io_control *control = driver->queue;
        driver->queue = control->next;
        hold(driver, control, status);
    }
}

void io_control_release(struct io_driver *driver)
{
    while (driver->held != nullptr) {
        struct io_control *control = driver->held;
        driver->held = control->next;
        enqueue(driver, control);
    }
    pump(driver);
    io_control_alarm();
}

static void expire(struct io_driver *driver, ash_word now)
{
    const struct io_control_answer timeout = {.status = STATUS_IO_TIMEOUT};
    for (unsigned slot = 0; slot < ASH_LINK_CONTROL_SLOTS; slot++) {
        struct io_control *control = driver->out[slot];
        if (control == nullptr || control->told || control->deadline > now)
            continue;
        port_log("driver %s has not answered request 0x%02x for %u s\n", driver->name,
                 control->request.major, ASH_IO_DEADLINE_MS / 1000);
        tell(control, &timeout);
    }
    while (driver->queue != nullptr && driver->queue->deadline <= now) {
        struct io_control *control = driver->queue;
        driver->queue = control->next;
        tell(control, &timeout);
        if (control->request.late != nullptr) /* it was never sent, so nothing comes any more */
            tell(control, &timeout);
        free(control);
    }
}

void io_control_expire(void)
{
    ash_word now = port_time();
    for (unsigned i = 0; io_driver_at(i) != nullptr; i++)
        expire(io_driver_at(i), now);
    io_control_alarm();
}
