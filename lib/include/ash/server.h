// SPDX-License-Identifier: MIT
/*
 * The event loop of a manager: one thread, one endpoint, requests one after the other.
 *
 * A handler answers at once (it returns the status; its reply is sent) or keeps the caller waiting
 * (it calls ash_server_defer and returns anything) and somebody answers later by ash_server_answer.
 * Requests are copied before the handler sees them, so a caller cannot change them meanwhile;
 * callers are known by the badge of the capability they used.
 *
 *   Recv ---> filter (faults, ...) ---> handler of the operation ---> reply, next Recv
 *     \-----> on_signals (bound notification)
 *
 * Capabilities that come with a request lie in slots of the server until the handler returns; it
 * moves away or copies what it keeps (ash_server_take_cap), the rest is deleted.
 */
#ifndef ASH_SERVER_H
#define ASH_SERVER_H

#include "ash/manager.h"
#include "ash/syscall.h"

struct ash_server;

/* Names a caller that waits: the Reply object it hangs on. 0: none. */
typedef ash_cptr ash_token;

struct ash_caller {
    ash_word task; /* badge */
    ash_word op;   /* label */
    size_t bytes;  /* of the request */
    unsigned caps; /* that came along, in cap[] */
    ash_cptr cap[ASH_MSG_CAPS];
    ash_word request[ASH_MSG_WORDS]; /* zero beyond `bytes` */

    /* The answer: the handler fills `reply`, which is all zero before, and sets reply_bytes when it
     * differs from what the operation's table row says. It writes no further than the larger of
     * both. */
    ash_word reply[ASH_MSG_WORDS];
    size_t reply_bytes;
    unsigned reply_caps;
    ash_cptr reply_cap[ASH_MSG_CAPS];
    bool reply_cap_delete[ASH_MSG_CAPS]; /* delete it here when it was sent */
};

typedef ash_status (*ash_handler)(struct ash_server *server, struct ash_caller *caller);

/* A request with fewer than request_bytes gets STATUS_INFO_LENGTH_MISMATCH; an unknown operation
 * STATUS_NOT_IMPLEMENTED. A reply has reply_bytes if the status is no error, and none otherwise. */
struct ash_operation {
    ash_word op;
    ash_handler handler;
    size_t request_bytes, reply_bytes;
};

#define ASH_SERVER_OPS 80u /* largest operation number + 1 */

struct ash_server {
    /* Filled by the manager before ash_server_init. */
    ash_cptr endpoint;
    const struct ash_operation *operations;
    unsigned operation_count;
    void (*on_signals)(struct ash_server *server, ash_word bits); /* may be null */
    /* Sees every message first; true if it has dealt with it: then nobody is answered except by
     * ash_server_answer on a deferred token. May be null. */
    bool (*filter)(struct ash_server *server, struct ash_caller *caller);
    /* A new Reply object. Null: ash_reply_create. */
    ash_status (*make_reply)(ash_cptr *slot);
    ash_cptr cnode; /* path of the CNode for received capabilities; 0: ASH_SLOT_CNODE */

    /* The loop's own. */
    struct ash_caller caller;
    size_t dirty_request, dirty_reply; /* bytes of caller's two arrays that may not be zero */
    ash_token current;                 /* Reply object of the request in hand */
    bool deferred;
    ash_cptr receive; /* first of three slots */
    ash_cptr *spare;  /* Reply objects that nobody hangs on */
    unsigned spares, spare_capacity;
    const struct ash_operation *table[ASH_SERVER_OPS];
};

/* Checks and prepares. Panics if the own tables or resources are wrong. */
void ash_server_init(struct ash_server *server);
/* Never returns. */
[[noreturn]] void ash_server_run(struct ash_server *server);

/* Keeps the caller of the request in hand waiting; answers with its token, or 0 if no Reply object
 * is left for the next caller (then the handler should return STATUS_INSUFFICIENT_RESOURCES). */
[[nodiscard]] ash_token ash_server_defer(struct ash_server *server);

/* Answers a deferred caller. caps: slots of the server whose copies go along; may be null. */
void ash_server_answer(struct ash_server *server, ash_token token, ash_status status,
                       const void *reply, size_t bytes, const ash_cptr *caps, unsigned cap_count);
/* Forgets a deferred caller without an answer (its task is gone). */
void ash_server_drop(struct ash_server *server, ash_token token);

/* Moves capability i that came with the request into an own slot of ash_slot_alloc(); 0: no slot.
 */
[[nodiscard]] ash_cptr ash_server_take_cap(struct ash_server *server, struct ash_caller *caller,
                                           unsigned i);

#endif
