// SPDX-License-Identifier: MIT
//
// The whole NVMe driver on the real kit, with a simulated controller on a thread of its own: data,
// errors, aborts, resets, lies, stopping.
#include "ash_test.h"
#include "simulated.h"

#define LARGE (1u << 20)
#define MANY  100u

static alignas(4096) UCHAR buffer[LARGE + PAGE_SIZE], back[LARGE + PAGE_SIZE];
static struct sent sents[MANY];

static void fill(PUCHAR at, ULONG bytes, unsigned seed)
{
    for (ULONG i = 0; i < bytes; i++)
        at[i] = (UCHAR)(i * 31 + i / 512 + seed);
}

static void there_and_back(PDEVICE_OBJECT disk, ULONGLONG offset, ULONG shift, ULONG bytes)
{
    fill(buffer + shift, bytes, shift + 1);
    memset(back, 0, sizeof back);
    CHECK_EQ(transfer(IRP_MJ_WRITE, disk, offset, buffer + shift, bytes), STATUS_SUCCESS);
    CHECK_EQ(transfer(IRP_MJ_READ, disk, offset, back + shift, bytes), STATUS_SUCCESS);
    CHECK_MEM(back + shift, buffer + shift, bytes);
}

TEST(two_namespaces_are_two_disks)
{
    CHECK_EQ(bring_up(), STATUS_SUCCESS);
    CHECK_EQ(disks[0]->SectorSize, 512);
    CHECK_EQ(disks[1]->SectorSize, 4096);
    CHECK_EQ(disks[0]->AlignmentRequirement, 3u);
    there_and_back(disks[0], 0, 0, 512);
    there_and_back(disks[0], 512 * 95, 4, 1024); // across the boundary
    there_and_back(disks[0], SIM_BYTES - 512, 512, 512);
    there_and_back(disks[1], 0, 0, 4096);
    there_and_back(disks[1], 8192, 100, LARGE); // in pieces, at no page's beginning
    there_and_back(disks[0], 5 * 512, 2048, LARGE);
    CHECK(sim.largest > 2 && sim.largest <= (1u << SIM_MDTS) + 1);
    CHECK_EQ(sim.medium[0][0], 1);
    tear_down();
}

TEST(what_a_disk_refuses)
{
    CHECK_EQ(bring_up(), STATUS_SUCCESS);
    CHECK_EQ(transfer(IRP_MJ_READ, disks[0], 0, back, 100), STATUS_INVALID_PARAMETER);
    CHECK_EQ(transfer(IRP_MJ_READ, disks[0], 100, back, 512), STATUS_INVALID_PARAMETER);
    CHECK_EQ(transfer(IRP_MJ_READ, disks[0], 0, back + 2, 512), STATUS_INVALID_PARAMETER);
    CHECK_EQ(transfer(IRP_MJ_READ, disks[0], SIM_BYTES, back, 512), STATUS_NONEXISTENT_SECTOR);
    CHECK_EQ(transfer(IRP_MJ_READ, disks[1], 512, back, 4096), STATUS_INVALID_PARAMETER);
    CHECK_EQ(sim.commands, 0u);
    CHECK_EQ(transfer(IRP_MJ_FLUSH_BUFFERS, disks[0], 0, NULL, 0), STATUS_SUCCESS);
    CHECK_EQ(sim.flushes, 1u);
    tear_down();
    CHECK_EQ(sim.shutdowns, 1u);
}

TEST(what_the_status_means)
{
    static const struct {
        unsigned status;
        NTSTATUS means;
    } cases[] = {{NVME_STATUS_LBA_RANGE, STATUS_NONEXISTENT_SECTOR},
                 {NVME_STATUS_UNRECOVERED_READ, STATUS_DEVICE_DATA_ERROR},
                 {NVME_STATUS_WRITE_PROTECTED, STATUS_MEDIA_WRITE_PROTECTED},
                 {NVME_STATUS_CAPACITY, STATUS_DISK_FULL},
                 {0x7ff, STATUS_IO_DEVICE_ERROR}};
    CHECK_EQ(bring_up(), STATUS_SUCCESS);
    for (unsigned i = 0; i < ARRAYSIZE(cases); i++) {
        sim.status = cases[i].status;
        CHECK_EQ(transfer(IRP_MJ_READ, disks[0], 0, back, 512), cases[i].means);
        CHECK_EQ(transfer(IRP_MJ_READ, disks[0], 0, back, 512), STATUS_SUCCESS);
    }
    tear_down();
}

// More than there are slots, each a sector of its own.
static void begin_many(ULONG major)
{
    for (unsigned i = 0; i < MANY; i++)
        CHECK_EQ(begin(&sents[i], major, disks[0], i * 512, buffer + i * 512, 512), STATUS_PENDING);
}

static void finish_many(NTSTATUS status)
{
    for (unsigned i = 0; i < MANY; i++)
        CHECK_EQ(finish(&sents[i]), status);
}

TEST(many_in_flight_and_what_waits_is_cancelled)
{
    CHECK_EQ(bring_up(), STATUS_SUCCESS);
    fill(buffer, MANY * 512, 7);
    sim.silent = true;
    begin_many(IRP_MJ_WRITE);
    CHECK(!IoCancelIrp(sents[0].irp));
    CHECK(IoCancelIrp(sents[MANY - 1].irp));
    CHECK_EQ(finish(&sents[MANY - 1]), STATUS_CANCELLED);
    sim.silent = false;
    for (unsigned i = 0; i < MANY - 1; i++)
        CHECK_EQ(finish(&sents[i]), STATUS_SUCCESS);
    CHECK_MEM(sim.medium[0], buffer, (MANY - 1) * 512);
    CHECK_EQ(sim.medium[0][(MANY - 1) * 512], 0);
    tear_down();
}

// --- Time ---------------------------------------------------------------------------------------

static void wait_for(const unsigned *counter, unsigned value)
{
    for (unsigned i = 0; i < 3000 && __atomic_load_n(counter, __ATOMIC_SEQ_CST) < value; i++)
        usleep(1000);
    CHECK(*counter >= value);
}

TEST(a_silent_controller_is_asked_then_reset_and_nothing_is_lost)
{
    CHECK_EQ(bring_up(), STATUS_SUCCESS);
    fill(buffer, MANY * 512, 9);
    sim.silent = true;
    begin_many(IRP_MJ_WRITE);
    wait_for(&sim.aborts, 1);
    wait_for(&sim.enables, 2);
    CHECK_EQ(KeReadStateEvent(&sents[0].event), 0);
    sim.silent = false;
    finish_many(STATUS_SUCCESS);
    CHECK_MEM(sim.medium[0], buffer, MANY * 512);
    there_and_back(disks[1], 0, 0, LARGE);
    tear_down();
}

TEST(a_controller_that_stays_silent_has_failed)
{
    CHECK_EQ(bring_up(), STATUS_SUCCESS);
    unsigned reports = posix_invalidations();
    sim.silent = sim.deaf = true;
    begin_many(IRP_MJ_READ);
    finish_many(STATUS_IO_TIMEOUT);
    CHECK_EQ(sim.enables, 4u); // the first and three resets
    CHECK_EQ(posix_invalidations_await(reports + 1), reports + 1);
    CHECK_EQ(transfer(IRP_MJ_READ, disks[0], 0, back, 512), STATUS_IO_TIMEOUT);
    tear_down();
}

TEST(a_fatal_status_resets)
{
    CHECK_EQ(bring_up(), STATUS_SUCCESS);
    sim.silent = true;
    begin_many(IRP_MJ_READ);
    sim.registers[NVME_CSTS / 4] |= NVME_CSTS_FATAL;
    wait_for(&sim.enables, 2);
    CHECK_EQ(sim.aborts, 0u);
    sim.silent = false;
    finish_many(STATUS_SUCCESS);
    tear_down();
}

TEST(another_disk_after_the_reset_gets_no_requests)
{
    CHECK_EQ(bring_up(), STATUS_SUCCESS);
    sim.silent = true;
    begin_many(IRP_MJ_WRITE);
    sim.changed = true;
    finish_many(STATUS_DEVICE_PROTOCOL_ERROR);
    CHECK_EQ(sim.commands, 0u);
    tear_down();
}

TEST(a_controller_that_is_gone)
{
    CHECK_EQ(bring_up(), STATUS_SUCCESS);
    sim.silent = sim.stuck = true;
    begin_many(IRP_MJ_READ);
    sim.registers[NVME_CSTS / 4] = MAXULONG;
    finish_many(STATUS_DEVICE_PROTOCOL_ERROR);
    tear_down();
}

// --- Lies ---------------------------------------------------------------------------------------

TEST(each_lie_fails_everything_once)
{
    for (enum sim_lie lie = SIM_WRONG_ID; lie < SIM_LIES; lie++) {
        CHECK_EQ(bring_up(), STATUS_SUCCESS);
        unsigned reports = posix_invalidations(), failed = 0;
        sim.silent = true;
        begin_many(IRP_MJ_READ);
        sim.lie = lie;
        sim.silent = false;
        for (unsigned i = 0; i < MANY; i++) {
            NTSTATUS status = finish(&sents[i]);
            CHECK(status == STATUS_SUCCESS || status == STATUS_DEVICE_PROTOCOL_ERROR);
            failed += status != STATUS_SUCCESS;
        }
        CHECK(failed > 0);
        CHECK_EQ(sim.registers[NVME_CC / 4] & 1, 0u);
        CHECK_EQ(posix_invalidations_await(reports + 1), reports + 1);
        CHECK_EQ(transfer(IRP_MJ_READ, disks[0], 0, back, 512), STATUS_DEVICE_PROTOCOL_ERROR);
        tear_down();
    }
}

TEST(a_controller_that_cannot_be_started)
{
    CHECK_EQ(bring_up(), STATUS_SUCCESS);
    CHECK_EQ(pnp(IRP_MN_STOP_DEVICE, NULL), STATUS_SUCCESS);
    sim.registers[NVME_CAP / 4 + 1] = 0;
    CHECK_EQ(pnp(IRP_MN_START_DEVICE, NULL), STATUS_DEVICE_PROTOCOL_ERROR);
    sim.registers[NVME_CAP / 4 + 1] = 1u << 5;
    sim.stuck = true;
    CHECK_EQ(pnp(IRP_MN_START_DEVICE, NULL), STATUS_DEVICE_PROTOCOL_ERROR);
    sim.stuck = false;
    CHECK_EQ(pnp(IRP_MN_START_DEVICE, NULL), STATUS_SUCCESS);
    there_and_back(disks[0], 0, 0, 4096);
    tear_down();
}

// --- States -------------------------------------------------------------------------------------

TEST(requests_wait_while_the_controller_is_stopped)
{
    CHECK_EQ(bring_up(), STATUS_SUCCESS);
    CHECK_EQ(pnp(IRP_MN_QUERY_STOP_DEVICE, NULL), STATUS_SUCCESS);
    begin_many(IRP_MJ_READ);
    CHECK_EQ(pnp(IRP_MN_CANCEL_STOP_DEVICE, NULL), STATUS_SUCCESS);
    finish_many(STATUS_SUCCESS);
    CHECK_EQ(pnp(IRP_MN_QUERY_STOP_DEVICE, NULL), STATUS_SUCCESS);
    CHECK_EQ(pnp(IRP_MN_STOP_DEVICE, NULL), STATUS_SUCCESS);
    CHECK_EQ(sim.shutdowns, 1u);
    begin_many(IRP_MJ_WRITE);
    CHECK_EQ(pnp(IRP_MN_START_DEVICE, NULL), STATUS_SUCCESS);
    finish_many(STATUS_SUCCESS);
    tear_down();
}

TEST(a_stop_of_a_silent_controller_keeps_its_requests)
{
    CHECK_EQ(bring_up(), STATUS_SUCCESS);
    sim.silent = sim.deaf = true;
    begin_many(IRP_MJ_WRITE);
    CHECK_EQ(pnp(IRP_MN_QUERY_STOP_DEVICE, NULL), STATUS_SUCCESS);
    CHECK_EQ(KeReadStateEvent(&sents[0].event), 0);
    sim.silent = false;
    CHECK_EQ(pnp(IRP_MN_CANCEL_STOP_DEVICE, NULL), STATUS_SUCCESS);
    finish_many(STATUS_SUCCESS);
    tear_down();
}

TEST(surprise_removal_fails_what_is_there)
{
    CHECK_EQ(bring_up(), STATUS_SUCCESS);
    sim.silent = true;
    begin_many(IRP_MJ_WRITE);
    CHECK_EQ(pnp(IRP_MN_SURPRISE_REMOVAL, NULL), STATUS_SUCCESS);
    finish_many(STATUS_NO_SUCH_DEVICE);
    tear_down();
}
