// SPDX-License-Identifier: MIT
/* Which interrupt chip there is: the AIA if it is whole, else the PLIC. Only while booting. */
#include "irqchip/aia.h"
#include "irqchip/irqchip.h"
#include "irqchip/plic.h"

bool irqchip_find(const void *tree)
{
    return aia_find(tree) || plic_find(tree);
}

void irqchip_range(unsigned i, uint64_t *physical, uint64_t *size)
{
    const uint64_t first[2] = {aia.imsic ? aia.aplic : plic.base, aia.imsic};
    const uint64_t bytes[2] = {aia.imsic ? aia.aplic_size : plic.size, aia.imsic_size};
    *physical = i < 2 ? round_down(first[i], ASH_PAGE_SIZE) : 0;
    *size = i < 2 && first[i] ? round_up(bytes[i], ASH_PAGE_SIZE) : 0;
}

void irqchip_add_hart(const void *tree, struct hart *hart)
{
    if (aia.imsic)
        aia_add_hart(tree, hart);
    else
        plic_add_hart(tree, hart);
}
