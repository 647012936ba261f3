// SPDX-License-Identifier: MIT
/* Resource lists: the wire format, containment and translation, conflicts. */
#include "ash_test.h"
#include "drivers/devicetree.h"
#include "resource.h"

static struct pnp_resources list, translated;
static const struct pnp_interrupt_choice choice = {8, 1};

static struct pnp_resource memory(uint64_t start, uint64_t length)
{
    return (struct pnp_resource){.type = PNP_MEMORY, .start = start, .length = length};
}

static struct pnp_resource interrupt(uint64_t source, uint8_t share)
{
    return (struct pnp_resource){
        .type = PNP_INTERRUPT, .share = share, .start = source, .length = 1};
}

TEST(a_list_survives_the_wire)
{
    uint8_t bytes[512];
    struct pnp_resources made = {.interface = 5, .bus = 3, .count = 6};
    made.item[0] = memory(0x123456789000, 0x1000);
    made.item[1] = (struct pnp_resource){.type = PNP_MEMORY_LARGE,
                                         .flags = PNP_MEMORY_LARGE_40,
                                         .start = 0x400000000,
                                         .length = 0x400000000};
    made.item[2] = interrupt(33, PNP_SHARED);
    made.item[3] = (struct pnp_resource){.type = PNP_BUS_NUMBER, .start = 1, .length = 255};
    made.item[4] = (struct pnp_resource){.type = PNP_DEVICE_PRIVATE, .data = {1, 2, 3}};
    made.item[5] = (struct pnp_resource){.type = PNP_PORT, .flags = 1, .start = 64, .length = 32};
    size_t used = pnp_resources_build(&made, bytes, sizeof(bytes));
    CHECK_EQ(used, 20 + 6 * 20);
    CHECK(pnp_resources_parse(bytes, used, &list) == nullptr);
    CHECK_EQ(list.count, 6);
    CHECK_EQ(list.interface, 5);
    CHECK_EQ(list.item[0].start, 0x123456789000);
    CHECK_EQ(list.item[1].length, 0x400000000);
    CHECK_EQ(list.item[2].start, 33);
    CHECK_EQ(list.item[3].length, 255);
    CHECK_EQ(list.item[4].data[2], 3);
    CHECK_EQ(list.item[5].length, 32);
    CHECK_EQ(pnp_resources_build(&made, bytes, used - 1), 0);
}

TEST(damaged_lists_name_the_rule)
{
    uint8_t bytes[64] = {1};
    CHECK(pnp_resources_parse(bytes, 0, &list) == nullptr);
    CHECK_STR(pnp_resources_parse(bytes, 3, &list), "the resource list is shorter than its header");
    CHECK_STR(pnp_resources_parse(bytes, 12, &list),
              "the resource list ends inside a full descriptor");
    bytes[16] = 3; /* descriptors */
    CHECK_STR(pnp_resources_parse(bytes, 60, &list),
              "the resource list counts more descriptors than it holds");
    struct pnp_resources made = {.count = 1};
    made.item[0] = memory(UINT64_MAX - 10, 0x1000);
    size_t used = pnp_resources_build(&made, bytes, sizeof(bytes));
    CHECK_STR(pnp_resources_parse(bytes, used, &list),
              "a memory or port range wraps around the end of the address space");
}

TEST(children_of_the_root_have_their_own_addresses)
{
    unsigned at;
    list = (struct pnp_resources){.count = 2};
    list.item[0] = memory(0x10000000, 0x100);
    list.item[1] = interrupt(10, 1);
    const struct pnp_parent root = {.all = true};
    CHECK(pnp_resources_translate(&list, &root, choice, &translated, &at) == nullptr);
    CHECK_EQ(translated.item[0].start, 0x10000000);
    CHECK_EQ(translated.item[1].level, 8);
    CHECK_EQ(translated.item[1].start, 10);
}

/* A host bridge: its I/O window lies elsewhere for the hart, its memory window does not. */
static struct pnp_resources bridge(void)
{
    struct pnp_resources made = {.count = 5};
    made.item[0] = (struct pnp_resource){
        .type = PNP_PORT, .flags = PNP_PORT_WINDOW | PNP_PORT_IO, .start = 0, .length = 0x10000};
    made.item[1] = (struct pnp_resource){
        .type = PNP_MEMORY, .flags = PNP_MEMORY_WINDOW, .start = 0x40000000, .length = 0x40000000};
    made.item[2] = interrupt(33, PNP_SHARED);
    made.item[3] = (struct pnp_resource){.type = PNP_DEVICE_PRIVATE,
                                         .data = {DEVICETREE_WINDOW, 0x3000000, 0}};
    made.item[4] = (struct pnp_resource){.type = PNP_DEVICE_PRIVATE,
                                         .data = {DEVICETREE_WINDOW, 0x40000000, 0}};
    return made;
}

TEST(windows_translate_ports_into_memory)
{
    struct pnp_resources host = bridge(), host_translated;
    unsigned at;
    const struct pnp_parent root = {.all = true};
    CHECK(pnp_resources_translate(&host, &root, choice, &host_translated, &at) == nullptr);
    CHECK_EQ(host_translated.item[0].type, PNP_MEMORY);
    CHECK_EQ(host_translated.item[0].start, 0x3000000);
    CHECK(!pnp_resource_mappable(&host_translated.item[0]));
    list = (struct pnp_resources){.count = 3};
    list.item[0] = (struct pnp_resource){.type = PNP_PORT, .start = 0x1000, .length = 0x20};
    list.item[1] = memory(0x40010000, 0x1000);
    list.item[2] = interrupt(33, PNP_SHARED);
    const struct pnp_parent parent = {.raw = &host, .translated = &host_translated};
    CHECK(pnp_resources_translate(&list, &parent, choice, &translated, &at) == nullptr);
    CHECK_EQ(translated.item[0].type, PNP_MEMORY);
    CHECK_EQ(translated.item[0].start, 0x3001000);
    CHECK(pnp_resource_mappable(&translated.item[0]));
    CHECK_EQ(translated.item[1].start, 0x40010000);
}

TEST(what_is_not_the_parents_is_refused)
{
    struct pnp_resources host = bridge();
    unsigned at;
    const struct pnp_parent parent = {.raw = &host, .translated = &host};
    list = (struct pnp_resources){.count = 1};
    list.item[0] = memory(0x7ffff000, 0x2000);
    CHECK_STR(pnp_resources_translate(&list, &parent, choice, &translated, &at),
              "the device's memory is not within its parent's");
    list.item[0] = interrupt(34, PNP_SHARED);
    CHECK_STR(pnp_resources_translate(&list, &parent, choice, &translated, &at),
              "the device's interrupt is none of its parent's");
    list.item[0] = (struct pnp_resource){.type = PNP_PORT, .start = 0xffff, .length = 2};
    CHECK_STR(pnp_resources_translate(&list, &parent, choice, &translated, &at),
              "the device's ports are not within its parent's");
}

TEST(two_devices_cannot_have_the_same)
{
    struct pnp_resources other = {.count = 2};
    list = other;
    list.item[0] = memory(0x1000, 0x1000);
    list.item[1] = interrupt(5, PNP_SHARED);
    other.item[0] = memory(0x2000, 0x1000);
    other.item[1] = interrupt(5, PNP_SHARED);
    CHECK(pnp_resources_conflict(&list, &other) == nullptr);
    other.item[0].start = 0x1fff;
    CHECK_STR(pnp_resources_conflict(&list, &other), "its memory overlaps another device's");
    other.item[0].start = 0x2000;
    other.item[1].share = 1;
    CHECK(pnp_resources_conflict(&list, &other) != nullptr);
}
