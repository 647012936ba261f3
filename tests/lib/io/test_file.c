// SPDX-License-Identifier: MIT
// The client I/O library against a driver that lives in ash_wait: whenever the client sleeps, the
// driver takes what was submitted and answers as the test told it to.
#include "ash/file.h"
#include "ash/fileinfo.h"
#include "ash/manager.h"
#include "ash/memory.h"
#include "ash/ring.h"
#include "ash/slot.h"
#include "ash/start.h"
#include "ash/syscall.h"
#include "ash_test.h"
#include "io.h"
#include "memory.h"

static struct ash_answerer driver;
static struct ash_link_info link_info;
static struct ash_ledger ledger;
static unsigned grants, accusations, closes, rings;
static char *granted[16]; /* by grant id */
static char disk[1 << 20];
static enum { SERVE, HOLD, LIE_ABOUT_LENGTH, ANSWER_TWICE, DIE } mood;
static struct ash_request last;
static char last_inline[ASH_LINK_DATA_INLINE];

/* --- the managers ------------------------------------------------------------------------------
 */

ash_status ash_request(ash_cptr, ash_word op, const void *request, size_t, void *reply, size_t)
{
    if (op == ASH_MEM_GRANT) {
        granted[++grants] = (char *)((const struct ash_mem_grant_request *)request)->address;
        *(struct ash_mem_grant_reply *)reply = (struct ash_mem_grant_reply){.grant = grants};
    }
    accusations += op == ASH_IO_PROTOCOL_ERROR;
    closes += op == ASH_IO_CLOSE;
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

void ash_slot_delete(ash_cptr)
{
}

ash_status ash_map(size_t bytes, void **address)
{
    *address = aligned_alloc(4096, (bytes + 4095) & ~(size_t)4095);
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
    make_link();
    for (size_t i = 0; i < sizeof(disk); i++)
        disk[i] = (char)(i * 31 + i / 251);
    CHECK_EQ(ash_open("C:\\x", ASH_FILE_READ_DATA, ASH_FILE_OPEN, 0, &file), STATUS_SUCCESS);
}

TEST(own_memory_goes_through_the_bounce_buffer)
{
    begin();
    static char data[200000];
    size_t done;
    CHECK_EQ(ash_read(file, data, sizeof(data), 4097, &done), STATUS_SUCCESS);
    CHECK_EQ(done, sizeof(data));
    CHECK_MEM(data, disk + 4097, sizeof(data));
    CHECK_EQ(grants, 1);
    memset(data, 'w', sizeof(data));
    CHECK_EQ(ash_write(file, data, sizeof(data), 777, &done), STATUS_SUCCESS);
    CHECK_MEM(disk + 777, data, sizeof(data));
    CHECK_EQ(grants, 1);
    CHECK_EQ(last.device, 9);
    CHECK_EQ(last.file, 40);
    CHECK_EQ(last.requestor, 20);
    CHECK_EQ(last.mode, 1);
}

TEST(registered_memory_is_granted_once_and_not_copied)
{
    begin();
    char *buffer = ash_io_buffer_alloc(65536);
    size_t done;
    for (unsigned i = 0; i < 5; i++)
        CHECK_EQ(ash_read(file, buffer + 512 * i, 4096, 8192 * i, &done), STATUS_SUCCESS);
    CHECK_EQ(grants, 1);
    CHECK_EQ(last.grant_offset, 2048);
    CHECK_EQ(last.grant_length, 4096);
    CHECK_MEM(buffer + 2048, disk + 32768, 4096);
    ash_io_buffer_free(buffer);
}

TEST(many_in_flight)
{
    begin();
    char *buffer = ash_io_buffer_alloc(64 * 4096);
    struct ash_io io[ASH_LINK_DATA_SLOTS + 1];
    unsigned started = 0;
    while (started < ASH_LINK_DATA_SLOTS + 1 &&
           ash_success(ash_read_start(file, buffer + (size_t)started % 64 * 4096, 4096,
                                      4096ull * started, &io[started])))
        started++;
    CHECK(started >= ASH_IO_IN_FLIGHT);
    CHECK_EQ(started, ASH_LINK_DATA_SLOTS);
    CHECK(!ash_io_done(&io[0]));
    for (unsigned i = started; i-- > 0;) {
        CHECK_EQ(ash_io_wait(&io[i]), STATUS_SUCCESS);
        CHECK_EQ(io[i].information, 4096);
    }
    CHECK_MEM(buffer, disk, 64 * 4096);
    CHECK(rings <= 2); /* one doorbell for the batch */
    ash_io_buffer_free(buffer);
}

TEST(unregistered_memory_cannot_be_started)
{
    begin();
    char buffer[16];
    struct ash_io io;
    CHECK_EQ(ash_read_start(file, buffer, sizeof(buffer), 0, &io), STATUS_INVALID_PARAMETER);
}

TEST(small_answers_come_inline_and_large_ones_by_grant)
{
    begin();
    char small[100], large[3000], wanted[3000];
    size_t done;
    memset(wanted, 'i', sizeof(wanted));
    CHECK_EQ(ash_query_info(file, 5, small, sizeof(small), &done), STATUS_SUCCESS);
    CHECK_EQ(last.grant, 0);
    CHECK_MEM(small, wanted, sizeof(small));
    CHECK_EQ(ash_query_info(file, 5, large, sizeof(large), &done), STATUS_SUCCESS);
    CHECK(last.grant != 0);
    CHECK_EQ(done, sizeof(large));
    CHECK_MEM(large, wanted, sizeof(large));
    CHECK_EQ(ash_ioctl(file, 0x222000, "abc", 3, small, 8, &done), STATUS_SUCCESS);
    CHECK_MEM(last_inline, "abc", 3);
    CHECK_EQ(last.parameter[1], 3);
    CHECK_EQ(done, 8);
    CHECK_EQ(ash_ioctl(file, 0x222002, "abc", 3, large, 2000, &done),
             STATUS_SUCCESS); /* OUT_DIRECT */
    CHECK(last.grant != 0);
    CHECK_EQ(last.inline_size, 3);
    CHECK_MEM(large, wanted, 2000);
}

TEST(rename_travels_as_documented)
{
    begin();
    CHECK_EQ(ash_file_rename(file, "n\303\244w", true), STATUS_SUCCESS);
    CHECK_EQ(last.parameter[0], 26);
    CHECK_EQ(last.parameter[1], ASH_FILE_RENAME_INFORMATION);
    CHECK_EQ(last_inline[0], 1);
    CHECK_MEM(last_inline + 16, "\6\0\0\0n\0\344\0w\0", 10);
    CHECK_EQ(ash_file_rename(file, "bad\377", true), STATUS_OBJECT_NAME_INVALID);
    CHECK_EQ(ash_file_delete(file), STATUS_SUCCESS);
    CHECK_EQ(last.parameter[1], ASH_FILE_DISPOSITION_INFORMATION);
}

TEST(cancelled_request_ends)
{
    begin();
    char *buffer = ash_io_buffer_alloc(4096);
    struct ash_io io;
    mood = HOLD;
    CHECK_EQ(ash_read_start(file, buffer, 1, 0, &io), STATUS_SUCCESS);
    run_driver();
    CHECK(!ash_io_done(&io));
    CHECK(!ash_io_wait_until(&io, ash_time() + 100));
    ash_io_cancel(&io);
    CHECK_EQ((uint32_t)ash_io_wait(&io), (uint32_t)STATUS_CANCELLED);
    ash_io_buffer_free(buffer);
}

TEST(dead_driver_ends_everything)
{
    begin();
    char *buffer = ash_io_buffer_alloc(8192), data[10];
    struct ash_io io;
    size_t done;
    mood = HOLD;
    CHECK_EQ(ash_read_start(file, buffer, 4096, 0, &io), STATUS_SUCCESS);
    mood = DIE;
    CHECK_EQ((uint32_t)ash_io_wait(&io), (uint32_t)STATUS_DEVICE_REMOVED);
    CHECK_EQ((uint32_t)ash_read(file, data, 10, 0, &done), (uint32_t)STATUS_DEVICE_REMOVED);
    CHECK_EQ((uint32_t)ash_query_info(file, 5, data, 10, &done), (uint32_t)STATUS_DEVICE_REMOVED);
    CHECK_EQ(accusations, 0);
    CHECK_EQ(ash_close(file), STATUS_SUCCESS);
    CHECK_EQ(closes, 1);
    ash_io_buffer_free(buffer);
}

TEST(length_that_was_not_asked_for_is_not_believed)
{
    begin();
    char data[16] = "untouched";
    size_t done;
    mood = LIE_ABOUT_LENGTH;
    CHECK_EQ((uint32_t)ash_read(file, data, 8, 0, &done), (uint32_t)STATUS_DEVICE_PROTOCOL_ERROR);
    CHECK_EQ(done, 0);
    CHECK_STR(data, "untouched");
    CHECK_EQ((uint32_t)ash_query_info(file, 5, data, 8, &done),
             (uint32_t)STATUS_DEVICE_PROTOCOL_ERROR);
}

TEST(second_answer_ends_the_link_and_is_reported_once)
{
    begin();
    char data[8];
    size_t done;
    mood = ANSWER_TWICE;
    (void)ash_read(file, data, 8, 0, &done);
    CHECK_EQ((uint32_t)ash_read(file, data, 8, 0, &done), (uint32_t)STATUS_DEVICE_PROTOCOL_ERROR);
    CHECK_EQ((uint32_t)ash_read(file, data, 8, 0, &done), (uint32_t)STATUS_DEVICE_PROTOCOL_ERROR);
    CHECK_EQ(accusations, 1);
}

TEST(closing_waits_for_what_is_under_way)
{
    begin();
    char *buffer = ash_io_buffer_alloc(4096);
    struct ash_io io;
    CHECK_EQ(ash_read_start(file, buffer, 512, 0, &io), STATUS_SUCCESS);
    CHECK_EQ(ash_close(file), STATUS_SUCCESS);
    CHECK(io.done);
    CHECK_MEM(buffer, disk, 512);
    ash_io_buffer_free(buffer);
}
