// SPDX-License-Identifier: MIT
//
// Garbage in the answer area, behind the kit's back: the kit's own records tell where it lies. The
// requester copies, checks, and ends the link; nothing of it is believed.
#include "../../../libddk/io/io.h"
#include "../../../libddk/runtime/rt.h"

#include "misbehave.h"

static struct rt_request *RequestOf(PIRP irp)
{
    return io_irp_of(irp)->Context;
}

static struct ash_link_answers *AnswersOf(PIRP irp)
{
    return (struct ash_link_answers *)RequestOf(irp)->in->info.answers;
}

static struct ash_answer *AnswerOf(PIRP irp)
{
    struct ash_answer *first = (struct ash_answer *)((PUCHAR)AnswersOf(irp) + 4096);
    return &first[RequestOf(irp)->slot];
}

// Publishes `slot` as answered, rings, and never answers as it should.
static NTSTATUS Publish(PIRP irp, USHORT slot, ULONG tails)
{
    struct ash_link_answers *answers = AnswersOf(irp);
    ULONG tail = atomic_load(&answers->complete_tail);
    answers->complete[tail % RequestOf(irp)->in->info.slots] = slot;
    atomic_store(&answers->complete_tail, tail + tails);
    ash_signal(RequestOf(irp)->in->doorbell);
    IoMarkIrpPending(irp);
    return STATUS_PENDING;
}

NTSTATUS MisbehaveDoIndex(PIRP irp)
{
    return Publish(irp, 0xFFFF, 1);
}

NTSTATUS MisbehaveDoTail(PIRP irp)
{
    return Publish(irp, (USHORT)RequestOf(irp)->slot, 1000000);
}

NTSTATUS MisbehaveDoSequence(PIRP irp)
{
    atomic_store(&AnswerOf(irp)->sequence, ~0ull);
    return Publish(irp, (USHORT)RequestOf(irp)->slot, 1);
}

NTSTATUS MisbehaveDoLength(PIRP irp)
{
    struct ash_answer *answer = AnswerOf(irp);
    answer->status = STATUS_SUCCESS;
    answer->information = ~0ull;
    answer->inline_size = ~0u;
    atomic_store(&answer->sequence, RequestOf(irp)->wire.sequence);
    return Publish(irp, (USHORT)RequestOf(irp)->slot, 1);
}

NTSTATUS MisbehaveDoRings(PIRP irp)
{
    const struct ash_link_info *info = &RequestOf(irp)->in->info;
    ULONG64 state = 0x9E3779B97F4A7C15;
    SIZE_T words = ash_link_answer_bytes(info->slots, info->inline_bytes) / sizeof(ULONG64);
    volatile ULONG64 *area = (volatile ULONG64 *)info->answers;
    for (SIZE_T i = 0; i < words; i++) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        area[i] = state;
    }
    ash_signal(RequestOf(irp)->in->doorbell);
    IoMarkIrpPending(irp);
    return STATUS_PENDING;
}
