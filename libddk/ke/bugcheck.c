// SPDX-License-Identifier: MIT
//
// Bug check callbacks. They run when the kit ends the task for a broken rule, or the driver asks
// for it, on the thread that did, at HIGH_LEVEL; not when the processor stops the task. What they
// leave in their buffers is printed with their component, above the crash report. There is no dump
// file, so the reasons that are about its pages and its writing are not provided.

#include "ki.h"

#define REGISTERED 1u
#define SHOWN      64u // bytes of a buffer
#define LINE_BYTES 256

static LIST_ENTRY callbacks = {&callbacks, &callbacks};
static LIST_ENTRY reasons = {&reasons, &reasons};
static struct ki_lock lock;
static volatile LONG running;

static bool link_record(PLIST_ENTRY list, PLIST_ENTRY entry, PUCHAR state)
{
    ki_acquire(&lock);
    bool fresh = *state != REGISTERED;
    if (fresh) {
        *state = REGISTERED;
        InsertTailList(list, entry);
    }
    ki_release(&lock);
    return fresh;
}

static bool unlink_record(PLIST_ENTRY entry, PUCHAR state)
{
    ki_acquire(&lock);
    bool there = *state == REGISTERED;
    if (there) {
        *state = 0;
        RemoveEntryList(entry);
    }
    ki_release(&lock);
    return there;
}

BOOLEAN KeRegisterBugCheckCallback(PKBUGCHECK_CALLBACK_RECORD record,
                                   PKBUGCHECK_CALLBACK_ROUTINE routine, PVOID buffer, ULONG length,
                                   PUCHAR component)
{
    if (record->State == REGISTERED)
        return FALSE;
    record->CallbackRoutine = routine;
    record->Buffer = buffer;
    record->Length = length;
    record->Component = component;
    record->Checksum = (ULONG_PTR)routine + (ULONG_PTR)buffer + length + (ULONG_PTR)component;
    return (BOOLEAN)link_record(&callbacks, &record->Entry, &record->State);
}

BOOLEAN KeDeregisterBugCheckCallback(PKBUGCHECK_CALLBACK_RECORD record)
{
    return (BOOLEAN)unlink_record(&record->Entry, &record->State);
}

BOOLEAN KeRegisterBugCheckReasonCallback(PKBUGCHECK_REASON_CALLBACK_RECORD record,
                                         PKBUGCHECK_REASON_CALLBACK_ROUTINE routine,
                                         KBUGCHECK_CALLBACK_REASON reason, PUCHAR component)
{
    if (record->State == REGISTERED || reason != KbCallbackSecondaryDumpData)
        return FALSE;
    record->CallbackRoutine = routine;
    record->Reason = reason;
    record->Component = component;
    record->Checksum = (ULONG_PTR)routine + (ULONG_PTR)reason + (ULONG_PTR)component;
    return (BOOLEAN)link_record(&reasons, &record->Entry, &record->State);
}

BOOLEAN KeDeregisterBugCheckReasonCallback(PKBUGCHECK_REASON_CALLBACK_RECORD record)
{
    return (BOOLEAN)unlink_record(&record->Entry, &record->State);
}

static void show(const UCHAR *component, const UCHAR *data, ULONG bytes)
{
    static char line[LINE_BYTES];
    int used = DdkFormat(line, sizeof(line),
                         "bug check data of %s, %u bytes:", (const char *)component, bytes);
    for (ULONG i = 0; i < bytes && i < SHOWN && used > 0 && used < LINE_BYTES; i++)
        used += DdkFormat(line + used, sizeof(line) - (SIZE_T)used, " %02x", data[i]);
    if (used > 0)
        port_write(line, (SIZE_T)(used < LINE_BYTES ? used : LINE_BYTES - 1));
    port_write("\n", 1);
}

static void run_callback(PKBUGCHECK_CALLBACK_RECORD record)
{
    if (record->Checksum != (ULONG_PTR)record->CallbackRoutine + (ULONG_PTR)record->Buffer +
                                record->Length + (ULONG_PTR)record->Component)
        return; // the driver wrote over it
    record->CallbackRoutine(record->Buffer, record->Length);
    if (record->Length != 0)
        show(record->Component, record->Buffer, record->Length);
}

static void run_reason(PKBUGCHECK_REASON_CALLBACK_RECORD record)
{
    static UCHAR small[SHOWN];
    KBUGCHECK_SECONDARY_DUMP_DATA data = {
        .InBuffer = small, .InBufferLength = sizeof(small), .MaximumAllowed = PAGE_SIZE};
    if (record->Checksum != (ULONG_PTR)record->CallbackRoutine + (ULONG_PTR)record->Reason +
                                (ULONG_PTR)record->Component)
        return;
    record->CallbackRoutine(record->Reason, record, &data, sizeof(data)); // how much?
    if (data.OutBuffer == NULL || data.OutBufferLength == 0)
        return;
    data.OutBuffer = data.OutBuffer == small ? small : data.OutBuffer;
    record->CallbackRoutine(record->Reason, record, &data, sizeof(data)); // the data itself
    if (data.OutBuffer != NULL && data.OutBufferLength <= data.MaximumAllowed)
        show(record->Component, data.OutBuffer, data.OutBufferLength);
}

// A routine that breaks a rule itself ends the task without the others.
void ki_run_bugcheck_callbacks(void)
{
    if (InterlockedExchange(&running, 1) != 0)
        return;
    PKTHREAD thread = ki_thread();
    KIRQL irql = thread->Irql;
    thread->Irql = HIGH_LEVEL;
    for (PLIST_ENTRY at = callbacks.Flink; at != &callbacks; at = at->Flink)
        run_callback(CONTAINING_RECORD(at, KBUGCHECK_CALLBACK_RECORD, Entry));
    for (PLIST_ENTRY at = reasons.Flink; at != &reasons; at = at->Flink)
        run_reason(CONTAINING_RECORD(at, KBUGCHECK_REASON_CALLBACK_RECORD, Entry));
    thread->Irql = irql;
    running = 0;
}

const void *ki_any_bugcheck_callback(void)
{
    if (!IsListEmpty(&callbacks))
        return callbacks.Flink;
    return IsListEmpty(&reasons) ? NULL : reasons.Flink;
}

void ki_bugcheck_reset(void)
{
    running = 0;
}
