// SPDX-License-Identifier: MIT
/*
 * What a driver was doing, as its own records tell (abi/crash.h): the calls into it that had not
 * returned, the IRP of each, and the log of the last events. All of it may be damaged: each word
 * is read by peek_word, each count has a limit, and a text is cut where it is no longer text.
 *
 * Lines, for whoever parses them (docs/driver-rules.md):
 *     driver   NAME
 *     routine  KIND 0xADDRESS task NAME
 *     irp      0xADDRESS IRP_MJ_X.MINOR device 0xADDRESS location N of M status 0xS ...
 *     event    NAME irp 0xADDRESS value 0xVALUE
 */
#include "irp_name.h"
#include "proc.h"

#include <stddef.h>
#include <string.h>

#define NAME_BYTES 64u
#define IRP_TYPE   6u

static const char *routine_name(unsigned kind)
{
    static const char *const names[] = {
        [ASH_CRASH_DRIVER_ENTRY] = "DriverEntry",
        [ASH_CRASH_ADD_DEVICE] = "AddDevice",
        [ASH_CRASH_UNLOAD] = "DriverUnload",
        [ASH_CRASH_DISPATCH] = "dispatch-routine",
        [ASH_CRASH_COMPLETION] = "completion-routine",
        [ASH_CRASH_CANCEL] = "cancel-routine",
        [ASH_CRASH_START_IO] = "StartIo",
        [ASH_CRASH_ISR] = "ISR",
        [ASH_CRASH_DPC] = "DPC-routine",
        [ASH_CRASH_WORK_ITEM] = "work-item",
        [ASH_CRASH_THREAD] = "system-thread",
        [ASH_CRASH_NOTIFICATION] = "notification",
    };
    bool known = kind < sizeof(names) / sizeof(names[0]) && names[kind] != nullptr;
    return known ? names[kind] : "?";
}

static const char *major_name(unsigned major)
{
    const char *name = ash_irp_major_name(major);
    return name != nullptr ? name : "?";
}

static bool peek_words(struct task *task, ash_word address, void *to, size_t bytes)
{
    for (size_t at = 0; at < bytes; at += sizeof(ash_word)) {
        ash_word word;
        if (!peek_word(task, address + at, &word))
            return false;
        memcpy((char *)to + at, &word, sizeof(word));
    }
    return true;
}

static void add_irp(struct report *report, struct task *task, const struct ash_crash_call *call)
{
    ash_word type, status, information, state, cancel;
    unsigned char bytes[8];
    report_add(report, "    irp      0x%lx", (unsigned long)call->irp);
    if (call->major != 0xff)
        report_add(report, " IRP_MJ_%s.%02x", major_name(call->major), call->minor);
    report_add(report, " device 0x%lx", (unsigned long)call->device);
    if (!peek_word(task, call->irp + ASH_CRASH_IRP_TYPE, &type) ||
        !peek_word(task, call->irp + ASH_CRASH_IRP_STATUS, &status) ||
        !peek_word(task, call->irp + ASH_CRASH_IRP_INFORMATION, &information) ||
        !peek_word(task, call->irp + ASH_CRASH_IRP_STATE, &state) ||
        !peek_word(task, call->irp + ASH_CRASH_IRP_CANCEL, &cancel)) {
        report_add(report, " (its memory is gone)\n");
        return;
    }
    memcpy(bytes, &state, sizeof(bytes));
    if ((type & 0xffff) != IRP_TYPE)
        report_add(report, " freed");
    else if (bytes[3] > bytes[2] + 1)
        report_add(report, " completed");
    else
        report_add(report, " location %u of %u", bytes[3], bytes[2]);
    report_add(report, " status 0x%08lx information 0x%lx%s%s%s%s\n",
               (unsigned long)(status & 0xffffffff), (unsigned long)information,
               bytes[0] != 0 ? " user-mode" : "", bytes[1] != 0 ? " pending-returned" : "",
               bytes[4] != 0 ? " cancelled" : "", cancel != 0 ? " cancelable" : "");
}

static void add_call(struct report *report, struct task *task, const struct ash_crash_call *call)
{
    report_add(report, "    routine  %s pc 0x%016lx task %s\n", routine_name(call->kind),
               (unsigned long)call->routine, task->name);
    if (call->irp != 0)
        add_irp(report, task, call);
}

static void add_calls(struct report *report, struct task *task, ash_word address)
{
    struct ash_crash_call call;
    for (unsigned i = 0; i < ASH_CRASH_CALLS_MAX && address != 0; i++) {
        if (!peek_words(task, address, &call, sizeof(call)))
            return;
        add_call(report, task, &call);
        address = call.outer;
    }
}

/* A text of the task, up to its end or to the first byte that is none. */
static void peek_name(struct task *task, ash_word address, char name[NAME_BYTES])
{
    unsigned used = 0;
    ash_word word = 0;
    for (; used < NAME_BYTES - 1; used++) {
        ash_word at = address + used, offset = at % sizeof(word);
        if ((used == 0 || offset == 0) && !peek_word(task, at - offset, &word))
            break;
        char byte = (char)(word >> offset * 8);
        if (byte < ' ' || byte > '~')
            break;
        name[used] = byte;
    }
    name[used] = '\0';
}

static void add_event(struct report *report, struct task *task, ash_word address)
{
    struct ash_crash_event event;
    char name[NAME_BYTES];
    if (!peek_words(task, address, &event, sizeof(event)))
        return;
    peek_name(task, event.what, name);
    char *above = strstr(name, " above "); /* DDIs are logged by the text of their IRQL rule */
    if (above != nullptr)
        *above = '\0';
    report_add(report, "    event    %s irp 0x%lx value 0x%lx\n", name, (unsigned long)event.irp,
               (unsigned long)event.value);
}

static void add_log(struct report *report, struct task *task, ash_word log)
{
    ash_word count;
    if (log == 0 || !peek_word(task, log, &count))
        return;
    ash_word first = count > ASH_CRASH_EVENTS ? count - ASH_CRASH_EVENTS : 0;
    for (ash_word i = first; i < count; i++)
        add_event(report, task,
                  log + offsetof(struct ash_crash_log, event) +
                      i % ASH_CRASH_EVENTS * sizeof(struct ash_crash_event));
}

void describe_calls(struct report *report, struct task *task, ash_word thread_pointer)
{
    ash_word first;
    if (!task->records)
        return;
    report_add(report, "    driver   %s\n", task->name);
    if (peek_word(task, thread_pointer + task->calls, &first))
        add_calls(report, task, first);
}

void describe_log(struct report *report, struct task *task)
{
    if (task->records)
        add_log(report, task, task->log);
    peek_close();
}
