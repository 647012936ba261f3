// SPDX-License-Identifier: MIT
/*
 * Arriving harts, and the end of boot. Memory that boot gives away is never executable and writable
 * at once, on no hart: all have forgotten the one mapping before there is the other.
 */
#include "arrival.h"
#include "arch/csr.h"
#include "arch/sbi.h"
#include "hart.h"
#include "irqchip/irqchip.h"
#include "sched/sched.h"
#include "trap.h"

alignas(16) char kernel_stacks[ASH_MAX_HARTS][KERNEL_STACK];
struct arriving_hart arriving_harts[ASH_MAX_HARTS];
_Atomic uint32_t parked_harts;
bool booting = true;
/* Not in .bss: head.S sets it while it clears that. */
uint64_t kernel_physical_base __attribute__((section(".data")));

void hart_init(struct hart *hart)
{
    hart->stack_top = (uint64_t)(kernel_stacks[hart->index] + KERNEL_STACK);
    hart->deadline = ~0ull;
    if (have_sstc)
        csr_write(CSR_STIMECMP, ~0ull);
    csr_write("scounteren", 7);
    csr_write("sstatus", 0);
    csr_write("sie", SIP_SOFTWARE | SIP_TIMER);
    irqchip_hart_init(hart);
    hart->switch_with_care = hardware_asids == 1 ? HART_NO_ASIDS : 0;
    hart->present = true;
}

[[noreturn]] void hart_arrives(struct hart *hart);
void hart_arrives(struct hart *hart)
{
    hart->satp = csr_read("satp");
    atomic_store_explicit(&hart->online, 1, memory_order_release);
    if (atomic_load_explicit(&parked_harts, memory_order_acquire) >> hart->index & 1)
        for (;;)
            wait_for_interrupt();
    kernel_lock();
    hart_init(hart);
    leave_kernel();
}

/* Each page of the image from `from` to `to`: with those rights, or with none unmapped. */
static void remap(pte *table, const char *from, const char *to, uint64_t rights)
{
    for (uint64_t page = (uint64_t)from; page < (uint64_t)to; page += ASH_PAGE_SIZE) {
        paddr physical = {page - KERNEL_IMAGE_BASE + kernel_physical_base};
        table[page >> ASH_PAGE_BITS & 511] = rights ? pte_make(physical, rights) : 0;
    }
}

static void remap_boot_part(pte *table, uint64_t rights)
{
    extern char _init_start[], _init_end[], _bss_end[], _image_end[];
    remap(table, _init_start, _init_end, rights);
    remap(table, _bss_end, _image_end, rights);
    tlb_flush_all();
    sbi_remote_sfence_everywhere();
}

[[noreturn]] void hand_over(pte *image, pte *window);
void hand_over(pte *image, pte *window)
{
    booting = false;
    remap_boot_part(image, 0);
    remap_boot_part(window, PTE_V | PTE_A | PTE_D | PTE_R | PTE_W);
    leave_kernel();
}
