// SPDX-License-Identifier: MIT
#include "hart.h"
#include "arch/csr.h"
#include "arch/fpu.h"
#include "arch/sbi.h"
#include "object/thread.h"
#include "object/vspace.h"

struct hart harts[ASH_MAX_HARTS];
uint32_t hart_count = 1;

void hart_do_stall(void)
{
    struct hart *hart = this_hart;
    if (hart->current)
        fpu_leave(hart->current);
    vspace_activate_kernel();
    atomic_store_explicit(&hart->stall, 0, memory_order_release);
}

void hart_stall(struct hart *other)
{
    atomic_store_explicit(&other->stall, 1, memory_order_release);
    hart_notify(other);
    while (atomic_load_explicit(&other->stall, memory_order_acquire))
        ;
}

void hart_notify(struct hart *other)
{
    sbi_send_ipi(1ull << other->id, 0);
}
