// SPDX-License-Identifier: MIT
/* Firmware: the console and the reset of the SBI. Rights: WRITE console output, READ console input,
 * GRANT reset. Also the table of all object classes. */
#include "object/firmware.h"
#include "arch/sbi.h"
#include "check/check.h"
#include "console.h"
#include "ipc/invoke.h"
#include "object/cnode.h"
#include "object/io_space.h"
#include "object/ipc_objects.h"
#include "object/irq.h"
#include "object/vspace.h"
#include "sched/sched.h"

#define WRITE_MAX 480u
static_assert(WRITE_MAX <= CONSOLE_BYTES);

/* In mr0 of a write that an interrupt stopped: the text is queued. */
#define WRITE_QUEUED ((uint64_t)1 << 32)

static unsigned write(struct invocation *call)
{
    uint64_t count = invoke_word(call, 0) & ~WRITE_QUEUED;
    bool queued = invoke_word(call, 0) & WRITE_QUEUED;
    if (count < 1 || count > WRITE_MAX)
        return invoke_error(call, ASH_E_RANGE, 0, WRITE_MAX);
    if (call->length < 1 + (count + 7) / 8)
        return invoke_error(call, ASH_E_TRUNCATED, 1 + (count + 7) / 8, 0);
    if (!queued && console_drain() == PREEMPTED)
        return PREEMPTED;
    uint64_t *text = console_text();
    for (unsigned i = 0; !queued && i < (count + 7) / 8; i++)
        text[i] = invoke_word(call, 1 + i);
    if (!queued)
        console_queue(count);
    if (console_drain() == PREEMPTED) {
        invoke_run_again_with(call, 0, count | WRITE_QUEUED);
        return PREEMPTED;
    }
    return ASH_OK;
}

/* Returns only if the firmware cannot. */
static unsigned reset(struct invocation *call)
{
    if (call->length < 2)
        return invoke_error(call, ASH_E_TRUNCATED, 2, 0);
    uint64_t type = invoke_word(call, 0), reason = invoke_word(call, 1);
    if (type > 2)
        return invoke_error(call, ASH_E_RANGE, 0, 2);
    if (reason > 1)
        return invoke_error(call, ASH_E_RANGE, 1, 1);
    sbi_reset(type, reason);
    return invoke_error(call, ASH_E_METHOD, ASH_FIRMWARE_RESET, 0);
}

static unsigned invoke(struct slot *slot, uint64_t method, struct invocation *call)
{
    static const uint8_t needed[] = {ASH_RIGHT_WRITE, ASH_RIGHT_READ, ASH_RIGHT_GRANT, 0,
                                     ASH_RIGHT_GRANT};
    if (method < ASH_FIRMWARE_WRITE || method > ASH_FIRMWARE_CHECK)
        return invoke_error(call, ASH_E_METHOD, method, 0);
    uint8_t right = needed[method - ASH_FIRMWARE_WRITE];
    if ((slot->cap.rights & right) != right)
        return invoke_error(call, ASH_E_RIGHTS, right, 0);
    switch (method) {
    case ASH_FIRMWARE_WRITE:
        return write(call);
    case ASH_FIRMWARE_READ:
        invoke_reply(call, 0, (uint64_t)(int64_t)sbi_console_read());
        return ASH_OK;
    case ASH_FIRMWARE_RESET:
        return reset(call);
    case ASH_FIRMWARE_CHECK:
        return check_method(call, method);
    default:
        invoke_reply(call, 0, (uint64_t)sbi_implementation());
        invoke_reply(call, 1, (uint64_t)sbi_version());
        invoke_reply(call, 2, have_sstc);
        invoke_reply(call, 3,
                     hardware_asids > 1 ? 63 - (unsigned)__builtin_clzll(hardware_asids) : 0);
        return ASH_OK;
    }
}

const struct object_class firmware_class = {
    .name = "Firmware",
    .invoke = invoke,
    .copyable = true,
};

static const struct object_class null_class = {.name = "Null"};

const struct object_class *const object_classes[ASH_OBJ_TYPES] = {
    [ASH_OBJ_NULL] = &null_class,
    [ASH_OBJ_UNTYPED] = &untyped_class,
    [ASH_OBJ_CNODE] = &cnode_class,
    [ASH_OBJ_THREAD] = &thread_class,
    [ASH_OBJ_SCHED_CONTEXT] = &sched_context_class,
    [ASH_OBJ_ENDPOINT] = &endpoint_class,
    [ASH_OBJ_REPLY] = &reply_class,
    [ASH_OBJ_NOTIFICATION] = &notification_class,
    [ASH_OBJ_TIMER] = &timer_class,
    [ASH_OBJ_VSPACE] = &vspace_class,
    [ASH_OBJ_PAGE_TABLE] = &page_table_class,
    [ASH_OBJ_FRAME] = &frame_class,
    [ASH_OBJ_IRQ_CONTROL] = &irq_control_class,
    [ASH_OBJ_IRQ] = &irq_class,
    [ASH_OBJ_SCHED_CONTROL] = &sched_control_class,
    [ASH_OBJ_FIRMWARE] = &firmware_class,
    [ASH_OBJ_IO_SPACE] = &io_space_class,
    [ASH_OBJ_IOMMU] = &iommu_class,
};
