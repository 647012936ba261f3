// SPDX-License-Identifier: MIT
/*
 * From a load that faults to its handler, a passive server in another address space, and from the
 * handler's answer to the instruction that faulted, which is restarted. The handler replaces that
 * instruction by `rdcycle`, so that the restart itself is the second moment.
 */
#include "kbench.h"

void measure_faults(void)
{
    ash_word faults[SAMPLES], replies[SAMPLES];
    ash_cptr endpoint = make(ASH_OBJ_ENDPOINT, 0);
    const struct remote_start start = {.entry = remote_handler,
                                       .priority = PRIORITY,
                                       .passive = true,
                                       .a1 = endpoint,
                                       .a2 = make(ASH_OBJ_REPLY, 0)};
    struct remote handler = remote_run(&start);
    MUST(ash_thread_set_fault_endpoint(ASH_BOOT_THREAD, endpoint));
    struct moments (*fault)(void) = (struct moments(*)(void))(ash_word)remote_here(remote_fault);
    volatile uint32_t *site = remote_writable(remote_fault_site);
    uint32_t load = *site;
    for (unsigned i = 0; i < WARM + SAMPLES; i++) {
        *site = load;
        __asm__ volatile("fence.i" : : : "memory");
        struct moments t = fault();
        if (i < WARM)
            continue;
        faults[i - WARM] = handler.notes->reached - t.before - READ;
        replies[i - WARM] = t.after - handler.notes->left - READ_STORE;
    }
    MUST(ash_thread_set_fault_endpoint(ASH_BOOT_THREAD, ASH_NULL_CPTR));
    remote_stop(&handler);
    report("fault.to_handler", faults);
    report("fault.reply", replies);
}
