// SPDX-License-Identifier: MIT
//
// Inbound: from a slot of a ring to the driver's dispatch routine; the way back is in answer.c.
// The list of links is touched by the server alone (one worker at a time has that role). A request
// lives until its answer is written, its dispatch routine has returned and no cancel is under way.

#include "../ob/ob.h"
#include "../vf/vf.h"
#include "rt.h"

static LIST_ENTRY links = {&links, &links};
static struct rt_in *next_link; // where polling goes on
static unsigned dirty_links;    // of them all
static unsigned sharing[32];    // links by doorbell
static bool draining;           // links that carry data are not looked at any more

static void set_dirty(struct rt_in *in, bool dirty)
{
    dirty_links += dirty;
    dirty_links -= in->dirty;
    in->dirty = dirty;
}

// A bit of `requests`.
FORCEINLINE unsigned doorbell_of(const struct rt_in *in)
{
    return (unsigned)in->info.link % 32;
}

static bool carries_data(const struct rt_in *in)
{
    return in->info.kind == ASH_LINK_DEVICE || in->info.kind == ASH_LINK_FILE ||
           in->info.kind == ASH_LINK_OPEN;
}

void rt_protocol_error(uint64_t link, const char *rule)
{
    const struct ash_io_link_request request = {link};
    ash_log("link %llu: the peer broke a rule: %s", (unsigned long long)link, rule);
    (void)ash_request(ASH_SLOT_IO, ASH_IO_PROTOCOL_ERROR, &request, sizeof(request), NULL, 0);
}

NTSTATUS rt_in_add(const struct ash_link_info *info, ash_cptr doorbell, bool accept)
{
    struct rt_in *in = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*in), 'kniL');
    if (in == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    in->info = *info;
    in->doorbell = doorbell;
    InitializeListHead(&in->grants);
    ash_answerer_init(&in->ring, info);
    if (accept) {
        const struct ash_io_link_request request = {info->link};
        struct ash_caps caps = {.receive = 1};
        ash_status status = ash_request_caps(ASH_SLOT_IO, ASH_IO_LINK_ACCEPT, &request,
                                             sizeof(request), NULL, 0, &caps);
        if (!ash_success(status) || caps.received != 1) {
            ExFreePool(in);
            return ash_success(status) ? STATUS_INSUFFICIENT_RESOURCES : status;
        }
        in->doorbell = caps.slot[0];
    }
    in->held = draining && carries_data(in);
    set_dirty(in, !in->held); // it may have been used already
    InsertTailList(&links, &in->link);
    sharing[doorbell_of(in)]++;
    return STATUS_SUCCESS;
}

struct rt_in *rt_in_find(uint64_t link)
{
    for (PLIST_ENTRY at = links.Flink; at != &links; at = at->Flink) {
        struct rt_in *in = CONTAINING_RECORD(at, struct rt_in, link);
        if (in->info.link == link && !in->removed)
            return in;
    }
    return NULL;
}

// What answering leaves (answer.c). The copy of the wire is there already.
static void init_request(struct rt_request *request, struct rt_in *in, int slot)
{
    request->in = in;
    request->slot = slot;
    request->refs = 2;
    request->target = NULL;
    request->out_limit = 0;
    request->out_grant = request->out_whole = request->plain = FALSE;
    request->mount_vpb = NULL;
    request->result[0] = request->result[1] = 0;
    request->user.Count = 0;
    request->opens = NULL;
    request->open.id = 0;
}

// The next request of the ring, copied once, into a request of its own. Lock held. NULL: none.
static struct rt_request *take_request(struct rt_in *in, int *slot)
{
    struct rt_request *request = in->free;
    if (request == NULL)
        request = in->free = rt_request_new(in);
    *slot = ash_answerer_take(&in->ring, &request->wire);
    if (*slot < 0)
        return NULL;
    in->free = request->next;
    init_request(request, in, *slot);
    in->slot[*slot] = request;
    return request;
}

// The status is told with the completion; that both fit is checked where every driver is called.
// The caller's reference keeps the IRP until the call is over.
static void dispatch(struct rt_request *request)
{
    rt_enter_context(request);
    [[clang::always_inline]] io_call_top(request->device, request->irp);
    rt_leave_context();
}

// A link nearly always asks for the same device. Referenced, or NULL.
static PDEVICE_OBJECT find_device(struct rt_in *in, uint64_t id)
{
    PDEVICE_OBJECT device = in->device;
    if (__builtin_expect(
            device == NULL || io_device(device)->Id != id || io_device(device)->DeletePending, 0)) {
        if (device != NULL)
            ob_drop(device);
        in->device = device = io_find_device(id);
    }
    if (device != NULL)
        ob_hold(device);
    return device;
}

static NTSTATUS find_objects(struct rt_request *request)
{
    const struct ash_request *wire = &request->wire;
    request->device = find_device(request->in, wire->device);
    if (request->device == NULL || request->device->DriverObject != &rt_driver)
        return STATUS_NO_SUCH_DEVICE;
    uint64_t link = 0;
    ACCESS_MASK access = 0;
    if (wire->file != 0)
        request->file = rt_file_find(wire->file, &link, &access);
    if (request->file != NULL)
        InterlockedIncrement((volatile LONG *)&request->file->Busy);
    if (request->in->info.kind == ASH_LINK_OPEN)
        return rt_check_opened(request, link);
    if (request->in->info.kind != ASH_LINK_FILE)
        return STATUS_SUCCESS;
    // An application reaches its own open files only, and with the access they were opened for.
    if (request->file == NULL || link != request->in->info.link ||
        request->file->DeviceObject != request->device)
        return STATUS_FILE_CLOSED;
    return rt_access_granted(wire, access) ? STATUS_SUCCESS : STATUS_ACCESS_DENIED;
}

// The IRP that the request had the last time, or a new one.
static PIRP take_irp(struct rt_request *request)
{
    CCHAR stack_size = request->device->StackSize;
    PIRP irp = request->kept;
    request->kept = NULL;
    if (irp == NULL || !io_renew_irp(irp, stack_size)) {
        if (irp != NULL)
            io_free_irp(irp);
        irp = io_allocate_irp(stack_size, rt_finish);
    }
    request->irp = irp;
    return irp;
}

static NTSTATUS make_irp(struct rt_request *request, const void *in, ULONG in_bytes)
{
    const struct ash_request *wire = &request->wire;
    NTSTATUS status = find_objects(request);
    if (!NT_SUCCESS(status))
        return status;
    PIRP irp = take_irp(request);
    if (irp == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    io_irp_of(irp)->Context = request;
    bool user = request->in->info.kind == ASH_LINK_FILE;
    irp->RequestorMode = wire->mode != 0 || user ? UserMode : KernelMode;
    irp->Tail.Overlay.AuxiliaryBuffer = ULongToPtr(wire->requestor);
    irp->Tail.Overlay.OriginalFileObject = request->file;
    PIO_STACK_LOCATION next = IoGetNextIrpStackLocation(irp);
    next->MajorFunction = wire->major;
    next->MinorFunction = wire->minor;
    next->Flags = (UCHAR)wire->flags;
    next->FileObject = request->file;
    irp->Flags =
        wire->irp_flags & (user ? IRP_NOCACHE : IRP_NOCACHE | IRP_PAGING_IO | IRP_SYNCHRONOUS_API);
    return rt_decode(request, in, in_bytes);
}

static WORK_QUEUE_ITEM *work_item_of(struct rt_request *request)
{
    C_ASSERT(sizeof(WORK_QUEUE_ITEM) <= sizeof(MDL));
    return (WORK_QUEUE_ITEM *)(PVOID)&request->mdl;
}

// CLOSE means that nobody refers to the file any more: it waits for the requests that do.
static VOID close_when_idle(PVOID parameter)
{
    struct rt_request *request = parameter;
    LARGE_INTEGER moment = {.QuadPart = -10000};
    while (__atomic_load_n(&request->file->Busy, __ATOMIC_ACQUIRE) > 1)
        KeDelayExecutionThread(KernelMode, FALSE, &moment);
    dispatch(request);
    rt_request_release(request);
}

static bool close_must_wait(const struct rt_request *request)
{
    return request->wire.major == IRP_MJ_CLOSE && request->file != NULL &&
           __atomic_load_n(&request->file->Busy, __ATOMIC_ACQUIRE) > 1;
}

static void handle(struct rt_request *request)
{
    struct rt_in *in = request->in;
    const void *data = ash_answerer_input(&in->ring, request->slot);
    ULONG bytes = request->wire.inline_size;
    if (!rt_allowed(in, &request->wire)) {
        rt_answer_status(request, STATUS_INVALID_DEVICE_REQUEST);
        return;
    }
    if (request->wire.major >= ASH_MJ_ADD_DEVICE) {
        rt_kit_request(request, data, bytes);
        return;
    }
    NTSTATUS status = make_irp(request, data, bytes);
    if (NT_SUCCESS(status) && close_must_wait(request)) {
        InterlockedIncrement(&request->refs);
        ExInitializeWorkItem(work_item_of(request), close_when_idle, request);
        ExQueueWorkItem(work_item_of(request), DelayedWorkQueue);
    } else if (NT_SUCCESS(status)) {
        dispatch(request);
    } else {
        rt_answer_status(request, status);
    }
}

KI_COLD static struct rt_request *cancelled_request(struct rt_in *in)
{
    struct rt_request *request = NULL;
    int slot = ash_answerer_cancelled(&in->ring);
    if (slot >= 0)
        request = in->slot[slot];
    if (request != NULL && request->irp != NULL)
        InterlockedIncrement(&request->refs);
    else
        request = NULL;
    return request;
}

// Nothing is there: announces sleep; then the link is looked at again when its doorbell rang. Lock
// held.
static void nothing_there(struct rt_in *in)
{
    set_dirty(in, !in->removed && !ash_answerer_sleep(&in->ring));
}

static void handle_request(struct rt_request *request)
{
    rt_flush_bells(); // of the request before
    handle(request);
    rt_request_release(request);
}

KI_COLD static void cancel(struct rt_request *request)
{
    (void)IoCancelIrp(request->irp);
    rt_request_release(request);
}

KI_COLD static void stop_broken(struct rt_in *in)
{
    if (in->removed)
        return;
    in->removed = true; // nothing is taken any more
    set_dirty(in, false);
    rt_protocol_error(in->info.link, in->ring.rule);
}

// One request or cancellation of one link. True if there was something.
static bool poll_link(struct rt_in *in)
{
    struct rt_request *request = NULL, *cancelled = NULL;
    int slot = ASH_RING_NONE;
    bool closed = false;
    ki_acquire(&in->lock);
    if (__builtin_expect(ash_answerer_cancels(&in->ring), 0)) {
        cancelled = cancelled_request(in);
        closed = cancelled == NULL && !ash_answerer_cancels(&in->ring);
    }
    if (cancelled == NULL && ash_answerer_asked(&in->ring))
        request = take_request(in, &slot);
    if (cancelled == NULL && request == NULL)
        nothing_there(in);
    ki_release(&in->lock);
    if (__builtin_expect(closed, 0))
        rt_grants_closed();
    if (request != NULL) {
        handle_request(request);
        return true;
    }
    if (cancelled != NULL) {
        cancel(cancelled);
        return true;
    }
    if (slot == ASH_RING_BROKEN)
        stop_broken(in);
    return false;
}

static bool serve_link(struct rt_in *in)
{
    while (in->dirty)
        if (poll_link(in))
            return true;
    return false;
}

// A link that something may have been sent on: those after the one that was served last come first.
// NULL: there is none.
static struct rt_in *next_dirty(void)
{
    if (dirty_links == 0)
        return NULL;
    if (dirty_links == 1 && next_link != NULL && next_link->dirty)
        return next_link;
    PLIST_ENTRY at = next_link != NULL ? next_link->link.Flink : links.Flink;
    while (at == &links || !CONTAINING_RECORD(at, struct rt_in, link)->dirty)
        at = at->Flink;
    return CONTAINING_RECORD(at, struct rt_in, link);
}

static bool serve_next(void)
{
    struct rt_in *in;
    while ((in = next_dirty()) != NULL) {
        next_link = in; // the others come before its next request
        if (serve_link(in))
            return true;
    }
    return false;
}

static void wake(struct rt_in *in)
{
    ash_answerer_awake(&in->ring);
    set_dirty(in, !in->held);
}

static void wake_all(uint64_t bits)
{
    for (PLIST_ENTRY at = links.Flink; at != &links; at = at->Flink) {
        struct rt_in *in = CONTAINING_RECORD(at, struct rt_in, link);
        if ((bits >> doorbell_of(in) & 1) != 0)
            wake(in);
    }
}

static void sleep(void)
{
    port_write_rest();
    uint64_t bits;
    [[clang::always_inline]] bits = rt_flush_and_wait(rt_requests);
    struct rt_in *last = next_link; // most often it is that one again, and it alone
    if (last != NULL && bits == 1ull << doorbell_of(last) && sharing[doorbell_of(last)] == 1)
        wake(last);
    else
        wake_all(bits);
}

// The thread sleeps here, too, so that it is not made ready anew for each request.
void rt_serve(void)
{
    const struct _KTHREAD *thread = ki_thread();
    rt_defer_bells(true);
    do {
        if (!serve_next())
            sleep();
    } while (thread->Server && ki_any_work() == NULL);
    rt_defer_bells(false);
    if (!thread->Server)
        rt_flush_bells();
}

// With the lock: whoever was the last to answer has let go of it.
static bool in_use(struct rt_in *in)
{
    ki_acquire(&in->lock);
    bool used = in->ring.owed != 0 || in->ringing != 0;
    ki_release(&in->lock);
    return used;
}

// The requester is gone: its requests are cancelled; once the last is answered the link is freed.
static VOID remove_link(PVOID parameter)
{
    struct rt_request *request = parameter;
    struct rt_in *in = request->target;
    struct rt_request *unused;
    LARGE_INTEGER moment = {.QuadPart = -10000};
    rt_cancel_all(in);
    while (in_use(in))
        KeDelayExecutionThread(KernelMode, FALSE, &moment);
    rt_grants_drop(in);
    ash_slot_delete(in->doorbell);
    if (in->device != NULL)
        ObfDereferenceObject(in->device);
    while ((unused = in->free) != NULL) {
        in->free = unused->next;
        rt_request_unused(unused);
    }
    ExFreePool(in);
    rt_answer_status(request, STATUS_SUCCESS);
}

void rt_link_removed(struct rt_request *request)
{
    struct rt_in *in = rt_in_find(request->wire.parameter[0]);
    if (in == NULL) {
        rt_answer_status(request, STATUS_SUCCESS);
        return;
    }
    in->removed = true;
    set_dirty(in, false);
    if (next_link == in)
        next_link = NULL;
    RemoveEntryList(&in->link);
    sharing[doorbell_of(in)]--;
    request->target = in;
    ExInitializeWorkItem(work_item_of(request), remove_link, request);
    ExQueueWorkItem(work_item_of(request), DelayedWorkQueue);
}

// The task is about to be ended, when this has come down to nothing.
unsigned rt_drain(void)
{
    unsigned owed = 0;
    draining = true;
    for (PLIST_ENTRY at = links.Flink; at != &links; at = at->Flink) {
        struct rt_in *in = CONTAINING_RECORD(at, struct rt_in, link);
        if (!carries_data(in))
            continue;
        in->held = true;
        set_dirty(in, false);
        ki_acquire(&in->lock);
        owed += in->ring.owed;
        ki_release(&in->lock);
    }
    return owed;
}

// The control link is the first, and stays.
void rt_probed(void)
{
    const struct rt_in *control = CONTAINING_RECORD(links.Flink, struct rt_in, link);
    uint32_t probe = atomic_load_explicit(&control->ring.requests->probe, memory_order_acquire);
    atomic_store_explicit(&control->ring.answers->probed, probe, memory_order_release);
}
