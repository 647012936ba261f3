// SPDX-License-Identifier: MIT
// Capabilities and mappings: one method call each, from the ecall to the caller's next instruction.
#include "kbench.h"

static ash_word method(ash_cptr target, ash_word label, unsigned words, unsigned caps,
                       struct ash_message m)
{
    m.info = ash_info(label, words, caps);
    struct moments t = timed(ASH_SYS_CALL, target, 0, &m);
    MUST((ash_error)ash_info_label(m.info));
    return t.after - t.before - READ;
}

#define PAGE ((ash_word)0x62000000)

void measure_memory(void)
{
    ash_word copies[SAMPLES], deletes[SAMPLES], maps[SAMPLES], unmaps[SAMPLES];
    ash_cptr frame = make(ASH_OBJ_FRAME, ASH_PAGE_BITS), slot = new_slot();
    map(frame, VSPACE, PAGE, ASH_RIGHT_READ); /* so that the tables are there */
    MUST(ash_frame_unmap(frame));
    for (unsigned i = 0; i < SAMPLES; i++) {
        struct ash_message copy = {.mr = {slot, frame, ASH_RIGHT_ALL}};
        struct ash_message to = {.mr = {PAGE, ASH_RIGHT_READ | ASH_RIGHT_WRITE}};
        copies[i] = method(CNODE, ASH_CNODE_COPY, 3, 0, copy);
        deletes[i] = method(CNODE, ASH_CNODE_DELETE, 1, 0, (struct ash_message){.mr = {slot}});
        ash_ipc()->caps[0] = VSPACE;
        maps[i] = method(frame, ASH_FRAME_MAP, 2, 1, to);
        *(volatile unsigned *)PAGE = i; /* it is there */
        unmaps[i] = method(frame, ASH_FRAME_UNMAP, 0, 0, (struct ash_message){});
    }
    report("vm.map4k", maps);
    report("vm.unmap4k", unmaps);
    report("cap.copy", copies);
    report("cap.delete", deletes);
}
