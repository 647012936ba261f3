// SPDX-License-Identifier: MIT
//
// Worker threads at PASSIVE_LEVEL. They run work items, and one of them is the server: it takes
// requests from the rings. When the server is about to block in a wait, it gives the role up and
// another worker takes it (one is started if none is idle), so a dispatch routine may wait without
// stopping the others.
//
// Invariants, under pool_lock: server_taken <=> some thread has Server == TRUE; a thread is in the
// idle list <=> it is parked with Woken == 0.

#include "ki.h"

#define WORKERS_MAX 16u

static struct ki_lock pool_lock;
static LIST_ENTRY work = {&work, &work};
static LIST_ENTRY idle = {&idle, &idle};
static ULONG workers;
static bool server_taken;
static const struct ki_server *server;

static void worker_entry(void *argument)
{
    (void)argument;
    ki_worker_loop();
}

static bool wake_idle(void) // pool lock held
{
    if (IsListEmpty(&idle))
        return false;
    PKTHREAD thread = CONTAINING_RECORD(RemoveHeadList(&idle), struct _KTHREAD, IdleEntry);
    struct port_thread *port = thread->Port;
    __atomic_store_n(&thread->Woken, 1, __ATOMIC_RELEASE);
    port_unpark(port);
    return true;
}

// Somebody must look at the queue or take the server's role. False: all workers are busy.
static bool find_worker(void)
{
    ki_acquire(&pool_lock);
    bool found = wake_idle();
    bool start = !found && workers < WORKERS_MAX;
    workers += start;
    ki_release(&pool_lock);
    if (!start)
        return found;
    if (port_thread_create(worker_entry, NULL) != NULL)
        return true;
    ki_acquire(&pool_lock);
    workers--;
    ki_release(&pool_lock);
    return false;
}

void ki_set_server(const struct ki_server *new_server)
{
    server = new_server;
}

static PWORK_QUEUE_ITEM take_work(void)
{
    PWORK_QUEUE_ITEM item = NULL;
    if (IsListEmpty(&work))
        return NULL;
    ki_acquire(&pool_lock);
    if (!IsListEmpty(&work)) {
        item = CONTAINING_RECORD(RemoveHeadList(&work), WORK_QUEUE_ITEM, List);
        item->List.Flink = NULL;
    }
    ki_release(&pool_lock);
    return item;
}

void ki_check_work(const void *memory, SIZE_T bytes)
{
    if (IsListEmpty(&work))
        return;
    ki_acquire(&pool_lock);
    PLIST_ENTRY entry = work.Flink;
    while (entry != &work && !ki_inside(entry, memory, bytes))
        entry = entry->Flink;
    ki_release(&pool_lock);
    if (entry != &work)
        ki_violation(WORKER_INVALID, "memory freed with a work item in it that is queued",
                     (ULONG_PTR)entry, (ULONG_PTR)memory);
}

const void *ki_any_work(void)
{
    return IsListEmpty(&work) ? NULL : work.Flink;
}

static bool run_work(void)
{
    PWORK_QUEUE_ITEM item = take_work();
    struct ki_state state;
    if (item == NULL)
        return false;
    PWORKER_THREAD_ROUTINE routine = item->WorkerRoutine;
    ki_enter(&state, KI_IN_WORK_ITEM, (void *)routine, NULL, NULL);
    routine(item->Parameter);
    ki_check_state(&state, "work item returned with IRQL or locks changed", (void *)routine);
    return true;
}

static void serve(PKTHREAD thread)
{
    while (thread->Server) {
        if (!IsListEmpty(&work))
            server->flush();
        if (!run_work())
            server->serve();
    }
}

static bool become_server(PKTHREAD thread)
{
    ki_acquire(&pool_lock);
    bool taken = server != NULL && !server_taken;
    if (taken) {
        server_taken = true;
        thread->Server = TRUE;
    }
    ki_release(&pool_lock);
    return taken;
}

static void park_idle(PKTHREAD thread)
{
    ki_acquire(&pool_lock);
    if (!IsListEmpty(&work) || (server != NULL && !server_taken)) {
        ki_release(&pool_lock);
        return;
    }
    thread->Woken = 0;
    InsertHeadList(&idle, &thread->IdleEntry); // the last one to go idle has warm caches
    ki_release(&pool_lock);
    while (__atomic_load_n(&thread->Woken, __ATOMIC_ACQUIRE) == 0)
        port_park(PORT_FOREVER);
}

void ki_worker_loop(void)
{
    PKTHREAD thread = ki_thread();
    for (;;) {
        if (run_work())
            continue;
        if (become_server(thread))
            serve(thread);
        else
            park_idle(thread);
    }
}

void ki_before_block(void)
{
    PKTHREAD thread = ki_thread();
    if (server != NULL)
        server->flush();
    if (!thread->Server)
        return;
    ki_acquire(&pool_lock);
    thread->Server = FALSE;
    server_taken = false;
    ki_release(&pool_lock);
    (void)find_worker(); // without one the role waits for the next worker that comes back
}

VOID ExQueueWorkItem(PWORK_QUEUE_ITEM item, WORK_QUEUE_TYPE queue)
{
    ki_require_irql(DISPATCH_LEVEL, "ExQueueWorkItem above DISPATCH_LEVEL");
    if (item->WorkerRoutine == NULL || (ULONG)queue >= MaximumWorkQueue)
        ki_violation(WORKER_INVALID, "work item without a routine, or no such queue",
                     (ULONG_PTR)item, (ULONG_PTR)queue);
    ki_acquire(&pool_lock);
    if (item->List.Flink != NULL) {
        ki_release(&pool_lock);
        ki_violation(WORKER_INVALID, "work item queued twice", (ULONG_PTR)item, 0);
    }
    InsertTailList(&work, &item->List);
    bool woken = wake_idle();
    bool start = !woken && !server_taken && workers < WORKERS_MAX;
    ki_release(&pool_lock);
    if (woken)
        return;
    if (start)
        (void)find_worker();
    else if (server != NULL)
        server->wake();
}
