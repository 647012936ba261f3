// SPDX-License-Identifier: MIT
/* Mappings, in root's own space and in those of the tasks it builds. */
#include "root.h"

#define WINDOW ((ash_word)0x8000000)
#define LEVELS 2

void space_map(ash_cptr vspace, ash_cptr frame, ash_word address, ash_word rights)
{
    ash_error error = ash_frame_map(frame, vspace, address, rights);
    for (unsigned i = 0; i < LEVELS && error == ASH_E_NO_TABLE; i++) {
        MUST(ash_page_table_map(stock_one(ASH_OBJ_PAGE_TABLE), vspace, address));
        error = ash_frame_map(frame, vspace, address, rights);
    }
    if (error != ASH_OK)
        ash_panic("mapping a frame at 0x%lx: error %u", (unsigned long)address, (unsigned)error);
}

void *space_window_open(ash_cptr frame)
{
    space_map(ASH_BOOT_VSPACE, frame, WINDOW, ASH_RIGHT_READ | ASH_RIGHT_WRITE);
    return (void *)WINDOW;
}

void space_window_close(ash_cptr frame)
{
    MUST(ash_frame_unmap(frame));
}
