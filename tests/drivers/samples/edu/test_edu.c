// SPDX-License-Identifier: MIT
//
// The sample driver edu on the real kit, with a simulated device.

#include "ash_test.h"
#include "chip.h"

#define ID    0x010000edu
#define WIDTH 64u

static alignas(4096) UCHAR pages[3 * PAGE_SIZE];

// The simulated device reaches everything, and says so.
static void start(void)
{
    ULONG bits = WIDTH;
    struct sent sent;
    CHECK_EQ(bring_up(ID), STATUS_SUCCESS);
    CHECK_EQ(ask(&sent, IOCTL_EDU_SET_DMA_WIDTH, &bits, sizeof bits, NULL, 0), STATUS_SUCCESS);
}

static NTSTATUS copy(struct sent *sent, ULONG code, ULONG offset, ULONG way, PVOID data,
                     ULONG bytes)
{
    struct edu_place place = {offset, way};
    NTSTATUS status = ask(sent, code, &place, sizeof place, data, bytes);
    if (status == STATUS_PENDING) {
        chip_work();
        status = finish(sent);
    }
    return status;
}

TEST(tells_who_is_there)
{
    struct edu_identity who;
    struct sent sent;
    start();
    CHECK_EQ(ask(&sent, IOCTL_EDU_IDENTIFY, NULL, 0, &who, sizeof who), STATUS_SUCCESS);
    CHECK_EQ(sent.iosb.Information, sizeof who);
    CHECK_EQ(who.major, 1u);
    CHECK_EQ(who.minor, 0u);
    CHECK_EQ(who.alive, 1u);
    CHECK_EQ(who.interrupt, EDU_INTERRUPT_LINE);
    CHECK_EQ(who.dma_bits, WIDTH);
    CHECK_EQ(ask(&sent, IOCTL_EDU_IDENTIFY, NULL, 0, &who, 4), STATUS_BUFFER_TOO_SMALL);
    tear_down();
    CHECK_EQ(bring_up(0x12345678), STATUS_NO_SUCH_DEVICE);
    tear_down();
}

TEST(a_factorial_is_pended_until_the_interrupt)
{
    ULONG n = 10, result = 0;
    struct sent sent;
    start();
    CHECK_EQ(ask(&sent, IOCTL_EDU_FACTORIAL, &n, sizeof n, &result, sizeof result), STATUS_PENDING);
    chip_interrupt(EDU_CAUSE_DMA); // nobody asked for that
    CHECK(!posix_interrupt(VECTOR));
    CHECK_EQ(KeReadStateEvent(&sent.event), 0);
    chip_work();
    CHECK_EQ(finish(&sent), STATUS_SUCCESS);
    CHECK_EQ(result, 3628800u);
    CHECK_EQ(sent.iosb.Information, sizeof result);
    CHECK_EQ(ask(&sent, IOCTL_EDU_FACTORIAL, &n, 2, &result, 4), STATUS_INVALID_PARAMETER);
    CHECK_EQ(ask(&sent, IOCTL_EDU_FACTORIAL, &n, 4, &result, 2), STATUS_BUFFER_TOO_SMALL);
    tear_down();
}

// Pages that do not follow one another take a transfer each; in this process they follow.
static void both_ways(ULONG way, ULONG offset, ULONG bytes)
{
    struct sent sent;
    PUCHAR from = pages + PAGE_SIZE - 100, to = pages + 2 * PAGE_SIZE - 50;
    memset(pages, 0, sizeof pages);
    memset(chip.buffer, 0x11, sizeof chip.buffer);
    for (ULONG i = 0; i < bytes; i++)
        from[i] = (UCHAR)(i * 7 + way);
    CHECK_EQ(copy(&sent, IOCTL_EDU_COPY_TO, offset, way, from, bytes), STATUS_SUCCESS);
    CHECK_EQ(sent.iosb.Information, bytes);
    CHECK_MEM(chip.buffer + offset, from, bytes);
    CHECK(offset == 0 || chip.buffer[offset - 1] == 0x11);
    CHECK(offset + bytes == EDU_BUFFER_BYTES || chip.buffer[offset + bytes] == 0x11);
    memset(from, 0, bytes);
    CHECK_EQ(copy(&sent, IOCTL_EDU_COPY_FROM, offset, way, to, bytes), STATUS_SUCCESS);
    CHECK_MEM(to, chip.buffer + offset, bytes);
    CHECK_EQ(to[-1], 0);
    CHECK_EQ(to[bytes], 0);
}

TEST(copies_by_packet_and_through_the_common_buffer)
{
    start();
    for (ULONG way = EDU_PACKET; way <= EDU_COMMON; way++) {
        both_ways(way, 0, 1);
        both_ways(way, 100, 1000);
        both_ways(way, EDU_BUFFER_BYTES - 600, 600);
        both_ways(way, 0, EDU_BUFFER_BYTES);
    }
    tear_down();
}

TEST(what_would_leave_the_buffer_is_refused)
{
    struct sent sent;
    struct edu_place place = {0, EDU_PACKET};
    ULONG bits = 27;
    start();
    CHECK_EQ(copy(&sent, IOCTL_EDU_COPY_TO, 1, 0, pages, EDU_BUFFER_BYTES),
             STATUS_INVALID_PARAMETER);
    CHECK_EQ(copy(&sent, IOCTL_EDU_COPY_TO, 4097, 0, pages, 1), STATUS_INVALID_PARAMETER);
    CHECK_EQ(copy(&sent, IOCTL_EDU_COPY_FROM, MAXULONG, 0, pages, 2), STATUS_INVALID_PARAMETER);
    CHECK_EQ(copy(&sent, IOCTL_EDU_COPY_TO, 0, 2, pages, 1), STATUS_INVALID_PARAMETER);
    CHECK_EQ(ask(&sent, IOCTL_EDU_COPY_TO, &place, 4, pages, 1), STATUS_INVALID_PARAMETER);
    CHECK_EQ(ask(&sent, IOCTL_EDU_COPY_TO, &place, sizeof place, NULL, 0),
             STATUS_INVALID_PARAMETER);
    CHECK_EQ(ask(&sent, IOCTL_EDU_SET_DMA_WIDTH, &bits, 4, NULL, 0), STATUS_INVALID_PARAMETER);
    CHECK_EQ(ask(&sent, 0x12345678, NULL, 0, NULL, 0), STATUS_INVALID_DEVICE_REQUEST);
    CHECK_EQ(chip.dmas, 0u);
    tear_down();
}

TEST(what_waits_is_served_in_order_or_cancelled)
{
    ULONG n[4] = {3, 4, 5, 6}, result[4] = {};
    struct sent sent[4], cleanup;
    start();
    for (unsigned i = 0; i < 4; i++)
        CHECK_EQ(ask(&sent[i], IOCTL_EDU_FACTORIAL, &n[i], 4, &result[i], 4), STATUS_PENDING);
    CHECK(!IoCancelIrp(sent[0].irp)); // the device has it
    CHECK(IoCancelIrp(sent[2].irp));
    CHECK_EQ(finish(&sent[2]), STATUS_CANCELLED);
    KeInitializeEvent(&cleanup.event, NotificationEvent, FALSE);
    PIRP irp = IoBuildSynchronousFsdRequest(IRP_MJ_FLUSH_BUFFERS, device, NULL, 0, NULL,
                                            &cleanup.event, &cleanup.iosb);
    IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_CLEANUP;
    IoGetNextIrpStackLocation(irp)->FileObject = &sent[3].file;
    CHECK_EQ(IoCallDriver(device, irp), STATUS_SUCCESS);
    CHECK_EQ(finish(&sent[3]), STATUS_CANCELLED);
    chip_work();
    CHECK_EQ(finish(&sent[0]), STATUS_SUCCESS);
    CHECK_EQ(finish(&sent[1]), STATUS_SUCCESS);
    CHECK_EQ(result[0], 6u);
    CHECK_EQ(result[1], 24u);
    tear_down();
}

TEST(requests_wait_while_the_device_is_stopped)
{
    ULONG n = 5, result = 0;
    struct edu_identity who;
    struct sent sent, other;
    start();
    CHECK_EQ(pnp(IRP_MN_QUERY_STOP_DEVICE), STATUS_SUCCESS);
    CHECK_EQ(pnp(IRP_MN_STOP_DEVICE), STATUS_SUCCESS);
    CHECK(!posix_interrupt(VECTOR));
    CHECK_EQ(ask(&sent, IOCTL_EDU_FACTORIAL, &n, 4, &result, 4), STATUS_PENDING);
    CHECK_EQ(ask(&other, IOCTL_EDU_IDENTIFY, NULL, 0, &who, sizeof who), STATUS_DEVICE_NOT_READY);
    CHECK(!chip.factorial_asked);
    CHECK_EQ(pnp(IRP_MN_START_DEVICE), STATUS_SUCCESS);
    chip_work();
    CHECK_EQ(finish(&sent), STATUS_SUCCESS);
    CHECK_EQ(result, 120u);
    CHECK_EQ(pnp(IRP_MN_QUERY_STOP_DEVICE), STATUS_SUCCESS);
    CHECK_EQ(ask(&sent, IOCTL_EDU_FACTORIAL, &n, 4, &result, 4), STATUS_PENDING);
    CHECK_EQ(pnp(IRP_MN_CANCEL_STOP_DEVICE), STATUS_SUCCESS);
    chip_work();
    CHECK_EQ(finish(&sent), STATUS_SUCCESS);
    tear_down();
}

TEST(a_device_that_does_not_answer_has_failed)
{
    struct edu_place place = {0, EDU_PACKET};
    ULONG n = 5, result = 0;
    struct sent sent, waiting;
    start();
    unsigned reports = posix_invalidations();
    chip.deaf = TRUE;
    CHECK_EQ(ask(&sent, IOCTL_EDU_COPY_TO, &place, sizeof place, pages, 512), STATUS_PENDING);
    CHECK_EQ(ask(&waiting, IOCTL_EDU_FACTORIAL, &n, 4, &result, 4), STATUS_PENDING);
    CHECK_EQ(finish(&sent), STATUS_IO_TIMEOUT);
    CHECK_EQ(finish(&waiting), STATUS_IO_TIMEOUT);
    CHECK_EQ(ask(&sent, IOCTL_EDU_FACTORIAL, &n, 4, &result, 4), STATUS_DEVICE_NOT_READY);
    chip_interrupt(EDU_CAUSE_DMA); // too late
    CHECK_EQ(pnp(IRP_MN_SURPRISE_REMOVAL), STATUS_SUCCESS);
    CHECK_EQ(posix_invalidations_await(reports + 1), reports + 1);
    tear_down();
}

TEST(removal_fails_what_waits_and_ends_what_flies)
{
    ULONG n = 5, result = 0;
    struct sent sent, waiting;
    start();
    chip.deaf = TRUE;
    CHECK_EQ(ask(&sent, IOCTL_EDU_FACTORIAL, &n, 4, &result, 4), STATUS_PENDING);
    CHECK_EQ(ask(&waiting, IOCTL_EDU_FACTORIAL, &n, 4, &result, 4), STATUS_PENDING);
    CHECK_EQ(pnp(IRP_MN_SURPRISE_REMOVAL), STATUS_SUCCESS);
    CHECK_EQ(finish(&waiting), STATUS_NO_SUCH_DEVICE);
    CHECK_EQ(finish(&sent), STATUS_IO_TIMEOUT);
    tear_down();
}
