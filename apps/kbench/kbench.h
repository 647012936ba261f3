// SPDX-License-Identifier: MIT
/*
 * Figures of the kernel alone (`ashlar.test=bench`): a root task that has everything, and a second
 * address space whose threads run the loops of remote.S.
 *
 * Unit: instructions from the ecall itself (or the instruction that faults) to the last instruction
 * before the first one of the receiver, both read with `rdcycle` in user mode: under `-icount
 * shift=0` that counts instructions. What the measurement itself executes in between is taken off:
 * the first of the two reads, and a store where one follows it.
 *
 * A figure is the median of SAMPLES runs after a few that warm up.
 */
#ifndef KBENCH_H
#define KBENCH_H

#include "ash/invoke.h"
#include "ash/log.h"
#include "ash/start.h"

#define CNODE    ASH_BOOT_CNODE
#define VSPACE   ASH_BOOT_VSPACE
#define PRIORITY 200u /* of the measuring thread */
#define SAMPLES  101u
#define WARM     8u /* runs before them */

#define READ       1u /* instructions: the first rdcycle */
#define READ_STORE 2u /* and the store of what it read */

extern const struct ash_boot *boot;

/* A failed step ends the program and names itself. */
#define MUST(call)                                                                                 \
    do {                                                                                           \
        ash_error error_ = (call);                                                                 \
        if (error_ != ASH_OK)                                                                      \
            ash_panic("%s: error %u", #call, (unsigned)error_);                                    \
    } while (0)

/* --- objects.c -----------------------------------------------------------------------------------
 */
void objects_init(void);
[[nodiscard]] ash_cptr new_slot(void);
[[nodiscard]] ash_cptr make(enum ash_object_type type, ash_word parameter);
/* A new Notification, by a capability that signals bit 0. */
[[nodiscard]] ash_cptr make_notification(void);
/* A frame for that physical address, out of the device memory. */
[[nodiscard]] ash_cptr make_device_frame(ash_word physical);
/* A capability to the same frame, for a second mapping. */
[[nodiscard]] ash_cptr copy_of(ash_cptr capability);
void map(ash_cptr frame, ash_cptr vspace, ash_word address, ash_word rights);

/* --- remote.c ------------------------------------------------------------------------------------
 */
/* What remote.S notes; each thread has its own, in cache lines of its own. */
struct remote_notes {
    alignas(64) volatile ash_word reached;
    volatile ash_word left;
    volatile ash_word fault_site; /* for remote_handler: where it may write it */
};

extern const char remote_begin[], remote_server[], remote_server_fpu[], remote_waiter[],
    remote_prober[], remote_yielder[], remote_handler[], remote_caller[], remote_counter[],
    remote_fault[], remote_fault_site[], remote_end[];

struct remote {
    ash_cptr thread, sched;
    struct remote_notes *notes;
    struct ash_ipc_buffer *ipc; /* the thread's buffer, as it is mapped here */
};

struct remote_start {
    const char *entry;
    unsigned priority;
    unsigned hart;
    bool passive;    /* without a SchedContext once it waits */
    bool here;       /* in the measuring task's address space instead */
    bool receives;   /* a capability a message, into receive_slot */
    ash_cptr a1, a2; /* capabilities for the loop */
    ash_cptr receive_slot;
};

/* What remote_prober and its user share. */
struct probe {
    volatile ash_word deadline;         /* ticks; 0: the next signal only begins the probing */
    volatile ash_word scale, zero;      /* instructions a tick; rdcycle when rdtime was 0 */
    volatile ash_word worst, count;     /* instructions late; deadlines that came */
    volatile ash_word going_on;         /* not 0: sets its timer again each time */
    volatile ash_word gap, least, most; /* ticks from one probe to the next deadline */
};

void remote_init(void);
/* Where remote_prober has it. */
[[nodiscard]] struct probe *remote_probe(void);
/* Starts that loop in the other address space, and returns a millisecond later, or, if it shall be
 * passive, when it waits. */
[[nodiscard]] struct remote remote_run(const struct remote_start *start);
void remote_stop(const struct remote *remote);
/* Where remote.S's code is mapped executable in this address space too. */
[[nodiscard]] void *remote_here(const char *code);
/* The same, writable. */
[[nodiscard]] void *remote_writable(const char *code);
/* A Notification that will be signalled so much later. */
[[nodiscard]] ash_cptr nap_set(ash_word ticks);
void sleep_ticks(ash_word ticks);

/* --- measure.c -----------------------------------------------------------------------------------
 */
/* A system call with the moments before and after it. */
struct moments {
    ash_word before, after;
};
struct moments timed(ash_word number, ash_cptr target, ash_cptr reply, struct ash_message *m);
/* Sorts them. */
[[nodiscard]] ash_word median(ash_word *values, size_t count);
/* Prints the median of SAMPLES values as a JSON line. */
void report(const char *name, ash_word *values);

/* --- The measurements, a file each; in files of their own ------------------------------
 */
void measure_null(void);
void measure_messages(void);
void measure_fpu(void);
void measure_signals(void);
void measure_yield(void);
void measure_memory(void);
void measure_faults(void);
void measure_irq(void);
void measure_interrupt(const char *name); /* the same, under that name */
/* IoSpaces, and message-signalled interrupts. */
void measure_dma(void);
/* On two harts: from one to the other. */
void measure_cross(void);
/* Throughput of a pair on each hart, by the clock. */
void measure_pairs(void);
/* How late an interrupt reaches its handler while somebody attacks. */
void measure_latency(void);

#endif
