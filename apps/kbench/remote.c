// SPDX-License-Identifier: MIT
// The other address space: one page of code, one page of notes, an IPC buffer for each thread.
#include "kbench.h"

#include <string.h>

#define CODE          ((ash_word)0x60000000) /* there and here, executable */
#define CODE_WRITABLE ((ash_word)0x60001000) /* there and here */
#define NOTES         ((ash_word)0x60002000) /* there and here */
#define BUFFERS       ((ash_word)0x60010000) /* there and here, a page each */

static ash_cptr vspace;
static unsigned started;
static ash_cptr nap, nap_timer;

ash_cptr nap_set(ash_word ticks)
{
    MUST(ash_timer_set(nap_timer, ash_time() + ticks));
    return nap;
}

void sleep_ticks(ash_word ticks)
{
    ash_wait(nap_set(ticks));
}

static void map_both(ash_cptr frame, ash_word address, ash_word rights)
{
    map(copy_of(frame), VSPACE, address, rights);
    map(copy_of(frame), vspace, address, rights);
}

void remote_init(void)
{
    nap = make_notification();
    nap_timer = make(ASH_OBJ_TIMER, 0);
    MUST(ash_timer_bind(nap_timer, nap));
    vspace = make(ASH_OBJ_VSPACE, 0);
    ash_cptr code = make(ASH_OBJ_FRAME, ASH_PAGE_BITS), notes = make(ASH_OBJ_FRAME, ASH_PAGE_BITS);
    map_both(code, CODE_WRITABLE, ASH_RIGHT_READ | ASH_RIGHT_WRITE);
    map_both(code, CODE, ASH_RIGHT_READ | ASH_RIGHT_EXECUTE);
    map_both(notes, NOTES, ASH_RIGHT_READ | ASH_RIGHT_WRITE);
    memcpy((void *)CODE_WRITABLE, remote_begin, (size_t)(remote_end - remote_begin));
    __asm__ volatile("fence.i" : : : "memory");
}

struct probe *remote_probe(void)
{
    return (struct probe *)(NOTES + ASH_PAGE_SIZE / 2);
}

void *remote_here(const char *code)
{
    return (void *)(CODE + (ash_word)(code - remote_begin));
}

void *remote_writable(const char *code)
{
    return (void *)(CODE_WRITABLE + (ash_word)(code - remote_begin));
}

static bool running(ash_cptr thread)
{
    struct ash_thread_info info;
    MUST(ash_thread_info(thread, &info));
    return info.state == ASH_THREAD_RUNNING;
}

struct remote remote_run(const struct remote_start *start)
{
    ash_word address = BUFFERS + started * ASH_PAGE_SIZE, slice = ash_ticks(10000);
    struct remote_notes *notes = (struct remote_notes *)NOTES + started;
    started++;
    ash_cptr frame = make(ASH_OBJ_FRAME, ASH_PAGE_BITS), here = copy_of(frame);
    map(frame, vspace, address, ASH_RIGHT_READ | ASH_RIGHT_WRITE);
    map(here, VSPACE, address, ASH_RIGHT_READ | ASH_RIGHT_WRITE);
    struct remote remote = {.thread = make(ASH_OBJ_THREAD, 0),
                            .sched = make(ASH_OBJ_SCHED_CONTEXT, 0),
                            .notes = notes,
                            .ipc = (struct ash_ipc_buffer *)address};
    remote.ipc->receive_cnode = start->receives ? CNODE : ASH_NULL_CPTR;
    remote.ipc->receive_index = start->receive_slot;
    notes->fault_site = (ash_word)remote_writable(remote_fault_site);
    const struct ash_thread_start registers = {.pc = (ash_word)remote_here(start->entry),
                                               .a0 = (ash_word)notes,
                                               .a1 = start->a1,
                                               .a2 = start->a2};
    if (start->here)
        MUST(ash_thread_configure(remote.thread, CNODE, VSPACE, here, address));
    else
        MUST(ash_thread_configure(remote.thread, CNODE, vspace, frame, address));
    MUST(ash_thread_set_priority(remote.thread, start->priority, start->priority));
    MUST(ash_thread_write_registers(remote.thread, &registers));
    MUST(ash_sched_configure(ASH_BOOT_SCHED_CONTROL, remote.sched, start->hart, slice, slice));
    MUST(ash_sched_bind(remote.sched, remote.thread));
    MUST(ash_thread_resume(remote.thread));
    do
        sleep_ticks(ash_ticks(1000));
    while (start->passive && running(remote.thread));
    if (start->passive)
        MUST(ash_sched_unbind(remote.sched));
    return remote;
}

void remote_stop(const struct remote *remote)
{
    MUST(ash_thread_suspend(remote->thread));
}
