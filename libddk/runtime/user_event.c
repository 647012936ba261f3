// SPDX-License-Identifier: MIT
//
// Events of applications. A handle in a request means something only while that request is
// dispatched: the I/O manager looks into the ledger and gives this task a handle of its own to the
// same event, which stays good when the application closes its handle or ends. To the driver it is
// a KEVENT; its state lives in the object manager.
//
// A wait takes the signal from there (of an automatic event, so that nobody else has it) and makes
// the KEVENT signalled, which is then an ordinary dispatcher object. Waiting threads are woken by
// the dispatch thread, which the object manager signals.

#include "rt.h"

#include "../ob/ob.h"
#include "object.h"

#define TAG 'tvEU'

struct user_event {
    KEVENT Event; // first: it is the object's body
    LIST_ENTRY Entry;
    ULONG Process;
    ULONG_PTR Value; // the application's handle
    uint64_t Handle; // this task's
    ULONG Access;
    volatile LONG Waiters;
};

static LIST_ENTRY user_events = {&user_events, &user_events};
static struct ki_lock lock; // of the list
static volatile LONG is_client;

static struct user_event *user_event_of(PRKEVENT event)
{
    return CONTAINING_RECORD(event, struct user_event, Event);
}

static ash_status object_request(uint64_t op, uint64_t handle,
                                 struct ash_ob_event_state_reply *state)
{
    const struct ash_ob_handle_request request = {handle};
    struct ash_ob_event_state_reply reply = {0};
    ash_status status = ash_request(ASH_SLOT_OBJECT, op, &request, sizeof(request), &reply,
                                    op == ASH_OB_CLOSE ? 0 : sizeof(reply));
    if (state != NULL)
        *state = reply;
    return status;
}

static LONG change(PRKEVENT event, bool set)
{
    struct ash_ob_event_state_reply before;
    ash_status status = object_request(set ? ASH_OB_EVENT_SET : ASH_OB_EVENT_RESET,
                                       user_event_of(event)->Handle, &before);
    if (!ash_success(status))
        return 0; // the application may not change it either
    return before.set != 0;
}

static LONG read_state(PRKEVENT event)
{
    struct ash_ob_event_state_reply state;
    return ash_success(object_request(ASH_OB_EVENT_READ, user_event_of(event)->Handle, &state)) &&
           state.set != 0;
}

// Takes the signal if there is one; if not, the object manager tells when there is.
static bool take(PRKEVENT event)
{
    struct ash_ob_event_take_request request;
    struct ash_ob_event_take_reply reply;
    request.count = 1;
    request.all = 0;
    request.handle[0] = user_event_of(event)->Handle;
    return ash_request(ASH_SLOT_OBJECT, ASH_OB_EVENT_TAKE, &request,
                       offsetof(struct ash_ob_event_take_request, handle[1]), &reply,
                       sizeof(reply)) == STATUS_SUCCESS;
}

static void become_client(void)
{
    if (InterlockedCompareExchange(&is_client, 1, 0) != 0)
        return;
    ash_cptr bell = rt_mint(rt_completions, RT_BIT_EVENT);
    struct ash_caps caps = {.send = &bell, .send_count = 1};
    if (bell == ASH_NULL_CPTR ||
        !ash_success(ash_request_caps(ASH_SLOT_OBJECT, ASH_OB_CLIENT, NULL, 0, NULL, 0, &caps)))
        ki_violation(0, "kit: no notification for events of applications", 0, 0);
}

static void signal_here(PRKEVENT event)
{
    ki_acquire(&ki_dispatcher);
    event->Header.SignalState = 1;
    ki_signal(&event->Header);
    ki_release_dispatcher();
}

static void begin_wait(PRKEVENT event)
{
    become_client();
    InterlockedIncrement(&user_event_of(event)->Waiters);
    if (event->Header.Type == KI_EVENT_NOTIFICATION) { // as it was at the last wait
        ki_acquire(&ki_dispatcher);
        event->Header.SignalState = 0;
        ki_release_dispatcher();
    }
    if (take(event))
        signal_here(event);
}

static void end_wait(PRKEVENT event)
{
    InterlockedDecrement(&user_event_of(event)->Waiters);
}

static const struct ki_remote_event_calls remote = {change, read_state, begin_wait, end_wait};

// An object that is about to be deleted is in the list still, with a count of 0.
static bool reference_live(PVOID object)
{
    volatile LONG64 *references = &ob_header(object)->References;
    LONG64 count = __atomic_load_n(references, __ATOMIC_RELAXED);
    while (count > 0)
        if (__atomic_compare_exchange_n(references, &count, count + 1, false, __ATOMIC_ACQ_REL,
                                        __ATOMIC_RELAXED))
            return true;
    return false;
}

// The next event that somebody waits for, referenced; `from` is let go of.
static struct user_event *next_waited(struct user_event *from)
{
    struct user_event *found = NULL;
    ki_acquire(&lock);
    PLIST_ENTRY at = from != NULL ? from->Entry.Flink : user_events.Flink;
    for (; at != &user_events && found == NULL; at = at->Flink) {
        struct user_event *event = CONTAINING_RECORD(at, struct user_event, Entry);
        if (event->Waiters != 0 && reference_live(&event->Event))
            found = event;
    }
    ki_release(&lock);
    if (from != NULL)
        ObfDereferenceObject(&from->Event);
    return found;
}

// On the dispatch thread, when the object manager has signalled.
void rt_user_events(void)
{
    for (struct user_event *event = next_waited(NULL); event != NULL; event = next_waited(event)) {
        if (take(&event->Event))
            signal_here(&event->Event);
    }
}

// A signal that was taken and that nobody got goes back.
static void deleted(void *object)
{
    struct user_event *event = object;
    ki_acquire(&lock);
    RemoveEntryList(&event->Entry);
    ki_release(&lock);
    if (event->Event.Header.Type == KI_EVENT_SYNCHRONIZATION &&
        event->Event.Header.SignalState != 0)
        (void)object_request(ASH_OB_EVENT_SET, event->Handle, NULL);
    (void)object_request(ASH_OB_CLOSE, event->Handle, NULL);
}

// One KEVENT for one handle of a process. Referenced, or NULL.
static struct user_event *find(ULONG process, ULONG_PTR value)
{
    struct user_event *found = NULL;
    ki_acquire(&lock);
    for (PLIST_ENTRY at = user_events.Flink; at != &user_events && found == NULL; at = at->Flink) {
        struct user_event *event = CONTAINING_RECORD(at, struct user_event, Entry);
        if (event->Process == process && event->Value == value && reference_live(&event->Event))
            found = event;
    }
    ki_release(&lock);
    return found;
}

static struct user_event *make(ULONG process, ULONG_PTR value,
                               const struct ash_ob_duplicate_reply *own)
{
    struct user_event *event = ob_allocate(sizeof(*event), ob_event_type, deleted, TAG);
    if (event == NULL)
        return NULL;
    KeInitializeEvent(&event->Event, own->manual != 0 ? NotificationEvent : SynchronizationEvent,
                      FALSE);
    event->Event.Header.Reserved = KI_REMOTE_EVENT;
    event->Process = process;
    event->Value = value;
    event->Handle = own->handle;
    event->Access = (ULONG)own->access;
    ki_remote_events = &remote;
    ki_acquire(&lock);
    InsertTailList(&user_events, &event->Entry);
    ki_release(&lock);
    return event;
}

static NTSTATUS resolve(HANDLE handle, struct ash_ob_duplicate_reply *own)
{
    PKTHREAD thread = ki_thread();
    const struct ash_io_reference_request request = {thread->RequestLink, thread->RequestSlot,
                                                     (ULONG_PTR)handle};
    if (thread->RequestLink == 0)
        return STATUS_INVALID_HANDLE;
    return ash_request(ASH_SLOT_IO, ASH_IO_REFERENCE_HANDLE, &request, sizeof(request), own,
                       sizeof(*own));
}

// The handle is looked at each time, since the application may have closed it.
NTSTATUS manager_user_handle(ULONG process, HANDLE handle, POBJECT_TYPE type, PVOID *object,
                             ACCESS_MASK *granted)
{
    struct ash_ob_duplicate_reply own;
    (void)type; // only events have handles there
    NTSTATUS status = resolve(handle, &own);
    if (!NT_SUCCESS(status))
        return status;
    struct user_event *event = find(process, (ULONG_PTR)handle);
    if (event != NULL)
        (void)object_request(ASH_OB_CLOSE, own.handle, NULL);
    else
        event = make(process, (ULONG_PTR)handle, &own);
    if (event == NULL) {
        (void)object_request(ASH_OB_CLOSE, own.handle, NULL);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    *object = &event->Event;
    *granted = event->Access;
    return STATUS_SUCCESS;
}
