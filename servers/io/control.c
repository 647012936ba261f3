// SPDX-License-Identifier: MIT
// The requester's side of the control links. Invariants: out[slot] is set from submission until
// the answer was taken (so its slot is busy in the shared ring for exactly that time); what is
// queued has no slot; `done` has been called for a request if and only if `told` is set, and a
// told request stays only to keep its slot and to call `late`.
#include "manager.h"
#include <stdlib.h>
#include <string.h>

struct io_control {
    struct io_control *next; /* in the queue */
    struct io_control_request request;
    uint64_t sequence; /* of its slot, once submitted */
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

static struct ash_request *request_at(const struct io_link *link, uint32_t slot)
{
    return (struct ash_request *)((unsigned char *)link->request + 4096) + slot;
}

static const struct ash_answer *answer_at(const struct io_link *link, uint32_t slot)
{
    return (const struct ash_answer *)((const unsigned char *)link->answer + 4096) + slot;
}

static void submit(struct io_driver *driver, uint32_t slot, struct io_control *control)
{
    struct io_link *link = driver->control;
    struct ash_request *shared = request_at(link, slot);
    const struct io_control_request *r = &control->request;
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
    shared->submitted = port_time();
    memcpy((unsigned char *)link->request + ash_link_inline_in(link->slots) +
               (size_t)slot * link->inline_bytes,
           control->data, r->bytes);
    uint32_t tail = atomic_load_explicit(&link->request->submit_tail, memory_order_relaxed);
    control->sequence = atomic_load_explicit(&shared->sequence, memory_order_relaxed) + 1;
    driver->out[slot] = control;
    atomic_store_explicit(&shared->sequence, control->sequence, memory_order_release);
    link->request->submit[tail % link->slots] = (uint16_t)slot;
    atomic_store_explicit(&link->request->submit_tail, tail + 1, memory_order_release);
    atomic_thread_fence(memory_order_seq_cst);
    if (atomic_load_explicit(&link->answer->asleep, memory_order_relaxed))
        port_signal(link->to_answerer);
}

static void pump(struct io_driver *driver)
{
    for (uint32_t slot = 0; slot < driver->control->slots && driver->queue != nullptr; slot++) {
        if (driver->out[slot] != nullptr)
            continue;
        struct io_control *control = driver->queue;
        driver->queue = control->next;
        submit(driver, slot, control);
    }
}

static void set_alarm(void)
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
    port_alarm(first);
}

static void refuse(const struct io_control_request *request, ash_status status)
{
    request->done(request->context, &(struct io_control_answer){.status = status});
}

void io_control_send(struct io_driver *driver, const struct io_control_request *request)
{
    if (driver->control == nullptr || driver->task == nullptr || driver->broken) {
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
    *control = (struct io_control){.request = *request,
                                   .deadline = port_time() + port_milliseconds(ASH_IO_DEADLINE_MS)};
    if (request->bytes != 0)
        memcpy(control->data, request->data, request->bytes);
    struct io_control **end = &driver->queue;
    while (*end != nullptr)
        end = &(*end)->next;
    *end = control;
    pump(driver);
    set_alarm();
}

/* Takes one entry of the completion ring; false if the driver broke a rule. */
static bool take(struct io_driver *driver, uint16_t slot)
{
    const struct io_link *link = driver->control;
    if (slot >= link->slots || driver->out[slot] == nullptr)
        return false;
    struct io_control *control = driver->out[slot];
    const struct ash_answer *shared = answer_at(link, slot);
    if (atomic_load_explicit(&shared->sequence, memory_order_acquire) != control->sequence)
        return false;
    struct io_control_answer answer = {.status = shared->status,
                                       .information = shared->information,
                                       .result = {shared->result[0], shared->result[1]}};
    if (answer.status == STATUS_PENDING)
        return false; /* an answer is final */
    driver->out[slot] = nullptr;
    tell(control, &answer);
    free(control);
    return true;
}

void io_control_poll(struct io_driver *driver)
{
    if (driver->control == nullptr || driver->task == nullptr || driver->broken)
        return;
    struct io_link *link = driver->control;
    uint32_t tail = atomic_load_explicit(&link->answer->complete_tail, memory_order_acquire);
    if (tail - driver->complete_head > link->slots) {
        io_driver_broke(driver, "its completion ring holds more answers than it has slots");
        return;
    }
    while (driver->complete_head != tail) {
        uint16_t slot = link->answer->complete[driver->complete_head++ % link->slots];
        if (!take(driver, slot)) {
            io_driver_broke(driver, "it answered a request of the I/O manager that it did not owe");
            return;
        }
    }
    pump(driver);
    set_alarm();
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
    while (driver->queue != nullptr) {
        struct io_control *control = driver->queue;
        driver->queue = control->next;
        tell(control, &answer);
        free(control);
    }
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
    set_alarm();
}
