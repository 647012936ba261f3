// SPDX-License-Identifier: MIT
/*
 * Figures of the kernel alone (`ashlar.test=bench`): a root task that has everything, and a second
 * address space whose threads run the loops of remote.S.
 *
 * Unit: instructions from the ecall itself to the last instruction before the first one of the
 * receiver, both read with `rdcycle`: under `-icount shift=0` that counts instructions, and two
 * adjacent reads differ by one, which is taken off.
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

extern const struct ash_boot *boot;

/* What remote.S notes. */
struct remote_notes {
    volatile ash_word reached, left;
};

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
/* A frame for that physical address, out of the device memory. */
[[nodiscard]] ash_cptr make_device_frame(ash_word physical);
/* A capability to the same frame, for a second mapping. */
[[nodiscard]] ash_cptr copy_of(ash_cptr capability);
void map(ash_cptr frame, ash_cptr vspace, ash_word address, ash_word rights);

/* --- remote.c ------------------------------------------------------------------------------------
 */
extern const char remote_begin[], remote_server[], remote_waiter[], remote_yielder[], remote_end[];

struct remote {
    ash_cptr thread, sched;
    struct remote_notes *notes;
};

void remote_init(void);
/* Starts that loop in the other address space. passive: it is left without a SchedContext once it
 * waits. Returns when it waits. */
[[nodiscard]] struct remote remote_start(const char *entry, unsigned priority, bool passive,
                                         ash_word a1, ash_word a2);
void remote_stop(const struct remote *remote);

/* --- measure.c -----------------------------------------------------------------------------------
 */
/* A system call with the moments before and after it. */
struct moments {
    ash_word before, after;
};
struct moments timed(ash_word number, ash_cptr target, ash_cptr reply, struct ash_message *m);
/* Prints the median of SAMPLES values as a JSON line. */
void report(const char *name, ash_word *values);
void measure_ipc(void);
void measure_objects(void);
/* --- irq.c ---------------------------------------------------------------------------------------
 */
void measure_irq(void);

#endif
