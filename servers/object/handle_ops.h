// SPDX-License-Identifier: MIT
// Operations of the object manager on events and handles; see abi/object.h.
#ifndef OBJECT_HANDLE_OPS_H
#define OBJECT_HANDLE_OPS_H

#include "ash/server.h"

ash_status ob_op_event_create(struct ash_server *server, struct ash_caller *caller);
ash_status ob_op_event_set(struct ash_server *server, struct ash_caller *caller);
ash_status ob_op_event_reset(struct ash_server *server, struct ash_caller *caller);
ash_status ob_op_event_read(struct ash_server *server, struct ash_caller *caller);
ash_status ob_op_event_take(struct ash_server *server, struct ash_caller *caller);
ash_status ob_op_close(struct ash_server *server, struct ash_caller *caller);
ash_status ob_op_client(struct ash_server *server, struct ash_caller *caller);
ash_status ob_op_duplicate(struct ash_server *server, struct ash_caller *caller);

/* The end of tasks: asks to be told, and what is done then (on_signals of the server). */
[[nodiscard]] ash_status ob_watch_tasks(void);
void ob_signals(struct ash_server *server, ash_word bits);

#endif
