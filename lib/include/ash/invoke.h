// SPDX-License-Identifier: MIT
/*
 * Every method of every kernel object as a function (abi/kernel/object.h is the contract: rights,
 * units, errors). Each returns the kernel's error, or ASH_E_CAPABILITY / ASH_E_RIGHTS when the
 * invoked capability itself is missing or too weak. None blocks. Results are stored only on ASH_OK.
 */
#ifndef ASH_INVOKE_H
#define ASH_INVOKE_H

#include "ash/syscall.h"
#include "kernel/error.h"
#include "kernel/object.h"

typedef enum ash_error ash_error;

/* Calls method `label` with the words in m->mr (and, from the fifth on, in the IPC buffer). */
static inline ash_error ash_invoke(ash_cptr target, ash_word label, unsigned words, unsigned caps,
                                   struct ash_message *m)
{
    m->info = ash_info(label, words, caps);
    ash_call(target, m);
    return (ash_error)ash_info_label(m->info);
}

/* --- Untyped -------------------------------------------------------------------------------------
 */

[[nodiscard]] static inline ash_error ash_untyped_retype(ash_cptr untyped,
                                                         enum ash_object_type type, ash_word size,
                                                         ash_cptr cnode, ash_word index,
                                                         ash_word count)
{
    struct ash_message m = {.mr = {type, size, index, count}};
    ash_ipc()->caps[0] = cnode;
    return ash_invoke(untyped, ASH_UNTYPED_RETYPE, 4, 1, &m);
}

struct ash_untyped_info {
    ash_word left, size, device;
};

[[nodiscard]] static inline ash_error ash_untyped_info(ash_cptr untyped,
                                                       struct ash_untyped_info *info)
{
    struct ash_message m = {};
    ash_error error = ash_invoke(untyped, ASH_UNTYPED_INFO, 0, 0, &m);
    if (error == ASH_OK)
        *info = (struct ash_untyped_info){m.mr[0], m.mr[1], m.mr[2]};
    return error;
}

/* --- CNode ---------------------------------------------------------------------------------------
 */

[[nodiscard]] static inline ash_error ash_cnode_copy(ash_cptr cnode, ash_word index,
                                                     ash_cptr source, ash_word rights)
{
    struct ash_message m = {.mr = {index, source, rights}};
    return ash_invoke(cnode, ASH_CNODE_COPY, 3, 0, &m);
}

[[nodiscard]] static inline ash_error
ash_cnode_mint(ash_cptr cnode, ash_word index, ash_cptr source, ash_word rights, ash_word badge)
{
    struct ash_message m = {.mr = {index, source, rights, badge}};
    return ash_invoke(cnode, ASH_CNODE_MINT, 4, 0, &m);
}

[[nodiscard]] static inline ash_error ash_cnode_move(ash_cptr cnode, ash_word index,
                                                     ash_cptr source)
{
    struct ash_message m = {.mr = {index, source}};
    return ash_invoke(cnode, ASH_CNODE_MOVE, 2, 0, &m);
}

[[nodiscard]] static inline ash_error ash_cnode_delete(ash_cptr cnode, ash_word index)
{
    struct ash_message m = {.mr = {index}};
    return ash_invoke(cnode, ASH_CNODE_DELETE, 1, 0, &m);
}

[[nodiscard]] static inline ash_error ash_cnode_revoke(ash_cptr cnode, ash_word index)
{
    struct ash_message m = {.mr = {index}};
    return ash_invoke(cnode, ASH_CNODE_REVOKE, 1, 0, &m);
}

/* --- Thread --------------------------------------------------------------------------------------
 */

[[nodiscard]] static inline ash_error ash_thread_configure(ash_cptr thread, ash_cptr cnode,
                                                           ash_cptr vspace, ash_cptr ipc_frame,
                                                           ash_word ipc_address)
{
    struct ash_message m = {.mr = {ipc_address}};
    ash_ipc()->caps[0] = cnode;
    ash_ipc()->caps[1] = vspace;
    ash_ipc()->caps[2] = ipc_frame;
    return ash_invoke(thread, ASH_THREAD_CONFIGURE, 1, 3, &m);
}

/* endpoint 0: clear. */
[[nodiscard]] static inline ash_error ash_thread_set_fault_endpoint(ash_cptr thread,
                                                                    ash_cptr endpoint)
{
    struct ash_message m = {};
    ash_ipc()->caps[0] = endpoint;
    return ash_invoke(thread, ASH_THREAD_SET_FAULT_ENDPOINT, 0, endpoint != 0, &m);
}

[[nodiscard]] static inline ash_error ash_thread_set_priority(ash_cptr thread, ash_word priority,
                                                              ash_word largest)
{
    struct ash_message m = {.mr = {priority, largest}};
    return ash_invoke(thread, ASH_THREAD_SET_PRIORITY, 2, 0, &m);
}

struct ash_thread_start {
    ash_word pc, sp, a0, a1, gp, tp, a2;
};

[[nodiscard]] static inline ash_error
ash_thread_write_registers(ash_cptr thread, const struct ash_thread_start *start)
{
    struct ash_message m = {.mr = {start->pc, start->sp, start->a0, start->a1}};
    ash_ipc()->msg[4] = start->gp;
    ash_ipc()->msg[5] = start->tp;
    ash_ipc()->msg[6] = start->a2;
    return ash_invoke(thread, ASH_THREAD_WRITE_REGISTERS, 7, 0, &m);
}

#define ASH_THREAD_REGISTERS 33u

/* registers[0] pc, [1..31] x1..x31; all of them are written */
[[nodiscard]] static inline ash_error
ash_thread_write_all_registers(ash_cptr thread, const ash_word registers[static 32])
{
    static const unsigned char first[8] = {0, 2, 10, 11, 3, 4, 12, 1};
    struct ash_message m = {};
    for (unsigned i = 0; i < ASH_MSG_REGISTERS; i++)
        m.mr[i] = registers[first[i]];
    for (unsigned i = ASH_MSG_REGISTERS; i < 32; i++)
        ash_ipc()->msg[i] = registers[i < 8 ? first[i] : i < 13 ? i - 3 : i];
    return ash_invoke(thread, ASH_THREAD_WRITE_REGISTERS, 32, 0, &m);
}

/* registers[0] pc, [1..31] x1..x31, [32] enum ash_thread_state */
[[nodiscard]] static inline ash_error
ash_thread_read_registers(ash_cptr thread, ash_word registers[static ASH_THREAD_REGISTERS])
{
    struct ash_message m = {};
    ash_error error = ash_invoke(thread, ASH_THREAD_READ_REGISTERS, 0, 0, &m);
    if (error != ASH_OK)
        return error;
    for (unsigned i = 0; i < ASH_THREAD_REGISTERS; i++)
        registers[i] = i < ASH_MSG_REGISTERS ? m.mr[i] : ash_ipc()->msg[i];
    return ASH_OK;
}

[[nodiscard]] static inline ash_error ash_thread_resume(ash_cptr thread)
{
    struct ash_message m = {};
    return ash_invoke(thread, ASH_THREAD_RESUME, 0, 0, &m);
}

[[nodiscard]] static inline ash_error ash_thread_suspend(ash_cptr thread)
{
    struct ash_message m = {};
    return ash_invoke(thread, ASH_THREAD_SUSPEND, 0, 0, &m);
}

[[nodiscard]] static inline ash_error ash_thread_bind_notification(ash_cptr thread,
                                                                   ash_cptr notification)
{
    struct ash_message m = {};
    ash_ipc()->caps[0] = notification;
    return ash_invoke(thread, ASH_THREAD_BIND_NOTIFICATION, 0, 1, &m);
}

[[nodiscard]] static inline ash_error ash_thread_unbind_notification(ash_cptr thread)
{
    struct ash_message m = {};
    return ash_invoke(thread, ASH_THREAD_UNBIND_NOTIFICATION, 0, 0, &m);
}

/* At most 16 bytes of the name count. */
[[nodiscard]] static inline ash_error ash_thread_set_name(ash_cptr thread, const char *name)
{
    union {
        char text[16];
        ash_word word[2];
    } packed = {};
    for (unsigned i = 0; i < 16 && name[i] != 0; i++)
        packed.text[i] = name[i];
    struct ash_message m = {.mr = {packed.word[0], packed.word[1]}};
    return ash_invoke(thread, ASH_THREAD_SET_NAME, 2, 0, &m);
}

struct ash_thread_info {
    ash_word state, priority, ticks, hart;
};

[[nodiscard]] static inline ash_error ash_thread_info(ash_cptr thread, struct ash_thread_info *info)
{
    struct ash_message m = {};
    ash_error error = ash_invoke(thread, ASH_THREAD_INFO, 0, 0, &m);
    if (error == ASH_OK)
        *info = (struct ash_thread_info){m.mr[0], m.mr[1], m.mr[2], m.mr[3]};
    return error;
}

/* --- SchedContext, SchedControl
 * -------------------------------------------------------------------- */

[[nodiscard]] static inline ash_error ash_sched_bind(ash_cptr sched, ash_cptr thread)
{
    struct ash_message m = {};
    ash_ipc()->caps[0] = thread;
    return ash_invoke(sched, ASH_SCHED_CONTEXT_BIND, 0, 1, &m);
}

[[nodiscard]] static inline ash_error ash_sched_unbind(ash_cptr sched)
{
    struct ash_message m = {};
    return ash_invoke(sched, ASH_SCHED_CONTEXT_UNBIND, 0, 0, &m);
}

struct ash_sched_info {
    ash_word hart, budget, period, used; /* ticks */
};

[[nodiscard]] static inline ash_error ash_sched_info(ash_cptr sched, struct ash_sched_info *info)
{
    struct ash_message m = {};
    ash_error error = ash_invoke(sched, ASH_SCHED_CONTEXT_INFO, 0, 0, &m);
    if (error == ASH_OK)
        *info = (struct ash_sched_info){m.mr[0], m.mr[1], m.mr[2], m.mr[3]};
    return error;
}

/* budget, period: ticks of the timebase. */
[[nodiscard]] static inline ash_error ash_sched_configure(ash_cptr control, ash_cptr sched,
                                                          ash_word hart, ash_word budget,
                                                          ash_word period)
{
    struct ash_message m = {.mr = {hart, budget, period}};
    ash_ipc()->caps[0] = sched;
    return ash_invoke(control, ASH_SCHED_CONTROL_CONFIGURE, 3, 1, &m);
}

/* --- Timer ---------------------------------------------------------------------------------------
 */

[[nodiscard]] static inline ash_error ash_timer_bind(ash_cptr timer, ash_cptr notification)
{
    struct ash_message m = {};
    ash_ipc()->caps[0] = notification;
    return ash_invoke(timer, ASH_TIMER_BIND, 0, 1, &m);
}

/* time: absolute, as ash_time() reads. */
[[nodiscard]] static inline ash_error ash_timer_set(ash_cptr timer, ash_word time)
{
    struct ash_message m = {.mr = {time}};
    return ash_invoke(timer, ASH_TIMER_SET, 1, 0, &m);
}

[[nodiscard]] static inline ash_error ash_timer_cancel(ash_cptr timer, bool *pending)
{
    struct ash_message m = {};
    ash_error error = ash_invoke(timer, ASH_TIMER_CANCEL, 0, 0, &m);
    if (error == ASH_OK)
        *pending = m.mr[0] != 0;
    return error;
}

/* --- PageTable, Frame
 * ------------------------------------------------------------------------------ */

[[nodiscard]] static inline ash_error ash_page_table_map(ash_cptr table, ash_cptr vspace,
                                                         ash_word address)
{
    struct ash_message m = {.mr = {address}};
    ash_ipc()->caps[0] = vspace;
    return ash_invoke(table, ASH_PAGE_TABLE_MAP, 1, 1, &m);
}

[[nodiscard]] static inline ash_error ash_page_table_unmap(ash_cptr table)
{
    struct ash_message m = {};
    return ash_invoke(table, ASH_PAGE_TABLE_UNMAP, 0, 0, &m);
}

[[nodiscard]] static inline ash_error ash_frame_map(ash_cptr frame, ash_cptr vspace,
                                                    ash_word address, ash_word rights)
{
    struct ash_message m = {.mr = {address, rights}};
    ash_ipc()->caps[0] = vspace;
    return ash_invoke(frame, ASH_FRAME_MAP, 2, 1, &m);
}

[[nodiscard]] static inline ash_error ash_frame_unmap(ash_cptr frame)
{
    struct ash_message m = {};
    return ash_invoke(frame, ASH_FRAME_UNMAP, 0, 0, &m);
}

struct ash_frame_info {
    ash_word physical, bits;
};

[[nodiscard]] static inline ash_error ash_frame_address(ash_cptr frame, struct ash_frame_info *info)
{
    struct ash_message m = {};
    ash_error error = ash_invoke(frame, ASH_FRAME_ADDRESS, 0, 0, &m);
    if (error == ASH_OK)
        *info = (struct ash_frame_info){m.mr[0], m.mr[1]};
    return error;
}

/* --- Iommu, IoSpace
 * -------------------------------------------------------------------------------- */

[[nodiscard]] static inline ash_error ash_iommu_attach(ash_cptr iommu, ash_cptr io_space,
                                                       ash_word device)
{
    struct ash_message m = {.mr = {device}};
    ash_ipc()->caps[0] = io_space;
    return ash_invoke(iommu, ASH_IOMMU_ATTACH, 1, 1, &m);
}

struct ash_iommu_fault {
    ash_word device, address;
    unsigned cause, kind;
    bool lost; /* records after this one are missing */
};

/* *found false: there is none. */
[[nodiscard]] static inline ash_error ash_iommu_fault(ash_cptr iommu, bool *found,
                                                      struct ash_iommu_fault *fault)
{
    struct ash_message m = {};
    ash_error error = ash_invoke(iommu, ASH_IOMMU_FAULT, 0, 0, &m);
    if (error != ASH_OK)
        return error;
    *found = m.mr[0] != 0;
    *fault = (struct ash_iommu_fault){m.mr[1], m.mr[2], m.mr[3] & 0xffff, m.mr[3] >> 16 & 0xffff,
                                      m.mr[3] >> 32 != 0};
    return ASH_OK;
}

struct ash_iommu_look {
    bool attached;
    unsigned bits;
    ash_word entry;
};

[[nodiscard]] static inline ash_error ash_iommu_look(ash_cptr iommu, ash_word device,
                                                     ash_word address, struct ash_iommu_look *look)
{
    struct ash_message m = {.mr = {device, address}};
    ash_error error = ash_invoke(iommu, ASH_IOMMU_LOOK, 2, 0, &m);
    if (error == ASH_OK)
        *look = (struct ash_iommu_look){m.mr[0] != 0, (unsigned)m.mr[1], m.mr[2]};
    return error;
}

[[nodiscard]] static inline ash_error ash_io_space_detach(ash_cptr io_space)
{
    struct ash_message m = {};
    return ash_invoke(io_space, ASH_IO_SPACE_DETACH, 0, 0, &m);
}

/* Frames of 4 KiB in `count` slots of `cnode` from `first` on. */
[[nodiscard]] static inline ash_error ash_io_space_map(ash_cptr io_space, ash_word address,
                                                       ash_word rights, ash_cptr cnode,
                                                       ash_word first, ash_word count)
{
    struct ash_message m = {.mr = {address, rights, first, count}};
    ash_ipc()->caps[0] = cnode;
    return ash_invoke(io_space, ASH_IO_SPACE_MAP, 4, 1, &m);
}

[[nodiscard]] static inline ash_error ash_io_space_unmap(ash_cptr io_space, ash_cptr cnode,
                                                         ash_word first, ash_word count)
{
    struct ash_message m = {.mr = {first, count}};
    ash_ipc()->caps[0] = cnode;
    return ash_invoke(io_space, ASH_IO_SPACE_UNMAP, 2, 1, &m);
}

/* --- IrqControl, Irq
 * ------------------------------------------------------------------------------- */

[[nodiscard]] static inline ash_error ash_irq_control_get(ash_cptr control, ash_word source,
                                                          ash_cptr cnode, ash_word index, bool edge)
{
    struct ash_message m = {.mr = {source, index, edge}};
    ash_ipc()->caps[0] = cnode;
    return ash_invoke(control, ASH_IRQ_CONTROL_GET, 3, 1, &m);
}

/* An interrupt that a device raises by a message; METHOD if the machine has none. */
[[nodiscard]] static inline ash_error ash_irq_control_get_message(ash_cptr control, ash_cptr cnode,
                                                                  ash_word index)
{
    struct ash_message m = {.mr = {index}};
    ash_ipc()->caps[0] = cnode;
    return ash_invoke(control, ASH_IRQ_CONTROL_GET_MESSAGE, 1, 1, &m);
}

/* The device's own message `number`, 1 .. 63; METHOD if the machine does not keep them apart. */
[[nodiscard]] static inline ash_error ash_io_space_get_message(ash_cptr space, ash_word number,
                                                               ash_cptr cnode, ash_word index)
{
    struct ash_message m = {.mr = {number, index}};
    ash_ipc()->caps[0] = cnode;
    return ash_invoke(space, ASH_IO_SPACE_GET_MESSAGE, 2, 1, &m);
}

/* Where the device writes what, 32 bits. */
[[nodiscard]] static inline ash_error ash_irq_message(ash_cptr irq, ash_word *address,
                                                      ash_word *data)
{
    struct ash_message m = {};
    ash_error error = ash_invoke(irq, ASH_IRQ_MESSAGE, 0, 0, &m);
    *address = m.mr[0];
    *data = m.mr[1];
    return error;
}

[[nodiscard]] static inline ash_error ash_irq_bind(ash_cptr irq, ash_cptr notification)
{
    struct ash_message m = {};
    ash_ipc()->caps[0] = notification;
    return ash_invoke(irq, ASH_IRQ_BIND, 0, 1, &m);
}

[[nodiscard]] static inline ash_error ash_irq_ack(ash_cptr irq)
{
    struct ash_message m = {};
    return ash_invoke(irq, ASH_IRQ_ACK, 0, 0, &m);
}

/* Of an interrupt that may be shared (abi/pnp.h): whether it was the caller's. The kernel's Irq
 * does not look at it. */
[[nodiscard]] static inline ash_error ash_irq_ack_claimed(ash_cptr irq, bool claimed)
{
    struct ash_message m = {.mr = {claimed}};
    return ash_invoke(irq, ASH_IRQ_ACK, 1, 0, &m);
}

[[nodiscard]] static inline ash_error ash_irq_unbind(ash_cptr irq)
{
    struct ash_message m = {};
    return ash_invoke(irq, ASH_IRQ_UNBIND, 0, 0, &m);
}

/* --- Firmware
 * -------------------------------------------------------------------------------------- */

#define ASH_FIRMWARE_WRITE_MAX 480u

/* At most ASH_FIRMWARE_WRITE_MAX bytes. */
[[nodiscard]] ash_error ash_firmware_write(ash_cptr firmware, const void *bytes, size_t count);

/* *byte is -1 if none waits. */
[[nodiscard]] static inline ash_error ash_firmware_read(ash_cptr firmware, int *byte)
{
    struct ash_message m = {};
    ash_error error = ash_invoke(firmware, ASH_FIRMWARE_READ, 0, 0, &m);
    if (error == ASH_OK)
        *byte = m.mr[0] > 255 ? -1 : (int)m.mr[0];
    return error;
}

/* Returns only if the firmware refused. reboot: 0 power off, 1 cold, 2 warm. */
[[nodiscard]] static inline ash_error ash_firmware_reset(ash_cptr firmware, ash_word reboot,
                                                         ash_word failure)
{
    struct ash_message m = {.mr = {reboot, failure}};
    return ash_invoke(firmware, ASH_FIRMWARE_RESET, 2, 0, &m);
}

struct ash_firmware_info {
    ash_word implementation, version, sstc, asid_bits;
};

[[nodiscard]] static inline ash_error ash_firmware_info(ash_cptr firmware,
                                                        struct ash_firmware_info *info)
{
    struct ash_message m = {};
    ash_error error = ash_invoke(firmware, ASH_FIRMWARE_INFO, 0, 0, &m);
    if (error == ASH_OK)
        *info = (struct ash_firmware_info){m.mr[0], m.mr[1], m.mr[2], m.mr[3]};
    return error;
}

#endif
