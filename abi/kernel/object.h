// SPDX-License-Identifier: MIT
/*
 * The methods of every kernel object: label of the Call, arguments as message words mr0.. and
 * capability arguments c0.. (paths in the IPC buffer's caps[]). Results stand behind "->".
 * A *path argument* (src) is a message word that names a slot in the caller's CSpace.
 */
#ifndef ABI_KERNEL_OBJECT_H
#define ABI_KERNEL_OBJECT_H

#include "types.h"

enum ash_object_type {
    ASH_OBJ_NULL = 0,
    ASH_OBJ_UNTYPED = 1,
    ASH_OBJ_CNODE = 2,
    ASH_OBJ_THREAD = 3,
    ASH_OBJ_SCHED_CONTEXT = 4,
    ASH_OBJ_ENDPOINT = 5,
    ASH_OBJ_REPLY = 6,
    ASH_OBJ_NOTIFICATION = 7,
    ASH_OBJ_TIMER = 8,
    ASH_OBJ_VSPACE = 9,
    ASH_OBJ_PAGE_TABLE = 10,
    ASH_OBJ_FRAME = 11,
    ASH_OBJ_IRQ_CONTROL = 12,
    ASH_OBJ_IRQ = 13,
    ASH_OBJ_SCHED_CONTROL = 14,
    ASH_OBJ_FIRMWARE = 15,
    ASH_OBJ_IO_SPACE = 16,
    ASH_OBJ_IOMMU = 17,
    ASH_OBJ_TYPES = 18,
};

/* Method labels. 0 is never a method. */
enum ash_method {
    /* Untyped. retype: mr0 type, mr1 size parameter, mr2 first index, mr3 count, c0 CNode.
     * Size parameter: Untyped: bytes (multiple of a page); CNode: radix 1..16; Frame: 12, 21 or 30;
     * others 0. New capabilities are children of the Untyped, with all rights. RAM is cleared.
     * info: -> mr0 bytes left, mr1 size in bytes, mr2 1 if device memory */
    ASH_UNTYPED_RETYPE = 1,
    ASH_UNTYPED_INFO = 2,

    /* CNode. Destination: slot `index` of the invoked CNode. The new capability is a child of
     * the source (revoking the source deletes it), except with move.
     * copy: mr0 index, mr1 src, mr2 rights (subset)      Untyped and Reply cannot be copied.
     * mint: mr0 index, mr1 src, mr2 rights, mr3 badge    Endpoint, Notification; unbadged source
     * move: mr0 index, mr1 src
     * delete: mr0 index.  revoke: mr0 index: deletes everything derived from it, not itself
     * finish: what the kernel makes of a delete that an interrupt stops when its slot is already
     *   empty: goes on with what that left to do, if anything */
    ASH_CNODE_COPY = 16,
    ASH_CNODE_MINT = 17,
    ASH_CNODE_MOVE = 18,
    ASH_CNODE_DELETE = 19,
    ASH_CNODE_REVOKE = 20,
    ASH_CNODE_FINISH = 128,

    /* Thread.
     * configure: mr0 IPC buffer address; c0 CNode, c1 VSpace, c2 Frame of the IPC buffer.
     * set_fault_endpoint: c0 Endpoint (badged by the caller) with write and grant-reply; none:
     * clear set_priority: mr0 priority 0..255, mr1 largest priority it may give to others; both at
     * most the caller's own largest write_registers: mr0 pc, mr1 sp, mr2 a0, mr3 a1, mr4 gp, mr5
     * tp; if sent, mr6 a2, and then ra and the others from t0 (x5) to t6 (x31) read_registers: ->
     * mr0 pc, mr1..mr31 x1..x31, mr32 state (enum ash_thread_state) resume, suspend.
     * bind_notification: c0 Notification. unbind_notification. set_name: mr0, mr1: 16 bytes, for
     * panics and debuggers. info: -> mr0 state, mr1 priority, mr2 processor time used in ticks, mr3
     * hart */
    ASH_THREAD_CONFIGURE = 32,
    ASH_THREAD_SET_FAULT_ENDPOINT = 33,
    ASH_THREAD_SET_PRIORITY = 34,
    ASH_THREAD_WRITE_REGISTERS = 35,
    ASH_THREAD_READ_REGISTERS = 36,
    ASH_THREAD_RESUME = 37,
    ASH_THREAD_SUSPEND = 38,
    ASH_THREAD_BIND_NOTIFICATION = 39,
    ASH_THREAD_UNBIND_NOTIFICATION = 40,
    ASH_THREAD_SET_NAME = 41,
    ASH_THREAD_INFO = 42,

    /* SchedContext. bind: c0 Thread. unbind. info: -> mr0 hart, mr1 budget, mr2 period, mr3 used.
     * Its hart, budget and period are set through SchedControl. */
    ASH_SCHED_CONTEXT_BIND = 48,
    ASH_SCHED_CONTEXT_UNBIND = 49,
    ASH_SCHED_CONTEXT_INFO = 50,
    /* SchedControl. configure: mr0 hart index, mr1 budget, mr2 period (ticks of the timebase,
     * budget <= period; equal: round robin with that time slice); c0 SchedContext */
    ASH_SCHED_CONTROL_CONFIGURE = 52,

    /* Timer. bind: c0 Notification (its badge is what is signalled; needs write).
     * set: mr0 absolute time in ticks (as `rdtime` reads); replaces an earlier deadline.
     * cancel: -> mr0 1 if a deadline was pending */
    ASH_TIMER_BIND = 56,
    ASH_TIMER_SET = 57,
    ASH_TIMER_CANCEL = 58,

    /* PageTable. map: mr0 address; c0 VSpace or IoSpace. Goes into the highest empty level. unmap.
     * Frame. map: mr0 address, mr1 rights (READ, WRITE, EXECUTE; for a device no EXECUTE);
     *   c0 VSpace or IoSpace. Mapping again at the same address changes the rights. unmap.
     *   address: -> mr0 physical address, mr1 size bits.
     * A Frame capability has at most one mapping; copy the capability to map twice. */
    ASH_PAGE_TABLE_MAP = 64,
    ASH_PAGE_TABLE_UNMAP = 65,
    ASH_FRAME_MAP = 66,
    ASH_FRAME_UNMAP = 67,
    ASH_FRAME_ADDRESS = 68,

    /* IrqControl. get: mr0 source number, mr1 index, mr2 1 = edge triggered; c0 CNode
     * get_message: mr0 index; c0 CNode: an Irq for a message, if the machine has such interrupts
     * Irq. bind: c0 Notification (write). ack: lets the line interrupt again. unbind.
     * message: -> mr0 address, mr1 what a device writes there, 32 bits, to interrupt. The address
     * is physical, or of an Irq of an IoSpace ASH_IO_MESSAGE_PAGE */
    ASH_IRQ_CONTROL_GET = 72,
    ASH_IRQ_BIND = 73,
    ASH_IRQ_ACK = 74,
    ASH_IRQ_UNBIND = 75,
    ASH_IRQ_CONTROL_GET_MESSAGE = 76,
    ASH_IRQ_MESSAGE = 77,

    /* Firmware. write: mr0 number of bytes (1..480), bytes in the words from mr1 on. Needs WRITE.
     * read: -> mr0 byte or ~0 if none waits. Needs READ
     * reset: mr0 0 shutdown, 1 cold reboot, 2 warm reboot; mr1 0 no reason, 1 failure. Needs GRANT.
     * instructions: -> mr0 instructions retired by the calling hart (minstret); for benchmarks */
    ASH_FIRMWARE_WRITE = 80,
    ASH_FIRMWARE_READ = 81,
    ASH_FIRMWARE_RESET = 82,
    ASH_FIRMWARE_INFO =
        83, /* -> mr0 SBI implementation id, mr1 version, mr2 1 if Sstc, mr3 ASID bits */
    /* check: mr0 what (enum ash_check), mr1 its argument -> mr0 how often all invariants were
     * verified so far. Needs GRANT. Only the debug kernel has it: METHOD in a release kernel. */
    ASH_FIRMWARE_CHECK = 84,

    /* Iommu. info: -> mr0 its capabilities register, mr1 how many device IDs it tells apart.
     * attach: mr0 device ID (PCI: bus << 8 | device << 3 | function); c0 IoSpace: from now on the
     *   device reaches what the IoSpace maps. One IoSpace, one device.
     * fault: takes the oldest record of the fault queue: -> mr0 1 if there was one, mr1 device ID,
     *   mr2 address (0 if the IOMMU knows none), mr3 cause (CAUSE, specification table 11)
     *   | transaction type << 16 | 1 << 32 if records after this one were lost
     * look: mr0 device ID, mr1 address -> what the hardware finds there: mr0 1 if the device is
     *   attached, mr1 size bits, mr2 the entry of the tables that leads there, 0: nothing in all of
     *   that size. Not attached: nor is any device whose ID differs in the low `size bits` only */
    ASH_IOMMU_INFO = 88,
    ASH_IOMMU_ATTACH = 89,
    ASH_IOMMU_FAULT = 90,
    ASH_IOMMU_LOOK = 91,

    /* IoSpace. detach: its device reaches nothing any more, and what it had begun is done.
     * map: mr0 address, mr1 rights (READ, WRITE), mr2 first index, mr3 count 1..32; c0 CNode whose
     *   slots from `first index` on hold Frames of 4 KiB, which are mapped one behind the other.
     *   All or none. unmap: mr0 first index, mr1 count 1..32; c0 CNode: the same for taking them
     *   away, with one invalidation for all; slots whose Frame is not mapped here are passed over.
     * info: -> mr0 1 if attached, mr1 device ID
     * get_message: mr0 number 1..63, mr1 index; c0 CNode: an Irq for what the device raises when it
     *   writes that number to ASH_IO_MESSAGE_PAGE */
    ASH_IO_SPACE_DETACH = 96,
    ASH_IO_SPACE_MAP = 97,
    ASH_IO_SPACE_UNMAP = 98,
    ASH_IO_SPACE_INFO = 99,
    ASH_IO_SPACE_GET_MESSAGE = 100,
};

/* The page of every IoSpace that is for messages: nothing can be mapped there. */
#define ASH_IO_MESSAGE_PAGE ((ash_word)0xfffff000)
/* Most pages in one map or unmap of an IoSpace. */
#define ASH_IO_SPACE_PAGES 32u

enum ash_check {
    ASH_CHECK_NOW = 0,      /* verify every invariant; panics if one does not hold */
    ASH_CHECK_INTERVAL = 1, /* mr1: verify after so many departures from the kernel; 0 never */
    ASH_CHECK_PROVOKE = 2,  /* mr1: break that rule (enum ash_provocation); must panic */
};

enum ash_provocation {
    ASH_PROVOKE_OVERFLOW = 0,     /* undefined behaviour: a signed sum overflows */
    ASH_PROVOKE_BOUNDS = 1,       /* undefined behaviour: an index beyond its array */
    ASH_PROVOKE_STORE_TEXT = 2,   /* a store to the kernel's text */
    ASH_PROVOKE_STORE_RODATA = 3, /* ... and to its read-only data */
    ASH_PROVOKE_STORE_WINDOW = 4, /* ... and to its text through the physical window */
    ASH_PROVOKE_EXECUTE_DATA = 5, /* execution of the kernel's data */
    ASH_PROVOKE_EXECUTE_USER = 6, /* execution of a page that user mode executes */
    ASH_PROVOKE_LOAD_USER = 7,    /* a load from user memory: SUM is off */
    ASH_PROVOKE_LOAD_EXECUTABLE_USER = 8,
    /* From here on the kernel's own data is spoilt, and then every invariant verified. */
    ASH_PROVOKE_LINKS = 9,       /* derivation tree: a link leads one way only */
    ASH_PROVOKE_COUNT = 10,      /* an object counts one capability too many */
    ASH_PROVOKE_RIGHTS = 11,     /* a copy has more rights than the original */
    ASH_PROVOKE_WATERMARK = 12,  /* an object lies above the watermark */
    ASH_PROVOKE_DIRTY = 13,      /* memory that is said to be clear is not */
    ASH_PROVOKE_WAIT = 14,       /* a thread in no queue says that it waits */
    ASH_PROVOKE_ANSWER = 15,     /* a thread waits for the answer of nobody */
    ASH_PROVOKE_READY = 16,      /* a ready queue holds the thread that runs */
    ASH_PROVOKE_TIMEOUT = 17,    /* a timeout names a queue that it is not in */
    ASH_PROVOKE_BUDGET = 18,     /* refills add up to more than the budget */
    ASH_PROVOKE_MAPPING = 19,    /* a page of user space that no capability owns */
    ASH_PROVOKE_NUMBER = 20,     /* an address-space number has two owners */
    ASH_PROVOKE_PERMISSION = 21, /* text of the kernel is writable */
    ASH_PROVOKE_BOOT = 22,       /* code that only booted is still executable */
};

enum ash_thread_state {
    ASH_THREAD_INACTIVE = 0,
    ASH_THREAD_RUNNING = 1, /* running or ready */
    ASH_THREAD_BLOCKED_SEND = 2,
    ASH_THREAD_BLOCKED_RECEIVE = 3,
    ASH_THREAD_BLOCKED_REPLY = 4,
    ASH_THREAD_BLOCKED_NOTIFICATION = 5,
};

#endif
