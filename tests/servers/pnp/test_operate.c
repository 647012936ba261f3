// SPDX-License-Identifier: MIT
/* Operations on devices: each minor code in its documented order, refusals, silence, garbage. */
#include "ash_test.h"
#include "devices.h"

TEST(removal_that_is_asked_for_is_queried_first_and_is_no_surprise)
{
    start(1);
    operate(ASH_PNP_OPERATION_REMOVE, device);
    CHECK_STR(machine_trace, "rel3 21:01 21:02 operated:7:0 ");
    CHECK_EQ(device->state, ASH_PNP_REMOVED);
    CHECK(pnp_settled());
    machine_clear_trace();
    CHECK_EQ(pnp_enable(device), STATUS_SUCCESS);
    machine_pump();
    CHECK_EQ(device->state, ASH_PNP_STARTED);
}

TEST(a_refused_removal_is_cancelled)
{
    start(1);
    behaviour[0x01].status = STATUS_UNSUCCESSFUL;
    operate(ASH_PNP_OPERATION_REMOVE, device);
    CHECK_STR(machine_trace, "rel3 21:01 [TEST\\Device\\1: IRP_MN_QUERY_REMOVE_DEVICE was answered "
                             "with 0xc0000001] 21:03 operated:7:c0000001 ");
    CHECK_EQ(device->state, ASH_PNP_STARTED);
    CHECK_EQ(machine_reply.veto, ASH_PNP_VETO_DRIVER);
    CHECK_STR(machine_reply.instance, "TEST\\Device\\1");
    CHECK_STR(machine_reply.driver, "func");
}

TEST(open_files_are_a_veto_after_the_drivers_agreed)
{
    start(1);
    machine_files(1);
    operate(ASH_PNP_OPERATION_REMOVE, device);
    CHECK_STR(machine_trace, "rel3 21:01 21:03 operated:7:80000011 ");
    CHECK_EQ(machine_reply.veto, ASH_PNP_VETO_OUTSTANDING_OPEN);
    CHECK_EQ(device->state, ASH_PNP_STARTED);
}

TEST(a_mounted_file_system_is_a_veto)
{
    start(1);
    machine_mounted(true);
    CHECK_EQ(pnp_operate(ASH_PNP_OPERATION_EJECT, root, 1), STATUS_NOT_SUPPORTED);
    operate(ASH_PNP_OPERATION_REMOVE, device);
    CHECK_EQ(machine_reply.veto, ASH_PNP_VETO_MOUNTED);
    CHECK_EQ(device->state, ASH_PNP_STARTED);
}

TEST(children_are_asked_and_removed_before_their_parent)
{
    start(2);
    operate(ASH_PNP_OPERATION_REMOVE, root);
    CHECK_STR(machine_trace, "21:01 21:01 bus01 21:02 21:02 bus02 operated:7:0 ");
    CHECK(root->child == nullptr);
    start(2);
    behaviour[0x01].status = STATUS_UNSUCCESSFUL;
    operate(ASH_PNP_OPERATION_REMOVE, root);
    CHECK(strstr(machine_trace, "bus01") == nullptr); /* the first child refused already */
    CHECK_EQ(root->state, ASH_PNP_STARTED);
    CHECK_EQ(device->state, ASH_PNP_STARTED);
}

TEST(a_disabled_device_stays_until_it_is_enabled)
{
    start(1);
    operate(ASH_PNP_OPERATION_DISABLE, device);
    CHECK_EQ(device->state, ASH_PNP_DISABLED);
    pnp_rescan(root);
    machine_pump();
    CHECK_EQ(device->state, ASH_PNP_DISABLED);
    CHECK_EQ(pnp_enable(device), STATUS_SUCCESS);
    machine_pump();
    CHECK_EQ(device->state, ASH_PNP_STARTED);
    state_flags = PNP_DEVICE_NOT_DISABLEABLE;
    device->state_again = true;
    pnp_resume();
    machine_pump();
    CHECK_EQ(pnp_operate(ASH_PNP_OPERATION_DISABLE, device, 1), STATUS_ACCESS_DENIED);
    CHECK_EQ(pnp_operate(ASH_PNP_OPERATION_DISABLE, root, 1), STATUS_ACCESS_DENIED);
}

TEST(drivers_may_say_that_the_device_failed_or_is_disabled)
{
    start(1);
    state_flags = PNP_DEVICE_FAILED;
    device->state_again = true;
    machine_clear_trace();
    pnp_resume();
    machine_pump();
    CHECK(strstr(machine_trace, "21:17 21:02") != nullptr);
    CHECK_EQ(device->state, ASH_PNP_FAILED);
    start(1);
    state_flags = PNP_DEVICE_DISABLED;
    device->state_again = true;
    pnp_resume();
    machine_pump();
    CHECK_EQ(device->state, ASH_PNP_DISABLED);
}

TEST(a_driver_that_is_started_again_may_try_again_when_it_says_that_the_device_failed)
{
    with_restarts = true;
    start(1);
    with_restarts = false;
    state_flags = PNP_DEVICE_FAILED;
    device->state_again = true;
    machine_clear_trace();
    pnp_resume();
    machine_pump();
    CHECK(strstr(machine_trace, "condemn:21:ca:") != nullptr);
    state_flags = 0;
    machine_kill(FUNC);
    machine_pump();
    CHECK_EQ(device->state, ASH_PNP_STARTED);
}

TEST(ejection_unlocks_and_goes_to_the_pdo)
{
    start(1);
    CHECK_EQ(pnp_operate(ASH_PNP_OPERATION_EJECT, device, 1), STATUS_NOT_SUPPORTED);
    clear();
    machine_reset();
    capabilities = PNP_EJECT_SUPPORTED | PNP_LOCK_SUPPORTED;
    boot(1);
    operate(ASH_PNP_OPERATION_EJECT, device);
    CHECK_STR(machine_trace, "rel3 rel1 21:01 21:02 lock0:1 eject:1 operated:7:0 pdo02:1 ");
    CHECK(root->child == nullptr); /* its bus lists it no longer */
}

TEST(an_ejection_that_fails_says_so)
{
    start(0);
    capabilities = PNP_EJECT_SUPPORTED;
    child_count = 1;
    pnp_enumerate(root);
    machine_pump();
    eject_status = STATUS_IO_DEVICE_ERROR;
    operate(ASH_PNP_OPERATION_EJECT, root->child);
    CHECK_EQ(machine_reply.status, (uint32_t)STATUS_IO_DEVICE_ERROR);
    CHECK_EQ(root->child->state, ASH_PNP_REMOVED);
    CHECK(strstr(machine_trace, "IRP_MN_EJECT was answered") != nullptr);
}

TEST(removal_relations_go_along)
{
    start(2);
    related = children[1];
    operate(ASH_PNP_OPERATION_REMOVE, device);
    CHECK_EQ(device->state, ASH_PNP_REMOVED);
    CHECK_EQ(device->sibling->state, ASH_PNP_REMOVED);
    start(1);
    related = 4711; /* garbage, and what the device hangs from */
    operate(ASH_PNP_OPERATION_REMOVE, device);
    CHECK(strstr(machine_trace, "names a device as related that cannot be") != nullptr);
    CHECK_EQ(device->state, ASH_PNP_REMOVED);
    start(1);
    related = root_pdo;
    operate(ASH_PNP_OPERATION_REMOVE, device);
    CHECK_EQ(root->state, ASH_PNP_STARTED);
    CHECK_EQ(device->state, ASH_PNP_REMOVED);
}

TEST(remove_cannot_be_refused)
{
    start(1);
    behaviour[0x02].status = STATUS_UNSUCCESSFUL;
    operate(ASH_PNP_OPERATION_REMOVE, device);
    CHECK_STR(machine_trace, "rel3 21:01 21:02 pdo02:1 operated:7:0 "); /* its bus is told */
    CHECK_EQ(device->state, ASH_PNP_REMOVED);
}

TEST(a_rebalance_stops_and_starts)
{
    start(1);
    operate(ASH_PNP_OPERATION_REBALANCE, device);
    CHECK_STR(machine_trace, "21:05 21:04 21:00 operated:7:0 ");
    CHECK_EQ(device->state, ASH_PNP_STARTED);
    behaviour[0x05].status = STATUS_UNSUCCESSFUL;
    operate(ASH_PNP_OPERATION_REBALANCE, device);
    CHECK(strstr(machine_trace, "] 21:06 operated:7:c0000001") != nullptr);
    CHECK(strstr(machine_trace, "21:04") == nullptr);
    CHECK_EQ(device->state, ASH_PNP_STARTED);
    behaviour[0x05].status = STATUS_SUCCESS;
    behaviour[0x00].status = STATUS_DEVICE_NOT_READY;
    operate(ASH_PNP_OPERATION_REBALANCE, device);
    CHECK(strstr(machine_trace, "21:17 21:02") != nullptr); /* as documented for this START */
    CHECK_EQ(device->state, ASH_PNP_FAILED);
    CHECK(pnp_settled());
}

TEST(remove_waits_for_open_files_after_a_surprise)
{
    start(1);
    machine_files(2);
    child_count = 0;
    machine_clear_trace();
    pnp_enumerate(root);
    machine_pump();
    CHECK_STR(machine_trace, "21:17 ");
    CHECK_EQ(device->state, ASH_PNP_SURPRISE_REMOVED);
    CHECK(pnp_settled()); /* a file may stay open for days */
    machine_files(0);
    pnp_driver_event(&(struct ash_io_event_reply){.kind = ASH_IO_EVENT_FILES_CLOSED});
    machine_pump();
    CHECK_STR(machine_trace, "21:17 21:02 ");
    CHECK(root->child == nullptr);
}

TEST(filters_are_added_from_the_lowest_up)
{
    start_with_filters();
    CHECK(strstr(machine_trace, "add22 add21 add23 ") != nullptr);
    CHECK(strstr(machine_trace, "23:00 ") != nullptr);
    CHECK_EQ(device->state, ASH_PNP_STARTED);
    CHECK_EQ(device->stack_count, 3);
    CHECK(strstr(machine_trace, "enumerated:1 ") != nullptr);
}

TEST(the_death_of_a_filter_is_the_devices)
{
    const ash_word tasks[] = {LOW, FUNC, UP};
    for (unsigned i = 0; i < 3; i++) {
        start_with_filters();
        machine_clear_trace();
        machine_kill(tasks[i]);
        machine_pump();
        CHECK_EQ(device->state, ASH_PNP_FAILED);
        CHECK(strstr(machine_trace, "died") != nullptr);
        CHECK(strstr(machine_trace, "release") != nullptr);
        CHECK(pnp_settled());
        CHECK_EQ(root->state, ASH_PNP_STARTED);
    }
}

TEST(a_filter_that_cannot_be_added_fails_the_device_and_frees_the_others)
{
    with_filters = true;
    clear();
    machine_reset();
    memset(behaviour, 0, sizeof(behaviour));
    machine_fail_add(UP);
    boot(1);
    with_filters = false;
    CHECK_EQ(device->state, ASH_PNP_FAILED);
    CHECK(strstr(machine_trace, "its filter driver's AddDevice failed") != nullptr);
    CHECK(strstr(machine_trace, "21:02 ") != nullptr);
    CHECK(strstr(machine_trace, "21:00 ") == nullptr);
}

TEST(silence_is_an_answer_after_the_deadline)
{
    static const uint8_t minors[] = {0x01, 0x03, 0x04, 0x05, 0x06};
    for (unsigned i = 0; i < sizeof(minors); i++) {
        start(2);
        bool stops = minors[i] >= 0x04;
        behaviour[minors[i]].hangs = true;
        if (minors[i] == 0x03 || minors[i] == 0x06) /* after a refusal */
            behaviour[stops ? 0x05 : 0x01].status = STATUS_UNSUCCESSFUL;
        operate(stops ? ASH_PNP_OPERATION_REBALANCE : ASH_PNP_OPERATION_REMOVE, device);
        CHECK(pnp_operating());
        machine_pass(31000);
        machine_pump();
        CHECK(!pnp_operating());
        CHECK_EQ(device->state, ASH_PNP_FAILED);
        CHECK_EQ(device->status, STATUS_IO_TIMEOUT);
        CHECK(strstr(machine_trace, "its stack does not answer IRP_MN_") != nullptr);
        CHECK_EQ(root->state, ASH_PNP_STARTED);
        CHECK_EQ(root->child->sibling->state, ASH_PNP_STARTED);
    }
}

TEST(a_driver_that_dies_in_an_operation_ends_it)
{
    start(1);
    behaviour[0x01].hangs = true;
    operate(ASH_PNP_OPERATION_REMOVE, device);
    machine_kill(FUNC);
    machine_pump();
    CHECK(!pnp_operating());
    CHECK_EQ(machine_reply.status, (uint32_t)STATUS_DEVICE_REMOVED);
    CHECK_EQ(device->state, ASH_PNP_FAILED);
    CHECK(strstr(machine_trace, "release:21") != nullptr);
}

TEST(who_watches_a_device_is_asked)
{
    ash_word physical;
    struct ash_pnp_event_reply event;
    start(1);
    CHECK_EQ(pnp_target_watch(OTHER, children[0], true, &physical), STATUS_SUCCESS);
    CHECK_EQ(physical, children[0]);
    ash_word last = pnp_event_last();
    operate(ASH_PNP_OPERATION_REMOVE, device);
    CHECK(pnp_event_after(last, &event) && event.kind == ASH_PNP_EVENT_QUERY_REMOVE);
    CHECK_EQ(pnp_target_answer(FUNC, event.sequence, STATUS_SUCCESS), STATUS_INVALID_PARAMETER);
    CHECK_EQ(pnp_target_answer(OTHER, event.sequence, STATUS_UNSUCCESSFUL), STATUS_SUCCESS);
    machine_pump();
    CHECK_EQ(machine_reply.veto, ASH_PNP_VETO_TARGET);
    CHECK_EQ(machine_reply.task, OTHER);
    CHECK(strstr(machine_trace, "21:01") == nullptr); /* asked before the drivers */
    CHECK(pnp_event_after(last + 1, &event) && event.kind == ASH_PNP_EVENT_REMOVE_CANCELLED);
    CHECK_EQ(device->state, ASH_PNP_STARTED);
    operate(ASH_PNP_OPERATION_REMOVE, device);
    machine_pass(21000); /* no answer is a no */
    machine_pump();
    CHECK_EQ(machine_reply.status, (uint32_t)STATUS_IO_TIMEOUT);
    operate(ASH_PNP_OPERATION_REMOVE, device);
    pnp_target_task_gone(OTHER); /* who is no more does not mind */
    pnp_resume();
    machine_pump();
    CHECK_EQ(device->state, ASH_PNP_REMOVED);
}

TEST(a_device_of_no_bus)
{
    struct pnp_node *node;
    start(0);
    add_inf("drivers/own/own.inf", "func", "ROOT\\Own", "");
    CHECK_EQ(pnp_add_root("USB\\Own", &node), STATUS_INVALID_PARAMETER);
    CHECK_EQ(pnp_add_root("ROOT\\Own", &node), STATUS_SUCCESS);
    machine_pump();
    CHECK_EQ(node->state, ASH_PNP_STARTED);
    CHECK(pnp_node_at(1) == node);
    operate(ASH_PNP_OPERATION_REMOVE, node);
    CHECK(strstr(machine_trace, "21:02 ") != nullptr &&
          strstr(machine_trace, "delete:") != nullptr);
    CHECK(pnp_node_at(1) == nullptr);
}

TEST(operations_wait_for_their_turn)
{
    start(2);
    machine_clear_trace();
    CHECK_EQ(pnp_operate(ASH_PNP_OPERATION_REMOVE, device, 1), STATUS_PENDING);
    CHECK_EQ(pnp_operate(ASH_PNP_OPERATION_REMOVE, device->sibling, 2), STATUS_PENDING);
    CHECK_EQ(pnp_operate(ASH_PNP_OPERATION_REBALANCE, device->sibling, 3), STATUS_PENDING);
    machine_pump();
    const char *first = strstr(machine_trace, "operated:1:0"),
               *second = strstr(machine_trace, "operated:2:0");
    CHECK(first != nullptr && second != nullptr && first < second);
    CHECK(strstr(machine_trace, "operated:3:0") != nullptr); /* nothing was there to be stopped */
    CHECK(!pnp_operating());
    clear();
}
