// SPDX-License-Identifier: MIT
// The world of the tests of the client I/O library: managers that say yes, one thread, and a driver
// that lives in ash_wait: whenever the client sleeps, it takes what was submitted and answers as
// the test told it to. For one source file of a test program.
#ifndef TESTS_LIB_IO_WORLD_H
#define TESTS_LIB_IO_WORLD_H

#include "ash/file.h"
#include "ash/fileinfo.h"
#include "ash/manager.h"
#include "ash/memory.h"
#include "ash/ring.h"
#include "ash/slot.h"
#include "ash/start.h"
#include "ash/syscall.h"
#include "ash/thread.h"
#include "ash_test.h"
#include "io.h"
#include "memory.h"

static struct ash_answerer driver;
static struct ash_link_info link_info;
static struct ash_ledger ledger;
static unsigned grants, accusations, closes, rings;
static char *granted[16]; /* by grant id */
static ash_word last_prot;
static unsigned grants_closed;
static _Atomic uint16_t uses[ASH_LINK_SLOTS_MAX]; /* what the driver's device has open, by slot */
static uint64_t ended;                            /* slots of ASH_MEM_DMA_END */
static char disk[1 << 20];
static enum { SERVE, HOLD, LIE_ABOUT_LENGTH, ANSWER_TWICE, DIE } mood;
static struct ash_request last;
static char last_inline[ASH_LINK_DATA_INLINE];
static ash_word information; /* of control requests that are not buffered */
static ash_status status;
static void run_driver(void);

/* --- the managers ------------------------------------------------------------------------------
 */

ash_status ash_request(ash_cptr, ash_word op, const void *request, size_t, void *reply, size_t)
{
    if (op == ASH_MEM_GRANT) {
        granted[++grants] = (char *)((const struct ash_mem_grant_request *)request)->address;
        *(struct ash_mem_grant_reply *)reply = (struct ash_mem_grant_reply){.grant = grants};
        last_prot = ((const struct ash_mem_grant_request *)request)->prot;
    }
    if (op == ASH_MEM_DMA_USE)
        ((struct ash_mem_map_reply *)reply)->address = (ash_word)uses;
    if (op == ASH_MEM_DMA_END) {
        ended |= (uint64_t)1 << ((const struct ash_mem_dma_end_request *)request)->slot;
        uses[((const struct ash_mem_dma_end_request *)request)->slot] = 0;
    }
    grants_closed += op == ASH_MEM_GRANT_CLOSE;
    accusations += op == ASH_IO_PROTOCOL_ERROR;
    closes += op == ASH_IO_CLOSE;
    if (op == ASH_IO_CLOSE && mood != DIE)
        run_driver(); /* CLEANUP, CLOSE: after what is under way */
    return STATUS_SUCCESS;
}

static void make_link(void)
{
    static ash_word link = 6;
    size_t in = ash_link_request_bytes(ASH_LINK_DATA_SLOTS, ASH_LINK_DATA_INLINE);
    size_t out = ash_link_answer_bytes(ASH_LINK_DATA_SLOTS, ASH_LINK_DATA_INLINE);
    link_info = (struct ash_link_info){.link = ++link,
                                       .requests = (ash_word)calloc(1, in),
                                       .answers = (ash_word)calloc(1, out),
                                       .slots = ASH_LINK_DATA_SLOTS,
                                       .inline_bytes = ASH_LINK_DATA_INLINE};
    ash_ring_format((void *)link_info.requests, (void *)link_info.answers, ASH_LINK_FILE,
                    ASH_LINK_DATA_SLOTS, ASH_LINK_DATA_INLINE);
    ash_answerer_init(&driver, &link_info);
    ledger = (struct ash_ledger){(void *)link_info.requests, (void *)link_info.answers,
                                 ASH_LINK_DATA_SLOTS, ASH_LINK_DATA_INLINE};
    (void)ash_answerer_sleep(&driver);
}

ash_status ash_request_caps(ash_cptr, ash_word op, const void *, size_t, void *reply, size_t,
                            struct ash_caps *caps)
{
    if (op != ASH_IO_OPEN)
        return STATUS_SUCCESS;
    *(struct ash_io_open_reply *)reply = (struct ash_io_open_reply){
        .file = 40, .information = 1, .link = link_info, .device = {.device = 9}};
    caps->received = 1;
    caps->slot[0] = 77;
    return STATUS_SUCCESS;
}

ash_status ash_notification_create(ash_cptr *slot)
{
    *slot = 5;
    return STATUS_SUCCESS;
}

ash_cptr ash_slot_alloc(void)
{
    return 8;
}

void ash_slot_free(ash_cptr)
{
}

/* One thread: nobody ever waits for another one. */
void ash_mutex_lock_slow(struct ash_mutex *)
{
    abort();
}

void ash_mutex_unlock_slow(struct ash_mutex *)
{
    abort();
}

bool ash_park(ash_word)
{
    abort();
}

void ash_slot_delete(ash_cptr)
{
}

ash_status ash_map(size_t bytes, void **address)
{
    *address = aligned_alloc(4096, (bytes + 4095) & ~(size_t)4095);
    memset(*address, 0, bytes);
    return STATUS_SUCCESS;
}

ash_status ash_unmap(void *address)
{
    free(address);
    return STATUS_SUCCESS;
}

const struct ash_start *ash_start(void)
{
    static const struct ash_start start = {.task = 20};
    return &start;
}

struct ash_ipc_buffer *ash_ipc(void)
{
    static struct ash_ipc_buffer buffer;
    return &buffer;
}

ash_word ash_time(void)
{
    static ash_word now;
    return now += 10;
}

/* --- the driver ----------------------------------------------------------------------------------
 */

static void answer_one(int slot, const struct ash_request *r)
{
    struct ash_answer answer = {.status = STATUS_SUCCESS, .information = r->parameter[0]};
    char *data = r->grant != 0 ? granted[r->grant] + r->grant_offset : nullptr;
    last = *r;
    memcpy(last_inline, ash_answerer_input(&driver, slot), r->inline_size);
    if (r->major == 3 && data != nullptr)
        memcpy(data, disk + r->parameter[1], r->parameter[0]);
    if (r->major == 4 && data != nullptr)
        memcpy(disk + r->parameter[1], data, r->parameter[0]);
    if (r->major == 5 || r->major == 14) { /* as many 'i' as fit */
        char *out = data != nullptr ? data : ash_answerer_output(&driver, slot);
        memset(out, 'i', r->parameter[0]);
        answer.inline_size = data != nullptr ? 0 : (uint32_t)r->parameter[0];
    }
    if (r->major == 14 && (r->parameter[2] & 3) != 0) {
        answer.information = information;
        answer.status = status;
    }
    if (r->major == 6 || r->major == 9)
        answer.information = 0;
    if (mood == LIE_ABOUT_LENGTH)
        answer.information = r->parameter[0] + 1;
    (void)ash_answerer_complete(&driver, slot, &answer);
    if (mood == ANSWER_TWICE)
        driver.answers->complete[driver.answers->complete_tail++ % ASH_LINK_DATA_SLOTS] =
            (uint16_t)slot;
}

static void cancel_held(void)
{
    int slot;
    while ((slot = ash_answerer_cancelled(&driver)) >= 0)
        (void)ash_answerer_complete(&driver, slot,
                                    &(struct ash_answer){.status = STATUS_CANCELLED});
}

static void run_driver(void)
{
    struct ash_request request;
    int slot;
    if (mood == DIE) {
        ash_ledger_end(&ledger, STATUS_DEVICE_REMOVED);
        return;
    }
    ash_answerer_awake(&driver);
    do {
        while ((slot = ash_answerer_take(&driver, &request)) >= 0) {
            if (mood != HOLD)
                answer_one(slot, &request);
        }
        cancel_held();
    } while (!ash_answerer_sleep(&driver));
}

ash_word ash_wait(ash_cptr)
{
    run_driver();
    return 1;
}

ash_word ash_signal_wait(ash_cptr signal, ash_cptr wait)
{
    ash_signal(signal);
    return ash_wait(wait);
}

void ash_signal(ash_cptr)
{
    rings++;
}

/* --- the tests -----------------------------------------------------------------------------------
 */

static struct ash_file *file;

/* The files of earlier tests: their driver is gone, so they are kept rather than closed. */
static struct ash_file *earlier[32];

static void begin(void)
{
    static unsigned tests;
    CHECK(tests < sizeof(earlier) / sizeof(earlier[0]));
    earlier[tests++] = file;
    mood = SERVE;
    grants = accusations = closes = rings = 0;
    information = 0;
    status = STATUS_SUCCESS;
    make_link();
    for (size_t i = 0; i < sizeof(disk); i++)
        disk[i] = (char)(i * 31 + i / 251);
    CHECK_EQ(ash_open("C:\\x", ASH_FILE_READ_DATA, ASH_FILE_OPEN, 0, &file), STATUS_SUCCESS);
}

#endif
