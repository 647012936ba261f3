// SPDX-License-Identifier: MIT
/*
 * What the memory manager pays for each page that a device may reach: mapping and unmapping Frames
 * in an IoSpace that a device is attached to, with the invalidation that makes the IOMMU forget
 * them; one page, and 16 in one call. And a message-signalled interrupt (the serial chip's line,
 * which the APLIC turns into a message) up to a thread that waits for it as a driver's does. A
 * machine without an IOMMU or an IMSIC leaves its figures out and says so.
 */
#include "kbench.h"

#include <stdio.h>

#define IOVA   ((ash_word)0x200000)
#define DEVICE 8u /* any requester ID: no device is there */
#define PAGES  16u
#define RW     (ASH_RIGHT_READ | ASH_RIGHT_WRITE)

static ash_word method(ash_cptr target, ash_word label, unsigned words, unsigned caps,
                       struct ash_message m)
{
    m.info = ash_info(label, words, caps);
    struct moments t = timed(ASH_SYS_CALL, target, 0, &m);
    MUST((ash_error)ash_info_label(m.info));
    return t.after - t.before - READ;
}

static ash_word map_pages(ash_cptr space, ash_cptr first, ash_word count)
{
    ash_ipc()->caps[0] = CNODE;
    return method(space, ASH_IO_SPACE_MAP, 4, 1,
                  (struct ash_message){.mr = {IOVA, RW, first, count}});
}

static ash_word unmap_pages(ash_cptr space, ash_cptr first, ash_word count)
{
    ash_ipc()->caps[0] = CNODE;
    return method(space, ASH_IO_SPACE_UNMAP, 2, 1, (struct ash_message){.mr = {first, count}});
}

static void measure_pages(void)
{
    ash_word maps[SAMPLES], unmaps[SAMPLES], both[SAMPLES];
    ash_cptr first = make(ASH_OBJ_FRAME, ASH_PAGE_BITS);
    for (unsigned i = 1; i < PAGES; i++) /* their slots follow one another */
        (void)make(ASH_OBJ_FRAME, ASH_PAGE_BITS);
    ash_cptr space = make(ASH_OBJ_IO_SPACE, 0);
    map(first, space, IOVA, ASH_RIGHT_READ); /* so that the tables are there */
    MUST(ash_frame_unmap(first));
    MUST(ash_iommu_attach(ASH_BOOT_IOMMU, space, DEVICE));
    for (unsigned i = 0; i < SAMPLES; i++) {
        maps[i] = map_pages(space, first, 1);
        unmaps[i] = unmap_pages(space, first, 1);
        both[i] = map_pages(space, first, PAGES);
        both[i] += unmap_pages(space, first, PAGES);
    }
    report("iommu.map4k", maps);
    report("iommu.unmap4k", unmaps);
    report("iommu.map_unmap_64k", both);
}

void measure_dma(void)
{
    struct ash_message m = {};
    ash_cptr message = new_slot();
    if (ash_invoke(ASH_BOOT_IOMMU, ASH_IOMMU_FAULT, 0, 0, &m) == ASH_OK)
        measure_pages();
    else
        printf("left out: iommu.*: this machine has no IOMMU\n");
    if (ash_irq_control_get_message(ASH_BOOT_IRQ_CONTROL, CNODE, message) == ASH_OK)
        measure_interrupt("irq.msi_to_driver");
    else
        printf("left out: irq.msi_to_driver: this machine has no IMSIC\n");
}
