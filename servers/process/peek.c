// SPDX-License-Identifier: MIT
/*
 * Reading a task's memory for a crash report: the frame of one page at a time is mapped, read-only,
 * at ASH_PROCESS_WINDOW; and writing it, for the campaign. Invariant: `frame` is what is mapped
 * there, 0 if nothing is.
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

static bool map_again(unsigned rights)
{
    if (ash_frame_map(frame, ASH_PROCESS_BOOT_VSPACE, ASH_PROCESS_WINDOW, rights) == ASH_OK)
        return true;
    peek_close();
    return false;
}

/* An executable mapping makes all harts fetch instructions anew, which the writer could not. */
static bool poke_half(struct task *task, ash_word address, uint16_t half)
{
    ash_word offset = address & (ASH_PAGE_SIZE - 1);
    if (address % sizeof(half) != 0 || address >= ASH_USER_TOP ||
        !open_page(task, address - offset) || !map_again(ASH_RIGHT_READ | ASH_RIGHT_WRITE))
        return false;
    *(volatile uint16_t *)(ASH_PROCESS_WINDOW + offset) = half;
    return map_again(ASH_RIGHT_READ | ASH_RIGHT_EXECUTE) && map_again(ASH_RIGHT_READ);
}

bool poke(struct task *task, ash_word address, const uint16_t *halves, unsigned count)
{
    for (unsigned i = count; i-- > 0;)
        if (!poke_half(task, address + i * sizeof(*halves), halves[i]))
            return false;
    return true;
}
