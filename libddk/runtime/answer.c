// SPDX-License-Identifier: MIT
//
// The end of an inbound request: what it held is let go of, then its slot is answered, exactly once
// and by rt_answer; then it can be used for the next one.

#include "../ob/ob.h"
#include "rt.h"

static SLIST_HEADER free_requests; // those that were let go of late, and of links that are gone

KI_COLD struct rt_request *rt_request_new(const struct rt_in *in)
{
    struct rt_request *request =
        (struct rt_request *)(PVOID)InterlockedPopEntrySList(&free_requests);
    if (request == NULL)
        request = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*request), 'qerI');
    if (request == NULL)
        ki_violation(0, "kit: no memory for a request", in->info.link, 0);
    request->next = NULL;
    return request;
}

void rt_request_unused(struct rt_request *request)
{
    InterlockedPushEntrySList(&free_requests, &request->free);
}

// Nobody refers to it any more: its IRP stays for the next time.
FORCEINLINE void keep_irp(struct rt_request *request)
{
    PIRP irp = request->irp;
    if (irp == NULL)
        return;
    irp->Type = 0;
    request->kept = irp;
    request->irp = NULL;
}

void rt_request_release(struct rt_request *request)
{
    if (InterlockedDecrement(&request->refs) != 0)
        return;
    keep_irp(request);
    rt_request_unused(request);
}

// What few requests have.
KI_COLD static void let_go_of_buffers(struct rt_request *request)
{
    if (request->input_grant != NULL)
        rt_grant_put(request->input_grant);
    if (request->out != NULL)
        ExFreePool(request->out);
    if (request->pool != NULL)
        ExFreePool(request->pool);
    if (request->pool2 != NULL)
        ExFreePool(request->pool2);
    if (request->name.Buffer != NULL)
        ExFreePool(request->name.Buffer);
    request->input_grant = NULL;
    request->pool = request->pool2 = request->out = NULL;
    request->name = (UNICODE_STRING){0};
}

// Everything the request held, before the answer is published: the requester may reuse or close
// the grant as soon as it sees the answer.
FORCEINLINE void let_go(struct rt_request *request)
{
    PFILE_OBJECT file = request->file;
    if (__builtin_expect(request->opens != NULL, 0))
        rt_dma_close_all(request);
    if (request->grant != NULL)
        rt_grant_put(request->grant);
    if (request->pool != NULL || request->pool2 != NULL || request->out != NULL ||
        request->input_grant != NULL || request->name.Buffer != NULL)
        let_go_of_buffers(request);
    if (file != NULL) {
        InterlockedDecrement((volatile LONG *)&file->Busy);
        ob_drop(file);
    }
    if (request->device != NULL)
        ob_drop(request->device);
    request->grant = NULL;
    request->file = NULL;
    request->device = NULL;
}

// Into the ring, with the link's lock held, which is released. The link stays while it owes an
// answer, and while `ringing`.
FORCEINLINE void publish(struct rt_request *request, struct rt_in *in,
                         const struct ash_answer *answer)
{
    rt_answered = answer->completed;
    in->slot[request->slot] = NULL;
    bool done;
    [[clang::always_inline]] done = ash_answerer_complete(&in->ring, request->slot, answer);
    bool ring = done && ash_answerer_must_ring(&in->ring);
    if (ring) [[clang::always_inline]]
        ring = !rt_keep_bell(in->doorbell);
    if (__builtin_expect(ring, 0))
        InterlockedIncrement(&in->ringing);
    if (InterlockedDecrement(&request->refs) == 0) {
        keep_irp(request);
        request->next = in->free;
        in->free = request;
    }
    ki_release(&in->lock);
    if (__builtin_expect(!ring, 1))
        return;
    ash_signal(in->doorbell);
    InterlockedDecrement(&in->ringing);
}

void rt_answer(struct rt_request *request, const struct ash_answer *answer)
{
    let_go(request);
    ki_acquire(&request->in->lock);
    publish(request, request->in, answer);
}

void rt_answer_status(struct rt_request *request, NTSTATUS status)
{
    rt_answer(request, &(struct ash_answer){.status = status, .completed = ash_time()});
}

// `file` and `device`: those that have lost their last reference.
__attribute__((noinline)) static void finish_any(PIRP irp, PFILE_OBJECT file, PDEVICE_OBJECT device)
{
    struct rt_request *request = io_irp_of(irp)->Context;
    struct rt_in *in = request->in;
    struct ash_answer answer = {
        .status = irp->IoStatus.Status,
        .information = irp->IoStatus.Information,
    };
    if (file != NULL)
        ob_delete_object(file);
    if (device != NULL)
        ob_delete_object(device);
    rt_encode_answer(request, ash_answerer_output(&in->ring, request->slot), in->info.inline_bytes,
                     &answer);
    answer.result[0] = request->result[0];
    answer.result[1] = io_irp_of(irp)->Wake;
    answer.completed = ash_time();
    rt_answer(request, &answer);
}

// A transfer to or from a grant, which holds nothing else and has nothing to be encoded. Nothing is
// called before the end, so that no registers are kept.
FORCEINLINE void finish_plain(PIRP irp, struct rt_request *request)
{
    struct rt_in *in = request->in;
    PFILE_OBJECT file = request->file;
    PDEVICE_OBJECT device = request->device;
    rt_grant_put(request->grant);
    request->grant = NULL;
    request->file = NULL;
    request->device = NULL;
    if (file != NULL) {
        InterlockedDecrement((volatile LONG *)&file->Busy);
        file = ob_let_go(file) ? file : NULL;
    }
    device = ob_let_go(device) ? device : NULL;
    if (__builtin_expect(file != NULL || device != NULL || !ki_try_acquire(&in->lock), 0)) {
        finish_any(irp, file, device);
        return;
    }
    publish(request, in,
            &(struct ash_answer){.status = irp->IoStatus.Status,
                                 .information = irp->IoStatus.Information,
                                 .result = {0, io_irp_of(irp)->Wake},
                                 .completed = ash_time()});
}

// The walk has passed the last location: in any thread, IRQL <= DISPATCH_LEVEL.
void rt_finish(PIRP irp)
{
    struct rt_request *request = io_irp_of(irp)->Context;
    if (__builtin_expect(request->plain && request->opens == NULL, 1))
        finish_plain(irp, request);
    else
        finish_any(irp, NULL, NULL);
}

DDK_REQUEST_NAME manager_request_name(PIRP irp)
{
    bool own = (irp->AllocationFlags & IO_IRP_KIT) == 0 || io_irp_of(irp)->Finish != rt_finish;
    if (own)
        return (DDK_REQUEST_NAME){0, 0};
    const struct rt_request *request = io_irp_of(irp)->Context;
    const struct rt_in *in = request->in;
    return (DDK_REQUEST_NAME){
        .Link = in->info.link,
        .Number = in->ring.sequence[request->slot] * ASH_LINK_SLOTS_MAX + (ULONG)request->slot,
    };
}
