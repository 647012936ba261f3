// SPDX-License-Identifier: MIT
/*
 * Power IRPs on their way: those of the manager's own transitions and those that drivers ask for.
 *
 * Invariants
 * - A stack (known by its PDO) has at most one system and one device IRP out; WAIT_WAKEs beside.
 * - At most one IRP that powers up a stack with DO_POWER_INRUSH is out.
 * - What may not go yet waits, oldest first. Each IRP ends once: sent and answered, refused by the
 *   port, or given up after its holder was condemned and still did not answer.
 * - Nothing here waits or recurses: power_irp_turn sends what may go.
 *
 *   WAITING -> OUT -> (asked by a driver) TELL -> free
 *
 * A ticket names an IRP and is not used again, so an answer that comes too late is nobody's.
 */
#ifndef POWER_IRP_H
#define POWER_IRP_H

#include "power.h"
#include "status.h"

#define POWER_IRPS 192u

/* Documented values. */
enum { POWER_WAIT_WAKE = 0x00, POWER_SET = 0x02, POWER_QUERY = 0x03 };
enum { POWER_TYPE_SYSTEM = 0, POWER_TYPE_DEVICE = 1 };
enum { POWER_D0 = 1, POWER_D3 = 4 };

enum power_state { POWER_FREE, POWER_WAITING, POWER_OUT, POWER_TELL };
enum power_kind { POWER_SYSTEM_IRP, POWER_DEVICE_IRP, POWER_WAKE_IRP };

struct power_irp {
    enum power_state state;
    enum power_kind kind;
    uint8_t minor;
    bool inrush;           /* powers up a stack with DO_POWER_INRUSH */
    bool warned;           /* its holder was condemned */
    ash_word device;       /* the stack's PDO */
    ash_word task, number; /* who asked; 0: this manager */
    ash_word parameter[4];
    ash_word deadline; /* when it is out; 0: a WAIT_WAKE */
    ash_word ticket;   /* grows with each request */
    ash_status status; /* once it has ended */
    ash_word woke;
};

/* Takes a request over (kind, minor, inrush, device, task, number, parameter are read). */
[[nodiscard]] ash_status power_irp_ask(const struct power_irp *wanted);
/* Cancels a request that `task` made. */
[[nodiscard]] ash_status power_irp_cancel(ash_word task, ash_word number);
/* The answer to port_send. */
void power_irp_answered(ash_word ticket, ash_status status, ash_word woke);
/* A task is no more: nobody is told about what it asked for, and its WAIT_WAKEs are cancelled. */
void power_irp_task_gone(ash_word task);
/* Sends and tells what can be; the transition goes on, too. */
void power_irp_turn(void);
/* Looks at the clock: condemns, gives up. Returns the next deadline, 0 none. */
ash_word power_irp_clock(ash_word now);
/* The deadline of the stack's IRP that ends first; 0: none is out. */
ash_word power_irp_deadline(ash_word device);
/* A WAIT_WAKE is out, or will be. */
bool power_irp_can_wake(void);
unsigned power_irp_inrush_out(void);
ash_word power_irp_asked(void); /* by drivers, so far */
void power_irp_reset(void);     /* tests: forgets everything */

#endif
