// SPDX-License-Identifier: MIT
//
// ERESOURCEs and lookaside lists that are initialised, by the page they lie in. The records are the
// kit's own memory, so that a driver that lets the objects' memory go can be told. Without memory
// for a record the object is simply not watched.

#include "../ex/ex.h"
#include "vf.h"

#define BUCKETS 64u
#define TAG     'eviL'

struct live {
    struct live *Next;
    const void *Object;
    enum vf_live Kind;
};
static struct live *buckets[BUCKETS];
static struct ki_lock lock;
static volatile LONG count;

static const struct {
    ULONG Again, Freed; // first parameters of DRIVER_VERIFIER_DETECTED_VIOLATION
    const char *AgainRule, *FreedRule;
} rules[] = {
    [VF_LIVE_RESOURCE] = {0xd0, 0xd2,
                          "the driver has attempted to re-initialize an ERESOURCE structure",
                          "the driver has attempted to free a pool allocation that contains an "
                          "active ERESOURCE structure"},
    [VF_LIVE_LOOKASIDE] = {0xca, 0xcc, "the driver has attempted to re-initialize a lookaside list",
                           "the driver has attempted to free a pool allocation that contains an "
                           "active lookaside list"},
};

static struct live **bucket_of(ULONG_PTR page)
{
    return &buckets[page % BUCKETS];
}

static struct live **find(const void *object)
{
    struct live **link = bucket_of((ULONG_PTR)object >> PAGE_SHIFT);
    while (*link != NULL && (*link)->Object != object)
        link = &(*link)->Next;
    return link;
}

void vf_live_add(const void *object, enum vf_live kind)
{
    struct live *new = ex_pool_allocate(sizeof(*new), TAG);
    ki_acquire(&lock);
    bool again = *find(object) != NULL;
    if (!again && new != NULL) {
        struct live **link = bucket_of((ULONG_PTR)object >> PAGE_SHIFT);
        *new = (struct live){*link, object, kind};
        *link = new;
        count++;
    }
    ki_release(&lock);
    if (again)
        ki_die(DRIVER_VERIFIER_DETECTED_VIOLATION, rules[kind].Again, (ULONG_PTR)object, 0, 0,
               rules[kind].AgainRule);
}

void vf_live_remove(const void *object)
{
    ki_acquire(&lock);
    struct live **link = find(object), *gone = *link;
    if (gone != NULL) {
        *link = gone->Next;
        count--;
    }
    ki_release(&lock);
    if (gone != NULL)
        ex_pool_free(gone, TAG);
}

static struct live *inside(ULONG_PTR page, const void *memory, SIZE_T bytes)
{
    struct live *at = *bucket_of(page);
    while (at != NULL && !ki_inside(at->Object, memory, bytes))
        at = at->Next;
    return at;
}

void vf_live_check(const void *memory, SIZE_T bytes)
{
    ULONG_PTR first = (ULONG_PTR)memory >> PAGE_SHIFT;
    ULONG_PTR last = ((ULONG_PTR)memory + bytes) >> PAGE_SHIFT;
    struct live *found = NULL;
    if (count == 0)
        return;
    if (last - first >= BUCKETS)
        last = first + BUCKETS - 1;
    ki_acquire(&lock);
    for (ULONG_PTR page = first; page <= last && found == NULL; page++)
        found = inside(page, memory, bytes);
    ki_release(&lock);
    if (found != NULL)
        ki_die(DRIVER_VERIFIER_DETECTED_VIOLATION, rules[found->Kind].Freed,
               (ULONG_PTR)found->Object, (ULONG_PTR)memory, bytes, rules[found->Kind].FreedRule);
}

const void *vf_live_any(enum vf_live *kind)
{
    const struct live *at = NULL;
    for (ULONG i = 0; i < BUCKETS && at == NULL; i++)
        at = buckets[i];
    if (at == NULL)
        return NULL;
    *kind = at->Kind;
    return at->Object;
}

void vf_live_reset(void)
{
    for (ULONG i = 0; i < BUCKETS; i++)
        while (buckets[i] != NULL)
            vf_live_remove(buckets[i]->Object);
}
