// SPDX-License-Identifier: MIT
/* File system drivers, which have no device: see filesystem.c. */
#ifndef PNP_FILESYSTEM_H
#define PNP_FILESYSTEM_H

#include "node.h"

/* Loads it, at boot; from then on it is started again when it dies. */
void pnp_file_system_load(const struct pnp_match *match);
/* DriverEntry of its task has ended, or does not end. */
void pnp_file_system_ready(struct pnp_driver *driver, bool works);
/* Starts those again whose time has come. */
void pnp_file_system_resume(void);
ash_word pnp_file_system_deadline(ash_word now); /* 0: none waits for time */

/* revive.c: the driver's next task gets what the last one had. */
void pnp_revive_hand_over(struct pnp_driver *driver);

#endif
