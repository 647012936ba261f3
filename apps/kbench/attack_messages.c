// SPDX-License-Identifier: MIT
// The longest messages and paths there are, and what the kernel writes to the console.
#include "attack.h"

#include <string.h>

#define BUFFER ((ash_word)0x63000000) /* the receiver's, in this address space */

static ash_cptr path, target, endpoint;

/* A path through as many CNodes as a path can name; it leads to a CNode. */
static ash_cptr long_path(void)
{
    ash_cptr loop = pool_cnode(1), rest = 0;
    MUST(ash_cnode_copy(loop, 0, loop, ASH_RIGHT_ALL));
    for (unsigned bits = 0; bits + ASH_BOOT_CNODE_RADIX < 64; bits++)
        rest = (rest + 1) << 1;
    return loop | (rest + 1) << ASH_BOOT_CNODE_RADIX;
}

static void make_path(void)
{
    path = long_path();
    target = pool_make(ASH_OBJ_THREAD, 0);
}

/* Nothing of it is of the right type. */
static void look_up(void)
{
    for (unsigned i = 0; i < 1000; i++) {
        struct ash_message m = {};
        for (unsigned cap = 0; cap < ASH_MSG_CAPS; cap++)
            ash_ipc()->caps[cap] = path;
        (void)ash_invoke(target, ASH_THREAD_CONFIGURE, 1, 3, &m);
        (void)ash_invoke(path, ASH_CNODE_COPY, 3, 0, &m);
    }
}

/* Receives for ever. */
[[gnu::naked]] static void receives(void)
{
    __asm__("mv s0, a0\n"
            "1: mv a0, s0\n"
            "li a6, 0\n"
            "li a7, 4\n"
            "ecall\n"
            "j 1b\n");
}

static void start(ash_cptr thread, ash_cptr frame, ash_word address,
                  const struct ash_thread_start *registers)
{
    ash_cptr sched = pool_make(ASH_OBJ_SCHED_CONTEXT, 0);
    ash_word slice = ash_ticks(10000);
    MUST(ash_thread_configure(thread, CNODE, VSPACE, frame, address));
    MUST(ash_thread_set_priority(thread, PRIORITY + 1, PRIORITY + 1));
    MUST(ash_thread_write_registers(thread, registers));
    MUST(ash_sched_configure(ASH_BOOT_SCHED_CONTROL, sched, 0, slice, slice));
    MUST(ash_sched_bind(sched, thread));
    MUST(ash_thread_resume(thread));
}

/* The receiver's slots are found by the long path as well; it gets copies of capability 0 there. */
static void make_receiver(void)
{
    make_path();
    endpoint = pool_make(ASH_OBJ_ENDPOINT, 0);
    ash_cptr frame = pool_make(ASH_OBJ_FRAME, ASH_PAGE_BITS);
    map(frame, VSPACE, BUFFER, ASH_RIGHT_READ | ASH_RIGHT_WRITE);
    struct ash_ipc_buffer *buffer = (struct ash_ipc_buffer *)BUFFER;
    buffer->receive_cnode = path;
    buffer->receive_index = 1;
    start(target, frame, BUFFER,
          &(struct ash_thread_start){.pc = (ash_word)receives, .a0 = endpoint});
}

static void send(void)
{
    for (unsigned i = 0; i < 500; i++) {
        for (unsigned cap = 0; cap < ASH_MSG_CAPS; cap++)
            ash_ipc()->caps[cap] = path;
        struct ash_message m = {.info = ash_info(1, ASH_MSG_WORDS, ASH_MSG_CAPS)};
        ash_send(endpoint, &m);
    }
}

static void make_thread(void)
{
    target = pool_make(ASH_OBJ_THREAD, 0);
}

/* A fault that nobody handles: the kernel says so. */
static void fault(void)
{
    ash_cptr frame = pool_make(ASH_OBJ_FRAME, ASH_PAGE_BITS);
    start(target, frame, 0, &(struct ash_thread_start){.pc = 0});
}

static void write(void)
{
    char blank[480] = {[sizeof(blank) - 1] = '\n'};
    memcpy(&ash_ipc()->msg[4], blank + 3 * 8, sizeof(blank) - 3 * 8);
    for (unsigned i = 0; i < 4; i++) {
        struct ash_message m = {.mr = {sizeof(blank)}};
        MUST(ash_invoke(ASH_BOOT_FIRMWARE, ASH_FIRMWARE_WRITE, 61, 0, &m));
    }
}

const struct attack message_attacks[] = {
    {"long_paths", make_path, look_up, 1},
    {"long_messages", make_receiver, send, 1},
    {"unhandled_fault", make_thread, fault, 5},
    {"console_write", make_thread, write, 1},
    {},
};
