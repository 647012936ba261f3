// SPDX-License-Identifier: MIT
/*
 * boot/memory.c: what is left of RAM when everything in use is taken out. A page is free if and
 * only if it lies wholly in RAM and no byte of it is reserved, image, device tree or package; no
 * page is in two free ranges, whatever the device tree says twice. Compared page by page.
 */
#include "ash_test.h"
#include "boot/boot.h"
#include "host/host.h"

#define PAGES 200u /* from HOST_RAM on */

uint64_t kernel_physical_base;
extern char _image_start[], _image_end[];
__asm__(".data\n.globl _image_start, _image_end\n_image_start: .skip 5000\n_image_end:\n.text");

static struct tree_range memory[BOOT_RANGES], reserved[BOOT_RANGES];
static unsigned memory_count, reserved_count;

static unsigned give(struct tree_range *to, unsigned max, const struct tree_range *from,
                     unsigned count)
{
    unsigned given = count < max ? count : max;
    memcpy(to, from, given * sizeof(*to));
    return given;
}

unsigned tree_memory(const void *tree, struct tree_range *ranges, unsigned max)
{
    (void)tree;
    return give(ranges, max, memory, memory_count);
}
unsigned tree_reserved(const void *tree, struct tree_range *ranges, unsigned max)
{
    (void)tree;
    return give(ranges, max, reserved, reserved_count);
}

static struct boot_info boot;

static void begin(void)
{
    host_reset(1);
    free_ram_count = all_ram_count = memory_count = reserved_count = 0;
    kernel_physical_base = 1ull << 40;
    boot = (struct boot_info){};
}

static uint64_t page(uint64_t n)
{
    return HOST_RAM + n * ASH_PAGE_SIZE;
}

static void add(struct tree_range *to, unsigned *count, uint64_t start, uint64_t end)
{
    to[(*count)++] = (struct tree_range){start, end};
}

static bool overlaps(const struct tree_range *ranges, unsigned count, uint64_t start)
{
    for (unsigned i = 0; i < count; i++)
        if (ranges[i].start < start + ASH_PAGE_SIZE && ranges[i].end > start)
            return true;
    return false;
}

static bool should_be_free(uint64_t start)
{
    bool in_ram = false;
    for (unsigned i = 0; i < memory_count; i++)
        in_ram = in_ram || (memory[i].start <= start && memory[i].end >= start + ASH_PAGE_SIZE);
    uint64_t image = round_up(5000, ASH_PAGE_SIZE);
    struct tree_range others[3] = {
        {kernel_physical_base, kernel_physical_base + image}, boot.tree_pages, boot.package};
    return in_ram && !overlaps(reserved, reserved_count, start) && !overlaps(others, 3, start);
}

static unsigned times_free(uint64_t start)
{
    unsigned times = 0;
    for (unsigned i = 0; i < free_ram_count; i++)
        times += free_ram[i].start <= start && start < free_ram[i].end;
    return times;
}

static void check_all_ascend(void)
{
    for (unsigned i = 0; i < free_ram_count; i++) {
        CHECK(free_ram[i].start < free_ram[i].end);
        CHECK(free_ram[i].start % ASH_PAGE_SIZE == 0 && free_ram[i].end % ASH_PAGE_SIZE == 0);
        CHECK(i == 0 || free_ram[i - 1].end <= free_ram[i].start);
    }
}

static void check_all(void)
{
    check_all_ascend();
    for (uint64_t n = 0; n < PAGES; n++)
        CHECK_EQ(times_free(page(n)), should_be_free(page(n)));
}

TEST(a_page_that_is_partly_reserved_is_not_free)
{
    begin();
    add(memory, &memory_count, page(0) + 1, page(9) - 1);
    add(reserved, &reserved_count, page(3) + 4095, page(4) + 1);
    boot_find_memory(&boot);
    check_all();
}

TEST(reserved_from_before_ram_to_behind_it)
{
    begin();
    add(memory, &memory_count, page(10), page(20));
    add(reserved, &reserved_count, page(0), page(30));
    boot_find_memory(&boot);
    CHECK_EQ(free_ram_count, 0);
}

/* Two nodes that name the same RAM must not make it two. */
TEST(memory_that_the_tree_lists_twice)
{
    begin();
    add(memory, &memory_count, page(10), page(20));
    add(memory, &memory_count, page(15), page(25));
    add(memory, &memory_count, page(12), page(13));
    boot_find_memory(&boot);
    check_all();
}

TEST(any_ranges)
{
    uint64_t seed = 3;
    for (unsigned round = 0; round < 3000; round++) {
        begin();
        for (unsigned i = 0; i < 2 + round % 12; i++) {
            seed = seed * 6364136223846793005ull + 1442695040888963407ull;
            uint64_t start = page(seed >> 34 & 127) + (seed >> 20 & 1 ? seed >> 41 & 4095 : 0);
            uint64_t end = start + (seed >> 50 & 31) * ASH_PAGE_SIZE + (seed >> 56 & 255);
            if (i % 3 == 0 && end > start)
                add(memory, &memory_count, start, end);
            else if (end > start)
                add(reserved, &reserved_count, start, end);
        }
        boot.has_package = true;
        boot.package = (struct tree_range){page(round % PAGES) + 17, page(round % PAGES) + 9000};
        boot_find_memory(&boot);
        check_all();
    }
}

/* Given back in any order, pages join what they touch and nothing else. */
TEST(pages_given_back_join_their_neighbours)
{
    for (uint64_t order = 0; order < 24; order++) {
        begin();
        add(memory, &memory_count, page(10), page(60));
        add(reserved, &reserved_count, page(20), page(24));
        add(reserved, &reserved_count, page(30), page(34));
        boot_find_memory(&boot);
        uint64_t first[4] = {22, 20, 30, 32};
        for (uint64_t i = 0; i < 4; i++) {
            uint64_t pick = (i + order) % 4 ^ (order >> 2 & 3);
            boot_give(page(first[pick]), page(first[pick] + 2));
            check_all_ascend();
            for (uint64_t n = 0; n < PAGES; n++)
                CHECK(times_free(page(n)) <= 1);
        }
        CHECK_EQ(free_ram_count, 1);
        CHECK_EQ(free_ram[0].start, page(10));
        CHECK_EQ(free_ram[0].end, page(60));
    }
}

TEST(pages_given_back_apart_stay_apart)
{
    begin();
    add(memory, &memory_count, page(10), page(20));
    boot_find_memory(&boot);
    boot_give(page(2), page(3));
    boot_give(page(30), page(31));
    boot_give(page(5), page(5));
    CHECK_EQ(free_ram_count, 3);
    CHECK(times_free(page(2)) == 1 && times_free(page(30)) == 1 && times_free(page(4)) == 0);
    check_all_ascend();
}

TEST(pages_handed_out_are_clear_aligned_and_gone)
{
    begin();
    add(memory, &memory_count, page(1), page(60));
    boot_find_memory(&boot);
    memset(window((paddr){page(0)}), 0x5a, 60 * ASH_PAGE_SIZE);
    for (uint64_t count = 1; count < 6; count++) {
        uint64_t align = ASH_PAGE_SIZE << (count % 4);
        const char *pages = boot_pages(count, align);
        uint64_t start = window_physical(pages).value;
        CHECK_EQ(start % align, 0);
        for (uint64_t i = 0; i < count * ASH_PAGE_SIZE; i++)
            CHECK(pages[i] == 0);
        for (uint64_t i = 0; i < count; i++)
            CHECK_EQ(times_free(start + i * ASH_PAGE_SIZE), 0);
        CHECK(pages[count * ASH_PAGE_SIZE] == 0x5a);
    }
}
