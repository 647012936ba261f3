// SPDX-License-Identifier: MIT
//
// The controller's life: disable, enable (7.6.1), identify, queues, shutdown (7.6.2); and the admin
// queue. Its commands are waited for one at a time by polling, so that it works before interrupts
// do; aborts, which nobody waits for, have a slot of their own. Every wait is bounded.
#include "controller.h"

#define MILLISECOND      (-10000ll) // of a relative due time
#define ADMIN_SECONDS    5u
#define SHUTDOWN_SECONDS 5u
#define DISABLE_READS    1000u // at DISPATCH_LEVEL
#define SLOT_WAITED      0u
#define SLOT_ABORT       1u
#define CQ_OFFSET        NVME_PAGE
#define ANSWER_OFFSET    NVME_RINGS_BYTES

static VOID pause(VOID)
{
    LARGE_INTEGER moment = {.QuadPart = MILLISECOND};
    if (KeGetCurrentIrql() == PASSIVE_LEVEL)
        (VOID) KeDelayExecutionThread(KernelMode, FALSE, &moment);
}

// --- Registers ----------------------------------------------------------------------------------

// Waits until the bits have that value; false when they do not in time. All ones: it is gone.
static bool wait_status(struct controller *nvme, ULONG mask, ULONG value, ULONG milliseconds)
{
    ULONG rounds = KeGetCurrentIrql() == PASSIVE_LEVEL ? milliseconds : DISABLE_READS;
    for (ULONG i = 0; i <= rounds; i++) {
        ULONG status = NvmeRead(nvme, NVME_CSTS);
        if (status == MAXULONG)
            return false;
        if ((status & mask) == value)
            return true;
        pause();
    }
    return false;
}

enum nvme_rule ControllerDisable(struct controller *nvme)
{
    NvmeWrite(nvme, NVME_CC, 0);
    return wait_status(nvme, NVME_CSTS_READY, 0, nvme->capabilities.ready_ms) ? NVME_OK
                                                                              : NVME_DISABLE_STUCK;
}

static VOID write_long(struct controller *nvme, ULONG offset, ULONG64 value)
{
    NvmeWrite(nvme, offset, (ULONG)value);
    NvmeWrite(nvme, offset + 4, (ULONG)(value >> 32));
}

static enum nvme_rule enable(struct controller *nvme)
{
    ULONG64 rings = (ULONG64)nvme->admin_address.QuadPart;
    ULONG entries = nvme->admin.entries - 1u;
    NvmeWrite(nvme, NVME_AQA, entries | entries << 16);
    write_long(nvme, NVME_ASQ, rings);
    write_long(nvme, NVME_ACQ, rings + CQ_OFFSET);
    NvmeWrite(nvme, NVME_CC, NVME_CC_ENABLE);
    if (wait_status(nvme, NVME_CSTS_READY | NVME_CSTS_FATAL, NVME_CSTS_READY,
                    nvme->capabilities.ready_ms))
        return NVME_OK;
    return NvmeRead(nvme, NVME_CSTS) & NVME_CSTS_FATAL ? NVME_FATAL : NVME_ENABLE_STUCK;
}

VOID ControllerShutdown(struct controller *nvme)
{
    if (!(NvmeRead(nvme, NVME_CC) & 1))
        return; // it is not enabled
    NvmeWrite(nvme, NVME_CC, NVME_CC_ENABLE | NVME_CC_SHUTDOWN);
    if (!wait_status(nvme, NVME_CSTS_SHUTDOWN_MASK, NVME_CSTS_SHUTDOWN_DONE,
                     SHUTDOWN_SECONDS * 1000))
        DbgPrint("%s\n", nvme_rule_text(NVME_SHUTDOWN_STUCK));
    enum nvme_rule rule = ControllerDisable(nvme);
    if (rule)
        DbgPrint("%s\n", nvme_rule_text(rule));
}

// --- The admin queue ----------------------------------------------------------------------------

static VOID make_admin_queue(struct controller *nvme)
{
    KIRQL irql;
    ULONG most = nvme->capabilities.entries_most;
    RtlZeroMemory(nvme->admin_memory, NVME_RINGS_BYTES);
    KeAcquireSpinLock(&nvme->admin_lock, &irql);
    nvme_queue_init(&nvme->admin, 0, most < NVME_ADMIN_ENTRIES ? most : NVME_ADMIN_ENTRIES,
                    nvme->admin_memory, nvme->admin_memory + CQ_OFFSET);
    nvme->aborting = FALSE;
    KeReleaseSpinLock(&nvme->admin_lock, irql);
}

static VOID submit(struct controller *nvme, ULONG slot, struct nvme_command *command)
{
    nvme_submit(&nvme->admin, slot, command);
    NvmeWrite(nvme, nvme_doorbell(&nvme->capabilities, 0, false), nvme->admin.tail);
}

enum nvme_rule AdminTake(struct controller *nvme)
{
    KIRQL irql;
    struct nvme_taken taken;
    enum nvme_answer answer = NVME_EMPTY;
    ULONG count = 0;
    KeAcquireSpinLock(&nvme->admin_lock, &irql);
    while (nvme->started && (answer = nvme_take(&nvme->admin, &taken)) != NVME_EMPTY) {
        if (answer == NVME_BROKEN)
            break;
        count++;
        if (taken.slot == SLOT_ABORT) {
            nvme->aborting = FALSE;
        } else {
            nvme->admin_answer = taken;
            nvme->admin_answered = TRUE;
        }
    }
    if (count)
        NvmeWrite(nvme, nvme_doorbell(&nvme->capabilities, 0, true), nvme->admin.next);
    KeReleaseSpinLock(&nvme->admin_lock, irql);
    return answer == NVME_BROKEN ? taken.rule : NVME_OK;
}

// Sends a command and polls for its answer.
static enum nvme_rule run(struct controller *nvme, struct nvme_command command, ULONG *result)
{
    KIRQL irql;
    enum nvme_rule rule = NVME_OK;
    KeAcquireSpinLock(&nvme->admin_lock, &irql);
    nvme->admin_answered = FALSE;
    submit(nvme, SLOT_WAITED, &command);
    KeReleaseSpinLock(&nvme->admin_lock, irql);
    for (ULONG i = 0; !rule && !nvme->admin_answered; i++) {
        if (i > ADMIN_SECONDS * 1000)
            return NVME_ADMIN_SILENT;
        if (i > 0)
            pause();
        rule = AdminTake(nvme);
    }
    if (rule)
        return rule;
    if (result)
        *result = nvme->admin_answer.result;
    if (nvme->admin_answer.status)
        DbgPrint("admin command 0x%02x: status 0x%03x\n", command.opcode,
                 nvme->admin_answer.status);
    return nvme->admin_answer.status ? NVME_ADMIN_FAILED : NVME_OK;
}

VOID AdminAbort(struct controller *nvme, ULONG queue, ULONG slot)
{
    KIRQL irql;
    struct nvme_command command = nvme_abort_command(queue, slot);
    KeAcquireSpinLock(&nvme->admin_lock, &irql);
    if (nvme->started && !nvme->aborting && nvme->admin.slots > SLOT_ABORT) {
        nvme->aborting = TRUE;
        submit(nvme, SLOT_ABORT, &command);
    }
    KeReleaseSpinLock(&nvme->admin_lock, irql);
}

// --- Identify -----------------------------------------------------------------------------------

static ULONG64 answer_address(const struct controller *nvme)
{
    return (ULONG64)nvme->admin_address.QuadPart + ANSWER_OFFSET;
}

static enum nvme_rule ask(struct controller *nvme, ULONG kind, ULONG id)
{
    RtlZeroMemory(nvme->admin_memory + ANSWER_OFFSET, NVME_PAGE);
    return run(nvme, nvme_identify_command(kind, id, answer_address(nvme)), NULL);
}

enum nvme_rule ControllerNamespace(struct controller *nvme, ULONG id, struct nvme_namespace *space)
{
    enum nvme_rule rule = ask(nvme, NVME_IDENTIFY_NAMESPACE, id);
    return rule ? rule : nvme_read_namespace(nvme->admin_memory + ANSWER_OFFSET, id, space);
}

enum nvme_rule ControllerList(struct controller *nvme, ULONG *ids, ULONG most, unsigned *count)
{
    enum nvme_rule rule = ask(nvme, NVME_IDENTIFY_LIST, 0);
    return rule ? rule : nvme_read_list(nvme->admin_memory + ANSWER_OFFSET, ids, most, count);
}

static enum nvme_rule identify_controller(struct controller *nvme)
{
    enum nvme_rule rule = ask(nvme, NVME_IDENTIFY_CONTROLLER, 0);
    if (!rule)
        rule = nvme_read_controller(nvme->admin_memory + ANSWER_OFFSET, &nvme->facts);
    if (rule)
        return rule;
    ULONG most = NVME_PRPS_MOST; // and one page more, which an offset in the first may need
    most = nvme->facts.transfer_pages < most ? nvme->facts.transfer_pages : most;
    nvme->pages_most = nvme->map_registers < most ? nvme->map_registers : most;
    return NVME_OK;
}

// --- I/O queues ---------------------------------------------------------------------------------

// One a hart, as far as there are messages, doorbells and queues; once chosen the number stays, as
// requests wait in the queues.
static enum nvme_rule choose_queues(struct controller *nvme, ULONG *count)
{
    ULONG result;
    ULONG wanted = KeQueryActiveProcessorCountEx(ALL_PROCESSOR_GROUPS);
    ULONG window = nvme_queues_in_window(&nvme->capabilities, NVME_WINDOW_BYTES);
    ULONG messages = nvme->message_count ? nvme->message_count : 1;
    wanted = wanted < NVME_QUEUES_MOST ? wanted : NVME_QUEUES_MOST;
    wanted = wanted < window ? wanted : window;
    wanted = wanted < messages ? wanted : messages;
    wanted = nvme->queue_count ? nvme->queue_count : wanted;
    enum nvme_rule rule = run(nvme, nvme_set_queues_command(wanted), &result);
    if (rule)
        return rule;
    ULONG granted = nvme_queues_granted(result);
    if (nvme->queue_count && granted < nvme->queue_count)
        return NVME_FEWER_QUEUES;
    *count = granted < wanted ? granted : wanted;
    return NVME_OK;
}

static enum nvme_rule create_queue(struct controller *nvme, ULONG index)
{
    KIRQL irql;
    struct io_queue *queue = nvme->queues[index];
    ULONG most = nvme->capabilities.entries_most;
    ULONG entries = most < NVME_ENTRIES ? most : NVME_ENTRIES;
    ULONG64 rings = (ULONG64)queue->address.QuadPart;
    RtlZeroMemory(queue->memory, NVME_RINGS_BYTES);
    KeAcquireSpinLock(&queue->lock, &irql);
    nvme_queue_init(&queue->ring, index + 1, entries, queue->memory, queue->memory + CQ_OFFSET);
    KeReleaseSpinLock(&queue->lock, irql);
    enum nvme_rule rule = run(
        nvme,
        nvme_create_cq_command(index + 1, entries, rings + CQ_OFFSET, HardwareVector(nvme, index)),
        NULL);
    return rule ? rule : run(nvme, nvme_create_sq_command(index + 1, entries, rings), NULL);
}

static enum nvme_rule bring_up(struct controller *nvme, NTSTATUS *status)
{
    ULONG count = 0;
    *status = STATUS_DEVICE_PROTOCOL_ERROR;
    enum nvme_rule rule = ControllerDisable(nvme);
    make_admin_queue(nvme);
    if (!rule)
        rule = enable(nvme);
    if (!rule)
        rule = identify_controller(nvme);
    if (!rule)
        rule = choose_queues(nvme, &count);
    if (rule)
        return rule;
    *status = HardwareMakeQueues(nvme, count);
    if (NT_SUCCESS(*status))
        nvme->queue_count = count; // not before: an ISR may look at each
    for (ULONG i = 0; i < count && NT_SUCCESS(*status) && !rule; i++)
        rule = create_queue(nvme, i);
    return rule;
}

NTSTATUS ControllerRun(struct controller *nvme)
{
    NTSTATUS status;
    enum nvme_rule rule = bring_up(nvme, &status);
    nvme->disabled = rule || !NT_SUCCESS(status);
    if (!rule)
        return status;
    DbgPrint("not started: %s\n", nvme_rule_text(rule));
    (VOID) ControllerDisable(nvme);
    return STATUS_DEVICE_PROTOCOL_ERROR;
}
