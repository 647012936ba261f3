// SPDX-License-Identifier: MIT
/*
 * What devices reach. The proof goes both ways: from the records (each page of a reach is in the
 * IoSpace exactly if something that lives names it), and from what the model of the kernel has in
 * its IoSpaces, whatever the records say (each page there is named by a lasting reach or an open of
 * that device, with no more rights than the direction).
 */
#include "check.h"
#include <stdio.h>

#define FAIL_IF(condition, ...)                                                                    \
    do {                                                                                           \
        if (condition) {                                                                           \
            snprintf(why, bytes, __VA_ARGS__);                                                     \
            return false;                                                                          \
        }                                                                                          \
    } while (0)

static bool in_list(uint32_t list, uint32_t reach)
{
    while (list != 0 && list != reach)
        list = mm_reach(list)->next;
    return list != 0;
}

static bool names(uint32_t reach, uint32_t page)
{
    const struct mm_reach *r = mm_reach(reach);
    for (uint32_t at = r->opens; at != 0; at = mm_open(at)->reach_next)
        if (page >= mm_open(at)->first && page - mm_open(at)->first < mm_open(at)->pages)
            return true;
    return r->lasting;
}

static uint32_t counted(uint32_t reach, uint32_t page)
{
    uint32_t count = 0;
    for (uint32_t at = mm_reach(reach)->opens; at != 0; at = mm_open(at)->reach_next)
        count += page >= mm_open(at)->first && page - mm_open(at)->first < mm_open(at)->pages;
    return count;
}

static bool check_pages(uint32_t index, const struct mm_task *device, char *why, size_t bytes)
{
    const struct mm_reach *reach = mm_reach(index);
    const struct mm_view *view = mm_view(reach->view);
    const struct mm_section *section = mm_section(reach->section);
    FAIL_IF(view->kind != MM_VIEW_IO || view->task != device->id || view->section != reach->section,
            "reach %u has another's view", index);
    for (uint32_t n = 0; n < section->pages.count; n++) {
        struct fake_mapping seen = fake_lookup(device->vspace, view->address + n * ASH_PAGE_SIZE);
        FAIL_IF(seen.present != names(index, n), "page %u of reach %u is %s", n, index,
                seen.present ? "reachable and not open" : "open and not reachable");
        FAIL_IF(!reach->lasting && mm_vector_get(&reach->uses, n) != counted(index, n),
                "page %u of reach %u is miscounted", n, index);
    }
    return true;
}

static bool check_reach(uint32_t index, char *why, size_t bytes)
{
    const struct mm_reach *reach = mm_reach(index);
    const struct mm_task *device = mm_task_find(reach->device);
    FAIL_IF(device == nullptr, "reach %u of a device that is gone", index);
    const struct mm_task *driver = mm_task_find(device->driver);
    FAIL_IF(driver == nullptr, "reach %u of a driver that is gone", index);
    if (reach->grant != 0) {
        const struct mm_grant *grant = mm_grant(reach->grant);
        FAIL_IF(!grant->live || grant->section != reach->section || grant->answerer != driver->id ||
                    !in_list(grant->reaches, index),
                "reach %u of a grant that is gone", index);
        FAIL_IF(reach->writes && (grant->prot & ASH_MEM_WRITE) == 0,
                "reach %u: more than was granted", index);
    } else {
        FAIL_IF(!in_list(mm_section(reach->section)->reaches, index) ||
                    mm_section(reach->section)->owner != driver->id,
                "reach %u of own memory that is another's", index);
    }
    FAIL_IF(reach->view == 0 && !(reach->lasting && device->vspace == 0), "reach %u has no view",
            index);
    return reach->view == 0 || check_pages(index, device, why, bytes);
}

static bool check_reaches(char *why, size_t bytes)
{
    uint64_t live = 0, holders = 0, views = 0;
    for (uint32_t i = 1; i < mm.reaches.top; i++) {
        if (mm_reach(i)->section == 0)
            continue;
        live++;
        views += mm_reach(i)->view != 0;
        if (!check_reach(i, why, bytes))
            return false;
    }
    for (uint32_t i = 1; i < mm.sections.top; i++)
        if (mm_section(i)->pages.count != 0)
            holders += mm_section(i)->holders;
    for (uint32_t i = 1; i < mm.views.top; i++)
        views -= mm_view(i)->elements != 0 && mm_view(i)->kind == MM_VIEW_IO;
    FAIL_IF(live != mm.reaches.used || holders != live, "reaches are miscounted");
    FAIL_IF(views != 0, "a device's view of no reach");
    return true;
}

static bool check_opens(char *why, size_t bytes)
{
    uint64_t live = 0, by_task = 0, by_link = 0;
    for (uint32_t i = 1; i < mm.opens.top; i++) {
        const struct mm_open *open = mm_open(i);
        if (open->task == 0)
            continue;
        live++;
        by_link += open->link != 0;
        const struct mm_reach *reach = mm_reach(open->reach);
        FAIL_IF(reach->section == 0 || reach->lasting, "open %u of no strict reach", i);
        FAIL_IF(mm_task_find(reach->device)->driver != open->task, "open %u is another's", i);
        FAIL_IF(open->link != 0 && !mm_link(open->link)->live, "open %u of a link that is gone", i);
        FAIL_IF((open->link != 0) != (reach->grant != 0), "open %u is bound to nothing", i);
    }
    for (unsigned i = 0; i < MM_TASKS; i++)
        by_task += mm.task[i].opens;
    for (uint32_t i = 1; i < mm.links.top; i++) {
        const struct mm_link *link = mm_link(i);
        uint16_t seen[256] = {};
        for (uint32_t at = link->live ? link->opens : 0; at != 0; at = mm_open(at)->link_next) {
            by_link--;
            seen[mm_open(at)->slot]++;
        }
        for (unsigned slot = 0; link->live && link->uses != nullptr && slot < link->slots; slot++)
            FAIL_IF(link->uses[slot] != seen[slot], "link %u tells %u opens of slot %u, not %u", i,
                    (unsigned)link->uses[slot], slot, (unsigned)seen[slot]);
    }
    FAIL_IF(live != mm.opens.used || by_task != live || by_link != 0, "opens are miscounted");
    return true;
}

/* --- From what the IoSpaces hold -------------------------------------------------------------- */

static const struct mm_task *device_of(uint64_t space)
{
    for (unsigned i = 0; i < MM_TASKS; i++)
        if ((mm.task[i].id & MM_TASK_IO) != 0 && mm.task[i].vspace != 0 &&
            fake_space(mm.task[i].vspace) == space)
            return &mm.task[i];
    return nullptr;
}

static bool may(const struct mm_task *device, const struct fake_mapping *seen)
{
    for (uint32_t i = 1; i < mm.reaches.top; i++) {
        const struct mm_reach *reach = mm_reach(i);
        if (reach->section == 0 || reach->device != device->id || reach->view == 0 ||
            ((seen->rights & ASH_RIGHT_WRITE) != 0 && !reach->writes))
            continue;
        const struct mm_section *section = mm_section(reach->section);
        uint64_t page = (seen->address - mm_view(reach->view)->address) / ASH_PAGE_SIZE;
        if (page < section->pages.count && names(i, (uint32_t)page))
            return mm_frame_physical(mm_vector_get(&section->pages, (uint32_t)page)) ==
                   seen->physical;
    }
    return false;
}

static bool check_io_spaces(char *why, size_t bytes)
{
    struct fake_mapping seen;
    for (uint32_t at = 0; fake_next_mapping(&at, &seen);) {
        const struct mm_task *device = device_of(seen.space);
        FAIL_IF(device != nullptr && !may(device, &seen),
                "device %x reaches %llx, which nothing names", device->id,
                (unsigned long long)seen.physical);
    }
    return true;
}

static bool check_lists(char *why, size_t bytes)
{
    uint64_t listed = 0, records = 0;
    for (unsigned i = 0; i < MM_TASKS; i++) {
        const struct mm_task *task = &mm.task[i];
        records += (task->id & MM_TASK_IO) != 0;
        if (task->id == 0 || (task->id & MM_TASK_IO) != 0)
            continue;
        for (uint32_t at = task->io; at != 0; at = mm_task_find(at)->io, listed++)
            FAIL_IF(mm_task_find(at)->driver != task->id, "device %x is in a wrong list", at);
    }
    FAIL_IF(listed != records, "a device of no task");
    return true;
}

bool check_devices(char *why, size_t bytes)
{
    return check_lists(why, bytes) && check_reaches(why, bytes) && check_opens(why, bytes) &&
           check_io_spaces(why, bytes);
}
