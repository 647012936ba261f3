// SPDX-License-Identifier: MIT
/*
 * Everything the plug-and-play manager's logic needs of others: the I/O, process and memory manager
 * and the kernel. port.c is the real thing; the host tests have a model machine instead.
 * No function here blocks on a driver: IRPs are sent and answered by pnp_irp_answered later.
 */
#ifndef PNP_PORT_H
#define PNP_PORT_H

#include "io.h"
#include "irp.h"
#include "memory.h"
#include "pnp.h"
#include "status.h"

[[gnu::format(printf, 1, 2)]] void port_log(const char *format, ...);
ash_word port_now(void); /* ticks */
ash_word port_ticks(ash_word milliseconds);
/* pnp_alarm is called at or after `time`; replaces an earlier alarm. 0: none. */
void port_alarm(ash_word time);

/* --- I/O manager ---------------------------------------------------------------------------------
 */

[[nodiscard]] ash_status port_load(const char *name, const char *image, ash_word *driver,
                                   ash_word *task);
/* Lets a driver run its DriverUnload and end, unless its devices are in use (abi/io.h). */
/* recover.c: io.h, ASH_IO_KEEP_DRIVER and those that follow it. */
struct inf_codes;
void port_keep(ash_word driver, ash_word limit_ms, const struct inf_codes *replayed);
void port_keep_not(ash_word driver);
[[nodiscard]] ash_status port_resume(ash_word driver);
void port_give_up(ash_word driver);
/* Ends its task when it owes nothing, or after so long. */
void port_drain(ash_word driver, ash_word limit_ms);
void port_recover_device(ash_word driver, ash_word device, enum ash_io_recover when);
[[nodiscard]] ash_status port_unload(ash_word driver);
/* A PNP link to a driver that is ready. Its number is what port_send takes. */
[[nodiscard]] ash_status port_link(ash_word driver, unsigned *link);
void port_unlink(unsigned link);

struct port_irp {
    uint8_t major, minor;
    ash_word device;
    ash_word parameter[4];
    const void *in;
    size_t in_bytes; /* at most ASH_LINK_CONTROL_INLINE */
};
struct port_answer {
    ash_status status;
    ash_word information, result[2];
    bool ended;      /* by the I/O manager: the driver's task is about to be reported dead */
    const void *out; /* valid until the call that brings it returns; the peer may still change it */
    size_t out_bytes;
};
/* STATUS_INSUFFICIENT_RESOURCES: no slot is free now. Otherwise `context` is answered once. */
[[nodiscard]] ash_status port_send(unsigned link, const struct port_irp *irp, unsigned context);
void port_cancel(unsigned link, unsigned context);

[[nodiscard]] ash_status port_device_info(ash_word device, struct ash_device_info *info);
[[nodiscard]] ash_status port_stack(ash_word device, struct ash_io_stack_reply *stack);
void port_volume_arrived(ash_word device);
/* Open files on the stack of the device, and whether it has a mounted volume; if there are any,
 * pnp_resume comes when the last is closed. */
[[nodiscard]] ash_word port_files(ash_word device, bool *mounted);
/* A PDO of this manager's own; 0: none. */
[[nodiscard]] ash_word port_root_device(void);
void port_root_device_delete(ash_word device);
/* The operation with that cookie is over. */
void port_operated(ash_word cookie, const struct ash_pnp_operate_reply *reply);
/* A symbolic link to a device, by its name. */
[[nodiscard]] ash_status port_link_create(const char *name, const char *target);
void port_link_delete(const char *name);

/* --- Memory, process
 * ------------------------------------------------------------------------------- */

[[nodiscard]] ash_status port_device_memory(ash_word task, ash_word physical, ash_word bytes,
                                            bool allow);
/* The task may use DMA with that device; *enforced: the IOMMU confines it to what is granted. */
[[nodiscard]] ash_status port_dma_allow(ash_word task, ash_word pdo, ash_word device,
                                        bool *enforced);
void port_dma_end(ash_word task, ash_word pdo);
/* The oldest record of what the IOMMU refused; false: there is none. */
[[nodiscard]] bool port_dma_fault(struct ash_mem_dma_fault_reply *fault);
/* A driver whose device does what it must not: ends it, with a crash report. */
struct port_verdict {
    ash_word task, code, parameter[4]; /* a bug check */
    const char *name, *rule;           /* of the code; what was done */
};
void port_condemn(const struct port_verdict *verdict);
void port_release(ash_word task); /* this manager is done with a dead task */

/* --- Interrupts
 * -------------------------------------------------------------------------------------- */

/* An Irq of the source; *irq names it from then on. */
[[nodiscard]] ash_status port_irq_get(ash_word source, bool edge, ash_cptr *irq);
[[nodiscard]] ash_status port_irq_bind(ash_cptr irq, ash_cptr notification);
/* Bound to this manager's own Notification: pnp_line_signalled(line). */
[[nodiscard]] ash_status port_irq_bind_own(ash_cptr irq, unsigned line);
/* The IOMMU's: pnp_fault_signalled. */
[[nodiscard]] ash_status port_fault_interrupt(ash_word source, bool edge, ash_cptr *irq);
void port_irq_ack(ash_cptr irq);
/* It signals nobody any more; every copy of it is deleted. */
void port_irq_unbind(ash_cptr irq);
/* The message with that number (from 1 on) of a device: of its IoSpace if its DMA is enforced, else
 * any. STATUS_NOT_SUPPORTED: the machine has none. */
struct port_message_owner {
    ash_word task, pdo;
    bool enforced;
};
struct port_message {
    ash_cptr irq;
    ash_word address, data; /* what the device writes where */
};
[[nodiscard]] ash_status port_message_get(const struct port_message_owner *owner, ash_word number,
                                          struct port_message *message);
/* Every copy of the Irq (or of an acknowledgement capability) is deleted, and it. */
void port_irq_drop(ash_cptr irq);
/* An endpoint capability of this manager whose Call with ASH_IRQ_ACK names `connection`. */
[[nodiscard]] ash_status port_ack_capability(unsigned connection, ash_cptr *capability);
void port_signal(ash_cptr notification);
void port_drop(ash_cptr capability);

#endif
