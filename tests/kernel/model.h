// SPDX-License-Identifier: MIT
/*
 * The reference model of capabilities: what abi/kernel says, as plainly as it can be said, with
 * arrays and repeated scans instead of the kernel's links.
 *
 *  - A *node* is one capability: what it names, its rights, its parent, the slot that holds it.
 *  - An *object* is what capabilities name; it dies with the last of them, and what its slots held
 *    dies too. Numbers are never used twice in one run.
 *  - A page table is modelled as the 512 entries that the hardware reads (privileged spec., Sv39).
 *
 * A deletion may be broken off when its slot is empty but not all is done. The last capability of a
 * CNode or Thread that is not empty yet is then in no slot (its holder is BURIED); any later
 * deletion of the same caller that ends, ends this one too.
 *
 * Deleting: the set of nodes that go is the least set that holds what is to be deleted and, with
 * all capabilities of an object, everything in that object's slots. Children of a node that goes
 * belong to its parent.
 *
 * A method yields the *set* of errors that the call deserves; the kernel may report any one of
 * them, and must report none if the set is empty.
 */
#ifndef TESTS_KERNEL_MODEL_H
#define TESTS_KERNEL_MODEL_H

#include "kernel/error.h"
#include "kernel/object.h"
#include "kernel/syscall.h"

#define MODEL_NODES   6000
#define MODEL_OBJECTS 6000
#define MODEL_SLOTS   40000
#define NONE          (-1)
#define BURIED        (-2)

struct model_node {
    bool used;
    uint8_t type, rights, bits, device;
    bool mapped;
    int vspace; /* of the mapping, an object */
    uint64_t address;
    uint64_t badge;
    uint64_t watermark; /* Untyped: in use below it */
    int object;
    int parent, children; /* a node; how many */
    int holder, index;    /* an object and its slot; or BURIED */
};

struct model_object {
    bool live;
    uint8_t type, radix;
    int references;
    uint64_t physical, size; /* of its memory, 0 bytes for objects in none */
    uint64_t kernel;         /* how the kernel's capabilities name it */
    int first_slot, slots;
    uint64_t *table; /* VSpace, PageTable: 512 entries */
    /* Thread, SchedContext, Notification: to what they are bound (objects). */
    int sched, notification, thread;
    bool running, configured, has_buffer;
    uint64_t buffer_offset;
    unsigned max_priority;
    bool pending; /* Timer: a deadline is set */
};

struct model_call {
    int node; /* the invoked capability */
    uint64_t method;
    unsigned length, caps;
    uint64_t word[8];
    ash_cptr cap[ASH_MSG_CAPS];
    /* What a success changes; filled by the check. */
    uint64_t start, stride;
    int argument[ASH_MSG_CAPS]; /* nodes */
    uint64_t *entry;            /* of a page table */
    unsigned missing;
};

extern struct model_node model_node[MODEL_NODES];
extern struct model_object model_object[MODEL_OBJECTS];
extern int model_nodes, model_objects; /* how many were ever used */
extern int model_root;                 /* the CNode of the caller's CSpace, an object */
extern unsigned model_caller_limit;    /* the caller's largest priority */

/* model.c */
void model_reset(void);
/* Too little room for another step: end the run. */
bool model_full(void);
int model_new_object(uint8_t type, uint64_t physical, uint64_t size, unsigned radix);
int model_new_node(int object, int holder, int index, int parent);
/* The node in that slot, or NONE. */
int model_at(int holder, uint64_t index);
/* The slot a path names: false if the path does not exist. */
bool model_lookup(uint64_t path, int *holder, uint64_t *index);
int model_lookup_node(uint64_t path);
/* Marks what goes; then model_remove_marked or model_remove (single nodes). */
void model_mark_delete(int node); /* NONE: only what is buried */
void model_mark_revoke(int node);
bool model_marked(int node);
void model_remove_marked(void);
void model_remove(int node);
/* Objects whose last capability is gone die. */
void model_end_objects(void);
/* The last capability of an object leaves its slot, and the object is being emptied. */
void model_bury_node(int node);

/* model_memory.c */
/* The entry for `address` that spans 2^bits bytes, or null; then *missing is the span of the one
 * that is not there. */
uint64_t *model_entry(int vspace, uint64_t address, unsigned bits, unsigned *missing);
/* The entry that holds this capability's mapping, if it still does. */
uint64_t *model_mapped_entry(const struct model_node *node);
void model_unmap(struct model_node *node);
/* The table that an entry points to (an object). */
int model_table_at(uint64_t entry);
uint32_t model_check_map(struct model_call *call);
void model_commit_map(struct model_call *call);
uint32_t model_check_retype(struct model_call *call);
void model_commit_retype(struct model_call *call);

/* model_methods.c */
/* The set of errors (bit n: enum ash_error n) of a call. */
uint32_t model_check(struct model_call *call);
/* A capability that is sent: what cannot be copied is moved. */
void model_copy_or_move(int source, int cnode, int index);
/* What a success changes. */
void model_commit(struct model_call *call);

/* Told by whoever runs the model beside the kernel: an object is born in memory, or dies. */
void model_born(int object);
void model_died(int object);
void model_buffer_changed(int thread);

#endif
