// SPDX-License-Identifier: MIT
/*
 * A link: the shared memory through which one task (the requester) sends IRPs to another (the
 * answerer). Its memory belongs to the I/O manager and outlives both: it is the ledger.
 *
 *   request area                              answer area
 *   written by the requester only             written by the answerer only
 *   +---------------------------+             +---------------------------+
 *   | struct ash_link_requests  | 4 KiB       | struct ash_link_answers   | 4 KiB
 *   |   submit ring, tail       |             |   complete ring, tail     |
 *   |   cancel bits             |             |   submit head             |
 *   +---------------------------+             +---------------------------+
 *   | struct ash_request [slots]|             | struct ash_answer [slots] |
 *   +---------------------------+             +---------------------------+
 *   | inline data in  [slots]   |             | inline data out [slots]   |
 *   +---------------------------+             +---------------------------+
 *
 * Invariants. A slot is free while request.sequence == answer.sequence. The requester fills a free
 * slot, with its place (tail), then stores sequence + 1 (release), puts the slot number at
 * submit[tail % slots] and stores tail + 1 (release): from then on the answerer owes exactly one
 * answer. The answerer fills answer[slot], its place (tail) among it, and then stores
 * answer.sequence = request.sequence as it read it when it took the slot (release), puts the slot
 * number at complete[tail % slots] and stores tail + 1 (release). At most `slots` requests are out,
 * so neither ring overflows. Who owes what is decided by the sequence numbers alone, so the I/O
 * manager can read it, and answer for a dead answerer.
 *
 * A link may outlive its answerer (docs/restart-contract.md): what was owed then is owed by the
 * task that comes in its place, oldest first, and what a dying answerer had answered without saying
 * so the I/O manager says for it: its place is the tail.
 *
 * Nothing read from the other side is trusted: indices, lengths, sequence numbers and grants are
 * copied once and then checked. A violation ends the link (requester: every request completes with
 * STATUS_DEVICE_PROTOCOL_ERROR and ASH_IO_PROTOCOL_ERROR is called; answerer: the latter).
 *
 * Doorbells. Each side has a capability to signal the other's Notification. Before a side sleeps
 * it sets its `asleep` word, and then looks at the ring once more (full fence between); a side
 * that has published looks at the peer's `asleep` (full fence between) and signals if it is set.
 */
#ifndef ABI_LINK_H
#define ABI_LINK_H

#include "task.h"
#include <stdatomic.h>

#define ASH_LINK_MAGIC     0x4b4e494cu /* "LINK" */
#define ASH_LINK_SLOTS_MAX 256u

enum ash_link_kind {
    ASH_LINK_CONTROL =
        1,            /* requester is the I/O manager: CREATE, CLEANUP, CLOSE, MOUNT, kit majors */
    ASH_LINK_PNP = 2, /* requester is the plug-and-play manager: PNP IRPs, ADD_DEVICE */
    ASH_LINK_POWER = 3,  /* requester is the power manager: POWER IRPs */
    ASH_LINK_DEVICE = 4, /* requester is a driver above: every major, to link.device */
    ASH_LINK_FILE = 5,   /* requester opened files: each request names one of its files */
    ASH_LINK_OPEN = 6,   /* requester is a driver that opened link.device by name: as FILE, also
                            INTERNAL_DEVICE_CONTROL, in kernel mode; file 0 while one is open */
};

struct ash_link_requests {
    uint32_t magic, slots, inline_bytes, kind;
    _Atomic uint32_t submit_tail;
    _Atomic uint32_t asleep;       /* the requester wants a doorbell for completions */
    _Atomic uint32_t cancel_count; /* grows whenever a bit of cancel[] is set, or grants of the link
                                      were closed that the answerer may still have something of */
    _Atomic uint32_t probe;        /* of a control link: see abi/io.h */
    _Atomic uint64_t cancel[ASH_LINK_SLOTS_MAX / 64]; /* request cancelled: cleared when reused */
    uint16_t submit[ASH_LINK_SLOTS_MAX];
};
static_assert(sizeof(struct ash_link_requests) <= 4096);

struct ash_link_answers {
    uint32_t magic, slots, inline_bytes, kind;
    _Atomic uint32_t submit_head; /* how far the answerer has taken requests */
    _Atomic uint32_t asleep;      /* the answerer wants a doorbell for requests */
    _Atomic uint32_t complete_tail;
    _Atomic int32_t ended;   /* 0, or the status with which the I/O manager ended the link: requests
                                not answered by then are to be completed with it, new ones refused.
                                Looked at before submitting, and after it with a full fence between */
    _Atomic uint32_t probed; /* of a control link: the last `probe` that was heard */
    _Atomic uint32_t unwatched; /* set by the I/O manager: it does not look how long requests are
                                   owed. Looked at after submitting, with a full fence between */
    uint16_t complete[ASH_LINK_SLOTS_MAX];
};
static_assert(sizeof(struct ash_link_answers) <= 4096);

/* One request: the IO_STACK_LOCATION of the driver it is meant for, flattened (see irp.h). */
struct ash_request {
    _Atomic uint64_t sequence;
    uint8_t major, minor;
    uint16_t flags;       /* IO_STACK_LOCATION.Flags (SL_...) */
    uint32_t inline_size; /* bytes of inline data in, at most inline_bytes */
    uint64_t device;      /* id of the target device object */
    uint64_t file;        /* id of the file object, 0 if none */
    uint64_t parameter[4];
    uint64_t grant;        /* grant id on this link that holds the data buffer, 0 if none */
    uint64_t grant_offset; /* of the first byte in the granted section */
    uint32_t grant_length;
    uint32_t irp_flags;    /* IRP.Flags (IRP_...) */
    uint32_t requestor;    /* task id of the application that started it all */
    uint32_t mode;         /* RequestorMode: 0 kernel (a driver), 1 user */
    uint64_t submitted;    /* `rdtime` when submitted */
    uint64_t input_grant;  /* control requests: where the input is when it is not inline */
    uint64_t input_offset; /* (see irp.h) */
    uint64_t place;        /* in the submit ring, modulo 2^32 */
};
static_assert(sizeof(struct ash_request) == 128);

struct ash_answer {
    _Atomic uint64_t sequence;
    int32_t status;         /* IoStatus.Status */
    uint32_t inline_size;   /* bytes of inline data out, at most inline_bytes */
    uint64_t information;   /* IoStatus.Information; never a pointer */
    uint64_t result[2];     /* where irp.h says so */
    uint64_t completed;     /* `rdtime` */
    uint64_t place;         /* of the answer in the complete ring, modulo 2^32 */
    _Atomic uint64_t taken; /* the sequence number with which the slot was last taken */
};
static_assert(sizeof(struct ash_answer) == 64);

/* Offsets of the parts of an area. */
static inline size_t ash_link_inline_in(uint32_t slots)
{
    return 4096 + (size_t)slots * sizeof(struct ash_request);
}
static inline size_t ash_link_inline_out(uint32_t slots)
{
    return 4096 + (size_t)slots * sizeof(struct ash_answer);
}
static inline size_t ash_link_round(size_t bytes)
{
    return (bytes + 4095) & ~(size_t)4095;
}
static inline size_t ash_link_request_bytes(uint32_t slots, uint32_t inline_bytes)
{
    return ash_link_round(ash_link_inline_in(slots) + (size_t)slots * inline_bytes);
}
static inline size_t ash_link_answer_bytes(uint32_t slots, uint32_t inline_bytes)
{
    return ash_link_round(ash_link_inline_out(slots) + (size_t)slots * inline_bytes);
}

/* Sizes by kind. Control, pnp and power: few requests with large payloads. */
#define ASH_LINK_CONTROL_SLOTS  16u
#define ASH_LINK_CONTROL_INLINE 4096u
#define ASH_LINK_DATA_SLOTS     64u
#define ASH_LINK_DATA_INLINE    1024u

/* What a task is told of a link it takes part in. Addresses are its own. */
struct ash_link_info {
    uint64_t link;     /* id, as the memory manager knows it */
    uint64_t kind;     /* enum ash_link_kind */
    uint64_t device;   /* target device (DEVICE), 0 otherwise */
    uint64_t peer;     /* task id of the other side */
    uint64_t requests; /* address of the request area */
    uint64_t answers;  /* address of the answer area */
    uint32_t slots, inline_bytes;
    uint64_t resumed; /* not 0: another answerer had it before, and may have left requests owed */
};

#endif
