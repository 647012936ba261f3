// SPDX-License-Identifier: MIT
/* Crash reports: text, printed at once and kept until REPORTS newer ones came. */
#include "proc.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define FRAMES_MAX 24

static struct report reports[REPORTS];
static unsigned report_count;

struct report *report_begin(ash_word task)
{
    struct report *report = &reports[report_count++ % REPORTS];
    report->task = task;
    report->used = 0;
    report->text[0] = 0;
    return report;
}

struct report *report_of(ash_word task)
{
    for (unsigned i = 0; i < REPORTS; i++)
        if (reports[i].used != 0 && reports[i].task == task)
            return &reports[i];
    return nullptr;
}

const struct report *report_at(ash_word index)
{
    unsigned kept = report_count < REPORTS ? report_count : REPORTS;
    return index < kept ? &reports[(report_count - 1 - (unsigned)index) % REPORTS] : nullptr;
}

void report_add(struct report *report, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    size_t room = REPORT_BYTES - report->used;
    int length = vsnprintf(report->text + report->used, room, format, arguments);
    va_end(arguments);
    if (length > 0)
        report->used += (size_t)length < room ? (size_t)length : room - 1;
}

static bool in_image(const struct task *task, ash_word address)
{
    return address >= task->image_base && address < task->image_end;
}

static void add_frame(struct report *report, const struct task *task, unsigned *number, ash_word pc)
{
    report_add(report, "#%u 0x%016lx task %s\n", *number, (unsigned long)pc, task->name);
    ++*number;
}

/* Frames are linked by s0: the return address is at s0 - 8, the caller's s0 at s0 - 16; frame
 * pointers grow from frame to frame. A function that made no frame yet is found by `ra`. */
void report_backtrace(struct report *report, struct task *task, ash_word pc, ash_word ra,
                      ash_word frame_pointer)
{
    unsigned number = 0;
    add_frame(report, task, &number, pc);
    ash_word last_ra = 0, fp = frame_pointer;
    if (!in_image(task, pc) && in_image(task, ra)) {
        add_frame(report, task, &number, ra - 4); /* jumped astray: the caller is in ra */
        last_ra = ra;
    }
    while (number < FRAMES_MAX) {
        ash_word return_address, next;
        if (!peek_word(task, fp - 8, &return_address) || !peek_word(task, fp - 16, &next))
            break;
        if (!in_image(task, return_address))
            break;
        if (return_address != last_ra)
            add_frame(report, task, &number, return_address - 4);
        last_ra = 0;
        if (next <= fp)
            break;
        fp = next;
    }
    peek_close();
}

void report_print(const struct report *report)
{
    ash_print_bytes(report->text, report->used);
}
