// SPDX-License-Identifier: MIT
// What port.c and main.c share: the message loop and the manager's own Notification.
#ifndef IO_SERVER_H
#define IO_SERVER_H

#include "ash/server.h"

extern struct ash_server io_server;
extern ash_cptr io_notification; /* bound to the thread, unbadged */

#endif
