// SPDX-License-Identifier: MIT
/*
 * Bringing up harts through SBI HSM. A hart that does not arrive within a tenth of a second is
 * named and left out; it may still arrive later and is then parked.
 */
#include "arch/sbi.h"
#include "boot/boot.h"
#include "hart.h"
#include "irqchip/irqchip.h"
#include "panic.h"
#include "sched/sched.h"
#include "trap.h"

#define KERNEL_STACK 8192u

static _Alignas(16) char stacks[ASH_MAX_HARTS][KERNEL_STACK];

/* What _secondary in head.S reads; physical addresses. */
struct boot_hart {
    uint64_t satp, entry, hart;
};

static struct boot_hart boot_harts[ASH_MAX_HARTS];

/* Set for harts that came too late. */
static _Atomic uint32_t closed;

void boot_hart_init(struct hart *hart)
{
    hart->stack_top = (uint64_t)(stacks[hart->index] + KERNEL_STACK);
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

[[noreturn]] void boot_secondary(struct hart *hart);
void boot_secondary(struct hart *hart)
{
    hart->satp = csr_read("satp");
    atomic_store_explicit(&hart->online, 1, memory_order_release);
    if (atomic_load_explicit(&closed, memory_order_acquire) >> hart->index & 1)
        for (;;)
            wait_for_interrupt();
    kernel_lock();
    boot_hart_init(hart);
    leave_kernel();
}

static bool start(struct hart *hart)
{
    extern char _secondary[], secondary_high[];
    struct boot_hart *boot = &boot_harts[hart->index];
    *boot = (struct boot_hart){SATP_SV39 | kernel_to_physical(kernel_root) >> 12,
                               (uint64_t)secondary_high, (uint64_t)hart};
    fence_all();
    if (sbi_hart_start(hart->id, kernel_to_physical(_secondary), kernel_to_physical(boot)) != 0)
        return false;
    uint64_t limit = time_now() + timebase / 10;
    while (!atomic_load_explicit(&hart->online, memory_order_acquire))
        if (time_now() > limit)
            return false;
    return true;
}

void boot_start_harts(const struct boot_info *boot, uint64_t boot_hart_id)
{
    struct tree_hart found[TREE_HARTS];
    unsigned count = tree_harts(boot->tree, found, TREE_HARTS);
    for (unsigned i = 0; i < count && hart_count < ASH_MAX_HARTS; i++) {
        if (found[i].id == boot_hart_id)
            continue;
        struct hart *hart = &harts[hart_count];
        hart->index = hart_count;
        hart->id = found[i].id;
        hart->stack_top = (uint64_t)(stacks[hart->index] + KERNEL_STACK);
        if (start(hart)) {
            hart_count++;
            continue;
        }
        print("hart %lu did not start and is left out\n", hart->id);
        /* Its struct and stack stay its own, should it come after all. */
        atomic_fetch_or(&closed, 1u << hart->index);
        break;
    }
}
