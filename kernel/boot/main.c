// SPDX-License-Identifier: MIT
/* The first C code: head.S comes here with the boot tables, on the hart that came first. */
#include "arch/sbi.h"
#include "arrival.h"
#include "boot/boot.h"
#include "check/check.h"
#include "hart.h"
#include "iommu/iommu.h"
#include "irqchip/irqchip.h"
#include "panic.h"
#include "sched/sched.h"

#include <libfdt.h>
#include <string.h>

[[noreturn]] void boot_main(uint64_t hart_id, uint64_t tree);

static void find_boot_data(struct boot_info *boot, uint64_t tree)
{
    if (tree == 0 || tree >= WINDOW_SIZE)
        panic("the firmware passed no device tree in a1");
    boot->tree = window((paddr){tree});
    const char *broken = tree_check(boot->tree);
    if (broken)
        panic("%s", broken);
    boot->tree_pages.start = round_down(tree, ASH_PAGE_SIZE);
    boot->tree_pages.end = round_up(tree + fdt_totalsize(boot->tree), ASH_PAGE_SIZE);
    boot->has_package = tree_package(boot->tree, &boot->package);
}

static void choose_timer(const struct boot_info *boot)
{
    struct tree_hart found[TREE_HARTS];
    unsigned count = tree_harts(boot->tree, found, TREE_HARTS);
    have_sstc = count > 0;
    for (unsigned i = 0; i < count; i++)
        have_sstc = have_sstc && found[i].has_sstc;
    sched_set_timebase(tree_timebase(boot->tree));
}

/* The word kernel.no-asids: as on harts that have no address-space numbers, which QEMU cannot show.
 */
static void choose_asids(const struct boot_info *boot)
{
    if (strstr(tree_command_line(boot->tree), "kernel.no-asids"))
        hardware_asids = 1;
}

void boot_main(uint64_t hart_id, uint64_t tree)
{
    static struct boot_info boot;
    harts[0].id = hart_id;
    kernel_lock();
    sbi_init();
    find_boot_data(&boot, tree);
    choose_timer(&boot);
    if (!irqchip_find(boot.tree))
        panic("the device tree has no interrupt controller for S-mode: riscv,imsics with "
              "riscv,aplic, riscv,plic0 or sifive,plic-1.0.0");
    iommu_find(boot.tree);
    boot_find_memory(&boot);
    boot_build_kernel_tables();
    choose_asids(&boot);
    irqchip_add_hart(boot.tree, &harts[0]);
    hart_init(&harts[0]);
    boot_start_harts(&boot, hart_id);
    iommu_boot();
    check_boot();
    boot_create_root(&boot);
    boot_end(boot_image_table, boot_window_table);
}
