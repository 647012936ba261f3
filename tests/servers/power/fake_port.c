// SPDX-License-Identifier: MIT
#include "fake_port.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define OUT_MOST 32u

ash_status fake_query[STACKS + 1], fake_set[STACKS + 1], fake_flush;
ash_word fake_time;
bool fake_no_slot;
char fake_trace[4096];

static const char *const names[] = {"?", "volume", "disk", "bus"};
static struct {
    ash_word ticket;
    struct power_irp irp;
} out[OUT_MOST];
static struct {
    ash_word ticket;
    ash_status status;
} due[OUT_MOST]; /* answers that the next turn brings */
static unsigned due_count;

[[gnu::format(printf, 1, 2)]] static void note(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    size_t used = strlen(fake_trace);
    vsnprintf(fake_trace + used, sizeof(fake_trace) - used, format, arguments);
    va_end(arguments);
}

void fake_start(void)
{
    power_irp_reset();
    memset(out, 0, sizeof(out));
    due_count = 0;
    fake_flush = STATUS_SUCCESS;
    fake_no_slot = false;
    for (unsigned i = 0; i <= STACKS; i++)
        fake_query[i] = fake_set[i] = STATUS_SUCCESS;
    fake_clear();
}

void fake_clear(void)
{
    fake_trace[0] = '\0';
}

bool fake_traced(const char *text)
{
    return strstr(fake_trace, text) != nullptr;
}

static void remember(const struct power_irp *irp)
{
    for (unsigned i = 0; i < OUT_MOST; i++) {
        if (out[i].ticket != 0)
            continue;
        out[i].ticket = irp->ticket;
        out[i].irp = *irp;
        return;
    }
}

static const char *describe(const struct power_irp *irp)
{
    return irp->minor == POWER_SET ? "set" : irp->minor == POWER_QUERY ? "query" : "wake";
}

ash_status port_send(const struct power_irp *irp)
{
    if (fake_no_slot)
        return STATUS_DEVICE_BUSY;
    note("%s:%s%c%u ", names[irp->device], describe(irp), irp->kind == POWER_SYSTEM_IRP ? 'S' : 'D',
         (unsigned)irp->parameter[1]);
    ash_status answer = irp->kind != POWER_SYSTEM_IRP ? LATER
                        : irp->minor == POWER_SET     ? fake_set[irp->device]
                                                      : fake_query[irp->device];
    remember(irp);
    if (answer != LATER) {
        due[due_count].ticket = irp->ticket;
        due[due_count++].status = answer;
    }
    return STATUS_PENDING;
}

static void forget(ash_word ticket)
{
    for (unsigned i = 0; i < OUT_MOST; i++)
        if (out[i].ticket == ticket)
            out[i].ticket = 0;
}

void fake_turn(void)
{
    power_irp_turn();
    while (due_count > 0) {
        due_count--;
        ash_word ticket = due[due_count].ticket;
        forget(ticket);
        power_irp_answered(ticket, due[due_count].status, 0);
        power_irp_turn();
    }
}

static bool matches(unsigned i, ash_word device, enum power_kind kind)
{
    return out[i].ticket != 0 && out[i].irp.device == device && out[i].irp.kind == kind;
}

bool fake_answer(ash_word device, enum power_kind kind, ash_status status)
{
    for (unsigned i = 0; i < OUT_MOST; i++) {
        if (!matches(i, device, kind))
            continue;
        ash_word ticket = out[i].ticket;
        out[i].ticket = 0;
        power_irp_answered(ticket, status, kind == POWER_WAKE_IRP);
        fake_turn();
        return true;
    }
    return false;
}

unsigned fake_out(ash_word device, enum power_kind kind)
{
    unsigned count = 0;
    for (unsigned i = 0; i < OUT_MOST; i++)
        count += matches(i, device, kind);
    return count;
}

ash_status fake_ask(ash_word task, ash_word number, ash_word device, uint8_t minor, ash_word state,
                    bool inrush)
{
    const struct power_irp irp = {
        .kind = minor == POWER_WAIT_WAKE ? POWER_WAKE_IRP : POWER_DEVICE_IRP,
        .minor = minor,
        .inrush = inrush,
        .device = device,
        .task = task,
        .number = number,
        .parameter = {POWER_TYPE_DEVICE, state},
    };
    ash_status status = power_irp_ask(&irp);
    fake_turn();
    return status;
}

void port_cancel(ash_word ticket)
{
    for (unsigned i = 0; i < OUT_MOST; i++)
        if (ticket != 0 && out[i].ticket == ticket)
            note("cancel:%s ", names[out[i].irp.device]);
}

ash_status port_tell(ash_word task, ash_word number, ash_status status, ash_word woke)
{
    if (fake_no_slot)
        return STATUS_DEVICE_BUSY;
    note("tell%u:%u=%08x%s ", (unsigned)task, (unsigned)number, (unsigned)status,
         woke != 0 ? "!" : "");
    return STATUS_PENDING;
}

void port_condemn(const struct power_irp *irp)
{
    note("condemn:%s%c ", names[irp->device], irp->kind == POWER_SYSTEM_IRP ? 'S' : 'D');
}

ash_word port_now(void)
{
    return fake_time;
}

ash_word port_ticks(ash_word milliseconds)
{
    return milliseconds;
}

ash_status port_flush(void)
{
    note("flush ");
    return fake_flush;
}

bool port_device(ash_word index, struct power_device *device)
{
    if (index >= STACKS)
        return false;
    device->device = index + 1;
    snprintf(device->name, sizeof(device->name), "%s", names[index + 1]);
    return true;
}

void port_reset(bool reboot, bool failure)
{
    note("reset%d%d ", reboot, failure);
}

void port_log(const char *format, ...)
{
    char text[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    note("[%s] ", text);
}

void power_sequence_ended(ash_status status, ash_word asleep_ticks, const char *woken_by)
{
    note("end=%08x,%u,%s ", (unsigned)status, (unsigned)asleep_ticks, woken_by);
}
