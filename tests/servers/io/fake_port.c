// SPDX-License-Identifier: MIT
// See fake_port.h. Capabilities are numbers; every link's memory is one allocation on each side.
#include "fake_port.h"
#include "namespace.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

ash_word fake_time = 1, fake_alarm, fake_next_task = 100, fake_last_killed;
unsigned fake_links, fake_killed, fake_released, fake_signals;

static struct fake_answer answers[4096];
static ash_word last_token, last_cap = 1000, last_link;
static struct {
    ash_word id;
    void *request, *answer;
    bool kept;
} memory[256];

void port_answer(ash_word token, ash_status status, const void *reply, size_t bytes, ash_cptr cap)
{
    struct fake_answer *answer = &answers[token];
    answer->count++;
    answer->status = status;
    answer->cap = cap;
    if (bytes != 0)
        memcpy(answer->reply, reply, bytes);
}

ash_status port_link_create(const struct ash_mem_link_create_request *request,
                            struct ash_mem_link_create_reply *reply)
{
    ash_word id = ++last_link, at = id % 256;
    memory[at].id = id;
    memory[at].kept = false;
    memory[at].request = calloc(1, request->request_bytes);
    memory[at].answer = calloc(1, request->answer_bytes);
    fake_links++;
    ash_word r = (ash_word)memory[at].request, a = (ash_word)memory[at].answer;
    *reply = (struct ash_mem_link_create_reply){id, r, a, r, a, r, a};
    return STATUS_SUCCESS;
}

void port_answer_registered(ash_word token, const struct ash_io_link_reply *reply,
                            ash_cptr doorbell, ash_cptr)
{
    port_answer(token, STATUS_SUCCESS, reply, sizeof(*reply), doorbell);
}

/* The memory manager has no answerer to keep it from any more once it is dead. */
ash_status port_link_keep(ash_word link)
{
    if (memory[link % 256].kept)
        return STATUS_INVALID_HANDLE;
    memory[link % 256].kept = true;
    return STATUS_SUCCESS;
}

ash_status port_link_resume(ash_word link, ash_word, struct ash_mem_link_create_reply *reply)
{
    ash_word r = (ash_word)memory[link % 256].request, a = (ash_word)memory[link % 256].answer;
    memory[link % 256].kept = false;
    *reply = (struct ash_mem_link_create_reply){link, r, a, r, a, r, a};
    return STATUS_SUCCESS;
}

void port_link_free(ash_word link)
{
    free(memory[link % 256].request);
    free(memory[link % 256].answer);
    fake_links--;
}

ash_status port_lookup(const char *path, struct ash_ob_lookup_reply *reply)
{
    return ob_lookup(path, reply);
}

ash_status port_insert(ash_word type, ash_word cookie, const char *path, ash_word *id)
{
    struct ash_ob_insert_request request = {.type = type, .cookie = cookie, .permanent = 1};
    snprintf(request.path, sizeof(request.path), "%s", path);
    return ob_insert(ASH_TASK_IO, &request, id);
}

void port_remove(ash_word object)
{
    if (!ash_success(ob_remove(ASH_TASK_IO, object)))
        abort();
}

ash_status port_directory(const char *path)
{
    ash_word id;
    ash_status status = ob_make_directory(ASH_TASK_IO, path, &id);
    return status == STATUS_OBJECT_NAME_COLLISION ? STATUS_SUCCESS : status;
}

ash_status port_symlink(const char *path, const char *target)
{
    return ob_symlink(ASH_TASK_IO, path, target);
}

ash_status port_unlink(const char *path)
{
    return ob_unlink(ASH_TASK_IO, path);
}

struct ash_ob_duplicate_request fake_duplicated;

ash_status port_duplicate(const struct ash_ob_duplicate_request *request,
                          struct ash_ob_duplicate_reply *reply)
{
    fake_duplicated = *request;
    *reply = (struct ash_ob_duplicate_reply){.handle = 12, .access = 3, .manual = 1};
    return STATUS_SUCCESS;
}

const char *fake_verify;

ash_status port_spawn(const struct ash_io_load_driver_request *request, const char *verify,
                      ash_word *task)
{
    fake_verify = verify;
    if (strcmp(request->image, "missing") == 0)
        return STATUS_DRIVER_UNABLE_TO_LOAD;
    *task = fake_next_task++;
    return STATUS_SUCCESS;
}

void port_kill(ash_word task)
{
    fake_killed++;
    fake_last_killed = task;
}

void port_release(ash_word)
{
    fake_released++;
}

void port_task_name(ash_word task, char name[32])
{
    snprintf(name, 32, "task%lu", (unsigned long)task);
}

void port_signal(ash_cptr notification)
{
    fake_signals += notification != ASH_NULL_CPTR;
}

ash_cptr port_notification(void)
{
    return ++last_cap;
}

ash_cptr port_mint(ash_cptr notification, ash_word)
{
    return notification != ASH_NULL_CPTR ? ++last_cap : ASH_NULL_CPTR;
}

ash_cptr port_own_doorbell(ash_word)
{
    return ++last_cap;
}

void port_drop(ash_cptr)
{
}

ash_word port_time(void)
{
    return fake_time;
}

ash_word port_milliseconds(unsigned ms)
{
    return ms;
}

ash_word fake_condemned;

void port_condemn(ash_word task, const struct ash_request *owed, ash_word milliseconds, ash_word)
{
    (void)owed, (void)milliseconds;
    fake_condemned = task;
}

unsigned fake_deaf;

void port_condemn_deaf(ash_word task, ash_word, bool)
{
    fake_condemned = task;
    fake_deaf++;
}

ash_word fake_pages;

ash_word port_pages(ash_word, ash_word *limit)
{
    *limit = 1000;
    return fake_pages;
}

void port_condemn_exhausted(ash_word task, ash_word)
{
    fake_condemned = task;
}

void port_alarm(ash_word time)
{
    fake_alarm = time;
}

void port_report(ash_word, const char *)
{
}

void port_log(const char *, ...)
{
}

struct fake_answer *fake_call(ash_word task, ash_word op, const void *request, size_t bytes,
                              unsigned caps)
{
    struct io_call call = {.task = task,
                           .op = op,
                           .request = request,
                           .bytes = bytes,
                           .cap_count = caps,
                           .caps = {last_cap + 1, last_cap + 2, last_cap + 3},
                           .token = ++last_token};
    last_cap += 3;
    if (last_token >= sizeof(answers) / sizeof(answers[0]))
        abort();
    io_dispatch(&call);
    return &answers[call.token];
}

struct fake_driver fake_driver_start(const char *name)
{
    struct fake_driver driver = {0};
    struct ash_io_load_driver_request load = {.priority = 100, .quota_pages = 1000};
    snprintf(load.name, sizeof(load.name), "%s", name);
    snprintf(load.image, sizeof(load.image), "drivers/%s", name);
    struct fake_answer *answer =
        fake_call(ASH_TASK_PNP, ASH_IO_LOAD_DRIVER, &load, sizeof(load), 0);
    struct ash_io_driver_reply loaded;
    memcpy(&loaded, answer->reply, sizeof(loaded));
    driver.id = loaded.driver;
    driver.task = loaded.task;
    answer = fake_call(driver.task, ASH_IO_REGISTER, nullptr, 0, 1);
    struct ash_io_link_reply control;
    memcpy(&control, answer->reply, sizeof(control));
    driver.requests = (struct ash_link_requests *)control.link.requests;
    driver.answers = (struct ash_link_answers *)control.link.answers;
    struct ash_io_status_request initialized = {STATUS_SUCCESS, 1, 1};
    fake_call(driver.task, ASH_IO_INITIALIZED, &initialized, sizeof(initialized), 0);
    return driver;
}

ash_word fake_device(const struct fake_driver *driver, const char *name, ash_word type)
{
    struct ash_io_create_device_request request = {.device_type = type};
    snprintf(request.name, sizeof(request.name), "%s", name);
    struct fake_answer *answer =
        fake_call(driver->task, ASH_IO_CREATE_DEVICE, &request, sizeof(request), 0);
    struct ash_io_device_reply reply;
    memcpy(&reply, answer->reply, sizeof(reply));
    return ash_success(answer->status) ? reply.device : 0;
}

struct ash_request *fake_take(struct fake_driver *driver, uint16_t *slot)
{
    if (driver->head == atomic_load(&driver->requests->submit_tail))
        return nullptr;
    *slot = driver->requests->submit[driver->head++ % driver->requests->slots];
    struct ash_request *request = (struct ash_request *)((char *)driver->requests + 4096) + *slot;
    struct ash_answer *answer = (struct ash_answer *)((char *)driver->answers + 4096) + *slot;
    atomic_store(&answer->taken, atomic_load(&request->sequence));
    return request;
}

const char *fake_inline(const struct fake_driver *driver, uint16_t slot)
{
    return (const char *)driver->requests + ash_link_inline_in(driver->requests->slots) +
           (size_t)slot * driver->requests->inline_bytes;
}

void fake_answer_slot(struct fake_driver *driver, uint16_t slot, ash_status status, ash_word result)
{
    struct ash_request *request = (struct ash_request *)((char *)driver->requests + 4096) + slot;
    struct ash_answer *answer = (struct ash_answer *)((char *)driver->answers + 4096) + slot;
    answer->status = status;
    answer->information = result;
    answer->result[0] = result;
    atomic_store(&answer->sequence, atomic_load(&request->sequence));
    uint32_t tail = atomic_load(&driver->answers->complete_tail);
    driver->answers->complete[tail % driver->answers->slots] = slot;
    atomic_store(&driver->answers->complete_tail, tail + 1);
    io_doorbell(~(ash_word)0);
}

bool fake_serve(struct fake_driver *driver, uint8_t major, ash_status status, ash_word result)
{
    uint16_t slot;
    const struct ash_request *request = fake_take(driver, &slot);
    if (request == nullptr || request->major != major)
        return false;
    fake_answer_slot(driver, slot, status, result);
    return true;
}

void fake_die(ash_word task, ash_word state)
{
    const struct ash_proc_event_reply event = {.task = task, .state = state};
    io_death(&event);
}
