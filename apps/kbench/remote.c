// SPDX-License-Identifier: MIT
// The other address space: one page of code, one page of notes, an IPC buffer for each thread.
#include "kbench.h"

#include <string.h>

#define CODE       ((ash_word)0x60000000) /* there */
#define NOTES      ((ash_word)0x60001000) /* there */
#define BUFFERS    ((ash_word)0x60010000) /* there, a page each */
#define HERE_CODE  ((ash_word)0x61000000)
#define HERE_NOTES ((ash_word)0x61001000)

static ash_cptr vspace;
static unsigned started;
static ash_cptr nap, nap_timer;

static void sleep_a_little(void)
{
    MUST(ash_timer_set(nap_timer, ash_time() + ash_ticks(1000)));
    ash_wait(nap);
}

static void make_nap(void)
{
    ash_cptr plain = make(ASH_OBJ_NOTIFICATION, 0);
    nap = new_slot();
    MUST(ash_cnode_mint(CNODE, nap, plain, ASH_RIGHT_ALL, 1));
    nap_timer = make(ASH_OBJ_TIMER, 0);
    MUST(ash_timer_bind(nap_timer, nap));
}

void remote_init(void)
{
    vspace = make(ASH_OBJ_VSPACE, 0);
    ash_cptr code = make(ASH_OBJ_FRAME, ASH_PAGE_BITS), notes = make(ASH_OBJ_FRAME, ASH_PAGE_BITS);
    map(code, VSPACE, HERE_CODE, ASH_RIGHT_READ | ASH_RIGHT_WRITE);
    map(notes, VSPACE, HERE_NOTES, ASH_RIGHT_READ | ASH_RIGHT_WRITE);
    memcpy((void *)HERE_CODE, remote_begin, (size_t)(remote_end - remote_begin));
    map(copy_of(code), vspace, CODE, ASH_RIGHT_READ | ASH_RIGHT_EXECUTE);
    map(copy_of(notes), vspace, NOTES, ASH_RIGHT_READ | ASH_RIGHT_WRITE);
    make_nap();
}

struct remote remote_start(const char *entry, unsigned priority, bool passive, ash_word a1,
                           ash_word a2)
{
    struct remote remote = {.thread = make(ASH_OBJ_THREAD, 0),
                            .sched = make(ASH_OBJ_SCHED_CONTEXT, 0),
                            .notes = (struct remote_notes *)HERE_NOTES};
    ash_cptr buffer = make(ASH_OBJ_FRAME, ASH_PAGE_BITS);
    ash_word address = BUFFERS + started++ * ASH_PAGE_SIZE, slice = ash_ticks(10000);
    const struct ash_thread_start registers = {
        .pc = CODE + (ash_word)(entry - remote_begin), .a0 = NOTES, .a1 = a1, .a2 = a2};
    map(buffer, vspace, address, ASH_RIGHT_READ | ASH_RIGHT_WRITE);
    MUST(ash_thread_configure(remote.thread, CNODE, vspace, buffer, address));
    MUST(ash_thread_set_priority(remote.thread, priority, priority));
    MUST(ash_thread_write_registers(remote.thread, &registers));
    MUST(ash_sched_configure(ASH_BOOT_SCHED_CONTROL, remote.sched, 0, slice, slice));
    MUST(ash_sched_bind(remote.sched, remote.thread));
    MUST(ash_thread_resume(remote.thread));
    sleep_a_little();
    if (passive)
        MUST(ash_sched_unbind(remote.sched));
    return remote;
}

void remote_stop(const struct remote *remote)
{
    MUST(ash_thread_suspend(remote->thread));
}
