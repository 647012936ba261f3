// SPDX-License-Identifier: MIT
//
// Processes and threads of other tasks: a thread of its own waits for the process manager's events
// and calls the driver's routines; with the next question it answers whether a new process may run.

#include "rt.h"

#define PREFIX L"\\SystemRoot\\"

struct name {
    UNICODE_STRING String;
    WCHAR Text[ARRAYSIZE(PREFIX) + sizeof(((struct ash_proc_notify_reply *)0)->image)];
};

// The path in the boot package, as the system names it.
static void make_name(struct name *name, const struct ash_proc_notify_reply *event)
{
    ULONG bytes = 0, prefix = sizeof(PREFIX) - sizeof(WCHAR);
    memcpy(name->Text, PREFIX, prefix);
    (void)RtlUTF8ToUnicodeN(name->Text + prefix / sizeof(WCHAR),
                            (ULONG)(sizeof(name->Text) - prefix), &bytes, event->image,
                            (ULONG)strnlen(event->image, sizeof(event->image)));
    name->String = (UNICODE_STRING){(USHORT)(prefix + bytes), sizeof(name->Text), name->Text};
    for (ULONG i = 0; i < name->String.Length / sizeof(WCHAR); i++)
        if (name->Text[i] == L'/')
            name->Text[i] = L'\\';
}

static NTSTATUS tell(const struct ash_proc_notify_reply *event)
{
    struct name name;
    ULONG task = (ULONG)event->task;
    NTSTATUS status = STATUS_SUCCESS;
    switch (event->event) {
    case ASH_PROC_NOTIFY_CREATED:
        make_name(&name, event);
        status = ki_process_event(task, (ULONG)event->parent, &name.String, true);
        if (NT_SUCCESS(status))
            ki_image_event(task, &name.String, event->image_base, event->image_bytes);
        break;
    case ASH_PROC_NOTIFY_EXITED:
        (void)ki_process_event(task, (ULONG)event->parent, NULL, false);
        break;
    case ASH_PROC_NOTIFY_THREAD_CREATED:
    case ASH_PROC_NOTIFY_THREAD_EXITED:
        ki_thread_event(task, (ULONG)event->thread, event->event == ASH_PROC_NOTIFY_THREAD_CREATED);
        break;
    default:
        break;
    }
    return status;
}

static void listen(void *unused)
{
    struct ash_proc_notify_next_request next = {0};
    struct ash_proc_notify_reply event;
    (void)unused;
    while (ash_success(ash_request(ASH_SLOT_PROCESS, ASH_PROC_NOTIFY_NEXT, &next, sizeof(next),
                                   &event, sizeof(event)))) {
        if (event.lost != 0)
            ash_log("%llu notifications of processes came too fast for this driver",
                    (unsigned long long)event.lost);
        NTSTATUS status = tell(&event);
        next.answered = event.answer != 0 ? event.task : 0;
        next.status = (ULONG)status;
    }
}

bool port_watch_processes(uint32_t kinds)
{
    static volatile LONG listening;
    const struct ash_proc_notify_want_request want = {
        ((kinds & PORT_WATCH_PROCESSES) != 0 ? ASH_PROC_NOTIFY_PROCESSES : 0) |
        ((kinds & PORT_WATCH_THREADS) != 0 ? ASH_PROC_NOTIFY_THREADS : 0)};
    if (!ash_success(
            ash_request(ASH_SLOT_PROCESS, ASH_PROC_NOTIFY_WANT, &want, sizeof(want), NULL, 0)))
        return false;
    return InterlockedExchange(&listening, 1) != 0 || port_thread_create(listen, NULL) != NULL;
}

bool port_find_process(uint32_t id)
{
    const struct ash_proc_task_request request = {id};
    struct ash_proc_info_reply reply;
    return id >= ASH_TASK_FIRST &&
           ash_success(ash_request(ASH_SLOT_PROCESS, ASH_PROC_INFO, &request, sizeof(request),
                                   &reply, sizeof(reply))) &&
           reply.task == id;
}
