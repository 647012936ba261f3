// SPDX-License-Identifier: MIT
/* What the IOMMU refuses is reported, bounded, and ends who does it too often; a device is turned
 * off at its bus before memory that it could reach is used for something else. */
#include "ash_test.h"
#include "devices.h"

enum { FIRST = 1 << 3, SECOND = 2 << 3, NOBODY = 17 << 3 };

static unsigned times(const char *text)
{
    unsigned count = 0;
    for (const char *at = machine_trace; (at = strstr(at, text)) != nullptr; at++)
        count++;
    return count;
}

static bool before(const char *first, const char *second)
{
    const char *at = strstr(machine_trace, first);
    return at != nullptr && strstr(at, second) != nullptr;
}

/* Two PCI functions and the IOMMU below the root. */
static void start_behind(bool enforced)
{
    clear();
    machine_reset();
    memset(behaviour, 0, sizeof(behaviour));
    with_iommu = true;
    deaf = false;
    machine_enforce(enforced);
    boot(3);
    with_iommu = false;
}

static void faults(ash_word id, ash_word address, unsigned count)
{
    machine_fault(id, address, count, false);
    machine_clear_trace();
    pnp_fault_signalled();
    pnp_irp_alarm();
}

static struct ash_pnp_dma_reply ask(ash_word index)
{
    struct ash_pnp_dma_reply reply;
    if (pnp_query_dma(index, &reply) != STATUS_SUCCESS)
        reply.device = ~(ash_word)0;
    return reply;
}

TEST(the_iommus_interrupt_is_taken_and_it_gets_no_driver)
{
    clear();
    machine_reset();
    add_inf("drivers/evil/evil.inf", "func", "DT\\riscv,iommu", "");
    with_iommu = true;
    machine_enforce(true);
    boot(3);
    CHECK_EQ(times("faultirq:36e "), 1);
    struct pnp_node *iommu = pnp_node_of_device(children[2]);
    CHECK_EQ(iommu->state, ASH_PNP_NO_DRIVER);
    CHECK_EQ(device->state, ASH_PNP_STARTED);
    with_iommu = false;
}

TEST(a_fault_is_told_with_device_driver_address_and_reason)
{
    start_behind(true);
    faults(FIRST, 0x80200000, 1);
    CHECK(strstr(machine_trace, "TEST\\Device\\") != nullptr);
    CHECK(before("(func", "write at 0x80200000: the page was not granted for writing (cause 23)"));
    CHECK_EQ(times("ack "), 1);
    struct ash_pnp_dma_reply first = ask(0), second = ask(1);
    CHECK_EQ(first.state, ASH_PNP_DMA_ENFORCED);
    CHECK_EQ(first.faults, 1);
    CHECK_EQ(first.address, 0x80200000);
    CHECK_STR(first.kind, "write");
    CHECK_STR(first.service, "func");
    CHECK_EQ(first.device, FIRST);
    CHECK_EQ(second.faults, 0);
    CHECK_EQ(second.device, SECOND);
    struct ash_pnp_dma_reply none;
    CHECK_EQ(pnp_query_dma(2, &none), STATUS_NO_MORE_ENTRIES);
}

TEST(who_nobody_has_found_is_told_too)
{
    start_behind(true);
    faults(NOBODY, 0x1000, 2);
    CHECK_EQ(times("a device that no bus driver has found"), 2);
    struct ash_pnp_dma_reply unknown = ask(2);
    CHECK_EQ(unknown.node, 0);
    CHECK_EQ(unknown.faults, 2);
}

TEST(reading_is_bounded_and_the_log_says_what_it_left_out)
{
    start_behind(true);
    faults(FIRST, 0x5000, 200);
    CHECK_EQ(device->faults.count, 64);
    CHECK_EQ(times("its DMA was refused: "), 4);
    CHECK_EQ(times("ack "), 0);
    for (unsigned i = 0; i < 9; i++)
        machine_pass(1);
    CHECK_EQ(device->faults.count, 64);
    machine_pass(1);
    CHECK_EQ(device->faults.count, 128);
    machine_pass(10);
    machine_pass(10);
    CHECK_EQ(device->faults.count, 200);
    CHECK_EQ(times("ack "), 1);
    CHECK_EQ(times("196 more times"), 0);
    machine_pass(1000);
    CHECK_EQ(times("its DMA was refused 196 more times, last write at 0x5000"), 1);
    CHECK_EQ(times("condemn"), 0);
    machine_pass(5000);
    CHECK_EQ(times("more times"), 1);
}

TEST(an_overflow_is_told)
{
    start_behind(true);
    machine_fault(FIRST, 0x5000, 3, true);
    faults(SECOND, 0x6000, 1);
    CHECK_EQ(times("no room"), 1);
    CHECK_EQ(ask(0).lost, 1);
}

/* 1024 in a second are borne, however often; more are not. */
static void storm(unsigned count)
{
    faults(FIRST, 0x7000, count);
    for (unsigned i = 0; i < 40; i++)
        machine_pass(10);
}

TEST(a_storm_ends_the_driver_and_turns_the_device_off)
{
    start_behind(true);
    storm(1024);
    CHECK_EQ(times("condemn"), 0);
    machine_pass(1000);
    storm(1025);
    CHECK_EQ(times("condemn:21:e6:7000:23 "), 1);
    machine_pump();
    CHECK(times("quiesce:") >= 1);
    CHECK_EQ(device->state, ASH_PNP_FAILED);
    CHECK_EQ(device->status, (ash_status)STATUS_DEVICE_PROTOCOL_ERROR);
    CHECK_EQ(ask(0).cut_off, 1);
    machine_kill(FUNC);
    machine_pump();
    CHECK_EQ(device->status, (ash_status)STATUS_DEVICE_PROTOCOL_ERROR);
    CHECK_EQ(ask(0).state, ASH_PNP_DMA_NONE);
}

TEST(who_is_started_again_is_ended_at_the_first_fault)
{
    with_restarts = true;
    start_behind(true);
    with_restarts = false;
    faults(FIRST, 0x7000, 200); /* more than are read at once */
    CHECK_EQ(times("condemn:21:e6:7000:23 "), 1);
    CHECK_EQ(device->state, ASH_PNP_STARTED);
    machine_kill(FUNC);
    machine_pump();
    CHECK_EQ(device->state, ASH_PNP_STARTED);
    for (unsigned i = 0; i < 40; i++)
        machine_pass(10);
    CHECK_EQ(device->faults.count, 200);
    CHECK_EQ(times("condemn"), 1); /* the next task has done nothing */
    faults(FIRST, 0x8000, 1);
    CHECK_EQ(times("condemn"), 1);
    CHECK_EQ(times(":e6:8000:23 "), 1);
}

TEST(a_device_that_was_cut_off_can_be_started_again)
{
    start_behind(true);
    storm(1100);
    machine_kill(FUNC);
    machine_pump();
    CHECK_EQ(pnp_enable(device), STATUS_SUCCESS);
    machine_pump();
    CHECK_EQ(device->state, ASH_PNP_STARTED);
    CHECK_EQ(ask(0).cut_off, 0);
    CHECK(ask(0).faults >= 1025);
}

TEST(a_dead_drivers_device_is_off_before_its_memory_is_free)
{
    start_behind(false);
    machine_clear_trace();
    machine_kill(FUNC);
    machine_pump();
    CHECK(before("quiesce:", "pdo17:")); /* at once, then SURPRISE_REMOVAL, REMOVE, and again */
    CHECK(before("pdo02:", "quiesce:"));
    CHECK(before("pdo02:", "release:21 "));
    CHECK_EQ(times("release:21 "), 1);
    CHECK(strstr(strstr(machine_trace, "release:21 "), "quiesce:") == nullptr);
}

TEST(memory_that_a_device_may_still_write_is_not_given_back)
{
    start_behind(false);
    deaf = true;
    machine_clear_trace();
    machine_kill(FUNC);
    machine_pump();
    CHECK_EQ(times("release:21 "), 0);
    CHECK_EQ(times("is kept until the system restarts"), 2);
}

TEST(behind_the_iommu_a_deaf_bus_does_no_harm)
{
    start_behind(true);
    deaf = true;
    machine_clear_trace();
    machine_kill(FUNC);
    machine_pump();
    CHECK_EQ(times("release:21 "), 1);
    deaf = false;
}

TEST(a_driver_that_stays_is_quiesced_before_its_grants_end)
{
    start_behind(true);
    operate(ASH_PNP_OPERATION_DISABLE, device);
    CHECK(before("21:02 ", "quiesce:"));
    CHECK_EQ(device->state, ASH_PNP_DISABLED);
}

TEST(a_driver_that_is_stopped_is_quiesced_before_its_grants_end)
{
    start_behind(true);
    operate(ASH_PNP_OPERATION_REBALANCE, device);
    CHECK(before("21:04 ", "quiesce:"));
    CHECK(before("quiesce:", "dma0:21:"));
    CHECK(before("dma0:21:", "21:00 "));
    CHECK_EQ(times("quiesce:"), 1);
    CHECK_EQ(device->state, ASH_PNP_STARTED);
    deaf = true; /* then the IOMMU is all that stops it */
    operate(ASH_PNP_OPERATION_REBALANCE, device);
    CHECK(before("quiesce:", "dma0:21:"));
    CHECK_EQ(device->state, ASH_PNP_STARTED);
    deaf = false;
}

TEST(a_driver_cannot_say_which_device_of_the_bus_its_own_is)
{
    lying_address = 7;
    start_behind(true);
    lying_address = 0;
    CHECK_EQ(device->state, ASH_PNP_STARTED);
    CHECK_EQ(device->capabilities, PNP_REMOVABLE);
    CHECK_EQ(device->address, 1u << 16);
    CHECK_EQ(pnp_dma_device(device), FIRST);
}

TEST(every_cause_has_words)
{
    CHECK_STR(pnp_fault_reason(258), "no memory is granted to the device at all");
    CHECK_STR(pnp_fault_reason(4000), "for a reason that the specification does not list");
    CHECK_STR(pnp_fault_kind(262, 9), "message");
    CHECK_STR(pnp_fault_kind(21, 3), "read");
    CHECK_STR(pnp_fault_kind(23, 3), "write");
    CHECK_STR(pnp_fault_kind(258, 63), "access");
    clear();
}
