// SPDX-License-Identifier: MIT
//
// The way back: interrupt, DPC, completions, and what their status means. A message belongs to the
// queues that were created with its number; the line to all of them. While a DPC has the line, it
// is masked at the controller (INTMS), and the controller's line falls when every entry's doorbell
// was rung.
#include "controller.h"

static const struct {
    USHORT status;
    NTSTATUS means;
} meanings[] = {
    {NVME_STATUS_INVALID_OPCODE, STATUS_INVALID_DEVICE_REQUEST},
    {NVME_STATUS_INVALID_FIELD, STATUS_INVALID_PARAMETER},
    {NVME_STATUS_ABORT_REQUESTED, STATUS_IO_TIMEOUT}, // who else asks for aborts?
    {NVME_STATUS_INVALID_NAMESPACE, STATUS_NO_SUCH_DEVICE},
    {NVME_STATUS_WRITE_PROTECTED, STATUS_MEDIA_WRITE_PROTECTED},
    {NVME_STATUS_LBA_RANGE, STATUS_NONEXISTENT_SECTOR},
    {NVME_STATUS_CAPACITY, STATUS_DISK_FULL},
    {NVME_STATUS_NOT_READY, STATUS_DEVICE_NOT_READY},
    {NVME_STATUS_READ_ONLY_RANGE, STATUS_MEDIA_WRITE_PROTECTED},
    {NVME_STATUS_WRITE_FAULT, STATUS_IO_DEVICE_ERROR},
    {NVME_STATUS_UNRECOVERED_READ, STATUS_DEVICE_DATA_ERROR},
    {NVME_STATUS_GUARD_CHECK, STATUS_CRC_ERROR},
    {NVME_STATUS_APPLICATION_TAG, STATUS_CRC_ERROR},
    {NVME_STATUS_REFERENCE_TAG, STATUS_CRC_ERROR},
    {NVME_STATUS_ACCESS_DENIED, STATUS_ACCESS_DENIED},
};

static NTSTATUS meaning_of(unsigned status)
{
    for (ULONG i = 0; i < ARRAYSIZE(meanings); i++)
        if (meanings[i].status == status)
            return meanings[i].means;
    return STATUS_IO_DEVICE_ERROR;
}

// --- Interrupt ----------------------------------------------------------------------------------

BOOLEAN NvmeLineInterrupt(PKINTERRUPT interrupt, PVOID context)
{
    struct controller *nvme = context;
    UNREFERENCED_PARAMETER(interrupt);
    BOOLEAN mine = nvme_has_answer(&nvme->admin);
    for (ULONG i = 0; i < nvme->queue_count && !mine; i++)
        mine = nvme_has_answer(&nvme->queues[i]->ring);
    if (!mine)
        return FALSE;
    NvmeWrite(nvme, NVME_INTMS, 1);
    KeInsertQueueDpc(&nvme->line_dpc, NULL, NULL);
    return TRUE;
}

BOOLEAN NvmeMessageInterrupt(PKINTERRUPT interrupt, PVOID context, ULONG message)
{
    struct controller *nvme = context;
    UNREFERENCED_PARAMETER(interrupt);
    for (ULONG i = message; i < nvme->queue_count; i += nvme->message_count)
        KeInsertQueueDpc(&nvme->queues[i]->dpc, NULL, NULL);
    return TRUE;
}

// --- Completions; DISPATCH_LEVEL ----------------------------------------------------------------

// The next piece, or the end.
static VOID answered(struct io_queue *queue, const struct nvme_taken *taken)
{
    struct nvme_slot *slot = &queue->slots[taken->slot];
    if (taken->status)
        QueueFinish(slot, meaning_of(taken->status));
    else
        QueueGoOn(slot);
}

// Takes every answer there is and rings the doorbell. Nothing goes in flight while the lock is
// held, so there are at most NVME_SLOTS, and `all` has room for one more that is broken.
static enum nvme_rule take_answers(struct io_queue *queue, struct nvme_taken *all, ULONG *count)
{
    enum nvme_answer answer = NVME_EMPTY;
    *count = 0;
    KeAcquireSpinLockAtDpcLevel(&queue->lock);
    if (queue->state == NVME_RUNNING || queue->state == NVME_HELD)
        while ((answer = nvme_take(&queue->ring, &all[*count])) == NVME_TOOK)
            ++*count;
    if (*count)
        NvmeWrite(queue->nvme, queue->completion_doorbell, queue->ring.next);
    KeReleaseSpinLockFromDpcLevel(&queue->lock);
    return answer == NVME_BROKEN ? all[*count].rule : NVME_OK;
}

static enum nvme_rule serve(struct io_queue *queue)
{
    struct nvme_taken all[NVME_SLOTS + 1];
    ULONG count;
    enum nvme_rule rule = take_answers(queue, all, &count);
    for (ULONG i = 0; i < count; i++)
        answered(queue, &all[i]);
    if (count)
        queue->nvme->resets = 0;
    return rule;
}

static VOID end(struct io_queue *queue, enum nvme_rule rule)
{
    if (rule)
        NvmeBroke(queue->nvme, rule);
    QueueStartWaiting(queue);
}

// The first queue shares its message with the admin queue.
VOID NvmeQueueDpc(PKDPC dpc, PVOID context, PVOID unused1, PVOID unused2)
{
    struct io_queue *queue = context;
    enum nvme_rule rule = serve(queue);
    UNREFERENCED_PARAMETER(dpc);
    UNREFERENCED_PARAMETER(unused1);
    UNREFERENCED_PARAMETER(unused2);
    if (!rule && queue == queue->nvme->queues[0])
        rule = AdminTake(queue->nvme);
    end(queue, rule);
}

VOID NvmeLineDpc(PKDPC dpc, PVOID context, PVOID unused1, PVOID unused2)
{
    struct controller *nvme = context;
    enum nvme_rule rule = AdminTake(nvme);
    UNREFERENCED_PARAMETER(dpc);
    UNREFERENCED_PARAMETER(unused1);
    UNREFERENCED_PARAMETER(unused2);
    for (ULONG i = 0; i < nvme->queue_count && !rule; i++)
        rule = serve(nvme->queues[i]);
    if (nvme->started)
        NvmeWrite(nvme, NVME_INTMC, 1);
    for (ULONG i = 0; i < nvme->queue_count; i++)
        end(nvme->queues[i], rule);
}
