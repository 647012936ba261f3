// SPDX-License-Identifier: MIT
/*
 * From an interrupt to the first instruction of the thread that waits for it, in another address
 * space. The serial chip raises its line as soon as "transmitter empty" is let through and the
 * transmitter is empty, which it is once the last line has gone out: a store that interrupts.
 */
#include "kbench.h"

#include <libfdt.h>

#define TREE              ((ash_word)0x63000000)
#define REGISTERS         ((ash_word)0x64000000)
#define INTERRUPT_ENABLE  1u /* register number */
#define TRANSMITTER_EMPTY 2u /* in it */

struct chip {
    ash_word physical, source, shift;
};

static const void *map_tree(void)
{
    ash_word first = boot->tree_physical & ~(ASH_PAGE_SIZE - 1);
    ash_word end = boot->tree_physical + boot->tree_size;
    for (ash_word page = first; page < end; page += ASH_PAGE_SIZE)
        map(make_device_frame(page), VSPACE, TREE + page - first, ASH_RIGHT_READ);
    return (const void *)(TREE + boot->tree_physical - first);
}

static ash_word cell(const void *tree, int node, const char *name, int index, ash_word otherwise)
{
    int length = 0;
    const fdt32_t *cells = fdt_getprop(tree, node, name, &length);
    if (cells == nullptr || length < 4 * (index + 1))
        return otherwise;
    return fdt32_to_cpu(cells[index]);
}

static bool find_chip(const void *tree, struct chip *chip)
{
    int node = fdt_node_offset_by_compatible(tree, -1, "ns16550a");
    if (node < 0)
        return false;
    chip->physical = cell(tree, node, "reg", 0, 0) << 32 | cell(tree, node, "reg", 1, 0);
    chip->source = cell(tree, node, "interrupts", 0, 0);
    chip->shift = cell(tree, node, "reg-shift", 0, 0);
    return chip->physical != 0 && chip->source != 0;
}

/* The moment before the store; the thread that waits preempts this one right after it. */
static ash_word store(volatile unsigned char *at, unsigned value)
{
    ash_word before;
    __asm__ volatile("rdcycle %0\n"
                     "sb %2, 0(%1)\n"
                     "nop\n"
                     "nop\n"
                     : "=&r"(before)
                     : "r"(at), "r"(value)
                     : "memory");
    return before;
}

static void sample(const char *name, const struct chip *chip, ash_cptr irq,
                   const struct remote *waiter)
{
    ash_word values[SAMPLES];
    volatile unsigned char *enable =
        (volatile unsigned char *)(REGISTERS + (INTERRUPT_ENABLE << chip->shift));
    for (unsigned i = 0; i < SAMPLES; i++) {
        ash_word before = store(enable, TRANSMITTER_EMPTY);
        values[i] = waiter->notes->reached - before - READ_STORE;
        if (waiter->notes->reached <= before)
            ash_panic("the interrupt did not come");
        *enable = 0;
        MUST(ash_irq_ack(irq));
    }
    report(name, values);
}

void measure_interrupt(const char *name)
{
    struct chip chip;
    if (!find_chip(map_tree(), &chip))
        ash_panic("no ns16550a in the device tree");
    ash_word page = chip.physical & ~(ASH_PAGE_SIZE - 1);
    map(make_device_frame(page), VSPACE, REGISTERS, ASH_RIGHT_READ | ASH_RIGHT_WRITE);
    ash_cptr irq = new_slot(), badged = make_notification();
    MUST(ash_irq_control_get(ASH_BOOT_IRQ_CONTROL, chip.source, CNODE, irq, 0));
    MUST(ash_irq_bind(irq, badged));
    const struct remote_start start = {
        .entry = remote_waiter, .priority = PRIORITY + 1, .a1 = badged};
    struct remote waiter = remote_run(&start);
    sample(name, &chip, irq, &waiter);
    remote_stop(&waiter);
}

void measure_irq(void)
{
    measure_interrupt("irq.to_user");
}
