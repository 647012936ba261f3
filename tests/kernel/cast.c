// SPDX-License-Identifier: MIT
#include "cast.h"
#include "host/host.h"
#include "sched/sched.h"
#include "usage.h"

#include <sanitizer/asan_interface.h>
#include <string.h>

#define PC 0x10000ull

struct thread *threads[THREADS + 1];
struct ash_ipc_buffer *buffers[THREADS + 1];
struct sched_context *scheds[SCHEDS + 1];
struct notification *notifications[NOTIFICATIONS + 1];
struct timer *timers[TIMERS];
struct cnode *cnode;

/* What can be deleted; forgotten and poisoned when it is. */
static struct mortal {
    struct object *object;
    uint64_t bytes;
    void **known_as; /* where the test keeps its address, or null */
} mortals[64];
static unsigned mortal_count;

static void note_mortal(enum ash_object_type type, struct capability cap, void **known_as)
{
    uint64_t align, size = object_classes[type]->size(0, &align);
    mortals[mortal_count++] =
        (struct mortal){(struct object *)cap.object, round_up(size, ASH_PAGE_SIZE), known_as};
}

void cast_bury_the_dead(void)
{
    for (unsigned i = 0; i < mortal_count; i++) {
        struct mortal *mortal = &mortals[i];
        if (!mortal->object || mortal->object->references > 0)
            continue;
        uint64_t start = round_down((uint64_t)mortal->object, ASH_PAGE_SIZE);
        ASAN_POISON_MEMORY_REGION((void *)start, mortal->bytes);
        mortal->object = nullptr;
        if (mortal->known_as)
            *mortal->known_as = nullptr;
    }
}

static struct capability put(enum ash_object_type type, unsigned index, void **known_as)
{
    struct capability cap = host_make(type, 0);
    slot_insert(&cnode->slot[index], cap, nullptr);
    if (object_classes[type]->counted)
        note_mortal(type, cap, known_as);
    return cap;
}

static void make_known(enum ash_object_type type, unsigned index, void **known_as)
{
    *known_as = (void *)put(type, index, known_as).object;
}

static void mint(unsigned from, unsigned to, uint8_t rights, uint64_t badge)
{
    struct capability cap = cnode->slot[from].cap;
    cap.rights = rights;
    cap.data = badge;
    slot_insert(&cnode->slot[to], cap, &cnode->slot[from]);
}

static void hold(struct thread *thread, unsigned which, struct capability cap)
{
    slot_insert(&thread->slot[which], cap, nullptr);
}

static void make_thread(unsigned i, struct capability cnode_cap, struct capability vspace)
{
    struct capability cap = host_make(ASH_OBJ_THREAD, 0);
    struct capability frame = host_make(ASH_OBJ_FRAME, ASH_PAGE_BITS);
    struct thread *thread = threads[i] = thread_from(cap.object);
    buffers[i] = window((paddr){frame.object});
    memcpy(thread->name, "thread-0", 9);
    thread->name[7] = (char)('0' + i);
    slot_insert(&cnode->slot[SLOT_THREAD + i], cap, nullptr);
    note_mortal(ASH_OBJ_THREAD, cap, (void **)&threads[i]);
    hold(thread, THREAD_SLOT_CSPACE, cnode_cap);
    hold(thread, THREAD_SLOT_VSPACE, vspace);
    hold(thread, THREAD_SLOT_BUFFER, frame);
    thread->reg[REG_PC] = PC;
    thread->priority = thread->base_priority = i == MANAGER ? 255 : (uint8_t)(10 + i / 2);
    thread->max_priority = i == MANAGER ? 200 : 0;
}

static void make_objects(void)
{
    for (unsigned i = 0; i < ENDPOINTS; i++) {
        put(ASH_OBJ_ENDPOINT, SLOT_ENDPOINT + 4 * i, nullptr);
        mint(SLOT_ENDPOINT + 4 * i, SLOT_ENDPOINT + 4 * i + 1,
             ASH_RIGHT_WRITE | ASH_RIGHT_GRANT_REPLY, 1);
        mint(SLOT_ENDPOINT + 4 * i, SLOT_ENDPOINT + 4 * i + 2, ASH_RIGHT_WRITE, 2);
    }
    for (unsigned i = 0; i < NOTIFICATIONS; i++) {
        make_known(ASH_OBJ_NOTIFICATION, SLOT_NOTIFICATION + 2 * i, (void **)&notifications[i]);
        mint(SLOT_NOTIFICATION + 2 * i, SLOT_NOTIFICATION + 2 * i + 1, ASH_RIGHT_ALL, 2ull << i);
    }
    make_known(ASH_OBJ_NOTIFICATION, SLOT_ALARM, (void **)&notifications[NOTIFICATIONS]);
    for (unsigned i = 0; i < REPLIES; i++)
        put(ASH_OBJ_REPLY, SLOT_REPLY + i, nullptr);
    for (unsigned i = 0; i < TIMERS; i++) {
        make_known(ASH_OBJ_TIMER, SLOT_TIMER + i, (void **)&timers[i]);
        mint(SLOT_NOTIFICATION, SLOT_TIMED + i, ASH_RIGHT_WRITE, 1ull << (20 + i));
    }
    for (unsigned i = 0; i <= SCHEDS; i++)
        make_known(ASH_OBJ_SCHED_CONTEXT, SLOT_SCHED + i, (void **)&scheds[i]);
    put(ASH_OBJ_SCHED_CONTROL, SLOT_CONTROL, nullptr);
}

/* A passive server, waiting: it has no time of its own. */
static void start_server(unsigned i, unsigned endpoint, unsigned reply)
{
    const struct capability *to = &cnode->slot[SLOT_ENDPOINT + 4 * endpoint].cap;
    const struct capability *with = &cnode->slot[SLOT_REPLY + reply].cap;
    thread_wake(threads[i]);
    endpoint_receive(threads[i], (struct endpoint *)to->object, (struct reply *)with->object, true);
}

static void start_threads(void)
{
    sched_configure(scheds[SCHEDS - 1], &harts[1], 2000, 7000);
    usage_configured(SCHEDS - 1, 2000, 7000);
    start_server(4, 0, 0);
    start_server(5, 1, 1);
    for (unsigned i = 0; i <= THREADS; i++) {
        unsigned sched = i == MANAGER ? SCHEDS : i;
        if (i < 4 || i == MANAGER) {
            uint64_t period = i % 2 ? 30000 : 10000, budget = i < 2 ? 10000 : 4000;
            budget = i == MANAGER ? period : budget;
            sched_configure(scheds[sched], &harts[i == MANAGER ? 0 : i % HARTS], budget, period);
            sched_context_give(scheds[sched], threads[i]);
            usage_configured(sched, budget, period);
            thread_wake(threads[i]);
        }
    }
}

void cast_start(void)
{
    mortal_count = 0;
    struct capability cnode_cap = host_make(ASH_OBJ_CNODE, 6);
    cnode = (struct cnode *)cnode_cap.object;
    slot_insert(&cnode->slot[SLOT_CNODE], cnode_cap, nullptr);
    struct capability vspace = host_make(ASH_OBJ_VSPACE, 0);
    make_objects();
    for (unsigned i = 0; i <= THREADS; i++)
        make_thread(i, cnode_cap, vspace);
    start_threads();
}
