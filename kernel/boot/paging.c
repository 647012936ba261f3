// SPDX-License-Identifier: MIT
/*
 * The kernel's final page tables. W^X: text is readable and executable, read-only data readable,
 * everything else readable and writable; the physical window leaves out the pages of the image, so
 * nothing of it can be written through the window. It maps by 2 MiB pages, but by pages of 4 KiB
 * where the image lies.
 */
#include "boot/boot.h"
#include "iommu/iommu.h"
#include "irqchip/irqchip.h"
#include "panic.h"

#define KERNEL_PAGE_FLAGS (PTE_V | PTE_A | PTE_D)
#define MEGAPAGE          (1ull << 21)
#define GIGAPAGE          (1ull << 30)

static pte *table_of(pte *entry)
{
    if (!(*entry & PTE_V)) {
        pte *table = boot_pages(1, ASH_PAGE_SIZE);
        *entry = pte_make(window_physical(table), PTE_V);
    }
    kernel_assert(!(*entry & PTE_LEAF));
    return window(pte_target(*entry));
}

pte *boot_image_table, *boot_window_table;

/* What the image leaves of its 2 MiB. */
static void window_map_behind_image(pte *entry)
{
    extern char _image_start[], _image_end[];
    boot_window_table = table_of(entry);
    for (uint64_t i = (uint64_t)(_image_end - _image_start) >> ASH_PAGE_BITS; i < 512; i++)
        boot_window_table[i] = pte_make((paddr){kernel_physical_base + i * ASH_PAGE_SIZE},
                                        KERNEL_PAGE_FLAGS | PTE_R | PTE_W);
}

static void window_map(uint64_t start, uint64_t end)
{
    for (uint64_t p = round_down(start, MEGAPAGE); p < end && p < WINDOW_SIZE; p += MEGAPAGE) {
        uint64_t address = p + WINDOW_BASE;
        pte *entry = &table_of(&kernel_root[address >> 30 & 511])[address >> 21 & 511];
        if (p == kernel_physical_base)
            window_map_behind_image(entry);
        else
            *entry = pte_make((paddr){p}, KERNEL_PAGE_FLAGS | PTE_R | PTE_W);
    }
}

static void image_map(const char *start, const char *end, uint64_t rights)
{
    for (uint64_t v = (uint64_t)start; v < (uint64_t)end; v += ASH_PAGE_SIZE) {
        pte *middle = table_of(&kernel_root[v >> 30 & 511]);
        pte *low = boot_image_table = table_of(&middle[v >> 21 & 511]);
        paddr page = {v - KERNEL_IMAGE_BASE + kernel_physical_base};
        low[v >> 12 & 511] = pte_make(page, KERNEL_PAGE_FLAGS | rights);
    }
}

void boot_own_devices(struct tree_range range[2])
{
    uint64_t start, size;
    irqchip_range(0, &start, &size);
    range[0] = (struct tree_range){start, start + size};
    iommu_range(&start, &size);
    range[1] = (struct tree_range){start, start + size};
}

void boot_build_kernel_tables(void)
{
    extern char _text_start[], _text_end[], _rodata_start[], _rodata_end[], _data_start[],
        _init_start[], _init_text_end[], _init_rodata_end[], _image_end[];
    kernel_root = boot_pages(1, ASH_PAGE_SIZE);
    for (unsigned i = 0; i < all_ram_count; i++)
        window_map(all_ram[i].start, all_ram[i].end);
    struct tree_range own[2];
    boot_own_devices(own);
    for (unsigned i = 0; i < sizeof(own) / sizeof(own[0]); i++)
        window_map(own[i].start, own[i].end);
    uint64_t start, size; /* where messages are written */
    for (unsigned i = 1; irqchip_range(i, &start, &size), size != 0; i++)
        window_map(start, start + size);
    image_map(_text_start, _text_end, PTE_R | PTE_X);
    image_map(_rodata_start, _rodata_end, PTE_R);
    image_map(_data_start, _init_start, PTE_R | PTE_W);
    image_map(_init_start, _init_text_end, PTE_R | PTE_X);
    image_map(_init_text_end, _init_rodata_end, PTE_R);
    image_map(_init_rodata_end, _image_end, PTE_R | PTE_W);
    vspace_activate_kernel();
    tlb_flush_all();
    /* ASID bits that the hart implements read back as ones. */
    uint64_t satp = csr_read("satp");
    csr_write("satp", satp | SATP_ASID_MASK << SATP_ASID_SHIFT);
    hardware_asids = (csr_read("satp") >> SATP_ASID_SHIFT & SATP_ASID_MASK) + 1;
    csr_write("satp", satp);
    tlb_flush_all();
}

void boot_map(struct vspace *vspace, uint64_t address, paddr page, uint64_t flags)
{
    pte *middle = table_of(&vspace->root[address >> 30 & 511]);
    pte *low = table_of(&middle[address >> 21 & 511]);
    low[address >> 12 & 511] = pte_make(page, flags | PTE_V | PTE_U | PTE_A | PTE_D);
}
