// SPDX-License-Identifier: MIT
//
// Threaded IRPs: from being built to being completed they are on the list of the thread that built
// them. When the thread ends they are cancelled and waited for; one that nobody completes within
// five minutes is left to whoever has it.
// One lock guards all lists. An IRP that is being cancelled here is not freed by its completion.

#include "io.h"

#define MOMENT          (-100000ll) // 10 ms
#define MOMENTS_TO_WAIT 30000u

static struct ki_lock lock;

void io_thread_irp(PIRP irp)
{
    PKTHREAD thread = ki_thread();
    irp->AllocationFlags |= IO_IRP_THREADED;
    irp->Tail.Overlay.Thread = thread;
    ki_acquire(&lock);
    InsertTailList(&thread->Irps, &irp->ThreadListEntry);
    ki_release(&lock);
}

bool io_unthread_irp(PIRP irp)
{
    struct io_irp *header = io_irp_of(irp);
    ki_acquire(&lock);
    RemoveEntryList(&irp->ThreadListEntry);
    bool free = !header->Cancelling;
    header->Finished = TRUE;
    ki_release(&lock);
    return free;
}

static void remove(PIRP irp)
{
    RemoveEntryList(&irp->ThreadListEntry);
    InitializeListHead(&irp->ThreadListEntry);
}

// The next IRP that was not asked to stop yet, held. IRPs that were never sent leave the list.
static PIRP hold_next(PKTHREAD thread)
{
    PIRP found = NULL;
    ki_acquire(&lock);
    for (PLIST_ENTRY at = thread->Irps.Flink, next; at != &thread->Irps && found == NULL;
         at = next) {
        PIRP irp = CONTAINING_RECORD(at, IRP, ThreadListEntry);
        next = at->Flink;
        if (irp->CurrentLocation > irp->StackCount)
            remove(irp);
        else if (!irp->Cancel)
            found = irp;
    }
    if (found != NULL)
        io_irp_of(found)->Cancelling = TRUE;
    ki_release(&lock);
    return found;
}

static void let_go(PIRP irp)
{
    struct io_irp *header = io_irp_of(irp);
    ki_acquire(&lock);
    bool finished = header->Finished;
    header->Cancelling = FALSE;
    ki_release(&lock);
    if (finished)
        io_free_irp(irp);
}

static bool has_irps(PKTHREAD thread)
{
    ki_acquire(&lock);
    bool some = !IsListEmpty(&thread->Irps);
    ki_release(&lock);
    return some;
}

static void leave_rest(PKTHREAD thread)
{
    ki_acquire(&lock);
    while (!IsListEmpty(&thread->Irps))
        remove(CONTAINING_RECORD(thread->Irps.Flink, IRP, ThreadListEntry));
    ki_release(&lock);
}

void io_cancel_thread_irps(PKTHREAD thread)
{
    LARGE_INTEGER moment = {.QuadPart = MOMENT};
    for (unsigned i = 0; has_irps(thread) && i < MOMENTS_TO_WAIT; i++) {
        PIRP irp = hold_next(thread);
        if (irp != NULL) {
            (void)IoCancelIrp(irp);
            let_go(irp);
        } else if (has_irps(thread)) {
            KeDelayExecutionThread(KernelMode, FALSE, &moment);
        }
    }
    leave_rest(thread);
}
