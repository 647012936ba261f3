// SPDX-License-Identifier: MIT
/* See check.h. Everything is counted anew from the records and compared. */
#include "check.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char why[200];

#define FAIL_IF(condition, ...)                                                                    \
    do {                                                                                           \
        if (condition) {                                                                           \
            snprintf(why, sizeof(why), __VA_ARGS__);                                               \
            return false;                                                                          \
        }                                                                                          \
    } while (0)

static bool section_live(uint32_t index)
{
    const struct mm_section *section = mm_section(index);
    return section->pages.count != 0;
}

/* A page of a section is not free and in no other section. */
static bool check_sections(uint64_t *in_sections)
{
    unsigned char *seen = calloc(mm.group_count, 1);
    *in_sections = 0;
    why[0] = '\0';
    for (uint32_t i = 1; i < mm.sections.top && why[0] == '\0'; i++) {
        const struct mm_section *section = mm_section(i);
        for (uint32_t n = 0; section_live(i) && n < section->pages.count; n++) {
            mm_page page = mm_vector_get(&section->pages, n);
            const struct mm_group *group = &mm.group[page / MM_GROUP_PAGES];
            unsigned bit = 1u << page % MM_GROUP_PAGES;
            if (group->state != MM_BLOCK_FRAMES)
                snprintf(why, sizeof(why), "page %u of section %u is in no frame block", page, i);
            if (group->free & bit)
                snprintf(why, sizeof(why), "page %u of section %u is free", page, i);
            if (seen[page / MM_GROUP_PAGES] & bit)
                snprintf(why, sizeof(why), "page %u is in two sections", page);
            seen[page / MM_GROUP_PAGES] |= (unsigned char)bit;
            ++*in_sections;
        }
    }
    free(seen);
    return why[0] == '\0';
}

static bool check_blocks(uint64_t in_sections)
{
    uint64_t free = 0, frames_used = 0, other = 0;
    for (uint32_t group = 0; group < mm.group_count;) {
        const struct mm_group *head = &mm.group[group];
        if (head->state == MM_BLOCK_NONE) {
            group++;
            continue;
        }
        uint64_t pages = (uint64_t)MM_GROUP_PAGES << head->level;
        FAIL_IF(mm_block_slot(group, head->level) == 0, "block %u has no Untyped", group);
        if (head->state == MM_BLOCK_FREE)
            free += pages;
        else if (head->state == MM_BLOCK_UNTYPED)
            other += pages;
        else {
            uint64_t here = 0;
            for (uint32_t i = 0; i < 1u << head->level; i++)
                here += (uint64_t)__builtin_popcount(mm.group[group + i].free);
            FAIL_IF(here != head->pages_free, "block %u counts %u free pages, has %llu", group,
                    head->pages_free, (unsigned long long)here);
            FAIL_IF(here == pages, "block %u is all free and still a frame block", group);
            free += here;
            frames_used += pages - here;
        }
        group += 1u << head->level;
    }
    FAIL_IF(free != mm.pages_free, "%llu pages are free, counted as %llu", (unsigned long long)free,
            (unsigned long long)mm.pages_free);
    FAIL_IF(frames_used < in_sections, "fewer frames in use than sections have pages");
    FAIL_IF(free + frames_used + other > mm.pages_total, "more pages than there are");
    FAIL_IF(other < mm.pages_tables + mm.pages_objects, "fewer blocks than tables and objects");
    return true;
}

static bool check_views(void)
{
    for (uint32_t i = 0; i < MM_TASKS; i++) {
        const struct mm_task *task = &mm.task[i];
        uint64_t owned = 0, sections = 0, grants = 0, stale = 0;
        if (task->id == 0)
            continue;
        for (uint32_t at = task->sections; at != 0; at = mm_section(at)->next, sections++) {
            FAIL_IF(mm_section(at)->owner != task->id, "section %u is in a wrong list", at);
            owned += mm_section(at)->pages.count;
        }
        for (uint32_t at = task->answers; at != 0; at = mm_grant(at)->answer_next, grants++) {
            FAIL_IF(mm_grant(at)->answerer != task->id, "grant %u is in a wrong list", at);
            stale += mm_grant(at)->closed;
        }
        FAIL_IF(owned != task->pages || sections != task->section_count ||
                    grants != task->grant_count || stale != task->stale,
                "task %u is miscounted", task->id);
        FAIL_IF(task->pages > task->quota, "task %u is over its quota", task->id);
    }
    return true;
}

/* Each mapped address of a view shows the section's page, and nothing else is mapped. */
static bool check_mappings(void)
{
    uint64_t mapped = 0;
    for (uint32_t i = 1; i < mm.views.top; i++) {
        const struct mm_view *view = mm_view(i);
        const struct mm_task *task = mm_task_find(view->task);
        if (view->elements == 0)
            continue;
        FAIL_IF(task == nullptr, "view %u of a task that is gone", i);
        FAIL_IF(mm_range_find(task->views, view->start) != i, "view %u is not in its tree", i);
        for (uint32_t n = 0; view->section != 0 && n < view->elements; n++) {
            struct fake_mapping seen = fake_lookup(task->vspace, view->address + n * ASH_PAGE_SIZE);
            mm_page page = mm_vector_get(&mm_section(view->section)->pages, n);
            FAIL_IF(seen.present && seen.physical != mm_frame_physical(page),
                    "view %u shows a wrong page", i);
            mapped += seen.present && task->vspace != MM_SLOT_OWN_VSPACE;
        }
        if (view->section == 0 && task->vspace != MM_SLOT_OWN_VSPACE)
            mapped += view->elements;
    }
    uint64_t exist = 0;
    for (uint32_t i = 0; i < MM_TASKS; i++)
        if (mm.task[i].vspace != 0 && mm.task[i].vspace != MM_SLOT_OWN_VSPACE)
            exist += fake_mappings(mm.task[i].vspace);
    FAIL_IF(mapped != exist, "%llu pages mapped, views have %llu", (unsigned long long)exist,
            (unsigned long long)mapped);
    return true;
}

static bool check_grants(void)
{
    uint64_t views = 0;
    for (uint32_t i = 1; i < mm.grants.top; i++) {
        const struct mm_grant *grant = mm_grant(i);
        if (!grant->live)
            continue;
        FAIL_IF(grant->closed && grant->reaches == 0 && grant->view == 0,
                "closed grant %u holds nothing", i);
        FAIL_IF(grant->view != 0 && (mm_view(grant->view)->kind != MM_VIEW_GRANT ||
                                     mm_view(grant->view)->grant != i ||
                                     mm_view(grant->view)->task != grant->answerer ||
                                     mm_view(grant->view)->section != grant->section),
                "grant %u has another's view", i);
        views += grant->view != 0;
        FAIL_IF((!grant->closed || grant->view != 0) &&
                    mm_link(grant->link_index)->id != grant->link,
                "grant %u is of a link that is gone", i);
        FAIL_IF(grant->parent != 0 && !mm_grant(grant->parent)->live,
                "grant %u has no parent any more", i);
        FAIL_IF(!section_live(grant->section), "grant %u of a section that is gone", i);
    }
    for (uint32_t i = 1; i < mm.views.top; i++)
        views -= mm_view(i)->elements != 0 && mm_view(i)->kind == MM_VIEW_GRANT;
    FAIL_IF(views != 0, "a view of a grant that is gone");
    return true;
}

const char *check_all(void)
{
    uint64_t in_sections;
    why[0] = '\0';
    if (check_sections(&in_sections) && check_blocks(in_sections) && check_views() &&
        check_mappings() && check_grants() && check_devices(why, sizeof(why)))
        return "";
    return why;
}
