// SPDX-License-Identifier: MIT
/* Untyped: memory becomes objects, once, clear, and comes back. */
#include "ktest.h"

static void info_of_empty_pool(void)
{
    struct ash_untyped_info info;
    OK(ash_untyped_info(POOL, &info));
    EQ(info.left, POOL_BYTES);
    EQ(info.size, POOL_BYTES);
    EQ(info.device, 0);
}

static void every_type_can_be_made(void)
{
    static const struct {
        enum ash_object_type type;
        ash_word parameter;
    } rows[] = {{ASH_OBJ_UNTYPED, 8192},    {ASH_OBJ_CNODE, 4},    {ASH_OBJ_THREAD, 0},
                {ASH_OBJ_SCHED_CONTEXT, 0}, {ASH_OBJ_ENDPOINT, 0}, {ASH_OBJ_REPLY, 0},
                {ASH_OBJ_NOTIFICATION, 0},  {ASH_OBJ_TIMER, 0},    {ASH_OBJ_VSPACE, 0},
                {ASH_OBJ_PAGE_TABLE, 0},    {ASH_OBJ_FRAME, 12},   {ASH_OBJ_FRAME, 21}};
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        CHECK(make(rows[i].type, rows[i].parameter) != 0);
}

static void kernel_only_types_cannot_be_made(void)
{
    static const ash_word types[] = {ASH_OBJ_NULL,
                                     ASH_OBJ_IRQ_CONTROL,
                                     ASH_OBJ_IRQ,
                                     ASH_OBJ_SCHED_CONTROL,
                                     ASH_OBJ_FIRMWARE,
                                     ASH_OBJ_IOMMU,
                                     ASH_OBJ_TYPES,
                                     1000,
                                     ~0ull};
    for (unsigned i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        EQ(ash_untyped_retype(POOL, (enum ash_object_type)types[i], 0, CNODE, new_slot(), 1),
           ASH_E_ARGUMENT);
}

static void bad_size_parameters(void)
{
    EQ(ash_untyped_retype(POOL, ASH_OBJ_CNODE, 0, CNODE, new_slot(), 1), ASH_E_ARGUMENT);
    EQ(ash_untyped_retype(POOL, ASH_OBJ_CNODE, 17, CNODE, new_slot(), 1), ASH_E_ARGUMENT);
    EQ(ash_untyped_retype(POOL, ASH_OBJ_CNODE, ~0ull, CNODE, new_slot(), 1), ASH_E_ARGUMENT);
    EQ(ash_untyped_retype(POOL, ASH_OBJ_FRAME, 13, CNODE, new_slot(), 1), ASH_E_ARGUMENT);
    EQ(ash_untyped_retype(POOL, ASH_OBJ_UNTYPED, 100, CNODE, new_slot(), 1), ASH_E_ARGUMENT);
    EQ(ash_untyped_retype(POOL, ASH_OBJ_UNTYPED, 0, CNODE, new_slot(), 1), ASH_E_ARGUMENT);
}

static void count_limits(void)
{
    EQ(ash_untyped_retype(POOL, ASH_OBJ_ENDPOINT, 0, CNODE, new_slot(), 0), ASH_E_RANGE);
    EQ(ash_untyped_retype(POOL, ASH_OBJ_ENDPOINT, 0, CNODE, new_slot(), 1025), ASH_E_RANGE);
    EQ(ash_untyped_retype(POOL, ASH_OBJ_ENDPOINT, 0, CNODE, 8191, 2), ASH_E_RANGE);
    EQ(ash_untyped_retype(POOL, ASH_OBJ_ENDPOINT, 0, CNODE, ~0ull, 1), ASH_E_RANGE);
    OK(ash_untyped_retype(POOL, ASH_OBJ_ENDPOINT, 0, CNODE, FIRST_SLOT, 1024));
}

static void occupied_destination(void)
{
    ash_cptr endpoint = make(ASH_OBJ_ENDPOINT, 0);
    EQ(ash_untyped_retype(POOL, ASH_OBJ_ENDPOINT, 0, CNODE, endpoint, 1), ASH_E_OCCUPIED);
    EQ(ash_untyped_retype(POOL, ASH_OBJ_ENDPOINT, 0, CNODE, endpoint - 1, 2), ASH_E_OCCUPIED);
}

static void destination_must_be_a_cnode(void)
{
    ash_cptr endpoint = make(ASH_OBJ_ENDPOINT, 0);
    EQ(ash_untyped_retype(POOL, ASH_OBJ_ENDPOINT, 0, endpoint, new_slot(), 1), ASH_E_SOURCE);
    EQ(ash_untyped_retype(POOL, ASH_OBJ_ENDPOINT, 0, 0, new_slot(), 1), ASH_E_SOURCE);
}

static void truncated_message(void)
{
    ash_word words[3] = {ASH_OBJ_ENDPOINT, 0, new_slot()};
    ash_cptr cnode = CNODE;
    EQ(invoke(POOL, ASH_UNTYPED_RETYPE, 3, words, 1, &cnode), ASH_E_TRUNCATED);
    EQ(detail[0], 4);
}

static void missing_capability_argument(void)
{
    ash_word words[4] = {ASH_OBJ_ENDPOINT, 0, new_slot(), 1};
    EQ(invoke(POOL, ASH_UNTYPED_RETYPE, 4, words, 0, nullptr), ASH_E_SOURCE);
}

static void exhaustion_is_an_error_and_changes_nothing(void)
{
    struct ash_untyped_info before, after;
    OK(ash_untyped_info(POOL, &before));
    EQ(ash_untyped_retype(POOL, ASH_OBJ_UNTYPED, POOL_BYTES + 4096, CNODE, new_slot(), 1),
       ASH_E_MEMORY);
    EQ(ash_untyped_retype(POOL, ASH_OBJ_UNTYPED, POOL_BYTES / 2, CNODE, FIRST_SLOT, 3),
       ASH_E_MEMORY);
    EQ(ash_untyped_retype(POOL, ASH_OBJ_UNTYPED, (1ull << 42), CNODE, FIRST_SLOT, 1024),
       ASH_E_MEMORY);
    OK(ash_untyped_info(POOL, &after));
    EQ(after.left, before.left);
    OK(ash_untyped_retype(POOL, ASH_OBJ_UNTYPED, POOL_BYTES / 2, CNODE, FIRST_SLOT, 2));
    EQ(ash_untyped_retype(POOL, ASH_OBJ_ENDPOINT, 0, CNODE, FIRST_SLOT + 5, 1), ASH_E_MEMORY);
}

static void memory_is_clear(void)
{
    ash_word address = 0x50000000;
    CHECK(make_tables(VSPACE, address));
    for (unsigned round = 0; round < 3; round++) {
        ash_cptr child = make(ASH_OBJ_UNTYPED, 4096 * 4);
        ash_cptr frame = new_slot();
        OK(ash_untyped_retype(child, ASH_OBJ_FRAME, 12, CNODE, frame, 1));
        OK(ash_frame_map(frame, VSPACE, address, ASH_RIGHT_READ | ASH_RIGHT_WRITE));
        volatile ash_word *page = (volatile ash_word *)address;
        for (unsigned i = 0; i < 512; i++) {
            EQ(page[i], 0);
            page[i] = ~0ull;
        }
        OK(ash_cnode_revoke(CNODE, child));
        OK(ash_untyped_retype(child, ASH_OBJ_FRAME, 12, CNODE, frame, 1));
        OK(ash_frame_map(frame, VSPACE, address, ASH_RIGHT_READ));
        for (unsigned i = 0; i < 512; i++)
            EQ(page[i], 0);
        OK(ash_cnode_delete(CNODE, frame));
    }
}

static void revoke_gives_memory_back(void)
{
    for (unsigned i = 0; i < 20; i++) {
        ash_cptr child = make(ASH_OBJ_UNTYPED, POOL_BYTES / 2);
        OK(ash_untyped_retype(child, ASH_OBJ_THREAD, 0, CNODE, FIRST_SLOT + 100, 64));
        OK(ash_cnode_revoke(CNODE, POOL));
    }
}

static void nested_untyped(void)
{
    ash_cptr parent = POOL;
    for (ash_word size = POOL_BYTES; size >= 4096; size /= 2) {
        ash_cptr child = new_slot();
        OK(ash_untyped_retype(parent, ASH_OBJ_UNTYPED, size, CNODE, child, 1));
        parent = child;
    }
    struct ash_untyped_info info;
    OK(ash_untyped_info(POOL, &info));
    EQ(info.left, 0);
}

static void deleting_children_frees_without_revoke(void)
{
    ash_cptr child = make(ASH_OBJ_UNTYPED, POOL_BYTES);
    struct ash_untyped_info info;
    OK(ash_untyped_info(POOL, &info));
    EQ(info.left, 0);
    OK(ash_cnode_delete(CNODE, child));
    OK(ash_untyped_info(POOL, &info));
    EQ(info.left, POOL_BYTES);
}

static void cannot_be_copied(void)
{
    EQ(ash_cnode_copy(CNODE, new_slot(), POOL, ASH_RIGHT_ALL), ASH_E_SOURCE);
    EQ(ash_cnode_mint(CNODE, new_slot(), POOL, ASH_RIGHT_ALL, 1), ASH_E_SOURCE);
}

static void can_be_moved_and_still_revokes(void)
{
    ash_cptr child = make(ASH_OBJ_UNTYPED, 65536), elsewhere = new_slot(), endpoint = new_slot();
    OK(ash_untyped_retype(child, ASH_OBJ_ENDPOINT, 0, CNODE, endpoint, 1));
    OK(ash_cnode_move(CNODE, elsewhere, child));
    OK(ash_cnode_revoke(CNODE, elsewhere));
    EQ(ash_cnode_copy(CNODE, new_slot(), endpoint, ASH_RIGHT_ALL), ASH_E_SOURCE);
}

static ash_cptr device_untyped(void)
{
    for (unsigned i = 0; i < boot->regions; i++)
        if (boot->region[i].kind == ASH_REGION_DEVICE)
            return ASH_BOOT_FIRST_UNTYPED + i;
    return 0;
}

static void device_memory_makes_only_frames(void)
{
    ash_cptr device = device_untyped();
    CHECK(device != 0);
    EQ(ash_untyped_retype(device, ASH_OBJ_ENDPOINT, 0, CNODE, new_slot(), 1), ASH_E_ARGUMENT);
    EQ(ash_untyped_retype(device, ASH_OBJ_CNODE, 4, CNODE, new_slot(), 1), ASH_E_ARGUMENT);
    EQ(ash_untyped_retype(device, ASH_OBJ_THREAD, 0, CNODE, new_slot(), 1), ASH_E_ARGUMENT);
    EQ(ash_untyped_retype(device, ASH_OBJ_PAGE_TABLE, 0, CNODE, new_slot(), 1), ASH_E_ARGUMENT);
}

/* The 2 MiB that the kernel was loaded to: 2 MiB behind the start of RAM, as its header asks, where
 * the last device region before any RAM ends. */
#define KERNEL_SPAN ((ash_word)2 << 20)

static ash_word kernel_start(void)
{
    ash_word ram = ~0ull, start = 0;
    for (unsigned i = 0; i < boot->regions; i++)
        if (boot->region[i].kind == ASH_REGION_RAM && boot->region[i].physical < ram)
            ram = boot->region[i].physical;
    for (unsigned i = 0; i < boot->regions; i++) {
        ash_word end = boot->region[i].physical + boot->region[i].size;
        if (boot->region[i].kind == ASH_REGION_DEVICE && end <= ram && end > start)
            start = end;
    }
    return start + KERNEL_SPAN;
}

/* Every page of a region becomes a Frame that is clear and can be written. */
static void pages_are_clear(unsigned region)
{
    ash_word address = 0x50000000;
    ash_cptr untyped = ASH_BOOT_FIRST_UNTYPED + region;
    struct ash_untyped_info info;
    OK(ash_untyped_info(untyped, &info));
    EQ(info.device, 0);
    EQ(info.left, info.size);
    for (ash_word done = 0; done < info.size; done += 4096) {
        ash_cptr frame = new_slot();
        OK(ash_untyped_retype(untyped, ASH_OBJ_FRAME, 12, CNODE, frame, 1));
        OK(ash_frame_map(frame, VSPACE, address, ASH_RIGHT_READ | ASH_RIGHT_WRITE));
        volatile ash_word *page = (volatile ash_word *)address;
        for (unsigned i = 0; i < 512; i++) {
            EQ(page[i], 0);
            page[i] = ~0ull;
        }
        OK(ash_frame_unmap(frame));
    }
}

/* What the kernel needed to boot, between its data and its bss, and the rest of its 2 MiB. */
static void boot_part_of_the_kernel_is_memory(void)
{
    ash_word start = kernel_start(), given = 0;
    ash_word inside = boot->regions;
    for (unsigned i = 0; i < boot->regions; i++) {
        const struct ash_region *region = &boot->region[i];
        ash_word from = region->physical, to = from + region->size;
        if (region->kind != ASH_REGION_RAM || to <= start || from >= start + KERNEL_SPAN)
            continue;
        if (from > start && to < start + KERNEL_SPAN)
            inside = i;
        given += (to < start + KERNEL_SPAN ? to : start + KERNEL_SPAN) - from;
    }
    AT_LEAST(boot->regions - 1, inside);
    AT_LEAST(boot->region[inside].size, 16384);
    AT_LEAST(given, boot->region[inside].size + 16384); /* that of bss, behind it */
    AT_MOST(given, KERNEL_SPAN - 65536);
    CHECK(make_tables(VSPACE, 0x50000000));
    pages_are_clear((unsigned)inside);
    OK(ash_cnode_revoke(CNODE, ASH_BOOT_FIRST_UNTYPED + inside));
}

static void no_such_method(void)
{
    EQ(invoke(POOL, 999, 0, nullptr, 0, nullptr), ASH_E_METHOD);
    EQ(detail[0], 999);
    EQ(invoke(POOL, 0, 0, nullptr, 0, nullptr), ASH_E_METHOD);
    EQ(invoke(POOL, ASH_CNODE_COPY, 0, nullptr, 0, nullptr), ASH_E_METHOD);
}

static void address_space_numbers_run_out_without_harm(void)
{
    unsigned made = 0;
    ash_error error = ASH_OK;
    while (made < 1100) {
        error = ash_untyped_retype(POOL, ASH_OBJ_VSPACE, 0, CNODE, FIRST_SLOT + made, 1);
        if (error != ASH_OK)
            break;
        made++;
    }
    CHECK(error == ASH_E_EXHAUSTED || error == ASH_E_MEMORY);
    CHECK(made > 100);
    OK(ash_cnode_delete(CNODE, FIRST_SLOT));
    if (error == ASH_E_EXHAUSTED)
        OK(ash_untyped_retype(POOL, ASH_OBJ_VSPACE, 0, CNODE, FIRST_SLOT, 1));
}

const struct test untyped_tests[] = {
    {"untyped: info of an empty one", info_of_empty_pool},
    {"untyped: every type can be made", every_type_can_be_made},
    {"untyped: kernel-only types cannot be made", kernel_only_types_cannot_be_made},
    {"untyped: bad size parameters", bad_size_parameters},
    {"untyped: count limits", count_limits},
    {"untyped: occupied destination", occupied_destination},
    {"untyped: destination must be a CNode", destination_must_be_a_cnode},
    {"untyped: truncated message", truncated_message},
    {"untyped: missing capability argument", missing_capability_argument},
    {"untyped: exhaustion changes nothing", exhaustion_is_an_error_and_changes_nothing},
    {"untyped: memory is clear, also the second time", memory_is_clear},
    {"untyped: revoke gives memory back", revoke_gives_memory_back},
    {"untyped: nested to the smallest", nested_untyped},
    {"untyped: deleting children frees", deleting_children_frees_without_revoke},
    {"untyped: cannot be copied or minted", cannot_be_copied},
    {"untyped: moved, it still revokes", can_be_moved_and_still_revokes},
    {"untyped: device memory makes only frames", device_memory_makes_only_frames},
    {"untyped: the boot part of the kernel is memory", boot_part_of_the_kernel_is_memory},
    {"untyped: no such method", no_such_method},
    {"untyped: address-space numbers run out", address_space_numbers_run_out_without_harm},
    {},
};
