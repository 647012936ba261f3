// SPDX-License-Identifier: MIT
//
// Messages and capabilities that no driver was given a reason to use.
#include "../../../libddk/runtime/abi.h"

#include "misbehave.h"

#include <ash/invoke.h>

#define MESSAGES 3000u
#define FORGED   3000u

static ULONG64 Random(VOID)
{
    static ULONG64 state = 0x853C49E6748FEA9B;
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return state * 0x2545F4914F6CDD1D;
}

static ULONG64 Awkward(VOID)
{
    ULONG64 value = Random();
    switch (value >> 61) {
    case 0:
        return value & 15;
    case 1:
        return value & 0xFFF;
    case 2:
        return ~(value & 0xFFF);
    case 3:
        return 1ull << (value & 63);
    case 4:
        return (value & 63) << 12;
    case 5:
        return 0x80000000u + (value & 0x1FFFFFFF);
    default:
        return value;
    }
}

static struct ash_message RandomMessage(ULONG64 op)
{
    struct ash_ipc_buffer *buffer = ash_ipc();
    for (unsigned i = 0; i < ASH_MSG_WORDS; i++) {
        buffer->msg[i] = Awkward();
    }
    for (unsigned i = 0; i < ASH_MSG_CAPS; i++) {
        buffer->caps[i] = Random() & 1023;
    }
    buffer->receive_cnode = ASH_SLOT_CNODE;
    buffer->receive_index = 900 + (Random() & 63);
    return (struct ash_message){
        .info = ash_info(op, (unsigned)(Random() % 65), (unsigned)(Random() & 3)),
        .mr = {Awkward(), Awkward(), Awkward(), Awkward()}};
}

// What ends this task, takes its memory away or waits would end the attack too soon.
static BOOLEAN Allowed(ash_cptr manager, ULONG64 op)
{
    if (manager == ASH_SLOT_MEMORY) {
        return op != ASH_MEM_UNMAP && op != ASH_MEM_PROTECT;
    }
    if (manager == ASH_SLOT_PNP) {
        return op != ASH_PNP_NEXT_EVENT; // waits
    }
    return manager != ASH_SLOT_PROCESS ||
           (op != ASH_PROC_THREAD_EXIT && op != ASH_PROC_EXIT && op != ASH_PROC_BUGCHECK &&
            op != ASH_PROC_WAIT && op != ASH_PROC_NOTIFY_NEXT && op != ASH_PROC_FAULT_HANDLER);
}

NTSTATUS MisbehaveDoMessages(PIRP irp)
{
    for (ash_cptr manager = ASH_SLOT_PROCESS; manager <= ASH_SLOT_POWER; manager++) {
        for (unsigned i = 0; i < MESSAGES; i++) {
            ULONG64 op = Random() % 72;
            if (Allowed(manager, op)) {
                struct ash_message message = RandomMessage(op);
                ash_call(manager, &message);
            }
        }
    }
    return MisbehaveComplete(irp, STATUS_INSUFFICIENT_RESOURCES, 0);
}

NTSTATUS MisbehaveDoForge(PIRP irp)
{
    for (unsigned i = 0; i < FORGED; i++) {
        ash_cptr path = Random() & 1 ? Random() | 1ull << 40 : 40 + Random() % 24;
        struct ash_message message = RandomMessage(Random() % 96);
        if (Random() & 1) {
            ash_call(path, &message);
        } else {
            ash_nbsend(path, &message);
        }
    }
    return MisbehaveComplete(irp, STATUS_INSUFFICIENT_RESOURCES, 0);
}

// Every slot of the task's own: doorbells are among them.
NTSTATUS MisbehaveDoDoorbells(PIRP irp)
{
    UNREFERENCED_PARAMETER(irp);
    for (ash_cptr slot = ASH_SLOT_OWN;; slot = slot == 1023 ? ASH_SLOT_OWN : slot + 1) {
        ash_signal(slot);
    }
}

NTSTATUS MisbehaveDoExit(PIRP irp)
{
    struct ash_proc_exit_request request = {0};
    (VOID) ash_request(ASH_SLOT_PROCESS, ASH_PROC_EXIT, &request, sizeof(request), NULL, 0);
    return MisbehaveComplete(irp, STATUS_SUCCESS, 0);
}
