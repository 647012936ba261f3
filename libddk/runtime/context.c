// SPDX-License-Identifier: MIT
//
// The context of a requester: while a request is dispatched, its handles and the addresses that it
// brought mean something on the dispatching thread, and only there.

#include "rt.h"

void rt_enter_context(const struct rt_request *request)
{
    PKTHREAD thread = ki_thread();
    thread->PreviousMode = request->irp->RequestorMode;
    thread->Requestor = thread->PreviousMode == UserMode ? request->wire.requestor : 0;
    if (request->user.Count != 0)
        thread->User = request->user;
    if (request->in->info.kind != ASH_LINK_FILE)
        return;
    thread->RequestLink = request->in->info.link;
    thread->RequestSlot = (ULONG)request->slot;
}

void rt_leave_context(void)
{
    PKTHREAD thread = ki_thread();
    thread->RequestLink = 0;
    thread->PreviousMode = KernelMode;
    thread->Requestor = 0;
    thread->User.Count = 0;
}
