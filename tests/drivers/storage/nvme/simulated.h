// SPDX-License-Identifier: MIT
//
// A simulated NVMe controller behind the driver's registers.c, on a thread of its own, and the
// driver's stack on a bus that agrees to everything. It has two namespaces; logical addresses are
// those of this process. A test lets it lie, fall silent, or die. For one source file.
#pragma once

#include <controller.h>

#include "../posix_stack.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SIM_QUEUES   9u
#define SIM_SPACES   2u
#define SIM_SHIFT(n) ((n) == 0 ? 9u : 12u)
#define SIM_BYTES    (4u << 20)
#define SIM_MDTS     5u // 128 KiB

enum sim_lie {
    SIM_HONEST,
    SIM_WRONG_ID,
    SIM_TWICE,
    SIM_WRONG_QUEUE,
    SIM_WRONG_HEAD,
    SIM_LIES,
};

struct sim_queue {
    struct nvme_command *submission;
    struct nvme_completion *completion;
    unsigned entries, head, tail, next, phase;
};

static struct {
    pthread_mutex_t lock;
    ULONG registers[NVME_DOORBELLS / 4];
    struct sim_queue queues[SIM_QUEUES];
    UCHAR medium[SIM_SPACES][SIM_BYTES];
    bool silent;      // commands of I/O queues are not answered
    bool deaf;        // nor are aborts
    bool stuck;       // CSTS.RDY does not follow
    bool changed;     // the first namespace has another size
    enum sim_lie lie; // in the next answer of an I/O queue
    unsigned status;  // of the next I/O command
    unsigned flushes, aborts, enables, shutdowns, commands, largest;
    atomic_bool interrupt, stop;
    pthread_t thread;
} sim = {.lock = PTHREAD_MUTEX_INITIALIZER};

static alignas(4096) UCHAR bar[NVME_WINDOW_BYTES]; // only its address counts
static PDEVICE_OBJECT disks[SIM_SPACES];

// --- The controller; with the lock held ---------------------------------------------------------

static inline void sim_answer(struct sim_queue *queue, const struct nvme_command *command,
                              unsigned id, unsigned status, ULONG result)
{
    queue->completion[queue->next] = (struct nvme_completion){
        .result = result,
        .head = (USHORT)queue->head,
        .queue = (USHORT)id,
        .id = command->id,
    };
    struct nvme_completion *entry = &queue->completion[queue->next];
    enum sim_lie lie = id ? sim.lie : SIM_HONEST;
    entry->id = lie == SIM_WRONG_ID ? 0x7777 : entry->id;
    entry->queue = lie == SIM_WRONG_QUEUE ? 7 : entry->queue;
    entry->head = lie == SIM_WRONG_HEAD ? (USHORT)(queue->tail + 1) : entry->head;
    __atomic_store_n(&entry->status, (USHORT)(status << 1 | queue->phase), __ATOMIC_RELEASE);
    if (++queue->next == queue->entries) {
        queue->next = 0;
        queue->phase ^= 1;
    }
    if (lie == SIM_TWICE) {
        sim.lie = SIM_HONEST;
        sim_answer(queue, command, id, status, result);
    }
    sim.interrupt = true;
}

static inline void sim_identify(const struct nvme_command *command)
{
    UCHAR *page = (UCHAR *)(ULONG_PTR)command->prp1;
    memset(page, 0, NVME_PAGE);
    if (command->cdw10 == NVME_IDENTIFY_CONTROLLER) {
        static const char serial[9] = "simulated", model[12] = "A controller";
        memcpy(page + 4, serial, sizeof serial);
        memcpy(page + 24, model, sizeof model);
        page[77] = SIM_MDTS;
        page[512] = 0x66;
        page[513] = 0x44;
        page[525] = 1;
    } else if (command->cdw10 == NVME_IDENTIFY_LIST) {
        memcpy(page, (ULONG[]){1, 2}, 8);
    } else {
        ULONG n = command->namespace - 1;
        ULONG64 blocks = SIM_BYTES >> SIM_SHIFT(n);
        blocks -= sim.changed && n == 0;
        memcpy(page, &blocks, 8);
        page[46] = n == 0 ? 96 : 0; // a boundary at each 48 KiB
        memcpy(page + 128, &(ULONG){SIM_SHIFT(n) << 16}, 4);
    }
}

static inline void sim_admin(struct sim_queue *queue, const struct nvme_command *command)
{
    unsigned id = command->cdw10 & 0xffff, entries = (command->cdw10 >> 16) + 1;
    ULONG result = 0;
    switch (command->opcode) {
    case NVME_ADMIN_IDENTIFY:
        sim_identify(command);
        break;
    case NVME_ADMIN_CREATE_CQ:
        sim.queues[id] = (struct sim_queue){
            .completion = (PVOID)(ULONG_PTR)command->prp1, .entries = entries, .phase = 1};
        break;
    case NVME_ADMIN_CREATE_SQ:
        sim.queues[id].submission = (PVOID)(ULONG_PTR)command->prp1;
        break;
    case NVME_ADMIN_ABORT:
        sim.aborts++;
        if (sim.deaf)
            return;
        result = 1; // not aborted
        break;
    default:
        break;
    }
    sim_answer(queue, command, 0, 0, result);
}

static inline ULONG64 sim_prp(const struct nvme_command *command, unsigned page, unsigned pages)
{
    if (page == 0)
        return command->prp1;
    return pages == 2 ? command->prp2 : ((ULONG64 *)(ULONG_PTR)command->prp2)[page - 1];
}

static inline void sim_move(const struct nvme_command *command)
{
    ULONG n = command->namespace - 1;
    ULONG64 first = command->cdw10 | (ULONG64)command->cdw11 << 32;
    ULONG bytes = (command->cdw12 + 1) << SIM_SHIFT(n);
    if (n >= SIM_SPACES || bytes > NVME_PAGE << SIM_MDTS ||
        (first << SIM_SHIFT(n)) + bytes > SIM_BYTES)
        abort(); // the driver's mistake
    if (n == 0 && first / 96 != (first + command->cdw12) / 96)
        abort();
    UCHAR *at = sim.medium[n] + (first << SIM_SHIFT(n));
    unsigned pages = (unsigned)(command->prp1 % NVME_PAGE + bytes + NVME_PAGE - 1) / NVME_PAGE;
    for (unsigned page = 0; bytes > 0; page++) {
        ULONG64 address = sim_prp(command, page, pages);
        ULONG part = NVME_PAGE - (ULONG)(address % NVME_PAGE);
        part = part < bytes ? part : bytes;
        if (page > 0 && address % NVME_PAGE)
            abort();
        BOOLEAN write = command->opcode == NVME_WRITE;
        memcpy(write ? at : (UCHAR *)address, write ? (UCHAR *)address : at, part);
        at += part;
        bytes -= part;
    }
    sim.largest = sim.largest < pages ? pages : sim.largest;
}

static inline void sim_io(struct sim_queue *queue, unsigned id, const struct nvme_command *command)
{
    unsigned status = sim.status;
    sim.status = 0;
    sim.commands++;
    sim.flushes += command->opcode == NVME_FLUSH;
    if (status == 0 && command->opcode != NVME_FLUSH)
        sim_move(command);
    sim_answer(queue, command, id, status, 0);
}

static inline void sim_work(unsigned id)
{
    struct sim_queue *queue = &sim.queues[id];
    while (queue->submission && queue->head != queue->tail && !(id && sim.silent)) {
        struct nvme_command command = queue->submission[queue->head];
        queue->head = (queue->head + 1) % queue->entries;
        if (id)
            sim_io(queue, id, &command);
        else
            sim_admin(queue, &command);
    }
}

static inline void sim_control(ULONG value)
{
    ULONG *status = &sim.registers[NVME_CSTS / 4];
    bool was = sim.registers[NVME_CC / 4] & 1, is = value & 1;
    sim.registers[NVME_CC / 4] = value;
    if (value & NVME_CC_SHUTDOWN) {
        sim.shutdowns++;
        *status |= NVME_CSTS_SHUTDOWN_DONE;
    }
    if (sim.stuck || was == is)
        return;
    memset(sim.queues, 0, sizeof sim.queues);
    *status = is;
    sim.enables += is;
    if (!is)
        return;
    ULONG64 submission, completion;
    memcpy(&submission, &sim.registers[NVME_ASQ / 4], 8);
    memcpy(&completion, &sim.registers[NVME_ACQ / 4], 8);
    sim.queues[0] = (struct sim_queue){.submission = (PVOID)submission,
                                       .completion = (PVOID)completion,
                                       .entries = (sim.registers[NVME_AQA / 4] & 0xfff) + 1,
                                       .phase = 1};
}

// --- The driver's registers.c -------------------------------------------------------------------

ULONG NvmeRead(struct controller *nvme, ULONG offset)
{
    UNREFERENCED_PARAMETER(nvme);
    pthread_mutex_lock(&sim.lock);
    ULONG value = sim.registers[offset / 4];
    pthread_mutex_unlock(&sim.lock);
    return value;
}

ULONG64 NvmeReadLong(struct controller *nvme, ULONG offset)
{
    return NvmeRead(nvme, offset) | (ULONG64)NvmeRead(nvme, offset + 4) << 32;
}

VOID NvmeWrite(struct controller *nvme, ULONG offset, ULONG value)
{
    UNREFERENCED_PARAMETER(nvme);
    pthread_mutex_lock(&sim.lock);
    if (offset == NVME_CC)
        sim_control(value);
    else if (offset < NVME_DOORBELLS)
        sim.registers[offset / 4] = value;
    else if (((offset - NVME_DOORBELLS) / 4) % 2 == 0)
        sim.queues[(offset - NVME_DOORBELLS) / 8].tail = value;
    pthread_mutex_unlock(&sim.lock);
}

static void *sim_main(void *unused)
{
    while (!sim.stop) {
        pthread_mutex_lock(&sim.lock);
        for (unsigned i = 0; i < SIM_QUEUES; i++)
            sim_work(i);
        pthread_mutex_unlock(&sim.lock);
        if (atomic_exchange(&sim.interrupt, false))
            (void)posix_interrupt(VECTOR);
        usleep(50);
    }
    return unused;
}

// --- The stack ----------------------------------------------------------------------------------

static NTSTATUS agree(PDEVICE_OBJECT unused, PIRP irp)
{
    UNREFERENCED_PARAMETER(unused);
    irp->IoStatus.Status = STATUS_SUCCESS;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return STATUS_SUCCESS;
}

static inline void sim_reset(void)
{
    memset(sim.registers, 0, sizeof sim.registers);
    memset(sim.queues, 0, sizeof sim.queues);
    memset(sim.medium, 0, sizeof sim.medium);
    sim.silent = sim.deaf = sim.stuck = sim.changed = sim.stop = sim.interrupt = false;
    sim.lie = SIM_HONEST;
    sim.status = sim.flushes = sim.aborts = sim.enables = sim.shutdowns = 0;
    sim.commands = sim.largest = 0;
    sim.registers[NVME_CAP / 4] = 0x3f | 2u << 24; // 64 entries, a second
    sim.registers[NVME_CAP / 4 + 1] = 1u << 5;
}

static inline NTSTATUS bring_up(void)
{
    sim_reset();
    pthread_create(&sim.thread, NULL, sim_main, NULL);
    NTSTATUS status = start_stack(agree, bar, sizeof bar);
    if (NT_SUCCESS(status))
        find_disks(disks, SIM_SPACES);
    return status;
}

static inline void tear_down(void)
{
    (void)pnp(IRP_MN_REMOVE_DEVICE, NULL);
    sim.stop = true;
    pthread_join(sim.thread, NULL);
    IoDeleteDevice(bottom);
}
