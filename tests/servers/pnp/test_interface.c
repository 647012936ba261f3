// SPDX-License-Identifier: MIT
/* Device interfaces in the device tree: who may, when they become visible, what remains. */
#include "ash_test.h"
#include "interface_table.h"
#include "machine.h"
#include <stdio.h>
#include <string.h>

enum { BUS_TASK = 20, FUNCTION_TASK = 21, OTHER_TASK = 22 };

#define LINK_NAME "\\??\\TEST#Device#7#{00010203-0405-0607-0809-0a0b0c0d0e0f}"

static const uint8_t class[16] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
static struct pnp_node *node;
static ash_word pdo, seen;

static struct ash_pnp_interface_request request_for(ash_word device, const char *reference)
{
    struct ash_pnp_interface_request request = {.device = device};
    memcpy(request.guid, class, sizeof(class));
    snprintf(request.reference, sizeof(request.reference), "%s", reference);
    return request;
}

static ash_status add(ash_word task, ash_word device, const char *reference)
{
    struct ash_pnp_interface_request request = request_for(device, reference);
    struct ash_pnp_interface_reply reply;
    return pnp_interface_add(task, &request, &reply);
}

static enum ash_pnp_event_kind next_event(void)
{
    struct ash_pnp_event_reply event;
    if (!pnp_event_after(seen, &event))
        return ASH_PNP_EVENT_NONE;
    seen = event.sequence;
    return (enum ash_pnp_event_kind)event.kind;
}

/* A node whose stack stands and that is about to be started. */
static void prepare(void)
{
    static struct pnp_driver bus = {.name = "bus", .task = BUS_TASK};
    if (node != nullptr)
        pnp_node_free(node);
    pnp_root = nullptr;
    machine_reset();
    pnp_interface_clear();
    pdo = machine_add_device(BUS_TASK);
    machine_attach(FUNCTION_TASK, pdo, machine_add_device(FUNCTION_TASK));
    node = pnp_node_new(nullptr, pdo, &bus);
    node->device_id = strdup("TEST\\Device");
    node->instance_id = strdup("7");
    node->state = ASH_PNP_DEVICE_ADDED;
    seen = pnp_event_last();
    machine_clear_trace();
}

static void started(void)
{
    node->state = ASH_PNP_STARTED;
    pnp_interface_node_started(node);
}

TEST(only_the_drivers_of_a_device_register_interfaces_for_its_pdo)
{
    prepare();
    CHECK_EQ(add(OTHER_TASK, pdo, ""), STATUS_INVALID_DEVICE_REQUEST);
    CHECK_EQ(add(FUNCTION_TASK, pdo + 1, ""), STATUS_INVALID_DEVICE_REQUEST); /* its FDO */
    CHECK_EQ(add(FUNCTION_TASK, pdo, "a\\b"), STATUS_INVALID_DEVICE_REQUEST);
    CHECK_EQ(add(FUNCTION_TASK, pdo, ""), STATUS_SUCCESS);
    CHECK_EQ(add(FUNCTION_TASK, pdo, ""), STATUS_OBJECT_NAME_EXISTS);
    CHECK_EQ(pnp_interface_set(OTHER_TASK, LINK_NAME, true), STATUS_ACCESS_DENIED);
}

TEST(an_interface_becomes_visible_when_its_device_is_started)
{
    prepare();
    CHECK_EQ(add(FUNCTION_TASK, pdo, ""), STATUS_SUCCESS);
    CHECK_EQ(pnp_interface_set(FUNCTION_TASK, LINK_NAME, true), STATUS_SUCCESS);
    CHECK_EQ(pnp_interface_set(FUNCTION_TASK, LINK_NAME, true), STATUS_OBJECT_NAME_EXISTS);
    CHECK_STR(machine_trace, "");
    CHECK_EQ(next_event(), ASH_PNP_EVENT_NONE);
    started();
    CHECK(strstr(machine_trace, "link:" LINK_NAME ">\\Device\\") == machine_trace);
    CHECK_EQ(next_event(), ASH_PNP_EVENT_ARRIVAL);
    CHECK_EQ(next_event(), ASH_PNP_EVENT_NONE);
}

TEST(an_interface_of_a_started_device_comes_and_goes_at_once)
{
    prepare();
    started();
    CHECK_EQ(add(FUNCTION_TASK, pdo, "x"), STATUS_SUCCESS);
    CHECK_EQ(pnp_interface_set(FUNCTION_TASK, LINK_NAME "\\X", true), STATUS_SUCCESS);
    CHECK_EQ(next_event(), ASH_PNP_EVENT_ARRIVAL);
    machine_clear_trace();
    CHECK_EQ(pnp_interface_set(FUNCTION_TASK, LINK_NAME "\\x", false), STATUS_SUCCESS);
    CHECK_STR(machine_trace, "unlink:" LINK_NAME " ");
    CHECK_EQ(next_event(), ASH_PNP_EVENT_REMOVAL);
    CHECK_EQ(pnp_interface_set(FUNCTION_TASK, LINK_NAME "\\x", false),
             STATUS_OBJECT_NAME_NOT_FOUND);
}

TEST(a_device_that_goes_takes_its_interfaces_and_they_stay_registered)
{
    prepare();
    started();
    CHECK_EQ(add(FUNCTION_TASK, pdo, ""), STATUS_SUCCESS);
    CHECK_EQ(pnp_interface_set(FUNCTION_TASK, LINK_NAME, true), STATUS_SUCCESS);
    node->gone = true;
    pnp_interface_node_gone(node);
    CHECK_EQ(next_event(), ASH_PNP_EVENT_ARRIVAL);
    CHECK_EQ(next_event(), ASH_PNP_EVENT_REMOVAL);
    CHECK_EQ(pnp_interface_set(FUNCTION_TASK, LINK_NAME, false), STATUS_OBJECT_NAME_NOT_FOUND);
    node->gone = false;
    CHECK_EQ(add(FUNCTION_TASK, pdo, ""), STATUS_OBJECT_NAME_EXISTS); /* it came back */
    CHECK_EQ(pnp_interface_set(FUNCTION_TASK, LINK_NAME, true), STATUS_SUCCESS);
}

TEST(a_removed_device_is_told_once_a_start)
{
    struct ash_pnp_event_reply event;
    prepare();
    started();
    pnp_event_removed(node);
    pnp_event_removed(node);
    CHECK(pnp_event_after(seen, &event));
    CHECK_EQ(event.kind, ASH_PNP_EVENT_REMOVED);
    CHECK_EQ(event.device, pdo);
    CHECK_EQ(pnp_event_last(), seen + 1);
}

TEST(who_is_too_slow_for_events_gets_the_oldest_that_is_kept)
{
    struct ash_pnp_event_reply event;
    prepare();
    started();
    CHECK_EQ(add(FUNCTION_TASK, pdo, ""), STATUS_SUCCESS);
    for (unsigned i = 0; i < ASH_PNP_EVENTS_KEPT; i++) {
        CHECK_EQ(pnp_interface_set(FUNCTION_TASK, LINK_NAME, true), STATUS_SUCCESS);
        CHECK_EQ(pnp_interface_set(FUNCTION_TASK, LINK_NAME, false), STATUS_SUCCESS);
    }
    CHECK(pnp_event_after(seen, &event));
    CHECK_EQ(event.sequence, pnp_event_last() - ASH_PNP_EVENTS_KEPT + 1);
    CHECK(!pnp_event_after(pnp_event_last(), &event));
}

TEST(a_name_that_is_too_long_is_refused)
{
    char reference[128];
    prepare();
    memset(reference, 'r', sizeof(reference) - 1);
    reference[sizeof(reference) - 1] = '\0';
    CHECK_EQ(add(FUNCTION_TASK, pdo, reference), STATUS_SUCCESS);
    free(node->device_id);
    node->device_id = strdup("TEST\\A-device-with-a-long-name-of-its-own");
    CHECK_EQ(add(FUNCTION_TASK, pdo, reference), STATUS_INSUFFICIENT_RESOURCES);
}
