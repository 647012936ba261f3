// SPDX-License-Identifier: MIT
/*
 * Who holds a power IRP: the task it was sent to, or, if that task has passed it on to a lower
 * driver in another task and is owed the answer, that one, and so on. The ledger knows.
 */
#include "ash/manager.h"
#include "main.h"
#include "port.h"
#include "process.h"
#include <stdio.h>
#include <string.h>

#define IRP_MJ_POWER               0x16
#define DRIVER_POWER_STATE_FAILURE 0x9f
#define BLOCKING_TOO_LONG          3 /* its first parameter */

/* The task that owes `holder` the answer to that power IRP in the stack; 0: none. */
static ash_word owes(ash_word holder, const struct ash_io_stack_reply *stack, uint8_t minor)
{
    struct ash_io_ledger_reply entry;
    for (ash_word index = 0;; index++) {
        const struct ash_io_index_request request = {index};
        if (!ash_success(ash_request(ASH_SLOT_IO, ASH_IO_LEDGER, &request, sizeof(request), &entry,
                                     sizeof(entry))))
            return 0;
        if (entry.requester != holder || entry.major != IRP_MJ_POWER || entry.minor != minor)
            continue;
        for (unsigned i = 0; i < stack->count; i++)
            if (stack->entry[i].device == entry.device)
                return entry.answerer;
    }
}

static ash_word holder_of(const struct power_irp *irp)
{
    struct ash_io_stack_reply stack;
    struct ash_io_driver_state_reply top;
    if (!ash_success(port_stack(irp->device, &stack)) ||
        !port_driver(stack.entry[0].driver, 0, &top))
        return 0;
    ash_word task = top.task;
    for (unsigned i = 0; i < stack.count; i++) {
        ash_word next = owes(task, &stack, irp->minor);
        if (next == 0)
            break;
        task = next;
    }
    return task;
}

void port_condemn(const struct power_irp *irp)
{
    struct ash_proc_condemn_request request = {
        .task = holder_of(irp),
        .code = DRIVER_POWER_STATE_FAILURE,
        .parameter = {BLOCKING_TOO_LONG, irp->device, irp->task, irp->ticket},
        .name = "DRIVER_POWER_STATE_FAILURE",
    };
    snprintf(request.rule, sizeof(request.rule),
             "a device object has been blocking an IRP for too long: "
             "%s, %s state %lu, %u seconds",
             irp->minor == POWER_SET ? "IRP_MN_SET_POWER" : "IRP_MN_QUERY_POWER",
             irp->parameter[0] == POWER_TYPE_SYSTEM ? "system" : "device",
             (unsigned long)irp->parameter[1], ASH_POWER_WATCHDOG_MS / 1000);
    ash_status status = request.task == 0 ? STATUS_NOT_FOUND
                                          : ash_request(ASH_SLOT_PROCESS, ASH_PROC_CONDEMN,
                                                        &request, sizeof(request), nullptr, 0);
    if (!ash_success(status))
        port_log("nobody can be held to account for a power IRP: 0x%08x", (unsigned)status);
}
