// SPDX-License-Identifier: MIT
/*
 * A model of everything outside the plug-and-play manager's logic: devices, drivers and their
 * answers. IRPs are queued; machine_pump answers them one after the other, as the tests' drivers
 * say.
 */
#ifndef PNP_MACHINE_H
#define PNP_MACHINE_H

#include "node.h"
#include "port.h"

#define MACHINE_TRACE 8192u

/* What a driver answers. Returns false to leave the IRP unanswered (it hangs). */
struct machine_irp {
    uint8_t major, minor;
    ash_word device;
    ash_word parameter[4];
    uint8_t in[4096];
    size_t in_bytes;
};
struct machine_answer {
    ash_status status;
    ash_word information;
    uint8_t out[4096];
    size_t out_bytes;
};
typedef bool (*machine_driver)(ash_word task, const struct machine_irp *irp,
                               struct machine_answer *answer);

void machine_reset(void);
/* A driver of that service: loads as `task`; its DriverEntry returns `entry`. */
void machine_add_driver(const char *name, ash_word task, ash_status entry, machine_driver answer);
ash_word machine_add_device(ash_word task); /* a PDO */
void machine_attach(ash_word task, ash_word pdo, ash_word device);
void machine_detach(ash_word pdo);
/* Delivers events and answers IRPs until nothing moves. */
void machine_pump(void);
/* The task ends: its IRPs are answered with STATUS_DEVICE_REMOVED, its devices leave the stacks. */
void machine_kill(ash_word task);
/* What its next DriverEntry returns; STATUS_PENDING: it does not end. One that had not ends now. */
void machine_entry(ash_word task, ash_status entry);
bool machine_alarm_is_due(void);
void machine_pass(ash_word milliseconds); /* time; alarms that are due */
void machine_fail_add(ash_word task);     /* its AddDevice fails */
void machine_files(ash_word count);       /* open on every device */
void machine_mounted(bool mounted);
/* The IOMMU's queue of faults gets `count` records of that device. */
void machine_fault(ash_word device, ash_word address, unsigned count, bool lost);
void machine_enforce(bool yes);                    /* every device is behind the IOMMU */
extern struct ash_pnp_operate_reply machine_reply; /* of the last operation */
extern unsigned machine_messages;                  /* that can still be had */
extern bool machine_enforced;                      /* devices are behind the IOMMU */
extern char machine_trace[MACHINE_TRACE];
void machine_note(const char *format, ...);
void machine_clear_trace(void);
void machine_text(struct machine_answer *answer, const char *text, bool list);

#endif
