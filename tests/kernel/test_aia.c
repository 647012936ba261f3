// SPDX-License-Identifier: MIT
/*
 * irqchip/aia_find.c: which APLIC and IMSIC of QEMU's device tree are those of S-mode, what is
 * written to the APLIC, and trees whose AIA cannot be used, so that the kernel takes the PLIC.
 */
#include "ash_test.h"
#include "boot/tree.h"
#include "irqchip/aia.h"
#include "panic.h"

#include <libfdt.h>
#include <stdlib.h>
#include <sys/mman.h>

#define APLIC      0xd000000ull
#define APLIC_SIZE 0x8000ull

/* clang 19 takes the bytes of #embed for signed integers. */
#pragma clang diagnostic ignored "-Wconversion"
static const unsigned char with_aia[] = {
#embed "../fuzz/corpus/fuzz_tree/aia.dtb"
};
static const unsigned char with_plic[] = {
#embed "../fuzz/corpus/fuzz_tree/virt.dtb"
};

struct aia aia;
static _Alignas(8) unsigned char tree[sizeof(with_aia)];

void panic(const char *format, ...)
{
    fprintf(stderr, "panic: %s\n", format);
    abort();
}

static uint32_t *registers(void)
{
    static uint32_t *mapped;
    if (!mapped)
        mapped = mmap(window((paddr){APLIC}), APLIC_SIZE, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    return mapped;
}

static void begin(void)
{
    memcpy(tree, with_aia, sizeof(tree));
    aia = (struct aia){};
    memset(registers(), 0xff, APLIC_SIZE);
}

/* The IMSIC and the APLIC of S-mode. */
static int node_at(const char *compatible, uint64_t address)
{
    int node = -1;
    while ((node = fdt_node_offset_by_compatible(tree, node, compatible)) >= 0) {
        uint64_t start, size;
        if (tree_reg(tree, node, 0, &start, &size) && start == address)
            break;
    }
    return node;
}

TEST(those_of_supervisor_mode_are_found)
{
    begin();
    CHECK(aia_find(tree));
    CHECK_EQ(aia.aplic, APLIC);
    CHECK_EQ(aia.aplic_size, APLIC_SIZE);
    CHECK_EQ(aia.imsic, 0x28000000);
    CHECK_EQ(aia.page_shift, 12);
    CHECK_EQ(aia.sources, 96);
    CHECK_EQ(aia.notice, 255);
}

TEST(nothing_interrupts_yet)
{
    begin();
    CHECK(aia_find(tree));
    CHECK_EQ(registers()[0], 0x104); /* enabled, by messages */
    for (uint32_t source = 1; source <= aia.sources; source++)
        CHECK_EQ(registers()[source], 0);
    CHECK_EQ(registers()[APLIC_CLRIENUM / 4], aia.sources);
}

TEST(a_hart_has_the_page_at_its_place_in_the_list)
{
    begin();
    CHECK(aia_find(tree));
    struct hart hart = {.id = 0};
    aia_add_hart(tree, &hart);
    CHECK_EQ(hart.irq_context, 0);
    CHECK_EQ(aia_page(&hart), 0x28000000);
}

TEST(a_machine_without_it_keeps_its_plic)
{
    begin();
    static _Alignas(8) unsigned char other[sizeof(with_plic)];
    memcpy(other, with_plic, sizeof(other));
    CHECK(!aia_find(other));
    CHECK_EQ(aia.imsic, 0);
}

TEST(too_few_identities)
{
    begin();
    int node = node_at("riscv,imsics", 0x28000000);
    CHECK_EQ(fdt_setprop_inplace_u32(tree, node, "riscv,num-ids", 62), 0);
    CHECK(!aia_find(tree));
    CHECK_EQ(aia.imsic, 0);
}

TEST(more_sources_than_identities)
{
    begin();
    int node = node_at("riscv,aplic", APLIC);
    CHECK_EQ(fdt_setprop_inplace_u32(tree, node, "riscv,num-sources", 1023), 0);
    CHECK(aia_find(tree));
    CHECK_EQ(aia.sources, 254);
}

TEST(an_aplic_that_leads_elsewhere)
{
    begin();
    int node = node_at("riscv,aplic", APLIC);
    CHECK_EQ(fdt_setprop_inplace_u32(tree, node, "msi-parent", 0x7777), 0);
    CHECK(!aia_find(tree));
    CHECK_EQ(aia.imsic, 0);
    CHECK_EQ(registers()[0], 0xffffffff);
}

TEST(registers_beyond_the_window)
{
    begin();
    int node = node_at("riscv,aplic", APLIC);
    uint64_t reg[2] = {cpu_to_fdt64(WINDOW_SIZE - 0x4000), cpu_to_fdt64(APLIC_SIZE)};
    CHECK_EQ(fdt_setprop_inplace(tree, node, "reg", reg, sizeof(reg)), 0);
    CHECK(!aia_find(tree));
}
