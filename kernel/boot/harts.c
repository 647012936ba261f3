// SPDX-License-Identifier: MIT
/*
 * Bringing up harts through SBI HSM. A hart that does not arrive within a tenth of a second is
 * named and left out; it may still arrive later and is then parked.
 */
#include "arch/sbi.h"
#include "arrival.h"
#include "boot/boot.h"
#include "hart.h"
#include "irqchip/irqchip.h"
#include "panic.h"
#include "sched/sched.h"

static bool start(struct hart *hart)
{
    extern char _secondary[], secondary_high[];
    struct arriving_hart *boot = &arriving_harts[hart->index];
    *boot = (struct arriving_hart){SATP_SV39 | kernel_to_physical(kernel_root) >> 12,
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
        hart->stack_top = (uint64_t)(kernel_stacks[hart->index] + KERNEL_STACK);
        irqchip_add_hart(boot->tree, hart);
        if (start(hart)) {
            hart_count++;
            continue;
        }
        print("hart %lu did not start and is left out\n", hart->id);
        /* Its struct and stack stay its own, should it come after all. */
        atomic_fetch_or(&parked_harts, 1u << hart->index);
        break;
    }
}
