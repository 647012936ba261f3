// SPDX-License-Identifier: MIT
/* What the power manager's own logic needs of the outside; port.c is the real one, host tests have
 * another. */
#ifndef POWER_PORT_H
#define POWER_PORT_H

#include "irp.h"

#define POWER_NAME 96u

struct power_device {
    ash_word device; /* the PDO */
    char name[POWER_NAME];
};

/* Sends an IRP to the top of the stack. STATUS_PENDING: power_irp_answered(ticket) follows.
 * STATUS_DEVICE_BUSY: no slot now. Anything else is its end. */
[[nodiscard]] ash_status port_send(const struct power_irp *irp);
void port_cancel(ash_word ticket);
/* Tells a driver that its request has ended; STATUS_DEVICE_BUSY: no slot now. */
[[nodiscard]] ash_status port_tell(ash_word task, ash_word number, ash_status status,
                                   ash_word woke);
/* Ends the task that holds the IRP. */
void port_condemn(const struct power_irp *irp);
ash_word port_now(void);
ash_word port_ticks(ash_word milliseconds);

/* Volumes are flushed, SHUTDOWN IRPs answered. Blocks as long as the I/O manager's deadlines. */
[[nodiscard]] ash_status port_flush(void);
/* The index-th started device in power-down order; false behind the last. From index 0 on. */
[[nodiscard]] bool port_device(ash_word index, struct power_device *device);
/* Returns only if the firmware refuses. */
void port_reset(bool reboot, bool failure);
[[gnu::format(printf, 1, 2)]] void port_log(const char *format, ...);

#endif
