// SPDX-License-Identifier: MIT
// System calls, messages and object methods.
#include "kbench.h"

#include <stdio.h>
#include <stdlib.h>

#define WARM 8u

struct moments timed(ash_word number, ash_cptr target, ash_cptr reply, struct ash_message *m)
{
    struct moments moments;
    register ash_word a0 __asm__("a0") = target;
    register ash_word a1 __asm__("a1") = m->info;
    register ash_word a2 __asm__("a2") = m->mr[0];
    register ash_word a3 __asm__("a3") = m->mr[1];
    register ash_word a4 __asm__("a4") = m->mr[2];
    register ash_word a5 __asm__("a5") = m->mr[3];
    register ash_word a6 __asm__("a6") = reply;
    register ash_word a7 __asm__("a7") = number;
    __asm__ volatile("rdcycle %0\n"
                     "ecall\n"
                     "rdcycle %1\n"
                     : "=&r"(moments.before), "=&r"(moments.after), "+r"(a0), "+r"(a1), "+r"(a2),
                       "+r"(a3), "+r"(a4), "+r"(a5)
                     : "r"(a6), "r"(a7)
                     : "memory");
    m->badge = a0;
    m->info = a1;
    m->mr[0] = a2;
    m->mr[1] = a3;
    m->mr[2] = a4;
    m->mr[3] = a5;
    return moments;
}

static int compare(const void *a, const void *b)
{
    ash_word x = *(const ash_word *)a, y = *(const ash_word *)b;
    return x < y ? -1 : x > y;
}

void report(const char *name, ash_word *values)
{
    qsort(values, SAMPLES, sizeof(*values), compare);
    printf("{\"name\":\"%s\",\"value\":%lu,\"unit\":\"instructions\"}\n", name,
           (unsigned long)values[SAMPLES / 2]);
}

static void measure_null(void)
{
    ash_word values[SAMPLES];
    for (unsigned i = 0; i < SAMPLES; i++) {
        struct ash_message m = {};
        struct moments t = timed(ASH_SYS_NULL, 0, 0, &m);
        values[i] = t.after - t.before - 1;
    }
    report("null_syscall", values);
}

/* The server notes when it was reached, and, at the next call, when it had left before. */
static void measure_messages(const char *suffix, const struct remote *server, ash_cptr endpoint,
                             unsigned words)
{
    ash_word call[SAMPLES], reply[SAMPLES], both[SAMPLES], last_after = 0, last_call = 0;
    for (unsigned i = 0; i < WARM + SAMPLES + 1; i++) {
        struct ash_message m = {.info = ash_info(1, words, 0)};
        struct moments t = timed(ASH_SYS_CALL, endpoint, 0, &m);
        if (i > WARM) {
            unsigned at = i - WARM - 1;
            call[at] = last_call;
            reply[at] = last_after - server->notes->left - 1;
            both[at] = call[at] + reply[at];
        }
        last_call = server->notes->reached - t.before - 1;
        last_after = t.after;
    }
    char name[32];
    snprintf(name, sizeof(name), "ipc.call%s", suffix);
    report(name, call);
    snprintf(name, sizeof(name), "ipc.reply_recv%s", suffix);
    report(name, reply);
    snprintf(name, sizeof(name), "ipc.round_trip%s", suffix);
    report(name, both);
}

static void measure_server(bool passive)
{
    ash_cptr endpoint = make(ASH_OBJ_ENDPOINT, 0), reply = make(ASH_OBJ_REPLY, 0);
    struct remote server = remote_start(remote_server, PRIORITY, passive, endpoint, reply);
    if (passive) {
        measure_messages("", &server, endpoint, 0);
        measure_messages(".4words", &server, endpoint, 4);
        measure_messages(".10words", &server, endpoint, 10);
    } else {
        measure_messages(".active", &server, endpoint, 0);
    }
    remote_stop(&server);
}

static void measure_signal(void)
{
    ash_word with[SAMPLES], without[SAMPLES];
    ash_cptr plain = make(ASH_OBJ_NOTIFICATION, 0), badged = new_slot();
    MUST(ash_cnode_mint(CNODE, badged, plain, ASH_RIGHT_ALL, 1));
    struct remote waiter = remote_start(remote_waiter, PRIORITY + 1, false, badged, 0);
    for (unsigned i = 0; i < WARM + SAMPLES; i++) {
        struct ash_message m = {};
        struct moments t = timed(ASH_SYS_SEND, badged, 0, &m);
        if (i >= WARM)
            with[i - WARM] = waiter.notes->reached - t.before - 1;
    }
    remote_stop(&waiter);
    for (unsigned i = 0; i < SAMPLES; i++) {
        struct ash_message m = {};
        struct moments t = timed(ASH_SYS_SEND, badged, 0, &m);
        without[i] = t.after - t.before - 1;
    }
    report("signal.to_waiter", with);
    report("signal.no_waiter", without);
}

static void measure_yield(void)
{
    ash_word values[SAMPLES];
    struct remote other = remote_start(remote_yielder, PRIORITY, false, 0, 0);
    for (unsigned i = 0; i < WARM + SAMPLES; i++) {
        struct ash_message m = {};
        struct moments t = timed(ASH_SYS_YIELD, 0, 0, &m);
        if (i >= WARM)
            values[i - WARM] = other.notes->reached - t.before - 1;
    }
    remote_stop(&other);
    report("yield.switch", values);
}

void measure_ipc(void)
{
    measure_null();
    measure_server(true);
    measure_server(false);
    measure_signal();
    measure_yield();
}

/* One method call, from the ecall to the caller's next instruction. */
static ash_word method(ash_cptr target, ash_word label, unsigned words, struct ash_message m)
{
    m.info = ash_info(label, words, 0);
    struct moments t = timed(ASH_SYS_CALL, target, 0, &m);
    MUST((ash_error)ash_info_label(m.info));
    return t.after - t.before - 1;
}

#define PAGE ((ash_word)0x62000000)

void measure_objects(void)
{
    ash_word copies[SAMPLES], deletes[SAMPLES], maps[SAMPLES], unmaps[SAMPLES];
    ash_cptr frame = make(ASH_OBJ_FRAME, ASH_PAGE_BITS), slot = new_slot();
    map(frame, VSPACE, PAGE, ASH_RIGHT_READ); /* so that the tables are there */
    MUST(ash_frame_unmap(frame));
    for (unsigned i = 0; i < SAMPLES; i++) {
        struct ash_message copy = {.mr = {slot, frame, ASH_RIGHT_ALL}};
        struct ash_message to = {.mr = {PAGE, ASH_RIGHT_READ | ASH_RIGHT_WRITE}};
        copies[i] = method(CNODE, ASH_CNODE_COPY, 3, copy);
        deletes[i] = method(CNODE, ASH_CNODE_DELETE, 1, (struct ash_message){.mr = {slot}});
        ash_ipc()->caps[0] = VSPACE;
        to.info = ash_info(ASH_FRAME_MAP, 2, 1);
        struct moments t = timed(ASH_SYS_CALL, frame, 0, &to);
        MUST((ash_error)ash_info_label(to.info));
        maps[i] = t.after - t.before - 1;
        unmaps[i] = method(frame, ASH_FRAME_UNMAP, 0, (struct ash_message){});
    }
    report("capability.copy", copies);
    report("capability.delete", deletes);
    report("page.map", maps);
    report("page.unmap", unmaps);
}
