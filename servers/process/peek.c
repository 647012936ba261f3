// SPDX-License-Identifier: MIT
/*
 * Reading a task's memory for a crash report: the frame of one page at a time is mapped, read-only,
 * at ASH_PROCESS_WINDOW. Invariant: `frame` is what is mapped there, 0 if nothing is.
 */
#include "proc.h"

#include "ash/slot.h"

static ash_cptr frame;
static ash_word frame_task, frame_page;

void peek_close(void)
{
    if (frame == 0)
        return;
    (void)ash_frame_unmap(frame);
    ash_slot_delete(frame);
    frame = 0;
}

static bool open_page(struct task *task, ash_word page)
{
    if (frame != 0 && frame_task == task->id && frame_page == page)
        return true;
    peek_close();
    if (!ash_success(remote_frame(task->id, page, &frame)))
        return false;
    if (ash_frame_map(frame, ASH_PROCESS_BOOT_VSPACE, ASH_PROCESS_WINDOW, ASH_RIGHT_READ) !=
        ASH_OK) {
        ash_slot_delete(frame);
        frame = 0;
        return false;
    }
    frame_task = task->id;
    frame_page = page;
    return true;
}

bool peek_word(struct task *task, ash_word address, ash_word *word)
{
    ash_word offset = address & (ASH_PAGE_SIZE - 1);
    if (address % sizeof(ash_word) != 0 || address >= ASH_USER_TOP ||
        !open_page(task, address - offset))
        return false;
    *word = *(const volatile ash_word *)(ASH_PROCESS_WINDOW + offset);
    return true;
}
