// SPDX-License-Identifier: MIT
//
// Outbound: IoCallDriver on a proxy puts the IRP's current location into the link's ring; the
// answer completes the IRP on the dispatch thread. An IRP the proxy has accepted is pending and is
// in one place: waiting (no slot or no bounce space), or irp[slot]; it leaves it exactly once.
// While it is there its cancel routine is the proxy's: cancelling asks the lower driver to.

#include "rt.h"

#define MILLISECOND         10000
#define LET_GO_MILLISECONDS 5000u

static LIST_ENTRY links = {&links, &links};
static struct ki_lock links_lock;

// In DriverContext of an IRP the proxy owns: where it is.
struct context {
    struct rt_out *out;
    PKEVENT waiter; // of a sender that waits for the answer itself
    LONG slot;      // -1: waiting
};
C_ASSERT(sizeof(struct context) <= sizeof(((PIRP)0)->Tail.Overlay.DriverContext));

static struct context *context_of(PIRP irp)
{
    return (struct context *)(PVOID)irp->Tail.Overlay.DriverContext;
}

struct rt_out *rt_out_add(const struct ash_link_info *info, ash_cptr doorbell)
{
    struct rt_out *out = NULL;
    ki_acquire(&links_lock);
    for (PLIST_ENTRY at = links.Flink; at != &links && out == NULL; at = at->Flink)
        if (CONTAINING_RECORD(at, struct rt_out, link)->info.link == info->link &&
            !CONTAINING_RECORD(at, struct rt_out, link)->dead)
            out = CONTAINING_RECORD(at, struct rt_out, link);
    ki_release(&links_lock);
    if (out != NULL) {
        ash_slot_delete(doorbell);
        return out; // attached or opened before: the same link
    }
    if ((out = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*out), 'kouL')) == NULL)
        return NULL;
    out->info = *info;
    out->doorbell = doorbell;
    InitializeListHead(&out->waiting);
    RtlInitializeBitMap(&out->bounce_map, out->bounce_bits, RT_BOUNCE_PAGES);
    ash_requester_init(&out->ring, info);
    ki_acquire(&links_lock);
    InsertTailList(&links, &out->link);
    ki_release(&links_lock);
    return out;
}

static void complete(PIRP irp, NTSTATUS status, ULONG_PTR information)
{
    struct ki_state state;
    ki_save_state(&state);
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = information;
    IofCompleteRequest(irp, IO_NO_INCREMENT);
    ki_check_state(&state, "completion routine returned with IRQL or locks changed", NULL);
}

// Where the memory manager tells what lower drivers have open to their devices for this task's
// requests; asked for when the first one takes memory along.
static void ask_uses(struct rt_out *out)
{
    const struct ash_mem_link_request request = {out->info.link};
    struct ash_mem_map_reply reply;
    out->asked_uses = true;
    if (ash_success(ash_request(ASH_SLOT_MEMORY, ASH_MEM_DMA_USE, &request, sizeof(request), &reply,
                                sizeof(reply))))
        out->uses = (const _Atomic uint16_t *)reply.address;
}

// The lower driver has answered: its device is through with the request's memory, or is made to be.
static void end_dma(struct rt_out *out, int slot)
{
    const struct ash_mem_dma_end_request request = {out->info.link, (uint64_t)slot};
    struct ash_mem_dma_end_reply reply;
    atomic_thread_fence(memory_order_seq_cst); // the answer was read before
    if (out->uses != NULL && atomic_load_explicit(&out->uses[slot], memory_order_acquire) == 0)
        return;
    (void)ash_request(ASH_SLOT_MEMORY, ASH_MEM_DMA_END, &request, sizeof(request), &reply,
                      sizeof(reply));
}

// Seldom: the I/O manager knows then, until nothing has been owed for a while. It waits for nobody.
[[gnu::noinline, gnu::cold]] static void ask_to_watch(void)
{
    (void)ash_request(ASH_SLOT_IO, ASH_IO_OWED, NULL, 0, NULL, 0);
}

// Lock held. STATUS_PENDING: it is in the ring. STATUS_DEVICE_BUSY: no room now. Else it failed.
static NTSTATUS send(struct rt_out *out, PIRP irp, bool *ring)
{
    struct context *context = context_of(irp);
    NTSTATUS status = out->dead ? STATUS_NO_SUCH_DEVICE : ash_requester_ended(&out->ring);
    if (status != 0)
        return status;
    int slot = ash_requester_alloc(&out->ring);
    if (slot < 0)
        return STATUS_DEVICE_BUSY;
    status = rt_encode(out, slot, irp, &out->sent[slot]);
    if (!NT_SUCCESS(status)) {
        ash_requester_release(&out->ring, slot);
        return status;
    }
    const struct ash_request *wire = ash_requester_request(&out->ring, slot);
    if (!out->asked_uses && (wire->grant | wire->input_grant) != 0)
        ask_uses(out);
    out->irp[slot] = irp;
    context->slot = slot;
    ash_requester_submit(&out->ring, slot, ash_time());
    *ring |= ash_requester_must_ring(&out->ring);
    if (__builtin_expect(ash_requester_unwatched(&out->ring), 0))
        ask_to_watch();
    return STATUS_PENDING;
}

// The cancel spin lock is held until the IRP is not touched any more: settle_cancel waits for that.
// A request that was sent is cancelled by asking the lower driver; its answer completes the IRP.
static VOID cancel(PDEVICE_OBJECT device, PIRP irp)
{
    struct context *context = context_of(irp);
    struct rt_out *out = context->out;
    bool waiting, ring = false;
    (void)device;
    ki_acquire(&out->lock);
    waiting = context->slot < 0;
    if (waiting) {
        RemoveEntryList(&irp->Tail.Overlay.ListEntry);
    } else if (out->irp[context->slot] == irp) {
        ash_requester_cancel(&out->ring, context->slot);
        ring = ash_requester_must_ring(&out->ring);
    }
    ki_release(&out->lock);
    IoReleaseCancelSpinLock(irp->CancelIrql);
    if (ring)
        rt_ring(out->doorbell);
    if (!waiting)
        return;
    complete(irp, STATUS_CANCELLED, 0);
}

void rt_out_closed(struct rt_out *out)
{
    bool ring = false;
    ki_acquire(&out->lock);
    if (!out->dead) {
        ash_requester_look_again(&out->ring);
        ring = ash_requester_must_ring(&out->ring);
    }
    ki_release(&out->lock);
    if (ring)
        rt_ring(out->doorbell);
}

static bool busy(struct rt_out *out)
{
    ki_acquire(&out->lock);
    bool waits = out->ring.out_count != 0 || !IsListEmpty(&out->waiting);
    out->dead = !waits;
    ki_release(&out->lock);
    return waits;
}

// Requests that the driver forwarded without looking at their completion may still be below: they
// are answered by the lower driver, or ended by the I/O manager. The link goes when the last has
// been.
void rt_out_let_go(struct rt_out *out)
{
    LARGE_INTEGER moment = {.QuadPart = -MILLISECOND};
    unsigned waited = 0;
    while (busy(out) && waited++ < LET_GO_MILLISECONDS && KeGetCurrentIrql() == PASSIVE_LEVEL)
        KeDelayExecutionThread(KernelMode, FALSE, &moment);
    if (!out->dead)
        ki_violation(DRIVER_VERIFIER_IOMANAGER_VIOLATION,
                     "IoDetachDevice while requests to the lower device are outstanding",
                     out->info.device, out->ring.out_count);
}

static NTSTATUS fail(PIRP irp, NTSTATUS status)
{
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = 0;
    IofCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

// The first START that a driver passes down which has joined a started stack: nobody below it is
// started a second time.
static bool joins_started(PDEVICE_OBJECT proxy)
{
    bool joined = (io_device(proxy)->Standing & RT_STANDING_STARTED) != 0;
    io_device(proxy)->Standing &= (UCHAR)~RT_STANDING_STARTED;
    return joined;
}

// Kit work that needs no message: true if done.
static bool answer_here(PDEVICE_OBJECT proxy, PIRP irp, NTSTATUS *status)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    if (location->MajorFunction != IRP_MJ_PNP)
        return false;
    if (location->MinorFunction == IRP_MN_START_DEVICE && joins_started(proxy))
        *status = STATUS_SUCCESS;
    else if (location->MinorFunction == IRP_MN_QUERY_INTERFACE)
        *status = rt_query_interface(proxy, location);
    else
        return false;
    if (*status != STATUS_NOT_SUPPORTED)
        irp->IoStatus.Status = *status;
    *status = irp->IoStatus.Status;
    IofCompleteRequest(irp, IO_NO_INCREMENT);
    return true;
}

static bool is_remove(PIRP irp)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    return location->MajorFunction == IRP_MJ_PNP && location->MinorFunction == IRP_MN_REMOVE_DEVICE;
}

// Accepts the IRP: in the ring, or waiting for room. Else the status with which it fails.
static NTSTATUS accept(struct rt_out *out, PIRP irp, bool *ring)
{
    NTSTATUS status = IsListEmpty(&out->waiting) ? send(out, irp, ring) : STATUS_DEVICE_BUSY;
    if (status != STATUS_DEVICE_BUSY)
        return status;
    InsertTailList(&out->waiting, &irp->Tail.Overlay.ListEntry);
    return STATUS_PENDING;
}

// A driver detaches and deletes its device as soon as IoCallDriver of REMOVE_DEVICE has returned,
// as documented: so the answer is waited for here and the IRP completed in the caller's thread.
static NTSTATUS send_and_wait(struct rt_out *out, PIRP irp)
{
    KEVENT answered;
    bool ring = false;
    KeInitializeEvent(&answered, NotificationEvent, FALSE);
    *context_of(irp) = (struct context){out, &answered, -1};
    ki_acquire(&out->lock);
    NTSTATUS status = accept(out, irp, &ring);
    ki_release(&out->lock);
    if (ring)
        rt_ring(out->doorbell);
    if (status != STATUS_PENDING)
        return fail(irp, status);
    KeWaitForSingleObject(&answered, Executive, KernelMode, FALSE, NULL);
    status = irp->IoStatus.Status;
    IofCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

// Makes an accepted IRP cancellable, lock held. True: it was cancelled before and has no slot, so
// it is the caller's again.
static bool arm_cancel(struct rt_out *out, PIRP irp, bool *ring)
{
    struct context *context = context_of(irp);
    IoSetCancelRoutine(irp, cancel);
    if (!irp->Cancel || IoSetCancelRoutine(irp, NULL) == NULL)
        return false;
    if (context->slot < 0) {
        RemoveEntryList(&irp->Tail.Overlay.ListEntry);
        return true;
    }
    ash_requester_cancel(&out->ring, context->slot);
    *ring |= ash_requester_must_ring(&out->ring);
    return false;
}

NTSTATUS rt_proxy_dispatch(PDEVICE_OBJECT proxy, PIRP irp)
{
    NTSTATUS status;
    bool ring = false, cancelled = false;
    if (answer_here(proxy, irp, &status))
        return status;
    if (rt_link_of(proxy) == NULL && !NT_SUCCESS(status = rt_proxy_open(proxy)))
        return fail(irp, status);
    struct rt_out *out = rt_link_of(proxy);
    if (is_remove(irp))
        return send_and_wait(out, irp);
    *context_of(irp) = (struct context){out, NULL, -1};
    IoMarkIrpPending(irp);
    ki_acquire(&out->lock);
    status = accept(out, irp, &ring);
    if (status == STATUS_PENDING)
        cancelled = arm_cancel(out, irp, &ring);
    ki_release(&out->lock);
    if (ring)
        rt_ring(out->doorbell);
    if (cancelled || status != STATUS_PENDING)
        (void)fail(irp, cancelled ? STATUS_CANCELLED : status);
    return STATUS_PENDING;
}

// Takes one answer into its IRP. Lock held; returns the IRP, or NULL.
static PIRP take(struct rt_out *out, struct ash_answer *answer)
{
    int slot = ash_requester_take(&out->ring, answer);
    if (slot < 0)
        return NULL;
    if (out->asked_uses)
        end_dma(out, slot);
    PIRP irp = out->irp[slot];
    out->irp[slot] = NULL;
    rt_decode_answer(out, slot, irp, &out->sent[slot], answer);
    ash_requester_release(&out->ring, slot);
    return irp;
}

// Lock held: IRPs that waited for a slot go on; those that fail are returned in a list.
static void send_waiting(struct rt_out *out, PLIST_ENTRY failed, bool *ring)
{
    while (!IsListEmpty(&out->waiting)) {
        PIRP irp = CONTAINING_RECORD(out->waiting.Flink, IRP, Tail.Overlay.ListEntry);
        NTSTATUS status = send(out, irp, ring);
        if (status == STATUS_DEVICE_BUSY)
            return;
        RemoveEntryList(&irp->Tail.Overlay.ListEntry);
        if (status == STATUS_PENDING)
            continue;
        irp->IoStatus.Status = status;
        irp->IoStatus.Information = 0;
        InsertTailList(failed, &irp->Tail.Overlay.ListEntry);
    }
}

// A cancel routine that has been taken out of the IRP but has not run to its end still uses the
// IRP, under the cancel spin lock: taking that lock waits for it.
static void settle_cancel(PIRP irp)
{
    KIRQL irql;
    if (IoSetCancelRoutine(irp, NULL) != NULL)
        return;
    IoAcquireCancelSpinLock(&irql);
    IoReleaseCancelSpinLock(irql);
}

static void finish(PIRP irp)
{
    settle_cancel(irp);
    if (context_of(irp)->waiter != NULL) {
        KeSetEvent(context_of(irp)->waiter, IO_NO_INCREMENT, FALSE);
        return;
    }
    complete(irp, irp->IoStatus.Status, irp->IoStatus.Information);
}

static void drain(struct rt_out *out)
{
    struct ash_answer answer;
    LIST_ENTRY failed;
    bool ring = false, again = true;
    InitializeListHead(&failed);
    ki_acquire(&out->lock);
    if (out->dead) {
        ki_release(&out->lock);
        return;
    }
    ash_requester_awake(&out->ring);
    while (again) {
        PIRP irp;
        while ((irp = take(out, &answer)) != NULL) {
            if (!IsListEmpty(&out->waiting))
                send_waiting(out, &failed, &ring);
            ki_release(&out->lock);
            finish(irp);
            ki_acquire(&out->lock);
            if (out->dead)
                break;
        }
        if (out->dead)
            break;
        if (ash_requester_ended(&out->ring) != 0)
            send_waiting(out, &failed, &ring);
        again = !ash_requester_sleep(&out->ring);
        if (again && ash_requester_ended(&out->ring) != 0 && out->ring.out_count == 0)
            again = false;
    }
    ki_release(&out->lock);
    if (ring)
        rt_ring(out->doorbell);
    while (!IsListEmpty(&failed))
        finish(CONTAINING_RECORD(RemoveHeadList(&failed), IRP, Tail.Overlay.ListEntry));
}

// Completions run at DISPATCH_LEVEL, as after a DPC.
void rt_out_complete(uint64_t bits)
{
    if ((uint32_t)bits == 0)
        return;
    KIRQL irql = KfRaiseIrql(DISPATCH_LEVEL);
    ki_acquire(&links_lock);
    PLIST_ENTRY at = links.Flink;
    ki_release(&links_lock);
    for (; at != &links; at = at->Flink) { // links are only ever added, at the end
        struct rt_out *out = CONTAINING_RECORD(at, struct rt_out, link);
        if ((bits >> out->info.link % 32 & 1) != 0)
            drain(out);
    }
    KeLowerIrql(irql);
}
