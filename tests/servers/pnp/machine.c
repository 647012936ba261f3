// SPDX-License-Identifier: MIT
/* See machine.h. */
#include "machine.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DRIVERS 16u
#define DEVICES 64u
#define QUEUE   256u

static struct {
    char name[32];
    ash_word id, task;
    ash_status entry;
    machine_driver answer;
    bool loaded, event, linked, dead;
} drivers[DRIVERS];
static struct {
    ash_word id, task, above[4];
    unsigned count;
} devices[DEVICES];
static struct {
    bool used;
    unsigned link, context;
    struct machine_irp irp;
} queue[QUEUE];
static unsigned driver_count, device_count, head, tail;
static ash_word now, alarm_at, open_files, failing_add;
static bool mounted_volume, enforced_dma;
static struct {
    struct ash_mem_dma_fault_reply record;
    unsigned count;
} faults[8];
static unsigned fault_first, fault_end;
char machine_trace[MACHINE_TRACE];
struct ash_pnp_operate_reply machine_reply;

void machine_note(const char *format, ...)
{
    va_list arguments;
    size_t used = strlen(machine_trace);
    va_start(arguments, format);
    vsnprintf(machine_trace + used, sizeof(machine_trace) - used, format, arguments);
    va_end(arguments);
}

void machine_clear_trace(void)
{
    machine_trace[0] = '\0';
}

void machine_reset(void)
{
    memset(drivers, 0, sizeof(drivers));
    memset(devices, 0, sizeof(devices));
    memset(queue, 0, sizeof(queue));
    driver_count = device_count = head = tail = 0;
    now = 1000;
    mounted_volume = enforced_dma = false;
    fault_first = fault_end = 0;
    alarm_at = open_files = failing_add = 0;
    machine_clear_trace();
}

void machine_add_driver(const char *name, ash_word task, ash_status entry, machine_driver answer)
{
    unsigned at = driver_count++;
    snprintf(drivers[at].name, sizeof(drivers[at].name), "%s", name);
    drivers[at].id = 500 + at;
    drivers[at].task = task;
    drivers[at].entry = entry;
    drivers[at].answer = answer;
}

ash_word machine_add_device(ash_word task)
{
    devices[device_count].id = 9000 + device_count;
    devices[device_count].task = task;
    return devices[device_count++].id;
}

static unsigned device_at(ash_word id)
{
    return id >= 9000 && id < 9000 + device_count ? (unsigned)(id - 9000) : DEVICES;
}

void machine_attach(ash_word task, ash_word pdo, ash_word device)
{
    unsigned at = device_at(pdo);
    devices[at].above[devices[at].count++] = device;
    (void)task;
}

void machine_detach(ash_word pdo)
{
    devices[device_at(pdo)].count = 0;
}

static unsigned driver_of_task(ash_word task)
{
    for (unsigned i = 0; i < driver_count; i++)
        if (drivers[i].task == task)
            return i;
    return DRIVERS;
}

static bool deliver_events(void)
{
    bool any = false;
    for (unsigned i = 0; i < driver_count; i++) {
        if (!drivers[i].event)
            continue;
        drivers[i].event = false;
        any = true;
        const struct ash_io_event_reply event = {.kind = ASH_IO_EVENT_DRIVER_READY,
                                                 .driver = drivers[i].id,
                                                 .task = drivers[i].task,
                                                 .status = (uint32_t)drivers[i].entry};
        pnp_driver_event(&event);
    }
    return any;
}

void machine_fail_add(ash_word task)
{
    failing_add = task;
}

static bool answer_next(void)
{
    static struct machine_answer answer;
    if (head == tail)
        return false;
    unsigned at = head++ % QUEUE;
    if (!queue[at].used)
        return true;
    memset(&answer, 0, sizeof(answer));
    answer.status = STATUS_NOT_SUPPORTED;
    unsigned driver = queue[at].link;
    if (queue[at].irp.major == ASH_MJ_ADD_DEVICE && drivers[driver].task == failing_add)
        answer.status = STATUS_UNSUCCESSFUL;
    else if (!drivers[driver].answer(drivers[driver].task, &queue[at].irp, &answer))
        return true; /* it hangs: stays used */
    queue[at].used = false;
    const struct port_answer given = {.status = answer.status,
                                      .information = answer.information,
                                      .out = answer.out,
                                      .out_bytes = answer.out_bytes};
    pnp_irp_answered(queue[at].context, &given);
    return true;
}

void machine_pump(void)
{
    while (deliver_events() || answer_next())
        ;
}

void machine_kill(ash_word task)
{
    unsigned driver = driver_of_task(task);
    drivers[driver].dead = true;
    for (unsigned i = 0; i < device_count; i++) {
        unsigned kept = 0;
        for (unsigned n = 0; n < devices[i].count; n++)
            if (devices[device_at(devices[i].above[n])].task != task)
                devices[i].above[kept++] = devices[i].above[n];
        devices[i].count = kept;
    }
    for (unsigned i = 0; i < QUEUE; i++)
        if (queue[i].used && queue[i].link == driver)
            queue[i].used = false;
    pnp_task_ended(task, STATUS_UNSUCCESSFUL);
}

void machine_entry(ash_word task, ash_status entry)
{
    unsigned driver = driver_of_task(task);
    drivers[driver].event = drivers[driver].loaded && !drivers[driver].dead &&
                            drivers[driver].entry == STATUS_PENDING && entry != STATUS_PENDING;
    drivers[driver].entry = entry;
}

bool machine_alarm_is_due(void)
{
    return alarm_at != 0 && alarm_at <= now;
}

void machine_pass(ash_word milliseconds)
{
    now += milliseconds;
    if (alarm_at != 0 && alarm_at <= now) {
        alarm_at = 0;
        pnp_alarm();
    }
}

/* ASCII to UTF-16. */
void machine_text(struct machine_answer *answer, const char *text, bool list)
{
    size_t length = strlen(text) + 1 + list;
    memset(answer->out, 0, 2 * length);
    for (size_t i = 0; text[i] != '\0'; i++)
        answer->out[2 * i] = text[i] == '|' ? 0 : (uint8_t)text[i]; /* | separates a list */
    answer->out_bytes = answer->information = 2 * length;
    answer->status = STATUS_SUCCESS;
}

/* --- port.h
 * ------------------------------------------------------------------------------------------ */

void port_log(const char *format, ...)
{
    va_list arguments;
    char text[256];
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    machine_note("[%s] ", text);
}

ash_word port_now(void)
{
    return now;
}

ash_word port_ticks(ash_word milliseconds)
{
    return milliseconds;
}

void port_alarm(ash_word time)
{
    alarm_at = time;
}

ash_status port_load(const char *name, const char *image, ash_word *driver, ash_word *task)
{
    machine_note("load:%s:%s ", name, image);
    for (unsigned i = 0; i < driver_count; i++) {
        if (strcmp(drivers[i].name, name) != 0)
            continue;
        drivers[i].loaded = true;
        drivers[i].dead = false;
        drivers[i].event = drivers[i].entry != STATUS_PENDING;
        *driver = drivers[i].id;
        *task = drivers[i].task;
        return STATUS_SUCCESS;
    }
    return STATUS_OBJECT_NAME_NOT_FOUND;
}

ash_status port_link(ash_word driver, unsigned *link)
{
    *link = (unsigned)(driver - 500);
    drivers[*link].linked = true;
    return STATUS_SUCCESS;
}

void port_unlink(unsigned link)
{
    drivers[link].linked = false;
}

ash_status port_send(unsigned link, const struct port_irp *irp, unsigned context)
{
    if (drivers[link].dead)
        return STATUS_DEVICE_REMOVED;
    if (tail - head >= 16) /* as many slots as a PNP link has */
        return STATUS_INSUFFICIENT_RESOURCES;
    unsigned at = tail++ % QUEUE;
    queue[at].used = true;
    queue[at].link = link;
    queue[at].context = context;
    queue[at].irp = (struct machine_irp){
        .major = irp->major, .minor = irp->minor, .device = irp->device, .in_bytes = irp->in_bytes};
    memcpy(queue[at].irp.parameter, irp->parameter, sizeof(irp->parameter));
    if (irp->in_bytes > 0)
        memcpy(queue[at].irp.in, irp->in, irp->in_bytes);
    return STATUS_SUCCESS;
}

void port_cancel(unsigned, unsigned context)
{
    machine_note("cancel ");
    (void)context;
}

ash_status port_device_info(ash_word device, struct ash_device_info *info)
{
    unsigned at = device_at(device);
    if (at == DEVICES)
        return STATUS_NO_SUCH_DEVICE;
    *info = (struct ash_device_info){.device = device, .driver = devices[at].task};
    snprintf(info->name, sizeof(info->name), "\\Device\\%u", (unsigned)device);
    return STATUS_SUCCESS;
}

ash_status port_stack(ash_word device, struct ash_io_stack_reply *stack)
{
    *stack = (struct ash_io_stack_reply){};
    for (unsigned i = 0; i < device_count; i++) {
        bool member = devices[i].id == device;
        for (unsigned n = 0; n < devices[i].count; n++)
            member |= devices[i].above[n] == device;
        if (!member || (devices[i].count == 0 && devices[i].id != device))
            continue;
        for (unsigned n = devices[i].count; n > 0; n--)
            stack->entry[stack->count++].device = devices[i].above[n - 1];
        stack->entry[stack->count++].device = devices[i].id;
        return STATUS_SUCCESS;
    }
    return STATUS_NO_SUCH_DEVICE;
}

ash_status port_link_create(const char *name, const char *target)
{
    machine_note("link:%s>%s ", name, target);
    return STATUS_SUCCESS;
}

void port_link_delete(const char *name)
{
    machine_note("unlink:%s ", name);
}

void machine_files(ash_word count)
{
    open_files = count;
}

ash_word port_files(ash_word, bool *mounted)
{
    *mounted = mounted_volume;
    return open_files;
}

void machine_mounted(bool mounted)
{
    mounted_volume = mounted;
}

ash_word port_root_device(void)
{
    return machine_add_device(6);
}

void port_root_device_delete(ash_word device)
{
    machine_note("delete:%u ", (unsigned)device % 100);
}

void port_operated(ash_word cookie, const struct ash_pnp_operate_reply *reply)
{
    machine_note("operated:%u:%x ", (unsigned)cookie, (unsigned)reply->status);
    machine_reply = *reply;
}

void port_volume_arrived(ash_word)
{
    machine_note("volume ");
}

ash_status port_device_memory(ash_word task, ash_word physical, ash_word bytes, bool allow)
{
    machine_note("%s:%u:%x+%x ", allow ? "allow" : "revoke", (unsigned)task, (unsigned)physical,
                 (unsigned)bytes);
    return STATUS_SUCCESS;
}

unsigned machine_messages;
bool machine_enforced;

ash_status port_dma_allow(ash_word task, ash_word pdo, ash_word device, bool *enforced)
{
    machine_note("dma1:%u:%x:%x ", (unsigned)task, (unsigned)pdo, (unsigned)device);
    *enforced = machine_enforced || enforced_dma;
    return STATUS_SUCCESS;
}

void machine_enforce(bool yes)
{
    enforced_dma = yes;
}

void machine_fault(ash_word device, ash_word address, unsigned count, bool lost)
{
    unsigned at = fault_end++ % 8;
    faults[at].record = (struct ash_mem_dma_fault_reply){true, device, address, 23, 3, lost};
    faults[at].count = count;
}

bool port_dma_fault(struct ash_mem_dma_fault_reply *fault)
{
    if (fault_first == fault_end)
        return false;
    unsigned at = fault_first % 8;
    *fault = faults[at].record;
    if (--faults[at].count == 0)
        fault_first++;
    else
        fault->lost = false;
    return true;
}

void port_condemn(const struct port_verdict *verdict)
{
    machine_note("condemn:%u:%x:%x:%u ", (unsigned)verdict->task, (unsigned)verdict->code,
                 (unsigned)verdict->parameter[2], (unsigned)verdict->parameter[3]);
}

void port_dma_end(ash_word task, ash_word pdo)
{
    machine_note("dma0:%u:%x ", (unsigned)task, (unsigned)pdo);
}

void port_release(ash_word task)
{
    machine_note("release:%u ", (unsigned)task);
}

static ash_cptr next_capability = 700;

ash_status port_irq_get(ash_word source, bool edge, ash_cptr *irq)
{
    *irq = next_capability++;
    machine_note("irq:%u%s ", (unsigned)source, edge ? "e" : "");
    return STATUS_SUCCESS;
}

ash_status port_irq_bind(ash_cptr, ash_cptr notification)
{
    machine_note("bind:%u ", (unsigned)notification);
    return STATUS_SUCCESS;
}

ash_status port_irq_bind_own(ash_cptr, unsigned line)
{
    machine_note("own:%u ", line);
    return STATUS_SUCCESS;
}

ash_status port_fault_interrupt(ash_word source, bool edge, ash_cptr *irq)
{
    *irq = next_capability++;
    machine_note("faultirq:%u%s ", (unsigned)source, edge ? "e" : "");
    return STATUS_SUCCESS;
}

void port_irq_ack(ash_cptr)
{
    machine_note("ack ");
}

ash_status port_message_get(const struct port_message_owner *owner, ash_word number,
                            struct port_message *message)
{
    static uint32_t next = 100;
    if (machine_messages == 0)
        return STATUS_NOT_SUPPORTED;
    machine_messages--;
    *message = (struct port_message){next, 0x28000000, next};
    if (owner->enforced)
        *message = (struct port_message){next, 0xfffff000, number};
    next++;
    machine_note("msg:%u:%u ", (unsigned)owner->task, (unsigned)number);
    return STATUS_SUCCESS;
}

void port_irq_unbind(ash_cptr)
{
    machine_note("unbind ");
}

void port_irq_drop(ash_cptr)
{
    machine_note("dropirq ");
}

ash_status port_ack_capability(unsigned connection, ash_cptr *capability)
{
    *capability = 10000 + connection;
    return STATUS_SUCCESS;
}

void port_signal(ash_cptr notification)
{
    machine_note("signal:%u ", (unsigned)notification);
}

void port_drop(ash_cptr)
{
}
