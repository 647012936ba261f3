// SPDX-License-Identifier: MIT
#ifndef SHELL_COMPLETE_H
#define SHELL_COMPLETE_H

/* Tells the line editor how to complete. */
void complete_init(void);

#endif
