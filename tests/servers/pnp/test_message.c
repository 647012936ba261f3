// SPDX-License-Identifier: MIT
/* Messages of devices: what requirement lists ask for, what the INF allows, what a device gets, and
 * connections. */
#include "ash_test.h"
#include "drivers/message.h"
#include "machine.h"
#include "message.h"
#include <stdlib.h>
#include <string.h>

#define TOKEN  0xfffffffeu
#define MEMORY 3
#define LINE   2

/* --- Requirement lists ----------------------------------------------------------------------- */

static uint8_t list[4096];
static size_t list_size;

static void put(size_t at, uint64_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        list[at + i] = (uint8_t)(value >> 8 * i);
}

static void begin_list(void)
{
    memset(list, 0, sizeof(list));
    list_size = 32;
    put(0, list_size, 4);
}

static size_t add_alternative(void)
{
    size_t at = list_size;
    put(28, list[28] + 1u, 4);
    put(at, 1, 2);
    put(at + 2, 1, 2);
    list_size += 8;
    put(0, list_size, 4);
    return at;
}

/* An interrupt: messages 0 is a line. */
static void add_interrupt(size_t alternative, unsigned option, uint32_t messages)
{
    size_t at = list_size;
    put(alternative + 4, list[alternative + 4] + 1u, 4);
    put(at, option, 1);
    put(at + 1, LINE, 1);
    put(at + 4, messages != 0 ? 3 : 0, 2);
    put(at + 8, messages != 0 ? TOKEN - messages + 1 : 33, 4);
    put(at + 12, messages != 0 ? TOKEN : 33, 4);
    list_size += 32;
    put(0, list_size, 4);
}

static void add_memory(size_t alternative)
{
    put(alternative + 4, list[alternative + 4] + 1u, 4);
    put(list_size + 1, MEMORY, 1);
    list_size += 32;
    put(0, list_size, 4);
}

/* As the PCI bus driver makes them for MSI-X: all messages, one, the line. */
static void msix_list(unsigned messages)
{
    begin_list();
    for (unsigned kind = 0; kind < 3; kind++) {
        size_t at = add_alternative();
        add_memory(at);
        for (unsigned i = 0; i < (kind == 0 ? messages : kind == 1); i++)
            add_interrupt(at, 0, 1);
        if (kind == 2)
            add_interrupt(at, 0, 0);
    }
}

static void check_wishes(const struct pnp_wish *expected, unsigned count)
{
    struct pnp_wishes wishes;
    CHECK(pnp_requirements_wishes(list, list_size, &wishes) == nullptr);
    CHECK_EQ(wishes.count, count);
    for (unsigned i = 0; i < count; i++) {
        CHECK_EQ(wishes.item[i].messages, expected[i].messages);
        CHECK_EQ(wishes.item[i].together, expected[i].together);
    }
}

TEST(alternatives_are_wishes_in_their_order)
{
    msix_list(5);
    check_wishes((struct pnp_wish[]){{5, false}, {1, false}, {0, false}}, 3);
    begin_list(); /* MSI: one descriptor for all */
    add_interrupt(add_alternative(), 0, 8);
    check_wishes((struct pnp_wish[]){{8, true}}, 1);
    begin_list(); /* alternatives within one list */
    size_t at = add_alternative();
    add_interrupt(at, 1, 4);
    add_interrupt(at, 8, 0);
    check_wishes((struct pnp_wish[]){{4, true}, {0, false}}, 2);
    begin_list();
    check_wishes(nullptr, 0);
}

TEST(what_the_inf_does_not_allow_is_taken_out)
{
    msix_list(5);
    list_size = pnp_requirements_limit(list, list_size, 0);
    check_wishes((struct pnp_wish[]){{0, false}}, 1);
    msix_list(5);
    list_size = pnp_requirements_limit(list, list_size, 3);
    check_wishes((struct pnp_wish[]){{3, false}, {1, false}, {0, false}}, 3);
    begin_list();
    add_interrupt(add_alternative(), 0, 16);
    list_size = pnp_requirements_limit(list, list_size, 7); /* a power of two stays one */
    check_wishes((struct pnp_wish[]){{4, true}}, 1);
    CHECK_EQ(pnp_requirements_limit(list, list_size, 0), 0);
    begin_list();
    size_t at = add_alternative();
    add_interrupt(at, 1, 4);
    add_interrupt(at, 8, 0);
    list_size = pnp_requirements_limit(list, list_size, 0);
    check_wishes((struct pnp_wish[]){{0, false}}, 1);
    CHECK_EQ(list[at + 8], 0); /* no alternative of anything any more */
}

TEST(a_limit_that_takes_nothing_changes_nothing)
{
    static uint8_t before[sizeof(list)];
    msix_list(5);
    memcpy(before, list, sizeof(list));
    CHECK_EQ(pnp_requirements_limit(list, list_size, 16), list_size);
    CHECK_MEM(list, before, list_size);
}

TEST(lists_that_lie_are_refused)
{
    struct pnp_wishes wishes;
    msix_list(2);
    for (size_t size = 0; size < list_size; size++) {
        CHECK(pnp_requirements_wishes(list, size, &wishes) != nullptr);
        CHECK_EQ(wishes.count, 0);
        CHECK_EQ(pnp_requirements_limit(list, size, 16), 0);
    }
    put(36, 0x08000001, 4); /* as many descriptors as wrap 32 bits */
    CHECK(pnp_requirements_wishes(list, list_size, &wishes) != nullptr);
    msix_list(2);
    put(28, UINT32_MAX, 4);
    CHECK(pnp_requirements_wishes(list, list_size, &wishes) != nullptr);
}

/* --- Devices --------------------------------------------------------------------------------- */

static struct pnp_driver bus = {.task = 20}, function = {.task = 21};

static struct pnp_resources *resources(void)
{
    struct pnp_resources *made = calloc(1, sizeof(*made));
    *made = (struct pnp_resources){
        .count = 2,
        .item = {{.type = PNP_MEMORY, .share = 1, .start = 0x40000000, .length = 0x1000},
                 {.type = PNP_INTERRUPT, .share = 3, .start = 33, .length = 1}}};
    return made;
}

static struct pnp_node *new_node(void)
{
    struct pnp_node *node = calloc(1, sizeof(*node));
    node->bus = &bus;
    node->function = &function;
    node->allowed = true;
    node->assigned = resources();
    node->translated = resources();
    node->match.message_supported = true;
    node->dma_enforced = machine_enforced;
    return node;
}

static void end_node(struct pnp_node *node)
{
    pnp_messages_release(node);
    free(node->assigned);
    free(node->translated);
    free(node->boot);
    free(node);
    machine_messages = 0;
    machine_enforced = false;
}

static void wish(struct pnp_node *node, unsigned messages, bool together)
{
    node->wishes.item[node->wishes.count++] = (struct pnp_wish){(uint16_t)messages, together};
}

static unsigned count_of(const struct pnp_resources *of, uint8_t type)
{
    unsigned count = 0;
    for (unsigned i = 0; i < of->count; i++)
        count += of->item[i].type == type;
    return count;
}

TEST(messages_take_the_place_of_the_line)
{
    machine_messages = 10;
    struct pnp_node *node = new_node();
    wish(node, 3, false);
    pnp_messages_assign(node);
    CHECK_EQ(count_of(node->assigned, PNP_INTERRUPT), 3);
    CHECK_EQ(count_of(node->assigned, PNP_DEVICE_PRIVATE), 3);
    CHECK_EQ(node->translated->count, node->assigned->count); /* parallel */
    for (unsigned i = 0; i < 3; i++) {
        const struct pnp_resource *raw = &node->assigned->item[1 + i];
        const struct pnp_resource *translated = &node->translated->item[1 + i];
        CHECK_EQ(raw->flags, PNP_INTERRUPT_LATCHED | PNP_INTERRUPT_MESSAGE);
        CHECK_EQ(raw->messages, 1);
        CHECK_EQ(translated->flags, raw->flags);
        CHECK_EQ(translated->level, ASH_PNP_DEVICE_IRQL);
        CHECK(translated->start >= PNP_MESSAGE_VECTOR);
        CHECK_EQ(node->assigned->item[4 + i].data[0], MESSAGE_PRIVATE << 16 | raw->start);
        CHECK_EQ(node->assigned->item[4 + i].data[1], 0x28000000);
    }
    pnp_messages_release(node);
    CHECK_EQ(node->assigned->item[1].start, 33); /* the line again */
    CHECK_EQ(node->assigned->count, 2);
    end_node(node);
}

TEST(msi_is_one_descriptor_and_aligned_data)
{
    machine_enforced = true;
    machine_messages = 10;
    struct pnp_node *node = new_node();
    wish(node, 4, true);
    pnp_messages_assign(node);
    const struct pnp_resource *raw = &node->assigned->item[1];
    CHECK_EQ(count_of(node->assigned, PNP_INTERRUPT), 1);
    CHECK_EQ(raw->messages, 4);
    CHECK_EQ(raw->start % 4, 0);
    CHECK_EQ(count_of(node->assigned, PNP_DEVICE_PRIVATE), 4);
    for (unsigned i = 0; i < 4; i++)
        CHECK(pnp_message_has(node, node->translated->item[1].start + i));
    end_node(node);
}

TEST(if_not_all_then_exactly_one)
{
    machine_messages = 2;
    struct pnp_node *node = new_node();
    wish(node, 3, false);
    machine_messages = 3;
    wish(node, 0, false);
    machine_messages = 2; /* two are taken, the third is not to be had: they are given back */
    pnp_messages_assign(node);
    CHECK_EQ(count_of(node->assigned, PNP_INTERRUPT), 1);
    CHECK(!(node->assigned->item[1].flags & PNP_INTERRUPT_MESSAGE)); /* none was left: the line */
    machine_messages = 2;
    node->wishes.count = 0;
    wish(node, 2, true); /* without the IOMMU their data is whatever was free: not aligned */
    node->match.message_limit = 0;
    machine_messages = 8;
    pnp_messages_assign(node);
    struct ash_pnp_message_reply reply;
    CHECK_EQ(pnp_message_query(node, 0, &reply), STATUS_SUCCESS);
    CHECK(reply.count == 1 || reply.data % 2 == 0);
    end_node(node);
}

TEST(the_inf_decides)
{
    machine_messages = 10;
    struct pnp_node *node = new_node();
    node->match.message_supported = false;
    wish(node, 3, false);
    wish(node, 0, false);
    pnp_messages_assign(node);
    CHECK_EQ(machine_messages, 10);
    CHECK_EQ(node->translated->item[1].start, 33);
    node->match.message_supported = true;
    node->match.message_limit = 2;
    pnp_messages_assign(node);
    CHECK_EQ(count_of(node->assigned, PNP_INTERRUPT), 2);
    end_node(node);
}

TEST(without_messages_the_line_stays)
{
    struct pnp_node *node = new_node();
    wish(node, 3, false);
    wish(node, 1, false);
    wish(node, 0, false);
    pnp_messages_assign(node);
    CHECK_EQ(node->assigned->item[1].start, 33);
    CHECK(node->boot == nullptr);
    struct ash_pnp_message_reply reply;
    CHECK_EQ(pnp_message_query(node, 0, &reply), STATUS_NOT_FOUND);
    end_node(node);
}

TEST(a_driver_with_many_devices_gets_single_messages)
{
    struct pnp_node *nodes[4];
    struct ash_pnp_message_reply reply;
    machine_messages = 100;
    for (unsigned i = 0; i < 4; i++) {
        nodes[i] = new_node();
        wish(nodes[i], 9, false);
        pnp_messages_assign(nodes[i]);
        CHECK_EQ(pnp_message_query(nodes[i], 0, &reply), STATUS_SUCCESS);
        CHECK_EQ(reply.count, i < 2 ? 9 : 1);
    }
    for (unsigned i = 0; i < 4; i++)
        end_node(nodes[i]);
}

TEST(messages_are_connected_by_their_vectors)
{
    machine_messages = 2;
    struct pnp_node *node = new_node();
    ash_cptr capability, other;
    wish(node, 2, false);
    pnp_messages_assign(node);
    ash_word vector = node->translated->item[1].start;
    CHECK_EQ(pnp_interrupt_connect(node, 99, vector, 1, &capability), STATUS_ACCESS_DENIED);
    CHECK_EQ(pnp_interrupt_connect(node, 21, 33, 1, &capability), STATUS_INVALID_PARAMETER);
    CHECK_EQ(pnp_interrupt_connect(node, 21, vector, 1, &capability), STATUS_SUCCESS);
    CHECK_EQ(pnp_interrupt_connect(node, 21, vector, 2, &other), STATUS_CONFLICTING_ADDRESSES);
    CHECK_EQ(pnp_interrupt_connect(node, 21, vector + 1, 2, &other), STATUS_SUCCESS);
    CHECK(capability != other);
    machine_clear_trace();
    CHECK_EQ(pnp_interrupt_disconnect(node, 99, vector), STATUS_ACCESS_DENIED);
    CHECK_EQ(pnp_interrupt_disconnect(node, 21, vector), STATUS_SUCCESS);
    CHECK_EQ(pnp_interrupt_disconnect(node, 21, vector), STATUS_INVALID_PARAMETER);
    CHECK_STR(machine_trace, "unbind "); /* the device keeps it: its table names it */
    CHECK_EQ(pnp_interrupt_connect(node, 21, vector, 1, &capability), STATUS_SUCCESS);
    machine_clear_trace();
    pnp_interrupt_task_gone(21);
    CHECK_STR(machine_trace, "unbind unbind ");
    end_node(node);
    CHECK(strstr(machine_trace, "dropirq dropirq ") != nullptr);
}
