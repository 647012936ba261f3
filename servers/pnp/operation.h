// SPDX-License-Identifier: MIT
/*
 * Between operate.c and operation.c: the present operation, and the IRPs it sends.
 * Invariant: `sent` says that an IRP of it is out, or waits for a slot, at one node; that node's
 * step is PNP_STEP_OPERATION then. Its answer is taken by operation.c alone.
 */
#ifndef PNP_OPERATION_H
#define PNP_OPERATION_H

#include "drivers/quiesce.h"
#include "node.h"
#include "port.h"

enum {
    IRP_MN_QUERY_REMOVE_DEVICE = 0x01,
    IRP_MN_CANCEL_REMOVE_DEVICE = 0x03,
    IRP_MN_STOP_DEVICE = 0x04,
    IRP_MN_QUERY_STOP_DEVICE = 0x05,
    IRP_MN_CANCEL_STOP_DEVICE = 0x06,
    IRP_MN_QUERY_DEVICE_RELATIONS = 0x07,
    IRP_MN_EJECT = 0x11,
    IRP_MN_SET_LOCK = 0x12,
};
enum { RELATIONS_EJECTION = 1, RELATIONS_REMOVAL = 3 };

#define OPERATION_ROOTS 8u
#define OPERATION_NODES 128u

enum phase {
    PHASE_COLLECT,
    PHASE_NOTIFY,
    PHASE_QUERY,
    PHASE_OPEN,
    PHASE_REMOVE,
    PHASE_REMOVING,
    PHASE_UNLOCK,
    PHASE_EJECT,
    PHASE_STOP,
    PHASE_QUIESCE,
    PHASE_START,
    PHASE_STARTED,
    PHASE_CANCEL,
    PHASE_FINISH,
};

struct operation {
    struct operation *next;
    enum ash_pnp_operation kind;
    ash_word target, cookie;
    enum phase phase;
    unsigned at, type;
    unsigned told;     /* so many of nodes[] were sent the query */
    unsigned notified; /* for so many those who watch were asked */
    bool asked;        /* those of nodes[at] */
    bool sent, to_top;
    struct port_irp irp;
    unsigned root_count, count;
    ash_word roots[OPERATION_ROOTS]; /* the one that was named, then those related to it */
    ash_word nodes[OPERATION_NODES]; /* and all below them, children before parents */
    struct ash_pnp_operate_reply reply;
};

struct operation *operation_current(void);
/* Sends irp for the present operation. False: the node is busy with something else now. */
[[nodiscard]] bool operation_ask(struct pnp_node *node, const struct port_irp *irp, bool to_top);
void operation_veto(struct operation *op, const struct pnp_node *node, ash_status status,
                    enum ash_pnp_veto veto, ash_word task);

#endif
