// SPDX-License-Identifier: MIT
/*
 * An attacker: system calls one after the other, each chosen by a random number. Most are
 * almost right (a method of the object, arguments of the kind it takes), because those get
 * furthest; every argument may be anything instead.
 */
#include "hostile_calls.h"

/* What an argument should be. */
enum kind {
    ANY,
    SLOT,
    PATH,
    RIGHTS,
    BADGE,
    TYPE,
    SIZE,
    COUNT,
    ADDRESS,
    PRIORITY,
    HART,
    TICKS,
    TIME
};

struct row {
    uint8_t target; /* enum staple */
    uint8_t method;
    uint8_t words, arg[4]; /* enum kind; later words are ANY */
    uint8_t caps, cap[3];  /* enum staple */
};

static const struct row rows[] = {
    {STAPLE_UNTYPED, ASH_UNTYPED_RETYPE, 4, {TYPE, SIZE, SLOT, COUNT}, 1, {STAPLE_CNODE}},
    {STAPLE_UNTYPED, ASH_UNTYPED_RETYPE, 4, {TYPE, SIZE, SLOT, COUNT}, 1, {STAPLE_CNODE}},
    {STAPLE_UNTYPED2, ASH_UNTYPED_RETYPE, 4, {TYPE, SIZE, SLOT, COUNT}, 1, {STAPLE_CNODE}},
    {STAPLE_UNTYPED, ASH_UNTYPED_RETYPE, 4, {TYPE, SIZE, COUNT, COUNT}, 1, {STAPLE_CNODE2}},
    {STAPLE_UNTYPED, ASH_UNTYPED_INFO, 0, {}, 0, {}},
    {STAPLE_CNODE, ASH_CNODE_COPY, 3, {SLOT, PATH, RIGHTS}, 0, {}},
    {STAPLE_CNODE, ASH_CNODE_COPY, 3, {SLOT, PATH, RIGHTS}, 0, {}},
    {STAPLE_CNODE, ASH_CNODE_COPY, 3, {SLOT, PATH, RIGHTS}, 0, {}},
    {STAPLE_CNODE2, ASH_CNODE_COPY, 3, {COUNT, PATH, RIGHTS}, 0, {}},
    {STAPLE_CNODE, ASH_CNODE_MINT, 4, {SLOT, PATH, RIGHTS, BADGE}, 0, {}},
    {STAPLE_CNODE, ASH_CNODE_MOVE, 2, {SLOT, SLOT}, 0, {}},
    {STAPLE_CNODE, ASH_CNODE_MOVE, 2, {SLOT, PATH}, 0, {}},
    {STAPLE_CNODE2, ASH_CNODE_MOVE, 2, {COUNT, PATH}, 0, {}},
    {STAPLE_CNODE, ASH_CNODE_DELETE, 1, {SLOT}, 0, {}},
    {STAPLE_CNODE, ASH_CNODE_DELETE, 1, {SLOT}, 0, {}},
    {STAPLE_CNODE, ASH_CNODE_DELETE, 1, {PATH}, 0, {}},
    {STAPLE_CNODE2, ASH_CNODE_DELETE, 1, {COUNT}, 0, {}},
    {STAPLE_CNODE, ASH_CNODE_REVOKE, 1, {SLOT}, 0, {}},
    {STAPLE_CNODE, ASH_CNODE_REVOKE, 1, {PATH}, 0, {}},
    {STAPLE_THREAD2,
     ASH_THREAD_CONFIGURE,
     1,
     {ADDRESS},
     3,
     {STAPLE_CNODE, STAPLE_VSPACE, STAPLE_FRAME}},
    {STAPLE_THREADS, ASH_THREAD_SET_FAULT_ENDPOINT, 0, {}, 1, {STAPLE_ENDPOINT}},
    {STAPLE_THREADS, ASH_THREAD_SET_PRIORITY, 2, {PRIORITY, PRIORITY}, 0, {}},
    {STAPLE_THREADS, ASH_THREAD_WRITE_REGISTERS, 6, {ANY, ANY, ANY, ANY}, 0, {}},
    {STAPLE_THREADS, ASH_THREAD_READ_REGISTERS, 0, {}, 0, {}},
    {STAPLE_THREADS, ASH_THREAD_RESUME, 0, {}, 0, {}},
    {STAPLE_THREADS, ASH_THREAD_RESUME, 0, {}, 0, {}},
    {STAPLE_THREAD2, ASH_THREAD_RESUME, 0, {}, 0, {}},
    {STAPLE_THREADS, ASH_THREAD_SUSPEND, 0, {}, 0, {}},
    {STAPLE_THREADS, ASH_THREAD_BIND_NOTIFICATION, 0, {}, 1, {STAPLE_NOTIFICATION}},
    {STAPLE_THREADS, ASH_THREAD_UNBIND_NOTIFICATION, 0, {}, 0, {}},
    {STAPLE_THREADS, ASH_THREAD_SET_NAME, 2, {ANY, ANY}, 0, {}},
    {STAPLE_THREADS, ASH_THREAD_INFO, 0, {}, 0, {}},
    {STAPLE_SCHEDS, ASH_SCHED_CONTEXT_BIND, 0, {}, 1, {STAPLE_THREADS}},
    {STAPLE_SCHEDS, ASH_SCHED_CONTEXT_BIND, 0, {}, 1, {STAPLE_THREAD2}},
    {STAPLE_SCHEDS, ASH_SCHED_CONTEXT_UNBIND, 0, {}, 0, {}},
    {STAPLE_SCHEDS, ASH_SCHED_CONTEXT_INFO, 0, {}, 0, {}},
    {STAPLE_SCHED_CONTROL,
     ASH_SCHED_CONTROL_CONFIGURE,
     3,
     {HART, TICKS, TICKS},
     1,
     {STAPLE_SCHEDS}},
    {STAPLE_TIMER, ASH_TIMER_BIND, 0, {}, 1, {STAPLE_NOTIFICATION}},
    {STAPLE_TIMER, ASH_TIMER_SET, 1, {TIME}, 0, {}},
    {STAPLE_TIMER, ASH_TIMER_SET, 1, {TIME}, 0, {}},
    {STAPLE_TIMER, ASH_TIMER_CANCEL, 0, {}, 0, {}},
    {STAPLE_PAGE_TABLE, ASH_PAGE_TABLE_MAP, 1, {ADDRESS}, 1, {STAPLE_VSPACE}},
    {STAPLE_PAGE_TABLE2, ASH_PAGE_TABLE_MAP, 1, {ADDRESS}, 1, {STAPLE_VSPACE2}},
    {STAPLE_PAGE_TABLE, ASH_PAGE_TABLE_UNMAP, 0, {}, 0, {}},
    {STAPLE_FRAME, ASH_FRAME_MAP, 2, {ADDRESS, RIGHTS}, 1, {STAPLE_VSPACE}},
    {STAPLE_LARGE_FRAME, ASH_FRAME_MAP, 2, {ADDRESS, RIGHTS}, 1, {STAPLE_VSPACE2}},
    {STAPLE_FRAME, ASH_FRAME_UNMAP, 0, {}, 0, {}},
    {STAPLE_FRAME, ASH_FRAME_ADDRESS, 0, {}, 0, {}},
    {STAPLE_PAGE_TABLE, ASH_PAGE_TABLE_MAP, 1, {ADDRESS}, 1, {STAPLE_IO_SPACE}},
    {STAPLE_FRAME, ASH_FRAME_MAP, 2, {ADDRESS, RIGHTS}, 1, {STAPLE_IO_SPACE}},
    {STAPLE_LARGE_FRAME, ASH_FRAME_MAP, 2, {ADDRESS, RIGHTS}, 1, {STAPLE_IO_SPACE2}},
    {STAPLE_IOMMU, ASH_IOMMU_INFO, 0, {}, 0, {}},
    {STAPLE_IOMMU, ASH_IOMMU_ATTACH, 1, {COUNT}, 1, {STAPLE_IO_SPACE}},
    {STAPLE_IOMMU, ASH_IOMMU_ATTACH, 1, {COUNT}, 1, {STAPLE_IO_SPACE2}},
    {STAPLE_IOMMU, ASH_IOMMU_FAULT, 0, {}, 0, {}},
    {STAPLE_IO_SPACE, ASH_IO_SPACE_DETACH, 0, {}, 0, {}},
    {STAPLE_IO_SPACE, ASH_IO_SPACE_MAP, 4, {ADDRESS, RIGHTS, SLOT, COUNT}, 1, {STAPLE_CNODE}},
    {STAPLE_IO_SPACE2, ASH_IO_SPACE_MAP, 4, {ADDRESS, RIGHTS, COUNT, COUNT}, 1, {STAPLE_CNODE2}},
    {STAPLE_IO_SPACE, ASH_IO_SPACE_UNMAP, 2, {SLOT, COUNT}, 1, {STAPLE_CNODE}},
    {STAPLE_IO_SPACE, ASH_IO_SPACE_INFO, 0, {}, 0, {}},
    {STAPLE_IO_SPACE, ASH_IO_SPACE_GET_MESSAGE, 2, {COUNT, SLOT}, 1, {STAPLE_CNODE}},
    {STAPLE_IRQ_CONTROL, ASH_IRQ_CONTROL_GET, 3, {COUNT, SLOT, COUNT}, 1, {STAPLE_CNODE}},
    {STAPLE_IRQ_CONTROL, ASH_IRQ_CONTROL_GET_MESSAGE, 1, {SLOT}, 1, {STAPLE_CNODE}},
    {STAPLES, ASH_IRQ_MESSAGE, 0, {}, 0, {}},
    {STAPLES, ASH_IRQ_BIND, 0, {}, 1, {STAPLE_NOTIFICATION}},
    {STAPLES, ASH_IRQ_ACK, 0, {}, 0, {}},
    {STAPLES, ASH_IRQ_UNBIND, 0, {}, 0, {}},
    {STAPLE_FIRMWARE, ASH_FIRMWARE_INFO, 0, {}, 0, {}},
    {STAPLE_FIRMWARE, ASH_FIRMWARE_WRITE, 4, {COUNT, ANY, ANY, ANY}, 0, {}},
    {STAPLE_FIRMWARE, ASH_FIRMWARE_RESET, 2, {COUNT, COUNT}, 0, {}},
    {STAPLE_FIRMWARE, ASH_FIRMWARE_CHECK, 2, {COUNT, COUNT}, 0, {}},
};

struct attacker {
    struct shared *shared;
    struct ash_ipc_buffer *ipc;
    unsigned number;
    ash_word random;
};

static ash_word draw(struct attacker *a, ash_word limit)
{
    return (next_random(&a->random) >> 11) % limit;
}

/* Numbers at which something begins or ends. */
static ash_word boundary(struct attacker *a)
{
    static const ash_word numbers[] = {0,
                                       1,
                                       63,
                                       64,
                                       CAGE_SLOTS - 1,
                                       CAGE_SLOTS,
                                       4095,
                                       4096,
                                       1ull << 21,
                                       1ull << 30,
                                       1ull << 32,
                                       ASH_USER_TOP - 4096,
                                       ASH_USER_TOP - 1,
                                       ASH_USER_TOP,
                                       1ull << 39,
                                       1ull << 40,
                                       1ull << 63,
                                       0xffffffbffffff000,
                                       0xffffffc000000000,
                                       0xffffffc080200000,
                                       0xffffffff80000000,
                                       0xffffffff80200000,
                                       ~4095ull,
                                       ~0ull - 1,
                                       ~0ull};
    return numbers[draw(a, sizeof(numbers) / sizeof(numbers[0]))] + (draw(a, 4) == 0 ? 8 : 0);
}

static ash_word anything(struct attacker *a)
{
    switch (draw(a, 4)) {
    case 0:
        return boundary(a);
    case 1:
        return draw(a, CAGE_SLOTS);
    case 2:
        return ADDRESSES + draw(a, 64) * 4096;
    default:
        return next_random(&a->random);
    }
}

static ash_word random_path(struct attacker *a)
{
    switch (draw(a, 16)) {
    case 0:
        return ash_cptr_in(STAPLE_CNODE2, CAGE_RADIX, draw(a, 16));
    case 1: /* through itself */
        return ash_cptr_in(STAPLE_CNODE, CAGE_RADIX, draw(a, CAGE_SLOTS));
    case 2:
        return anything(a);
    case 3:
    case 4:
    case 5:
    case 6:
        return draw(a, CAGE_SLOTS);
    default:
        return 1 + draw(a, STAPLES - 1);
    }
}

static ash_word size_parameter(struct attacker *a)
{
    static const ash_word sizes[] = {0, 0, 0, 12, 12, 21, 30, 1, 4, 6, 10, 4096, 8192, 65536};
    return sizes[draw(a, sizeof(sizes) / sizeof(sizes[0]))];
}

static ash_word argument(struct attacker *a, enum kind kind)
{
    if (draw(a, 16) == 0)
        kind = ANY;
    switch (kind) {
    case SLOT:
        return draw(a, 4) == 0 ? draw(a, CAGE_SLOTS) : STAPLES + draw(a, CAGE_SLOTS - STAPLES);
    case PATH:
        return random_path(a);
    case RIGHTS:
        return draw(a, 2) ? ASH_RIGHT_ALL & ~(draw(a, 2) ? 0u : ASH_RIGHT_EXECUTE) : draw(a, 32);
    case BADGE:
        return draw(a, 2) ? draw(a, 16) : next_random(&a->random);
    case TYPE:
        return 1 + draw(a, draw(a, 8) == 0 ? ASH_OBJ_TYPES : ASH_OBJ_FRAME);
    case SIZE:
        return size_parameter(a);
    case COUNT:
        return draw(a, draw(a, 8) == 0 ? 100 : 4);
    case ADDRESS:
        return draw(a, 8) == 0 ? draw(a, 300) << 30 : ADDRESSES + draw(a, 16) * 4096;
    case PRIORITY:
        return draw(a, 16) == 0 ? draw(a, 300) : 60 + draw(a, 40);
    case HART:
        return draw(a, 5);
    case TICKS:
        return 200 + draw(a, 20000);
    case TIME:
        return ash_time() + draw(a, 20000);
    default:
        return anything(a);
    }
}

/* Of the same kind as the staple; there are several of some. */
static ash_word like(struct attacker *a, enum staple staple)
{
    switch (draw(a, 12)) {
    case 0:
        return random_path(a);
    case 1:
        return STAPLES + draw(a, CAGE_SLOTS - STAPLES);
    default:
        break;
    }
    if (staple == STAPLE_THREADS || staple == STAPLE_SCHEDS)
        return staple + draw(a, ATTACKERS);
    if (staple == STAPLE_ENDPOINT || staple == STAPLE_NOTIFICATION)
        return staple + draw(a, 3);
    if (staple == STAPLES)
        return STAPLES + draw(a, CAGE_SLOTS - STAPLES);
    return staple;
}

static void fill_buffer(struct attacker *a, const struct row *row)
{
    for (unsigned i = 0; i < ASH_MSG_CAPS; i++)
        a->ipc->caps[i] = row && i < row->caps ? like(a, (enum staple)row->cap[i]) : random_path(a);
    for (unsigned i = 4; i < 8; i++)
        a->ipc->msg[i] = anything(a);
    a->ipc->receive_cnode = draw(a, 8) == 0 ? random_path(a) : (ash_word)STAPLE_CNODE;
    a->ipc->receive_index = argument(a, SLOT);
}

static void call_method(struct attacker *a)
{
    const struct row *row = &rows[draw(a, sizeof(rows) / sizeof(rows[0]))];
    struct ash_message m = {};
    for (unsigned i = 0; i < 4; i++)
        m.mr[i] = i < row->words ? argument(a, (enum kind)row->arg[i]) : anything(a);
    fill_buffer(a, row);
    ash_word method = draw(a, 24) == 0 ? draw(a, 100) : row->method;
    unsigned words = draw(a, 24) == 0 ? (unsigned)draw(a, 128) : row->words;
    unsigned caps = draw(a, 24) == 0 ? (unsigned)draw(a, 4) : row->caps;
    m.info = ash_info(method, words, caps);
    ash_syscall_message(ASH_SYS_CALL, like(a, (enum staple)row->target), random_path(a), &m);
    a->shared->methods[a->number] += ash_info_label(m.info) == ASH_OK;
}

/* Communication, and numbers that are no system call. What blocks comes seldom. */
static void communicate(struct attacker *a)
{
    static const uint8_t calls[] = {
        ASH_SYS_NBSEND,      ASH_SYS_NBRECV, ASH_SYS_POLL,           ASH_SYS_NBSEND, ASH_SYS_NBRECV,
        ASH_SYS_POLL,        ASH_SYS_NBSEND, ASH_SYS_NBRECV,         ASH_SYS_POLL,   ASH_SYS_NBSEND,
        ASH_SYS_NBRECV,      ASH_SYS_POLL,   ASH_SYS_NBSEND,         ASH_SYS_NBRECV, ASH_SYS_POLL,
        ASH_SYS_NBSEND,      ASH_SYS_NBRECV, ASH_SYS_POLL,           ASH_SYS_NBSEND, ASH_SYS_NBSEND,
        ASH_SYS_NBSEND,      ASH_SYS_NBRECV, ASH_SYS_NBRECV,         ASH_SYS_POLL,   ASH_SYS_POLL,
        ASH_SYS_YIELD,       ASH_SYS_NULL,   ASH_SYS_CALL,           ASH_SYS_CALL,   ASH_SYS_SEND,
        ASH_SYS_RECV,        ASH_SYS_WAIT,   ASH_SYS_REPLY_RECV,     ASH_SYS_CALL,   ASH_SYS_SEND,
        ASH_SYS_SIGNAL_WAIT, ASH_SYS_NBSEND, ASH_SYS_ACK_SIGNAL_WAIT};
    ash_word call = draw(a, 400) == 0 ? anything(a) : calls[draw(a, sizeof(calls))];
    bool notifies = call == ASH_SYS_WAIT || call == ASH_SYS_POLL || call == ASH_SYS_SIGNAL_WAIT ||
                    call == ASH_SYS_ACK_SIGNAL_WAIT;
    struct ash_message m = {.info = ash_info(draw(a, 4), (unsigned)draw(a, draw(a, 4) ? 5 : 128),
                                             draw(a, 8) ? 0 : (unsigned)draw(a, 4))};
    for (unsigned i = 0; i < 4; i++)
        m.mr[i] = anything(a);
    fill_buffer(a, nullptr);
    enum staple target = notifies || draw(a, 4) == 0 ? STAPLE_NOTIFICATION : STAPLE_ENDPOINT;
    if (call == ASH_SYS_SIGNAL_WAIT || call == ASH_SYS_ACK_SIGNAL_WAIT)
        m.info = like(a, STAPLE_NOTIFICATION);
    if ((call == ASH_SYS_SEND || call == ASH_SYS_NBSEND) && draw(a, 3) == 0)
        target = draw(a, 2) ? STAPLE_REPLY : STAPLE_REPLY2;
    ash_word reply = draw(a, 8) == 0 ? random_path(a) : STAPLE_REPLY + draw(a, 2);
    ash_syscall_message(call, like(a, target), reply, &m);
}

static void touch_memory(struct attacker *a)
{
    volatile ash_word *word =
        (volatile ash_word *)(draw(a, 4) ? ADDRESSES + draw(a, 16) * 4096 : anything(a));
    if (draw(a, 2))
        *word = next_random(&a->random);
    else
        (void)*word;
}

/* A value in a floating-point register must survive any call in between. */
static void use_fpu(struct attacker *a)
{
    ash_word before = next_random(&a->random), after;
    __asm__ volatile("fmv.d.x fs3, %0" ::"r"(before) : "fs3");
    call_method(a);
    __asm__ volatile("fmv.x.d %0, fs3" : "=r"(after));
    if (before != after)
        a->shared->wrong[a->number] = WRONG_FPU;
}

static void chaos(struct attacker *a)
{
    ash_word choice = draw(a, 1000);
    if (choice < 3)
        touch_memory(a);
    else if (choice < 23)
        use_fpu(a);
    else if (choice < 350)
        communicate(a);
    else
        call_method(a);
    a->shared->calls[a->number]++;
}

/* Answers for as long as there are callers; now and then something else. */
[[noreturn]] static void serve(struct attacker *a)
{
    ash_word which = a->number % 2, number = ASH_SYS_RECV;
    for (;;) {
        struct ash_message m = {.info = ash_info(0, (unsigned)draw(a, 8), draw(a, 8) == 0)};
        fill_buffer(a, nullptr);
        ash_syscall_message(number, STAPLE_ENDPOINT + which, STAPLE_REPLY + which, &m);
        number = draw(a, 8) == 0 ? ASH_SYS_RECV : ASH_SYS_REPLY_RECV;
        a->shared->calls[a->number]++;
        if ((m.info & ASH_INFO_KERNEL) || draw(a, 32) == 0)
            chaos(a); /* perhaps it gets back what it needs to receive */
    }
}

void attack(struct shared *shared, ash_word number_and_role, ash_word seed)
{
    unsigned number = number_and_role & 0xff;
    struct attacker a = {.shared = shared,
                         .ipc = (struct ash_ipc_buffer *)(BUFFERS + number * ASH_PAGE_SIZE),
                         .number = number,
                         .random = seed | 1};
    if (number_and_role >> 8 != ROLE_CHAOS)
        serve(&a);
    for (;;)
        chaos(&a);
}
