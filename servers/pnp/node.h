// SPDX-License-Identifier: MIT
/*
 * The device tree of the plug-and-play manager, and the interfaces between its files.
 *
 *   resource.c   resource lists, containment, translation, conflicts      (pure)
 *   requirement.c  alternatives of interrupts in requirement lists        (pure)
 *   database.c   INF files, matching                                      (pure)
 *   node.c       nodes and their tree
 *   driver.c     drivers: loading, links, death
 *   irp.c        IRPs on their way, deadlines
 *   start.c      a node's way from a new PDO to a started device: one step after the other
 *   identity.c   the steps that ask a PDO who it is        assign.c  resources into START
 *   enumerate.c  bus relations: new children, missing children
 *   stack.c      the drivers of a device: filters and function, in their order
 *   remove.c     surprise removal, removal, the end of a node
 *   recover.c    a driver that died is started again     update.c  ... because somebody asked
 *   revive.c     its children, handing over
 *   operate.c    what concerns several devices at once: removal that is asked for, ejection,
 *                stopping for a rebalance               operation.c  its IRPs and their answers
 *   target.c     who wants to be asked before a device is removed
 *   interrupt.c  interrupt connections, shared lines       message.c  message-signalled ones
 *   fault.c      what the IOMMU refused: counting, saying, cutting off   fault_text.c  its words
 *   property.c   IoGetDeviceProperty                       query.c   what clients ask
 *   interface.c  device interfaces and their events        interface_table.c  their names (pure)
 *
 * Invariants
 * - A node has at most one IRP on its way; its `step` says which. Nothing waits: an answer, an
 * event of the I/O manager or an alarm moves a node on.
 * - A node's children exist only while its own stack is started; removing begins at the leaves.
 * - What a driver's task may map or connect is given before START and taken after REMOVE.
 * - A dead task is released (its DMA memory reused) only when its device was removed at its bus.
 */
#ifndef PNP_NODE_H
#define PNP_NODE_H

#include "database.h"
#include "fault.h"
#include "io.h"
#include "pnp.h"
#include "requirement.h"
#include "resource.h"
#include "status.h"

/* --- Drivers --- */

enum pnp_driver_state { PNP_DRIVER_LOADING, PNP_DRIVER_READY, PNP_DRIVER_FAILED };

struct pnp_driver {
    struct pnp_driver *next;
    char name[PNP_SERVICE_NAME];
    ash_word id, task;
    enum pnp_driver_state state;
    ash_status status; /* of a failed one */
    bool linked;
    unsigned link;
    bool own;            /* this manager itself: its PDO needs no IRP */
    bool dead;           /* its task ended */
    bool reported;       /* the process manager waits for port_release */
    ash_word deadline;   /* while it loads */
    unsigned holds;      /* nodes that still have to be removed before that */
    bool keeps;          /* the I/O manager keeps its devices when it dies: recover.c */
    bool ending;         /* its link has ended: its death will be told */
    unsigned recovering; /* nodes that wait for its next task */
    unsigned deaths;     /* one soon after the other */
    ash_word died_at, restart_at, started_at;
    bool leaving; /* update.c: its task was asked to end, and has not yet */
    bool asked;   /* its last end was asked for */
    bool rolled_back, given_up;
    bool file_system; /* filesystem.c: */
    uint32_t restart_limit, restart_reset, io_timeout;
    char fs_image[PNP_IMAGE_PATH];
    char image[PNP_IMAGE_PATH];    /* instead of what its INF says; empty: that */
    char previous[PNP_IMAGE_PATH]; /* comes back if `image` does not work; empty: it is not new */
    ash_word left_task;            /* the last task of it that the I/O manager saw go ... */
    bool left_quietly;             /* ... after its DriverUnload */
};

/* The driver of that name, loaded (again) if need be; null: it cannot be loaded (*status). */
struct pnp_driver *pnp_driver_get(const char *service, const char *image, ash_status *status);
struct pnp_driver *pnp_driver_of_task(ash_word task);
struct pnp_driver *pnp_driver_find(ash_word id);
struct pnp_driver *pnp_driver_next(const struct pnp_driver *driver); /* null: the first */
struct pnp_driver *pnp_driver_named(const char *name);
struct pnp_driver *pnp_driver_linked(unsigned link);
/* Opens the link when it is first needed. */
[[nodiscard]] ash_status pnp_driver_link(struct pnp_driver *driver, unsigned *link);
void pnp_driver_event(const struct ash_io_event_reply *event);
/* A task has ended: a driver of ours, or nobody we know (then it is released at once). */
void pnp_task_ended(ash_word task, ash_status status);
void pnp_driver_unhold(struct pnp_driver *driver);
bool pnp_driver_loading(void);
void pnp_driver_clear(void); /* forgets all of them; no node may be left */
/* Gives up drivers that load for too long. Returns the next deadline, 0 none. */
ash_word pnp_driver_deadlines(ash_word now);
/* The driver record of a task that pnp did not load itself (its own: the root's bus). */
struct pnp_driver *pnp_driver_adopt(const char *name, ash_word id, ash_word task);

/* --- Nodes --- */

#define PNP_STACK (PNP_FILTERS + 1)

enum pnp_step {
    PNP_STEP_IDLE, /* nothing under way */
    /* identity.c: to the PDO */
    PNP_STEP_DEVICE_ID,
    PNP_STEP_HARDWARE_IDS,
    PNP_STEP_COMPATIBLE_IDS,
    PNP_STEP_INSTANCE_ID,
    PNP_STEP_CONTAINER_ID,
    PNP_STEP_CAPABILITIES,
    PNP_STEP_DESCRIPTION,
    PNP_STEP_LOCATION,
    PNP_STEP_BUS_INFORMATION,
    PNP_STEP_RESOURCES,
    PNP_STEP_REQUIREMENTS,
    PNP_STEP_ENUMERATED,
    /* start.c */
    PNP_STEP_SIBLINGS, /* waits until every sibling is known: who shares an interrupt */
    PNP_STEP_RECOVER,  /* its driver died: waits until it may be loaded again */
    PNP_STEP_MATCH,
    PNP_STEP_LOAD, /* waits for the driver */
    PNP_STEP_ADD,
    PNP_STEP_FILTER,
    PNP_STEP_START,
    PNP_STEP_CAPABILITIES_AGAIN,
    PNP_STEP_DEVICE_STATE,
    PNP_STEP_RELATIONS,
    PNP_STEP_REVIVE,    /* a new task of its driver: its children's PDOs are started, one by one */
    PNP_STEP_OPERATION, /* an IRP of operation.c is out; it says what comes then */
    /* remove.c */
    PNP_STEP_REMOVE_CHILDREN, /* waits until there are none */
    PNP_STEP_SURPRISE,
    PNP_STEP_HANDLES, /* waits until no file is open on the stack */
    PNP_STEP_REMOVE,
    PNP_STEP_QUIESCE, /* its bus turns off what the device could still do */
    PNP_STEPS,
};

struct pnp_node {
    ash_word id;
    struct pnp_node *parent, *child, *sibling, *all_next;
    ash_word device;             /* the PDO */
    struct pnp_driver *bus;      /* answers for the PDO */
    struct pnp_driver *function; /* of the device; null: none, or raw */
    bool recovering; /* some of its drivers died and are started again: the children stay */
    unsigned awaits, lost, fresh;        /* bits of stack[]: recover.c */
    struct pnp_driver *stack[PNP_STACK]; /* all of its drivers, in the order of AddDevice */
    unsigned stack_count, added_count;
    enum pnp_step step;
    unsigned irp; /* number of the one on its way, 0 none */
    enum ash_pnp_state state;
    ash_status status;
    bool added; /* an AddDevice succeeded: a stack stands on the PDO */
    bool start_sent;
    bool removal_told;
    bool surprised;     /* SURPRISE_REMOVAL was sent */
    bool orderly;       /* QUERY_REMOVE succeeded: REMOVE comes without SURPRISE_REMOVAL */
    bool disabled;      /* somebody said so: it is not started until somebody enables it */
    bool root;          /* made by this manager for somebody who asked for it */
    bool stopped;       /* for a rebalance: what it had is taken back; START comes again */
    bool was_started;   /* a START succeeded since AddDevice */
    uint32_t pnp_state; /* PNP_DEVICE_STATE, as its drivers said last */
    ash_word told;      /* removal: the device that the IRP went to last, 0 none */
    bool told_last;     /* ... and no driver below it has yet to be told */
    bool bypass;        /* removal goes to the PDO alone: the stack above does not answer */
    bool raw;           /* started without a function driver */
    bool gone; /* its bus no longer lists it, or the bus died: the node ends with its removal */
    bool removing, again, state_again;
    unsigned down;     /* bit i: stack[i] is dead, as this node knows */
    unsigned held;     /* bit i: stack[i] is dead and its task is kept until this node is removed */
    bool stalled;      /* its IRP could not be sent for want of a slot */
    bool allowed;      /* its driver may use its memory */
    bool driver_died;  /* one of its stack */
    bool dma_enforced; /* the IOMMU confines its DMA to what its driver was granted */
    bool quiesced;     /* its bus said so, after REMOVE */
    unsigned tries;    /* how often AddDevice or START was tried again, or a query repeated */
    bool retrying;     /* a driver below died while it was started: it begins again */
    ash_word retry_at; /* nothing is tried before */
    /* Its PDO's driver was started again. */
    unsigned char identified; /* of two IDs so many are those of before */
    bool revived;             /* and its PDO was started */
    ash_word reviving;        /* the child that is being asked */
    struct pnp_faults faults;
    char *device_id, *instance_id, *hardware_ids, *compatible_ids; /* UTF-8; lists: multi-sz */
    char *location, *container;
    uint32_t capabilities, address, ui_number, bus_type, bus_number;
    char description[PNP_TEXT];
    struct pnp_match match;
    struct pnp_resources *assigned, *translated; /* null: none */
    struct pnp_resources *boot; /* what the bus driver assigned, while messages replace its line */
    struct pnp_wishes wishes;   /* for interrupts, as its drivers left them */
    char *requirements;
    size_t requirement_bytes;
    struct pnp_property_data *properties;
};

/* Bits of DEVICE_CAPABILITIES. */
#define PNP_LOCK_SUPPORTED  (1u << 2)
#define PNP_EJECT_SUPPORTED (1u << 3)
#define PNP_REMOVABLE       (1u << 4)
#define PNP_UNIQUE_ID       (1u << 6)
#define PNP_RAW_DEVICE_OK   (1u << 8)
/* Bits of PNP_DEVICE_STATE. */
#define PNP_DEVICE_DISABLED             0x01u
#define PNP_DEVICE_FAILED               0x04u
#define PNP_DEVICE_REMOVED              0x08u
#define PNP_DEVICE_REQUIREMENTS_CHANGED 0x10u
#define PNP_DEVICE_NOT_DISABLEABLE      0x20u

extern struct pnp_node *pnp_root;
extern struct pnp_node *pnp_nodes; /* all of them */

[[nodiscard]] struct pnp_node *pnp_node_new(struct pnp_node *parent, ash_word device,
                                            struct pnp_driver *bus);
void pnp_node_free(struct pnp_node *node); /* it has no children and no IRP */
struct pnp_node *pnp_node_of_device(ash_word pdo);
struct pnp_node *pnp_node_find(ash_word id);
/* Depth first, parents first; null behind the last. */
struct pnp_node *pnp_node_at(ash_word index);
struct pnp_node *pnp_node_next(struct pnp_node *node);
unsigned pnp_node_depth(const struct pnp_node *node);
/* The instance path: device ID \ instance ID, cut at `size`. */
void pnp_node_instance(const struct pnp_node *node, char *path, size_t size);
/* The node in whose stack the device is, if `task` has a device there too; else null. */
struct pnp_node *pnp_node_in_stack(ash_word task, ash_word device);
/* The same; and the node of a PDO whose stack the task is being added to (in its AddDevice). */
struct pnp_node *pnp_node_joined(ash_word task, ash_word device);
/* Sets state FAILED with the reason and says so in the log. */
void pnp_node_fail(struct pnp_node *node, ash_status status, const char *why);

/* --- The drivers of a node --- */

/* Fills node->stack for node->match, loading what is not loaded. Says why in the log if it fails.
 */
[[nodiscard]] ash_status pnp_stack_collect(struct pnp_node *node);
/* Of all of them: STATUS_PENDING while one loads, else success or the first one's failure. */
[[nodiscard]] ash_status pnp_stack_loaded(const struct pnp_node *node);
bool pnp_stack_leaves(const struct pnp_node *node);
bool pnp_stack_uses(const struct pnp_node *node, const struct pnp_driver *driver);
bool pnp_stack_has_task(const struct pnp_node *node, ash_word task);
/* The device is there, and so is its driver. */
bool pnp_stack_lives(ash_word device);
/* The device that a removal IRP goes to next, from the top down: one for each part of the stack
 * whose drivers live. 0: every one was told. Sets node->told, told_last. */
ash_word pnp_stack_next_part(struct pnp_node *node);

/* --- IRPs --- */

struct port_irp;
struct port_answer;

/* Sends an IRP for the node's present step; the answer comes to pnp_step_done. to_top: to the
 * stack's top device, else to the PDO. */
[[nodiscard]] ash_status pnp_irp_send(struct pnp_node *node, struct port_irp *irp, bool to_top);
/* The same, to that device, whoever has it. */
[[nodiscard]] ash_status pnp_irp_send_device(struct pnp_node *node, struct port_irp *irp,
                                             ash_word device);
/* The same, to a driver that has no device in the stack yet; irp->device is the caller's. */
[[nodiscard]] ash_status pnp_irp_send_driver(struct pnp_node *node, struct pnp_driver *driver,
                                             const struct port_irp *irp);
/* Its bus shall turn off the device's DMA and interrupts now, whatever the node is waiting for;
 * nobody waits for the answer. */
void pnp_irp_quiesce(const struct pnp_node *node);
void pnp_irp_answered(unsigned context, const struct port_answer *answer);
/* The node no longer waits for its IRP; the answer, when it comes, is ignored. */
void pnp_irp_abandon(struct pnp_node *node);
/* Every IRP that was out on that link is answered: STATUS_DEVICE_REMOVED. */
void pnp_irp_link_ended(unsigned link);
void pnp_irp_alarm(void);

/* --- Steps --- */

/* What became of a step. */
enum pnp_outcome {
    PNP_NEXT,  /* go on with the next step */
    PNP_WAIT,  /* an answer or event will come */
    PNP_DONE,  /* the sequence is over: idle */
    PNP_FREED, /* the node is no more */
};

/* WAIT when it was sent, or waits for a free slot; otherwise as if it had been answered so. */
enum pnp_outcome pnp_outcome_of_send(struct pnp_node *node, ash_status status);

/* Starts the given step, and goes on as far as possible. */
void pnp_step_run(struct pnp_node *node, enum pnp_step step);
void pnp_step_done(struct pnp_node *node, const struct port_answer *answer);
/* identity.c, assign.c, enumerate.c, remove.c: see start.c's table. */
enum pnp_outcome pnp_identity_begin(struct pnp_node *node);
enum pnp_outcome pnp_identity_done(struct pnp_node *node, const struct port_answer *answer);
enum pnp_outcome pnp_requirements_done(struct pnp_node *node, const struct port_answer *answer);
enum pnp_outcome pnp_resources_done(struct pnp_node *node, const struct port_answer *answer);
enum pnp_outcome pnp_filter_begin(struct pnp_node *node);
/* The requirements as the drivers answered; null, or the rule they break. */
[[nodiscard]] const char *pnp_filter_answer(struct pnp_node *node,
                                            const struct port_answer *answer);
enum pnp_outcome pnp_start_begin(struct pnp_node *node);
enum pnp_outcome pnp_relations_begin(struct pnp_node *node);
enum pnp_outcome pnp_relations_done(struct pnp_node *node, const struct port_answer *answer);
enum pnp_outcome pnp_remove_children_begin(struct pnp_node *node);
enum pnp_outcome pnp_surprise_begin(struct pnp_node *node);
enum pnp_outcome pnp_handles_begin(struct pnp_node *node);
enum pnp_outcome pnp_remove_begin(struct pnp_node *node);
enum pnp_outcome pnp_remove_done(struct pnp_node *node, const struct port_answer *answer);
enum pnp_outcome pnp_quiesce_begin(struct pnp_node *node);
enum pnp_outcome pnp_quiesce_done(struct pnp_node *node, const struct port_answer *answer);
void pnp_capabilities_store(struct pnp_node *node, const struct port_answer *answer);
enum pnp_outcome pnp_capabilities_send(struct pnp_node *node, bool to_top);

/* Lets the tasks of the node's function and filter drivers use its memory, or takes that back. */
[[nodiscard]] ash_status pnp_memory_allow(struct pnp_node *node);
void pnp_memory_revoke(struct pnp_node *node);
/* Its device can be a master of its bus; its ID at the IOMMU is that. */
bool pnp_uses_dma(const struct pnp_node *node);
ash_word pnp_dma_device(const struct pnp_node *node);
[[nodiscard]] bool pnp_resources_replace(struct pnp_resources **place,
                                         const struct pnp_resources *list);

/* --- recover.c */

/* The driver is dead. Marks its nodes that will have its next task, or gives that up. */
void pnp_recover_begin(struct pnp_driver *driver);
/* Its PDO belongs to a task that is dead and will be followed by another. */
bool pnp_recover_spares(const struct pnp_node *child);
/* From now on its drivers may die. */
void pnp_recover_keep(const struct pnp_node *node);
/* That driver of the node is dead, and its next task has not got everything yet. */
bool pnp_recover_awaits(const struct pnp_node *node, const struct pnp_driver *driver);
/* The function driver is alive, and knows of nothing. */
bool pnp_recover_filters_only(const struct pnp_node *node);
/* What the driver that is added now stands on is started. */
bool pnp_recover_standing(const struct pnp_node *node);
/* The function driver and what is below it were removed. */
void pnp_recover_removed(struct pnp_node *node);
/* A driver was added: is there another one to be? */
bool pnp_recover_added(struct pnp_node *node);
/* A driver of the node makes devices that it made before, for another node. */
bool pnp_recover_busy(const struct pnp_node *node);
/* The device of the function driver; of who gets START next. 0: it has none. */
ash_word pnp_recover_top(const struct pnp_node *node);
ash_word pnp_recover_to_start(const struct pnp_node *node);
/* It has started: is there another one? */
bool pnp_recover_started(struct pnp_node *node);
/* The node has its drivers back, or will not. */
void pnp_recover_done(struct pnp_node *node);
/* The node will not have its drivers back. */
void pnp_recover_failed(struct pnp_node *node);
/* What failed is to be tried again, when what stands of the stack was removed. */
bool pnp_recover_again(struct pnp_node *node, ash_status status);
/* Its PDO has no driver now, and will have one; or its own driver is about to end. */
bool pnp_recover_waits(const struct pnp_node *node);
/* The step is to be repeated: a driver below the top of the stack has died meanwhile. */
bool pnp_recover_repeats(struct pnp_node *node, const struct port_answer *answer);
/* Waits until a step may be tried again. */
bool pnp_recover_pauses(struct pnp_node *node);
enum pnp_outcome pnp_recover_begin_step(struct pnp_node *node);
enum pnp_outcome pnp_revive_begin(struct pnp_node *node);
enum pnp_outcome pnp_revive_done(struct pnp_node *node, const struct port_answer *answer);
/* When a driver may be loaded again; 0: none waits. */
ash_word pnp_recover_deadline(ash_word now);

/* --- update.c */

/* May it be started again? Then with another image, unless that is empty; it gets so long to finish
 * what it has begun. */
[[nodiscard]] ash_status pnp_update_allowed(const struct pnp_driver *driver);
void pnp_update_begin(struct pnp_driver *driver, const char *image, ash_word drain_ms);
/* STATUS_PENDING; SUCCESS; DRIVER_UNABLE_TO_LOAD: the image before is back; DEVICE_NOT_READY: its
 * devices have failed. */
[[nodiscard]] ash_status pnp_update_outcome(const struct pnp_driver *driver);
/* The node's new driver was not loaded, or its AddDevice or START failed: true if another image is
 * tried. */
[[nodiscard]] bool pnp_update_failed(struct pnp_node *node);
/* Its task has ended: true if that is no failure of a driver that has proved itself. */
[[nodiscard]] bool pnp_update_died(struct pnp_driver *driver);
/* What is to be loaded when its INF says `image`. */
const char *pnp_update_image(const struct pnp_driver *driver, const char *image);
ash_word pnp_update_deadline(void); /* when an outcome is known; 0: none is awaited */

/* START_DEVICE with the node's resources; false: they are too long. */
[[nodiscard]] bool pnp_start_irp(const struct pnp_node *node, struct port_irp *irp);

/* Begins to remove the node and all below it. gone: its PDO vanishes too. */
void pnp_remove(struct pnp_node *node, bool gone);
struct port_verdict;
/* Ends its function driver, if it is a task of its own that lives. */
void pnp_condemn(const struct pnp_node *node, const struct port_verdict *verdict);
/* A device that does harm: its bus turns it off at once, it fails, and its driver is ended. */
void pnp_cut_off(struct pnp_node *node, const char *why, const struct port_verdict *verdict);
/* Takes back what its drivers were given for its resources. */
void pnp_release_resources(struct pnp_node *node);
/* Waits for nothing but for others: that a file is closed. */
bool pnp_quiet(const struct pnp_node *node);
/* Asks the node's bus again, now or as soon as it is idle. */
void pnp_enumerate(struct pnp_node *node);
/* Idle nodes that were waiting for something take it up. */
void pnp_resume(void);

/* --- Interrupts --- */

[[nodiscard]] ash_status pnp_interrupt_connect(struct pnp_node *node, ash_word task,
                                               ash_word vector, ash_cptr notification,
                                               ash_cptr *capability);
/* Others have the line that the device is connected to. */
bool pnp_interrupt_shared(const struct pnp_node *node, ash_word vector);
/* Its driver says that its device does nothing but interrupt: it is cut off if others have the same
 * line, which suffer from it. NOT_FOUND: nobody does. */
[[nodiscard]] ash_status pnp_interrupt_storm(struct pnp_node *node, ash_word task, ash_word vector);
[[nodiscard]] ash_status pnp_interrupt_disconnect(const struct pnp_node *node, ash_word task,
                                                  ash_word vector);
void pnp_interrupt_node_gone(const struct pnp_node *node);
void pnp_interrupt_task_gone(ash_word task);
void pnp_line_signalled(unsigned line);
/* ASH_IRQ_ACK on the acknowledgement capability of a connection. claimed: it was its device's. */
[[nodiscard]] ash_status pnp_interrupt_ack(unsigned connection, bool claimed);
/* Lines whose drivers did not acknowledge in time. Returns the next deadline, 0 none. */
ash_word pnp_interrupt_deadlines(ash_word now);

/* --- Device interfaces --- */

[[nodiscard]] ash_status pnp_interface_add(ash_word task,
                                           const struct ash_pnp_interface_request *request,
                                           struct ash_pnp_interface_reply *reply);
[[nodiscard]] ash_status pnp_interface_set(ash_word task, const char *name, bool enable);
[[nodiscard]] ash_status pnp_interface_list(const struct ash_pnp_next_interface_request *request,
                                            struct ash_pnp_interface_reply *reply);
/* What its drivers enabled while it started becomes visible. */
void pnp_interface_node_started(const struct pnp_node *node);
/* Its interfaces are disabled, and stay registered. */
void pnp_interface_node_gone(const struct pnp_node *node);
/* The first event that is kept and after `after`; false: there is none yet. */
[[nodiscard]] bool pnp_event_after(ash_word after, struct ash_pnp_event_reply *reply);
ash_word pnp_event_last(void);
/* Tells once that a device which was started is removed. */
void pnp_event_removed(struct pnp_node *node);
/* Any other event about a device; returns its number. event->sequence is set here. */
ash_word pnp_event_post(struct ash_pnp_event_reply *event);

/* --- Target devices --- */

/* The task wants to be asked (or no longer) before the device of that stack is removed. */
[[nodiscard]] ash_status pnp_target_watch(ash_word task, ash_word device, bool add,
                                          ash_word *physical);
/* Asks those who watch. They answer one question; pnp_target_asked says what became of it. */
void pnp_target_ask(struct pnp_node *node);
/* STATUS_PENDING; STATUS_SUCCESS: nobody minds; else the first no, from *task. */
[[nodiscard]] ash_status pnp_target_asked(ash_word *task);
[[nodiscard]] ash_status pnp_target_answer(ash_word task, ash_word sequence, ash_status status);
/* REMOVE_CANCELLED to those who watch. */
void pnp_target_cancelled(struct pnp_node *node);
void pnp_target_task_gone(ash_word task);
ash_word pnp_target_deadline(ash_word now);

/* --- Operations --- */
/* Begins, or waits for its turn. `cookie` comes back with port_operated when it is over; 0: nobody
 * waits. STATUS_PENDING, or why it cannot be. */
[[nodiscard]] ash_status pnp_operate(enum ash_pnp_operation kind, struct pnp_node *node,
                                     ash_word cookie);
/* May the device be asked for that at all? ACCESS_DENIED: it, or one below it, cannot be disabled;
 * NOT_SUPPORTED, INVALID_DEVICE_STATE. */
[[nodiscard]] ash_status operation_allowed(enum ash_pnp_operation kind,
                                           const struct pnp_node *node);
/* Goes on with the present one as far as possible. True if it did. */
bool pnp_operation_resume(void);
/* The answer to an IRP of the present operation; or the node does not live to give one. */
enum pnp_outcome pnp_operation_answered(struct pnp_node *node, const struct port_answer *answer);
bool pnp_operating(void);
void pnp_operation_clear(void);
enum pnp_outcome pnp_operation_begin(struct pnp_node *node);
/* enable: what is removed, disabled, failed or without driver is begun anew. */
[[nodiscard]] ash_status pnp_enable(struct pnp_node *node);
/* Its bus is asked again; children that were removed are begun anew. */
void pnp_rescan(struct pnp_node *node);
/* A device of no bus, with that hardware ID. */
[[nodiscard]] ash_status pnp_add_root(const char *hardware_id, struct pnp_node **node);

/* --- Requests --- */
[[nodiscard]] ash_status pnp_property(const struct pnp_node *node, ash_word property,
                                      struct ash_pnp_property_reply *reply);
[[nodiscard]] ash_status pnp_property_data_get(const struct pnp_node *node,
                                               const struct ash_pnp_property_data_request *request,
                                               struct ash_pnp_property_data_reply *reply);
[[nodiscard]] ash_status pnp_property_data_set(struct pnp_node *node,
                                               const struct ash_pnp_property_data_request *request);
void pnp_property_data_free(struct pnp_node *node);
void pnp_query_node(const struct pnp_node *node, struct ash_pnp_node_reply *reply);
[[nodiscard]] struct pnp_node *pnp_query_order(ash_word index);
[[nodiscard]] ash_status pnp_query_resource(ash_word node, ash_word index,
                                            struct ash_pnp_resource_reply *reply);
bool pnp_settled(void);

/* Text of drivers: UTF-16 to UTF-8, at most `bytes` of it, up to its final zero (a list: up to an
 * empty string). From malloc; null: no memory, or it is not well-formed. */
[[nodiscard]] char *pnp_text(const void *utf16, size_t bytes, bool list);
size_t pnp_text_utf16(const char *text, bool list, void *to, size_t size);
void pnp_alarm(void); /* called by the port */

#endif
