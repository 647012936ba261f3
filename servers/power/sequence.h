// SPDX-License-Identifier: MIT
/*
 * The order of a system power transition: volumes first, then QUERY_POWER and SET_POWER through
 * every started stack, children before parents, then the firmware. What a driver answers, or that
 * it does not, never stops it: that is said by name in the log. Pure: reaches others only through
 * struct power_port, which the host tests replace.
 */
#ifndef POWER_SEQUENCE_H
#define POWER_SEQUENCE_H

#include "power.h"
#include "status.h"

#define POWER_NAME 96u

struct power_device {
    ash_word device; /* the PDO */
    char name[POWER_NAME];
};

struct power_port {
    /* Volumes are flushed, SHUTDOWN IRPs answered. Blocks as long as the I/O manager's deadlines.
     */
    ash_status (*flush)(void);
    /* The index-th started device in power-down order; false behind the last. */
    bool (*device)(ash_word index, struct power_device *device);
    /* Sends a power IRP to the top of the device's stack and waits, at most one deadline. */
    ash_status (*irp)(const struct power_device *device, uint8_t minor,
                      const ash_word parameter[4]);
    /* Returns only if the firmware refuses. */
    void (*reset)(bool reboot, bool failure);
    void (*log)(const char *format, ...);
};

/* Documented values. */
enum { POWER_SET = 0x02, POWER_QUERY = 0x03 };
enum { POWER_SYSTEM_SHUTDOWN = 6 };
enum { POWER_ACTION_SHUTDOWN_RESET = 5, POWER_ACTION_SHUTDOWN_OFF = 6 };

/* Returns only if the firmware refuses. */
ash_status power_down(const struct power_port *port, enum ash_power_action action, bool failure);

struct power_totals {
    ash_word devices, transitions;
};
extern struct power_totals power_totals;

#endif
