// SPDX-License-Identifier: MIT
/*
 * Calling a manager: label = operation, the message words are the request struct; the answer's
 * label is an NTSTATUS and its words the reply struct (abi/task.h). Blocks until the manager
 * answers.
 *
 * The caller owns all buffers; the request is copied before the call, the reply is written only as
 * far as the manager sent it, and the rest of it is zeroed. Both are at most 512 bytes.
 * Without the manager's capability the status is STATUS_ACCESS_DENIED; when the manager went away
 * STATUS_DEVICE_NOT_CONNECTED.
 */
#ifndef ASH_MANAGER_H
#define ASH_MANAGER_H

#include "kernel/syscall.h"
#include "status.h"
#include "task.h"

#define ASH_MESSAGE_BYTES (ASH_MSG_WORDS * sizeof(ash_word))

[[nodiscard]] ash_status ash_request(ash_cptr manager, ash_word op, const void *request,
                                     size_t request_bytes, void *reply, size_t reply_bytes);

/* Capabilities that go along with a request, and that come back. `send` are slots of the caller, at
 * most 3 (the manager gets copies). `receive` is how many are wanted, at most 3: they come into
 * slots of ash_slot_alloc() which are then the caller's; `received` tells how many came. */
struct ash_caps {
    const ash_cptr *send;
    unsigned send_count;
    unsigned receive;
    unsigned received;
    ash_cptr slot[ASH_MSG_CAPS];
};

[[nodiscard]] ash_status ash_request_caps(ash_cptr manager, ash_word op, const void *request,
                                          size_t request_bytes, void *reply, size_t reply_bytes,
                                          struct ash_caps *caps);

/* The command line that the kernel was given, always terminated. STATUS_BUFFER_TOO_SMALL if cut. */
[[nodiscard]] ash_status ash_command_line(char *text, size_t size);

/* New kernel objects of the calling task (abi/process.h). */
[[nodiscard]] ash_status ash_notification_create(ash_cptr *slot);
[[nodiscard]] ash_status ash_reply_create(ash_cptr *slot);

/* Signals of this notification reach the calling thread also while it waits in Recv (a manager's
 * on_signals). */
[[nodiscard]] ash_status ash_notification_bind(ash_cptr notification);

#endif
