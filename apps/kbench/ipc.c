// SPDX-License-Identifier: MIT
// The null system call, and Call and ReplyRecv between address spaces.
#include "kbench.h"

#include <stdio.h>

void measure_null(void)
{
    ash_word values[SAMPLES];
    for (unsigned i = 0; i < SAMPLES; i++) {
        struct ash_message m = {};
        struct moments t = timed(ASH_SYS_NULL, 0, 0, &m);
        values[i] = t.after - t.before - READ;
    }
    report("null_syscall", values);
}

struct round {
    const char *suffix;
    unsigned words, caps;
    bool parts; /* print each half too */
    bool fpu;   /* touch the floating-point registers between the calls */
};

/* No register that a C function has to save: else the whole program would use the unit, and every
 * figure would be one of a thread that does. */
static void touch_fpu(void)
{
    __asm__ volatile("fcvt.d.l ft1, %0\nfadd.d ft0, ft0, ft1\n" : : "r"(boot) : "ft0", "ft1");
}

/* The capability lies in the slot that the server receives into until this deletes it. */
static void rounds(const struct round *round, const struct remote *server, ash_cptr endpoint,
                   ash_cptr receive_slot)
{
    ash_word call[SAMPLES], reply[SAMPLES], both[SAMPLES];
    for (unsigned i = 0; i < WARM + SAMPLES; i++) {
        struct ash_message m = {.info = ash_info(1, round->words, round->caps)};
        ash_ipc()->caps[0] = endpoint;
        if (round->fpu)
            touch_fpu();
        struct moments t = timed(ASH_SYS_CALL, endpoint, 0, &m);
        if (m.info != ash_info(1, round->words, 0))
            ash_panic("the server answered 0x%lx", (unsigned long)m.info);
        if (round->caps != 0)
            MUST(ash_cnode_delete(CNODE, receive_slot));
        if (i < WARM)
            continue;
        unsigned at = i - WARM;
        call[at] = server->notes->reached - t.before - READ;
        reply[at] = t.after - server->notes->left - READ_STORE;
        both[at] = call[at] + reply[at];
    }
    char name[32];
    snprintf(name, sizeof(name), "ipc.round_trip%s", round->suffix);
    report(name, both);
    if (round->parts) {
        report("ipc.call", call);
        report("ipc.reply_recv", reply);
    }
}

static void with_server(const char *entry, bool passive, const struct round *round, unsigned count)
{
    ash_cptr endpoint = make(ASH_OBJ_ENDPOINT, 0), slot = new_slot();
    const struct remote_start start = {.entry = entry,
                                       .priority = PRIORITY,
                                       .passive = passive,
                                       .receives = true,
                                       .a1 = endpoint,
                                       .a2 = make(ASH_OBJ_REPLY, 0),
                                       .receive_slot = slot};
    struct remote server = remote_run(&start);
    for (unsigned i = 0; i < count; i++)
        rounds(&round[i], &server, endpoint, slot);
    remote_stop(&server);
}

void measure_messages(void)
{
    static const struct round round[] = {{.suffix = "", .parts = true},
                                         {.suffix = ".4words", .words = 4},
                                         {.suffix = ".10words", .words = 10},
                                         {.suffix = ".1cap", .caps = 1}};
    static const struct round active[] = {{.suffix = ".active"},
                                          {.suffix = ".active.10words", .words = 10}};
    with_server(remote_server, true, round, sizeof(round) / sizeof(*round));
    with_server(remote_server, false, active, sizeof(active) / sizeof(*active));
}

void measure_fpu(void)
{
    static const struct round round = {.suffix = ".fpu", .fpu = true};
    with_server(remote_server_fpu, true, &round, 1);
}
