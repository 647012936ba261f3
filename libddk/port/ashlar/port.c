// SPDX-License-Identifier: MIT
//
// The port on the Ashlar run-time library. A port_thread is the capability of a thread's parking
// notification, as a pointer. Threads of a driver all have the priority of workers, but the
// dispatch thread, which is above them: so a lock holder may be below the waiter, and waiting
// sleeps.

#include "../../ke/ki.h"
#include "../../runtime/rt.h"
#include "../../vf/vf.h"

#include "crash.h"

#define HUNDRED_NS_PER_SECOND 10000000u
#define YIELDS                4u
#define NAP_MICROSECONDS      20u
#define ASK_TIME_AGAIN        (60ull * HUNDRED_NS_PER_SECOND)
#define SYSTEM_TIME_AT_BOOT   134116992000000000ull // 1 January 2026

struct port_thread *port_thread_create(void (*entry)(void *), void *argument)
{
    const struct ash_thread_options options = {.priority = ASH_PRIORITY_BASE};
    unsigned number;
    if (!ash_success(ash_thread_create(entry, argument, &options, &number)))
        return NULL;
    return (struct port_thread *)(uintptr_t)(number + 1);
}

struct port_thread *port_thread_current(void)
{
    return (struct port_thread *)ash_self()->notification;
}

void port_thread_exit(void)
{
    ash_thread_exit();
}

void port_stack_limits(uintptr_t *low, uintptr_t *high)
{
    *low = ash_self()->stack_base;
    *high = ash_self()->stack_top;
}

void *port_thread_value(void)
{
    return ash_self()->user[0];
}

void port_set_thread_value(void *value)
{
    ash_self()->user[0] = value;
}

// time * to / from without a 128-bit division; exact but for the last unit.
static uint64_t convert(uint64_t time, uint64_t from, uint64_t to)
{
    if (from == to)
        return time;
    return time / from * to + time % from * to / from;
}

static uint64_t from_ticks(uint64_t ticks)
{
    return convert(ticks, ash_timebase(), HUNDRED_NS_PER_SECOND);
}

static uint64_t to_ticks(uint64_t time)
{
    return convert(time, HUNDRED_NS_PER_SECOND, ash_timebase()) + 1;
}

uint64_t rt_ticks_of(uint64_t time)
{
    return to_ticks(time);
}

uint64_t rt_time_of(uint64_t ticks)
{
    return from_ticks(ticks);
}

bool port_park(uint64_t deadline)
{
    return ash_park(deadline == PORT_FOREVER ? ASH_FOREVER : to_ticks(deadline));
}

void port_unpark(struct port_thread *thread)
{
    ash_unpark((ash_cptr)thread);
}

void port_relax(unsigned attempt)
{
    if (attempt < YIELDS)
        ash_yield();
    else if (rt_is_dispatch_thread())
        rt_nap();
    else
        (void)ash_park(ash_time() + ash_ticks(NAP_MICROSECONDS)); // a token taken here is taken
                                                                  // by one who looks again
}

uint64_t port_monotonic(void)
{
    return from_ticks(ash_time());
}

// The process manager keeps the time of day, which the clock's driver told it. It is asked again
// once a minute, and once a second while nobody has told it.
uint64_t port_system_time(void)
{
    static volatile LONG64 epoch, asked;
    uint64_t now = port_monotonic();
    uint64_t known = (uint64_t)ReadNoFence64(&epoch), last = (uint64_t)ReadNoFence64(&asked);
    uint64_t wait = known != 0 ? ASK_TIME_AGAIN : HUNDRED_NS_PER_SECOND;
    struct ash_proc_time_reply reply;
    if ((last == 0 || now - last >= wait) &&
        InterlockedCompareExchange64(&asked, (LONG64)now, (LONG64)last) == (LONG64)last &&
        ash_success(ash_request(ASH_SLOT_PROCESS, ASH_PROC_TIME, NULL, 0, &reply, sizeof(reply)))) {
        known = reply.epoch;
        WriteNoFence64(&epoch, (LONG64)known);
    }
    return (known != 0 ? known : SYSTEM_TIME_AT_BOOT) + now;
}

void port_set_system_time(uint64_t time)
{
    const struct ash_proc_time_reply request = {time - port_monotonic()};
    (void)ash_request(ASH_SLOT_PROCESS, ASH_PROC_SET_TIME, &request, sizeof(request), NULL, 0);
}

uint64_t port_counter(void)
{
    return ash_time();
}

uint64_t port_counter_frequency(void)
{
    return ash_timebase();
}

unsigned port_processors(void)
{
    return (unsigned)ash_start()->harts;
}

// A driver that is started again when it dies may be ended for want of memory: abi/io.h.
static void *mapped(ash_status status, void *address)
{
    if (status == STATUS_QUOTA_EXCEEDED)
        (void)ash_request(ASH_SLOT_IO, ASH_IO_EXHAUSTED, NULL, 0, NULL, 0);
    return ash_success(status) ? address : NULL;
}

void *port_pages_alloc(size_t pages)
{
    void *address = NULL;
    ash_status status = ash_map(pages * PAGE_SIZE, &address);
    return mapped(status, address);
}

void port_pages_free(void *address, size_t pages)
{
    (void)pages;
    (void)ash_unmap(address);
}

void *port_pages_guarded(size_t pages)
{
    void *address = NULL;
    ash_status status = ash_map_guarded(pages * PAGE_SIZE, &address);
    return mapped(status, address);
}

void port_pages_close(void *address, size_t pages)
{
    (void)ash_protect(address, pages * PAGE_SIZE, 0);
}

void port_pages_guarded_free(void *address, size_t pages)
{
    port_pages_free(address, pages);
}

void *port_section_alloc(size_t pages)
{
    return port_pages_alloc(pages);
}

void *port_section_map(void *first, size_t pages, bool writable)
{
    void *again;
    (void)pages;
    unsigned prot = writable ? ASH_MEM_READ | ASH_MEM_WRITE : ASH_MEM_READ;
    return ash_success(ash_map_again(first, prot, &again)) ? again : NULL;
}

void port_section_unmap(void *mapping, size_t pages)
{
    (void)pages;
    (void)ash_unmap(mapping);
}

void port_poison(void *address, size_t bytes)
{
    (void)address, (void)bytes;
}

void port_unpoison(void *address, size_t bytes)
{
    (void)address, (void)bytes;
}

// The process manager reads these records as struct ash_crash_call and through ASH_CRASH_IRP_*.
C_ASSERT(offsetof(struct ki_state, Outer) == offsetof(struct ash_crash_call, outer));
C_ASSERT(offsetof(struct ki_state, Routine) == offsetof(struct ash_crash_call, routine));
C_ASSERT(offsetof(struct ki_state, Device) == offsetof(struct ash_crash_call, device));
C_ASSERT(offsetof(struct ki_state, Irp) == offsetof(struct ash_crash_call, irp));
C_ASSERT(offsetof(struct ki_state, Kind) == offsetof(struct ash_crash_call, kind));
C_ASSERT(offsetof(struct ki_state, Minor) == offsetof(struct ash_crash_call, minor));
C_ASSERT(sizeof(struct ki_state) >= sizeof(struct ash_crash_call));
C_ASSERT((int)KI_IN_DISPATCH == (int)ASH_CRASH_DISPATCH);
C_ASSERT((int)KI_IN_NOTIFICATION == (int)ASH_CRASH_NOTIFICATION);
C_ASSERT(offsetof(IRP, IoStatus.Status) == ASH_CRASH_IRP_STATUS);
C_ASSERT(offsetof(IRP, IoStatus.Information) == ASH_CRASH_IRP_INFORMATION);
C_ASSERT(offsetof(IRP, RequestorMode) == ASH_CRASH_IRP_STATE);
C_ASSERT(offsetof(IRP, CurrentLocation) == ASH_CRASH_IRP_STATE + 3);
C_ASSERT(offsetof(IRP, CancelRoutine) == ASH_CRASH_IRP_CANCEL);

static void copy_text(char *to, size_t room, const char *text)
{
    for (size_t i = 0; text[i] != 0 && i + 1 < room; i++)
        to[i] = text[i];
}

void port_die(uint32_t code, const uint64_t parameters[4], const char *text)
{
    port_write_rest();
    struct ash_proc_bugcheck_request request = {
        .code = code,
        .frame_pointer = (uintptr_t)__builtin_frame_address(0),
        .thread_pointer = (uintptr_t)__builtin_thread_pointer(),
    };
    for (unsigned i = 0; i < 4; i++)
        request.parameter[i] = parameters[i];
    copy_text(request.rule, sizeof(request.rule), text);
    copy_text(request.name, sizeof(request.name), vf_code_name(code));
    copy_text(request.rule_name, sizeof(request.rule_name), vf_rule_name(code, parameters[0]));
    (void)ash_request(ASH_SLOT_PROCESS, ASH_PROC_BUGCHECK, &request, sizeof(request), NULL, 0);
    for (;;)
        __asm__ volatile("unimp"); // nobody took the call: ends as a fault
}
