// SPDX-License-Identifier: MIT
/*
 * Events and the handles that tasks have to them, without their message face. Single-threaded;
 * statuses are those of abi/object.h. An event lives as long as a handle to it, whoever made it: so
 * it outlives the death of either side.
 *
 * A handle is a number that means something in its task's table only; the task is known by its
 * endpoint's badge, so nobody can use or guess another task's handles. A value is not used again
 * soon: it carries how often its place in the table was used.
 */
#ifndef OBJECT_EVENT_H
#define OBJECT_EVENT_H

#include "kernel/types.h"
#include "object.h"
#include "status.h"

#define OB_HANDLES_MAX 256u /* a task; over it STATUS_INSUFFICIENT_RESOURCES */

[[nodiscard]] ash_status ob_event_create(ash_word task,
                                         const struct ash_ob_event_create_request *request,
                                         struct ash_ob_event_create_reply *reply);
/* reset: clears it instead. */
[[nodiscard]] ash_status ob_event_change(ash_word task, ash_word handle, bool set,
                                         struct ash_ob_event_state_reply *reply);
[[nodiscard]] ash_status ob_event_read(ash_word task, ash_word handle,
                                       struct ash_ob_event_state_reply *reply);
[[nodiscard]] ash_status ob_event_take(ash_word task,
                                       const struct ash_ob_event_take_request *request,
                                       struct ash_ob_event_take_reply *reply);
[[nodiscard]] ash_status ob_handle_close(ash_word task, ash_word handle);
/* From one task's table into another's, with the same access. */
[[nodiscard]] ash_status ob_handle_duplicate(const struct ash_ob_duplicate_request *request,
                                             struct ash_ob_duplicate_reply *reply);
/* What is signalled for the task; replaces an earlier one. The slot is this module's from now on.
 */
[[nodiscard]] ash_status ob_task_notification(ash_word task, ash_cptr slot);
/* Closes its handles. */
void ob_task_gone(ash_word task);

/* --- below: kernel calls, or a test's ------------------------------------------------------- */
void ob_port_signal(ash_cptr notification);
void ob_port_drop(ash_cptr slot);

#endif
