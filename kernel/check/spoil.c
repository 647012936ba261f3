// SPDX-License-Identifier: MIT
/*
 * Spoils one piece of the kernel's data and has it checked: proves that the checker would see a
 * defect that did the same. ASH_OK means that it did not.
 */
#include "check/checks.h"
#include "hart.h"
#include "ipc/invoke.h"
#include "object/ipc_objects.h"
#include "object/mapping.h"

/* The last capability of that kind that was found, or null. */
static struct slot *find(enum ash_object_type type, bool (*fits)(const struct slot *slot))
{
    check_everything();
    struct slot *found = nullptr;
    for (size_t i = 0; i < slot_count; i++)
        if (all_slots[i]->cap.type == type && fits(all_slots[i]))
            found = (struct slot *)all_slots[i];
    return found;
}

static struct slot *parent_of(const struct slot *slot)
{
    slot_link link = slot->next;
    while (!slot_link_is_parent(link))
        link = slot_link_target(link)->next;
    return slot_link_target(link);
}

static bool has_child(const struct slot *slot)
{
    return slot_has_children(slot) && !slot->cap.device;
}

static bool mapped_page(const struct slot *slot)
{
    return mapping_present(&slot->cap) && mapping_vspace(&slot->cap);
}

static bool any(const struct slot *slot)
{
    (void)slot;
    return true;
}

static void lower_watermark(void)
{
    struct slot *untyped = find(ASH_OBJ_UNTYPED, has_child);
    if (untyped)
        untyped->cap.data = 0;
}

/* Says that a page which holds data is free and clear. */
static void raise_clear(const struct thread *thread)
{
    struct slot *untyped = find(ASH_OBJ_UNTYPED, has_child);
    if (!untyped)
        return;
    struct capability *cap = &untyped->cap;
    cap->cleared = (uint32_t)(cap->data / ASH_PAGE_SIZE + 1);
    *(uint64_t *)window((paddr){cap->object + cap->data}) = (uint64_t)thread;
}

static void forget_mapping(void)
{
    struct slot *frame = find(ASH_OBJ_FRAME, mapped_page);
    if (frame)
        frame->cap.data = frame->cap.extra = 0;
}

static void double_number(void)
{
    struct slot *space = find(ASH_OBJ_VSPACE, any);
    if (space)
        asids[ASIDS - 1].vspace = (struct vspace *)space->cap.object;
}

static void unprotect_text(void)
{
    extern char _text_start[];
    struct vspace kernel = {.root = kernel_root};
    unsigned missing;
    pte *entry = vspace_entry(&kernel, (uint64_t)_text_start, ASH_PAGE_BITS, &missing);
    if (entry)
        *entry |= PTE_W;
}

static void map_boot_part(void)
{
    extern char _init_start[];
    struct vspace kernel = {.root = kernel_root};
    unsigned missing;
    pte *entry = vspace_entry(&kernel, (uint64_t)_init_start, ASH_PAGE_BITS, &missing);
    if (entry)
        *entry = pte_make((paddr){kernel_to_physical(_init_start)},
                          PTE_V | PTE_R | PTE_X | PTE_A | PTE_D);
}

static bool spoil_objects(struct thread *thread, uint64_t what)
{
    struct slot *copy = &thread->slot[THREAD_SLOT_VSPACE];
    switch (what) {
    case ASH_PROVOKE_LINKS:
        copy->prev = 1;
        return true;
    case ASH_PROVOKE_COUNT:
        thread->object.references++;
        return true;
    case ASH_PROVOKE_RIGHTS:
        parent_of(copy)->cap.rights = 0;
        return true;
    case ASH_PROVOKE_WATERMARK:
        lower_watermark();
        return true;
    case ASH_PROVOKE_DIRTY:
        raise_clear(thread);
        return true;
    case ASH_PROVOKE_MAPPING:
        forget_mapping();
        return true;
    case ASH_PROVOKE_NUMBER:
        double_number();
        return true;
    case ASH_PROVOKE_PERMISSION:
        unprotect_text();
        return true;
    case ASH_PROVOKE_BOOT:
        map_boot_part();
        return true;
    default:
        return false;
    }
}

static bool spoil_threads(struct thread *thread, uint64_t what)
{
    struct sched_context *sched = thread->sched;
    switch (what) {
    case ASH_PROVOKE_WAIT:
        thread->state = ASH_THREAD_BLOCKED_SEND;
        this_hart->current = nullptr;
        return true;
    case ASH_PROVOKE_ANSWER:
        thread->reply = (struct reply *)sched;
        thread->state = ASH_THREAD_BLOCKED_REPLY;
        this_hart->current = nullptr;
        return true;
    case ASH_PROVOKE_READY:
        this_hart->ready.head = this_hart->ready.tail = thread;
        return true;
    case ASH_PROVOKE_TIMEOUT:
        sched->release.queue = &sched->hart->timeouts;
        return true;
    case ASH_PROVOKE_BUDGET:
        sched->refill[0].amount = sched->budget + 1;
        return true;
    default:
        return false;
    }
}

unsigned check_spoil(struct invocation *call, uint64_t what)
{
    if (!spoil_objects(call->caller, what) && !spoil_threads(call->caller, what))
        return invoke_error(call, ASH_E_RANGE, 1, ASH_PROVOKE_BOOT);
    check_everything();
    return ASH_OK;
}
