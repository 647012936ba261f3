// SPDX-License-Identifier: MIT
/*
 * The kernel's own memory (arch/memory.h): W^X over every page of the kernel's half, text and
 * read-only data have no writable alias, what boot gave away is memory like any other, nothing
 * there is for user mode; and the kernel cannot reach user memory by accident (SUM and MXR are
 * off); sret leads to user mode.
 */
#include "arch/csr.h"
#include "check/checks.h"
#include "object/vspace.h"

#define SSTATUS_MXR (1ull << 19)

static bool overlaps(uint64_t start, uint64_t bits, const char *from, const char *to)
{
    return start < kernel_to_physical(to) && start + (1ull << bits) > kernel_to_physical(from);
}

/* Does the image map there what only boot needs? */
static bool of_boot(uint64_t address)
{
    extern char _init_start[], _init_end[], _bss_end[];
    bool stays = address < (uint64_t)_init_start ||
                 (address >= (uint64_t)_init_end && address < (uint64_t)_bss_end);
    return address >= KERNEL_IMAGE_BASE && !stays;
}

static void check_page(pte entry, uint64_t address, unsigned bits)
{
    extern char _text_start[], _text_end[], _rodata_start[], _rodata_end[];
    uint64_t start = pte_target(entry).value;
    bool text = overlaps(start, bits, _text_start, _text_end);
    bool constant = overlaps(start, bits, _rodata_start, _rodata_end);
    const void *at = (const void *)address;
    RULE(!(entry & PTE_U), "no kernel page is for user mode: %p", at);
    RULE(!(entry & PTE_W) || !(entry & PTE_X), "no kernel page is writable and executable: %p", at);
    RULE(!(entry & PTE_W) || (!text && !constant),
         "text and read-only data have no writable alias: %p", at);
    RULE(!(entry & PTE_X) || (text && address >= KERNEL_IMAGE_BASE),
         "nothing but text is executable: %p", at);
    RULE(!of_boot(address), "the boot part of the image is no longer mapped: %p", at);
}

static void check_table(const pte *table, unsigned first, uint64_t base, unsigned bits)
{
    for (uint64_t i = first; i < ROOT_ENTRIES; i++) {
        uint64_t address = base + (i << bits);
        if (!(table[i] & PTE_V))
            continue;
        if (table[i] & PTE_LEAF) {
            check_page(table[i], address, bits);
            continue;
        }
        RULE(bits > ASH_PAGE_BITS, "a kernel table leads to pages: %p", (const void *)address);
        check_table(window(pte_target(table[i])), 0, address, bits - 9);
    }
}

void check_kernel(void)
{
    /* Bits 39 to 63 of a kernel address are ones; the root's entries count from 0. */
    check_table(kernel_root, VSPACE_USER_ENTRIES, ~0ull << 39, ASH_GIGAPAGE_BITS);
    for (unsigned i = 0; i < VSPACE_USER_ENTRIES; i++)
        RULE(kernel_root[i] == 0, "the kernel's own table maps no user memory: entry %u", i);
    uint64_t status = csr_read("sstatus");
    RULE(!(status & (SSTATUS_SUM | SSTATUS_MXR)), "SUM and MXR are off: sstatus %lx", status);
    RULE(!(status & (SSTATUS_SPP | SSTATUS_SIE)),
         "interrupts are off in the kernel, and sret leads to user mode: sstatus %lx", status);
}
